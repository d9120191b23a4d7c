import type { CheckKind } from "../domain/check.ts";
import { at, listAt, numberAt, textAt } from "./diagnosis.ts";
import { failed, passed } from "./outcomes.ts";
import { number, optional, paramsOf, text } from "./params.ts";
import { kubectl, quoted, typed } from "./wrong-answers.ts";
import { wordsFor } from "./words/words.ts";

const parse = paramsOf({
  name: text,
  namespace: optional(text),
  type: optional(text),
  nodePort: optional(number),
  targetPort: optional(number),
  /** Ready endpoints wanted. */
  endpoints: optional(number),
  next: text,
});

/** A Service: its type, its ports, and how many ready pods stand behind it. */
export const service: CheckKind<ReturnType<typeof parse>> = {
  kind: "service",
  failures: ["service-missing", "service-type", "service-node-port", "service-target-port", "service-endpoints"],
  parse,
  wrongAnswers({ name, namespace = "default", type, nodePort, targetPort, endpoints }) {
    const patch = (spec: unknown): string =>
      `${kubectl} patch -n ${namespace} service ${name} -p ${quoted(JSON.stringify({ spec }))}`;
    const first = (change: unknown): string =>
      `${kubectl} patch -n ${namespace} service ${name} --type=json -p ${quoted(JSON.stringify([change]))}`;
    const answers = [
      typed("deleted", "service-missing", "master", `${kubectl} delete -n ${namespace} service ${name}`),
    ];
    if (type !== undefined && type !== "ClusterIP") {
      answers.push(typed("cluster-only", "service-type", "master", patch({ type: "ClusterIP" })));
    }
    if (nodePort !== undefined) {
      const other = first({ op: "replace", path: "/spec/ports/0/nodePort", value: nodePort + 77 });
      answers.push(typed("other-node-port", "service-node-port", "master", other));
    }
    if (targetPort !== undefined) {
      const other = first({ op: "replace", path: "/spec/ports/0/targetPort", value: targetPort + 1 });
      answers.push(typed("other-target-port", "service-target-port", "master", other));
    }
    if (endpoints !== undefined) {
      answers.push(typed("other-selector", "service-endpoints", "master", patch({ selector: { app: "nobody" } })));
    }
    return answers;
  },
  async run(params, context) {
    const { next } = params;
    const { service: words } = wordsFor(context.language);
    const namespace = params.namespace ?? "default";
    const kube = await context.kube();
    const found = await kube.get("v1", "Service", params.name, namespace);
    const name = words.name(params.name);
    if (!found) {
      const observed = words.missing(namespace, name);
      return failed("service-missing", { observed, expected: words.exists(name), cause: words.notApplied, next });
    }
    const type = textAt(found, "spec", "type");
    if (params.type !== undefined && type !== params.type) {
      const observed = words.isType(name, type);
      return failed("service-type", { observed, expected: params.type, cause: words.defaultType, next });
    }
    const ports = listAt(found, "spec", "ports");
    const nodePorts = ports.map((port) => numberAt(port, "nodePort"));
    if (params.nodePort !== undefined && !nodePorts.includes(params.nodePort)) {
      const observed = words.hasNodePort(name, nodePorts.join(", "));
      const expected = String(params.nodePort);
      return failed("service-node-port", { observed, expected, cause: words.randomPort, next });
    }
    const targets = ports.map((port) => numberAt(port, "targetPort"));
    if (params.targetPort !== undefined && !targets.includes(params.targetPort)) {
      const observed = words.sendsTo(name, targets.join(", "));
      const expected = String(params.targetPort);
      return failed("service-target-port", { observed, expected, cause: words.targetPort, next });
    }
    if (params.endpoints === undefined) return passed;
    const slices = await kube.list("discovery.k8s.io/v1", "EndpointSlice", {
      namespace,
      labelSelector: `kubernetes.io/service-name=${params.name}`,
    });
    const ready = slices
      .flatMap((slice) => listAt(slice, "endpoints"))
      .filter((endpoint) => at(endpoint, "conditions", "ready") === true).length;
    if (ready !== params.endpoints) {
      const selector = JSON.stringify(at(found, "spec", "selector") ?? {});
      const cause = words.selector(selector);
      const observed = words.endpoints(name, ready);
      return failed("service-endpoints", { observed, expected: `${params.endpoints}`, cause, next });
    }
    return passed;
  },
};
