import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { Profile } from "../domain/backend.ts";
import { LabError } from "../domain/errors.ts";
import type { ProgressData, ProgressStore, StepProgress } from "../domain/progress.ts";

/** What the learner has done, in one file that survives a crash: written beside, synced, renamed; the one before is kept. */
export class Progress implements ProgressStore {
  readonly path: string;
  data: ProgressData;
  /** What was damaged when it was read. */
  readonly notices: string[] = [];

  constructor(path: string, backend: string, profile: Profile) {
    this.path = path;
    this.data = { formatVersion: 1, backend, profile, current: undefined, labs: {}, prepared: [] };
    for (const candidate of [path, `${path}.previous`]) {
      if (!existsSync(candidate)) continue;
      const read = readProgress(candidate);
      if (read) {
        this.data = read;
        return;
      }
      let number = 1;
      while (existsSync(`${candidate}.damaged-${number}`)) number += 1;
      renameSync(candidate, `${candidate}.damaged-${number}`);
      this.notices.push(`${candidate}: damaged; set aside as ${candidate}.damaged-${number}, the older copy is used.`);
    }
  }

  step(lab: string, step: string): StepProgress {
    const steps = (this.data.labs[lab] ??= {});
    return (steps[step] ??= { checks: {}, solved: false, hintsUsed: 0, solutionShown: false });
  }

  /** Throws LabError `progress-not-saved`. */
  save(): void {
    const next = `${this.path}.next`;
    try {
      mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
      const file = openSync(next, "w", 0o600);
      try {
        writeSync(file, `${JSON.stringify(this.data, undefined, 2)}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      if (existsSync(this.path)) renameSync(this.path, `${this.path}.previous`);
      renameSync(next, this.path);
    } catch (error) {
      throw new LabError("progress-not-saved", `${this.path}: progress could not be saved`, {
        remedy: "Free some space or make the folder writable; the lab goes on and saves again.",
        cause: error,
      });
    }
  }
}

function readProgress(path: string): ProgressData | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return isProgress(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isProgress(value: unknown): value is ProgressData {
  if (typeof value !== "object" || value === null) return false;
  const { formatVersion, labs, prepared, profile } = value as Partial<ProgressData>;
  return (
    formatVersion === 1 &&
    typeof labs === "object" &&
    labs !== null &&
    Array.isArray(prepared) &&
    (profile === "thesis" || profile === "current")
  );
}
