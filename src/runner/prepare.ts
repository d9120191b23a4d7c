import { readFileSync } from "node:fs";
import { labFileSource } from "../content/load.ts";
import type { Backend } from "../domain/backend.ts";
import type { Course, Lab } from "../domain/course.ts";
import { LabError } from "../domain/errors.ts";

export interface PrepareOptions {
  backend: Backend;
  /** Folder that holds the labs, for their `files/`. */
  labsFolder: string;
  /** Labs whose files are on the machines already; this one is added. */
  prepared: string[];
  onDetail?: (detail: string) => void;
}

/** Starts a lab's machines and puts its files on them, once; a learner's later edits are never overwritten. */
export async function prepareLab(lab: Lab, options: PrepareOptions): Promise<void> {
  for (const name of lab.machines) {
    options.onDetail?.(name);
    await options.backend.ensure({ name, role: name });
  }
  if (options.prepared.includes(lab.id)) return;
  for (const file of lab.files) {
    const machine = await options.backend.machine(file.machine);
    const source = labFileSource(options.labsFolder, lab.id, file.source);
    if (source === undefined) throw new Error(`${lab.id}: the content check lets no missing file through`);
    const content = readFileSync(source);
    await machine.writeFile(file.path, content, { owner: file.owner, mode: file.mode });
  }
  options.prepared.push(lab.id);
  await options.backend.save();
}

export const allLabs = (course: Course): Lab[] => course.chapters.flatMap((chapter) => chapter.labs);

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
