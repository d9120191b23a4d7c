import type { CheckKind, KubeObject } from "../domain/check.ts";
import { at, diagnosePods, listAt, numberAt, textAt } from "./diagnosis.ts";
import { failed, passed } from "./outcomes.ts";
import { labels, number, optional, paramsOf, pattern, text } from "./params.ts";

const parse = paramsOf({
  name: text,
  namespace: optional(text),
  /** Ready replicas wanted; all must be up to date. */
  ready: optional(number),
  /** Must match the image of a container. */
  image: optional(pattern),
  /** Annotations of the pod template. */
  annotations: optional(labels),
  /** spec.template.spec.runtimeClassName. */
  runtimeClass: optional(text),
  /** The node every pod must run on. */
  node: optional(text),
  next: text,
});

/** A Deployment: its pod template, its ready replicas and where its pods run, as `kubectl get deployment` shows it. */
export const deployment: CheckKind<ReturnType<typeof parse>> = {
  kind: "deployment",
  failures: [
    "deployment-missing",
    "deployment-image",
    "deployment-annotation",
    "deployment-runtime-class",
    "deployment-replicas",
    "deployment-not-ready",
    "deployment-elsewhere",
  ],
  parse,
  async run(params, context) {
    const { next } = params;
    const namespace = params.namespace ?? "default";
    const kube = await context.kube();
    const found = await kube.get("apps/v1", "Deployment", params.name, namespace);
    const name = `deployment ${params.name}`;
    if (!found) {
      const observed = `namespace ${namespace} has no ${name}`;
      const cause = "The manifest was not applied, or names it differently.";
      return failed("deployment-missing", { observed, expected: `${name} exists`, cause, next });
    }
    const template = templateFailure(params, found, name, next);
    if (template) return template;
    const wanted = numberAt(found, "spec", "replicas");
    const ready = numberAt(found, "status", "readyReplicas");
    const updated = numberAt(found, "status", "updatedReplicas");
    // Old and new pods together can be as many as wanted; the rollout is over when there are no others.
    const all = numberAt(found, "status", "replicas");
    const isSeen = numberAt(found, "status", "observedGeneration") >= numberAt(found, "metadata", "generation");
    if (params.ready !== undefined && wanted !== params.ready) {
      const observed = `${name} asks for ${wanted} replicas`;
      const cause = "It was scaled, or the manifest has another number.";
      return failed("deployment-replicas", { observed, expected: `${params.ready} replicas`, cause, next });
    }
    const selector = Object.entries(at(found, "spec", "selector", "matchLabels") ?? {})
      .map(([key, value]) => `${key}=${String(value)}`)
      .join(",");
    const isDone = isSeen && [ready, updated, all].every((count) => count === params.ready);
    if (params.ready !== undefined && !isDone) {
      const observed = `${name} has ${ready}/${wanted} replicas ready, ${updated} up to date`;
      const why = await diagnosePods(kube, namespace, selector);
      const cause = why?.cause ?? "The pods are still starting.";
      const expected = `${params.ready}/${params.ready} ready`;
      return failed("deployment-not-ready", { observed, expected, cause, next: why?.next ?? next });
    }
    if (params.node !== undefined) {
      const pods = await kube.list("v1", "Pod", { namespace, labelSelector: selector });
      const elsewhere = pods.find((pod) => textAt(pod, "spec", "nodeName") !== params.node);
      if (elsewhere) {
        const observed = `pod ${elsewhere.metadata.name} runs on ${textAt(elsewhere, "spec", "nodeName") || "no node"}`;
        const cause = "Nothing keeps the pods on that node.";
        return failed("deployment-elsewhere", { observed, expected: `all pods on ${params.node}`, cause, next });
      }
    }
    return passed;
  },
};

function templateFailure(params: ReturnType<typeof parse>, found: KubeObject, name: string, next: string) {
  const images = listAt(found, "spec", "template", "spec", "containers").map((each) => textAt(each, "image"));
  if (params.image && !images.some((image) => params.image?.test(image))) {
    const expected = `an image like /${params.image.source}/`;
    const cause = "The manifest names another image.";
    return failed("deployment-image", { observed: `${name} runs ${images.join(", ")}`, expected, cause, next });
  }
  for (const [key, value] of Object.entries(params.annotations ?? {})) {
    const has = textAt(found, "spec", "template", "metadata", "annotations", key);
    if (has === value) continue;
    const observed = has === "" ? `its pods have no annotation ${key}` : `its pods have ${key}: ${has}`;
    const cause = "The annotation belongs to the pod template, below spec.template.metadata.";
    return failed("deployment-annotation", { observed, expected: `${key}: ${value}`, cause, next });
  }
  const runtimeClass = textAt(found, "spec", "template", "spec", "runtimeClassName");
  if (params.runtimeClass !== undefined && runtimeClass !== params.runtimeClass) {
    const observed =
      runtimeClass === "" ? "its pods name no RuntimeClass" : `its pods name RuntimeClass ${runtimeClass}`;
    const cause = "runtimeClassName belongs below spec.template.spec.";
    return failed("deployment-runtime-class", { observed, expected: params.runtimeClass, cause, next });
  }
  return undefined;
}
