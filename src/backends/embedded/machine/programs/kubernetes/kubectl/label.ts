import { pathOf } from "../client/discovery.ts";
import { CommandError } from "../client/errors.ts";
import { objectAt, textAt } from "../client/json.ts";
import { dryRun, dryRunFlags, dryRunSuffix, outputFlags, printDone } from "./output.ts";
import { objectName, type FoundObject } from "./resource-arguments.ts";
import { selectedObjects, selectionFlags } from "./selected.ts";
import type { Command, Session } from "./session.ts";

const flags = {
  ...selectionFlags,
  ...outputFlags,
  ...dryRunFlags,
  overwrite: { kind: "bool" },
  list: { kind: "bool" },
  local: { kind: "bool" },
  "resource-version": { kind: "string" },
  "field-manager": { kind: "string" },
} as const;

export const labelCommand: Command = {
  summary: "Update the labels on a resource",
  usage: "kubectl label [--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [options]",
  group: "Settings Commands",
  flags,
  run: (session) => change(session, "label"),
};

export const annotateCommand: Command = {
  summary: "Update the annotations on a resource",
  usage: "kubectl annotate [--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [options]",
  group: "Settings Commands",
  flags,
  run: (session) => change(session, "annotation"),
};

const labelValue = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;

interface Changes {
  set: Map<string, string>;
  remove: string[];
}

function readChanges(
  words: readonly string[],
  what: "label" | "annotation",
): { resources: string[]; changes: Changes } {
  // As soon as something looks like a change, everything after it has to.
  const at = words.findIndex((word) => word.includes("=") || (word.endsWith("-") && word.length > 1));
  const resources = at < 0 ? [...words] : words.slice(0, at);
  const changes: Changes = { set: new Map(), remove: [] };
  for (const word of at < 0 ? [] : words.slice(at)) {
    const equals = word.indexOf("=");
    if (equals > 0) {
      const value = word.slice(equals + 1);
      if (what === "label" && !labelValue.test(value)) {
        throw new CommandError(
          `error: invalid label value: ${JSON.stringify(word)}: a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
        );
      }
      changes.set.set(word.slice(0, equals), value);
    } else if (word.endsWith("-")) changes.remove.push(word.slice(0, -1));
    else throw new CommandError(`error: unknown ${what} spec: ${word}`);
  }
  const both = changes.remove.find((key) => changes.set.has(key));
  if (both !== undefined)
    throw new CommandError(
      `error: can not both modify and remove ${what === "label" ? "a label" : "an annotation"} in the same command`,
    );
  return { resources, changes };
}

async function change(session: Session, what: "label" | "annotation"): Promise<number> {
  const { resources, changes } = readChanges(session.flags.words, what);
  if (resources.length === 0 && !session.flags.has("filename")) {
    throw new CommandError("error: one or more resources must be specified as <resource> <name> or <resource>/<name>");
  }
  const listing = what === "label" && session.flags.bool("list");
  if (changes.set.size === 0 && changes.remove.length === 0 && !listing) {
    throw new CommandError(`error: at least one ${what} update is required`);
  }
  const found = await selectedObjects(session, resources);
  if (found.length === 0) await session.err("No resources found\n");
  for (const entry of found) await changeOne(session, entry, what, changes, listing);
  return 0;
}

async function changeOne(
  session: Session,
  entry: FoundObject,
  what: "label" | "annotation",
  changes: Changes,
  listing: boolean,
): Promise<void> {
  const field = what === "label" ? "labels" : "annotations";
  const existing = objectAt(entry.object, "metadata", field);
  if (listing && changes.set.size === 0 && changes.remove.length === 0) {
    for (const [key, value] of Object.entries(existing).sort(([a], [b]) => (a < b ? -1 : 1)))
      await session.out(`${key}=${String(value)}\n`);
    return;
  }
  const mode = dryRun(session);
  if (!session.flags.bool("overwrite")) {
    for (const [key, value] of changes.set) {
      const old = textAt(existing, key);
      if (key in existing && old !== value) {
        throw new CommandError(
          `error: ${what === "label" ? "" : "--overwrite is false but found the following declared annotation(s): "}'${key}' already has a value (${old})${what === "label" ? ", and --overwrite is false" : ""}`,
        );
      }
    }
  }
  for (const key of changes.remove)
    if (!(key in existing)) await session.out(`${what} ${JSON.stringify(key)} not found.\n`);
  const patch = Object.fromEntries<string | null>([
    ...[...changes.set].filter(([key, value]) => existing[key] !== value),
    ...changes.remove.filter((key) => key in existing).map((key): [string, null] => [key, null]),
  ]);
  const changed = Object.keys(patch).length > 0;
  let object = entry.object;
  if (changed && mode !== "client") {
    object = await session.connection.json("PATCH", pathOf(entry.resource, entry.namespace, objectName(entry.object)), {
      body: { metadata: { [field]: patch } },
      contentType: "application/merge-patch+json",
      query: {
        fieldManager: session.flags.text("field-manager") ?? `kubectl-${what === "label" ? "label" : "annotate"}`,
        dryRun: mode === "server" ? "All" : undefined,
      },
    });
  }
  await printDone(session, { ...entry, object }, `${sentence(what, changes, changed)}${dryRunSuffix(mode)}`);
}

function sentence(what: "label" | "annotation", changes: Changes, changed: boolean): string {
  if (what === "annotation") return "annotated";
  if (!changed) return "not labeled";
  if (changes.set.size > 0 && changes.remove.length > 0) return "labeled";
  return changes.set.size > 0 ? "labeled" : "unlabeled";
}
