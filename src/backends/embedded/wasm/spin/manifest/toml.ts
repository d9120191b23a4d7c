import { parse, TomlError } from "smol-toml";
import { SpinManifestError } from "./model.ts";

export type Table = Readonly<Record<string, unknown>>;

export const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** The manifest as a table. Throws SpinManifestError with the words of Spin's TOML reader. */
export function parsedToml(text: string): Table {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const words = error.message.split("\n")[0]?.replace(/^Invalid TOML document: /, "") ?? "invalid";
    throw tomlError(text, error.line, error.column, 1, words);
  }
}

function tomlError(text: string, line: number, column: number, width: number, words: string): SpinManifestError {
  const pad = " ".repeat(String(line).length);
  const source = text.split("\n")[line - 1] ?? "";
  const marks = " ".repeat(Math.max(0, column - 1)) + "^".repeat(Math.max(1, width));
  return new SpinManifestError(
    `TOML parse error at line ${line}, column ${column}\n${pad} |\n${line} | ${source}\n${pad} | ${marks}\n${words}`,
  );
}

/** Where in the text something stands, as well as it can be found again. */
export interface Place {
  /** Header of the table, such as `component.hello`; undefined for the top of the file. */
  table?: string;
  /** Which of several tables of an array. */
  index?: number;
  key?: string;
}

/** An error at a key or a table's header. */
export function fieldError(text: string, words: string, place: Place = {}): SpinManifestError {
  const lines = text.split("\n");
  let start = 0;
  if (place.table !== undefined) {
    const headers = [...lines.entries()].filter(
      ([, line]) => (/^\s*\[{1,2}([^[\]]+)\]{1,2}/.exec(line)?.[1] ?? "").replaceAll(/["' ]/g, "") === place.table,
    );
    start = headers[place.index ?? 0]?.[0] ?? 0;
  }
  const end = lines.findIndex((line, index) => index > start && /^\s*\[/.test(line));
  const own = lines.slice(start, end < 0 ? undefined : end);
  const { key } = place;
  const offset =
    key === undefined
      ? 0
      : Math.max(
          0,
          own.findIndex((line) => line.trimStart().split(/[ =.]/)[0] === key),
        );
  const source = lines[start + offset] ?? "";
  const width = key === undefined ? source.trimEnd().length : source.trimStart().startsWith(key) ? key.length : 1;
  const column = source.length - source.trimStart().length + 1;
  return tomlError(text, start + offset + 1, column, width, words);
}

const quoted = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(", ");

/** Throws SpinManifestError for the first key that is not one of `known`. */
export function refuseUnknown(text: string, table: Table, known: readonly string[], place: Place = {}): void {
  const unknown = Object.keys(table).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw fieldError(text, `unknown field \`${unknown}\`, expected one of ${quoted(known)}`, { ...place, key: unknown });
}

function typeName(value: unknown): string {
  if (typeof value === "bigint" || typeof value === "number") return `integer \`${value}\``;
  if (typeof value === "boolean") return `boolean \`${value}\``;
  if (typeof value === "string") return `string ${JSON.stringify(value)}`;
  return Array.isArray(value) ? "sequence" : "map";
}

/** A text, or undefined when the key is absent. Throws SpinManifestError. */
export function textOf(text: string, table: Table, key: string, place: Place = {}): string | undefined {
  const value = table[key];
  if (value === undefined || typeof value === "string") return value;
  throw fieldError(text, `invalid type: ${typeName(value)}, expected a string`, { ...place, key });
}

/** A text that has to be there. Throws SpinManifestError. */
export function requiredText(text: string, table: Table, key: string, place: Place = {}): string {
  const value = textOf(text, table, key, place);
  if (value === undefined) throw fieldError(text, `missing field \`${key}\``, place);
  return value;
}

/** A list of texts, empty when the key is absent. Throws SpinManifestError. */
export function textsOf(text: string, table: Table, key: string, place: Place = {}): string[] {
  const value = table[key];
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    throw fieldError(text, `invalid type: ${typeName(value)}, expected a sequence`, { ...place, key });
  }
  return value.map((item) => {
    if (typeof item === "string") return item;
    throw fieldError(text, `invalid type: ${typeName(item)}, expected a string`, { ...place, key });
  });
}

/** A table of texts, empty when the key is absent. Throws SpinManifestError. */
export function textTable(text: string, table: Table, key: string, place: Place = {}): Record<string, string> {
  const value = table[key];
  if (value === undefined) return {};
  if (!isTable(value)) {
    throw fieldError(text, `invalid type: ${typeName(value)}, expected a map`, { ...place, key });
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => {
      if (typeof item === "string") return [name, item];
      throw fieldError(text, `invalid type: ${typeName(item)}, expected a string`, { ...place, key: name });
    }),
  );
}
