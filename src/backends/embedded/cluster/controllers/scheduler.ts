import type { ControllerContext } from "./context.ts";
import { hasReason } from "./context.ts";
import { EventRecorder } from "./events.ts";
import { failureMessage, findNodes } from "./scheduling.ts";
import type { Condition, Node, Pod } from "./types.ts";
import { keyOf, podIsTerminal, sameJson, splitKey, timestamp } from "./types.ts";
import { WorkQueue } from "./work-queue.ts";

/** Gives pods their nodes. `version` is the scheduler's own, for its words differ. */
export function startScheduler(context: ControllerContext, version: string): void {
  const pods = context.informer<Pod>("v1", "pods");
  const nodes = context.informer<Node>("v1", "nodes");
  const recorder = new EventRecorder(context.client, context.clock, {
    component: "default-scheduler",
    host: context.hostname,
  });
  /** Pods that found no node, and what they were told. */
  const unschedulable = new Map<string, string>();
  /** Bindings that the cache does not show yet. */
  const assumed = new Map<string, string>();
  const queue = new WorkQueue({
    clock: context.clock,
    signal: context.signal,
    // One pod at a time: each sees where the one before went.
    parallel: 1,
    reconcile: schedule,
    onError: (key, error) => context.log(`schedule ${key}: ${String(error)}`),
  });

  const wakeAll = (): void => {
    for (const key of unschedulable.keys()) queue.add(key);
  };
  pods.onChange((pod, before, deleted) => {
    const key = keyOf(pod);
    if (deleted || podIsTerminal(pod)) {
      unschedulable.delete(key);
      assumed.delete(key);
      wakeAll();
      return;
    }
    if (pod.spec.nodeName) {
      assumed.delete(key);
      unschedulable.delete(key);
      return;
    }
    if (pod.metadata.deletionTimestamp !== undefined) {
      // What waits for a node is looked at once more when it changes, and found to be going.
      if (before && before.metadata.deletionTimestamp === undefined && unschedulable.has(key)) {
        const words = `skip schedule deleting pod: ${key}`;
        const subject = { object: pod, apiVersion: "v1", kind: "Pod" };
        recorder.recordSeries(subject, "Warning", "FailedScheduling", "Scheduling", words);
      }
      return;
    }
    const isUpdate = before && sameJson(before.spec, pod.spec) && sameJson(before.metadata.labels, pod.metadata.labels);
    if (!isUpdate && isOurs(pod)) queue.add(key);
  });
  nodes.onChange((node, before, deleted) => {
    const isSame =
      before &&
      !deleted &&
      sameJson(before.spec, node.spec) &&
      sameJson(before.metadata.labels, node.metadata.labels) &&
      sameJson(before.status?.allocatable, node.status?.allocatable);
    if (!isSame) wakeAll();
  });

  const isOurs = (pod: Pod): boolean =>
    (pod.spec.schedulerName ?? "default-scheduler") === "default-scheduler" &&
    !pod.spec.nodeName &&
    pod.metadata.deletionTimestamp === undefined;

  async function schedule(key: string): Promise<void> {
    const pod = pods.get(key);
    if (!pod || !isOurs(pod) || assumed.has(key)) return;
    if ((pod.spec.schedulingGates?.length ?? 0) > 0) return;
    const placed = pods.list().filter((other) => !podIsTerminal(other));
    const located = placed.map((other) => {
      const node = other.spec.nodeName ?? assumed.get(keyOf(other));
      return node === undefined ? other : { ...other, spec: { ...other.spec, nodeName: node } };
    });
    const result = findNodes(pod, nodes.list(), located);
    const best = result.best;
    const subject = { object: pod, apiVersion: "v1", kind: "Pod" };
    if (best === undefined) {
      const message = failureMessage(result, version);
      const isNews = unschedulable.get(key) !== message;
      unschedulable.set(key, message);
      if (isNews) recorder.recordSeries(subject, "Warning", "FailedScheduling", "Scheduling", message);
      await writeCondition(pod, message);
      return;
    }
    assumed.set(key, best);
    const { namespace, name } = splitKey(key);
    try {
      await context.client.create(
        { apiVersion: "v1", resource: "pods/binding", namespace },
        {
          apiVersion: "v1",
          kind: "Binding",
          metadata: { name, namespace, ...(pod.metadata.uid === undefined ? {} : { uid: pod.metadata.uid }) },
          target: { apiVersion: "v1", kind: "Node", name: best },
        },
      );
    } catch (error) {
      assumed.delete(key);
      if (hasReason(error, "NotFound") || hasReason(error, "Conflict")) return;
      throw error;
    }
    unschedulable.delete(key);
    recorder.recordSeries(subject, "Normal", "Scheduled", "Binding", `Successfully assigned ${key} to ${best}`);
  }

  async function writeCondition(pod: Pod, message: string): Promise<void> {
    const old = pod.status?.conditions?.find((condition) => condition.type === "PodScheduled");
    const condition: Condition = {
      lastProbeTime: null,
      lastTransitionTime: old?.status === "False" ? (old.lastTransitionTime ?? null) : timestamp(context.clock.now()),
      message,
      reason: "Unschedulable",
      status: "False",
      type: "PodScheduled",
    };
    if (sameJson(old, condition)) return;
    const rest = (pod.status?.conditions ?? []).filter((other) => other !== old);
    const { namespace, name } = splitKey(keyOf(pod));
    const location = { apiVersion: "v1", resource: "pods", namespace, name };
    try {
      pods.learn(await context.client.patch(location, { status: { conditions: [...rest, condition] } }, "status"));
    } catch (error) {
      if (!hasReason(error, "NotFound")) throw error;
    }
  }
}
