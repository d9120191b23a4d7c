import type { HostAccess, Language, MachineSummary, Profile } from "../domain/backend.ts";
import type { Outcome } from "../domain/check.ts";
import type { Hint } from "../domain/course.ts";
import type { ExecOptions, ExecResult, MachineShell, ShellOptions, TerminalCommand } from "../domain/machine.ts";
import type { Picture } from "../domain/picture.ts";
import type { Grade, LabReport, Report } from "../domain/report.ts";

/** `open` not begun, `current` where the learner is, `attempted` checked and not passed. */
export type StepState = "open" | "current" | "attempted" | "solved";

export interface StepOutline {
  id: string;
  title: string;
  state: StepState;
}

export interface LabOutline {
  id: string;
  section: string;
  title: string;
  steps: StepOutline[];
}

export interface ChapterOutline {
  id: string;
  title: string;
  labs: LabOutline[];
}

export interface CommandView {
  /** A machine's name, or `host` for this computer. */
  on: string;
  text: string;
}

export interface CheckView {
  id: string;
  outcome: Outcome | undefined;
}

/** The current step as it is shown: texts in the learner's language, with addresses and ports filled in. */
export interface StepView {
  lab: string;
  step: string;
  section: string;
  labTitle: string;
  title: string;
  text: string;
  /** The machine whose shell the step opens on. */
  machine: string;
  commands: CommandView[];
  checks: CheckView[];
  /** Hints asked for so far, and how many there are. */
  hints: { level: Hint["level"]; text: string }[];
  hintsTotal: number;
  /** What it was, told once the step is solved. */
  afterwards: string | undefined;
  /** Titles of labs that this one builds upon and that are not solved; `catchUp` plays their solutions. */
  needs: string[];
  /** Shown once asked for. */
  solution: CommandView[] | undefined;
  solved: boolean;
}

export type Phase =
  | { name: "preparing"; detail: string }
  | { name: "ready" }
  | { name: "checking" }
  | { name: "failed"; message: string; remedy: string };

/** Everything the UI shows, as plain JSON. */
export interface SessionSnapshot {
  courseTitle: string;
  language: Language;
  profile: Profile;
  backend: { id: string; title: string; simulated: boolean };
  chapters: ChapterOutline[];
  step: StepView | undefined;
  phase: Phase;
  grade: Grade;
  machines: MachineSummary[];
  host: HostAccess;
  /** Lines for the learner: damaged files set aside, ports taken, a full disk. */
  notices: string[];
}

export type SessionEvent =
  | { type: "check" }
  | { type: "hint" }
  | { type: "solution" }
  | { type: "next" }
  | { type: "back" }
  /** Only shows another step; the machines stay as they are. */
  | { type: "goto"; lab: string; step?: string }
  /** Plays the solutions of the labs that the current one builds upon, as far as the machines are not there yet. */
  | { type: "catchUp" }
  /** The machines go back to where the current step began. */
  | { type: "undo" }
  /** The machines go back to where that step began. */
  | { type: "restore"; lab: string; step: string };

/** One learner playing, in this process or in the host's through its socket. */
export interface Session {
  snapshot(): SessionSnapshot;
  /** Calls back after every change; returns how to stop. */
  subscribe(listener: () => void): () => void;
  /** Does what the learner asks; resolves when it is done. Rejects with LabError. */
  send(event: SessionEvent): Promise<void>;
  exec(machine: string, argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** Rejects with LabError `no-shell` where the backend has none. */
  openShell(machine: string, options: ShellOptions): Promise<MachineShell>;
  /** What to run to hand a terminal over to a machine. Rejects with LabError `no-terminal` where nothing does that. */
  terminal(machine: string): Promise<TerminalCommand>;
  /** Asks the checks of a lab, or of one step of it, without going there, in that language; remembers the outcomes. */
  ask(lab: string, step?: string, language?: Language): Promise<LabReport>;
  report(): Promise<{ report: Report; grade: Grade }>;
  /** The cluster as it is now; undefined where the backend cannot look. */
  picture(): Promise<Picture | undefined>;
  /** Calls back with the picture now and whenever it has become another one; returns how to stop. */
  watchPicture(listener: (picture: Picture) => void): () => void;
  close(): Promise<void>;
}
