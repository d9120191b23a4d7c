import { outputPrefix, pathOf } from "../client/discovery.ts";
import { CommandError, isApiError, ManyErrors } from "../client/errors.ts";
import { textAt } from "../client/json.ts";
import { parseDuration } from "../go/duration.ts";
import { fileFlags, readManifests } from "./manifests.ts";
import { dryRun, dryRunFlags, dryRunSuffix, outputFlags, outputFormat } from "./output.ts";
import { findObjects, objectName, selections, type FoundObject } from "./resource-arguments.ts";
import type { Command, Session } from "./session.ts";
import { follow, TimedOut } from "./waiting.ts";

export const deleteCommand: Command = {
  summary: "Delete resources by file names, stdin, resources and names, or by resources and label selector",
  usage: "kubectl delete ([-f FILENAME] | [-k DIRECTORY] | TYPE [(NAME | -l label | --all)]) [options]",
  group: "Basic Commands (Intermediate)",
  flags: {
    ...fileFlags,
    ...outputFlags,
    ...dryRunFlags,
    all: { kind: "bool" },
    "all-namespaces": { kind: "bool", short: "A" },
    cascade: { kind: "string", bare: "background" },
    "field-selector": { kind: "string" },
    force: { kind: "bool" },
    "grace-period": { kind: "int" },
    "ignore-not-found": { kind: "bool" },
    interactive: { kind: "bool", short: "i" },
    now: { kind: "bool" },
    raw: { kind: "string" },
    selector: { kind: "string", short: "l" },
    timeout: { kind: "duration" },
    wait: { kind: "bool" },
  },
  run: remove,
};

async function remove(session: Session): Promise<number> {
  const { flags } = session;
  const mode = dryRun(session);
  const errors: unknown[] = [];
  const targets =
    flags.has("filename") || flags.has("kustomize")
      ? await fromFiles(session, errors)
      : await fromWords(session, errors);
  const deleted: FoundObject[] = [];
  const immediate = flags.bool("force") && (flags.number("grace-period") ?? 0) === 0;
  if (immediate && targets.length > 0) {
    await session.err(
      "Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n",
    );
  }
  for (const target of targets) {
    try {
      await deleteOne(session, target, mode !== "none", immediate);
      deleted.push(target);
      await announce(session, target, `${immediate ? "force deleted" : "deleted"}${dryRunSuffix(mode)}`);
    } catch (error) {
      if (session.process.signal.aborted) throw error;
      if (flags.bool("ignore-not-found") && isApiError(error, "NotFound")) continue;
      errors.push(notDeleted(error, target));
    }
  }
  if (targets.length === 0 && errors.length === 0) {
    await session.flushWarnings();
    if (!flags.bool("ignore-not-found") || flags.words.length === 1) await session.out("No resources found\n");
  }
  const waits = flags.has("wait") ? flags.bool("wait") : !immediate;
  if (waits && mode === "none") await waitUntilGone(session, deleted);
  if (errors.length > 0) throw new ManyErrors(errors);
  return 0;
}

const notDeleted = (error: unknown, target: FoundObject): unknown => {
  if (!isApiError(error, "NotFound") || target.source === "") return error;
  error.status.message = `error when deleting ${JSON.stringify(target.source)}: ${error.status.message ?? ""}`;
  return error;
};

async function fromFiles(session: Session, errors: unknown[]): Promise<FoundObject[]> {
  const targets: FoundObject[] = [];
  for (const entry of await readManifests(session)) {
    if ("error" in entry) errors.push(entry.error);
    else targets.push(entry);
  }
  return targets;
}

async function fromWords(session: Session, errors: unknown[]): Promise<FoundObject[]> {
  const { flags } = session;
  if (flags.words.length === 0)
    throw new CommandError(
      "error: You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'",
    );
  const selected = await selections(session, flags.words);
  const several = flags.bool("all") || flags.has("selector") || flags.has("field-selector");
  if (!several && selected.some(({ names }) => names.length === 0)) {
    throw new CommandError("error: resource(s) were provided, but no name was specified");
  }
  if (several && selected.some(({ names }) => names.length > 0)) {
    throw new CommandError(
      `error: ${flags.bool("all") ? "setting 'all' parameter but found a non empty selector. " : "name cannot be provided when a selector is specified"}`,
    );
  }
  if (several) {
    return findObjects(session, selected, {
      allNamespaces: flags.bool("all-namespaces"),
      labelSelector: flags.text("selector"),
      fieldSelector: flags.text("field-selector"),
    });
  }
  const targets: FoundObject[] = [];
  for (const { resource, names } of selected) {
    for (const name of names) {
      try {
        const object = await session.connection.json("GET", pathOf(resource, session.namespace, name));
        targets.push({ resource, namespace: textAt(object, "metadata", "namespace"), object, source: "" });
      } catch (error) {
        if (flags.bool("ignore-not-found") && isApiError(error, "NotFound")) continue;
        errors.push(error);
      }
    }
  }
  return targets;
}

async function deleteOne(session: Session, target: FoundObject, dry: boolean, immediate: boolean): Promise<void> {
  const { flags } = session;
  const grace = flags.bool("now") ? 1 : immediate ? 0 : flags.number("grace-period");
  const body: Record<string, unknown> = { propagationPolicy: propagation(session) };
  if (grace !== undefined && grace >= 0) body["gracePeriodSeconds"] = grace;
  if (dry && flags.text("dry-run") === "client") return;
  if (dry) body["dryRun"] = ["All"];
  await session.connection.json("DELETE", pathOf(target.resource, target.namespace, objectName(target.object)), {
    body,
  });
}

function propagation(session: Session): string {
  const value = session.flags.text("cascade") ?? "background";
  const policies: Readonly<Record<string, string>> = {
    background: "Background",
    true: "Background",
    foreground: "Foreground",
    orphan: "Orphan",
    false: "Orphan",
  };
  const policy = policies[value];
  if (policy === undefined) {
    throw new CommandError(`error: invalid cascade value (${value}). Must be "background", "foreground", or "orphan"`);
  }
  return policy;
}

async function announce(session: Session, target: FoundObject, what: string): Promise<void> {
  const name = objectName(target.object);
  if (outputFormat(session)?.name === "name") return session.out(`${outputPrefix(target.resource)}/${name}\n`);
  const where = session.minor >= 34 && target.namespace !== "" ? ` from ${target.namespace} namespace` : "";
  const sentence = where === "" ? what : what.replace(/deleted/, `deleted${where}`);
  return session.out(`${outputPrefix(target.resource)} ${JSON.stringify(name)} ${sentence}\n`);
}

async function waitUntilGone(session: Session, deleted: readonly FoundObject[]): Promise<void> {
  const timeout = parseDuration(session.flags.text("timeout") ?? "0s") ?? 0;
  for (const target of deleted) {
    const { resource, namespace } = target;
    if (!resource.verbs.includes("watch")) continue;
    const name = objectName(target.object);
    const uid = textAt(target.object, "metadata", "uid");
    let first = "";
    try {
      await follow(
        session,
        resource,
        namespace,
        name,
        async (object) => {
          const current = textAt(object, "metadata", "uid");
          if (first === "") first = uid || current;
          return current === "" || current !== first;
        },
        timeout,
      );
    } catch (error) {
      if (error instanceof TimedOut)
        throw new CommandError(`error: timed out waiting for the condition on ${resource.plural}/${name}`);
      if (isApiError(error, "Forbidden")) continue;
      throw error;
    }
  }
}
