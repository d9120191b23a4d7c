import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Progress } from "../../../src/progress/progress.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "progress-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = (): string => join(folder, "progress.json");

function saved(hints: number): Progress {
  const progress = new Progress(path(), "embedded", "thesis");
  progress.step("lab", "step").hintsUsed = hints;
  progress.save();
  return progress;
}

describe("a learner's progress", () => {
  it("comes back", () => {
    saved(2);
    expect(new Progress(path(), "embedded", "current").data).toMatchObject({
      profile: "thesis",
      labs: { lab: { step: { hintsUsed: 2 } } },
    });
  });

  it("survives a torn file with the older copy, and says so", () => {
    saved(1);
    saved(2);
    writeFileSync(path(), readFileSync(path(), "utf8").slice(0, 40));
    const progress = new Progress(path(), "embedded", "thesis");
    expect(progress.step("lab", "step").hintsUsed).toBe(1);
    expect(progress.notices).toHaveLength(1);
  });

  it("reports a folder that cannot be written, and keeps what it knows", () => {
    const progress = new Progress(join(folder, "f", "progress.json"), "embedded", "thesis");
    writeFileSync(join(folder, "f"), "a file where the folder should be");
    progress.step("lab", "step").solved = true;
    expect(() => progress.save()).toThrow(/could not be saved/);
    expect(progress.step("lab", "step").solved).toBe(true);
  });
});
