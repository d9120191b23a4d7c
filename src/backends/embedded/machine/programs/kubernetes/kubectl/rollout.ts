import { outputPrefix, pathOf } from "../client/discovery.ts";
import { CommandError } from "../client/errors.ts";
import { clone, equal, mapAt, numberAt, objectAt, objectsAt, textAt, type Json } from "../client/json.ts";
import { rfc3339 } from "../go/duration.ts";
import { alignTabs } from "../go/tab-writer.ts";
import { bareTemplate } from "./describe/workloads.ts";
import { writeTemplate } from "./describe/pod-spec.ts";
import { DescriptionWriter } from "./describe/writer.ts";
import { printDone } from "./output.ts";
import { objectName, type FoundObject } from "./resource-arguments.ts";
import { selectedObjects, selectionFlags } from "./selected.ts";
import type { Command, Session } from "./session.ts";
import { follow, TimedOut } from "./waiting.ts";

const revisionKey = "deployment.kubernetes.io/revision";
const part = (summary: string, name: string, run: (session: Session) => Promise<number>): Command => ({
  summary,
  usage: `kubectl rollout ${name} (TYPE NAME | TYPE/NAME) [flags]`,
  flags: {
    ...selectionFlags,
    output: { kind: "string", short: "o" },
    revision: { kind: "int" },
    "to-revision": { kind: "int" },
    timeout: { kind: "duration" },
    watch: { kind: "bool", short: "w" },
    "dry-run": { kind: "string", bare: "unchanged" },
    "field-manager": { kind: "string" },
  },
  run,
});

export const rolloutCommand: Command = {
  summary: "Manage the rollout of a resource",
  usage: "kubectl rollout SUBCOMMAND [options]",
  group: "Deploy Commands",
  commands: {
    history: part("View rollout history", "history", history),
    pause: part("Mark the provided resource as paused", "pause", (session) => setPaused(session, true)),
    restart: part("Restart a resource", "restart", restart),
    resume: part("Resume a paused resource", "resume", (session) => setPaused(session, false)),
    status: part("Show the status of the rollout", "status", status),
    undo: part("Undo a previous rollout", "undo", undo),
  },
};

async function status(session: Session): Promise<number> {
  const { flags } = session;
  if (flags.words.length === 0 && !flags.has("filename"))
    throw new CommandError("error: required resource not specified");
  const timeout = flags.duration("timeout") ?? 0;
  for (const entry of await selectedObjects(session, flags.words)) {
    let last = "";
    const name = objectName(entry.object);
    try {
      await follow(
        session,
        entry.resource,
        entry.namespace,
        name,
        async (object) => {
          if (!object) throw new CommandError(`error: object has been deleted`);
          const state = rolloutState(entry, object);
          // The same line is not said twice in a row.
          if (state.text !== last) await session.out(`${state.text}\n`);
          last = state.text;
          return state.done || (flags.has("watch") && !flags.bool("watch"));
        },
        timeout,
      );
    } catch (error) {
      if (error instanceof TimedOut) throw new CommandError("error: timed out waiting for the condition");
      throw error;
    }
  }
  return 0;
}

function rolloutState(entry: FoundObject, object: Json): { done: boolean; text: string } {
  const name = objectName(object);
  const count = (...path: string[]): number => numberAt(object, ...path) ?? 0;
  if (entry.resource.plural === "daemonsets") {
    if (count("metadata", "generation") > count("status", "observedGeneration"))
      return { done: false, text: "Waiting for daemon set spec update to be observed..." };
    const wanted = count("status", "desiredNumberScheduled");
    const updated = count("status", "updatedNumberScheduled");
    const available = count("status", "numberAvailable");
    if (updated < wanted)
      return {
        done: false,
        text: `Waiting for daemon set ${JSON.stringify(name)} rollout to finish: ${updated} out of ${wanted} new pods have been updated...`,
      };
    if (available < wanted)
      return {
        done: false,
        text: `Waiting for daemon set ${JSON.stringify(name)} rollout to finish: ${available} of ${wanted} updated pods are available...`,
      };
    return { done: true, text: `daemon set ${JSON.stringify(name)} successfully rolled out` };
  }
  if (entry.resource.plural !== "deployments")
    throw new CommandError(
      `error: no status viewer has been implemented for ${textAt(object, "kind")}.${entry.resource.group || "v1"}`,
    );
  if (count("metadata", "generation") > count("status", "observedGeneration")) {
    return { done: false, text: "Waiting for deployment spec update to be observed..." };
  }
  const progressing = objectsAt(object, "status", "conditions").find((item) => textAt(item, "type") === "Progressing");
  if (textAt(progressing, "reason") === "ProgressDeadlineExceeded")
    throw new CommandError(`error: deployment ${JSON.stringify(name)} exceeded its progress deadline`);
  const waiting = `Waiting for deployment ${JSON.stringify(name)} rollout to finish`;
  const wanted = count("spec", "replicas");
  const updated = count("status", "updatedReplicas");
  const total = count("status", "replicas");
  const available = count("status", "availableReplicas");
  if (updated < wanted)
    return { done: false, text: `${waiting}: ${updated} out of ${wanted} new replicas have been updated...` };
  if (total > updated)
    return { done: false, text: `${waiting}: ${total - updated} old replicas are pending termination...` };
  if (available < updated)
    return { done: false, text: `${waiting}: ${available} of ${updated} updated replicas are available...` };
  return { done: true, text: `deployment ${JSON.stringify(name)} successfully rolled out` };
}

async function replicaSetsOf(session: Session, entry: FoundObject): Promise<Json[]> {
  if (entry.resource.plural !== "deployments")
    throw new CommandError(
      `error: no history viewer has been implemented for ${JSON.stringify(textAt(entry.object, "kind"))}`,
    );
  const list = await session.connection.json("GET", `/apis/apps/v1/namespaces/${entry.namespace}/replicasets`);
  const uid = textAt(entry.object, "metadata", "uid");
  return objectsAt(list, "items")
    .filter((set) => objectsAt(set, "metadata", "ownerReferences").some((owner) => textAt(owner, "uid") === uid))
    .sort((a, b) => revisionOf(a) - revisionOf(b));
}

const revisionOf = (set: Json): number => Number(textAt(set, "metadata", "annotations", revisionKey) || "0");

async function history(session: Session): Promise<number> {
  for (const entry of await selectedObjects(session, session.flags.words)) {
    const sets = await replicaSetsOf(session, entry);
    const wanted = session.flags.number("revision");
    const name = `${outputPrefix(entry.resource)}/${objectName(entry.object)}`;
    if (wanted !== undefined && wanted > 0) {
      const set = sets.find((item) => revisionOf(item) === wanted);
      if (!set) throw new CommandError(`error: unable to find the specified revision`);
      const writer = new DescriptionWriter(session.now(), session.minor);
      writeTemplate(writer, objectAt(set, "spec", "template"));
      await session.out(`${name} with revision #${wanted}\n${writer.toString()}`);
      continue;
    }
    if (sets.length === 0) {
      await session.out(`${name} \nNo rollout history found.\n`);
      continue;
    }
    const rows = sets.map(
      (set) =>
        `${revisionOf(set)}\t${textAt(set, "metadata", "annotations", "kubernetes.io/change-cause") || "<none>"}\n`,
    );
    await session.out(`${name} \n${alignTabs(`REVISION\tCHANGE-CAUSE\n${rows.join("")}`)}\n`);
  }
  return 0;
}

async function undo(session: Session): Promise<number> {
  for (const entry of await selectedObjects(session, session.flags.words)) {
    const sets = await replicaSetsOf(session, entry);
    const wanted = session.flags.number("to-revision") ?? 0;
    const current = sets.find((set) =>
      equal(bareTemplate(objectAt(set, "spec", "template")), bareTemplate(objectAt(entry.object, "spec", "template"))),
    );
    const target =
      wanted > 0 ? sets.find((set) => revisionOf(set) === wanted) : sets.filter((set) => set !== current).at(-1);
    if (!target)
      throw new CommandError(
        wanted > 0
          ? `error: unable to find specified revision ${wanted} in history`
          : "error: no rollout history found for deployment " + JSON.stringify(objectName(entry.object)),
      );
    if (objectAt(entry.object, "spec")["paused"] === true) {
      throw new CommandError(
        `error: you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume deployment/${objectName(entry.object)}' and try again`,
      );
    }
    if (target === current) {
      await printDone(session, entry, `skipped rollback (current template already matches revision ${wanted})`);
      continue;
    }
    if (
      session.minor >= 34 &&
      mapAt(entry.object, "metadata", "annotations").some(
        ([key]) => key === "kubectl.kubernetes.io/last-applied-configuration",
      )
    ) {
      await session.err(
        `Warning: resource deployments/${objectName(entry.object)} was previously managed with 'kubectl apply'. Rolling back will not update the kubectl.kubernetes.io/last-applied-configuration annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.\n`,
      );
    }
    const template = clone(objectAt(target, "spec", "template"));
    delete objectAt(template, "metadata", "labels")["pod-template-hash"];
    const object = await session.connection.json(
      "PATCH",
      pathOf(entry.resource, entry.namespace, objectName(entry.object)),
      {
        body: [{ op: "replace", path: "/spec/template", value: template }],
        contentType: "application/json-patch+json",
      },
    );
    await printDone(session, { ...entry, object }, "rolled back");
  }
  return 0;
}

async function restart(session: Session): Promise<number> {
  for (const entry of await selectedObjects(session, session.flags.words)) {
    if (!["deployments", "daemonsets", "statefulsets"].includes(entry.resource.plural)) {
      throw new CommandError(
        `error: ${entry.resource.plural} ${JSON.stringify(objectName(entry.object))} restarting is not supported`,
      );
    }
    const object = await session.connection.json(
      "PATCH",
      pathOf(entry.resource, entry.namespace, objectName(entry.object)),
      {
        body: {
          spec: {
            template: { metadata: { annotations: { "kubectl.kubernetes.io/restartedAt": rfc3339(session.now()) } } },
          },
        },
        contentType: "application/strategic-merge-patch+json",
        query: { fieldManager: "kubectl-rollout" },
      },
    );
    await printDone(session, { ...entry, object }, "restarted");
  }
  return 0;
}

async function setPaused(session: Session, paused: boolean): Promise<number> {
  for (const entry of await selectedObjects(session, session.flags.words)) {
    if (entry.resource.plural !== "deployments")
      throw new CommandError(`error: ${paused ? "pausing" : "resuming"} is not supported`);
    const now = objectAt(entry.object, "spec")["paused"] === true;
    const name = JSON.stringify(objectName(entry.object));
    if (now === paused)
      throw new CommandError(`error: deployments.apps ${name} is ${paused ? "already paused" : "not paused"}`);
    const object = await session.connection.json(
      "PATCH",
      pathOf(entry.resource, entry.namespace, objectName(entry.object)),
      {
        body: { spec: { paused: paused ? true : null } },
        contentType: "application/merge-patch+json",
      },
    );
    await printDone(session, { ...entry, object }, paused ? "paused" : "resumed");
  }
  return 0;
}
