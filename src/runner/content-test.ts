import type { Backend, Language, Profile } from "../domain/backend.ts";
import type { KubeReader } from "../domain/check.ts";
import type { Clock } from "../domain/clock.ts";
import type { Action, Course, Lab, Step } from "../domain/course.ts";
import type { CheckReport } from "../domain/report.ts";
import { Checker } from "./checker.ts";
import type { MachinesHold } from "./environment.ts";
import { prepareLab } from "./prepare.ts";
import { ActionPlayer, type RunOnHost } from "./solution.ts";

/** Milliseconds that a solution's effects may take to show. */
const patienceMs = 20_000;

export interface ContentTestOptions {
  backend: Backend;
  course: Course;
  labsFolder: string;
  profile: Profile;
  language: Language;
  clock: Clock;
  openKube: (kubeconfig: string) => Promise<KubeReader>;
  runOnHost: RunOnHost;
  signal: AbortSignal;
  /** Labs to test, in the course's order; those before them are only solved. */
  labs: readonly Lab[];
  /** By lab: play this route where a step has it, else the solution; mistakes are then left out everywhere. */
  routes?: Readonly<Record<string, string>>;
  /** Told of each step when it is done. */
  onStep?: (result: StepResult) => void;
}

export interface StepResult {
  lab: string;
  step: string;
  mistakes: number;
  /** Empty when the step is as it should be. */
  problems: string[];
}

/**
 * Tests the course itself: every step is unsolved before its solution and solved after it, asking twice changes
 * nothing, and each wrong answer fails with the id that it names and all four parts of its message.
 */
export async function testContent(options: ContentTestOptions): Promise<StepResult[]> {
  const checker = new Checker(options);
  const holds: MachinesHold = { prepared: [] };
  const results: StepResult[] = [];
  let player = new ActionPlayer(options);
  const play = async (actions: readonly Action[]): Promise<string[]> => {
    const failed = await player.play(actions, options.signal);
    return failed.map(({ on, command, exitCode, output }) => `on ${on}: ${command} ended with ${exitCode}: ${output}`);
  };
  /** Back to a snapshot, with fresh shells, since the old ones remember directories and variables of the mistake. */
  const restore = async (id: string): Promise<void> => {
    await player.close();
    await options.backend.snapshots?.restore(id);
    player = new ActionPlayer(options);
  };
  try {
    for (const lab of options.labs) {
      await prepareLab(lab, { ...options, holds });
      const route = options.routes?.[lab.id];
      for (const step of lab.steps) {
        const problems: string[] = [];
        const actions = (route === undefined ? undefined : step.routes[route]) ?? step.solution;
        const alreadySolved = route !== undefined && actions.length === 0;
        if (!alreadySolved) problems.push(...(await unsolved(checker, step, options.signal)));
        const mistakes = options.routes === undefined ? step.mistakes : [];
        const id = `content-test ${lab.id} ${step.id}`;
        if (mistakes.length > 0) await options.backend.snapshots?.save(id);
        for (const mistake of mistakes) {
          await play(mistake.actions);
          problems.push(...(await wrongAnswer(checker, step, mistake, options.signal)));
          await restore(id);
        }
        const failures = await play(actions);
        problems.push(...(await solved(checker, step, failures, options.signal)));
        await options.backend.snapshots?.remove(id);
        const result = { lab: lab.id, step: step.id, mistakes: mistakes.length, problems };
        results.push(result);
        options.onStep?.(result);
      }
    }
  } finally {
    await player.close();
  }
  return results;
}

const statusOf = (report: CheckReport): string =>
  report.outcome.status === "failed"
    ? `failed with ${report.outcome.id} (${report.outcome.observed})`
    : report.outcome.status === "errored"
      ? `could not be asked (${report.outcome.error})`
      : report.outcome.status;

async function unsolved(checker: Checker, step: Step, signal: AbortSignal): Promise<string[]> {
  const reports = await checker.check(step, signal);
  const problems = reports
    .filter((report) => report.outcome.status === "errored")
    .map((report) => `before the solution ${report.id} ${statusOf(report)}`);
  const open = reports.some((report) => report.outcome.status === "failed" && !report.precondition);
  return open ? problems : [...problems, "every check passes before the solution"];
}

async function solved(checker: Checker, step: Step, failures: string[], signal: AbortSignal): Promise<string[]> {
  const first = await checker.checkUntilPassed(step, patienceMs, signal);
  const problems = first
    .filter((report) => report.outcome.status !== "passed")
    .map((report) => `after the solution ${report.id} ${statusOf(report)}`);
  if (problems.length > 0) return [...problems, ...failures];
  const second = await checker.check(step, signal);
  return second
    .filter((report) => report.outcome.status !== "passed")
    .map((report) => `asked a second time ${report.id} ${statusOf(report)}`);
}

async function wrongAnswer(
  checker: Checker,
  step: Step,
  mistake: Step["mistakes"][number],
  signal: AbortSignal,
): Promise<string[]> {
  const reports = await checker.check(step, signal);
  const report = reports.find((each) => each.id === mistake.check);
  const where = `mistake ${mistake.id}: ${mistake.check}`;
  if (!report || report.outcome.status !== "failed") {
    return [`${where} ${report ? statusOf(report) : "was not asked"}, expected failure ${mistake.failure}`];
  }
  const { outcome } = report;
  if (outcome.id !== mistake.failure) return [`${where} ${statusOf(report)}, expected failure ${mistake.failure}`];
  return (["observed", "expected", "cause", "next"] as const)
    .filter((part) => outcome[part].trim() === "")
    .map((part) => `${where} says nothing for ${part}`);
}
