import { buildOf, sourceOf } from "./component.ts";
import type { SpinComponent, SpinManifest, SpinTrigger } from "./model.ts";
import { fieldError, isTable, refuseUnknown, requiredText, textOf, textsOf, textTable } from "./toml.ts";
import type { Place, Table } from "./toml.ts";

const topKeys = [
  "spin_manifest_version",
  "spin_version",
  "name",
  "version",
  "description",
  "authors",
  "trigger",
  "variables",
  "component",
];
const componentKeys = [
  "id",
  "source",
  "trigger",
  "description",
  "config",
  "environment",
  "files",
  "exclude_files",
  "allowed_http_hosts",
  "key_value_stores",
  "sqlite_databases",
  "ai_models",
  "build",
];

/** Reads `spin_manifest_version = "1"`. Throws SpinManifestError. */
export function readVersion1(text: string, table: Table): SpinManifest {
  refuseUnknown(text, table, topKeys);
  const name = requiredText(text, table, "name");
  const { trigger, component = [] } = table;
  if (!isTable(trigger)) throw fieldError(text, "missing field `trigger`");
  const type = requiredText(text, trigger, "type", { key: "trigger" });
  const base = textOf(text, trigger, "base", { key: "trigger" }) ?? "/";
  if (!Array.isArray(component)) throw fieldError(text, "invalid type: map, expected a sequence", { key: "component" });
  const read = component.map((own: unknown, index) => readComponent(text, own, index, type, base));
  return {
    version: 1,
    name,
    applicationVersion: textOf(text, table, "version"),
    description: textOf(text, table, "description"),
    authors: textsOf(text, table, "authors"),
    triggers: read.map((one) => one.trigger),
    components: read.map((one) => one.component),
  };
}

function readComponent(
  text: string,
  own: unknown,
  index: number,
  type: string,
  base: string,
): { component: SpinComponent; trigger: SpinTrigger } {
  const place: Place = { table: "component", index };
  if (!isTable(own)) throw fieldError(text, "invalid type: expected struct ComponentV1", place);
  refuseUnknown(text, own, componentKeys, place);
  const id = requiredText(text, own, "id", place);
  const { trigger } = own;
  if (!isTable(trigger)) throw fieldError(text, "missing field `trigger`", place);
  const route = type === "http" ? requiredText(text, trigger, "route", { ...place, table: "component.trigger" }) : "";
  return {
    component: {
      id,
      description: textOf(text, own, "description", place),
      source: sourceOf(text, own, place),
      environment: textTable(text, own, "environment", place),
      allowedOutboundHosts: textsOf(text, own, "allowed_http_hosts", place),
      wantsFiles: Array.isArray(own["files"]) && own["files"].length > 0,
      build: buildOf(text, own, place),
    },
    trigger: { type, route: `${base.replace(/\/$/, "")}${route}`, component: id },
  };
}
