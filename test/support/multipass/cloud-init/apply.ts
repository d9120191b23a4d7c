import { spawn } from "node:child_process";
import { gunzipSync } from "node:zlib";
import { parse } from "yaml";
import type { Machines } from "../machines/machines.ts";

/** The part of a user-data document that is applied. */
interface UserData {
  hostname?: string;
  manage_etc_hosts?: boolean | "localhost";
  bootcmd?: unknown;
  runcmd?: unknown;
  write_files?: unknown;
  packages?: unknown;
  users?: unknown;
  ssh_authorized_keys?: unknown;
}

interface WrittenFile {
  path: string;
  content?: string;
  encoding?: string;
  owner?: string;
  permissions?: string;
  append?: boolean;
}

interface User {
  name: string;
  groups?: string | string[];
  shell?: string;
  sudo?: string | string[];
  ssh_authorized_keys?: string[];
}

const quoted = (word: unknown): string => `'${String(word).replaceAll("'", `'\\''`)}'`;
const log = "/var/log/cloud-init-output.log";

/**
 * Does in a machine that has just booted what cloud-init does with user-data there. A module that fails is noted, and
 * the next one follows; the boot is finished all the same.
 */
export async function applyUserData(
  machines: Machines,
  name: string,
  text: string,
  { firstBoot }: { firstBoot: boolean },
): Promise<void> {
  const errors: string[] = [];
  const sh = (command: string, stdin: string | Buffer = ""): Promise<void> =>
    runInside(machines, name, `exec 2>&1 >>${log} 2>&1; ${command}`, stdin);
  const stage = async (module: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      errors.push(`('${module}', ${error instanceof Error ? error.message : String(error)})`);
    }
  };
  const data = ((parse(text) as unknown) ?? {}) as UserData;
  const hostname = data.hostname ?? name;
  await runInside(machines, name, `mkdir -p /var/log /var/lib/cloud/instance/scripts /run/cloud-init; : >>${log}`);
  if (firstBoot) {
    // There, systemd-resolved knows the machine's own name, which sudo asks for.
    const named = `sed -i "s/^127.0.1.1 .*/127.0.1.1 "${quoted(hostname)}"/" /etc/hosts`;
    await stage("update_hostname", async () => {
      await sh(
        `echo ${quoted(hostname)} >/etc/hostname; hostname ${quoted(hostname)}; [ ! -e /etc/hosts ] || ${named}`,
      );
    });
  }
  // What Multipass tells every machine, unless the user-data says otherwise.
  if (data.manage_etc_hosts !== false && data.manage_etc_hosts !== "localhost") {
    await stage("update_etc_hosts", () => sh("cat >/etc/hosts", hosts(hostname)));
  }
  await stage("bootcmd", () => scripted(sh, "bootcmd", data.bootcmd));
  if (firstBoot) {
    await stage("write_files", async () => {
      for (const file of list<WrittenFile>("write_files", data.write_files)) await writeFile(sh, file);
    });
    await stage("users_groups", async () => {
      for (const user of list<User | string>("users", data.users))
        if (typeof user === "object") await addUser(sh, user);
      const keys = list<string>("ssh_authorized_keys", data.ssh_authorized_keys);
      if (keys.length > 0) await authorise(sh, "ubuntu", keys);
    });
    await stage("package_update_upgrade_install", async () => {
      const packages = list<string>("packages", data.packages);
      if (packages.length > 0) await sh(`apt-get update && apt-get install -y ${packages.map(quoted).join(" ")}`);
    });
    await stage("scripts_user", () => scripted(sh, "runcmd", data.runcmd));
  }
  const result = JSON.stringify({ v1: { datasource: "DataSourceNoCloud [seed=/dev/sr0]", errors } }, undefined, 1);
  const finished = "cat >/run/cloud-init/result.json; date >/var/lib/cloud/instance/boot-finished";
  await runInside(machines, name, finished, `${result.replaceAll(/^   "/gm, '    "')}\n`);
}

type Shell = (command: string, stdin?: string | Buffer) => Promise<void>;

function list<T>(module: string, value: unknown): T[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new TypeError(`TypeError("${module}: a list is needed")`);
  return value as T[];
}

/** All commands of a list as one script, of which the last command's exit code counts. */
async function scripted(sh: Shell, module: string, commands: unknown): Promise<void> {
  const lines = list<string | unknown[]>(module, commands).map((command) =>
    Array.isArray(command) ? command.map(quoted).join(" ") : command,
  );
  if (lines.length === 0) return;
  const path = `/var/lib/cloud/instance/scripts/${module}`;
  await sh(`cat >${path}; chmod 700 ${path}`, `#!/bin/sh\n${lines.join("\n")}\n`);
  try {
    await sh(`sh ${path}`);
  } catch {
    throw new Error("RuntimeError('Runparts: 1 failures (runcmd) in 1 attempted commands')");
  }
}

async function writeFile(sh: Shell, file: WrittenFile): Promise<void> {
  const encoding = (file.encoding ?? "text/plain").toLowerCase();
  const packed = /^(gz|gzip|gz\+base64|gzip\+base64|gz\+b64|gzip\+b64)$/.test(encoding);
  const bytes = /b(ase)?64$/.test(encoding)
    ? Buffer.from(file.content ?? "", "base64")
    : Buffer.from(file.content ?? "", packed ? "latin1" : "utf8");
  const path = quoted(file.path);
  const folder = quoted(file.path.replace(/\/[^/]*$/, "") || "/");
  const owner = quoted(file.owner ?? "root:root");
  const command =
    `mkdir -p ${folder} && cat >${file.append === true ? ">" : ""}${path} && ` +
    `chmod ${quoted(file.permissions ?? "0644")} ${path} && { [ "$(id -u)" != 0 ] || chown ${owner} ${path}; }`;
  await sh(command, packed ? gunzipSync(bytes) : bytes);
}

async function addUser(sh: Shell, user: User): Promise<void> {
  const groups = [user.groups ?? []].flat().join(",").replaceAll(" ", "");
  const options = [...(groups ? ["-G", groups] : []), "-s", user.shell ?? "/bin/sh", user.name].map(quoted).join(" ");
  await sh(`id ${quoted(user.name)} >/dev/null 2>&1 || useradd -m ${options}`);
  const rules = [user.sudo ?? []].flat();
  const sudoers = rules.map((rule) => `${user.name} ${rule}\n`).join("");
  if (sudoers) await sh("cat >>/etc/sudoers.d/90-cloud-init-users", sudoers);
  if (user.ssh_authorized_keys) await authorise(sh, user.name, user.ssh_authorized_keys);
}

async function authorise(sh: Shell, user: string, keys: readonly string[]): Promise<void> {
  const folder = `/home/${user}/.ssh`;
  const owner = quoted(`${user}:${user}`);
  await sh(
    `mkdir -p ${folder} && cat >>${folder}/authorized_keys && chmod 700 ${folder} && ` +
      `chmod 600 ${folder}/authorized_keys && { [ "$(id -u)" != 0 ] || chown -R ${owner} ${folder}; }`,
    keys.map((key) => `${key}\n`).join(""),
  );
}

function hosts(name: string): string {
  return `# Your system has configured 'manage_etc_hosts' as True.
127.0.1.1 ${name} ${name}
127.0.0.1 localhost

::1 ip6-localhost ip6-loopback
ff02::1 ip6-allnodes
ff02::2 ip6-allrouters
`;
}

/** Runs a command inside as root. Rejects when it fails. */
async function runInside(
  machines: Machines,
  name: string,
  command: string,
  stdin: string | Buffer = "",
): Promise<void> {
  const { file, argv, cwd, env } = machines.inside(name, command, "root");
  const child = spawn(file, argv, { ...(cwd === undefined ? {} : { cwd }), env: { ...process.env, ...env } });
  child.stdin.on("error", () => undefined);
  child.stdin.end(stdin);
  child.stdout.resume();
  child.stderr.resume();
  const code = await new Promise<number | null>((done) => child.on("error", () => done(127)).on("close", done));
  if (code !== 0)
    throw new Error(`ProcessExecutionError('Unexpected error while running command. Exit code: ${code ?? -1}')`);
}
