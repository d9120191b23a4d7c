import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import type { Course } from "../domain/course.ts";

const thesisSchema = z.strictObject({ formatVersion: z.literal(1), items: z.record(z.string(), z.string()) });

/** Something of the thesis, and the steps (`lab/step`) that teach it. */
export interface CoveredItem {
  id: string;
  title: string;
  steps: string[];
}

/** Every section, figure, table and listing that `labs/thesis.yaml` names, with the steps that teach it. */
export function coverageOf(course: Course, thesisPath: string): CoveredItem[] {
  const { items } = thesisSchema.parse(parse(readFileSync(thesisPath, "utf8")));
  const steps = course.chapters
    .flatMap((chapter) => chapter.labs)
    .flatMap((lab) => lab.steps.map((step) => ({ place: `${lab.id}/${step.id}`, covers: step.covers })));
  return Object.entries(items).map(([id, title]) => ({
    id,
    title,
    steps: steps.filter(({ covers }) => covers.includes(id)).map(({ place }) => place),
  }));
}

/** What steps say they teach and the thesis does not have, as `lab/step: id`. */
export function unknownItems(course: Course, items: readonly CoveredItem[]): string[] {
  const known = new Set(items.map(({ id }) => id));
  return course.chapters
    .flatMap((chapter) => chapter.labs)
    .flatMap((lab) => lab.steps.flatMap((step) => step.covers.map((id) => ({ place: `${lab.id}/${step.id}`, id }))))
    .filter(({ id }) => !known.has(id))
    .map(({ place, id }) => `${place}: ${id}`);
}

/** The table of `docs/coverage.md`. */
export function coverageTable(items: readonly CoveredItem[]): string {
  const name = (id: string): string => id.replace(/^\w/, (letter) => letter.toUpperCase()).replace("-", " ");
  const rows = items.map(({ id, title, steps }) => {
    const taught = steps.length === 0 ? "**nothing yet**" : steps.map((step) => `\`${step}\``).join(", ");
    return `| ${name(id).replace(/ ([abc])$/, (_, letter: string) => ` ${letter.toUpperCase()}`)} | ${title} | ${taught} |`;
  });
  return `| Thesis | What it is | Steps that teach it |\n| --- | --- | --- |\n${rows.join("\n")}\n`;
}
