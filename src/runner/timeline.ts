import type { Place } from "../../scenarios/guided.ts";
import type { Backend } from "../domain/backend.ts";
import type { Course, Lab } from "../domain/course.ts";
import type { ProgressStore } from "../domain/progress.ts";

/** Name of the snapshot that is made when a step begins. */
export const snapshotId = (place: Place): string => `${place.lab}/${place.step}`;

/** True where a snapshot is cheap enough to be made at every step. */
export const keepsEveryStep = ({ snapshots }: Pick<Backend, "snapshots">): boolean => snapshots?.per === "step";

/** The place whose snapshot brings a step back: the step itself, or, where snapshots are dear, where its lab began. */
export function keptPlace(backend: Pick<Backend, "snapshots">, lab: Lab, place: Place): Place {
  const [first] = lab.steps;
  return keepsEveryStep(backend) || !first ? place : { lab: lab.id, step: first.id };
}

/** Every step that shares the lab's machines, in the course's order. */
function stepsBeside(course: Course, lab: Lab): Place[] {
  const labs = course.chapters.flatMap((chapter) => chapter.labs);
  return labs
    .filter(({ environment }) => environment === lab.environment)
    .flatMap(({ id, steps }) => steps.map((step): Place => ({ lab: id, step: step.id })));
}

function split(course: Course, lab: Lab, step: string): { before: Place[]; from: Place[] } {
  const places = stepsBeside(course, lab);
  const at = places.findIndex((place) => place.lab === lab.id && place.step === step);
  return { before: places.slice(0, at), from: places.slice(at) };
}

/**
 * Writes down what is solved once the machines are where a step began: what was solved since then is kept aside, and
 * what had been kept aside of the steps before is true again.
 */
export function moveTo(progress: ProgressStore, course: Course, lab: Lab, step: string): void {
  const { data } = progress;
  const { before, from } = split(course, lab, step);
  const undone = (data.undone ??= {});
  for (const place of from) {
    const known = progress.step(place.lab, place.step);
    if (Object.keys(known.checks).length > 0) {
      undone[snapshotId(place)] = { checks: known.checks, solved: known.solved };
    }
    known.checks = {};
    known.solved = false;
  }
  const prepared = new Set(data.prepared);
  for (const { lab: id } of from) prepared.delete(id);
  for (const place of before) {
    const kept = undone[snapshotId(place)];
    if (!kept) continue;
    Object.assign(progress.step(place.lab, place.step), kept);
    delete undone[snapshotId(place)];
    prepared.add(place.lab);
  }
  prepared.add(lab.id);
  data.prepared = [...prepared];
}

/** Forgets what was kept aside from a step on, because the learner does it anew; gives the snapshots that are now stale. */
export function forgetFrom(progress: ProgressStore, course: Course, lab: Lab, step: string): string[] {
  const { undone } = progress.data;
  if (!undone) return [];
  const ids = split(course, lab, step).from.map(snapshotId);
  if (!ids.some((id) => id in undone)) return [];
  for (const id of ids) delete undone[id];
  return ids;
}
