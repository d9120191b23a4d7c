interface Layout {
  minimum: number;
  padding: number;
}

const widthOf = (text: string): number => [...text].length;

/**
 * Aligns tab-terminated cells as Go's text/tabwriter does: a column's width holds for the run of neighbouring lines
 * that have a cell in it; the text after the last tab of a line belongs to no column.
 */
export function alignTabs(text: string, layout: Layout = { minimum: 0, padding: 2 }): string {
  const endsWithNewline = text.endsWith("\n");
  const body = endsWithNewline ? text.slice(0, -1) : text;
  const rows = body.split("\n").map((line) => line.split("\t"));
  const output: string[] = [];
  const widths: number[] = [];
  const write = (from: number, to: number): void => {
    for (const row of rows.slice(from, to)) {
      output.push(row.map((cell, column) => pad(cell, column < row.length - 1 ? widths[column] : undefined)).join(""));
    }
  };
  const format = (from: number, to: number): void => {
    const column = widths.length;
    let start = from;
    let line = from;
    while (line < to) {
      if (column >= (rows[line]?.length ?? 0) - 1) {
        line += 1;
        continue;
      }
      write(start, line);
      start = line;
      let width = layout.minimum;
      while (line < to && column < (rows[line]?.length ?? 0) - 1) {
        width = Math.max(width, widthOf(rows[line]?.[column] ?? "") + layout.padding);
        line += 1;
      }
      widths.push(width);
      format(start, line);
      widths.pop();
      start = line;
    }
    write(start, to);
  };
  format(0, rows.length);
  return output.join("\n") + (endsWithNewline ? "\n" : "");
}

const pad = (cell: string, width: number | undefined): string =>
  width === undefined ? cell : cell + " ".repeat(Math.max(0, width - widthOf(cell)));

/** Rows of `kubectl get`: columns at least 6 wide, 3 apart, and never narrower than in an earlier write. */
export class ColumnWriter {
  #widths: number[] = [];

  /** Renders rows of equal length, each line with its newline. */
  render(rows: readonly (readonly string[])[]): string {
    for (const row of rows) {
      row.slice(0, -1).forEach((cell, column) => {
        this.#widths[column] = Math.max(this.#widths[column] ?? 6, widthOf(cell) + 3);
      });
    }
    return rows
      .map((row) => row.map((cell, i) => pad(cell, i < row.length - 1 ? this.#widths[i] : undefined)).join("") + "\n")
      .join("");
  }
}
