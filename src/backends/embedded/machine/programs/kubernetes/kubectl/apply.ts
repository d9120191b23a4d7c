import { pathOf } from "../client/discovery.ts";
import { CommandError, isApiError, ManyErrors, withSource } from "../client/errors.ts";
import { clone, isObject, objectAt, textAt, type Json } from "../client/json.ts";
import { toJson } from "../go/json.ts";
import { fileFlags, readManifests } from "./manifests.ts";
import { dryRun, dryRunFlags, dryRunSuffix, outputFlags, printDone, type DryRun } from "./output.ts";
import { objectName, type FoundObject } from "./resource-arguments.ts";
import type { Command, Session } from "./session.ts";
import { threeWayMergePatch, threeWayPatch } from "./strategic-merge.ts";

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

export const validationFlags = { validate: { kind: "string", bare: "strict" } } as const;

/** The API's fieldValidation for `--validate`. */
export function fieldValidation(session: Session): string {
  const value = session.flags.text("validate") ?? "strict";
  if (value === "true" || value === "strict") return "Strict";
  if (value === "warn") return "Warn";
  if (value === "false" || value === "ignore") return "Ignore";
  throw new CommandError(
    `error: Invalid validation type ${JSON.stringify(value)}. Must be "strict", "warn", or "ignore".`,
  );
}

export const applyCommand: Command = {
  summary: "Apply a configuration to a resource by file name or stdin",
  usage: "kubectl apply (-f FILENAME | -k DIRECTORY) [options]",
  group: "Advanced Commands",
  flags: {
    ...fileFlags,
    ...outputFlags,
    ...dryRunFlags,
    ...validationFlags,
    "server-side": { kind: "bool" },
    "force-conflicts": { kind: "bool" },
    "field-manager": { kind: "string" },
    selector: { kind: "string", short: "l" },
    all: { kind: "bool" },
    prune: { kind: "bool" },
    force: { kind: "bool" },
    overwrite: { kind: "bool" },
    "openapi-patch": { kind: "bool" },
    wait: { kind: "bool" },
    timeout: { kind: "string" },
    cascade: { kind: "string", bare: "background" },
    "grace-period": { kind: "int" },
  },
  run: apply,
};

async function apply(session: Session): Promise<number> {
  const { flags } = session;
  if (!flags.has("filename") && !flags.has("kustomize")) throw new CommandError("error: must specify one of -f and -k");
  if (flags.words.length > 0) {
    throw new CommandError(
      `error: Unexpected args: [${flags.words.join(" ")}]\nSee 'kubectl apply -h' for help and examples`,
    );
  }
  if (flags.bool("prune")) throw new CommandError("error: --prune is not part of this lab's kubectl");
  const mode = dryRun(session);
  if (flags.bool("server-side") && mode === "client") {
    throw new CommandError(
      "error: --dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)",
    );
  }
  const errors: unknown[] = [];
  const entries = await readManifests(session);
  for (const entry of entries) {
    if ("error" in entry) {
      errors.push(entry.error);
      continue;
    }
    try {
      if (objectName(entry.object) === "") {
        throw new Error(
          `error when retrieving current configuration of:
${describeInfo(entry)}
from server for: ${JSON.stringify(entry.source)}: resource name may not be empty`,
        );
      }
      if (flags.bool("server-side")) await applyOnServer(session, entry, mode);
      else await applyFromClient(session, entry, mode);
    } catch (error) {
      if (session.process.signal.aborted) throw error;
      errors.push(error);
    }
    await session.flushWarnings();
  }
  if (entries.length === 0) throw new CommandError("error: no objects passed to apply");
  if (errors.length > 0) throw new ManyErrors(errors);
  return 0;
}

/** The object as the user wrote it, in the form in which it is remembered and sent. */
function written(entry: FoundObject): Json {
  const object = clone(entry.object);
  const metadata = { ...objectAt(object, "metadata") };
  if (entry.resource.namespaced) metadata["namespace"] = entry.namespace;
  const annotations = { ...objectAt(metadata, "annotations") };
  delete annotations[lastApplied];
  metadata["annotations"] = annotations;
  object["metadata"] = metadata;
  return object;
}

function withLastApplied(object: Json): Json {
  const remembered = clone(object);
  objectAt(remembered, "metadata", "annotations")[lastApplied] = `${toJson(object)}\n`;
  return remembered;
}

async function applyFromClient(session: Session, entry: FoundObject, mode: DryRun): Promise<void> {
  const { connection, flags } = session;
  const { resource, namespace, source } = entry;
  const modified = withLastApplied(written(entry));
  const path = pathOf(resource, namespace, objectName(entry.object));
  const query = {
    fieldManager: flags.text("field-manager") ?? "kubectl-client-side-apply",
    fieldValidation: fieldValidation(session),
    dryRun: mode === "server" ? "All" : undefined,
  };
  const suffix = dryRunSuffix(mode);
  let current: Json;
  try {
    current = await connection.json("GET", path);
  } catch (error) {
    if (!isApiError(error, "NotFound")) throw withRetrieval(error, entry);
    let created = modified;
    if (mode !== "client") {
      try {
        created = await connection.json("POST", pathOf(resource, namespace), { body: modified, query });
      } catch (problem) {
        throw withSource(problem, "creating", source);
      }
    }
    await printDone(session, { ...entry, object: created }, `created${suffix}`);
    return;
  }
  const original = parseLastApplied(current);
  if (!original) {
    await session.err(
      `Warning: resource ${resource.plural}/${objectName(current)} is missing the ${lastApplied} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n`,
    );
  }
  // Kinds of the API server itself merge by their own rules; anything else by JSON merge patch.
  const builtIn = resource.group === "" || !resource.group.includes(".") || resource.group.endsWith(".k8s.io");
  const patch = (builtIn ? threeWayPatch : threeWayMergePatch)(original ?? {}, modified, current);
  if (Object.keys(patch).length === 0) {
    await printDone(session, { ...entry, object: current }, `unchanged${suffix}`);
    return;
  }
  let patched = current;
  if (mode !== "client") {
    try {
      patched = await connection.json("PATCH", path, {
        body: patch,
        query,
        contentType: builtIn ? "application/strategic-merge-patch+json" : "application/merge-patch+json",
      });
    } catch (error) {
      throw withSource(error, `applying patch:\n${toJson(patch)}\nto:\n${describeInfo(entry)}\nfor:`, source);
    }
  }
  await printDone(session, { ...entry, object: patched }, `configured${suffix}`);
}

function describeInfo(entry: FoundObject): string {
  const { resource, namespace, object } = entry;
  const gvk = (last: string): string => `"${resource.group}/${resource.version}, ${last}"`;
  return `Resource: ${gvk(`Resource=${resource.plural}`)}, GroupVersionKind: ${gvk(`Kind=${resource.kind}`)}\nName: ${JSON.stringify(objectName(object))}, Namespace: ${JSON.stringify(namespace)}`;
}

function withRetrieval(error: unknown, entry: FoundObject): unknown {
  return withSource(
    error,
    `retrieving current configuration of:\n${describeInfo(entry)}\nfrom server for:`,
    entry.source,
  );
}

function parseLastApplied(current: Json): Json | undefined {
  const text = textAt(current, "metadata", "annotations", lastApplied);
  if (text === "") return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

async function applyOnServer(session: Session, entry: FoundObject, mode: DryRun): Promise<void> {
  const { connection, flags } = session;
  const { resource, namespace } = entry;
  const object = clone(entry.object);
  if (resource.namespaced) object["metadata"] = { ...objectAt(object, "metadata"), namespace };
  try {
    const applied = await connection.json("PATCH", pathOf(resource, namespace, objectName(object)), {
      body: object,
      contentType: "application/apply-patch+yaml",
      query: {
        fieldManager: flags.text("field-manager") ?? "kubectl",
        fieldValidation: fieldValidation(session),
        force: flags.bool("force-conflicts") ? "true" : "false",
        dryRun: mode === "server" ? "All" : undefined,
      },
    });
    await printDone(session, { ...entry, object: applied }, `serverside-applied${dryRunSuffix(mode)}`);
  } catch (error) {
    if (isApiError(error, "Conflict")) throw conflict(error.status.message ?? "");
    throw error;
  }
}

const conflict = (message: string): CommandError =>
  new CommandError(
    [
      `error: ${message}`,
      "Please review the fields above--they currently have other managers. Here",
      "are the ways you can resolve this warning:",
      "* If you intend to manage all of these fields, please re-run the apply",
      "  command with the `--force-conflicts` flag.",
      "* If you do not intend to manage all of the fields, please edit your",
      "  manifest to remove references to the fields that should keep their",
      "  current managers.",
      "* You may co-own fields by updating your manifest to match the existing",
      "  value; in this case, you'll become the manager if the other manager(s)",
      "  stop managing the field (remove it from their configuration).",
      "See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts",
    ].join("\n"),
  );
