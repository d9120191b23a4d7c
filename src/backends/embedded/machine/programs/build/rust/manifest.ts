import { parse, TomlError } from "smol-toml";
import type { FileView } from "../../../files/file-system.ts";

/** What cargo needs to know of a Cargo.toml. */
export interface Manifest {
  path: string;
  /** Folder of the package. */
  folder: string;
  name: string;
  version: string;
  /** What is built: its name and the path of its source in the package. */
  output: { kind: OutputKind; name: string; source: string };
  /** Oldest Rust that the package wants; undefined when it does not say. */
  rustVersion: string | undefined;
  /** Version requirement by crate. */
  dependencies: ReadonlyMap<string, string>;
}

/** A program, a module for a host (`cdylib`), or a library for other crates. */
export type OutputKind = "binary" | "module" | "library";

/** cargo's words for a manifest that it cannot use. */
export class ManifestError extends Error {
  override readonly name = "ManifestError";
}

type Table = Readonly<Record<string, unknown>>;

const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const causedBy = (text: string): string => `\nCaused by:\n${text.replace(/^(?=.)/gm, "  ")}\n`;

/** Reads and checks a manifest. Throws ManifestError with cargo's message. */
export function readManifest(files: FileView, path: string): Manifest {
  const refuse = (...causes: string[]): ManifestError =>
    new ManifestError(`error: failed to parse manifest at \`${path}\`\n${causes.map(causedBy).join("")}`);
  const text = files.readText(path);
  let table: Table;
  try {
    table = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const words = error.message.split("\n")[0]?.replace(/^Invalid TOML document: /, "") ?? "invalid";
    throw refuse("could not parse input as TOML", tomlError(text, error.line, error.column, 1, words));
  }
  const head = table["package"] ?? table["project"];
  if (!isTable(head)) {
    if (isTable(table["workspace"]))
      throw refuse("this virtual manifest specifies no package, and the lab builds one package at a time");
    throw refuse("manifest is missing either a `[package]` or a `[workspace]`");
  }
  const headLine = 1 + text.split("\n").findIndex((line) => /^\s*\[(package|project)\]/.test(line));
  const field = (name: string): string => {
    const value = head[name];
    if (typeof value === "string") return value;
    const line = value === undefined ? headLine : lineOf(text, name, headLine);
    const words =
      value === undefined ? `missing field \`${name}\`` : `invalid type: ${typeName(value)}, expected a string`;
    throw refuse(tomlError(text, line, 1, (text.split("\n")[line - 1] ?? "").trimEnd().length, words));
  };
  const name = field("name");
  const version = head["version"] === undefined ? field("version") : field("version");
  if (!/^[A-Za-z_][\w-]*$/.test(name)) {
    const wrong = [...name].find((letter, index) => !(index === 0 ? /[A-Za-z_]/ : /[\w-]/).test(letter));
    throw refuse(
      name === ""
        ? "package name cannot be an empty string"
        : `invalid character \`${wrong ?? ""}\` in package name: \`${name}\`, characters must be Unicode XID characters (numbers, \`-\`, \`_\`, or most letters)`,
    );
  }
  if (!/^\d+\.\d+\.\d+([-+][\w.+-]+)?$/.test(version)) {
    throw refuse(tomlError(text, lineOf(text, "version", headLine), 11, version.length + 2, versionProblem(version)));
  }
  const { edition } = head;
  if (edition !== undefined && !["2015", "2018", "2021"].includes(String(edition))) {
    if (edition === "2024") {
      throw refuse(
        "feature `edition2024` is required",
        "The package requires the Cargo feature called `edition2024`, but that feature is not stabilized in this version of Cargo (1.75.0 (1d8b05cdd 2023-11-20)).\nConsider trying a newer version of Cargo (this may require the nightly release).\nSee https://doc.rust-lang.org/nightly/cargo/reference/unstable.html#edition-2024 for more information about the status of this feature.",
      );
    }
    throw refuse(
      "failed to parse the `edition` key",
      `supported edition values are \`2015\`, \`2018\`, \`2021\`, or \`2024\`, but \`${String(edition)}\` is unknown`,
    );
  }
  const folder = path.slice(0, path.lastIndexOf("/")) || "/";
  return {
    path,
    folder,
    name,
    version,
    output: outputOf(files, table, folder, name, refuse),
    rustVersion: typeof head["rust-version"] === "string" ? head["rust-version"] : undefined,
    dependencies: dependenciesOf(table, refuse),
  };
}

function outputOf(
  files: FileView,
  table: Table,
  folder: string,
  name: string,
  refuse: (...causes: string[]) => ManifestError,
): Manifest["output"] {
  const library = isTable(table["lib"]) ? table["lib"] : undefined;
  const librarySource = typeof library?.["path"] === "string" ? library["path"] : "src/lib.rs";
  if (files.exists(`${folder}/${librarySource}`) && !files.exists(`${folder}/src/main.rs`)) {
    const types = library?.["crate-type"];
    const kind = Array.isArray(types) && types.includes("cdylib") ? "module" : "library";
    const own = typeof library?.["name"] === "string" ? library["name"] : name;
    return { kind, name: own.replaceAll("-", "_"), source: librarySource };
  }
  if (library) {
    throw refuse(`can't find library \`${name}\`, rename file to \`src/lib.rs\` or specify lib.path`);
  }
  const declared = Array.isArray(table["bin"]) && isTable(table["bin"][0]) ? table["bin"][0] : undefined;
  const binaryName = typeof declared?.["name"] === "string" ? declared["name"] : name;
  const candidates =
    typeof declared?.["path"] === "string" ? [declared["path"]] : ["src/main.rs", `src/bin/${binaryName}.rs`];
  const source = candidates.find((candidate) => files.exists(`${folder}/${candidate}`));
  if (source !== undefined) return { kind: "binary", name: binaryName, source };
  if (declared)
    throw refuse(
      `can't find \`${binaryName}\` bin at \`src/bin/${binaryName}.rs\` or \`src/bin/${binaryName}/main.rs\`. Please specify bin.path if you want to use a non-default path.`,
    );
  throw refuse(
    "no targets specified in the manifest\neither src/lib.rs, src/main.rs, a [lib] section, or [[bin]] section must be present",
  );
}

function dependenciesOf(table: Table, refuse: (...causes: string[]) => ManifestError): Map<string, string> {
  const dependencies = new Map<string, string>();
  const section = table["dependencies"];
  if (!isTable(section)) return dependencies;
  for (const [crate, value] of Object.entries(section)) {
    if (typeof value === "string") dependencies.set(crate, value);
    else if (isTable(value)) {
      if (value["version"] === undefined && value["path"] === undefined && value["git"] === undefined) {
        throw refuse(
          `dependency (${crate}) specified without providing a local path, Git repository, version, or workspace dependency to use`,
        );
      }
      dependencies.set(crate, typeof value["version"] === "string" ? value["version"] : "*");
    } else
      throw refuse(
        `invalid type: ${typeName(value)}, expected a version string like "0.9.8" or a detailed dependency like { version = "0.9.8" } in \`dependencies.${crate}\``,
      );
  }
  for (const [crate, wanted] of dependencies) {
    if (!isRequirement(wanted))
      throw refuse(
        `failed to parse the version requirement \`${wanted}\` for dependency \`${crate}\``,
        `unexpected character '${wanted[0] ?? ""}' while parsing major version number`,
      );
  }
  return dependencies;
}

function typeName(value: unknown): string {
  if (typeof value === "bigint" || typeof value === "number") return `integer \`${value}\``;
  if (typeof value === "boolean") return `boolean \`${value}\``;
  return Array.isArray(value) ? "sequence" : "map";
}

function versionProblem(version: string): string {
  const parts = version.split(".");
  if (parts.length < 3 && parts.every((part) => /^\d+$/.test(part))) {
    return `unexpected end of input while parsing ${parts.length === 1 ? "major" : "minor"} version number`;
  }
  return version === ""
    ? "empty string, expected a semver version"
    : `unexpected character '${/[^\d.]/.exec(version)?.[0] ?? ""}' while parsing major version number`;
}

function lineOf(text: string, key: string, from: number): number {
  const lines = text.split("\n");
  const found = lines.findIndex((line, index) => index >= from && new RegExp(`^\\s*${key}\\s*=`).test(line));
  return found < 0 ? from : found + 1;
}

/** The form that cargo's TOML reader gives its messages. */
function tomlError(text: string, line: number, column: number, width: number, words: string): string {
  const pad = " ".repeat(String(line).length);
  const source = text.split("\n")[line - 1] ?? "";
  const marks = "^".repeat(Math.max(1, width));
  return `TOML parse error at line ${line}, column ${column}\n${pad} |\n${line} | ${source}\n${pad} | ${" ".repeat(column - 1)}${marks}\n${words}`;
}

const part = String.raw`\s*(?:\^|=|~|>=|<=|>|<)?\s*\d+(?:\.(?:\d+|\*))?(?:\.(?:\d+|\*))?(?:-[\w.]+)?\s*`;
const isRequirement = (wanted: string): boolean =>
  wanted.trim() === "*" || new RegExp(`^${part}(?:,${part})*$`).test(wanted);

/** True when a version satisfies a requirement such as `0.2.3` (caret), `=0.5.3`, `~1.2`, `>=1, <2` or `*`. */
export function satisfies(version: string, wanted: string): boolean {
  const have = numbers(version);
  return wanted.split(",").every((one) => {
    const match = /^\s*(\^|=|~|>=|<=|>|<)?\s*([\d.*]+)/.exec(one);
    if (!match) return wanted.trim() === "*";
    const [, operator = "^", text = ""] = match;
    const given = text.split(".").filter((piece) => piece !== "*" && piece !== "");
    const want = numbers(given.join("."));
    const order = compare(have, want);
    if (operator === ">=") return order >= 0;
    if (operator === "<=") return order <= 0;
    if (operator === ">") return order > 0;
    if (operator === "<") return order < 0;
    if (operator === "=") return given.every((_piece, index) => have[index] === want[index]);
    if (operator === "~") return order >= 0 && given.slice(0, 2).every((_piece, index) => have[index] === want[index]);
    const significant = want.findIndex((number) => number > 0);
    const fixed = significant < 0 ? given.length : Math.min(significant + 1, given.length);
    return order >= 0 && want.slice(0, fixed).every((number, index) => have[index] === number);
  });
}

const numbers = (version: string): [number, number, number] => {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.+-]/).map(Number);
  return [major, minor, patch];
};

function compare(one: readonly number[], other: readonly number[]): number {
  for (const [index, number] of one.entries()) {
    const difference = number - (other[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
