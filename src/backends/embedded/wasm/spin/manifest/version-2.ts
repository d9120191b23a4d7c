import { buildOf, sourceOf } from "./component.ts";
import type { SpinComponent, SpinManifest, SpinTrigger } from "./model.ts";
import { fieldError, isTable, refuseUnknown, requiredText, textOf, textsOf, textTable } from "./toml.ts";
import type { Place, Table } from "./toml.ts";

const topKeys = ["spin_manifest_version", "application", "variables", "trigger", "component"];
const applicationKeys = ["name", "version", "description", "authors", "trigger", "tool"];
const componentKeys = [
  "source",
  "description",
  "variables",
  "environment",
  "files",
  "exclude_files",
  "allowed_http_hosts",
  "allowed_outbound_hosts",
  "key_value_stores",
  "sqlite_databases",
  "ai_models",
  "build",
  "tool",
  "dependencies",
  "dependencies_inherit_configuration",
  "targets",
];

/** Reads `spin_manifest_version = 2`. Throws SpinManifestError. */
export function readVersion2(text: string, table: Table): SpinManifest {
  refuseUnknown(text, table, topKeys);
  const { application, component = {}, trigger } = table;
  if (!isTable(application)) throw fieldError(text, "missing field `application`");
  const inApplication = { table: "application" };
  refuseUnknown(text, application, applicationKeys, inApplication);
  const name = requiredText(text, application, "name", inApplication);
  if (trigger === undefined) throw fieldError(text, "missing field `trigger`");
  if (!isTable(component)) throw fieldError(text, "invalid type: expected a map", { key: "component" });
  if (!isTable(trigger)) throw fieldError(text, "invalid type: expected a map", { key: "trigger" });
  const components = Object.entries(component).map(([id, own]) =>
    readComponent(text, id, own, {
      table: `component.${id}`,
    }),
  );
  const triggers = Object.entries(trigger).flatMap(([type, list]) =>
    (Array.isArray(list) ? list : [list]).map((own, index) => readTrigger(text, type, own, index, components)),
  );
  return {
    version: 2,
    name,
    applicationVersion: textOf(text, application, "version", inApplication),
    description: textOf(text, application, "description", inApplication),
    authors: textsOf(text, application, "authors", inApplication),
    triggers,
    components,
  };
}

function readComponent(text: string, id: string, own: unknown, place: Place): SpinComponent {
  checkId(text, id, place);
  if (!isTable(own)) throw fieldError(text, "invalid type: expected struct Component", place);
  refuseUnknown(text, own, componentKeys, place);
  return {
    id,
    description: textOf(text, own, "description", place),
    source: sourceOf(text, own, place),
    environment: textTable(text, own, "environment", place),
    allowedOutboundHosts: [
      ...textsOf(text, own, "allowed_outbound_hosts", place),
      ...textsOf(text, own, "allowed_http_hosts", place),
    ],
    wantsFiles: Array.isArray(own["files"]) && own["files"].length > 0,
    build: buildOf(text, own, place),
  };
}

/** A trigger; one that holds its component within itself adds it to `components`. */
function readTrigger(
  text: string,
  type: string,
  own: unknown,
  index: number,
  components: SpinComponent[],
): SpinTrigger {
  const place: Place = { table: `trigger.${type}`, index };
  if (!isTable(own)) throw fieldError(text, "invalid type: expected struct Trigger", place);
  const { component } = own;
  if (component === undefined && own["components"] === undefined) {
    throw fieldError(text, "missing field `component`", place);
  }
  let id: string;
  if (isTable(component)) {
    id = textOf(text, own, "id", place) ?? `${type}-trigger-component`;
    components.push(readComponent(text, id, component, place));
  } else {
    id = requiredText(text, own, "component", place);
    checkId(text, id, { ...place, key: "component" });
  }
  if (type !== "http") return { type, route: "", component: id };
  refuseUnknown(text, own, ["id", "component", "components", "route", "executor"], place);
  return { type, route: requiredText(text, own, "route", place), component: id };
}

/** An id is made of words between hyphens. */
function checkId(text: string, id: string, place: Place): void {
  for (const word of id.split("-")) {
    const problem =
      word === ""
        ? "'-'-separated words must not be empty"
        : !/^[A-Za-z]/.test(word)
          ? `'-'-separated words must start with an ASCII letter; got '${word[0] ?? ""}'`
          : /[^A-Za-z\d]/.test(word)
            ? `'-'-separated words may only contain alphanumeric ASCII; got '${/[^A-Za-z\d]/.exec(word)?.[0] ?? ""}'`
            : /[a-z]/.test(word) && /[A-Z]/.test(word)
              ? `'-'-separated words must be all lowercase or all UPPERCASE; got "${word}"`
              : undefined;
    if (problem !== undefined) throw fieldError(text, problem, place);
  }
}
