import type { CheckKind } from "../domain/check.ts";
import { at, listAt, numberAt, textAt } from "./diagnosis.ts";
import { failed, passed } from "./outcomes.ts";
import { number, optional, paramsOf, text } from "./params.ts";

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
  async run(params, context) {
    const { next } = params;
    const namespace = params.namespace ?? "default";
    const kube = await context.kube();
    const found = await kube.get("v1", "Service", params.name, namespace);
    const name = `service ${params.name}`;
    if (!found) {
      const cause = "The manifest was not applied, or names it differently.";
      const observed = `namespace ${namespace} has no ${name}`;
      return failed("service-missing", { observed, expected: `${name} exists`, cause, next });
    }
    const type = textAt(found, "spec", "type");
    if (params.type !== undefined && type !== params.type) {
      const cause = "The default is ClusterIP, which is reachable only inside the cluster.";
      return failed("service-type", { observed: `${name} is a ${type}`, expected: params.type, cause, next });
    }
    const ports = listAt(found, "spec", "ports");
    const nodePorts = ports.map((port) => numberAt(port, "nodePort"));
    if (params.nodePort !== undefined && !nodePorts.includes(params.nodePort)) {
      const observed = `${name} has node port ${nodePorts.join(", ")}`;
      const cause = "Without nodePort in the manifest Kubernetes picks one at random.";
      return failed("service-node-port", { observed, expected: String(params.nodePort), cause, next });
    }
    const targets = ports.map((port) => numberAt(port, "targetPort"));
    if (params.targetPort !== undefined && !targets.includes(params.targetPort)) {
      const observed = `${name} sends to port ${targets.join(", ")} of its pods`;
      const cause = "targetPort must be the port that the program in the container listens on.";
      return failed("service-target-port", { observed, expected: String(params.targetPort), cause, next });
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
      const cause = `Its selector ${selector} must match the labels of ready pods.`;
      const observed = `${name} has ${ready} ready endpoints`;
      return failed("service-endpoints", { observed, expected: `${params.endpoints}`, cause, next });
    }
    return passed;
  },
};
