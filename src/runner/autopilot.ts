import { createActor, fromPromise, waitFor } from "xstate";
import { autopilot, type PlayedStep } from "../../scenarios/autopilot.ts";
import type { Place } from "../../scenarios/guided.ts";
import type { Backend, Language, Profile } from "../domain/backend.ts";
import type { KubeReader } from "../domain/check.ts";
import type { Clock } from "../domain/clock.ts";
import type { Course, Lab } from "../domain/course.ts";
import type { Report } from "../domain/report.ts";
import { type GradedReport, gradeReport } from "../grading/grade.ts";
import { bringTo, patienceMs } from "./catch-up.ts";
import { Checker, findStep } from "./checker.ts";
import { type FaultOptions, injectFault, mendFault } from "./faults.ts";
import { findLab, neededLabs, prepareLab } from "./prepare.ts";
import { ActionPlayer, type FailedCommand, type RunOnHost } from "./solution.ts";
import { keepsEveryStep, snapshotId } from "./timeline.ts";

export interface AutopilotOptions {
  backend: Backend;
  course: Course;
  labsFolder: string;
  /** Lab ids in the order to play. */
  labs: readonly string[];
  profile: Profile;
  language: Language;
  clock: Clock;
  openKube: (kubeconfig: string) => Promise<KubeReader>;
  runOnHost: RunOnHost;
  holds: FaultOptions["holds"];
  signal: AbortSignal;
  onStep?: (place: Place, detail: "solving" | "passed" | "failed") => void;
  onText?: (on: string, text: string) => void;
}

export interface AutopilotResult {
  report: Report;
  graded: GradedReport;
  /** Commands of solutions that ended with another code than 0, by `lab/step`. */
  failures: Map<string, FailedCommand[]>;
}

/** Plays labs by their own solutions and grades them. Rejects with what stopped it when a machine could not be asked. */
export async function playLabs(options: AutopilotOptions): Promise<AutopilotResult> {
  const { course, backend } = options;
  const checker = new Checker(options);
  const player = new ActionPlayer(options);
  const failures = new Map<string, FailedCommand[]>();
  const labs = options.labs.map((id) => findLab(course, id));
  const stepOf = (place: Place) => findStep(findLab(course, place.lab).steps, place.lab, place.step);
  try {
    await playNeeds(labs, options, checker, player);
    const path = labs.flatMap((lab) => lab.steps.map((step): Place => ({ lab: lab.id, step: step.id })));
    const actor = createActor(
      autopilot.provide({
        actors: {
          prepare: fromPromise(async ({ input }) => {
            await prepareLab(findLab(course, input.lab), options);
            if (stepOf(input).fault.length > 0) {
              if (options.holds.broken) await mendFault(options.holds.broken, options);
              await injectFault(input, options);
            }
            if (keepsEveryStep(backend)) await backend.snapshots?.save(snapshotId(input));
          }),
          check: fromPromise(({ input }) => checker.check(stepOf(input), options.signal)),
          solve: fromPromise(async ({ input }) => {
            options.onStep?.(input, "solving");
            const failed = await player.play(stepOf(input).solution, options.signal);
            if (failed.length > 0) failures.set(`${input.lab}/${input.step}`, failed);
            await backend.save();
          }),
          checkUntilPassed: fromPromise(async ({ input }) => {
            const reports = await checker.checkUntilPassed(stepOf(input), patienceMs(backend), options.signal);
            const passed = reports.every((report) => report.outcome.status === "passed");
            options.onStep?.(input, passed ? "passed" : "failed");
            if (passed) delete options.holds.broken;
            else await mendFault(input, options);
            return reports;
          }),
        },
      }),
      { input: { path } },
    );
    actor.start();
    const { output } = await waitFor(actor, (state) => state.status === "done");
    if (output?.error !== undefined) throw output.error;
    const report = reportOf(options, labs, output?.played ?? []);
    return { report, graded: gradeReport(course, report), failures };
  } finally {
    await player.close();
  }
}

/** Brings the machines to where the first lab begins, unless its preconditions hold already. */
async function playNeeds(
  labs: Lab[],
  options: AutopilotOptions,
  checker: Checker,
  player: ActionPlayer,
): Promise<void> {
  const playing = new Set<string>();
  for (const lab of labs) {
    for (const need of neededLabs(options.course, lab)) {
      if (playing.has(need.id)) continue;
      playing.add(need.id);
      await bringTo(need, { ...options, checker, player });
    }
    playing.add(lab.id);
  }
}

function reportOf(options: AutopilotOptions, labs: Lab[], played: PlayedStep[]): Report {
  return {
    formatVersion: 1,
    backend: options.backend.info.id,
    profile: options.profile,
    labs: labs.map((lab) => ({
      id: lab.id,
      steps: played
        .filter((step) => step.lab === lab.id)
        .map((step) => ({
          id: step.step,
          checks: step.after,
          before: step.before,
          hintsUsed: 0,
          solutionShown: true,
        })),
    })),
  };
}
