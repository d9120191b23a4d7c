import type { Credentials, FileView } from "../files/file-system.ts";
import { root } from "../files/file-system.ts";
import type { User, Users } from "../machine.ts";

interface Group {
  name: string;
  gid: number;
  members: string[];
}

/** Lines of a text file that hold something; none when the file is missing. */
export function fileLines(files: FileView, path: string): string[] {
  if (!files.exists(path) || files.isDirectory(path)) return [];
  return files
    .readText(path)
    .split("\n")
    .filter((line) => line.trim() !== "");
}

/** The accounts of a machine, read from its files at every question so that an edit counts at once. */
export function createUsers(files: FileView): Users {
  const passwd = (): User[] =>
    fileLines(files, "/etc/passwd").flatMap((line) => {
      const [name = "", , uid = "", gid = "", gecos = "", home = "/", shell = "/bin/sh"] = line.split(":");
      if (name === "" || name.startsWith("#") || !/^\d+$/.test(uid) || !/^\d+$/.test(gid)) return [];
      return [{ name, uid: Number(uid), gid: Number(gid), gecos, home, shell }];
    });
  const groups = (): Group[] =>
    fileLines(files, "/etc/group").flatMap((line) => {
      const [name = "", , gid = "", members = ""] = line.split(":");
      if (name === "" || !/^\d+$/.test(gid)) return [];
      return [{ name, gid: Number(gid), members: members.split(",").filter(Boolean) }];
    });
  const groupsOf = (user: User): Group[] =>
    groups().filter((group) => group.gid === user.gid || group.members.includes(user.name));

  return {
    byName: (name) => passwd().find((user) => user.name === name),
    byId: (uid) => passwd().find((user) => user.uid === uid),
    groupName: (gid) => groups().find((group) => group.gid === gid)?.name,
    groupId: (name) => groups().find((group) => group.name === name)?.gid,
    credentials(name): Credentials | undefined {
      const user = passwd().find((candidate) => candidate.name === name);
      if (!user) return undefined;
      if (user.uid === 0) return root;
      const supplementary = groupsOf(user).map((group) => group.gid);
      return { uid: user.uid, gid: user.gid, groups: [...new Set([user.gid, ...supplementary])] };
    },
    maySudo(name) {
      const user = passwd().find((candidate) => candidate.name === name);
      if (!user) return false;
      if (user.uid === 0) return true;
      const names = new Set([name, "ALL", `#${user.uid}`, ...groupsOf(user).map((group) => `%${group.name}`)]);
      let allowed = false;
      for (const line of sudoersLines(files)) {
        const [who = "", rest = ""] = splitOnce(line);
        // As in sudo, the last rule that matches the user decides.
        if (names.has(who) && rest.includes("=")) allowed = /NOPASSWD:\s*ALL\s*$/.test(rest);
      }
      return allowed;
    },
  };
}

function splitOnce(line: string): [string, string] {
  const at = line.search(/\s/);
  return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at).trim()];
}

function sudoersLines(files: FileView): string[] {
  const result: string[] = [];
  const add = (path: string): void => {
    for (const raw of fileLines(files, path)) {
      const line = raw.trim();
      const include = /^[#@]includedir\s+(\S+)/.exec(line);
      if (include?.[1] !== undefined) {
        const folder = include[1];
        if (!files.isDirectory(folder)) continue;
        // sudo skips names with a dot or a trailing tilde.
        for (const name of files.list(folder)) if (!/[.]|~$/.test(name)) add(`${folder}/${name}`);
      } else if (!line.startsWith("#")) result.push(line);
    }
  };
  add("/etc/sudoers");
  return result;
}
