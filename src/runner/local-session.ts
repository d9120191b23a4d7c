import { indexOf, type Place, samePlace } from "../../scenarios/guided.ts";
import { fillPlaceholders, type PlaceholderValues } from "../content/placeholders.ts";
import type { Backend, HostAccess, Language, MachineSummary, Profile } from "../domain/backend.ts";
import type { KubeReader } from "../domain/check.ts";
import type { Clock } from "../domain/clock.ts";
import type { Action, Course, Prose, Step } from "../domain/course.ts";
import { LabError } from "../domain/errors.ts";
import type { ExecOptions, ExecResult, MachineShell, ShellOptions, TerminalCommand } from "../domain/machine.ts";
import type { Picture } from "../domain/picture.ts";
import type { ProgressStore } from "../domain/progress.ts";
import type { CheckReport, Grade, LabReport, Report, StepReport } from "../domain/report.ts";
import { gradeReport } from "../grading/grade.ts";
import { watchPictures } from "./picture-watch.ts";
import { bringTo, openNeeds } from "./catch-up.ts";
import { Checker, findStep } from "./checker.ts";
import { isIn, keepEnvironment } from "./environment.ts";
import { type FaultOptions, injectFault, mendFault } from "./faults.ts";
import { type Play, type Scenario, startPlay } from "./play.ts";
import { allLabs, findLab, playableLabs, prepareLab } from "./prepare.ts";
import type {
  CommandView,
  LabOutline,
  Phase,
  Session,
  SessionEvent,
  SessionSnapshot,
  StepOutline,
  StepView,
} from "./session.ts";
import { ActionPlayer, placeholderValues, type RunOnHost } from "./solution.ts";
import { forgetFrom, keepsEveryStep, keptPlace, moveTo, snapshotId } from "./timeline.ts";
import { terminalOf } from "./terminal.ts";

export interface LocalSessionOptions {
  backend: Backend;
  course: Course;
  labsFolder: string;
  progress: ProgressStore;
  profile: Profile;
  language: Language;
  clock: Clock;
  openKube: (kubeconfig: string) => Promise<KubeReader>;
  runOnHost: RunOnHost;
  notices: string[];
  /** Begin here instead of where the learner left. */
  startLab?: string;
}

/** One learner playing the course in this process. */
export class LocalSession implements Session {
  #options: LocalSessionOptions;
  #checker: Checker;
  #play: Play;
  #listeners = new Set<() => void>();
  #abort = new AbortController();
  #detail = "";
  /** What is being played for the learner, while that goes on. */
  #catchingUp: string | undefined;
  #machines: MachineSummary[] = [];
  #host: HostAccess = { nodePorts: {} };
  #values: PlaceholderValues = { hostAddress: (port) => `127.0.0.1:${port}`, address: (machine) => machine };
  #notices: string[];
  /** Every step of the course, in order. */
  #path: readonly Place[];

  private constructor(options: LocalSessionOptions) {
    this.#options = options;
    this.#checker = new Checker(options);
    this.#notices = [...options.notices];
    const { course, progress } = options;
    const asked = options.startLab === undefined ? undefined : findLab(course, options.startLab);
    const first = asked?.steps.find((step) => !progress.step(asked.id, step.id).solved) ?? asked?.steps[0];
    this.#path = allLabs(course).flatMap((lab) => lab.steps.map((step): Place => ({ lab: lab.id, step: step.id })));
    const start = asked && first ? { lab: asked.id, step: first.id } : progress.data.current;
    this.#play = this.#start(start && indexOf(this.#path, start) >= 0 ? start : this.#beginning());
  }

  /** The course's first step that these machines can play. */
  #beginning(): Place | undefined {
    const [lab] = playableLabs(this.#options.course, this.#options.backend);
    const [step] = lab?.steps ?? [];
    if (!lab || !step) return undefined;
    if (lab.id !== this.#path[0]?.lab) {
      this.#notices.push(
        `The course begins with ${lab.id}: the labs before it need fresh machines, which this backend cannot make.`,
      );
    }
    return { lab: lab.id, step: step.id };
  }

  static async open(options: LocalSessionOptions): Promise<LocalSession> {
    const session = new LocalSession(options);
    await session.#settled();
    return session;
  }

  snapshot(): SessionSnapshot {
    const { course, profile, language, backend } = this.#options;
    return {
      courseTitle: this.#text(course.title),
      language,
      profile,
      backend: { id: backend.info.id, title: backend.info.title, simulated: backend.info.features.simulated },
      chapters: course.chapters.map((chapter) => ({
        id: chapter.id,
        title: this.#text(chapter.title),
        labs: chapter.labs.map((lab): LabOutline => this.#labOutline(lab.id)),
      })),
      step: this.#stepView(),
      phase: this.#phase(),
      grade: this.#graded().grade,
      machines: this.#machines,
      host: this.#host,
      notices: this.#notices,
    };
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async send(event: SessionEvent): Promise<void> {
    const { place } = this.#play.state();
    const progress = this.#options.progress.step(place.lab, place.step);
    switch (event.type) {
      case "check":
        // What could not be prepared is tried again first: the learner may have mended it.
        this.#play.send({ type: "RETRY" });
        await this.#play.settled();
        this.#play.send({ type: "CHECK" });
        break;
      case "next":
        await this.#next(this.#path[indexOf(this.#path, place) + 1]);
        break;
      case "back":
        this.#go(this.#path[indexOf(this.#path, place) - 1]);
        break;
      case "goto":
        this.#goto(event.lab, event.step);
        break;
      case "catchUp":
        await this.#catchUp(place);
        break;
      case "undo":
        await this.#restore(place);
        break;
      case "restore":
        await this.#restore({ lab: event.lab, step: event.step });
        break;
      case "hint":
        progress.hintsUsed = Math.min(progress.hintsUsed + 1, this.#stepAt(place).hints.length);
        this.#save();
        break;
      case "solution":
        progress.solutionShown = true;
        this.#save();
        break;
    }
    await this.#settled();
  }

  async exec(machine: string, argv: readonly string[], options?: ExecOptions): Promise<ExecResult> {
    const result = await (await this.#options.backend.machine(machine)).exec(argv, options);
    await this.#refresh();
    return result;
  }

  async openShell(name: string, options: ShellOptions): Promise<MachineShell> {
    const machine = await this.#options.backend.machine(name);
    if (!machine.openShell) {
      throw new LabError("no-shell", `${name}: this backend opens no shell here`, {
        remedy: `Use \`wasm-k8s-lab exec ${name} -- COMMAND\`.`,
      });
    }
    return machine.openShell(options);
  }

  async terminal(name: string): Promise<TerminalCommand> {
    return terminalOf(await this.#options.backend.machine(name));
  }

  async ask(labId: string, stepId?: string, language?: Language): Promise<LabReport> {
    const lab = findLab(this.#options.course, labId);
    if (!isIn(this.#options.progress.data, lab)) {
      throw new LabError("environment-differs", `${labId}: its machines are not in use, got those of another lab`, {
        remedy: `Go there first: \`wasm-k8s-lab start ${labId}\`.`,
        exitCode: 3,
      });
    }
    const steps = stepId === undefined ? lab.steps : [findStep(lab.steps, labId, stepId)];
    const reports: StepReport[] = [];
    for (const step of steps) {
      const checks = await this.#check({ lab: labId, step: step.id }, language);
      const { hintsUsed, solutionShown } = this.#options.progress.step(labId, step.id);
      reports.push({ id: step.id, checks, hintsUsed, solutionShown });
    }
    await this.#refresh();
    return { id: labId, steps: reports };
  }

  report(): Promise<{ report: Report; grade: Grade }> {
    const { report, grade } = this.#graded();
    return Promise.resolve({ report, grade });
  }

  async picture(): Promise<Picture | undefined> {
    return this.#options.backend.pictures?.now();
  }

  watchPicture(listener: (picture: Picture) => void): () => void {
    const { backend, clock } = this.#options;
    return backend.pictures ? watchPictures(backend.pictures, clock, listener) : () => undefined;
  }

  async close(): Promise<void> {
    this.#abort.abort(new Error("the session ends"));
    this.#play.stop();
    this.#save();
    await this.#options.backend.save();
  }

  /** Adds a line for the learner. */
  notice(text: string): void {
    if (this.#notices.includes(text)) return;
    this.#notices.push(text);
    this.#changed();
  }

  /** Says what a preparation is at. */
  detail(text: string): void {
    this.#detail = text;
    this.#changed();
  }

  #goto(lab: string, step: string | undefined): void {
    const target = findLab(this.#options.course, lab);
    const found = step === undefined ? target.steps[0] : findStep(target.steps, lab, step);
    if (found) this.#go({ lab, step: found.id });
  }

  /** Goes to a place, in the scenario that plays its lab. */
  #go(place: Place | undefined): void {
    if (!place) return;
    if (this.#scenarioOf(place) === this.#play.scenario) this.#play.send({ type: "GOTO", place });
    else this.#begin(place);
  }

  #begin(place: Place): void {
    this.#play.stop();
    this.#play = this.#start(place);
    this.#changed();
  }

  #start(start: Place | undefined): Play {
    const scenario = start ? this.#scenarioOf(start) : "guided";
    return startPlay({
      scenario,
      path: this.#path.filter((place) => this.#scenarioOf(place) === scenario),
      start,
      broken: this.#options.progress.data.broken,
      actors: {
        prepare: (place) => this.#prepare(place),
        check: (place) => this.#check(place),
        inject: (place) => this.#inject(place),
        mend: (place) => this.#mend(place),
      },
      onChange: () => this.#changed(),
    });
  }

  #scenarioOf(place: Place): Scenario {
    return findLab(this.#options.course, place.lab).scenario;
  }

  async #settled(): Promise<void> {
    await this.#play.settled();
    await this.#refresh();
  }

  async #refresh(): Promise<void> {
    const { backend } = this.#options;
    this.#machines = await backend.list();
    this.#host = await backend.hostAccess();
    this.#values = await placeholderValues(backend);
    this.#changed();
  }

  async #prepare(place: Place): Promise<CheckReport[]> {
    const { course, progress, backend, labsFolder, runOnHost } = this.#options;
    await prepareLab(findLab(course, place.lab), {
      backend,
      labsFolder,
      runOnHost,
      holds: progress.data,
      signal: this.#abort.signal,
      onDetail: (detail) => this.detail(detail),
    });
    progress.data.current = place;
    this.#save();
    const { snapshots } = backend;
    // A break-fix step begins with its fault, see #inject.
    const begins =
      this.#scenarioOf(place) === "guided" && samePlace(keptPlace(backend, findLab(course, place.lab), place), place);
    if (begins && snapshots && !(await snapshots.list()).includes(snapshotId(place))) {
      await snapshots.save(snapshotId(place));
    }
    return this.#known(place);
  }

  async #inject(place: Place): Promise<void> {
    const { backend } = this.#options;
    await injectFault(place, this.#faultOptions());
    this.#save();
    if (keepsEveryStep(backend)) await backend.snapshots?.save(snapshotId(place));
    await backend.save();
  }

  async #mend(place: Place): Promise<void> {
    await mendFault(place, this.#faultOptions());
    this.#save();
  }

  #faultOptions(): FaultOptions {
    return { ...this.#options, holds: this.#options.progress.data, signal: this.#abort.signal };
  }

  /** Plays what the labs before would have left, and begins the lab there. */
  async #catchUp(place: Place): Promise<void> {
    const { backend, course, labsFolder, progress, runOnHost } = this.#options;
    const lab = findLab(course, place.lab);
    const { signal } = this.#abort;
    const player = new ActionPlayer({ backend, runOnHost });
    const onDetail = (detail: string): void => {
      this.#catchingUp = detail;
      this.#changed();
    };
    try {
      for (const need of openNeeds(course, lab, progress)) {
        await bringTo(need, {
          backend,
          labsFolder,
          runOnHost,
          signal,
          player,
          holds: progress.data,
          checker: this.#checker,
          onDetail,
          onStep: (each) => onDetail(snapshotId(each)),
          onSolved: (each, reports, played) => {
            this.#remember(each, reports);
            progress.step(each.lab, each.step).solutionShown ||= played;
          },
        });
      }
      // The lab begins on what has just been built, not on what it was first opened upon.
      await backend.snapshots?.remove(snapshotId(place));
      this.#begin(place);
    } finally {
      this.#catchingUp = undefined;
      await player.close();
    }
  }

  /** Goes on to a step; what was solved of it before an `undo` is done anew. */
  async #next(place: Place | undefined): Promise<void> {
    const { backend, course, progress } = this.#options;
    if (place) {
      for (const id of forgetFrom(progress, course, findLab(course, place.lab), place.step)) {
        await backend.snapshots?.remove(id);
      }
    }
    this.#go(place);
  }

  /** Puts the machines to where a step began; what was solved since is kept aside for the way forth. */
  async #restore(asked: Place): Promise<void> {
    const { backend, course, progress } = this.#options;
    if (!backend.snapshots) {
      throw new LabError("no-snapshots", `${backend.info.id}: this backend keeps no snapshots`, {
        remedy: "Undo by hand, or use `wasm-k8s-lab reset`.",
      });
    }
    const target = findLab(course, asked.lab);
    const place = keptPlace(backend, target, asked);
    if (!(await backend.snapshots.list()).includes(snapshotId(place))) {
      throw new LabError("step-not-begun", `${place.lab}/${place.step}: this step was never begun`, {
        remedy: "Go on to it step by step; `wasm-k8s-lab status` shows where you are.",
        exitCode: 2,
      });
    }
    if (!isIn(progress.data, target)) await keepEnvironment(backend, progress.data);
    await backend.snapshots.restore(snapshotId(place));
    progress.data.environment = target.environment;
    // Faults do not build upon each other: to undo one undoes no other.
    const isFault = target.scenario === "break-fix";
    if (isFault) progress.data.broken = place;
    if (isFault) Object.assign(progress.step(place.lab, place.step), { checks: {}, solved: false });
    else moveTo(progress, course, target, place.step);
    this.#save();
    this.#begin(place);
  }

  async #check(place: Place, language?: Language): Promise<CheckReport[]> {
    const step = this.#stepAt(place);
    const reports = await this.#checker.check(step, this.#abort.signal, language);
    this.#remember(place, reports);
    return reports;
  }

  #remember(place: Place, reports: readonly CheckReport[]): void {
    const { progress } = this.#options;
    const known = progress.step(place.lab, place.step);
    for (const { id, outcome } of reports) known.checks[id] = outcome;
    if (reports.every(({ outcome }) => outcome.status === "passed")) {
      known.solved = true;
      const { broken } = progress.data;
      if (broken && samePlace(broken, place)) delete progress.data.broken;
    }
    this.#save();
  }

  /** What was last seen of a step's checks. */
  #known(place: Place): CheckReport[] {
    const progress = this.#options.progress.step(place.lab, place.step);
    return this.#stepAt(place).checks.flatMap((check): CheckReport[] => {
      const outcome = progress.checks[check.id];
      return outcome ? [{ id: check.id, outcome, ...(check.precondition ? { precondition: true } : {}) }] : [];
    });
  }

  #save(): void {
    try {
      this.#options.progress.save();
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      this.notice(`${error.message}. ${error.remedy}`);
    }
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  #text(prose: Prose): string {
    return fillPlaceholders(prose[this.#options.language] ?? prose.en, this.#values);
  }

  #stepAt(place: Place): Step {
    return findStep(findLab(this.#options.course, place.lab).steps, place.lab, place.step);
  }

  #labOutline(id: string): LabOutline {
    const lab = findLab(this.#options.course, id);
    const current = this.#play.state().place;
    return {
      id,
      section: lab.section,
      title: this.#text(lab.title),
      steps: lab.steps.map((step): StepOutline => {
        const progress = this.#options.progress.data.labs[id]?.[step.id];
        const here = current.lab === id && current.step === step.id;
        const attempted = progress && Object.keys(progress.checks).length > 0;
        const state = progress?.solved ? "solved" : here ? "current" : attempted ? "attempted" : "open";
        return { id: step.id, title: this.#text(step.title), state };
      }),
    };
  }

  #stepView(): StepView {
    const { place, checks } = this.#play.state();
    const lab = findLab(this.#options.course, place.lab);
    const step = this.#stepAt(place);
    const progress = this.#options.progress.step(place.lab, place.step);
    const view = (action: Action): CommandView =>
      "host" in action
        ? { on: "host", text: fillPlaceholders(action.host, this.#values) }
        : { on: action.machine, text: fillPlaceholders(action.run, this.#values) };
    return {
      lab: place.lab,
      step: place.step,
      section: lab.section,
      labTitle: this.#text(lab.title),
      title: this.#text(step.title),
      text: this.#text(step.text),
      machine: step.machine,
      commands: step.commands.map(view),
      checks: step.checks.map((check) => ({
        id: check.id,
        outcome: checks.find((report) => report.id === check.id)?.outcome,
      })),
      hints: step.hints
        .slice(0, progress.hintsUsed)
        .map((hint) => ({ level: hint.level, text: this.#text(hint.text) })),
      hintsTotal: step.hints.length,
      needs: openNeeds(this.#options.course, lab, this.#options.progress).map(({ title }) => this.#text(title)),
      afterwards: progress.solved && step.afterwards.en !== "" ? this.#text(step.afterwards) : undefined,
      solution: progress.solutionShown ? step.solution.map(view) : undefined,
      solved: progress.solved,
    };
  }

  #phase(): Phase {
    const { phase, message, remedy } = this.#play.state();
    if (this.#catchingUp !== undefined) return { name: "preparing", detail: this.#catchingUp };
    if (phase === "preparing") return { name: phase, detail: this.#detail };
    return phase === "failed" ? { name: phase, message, remedy } : { name: phase };
  }

  #graded(): { report: Report; grade: Grade } {
    const { course, progress, profile, backend } = this.#options;
    const report: Report = {
      formatVersion: 1,
      backend: backend.info.id,
      profile,
      labs: allLabs(course).map((lab) => ({
        id: lab.id,
        steps: lab.steps.map((step) => {
          const done = progress.data.labs[lab.id]?.[step.id];
          return {
            id: step.id,
            checks: done ? this.#known({ lab: lab.id, step: step.id }) : [],
            hintsUsed: done?.hintsUsed ?? 0,
            solutionShown: done?.solutionShown ?? false,
          };
        }),
      })),
    };
    return { report, grade: gradeReport(course, report).grade };
  }
}
