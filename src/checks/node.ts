import type { CheckKind } from "../domain/check.ts";
import { listAt, textAt } from "./diagnosis.ts";
import { failed, passed } from "./outcomes.ts";
import { flag, labels, optional, paramsOf, pattern, text } from "./params.ts";
import { kubectl, typed } from "./wrong-answers.ts";
import { wordsFor } from "./words/words.ts";

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
  wrongAnswers({ name, ready, labels: wanted }) {
    const answers = [typed("deleted", "node-missing", "master", `${kubectl} delete node ${name}`)];
    if (ready) answers.push(typed("kubelet-stopped", "node-not-ready", name, "sudo systemctl stop kubelet"));
    for (const key of Object.keys(wanted ?? {})) {
      answers.push(typed("label-removed", "node-label", "master", `${kubectl} label node ${name} ${key}-`));
      answers.push(
        typed("other-label", "node-label", "master", `${kubectl} label --overwrite node ${name} ${key}=other`),
      );
    }
    return answers;
  },
  async run(params, context) {
    const { next } = params;
    const { node: words } = wordsFor(context.language);
    const kube = await context.kube();
    const found = await kube.get("v1", "Node", params.name);
    const name = words.name(params.name);
    if (!found) {
      const expected = words.inCluster(name);
      return failed("node-missing", { observed: words.missing(name), expected, cause: words.notJoined, next });
    }
    const ready = listAt(found, "status", "conditions").find((each) => textAt(each, "type") === "Ready");
    if (params.ready && textAt(ready, "status") !== "True") {
      const observed = words.notReady(name, textAt(ready, "reason"));
      const cause = textAt(ready, "message") || words.notReported;
      return failed("node-not-ready", { observed, expected: words.ready(name), cause, next });
    }
    const runtime = textAt(found, "status", "nodeInfo", "containerRuntimeVersion");
    if (params.runtime && !params.runtime.test(runtime)) {
      const expected = words.runtimeLike(params.runtime.source);
      const cause = words.otherRuntime;
      return failed("node-runtime", { observed: words.runs(name, runtime), expected, cause, next });
    }
    const kubelet = textAt(found, "status", "nodeInfo", "kubeletVersion");
    if (params.kubelet && !params.kubelet.test(kubelet)) {
      const expected = words.kubeletLike(params.kubelet.source);
      const cause = words.otherVersion;
      return failed("node-version", { observed: words.hasKubelet(name, kubelet), expected, cause, next });
    }
    for (const [key, value] of Object.entries(params.labels ?? {})) {
      const has = found.metadata.labels?.[key];
      if (has === value) continue;
      const observed = has === undefined ? words.noLabel(name, key) : words.hasLabel(name, key, has);
      const expected = words.wantedLabel(key, value);
      return failed("node-label", { observed, expected, cause: words.notLabelled, next });
    }
    return passed;
  },
};
