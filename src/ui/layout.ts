export type Mode = "shell" | "course" | "outline" | "help" | "figure";

export const smallest = { columns: 40, rows: 12 };
/** From this width on the text stands beside the shell. */
const wide = 110;
/** Rows of the shell, with its title, that are left to it however long the next command is. */
const leastShellOf = (rows: number): number => (rows < 16 ? 4 : 6);
const leastTextOf = (rows: number): number => (rows < 16 ? 1 : 2);

export interface Layout {
  beside: boolean;
  textColumns: number;
  textRows: number;
  shellColumns: number;
  /** What is seen of the shell, without its title. */
  shellRows: number;
  /** How large the shell's own screen is; it stays while the learner reads. */
  terminalRows: number;
  /** The next command, with its title. */
  nextRows: number;
}

/** Divides the screen: `footerRows` below, and a next command that wants `nextRows`. */
export function layoutOf(
  columns: number,
  rows: number,
  mode: Mode,
  wanted: { footerRows: number; nextRows: (width: number) => number },
): Layout {
  const leastShell = leastShellOf(rows);
  const leastText = leastTextOf(rows);
  const height = Math.max(0, rows - 1 - wanted.footerRows);
  if (columns >= wide) {
    const textColumns = Math.floor(columns * 0.44);
    const shellColumns = columns - textColumns - 2;
    const nextRows = Math.min(wanted.nextRows(shellColumns), height - leastShell);
    const shellRows = height - nextRows - 1;
    return { beside: true, textColumns, textRows: height, shellColumns, shellRows, terminalRows: shellRows, nextRows };
  }
  const nextRows = Math.max(1, Math.min(wanted.nextRows(columns), height - leastShell - leastText));
  // One row of the footer may come and go; the shell must not jump with it.
  const usual = Math.max(leastShell, Math.round((rows - 2) * 0.45));
  const typing = Math.max(leastShell, Math.min(usual, height - nextRows - leastText));
  const reading = mode === "course" ? Math.min(typing, leastShell) : typing;
  return {
    beside: false,
    textColumns: columns,
    textRows: height - nextRows - reading,
    shellColumns: columns,
    shellRows: reading - 1,
    terminalRows: typing - 1,
    nextRows,
  };
}
