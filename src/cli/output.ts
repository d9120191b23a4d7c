import type { Outcome } from "../domain/check.ts";
import type { LabReport } from "../domain/report.ts";
import { exitCodes, type ExitCode } from "../domain/errors.ts";
import type { Texts } from "../texts/en.ts";
import { meaningLinesIn } from "./known-failures.ts";

/** Results go here; messages go to standard error. */
export const print = (text: string): void => void process.stdout.write(`${text}\n`);

export const printJson = (value: unknown): void => print(JSON.stringify(value, undefined, 2));

/** One check's outcome as lines of text. */
export function outcomeLines(id: string, outcome: Outcome, texts: Texts): string[] {
  const { common } = texts;
  switch (outcome.status) {
    case "passed":
      return [`✓ ${id}: ${common.passed}`];
    case "failed":
      return [
        `✗ ${id}: ${common.failed} (${outcome.id})`,
        `    ${common.observed}: ${outcome.observed}`,
        `    ${common.expected}: ${outcome.expected}`,
        `    ${common.cause}: ${outcome.cause}`,
        `    ${common.next}: ${outcome.next}`,
        ...meaningLinesIn(`${outcome.observed}\n${outcome.cause}`, texts),
      ];
    case "errored":
      return [`? ${id}: ${common.errored}: ${outcome.error}`, ...meaningLinesIn(outcome.error, texts)];
    case "skipped":
      return [`- ${id}: ${common.skipped}: ${outcome.reason}`];
  }
}

/** 0 when all passed, 1 when one failed, else 3. */
export function exitCodeOf(reports: readonly LabReport[]): ExitCode {
  const statuses = reports.flatMap((lab) =>
    lab.steps.flatMap((step) => step.checks.map((each) => each.outcome.status)),
  );
  if (statuses.includes("failed")) return exitCodes.checkFailed;
  return statuses.every((status) => status === "passed") ? exitCodes.passed : exitCodes.couldNotCheck;
}
