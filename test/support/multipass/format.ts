type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

/** JSON as Multipass prints it: four spaces, empty lists and objects over two lines; keys sorted before 1.17. */
export function json(value: Json, sorted: boolean): string {
  return `${print(value, sorted, "")}\n`;
}

function print(value: Json, sorted: boolean, indent: string): string {
  if (typeof value !== "object") return JSON.stringify(value);
  const inner = `${indent}    `;
  const block = (open: string, lines: readonly string[], close: string): string =>
    `${open}\n${lines.map((line) => `${inner}${line}`).join(",\n")}${lines.length > 0 ? "\n" : ""}${indent}${close}`;
  if (isList(value)) {
    const lines = value.map((entry) => print(entry, sorted, inner));
    return block("[", lines, "]");
  }
  const entries = Object.entries(value);
  if (sorted) entries.sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = entries.map(([key, entry]) => `${JSON.stringify(key)}: ${print(entry, sorted, inner)}`);
  return block("{", lines, "}");
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Rows of cells, each padded to its column's width; the last column is not. */
export function table(widths: readonly number[], rows: readonly (readonly string[])[]): string {
  return rows
    .map((row) => `${row.map((cell, at) => (at < widths.length ? cell.padEnd(widths[at] ?? 0) : cell)).join("")}\n`)
    .join("");
}

const units = ["B", "KiB", "MiB", "GiB", "TiB"];

/** `4.9GiB` */
export function humanSize(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)}${units[unit] ?? ""}`;
}

/** Bytes that a size of the command line means (1024-based, a bare number being bytes); undefined when it is none. */
export function parseSize(text: string): number | undefined {
  const match = /^\s*(\d+)(?:\.(\d+)(?=[KMG]))?(?:([KMG])(?:i?B)?|B)?\s*$/i.exec(text);
  if (!match) return undefined;
  const power = ["", "K", "M", "G"].indexOf((match[3] ?? "").toUpperCase());
  return Math.floor(Number(`${match[1]}.${match[2] ?? 0}`) * 1024 ** power);
}
