import type { ControllerContext } from "./context.ts";
import { ignoreNotFound } from "./context.ts";
import { createPodControl } from "./pod-control.ts";
import { labelsMatch } from "./selectors.ts";
import { podTemplateHash } from "./template-hash.ts";
import { toleratesTaint } from "./tolerations.ts";
import type { DaemonSet, Node, Pod, PodTemplate, Toleration } from "./types.ts";
import { controllerOf, keyOf, podIsActive, podIsReady, podIsTerminal, sameJson, splitKey } from "./types.ts";
import { WorkQueue } from "./work-queue.ts";

const exists = (key: string, effect: string): Toleration => ({ effect, key, operator: "Exists" });

/** What every daemon pod tolerates, so that it runs where nothing else may. */
const tolerations: readonly Toleration[] = [
  exists("node.kubernetes.io/not-ready", "NoExecute"),
  exists("node.kubernetes.io/unreachable", "NoExecute"),
  exists("node.kubernetes.io/disk-pressure", "NoSchedule"),
  exists("node.kubernetes.io/memory-pressure", "NoSchedule"),
  exists("node.kubernetes.io/pid-pressure", "NoSchedule"),
  exists("node.kubernetes.io/unschedulable", "NoSchedule"),
];

const hashLabel = "controller-revision-hash";

/** One pod of every DaemonSet on every node that it may run on. Simplified: without ControllerRevision objects. */
export function startDaemonSetController(context: ControllerContext): void {
  const sets = context.informer<DaemonSet>("apps/v1", "daemonsets");
  const pods = context.informer<Pod>("v1", "pods");
  const nodes = context.informer<Node>("v1", "nodes");
  const recorder = context.recorder("daemonset-controller");
  const control = createPodControl(context, recorder, pods, "apps/v1", "DaemonSet");
  const queue = new WorkQueue({
    clock: context.clock,
    signal: context.signal,
    reconcile,
    onError: (key, error) => context.log(`daemonset ${key}: ${String(error)}`),
  });
  sets.onChange((set) => queue.add(keyOf(set)));
  nodes.onChange((node, before) => {
    const isSame = before && sameJson(before.spec, node.spec) && sameJson(before.metadata.labels, node.metadata.labels);
    if (!isSame) for (const set of sets.list()) queue.add(keyOf(set));
  });
  pods.onChange((pod) => {
    const owner = controllerOf(pod);
    if (owner?.kind === "DaemonSet") queue.add(`${pod.metadata.namespace ?? ""}/${owner.name}`);
  });

  async function reconcile(key: string): Promise<void> {
    const set = sets.get(key);
    if (!set || set.metadata.deletionTimestamp !== undefined) return;
    const hash = podTemplateHash(set.spec.template, undefined, context.version);
    const owned = pods.list(set.metadata.namespace).filter((pod) => controllerOf(pod)?.uid === set.metadata.uid);
    const eligible = nodes.list().filter((node) => mayRun(set, node));
    const jobs: Promise<unknown>[] = [];
    for (const node of eligible) {
      const here = owned.filter((pod) => targetOf(pod) === node.metadata.name);
      for (const pod of here) {
        const isOld = pod.metadata.labels?.[hashLabel] !== hash && set.spec.updateStrategy?.type !== "OnDelete";
        if (podIsActive(pod) && isOld) jobs.push(control.remove(set, pod));
        else if (podIsTerminal(pod)) jobs.push(control.remove(set, pod));
      }
      if (here.every((pod) => podIsTerminal(pod)) && here.length === 0) {
        jobs.push(control.create(set, templateFor(set, node, hash)));
      }
    }
    for (const pod of owned) {
      if (podIsActive(pod) && !eligible.some((node) => node.metadata.name === targetOf(pod))) {
        jobs.push(control.remove(set, pod));
      }
    }
    const results = await Promise.allSettled(jobs);
    const current = pods.list(set.metadata.namespace).filter((pod) => controllerOf(pod)?.uid === set.metadata.uid);
    const active = current.filter((pod) => podIsActive(pod));
    const ready = active.filter((pod) => podIsReady(pod)).length;
    const updated = active.filter((pod) => pod.metadata.labels?.[hashLabel] === hash).length;
    const desired = eligible.length;
    const status: Record<string, unknown> = {
      currentNumberScheduled: active.length,
      desiredNumberScheduled: desired,
      numberMisscheduled: 0,
      numberReady: ready,
      ...(ready > 0 ? { numberAvailable: ready } : {}),
      ...(desired > ready ? { numberUnavailable: desired - ready } : {}),
      ...(updated > 0 ? { updatedNumberScheduled: updated } : {}),
      ...(set.metadata.generation === undefined ? {} : { observedGeneration: set.metadata.generation }),
    };
    if (!sameJson(status, set.status)) {
      const { namespace, name } = splitKey(key);
      const location = { apiVersion: "apps/v1", resource: "daemonsets", namespace, name };
      await ignoreNotFound(
        context.client.updateStatus(location, { ...set, status }).then((written) => sets.learn(written)),
      );
    }
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  function mayRun(set: DaemonSet, node: Node): boolean {
    const { spec } = set.spec.template;
    if (spec.nodeSelector && !labelsMatch(spec.nodeSelector, node.metadata.labels)) return false;
    const all = [...(spec.tolerations ?? []), ...tolerations, exists("node.kubernetes.io/not-ready", "NoSchedule")];
    return (node.spec.taints ?? []).every(
      (taint) =>
        taint.effect === "PreferNoSchedule" ||
        taint.key === "node.kubernetes.io/unreachable" ||
        all.some((toleration) => toleratesTaint(toleration, taint)),
    );
  }

  function templateFor(set: DaemonSet, node: Node, hash: string): PodTemplate {
    const template = structuredClone(set.spec.template);
    template.metadata = { ...template.metadata, labels: { ...template.metadata?.labels, [hashLabel]: hash } };
    const extra = template.spec.hostNetwork
      ? [...tolerations, exists("node.kubernetes.io/network-unavailable", "NoSchedule")]
      : tolerations;
    const own = template.spec.tolerations ?? [];
    template.spec.tolerations = [...own, ...extra.filter((one) => !own.some((other) => sameJson(one, other)))];
    const term = { matchFields: [{ key: "metadata.name", operator: "In", values: [node.metadata.name] }] };
    template.spec.affinity = {
      ...template.spec.affinity,
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } },
    };
    return template;
  }

  const targetOf = (pod: Pod): string | undefined =>
    pod.spec.nodeName ??
    pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms[0]
      ?.matchFields?.[0]?.values?.[0];
}
