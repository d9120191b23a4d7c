import type { EditRequest, MachineShell } from "../domain/machine.ts";
import type { Session } from "../runner/session.ts";
import { complete, edit, type EditedLine, type EditKey, emptyLine, insert } from "./line-editor.ts";
import { ScreenBuffer } from "./screen-buffer.ts";

/** One shell on one machine as it stands on the screen: what was printed, and the line being typed. */
export class Pane {
  readonly machine: string;
  readonly number: number;
  readonly screen: ScreenBuffer;
  line: EditedLine = emptyLine;
  /** Lines scrolled up from the end. */
  scrolled = 0;
  #shell: MachineShell | undefined;
  #onChange: () => void;
  /** Lines that were pasted and wait for the prompt. */
  #queue: string[] = [];
  #typing: Promise<void> = Promise.resolve();

  constructor(machine: string, number: number, columns: number, rows: number, onChange: () => void) {
    this.machine = machine;
    this.number = number;
    this.#onChange = onChange;
    this.screen = new ScreenBuffer(columns, rows, onChange);
  }

  async open(session: Session, columns: number, rows: number, onEdit: (request: EditRequest) => void): Promise<void> {
    this.#shell = await session.openShell(this.machine, {
      columns,
      rows,
      onOutput: (text) => {
        this.scrolled = 0;
        this.screen.write(text);
      },
      onEdit,
    });
    this.#onChange();
  }

  /** What stands before the typed text; empty while a command runs, whose output is the prompt. */
  prompt(): string {
    return this.#shell && !this.#shell.busy() ? this.#shell.prompt() : "";
  }

  busy(): boolean {
    return this.#shell?.busy() ?? true;
  }

  /** False while a program reads keys without showing them. */
  echo(): boolean {
    return this.#shell?.echo() ?? true;
  }

  resize(columns: number, rows: number): void {
    this.screen.resize(columns, rows);
    this.#shell?.resize(columns, rows);
  }

  /** Typed or pasted text, perhaps several lines. */
  type(text: string): void {
    this.scrolled = 0;
    const [first = "", ...rest] = text.replaceAll("\r\n", "\n").replaceAll("\r", "\n").split("\n");
    if (this.busy() && !this.echo()) {
      this.#shell?.input(text.replaceAll("\r", "\n"));
      return;
    }
    this.line = insert(this.line, first);
    this.#onChange();
    for (const part of rest) {
      this.enter();
      if (part !== "") this.#queue.push(part);
    }
    if (rest.length > 0) this.#typing = this.#typing.then(() => this.#drain());
  }

  key(key: EditKey): void {
    if (this.busy() && !this.echo()) {
      if (key === "backspace") this.#shell?.input("\u007f");
      else if (key === "up" || key === "down") this.#shell?.input(key === "up" ? "\u001b[A" : "\u001b[B");
      return;
    }
    this.line = edit(this.line, key, this.#shell?.history() ?? []);
    this.#onChange();
  }

  /** Enter: runs the line, or hands it to the running command. */
  enter(): void {
    const shell = this.#shell;
    if (!shell) return;
    const { text } = this.line;
    this.line = emptyLine;
    this.scrolled = 0;
    if (shell.busy()) {
      if (shell.echo()) this.screen.write(`${text}\r\n`);
      shell.input(`${text}\n`);
      return;
    }
    this.#run(shell, text);
  }

  interrupt(): void {
    const shell = this.#shell;
    if (!shell) return;
    this.#queue = [];
    if (!shell.busy()) this.screen.write(`${shell.prompt()}${this.line.text}^C\r\n`);
    this.line = emptyLine;
    shell.signal("SIGINT");
    this.#onChange();
  }

  endOfInput(): void {
    if (this.busy()) this.#shell?.input(null);
    else if (this.line.text !== "") this.key("delete");
  }

  async complete(): Promise<void> {
    const shell = this.#shell;
    if (!shell || shell.busy()) return;
    const { start, candidates } = await shell.complete(this.line.text, this.line.cursor);
    const completed = complete(this.line, start, candidates);
    if (completed.choices.length > 0) {
      this.screen.write(`${shell.prompt()}${this.line.text}\r\n${completed.choices.join("  ")}\r\n`);
    }
    this.line = completed.line;
    this.#onChange();
  }

  scroll(lines: number): void {
    this.scrolled = Math.max(0, Math.min(this.scrolled + lines, this.screen.height - 1));
    this.#onChange();
  }

  async close(): Promise<void> {
    if (this.#shell?.busy()) this.#shell.signal("SIGINT");
    await this.#shell?.close();
  }

  #run(shell: MachineShell, text: string): void {
    this.screen.write(`${shell.prompt()}${text}\r\n`);
    shell.run(text).then(
      () => {
        this.#onChange();
        return this.#drain();
      },
      (error: unknown) => this.screen.write(`${error instanceof Error ? error.message : String(error)}\r\n`),
    );
    this.#onChange();
  }

  /** Types the next pasted line once the prompt is back. */
  async #drain(): Promise<void> {
    const shell = this.#shell;
    if (!shell || shell.busy()) return;
    const next = this.#queue.shift();
    if (next === undefined) return;
    this.line = emptyLine;
    this.#run(shell, next);
  }
}
