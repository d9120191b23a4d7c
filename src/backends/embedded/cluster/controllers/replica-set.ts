import type { ControllerContext } from "./context.ts";
import { hasReason } from "./context.ts";
import { createPodControl } from "./pod-control.ts";
import { selectorMatches } from "./selectors.ts";
import type { Condition, Pod, ReplicaSet } from "./types.ts";
import {
  controllerOf,
  keyOf,
  ownerReference,
  podIsActive,
  podIsReady,
  podIsTerminal,
  sameJson,
  splitKey,
  timestamp,
} from "./types.ts";
import { WorkQueue } from "./work-queue.ts";

/** Keeps as many pods as each ReplicaSet asks for. */
export function startReplicaSetController(context: ControllerContext): void {
  const sets = context.informer<ReplicaSet>("apps/v1", "replicasets");
  const pods = context.informer<Pod>("v1", "pods");
  const recorder = context.recorder("replicaset-controller");
  const control = createPodControl(context, recorder, pods, "apps/v1", "ReplicaSet");
  const queue = new WorkQueue({
    clock: context.clock,
    signal: context.signal,
    reconcile,
    onError: (key, error) => context.log(`replicaset ${key}: ${String(error)}`),
  });

  sets.onChange((set) => queue.add(keyOf(set)));
  pods.onChange((pod) => {
    const owner = controllerOf(pod);
    if (owner?.kind === "ReplicaSet") queue.add(`${pod.metadata.namespace ?? ""}/${owner.name}`);
    else if (!owner) {
      for (const set of sets.list(pod.metadata.namespace)) {
        if (selectorMatches(set.spec.selector, pod.metadata.labels)) queue.add(keyOf(set));
      }
    }
  });

  async function reconcile(key: string): Promise<void> {
    const set = sets.get(key);
    if (!set) return;
    const { namespace, name } = splitKey(key);
    const owned = await claimPods(set);
    const active = owned.filter((pod) => podIsActive(pod));
    const wanted = set.spec.replicas ?? 1;
    let failure: unknown;
    if (set.metadata.deletionTimestamp === undefined) {
      try {
        await scale(set, active, wanted);
      } catch (error) {
        failure = error;
      }
    }
    const current = pods.list(namespace).filter((pod) => isOwned(pod, set) && podIsActive(pod));
    const labels = set.spec.template.metadata?.labels ?? {};
    const minReadyMs = (set.spec.minReadySeconds ?? 0) * 1_000;
    const now = context.clock.now();
    const ready = current.filter((pod) => podIsReady(pod));
    const available = ready.filter((pod) => minReadyMs === 0 || now - readySince(pod) >= minReadyMs);
    if (available.length < ready.length) queue.addAfter(key, minReadyMs);
    const conditions = (set.status?.conditions ?? []).filter((condition) => condition.type !== "ReplicaFailure");
    if (failure instanceof Error) conditions.push(failureCondition(set, failure, now));
    const fully = current.filter((pod) => Object.entries(labels).every(([k, v]) => pod.metadata.labels?.[k] === v));
    const status: NonNullable<ReplicaSet["status"]> = {
      replicas: current.length,
      ...(fully.length > 0 ? { fullyLabeledReplicas: fully.length } : {}),
      ...(ready.length > 0 ? { readyReplicas: ready.length } : {}),
      ...(available.length > 0 ? { availableReplicas: available.length } : {}),
      ...(set.metadata.generation === undefined ? {} : { observedGeneration: set.metadata.generation }),
      ...(conditions.length > 0 ? { conditions } : {}),
    };
    if (!sameJson(status, set.status)) {
      try {
        const updated = await context.client.updateStatus(
          { apiVersion: "apps/v1", resource: "replicasets", namespace, name },
          { ...set, status },
        );
        sets.learn(updated);
      } catch (error) {
        if (hasReason(error, "NotFound")) return;
        throw error;
      }
    }
    if (failure !== undefined && !hasReason(failure, "NotFound")) throw failure;
  }

  const isOwned = (pod: Pod, set: ReplicaSet): boolean => controllerOf(pod)?.uid === set.metadata.uid;

  /** Orphans that match the selector are adopted; owned ones that no longer match are released. */
  async function claimPods(set: ReplicaSet): Promise<Pod[]> {
    const claimed: Pod[] = [];
    for (const pod of pods.list(set.metadata.namespace)) {
      const matches = selectorMatches(set.spec.selector, pod.metadata.labels);
      const owner = controllerOf(pod);
      const podKey = {
        apiVersion: "v1",
        resource: "pods",
        namespace: pod.metadata.namespace ?? "",
        name: pod.metadata.name,
      };
      if (owner?.uid === set.metadata.uid) {
        if (matches) claimed.push(pod);
        else if (pod.metadata.deletionTimestamp === undefined) {
          pods.learn(await context.client.patch(podKey, { metadata: { ownerReferences: null } }));
        }
      } else if (!owner && matches && podIsActive(pod) && set.metadata.deletionTimestamp === undefined) {
        const reference = ownerReference(set, "apps/v1", "ReplicaSet");
        const adopted = await context.client.patch(podKey, { metadata: { ownerReferences: [reference] } });
        pods.learn(adopted);
        claimed.push(adopted as Pod);
      }
    }
    return claimed.filter((pod) => !podIsTerminal(pod) || pod.metadata.deletionTimestamp !== undefined);
  }

  async function scale(set: ReplicaSet, active: Pod[], wanted: number): Promise<void> {
    if (active.length < wanted) {
      // Slow start, as the original: one pod first, then twice as many, so that a refusal is met once and not N times.
      let missing = Math.min(wanted - active.length, 500);
      for (let batch = 1; missing > 0; batch *= 2) {
        const count = Math.min(batch, missing);
        const results = await Promise.allSettled(
          Array.from({ length: count }, () => control.create(set, set.spec.template)),
        );
        for (const result of results) if (result.status === "rejected") throw result.reason;
        missing -= count;
      }
    } else if (active.length > wanted) {
      const victims = [...active].sort(byDeletionCost).slice(0, active.length - wanted);
      await Promise.all(victims.map((pod) => control.remove(set, pod)));
    }
  }

  function failureCondition(set: ReplicaSet, failure: Error, now: number): Condition {
    const before = set.status?.conditions?.find((condition) => condition.type === "ReplicaFailure");
    const message = failure.message.replace(/^pods "[^"]*"/, `pods "${set.metadata.name}-"`);
    return {
      type: "ReplicaFailure",
      status: "True",
      lastTransitionTime: before?.lastTransitionTime ?? timestamp(now),
      reason: "FailedCreate",
      message,
    };
  }
}

const readySince = (pod: Pod): number =>
  Date.parse(pod.status?.conditions?.find((condition) => condition.type === "Ready")?.lastTransitionTime ?? "") || 0;

/** Unassigned before assigned, pending before running, not ready before ready, younger before older. */
function byDeletionCost(left: Pod, right: Pod): number {
  const rank = (pod: Pod): number[] => [
    pod.spec.nodeName ? 1 : 0,
    pod.status?.phase === "Running" ? 1 : 0,
    podIsReady(pod) ? 1 : 0,
    -Math.max(...(pod.status?.containerStatuses ?? []).map((status) => status.restartCount), 0),
    -Date.parse(pod.metadata.creationTimestamp ?? "") || 0,
  ];
  const a = rank(left);
  const b = rank(right);
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.metadata.name < right.metadata.name ? -1 : 1;
}
