import type { EditRequest, MachineShell, ShellOptions, TerminalCommand } from "../../src/domain/machine.ts";
import type { Picture } from "../../src/domain/picture.ts";
import type { CommandView, Session, SessionEvent, SessionSnapshot, StepView } from "../../src/runner/session.ts";

/** What a command of the fake machines does; it ends when this resolves. */
export type Behaviour = (shell: FakeShell, line: string) => void | Promise<void>;

/** A shell whose commands are given by the test. */
export class FakeShell implements MachineShell {
  readonly machine: string;
  readonly options: ShellOptions;
  readonly ran: string[] = [];
  readonly inputs: (string | null)[] = [];
  readonly signals: string[] = [];
  sizes: string[] = [];
  echoes = true;
  #behaviour: Behaviour;
  #running = false;
  #asked: (() => void)[] = [];
  #reader: ((text: string | null) => void) | undefined;
  #incomplete = "";
  interrupted: () => void = () => undefined;

  constructor(machine: string, options: ShellOptions, behaviour: Behaviour) {
    this.machine = machine;
    this.options = options;
    this.#behaviour = behaviour;
  }

  print(text: string): void {
    this.options.onOutput(text);
  }

  /** For a command: waits for a typed line. */
  read(): Promise<string | null> {
    return new Promise((resolve) => {
      this.#reader = resolve;
      for (const callback of this.#asked.splice(0)) callback();
    });
  }

  edit(request: EditRequest): void {
    this.options.onEdit?.(request);
  }

  prompt(): string {
    return this.#incomplete === "" ? `ubuntu@${this.machine}:~$ ` : "> ";
  }

  busy(): boolean {
    return this.#running;
  }

  async run(line: string): Promise<{ exitCode: number; incomplete: boolean; exited: boolean }> {
    this.ran.push(line);
    if (line.endsWith("\\")) {
      this.#incomplete += line.slice(0, -1);
      return { exitCode: 0, incomplete: true, exited: false };
    }
    const whole = this.#incomplete + line;
    this.#incomplete = "";
    this.#running = true;
    await this.#behaviour(this, whole);
    this.#running = false;
    return { exitCode: 0, incomplete: false, exited: whole === "exit" };
  }

  input(text: string | null): void {
    this.inputs.push(text);
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.(text);
  }

  waitsForInput(callback: () => void): void {
    if (this.#reader) callback();
    else this.#asked.push(callback);
  }

  signal(name: string): void {
    this.signals.push(name);
    this.interrupted();
  }

  complete(line: string): Promise<{ start: number; candidates: string[] }> {
    const start = line.lastIndexOf(" ") + 1;
    const names = ["/etc/hostname", "/etc/hosts", "kubectl"];
    return Promise.resolve({ start, candidates: names.filter((name) => name.startsWith(line.slice(start))) });
  }

  history(): readonly string[] {
    return this.ran;
  }

  echo(): boolean {
    return this.echoes;
  }

  resize(columns: number, rows: number): void {
    this.sizes.push(`${columns}x${rows}`);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

export interface FakeStep {
  id: string;
  title: string;
  text: string;
  machine: string;
  commands: CommandView[];
}

/** A course of one lab, played in memory. */
export class FakeSession implements Session {
  readonly shells: FakeShell[] = [];
  readonly events: SessionEvent[] = [];
  notices: string[] = [];
  /** Thrown by the next snapshot: a fault of the program. */
  fault: Error | undefined;
  #steps: FakeStep[];
  #at = 0;
  #solved = new Set<string>();
  #checked: StepView["checks"] = [];
  #hints = 0;
  #solution = false;
  #listeners = new Set<() => void>();
  readonly watchers = new Set<(picture: Picture) => void>();
  #picture: Picture | undefined;
  #behaviour: Behaviour;
  preparing = false;
  /** What the next check says. */
  passes = true;

  constructor(steps: FakeStep[], behaviour: Behaviour = (shell, line) => shell.print(`ran ${line}\r\n`)) {
    this.#steps = steps;
    this.#behaviour = behaviour;
  }

  shell(machine: string): FakeShell {
    const shell = this.shells.findLast((each) => each.machine === machine);
    if (!shell) throw new Error(`no shell on ${machine}`);
    return shell;
  }

  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  snapshot(): SessionSnapshot {
    if (this.fault) throw this.fault;
    const step = this.#steps[this.#at];
    const state = (each: FakeStep) => (this.#solved.has(each.id) ? "solved" : each === step ? "current" : "open");
    return {
      courseTitle: "A course",
      language: "en",
      profile: "thesis",
      backend: { id: "fake", title: "Fake", simulated: true },
      chapters: [
        {
          id: "chapter",
          title: "A chapter",
          labs: [
            {
              id: "lab",
              section: "3.2.3",
              title: "A worker for WasmEdge",
              steps: this.#steps.map((each) => ({ id: each.id, title: each.title, state: state(each) })),
            },
          ],
        },
      ],
      step: step && {
        lab: "lab",
        step: step.id,
        section: "3.2.3",
        labTitle: "A worker for WasmEdge",
        title: step.title,
        text: step.text,
        machine: step.machine,
        commands: step.commands,
        checks: this.#checked,
        hints: Array.from({ length: this.#hints }, (_, index) => ({
          level: "nudge",
          text: `hint number ${index + 1}`,
        })),
        afterwards: undefined,
        needs: [],
        hintsTotal: 2,
        solution: this.#solution ? [{ on: step.machine, text: "the whole solution" }] : undefined,
        solved: this.#solved.has(step.id),
      },
      phase: this.preparing ? { name: "preparing", detail: "worker1" } : { name: "ready" },
      grade: { points: this.#solved.size, maxPoints: this.#steps.length, verdict: "incomplete" },
      machines: [
        { name: "master", state: "running", address: "10.0.0.182" },
        { name: "worker1", state: "running", address: "10.0.0.177" },
      ],
      host: { nodePorts: {} },
      notices: this.notices,
    };
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  send(event: SessionEvent): Promise<void> {
    this.events.push(event);
    const step = this.#steps[this.#at];
    if (event.type === "check" && step) {
      this.#checked = [
        {
          id: "thing-there",
          outcome: this.passes
            ? { status: "passed" }
            : {
                status: "failed",
                id: "thing-missing",
                observed: "nothing",
                expected: "a thing",
                cause: "it was not made",
                next: "make thing",
              },
        },
      ];
      if (this.passes) this.#solved.add(step.id);
    }
    if (event.type === "hint") this.#hints = Math.min(2, this.#hints + 1);
    if (event.type === "solution") this.#solution = true;
    if (event.type === "next" || event.type === "back" || event.type === "goto") {
      const goal = event.type === "goto" ? this.#steps.findIndex(({ id }) => id === event.step) : undefined;
      this.#at = goal ?? this.#at + (event.type === "next" ? 1 : -1);
      this.#checked = [];
      this.#hints = 0;
      this.#solution = false;
    }
    this.changed();
    return Promise.resolve();
  }

  terminal(machine: string): Promise<TerminalCommand> {
    return Promise.resolve({ file: "true", argv: [machine] });
  }

  openShell(machine: string, options: ShellOptions): Promise<MachineShell> {
    if (this.preparing) return Promise.reject(new Error(`${machine}: there is no such machine (yet)`));
    const shell = new FakeShell(machine, options, this.#behaviour);
    this.shells.push(shell);
    return Promise.resolve(shell);
  }

  exec(): Promise<never> {
    return Promise.reject(new Error("the UI runs nothing by itself"));
  }

  picture(): Promise<Picture | undefined> {
    return Promise.resolve(this.#picture);
  }

  watchPicture(listener: (picture: Picture) => void): () => void {
    this.watchers.add(listener);
    if (this.#picture) listener(this.#picture);
    return () => this.watchers.delete(listener);
  }

  /** The machines are another picture now. */
  look(picture: Picture): void {
    this.#picture = picture;
    for (const watcher of this.watchers) watcher(picture);
  }

  ask(): Promise<never> {
    return Promise.reject(new Error("the UI asks for the current step only"));
  }

  report(): Promise<never> {
    return Promise.reject(new Error("the UI shows the snapshot"));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
