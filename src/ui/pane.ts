import type { EditRequest, MachineShell } from "../domain/machine.ts";
import type { Session } from "../runner/session.ts";
import { complete, edit, type EditedLine, type EditKey, emptyLine, insert } from "./line-editor.ts";
import { ScreenBuffer } from "./screen-buffer.ts";

export interface PaneEvents {
  onChange(): void;
  onEdit(request: EditRequest): void;
  /** A line was run, with the lines before it that ended in a backslash. */
  onLine(machine: string, line: string): void;
  /** A command has ended; the end of what was printed since it began. */
  onOutput(output: string): void;
  /** The shell has ended, by `exit` for example. */
  onExit(pane: Pane): void;
}

const controlKeys: Readonly<Record<string, EditKey>> = {
  "\u0001": "home",
  "\u0002": "left",
  "\u0005": "end",
  "\u0006": "right",
  "\u0008": "backspace",
  "\u000b": "kill-to-end",
  "\u000e": "down",
  "\u0010": "up",
  "\u0015": "kill-to-start",
  "\u0017": "kill-word",
  "\u007f": "backspace",
};

type PageKey = "page-up" | "page-down";

/** What a program that reads keys by itself (a pager) gets. */
const rawKeys: Partial<Record<EditKey | PageKey, string>> = {
  "page-up": "\u001b[5~",
  "page-down": "\u001b[6~",
  up: "\u001b[A",
  down: "\u001b[B",
  right: "\u001b[C",
  left: "\u001b[D",
  home: "\u001b[H",
  end: "\u001b[F",
  backspace: "\u007f",
};

/** Characters of a command's output that are kept to be looked at when it ends. */
const longestOutput = 16_384;

/** One shell on one machine as it stands on the screen: what was printed, and the line being typed. */
export class Pane {
  readonly machine: string;
  readonly number: number;
  readonly screen: ScreenBuffer;
  line: EditedLine = emptyLine;
  /** True when the shell could not be opened. */
  failed = false;
  /** Lines scrolled up from the end. */
  scrolled = 0;
  #shell: MachineShell | undefined;
  #events: PaneEvents;
  /** Lines that were entered while nobody could take them yet. */
  #entered: string[] = [];
  /** Keys that wait for a completion to be looked up. */
  #held: (() => void)[] | undefined;
  #continued = "";
  /** What was printed since the last command began. */
  #output = "";
  #armed = false;
  /** How much had been printed when that was last looked at. */
  #height = 0;

  constructor(machine: string, number: number, columns: number, rows: number, events: PaneEvents) {
    this.machine = machine;
    this.number = number;
    this.#events = events;
    this.screen = new ScreenBuffer(columns, rows, () => this.#printed());
  }

  /** Opens the shell; why that did not work stands on the screen. */
  async open(session: Session, columns: number, rows: number): Promise<void> {
    try {
      this.#shell = await session.openShell(this.machine, {
        columns,
        rows,
        onOutput: (text) => {
          this.#output = (this.#output + text).slice(-longestOutput);
          this.screen.write(text);
        },
        onEdit: (request) => this.#events.onEdit(request),
      });
      this.#drain();
    } catch (error) {
      this.failed = true;
      this.screen.write(`${error instanceof Error ? error.message : String(error)}\r\n`);
    }
    this.#events.onChange();
  }

  /** What stands before the typed text; empty while a command runs, whose output is the prompt. */
  prompt(): string {
    return this.#shell && !this.#shell.busy() ? this.#shell.prompt() : "";
  }

  /** True while a command runs or the shell is being opened. */
  busy(): boolean {
    return this.#shell?.busy() ?? true;
  }

  /** False while a program reads keys without showing them. */
  echo(): boolean {
    return this.#shell?.echo() ?? true;
  }

  /** Lines entered that still wait for the prompt. */
  get waiting(): number {
    return this.#entered.length;
  }

  resize(columns: number, rows: number): void {
    this.screen.resize(columns, rows);
    this.#shell?.resize(columns, rows);
  }

  /** What the keyboard sent in one piece: text and control characters as they came. */
  keyboard(text: string): void {
    this.#next(() => {
      if (this.#readsKeys()) return this.#shell?.input(text.replaceAll("\r", "\n"));
      const [, run = "", key, rest = ""] = /^([^\p{Cc}]*)(\p{Cc})?(.*)$/su.exec(text) ?? [];
      if (run !== "") this.#insert(run);
      if (key === "\r" || key === "\n") this.#enter();
      else if (key === "\t") this.#complete();
      else if (key === "\u0003") this.interrupt();
      else if (key === "\u0004") this.#endOfInput();
      else if (key === "\u000c") this.screen.clear();
      else if (key !== undefined && controlKeys[key]) this.#edit(controlKeys[key]);
      if (rest !== "") this.keyboard(rest);
      return undefined;
    });
  }

  /** Text that is put in as it is, perhaps several lines: every line but the last is entered. */
  paste(text: string): void {
    this.#next(() => {
      const [first = "", ...rest] = text.replaceAll(/\r\n?/g, "\n").split("\n");
      this.#insert(first);
      for (const line of rest) {
        this.#enter();
        this.#insert(line);
      }
    });
  }

  key(key: EditKey | PageKey): void {
    this.#next(() => {
      if (this.#readsKeys()) return this.#shell?.input(rawKeys[key] ?? "");
      return key === "page-up" || key === "page-down" ? undefined : this.#edit(key);
    });
  }

  enter(): void {
    this.keyboard("\r");
  }

  /** Ctrl-C: ends the running command, or throws the line away. */
  interrupt(): void {
    const shell = this.#shell;
    this.#entered = [];
    this.#continued = "";
    this.scrolled = 0;
    if (shell && !shell.busy()) this.screen.write(`${shell.prompt()}${this.line.text}^C\r\n`);
    else if (this.echo() && !this.screen.fullScreen) this.screen.write(`${this.line.text}^C\r\n`);
    this.line = emptyLine;
    shell?.signal("SIGINT");
    this.#events.onChange();
  }

  scroll(lines: number): void {
    this.scrolled = Math.max(0, Math.min(this.scrolled + lines, this.screen.height - 1));
    this.#events.onChange();
  }

  #readsKeys(): boolean {
    return this.#shell !== undefined && this.#shell.busy() && !this.#shell.echo();
  }

  /** Does it now, or after the completion that is being looked up. */
  #next(action: () => void): void {
    this.scrolled = 0;
    if (this.#held) this.#held.push(action);
    else action();
  }

  #insert(text: string): void {
    this.line = insert(this.line, text);
    this.#events.onChange();
  }

  #edit(key: EditKey): void {
    this.line = edit(this.line, key, this.#shell?.history() ?? []);
    this.#events.onChange();
  }

  #enter(): void {
    this.#entered.push(this.line.text);
    this.line = emptyLine;
    this.#drain();
    this.#events.onChange();
  }

  /** Ctrl-D ends a command's input; at the prompt it does nothing, so that nobody leaves a shell by mistake. */
  #endOfInput(): void {
    if (this.busy()) this.#shell?.input(null);
    else if (this.line.text !== "") this.#edit("delete");
  }

  #complete(): void {
    const shell = this.#shell;
    if (!shell || shell.busy()) return;
    this.#held = [];
    const { line } = this;
    shell
      .complete(line.text, line.cursor)
      .then(
        ({ start, candidates }) => {
          const completed = complete(line, start, candidates);
          if (completed.choices.length > 0) {
            const choices = inColumns(completed.choices, this.screen.columns);
            this.screen.write(`${shell.prompt()}${line.text}\r\n${choices.join("\r\n")}\r\n`);
          }
          this.line = completed.line;
        },
        () => undefined,
      )
      .finally(() => {
        const held = this.#held ?? [];
        this.#held = undefined;
        for (const action of held) this.#next(action);
        this.#events.onChange();
      });
  }

  /** Gives entered lines to whoever takes them: the shell at its prompt, or a command that asks. */
  #drain(): void {
    const shell = this.#shell;
    if (!shell || this.#entered.length === 0) return;
    if (!shell.busy()) return this.#run(shell, this.#entered.shift() ?? "");
    if (!shell.waitsForInput) return this.#answer(shell);
    if (this.#armed) return undefined;
    this.#armed = true;
    return shell.waitsForInput(() => {
      this.#armed = false;
      if (shell.busy()) this.#answer(shell);
    });
  }

  #answer(shell: MachineShell): void {
    const text = this.#entered.shift();
    if (text === undefined) return;
    if (shell.echo()) this.screen.write(`${text}\r\n`);
    shell.input(`${text}\n`);
    this.#events.onLine(this.machine, text);
    this.#drain();
  }

  #run(shell: MachineShell, text: string): void {
    this.screen.write(`${shell.prompt()}${text}\r\n`);
    const whole = this.#continued + text;
    this.#continued = /(?:^|[^\\])(?:\\\\)*\\$/.test(text) ? whole.slice(0, -1) : "";
    if (this.#continued === "") this.#events.onLine(this.machine, whole);
    this.#output = "";
    shell.run(text).then(
      ({ exited }) => {
        this.#events.onOutput(this.#output);
        if (exited) this.#events.onExit(this);
        this.#drain();
        this.#events.onChange();
      },
      (error: unknown) => {
        this.screen.write(`${error instanceof Error ? error.message : String(error)}\r\n`);
      },
    );
  }

  /** Keeps what is being read in place while more is printed below it. */
  #printed(): void {
    const { height } = this.screen;
    if (this.scrolled > 0) this.scrolled = Math.min(height - 1, this.scrolled + Math.max(0, height - this.#height));
    this.#height = height;
    this.#events.onChange();
  }
}

/** Names side by side, as a shell lists completions. */
function inColumns(names: readonly string[], columns: number): string[] {
  // Of a path only its last part is shown.
  const shown = names.map((name) => /[^/]+\/?$/.exec(name)?.[0] ?? name);
  const width = Math.max(...shown.map((name) => name.length)) + 2;
  const across = Math.max(1, Math.floor(columns / width));
  const down = Math.ceil(names.length / across);
  return Array.from({ length: down }, (_, row) =>
    shown
      .filter((_name, at) => at % down === row)
      .map((name) => name.padEnd(width))
      .join("")
      .trimEnd(),
  );
}
