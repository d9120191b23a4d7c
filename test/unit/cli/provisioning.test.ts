import { describe, expect, it } from "vitest";
import { provisioningLine, tellProvisioning } from "../../../src/cli/provisioning.ts";
import type { Provisioning } from "../../../src/domain/backend.ts";
import { textsFor } from "../../../src/texts/texts.ts";

const steps: Provisioning[] = [
  { machine: "master", phase: "download", percent: 12, remainingMs: 500_000 },
  { machine: "master", phase: "download", percent: 80, remainingMs: 400_000 },
  { machine: "master", phase: "boot" },
  { machine: "worker2", phase: "ready" },
  { machine: "worker1", phase: "prepare" },
  { machine: "worker1", phase: "ready", remainingMs: 0 },
];

function told(output: { isTTY: boolean; columns?: number }): string {
  let text = "";
  const progress = tellProvisioning(textsFor("en"), { ...output, write: (more) => (text += more) });
  for (const step of steps) progress.tell(step);
  progress.clear();
  return text;
}

describe("what is said while machines are made", () => {
  it("names machine, phase, share and what is left, in the learner's language", () => {
    const [step] = steps;
    if (!step) throw new Error("there is a first step");
    expect(provisioningLine(step, textsFor("en"))).toBe("master: downloading what it boots 12 % (about 9 min left)");
    expect(provisioningLine(step, textsFor("de"))).toBe("master: lädt, wovon sie startet 12 % (noch etwa 9 min)");
  });

  it("is one line for each phase where nothing can be overwritten", () => {
    expect(told({ isTTY: false }).trimEnd().split("\n")).toEqual([
      "master: downloading what it boots 12 % (about 9 min left)",
      "master: booting",
      "worker1: being made ready",
      "worker1: ready",
    ]);
  });

  it("is one line that is written anew on a terminal, never wider than it, and wiped at the end", () => {
    const text = told({ isTTY: true, columns: 40 });
    expect(text).not.toContain("\n");
    const lines = text.split("\r\u001b[2K");
    expect(lines.at(-1)).toBe("");
    expect(lines.filter((line) => line.length > 39)).toEqual([]);
    expect(lines).toContain("worker1: ready");
  });
});
