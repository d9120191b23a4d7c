import type { Language, MachineRole, Profile } from "./backend.ts";

/** Prose by language; `en` is always there. */
export type Prose = Readonly<{ en: string } & Partial<Record<Language, string>>>;

/** One thing a person would do, run through the same shell. */
export type Action =
  /** Typed at a machine's prompt, one line or several. */
  | { machine: MachineRole; run: string }
  /** Typed on this computer (`kubectl` or `curl` against the lab's own ports). */
  | { host: string };

export interface CheckSpec {
  /** Permanent, unique in its step. */
  id: string;
  kind: string;
  params: unknown;
  points: number;
  precondition: boolean;
  /** Overrides of the kind's own words: by failure id the cause, by `cause` and `expected` those of every failure. */
  causes: Readonly<Record<string, Prose>>;
}

export interface Hint {
  level: "nudge" | "pointer" | "command";
  text: Prose;
}

export interface Step {
  /** Permanent, unique in its lab, kebab-case. */
  id: string;
  title: Prose;
  text: Prose;
  /** The machine whose shell the step opens on. */
  machine: MachineRole;
  /** What of the thesis it teaches, e.g. `section-3.2.1`, `figure-13`. */
  covers: readonly string[];
  /** Breaks the machines when the step begins; empty but in break-fix labs. */
  fault: Action[];
  /** Commands shown for the learner to type or run with a key. */
  commands: Action[];
  checks: CheckSpec[];
  hints: Hint[];
  /** What it was and where it happened, told once the step is solved; `en` is empty where there is nothing to tell. */
  afterwards: Prose;
  solution: Action[];
  /** Other ways to reach the same state, tested like the solution. */
  routes: Readonly<Record<string, Action[]>>;
  /** Wrong answers for the content test: actions, and the failure id they must produce. */
  mistakes: Mistake[];
}

/** A wrong answer: what somebody does, and the failure that one check must then report. */
export interface Mistake {
  id: string;
  actions: Action[];
  /** On which state of the step it is made. */
  on: "unsolved" | "solved";
  check: string;
  failure: string;
}

/** A file put on a machine before the lab begins. */
export interface LabFile {
  machine: MachineRole;
  path: string;
  owner: string;
  mode: number;
  /** Path below the lab's `files/`. */
  source: string;
}

export interface Lab {
  /** Permanent. */
  id: string;
  /** Section of the thesis, e.g. `3.2.4`. */
  section: string;
  title: Prose;
  summary: Prose;
  /** How it is played. */
  scenario: "guided" | "break-fix";
  /** Labs of one environment share the state of the machines; another environment begins with fresh ones. */
  environment: string;
  machines: MachineRole[];
  /** Brings fresh machines to where the lab begins; played once, before its first step. */
  setup: Action[];
  /** Labs whose end state this one starts from, in order. */
  needs: string[];
  profiles: Profile[];
  files: LabFile[];
  steps: Step[];
}

export interface Chapter {
  id: string;
  title: Prose;
  labs: Lab[];
}

export interface Course {
  title: Prose;
  chapters: Chapter[];
}
