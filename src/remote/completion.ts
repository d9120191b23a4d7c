import type { Completion } from "../domain/machine.ts";
import { separator } from "./shell-init.ts";

/** What the shell over there is asked when Tab is pressed. */
export interface CompletionRequest {
  /** Index in the line where the completed word begins. */
  start: number;
  kind: "command" | "variable" | "argument";
  /** The word without its quotes. */
  word: string;
  /** All words of the command up to the cursor, as they were typed. */
  words: string[];
}

/** Words before a command that is completed as if they were not there. */
const prefixes = new Set(["sudo", "time", "exec", "nohup", "command", "then", "do", "else", "!", "{"]);

/** Reads the line up to the cursor as bash does: the command that the cursor is in, and its words. */
export function completionRequest(line: string, cursor: number): CompletionRequest {
  const before = line.slice(0, cursor);
  const variable = /\$(\{?)(\w*)$/.exec(before);
  if (variable) {
    const word = variable[2] ?? "";
    return { start: before.length - word.length, kind: "variable", word, words: [] };
  }
  const { words, start } = wordsOf(before);
  while (words.length > 1 && (prefixes.has(words[0] ?? "") || /^\w+=/.test(words[0] ?? ""))) words.shift();
  const last = words.at(-1) ?? "";
  return { start, kind: words.length === 1 ? "command" : "argument", word: unquote(last), words };
}

/** The words of the last command; `=` and `:` are words of their own, as in COMP_WORDS. */
function wordsOf(before: string): { words: string[]; start: number } {
  let words: string[] = [];
  let start = 0;
  let quote = "";
  const close = (at: number): void => {
    if (at > start) words.push(before.slice(start, at));
    start = at + 1;
  };
  for (let at = 0; at < before.length; at += 1) {
    const character = before[at] ?? "";
    if (quote === "'") {
      if (character === "'") quote = "";
    } else if (character === "\\") at += 1;
    else if (quote === '"') {
      if (character === '"') quote = "";
    } else if (character === "'" || character === '"') quote = character;
    else if (/\s/.test(character)) close(at);
    else if (/[;&|()`]/.test(character)) {
      words = [];
      start = at + 1;
    } else if (/[<>]/.test(character)) {
      close(at);
      words.push(character);
    } else if (/[=:]/.test(character) && words.length > 0) {
      close(at);
      words.push(character);
    }
  }
  words.push(before.slice(start));
  return { words, start };
}

function unquote(word: string): string {
  return word.replaceAll(/\\(.)|["']/g, "$1");
}

/** One line of text for the shell; undefined where the request cannot be written as one. */
export function requestLine(number: number, { kind, word, words }: CompletionRequest): string | undefined {
  const parts = [String(number), kind, word, ...words];
  return parts.some((part) => /\p{Cc}/u.test(part)) ? undefined : parts.join(separator);
}

/** The shell's answer, a candidate on each line after what kind of thing it is. */
export function candidatesOf(request: CompletionRequest, answer: string): Completion {
  const candidates = answer.split("\n").flatMap((line) => {
    const at = line.indexOf(" ");
    const kind = line.slice(0, Math.max(at, 0));
    const text = line.slice(at + 1);
    if (text === "" || text.startsWith("__wkl")) return [];
    switch (kind) {
      case "folder":
        return [`${quoted(text)}/`];
      case "file":
        return [`${quoted(text)} `];
      case "word":
        return [`${text} `];
      case "part":
      case "name":
        return [text];
      default:
        return [];
    }
  });
  const unique = [...new Set(candidates)].toSorted();
  return { start: request.start, candidates: unique };
}

function quoted(path: string): string {
  const home = path.startsWith("~/") ? "~/" : "";
  return home + path.slice(home.length).replaceAll(/[^\p{L}\p{N}\p{M}_@%+=:,./^~-]/gu, "\\$&");
}
