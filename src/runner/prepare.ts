import { readFileSync } from "node:fs";
import { labFileSource } from "../content/load.ts";
import type { Backend } from "../domain/backend.ts";
import type { Course, Lab } from "../domain/course.ts";
import { LabError } from "../domain/errors.ts";
import { enterEnvironment, type MachinesHold } from "./environment.ts";
import { ActionPlayer, type RunOnHost } from "./solution.ts";

export interface PrepareOptions {
  backend: Backend;
  /** Folder that holds the labs, for their `files/`. */
  labsFolder: string;
  /** What the machines hold; the lab is added once it is prepared. */
  holds: MachinesHold;
  runOnHost: RunOnHost;
  signal: AbortSignal;
  onDetail?: (detail: string) => void;
}

/**
 * Brings the machines into the lab's environment and starts those it needs; puts its files on them and plays its setup,
 * once: a learner's later edits are never overwritten. Throws LabError `setup-failed`.
 */
export async function prepareLab(lab: Lab, options: PrepareOptions): Promise<void> {
  await enterEnvironment(options.backend, options.holds, lab);
  for (const name of lab.machines) {
    options.onDetail?.(name);
    await options.backend.ensure({ name, role: name });
  }
  const { prepared } = options.holds;
  if (prepared.includes(lab.id)) return;
  for (const file of lab.files) {
    const machine = await options.backend.machine(file.machine);
    const source = labFileSource(options.labsFolder, lab.id, file.source);
    if (source === undefined) throw new Error(`${lab.id}: the content check lets no missing file through`);
    const content = readFileSync(source);
    await machine.writeFile(file.path, content, { owner: file.owner, mode: file.mode });
  }
  await playSetup(lab, options);
  prepared.push(lab.id);
  await options.backend.save();
}

async function playSetup(lab: Lab, options: PrepareOptions): Promise<void> {
  const player = new ActionPlayer(options);
  try {
    for (const action of lab.setup) {
      options.onDetail?.("host" in action ? action.host : `${action.machine}$ ${action.run}`);
      const [failure] = await player.play([action], options.signal);
      if (!failure) continue;
      const { on, command, exitCode, output } = failure;
      throw new LabError("setup-failed", `${lab.id}: setup on ${on}: ${command} ended with ${exitCode}: ${output}`, {
        remedy: "Begin the lab again; `wasm-k8s-lab reset` begins with fresh machines.",
      });
    }
  } finally {
    await player.close();
  }
}

export const allLabs = (course: Course): Lab[] => course.chapters.flatMap((chapter) => chapter.labs);

/** The labs that a backend's machines can play: where it cannot make them fresh, those of the longest environment. */
export function playableLabs(course: Course, backend: Pick<Backend, "renew">): Lab[] {
  const labs = allLabs(course);
  if (backend.renew) return labs;
  const stepsIn = (environment: string): number =>
    labs.filter((lab) => lab.environment === environment).reduce((steps, lab) => steps + lab.steps.length, 0);
  const longest = Math.max(...labs.map((lab) => stepsIn(lab.environment)));
  return labs.filter((lab) => stepsIn(lab.environment) === longest);
}

/** The lab of that id. Throws LabError `lab-unknown` naming those there are. */
export function findLab(course: Course, id: string): Lab {
  const lab = allLabs(course).find((each) => each.id === id);
  if (lab) return lab;
  throw new LabError("lab-unknown", `course: no such lab, got "${id}"`, {
    remedy: `Use one of ${allLabs(course)
      .map((each) => each.id)
      .join(", ")}.`,
    exitCode: 2,
  });
}

/** Every lab that a lab needs, directly or not, in the course's order, without itself. */
export function neededLabs(course: Course, lab: Lab): Lab[] {
  const wanted = new Set<string>();
  const visit = (id: string): void => {
    for (const need of findLab(course, id).needs) {
      if (wanted.has(need)) continue;
      wanted.add(need);
      visit(need);
    }
  };
  visit(lab.id);
  return allLabs(course).filter((each) => wanted.has(each.id));
}
