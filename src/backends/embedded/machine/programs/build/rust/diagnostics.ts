/** Something that the compiler points at. */
export interface Pointer {
  line: number;
  column: number;
  width: number;
  label: string;
}

/** A message in rustc's form, with the source line and notes; ends with a blank line. */
export function diagnostic(
  headline: string,
  path: string,
  source: string,
  at: Pointer,
  options: { opened?: Pointer; notes?: readonly string[] } = {},
): string {
  const lines = source.split("\n");
  const width = String(Math.max(at.line, options.opened?.line ?? 0)).length;
  const pad = " ".repeat(width);
  const quoted = ({ line, column, width: marks, label }: Pointer, mark: string): string =>
    `${String(line).padStart(width)} | ${lines[line - 1] ?? ""}\n${pad} | ${" ".repeat(column - 1)}${mark.repeat(marks)}${label === "" ? "" : ` ${label}`}\n`;
  let body = `${pad} |\n`;
  if (options.opened) {
    body += quoted(options.opened, "-");
    if (at.line > options.opened.line + 1) body += "...\n";
  }
  body += quoted(at, "^");
  const notes = (options.notes ?? []).map((note) => `${pad} = ${note}\n`).join("");
  return `${headline}\n${pad}--> ${path}:${at.line}:${at.column}\n${body}${notes === "" ? "" : `${pad} |\n${notes}`}\n`;
}
