import { outputPrefix, pathOf } from "../client/discovery.ts";
import { CommandError, isApiError, ManyErrors } from "../client/errors.ts";
import { listAt, mapAt, objectAt, objectsAt, textAt, type Json } from "../client/json.ts";
import { parseDuration } from "../go/duration.ts";
import { dryRun, dryRunFlags, dryRunSuffix, outputFlags, printDone } from "./output.ts";
import { objectName, type FoundObject } from "./resource-arguments.ts";
import { selectedObjects, selectionFlags } from "./selected.ts";
import type { Command, Session } from "./session.ts";
import { follow, TimedOut } from "./waiting.ts";

const merge = "application/merge-patch+json";

export const taintCommand: Command = {
  summary: "Update the taints on one or more nodes",
  usage: "kubectl taint NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N [options]",
  group: "Cluster Management Commands",
  flags: {
    ...selectionFlags,
    ...outputFlags,
    ...dryRunFlags,
    overwrite: { kind: "bool" },
    validate: { kind: "string", bare: "strict" },
  },
  run: taint,
};

const effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

const badQualifiedName =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

interface Taint {
  key: string;
  value: string;
  effect: string;
}

function parseTaint(word: string): Taint {
  const match = /^([^=:]+)(?:=([^:]*))?(?::(.+))?$/.exec(word);
  const [, key = "", value = "", effect = ""] = match ?? [];
  if (key === "" || (!match?.[3] && !word.endsWith("-")))
    throw new CommandError(
      `error: invalid taint spec: ${word}${word.includes("=") ? `, ${badQualifiedName}` : ""}\nSee 'kubectl taint -h' for help and examples`,
    );
  if (effect !== "" && !effects.includes(effect)) {
    throw new CommandError(
      `error: invalid taint effect: ${effect}, unsupported taint effect\nSee 'kubectl taint -h' for help and examples`,
    );
  }
  return { key, value, effect };
}

async function taint(session: Session): Promise<number> {
  const { words } = session.flags;
  const at = words.findIndex((word) => /[=:]/.test(word) || (word.endsWith("-") && word.length > 1));
  const resources = at < 0 ? [...words] : words.slice(0, at);
  const specs = at < 0 ? [] : words.slice(at);
  if (specs.length === 0) throw new CommandError("error: at least one taint update is required");
  const additions = specs.filter((spec) => !spec.endsWith("-")).map(parseTaint);
  const removals = specs
    .filter((spec) => spec.endsWith("-"))
    .map((spec) =>
      parseTaint(`${spec.slice(0, -1)}${/:/.test(spec) ? "" : ":"}`.replace(/:$/, "") + (/:/.test(spec) ? "" : "-")),
    );
  for (const node of await selectedObjects(session, resources)) {
    let taints = objectsAt(node.object, "spec", "taints");
    for (const addition of additions) {
      const same = (item: Json): boolean =>
        textAt(item, "key") === addition.key && textAt(item, "effect") === addition.effect;
      if (taints.some(same) && !session.flags.bool("overwrite")) {
        throw new CommandError(
          `error: node ${objectName(node.object)} already has ${addition.key} taint(s) with same effect(s) and --overwrite is false`,
        );
      }
      taints = [
        ...taints.filter((item) => !same(item)),
        { effect: addition.effect, key: addition.key, ...(addition.value === "" ? {} : { value: addition.value }) },
      ];
    }
    for (const removal of removals) {
      const key = removal.key.replace(/-$/, "");
      const matching = (item: Json): boolean =>
        textAt(item, "key") === key && (removal.effect === "" || textAt(item, "effect") === removal.effect);
      if (!taints.some(matching))
        throw new CommandError(
          `error: taint ${JSON.stringify(removal.effect === "" ? key : `${key}:${removal.effect}`)} not found`,
        );
      taints = taints.filter((item) => !matching(item));
    }
    const mode = dryRun(session);
    const object =
      mode === "client"
        ? node.object
        : await session.connection.json("PATCH", pathOf(node.resource, "", objectName(node.object)), {
            body: { spec: { taints: taints.length === 0 ? null : taints } },
            contentType: merge,
            query: { fieldManager: "kubectl-taint", dryRun: mode === "server" ? "All" : undefined },
          });
    const what =
      additions.length > 0 && removals.length > 0 ? "modified" : additions.length > 0 ? "tainted" : "untainted";
    await printDone(session, { ...node, object }, `${what}${dryRunSuffix(mode)}`);
  }
  return 0;
}

async function nodesOf(session: Session, command: string): Promise<FoundObject[]> {
  const { words } = session.flags;
  if (words.length === 0 && !session.flags.has("selector")) {
    throw new CommandError(`error: USAGE: ${command} NODE [flags]\nSee 'kubectl ${command} -h' for help and examples`);
  }
  return selectedObjects(
    session,
    words.length === 0 ? ["nodes"] : words.some((word) => word.includes("/")) ? words : ["nodes", ...words],
  );
}

async function setSchedulable(session: Session, node: FoundObject, schedulable: boolean): Promise<void> {
  const word = schedulable ? "uncordoned" : "cordoned";
  const mode = dryRun(session);
  const blocked = objectAt(node.object, "spec")["unschedulable"] === true;
  const name = `${outputPrefix(node.resource)}/${objectName(node.object)}`;
  if (blocked !== schedulable) {
    await session.out(`${name} already ${word}${dryRunSuffix(mode)}\n`);
    return;
  }
  if (mode !== "client") {
    await session.connection.json("PATCH", pathOf(node.resource, "", objectName(node.object)), {
      body: { spec: { unschedulable: schedulable ? null : true } },
      contentType: merge,
      query: { fieldManager: "kubectl-cordon", dryRun: mode === "server" ? "All" : undefined },
    });
  }
  await session.out(`${name} ${word}${dryRunSuffix(mode)}\n`);
}

const nodeFlags = { ...dryRunFlags, selector: { kind: "string", short: "l" } } as const;

export const cordonCommand: Command = {
  summary: "Mark node as unschedulable",
  usage: "kubectl cordon NODE [options]",
  group: "Cluster Management Commands",
  flags: nodeFlags,
  async run(session) {
    for (const node of await nodesOf(session, "cordon")) await setSchedulable(session, node, false);
    return 0;
  },
};

export const uncordonCommand: Command = {
  summary: "Mark node as schedulable",
  usage: "kubectl uncordon NODE [options]",
  group: "Cluster Management Commands",
  flags: nodeFlags,
  async run(session) {
    for (const node of await nodesOf(session, "uncordon")) await setSchedulable(session, node, true);
    return 0;
  },
};

export const drainCommand: Command = {
  summary: "Drain node in preparation for maintenance",
  usage: "kubectl drain NODE [options]",
  group: "Cluster Management Commands",
  flags: {
    ...nodeFlags,
    "delete-emptydir-data": { kind: "bool" },
    "delete-local-data": { kind: "bool" },
    "disable-eviction": { kind: "bool" },
    force: { kind: "bool" },
    "grace-period": { kind: "int" },
    "ignore-daemonsets": { kind: "bool" },
    "pod-selector": { kind: "string" },
    "chunk-size": { kind: "int" },
    "skip-wait-for-delete-timeout": { kind: "int" },
    timeout: { kind: "duration" },
  },
  run: drain,
};

async function drain(session: Session): Promise<number> {
  for (const node of await nodesOf(session, "drain")) {
    await setSchedulable(session, node, false);
    await drainNode(session, node);
  }
  return 0;
}

async function drainNode(session: Session, node: FoundObject): Promise<void> {
  const { flags, connection } = session;
  const name = objectName(node.object);
  const list = await connection.json("GET", "/api/v1/pods", {
    query: { fieldSelector: `spec.nodeName=${name}`, labelSelector: flags.text("pod-selector") },
  });
  const pods = objectsAt(list, "items");
  const owner = (pod: Json): string =>
    textAt(
      objectsAt(pod, "metadata", "ownerReferences").find((item) => item["controller"] === true),
      "kind",
    );
  const full = (pod: Json): string => `${textAt(pod, "metadata", "namespace")}/${objectName(pod)}`;
  const mirror = (pod: Json): boolean =>
    mapAt(pod, "metadata", "annotations").some(([key]) => key === "kubernetes.io/config.mirror");
  const ended = (pod: Json): boolean => ["Succeeded", "Failed"].includes(textAt(pod, "status", "phase"));
  const candidates = pods.filter((pod) => !mirror(pod));
  const daemons = candidates.filter((pod) => owner(pod) === "DaemonSet");
  const others = candidates.filter((pod) => owner(pod) !== "DaemonSet");
  const local = others.filter(
    (pod) => !ended(pod) && listAt(pod, "spec", "volumes").some((volume) => "emptyDir" in objectAt(volume)),
  );
  const naked = others.filter((pod) => owner(pod) === "" && !ended(pod));
  const problems: string[] = [];
  const say = (reason: string, affected: readonly Json[]): void => {
    if (affected.length > 0) problems.push(`${reason}: ${affected.map(full).join(", ")}`);
  };
  if (!flags.bool("ignore-daemonsets"))
    say("cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)", daemons);
  if (!flags.bool("delete-emptydir-data") && !flags.bool("delete-local-data")) {
    say("cannot delete Pods with local storage (use --delete-emptydir-data to override)", local);
  }
  if (!flags.bool("force")) {
    const reason =
      session.minor >= 27
        ? "cannot delete Pods that declare no controller (use --force to override)"
        : "cannot delete Pods declare no controller (use --force to override)";
    say(reason, naked);
  }
  if (problems.length > 0) {
    throw new CommandError(
      `error: unable to drain node ${JSON.stringify(name)} due to error: [${problems.join(", ")}], continuing command...\nThere are pending nodes to be drained:\n ${name}\n${problems.join("\n")}`
        .replace("due to error: [", `due to error:${session.minor >= 31 ? " " : ""}${problems.length > 1 ? "[" : ""}`)
        .replace("], continuing", problems.length > 1 ? "], continuing" : ", continuing"),
    );
  }
  const warnings = [
    ...(daemons.length > 0 ? [`ignoring DaemonSet-managed Pods: ${daemons.map(full).join(", ")}`] : []),
    ...(naked.length > 0 ? [`deleting Pods that declare no controller: ${naked.map(full).join(", ")}`] : []),
  ];
  if (warnings.length > 0) await session.err(`Warning: ${warnings.join("; ")}\n`);
  if (dryRun(session) === "client") {
    for (const pod of others) await session.out(`evicting pod ${full(pod)} (dry run)\n`);
    await session.out(`node/${name} drained (dry run)\n`);
    return;
  }
  const failed: unknown[] = [];
  const timeout = parseDuration(flags.text("timeout") ?? "0s") ?? 0;
  const podResource = await session.discovery.find("pods");
  for (const pod of others) {
    const namespace = textAt(pod, "metadata", "namespace");
    await session.out(`evicting pod ${full(pod)}\n`);
    const grace = flags.number("grace-period");
    try {
      await connection.json("POST", `/api/v1/namespaces/${namespace}/pods/${objectName(pod)}/eviction`, {
        body: {
          apiVersion: "policy/v1",
          kind: "Eviction",
          metadata: { name: objectName(pod), namespace },
          ...(grace !== undefined && grace >= 0 ? { deleteOptions: { gracePeriodSeconds: grace } } : {}),
        },
      });
    } catch (error) {
      if (!isApiError(error, "NotFound")) failed.push(error);
    }
  }
  if (failed.length > 0) throw new ManyErrors(failed);
  for (const pod of others) {
    if (!podResource) break;
    const uid = textAt(pod, "metadata", "uid");
    try {
      await follow(
        session,
        podResource,
        textAt(pod, "metadata", "namespace"),
        objectName(pod),
        async (current) => textAt(current, "metadata", "uid") !== uid,
        timeout,
      );
    } catch (error) {
      if (!(error instanceof TimedOut)) throw error;
      throw new CommandError(
        `error: unable to drain node ${JSON.stringify(name)} due to error:${session.minor >= 31 ? " " : ""}error when waiting for pod ${JSON.stringify(objectName(pod))} in namespace ${JSON.stringify(textAt(pod, "metadata", "namespace"))} to terminate: global timeout reached: ${session.flags.text("timeout") ?? ""}, continuing command...\nThere are pending nodes to be drained:\n ${name}\nerror when waiting for pod ${JSON.stringify(objectName(pod))} in namespace ${JSON.stringify(textAt(pod, "metadata", "namespace"))} to terminate: global timeout reached: ${session.flags.text("timeout") ?? ""}`,
      );
    }
    await session.out(`pod/${objectName(pod)} evicted\n`);
  }
  await session.out(`node/${name} drained\n`);
}
