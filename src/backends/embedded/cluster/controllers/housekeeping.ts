import type { ControllerContext } from "./context.ts";
import { hasReason, ignoreNotFound } from "./context.ts";
import type { Node, Pod } from "./types.ts";
import { keyOf, microTimestamp, splitKey } from "./types.ts";
import { WorkQueue } from "./work-queue.ts";

const ttlAnnotation = "node.alpha.kubernetes.io/ttl";

/** Small duties: the TTL annotation of nodes, and pods whose node is gone. */
export function startHousekeeping(context: ControllerContext): void {
  const nodes = context.informer<Node>("v1", "nodes");
  const pods = context.informer<Pod>("v1", "pods");
  const queue = new WorkQueue({ clock: context.clock, signal: context.signal, reconcile });
  nodes.onChange((node, _before, deleted) => {
    if (!deleted && node.metadata.annotations?.[ttlAnnotation] === undefined) queue.add(`node ${node.metadata.name}`);
    if (!deleted) return;
    for (const pod of pods.list()) if (pod.spec.nodeName === node.metadata.name) queue.add(`pod ${keyOf(pod)}`);
  });
  pods.onChange((pod, before, deleted) => {
    if (!deleted && pod.spec.nodeName && (!before || pod.metadata.deletionTimestamp))
      queue.addAfter(`pod ${keyOf(pod)}`, 40);
  });

  async function reconcile(key: string): Promise<void> {
    const [kind = "", rest = ""] = key.split(" ");
    if (kind === "node") {
      const location = { apiVersion: "v1", resource: "nodes", namespace: "", name: rest };
      await ignoreNotFound(context.client.patch(location, { metadata: { annotations: { [ttlAnnotation]: "0" } } }));
      return;
    }
    const pod = pods.get(rest);
    const node = pod?.spec.nodeName;
    if (!pod || node === undefined || nodes.get(node)) return;
    if (pod.metadata.deletionTimestamp === undefined) {
      const isNew = context.clock.now() - Date.parse(pod.metadata.creationTimestamp ?? "") < 40_000;
      if (isNew) return queue.addAfter(key, 40_000);
    }
    const { namespace, name } = splitKey(rest);
    const location = { apiVersion: "v1", resource: "pods", namespace, name };
    await ignoreNotFound(context.client.delete(location, { gracePeriodSeconds: 0 }));
  }
}

/** Takes the lock of a component. Simplified: it is taken once and not renewed, for there is only one of each. */
export async function takeLease(context: ControllerContext, name: string): Promise<void> {
  const location = { apiVersion: "coordination.k8s.io/v1", resource: "leases", namespace: "kube-system" };
  const now = microTimestamp(context.clock.now());
  const id = Buffer.from(context.random.bytes(16)).toString("hex");
  const uuid = id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  const holderIdentity = `${context.hostname}_${uuid}`;
  try {
    await context.client.create(location, {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name, namespace: "kube-system" },
      spec: { holderIdentity, leaseDurationSeconds: 15, acquireTime: now, renewTime: now, leaseTransitions: 0 },
    });
  } catch (error) {
    if (!hasReason(error, "AlreadyExists")) throw error;
    await context.client.patch({ ...location, name }, { spec: { holderIdentity, renewTime: now } });
  }
}
