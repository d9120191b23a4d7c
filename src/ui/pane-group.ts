import type { EditRequest } from "../domain/machine.ts";
import type { Session } from "../runner/session.ts";
import { Pane } from "./pane.ts";

export interface PaneListeners {
  onEdit(request: EditRequest): void;
  onLine(machine: string, line: string): void;
  onOutput(output: string): void;
  /** A shell ended and another one was opened in its place. */
  onReplaced(): void;
}

const nobody: PaneListeners = {
  onEdit: () => undefined,
  onLine: () => undefined,
  onOutput: () => undefined,
  onReplaced: () => undefined,
};

/** The shells that are open, and which one is in sight. */
export class PaneGroup {
  readonly all: Pane[] = [];
  #listeners: PaneListeners = nobody;
  #session: Session;
  #columns: number;
  #rows: number;
  #index = 0;
  #onChange: () => void = () => undefined;
  #version = 0;
  /** In sight before the first shell is open. */
  #nowhere: Pane;

  constructor(session: Session, columns: number, rows: number) {
    this.#session = session;
    this.#columns = columns;
    this.#rows = rows;
    this.#nowhere = this.#create("", 0);
  }

  /** For React: calls back after every change; `version` is another one then. */
  readonly subscribe = (onChange: () => void): (() => void) => {
    this.#onChange = onChange;
    return () => {
      this.#onChange = () => undefined;
    };
  };

  readonly version = (): number => this.#version;

  listen(listeners: PaneListeners): void {
    this.#listeners = listeners;
  }

  get current(): Pane {
    return this.all[this.#index] ?? this.#nowhere;
  }

  /** Shows a machine's shell, opening it when there is none. */
  show(machine: string): Pane {
    if (this.current.machine === machine && !this.current.failed) return this.current;
    const at = this.all.findIndex((pane) => pane.machine === machine);
    if (at < 0) return this.#add(machine, 1);
    if (this.all[at]?.failed) this.all[at] = this.#open(machine, 1);
    this.#showAt(at);
    return this.current;
  }

  /** The next open shell, then the first machine that has none open, then the first shell again. */
  showNext(machines: readonly string[]): void {
    const unopened = machines.find((machine) => !this.all.some((pane) => pane.machine === machine));
    if (this.#index + 1 < this.all.length) this.#showAt(this.#index + 1);
    else if (unopened === undefined) this.#showAt(0);
    else this.#add(unopened, 1);
  }

  /** Another shell on the machine in sight. */
  openSecond(): void {
    const { machine } = this.current;
    if (machine === "") return;
    const numbers = this.all.filter((pane) => pane.machine === machine).map((pane) => pane.number);
    this.#add(machine, Math.max(...numbers) + 1);
  }

  resize(columns: number, rows: number): void {
    if (columns === this.#columns && rows === this.#rows) return;
    this.#columns = columns;
    this.#rows = rows;
    for (const pane of this.all) pane.resize(columns, rows);
    this.#changed();
  }

  /** Everything the machines printed, oldest first within a shell. */
  allOutput(): string[] {
    return this.all.flatMap((pane) => pane.screen.logicalLines());
  }

  #changed(): void {
    this.#version += 1;
    this.#onChange();
  }

  #showAt(at: number): void {
    this.#index = at;
    this.#changed();
  }

  #add(machine: string, number: number): Pane {
    const pane = this.#open(machine, number);
    this.all.push(pane);
    this.#showAt(this.all.length - 1);
    return pane;
  }

  #create(machine: string, number: number): Pane {
    return new Pane(machine, number, this.#columns, this.#rows, {
      onChange: () => this.#changed(),
      onEdit: (request) => this.#listeners.onEdit(request),
      onLine: (where, line) => this.#listeners.onLine(where, line),
      onOutput: (output) => this.#listeners.onOutput(output),
      onExit: (ended) => this.#leave(ended),
    });
  }

  #open(machine: string, number: number): Pane {
    const pane = this.#create(machine, number);
    void pane.open(this.#session, this.#columns, this.#rows);
    return pane;
  }

  /** A second shell goes away; a machine's only one is followed by a new one. */
  #leave(ended: Pane): void {
    const at = this.all.indexOf(ended);
    if (at < 0) return;
    if (this.all.some((pane) => pane !== ended && pane.machine === ended.machine)) {
      this.all.splice(at, 1);
      const other = this.all.findIndex((pane) => pane.machine === ended.machine);
      if (this.#index === at) this.#index = other;
      else if (this.#index > at) this.#index -= 1;
    } else {
      this.all[at] = this.#open(ended.machine, ended.number);
      this.#listeners.onReplaced();
    }
    this.#changed();
  }
}
