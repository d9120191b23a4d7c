import { expect, it } from "vitest";
import { knownLinesIn } from "../../../src/cli/known-failures.ts";
import { outcomeLines } from "../../../src/cli/output.ts";
import { textsFor } from "../../../src/texts/texts.ts";

const failed = {
  status: "failed",
  id: "deployment-not-ready",
  observed: 'spin: 0 of 3 ready; no runtime for "spin" is configured',
  expected: "3 ready",
  cause: "the pods do not start",
  next: "kubectl describe pod",
} as const;

it("adds what is known to what a check has seen, after its own words, and keeps the repair to itself", () => {
  const lines = outcomeLines("ready", failed, textsFor("en"));
  expect(lines[0]).toBe("✗ ready: failed (deployment-not-ready)");
  expect(lines.at(-1)).toBe(
    "    known: The pod's RuntimeClass asks for the handler `spin`, which this node's containerd does not have in its configuration.",
  );
  expect(lines.join("\n")).not.toContain("what helps");
  expect(outcomeLines("ready", { ...failed, observed: "0 of 3 ready" }, textsFor("en"))).toHaveLength(5);
});

it("tells all of it below the output of a command", () => {
  const lines = knownLinesIn("kubelet is configured to not run on a host using cgroup v1\n", textsFor("de"));
  expect(lines).toHaveLength(4);
  expect(lines[0]).toMatch(/^ {4}bekannt: /);
  expect(lines[2]).toBe("    ab Kubernetes 1.35");
  expect(lines[3]).toContain("https://github.com/NVIDIA/OpenShell/issues/360");
  expect(knownLinesIn("all is well", textsFor("de"))).toEqual([]);
});
