import type { ControllerContext } from "./context.ts";
import { ignoreNotFound } from "./context.ts";
import { toleratesTaint } from "./tolerations.ts";
import type { Lease, Node, Pod, Taint } from "./types.ts";
import { keyOf, podIsTerminal, sameJson, timestamp } from "./types.ts";
import { WorkQueue } from "./work-queue.ts";

const notReady = "node.kubernetes.io/not-ready";
const unreachable = "node.kubernetes.io/unreachable";
const unschedulable = "node.kubernetes.io/unschedulable";
const own = new Set([notReady, unreachable, unschedulable]);

/** Watches over nodes: notices silent ones, taints those that are not ready, and evicts their pods. */
export function startNodeLifecycleController(context: ControllerContext): void {
  const nodes = context.informer<Node>("v1", "nodes");
  const leases = context.informer<Lease>("coordination.k8s.io/v1", "leases", "kube-node-lease");
  const pods = context.informer<Pod>("v1", "pods");
  const recorder = context.recorder("node-controller");
  const { clock, pacing } = context;
  /** When a node was last heard of, on the clock that stands still while the lab is off. */
  const heard = new Map<string, number>();
  const registered = new Set<string>();
  let isFirstList = true;
  void nodes.synced().then(() => (isFirstList = false));
  /** Nodes whose pods were marked when they stopped being ready. */
  const marked = new Set<string>();
  /** Nodes that were silent for too long when last looked at. */
  const suspects = new Set<string>();
  /** When eviction of a pod is due. */
  const evictions = new Map<string, { since: number; taint: string }>();
  const queue = new WorkQueue({
    clock,
    signal: context.signal,
    reconcile,
    onError: (key, error) => context.log(`node ${key}: ${String(error)}`),
  });
  const podQueue = new WorkQueue({ clock, signal: context.signal, reconcile: evictIfDue });

  nodes.onChange((node, _before, deleted) => {
    const { name } = node.metadata;
    if (deleted) {
      heard.delete(name);
      registered.delete(node.metadata.uid ?? name);
      return;
    }
    if (!registered.has(node.metadata.uid ?? name)) {
      registered.add(node.metadata.uid ?? name);
      heard.set(name, clock.monotonic());
      const isNew = clock.now() - Date.parse(node.metadata.creationTimestamp ?? "") < 60_000;
      if (isNew && !(context.resumed && isFirstList))
        event(node, "RegisteredNode", `Node ${name} event: Registered Node ${name} in Controller`);
    }
    queue.add(name);
    for (const pod of pods.list()) if (pod.spec.nodeName === name) podQueue.add(keyOf(pod));
  });
  leases.onChange((lease, before) => {
    if (lease.spec.renewTime === before?.spec.renewTime) return;
    heard.set(lease.metadata.name, clock.monotonic());
    const node = nodes.get(lease.metadata.name);
    if (node && readyStatus(node) === "Unknown") queue.add(lease.metadata.name);
    else queue.addAfter(lease.metadata.name, pacing.duration("nodeMonitorGrace") + 5);
  });
  pods.onChange((pod, before, deleted) => {
    if (deleted) evictions.delete(keyOf(pod));
    else if (pod.spec.nodeName !== before?.spec.nodeName) podQueue.add(keyOf(pod));
  });

  async function reconcile(name: string): Promise<void> {
    const node = nodes.get(name);
    if (!node) return;
    const grace = pacing.duration("nodeMonitorGrace");
    const silent = clock.monotonic() - (heard.get(name) ?? clock.monotonic());
    if (silent < grace) queue.addAfter(name, grace - silent + 5);
    // Asked twice: when this whole process was held up, the kubelet's renewal is only waiting for its turn.
    const isSilent = silent >= grace;
    const isLost = isSilent && (suspects.has(name) || readyStatus(node) === "Unknown");
    if (isSilent && !isLost) {
      suspects.add(name);
      queue.addAfter(name, pacing.duration("nodeLease"));
      return;
    }
    if (!isSilent) suspects.delete(name);
    const before = readyStatus(node);
    let current = node;
    if (isLost && before !== "Unknown") current = await markUnknown(node);
    const status = isLost ? "Unknown" : readyStatus(current);
    if (status !== "True" && !isLost && before === "Unknown") {
      // The kubelet is back and will say how it is; until then nothing changes.
      return;
    }
    await writeTaints(current, status);
    // Once per change: a kubelet that still works will say better.
    if (status === "True") marked.delete(name);
    else if (!marked.has(name)) {
      marked.add(name);
      await markPodsNotReady(current);
    }
  }

  async function markUnknown(node: Node): Promise<Node> {
    const { name } = node.metadata;
    const at = timestamp(clock.now());
    const conditions = (node.status?.conditions ?? []).map((condition) =>
      ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"].includes(condition.type)
        ? {
            ...condition,
            status: "Unknown",
            reason: "NodeStatusUnknown",
            message: "Kubelet stopped posting node status.",
            lastTransitionTime: at,
          }
        : condition,
    );
    const key = { apiVersion: "v1", resource: "nodes", namespace: "", name };
    const updated = (await context.client.patch(key, { status: { conditions } }, "status")) as Node;
    nodes.learn(updated);
    event(node, "NodeNotReady", `Node ${name} status is now: NodeNotReady`);
    return updated;
  }

  async function writeTaints(node: Node, status: string): Promise<void> {
    const old = node.spec.taints ?? [];
    const kept = old.filter((taint) => !own.has(taint.key));
    const wanted: Taint[] = [];
    const at = timestamp(clock.now());
    const add = (key: string, effect: string): void => {
      const known = old.find((taint) => taint.key === key && taint.effect === effect);
      wanted.push(known ?? { effect, key, timeAdded: at });
    };
    // When no node at all is ready, the fault is more likely here than there: nothing is evicted.
    const isPartial = nodes
      .list()
      .some((other) => other.metadata.name !== node.metadata.name && readyStatus(other) === "True");
    if (node.spec.unschedulable === true) add(unschedulable, "NoSchedule");
    if (status !== "True") {
      const key = status === "Unknown" ? unreachable : notReady;
      add(key, "NoSchedule");
      if (isPartial) add(key, "NoExecute");
    }
    const taints = [...kept, ...wanted];
    if (sameJson(taints, old)) return;
    const key = { apiVersion: "v1", resource: "nodes", namespace: "", name: node.metadata.name };
    nodes.learn(await context.client.patch(key, { spec: { taints: taints.length > 0 ? taints : null } }));
    if (isPartial) for (const other of nodes.list()) if (other !== node) queue.add(other.metadata.name);
  }

  async function markPodsNotReady(node: Node): Promise<void> {
    for (const pod of pods.list()) {
      if (pod.spec.nodeName !== node.metadata.name || podIsTerminal(pod)) continue;
      const ready = pod.status?.conditions?.find((condition) => condition.type === "Ready");
      if (ready?.status !== "True" || readyStatus(node) === "True") continue;
      const at = timestamp(clock.now());
      const conditions = (pod.status?.conditions ?? []).map((condition) =>
        condition === ready ? { ...condition, status: "False", lastTransitionTime: at } : condition,
      );
      const key = {
        apiVersion: "v1",
        resource: "pods",
        namespace: pod.metadata.namespace ?? "",
        name: pod.metadata.name,
      };
      await ignoreNotFound(
        context.client.patch(key, { status: { conditions } }, "status").then((updated) => pods.learn(updated)),
      );
      recorder.record({ object: pod, apiVersion: "v1", kind: "Pod" }, "Warning", "NodeNotReady", "Node is not ready");
    }
  }

  /** The taint manager: pods leave a node with a NoExecute taint when they no longer tolerate it. */
  async function evictIfDue(key: string): Promise<void> {
    const pod = pods.get(key);
    const node = pod?.spec.nodeName === undefined ? undefined : nodes.get(pod.spec.nodeName);
    if (!pod || !node || pod.metadata.deletionTimestamp !== undefined) return void evictions.delete(key);
    const taints = (node.spec.taints ?? []).filter((taint) => taint.effect === "NoExecute");
    const subject = { object: pod, apiVersion: "v1", kind: "Pod" };
    if (taints.length === 0) {
      if (evictions.delete(key)) {
        recorder.record(subject, "Normal", "TaintManagerEviction", `Cancelling deletion of Pod ${key}`);
      }
      return;
    }
    let dueInMs = Number.POSITIVE_INFINITY;
    for (const taint of taints) {
      const matching = (pod.spec.tolerations ?? []).filter((toleration) => toleratesTaint(toleration, taint));
      if (matching.length === 0) dueInMs = 0;
      else {
        const limits = matching
          .map((toleration) => toleration.tolerationSeconds)
          .filter((limit) => limit !== undefined);
        // Simplified: at a quick pace a toleration's seconds pass as fast as the default 300 s do.
        if (limits.length === matching.length) {
          dueInMs = Math.min(dueInMs, (Math.min(...limits) * pacing.duration("podEviction")) / 300);
        }
      }
    }
    if (dueInMs === Number.POSITIVE_INFINITY) return;
    const taint = taints[0]?.key ?? "";
    const known = evictions.get(key);
    const since = known?.taint === taint ? known.since : clock.monotonic();
    evictions.set(key, { since, taint });
    const left = since + dueInMs - clock.monotonic();
    if (left > 0) return podQueue.addAfter(key, left + 5);
    recorder.record(subject, "Normal", "TaintManagerEviction", `Marking for deletion Pod ${key}`);
    const location = {
      apiVersion: "v1",
      resource: "pods",
      namespace: pod.metadata.namespace ?? "",
      name: pod.metadata.name,
    };
    await ignoreNotFound(context.client.delete(location));
  }

  function event(node: Node, reason: string, message: string): void {
    recorder.record({ object: node, apiVersion: "v1", kind: "Node" }, "Normal", reason, message);
  }
}

const readyStatus = (node: Node): string =>
  node.status?.conditions?.find((condition) => condition.type === "Ready")?.status ?? "Unknown";
