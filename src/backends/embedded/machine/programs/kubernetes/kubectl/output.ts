import { CommandError } from "../client/errors.ts";
import { clone, isObject, objectAt, textAt, type Json } from "../client/json.ts";
import { toJson } from "../go/json.ts";
import { jsonPath, JsonPathError, jsonPathValues, printed } from "../go/jsonpath.ts";
import { ColumnWriter } from "../go/tab-writer.ts";
import { goTemplate } from "../go/template.ts";
import { toYaml } from "../go/yaml.ts";
import type { FlagSpecs } from "../go/flags.ts";
import type { FoundObject } from "./resource-arguments.ts";
import { outputPrefix } from "../client/discovery.ts";
import type { Session } from "./session.ts";

export const outputFlags: FlagSpecs = {
  output: { kind: "string", short: "o" },
  template: { kind: "string" },
  "show-managed-fields": { kind: "bool" },
  "allow-missing-template-keys": { kind: "bool" },
};

/** The format of `-o`, and what follows its `=`. */
export interface OutputFormat {
  name: string;
  argument: string;
}

const formats = [
  "json",
  "yaml",
  "name",
  "go-template",
  "go-template-file",
  "template",
  "templatefile",
  "jsonpath",
  "jsonpath-as-json",
  "jsonpath-file",
];

/** Reads `-o`; `extra` are formats that only this command knows. Throws in kubectl's words. */
export function outputFormat(session: Session, extra: readonly string[] = []): OutputFormat | undefined {
  const text = session.flags.text("output");
  if (text === undefined || text === "") return undefined;
  const equals = text.indexOf("=");
  const name = equals < 0 ? text : text.slice(0, equals);
  const argument = equals < 0 ? (session.flags.text("template") ?? "") : text.slice(equals + 1);
  if (![...formats, ...extra].includes(name)) {
    const allowed = [...extra, ...formats].sort().join(",");
    throw new CommandError(
      `error: unable to match a printer suitable for the output format ${JSON.stringify(text)}, allowed formats are: ${allowed}`,
    );
  }
  return { name, argument };
}

/** An object without the fields nobody asked for. */
export function presented(session: Session, object: Json): Json {
  if (session.flags.bool("show-managed-fields")) return object;
  const copy = clone(object);
  const metadata = objectAt(copy, "metadata");
  delete metadata["managedFields"];
  return copy;
}

/** Several objects as the one List that `-o yaml` shows. */
export function asList(items: readonly Json[]): Json {
  return { apiVersion: "v1", items: [...items], kind: "List", metadata: { resourceVersion: "" } };
}

/** Renders one value (an object or a List) in a structured format. */
export function render(format: OutputFormat, value: Json, session: Session): string {
  switch (format.name) {
    case "json":
      return `${toJson(value, "    ")}\n`;
    case "yaml":
      return toYaml(value);
    case "jsonpath":
    case "jsonpath-file":
    case "jsonpath-as-json": {
      const template = format.name.endsWith("-file") ? readArgument(session, format.argument) : format.argument;
      try {
        if (format.name === "jsonpath-as-json") return `${toJson(jsonPathValues(template, value), "    ")}\n`;
        return jsonPath(template, value);
      } catch (error) {
        if (!(error instanceof JsonPathError)) throw error;
        throw new CommandError(`error: error parsing jsonpath ${template}, ${error.message}`);
      }
    }
    case "go-template":
    case "template":
      return goTemplate(format.argument, value);
    case "go-template-file":
    case "templatefile":
      return goTemplate(readArgument(session, format.argument), value);
    default:
      return "";
  }
}

function readArgument(session: Session, path: string): string {
  return session.process.files.readText(session.process.resolve(path));
}

/** Rows of `-o custom-columns=NAME:path,...`. */
export function customColumns(format: OutputFormat, items: readonly Json[], session: Session): string {
  let spec = format.argument;
  if (format.name === "custom-columns-file") {
    const [headers = "", paths = ""] = readArgument(session, spec).trim().split("\n");
    const names = headers.trim().split(/\s+/);
    spec = paths
      .trim()
      .split(/\s+/)
      .map((path, i) => `${names[i] ?? ""}:${path}`)
      .join(",");
  }
  if (spec === "") throw new CommandError("error: custom-columns format specified but no custom columns given");
  const columns = spec.split(/,(?![^[(]*[\])])/).map((column) => {
    const colon = column.indexOf(":");
    if (colon < 0)
      throw new CommandError(`error: unexpected custom-columns spec: ${column}, expected <header>:<json-path-expr>`);
    return { header: column.slice(0, colon), path: column.slice(colon + 1) };
  });
  const rows = items.map((item) =>
    columns.map(({ path }) => {
      const values = jsonPathValues(path, item).filter((value) => value !== null && value !== undefined);
      return values.length === 0 ? "<none>" : values.map(goValue).join(",");
    }),
  );
  const header = session.flags.bool("no-headers") ? [] : [columns.map((column) => column.header)];
  return new ColumnWriter().render([...header, ...rows]);
}

/** Go's %v of a structured value, which custom columns print. */
function goValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goValue).join(" ")}]`;
  if (isObject(value))
    return `map[${Object.keys(value)
      .sort()
      .map((key) => `${key}:${goValue(value[key])}`)
      .join(" ")}]`;
  return printed(value);
}

/** Prints what a changing command did to an object: its sentence, or the object with `-o`. */
export async function printDone(session: Session, done: FoundObject, sentence: string): Promise<void> {
  const format = outputFormat(session);
  const name = `${outputPrefix(done.resource)}/${textAt(done.object, "metadata", "name")}`;
  if (!format) await session.out(`${name} ${sentence}\n`);
  else if (format.name === "name") await session.out(`${name}\n`);
  else await session.out(render(format, presented(session, done.object), session));
}

export type DryRun = "none" | "client" | "server";

/** The value of `--dry-run`. Throws in kubectl's words. */
export function dryRun(session: Session): DryRun {
  const value = session.flags.text("dry-run");
  if (value === undefined || value === "none") return "none";
  if (value === "client" || value === "server") return value;
  if (value === "unchanged" || value === "true") return "client";
  throw new CommandError(`error: Invalid dry-run value (${value}). Must be "none", "server", or "client".`);
}

export const dryRunSuffix = (mode: DryRun): string =>
  mode === "client" ? " (dry run)" : mode === "server" ? " (server dry run)" : "";

export const dryRunFlags: FlagSpecs = { "dry-run": { kind: "string", bare: "unchanged" } };
