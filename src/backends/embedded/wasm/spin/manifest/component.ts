import type { SpinBuild, SpinSource } from "./model.ts";
import { fieldError, isTable, refuseUnknown, requiredText, textOf, textsOf } from "./toml.ts";
import type { Place, Table } from "./toml.ts";

/** Where a component's module comes from, as both versions of the manifest write it. Throws SpinManifestError. */
export function sourceOf(text: string, component: Table, place: Place): SpinSource {
  const { source } = component;
  if (source === undefined) throw fieldError(text, "missing field `source`", place);
  if (typeof source === "string") return { kind: "file", path: source };
  if (isTable(source) && typeof source["url"] === "string" && typeof source["digest"] === "string") {
    return { kind: "url", url: source["url"], digest: source["digest"] };
  }
  throw fieldError(text, "data did not match any variant of untagged enum ComponentSource", {
    ...place,
    key: "source",
  });
}

/** How a component is built; undefined when the manifest does not say. Throws SpinManifestError. */
export function buildOf(text: string, component: Table, place: Place): SpinBuild | undefined {
  const { build } = component;
  if (build === undefined) return undefined;
  const own: Place = place.table === undefined ? { key: "build" } : { ...place, table: `${place.table}.build` };
  if (!isTable(build)) throw fieldError(text, "invalid type: expected struct ComponentBuildConfig", own);
  refuseUnknown(text, build, ["command", "workdir", "watch", "environment"], own);
  const { command } = build;
  const commands = Array.isArray(command)
    ? textsOf(text, build, "command", own)
    : [requiredText(text, build, "command", own)];
  return { commands, workdir: textOf(text, build, "workdir", own) };
}
