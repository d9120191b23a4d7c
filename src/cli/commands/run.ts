import { rmSync } from "node:fs";
import { join } from "node:path";
import { exitCodes, LabError } from "../../domain/errors.ts";
import { runOnHost } from "../../process/host-command.ts";
import { playLabs } from "../../runner/autopilot.ts";
import { Checker } from "../../runner/checker.ts";
import { isIn, isKept } from "../../runner/environment.ts";
import { findLab, playableLabs } from "../../runner/prepare.ts";
import { textsFor } from "../../texts/texts.ts";
import { systemClock } from "../system-clock.ts";
import { knownLinesIn } from "../known-failures.ts";
import { languageOf } from "../language.ts";
import { type LabArguments, labsFolder, openKube, openLab, type OpenLab, requireUsable } from "../open-session.ts";
import { exitCodeOf, outcomeLines, print, printJson } from "../output.ts";

export interface RunArguments extends LabArguments {
  json?: boolean;
}

/** Plays labs by their own solutions and prints the graded report. Resolves with the exit code. */
export async function run(labs: readonly string[], given: RunArguments): Promise<number> {
  const texts = textsFor(languageOf(given.lang));
  const abort = new AbortController();
  const interrupt = (): void => abort.abort(new LabError("interrupted", "interrupted", { remedy: "", exitCode: 130 }));
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  let lab = await openLab("run", "instant", given);
  try {
    await requireUsable(lab);
    const wanted = labs.length > 0 ? labs : playableLabs(lab.course, lab.backend).map((each) => each.id);
    for (const id of wanted) findLab(lab.course, id);
    const apart = await isPlayed(lab, wanted[0] ?? "", given);
    if (apart && !lab.backend.info.features.simulated) {
      throw new LabError(
        "played-before",
        `${wanted[0]}: was played on these machines before, and proves nothing again`,
        {
          remedy: "Run `wasm-k8s-lab down` for fresh machines, or set WASM_K8S_LAB_HOME to another folder.",
          exitCode: exitCodes.wrongUse,
        },
      );
    }
    if (apart) {
      process.stderr.write(`${texts.run.apart}\n`);
      await lab.close();
      const folder = join(lab.home.path, "run");
      rmSync(folder, { recursive: true, force: true });
      lab = await openLab("run", "instant", given, folder);
    }
    const { progress } = lab;
    const result = await playLabs({
      backend: lab.backend,
      course: lab.course,
      labsFolder: labsFolder(),
      labs: wanted,
      profile: progress.data.profile,
      language: languageOf(given.lang),
      clock: systemClock,
      openKube,
      runOnHost,
      holds: progress.data,
      signal: abort.signal,
      onStep: ({ lab: id, step }, detail) => {
        if (detail === "solving") process.stderr.write(`${texts.run.solving(`${id}/${step}`)}\n`);
        else process.stderr.write(`${texts.run.done(`${id}/${step}`, detail === "passed")}\n`);
      },
    });
    for (const { id, steps } of result.report.labs) {
      for (const step of steps) {
        const known = progress.step(id, step.id);
        for (const check of step.checks) known.checks[check.id] = check.outcome;
        known.solved = step.checks.every((check) => check.outcome.status === "passed");
        known.solutionShown = true;
        progress.data.current = { lab: id, step: step.id };
      }
    }
    progress.save();
    const grades = new Map(result.graded.labs.map(({ id, ...grade }) => [id, grade]));
    if (given.json) {
      const withGrades = result.report.labs.map((each) => ({ ...each, grade: grades.get(each.id) }));
      printJson({ ...result.report, labs: withGrades, grade: result.graded.grade });
    } else {
      for (const each of result.report.labs) {
        const grade = grades.get(each.id);
        print(
          `${each.id}: ${texts.common.verdicts[grade?.verdict ?? "incomplete"]} (${texts.common.points(grade?.points ?? 0, grade?.maxPoints ?? 0)})`,
        );
      }
    }
    for (const { id, steps } of result.report.labs) {
      for (const step of steps) {
        if (step.checks.every((check) => check.outcome.status === "passed")) continue;
        const place = `${id}/${step.id}`;
        for (const check of step.checks) {
          const text = outcomeLines(`${place}/${check.id}`, check.outcome, texts).join("\n");
          if (check.outcome.status !== "passed") process.stderr.write(`${text}\n`);
        }
        for (const failed of result.failures.get(place) ?? []) {
          const line = texts.run.command(failed.on, failed.command, failed.exitCode);
          process.stderr.write(`${[line, failed.output, ...knownLinesIn(failed.output, texts)].join("\n")}\n`);
        }
      }
    }
    return exitCodeOf(result.report.labs);
  } finally {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
    await lab.close();
  }
}

/** True when the learner has solved the lab's first step, so that playing it here would prove nothing. */
async function isPlayed(lab: OpenLab, id: string, given: RunArguments): Promise<boolean> {
  const first = findLab(lab.course, id);
  if (!isIn(lab.progress.data, first)) return isKept(lab.backend, first);
  const step = first.steps[0];
  const machines = await lab.backend.list();
  if (!step || !first.machines.every((name) => machines.some((machine) => machine.name === name))) return false;
  const { profile } = lab.progress.data;
  const checker = new Checker({
    backend: lab.backend,
    clock: systemClock,
    profile,
    language: languageOf(given.lang),
    openKube,
  });
  const reports = await checker.check(step, new AbortController().signal);
  return reports.every((report) => report.outcome.status === "passed");
}
