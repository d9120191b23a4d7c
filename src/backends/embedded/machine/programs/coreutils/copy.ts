import { FileError } from "../../files/errors.ts";
import { basename, dirname } from "../../files/paths.ts";
import type { Stat } from "../../files/file-system.ts";
import type { ProgramTable } from "../../process.ts";
import { parseMode } from "./support/modes.ts";
import type { Options } from "./support/options.ts";
import { quote, quoteName } from "./support/text.ts";
import { tool } from "./support/tool.ts";
import type { Tool } from "./support/tool.ts";

/** Sources and where each of them goes. Ends the tool when the operands make no sense. */
async function targetsOf(run: Tool, options: Options): Promise<{ source: string; target: string }[]> {
  const operands = [...options.operands];
  const [first] = operands;
  if (first === undefined) return run.misuse("missing file operand");
  const folder = options.value("target-directory");
  if (folder !== undefined) {
    if (run.tryStat(folder)?.type !== "directory") {
      return run.die(
        `target directory ${quoteName(folder)}: ${run.tryStat(folder) ? "Not a directory" : "No such file or directory"}`,
      );
    }
    return operands.map((source) => ({ source, target: join(folder, basename(source)) }));
  }
  const last = operands.pop() ?? "";
  if (operands.length === 0) return run.misuse(`missing destination file operand after ${quoteName(first)}`);
  const isFolder = !options.has("no-target-directory") && run.tryStat(last)?.type === "directory";
  if (isFolder) return operands.map((source) => ({ source, target: join(last, basename(source)) }));
  if (operands.length > 1) {
    if (options.has("no-target-directory")) return run.misuse(`extra operand ${quoteName(last)}`);
    const why = run.tryStat(last) ? "Not a directory" : "No such file or directory";
    return run.die(run.tryStat(last) ? `target ${quoteName(last)}: ${why}` : `target ${quoteName(last)}: ${why}`);
  }
  return [{ source: first, target: last }];
}

const join = (folder: string, name: string): string => (folder.endsWith("/") ? folder + name : `${folder}/${name}`);

interface CopyRules {
  recursive: boolean;
  preserve: { mode: boolean; owner: boolean; time: boolean };
  follow: boolean;
  force: boolean;
  verbose: boolean;
  update: boolean;
  clobber: "force" | "interactive" | "no-clobber";
  link: boolean;
  symbolic: boolean;
  backup: boolean;
  removeFirst: boolean;
  noTarget: boolean;
}

const cpTable =
  "a,archive attributes-only b,backup=? copy-contents d f,force i,interactive H l,link L,dereference n,no-clobber P,no-dereference p preserve=? no-preserve= parents R r,recursive reflink=? remove-destination sparse= strip-trailing-slashes s,symbolic-link S,suffix= t,target-directory= T,no-target-directory u,update=? v,verbose x,one-file-system Z,context=?";

/** Letters with an optional value never take one when bundled. */
const withoutShortValues = (args: readonly string[], letters: Readonly<Record<string, string>>): string[] => {
  const end = args.indexOf("--");
  return args.flatMap((arg, index) => {
    if ((end >= 0 && index > end) || !/^-[^-]/.test(arg)) return [arg];
    let rest = arg.slice(1);
    const long: string[] = [];
    for (const [letter, name] of Object.entries(letters)) {
      const at = rest.indexOf(letter);
      // After an option that takes a value everything belongs to the value.
      if (at < 0 || /[StmgoI]/.test(rest.slice(0, at))) continue;
      rest = rest.replaceAll(letter, "");
      long.push(`--${name}`);
    }
    return rest === "" ? long : [...long, `-${rest}`];
  });
};

const cp = tool(
  {
    usage: "[OPTION]... SOURCE... DEST",
    about: "Copies files and folders.",
    options: cpTable,
    rewrite: (args) => withoutShortValues(args, { b: "backup", u: "update", Z: "context" }),
  },
  async (run, options) => {
    const targets = await targetsOf(run, options);
    const archive = options.has("archive");
    const kept = options
      .values("preserve")
      .flatMap((list) => (list === "" ? ["mode", "ownership", "timestamps"] : list.split(",")));
    const all = archive || kept.includes("all");
    const some = options.has("p");
    const recursive = archive || options.has("recursive", "R");
    const links = options.last("dereference", "no-dereference", "d", "archive", "H");
    const rules: CopyRules = {
      recursive,
      preserve: {
        mode: all || some || kept.includes("mode"),
        owner: all || some || kept.includes("ownership"),
        time: all || some || kept.includes("timestamps"),
      },
      follow: links === undefined ? !recursive : links === "dereference",
      force: options.has("force"),
      verbose: options.has("verbose"),
      update: options.has("update"),
      clobber: clobberOf(options),
      link: options.has("link"),
      symbolic: options.has("symbolic-link"),
      backup: options.has("backup"),
      removeFirst: options.has("remove-destination"),
      noTarget: options.has("no-target-directory"),
    };
    for (const { source, target } of targets) {
      const destination = options.has("parents") ? await withParents(run, source, options) : target;
      await copyAny(run, source, destination, rules, true);
    }
  },
);

async function withParents(run: Tool, source: string, options: Options): Promise<string> {
  const folder = options.value("target-directory") ?? options.operands.at(-1) ?? ".";
  const target = join(folder, source.replace(/^\/+/, ""));
  run.process.files.makeDirectories(run.path(dirname(target)), run.masked(0o777));
  return target;
}

const clobberOf = (options: Options): CopyRules["clobber"] => {
  const last = options.last("interactive", "no-clobber", "force");
  return last === "interactive" || last === "no-clobber" ? last : "force";
};

async function copyAny(run: Tool, source: string, target: string, rules: CopyRules, top: boolean): Promise<void> {
  let from: Stat;
  try {
    from = run.stat(source, rules.follow);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return run.fail(`cannot stat ${quoteName(source)}: ${error.message}`);
  }
  if (from.type === "directory" && !rules.recursive) {
    return run.fail(`-r not specified; omitting directory ${quoteName(source)}`);
  }
  await run.breathe();
  if (isBelowFile(run, target)) return run.fail(`cannot stat ${quoteName(target)}: Not a directory`);
  const to = run.tryStat(target, !top || from.type === "directory" || rules.follow) ?? run.tryStat(target, false);
  if (from.type === "directory") return copyFolder(run, source, target, from, to, rules, top);
  if (to?.type === "directory") {
    return run.fail(`cannot overwrite directory ${quoteName(target)} with non-directory`);
  }
  if (to && to.inode === from.inode && run.tryStat(target, false)?.inode !== undefined) {
    if (!rules.removeFirst && !rules.link)
      return run.fail(`${quoteName(source)} and ${quoteName(target)} are the same file`);
  }
  if (to && rules.update && from.mtime <= to.mtime) return;
  if (to && !(await mayReplace(run, target, rules))) return;
  try {
    if (to && rules.backup) run.process.files.rename(run.path(target), run.path(`${target}~`));
    copyFile(run, source, target, from, to, rules);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return failCopy(run, source, target, to, error, rules);
  }
  if (rules.verbose) run.print(`${quoteName(source)} -> ${quoteName(target)}\n`);
}

/** True when a part of the path before the last is no folder. */
function isBelowFile(run: Tool, target: string): boolean {
  const parent = run.tryStat(dirname(target));
  return parent !== undefined && parent.type !== "directory";
}

async function failCopy(
  run: Tool,
  source: string,
  target: string,
  to: Stat | undefined,
  error: FileError,
  rules: CopyRules,
): Promise<void> {
  if (error.path === run.path(source) && error.code === "EACCES") {
    return run.fail(`cannot open ${quoteName(source)} for reading: ${error.message}`);
  }
  if (rules.link)
    return run.fail(`cannot create hard link ${quoteName(target)} to ${quoteName(source)}: ${error.message}`);
  if (rules.symbolic)
    return run.fail(`cannot create symbolic link ${quoteName(target)} to ${quoteName(source)}: ${error.message}`);
  const what = target.endsWith("/") && !to ? "Not a directory" : error.message;
  return run.fail(`cannot create regular file ${quoteName(target)}: ${what}`);
}

async function mayReplace(run: Tool, target: string, rules: CopyRules): Promise<boolean> {
  if (rules.clobber === "no-clobber") return false;
  if (rules.clobber !== "interactive") return true;
  return run.confirm(`overwrite ${quoteName(target)}?`);
}

function copyFile(run: Tool, source: string, target: string, from: Stat, to: Stat | undefined, rules: CopyRules): void {
  const { files } = run.process;
  const sourcePath = run.path(source);
  const targetPath = run.path(target);
  if (target.endsWith("/") && !to) throw new FileError("ENOTDIR", targetPath);
  if (
    to &&
    (rules.removeFirst || rules.link || rules.symbolic || from.type === "symlink") &&
    run.tryStat(target, false)
  ) {
    if (!rules.force && !rules.removeFirst && (rules.link || rules.symbolic)) throw new FileError("EEXIST", targetPath);
    files.unlink(targetPath);
  }
  if (rules.link) return files.link(sourcePath, targetPath);
  if (rules.symbolic) return files.symlink(source, targetPath);
  if (from.type === "symlink") {
    files.symlink(files.readLink(sourcePath), targetPath);
    if (rules.preserve.owner && run.process.credentials.uid === 0) files.chown(targetPath, from.uid, from.gid, false);
    return;
  }
  const bytes = files.readBytes(sourcePath);
  const mode = rules.preserve.mode ? from.mode : run.masked(from.mode & 0o777);
  try {
    files.write(targetPath, bytes, { mode });
  } catch (error) {
    if (!(error instanceof FileError) || !rules.force || !to) throw error;
    files.unlink(targetPath);
    files.write(targetPath, bytes, { mode });
  }
  applyAttributes(run, targetPath, from, rules);
}

function applyAttributes(run: Tool, path: string, from: Stat, rules: CopyRules): void {
  const { files, credentials } = run.process;
  if (rules.preserve.owner && (credentials.uid === 0 || credentials.uid === from.uid)) {
    try {
      files.chown(path, from.uid, from.gid);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
    }
  }
  if (rules.preserve.mode) files.chmod(path, from.mode);
  if (rules.preserve.time) files.setTime(path, from.mtime);
}

async function copyFolder(
  run: Tool,
  source: string,
  target: string,
  from: Stat,
  to: Stat | undefined,
  rules: CopyRules,
  top: boolean,
): Promise<void> {
  const { files } = run.process;
  if (to && to.type !== "directory") {
    return run.fail(`cannot overwrite non-directory ${quoteName(target)} with directory ${quoteName(source)}`);
  }
  const real = files.realPath(run.path(source));
  const parent = run.path(dirname(target.replace(/\/+$/, "")));
  const realParent = files.exists(parent) ? files.realPath(parent) : parent;
  const realTarget = to ? files.realPath(run.path(target)) : join(realParent, basename(target));
  if (top && realTarget === real) return run.fail(`${quoteName(source)} and ${quoteName(target)} are the same file`);
  if (top && realTarget.startsWith(real === "/" ? "/" : `${real}/`)) {
    return run.fail(`cannot copy a directory, ${quoteName(source)}, into itself, ${quoteName(target)}`);
  }
  try {
    if (!to) {
      files.makeDirectory(
        run.path(target).replace(/\/$/, ""),
        run.masked(rules.preserve.mode ? 0o700 | from.mode : (from.mode & 0o777) | 0o700),
      );
      if (rules.verbose) run.print(`${quoteName(source)} -> ${quoteName(target)}\n`);
    }
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return run.fail(`cannot create directory ${quoteName(target)}: ${error.message}`);
  }
  let names: string[];
  try {
    names = files.list(run.path(source));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return run.fail(`cannot access ${quoteName(source)}: ${error.message}`);
  }
  for (const name of names) await copyAny(run, join(source, name), join(target, name), rules, false);
  if (!to && !rules.preserve.mode) files.chmod(run.path(target), run.masked(from.mode & 0o777));
  applyAttributes(run, run.path(target), from, rules);
}

const mvTable =
  "b,backup=? f,force i,interactive n,no-clobber strip-trailing-slashes S,suffix= t,target-directory= T,no-target-directory u,update=? v,verbose Z,context";

const mv = tool(
  {
    usage: "[OPTION]... SOURCE... DEST",
    about: "Moves and renames files.",
    options: mvTable,
    rewrite: (args) => withoutShortValues(args, { b: "backup", u: "update" }),
  },
  async (run, options) => {
    const clobber = clobberOf(options);
    for (const { source, target } of await targetsOf(run, options)) await move(run, source, target, options, clobber);
  },
);

async function move(
  run: Tool,
  source: string,
  target: string,
  options: Options,
  clobber: CopyRules["clobber"],
): Promise<void> {
  const { files } = run.process;
  let from: Stat;
  try {
    from = run.stat(source.replace(/(?<=.)\/+$/, ""), false);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return run.fail(`cannot stat ${quoteName(source)}: ${error.message}`);
  }
  const to = run.tryStat(target, false);
  if (to) {
    if (to.inode === from.inode) return run.fail(`${quoteName(source)} and ${quoteName(target)} are the same file`);
    if (options.has("update") && from.mtime <= to.mtime) return;
    if (clobber === "no-clobber") return;
    if (clobber === "interactive" && !(await run.confirm(`overwrite ${quoteName(target)}?`))) return;
    if (clobber !== "force" || !options.has("force")) {
      if (run.process.stdin.isTerminal && to.type === "file" && !files.access(run.path(target), 2)) {
        const mode = (to.mode & 0o7777).toString(8).padStart(4, "0");
        if (!(await run.confirm(`replace ${quoteName(target)}, overriding mode ${mode}?`))) return;
      }
    }
    if (to.type === "directory" && from.type !== "directory") {
      return run.fail(`cannot overwrite directory ${quoteName(target)} with non-directory`);
    }
    if (to.type !== "directory" && from.type === "directory") {
      return run.fail(`cannot overwrite non-directory ${quoteName(target)} with directory ${quoteName(source)}`);
    }
    if (options.has("backup")) files.rename(run.path(target), run.path(`${target}~`));
  }
  try {
    if (target.endsWith("/") && !to && from.type !== "directory") throw new FileError("ENOTDIR", target);
    files.rename(run.path(source).replace(/(?<=.)\/$/, ""), run.path(target).replace(/(?<=.)\/$/, ""));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    if (error.code === "EINVAL") {
      return run.fail(`cannot move ${quoteName(source)} to a subdirectory of itself, ${quoteName(target)}`);
    }
    return run.fail(`cannot move ${quoteName(source)} to ${quoteName(target)}: ${error.message}`);
  }
  if (options.has("verbose")) run.print(`renamed ${quoteName(source)} -> ${quoteName(target)}\n`);
}

const installTable =
  "b,backup=? c C,compare d,directory D g,group= m,mode= o,owner= p,preserve-timestamps s,strip strip-program= S,suffix= t,target-directory= T,no-target-directory v,verbose Z,context";

const install = tool(
  {
    usage: "[OPTION]... SOURCE... DEST",
    about: "Copies files and sets their attributes.",
    options: installTable,
    rewrite: (args) => withoutShortValues(args, { b: "backup" }),
  },
  async (run, options) => {
    const { files } = run.process;
    const modeWord = options.value("mode");
    const change = modeWord === undefined ? undefined : parseMode(modeWord, 0);
    if (modeWord !== undefined && !change) return run.die(`invalid mode ${quoteName(modeWord)}`);
    const mode = (isDirectory: boolean): number => (change ? change(0, isDirectory) : 0o755);
    const { users } = run.process.machine;
    const ownerWord = options.value("owner");
    const groupWord = options.value("group");
    const owner =
      ownerWord === undefined ? undefined : /^\d+$/.test(ownerWord) ? Number(ownerWord) : users.byName(ownerWord)?.uid;
    if (ownerWord !== undefined && owner === undefined) return run.die(`invalid user: ${quote(ownerWord)}`);
    const group =
      groupWord === undefined ? undefined : /^\d+$/.test(groupWord) ? Number(groupWord) : users.groupId(groupWord);
    if (groupWord !== undefined && group === undefined) return run.die(`invalid group: ${quote(groupWord)}`);
    const finish = async (name: string, isDirectory: boolean): Promise<void> => {
      const path = run.path(name);
      const stat = files.stat(path);
      try {
        if (owner !== undefined || group !== undefined) files.chown(path, owner ?? stat.uid, group ?? stat.gid);
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        await run.fail(`cannot change ownership of ${quoteName(name)}: ${error.message}`);
      }
      files.chmod(path, mode(isDirectory));
    };
    if (options.has("directory")) {
      if (options.operands.length === 0) return run.misuse("missing file operand");
      for (const name of options.operands) {
        try {
          files.makeDirectories(run.path(name), 0o755);
          if (options.has("verbose")) run.print(`${run.name}: creating directory ${quoteName(name)}\n`);
          await finish(name, true);
        } catch (error) {
          if (!(error instanceof FileError)) throw error;
          await run.fail(`cannot create directory ${quoteName(name)}: ${error.message}`);
        }
      }
      return;
    }
    if (options.has("D")) {
      const folder =
        options.value("target-directory") ??
        (options.operands.length > 1 ? dirname(options.operands.at(-1) ?? "") : undefined);
      if (folder !== undefined) files.makeDirectories(run.path(folder), 0o755);
    }
    for (const { source, target } of await targetsOf(run, options)) {
      const from = run.tryStat(source);
      if (!from) {
        await run.fail(`cannot stat ${quoteName(source)}: No such file or directory`);
        continue;
      }
      if (from.type === "directory") {
        await run.fail(`omitting directory ${quoteName(source)}`);
        continue;
      }
      const to = run.tryStat(target, false);
      if (to?.type === "directory") {
        await run.fail(`cannot overwrite directory ${quoteName(target)} with non-directory`);
        continue;
      }
      try {
        const bytes = files.readBytes(run.path(source));
        if (to) files.unlink(run.path(target));
        if (target.endsWith("/")) throw new FileError("ENOTDIR", target);
        files.write(run.path(target), bytes, { mode: 0o600 });
        await finish(target, false);
        if (options.has("preserve-timestamps")) files.setTime(run.path(target), from.mtime);
        if (options.has("verbose")) run.print(`${quoteName(source)} -> ${quoteName(target)}\n`);
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        if (error.path === run.path(source))
          await run.fail(`cannot open ${quoteName(source)} for reading: ${error.message}`);
        else await run.fail(`cannot ${to ? "remove" : "create regular file"} ${quoteName(target)}: ${error.message}`);
      }
    }
  },
);

const lnTable =
  "b,backup=? d,directory F f,force i,interactive L,logical n,no-dereference P,physical r,relative s,symbolic S,suffix= t,target-directory= T,no-target-directory v,verbose";

const ln = tool(
  {
    usage: "[OPTION]... TARGET... [LINK]",
    about: "Makes links.",
    options: lnTable,
    rewrite: (args) => withoutShortValues(args, { b: "backup" }),
  },
  async (run, options) => {
    const { files } = run.process;
    const operands = [...options.operands];
    const [first] = operands;
    if (first === undefined) return run.misuse("missing file operand");
    const folderOption = options.value("target-directory");
    let pairs: { target: string; link: string }[];
    if (folderOption !== undefined)
      pairs = operands.map((target) => ({ target, link: join(folderOption, basename(target)) }));
    else if (operands.length === 1) pairs = [{ target: first, link: `./${basename(first)}` }];
    else {
      const last = operands.pop() ?? "";
      const follows = !options.has("no-dereference");
      const isFolder = !options.has("no-target-directory") && run.tryStat(last, follows)?.type === "directory";
      if (!isFolder && operands.length > 1)
        return run.die(
          `target ${quoteName(last)}: ${run.tryStat(last) ? "Not a directory" : "No such file or directory"}`,
        );
      pairs = operands.map((target) => ({ target, link: isFolder ? join(last, basename(target)) : last }));
    }
    const symbolic = options.has("symbolic");
    for (const { target, link } of pairs) {
      const kind = symbolic ? "symbolic link" : "hard link";
      try {
        if (!symbolic) {
          const stat = run.tryStat(target, options.has("logical"));
          if (!stat) {
            await run.fail(`failed to access ${quoteName(target)}: No such file or directory`);
            continue;
          }
          if (stat.type === "directory") {
            await run.fail(`${target}: hard link not allowed for directory`);
            continue;
          }
          if (run.tryStat(link, false)?.inode === stat.inode && options.has("force")) {
            await run.fail(`${quoteName(target)} and ${quoteName(link)} are the same file`);
            continue;
          }
        }
        const existing = run.tryStat(link, false);
        if (existing) {
          if (options.has("interactive") && !(await run.confirm(`replace ${quoteName(link)}?`))) continue;
          if (options.has("force", "interactive")) {
            if (existing.type === "directory") {
              await run.fail(`${link}: cannot overwrite directory`);
              continue;
            }
            files.unlink(run.path(link));
          }
        }
        const text = options.has("relative")
          ? relative(files.realPath(run.path(dirname(link))), realOrPath(run, target))
          : target;
        if (symbolic) files.symlink(text, run.path(link));
        else files.link(options.has("logical") ? files.realPath(run.path(target)) : run.path(target), run.path(link));
        if (options.has("verbose")) run.print(`${quoteName(link)} ${symbolic ? "->" : "=>"} ${quoteName(text)}\n`);
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        const onto = symbolic || error.code === "EEXIST" ? "" : ` => ${quoteName(target)}`;
        await run.fail(`failed to create ${kind} ${quoteName(link)}${onto}: ${error.message}`);
      }
    }
  },
);

const realOrPath = (run: Tool, name: string): string => {
  const path = run.path(name);
  return run.process.files.exists(path) ? run.process.files.realPath(path) : path;
};

/** `to` as seen from the folder `from`; both absolute. */
export function relative(from: string, to: string): string {
  const here = from.split("/").filter(Boolean);
  const there = to.split("/").filter(Boolean);
  let same = 0;
  while (same < here.length && same < there.length && here[same] === there[same]) same += 1;
  return [...here.slice(same).map(() => ".."), ...there.slice(same)].join("/") || ".";
}

export const copyPrograms: ProgramTable = { cp, mv, install, ln };
