import type { Clock, Random } from "../domain/clock.ts";
import type { Completion, MachineShell, ShellOptions } from "../domain/machine.ts";
import { candidatesOf, completionRequest, requestLine } from "./completion.ts";
import { openEdit } from "./edit-request.ts";
import { insist } from "./insist.ts";
import { InputWatch } from "./input-watch.ts";
import type { ShellEvent } from "./mark-parser.ts";
import { within } from "./run-remote.ts";
import { ScreenMode } from "./screen-mode.ts";
import { ShellConnection } from "./shell-connection.ts";
import { ShellHistory } from "./shell-history.ts";
import { keys, separator } from "./shell-init.ts";
import { plainPrompt, withoutLineEditing } from "./shell-text.ts";
import { TerminalSize } from "./terminal-size.ts";
import type { Transport } from "./transport.ts";

export interface RemoteShellOptions {
  name: string;
  transport: Transport;
  clock: Clock;
  random: Random;
  shellFolder?: string;
  shell: ShellOptions;
  /** Of the shells that are open on the machine, from 1: the state is kept under it. */
  number: number;
  onClosed: () => void;
}

type Outcome = Awaited<ReturnType<MachineShell["run"]>>;

/** Milliseconds. */
const completionTimeoutMs = 5_000;
const openTimeoutMs = 60_000;
const closeTimeoutMs = 10_000;
const askAgainMs = 250;

const defaultFolder = ".local/state/wasm-k8s-lab/shells";
const controls = { SIGINT: "\u0003", SIGTSTP: "\u001a", SIGQUIT: "\u001c" } as const;

/**
 * A lasting bash on a machine. bash edits, parses and runs the lines itself, in its own terminal over there; marks that
 * only it can make tell when it wants a line, more of one, or has begun to run one. When the connection was lost, the
 * next line opens a new one, which goes on with the state that the shell could keep.
 */
export class RemoteShell implements MachineShell {
  #options: RemoteShellOptions;
  #user: string;
  #connection: ShellConnection | undefined;
  #closed = false;
  #prompt: string;
  /** The prompt of a new command, to go back to when an incomplete one is thrown away. */
  #firstPrompt: string;
  /** Text of the prompt that is being printed. */
  #printing: string | undefined;
  #status: number | undefined;
  #history = new ShellHistory();
  #terminal = "";
  /** Process id of the shell over there. */
  #process = "";
  #watch: InputWatch;
  #mode = new ScreenMode();
  /** Where the command line stands: at the prompt, being read, or running. */
  #phase: "prompt" | "sent" | "running" = "prompt";
  #incomplete = false;
  #outcome: { resolve: (outcome: Outcome) => void; reject: (error: unknown) => void } | undefined;
  #reply: ((payload: string) => void) | undefined;
  #pong: ((payload: string) => void) | undefined;
  /** A signal was sent that the shell itself may have got: its prompt may come once more. */
  #uncertain = false;
  /** Ctrl-C was sent, and the shell has not come back: how it shows that is shown by our side already. */
  #interrupted = false;
  #heldNewline = "";
  /** How many have begun to run. */
  #commands = 0;
  #asked = 0;
  #active = 0;
  #interrupts = 0;
  /** What was typed for a command that has not begun. */
  #pending: string[] = [];
  #queue: Promise<unknown> = Promise.resolve();
  #size: TerminalSize;

  constructor(options: RemoteShellOptions) {
    this.#options = options;
    this.#watch = new InputWatch(options.transport);
    this.#user = options.shell.user ?? "ubuntu";
    this.#size = new TerminalSize(options.transport, this.#user);
    this.#prompt = `${this.#user}@${options.name}:~${this.#user === "root" ? "#" : "$"} `;
    this.#firstPrompt = this.#prompt;
  }

  /** Resolves at the first prompt. Rejects with LabError `shell-not-opened`, or as the transport does. */
  async open(): Promise<void> {
    const { shell, number, transport, random } = this.#options;
    this.#phase = "sent";
    this.#incomplete = false;
    this.#mode.reset();
    const ready = new Promise<Outcome>((resolve, reject) => (this.#outcome = { resolve, reject }));
    const connection = new ShellConnection({
      transport,
      user: this.#user,
      token: Buffer.from(random.bytes(16)).toString("hex"),
      columns: shell.columns,
      rows: shell.rows,
      folder: this.#options.shellFolder ?? defaultFolder,
      number,
      onEvent: (event) => {
        if (this.#connection === connection) this.#onEvent(event);
      },
    });
    this.#connection = connection;
    void connection.ended.then((end) => {
      if (this.#connection !== connection) return;
      this.#connection = undefined;
      this.#phase = "prompt";
      this.#watch.ended();
      this.#reply?.("");
      this.#pong?.("");
      if ("lost" in end) this.#outcome?.reject(end.lost);
      else {
        this.#closed = true;
        this.#options.onClosed();
        this.#outcome?.resolve({ exitCode: end.exitCode, incomplete: false, exited: true });
      }
    });
    const outcome = await within(this.#options.clock, openTimeoutMs, ready);
    if (outcome && !outcome.exited) return;
    if (!outcome) connection.kill();
    throw connection.failure(this.#options.name, outcome ? await connection.ended : undefined);
  }

  prompt(): string {
    return this.#prompt;
  }

  busy(): boolean {
    return this.#active > 0;
  }

  run(text: string): Promise<Outcome> {
    // Busy from this moment on: the next line must not be taken for one at the prompt.
    this.#active += 1;
    const interrupts = this.#interrupts;
    const result = this.#queue
      .then(() => this.#runLines(text, interrupts))
      .finally(() => {
        this.#active -= 1;
        if (this.#active === 0) this.#pending = [];
      });
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async #runLines(text: string, interrupts: number): Promise<Outcome> {
    let outcome: Outcome = { exitCode: 0, incomplete: false, exited: false };
    for (const line of text.replaceAll(/\r\n?/g, "\n").replace(/\n$/, "").split("\n")) {
      if (this.#closed) return { exitCode: 1, incomplete: false, exited: true };
      if (!this.#connection) await this.open();
      while (this.#uncertain) await this.#settle();
      // A terminal throws away at Ctrl-C what was typed before it and is not read yet.
      if (interrupts !== this.#interrupts) return { exitCode: 130, incomplete: false, exited: false };
      outcome = await this.#feed(line);
      if (outcome.exited) break;
    }
    return outcome;
  }

  #feed(line: string): Promise<Outcome> {
    const result = new Promise<Outcome>((resolve, reject) => (this.#outcome = { resolve, reject }));
    this.#status = undefined;
    this.#phase = "sent";
    // A tab or another control character is text here, as if it had been pasted; an escape could end the pasting.
    const typed = line.replaceAll("\u001b", "");
    this.#connection?.type(keys.clear + keys.pasteBegin + typed + keys.pasteEnd + keys.accept);
    return result;
  }

  /**
   * Waits until the shell is at its prompt and nothing that was sent before is under way. Asks again, because a shell
   * that is interrupted while it reads may lose what comes next.
   */
  async #settle(): Promise<void> {
    this.#uncertain = false;
    this.#asked += 1;
    const number = String(this.#asked);
    const answered = new Promise<true>((resolve) => {
      this.#pong = (payload) => {
        if (payload === number || payload === "") resolve(true);
      };
    });
    do {
      this.#connection?.type(`${keys.clear}${number}${keys.ping}`);
    } while ((await within(this.#options.clock, askAgainMs, answered)) === undefined && this.#connection);
    this.#pong = undefined;
  }

  input(text: string | null): void {
    if (this.#active === 0) return;
    const typed = text ?? "\u0004";
    if (this.#phase === "running") this.#type(typed);
    else this.#pending.push(typed);
  }

  waitsForInput(callback: () => void): void {
    this.#watch.whenAsked(callback);
  }

  #type(text: string): void {
    this.#mode.typed(text);
    this.#connection?.type(text);
  }

  signal(name: "SIGINT" | "SIGTSTP" | "SIGQUIT"): void {
    if (name === "SIGINT") {
      this.#interrupts += 1;
      this.#pending = [];
    } else if (this.#phase !== "running") {
      // The terminal throws away what is not read yet when it sends one of these: the line itself.
      if (this.#active > 0) this.#pending.push(controls[name]);
      return;
    }
    if (this.#active === 0 && !this.#incomplete) return;
    this.#uncertain = true;
    this.#interrupted = name === "SIGINT";
    this.#connection?.type(controls[name]);
    if (this.#phase === "running") this.#insist(name);
    if (this.#active > 0) return;
    this.#incomplete = false;
    this.#prompt = this.#firstPrompt;
  }

  #insist(signal: "SIGINT" | "SIGTSTP" | "SIGQUIT"): void {
    const { transport, clock } = this.#options;
    const command = this.#commands;
    const stillRuns = (): boolean => this.#phase === "running" && this.#commands === command;
    insist({ transport, clock, shell: this.#process, signal, stillRuns });
  }

  async complete(line: string, cursor: number): Promise<Completion> {
    const nothing: Completion = { start: cursor, candidates: [] };
    if (this.#active > 0 || !this.#connection) return nothing;
    const request = completionRequest(line, cursor);
    const answer = this.#queue.then(() => this.#ask(request));
    this.#queue = answer.catch(() => undefined);
    const { clock } = this.#options;
    return (await within(clock, completionTimeoutMs, answer)) ?? nothing;
  }

  async #ask(request: ReturnType<typeof completionRequest>): Promise<Completion> {
    while (this.#uncertain) await this.#settle();
    this.#asked += 1;
    const number = `${this.#asked}${separator}`;
    const text = requestLine(this.#asked, request);
    const connection = this.#connection;
    if (text === undefined || !connection) return { start: request.start, candidates: [] };
    const answer = await new Promise<string>((resolve) => {
      this.#reply = (payload) => {
        if (payload === "" || payload.startsWith(number)) resolve(payload.slice(number.length));
      };
      connection.type(keys.clear + keys.pasteBegin + text + keys.pasteEnd + keys.complete);
    });
    this.#reply = undefined;
    return candidatesOf(request, answer);
  }

  history(): readonly string[] {
    return this.#history.lines;
  }

  echo(): boolean {
    return this.#phase !== "running" || !this.#mode.hidden;
  }

  resize(columns: number, rows: number): void {
    this.#options = { ...this.#options, shell: { ...this.#options.shell, columns, rows } };
    if (this.#connection && this.#terminal !== "") this.#size.set(this.#terminal, { columns, rows });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const connection = this.#connection;
    this.#options.onClosed();
    if (!connection) return;
    connection.close();
    if ((await within(this.#options.clock, closeTimeoutMs, connection.ended)) === undefined) connection.kill();
    await this.#size.settled();
  }

  #onEvent(event: ShellEvent): void {
    if ("text" in event) this.#onText(event.text);
    else this.#onMark(event.mark, event.payload);
  }

  #onText(text: string): void {
    if (this.#printing !== undefined) this.#printing += text;
    else if (this.#phase === "running") {
      this.#mode.printed(text);
      const shown = this.#heldNewline + text;
      this.#heldNewline = this.#interrupted && shown === "\r\n" ? shown : "";
      if (this.#heldNewline === "") this.#options.shell.onOutput(shown);
    } else if (!this.#interrupted) {
      const shown = withoutLineEditing(text);
      if (shown !== "") this.#options.shell.onOutput(shown);
    }
  }

  #onMark(mark: Extract<ShellEvent, { mark: string }>["mark"], payload: string): void {
    switch (mark) {
      case "begin":
        this.#begin(payload);
        break;
      case "status":
        this.#onStatus(payload);
        break;
      case "prompt":
        this.#printing = "";
        break;
      case "ready":
        this.#prompt = plainPrompt(this.#printing ?? "");
        this.#firstPrompt = this.#prompt;
        this.#printing = undefined;
        this.#arrive(false);
        break;
      case "more":
        this.#prompt = "> ";
        this.#arrive(true);
        break;
      case "start":
        this.#start();
        break;
      case "reply":
        this.#reply?.(payload);
        break;
      case "pong":
        this.#pong?.(payload);
        break;
      case "edit":
        void this.#edit(payload);
    }
  }

  #begin(payload: string): void {
    const [terminal = "", shell = "", entries = ""] = payload.split(separator);
    this.#terminal = terminal;
    this.#process = shell;
    this.#history.begin(entries);
  }

  #onStatus(payload: string): void {
    const [status = "", entry = ""] = payload.split(separator);
    this.#status = Number(status);
    this.#interrupted = false;
    this.#heldNewline = "";
    this.#history.last(entry);
  }

  /** The shell wants a line: the one before is done, or incomplete. */
  #arrive(incomplete: boolean): void {
    // A prompt that was on its way when the line was sent is not its end.
    if (this.#pong) return;
    this.#incomplete = incomplete;
    this.#phase = "prompt";
    this.#watch.ended();
    this.#mode.reset();
    const outcome = this.#outcome;
    this.#outcome = undefined;
    outcome?.resolve({ exitCode: incomplete ? 0 : (this.#status ?? 1), incomplete, exited: false });
  }

  #start(): void {
    this.#phase = "running";
    this.#commands += 1;
    this.#interrupted = false;
    this.#watch.started(this.#process);
    const pending = this.#pending;
    this.#pending = [];
    for (const text of pending) {
      if (Object.values<string>(controls).includes(text)) this.#uncertain = true;
      this.#type(text);
    }
  }

  async #edit(payload: string): Promise<void> {
    const { shell, transport } = this.#options;
    const connection = this.#connection;
    const answer = (word: string): void => connection?.answer(word);
    if (!shell.onEdit) return answer("none");
    try {
      const request = await openEdit(transport, payload, () => answer("close"));
      if (request) shell.onEdit(request);
      else answer("close");
    } catch (error) {
      shell.onOutput(`${error instanceof Error ? error.message : String(error)}\n`);
      answer("close");
    }
  }
}
