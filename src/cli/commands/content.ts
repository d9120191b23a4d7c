import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBackend } from "../../backends/registry.ts";
import { translationProblems } from "../../content/translation.ts";
import { coverageOf, coverageTable } from "../../content/coverage.ts";
import type { Profile } from "../../domain/backend.ts";
import type { Lab } from "../../domain/course.ts";
import { exitCodes, LabError } from "../../domain/errors.ts";
import { runOnHost } from "../../process/host-command.ts";
import { type StepResult, testContent } from "../../runner/content-test.ts";
import { allLabs, findLab } from "../../runner/prepare.ts";
import { languageOf } from "../language.ts";
import { type LabArguments, labsFolder, openKube, readCourse, recipeOf } from "../open-session.ts";
import { print, printJson } from "../output.ts";
import { systemClock, systemRandom } from "../system-clock.ts";

export interface ContentArguments extends LabArguments {
  json?: boolean;
}

const countsOf = (labs: readonly Lab[]): string => {
  const steps = labs.flatMap((lab) => lab.steps);
  return `${labs.length} labs, ${steps.length} steps, ${steps.flatMap((step) => step.checks).length} checks`;
};

/** Reads the whole course in both profiles; a problem is thrown as one LabError that lists them all. */
export function lint(): number {
  const profiles: readonly Profile[] = ["thesis", "current"];
  const courses = profiles.map((profile) => ({ profile, course: readCourse(profile) }));
  const problems = new Set(courses.flatMap(({ course }) => translationProblems(course, "de")));
  if (problems.size > 0) {
    throw new LabError("content-invalid", [...problems].join("\n"), {
      remedy: "Mend the translations named above; English and German change together.",
      exitCode: exitCodes.wrongUse,
    });
  }
  for (const { profile, course } of courses) print(`${profile}: ${countsOf(allLabs(course))}: no problems`);
  return exitCodes.passed;
}

/** Prints which step teaches which part of the thesis; resolves with 1 when a part is taught nowhere. */
export function coverage(): number {
  const items = coverageOf(readCourse("thesis"), join(labsFolder(), "thesis.yaml"));
  process.stdout.write(coverageTable(items));
  return items.every(({ steps }) => steps.length > 0) ? exitCodes.passed : exitCodes.checkFailed;
}

/**
 * Plays every step of the labs (all when none is named) on fresh embedded machines in a folder of its own: unsolved
 * before, solved after, wrong answers refused. One line per step; resolves with 1 when anything is off.
 */
export async function test(ids: readonly string[], given: ContentArguments): Promise<number> {
  const profile = given.profile ?? "thesis";
  const course = readCourse(profile);
  const labs = ids.length > 0 ? ids.map((id) => findLab(course, id)) : allLabs(course);
  const folder = mkdtempSync(join(tmpdir(), "wasm-k8s-lab-content-"));
  const abort = new AbortController();
  const interrupt = (): void => abort.abort(new Error("interrupted"));
  process.once("SIGINT", interrupt);
  const backend = await openBackend("embedded", {
    folder,
    profile,
    pace: "instant",
    clock: systemClock,
    random: systemRandom,
    hostCargo: false,
    recipe: () => recipeOf(profile),
    onProgress: () => undefined,
    onNotice: (text) => process.stderr.write(`${text}\n`),
  });
  try {
    const results = await testContent({
      backend,
      course,
      labs,
      labsFolder: labsFolder(),
      profile,
      language: languageOf(given.lang),
      clock: systemClock,
      openKube,
      runOnHost,
      signal: abort.signal,
      onStep: (result) => (given.json ? undefined : printStep(result)),
    });
    const problems = results.flatMap((result) => result.problems);
    const wrongAnswers = results.reduce((sum, result) => sum + result.wrongAnswers, 0);
    if (given.json) printJson({ formatVersion: 1, profile, steps: results });
    else {
      const verdict = problems.length === 0 ? "no problems" : `${problems.length} problems`;
      print(`${profile}: ${countsOf(labs)}, ${wrongAnswers} wrong answers: ${verdict}`);
    }
    return problems.length === 0 ? exitCodes.passed : exitCodes.checkFailed;
  } finally {
    process.off("SIGINT", interrupt);
    await backend.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function printStep({ lab, step, checks, wrongAnswers, problems }: StepResult): void {
  const counts = `${checks} checks, ${wrongAnswers} wrong answers`;
  print(`${problems.length === 0 ? "ok     " : "PROBLEM"} ${`${lab}/${step}`.padEnd(38)} ${counts}`);
  for (const problem of problems) print(`        ${problem.replaceAll("\n", "\n        ")}`);
}
