import type { Process, ProgramTable } from "../../process.ts";
import { fileLines } from "../../system/users.ts";
import { parseArguments } from "./arguments.ts";

const denied = async (process: Process, words: string): Promise<number> => {
  await process.err(words);
  return 1;
};

function nextId(process: Process, path: string): number {
  const ids = fileLines(process.machine.rootFiles, path).map((line) => Number(line.split(":")[2]));
  let id = 1000;
  while (ids.includes(id)) id += 1;
  return id;
}

function appendLine(process: Process, path: string, line: string): void {
  const files = process.machine.rootFiles;
  files.write(path, `${fileLines(files, path).join("\n")}\n${line}\n`);
}

function replaceLines(process: Process, path: string, change: (line: string) => string | undefined): void {
  const files = process.machine.rootFiles;
  const kept = fileLines(files, path).flatMap((line) => change(line) ?? []);
  files.write(path, `${kept.join("\n")}\n`);
}

function joinGroup(process: Process, user: string, group: string): boolean {
  if (process.machine.users.groupId(group) === undefined) return false;
  replaceLines(process, "/etc/group", (line) => {
    const [name = "", password = "", gid = "", members = ""] = line.split(":");
    const list = members.split(",").filter(Boolean);
    if (name !== group || list.includes(user)) return line;
    return [name, password, gid, [...list, user].join(",")].join(":");
  });
  return true;
}

async function useradd(process: Process): Promise<number> {
  const args = parseArguments(
    process.argv.slice(1),
    ["-m", "--create-home", "-M", "-r", "--system", "-U", "-N"],
    [
      "-s",
      "--shell",
      "-d",
      "--home",
      "--home-dir",
      "-G",
      "--groups",
      "-g",
      "--gid",
      "-u",
      "--uid",
      "-c",
      "--comment",
      "-p",
    ],
  );
  const [name] = args.operands;
  if (name === undefined) return process.err("Usage: useradd [options] LOGIN\n").then(() => 2);
  if (process.credentials.uid !== 0)
    return denied(process, "useradd: Permission denied.\nuseradd: cannot lock /etc/passwd; try again later.\n");
  const { users, rootFiles } = process.machine;
  if (users.byName(name)) return process.err(`useradd: user '${name}' already exists\n`).then(() => 9);
  const uid = Number(args.value("-u", "--uid") ?? nextId(process, "/etc/passwd"));
  const home = args.value("-d", "--home", "--home-dir") ?? `/home/${name}`;
  appendLine(process, "/etc/group", `${name}:x:${uid}:`);
  appendLine(
    process,
    "/etc/passwd",
    `${name}:x:${uid}:${uid}:${args.value("-c", "--comment") ?? ""}:${home}:${args.value("-s", "--shell") ?? "/bin/sh"}`,
  );
  appendLine(process, "/etc/shadow", `${name}:!:19600:0:99999:7:::`);
  for (const group of (args.value("-G", "--groups") ?? "").split(",").filter(Boolean)) {
    if (!joinGroup(process, name, group))
      return process.err(`useradd: group '${group}' does not exist\n`).then(() => 6);
  }
  if (args.has("-m", "--create-home")) {
    rootFiles.makeDirectories(home);
    rootFiles.chown(home, uid, uid);
    for (const file of rootFiles.list("/etc/skel")) {
      rootFiles.write(`${home}/${file}`, rootFiles.readBytes(`/etc/skel/${file}`));
      rootFiles.chown(`${home}/${file}`, uid, uid);
    }
  }
  return 0;
}

async function adduser(process: Process): Promise<number> {
  const args = parseArguments(
    process.argv.slice(1),
    ["--disabled-password", "--system", "--group", "--no-create-home", "--quiet"],
    ["--gecos", "--shell", "--home", "--uid", "--ingroup"],
  );
  const [name = "", group] = args.operands;
  if (process.credentials.uid !== 0)
    return denied(process, "adduser: Only root may add a user or group to the system.\n");
  if (group !== undefined) {
    if (!joinGroup(process, name, group)) return denied(process, `adduser: The group \`${group}' does not exist.\n`);
    await process.out(
      `Adding user \`${name}' to group \`${group}' ...\nAdding user ${name} to group ${group}\nDone.\n`,
    );
    return 0;
  }
  await process.out(`Adding user \`${name}' ...\n`);
  return process.run(["useradd", "-m", "-s", args.value("--shell") ?? "/bin/bash", name]);
}

async function usermod(process: Process): Promise<number> {
  const args = parseArguments(
    process.argv.slice(1),
    ["-a", "--append"],
    ["-G", "--groups", "-s", "--shell", "-d", "-l", "-L", "-g", "-u"],
  );
  const [name = ""] = args.operands;
  if (process.credentials.uid !== 0)
    return denied(process, "usermod: Permission denied.\nusermod: cannot lock /etc/passwd; try again later.\n");
  if (!process.machine.users.byName(name)) return process.err(`usermod: user '${name}' does not exist\n`).then(() => 6);
  const groups = (args.value("-G", "--groups") ?? "").split(",").filter(Boolean);
  if (groups.length > 0 && !args.has("-a", "--append")) {
    replaceLines(process, "/etc/group", (line) => {
      const [group = "", password = "", gid = "", members = ""] = line.split(":");
      return [
        group,
        password,
        gid,
        members
          .split(",")
          .filter((member) => member !== name && member !== "")
          .join(","),
      ].join(":");
    });
  }
  for (const group of groups)
    if (!joinGroup(process, name, group))
      return process.err(`usermod: group '${group}' does not exist\n`).then(() => 6);
  const shell = args.value("-s", "--shell");
  if (shell !== undefined)
    replaceLines(process, "/etc/passwd", (line) =>
      line.startsWith(`${name}:`) ? line.replace(/[^:]*$/, shell) : line,
    );
  return 0;
}

async function userdel(process: Process): Promise<number> {
  const args = parseArguments(process.argv.slice(1), ["-r", "--remove", "-f"]);
  const [name = ""] = args.operands;
  const user = process.machine.users.byName(name);
  if (process.credentials.uid !== 0)
    return denied(process, "userdel: Permission denied.\nuserdel: cannot lock /etc/passwd; try again later.\n");
  if (!user) return process.err(`userdel: user '${name}' does not exist\n`).then(() => 6);
  for (const path of ["/etc/passwd", "/etc/shadow", "/etc/group"])
    replaceLines(process, path, (line) => (line.startsWith(`${name}:`) ? undefined : line));
  if (args.has("-r", "--remove")) process.machine.rootFiles.removeTree(user.home);
  return 0;
}

async function groupadd(process: Process): Promise<number> {
  const args = parseArguments(process.argv.slice(1), ["-f", "--force", "-r", "--system"], ["-g", "--gid"]);
  const [name = ""] = args.operands;
  if (process.credentials.uid !== 0)
    return denied(process, "groupadd: Permission denied.\ngroupadd: cannot lock /etc/group; try again later.\n");
  if (process.machine.users.groupId(name) !== undefined)
    return args.has("-f", "--force") ? 0 : process.err(`groupadd: group '${name}' already exists\n`).then(() => 9);
  appendLine(process, "/etc/group", `${name}:x:${args.value("-g", "--gid") ?? nextId(process, "/etc/group")}:`);
  return 0;
}

/** Simplified: accounts have no passwords that could be set. */
async function passwd(process: Process): Promise<number> {
  await process.err("passwd: the accounts of this lab's machines have no passwords (sudo asks for none)\n");
  return 1;
}

export const accountPrograms: ProgramTable = { useradd, adduser, usermod, userdel, groupadd, passwd };
