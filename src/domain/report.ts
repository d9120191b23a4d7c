import type { Outcome } from "./check.ts";
import type { Profile } from "./backend.ts";

export interface CheckReport {
  id: string;
  outcome: Outcome;
  /** A precondition is asked but earns no points and need not fail before the solution. */
  precondition?: boolean;
}

export interface StepReport {
  id: string;
  checks: CheckReport[];
  /** What the same checks said before the solution; only in `run`. */
  before?: CheckReport[];
  hintsUsed: number;
  solutionShown: boolean;
}

export interface LabReport {
  id: string;
  steps: StepReport[];
}

/** Facts only; the grade is derived from it. */
export interface Report {
  formatVersion: 1;
  backend: string;
  profile: Profile;
  labs: LabReport[];
}

export interface Grade {
  points: number;
  maxPoints: number;
  verdict: "passed" | "failed" | "incomplete";
}
