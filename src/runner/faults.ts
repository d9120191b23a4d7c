import { type Place, samePlace } from "../../scenarios/guided.ts";
import type { Backend } from "../domain/backend.ts";
import type { Action, Course } from "../domain/course.ts";
import type { ProgressData } from "../domain/progress.ts";
import { findStep } from "./checker.ts";
import { enterEnvironment, isIn, keepEnvironment } from "./environment.ts";
import { findLab } from "./prepare.ts";
import { ActionPlayer, type RunOnHost } from "./solution.ts";
import { keepsEveryStep } from "./timeline.ts";

/** Name of the snapshot that is made before a lab's fault is played; one is enough, for there is one fault at a time. */
const soundId = (place: Place): string => `${place.lab} without faults`;

export interface FaultOptions {
  backend: Backend;
  course: Course;
  runOnHost: RunOnHost;
  signal: AbortSignal;
  /** What the machines hold; the fault is written down there. */
  holds: Pick<ProgressData, "prepared" | "environment" | "broken">;
}

/** Plays the fault of a break-fix step on machines that have none. */
export async function injectFault(place: Place, options: FaultOptions): Promise<void> {
  const { backend, course, holds } = options;
  if (keepsEveryStep(backend)) await backend.snapshots?.save(soundId(place));
  holds.broken = place;
  await type(findStep(findLab(course, place.lab).steps, place.lab, place.step).fault, options);
}

/**
 * Brings the machines back to where a fault was not, unless somebody has repaired it: from the snapshot where the
 * backend makes one at every step, else by its solution.
 */
export async function mendFault(place: Place, options: FaultOptions): Promise<void> {
  const { backend, course, holds } = options;
  if (!holds.broken || !samePlace(holds.broken, place)) return;
  const lab = findLab(course, place.lab);
  if ((await backend.snapshots?.list())?.includes(soundId(place))) {
    if (!isIn(holds, lab)) await keepEnvironment(backend, holds);
    await backend.snapshots?.restore(soundId(place));
    holds.environment = lab.environment;
  } else {
    await enterEnvironment(backend, holds, lab);
    await type(findStep(lab.steps, place.lab, place.step).solution, options);
  }
  delete holds.broken;
}

async function type(actions: readonly Action[], options: FaultOptions): Promise<void> {
  const player = new ActionPlayer({ ...options, unseen: true });
  try {
    await player.play(actions, options.signal);
  } finally {
    await player.close();
  }
}
