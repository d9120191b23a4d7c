import { FileError } from "../../files/errors.ts";
import type { ProgramTable } from "../../process.ts";
import type { Options } from "./support/options.ts";
import { anyOf, literalRegex, perlRegex, posixRegex, RegexError } from "./support/regex.ts";
import type { Regex, RegexMatch } from "./support/regex.ts";
import { decodeText } from "./support/text.ts";
import { tool } from "./support/tool.ts";
import type { LineReader, Tool } from "./support/tool.ts";

const table =
  "A,after-context= a,text B,before-context= b,byte-offset binary-files= C,context= c,count color=? colour=? D,devices= d,directories= E,extended-regexp e,regexp= exclude= exclude-dir= exclude-from= F,fixed-strings f,file= G,basic-regexp H,with-filename h,no-filename I i,ignore-case include= initial-tab L,files-without-match l,files-with-matches line-buffered label= m,max-count= n,line-number no-ignore-case no-messages null o,only-matching P,perl-regexp q,quiet R,dereference-recursive r,recursive s silent T U,binary v,invert-match V w,word-regexp x,line-regexp y Z z,null-data";

interface Search {
  find: (text: string, from: number) => RegexMatch | undefined;
  invert: boolean;
  before: number;
  after: number;
  color: boolean;
  names: boolean;
  options: Options;
  delimiter: string;
}

const contextDigits = (args: readonly string[]): string[] =>
  args.map((arg, index) => {
    const match = /^-(\d+)([a-zA-Z]*)$/.exec(arg);
    if (!match || /^-[a-zA-Z]*[eAfBCm]$/.test(args[index - 1] ?? "")) return arg;
    return `-C${match[1]}`;
  });

const wordBefore = /[\p{L}\p{N}_]$/u;
const wordAfter = /^[\p{L}\p{N}_]/u;

/** Only matches that are whole words: shorter and later ones are tried as GNU does. */
function wholeWords(find: Search["find"]): Search["find"] {
  return (text, from) => {
    for (let at = from; at <= text.length;) {
      const match = find(text, at);
      if (!match) return undefined;
      const before = !wordBefore.test(text.slice(0, match.start));
      for (let end = before ? match.end : -1; end >= match.start; end -= 1) {
        const candidate = end === match.end ? match : find(text.slice(0, end), match.start);
        if (candidate && candidate.start === match.start && candidate.end === end && !wordAfter.test(text.slice(end))) {
          return candidate;
        }
      }
      at = match.start + 1;
    }
    return undefined;
  };
}

async function compilePatterns(run: Tool, texts: readonly string[], options: Options): Promise<Search["find"]> {
  const kind =
    run.name === "fgrep"
      ? "fixed-strings"
      : (options.last("extended-regexp", "basic-regexp", "fixed-strings", "perl-regexp") ??
        (run.name === "egrep" ? "extended-regexp" : "basic-regexp"));
  const ignoreCase =
    options.last("ignore-case", "y", "no-ignore-case") !== "no-ignore-case" && options.has("ignore-case", "y");
  const words = options.has("word-regexp");
  const whole = options.has("line-regexp");
  try {
    const patterns = texts.map((text): Regex => {
      if (kind === "fixed-strings") return literalRegex(text, ignoreCase);
      if (kind === "perl-regexp") return perlRegex(whole ? `^(?:${text})$` : text, ignoreCase);
      const extended = kind === "extended-regexp";
      const anchored = whole ? (extended ? `^(${text})$` : `^\\(${text}\\)$`) : text;
      return posixRegex(shiftReferences(anchored, whole), { extended, ignoreCase });
    });
    const find = anyOf(patterns);
    const wholeLine: Search["find"] = (text, from) => {
      const match = from === 0 ? find(text, 0) : undefined;
      return match && match.start === 0 && match.end === text.length ? match : undefined;
    };
    const base = whole ? (kind === "fixed-strings" ? wholeFixed(texts, ignoreCase) : wholeLine) : find;
    return words && !whole ? wholeWords(base) : base;
  } catch (error) {
    if (!(error instanceof RegexError)) throw error;
    return run.die(error.message, 2);
  }
}

/** The group around a whole-line pattern moves its back references by one. */
const shiftReferences = (pattern: string, shifted: boolean): string =>
  shifted
    ? pattern.replace(/\\(.)/gs, (whole, letter: string) => (/[1-8]/.test(letter) ? `\\${Number(letter) + 1}` : whole))
    : pattern;

const wholeFixed = (texts: readonly string[], ignoreCase: boolean): Search["find"] => {
  const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text);
  const wanted = new Set(texts.map(fold));
  return (text, from) =>
    from === 0 && wanted.has(fold(text)) ? { start: 0, end: text.length, groups: [text] } : undefined;
};

const grep = tool(
  {
    usage: "[OPTION]... PATTERNS [FILE]...",
    about: "Prints the lines that match patterns.",
    options: table,
    usageStatus: 2,
    suite: "GNU grep",
    rewrite: contextDigits,
    hint: (name) => `Usage: ${name} [OPTION]... PATTERNS [FILE]...\nTry '${name} --help' for more information.`,
  },
  async (run, options) => {
    if (options.has("V")) return run.print(`grep (GNU grep) ${run.process.executable.version}\n`);
    const operands = [...options.operands];
    const texts: string[] = [];
    const files = options.values("file");
    for (const text of options.values("regexp")) texts.push(...text.split("\n"));
    for (const name of files) {
      try {
        const lines = decodeText(await run.slurp(name)).split("\n");
        if (lines.at(-1) === "") lines.pop();
        texts.push(...lines);
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        await run.die(`${name}: ${error.message}`, 2);
      }
    }
    if (!options.has("regexp", "file")) {
      const first = operands.shift();
      if (first === undefined) {
        await run.process.err(
          `Usage: ${run.name} [OPTION]... PATTERNS [FILE]...\nTry '${run.name} --help' for more information.\n`,
        );
        return run.exit(2);
      }
      texts.push(...first.split("\n"));
    }
    const number = async (name: string): Promise<number | undefined> => {
      const text = options.value(name);
      if (text === undefined) return undefined;
      if (!/^-?\d+$/.test(text))
        return run.die(name === "max-count" ? "invalid max count" : `${text}: invalid context length argument`, 2);
      return Number(text);
    };
    const context = (await number("context")) ?? 0;
    const recursive = options.has("recursive", "dereference-recursive") || options.value("directories") === "recurse";
    const when = options.has("color", "colour")
      ? (options.value("color") ?? options.value("colour") ?? "auto")
      : "never";
    const names = operands.length > 0 ? operands : [recursive ? "." : "-"];
    const search: Search = {
      find: await compilePatterns(run, texts, options),
      invert: options.has("invert-match"),
      before: (await number("before-context")) ?? context,
      after: (await number("after-context")) ?? context,
      color: when === "always" || (when === "auto" && run.process.stdout.isTerminal === true),
      names:
        options.last("with-filename", "no-filename") === "with-filename" ||
        (!options.has("no-filename") &&
          (names.length > 1 ||
            (recursive &&
              (names.length > 1 || operands.length === 0 || run.tryStat(names[0] ?? "")?.type === "directory")))),
      options,
      delimiter: options.has("null-data") ? "\0" : "\n",
    };
    const limit = await number("max-count");
    let found = false;
    for (const name of names) {
      for await (const file of expand(run, name, recursive, options, operands.length === 0 && recursive)) {
        if (await searchFile(run, file, search, limit)) found = true;
        if (found && options.has("quiet", "silent")) return run.exit(0);
      }
    }
    if (run.status === 0) run.status = found ? 0 : 1;
  },
);

/** The file itself, or with -r every file below a folder. */
async function* expand(
  run: Tool,
  name: string,
  recursive: boolean,
  options: Options,
  bare: boolean,
): AsyncGenerator<string> {
  const stat = name === "-" ? undefined : run.tryStat(name);
  if (stat?.type !== "directory" || !recursive) {
    yield name;
    return;
  }
  const walk = async function* (folder: string): AsyncGenerator<string> {
    let names: string[] = [];
    try {
      names = run.process.files.list(run.path(folder));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await complain(run, folder, error, options);
    }
    for (const child of names) {
      const path = bare && folder === "." ? child : folder.endsWith("/") ? folder + child : `${folder}/${child}`;
      const below = run.tryStat(path, options.has("dereference-recursive"));
      if (below?.type === "directory") {
        if (!globs(options, "exclude-dir", child)) yield* walk(path);
      } else if (below?.type === "file" || (below?.type === "symlink" && options.has("dereference-recursive"))) {
        if (options.has("include") && !globs(options, "include", child)) continue;
        if (!globs(options, "exclude", child)) yield path;
      }
      await run.breathe();
    }
  };
  yield* walk(name);
}

const globs = (options: Options, kind: string, name: string): boolean =>
  options.values(kind).some((glob) =>
    new RegExp(
      `^${glob
        .replace(/[.+^${}()|\\]/g, "\\$&")
        .replaceAll("*", ".*")
        .replaceAll("?", ".")}$`,
      "su",
    ).test(name),
  );

async function complain(run: Tool, name: string, error: FileError, options: Options): Promise<void> {
  run.status = 2;
  if (!options.has("s", "no-messages")) await run.warn(`${name}: ${error.message}`);
}

async function searchFile(run: Tool, name: string, search: Search, limit: number | undefined): Promise<boolean> {
  try {
    if (name !== "-" && run.stat(name).type === "directory") {
      if (search.options.value("directories") === "skip") return false;
      run.status = 2;
      if (search.options.has("s", "no-messages")) return false;
      await run.warn(`${name}: Is a directory`);
      return false;
    }
    return await searchLines(run, name, run.lines(name, search.delimiter), search, limit);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await complain(run, name, error, search.options);
    return false;
  }
}

const paint = (color: boolean, code: string, text: string): string =>
  color ? `\u001b[${code}m\u001b[K${text}\u001b[m\u001b[K` : text;

async function searchLines(
  run: Tool,
  name: string,
  lines: LineReader,
  search: Search,
  limit: number | undefined,
): Promise<boolean> {
  const { options, color } = search;
  const shown = name === "-" ? (options.value("label") ?? "(standard input)") : name;
  const listing = options.last("files-with-matches", "files-without-match");
  const quiet = options.has("quiet", "silent");
  const counting = options.has("count");
  const only = options.has("only-matching");
  const silent = quiet || counting || listing !== undefined;
  const zero = options.has("Z", "null");
  const context = (search.before > 0 || search.after > 0) && !only;
  let count = 0;
  let number = 0;
  let offset = 0;
  let pending = 0;
  let printedUntil = 0;
  let binary = false;
  const held: { text: string; number: number; offset: number }[] = [];
  const prefix = (mark: string, line: number, at: number): string => {
    let result = "";
    const separator = paint(color, "36", mark);
    if (search.names) result += paint(color, "35", shown) + (zero ? "\0" : separator);
    if (options.has("line-number")) result += paint(color, "32", String(line)) + separator;
    if (options.has("byte-offset")) result += paint(color, "32", String(at)) + separator;
    return result;
  };
  const size = (text: string): number => (options.has("byte-offset") ? Buffer.byteLength(text) : 0);
  const separate = (line: number): void => {
    if (context && printedUntil > 0 && line > printedUntil + 1) run.print(`${paint(color, "36", "--")}\n`);
    printedUntil = line;
  };
  if (limit === 0) return false;
  for (let line = await lines.next(); line !== undefined; line = await lines.next()) {
    number += 1;
    if (
      !binary &&
      /[\0\udc80-\udcff]/.test(line) &&
      search.delimiter === "\n" &&
      !options.has("text") &&
      options.value("binary-files") !== "text"
    ) {
      binary = true;
      if (options.has("I")) return false;
    }
    const match = search.find(line, 0);
    if ((match !== undefined) !== search.invert) {
      count += 1;
      if (quiet || listing !== undefined) break;
      if (!silent && binary) {
        await run.flush();
        run.print(`Binary file ${shown} matches\n`);
        return true;
      }
      if (!silent) {
        for (const before of held) {
          separate(before.number);
          run.print(`${prefix("-", before.number, before.offset)}${before.text}${search.delimiter}`);
        }
        held.length = 0;
        if (!only) separate(number);
        if (only) {
          if (!search.invert)
            printMatches(run, line, search, (at) => prefix(":", number, offset + size(line?.slice(0, at) ?? "")));
        } else run.print(`${prefix(":", number, offset)}${highlighted(line, search)}${search.delimiter}`);
        pending = search.after;
      }
    } else if (!silent && context) {
      if (pending > 0) {
        pending -= 1;
        separate(number);
        run.print(`${prefix("-", number, offset)}${line}${search.delimiter}`);
      } else if (search.before > 0) {
        held.push({ text: line, number, offset });
        if (held.length > search.before) held.shift();
      }
    }
    offset += size(line) + 1;
    if (limit !== undefined && count >= limit) {
      if (silent) break;
      while (pending > 0) {
        const next = await lines.next();
        if (next === undefined || (search.find(next, 0) !== undefined) !== search.invert) break;
        number += 1;
        pending -= 1;
        separate(number);
        run.print(`${prefix("-", number, offset)}${next}${search.delimiter}`);
      }
      break;
    }
    await run.drain();
    if (number % 4096 === 0) await run.pause();
  }
  if (counting && listing === undefined && !quiet)
    run.print(`${search.names ? paint(color, "35", shown) + (zero ? "\0" : paint(color, "36", ":")) : ""}${count}\n`);
  const listed = listing === "files-with-matches" ? count > 0 : listing === "files-without-match" && count === 0;
  if (listed && !quiet) run.print(paint(color, "35", shown) + (zero ? "\0" : "\n"));
  return count > 0;
}

function* matchesIn(line: string, search: Search): Generator<RegexMatch> {
  for (let at = 0; at <= line.length;) {
    const match = search.find(line, at);
    if (!match) return;
    if (match.end > match.start) yield match;
    at = match.end > match.start ? match.end : match.start + 1;
  }
}

function printMatches(run: Tool, line: string, search: Search, prefix: (at: number) => string): void {
  for (const match of matchesIn(line, search)) {
    run.print(`${prefix(match.start)}${paint(search.color, "01;31", line.slice(match.start, match.end))}\n`);
  }
}

function highlighted(line: string, search: Search): string {
  if (!search.color || search.invert) return line;
  let result = "";
  let from = 0;
  for (const match of matchesIn(line, search)) {
    result += line.slice(from, match.start) + paint(true, "01;31", line.slice(match.start, match.end));
    from = match.end;
  }
  return result + line.slice(from);
}

export const grepPrograms: ProgramTable = { grep, egrep: grep, fgrep: grep };
