import { charactersOf } from "./cells.ts";

/** The line being typed at a prompt, as readline edits it. */
export interface EditedLine {
  text: string;
  /** Index of the character under the cursor; text.length at the end. */
  cursor: number;
  /** Steps back in the history; 0 is the line being typed. */
  back: number;
  /** What was typed before the history was opened. */
  draft: string;
}

export const emptyLine: EditedLine = { text: "", cursor: 0, back: 0, draft: "" };

export type EditKey =
  | "left"
  | "right"
  | "home"
  | "end"
  | "backspace"
  | "delete"
  | "up"
  | "down"
  | "kill-to-end"
  | "kill-to-start"
  | "kill-word"
  | "kill-word-right"
  | "word-left"
  | "word-right";

export function insert(line: EditedLine, text: string): EditedLine {
  const before = line.text.slice(0, line.cursor);
  return { ...line, text: before + text + line.text.slice(line.cursor), cursor: line.cursor + text.length };
}

/** What an editing key makes of the line; `history` is oldest first. */
export function edit(line: EditedLine, key: EditKey, history: readonly string[]): EditedLine {
  const { text, cursor } = line;
  const at = (to: number, next = text): EditedLine => ({ ...line, text: next, cursor: to });
  switch (key) {
    case "left":
      return at(before(text, cursor));
    case "right":
      return at(behind(text, cursor));
    case "home":
      return at(0);
    case "end":
      return at(text.length);
    case "word-left":
      return at(cursor - (/\w*\W*$/.exec(text.slice(0, cursor))?.[0].length ?? 0));
    case "word-right":
      return at(wordEnd(text, cursor));
    case "backspace":
      return at(before(text, cursor), text.slice(0, before(text, cursor)) + text.slice(cursor));
    case "delete":
      return at(cursor, text.slice(0, cursor) + text.slice(behind(text, cursor)));
    case "kill-to-end":
      return at(cursor, text.slice(0, cursor));
    case "kill-to-start":
      return at(0, text.slice(cursor));
    case "kill-word": {
      const start = wordStart(text, cursor);
      return at(start, text.slice(0, start) + text.slice(cursor));
    }
    case "kill-word-right":
      return at(cursor, text.slice(0, cursor) + text.slice(wordEnd(text, cursor)));
    case "up":
      return recall(line, line.back + 1, history);
    case "down":
      return recall(line, line.back - 1, history);
  }
}

/** Where the character before the cursor begins. */
const before = (text: string, cursor: number): number => charactersOf(text.slice(0, cursor)).at(-1)?.index ?? 0;

/** Where the character under the cursor ends. */
const behind = (text: string, cursor: number): number =>
  cursor + (charactersOf(text.slice(cursor))[0]?.text.length ?? 0);

const wordEnd = (text: string, cursor: number): number =>
  cursor + (/^\W*\w*/.exec(text.slice(cursor))?.[0].length ?? 0);

function wordStart(text: string, cursor: number): number {
  return cursor - (/\S*\s*$/.exec(text.slice(0, cursor))?.[0].length ?? 0);
}

function recall(line: EditedLine, back: number, history: readonly string[]): EditedLine {
  if (back < 0 || back > history.length) return line;
  const draft = line.back === 0 ? line.text : line.draft;
  const text = back === 0 ? draft : (history.at(-back) ?? "");
  return { text, cursor: text.length, back, draft };
}

/** Completes the word at the cursor: as far as all candidates agree. */
export function complete(
  line: EditedLine,
  start: number,
  candidates: readonly string[],
): { line: EditedLine; choices: readonly string[] } {
  const [first] = candidates;
  if (first === undefined) return { line, choices: [] };
  let common = first;
  for (const candidate of candidates) while (!candidate.startsWith(common)) common = common.slice(0, -1);
  const typed = line.text.slice(start, line.cursor);
  const only = candidates.length === 1 && !common.endsWith("/") ? " " : "";
  const text = line.text.slice(0, start) + common + only + line.text.slice(line.cursor);
  const completed = { ...line, text, cursor: start + common.length + only.length };
  return { line: completed, choices: common === typed && candidates.length > 1 ? candidates : [] };
}
