import { openKube, readCourse } from "../../src/cli/open-session.ts";
import { systemClock } from "../../src/cli/system-clock.ts";
import type { Language, Profile } from "../../src/domain/backend.ts";
import type { Course } from "../../src/domain/course.ts";
import { runOnHost } from "../../src/process/host-command.ts";
import { type StepResult, testContent } from "../../src/runner/content-test.ts";
import { allLabs, findLab } from "../../src/runner/prepare.ts";
import { labsFolder, openFreshLab } from "./embedded.ts";

export interface ContentRun {
  profile: Profile;
  language?: Language;
  /** Without the wrong answers of the kinds of checks. */
  onlyMistakes?: boolean;
  /** Leave out all wrong answers to steps that this profile has as well, where they are played. */
  playedIn?: Profile;
  /** By lab: play this route where a step has it, without wrong answers. */
  routes?: Readonly<Record<string, string>>;
}

/** Runs the content test for labs on fresh embedded machines. */
export async function contentResults(labs: readonly string[], run: ContentRun): Promise<StepResult[]> {
  const lab = await openFreshLab(run.profile);
  try {
    return await testContent({
      backend: lab.backend,
      course: lab.course,
      labsFolder,
      labs: labs.map((id) => findLab(lab.course, id)),
      profile: run.profile,
      language: run.language ?? "en",
      clock: systemClock,
      openKube,
      runOnHost,
      signal: new AbortController().signal,
      onlyMistakes: run.onlyMistakes ?? false,
      ...(run.playedIn ? { onlySolved: stepsOf(readCourse(run.playedIn)) } : {}),
      ...(run.routes ? { routes: run.routes } : {}),
    });
  } finally {
    await lab.close();
  }
}

const stepsOf = (course: Course): Set<string> =>
  new Set(allLabs(course).flatMap((lab) => lab.steps.map((step) => `${lab.id}/${step.id}`)));

/** What is wrong with the labs, as `lab/step: problem`. */
export const problemsOf = (results: readonly StepResult[]): string[] =>
  results.flatMap(({ lab, step, problems }) => problems.map((problem) => `${lab}/${step}: ${problem}`));
