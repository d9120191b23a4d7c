import type { KubeObject, KubeReader } from "../domain/check.ts";
import type { CheckWords } from "./words/en.ts";

/** Follows a path through plain JSON. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>(
    (here, key) => (typeof here === "object" && here !== null ? Reflect.get(here, key) : undefined),
    value,
  );
}

export const textAt = (value: unknown, ...path: (string | number)[]): string => {
  const found = at(value, ...path);
  return typeof found === "string" ? found : typeof found === "number" ? String(found) : "";
};

export const numberAt = (value: unknown, ...path: (string | number)[]): number => {
  const found = at(value, ...path);
  return typeof found === "number" ? found : 0;
};

export const listAt = (value: unknown, ...path: (string | number)[]): unknown[] => {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
};

/** Why the pods with these labels do not run, read from their status and events; undefined when nothing tells. */
export async function diagnosePods(
  kube: KubeReader,
  namespace: string,
  labelSelector: string,
  words: CheckWords["pods"],
): Promise<{ cause: string; next: string } | undefined> {
  const pods = await kube.list("v1", "Pod", { namespace, labelSelector });
  if (pods.length === 0) {
    const events = await kube.list("v1", "Event", { namespace });
    const create = events.findLast((event) => event["reason"] === "FailedCreate");
    if (!create) return undefined;
    return { cause: textAt(create, "message"), next: "kubectl describe rs" };
  }
  const ill = pods.find((pod) => !isReady(pod)) ?? pods[0];
  if (!ill) return undefined;
  const name = ill.metadata.name;
  const condition = listAt(ill, "status", "conditions").find(
    (each) => textAt(each, "type") === "PodScheduled" && textAt(each, "status") === "False",
  );
  if (condition) return { cause: textAt(condition, "message"), next: "kubectl get nodes --show-labels" };
  for (const status of listAt(ill, "status", "containerStatuses")) {
    const reason = textAt(status, "state", "waiting", "reason") || textAt(status, "state", "terminated", "reason");
    if (reason === "" || reason === "ContainerCreating") continue;
    const message = textAt(status, "state", "waiting", "message");
    if (/CrashLoopBackOff|Error|Completed|RunContainerError/.test(reason) && !/Image/.test(reason)) {
      return { cause: words.endsAgain(reason), next: `kubectl logs ${name}` };
    }
    return { cause: `${reason}: ${message}`, next: `kubectl describe pod ${name}` };
  }
  const events = await kube.list("v1", "Event", { namespace });
  const warning = events.findLast(
    (event) => textAt(event, "involvedObject", "name") === name && event["type"] === "Warning",
  );
  if (warning) return { cause: textAt(warning, "message"), next: `kubectl describe pod ${name}` };
  return undefined;
}

function isReady(pod: KubeObject): boolean {
  return listAt(pod, "status", "conditions").some(
    (each) => textAt(each, "type") === "Ready" && textAt(each, "status") === "True",
  );
}
