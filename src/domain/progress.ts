import type { Outcome } from "./check.ts";
import type { Profile } from "./backend.ts";

export interface StepProgress {
  /** Latest outcome by check id. */
  checks: Record<string, Outcome>;
  /** True once every check passed; stays true until the step is undone. */
  solved: boolean;
  hintsUsed: number;
  solutionShown: boolean;
}

/** What a learner has done, as it is saved. */
export interface ProgressData {
  formatVersion: 1;
  backend: string;
  profile: Profile;
  /** Where the learner is. */
  current: { lab: string; step: string } | undefined;
  /** By lab id, then step id. */
  labs: Record<string, Record<string, StepProgress>>;
  /** Labs whose files were put on the machines and whose setup was played. */
  prepared: string[];
  /** By `lab/step`: what was solved before the machines went back to an earlier step; it returns when they go forth. */
  undone?: Record<string, Pick<StepProgress, "checks" | "solved">>;
  /** The labs' environment that the machines are in; absent before the first lab, and in older files. */
  environment?: string;
  /** The break-fix step whose fault the machines have and nobody has repaired. */
  broken?: { lab: string; step: string };
}

/** What a session writes down about its learner. */
export interface ProgressStore {
  data: ProgressData;
  step(lab: string, step: string): StepProgress;
  /** Throws LabError `progress-not-saved`. */
  save(): void;
}
