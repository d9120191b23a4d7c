import { FileError } from "../files/errors.ts";
import type { FileView } from "../files/file-system.ts";

/** Makes every character of `text` stand for itself in a pattern. */
export const escapePattern = (text: string): string => text.replace(/[\\*?[\](){}|!+@^-]/g, "\\$&");

/** True when an unquoted part of a word asks for pathname expansion. */
export const hasPattern = (pattern: string): boolean => /(?:^|[^\\])(?:\\\\)*(?:[*?[]|[+@!]\()/.test(pattern);

/** A pattern without its escapes. */
export const unescapePattern = (pattern: string): string => pattern.replace(/\\(.)/gs, "$1");

const classes: Readonly<Record<string, string>> = {
  alpha: "A-Za-z",
  digit: "0-9",
  alnum: "A-Za-z0-9",
  upper: "A-Z",
  lower: "a-z",
  space: "\\s",
  blank: " \\t",
  punct: "!-\\/:-@\\[-`{-~",
  xdigit: "0-9A-Fa-f",
  cntrl: "\\x00-\\x1f\\x7f",
  print: "\\x20-\\x7e\\u0080-\\uffff",
  graph: "\\x21-\\x7e\\u0080-\\uffff",
  word: "A-Za-z0-9_",
};

/** Reads a bracket expression at `at` (on the bracket); undefined when it is not closed. */
function bracket(pattern: string, at: number, escapes: boolean): { regex: string; end: number } | undefined {
  let position = at + 1;
  let regex = "[";
  if (pattern[position] === "!" || pattern[position] === "^") {
    regex += "^";
    position += 1;
  }
  for (let first = true; position < pattern.length; first = false) {
    const char = pattern[position] ?? "";
    if (char === "]" && !first)
      return regex === "[" || regex === "[^" ? undefined : { regex: `${regex}]`, end: position + 1 };
    const named = /\[:([a-z]+):\]/y;
    named.lastIndex = position;
    const match = named.exec(pattern);
    if (match?.[1]) {
      regex += classes[match[1]] ?? "";
      position += match[0].length;
      continue;
    }
    if (char === "\\" && escapes) {
      const next = pattern[position + 1] ?? "";
      regex += /[\w\s]/.test(next) ? next : `\\${next}`;
      position += 2;
      continue;
    }
    regex += char === "-" ? "-" : /[\\\]^[&~|]/.test(char) ? `\\${char}` : char;
    position += 1;
  }
  return undefined;
}

/** The source of a regular expression equal to a shell pattern. */
function patternSource(pattern: string, greedy = true): string {
  let regex = "";
  const groups: string[] = [];
  for (let at = 0; at < pattern.length;) {
    const char = pattern[at] ?? "";
    const next = pattern[at + 1] ?? "";
    if (next === "(" && "?*+@!".includes(char)) {
      groups.push(char);
      regex += char === "!" ? "(?:(?!(?:" : "(?:";
      at += 2;
      continue;
    }
    if (groups.length > 0 && (char === ")" || char === "|")) {
      at += 1;
      if (char === "|") {
        regex += "|";
        continue;
      }
      const operator = groups.pop() ?? "@";
      if (operator === "!") regex += `)${groups.length > 0 ? "" : pattern.length === at ? "$" : ""})[\\s\\S]*)`;
      else regex += `)${operator === "@" ? "" : operator}`;
      continue;
    }
    at += 1;
    if (char === "*") regex += greedy ? "[\\s\\S]*" : "[\\s\\S]*?";
    else if (char === "?") regex += "[\\s\\S]";
    else if (char === "\\") {
      regex += next.replace(/[^\w\s]/g, "\\$&").replace(/^$/, "\\\\");
      at += 1;
    } else if (char === "[") {
      const found = bracket(pattern, at - 1, true);
      if (found) {
        regex += found.regex;
        at = found.end;
      } else regex += "\\[";
    } else regex += char.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
  }
  return groups.length > 0 ? pattern.replace(/[^\w\s]/g, "\\$&") : regex;
}

const cache = new Map<string, RegExp>();

/** A shell pattern as a regular expression; `anchors` says which ends must match. */
export function patternRegex(
  pattern: string,
  anchors: "both" | "start" | "end" | "none",
  greedy = true,
  fold = false,
): RegExp {
  const key = `${anchors}${greedy ? "+" : "-"}${fold ? "i" : ""}${pattern}`;
  let regex = cache.get(key);
  if (!regex) {
    const source = patternSource(pattern, greedy);
    const before = anchors === "both" || anchors === "start" ? "^" : "";
    const after = anchors === "both" || anchors === "end" ? "$" : "";
    try {
      regex = new RegExp(`${before}(?:${source})${after}`, `s${fold ? "i" : ""}`);
    } catch {
      regex = new RegExp(`${before}${pattern.replace(/[^\w\s]/g, "\\$&")}${after}`);
    }
    if (cache.size > 500) cache.clear();
    cache.set(key, regex);
  }
  return regex;
}

export const matches = (text: string, pattern: string, fold = false): boolean =>
  patternRegex(pattern, "both", true, fold).test(text);

/** A POSIX extended regular expression as the host's; throws SyntaxError when it is not one. */
export function extendedRegex(source: string, fold = false): RegExp {
  let regex = "";
  for (let at = 0; at < source.length;) {
    if (source[at] === "\\") {
      const next = source[at + 1] ?? "";
      regex +=
        "<>".includes(next) && next !== ""
          ? "\\b"
          : /[\w\s]/.test(next) && !/[bBwWsSdD]/.test(next)
            ? next
            : `\\${next}`;
      at += 2;
      continue;
    }
    const found = source[at] === "[" ? bracket(source, at, false) : undefined;
    regex += found ? found.regex : source[at];
    at = found ? found.end : at + 1;
  }
  return new RegExp(regex, fold ? "si" : "s");
}

interface GlobOptions {
  dot: boolean;
  fold: boolean;
  star: boolean;
}

/** Names that match, in byte order; empty when none does. */
export function globPaths(pattern: string, cwd: string, files: FileView, options: GlobOptions): string[] {
  const absolute = pattern.startsWith("/");
  const segments = pattern.split(/\/+/);
  if (absolute) segments.shift();
  let found = [absolute ? "/" : ""];
  segments.forEach((segment, index) => {
    const last = index === segments.length - 1;
    const next: string[] = [];
    for (const base of found) next.push(...expandSegment(base, segment, last, cwd, files, options));
    found = next;
  });
  return [...new Set(found)].sort((a, b) => (a < b ? -1 : 1));
}

function expandSegment(
  base: string,
  segment: string,
  last: boolean,
  cwd: string,
  files: FileView,
  options: GlobOptions,
): string[] {
  const absolute = (path: string) => (path.startsWith("/") ? path : `${cwd}/${path}`);
  if (segment === "") return files.isDirectory(absolute(base || ".")) ? [base.endsWith("/") ? base : `${base}/`] : [];
  const join = (name: string) => (base === "" || base.endsWith("/") ? `${base}${name}` : `${base}/${name}`);
  if (!hasPattern(segment)) {
    const path = join(unescapePattern(segment));
    try {
      files.lstat(absolute(path));
      return [path];
    } catch (error) {
      if (error instanceof FileError) return [];
      throw error;
    }
  }
  if (segment === "**" && options.star) return descend(base, last, cwd, files, options);
  let names: string[];
  try {
    names = files.list(absolute(base || "."));
  } catch (error) {
    if (error instanceof FileError) return [];
    throw error;
  }
  if (segment.startsWith(".") || segment.startsWith("\\.")) names = [".", "..", ...names];
  const hidden = options.dot || segment.startsWith(".") || segment.startsWith("\\.");
  const regex = patternRegex(segment, "both", true, options.fold);
  return names
    .filter((name) => (hidden || !name.startsWith(".")) && regex.test(name))
    .map(join)
    .filter((path) => last || files.isDirectory(absolute(path)));
}

function descend(
  base: string,
  last: boolean,
  cwd: string,
  files: FileView,
  options: GlobOptions,
  first = true,
): string[] {
  const absolute = (path: string) => (path.startsWith("/") ? path : `${cwd}/${path}`);
  const result: string[] = base === "" ? (last ? [] : [""]) : [first && last ? `${base}/` : base];
  let names: string[];
  try {
    names = files.list(absolute(base || "."));
  } catch {
    return result;
  }
  for (const name of names) {
    if (name.startsWith(".") && !options.dot) continue;
    const path = base === "" || base.endsWith("/") ? `${base}${name}` : `${base}/${name}`;
    if (files.lstat(absolute(path)).type === "directory")
      result.push(...descend(path, last, cwd, files, options, false));
    else if (last) result.push(path);
  }
  return result;
}
