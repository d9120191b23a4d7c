/** A file being edited in the editor pane. */
export interface EditedFile {
  lines: string[];
  row: number;
  column: number;
  changed: boolean;
}

export const openText = (text: string): EditedFile => ({
  lines: text.replace(/\n$/, "").split("\n"),
  row: 0,
  column: 0,
  changed: false,
});

/** The file's text; a last line always ends with a newline, as nano writes it. */
export const textOf = (file: EditedFile): string => {
  const text = file.lines.join("\n");
  return text === "" ? "" : `${text}\n`;
};

export type EditorKey =
  | "left"
  | "right"
  | "up"
  | "down"
  | "home"
  | "end"
  | "page-up"
  | "page-down"
  | "backspace"
  | "delete"
  | "enter"
  | "cut-line";

export function typeText(file: EditedFile, text: string): EditedFile {
  let result = file;
  for (const [index, part] of text.replaceAll("\r\n", "\n").replaceAll("\r", "\n").split("\n").entries()) {
    if (index > 0) result = pressKey(result, "enter", 1);
    const line = result.lines[result.row] ?? "";
    const changed = line.slice(0, result.column) + part + line.slice(result.column);
    result = { ...result, lines: result.lines.with(result.row, changed), column: result.column + part.length };
  }
  return { ...result, changed: true };
}

/** `page` is how many lines a page key moves. */
export function pressKey(file: EditedFile, key: EditorKey, page: number): EditedFile {
  const { lines, row, column } = file;
  const line = lines[row] ?? "";
  const to = (newRow: number, newColumn: number): EditedFile => {
    const clamped = Math.max(0, Math.min(lines.length - 1, newRow));
    return { ...file, row: clamped, column: Math.max(0, Math.min(newColumn, (lines[clamped] ?? "").length)) };
  };
  switch (key) {
    case "left":
      return column > 0 ? to(row, column - 1) : row > 0 ? to(row - 1, Number.MAX_SAFE_INTEGER) : file;
    case "right":
      return column < line.length ? to(row, column + 1) : row < lines.length - 1 ? to(row + 1, 0) : file;
    case "up":
      return to(row - 1, column);
    case "down":
      return to(row + 1, column);
    case "home":
      return to(row, 0);
    case "end":
      return to(row, line.length);
    case "page-up":
      return to(row - page, column);
    case "page-down":
      return to(row + page, column);
    case "enter": {
      const split = [line.slice(0, column), line.slice(column)];
      return { lines: lines.toSpliced(row, 1, ...split), row: row + 1, column: 0, changed: true };
    }
    case "backspace":
      if (column > 0) {
        const shorter = line.slice(0, column - 1) + line.slice(column);
        return { lines: lines.with(row, shorter), row, column: column - 1, changed: true };
      }
      if (row === 0) return file;
      return {
        lines: lines.toSpliced(row - 1, 2, (lines[row - 1] ?? "") + line),
        row: row - 1,
        column: (lines[row - 1] ?? "").length,
        changed: true,
      };
    case "delete":
      if (column < line.length) {
        return { ...file, lines: lines.with(row, line.slice(0, column) + line.slice(column + 1)), changed: true };
      }
      if (row === lines.length - 1) return file;
      return { ...file, lines: lines.toSpliced(row, 2, line + (lines[row + 1] ?? "")), changed: true };
    case "cut-line": {
      const rest = lines.toSpliced(row, 1);
      return {
        lines: rest.length > 0 ? rest : [""],
        row: Math.min(row, Math.max(0, rest.length - 1)),
        column: 0,
        changed: true,
      };
    }
  }
}
