import type { CheckKind, KubeObject } from "../domain/check.ts";
import { at, diagnosePods, listAt, numberAt, textAt } from "./diagnosis.ts";
import { failed, passed } from "./outcomes.ts";
import { labels, number, optional, paramsOf, pattern, text } from "./params.ts";
import { kubectl, quoted, typed } from "./wrong-answers.ts";
import type { CheckWords } from "./words/en.ts";
import { wordsFor } from "./words/words.ts";

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
  wrongAnswers({ name, namespace = "default", ready, image, annotations, runtimeClass }) {
    const on = `-n ${namespace} deployment/${name}`;
    const patch = (template: unknown): string =>
      `${kubectl} patch -n ${namespace} deployment ${name} -p ${quoted(JSON.stringify({ spec: { template } }))}`;
    const otherImage = image ? "deployment-image" : "deployment-not-ready";
    const answers = [
      typed("deleted", "deployment-missing", "master", `${kubectl} delete ${on}`),
      typed("no-such-image", otherImage, "master", `${kubectl} set image ${on} '*=registry.lab:5000/nobody:v0'`),
    ];
    if (ready !== undefined) {
      answers.push(typed("scaled", "deployment-replicas", "master", `${kubectl} scale ${on} --replicas=${ready + 1}`));
    }
    for (const key of Object.keys(annotations ?? {})) {
      const without = patch({ metadata: { annotations: { [key]: null } } });
      answers.push(typed("no-annotation", "deployment-annotation", "master", without));
    }
    if (runtimeClass !== undefined) {
      const without = patch({ spec: { runtimeClassName: null } });
      answers.push(typed("no-runtime-class", "deployment-runtime-class", "master", without));
    }
    return answers;
  },
  async run(params, context) {
    const { next } = params;
    const { deployment: words, pods: podWords } = wordsFor(context.language);
    const namespace = params.namespace ?? "default";
    const kube = await context.kube();
    const found = await kube.get("apps/v1", "Deployment", params.name, namespace);
    const name = words.name(params.name);
    if (!found) {
      const observed = words.missing(namespace, name);
      return failed("deployment-missing", { observed, expected: words.exists(name), cause: words.notApplied, next });
    }
    const template = templateFailure(params, found, name, words);
    if (template) return template;
    const wanted = numberAt(found, "spec", "replicas");
    const ready = numberAt(found, "status", "readyReplicas");
    const updated = numberAt(found, "status", "updatedReplicas");
    // Old and new pods together can be as many as wanted; the rollout is over when there are no others.
    const all = numberAt(found, "status", "replicas");
    const isSeen = numberAt(found, "status", "observedGeneration") >= numberAt(found, "metadata", "generation");
    if (params.ready !== undefined && wanted !== params.ready) {
      const observed = words.asksFor(name, wanted);
      const expected = words.replicas(params.ready);
      return failed("deployment-replicas", { observed, expected, cause: words.scaled, next });
    }
    const selector = Object.entries(at(found, "spec", "selector", "matchLabels") ?? {})
      .map(([key, value]) => `${key}=${String(value)}`)
      .join(",");
    const isDone = isSeen && [ready, updated, all].every((count) => count === params.ready);
    if (params.ready !== undefined && !isDone) {
      const observed = words.ready(name, ready, wanted, updated);
      const why = await diagnosePods(kube, namespace, selector, podWords);
      const cause = why?.cause ?? words.starting;
      const expected = words.allReady(params.ready);
      return failed("deployment-not-ready", { observed, expected, cause, next: why?.next ?? next });
    }
    if (params.node !== undefined) {
      const pods = await kube.list("v1", "Pod", { namespace, labelSelector: selector });
      const elsewhere = pods.find((pod) => textAt(pod, "spec", "nodeName") !== params.node);
      if (elsewhere) {
        const observed = words.runsOn(elsewhere.metadata.name, textAt(elsewhere, "spec", "nodeName"));
        const expected = words.allOn(params.node);
        return failed("deployment-elsewhere", { observed, expected, cause: words.nothingKeeps, next });
      }
    }
    return passed;
  },
};

function templateFailure(
  params: ReturnType<typeof parse>,
  found: KubeObject,
  name: string,
  words: CheckWords["deployment"],
) {
  const { next } = params;
  const images = listAt(found, "spec", "template", "spec", "containers").map((each) => textAt(each, "image"));
  if (params.image && !images.some((image) => params.image?.test(image))) {
    const observed = words.runs(name, images.join(", "));
    const expected = words.imageLike(params.image.source);
    return failed("deployment-image", { observed, expected, cause: words.otherImage, next });
  }
  for (const [key, value] of Object.entries(params.annotations ?? {})) {
    const has = textAt(found, "spec", "template", "metadata", "annotations", key);
    if (has === value) continue;
    const observed = has === "" ? words.noAnnotation(key) : words.hasAnnotation(key, has);
    const cause = words.annotationPlace;
    return failed("deployment-annotation", { observed, expected: `${key}: ${value}`, cause, next });
  }
  const runtimeClass = textAt(found, "spec", "template", "spec", "runtimeClassName");
  if (params.runtimeClass !== undefined && runtimeClass !== params.runtimeClass) {
    const observed = runtimeClass === "" ? words.noRuntimeClass : words.hasRuntimeClass(runtimeClass);
    const cause = words.runtimeClassPlace;
    return failed("deployment-runtime-class", { observed, expected: params.runtimeClass, cause, next });
  }
  return undefined;
}
