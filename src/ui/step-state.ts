import { type KnownFailure, matchFailures } from "../failures/catalogue.ts";
import type { SessionSnapshot } from "../runner/session.ts";
import { type CommandProgress, nothingTyped } from "./next-command.ts";

/** What is kept while a step is in sight, and forgotten with it. */
export interface StepState {
  place: string;
  scroll: number;
  /** A check, a hint or the solution was asked for: it stands before the text. */
  told: boolean;
  progress: CommandProgress;
  /** A question that the same key, pressed again, answers with yes. */
  asked: "undo" | "solution" | undefined;
  /** What is known about the last output that anything is known about. */
  known: readonly KnownFailure[];
  /** The same, once the learner has asked to read it. */
  explained: readonly KnownFailure[];
}

export const freshState = (place: string): StepState => ({
  place,
  scroll: 0,
  told: false,
  progress: nothingTyped,
  asked: undefined,
  known: [],
  explained: [],
});

export const placeOf = ({ step }: SessionSnapshot): string => (step ? `${step.lab}/${step.step}` : "");

/** What is known about what the checks have seen. */
export function knownToChecks({ step }: SessionSnapshot): KnownFailure[] {
  const seen = (step?.checks ?? []).flatMap(({ outcome }) => {
    if (outcome?.status === "errored") return [outcome.error];
    return outcome?.status === "failed" ? [outcome.observed, outcome.cause] : [];
  });
  return matchFailures(seen.join("\n"));
}
