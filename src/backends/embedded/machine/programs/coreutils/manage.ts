import { FileError } from "../../files/errors.ts";
import { basename, dirname } from "../../files/paths.ts";
import type { Stat } from "../../files/file-system.ts";
import type { ProgramTable } from "../../process.ts";
import { relative } from "./copy.ts";
import { modeText, parseMode } from "./support/modes.ts";
import type { ModeChange } from "./support/modes.ts";
import type { Options } from "./support/options.ts";
import { quote, quoteName } from "./support/text.ts";
import { zoneOf } from "../../strftime.ts";
import { parseDate } from "./support/parse-date.ts";
import { parseSize, tool } from "./support/tool.ts";
import type { Tool } from "./support/tool.ts";

const join = (folder: string, name: string): string => (folder.endsWith("/") ? folder + name : `${folder}/${name}`);

const rm = tool(
  {
    usage: "[OPTION]... [FILE]...",
    about: "Removes files and folders.",
    options: "f,force i I interactive=? one-file-system no-preserve-root preserve-root=? r,recursive R d,dir v,verbose",
  },
  async (run, options) => {
    const force = options.last("force", "i", "I", "interactive") === "force";
    if (options.operands.length === 0 && !force) return run.misuse("missing operand");
    const recursive = options.has("recursive", "R");
    if (options.has("I") && (options.operands.length > 3 || recursive)) {
      const count = options.operands.length;
      const noun = `argument${count === 1 ? "" : "s"}${recursive ? " recursively" : ""}`;
      if (!(await run.confirm(`remove ${count} ${noun}?`))) return;
    }
    for (const name of options.operands) {
      const base = basename(name);
      if (recursive && run.path(name || ".") === "/" && !options.has("no-preserve-root")) {
        await run.fail("it is dangerous to operate recursively on '/'");
        await run.warn("use --no-preserve-root to override this failsafe");
        continue;
      }
      if ((base === "." || base === "..") && (recursive || options.has("dir"))) {
        await run.fail(`refusing to remove '.' or '..' directory: skipping ${quoteName(name)}`);
        continue;
      }
      await remove(run, name, {
        force,
        recursive,
        ask: options.last("force", "i", "interactive") === "i",
        folders: options.has("dir"),
        verbose: options.has("verbose"),
      });
    }
  },
);

interface RemoveRules {
  force: boolean;
  recursive: boolean;
  ask: boolean;
  folders: boolean;
  verbose: boolean;
}

const kindName = (stat: Stat): string =>
  stat.type === "file"
    ? stat.size === 0
      ? "regular empty file"
      : "regular file"
    : { directory: "directory", symlink: "symbolic link", socket: "socket", device: "character special file" }[
        stat.type
      ];

/** False when something below stays. */
async function remove(run: Tool, name: string, rules: RemoveRules): Promise<boolean> {
  const { files, stdin } = run.process;
  let stat: Stat;
  try {
    stat = run.stat(name, false);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    if (rules.force && (error.code === "ENOENT" || error.code === "ENOTDIR")) return true;
    await run.fail(`cannot remove ${quoteName(name)}: ${error.message}`);
    return false;
  }
  await run.breathe();
  const path = run.path(name).replace(/(?<=.)\/$/, "");
  const protects = !rules.force && stdin.isTerminal === true && stat.type !== "symlink" && !files.access(path, 2);
  const adjective = protects ? "write-protected " : "";
  if (stat.type === "directory") {
    const names = rules.recursive ? tryList(run, path) : [];
    if (!rules.recursive && !rules.folders) {
      await run.fail(`cannot remove ${quoteName(name)}: Is a directory`);
      return false;
    }
    if (names === undefined) {
      await run.fail(`cannot remove ${quoteName(name)}: Permission denied`);
      return false;
    }
    if (names.length > 0) {
      if ((rules.ask || protects) && !(await run.confirm(`descend into ${adjective}directory ${quoteName(name)}?`)))
        return false;
      let empty = true;
      for (const child of names) if (!(await remove(run, join(name, child), rules))) empty = false;
      if (!empty) return false;
    }
    if ((rules.ask || protects) && !(await run.confirm(`remove ${adjective}directory ${quoteName(name)}?`)))
      return false;
  } else if (
    (rules.ask || protects) &&
    !(await run.confirm(`remove ${adjective}${kindName(stat)} ${quoteName(name)}?`))
  )
    return false;
  try {
    if (stat.type === "directory") files.removeDirectory(path);
    else files.unlink(path);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await run.fail(`cannot remove ${quoteName(name)}: ${error.message}`);
    return false;
  }
  if (rules.verbose) run.print(`removed ${stat.type === "directory" ? "directory " : ""}${quoteName(name)}\n`);
  return true;
}

function tryList(run: Tool, path: string): string[] | undefined {
  try {
    return run.process.files.list(path);
  } catch (error) {
    if (error instanceof FileError) return undefined;
    throw error;
  }
}

const unlinkTool = tool({ usage: "FILE", about: "Removes one file.", options: "" }, async (run, options) => {
  const [name] = options.operands;
  if (name === undefined) return run.misuse("missing operand");
  try {
    run.process.files.unlink(run.path(name));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await run.fail(`cannot unlink ${quoteName(name)}: ${error.message}`);
  }
});

const mkdir = tool(
  { usage: "[OPTION]... DIRECTORY...", about: "Makes folders.", options: "m,mode= p,parents v,verbose Z context=?" },
  async (run, options) => {
    const { files } = run.process;
    if (options.operands.length === 0) return run.misuse("missing operand");
    const word = options.value("mode");
    const change = word === undefined ? undefined : parseMode(word, run.process.umask);
    if (word !== undefined && !change) return run.die(`invalid mode ${quote(word)}`);
    const make = (name: string, last: boolean): void => {
      const path = run.path(name).replace(/(?<=.)\/$/, "");
      files.makeDirectory(path, run.masked(0o777) | (last ? 0 : 0o300));
      if (last && change) files.chmod(path, change(0o777, true));
      if (options.has("verbose")) run.print(`${run.name}: created directory ${quoteName(name)}\n`);
    };
    for (const name of options.operands) {
      let at = name;
      try {
        if (options.has("parents")) {
          const parts = name.split("/");
          let made = name.startsWith("/") ? "/" : "";
          const words = parts.filter(Boolean);
          for (const [index, part] of words.entries()) {
            made += (made === "" || made.endsWith("/") ? "" : "/") + part;
            at = made;
            const stat = run.tryStat(made);
            if (!stat) make(made, index === words.length - 1);
            else if (stat.type !== "directory")
              throw new FileError(index === words.length - 1 ? "EEXIST" : "ENOTDIR", made);
          }
        } else make(name, true);
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        await run.fail(`cannot create directory ${quote(at)}: ${error.message}`);
      }
    }
  },
);

const rmdir = tool(
  {
    usage: "[OPTION]... DIRECTORY...",
    about: "Removes empty folders.",
    options: "p,parents v,verbose ignore-fail-on-non-empty",
  },
  async (run, options) => {
    if (options.operands.length === 0) return run.misuse("missing operand");
    for (const operand of options.operands) {
      const chain = [operand];
      for (let up = dirname(operand); options.has("parents") && up !== "." && up !== "/"; up = dirname(up))
        chain.push(up);
      for (const name of chain) {
        try {
          if (options.has("verbose")) run.print(`${run.name}: removing directory, ${quoteName(name)}\n`);
          if (basename(name) === ".") throw new FileError("EINVAL", name);
          run.process.files.removeDirectory(run.path(name).replace(/(?<=.)\/$/, ""));
        } catch (error) {
          if (!(error instanceof FileError)) throw error;
          if (error.code === "ENOTEMPTY" && options.has("ignore-fail-on-non-empty")) break;
          const what = name === operand ? "" : "directory ";
          await run.fail(`failed to remove ${what}${quoteName(name)}: ${error.message}`);
          break;
        }
      }
    }
  },
);

const touch = tool(
  {
    usage: "[OPTION]... FILE...",
    about: "Sets times, making files that are missing.",
    options: "a c,no-create d,date= f h,no-dereference m r,reference= t= time=",
  },
  async (run, options) => {
    const { files, machine } = run.process;
    const now = machine.environment.clock.now();
    if (options.operands.length === 0) return run.misuse("missing file operand");
    let time = now;
    const reference = options.value("reference");
    const date = options.value("date");
    const stamp = options.value("t");
    if (reference !== undefined) {
      const stat = run.tryStat(reference);
      if (!stat) return run.die(`failed to get attributes of ${quoteName(reference)}: No such file or directory`);
      time = stat.mtime;
    } else if (date !== undefined) {
      const parsed = parseDate(date, now, zoneOf(run.process));
      if (parsed === undefined) return run.die(`invalid date format ${quote(date)}`);
      time = parsed;
    } else if (stamp !== undefined) {
      const match = /^(?:(\d{2})?(\d{2}))?(\d{2})(\d{2})(\d{2})(\d{2})(?:\.(\d{2}))?$/.exec(stamp);
      const year =
        match?.[2] === undefined
          ? new Date(now).getUTCFullYear()
          : Number(`${match[1] ?? (Number(match[2]) < 69 ? "20" : "19")}${match[2]}`);
      const text = match ? `${year}-${match[3]}-${match[4]} ${match[5]}:${match[6]}:${match[7] ?? "00"}` : "";
      const parsed = match ? parseDate(text, now, zoneOf(run.process)) : undefined;
      if (parsed === undefined) return run.die(`invalid date format ${quote(stamp)}`);
      time = parsed;
    }
    for (const name of options.operands) {
      if (name === "-") continue;
      try {
        const path = run.path(name);
        if (!run.tryStat(name)) {
          if (options.has("no-create")) continue;
          if (name.endsWith("/")) throw new FileError("ENOENT", name);
          files.open(path, { append: true, mode: run.masked(0o666) });
        }
        if (!options.has("a") || options.has("m")) files.setTime(path, time);
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        await run.fail(
          `${name.endsWith("/") ? "setting times of" : "cannot touch"} ${quoteName(name)}: ${error.message}`,
        );
      }
    }
  },
);

/** An argument such as `-x` or `-rw` of chmod is a mode. */
function protectMode(args: readonly string[]): string[] {
  const at = args.findIndex(
    (arg) => /^-[rwxXstugo,=+-]*[rwxXstugo]/.test(arg) && !/^-[Rcfv]/.test(arg) && !arg.startsWith("--"),
  );
  if (at < 0 || args.slice(0, at).some((arg) => !arg.startsWith("-"))) return [...args];
  return [...args.slice(0, at), "--", ...args.slice(at)];
}

const chmod = tool(
  {
    usage: "[OPTION]... MODE[,MODE]... FILE...",
    about: "Changes permissions.",
    options: "c,changes f,silent quiet v,verbose no-preserve-root preserve-root reference= R,recursive",
    rewrite: protectMode,
  },
  async (run, options) => {
    const { files } = run.process;
    const operands = [...options.operands];
    const reference = options.value("reference");
    let change: ModeChange | undefined;
    if (reference !== undefined) {
      const stat = run.tryStat(reference);
      if (!stat) return run.die(`failed to get attributes of ${quoteName(reference)}: No such file or directory`);
      change = () => stat.mode;
    } else {
      const word = operands.shift();
      if (word === undefined) return run.misuse("missing operand");
      change = parseMode(word, run.process.umask);
      if (operands.length === 0) return run.misuse(`missing operand after ${quote(word)}`);
      if (!change) return run.misuse(`invalid mode: ${quote(word)}`);
    }
    const silent = options.has("silent", "quiet");
    const octal = (mode: number): string => mode.toString(8).padStart(4, "0");
    const apply = async (name: string, below: boolean): Promise<void> => {
      const stat = run.tryStat(name, !below) ?? run.tryStat(name, false);
      if (stat?.type === "symlink" && below) return;
      try {
        const current = run.stat(name);
        const mode = change(current.mode, current.type === "directory");
        files.chmod(run.path(name), mode);
        const texts = (value: number): string =>
          `${octal(value)} (${modeText({ type: "file", mode: value }).slice(1)})`;
        if (mode !== current.mode && options.has("verbose", "changes")) {
          run.print(`mode of ${quoteName(name)} changed from ${texts(current.mode)} to ${texts(mode)}\n`);
        } else if (options.has("verbose")) run.print(`mode of ${quoteName(name)} retained as ${texts(mode)}\n`);
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        run.status = 1;
        if (silent) return;
        if (error.code === "EPERM") await run.warn(`changing permissions of ${quoteName(name)}: ${error.message}`);
        else if (stat?.type === "symlink" && error.code === "ENOENT")
          await run.warn(`cannot operate on dangling symlink ${quoteName(name)}`);
        else await run.warn(`cannot access ${quoteName(name)}: ${error.message}`);
        return;
      }
      if (options.has("recursive")) await eachBelow(run, name, (child) => apply(child, true));
    };
    for (const name of operands) await apply(name, false);
  },
);

/** Does `work` on everything in a folder. */
async function eachBelow(run: Tool, name: string, work: (child: string) => Promise<void>): Promise<void> {
  if (run.tryStat(name, false)?.type !== "directory") return;
  const names = tryList(run, run.path(name));
  if (!names) return run.fail(`cannot read directory ${quoteName(name)}: Permission denied`);
  for (const child of names) {
    await run.breathe();
    await work(join(name, child));
  }
}

const ownerTable =
  "c,changes f,silent quiet v,verbose dereference h,no-dereference from= no-preserve-root preserve-root reference= R,recursive H L P";

/** `user:group` as numbers, or what is wrong with it. */
function parseOwner(run: Tool, text: string, groupOnly: boolean): { uid?: number; gid?: number } | string {
  const { users } = run.process.machine;
  const groupOf = (name: string): number | undefined =>
    users.groupId(name) ?? (/^\+?\d+$/.test(name) ? Number(name) : undefined);
  if (groupOnly) {
    const gid = groupOf(text);
    return gid === undefined ? `invalid group: ${quote(text)}` : { gid };
  }
  const [userWord = "", groupWord] = text.split(/[:.](.*)/s, 2);
  const result: { uid?: number; gid?: number } = {};
  if (userWord !== "") {
    const user = users.byName(userWord);
    const uid = user?.uid ?? (/^\+?\d+$/.test(userWord) ? Number(userWord) : undefined);
    if (uid === undefined) return `invalid user: ${quote(text)}`;
    result.uid = uid;
    if (groupWord === "") {
      const gid = user?.gid ?? users.byId(uid)?.gid;
      if (gid === undefined) return `invalid spec: ${quote(text)}`;
      result.gid = gid;
    }
  }
  if (groupWord) {
    const gid = groupOf(groupWord);
    if (gid === undefined) return `invalid group: ${quote(text)}`;
    result.gid = gid;
  }
  return result;
}

const changeOwners = (groupOnly: boolean): ReturnType<typeof tool> =>
  tool(
    {
      usage: groupOnly ? "[OPTION]... GROUP FILE..." : "[OPTION]... [OWNER][:[GROUP]] FILE...",
      about: groupOnly ? "Changes groups." : "Changes owners and groups.",
      options: ownerTable,
    },
    async (run, options) => {
      const operands = [...options.operands];
      const reference = options.value("reference");
      let wanted: { uid?: number; gid?: number };
      if (reference !== undefined) {
        const stat = run.tryStat(reference);
        if (!stat) return run.die(`failed to get attributes of ${quoteName(reference)}: No such file or directory`);
        wanted = groupOnly ? { gid: stat.gid } : { uid: stat.uid, gid: stat.gid };
      } else {
        const word = operands.shift();
        if (word === undefined) return run.misuse("missing operand");
        if (operands.length === 0) return run.misuse(`missing operand after ${quote(word)}`);
        const parsed = parseOwner(run, word, groupOnly);
        if (typeof parsed === "string") return run.die(parsed);
        wanted = parsed;
      }
      for (const name of operands) await changeOwner(run, name, wanted, options, false, groupOnly);
    },
  );

async function changeOwner(
  run: Tool,
  name: string,
  wanted: { uid?: number; gid?: number },
  options: Options,
  below: boolean,
  groupOnly: boolean,
): Promise<void> {
  const { files, machine } = run.process;
  const follow = !options.has("no-dereference") && !below;
  const names = (uid: number, gid: number): string => {
    const group = machine.users.groupName(gid) ?? String(gid);
    if (groupOnly) return group;
    const user = machine.users.byId(uid)?.name ?? String(uid);
    return wanted.gid === undefined ? user : wanted.uid === undefined ? `:${group}` : `${user}:${group}`;
  };
  const what = groupOnly ? "group" : "ownership";
  try {
    const stat = run.stat(name, follow);
    const uid = wanted.uid ?? stat.uid;
    const gid = wanted.gid ?? stat.gid;
    files.chown(run.path(name), uid, gid, follow);
    const changed = uid !== stat.uid || gid !== stat.gid;
    if (changed && options.has("verbose", "changes")) {
      run.print(`changed ${what} of ${quoteName(name)} from ${names(stat.uid, stat.gid)} to ${names(uid, gid)}\n`);
    } else if (options.has("verbose")) run.print(`${what} of ${quoteName(name)} retained as ${names(uid, gid)}\n`);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    run.status = 1;
    if (options.has("silent", "quiet")) return;
    const action = error.code === "EPERM" ? `changing ${what} of` : "cannot access";
    await run.warn(`${action} ${quoteName(name)}: ${error.message}`);
    return;
  }
  if (options.has("recursive"))
    await eachBelow(run, name, (child) => changeOwner(run, child, wanted, options, true, groupOnly));
}

const readlink = tool(
  {
    usage: "[OPTION]... FILE...",
    about: "Prints where a link leads.",
    options:
      "f,canonicalize e,canonicalize-existing m,canonicalize-missing n,no-newline q,quiet s,silent v,verbose z,zero",
  },
  async (run, options) => {
    if (options.operands.length === 0) return run.misuse("missing operand");
    const how = options.last("canonicalize", "canonicalize-existing", "canonicalize-missing");
    const end = options.has("no-newline") && options.operands.length === 1 ? "" : options.has("zero") ? "\0" : "\n";
    for (const name of options.operands) {
      try {
        const text = how === undefined ? run.process.files.readLink(run.path(name)) : canonical(run, name, how);
        run.print(text + end);
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        run.status = 1;
        if (options.has("verbose")) await run.warn(`${name}: ${error.message}`);
      }
    }
  },
);

/** The path with every link resolved; `canonicalize` lets the last part be missing. */
function canonical(run: Tool, name: string, how: string): string {
  const { files } = run.process;
  const path = run.path(name).replace(/(?<=.)\/$/, "");
  try {
    return files.realPath(path);
  } catch (error) {
    if (!(error instanceof FileError) || how === "canonicalize-existing") throw error;
    if (error.code !== "ENOENT" && how !== "canonicalize-missing") throw error;
  }
  let stat: Stat | undefined;
  try {
    stat = files.lstat(path);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
  }
  if (stat?.type === "symlink") {
    const target = files.readLink(path);
    return canonical(run, target.startsWith("/") ? target : join(dirname(path), target), how);
  }
  const parent = dirname(path);
  const folder = how === "canonicalize-missing" ? canonical(run, parent, how) : files.realPath(parent);
  return join(folder, basename(path));
}

const realpath = tool(
  {
    usage: "[OPTION]... FILE...",
    about: "Prints the resolved absolute path.",
    options:
      "e,canonicalize-existing m,canonicalize-missing L,logical P,physical q,quiet relative-to= relative-base= s,strip no-symlinks z,zero",
  },
  async (run, options) => {
    if (options.operands.length === 0) return run.misuse("missing operand");
    const how = options.last("canonicalize-existing", "canonicalize-missing") ?? "canonicalize";
    const base = options.value("relative-to");
    for (const name of options.operands) {
      try {
        const path = options.has("strip", "no-symlinks") ? run.path(name) : canonical(run, name, how);
        const shown = base === undefined ? path : relative(canonical(run, base, how), path);
        run.print(shown + (options.has("zero") ? "\0" : "\n"));
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        run.status = 1;
        if (!options.has("quiet"))
          await run.warn(`${quoteName(name).replace(/^'([^' ]*)'$/, "$1") || "''"}: ${error.message}`);
      }
    }
  },
);

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

const mktemp = tool(
  {
    usage: "[OPTION]... [TEMPLATE]",
    about: "Makes a temporary file or folder.",
    options: "d,directory u,dry-run q,quiet suffix= p= tmpdir=? t",
  },
  async (run, options) => {
    const { files, env, machine } = run.process;
    const [given] = options.operands;
    const extra = options.operands[1];
    if (extra !== undefined) return run.misuse("too many templates");
    const template = (given ?? "tmp.XXXXXXXXXX") + (options.value("suffix") ?? "");
    if (options.has("suffix") && !given?.endsWith("X") && given !== undefined) {
      return run.die(`with --suffix, template ${quote(given)} must end in X`);
    }
    const match = /^(.*?)(X{3,})([^X/]*)$/.exec(template);
    if (!match) return run.die(`too few X's in template ${quote(template)}`);
    const temporary = env["TMPDIR"] || "/tmp";
    const folder = options.has("p", "tmpdir")
      ? options.value("p") || options.value("tmpdir") || temporary
      : given === undefined || options.has("t")
        ? temporary
        : undefined;
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const middle = [...(match[2] ?? "")]
        .map(() => alphabet.charAt(Math.floor(machine.environment.random.next() * alphabet.length)))
        .join("");
      const name = (match[1] ?? "") + middle + (match[3] ?? "");
      const full = folder === undefined ? name : join(folder, name);
      if (run.tryStat(full, false)) continue;
      try {
        if (!options.has("dry-run")) {
          if (options.has("directory")) files.makeDirectory(run.path(full), 0o700);
          else files.open(run.path(full), { exclusive: true, mode: 0o600 });
        }
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        const kind = options.has("directory") ? "directory" : "file";
        if (options.has("quiet")) return run.exit(1);
        return run.die(
          `failed to create ${kind} via template ${quote(folder === undefined ? template : join(folder, template))}: ${error.message}`,
        );
      }
      return run.print(`${full}\n`);
    }
  },
);

const truncate = tool(
  {
    usage: "-s SIZE FILE...",
    about: "Shrinks or extends files.",
    options: "c,no-create o,io-blocks r,reference= s,size=",
  },
  async (run, options) => {
    const { files } = run.process;
    const word = options.value("size");
    const reference = options.value("reference");
    if (word === undefined && reference === undefined) {
      return run.misuse(`you must specify either ${quote("--size")} or ${quote("--reference")}`);
    }
    if (options.operands.length === 0) return run.misuse("missing file operand");
    const base = reference === undefined ? undefined : run.tryStat(reference)?.size;
    if (reference !== undefined && base === undefined)
      return run.die(`cannot stat ${quoteName(reference)}: No such file or directory`);
    const operator = /^[-+<>/%]/.exec(word ?? "")?.[0] ?? "";
    const amount = word === undefined ? (base ?? 0) : parseSize(word.slice(operator.length));
    if (amount === undefined) return run.die(`Invalid number: ${quote(word ?? "")}`);
    for (const name of options.operands) {
      const stat = run.tryStat(name);
      if (!stat && options.has("no-create")) continue;
      try {
        const path = run.path(name);
        const old = stat ? files.readBytes(path) : new Uint8Array();
        const start = base !== undefined && word !== undefined ? base : old.length;
        const size =
          {
            "": amount,
            "+": start + amount,
            "-": Math.max(0, start - amount),
            "<": Math.min(start, amount),
            ">": Math.max(start, amount),
            "/": Math.floor(start / amount) * amount,
            "%": Math.ceil(start / amount) * amount,
          }[operator] ?? amount;
        const bytes = new Uint8Array(size);
        bytes.set(old.subarray(0, size));
        files.write(path, bytes, { mode: run.masked(0o666) });
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        await run.fail(`cannot open ${quoteName(name)} for writing: ${error.message}`);
      }
    }
  },
);

export const managePrograms: ProgramTable = {
  rm,
  unlink: unlinkTool,
  mkdir,
  rmdir,
  touch,
  chmod,
  chown: changeOwners(false),
  chgrp: changeOwners(true),
  readlink,
  realpath,
  mktemp,
  truncate,
};
