import { apiVersionOf, pathOf } from "../client/discovery.ts";
import { CommandError, ManyErrors, withSource } from "../client/errors.ts";
import { clone, equal, objectAt, textAt, type Json } from "../client/json.ts";
import { toYaml } from "../go/yaml.ts";
import { fieldValidation, validationFlags } from "./apply.ts";
import { fileFlags, parseManifest, readManifests } from "./manifests.ts";
import { dryRun, dryRunFlags, dryRunSuffix, outputFlags, presented, printDone } from "./output.ts";
import { objectName } from "./resource-arguments.ts";
import { selectedObjects, selectionFlags } from "./selected.ts";
import type { Command, Session } from "./session.ts";
import { twoWayPatch } from "./strategic-merge.ts";

export const replaceCommand: Command = {
  summary: "Replace a resource by file name or stdin",
  usage: "kubectl replace -f FILENAME [options]",
  group: "Advanced Commands",
  flags: {
    ...fileFlags,
    ...outputFlags,
    ...dryRunFlags,
    ...validationFlags,
    force: { kind: "bool" },
    "grace-period": { kind: "int" },
    "save-config": { kind: "bool" },
    cascade: { kind: "string", bare: "background" },
  },
  run: replace,
};

async function replace(session: Session): Promise<number> {
  const { flags, connection } = session;
  if (!flags.has("filename")) throw new CommandError("error: must specify one of -f and -k");
  const mode = dryRun(session);
  const errors: unknown[] = [];
  for (const entry of await readManifests(session)) {
    if ("error" in entry) {
      errors.push(entry.error);
      continue;
    }
    const path = pathOf(entry.resource, entry.namespace, objectName(entry.object));
    const query = {
      fieldManager: "kubectl-replace",
      fieldValidation: fieldValidation(session),
      dryRun: mode === "server" ? "All" : undefined,
    };
    try {
      if (flags.bool("force")) {
        await connection.json("DELETE", path, { body: { gracePeriodSeconds: flags.number("grace-period") ?? 0 } });
        await session.out(`${entry.resource.kind.toLowerCase()} ${JSON.stringify(objectName(entry.object))} deleted\n`);
        const object = await connection.json("POST", pathOf(entry.resource, entry.namespace), {
          body: entry.object,
          query,
        });
        await printDone(session, { ...entry, object }, "replaced");
        continue;
      }
      const current = await connection.json("GET", path);
      const object: Json = clone(entry.object);
      const metadata = { ...objectAt(object, "metadata") };
      metadata["resourceVersion"] ??= textAt(current, "metadata", "resourceVersion");
      object["metadata"] = metadata;
      // What the server chose at creation may not change.
      const address = textAt(current, "spec", "clusterIP");
      if (entry.resource.plural === "services" && address !== "")
        object["spec"] = { clusterIP: address, ...objectAt(object, "spec") };
      const replaced = mode === "client" ? object : await connection.json("PUT", path, { body: object, query });
      await printDone(session, { ...entry, object: replaced }, `replaced${dryRunSuffix(mode)}`);
    } catch (error) {
      if (session.process.signal.aborted) throw error;
      errors.push(withSource(error, "replacing", entry.source));
    }
  }
  if (errors.length > 0) throw new ManyErrors(errors);
  return 0;
}

export const editCommand: Command = {
  summary: "Edit a resource on the server",
  usage: "kubectl edit (RESOURCE/NAME | -f FILENAME) [options]",
  group: "Basic Commands (Intermediate)",
  flags: {
    ...selectionFlags,
    ...outputFlags,
    ...validationFlags,
    "save-config": { kind: "bool" },
    "windows-line-endings": { kind: "bool" },
    subresource: { kind: "string" },
  },
  run: edit,
};

const banner =
  "# Please edit the object below. Lines beginning with a '#' will be ignored,\n# and an empty file will abort the edit. If an error occurs while saving this file will be\n# reopened with the relevant failures.\n#\n";

async function edit(session: Session): Promise<number> {
  const entries = await selectedObjects(session, session.flags.words);
  const open = session.process.terminal?.edit;
  if (!open) throw new CommandError('error: unable to launch the editor "vi"');
  for (const entry of entries) {
    const original = presented(session, entry.object);
    const text = banner + toYaml({ apiVersion: apiVersionOf(entry.resource), kind: entry.resource.kind, ...original });
    const path = `/tmp/kubectl-edit-${Math.floor(session.process.machine.environment.random.next() * 1e10)}.yaml`;
    let edited = text;
    await new Promise<void>((resolve) => {
      open({
        path,
        text,
        readOnly: false,
        save: async (changed) => {
          edited = changed;
          session.process.files.write(path, changed);
        },
        close: resolve,
      });
    });
    const parsed = parseManifest(edited.replaceAll(/^#.*\n/gm, ""), path);
    if (parsed instanceof Error) throw parsed;
    if (
      !parsed ||
      equal(parsed, { apiVersion: apiVersionOf(entry.resource), kind: entry.resource.kind, ...original })
    ) {
      await session.err("Edit cancelled, no changes made.\n");
      continue;
    }
    const patch = twoWayPatch(original, parsed);
    delete patch["apiVersion"];
    delete patch["kind"];
    const object = await session.connection.json(
      "PATCH",
      pathOf(entry.resource, entry.namespace, objectName(entry.object)),
      {
        body: patch,
        contentType: "application/strategic-merge-patch+json",
        query: { fieldManager: "kubectl-edit", fieldValidation: fieldValidation(session) },
      },
    );
    await printDone(session, { ...entry, object }, "edited");
  }
  return 0;
}
