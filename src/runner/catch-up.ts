import type { Place } from "../../scenarios/guided.ts";
import type { Backend } from "../domain/backend.ts";
import type { Course, Lab } from "../domain/course.ts";
import type { ProgressStore } from "../domain/progress.ts";
import type { CheckReport } from "../domain/report.ts";
import type { Checker } from "./checker.ts";
import { neededLabs, type PrepareOptions, prepareLab } from "./prepare.ts";
import type { ActionPlayer } from "./solution.ts";

/** Milliseconds that a solution's effects may take to show, such as pods becoming ready: real images travel. */
export const patienceMs = ({ info }: Pick<Backend, "info">): number => (info.features.simulated ? 20_000 : 300_000);

export interface CatchUpOptions extends PrepareOptions {
  checker: Checker;
  player: ActionPlayer;
  onStep?: (place: Place, detail: "solving") => void;
  /** What the checks said of a step that was found solved or whose solution was played. */
  onSolved?: (place: Place, checks: readonly CheckReport[], played: boolean) => void;
}

/** Plays the solutions of the steps after the last one that is solved; later steps may have superseded earlier ones. */
export async function bringTo(lab: Lab, options: CatchUpOptions): Promise<void> {
  const { checker, player, signal } = options;
  await prepareLab(lab, options);
  let first = lab.steps.length;
  for (; first > 0; first -= 1) {
    const step = lab.steps[first - 1];
    if (!step) continue;
    const reports = await checker.check(step, signal);
    if (!reports.every((report) => report.outcome.status === "passed")) continue;
    options.onSolved?.({ lab: lab.id, step: step.id }, reports, false);
    break;
  }
  for (const step of lab.steps.slice(first)) {
    const place = { lab: lab.id, step: step.id };
    options.onStep?.(place, "solving");
    await player.play(step.solution, signal);
    options.onSolved?.(place, await checker.checkUntilPassed(step, patienceMs(options.backend), signal), true);
  }
}

/** The labs that a lab builds upon and whose end the learner has not seen; their solutions can be played instead. */
export function openNeeds(course: Course, lab: Lab, progress: ProgressStore): Lab[] {
  return neededLabs(course, lab).filter(({ id, steps }) => {
    const last = steps.at(-1);
    return last !== undefined && progress.data.labs[id]?.[last.id]?.solved !== true;
  });
}
