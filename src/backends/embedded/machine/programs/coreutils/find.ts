import { FileError } from "../../files/errors.ts";
import type { Stat } from "../../files/file-system.ts";
import { basename, dirname } from "../../files/paths.ts";
import type { ProgramTable } from "../../process.ts";
import { modeText, parseMode } from "./support/modes.ts";
import { posixRegex, RegexError } from "./support/regex.ts";
import { expandEscapes } from "./support/format.ts";
import { encodeText, quote, quoteName } from "./support/text.ts";
import { formatTime, zoneOf } from "../../strftime.ts";
import { parseDate } from "./support/parse-date.ts";
import { tool } from "./support/tool.ts";
import type { Tool } from "./support/tool.ts";

interface Found {
  path: string;
  start: string;
  depth: number;
  stat: Stat;
  prune: boolean;
}

type Test = (found: Found) => Promise<boolean> | boolean;

interface Plan {
  test: Test;
  minDepth: number;
  maxDepth: number;
  depthFirst: boolean;
  follow: boolean;
  acts: boolean;
  finish: (() => Promise<void>)[];
}

class Quit extends Error {
  override readonly name = "Quit";
}

/** A shell pattern as a regular expression; `*` also matches slashes. */
function globRegExp(glob: string, ignoreCase: boolean): RegExp {
  let source = "";
  for (let at = 0; at < glob.length; at += 1) {
    const character = glob.charAt(at);
    if (character === "*") source += "[^]*";
    else if (character === "?") source += "[^]";
    else if (character === "\\" && at + 1 < glob.length)
      source += glob.charAt(++at).replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
    else if (character === "[") {
      const bracket = /^\[(!|\^)?(\]?(?:\[:\w+:\]|[^\]])*)\]/.exec(glob.slice(at));
      if (!bracket) {
        source += "\\[";
        continue;
      }
      const classes: Record<string, string> = {
        digit: "0-9",
        alpha: "a-zA-Z",
        alnum: "a-zA-Z0-9",
        upper: "A-Z",
        lower: "a-z",
        space: "\\s",
      };
      const inner = (bracket[2] ?? "")
        .replace(/\\/g, "\\\\")
        .replace(/\[:(\w+):\]/g, (_, name: string) => classes[name] ?? "")
        .replace(/\]/g, "\\]");
      source += `[${bracket[1] ? "^" : ""}${inner}]`;
      at += bracket[0].length - 1;
    } else source += character.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
  }
  return new RegExp(`^${source}$`, ignoreCase ? "i" : "");
}

const typeLetters: Record<string, string> = { f: "file", d: "directory", l: "symlink", s: "socket", c: "device" };

/** `+5`, `-5` or `5`. */
function comparison(text: string): ((value: number) => boolean) | undefined {
  const match = /^([-+]?)(\d+(?:\.\d+)?)$/.exec(text);
  if (!match) return undefined;
  const wanted = Number(match[2]);
  return match[1] === "+"
    ? (value) => value > wanted
    : match[1] === "-"
      ? (value) => value < wanted
      : (value) => value === wanted;
}

const day = 86_400_000;

/** Reads the expression of a find command. */
class FindParser {
  readonly #run: Tool;
  readonly #args: readonly string[];
  #at = 0;
  readonly plan: Plan;

  constructor(run: Tool, args: readonly string[], follow: boolean) {
    this.#run = run;
    this.#args = args;
    this.plan = {
      test: () => true,
      minDepth: 0,
      maxDepth: Number.POSITIVE_INFINITY,
      depthFirst: false,
      follow,
      acts: false,
      finish: [],
    };
  }

  async parse(): Promise<Plan> {
    if (this.#args.length > 0) {
      this.plan.test = await this.#comma();
      const rest = this.#args[this.#at];
      if (rest !== undefined)
        await this.#run.die(
          rest === ")"
            ? "invalid expression; you have used a binary operator '-o' with nothing before it."
            : `paths must precede expression: \`${rest}'`,
        );
    }
    if (!this.plan.acts) {
      const { test } = this.plan;
      this.plan.test = async (found) => {
        if (!(await test(found))) return false;
        this.#run.print(`${found.path}\n`);
        return true;
      };
    }
    return this.plan;
  }

  async #comma(): Promise<Test> {
    let left = await this.#or();
    while (this.#args[this.#at] === ",") {
      this.#at += 1;
      const first = left;
      const second = await this.#or();
      left = async (found) => {
        await first(found);
        return second(found);
      };
    }
    return left;
  }

  async #or(): Promise<Test> {
    let left = await this.#and();
    while (["-o", "-or"].includes(this.#args[this.#at] ?? "")) {
      this.#at += 1;
      const first = left;
      const second = await this.#and();
      left = async (found) => (await first(found)) || second(found);
    }
    return left;
  }

  async #and(): Promise<Test> {
    let left = await this.#not();
    for (;;) {
      const word = this.#args[this.#at];
      if (word === undefined || ["-o", "-or", ")", ","].includes(word)) return left;
      if (word === "-a" || word === "-and") this.#at += 1;
      const first = left;
      const second = await this.#not();
      left = async (found) => (await first(found)) && second(found);
    }
  }

  async #not(): Promise<Test> {
    const word = this.#args[this.#at];
    if (word === "!" || word === "-not") {
      this.#at += 1;
      const inner = await this.#not();
      return async (found) => !(await inner(found));
    }
    if (word === "(") {
      this.#at += 1;
      const inner = await this.#comma();
      if (this.#args[this.#at] !== ")")
        await this.#run.die("invalid expression; I was expecting to find a ')' somewhere but did not see one.");
      this.#at += 1;
      return inner;
    }
    return this.#primary();
  }

  async #value(option: string): Promise<string> {
    const value = this.#args[this.#at];
    if (value === undefined) return this.#run.die(`missing argument to \`${option}'`);
    this.#at += 1;
    return value;
  }

  async #compared(option: string): Promise<(value: number) => boolean> {
    const text = await this.#value(option);
    return comparison(text) ?? this.#run.die(`invalid argument \`${text}' to \`${option}'`);
  }

  async #primary(): Promise<Test> {
    const run = this.#run;
    const { files, machine } = run.process;
    const word = this.#args[this.#at] ?? "";
    this.#at += 1;
    const now = machine.environment.clock.now();
    switch (word) {
      case "-name":
      case "-iname": {
        const glob = globRegExp(await this.#value(word), word === "-iname");
        return (found) => glob.test(basename(found.path));
      }
      case "-path":
      case "-wholename":
      case "-ipath": {
        const glob = globRegExp(await this.#value(word), word === "-ipath");
        return (found) => glob.test(found.path);
      }
      case "-lname": {
        const glob = globRegExp(await this.#value(word), false);
        return (found) => found.stat.type === "symlink" && glob.test(files.readLink(run.path(found.path)));
      }
      case "-regextype":
        this.#extended = /posix-(extended|egrep)|egrep|awk/.test(await this.#value(word));
        return () => true;
      case "-regex":
      case "-iregex": {
        const source = await this.#value(word);
        try {
          const regex = posixRegex(this.#extended ? `^(${source})$` : `^\\(${source}\\)$`, {
            extended: this.#extended,
            ignoreCase: word === "-iregex",
          });
          return (found) => regex.test(found.path);
        } catch (error) {
          if (!(error instanceof RegexError)) throw error;
          return run.die(`failed to compile regular expression '${source}': ${error.message}`);
        }
      }
      case "-type":
      case "-xtype": {
        const letters = (await this.#value(word)).split(",");
        const wrong = letters.find((letter) => !"fdlscbpD".includes(letter) || letter.length !== 1);
        if (wrong !== undefined) await run.die(`Unknown argument to ${word}: ${wrong}`);
        return (found) => {
          const stat = word === "-xtype" ? (run.tryStat(found.path) ?? found.stat) : found.stat;
          return letters.some((letter) => typeLetters[letter] === stat.type);
        };
      }
      case "-size": {
        const text = await this.#value(word);
        const match = /^([-+]?\d+)([cwbkMG]?)$/.exec(text);
        const test = match ? comparison(match[1] ?? "") : undefined;
        if (!match || !test) return run.die(`Invalid argument \`${text}' to -size`);
        const unit = { c: 1, w: 2, b: 512, k: 1024, M: 1_048_576, G: 1_073_741_824 }[match[2] || "b"] ?? 512;
        return (found) => test(Math.ceil(found.stat.size / unit));
      }
      case "-empty":
        return (found) =>
          found.stat.type === "file"
            ? found.stat.size === 0
            : found.stat.type === "directory" && (this.#list(found.path)?.length ?? 1) === 0;
      case "-mtime":
      case "-atime":
      case "-ctime": {
        const test = await this.#compared(word);
        return (found) => test(Math.floor((now - found.stat.mtime) / day));
      }
      case "-mmin":
      case "-amin":
      case "-cmin": {
        const test = await this.#compared(word);
        return (found) => test(Math.ceil((now - found.stat.mtime) / 60_000));
      }
      case "-newer":
      case "-anewer":
      case "-cnewer": {
        const name = await this.#value(word);
        const reference = run.tryStat(name) ?? (await run.die(`${quote(name)}: No such file or directory`));
        return (found) => found.stat.mtime > reference.mtime;
      }
      case "-newermt": {
        const text = await this.#value(word);
        const moment =
          parseDate(text, now, zoneOf(run.process)) ??
          (await run.die(`I cannot figure out how to interpret ${quote(text)} as a date or time`));
        return (found) => found.stat.mtime > moment;
      }
      case "-perm": {
        const text = await this.#value(word);
        const how = /^[-/]/.exec(text)?.[0] ?? "";
        const change = parseMode(text.slice(how.length), 0);
        if (!change) return run.die(`invalid mode ${quote(text)}`);
        const wanted = change(0, false);
        return (found) =>
          how === "-"
            ? (found.stat.mode & wanted) === wanted
            : how === "/"
              ? wanted === 0 || (found.stat.mode & wanted) !== 0
              : found.stat.mode === wanted;
      }
      case "-user":
      case "-group": {
        const name = await this.#value(word);
        const id = word === "-user" ? machine.users.byName(name)?.uid : machine.users.groupId(name);
        const wanted = id ?? (/^\d+$/.test(name) ? Number(name) : undefined);
        if (wanted === undefined)
          return run.die(
            word === "-user"
              ? `${quote(name)} is not the name of a known user`
              : `${quote(name)} is not the name of an existing group`,
          );
        return (found) => (word === "-user" ? found.stat.uid : found.stat.gid) === wanted;
      }
      case "-uid":
      case "-gid": {
        const test = await this.#compared(word);
        return (found) => test(word === "-uid" ? found.stat.uid : found.stat.gid);
      }
      case "-nouser":
        return (found) => machine.users.byId(found.stat.uid) === undefined;
      case "-nogroup":
        return (found) => machine.users.groupName(found.stat.gid) === undefined;
      case "-links": {
        const test = await this.#compared(word);
        return (found) => test(found.stat.links);
      }
      case "-inum": {
        const test = await this.#compared(word);
        return (found) => test(found.stat.inode);
      }
      case "-samefile": {
        const name = await this.#value(word);
        const inode = run.tryStat(name)?.inode;
        return (found) => found.stat.inode === inode;
      }
      case "-readable":
        return (found) => files.access(run.path(found.path), 4);
      case "-writable":
        return (found) => files.access(run.path(found.path), 2);
      case "-executable":
        return (found) => files.access(run.path(found.path), 1);
      case "-true":
        return () => true;
      case "-false":
        return () => false;
      case "-maxdepth":
      case "-mindepth": {
        const text = await this.#value(word);
        if (!/^\d+$/.test(text))
          await run.die(`Expected a positive decimal integer argument to ${word}, but got ${quote(text)}`);
        if (word === "-maxdepth") this.plan.maxDepth = Number(text);
        else this.plan.minDepth = Number(text);
        return () => true;
      }
      case "-depth":
        this.plan.depthFirst = true;
        return () => true;
      case "-mount":
      case "-xdev":
      case "-noleaf":
      case "-ignore_readdir_race":
      case "-daystart":
      case "-warn":
      case "-nowarn":
        return () => true;
      case "-follow":
        this.plan.follow = true;
        return () => true;
      case "-prune":
        return (found) => {
          found.prune = true;
          return true;
        };
      case "-quit":
        this.plan.acts = true;
        return () => {
          throw new Quit();
        };
      default:
        return this.#action(word);
    }
  }
  #extended = false;

  #list(name: string): string[] | undefined {
    try {
      return this.#run.process.files.list(this.#run.path(name));
    } catch (error) {
      if (error instanceof FileError) return undefined;
      throw error;
    }
  }

  async #action(word: string): Promise<Test> {
    const run = this.#run;
    switch (word) {
      case "-print":
      case "-print0":
        this.plan.acts = true;
        return (found) => {
          run.print(found.path + (word === "-print" ? "\n" : "\0"));
          return true;
        };
      case "-fprint": {
        this.plan.acts = true;
        const writer = run.create(await this.#value(word));
        return async (found) => {
          await writer.write(encodeText(`${found.path}\n`));
          return true;
        };
      }
      case "-printf": {
        this.plan.acts = true;
        const format = await this.#value(word);
        return (found) => {
          run.print(formatFound(run, format, found));
          return true;
        };
      }
      case "-ls":
        this.plan.acts = true;
        return (found) => {
          run.print(longLine(run, found));
          return true;
        };
      case "-delete":
        this.plan.acts = true;
        this.plan.depthFirst = true;
        return (found) => this.#delete(found);
      case "-exec":
      case "-ok":
      case "-execdir":
      case "-okdir":
        this.plan.acts = true;
        return this.#exec(word);
      default:
        if (word.startsWith("-")) return run.die(`unknown predicate \`${word}'`);
        return run.die(`paths must precede expression: \`${word}'`);
    }
  }

  async #delete(found: Found): Promise<boolean> {
    if (found.path === ".") return true;
    const { files } = this.#run.process;
    try {
      if (found.stat.type === "directory") files.removeDirectory(this.#run.path(found.path));
      else files.unlink(this.#run.path(found.path));
      return true;
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await this.#run.fail(`cannot delete ${quote(found.path)}: ${error.message}`);
      return false;
    }
  }

  async #exec(word: string): Promise<Test> {
    const run = this.#run;
    const command: string[] = [];
    for (;;) {
      const arg = this.#args[this.#at];
      if (arg === undefined) await run.die(`missing argument to \`${word}'`);
      this.#at += 1;
      if (arg === ";") break;
      if (arg === "+" && command.at(-1) === "{}") {
        command.pop();
        return this.#execMany(command);
      }
      command.push(arg ?? "");
    }
    if (command.length === 0) await run.die(`invalid argument \`;' to \`${word}'`);
    const inFolder = word.endsWith("dir");
    return async (found) => {
      const shown = inFolder ? `./${basename(found.path)}` : found.path;
      const argv = command.map((part) => part.replaceAll("{}", () => shown));
      if (word.startsWith("-ok")) {
        const answer = await run.ask(`< ${argv[0] ?? ""} ... ${found.path} > ? `);
        if (!/^[yY]/.test(answer ?? "")) return false;
      }
      await run.flush();
      return (await this.#runCommand(argv, inFolder ? run.path(dirname(found.path)) : run.process.cwd)) === 0;
    };
  }

  async #runCommand(argv: readonly string[], cwd: string): Promise<number> {
    try {
      return await this.#run.process.run(argv, { cwd });
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await this.#run.warn(`${quote(argv[0] ?? "")}: ${error.message}`);
      return 127;
    }
  }

  #execMany(command: readonly string[]): Test {
    let names: string[] = [];
    const flush = async (): Promise<void> => {
      if (names.length === 0) return;
      const batch = names;
      names = [];
      await this.#run.flush();
      if ((await this.#runCommand([...command, ...batch], this.#run.process.cwd)) !== 0) this.#run.status = 1;
    };
    this.plan.finish.push(flush);
    return async (found) => {
      names.push(found.path);
      if (names.length >= 5000) await flush();
      return true;
    };
  }
}

function formatFound(run: Tool, format: string, found: Found): string {
  const { users } = run.process.machine;
  const { stat, path } = found;
  const zone = zoneOf(run.process);
  const below = path === found.start ? "" : path.slice(found.start.length).replace(/^\//, "");
  const filled = expandEscapes(format, false).text;
  return filled.replace(
    /%([-0 #+]*)(\d*)(?:\.(\d+))?(T[@A-Za-z+]|[%a-zA-Z])/g,
    (whole, flags: string, width: string, _precision: string | undefined, letter: string) => {
      const values: Record<string, () => string> = {
        "%": () => "%",
        p: () => path,
        P: () => below,
        f: () => basename(path),
        h: () => (path.includes("/") ? path.replace(/\/[^/]*$/, "") : "."),
        H: () => found.start,
        s: () => String(stat.size),
        k: () => String(Math.ceil(stat.size / 1024)),
        b: () => String(Math.ceil(stat.size / 4096) * 8),
        m: () => stat.mode.toString(8),
        M: () => modeText(stat),
        u: () => users.byId(stat.uid)?.name ?? String(stat.uid),
        U: () => String(stat.uid),
        g: () => users.groupName(stat.gid) ?? String(stat.gid),
        G: () => String(stat.gid),
        y: () => ({ file: "f", directory: "d", symlink: "l", socket: "s", device: "c" })[stat.type],
        l: () => (stat.type === "symlink" ? run.process.files.readLink(run.path(path)) : ""),
        d: () => String(found.depth),
        n: () => String(stat.links),
        i: () => String(stat.inode),
        t: () => formatTime("%a %b %e %H:%M:%S.%N0 %Y", stat.mtime, zone),
      };
      const time = letter.startsWith("T") ? letter.slice(1) : "";
      const text =
        time === "@"
          ? (stat.mtime / 1000).toFixed(10)
          : time === "+"
            ? formatTime("%Y-%m-%d+%T.%N0", stat.mtime, zone)
            : time !== ""
              ? formatTime(time === "S" || time === "T" ? `%${time}.%N0` : `%${time}`, stat.mtime, zone)
              : values[letter]?.();
      if (text === undefined) return whole;
      return flags.includes("-")
        ? text.padEnd(Number(width || 0))
        : text.padStart(Number(width || 0), flags.includes("0") ? "0" : " ");
    },
  );
}

function longLine(run: Tool, { stat, path }: Found): string {
  const { users, environment } = run.process.machine;
  const recent = stat.mtime > environment.clock.now() - 180 * day;
  const time = formatTime(recent ? "%b %e %H:%M" : "%b %e  %Y", stat.mtime, zoneOf(run.process));
  const user = users.byId(stat.uid)?.name ?? String(stat.uid);
  const group = users.groupName(stat.gid) ?? String(stat.gid);
  const blocks = stat.type === "directory" ? 4 : stat.type === "file" ? Math.ceil(stat.size / 4096) * 4 : 0;
  const link = stat.type === "symlink" ? ` -> ${run.process.files.readLink(run.path(path))}` : "";
  return `${String(stat.inode).padStart(9)} ${String(blocks).padStart(6)} ${modeText(stat)} ${String(stat.links).padStart(3)} ${user.padEnd(8)} ${group.padEnd(8)} ${String(stat.size).padStart(8)} ${time} ${path}${link}\n`;
}

const find = tool(
  { usage: "[path...] [expression]", about: "Searches for files in folders." },
  async (run, options) => {
    const args = [...options.operands];
    if (args[0] === "--help") return run.print(`Usage: ${run.name} [path...] [expression]\n`);
    if (args[0] === "--version" || args[0] === "-version")
      return run.print(`find (GNU findutils) ${run.process.executable.version}\n`);
    let follow = false;
    while (/^-(?:[HLP]|O\d|D)$/.test(args[0] ?? "")) follow = args.shift() === "-L";
    const split = args.findIndex((arg) => /^-./.test(arg) || arg === "(" || arg === "!" || arg === ",");
    const starts = split < 0 ? args : args.slice(0, split);
    const parser = new FindParser(run, split < 0 ? [] : args.slice(split), follow);
    const plan = await parser.parse();
    try {
      for (const start of starts.length > 0 ? starts : ["."]) await walk(run, start, start, 0, plan);
    } catch (error) {
      if (!(error instanceof Quit)) throw error;
    }
    for (const finish of plan.finish) await finish();
  },
);

async function walk(run: Tool, start: string, path: string, depth: number, plan: Plan): Promise<void> {
  let stat: Stat;
  try {
    stat = (plan.follow ? run.tryStat(path) : undefined) ?? run.stat(path, false);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return run.fail(`${quote(path)}: ${error.message}`);
  }
  await run.drain();
  await run.breathe();
  const found: Found = { path, start, depth, stat, prune: false };
  if (!plan.depthFirst && depth >= plan.minDepth) await plan.test(found);
  if (stat.type === "directory" && depth < plan.maxDepth && !(found.prune && !plan.depthFirst)) {
    let names: string[] = [];
    try {
      names = run.process.files.list(run.path(path));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      if (error.code !== "ENOENT") await run.fail(`${quote(path)}: ${error.message}`);
    }
    for (const name of names)
      await walk(run, start, path.endsWith("/") ? path + name : `${path}/${name}`, depth + 1, plan);
  }
  if (plan.depthFirst && depth >= plan.minDepth) await plan.test(found);
}

const xargsTable =
  "0,null a,arg-file= d,delimiter= E= e=? i=? I,replace= L= l=? n,max-args= o,open-tty P,max-procs= p,interactive process-slot-var= r,no-run-if-empty s,max-chars= t,verbose x,exit show-limits";

const xargs = tool(
  {
    usage: "[OPTION]... COMMAND [INITIAL-ARGS]...",
    about: "Runs a command with arguments from standard input.",
    options: xargsTable,
    permute: false,
    suite: "GNU findutils",
  },
  async (run, options) => {
    const command = options.operands.length > 0 ? [...options.operands] : ["echo"];
    const replace = options.given.findLast((option) => option.name === "replace" || option.name === "i");
    const place = replace ? replace.value || "{}" : undefined;
    const linesWord = options.value("L");
    const perLine = options.has("L") || options.has("l") ? Number(linesWord ?? options.value("l") ?? 1) : undefined;
    const most = Number(options.value("max-args") ?? Number.POSITIVE_INFINITY);
    if (options.has("max-args") && !(most >= 1))
      return run.die(`value ${options.value("max-args") ?? ""} for -n option should be >= 1`);
    const delimiterWord = options.value("delimiter");
    const delimiter = options.has("null")
      ? "\0"
      : delimiterWord === undefined
        ? undefined
        : expandEscapes(delimiterWord, false).text;
    let ran = false;
    let fatal: number | undefined;
    const runOnce = async (extra: readonly string[]): Promise<void> => {
      ran = true;
      const argv =
        place === undefined
          ? [...command, ...extra]
          : command.map((part, index) => (index === 0 ? part : part.replaceAll(place, () => extra[0] ?? "")));
      if (options.has("verbose", "interactive")) {
        await run.flush();
        await run.process.err(`${argv.map(shellWord).join(" ")}${options.has("interactive") ? "?..." : "\n"}`);
      }
      await run.flush();
      let status: number;
      try {
        status = await run.process.run(
          argv,
          options.has("arg-file") ? {} : { stdin: { read: () => Promise.resolve(null) } },
        );
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        await run.warn(`${argv[0] ?? ""}: ${error.message}`);
        status = error.code === "ENOENT" ? 127 : 126;
      }
      if (status === 255) {
        await run.warn(`${argv[0] ?? ""}: exited with status 255; aborting`);
        fatal = 124;
      } else if (status === 126 || status === 127) fatal = status;
      else if (status > 128) fatal = 125;
      else if (status !== 0) run.status = 123;
    };
    let batch: string[] = [];
    let lineCount = 0;
    let size = 0;
    const add = async (item: string): Promise<void> => {
      if (fatal !== undefined) return;
      if (place !== undefined) return runOnce([item]);
      batch.push(item);
      size += item.length + 1;
      if (batch.length >= most || size > 100_000) await flush();
    };
    const flush = async (): Promise<void> => {
      const items = batch;
      batch = [];
      size = 0;
      if (items.length > 0 && fatal === undefined) await runOnce(items);
    };
    const source = options.value("arg-file") ?? "-";
    const reader = run.lines(source, delimiter?.charAt(0) ?? "\n");
    const endWord = options.value("E");
    let pending = "";
    for await (const raw of reader) {
      if (fatal !== undefined) break;
      if (delimiter !== undefined) {
        await add(raw);
        continue;
      }
      const line = pending + raw;
      pending = "";
      if (place !== undefined) {
        const trimmed = line.trimStart();
        if (trimmed !== "") await add(unquote(trimmed) ?? trimmed);
        continue;
      }
      const words = splitWords(line);
      if (words === undefined) {
        await flush();
        return run.die(
          "unmatched single quote; by default quotes are special to xargs unless you use the -0 option".replace(
            "single",
            line.includes("'") ? "single" : "double",
          ),
        );
      }
      if (words === "continues") {
        pending = `${line}\n`;
        continue;
      }
      if (endWord !== undefined && words.includes(endWord)) {
        for (const word of words.slice(0, words.indexOf(endWord))) await add(word);
        break;
      }
      for (const word of words) await add(word);
      if (perLine !== undefined && words.length > 0) {
        lineCount += 1;
        if (lineCount % perLine === 0) await flush();
      }
    }
    await flush();
    if (!ran && !options.has("no-run-if-empty") && place === undefined && fatal === undefined) await runOnce([]);
    if (fatal !== undefined) run.status = fatal;
  },
);

/** The whole line as one word, with quotes and backslashes taken away. */
const unquote = (text: string): string | undefined => {
  const words = splitWords(text, true);
  return Array.isArray(words) ? words[0] : undefined;
};

const shellWord = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : quoteName(text));

/** Words as xargs sees them: quotes and backslashes; undefined for a quote that does not end. */
function splitWords(line: string, keepBlanks = false): string[] | "continues" | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; at += 1) {
    const character = line.charAt(at);
    if (!keepBlanks && (character === " " || character === "\t" || character === "\n")) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === "'" || character === '"') {
      const end = line.indexOf(character, at + 1);
      if (end < 0) return undefined;
      word = (word ?? "") + line.slice(at + 1, end);
      at = end;
    } else if (character === "\\") {
      at += 1;
      if (at >= line.length) return "continues";
      word = (word ?? "") + line.charAt(at);
    } else word = (word ?? "") + character;
  }
  if (word !== undefined) words.push(word);
  return words;
}

export const findPrograms: ProgramTable = { find, xargs };
