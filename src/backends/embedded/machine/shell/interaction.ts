import { BrokenPipe } from "../io.ts";
import { Killed, type SignalName, type Terminal } from "../process.ts";
import type { List } from "./ast.ts";
import { Jump, ShellFailure } from "./failures.ts";
import { expandHistory } from "./history.ts";
import { Parser } from "./parser.ts";
import { expandPrompt } from "./prompt.ts";
import type { Shell } from "./shell.ts";
import { SyntaxProblem } from "./words.ts";

interface LineResult {
  exitCode: number;
  incomplete: boolean;
  exited: boolean;
}

const foreground = new WeakMap<Terminal, ((name: SignalName) => void)[]>();

/** Makes `handler` the one that gets the terminal's signals, until the returned function is called. */
export function takeTerminal(terminal: Terminal, handler: (name: SignalName) => void): () => void {
  const stack = foreground.get(terminal) ?? [];
  foreground.set(terminal, stack);
  stack.push(handler);
  return () => {
    const at = stack.indexOf(handler);
    if (at >= 0) stack.splice(at, 1);
  };
}

/** A key such as Ctrl-C was typed: the shell in the foreground gets the signal. */
export function signalTerminal(terminal: Terminal, name: SignalName): void {
  foreground.get(terminal)?.at(-1)?.(name);
}

/** An interactive shell fed line by line: incomplete commands, history, prompt, Ctrl-C, notices of jobs. */
export class Interaction {
  readonly shell: Shell;
  readonly #base: AbortSignal;
  #buffer = "";
  #prompt = "";
  #running: AbortController | undefined;

  constructor(shell: Shell) {
    this.shell = shell;
    this.#base = shell.signal;
  }

  get prompt(): string {
    return this.#buffer === "" ? this.#prompt : (this.shell.variables.get("PS2") ?? "> ");
  }

  get busy(): boolean {
    return this.#running !== undefined;
  }

  async refreshPrompt(): Promise<void> {
    this.#prompt = await expandPrompt(this.shell, this.shell.variables.get("PS1") ?? "\\s-\\v\\$ ");
  }

  /** Ctrl-C and its kin. */
  signal(name: SignalName): void {
    this.#buffer = "";
    // Simplified: a real Ctrl-Z stops the foreground job; a modelled program cannot be stopped in the middle.
    if (name === "SIGTSTP") return;
    if (this.shell.traps.has(name.slice(3)) && this.shell.catches(name)) return;
    this.#running?.abort(new Killed(name));
  }

  async feed(line: string): Promise<LineResult> {
    const { shell } = this;
    let text = line;
    if (this.#buffer === "" && shell.interactive) {
      const expanded = expandHistory(line, shell.history);
      if ("problem" in expanded) {
        await shell.write(2, `${shell.name}: ${expanded.problem}\n`);
        return { exitCode: (shell.lastStatus = 1), incomplete: false, exited: false };
      }
      if (expanded.text !== line) await shell.out(`${expanded.text}\n`);
      text = expanded.text;
    }
    this.#buffer += `${text}\n`;
    let lists: List[];
    try {
      const complete = this.#parse();
      if (!complete) return { exitCode: shell.lastStatus, incomplete: true, exited: false };
      lists = complete;
    } catch (error) {
      const source = this.#take();
      if (!(error instanceof SyntaxProblem)) throw error;
      await shell.syntaxProblem(error, source);
      return { exitCode: (shell.lastStatus = 2), incomplete: false, exited: !shell.interactive };
    }
    const source = this.#take().replace(/\n$/, "");
    if (shell.interactive && source.trim() !== "") this.#remember(source);
    const result = await this.#execute(lists);
    if (!result.exited && shell.interactive) {
      await this.#notices();
      await this.refreshPrompt();
    }
    return result;
  }

  /** Undefined when the buffer is not complete yet. */
  #parse(): List[] | undefined {
    if (/(?:^|[^\\])(?:\\\\)*\\\n$/.test(this.#buffer)) return undefined;
    const parser = new Parser(this.#buffer, { ...this.shell.parserOptions(), interactive: true });
    const lists: List[] = [];
    try {
      for (let list = parser.next(); list; list = parser.next()) lists.push(list);
    } catch (error) {
      if (error instanceof SyntaxProblem && error.incomplete) return undefined;
      throw error;
    }
    return lists;
  }

  /** The lines of a command that never got complete. */
  takeIncomplete(): string {
    return this.#take();
  }

  #take(): string {
    const source = this.#buffer;
    this.#buffer = "";
    return source;
  }

  #remember(source: string): void {
    const { history } = this.shell;
    const control = this.shell.variables.get("HISTCONTROL") ?? "ignoreboth";
    if (/ignorespace|ignoreboth/.test(control) && source.startsWith(" ")) return;
    if (/ignoredups|ignoreboth/.test(control) && history.at(-1) === source) return;
    history.push(source);
    const limit = Number(this.shell.variables.get("HISTSIZE") ?? 1000) || 1000;
    if (history.length > limit) history.splice(0, history.length - limit);
  }

  async #execute(lists: readonly List[]): Promise<LineResult> {
    const { shell } = this;
    const running = new AbortController();
    this.#running = running;
    shell.signal = AbortSignal.any([this.#base, running.signal]);
    const done = (exitCode: number, exited = false): LineResult => ({
      exitCode: (shell.lastStatus = exitCode & 0xff),
      incomplete: false,
      exited,
    });
    try {
      for (const list of lists) await shell.list(list);
      return done(shell.lastStatus);
    } catch (error) {
      if (error instanceof Jump) return done(error.value, error.kind === "exit");
      if (error instanceof Killed) return done(error.exitCode, this.#base.aborted);
      if (error instanceof BrokenPipe) return done(141);
      if (error instanceof RangeError) {
        await shell.complain("xrealloc: cannot allocate memory");
        return done(2);
      }
      if (!(error instanceof ShellFailure)) throw error;
      await shell.complain(error.message);
      return done(error.exitCode);
    } finally {
      this.#running = undefined;
      shell.signal = this.#base;
      shell.cleanTemporaries();
      shell.loops = 0;
      shell.tolerated = 0;
      shell.line = 1;
      shell.calls.length = 0;
      if (shell.terminal) shell.terminal.echo = true;
    }
  }

  /** `[1]+  Done  sleep 1` for jobs that ended since. */
  async #notices(): Promise<void> {
    const { jobs } = this.shell;
    for (const job of jobs.all()) {
      if (job.exitCode === undefined) continue;
      await this.shell.write(2, `${jobs.describe(job)}\n`);
      jobs.forget(job);
    }
  }
}
