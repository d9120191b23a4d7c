import { rmSync } from "node:fs";
import { join } from "node:path";
import { backendIds, hasMachinesOutside } from "../../backends/registry.ts";
import { exitCodes, LabError } from "../../domain/errors.ts";
import { allLabs, findLab } from "../../runner/prepare.ts";
import { textsFor } from "../../texts/texts.ts";
import { openHome } from "../home.ts";
import { takeLock } from "../lock.ts";
import { languageOf } from "../language.ts";
import {
  connectToHost,
  type LabArguments,
  openLab,
  profileOf,
  readCourse,
  savedBackend,
  withSession,
} from "../open-session.ts";
import { exitCodeOf, outcomeLines, print, printJson } from "../output.ts";
import { systemClock } from "../system-clock.ts";

export interface CourseArguments extends LabArguments {
  json?: boolean;
}

/** Asks the checks of the current step, a lab or one step. Resolves with the exit code. */
export async function check(place: string | undefined, given: CourseArguments): Promise<number> {
  const texts = textsFor(languageOf(given.lang));
  return withSession("check", given, async (session) => {
    const current = session.snapshot().step;
    const [lab, step] = place === undefined ? [current?.lab, current?.step] : place.split("/");
    const report = await session.ask(lab ?? "", step, languageOf(given.lang));
    if (given.json) printJson(report);
    else {
      for (const each of report.steps) {
        for (const { id, outcome } of each.checks) {
          for (const line of outcomeLines(`${report.id}/${each.id}/${id}`, outcome, texts)) print(line);
        }
      }
    }
    return exitCodeOf([report]);
  });
}

/** Shows where the learner is and what is solved. */
export async function status(given: CourseArguments): Promise<number> {
  const texts = textsFor(languageOf(given.lang));
  return withSession("status", given, async (session) => {
    const { chapters, step, grade, machines, host, profile, backend, notices } = session.snapshot();
    if (given.json) {
      const current = step && { lab: step.lab, step: step.step };
      printJson({ profile, backend, current, chapters, grade, machines, host, notices });
      return exitCodes.passed;
    }
    for (const lab of chapters.flatMap((chapter) => chapter.labs)) {
      const solved = lab.steps.filter((each) => each.state === "solved").length;
      const here = step?.lab === lab.id ? `  <- ${step.step}` : "";
      print(`${lab.section.padEnd(6)} ${lab.id.padEnd(22)} ${solved}/${lab.steps.length}${here}`);
    }
    print(`${texts.common.points(grade.points, grade.maxPoints)}, ${texts.common.verdicts[grade.verdict]}`);
    for (const { name, state, address } of machines) print(`${name} ${address ?? ""} ${texts.ui.states[state]}`);
    if (host.kubeconfig !== undefined) print(`KUBECONFIG=${host.kubeconfig}`);
    return exitCodes.passed;
  });
}

/** Lists chapters, labs and steps. */
export function list(given: CourseArguments): number {
  const course = readCourse(profileOf(given.profile));
  const language = languageOf(given.lang);
  if (given.json) {
    printJson(
      allLabs(course).map(({ id, section, title, needs, profiles, steps }) => ({
        id,
        section,
        title: title[language] ?? title.en,
        needs,
        profiles,
        steps: steps.map((step) => ({ id: step.id, title: step.title[language] ?? step.title.en })),
      })),
    );
    return exitCodes.passed;
  }
  for (const chapter of course.chapters) {
    print(chapter.title[language] ?? chapter.title.en);
    for (const lab of chapter.labs) {
      print(`  ${lab.section.padEnd(6)} ${lab.id.padEnd(22)} ${lab.title[language] ?? lab.title.en}`);
      for (const step of lab.steps) print(`           ${step.id.padEnd(22)} ${step.title[language] ?? step.title.en}`);
    }
  }
  return exitCodes.passed;
}

/** Puts the machines back to where the current step began. */
export async function undo(given: CourseArguments): Promise<number> {
  return withSession("undo", given, async (session) => {
    await session.send({ type: "undo" });
    const { step } = session.snapshot();
    print(`${step?.lab}/${step?.step}`);
    return exitCodes.passed;
  });
}

/** Puts the machines back to where a step (`LAB/STEP`, or a step of the current lab) began. */
export async function goTo(place: string, given: CourseArguments): Promise<number> {
  return withSession("goto", given, async (session) => {
    const current = session.snapshot().step?.lab ?? "";
    const [lab, step] = place.includes("/") ? place.split("/") : [current, place];
    await session.send({ type: "restore", lab: lab ?? "", step: step ?? "" });
    print(`${lab}/${step}`);
    return exitCodes.passed;
  });
}

/** Forgets the saved lab, or brings the machines back to where one lab began. */
export async function reset(lab: string | undefined, given: CourseArguments): Promise<number> {
  if (lab !== undefined) {
    const first = findLab(readCourse(profileOf(given.profile)), lab).steps[0];
    return goTo(`${lab}/${first?.id ?? ""}`, given);
  }
  const host = await connectToHost();
  if (host) {
    await host.close();
    throw new LabError("lab-held", "the lab is in use", {
      remedy: "End it with `wasm-k8s-lab down` (or leave `start`), then reset.",
    });
  }
  if (hasMachinesOutside(savedBackend())) {
    const lab = await openLab("reset", "instant", given);
    try {
      await lab.backend.removeAll?.();
    } finally {
      await lab.close();
    }
  }
  const home = openHome(process.env);
  const release = takeLock(home.lock, "reset", systemClock.now());
  try {
    for (const name of [...backendIds, "progress.json", "progress.json.previous"]) {
      rmSync(join(home.path, name), { recursive: true, force: true });
    }
  } finally {
    release();
  }
  return exitCodes.passed;
}
