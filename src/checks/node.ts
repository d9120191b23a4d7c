import type { CheckKind } from "../domain/check.ts";
import { listAt, textAt } from "./diagnosis.ts";
import { failed, passed } from "./outcomes.ts";
import { flag, labels, optional, paramsOf, pattern, text } from "./params.ts";

const parse = paramsOf({
  name: text,
  ready: flag,
  /** Must match status.nodeInfo.containerRuntimeVersion. */
  runtime: optional(pattern),
  /** Must match status.nodeInfo.kubeletVersion. */
  kubelet: optional(pattern),
  labels: optional(labels),
  next: text,
});

/** A node of the cluster: that it has joined, is Ready, runs the right versions and carries the labels. */
export const node: CheckKind<ReturnType<typeof parse>> = {
  kind: "node",
  failures: ["node-missing", "node-not-ready", "node-runtime", "node-version", "node-label"],
  parse,
  async run(params, context) {
    const { next } = params;
    const kube = await context.kube();
    const found = await kube.get("v1", "Node", params.name);
    const name = `node ${params.name}`;
    if (!found) {
      const expected = `${name} is in the cluster`;
      const cause = "The machine has not joined, or joined under another name.";
      return failed("node-missing", { observed: `the cluster has no ${name}`, expected, cause, next });
    }
    const ready = listAt(found, "status", "conditions").find((each) => textAt(each, "type") === "Ready");
    if (params.ready && textAt(ready, "status") !== "True") {
      const observed = `${name} is not Ready (${textAt(ready, "reason") || "no status yet"})`;
      const cause = textAt(ready, "message") || "The kubelet has not reported yet.";
      return failed("node-not-ready", { observed, expected: `${name} is Ready`, cause, next });
    }
    const runtime = textAt(found, "status", "nodeInfo", "containerRuntimeVersion");
    if (params.runtime && !params.runtime.test(runtime)) {
      const expected = `a container runtime like /${params.runtime.source}/`;
      const cause = "Another container runtime is installed, or kubeadm was pointed at another socket.";
      return failed("node-runtime", { observed: `${name} runs ${runtime || "no runtime"}`, expected, cause, next });
    }
    const kubelet = textAt(found, "status", "nodeInfo", "kubeletVersion");
    if (params.kubelet && !params.kubelet.test(kubelet)) {
      const expected = `a kubelet version like /${params.kubelet.source}/`;
      const cause = "The package was installed in another version.";
      return failed("node-version", { observed: `${name} has kubelet ${kubelet}`, expected, cause, next });
    }
    for (const [key, value] of Object.entries(params.labels ?? {})) {
      const has = found.metadata.labels?.[key];
      if (has === value) continue;
      const observed = has === undefined ? `${name} has no label ${key}` : `${name} has the label ${key}=${has}`;
      const cause = "The label was not set, or set on another node or to another value.";
      return failed("node-label", { observed, expected: `the label ${key}=${value}`, cause, next });
    }
    return passed;
  },
};
