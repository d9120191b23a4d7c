import { bindCheck } from "../checks/registry.ts";
import type { Backend, Language, Profile } from "../domain/backend.ts";
import type { KubeReader, WrongAnswer } from "../domain/check.ts";
import type { Clock } from "../domain/clock.ts";
import type { Action, Course, Lab, Step } from "../domain/course.ts";
import type { CheckReport } from "../domain/report.ts";
import { Checker } from "./checker.ts";
import type { MachinesHold } from "./environment.ts";
import { neededLabs, prepareLab } from "./prepare.ts";
import { ActionPlayer, type RunOnHost } from "./solution.ts";

/** Milliseconds that a solution's effects may take to show. */
const patienceMs = 20_000;
/** Milliseconds that a wrong answer's effects may take to show. */
const wrongPatienceMs = 10_000;
/** Wrong answers that every check needs, to be trusted to tell right from wrong. */
const wrongAnswersNeeded = 3;

export interface ContentTestOptions {
  backend: Backend;
  course: Course;
  labsFolder: string;
  profile: Profile;
  language: Language;
  clock: Clock;
  openKube: (kubeconfig: string) => Promise<KubeReader>;
  runOnHost: RunOnHost;
  signal: AbortSignal;
  /** Labs to test, in the course's order; those that they need are only solved. */
  labs: readonly Lab[];
  /** By lab: play this route where a step has it, else the solution; wrong answers are then left out everywhere. */
  routes?: Readonly<Record<string, string>>;
  /** Leave out the wrong answers that the kinds of checks know by themselves, which are the same in every profile. */
  onlyMistakes?: boolean;
  /** Steps that are only solved, each in its one way, because their wrong answers were played before. */
  onlySolved?: ReadonlySet<string>;
  /** Told of each step when it is done. */
  onStep?: (result: StepResult) => void;
}

export interface StepResult {
  lab: string;
  step: string;
  checks: number;
  wrongAnswers: number;
  /** Empty when the step is as it should be. */
  problems: string[];
}

/**
 * Tests the course itself: every step is unsolved before its solution, so also after the solution of the step before,
 * and solved after it; asking twice changes nothing; each wrong answer fails with the id that it names and all four
 * parts of its message. A fault is repaired in every way that the lab knows.
 */
export async function testContent(options: ContentTestOptions): Promise<StepResult[]> {
  const test = new ContentTest(options);
  const results: StepResult[] = [];
  const solved = new Set<string>();
  try {
    for (const lab of options.labs) {
      for (const need of neededLabs(options.course, lab)) {
        if (!solved.has(need.id)) await test.solve(need);
        solved.add(need.id);
      }
      await test.prepare(lab);
      for (const step of lab.steps) {
        const result = await test.step(lab, step);
        results.push(result);
        options.onStep?.(result);
      }
      solved.add(lab.id);
    }
  } finally {
    await test.close();
  }
  return results;
}

/** A wrong answer to one check of a step, from the lab or from the check's kind. */
interface WrongAnswerTo extends WrongAnswer {
  check: string;
}

class ContentTest {
  #options: ContentTestOptions;
  #checker: Checker;
  #holds: MachinesHold = { prepared: [] };
  #player: ActionPlayer;

  constructor(options: ContentTestOptions) {
    this.#options = options;
    this.#checker = new Checker(options);
    this.#player = new ActionPlayer(options);
  }

  async prepare(lab: Lab): Promise<void> {
    await this.#freshShells();
    await prepareLab(lab, { ...this.#options, holds: this.#holds });
  }

  /** Only the solutions, for a lab that another one needs. */
  async solve(lab: Lab): Promise<void> {
    await this.prepare(lab);
    for (const step of lab.steps) {
      await this.#play(step.solution);
      await this.#checker.checkUntilPassed(step, patienceMs, this.#options.signal);
    }
  }

  async step(lab: Lab, step: Step): Promise<StepResult> {
    const { routes, onlyMistakes, onlySolved } = this.#options;
    const route = routes?.[lab.id];
    const answersWrong = routes === undefined && !onlySolved?.has(`${lab.id}/${step.id}`);
    const actions = (route === undefined ? undefined : step.routes[route]) ?? step.solution;
    const problems: string[] = [];
    const wrong = answersWrong ? this.#wrongAnswers(step) : { unsolved: [], solved: [] };
    const { signal } = this.#options;
    const unplayed = await new ActionPlayer({ ...this.#options, unseen: true }).play(step.fault, signal);
    problems.push(...unplayed.map(({ on, command, output }) => `the fault, on ${on}: ${command} failed: ${output}`));
    // A route may do at once what the solution does in several steps; those that are then done have no actions.
    if (route === undefined || actions.length > 0) problems.push(...(await this.#unsolved(step)));
    problems.push(...(await this.#answerWrong(lab, step, wrong.unsolved)));
    if (answersWrong && step.fault.length > 0) problems.push(...(await this.#repairOtherwise(lab, step)));
    const failures = await this.#play(actions);
    const open = await this.#solved(step);
    problems.push(...open, ...(open.length > 0 ? failures : []));
    if (open.length === 0) problems.push(...(await this.#answerWrong(lab, step, wrong.solved)));
    const all = [...wrong.unsolved, ...wrong.solved];
    if (answersWrong && !onlyMistakes) problems.push(...tooFew(step, all));
    return { lab: lab.id, step: step.id, checks: step.checks.length, wrongAnswers: all.length, problems };
  }

  async close(): Promise<void> {
    await this.#player.close();
  }

  async #play(actions: readonly Action[]): Promise<string[]> {
    const failed = await this.#player.play(actions, this.#options.signal);
    return failed.map(({ on, command, exitCode, output }) => `on ${on}: ${command} ended with ${exitCode}: ${output}`);
  }

  async #freshShells(): Promise<void> {
    await this.#player.close();
    this.#player = new ActionPlayer(this.#options);
  }

  #wrongAnswers(step: Step): { unsolved: WrongAnswerTo[]; solved: WrongAnswerTo[] } {
    const unsolved = step.mistakes.filter((mistake) => mistake.on === "unsolved");
    const solved: WrongAnswerTo[] = step.mistakes.filter((mistake) => mistake.on === "solved");
    for (const { id, kind, params, precondition } of step.checks) {
      if (precondition || this.#options.onlyMistakes) continue;
      solved.push(...bindCheck(kind, params, id).wrongAnswers.map((answer) => ({ ...answer, check: id })));
    }
    return { unsolved, solved };
  }

  /** Plays each wrong answer on the state as it is now, and comes back to that state. */
  async #answerWrong(lab: Lab, step: Step, answers: readonly WrongAnswerTo[]): Promise<string[]> {
    const { snapshots } = this.#options.backend;
    if (answers.length === 0 || !snapshots) return [];
    const id = `content-test ${lab.id} ${step.id}`;
    const problems: string[] = [];
    await snapshots.save(id);
    for (const answer of answers) {
      const failures = await this.#play(answer.actions);
      const wrong = await this.#wrongAnswer(step, answer);
      problems.push(...wrong, ...(wrong.length > 0 ? failures : []));
      await this.#player.close();
      await snapshots.restore(id);
      // The old shells remember directories and variables of the wrong answer.
      await this.#freshShells();
    }
    await snapshots.remove(id);
    return problems;
  }

  /** Repairs a fault in each other way, and comes back to the fault: any repair that works counts. */
  async #repairOtherwise(lab: Lab, step: Step): Promise<string[]> {
    const { snapshots } = this.#options.backend;
    const ways = Object.entries(step.routes);
    if (ways.length === 0) return ["a fault has another repair beside its solution (lab.yaml: routes)"];
    if (!snapshots) return [];
    const id = `content-test ${lab.id} ${step.id} broken`;
    const problems: string[] = [];
    await snapshots.save(id);
    for (const [name, actions] of ways) {
      const failures = await this.#play(actions);
      const open = await this.#solved(step);
      problems.push(...[...open, ...(open.length > 0 ? failures : [])].map((problem) => `repair ${name}: ${problem}`));
      await this.#player.close();
      await snapshots.restore(id);
      await this.#freshShells();
    }
    await snapshots.remove(id);
    return problems;
  }

  async #unsolved(step: Step): Promise<string[]> {
    const reports = await this.#checker.check(step, this.#options.signal);
    const problems = reports
      .filter((report) => report.outcome.status === "errored")
      .map((report) => `before the solution ${report.id} ${statusOf(report)}`);
    const open = reports.some((report) => report.outcome.status === "failed" && !report.precondition);
    return open ? problems : [...problems, "every check passes before the solution"];
  }

  async #solved(step: Step): Promise<string[]> {
    const first = await this.#checker.checkUntilPassed(step, patienceMs, this.#options.signal);
    const problems = notPassed(first).map((report) => `after the solution ${report.id} ${statusOf(report)}`);
    if (problems.length > 0) return problems;
    const second = await this.#checker.check(step, this.#options.signal);
    return notPassed(second).map((report) => `asked a second time ${report.id} ${statusOf(report)}`);
  }

  async #wrongAnswer(step: Step, answer: WrongAnswerTo): Promise<string[]> {
    const { clock, signal } = this.#options;
    const where = `wrong answer ${answer.id}: ${answer.check}`;
    const spec = step.checks.find((check) => check.id === answer.check);
    if (!spec) return [`${where}: no check of that id`];
    const end = clock.monotonic() + wrongPatienceMs;
    for (let pause = 20; ; pause = Math.min(pause * 2, 500)) {
      const [report] = await this.#checker.check({ ...step, checks: [spec] }, signal);
      const outcome = report?.outcome;
      if (outcome?.status === "failed" && outcome.id === answer.failure) {
        return (["observed", "expected", "cause", "next"] as const)
          .filter((part) => outcome[part].trim() === "")
          .map((part) => `${where} says nothing for ${part}`);
      }
      if (clock.monotonic() >= end) {
        return [`${where} ${report ? statusOf(report) : "was not asked"}, expected failure ${answer.failure}`];
      }
      await clock.sleep(pause, signal);
    }
  }
}

function tooFew(step: Step, answers: readonly WrongAnswerTo[]): string[] {
  return step.checks.flatMap((check) => {
    const count = answers.filter((answer) => answer.check === check.id).length;
    if (check.precondition || count >= wrongAnswersNeeded) return [];
    return [`${check.id} has ${count} wrong answers, at least ${wrongAnswersNeeded} are needed (lab.yaml: mistakes)`];
  });
}

const notPassed = (reports: readonly CheckReport[]): CheckReport[] =>
  reports.filter((report) => report.outcome.status !== "passed");

const statusOf = (report: CheckReport): string =>
  report.outcome.status === "failed"
    ? `failed with ${report.outcome.id} (${report.outcome.observed})`
    : report.outcome.status === "errored"
      ? `could not be asked (${report.outcome.error})`
      : report.outcome.status;
