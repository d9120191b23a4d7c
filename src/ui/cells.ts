import stringWidth from "string-width";

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** The characters as a person counts them, with where each begins. */
export function charactersOf(text: string): { text: string; index: number }[] {
  return [...graphemes.segment(text)].map(({ segment, index }) => ({ text: segment, index }));
}

/** A part of a text that fills at most one row of a terminal. */
export interface Row {
  text: string;
  /** Where it begins in the whole text. */
  start: number;
}

/** Breaks a text at the edge wherever that is, as a terminal does; wide characters count two cells. */
export function breakAtEdge(text: string, columns: number): Row[] {
  const rows: Row[] = [];
  let row: Row = { text: "", start: 0 };
  let used = 0;
  for (const character of charactersOf(text)) {
    const width = character.text === "\t" ? 1 : stringWidth(character.text);
    if (used + width > columns && row.text !== "") {
      rows.push(row);
      row = { text: "", start: character.index };
      used = 0;
    }
    row.text += character.text;
    used += width;
  }
  return [...rows, row];
}

/** Breaks a text after a space where one is near, else at the edge; joined again the rows are the text. */
export function breakAtSpaces(text: string, columns: number): string[] {
  const rows: string[] = [];
  let rest = text;
  for (;;) {
    const first = breakAtEdge(rest, columns)[0]?.text ?? "";
    if (first.length === rest.length) return [...rows, rest];
    const space = rest.lastIndexOf(" ", first.length - 1);
    const cut = space >= first.length / 2 ? space + 1 : first.length;
    rows.push(rest.slice(0, cut));
    rest = rest.slice(cut);
  }
}

/** Cuts a text to at most `columns` cells; what is cut is marked. */
export function fit(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  if (columns < 1) return "";
  const start = breakAtEdge(text, columns - 1)[0]?.text ?? "";
  // One wide character alone may already be too much.
  return stringWidth(start) < columns ? `${start}…` : "…";
}

/** Fills up with spaces to exactly `columns` cells, or cuts. */
export function fill(text: string, columns: number): string {
  const fitted = fit(text, columns);
  return fitted + " ".repeat(Math.max(0, columns - stringWidth(fitted)));
}

/** The part of a long line that a row shows so that the cursor is in it, with some of what stands before it. */
export function partAround(text: string, cursor: number, columns: number): Row {
  let start = 0;
  if (stringWidth(text.slice(0, cursor)) >= columns) {
    start = cursor;
    for (const { index } of charactersOf(text.slice(0, cursor)).toReversed()) {
      if (stringWidth(text.slice(index, cursor)) > columns - 8) break;
      start = index;
    }
  }
  return { text: breakAtEdge(text.slice(start), columns)[0]?.text ?? "", start };
}
