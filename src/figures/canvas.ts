import stringWidth from "string-width";
import type { FigureLine, FigureSpan, FigureStyle } from "./figure.ts";

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

interface Cell extends FigureStyle {
  text: string;
}

/** What stands for a sign where only ASCII can be shown. */
const asciiSigns: Readonly<Record<string, string>> = {
  "●": "*",
  "○": "o",
  "·": ".",
  "✗": "x",
  "◆": "#",
  "■": "=",
  "◌": "?",
  "…": "~",
  "×": "x",
  "─": "-",
  "┄": ".",
  "│": "|",
  "┊": ":",
  "┌": "+",
  "┐": "+",
  "└": "+",
  "┘": "+",
  "├": "+",
  "┤": "+",
  "┬": "+",
  "┴": "+",
  "┼": "+",
  "→": ">",
  "▶": ">",
  "◀": "<",
  "▲": "^",
  "▼": "v",
  "–": "-",
};

/** Cells of a terminal to draw on; what is drawn outside is left out. */
export class Canvas {
  readonly width: number;
  readonly height: number;
  #ascii: boolean;
  /** An undefined cell is the second half of a wide character. */
  #rows: (Cell | undefined)[][];

  constructor(width: number, height: number, ascii: boolean) {
    this.width = Math.max(0, Math.floor(width));
    this.height = Math.max(0, Math.floor(height));
    this.#ascii = ascii;
    this.#rows = Array.from({ length: this.height }, () => Array.from({ length: this.width }, () => ({ text: " " })));
  }

  /** Draws a text; returns the column after it. */
  put(x: number, y: number, text: string, style: FigureStyle = {}, limit = this.width): number {
    const row = this.#rows[y];
    const end = Math.min(limit, this.width);
    let at = x;
    for (const { text: character, width } of cellsOf(text)) {
      if (at + width > end) break;
      if (row && at >= 0) this.#set(row, at, this.#shown(character, width), width, style);
      at += width;
    }
    return at;
  }

  /** Draws spans, cut to `columns` cells with a mark where something is left out; returns the column after them. */
  putLine(x: number, y: number, line: FigureLine, columns = this.width - x): number {
    let at = x;
    for (const span of fitLine(line, columns)) at = this.put(at, y, span.text, span, x + columns);
    return at;
  }

  /** A frame; its inside is left as it is. */
  box(x: number, y: number, width: number, height: number, style: FigureStyle & { dotted?: boolean } = {}): void {
    if (width < 2 || height < 2) return;
    const { dotted = false, ...rest } = style;
    const rule = (dotted ? "┄" : "─").repeat(width - 2);
    this.put(x, y, `┌${rule}┐`, rest);
    this.put(x, y + height - 1, `└${rule}┘`, rest);
    for (let row = y + 1; row < y + height - 1; row += 1) {
      this.put(x, row, dotted ? "┊" : "│", rest);
      this.put(x + width - 1, row, dotted ? "┊" : "│", rest);
    }
  }

  lines(): FigureLine[] {
    return this.#rows.map(lineOf);
  }

  #set(row: (Cell | undefined)[], at: number, text: string, width: number, style: FigureStyle): void {
    // Half of a wide character that is overwritten leaves a space.
    if (row[at] === undefined && at > 0) row[at - 1] = { text: " " };
    const { bold, dim, inverse, tone } = style;
    row[at] = {
      text,
      ...(bold === true ? { bold } : {}),
      ...(dim === true ? { dim } : {}),
      ...(inverse === true ? { inverse } : {}),
      ...(tone === undefined ? {} : { tone }),
    };
    if (width === 2) row[at + 1] = undefined;
    const after = at + width;
    if (after < row.length && row[after] === undefined) row[after] = { text: " " };
  }

  #shown(character: string, width: number): string {
    if (!this.#ascii || /^[ -~]$/.test(character)) return character;
    const plain = asciiSigns[character] ?? character.normalize("NFD").replaceAll(/[^ -~]/g, "");
    return plain.length === width ? plain : "?".repeat(width);
  }
}

function* cellsOf(text: string): Generator<{ text: string; width: number }> {
  for (const { segment } of graphemes.segment(text)) {
    // What a terminal would act on instead of showing it is a space here.
    const control = /^\p{Cc}/u.test(segment);
    const width = control ? 1 : stringWidth(segment);
    // Terminals do not agree on how wide such a thing is.
    if (width > 2) yield { text: "?", width: 1 };
    else if (width > 0) yield { text: control ? " " : segment, width };
  }
}

/** How many cells a text fills on a canvas. */
export function widthOf(text: string): number {
  let width = 0;
  for (const cell of cellsOf(text)) width += cell.width;
  return width;
}

export const lineWidth = (line: FigureLine): number => line.reduce((sum, { text }) => sum + widthOf(text), 0);

/** Cuts a text to at most `columns` cells; what is cut is marked. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  if (columns < 1) return "";
  let kept = "";
  let used = 0;
  for (const cell of cellsOf(text)) {
    if (used + cell.width > columns - 1) break;
    kept += cell.text;
    used += cell.width;
  }
  return `${kept}…`;
}

/** Leaves the middle of a name out, whose ends tell more: a pod's begins with its owner and ends with its own part. */
export function cutMiddle(name: string, columns: number): string {
  const cells = [...cellsOf(name)];
  if (widthOf(name) <= columns) return name;
  if (columns < 8 || cells.some(({ width }) => width > 1)) return cut(name, columns);
  const tail = Math.min(5, Math.floor((columns - 1) / 2));
  const head = columns - 1 - tail;
  const textOf = (part: readonly { text: string }[]): string => part.map(({ text }) => text).join("");
  return `${textOf(cells.slice(0, head))}…${textOf(cells.slice(-tail))}`;
}

function fitLine(line: FigureLine, columns: number): FigureLine {
  if (lineWidth(line) <= columns) return line;
  const kept: FigureSpan[] = [];
  let room = columns;
  for (const span of line) {
    const text = cut(span.text, room);
    kept.push({ ...span, text });
    room -= widthOf(text);
    if (text !== span.text || room <= 0) break;
  }
  return kept;
}

function lineOf(row: readonly (Cell | undefined)[]): FigureLine {
  const spans: FigureSpan[] = [];
  for (const cell of row) {
    if (!cell) continue;
    const last = spans.at(-1);
    if (last && sameStyle(last, cell)) last.text += cell.text;
    else spans.push({ ...cell });
  }
  const last = spans.at(-1);
  if (last && last.inverse !== true) {
    last.text = last.text.trimEnd();
    if (last.text === "") spans.pop();
  }
  return spans;
}

const sameStyle = (a: FigureStyle, b: FigureStyle): boolean =>
  a.bold === b.bold && a.dim === b.dim && a.inverse === b.inverse && a.tone === b.tone;
