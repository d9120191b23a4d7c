import type { ControllerContext } from "./context.ts";
import { ignoreNotFound } from "./context.ts";
import { createPodControl } from "./pod-control.ts";
import { podTemplateHash } from "./template-hash.ts";
import type { Pod, StatefulSet } from "./types.ts";
import { controllerOf, keyOf, podIsReady, podIsTerminal, sameJson, splitKey } from "./types.ts";
import { WorkQueue } from "./work-queue.ts";

/** Keeps the ordered pods of StatefulSets. Simplified: without volume claims and partitioned updates. */
export function startStatefulSetController(context: ControllerContext): void {
  const sets = context.informer<StatefulSet>("apps/v1", "statefulsets");
  const pods = context.informer<Pod>("v1", "pods");
  const control = createPodControl(context, context.recorder("statefulset-controller"), pods, "apps/v1", "StatefulSet");
  const queue = new WorkQueue({
    clock: context.clock,
    signal: context.signal,
    reconcile,
    onError: (key, error) => context.log(`statefulset ${key}: ${String(error)}`),
  });
  sets.onChange((set) => queue.add(keyOf(set)));
  pods.onChange((pod) => {
    const owner = controllerOf(pod);
    if (owner?.kind === "StatefulSet") queue.add(`${pod.metadata.namespace ?? ""}/${owner.name}`);
  });

  async function reconcile(key: string): Promise<void> {
    const set = sets.get(key);
    if (!set || set.metadata.deletionTimestamp !== undefined) return;
    const wanted = set.spec.replicas ?? 1;
    const owned = pods.list(set.metadata.namespace).filter((pod) => controllerOf(pod)?.uid === set.metadata.uid);
    const revision = `${set.metadata.name}-${podTemplateHash(set.spec.template, undefined, context.version)}`;
    const ordinal = (pod: Pod): number => Number(pod.metadata.name.slice(set.metadata.name.length + 1));
    const surplus = owned.filter((pod) => ordinal(pod) >= wanted).sort((a, b) => ordinal(b) - ordinal(a));
    const [last] = surplus;
    if (last && last.metadata.deletionTimestamp === undefined) await control.remove(set, last);
    for (let index = 0; index < wanted; index += 1) {
      const pod = owned.find((other) => ordinal(other) === index);
      if (!pod) {
        const template = structuredClone(set.spec.template);
        const name = `${set.metadata.name}-${index}`;
        template.metadata = {
          ...template.metadata,
          labels: {
            ...template.metadata?.labels,
            "apps.kubernetes.io/pod-index": String(index),
            "controller-revision-hash": revision,
            "statefulset.kubernetes.io/pod-name": name,
          },
        };
        await control.create(set, template, name);
        break;
      }
      if (podIsTerminal(pod)) {
        await control.remove(set, pod);
        break;
      }
      if (!podIsReady(pod) || pod.metadata.deletionTimestamp !== undefined) break;
      if (pod.metadata.labels?.["controller-revision-hash"] !== revision) {
        await control.remove(set, pod);
        break;
      }
    }
    const ready = owned.filter((pod) => podIsReady(pod)).length;
    const status: Record<string, unknown> = {
      ...(ready > 0 ? { availableReplicas: ready, readyReplicas: ready } : { availableReplicas: 0 }),
      collisionCount: 0,
      currentReplicas: owned.length,
      currentRevision: revision,
      ...(set.metadata.generation === undefined ? {} : { observedGeneration: set.metadata.generation }),
      replicas: owned.length,
      updateRevision: revision,
      updatedReplicas: owned.length,
    };
    if (sameJson(status, set.status)) return;
    const { namespace, name } = splitKey(key);
    const location = { apiVersion: "apps/v1", resource: "statefulsets", namespace, name };
    await ignoreNotFound(
      context.client.updateStatus(location, { ...set, status }).then((updated) => sets.learn(updated)),
    );
  }
}
