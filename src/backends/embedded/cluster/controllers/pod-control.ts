import type { ApiObject, Pod, PodTemplate } from "./types.ts";
import { ownerReference, randomSuffix } from "./types.ts";
import type { ControllerContext } from "./context.ts";
import { hasReason } from "./context.ts";
import type { EventRecorder } from "./events.ts";
import type { Informer } from "./informer.ts";

/** A pod from a template, owned and named as the API server would name it. */
function podFromTemplate(
  context: ControllerContext,
  owner: ApiObject,
  apiVersion: string,
  kind: string,
  template: PodTemplate,
  name?: string,
): Pod {
  const prefix = `${owner.metadata.name}-`;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: name ?? `${prefix}${randomSuffix(context.random)}`,
      ...(name === undefined ? { generateName: prefix } : {}),
      namespace: owner.metadata.namespace ?? "default",
      ...(template.metadata?.labels ? { labels: { ...template.metadata.labels } } : {}),
      ...(template.metadata?.annotations ? { annotations: { ...template.metadata.annotations } } : {}),
      ownerReferences: [ownerReference(owner, apiVersion, kind)],
    },
    spec: structuredClone(template.spec),
  };
}

export interface PodControl {
  /** Creates a pod and records it; rejects with what the API refused. */
  create(owner: ApiObject, template: PodTemplate, name?: string): Promise<Pod>;
  /** Deletes a pod once, however often it is asked. */
  remove(owner: ApiObject, pod: Pod): Promise<void>;
}

/** Creates and deletes pods for a controller, with the events that go with it. */
export function createPodControl(
  context: ControllerContext,
  recorder: EventRecorder,
  pods: Informer<Pod>,
  apiVersion: string,
  kind: string,
): PodControl {
  const removed = new Set<string>();
  const subject = (owner: ApiObject) => ({ object: owner, apiVersion, kind });
  return {
    async create(owner, template, name) {
      const pod = podFromTemplate(context, owner, apiVersion, kind, template, name);
      const namespace = owner.metadata.namespace ?? "default";
      try {
        const created = (await context.client.create({ apiVersion: "v1", resource: "pods", namespace }, pod)) as Pod;
        pods.learn(created);
        recorder.record(subject(owner), "Normal", "SuccessfulCreate", `Created pod: ${created.metadata.name}`);
        return created;
      } catch (error) {
        if (error instanceof Error && !hasReason(error, "AlreadyExists")) {
          const words = error.message.replaceAll(`"${pod.metadata.name}"`, `"${owner.metadata.name}-"`);
          recorder.record(subject(owner), "Warning", "FailedCreate", `Error creating: ${words}`);
        }
        throw error;
      }
    },
    async remove(owner, pod) {
      const uid = pod.metadata.uid ?? "";
      if (removed.has(uid)) return;
      removed.add(uid);
      try {
        await context.client.delete(
          {
            apiVersion: "v1",
            resource: "pods",
            namespace: pod.metadata.namespace ?? "default",
            name: pod.metadata.name,
          },
          uid === "" ? {} : { uid },
        );
        recorder.record(subject(owner), "Normal", "SuccessfulDelete", `Deleted pod: ${pod.metadata.name}`);
      } catch (error) {
        if (hasReason(error, "NotFound")) return;
        removed.delete(uid);
        throw error;
      }
    },
  };
}
