import { describe, expect, it } from "vitest";
import { readCourse } from "../../src/cli/open-session.ts";
import { runOnHost } from "../../src/process/host-command.ts";
import { allLabs } from "../../src/runner/prepare.ts";
import { contentResults, problemsOf } from "../support/content.ts";

/** Each line is one way through the whole course that is not the solutions' own. */
const ways: Record<string, Record<string, string>> = {
  "the script, and kubectl of this computer": {
    containers: "other-tools",
    kubernetes: "short",
    webassembly: "pieces",
    "wasm-meets-kubernetes": "pieces",
    "control-plane": "script",
    "crun-build": "in-one-go",
    "spin-build": "in-one-go",
    "crun-node": "script",
    "crun-deploy": "host",
    "spin-node": "script",
    "spin-deploy": "host",
    compare: "host",
  },
  "by hand in other words": {
    containers: "pieces",
    kubernetes: "pieces",
    webassembly: "bytes",
    "wasm-meets-kubernetes": "otherwise",
    "control-plane": "direct",
    "crun-build": "by-hand",
    "spin-build": "pieces",
    "crun-node": "by-hand",
    "crun-deploy": "pieces",
    "spin-node": "by-hand",
    "spin-deploy": "pieces",
    compare: "pieces",
  },
  "the script with options before and after its command": {
    "control-plane": "script",
    "crun-node": "script-with-options",
    "spin-node": "script-with-options",
  },
};

const hasKubectl = (await runOnHost("kubectl version --client")).exitCode === 0;

describe("each lab by other routes than its solution", () => {
  for (const [title, routes] of Object.entries(ways)) {
    const needsKubectl = Object.values(routes).includes("host");
    it.skipIf(needsKubectl && !hasKubectl)(
      `${title}${needsKubectl ? " (needs kubectl on this computer)" : ""}`,
      async () => {
        const results = await contentResults(Object.keys(routes), { profile: "thesis", routes });
        expect(problemsOf(results)).toEqual([]);
      },
    );
  }

  it("the ways of method 1 on machines of today", async () => {
    const method1 = ["control-plane", "crun-build", "crun-node", "crun-deploy"];
    for (const way of Object.values(ways)) {
      const routes = Object.fromEntries(Object.entries(way).filter(([lab]) => method1.includes(lab)));
      if (Object.values(routes).includes("host") && !hasKubectl) continue;
      const results = await contentResults(Object.keys(routes), { profile: "current", routes });
      expect(problemsOf(results)).toEqual([]);
    }
  });

  it("names two routes in every lab, and each is walked here", () => {
    // The other repairs of a fault are played with its step, see content-test.ts.
    for (const { id, steps } of allLabs(readCourse("thesis")).filter(({ scenario }) => scenario === "guided")) {
      const named = new Set(steps.flatMap((step) => Object.keys(step.routes)));
      const walked = new Set(Object.values(ways).flatMap((routes) => routes[id] ?? []));
      expect([...walked].sort(), id).toEqual([...named].sort());
      expect(walked.size, id).toBeGreaterThanOrEqual(2);
    }
  });
});
