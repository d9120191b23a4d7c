import { setImmediate } from "node:timers/promises";
import { FileError } from "../files/errors.ts";
import type { Credentials, FileView } from "../files/file-system.ts";
import { type ByteSink, BrokenPipe, Collector, Pipe, decode, emptySource } from "../io.ts";
import type { ModelledMachine } from "../machine.ts";
import { Killed, type SignalName, type Terminal, signalNumbers } from "../process.ts";
import type { NetworkPlace } from "../../network/network.ts";
import { evaluateArithmetic } from "./arithmetic.ts";
import type { ArrayElement, Assignment, Command, List, ListItem, Pipeline, Word } from "./ast.ts";
import { builtins } from "./builtins/index.ts";
import { runCompound } from "./compound.ts";
import { Descriptors, OpenFile } from "./descriptors.ts";
import { encodeShell, quoteIfNeeded, quoteSingle } from "./encoding.ts";
import { Expander } from "./expansion.ts";
import { runExternal } from "./external.ts";
import { Jump, ShellFailure } from "./failures.ts";
import { type Job, JobTable } from "./jobs.ts";
import { type OptionName, type Options, optionNames } from "./options.ts";
import { Parser, type ParserOptions } from "./parser.ts";
import { redirect } from "./redirections.ts";
import { defineSpecials } from "./specials.ts";
import { Variables } from "./variables.ts";
import { SyntaxProblem } from "./words.ts";

interface ShellFunction {
  body: Command;
  source: string;
}

/** How deep functions, sourced files and evals may call each other. */
const maxNesting = 1000;
/** More shells and subshells than this at once are refused, as a full process table does. */
const maxShells = 1000;
const living = new WeakMap<ModelledMachine, number>();
/** After so many commands other work gets its turn. */
const commandsPerTurn = 100;

interface ShellRequest {
  machine: ModelledMachine;
  pid: number;
  parentPid: number;
  credentials: Credentials;
  env: Readonly<Record<string, string>>;
  cwd: string;
  umask: number;
  terminal: Terminal | undefined;
  signal: AbortSignal;
  place: NetworkPlace;
  /** `$0`. */
  name: string;
  positional?: string[];
  interactive?: boolean;
  /** Running the text of `-c`. */
  commandString?: boolean;
  stdin: OpenFile;
  stdout: OpenFile;
  stderr: OpenFile;
}

/** A call on the stack, for FUNCNAME, BASH_SOURCE and BASH_LINENO. */
export interface Call {
  name: string;
  source: string;
  line: number;
}

/** An interpreter of bash's language with its lasting state. */
export class Shell {
  readonly builtins = builtins;
  readonly machine: ModelledMachine;
  readonly pid: number;
  readonly parentPid: number;
  readonly credentials: Credentials;
  readonly files: FileView;
  readonly terminal: Terminal | undefined;
  readonly place: NetworkPlace;
  readonly interactive: boolean;
  readonly commandString: boolean;
  /** True for an interactive shell and its subshells: messages have no line numbers. */
  readonly fromPrompt: boolean;
  /** Ends this shell (or, in an interactive one, the running line) when aborted. */
  signal: AbortSignal;
  variables = new Variables();
  functions = new Map<string, ShellFunction>();
  aliases = new Map<string, string>();
  options: Options = { braceexpand: true, hashall: true };
  shopts: Record<string, boolean> = {
    sourcepath: true,
    promptvars: true,
    interactive_comments: true,
    cmdhist: true,
    checkwinsize: true,
  };
  traps = new Map<string, string>();
  positional: string[];
  name: string;
  cwd: string;
  umask: number;
  directories: string[] = [];
  history: string[] = [];
  jobs: JobTable;
  calls: Call[] = [];
  descriptors = new Descriptors();
  line = 1;
  lastStatus = 0;
  lastBackground: number | undefined;
  pipeStatus: number[] = [0];
  lastArgument = "";
  loops = 0;
  optionOffset = 0;
  /** Above zero where a failing command does not end the shell: conditions, `!`, left of `&&` and `||`. */
  tolerated = 0;
  /** Signals caught for traps, waiting for the running command to end. */
  pending: SignalName[] = [];
  readonly subshellDepth: number;
  readonly startedAt: number;
  readonly expander: Expander;
  #children = new AbortController();
  #substitutionStatus: number | undefined;
  #ticks = 0;
  #temporaries: (() => void)[] = [];
  #trapRunning = false;
  #scripts = 0;
  /** Depth of command substitutions, as the plus signs of `set -x` show it. */
  #substitutions = 0;

  constructor(request: ShellRequest, parent?: Shell) {
    this.machine = request.machine;
    this.pid = request.pid;
    this.parentPid = request.parentPid;
    this.credentials = request.credentials;
    this.files = request.machine.files.as(request.credentials);
    this.terminal = request.terminal;
    this.place = request.place;
    this.signal = request.signal;
    this.name = request.name;
    this.positional = request.positional ?? [];
    this.cwd = request.cwd;
    this.umask = request.umask;
    this.interactive = request.interactive ?? false;
    this.commandString = request.commandString ?? false;
    this.fromPrompt = this.interactive || (parent?.fromPrompt ?? false);
    this.subshellDepth = parent ? parent.subshellDepth + 1 : 0;
    this.startedAt = parent?.startedAt ?? request.machine.environment.clock.monotonic();
    this.expander = new Expander(this);
    this.jobs = new JobTable(request.machine.processes);
    if (parent) this.#inherit(parent);
    else {
      this.descriptors.set(0, request.stdin);
      this.descriptors.set(1, request.stdout);
      this.descriptors.set(2, request.stderr);
      this.#importEnvironment(request.env);
    }
    defineSpecials(this);
    this.variables.evaluate = (expression) => String(this.evaluate(expression));
  }

  /** A copy whose changes do not come back. Takes over `descriptors`. */
  subshell(descriptors: Descriptors, signal: AbortSignal = this.childSignal(), pid = this.pid): Shell {
    const files = new OpenFile({});
    const shell = new Shell(
      {
        machine: this.machine,
        pid,
        parentPid: this.parentPid,
        credentials: this.credentials,
        env: {},
        cwd: this.cwd,
        umask: this.umask,
        terminal: this.terminal,
        signal,
        place: this.place,
        name: this.name,
        positional: [...this.positional],
        commandString: this.commandString,
        stdin: files,
        stdout: files,
        stderr: files,
      },
      this,
    );
    shell.descriptors = descriptors;
    return shell;
  }

  #inherit(parent: Shell): void {
    this.variables = parent.variables.clone();
    this.functions = new Map(parent.functions);
    this.aliases = new Map(parent.aliases);
    this.options = { ...parent.options, monitor: false };
    this.shopts = { ...parent.shopts };
    for (const [signal, action] of parent.traps) {
      if (action === "" || (signal === "ERR" && parent.options.errtrace)) this.traps.set(signal, action);
    }
    this.directories = [...parent.directories];
    this.history = parent.history;
    this.jobs = parent.jobs.forSubshell();
    this.calls = [...parent.calls];
    this.line = parent.line;
    this.lastStatus = parent.lastStatus;
    this.lastBackground = parent.lastBackground;
    this.pipeStatus = [...parent.pipeStatus];
    this.lastArgument = parent.lastArgument;
    this.loops = parent.loops;
    this.tolerated = parent.tolerated;
    this.#ticks = parent.#ticks;
    this.#scripts = parent.#scripts;
    this.#substitutions = parent.#substitutions;
  }

  #importEnvironment(env: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(env)) {
      if (!/^[A-Za-z_]\w*$/.test(name)) continue;
      const variable = this.variables.ensure(name);
      variable.value = value;
      variable.exported = true;
    }
    const level = this.variables.ensure("SHLVL");
    level.value = String((Number(level.value ?? 0) || 0) + 1);
    level.exported = true;
    const present = this.variables.ensure("PWD");
    present.value = this.cwd;
    present.exported = true;
    if (this.variables.get("PATH") === undefined) {
      this.variables.set("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    }
    this.variables.set("IFS", " \t\n");
    this.variables.set("OPTIND", "1");
    this.variables.set("PS4", "+ ");
    if (this.interactive) this.variables.set("PS2", "> ");
  }

  // --- words ---------------------------------------------------------------------------------------------------

  evaluate(expression: string): bigint {
    return evaluateArithmetic(expression, {
      get: (name, index) => {
        if (index === undefined) {
          const value = this.variables.get(name);
          if (value === undefined && this.options.nounset)
            throw new ShellFailure(`${name}: unbound variable`, { ends: "shell", exitCode: this.unsetStatus });
          return value;
        }
        return this.variables.items(name).get(this.#arithmeticKey(name, index));
      },
      set: (name, value, index) => {
        if (index === undefined) this.variables.set(name, value);
        else this.variables.setElement(name, this.#arithmeticKey(name, index), value);
      },
    });
  }

  #arithmeticKey(name: string, index: string): string {
    return this.variables.find(name)?.kind === "associative" ? index : String(this.evaluate(index));
  }

  /** `$?`, `$$` and their kin; undefined for others. */
  specialParameter(name: string): string | undefined {
    switch (name) {
      case "?":
        return String(this.lastStatus);
      case "$":
        return String(this.pid);
      case "!":
        return this.lastBackground === undefined ? undefined : String(this.lastBackground);
      case "#":
        return String(this.positional.length);
      case "_":
        return this.lastArgument;
      case "-":
        return this.optionLetters();
      default:
        return undefined;
    }
  }

  optionLetters(): string {
    const letters = Object.entries(optionNames)
      .filter(([name, letter]) => letter !== "" && this.options[name as OptionName])
      .map(([, letter]) => letter);
    const text = letters.sort((a, b) =>
      a.toLowerCase() === b.toLowerCase() ? (a > b ? -1 : 1) : a.toLowerCase() < b.toLowerCase() ? -1 : 1,
    );
    const lower = text.filter((letter) => letter === letter.toLowerCase());
    const upper = text.filter((letter) => letter !== letter.toLowerCase());
    return [...lower, ...(this.interactive ? ["i"] : []), ...upper, ...(this.commandString ? ["c"] : [])].join("");
  }

  /** Exit code of a shell that ends because a variable has no value. */
  get unsetStatus(): number {
    return this.commandString && this.subshellDepth === 0 ? 127 : 1;
  }

  /** The output of a command substitution, without its last newlines. */
  async substitute(list: List): Promise<string> {
    const descriptors = this.descriptors.clone();
    const collector = new Collector();
    descriptors.set(1, new OpenFile({ sink: collector }));
    const shell = this.subshell(descriptors);
    shell.#substitutions += 1;
    if (!this.options.posix && !this.shopts["inherit_errexit"]) shell.options.errexit = false;
    const [item] = list.items;
    const [command] = item?.first.commands ?? [];
    if (
      list.items.length === 1 &&
      command?.type === "simple" &&
      command.words.length === 0 &&
      command.assignments.length === 0
    ) {
      const [only] = command.redirections;
      if (only?.operator === "<" && command.redirections.length === 1) {
        this.#substitutionStatus = await shell.runToExit(async () => {
          await redirect(shell, command.redirections);
          const source = shell.descriptors.get(0)?.source;
          for (let chunk = await source?.read(); chunk; chunk = await source?.read()) await collector.write(chunk);
          return 0;
        });
        return decode(collector.bytes()).replaceAll("\0", "").replace(/\n+$/, "");
      }
    }
    this.#substitutionStatus = await shell.runToExit(() => shell.list(list));
    return decode(collector.bytes()).replaceAll("\0", "").replace(/\n+$/, "");
  }

  /** A path that stands for a running command's output or input. */
  async processSubstitution(direction: "<" | ">", list: List): Promise<string> {
    const files = this.machine.rootFiles;
    let number = 63;
    while (files.exists(`/dev/fd/${number}`)) number -= 1;
    const path = `/dev/fd/${number}`;
    if (direction === "<") {
      // Simplified: a real one streams while the reader runs; here the command ends first.
      const collector = new Collector();
      const descriptors = this.descriptors.clone();
      descriptors.set(1, new OpenFile({ sink: collector }));
      const shell = this.subshell(descriptors);
      await shell.runToExit(() => shell.list(list));
      const text = decode(collector.bytes());
      this.machine.files.defineVirtual(path, { read: () => text }, 0o666);
      this.#temporaries.push(() => files.unlink(path));
      return path;
    }
    const pipe = new Pipe();
    this.machine.files.defineVirtual(
      path,
      { read: () => "", write: (text) => void pipe.write(encodeShell(text)).catch(() => undefined) },
      0o666,
    );
    const done = this.#consumer(list, pipe);
    this.#temporaries.push(() => {
      files.unlink(path);
      pipe.closeWriter();
      void done;
    });
    return path;
  }

  /** Runs a list that reads from `pipe`. */
  #consumer(list: List, pipe: Pipe): Promise<number> {
    const descriptors = this.descriptors.clone();
    descriptors.set(0, new OpenFile({ source: pipe, onClose: () => pipe.closeReader() }));
    const shell = this.subshell(descriptors);
    return shell.runToExit(() => shell.list(list));
  }

  /** An open end of a process substitution used as a redirection's target: this one streams. */
  openSubstitution(direction: "<" | ">", list: List): OpenFile {
    const pipe = new Pipe();
    if (direction === ">") {
      void this.#consumer(list, pipe);
      return new OpenFile({ sink: pipe, onClose: () => pipe.closeWriter() });
    }
    const descriptors = this.descriptors.clone();
    descriptors.set(1, new OpenFile({ sink: pipe, onClose: () => pipe.closeWriter() }));
    const shell = this.subshell(descriptors);
    void shell.runToExit(() => shell.list(list));
    return new OpenFile({ source: pipe, onClose: () => pipe.closeReader() });
  }

  // --- output --------------------------------------------------------------------------------------------------

  async write(descriptor: number, text: string): Promise<void> {
    const sink = this.descriptors.get(descriptor)?.sink;
    if (!sink) throw new ShellFailure("write error: Bad file descriptor");
    if (text !== "") await sink.write(encodeShell(text));
  }

  out(text: string): Promise<void> {
    return this.write(1, text);
  }

  /** `bash: line 3: ` or `-bash: `. */
  prefix(): string {
    const call = this.calls.at(-1);
    const source = call?.source ? call.source : this.name;
    return this.fromPrompt && !call?.source ? `${this.name}: ` : `${source}: line ${this.line}: `;
  }

  async complain(message: string): Promise<void> {
    try {
      await this.write(2, `${this.prefix()}${message}\n`);
    } catch (error) {
      if (!(error instanceof ShellFailure)) throw error;
    }
  }

  // --- control ---------------------------------------------------------------------------------------------------

  /** The signal for children: aborted with the shell, or by Ctrl-C while the shell itself goes on. */
  childSignal(): AbortSignal {
    if (this.#children.signal.aborted) this.#children = new AbortController();
    return AbortSignal.any([this.signal, this.#children.signal]);
  }

  /** Ends the running children but not the shell. */
  interruptChildren(name: SignalName): void {
    this.#children.abort(new Killed(name));
  }

  /** A signal arrived for which there may be a trap: true when the shell deals with it. */
  catches(name: SignalName): boolean {
    const action = this.traps.get(name.slice(3));
    if (action !== undefined) {
      if (action !== "") {
        this.pending.push(name);
        if (name === "SIGINT" || name === "SIGTERM") this.interruptChildren(name);
        for (const wake of this.wakers.splice(0)) wake();
      }
      return true;
    }
    if (this.traps.get("EXIT") && ["SIGINT", "SIGTERM", "SIGHUP"].includes(name)) {
      this.pending.push(name);
      this.interruptChildren(name);
      for (const wake of this.wakers.splice(0)) wake();
      return true;
    }
    return false;
  }

  /** Called when a trapped signal arrives, so that `wait` and `read` return. */
  wakers: (() => void)[] = [];

  /** Between two commands: signals, and a turn for others. */
  tick(): Promise<void> | undefined {
    if (this.signal.aborted) throw this.signal.reason instanceof Error ? this.signal.reason : new Killed("SIGTERM");
    if (this.pending.length > 0) return this.#runPending();
    this.#ticks += 1;
    return this.#ticks % commandsPerTurn === 0 ? this.#giveTurn() : undefined;
  }

  async #giveTurn(): Promise<void> {
    await setImmediate();
    if (this.signal.aborted) throw this.signal.reason instanceof Error ? this.signal.reason : new Killed("SIGTERM");
  }

  async #runPending(): Promise<void> {
    for (let name = this.pending.shift(); name; name = this.pending.shift()) {
      const action = this.traps.get(name.slice(3));
      if (action === undefined) throw new Jump("exit", 128 + signalNumbers[name]);
      await this.#runTrap(action);
    }
  }

  async #runTrap(action: string): Promise<void> {
    const status = this.lastStatus;
    await this.evaluateText(action);
    this.lastStatus = status;
  }

  /** Runs `body` as the whole life of this shell: exit traps, jumps and signals become an exit code. */
  async runToExit(body: () => Promise<number>): Promise<number> {
    const alive = (living.get(this.machine) ?? 0) + 1;
    living.set(this.machine, alive);
    const full = alive > maxShells || this.machine.processes.list().length > maxShells;
    let status = await this.#caught(() => {
      if (full) throw new ShellFailure("fork: retry: Resource temporarily unavailable", { exitCode: 254 });
      return body();
    });
    living.set(this.machine, (living.get(this.machine) ?? 1) - 1);
    const action = this.traps.get("EXIT");
    if (action !== undefined && action !== "" && !this.#killed()) {
      this.traps.delete("EXIT");
      this.lastStatus = status;
      this.tolerated = 0;
      status = await this.#caught(async () => {
        await this.evaluateText(action);
        return status;
      });
    }
    this.cleanTemporaries();
    this.descriptors.closeAll();
    return status;
  }

  #killed(): boolean {
    const reason: unknown = this.signal.aborted ? this.signal.reason : undefined;
    return reason instanceof Killed && reason.signalName === "SIGKILL";
  }

  async #caught(body: () => Promise<number>): Promise<number> {
    try {
      return await body();
    } catch (error) {
      return this.#codeOf(error);
    }
  }

  async #codeOf(error: unknown): Promise<number> {
    if (error instanceof Jump) return error.value & 0xff;
    if (error instanceof BrokenPipe) return 128 + signalNumbers.SIGPIPE;
    if (error instanceof Killed) return error.exitCode;
    if (error instanceof ShellFailure) {
      await this.complain(error.message);
      return error.exitCode;
    }
    if (error instanceof RangeError) {
      await this.complain("xrealloc: cannot allocate memory");
      return 2;
    }
    throw error;
  }

  cleanTemporaries(): void {
    for (const clean of this.#temporaries.splice(0)) clean();
  }

  // --- lists and pipelines ---------------------------------------------------------------------------------------

  /** Reads and runs a script command by command; a syntax error ends it with 2. */
  async script(source: string, label?: string): Promise<number> {
    const parser = new Parser(source, this.parserOptions());
    // What gives up its line ends an eval, but only a line of the script itself.
    const isMain = this.#scripts === 0 && !this.commandString && this.subshellDepth === 0;
    let status = 0;
    for (;;) {
      let list: List | undefined;
      try {
        list = parser.next();
      } catch (error) {
        if (!(error instanceof SyntaxProblem)) throw error;
        await this.syntaxProblem(error, source, label);
        return (this.lastStatus = 2);
      }
      for (const warning of parser.warnings.splice(0)) await this.write(2, `${this.name}: ${warning}\n`);
      if (!list) return status;
      if (this.options.verbose) await this.write(2, `${list.source}\n`);
      if (this.options.noexec) continue;
      this.#scripts += 1;
      try {
        status = await this.list(list);
      } catch (error) {
        if (!(error instanceof Jump) || error.kind !== "discard") throw error;
        status = this.lastStatus = error.value;
        if (!isMain) return status;
      } finally {
        this.#scripts -= 1;
      }
    }
  }

  /** What the parser needs to know of the shell, asked as it goes. */
  parserOptions(): ParserOptions {
    return {
      alias: (name) => (this.shopts["expand_aliases"] ? this.aliases.get(name) : undefined),
      extendedGlob: () => this.shopts["extglob"] ?? false,
    };
  }

  async syntaxProblem(problem: SyntaxProblem, source: string, label?: string): Promise<void> {
    const call = this.calls.at(-1);
    const where =
      label ??
      (this.interactive && !call
        ? this.name
        : this.commandString && !call?.source
          ? `${this.name}: -c`
          : (call?.source ?? this.name));
    const lined = this.interactive && !call && !label ? where : `${where}: line ${problem.line}`;
    await this.write(2, `${lined}: ${problem.message}\n`);
    if (problem.showsLine && lined !== where) {
      const text = source.split("\n")[problem.line - 1] ?? "";
      await this.write(2, `${lined}: \`${text}'\n`);
    }
    if (problem.incomplete && problem.message.startsWith("unexpected EOF") && lined !== where) {
      const last = source.replace(/\n$/, "").split("\n").length + 1;
      await this.write(2, `${where}: line ${last}: syntax error: unexpected end of file\n`);
    }
  }

  /** `eval`, traps: text run in this shell. */
  async evaluateText(text: string, label?: string): Promise<number> {
    const line = this.line;
    try {
      return await this.script(text, label);
    } finally {
      this.line = line;
    }
  }

  async list(list: List): Promise<number> {
    let status = 0;
    for (const item of list.items) {
      if (item.background) {
        await this.#background(item);
        status = this.lastStatus = 0;
      } else status = await this.#andOr(item);
    }
    return status;
  }

  async #andOr(item: ListItem): Promise<number> {
    const last = item.rest.length;
    let status = await this.#tolerating(last > 0, () => this.#pipeline(item.first));
    for (const [index, { operator, pipeline }] of item.rest.entries()) {
      if ((status === 0) !== (operator === "&&")) continue;
      status = await this.#tolerating(index < last - 1, () => this.#pipeline(pipeline));
    }
    return status;
  }

  async #tolerating<T>(on: boolean, body: () => Promise<T>): Promise<T> {
    if (!on) return body();
    this.tolerated += 1;
    try {
      return await body();
    } finally {
      this.tolerated -= 1;
    }
  }

  /** Runs a condition: failing in it ends nothing. */
  condition(list: List): Promise<number> {
    return this.#tolerating(true, () => this.list(list));
  }

  async #pipeline(pipeline: Pipeline): Promise<number> {
    const clock = this.machine.environment.clock;
    const started = clock.monotonic();
    const run = (): Promise<number> => {
      const [first] = pipeline.commands;
      return pipeline.commands.length === 1 && first ? this.command(first) : this.#stages(pipeline.commands);
    };
    let status = await this.#tolerating(pipeline.negated, run);
    if (pipeline.timed !== "") await this.#reportTime(pipeline.timed, clock.monotonic() - started);
    if (pipeline.negated) status = this.lastStatus = status === 0 ? 1 : 0;
    else if (pipeline.commands.length > 1) await this.failed(status);
    return status;
  }

  async #reportTime(format: "bash" | "posix", ms: number): Promise<void> {
    const seconds = ms / 1000;
    const text =
      format === "posix"
        ? `real ${seconds.toFixed(2)}\nuser 0.00\nsys 0.00\n`
        : `\nreal\t${Math.floor(seconds / 60)}m${(seconds % 60).toFixed(3)}s\nuser\t0m0.000s\nsys\t0m0.000s\n`;
    await this.write(2, text);
  }

  async #stages(commands: readonly Command[]): Promise<number> {
    const stages: Promise<number>[] = [];
    let input: OpenFile | undefined;
    const signal = this.childSignal();
    for (const [index, command] of commands.entries()) {
      const descriptors = this.descriptors.clone();
      if (input) descriptors.set(0, input);
      if (index < commands.length - 1) {
        const pipe = new Pipe();
        descriptors.set(1, new OpenFile({ sink: pipe, onClose: () => pipe.closeWriter() }));
        input = new OpenFile({ source: pipe, onClose: () => pipe.closeReader() });
      }
      const shell = this.subshell(descriptors, signal);
      stages.push(shell.runToExit(() => shell.command(command)));
    }
    this.pipeStatus = await Promise.all(stages);
    const wait = this.tick();
    if (wait) await wait;
    const failing = this.pipeStatus.findLast((status) => status !== 0);
    return (this.lastStatus = (this.options.pipefail ? failing : this.pipeStatus.at(-1)) ?? 0);
  }

  /** What follows a failing command: the ERR trap, and the end of the shell under `set -e`. */
  async failed(status: number): Promise<void> {
    if (status === 0 || this.tolerated > 0) return;
    const action = this.traps.get("ERR");
    if (
      action !== undefined &&
      action !== "" &&
      !this.#trapRunning &&
      (this.calls.length === 0 || this.options.errtrace)
    ) {
      this.#trapRunning = true;
      try {
        this.lastStatus = status;
        await this.evaluateText(action);
        this.lastStatus = status;
      } finally {
        this.#trapRunning = false;
      }
    }
    if (this.options.errexit) throw new Jump("exit", status);
  }

  async #background(item: ListItem): Promise<void> {
    const descriptors = this.descriptors.clone();
    if (!this.interactive && !this.options.monitor) descriptors.set(0, new OpenFile({ source: emptySource }));
    const [command] = item.first.commands;
    const argv =
      item.rest.length === 0 && item.first.commands.length === 1 && command?.type === "simple"
        ? item.source.split(/\s+/)
        : [this.name];
    const running = this.machine.processes.spawn({
      argv,
      env: {},
      cwd: this.cwd,
      credentials: this.credentials,
      umask: this.umask,
      terminal: this.terminal,
      parent: this.pid,
      place: this.place,
      // Ctrl-C must not reach it, but the end of a script's machine does by the shell's own signal.
      program: (process) => {
        const shell = this.subshell(descriptors, process.signal, this.pid);
        shell.tolerated = 0;
        const single: ListItem = { ...item, background: false };
        return shell.runToExit(() => shell.list({ items: [single], source: item.source }));
      },
    });
    this.lastBackground = running.pid;
    const job = this.jobs.add(item.source, running);
    if (this.interactive) await this.write(2, `[${job.id}] ${running.pid}\n`);
  }

  /** Waits for a job; a trapped signal ends the wait. */
  async waitFor(job: Job): Promise<number> {
    const woken = new Promise<undefined>((resolve) => this.wakers.push(() => resolve(undefined)));
    const aborted = new Promise<undefined>((resolve) => {
      const signal = this.childSignal();
      if (signal.aborted) resolve(undefined);
      signal.addEventListener("abort", () => resolve(undefined), { once: true });
    });
    const status = await Promise.race([job.running.exit, woken, aborted]);
    if (status !== undefined) return status;
    const [name] = this.pending;
    if (this.signal.aborted) await this.tick();
    return 128 + signalNumbers[name ?? "SIGINT"];
  }

  // --- commands --------------------------------------------------------------------------------------------------

  async command(command: Command): Promise<number> {
    const wait = this.tick();
    if (wait) await wait;
    this.line = command.line;
    if (command.type === "simple") return this.#simple(command);
    if (command.redirections.length === 0) return this.#compound(command);
    const saved = this.descriptors;
    this.descriptors = saved.clone();
    try {
      try {
        await redirect(this, command.redirections);
      } catch (error) {
        const status = await this.#recover(error);
        await this.failed(status);
        return status;
      }
      return await this.#compound(command);
    } finally {
      this.descriptors.closeAll();
      this.descriptors = saved;
    }
  }

  async #compound(command: Command): Promise<number> {
    try {
      this.lastStatus = await runCompound(this, command);
    } catch (error) {
      this.lastStatus = await this.#recover(error);
    }
    const { type } = command;
    if (type === "subshell" || type === "arithmetic" || type === "condition") {
      this.pipeStatus = [this.lastStatus];
      await this.failed(this.lastStatus);
    }
    return this.lastStatus;
  }

  /** A failure that ends only the command becomes a message and a status; others go on up. */
  async #recover(error: unknown): Promise<number> {
    if (error instanceof FileError) {
      await this.complain(`${error.path}: ${error.message}`);
      return 1;
    }
    if (!(error instanceof ShellFailure)) throw error;
    await this.complain(error.message);
    if (error.ends === "line") throw new Jump("discard", error.exitCode);
    if (error.ends === "shell") throw new Jump(this.interactive ? "discard" : "exit", error.exitCode);
    return error.exitCode;
  }

  async #simple(command: Command & { type: "simple" }): Promise<number> {
    this.#substitutionStatus = undefined;
    const savedTemporaries = this.#temporaries;
    this.#temporaries = [];
    try {
      const debug = this.traps.get("DEBUG");
      if (debug && !this.#trapRunning) {
        this.#trapRunning = true;
        await this.#runTrap(debug).finally(() => (this.#trapRunning = false));
      }
      const status = await this.#expandAndRun(command);
      this.lastStatus = status;
      this.pipeStatus = [status];
      await this.failed(status);
      return status;
    } catch (error) {
      const status = await this.#recover(error);
      this.lastStatus = status;
      this.pipeStatus = [status];
      await this.failed(status);
      return status;
    } finally {
      this.cleanTemporaries();
      this.#temporaries = savedTemporaries;
    }
  }

  async #expandAndRun(command: Command & { type: "simple" }): Promise<number> {
    const isDeclaration = command.words.some((word) => word.assignment);
    const args: string[] = isDeclaration
      ? await this.#declarationArguments(command.words)
      : await this.expander.words(command.words);
    const [name] = args;
    if (name === undefined) return this.#assignOnly(command);
    this.lastArgument = args.at(-1) ?? "";
    const run = async (): Promise<number> => {
      if (this.options.xtrace) await this.trace(command.assignments, args);
      return this.#withAssignments(command.assignments, () => this.invoke(args));
    };
    if (command.redirections.length === 0) return run();
    const saved = this.descriptors;
    this.descriptors = saved.clone();
    let kept = false;
    try {
      await this.#redirectFor(name, command);
      // `exec` with nothing to run makes its redirections last.
      if (name === "exec" && args.length === 1) {
        if (this.options.xtrace) await this.trace([], args);
        saved.closeAll();
        kept = true;
        return 0;
      }
      return await run();
    } finally {
      if (!kept) {
        this.descriptors.closeAll();
        this.descriptors = saved;
      }
    }
  }

  /** A program's redirections are opened in its own process: what goes wrong there does not end the shell. */
  async #redirectFor(name: string, command: Command): Promise<void> {
    try {
      await redirect(this, command.redirections);
    } catch (error) {
      const own = this.functions.has(name) || Object.hasOwn(builtins, name);
      if (own || !(error instanceof ShellFailure) || error.ends === "command") throw error;
      throw new ShellFailure(error.message, { exitCode: error.exitCode });
    }
  }

  /** Runs a command by name: function, builtin or program. */
  async invoke(
    args: readonly string[],
    lookup: { functions: boolean; builtins: boolean } = { functions: true, builtins: true },
  ): Promise<number> {
    const [name = ""] = args;
    const definition = lookup.functions ? this.functions.get(name) : undefined;
    if (definition) return this.callFunction(name, definition, args.slice(1));
    const builtin = lookup.builtins && Object.hasOwn(builtins, name) ? builtins[name] : undefined;
    if (builtin) return builtin(this, args.slice(1), name);
    return runExternal(this, args);
  }

  async callFunction(name: string, definition: ShellFunction, args: string[]): Promise<number> {
    if (this.calls.length >= maxNesting) {
      throw new ShellFailure(`${name}: maximum function nesting level exceeded (${maxNesting})`, { ends: "line" });
    }
    const { positional, loops, line } = this;
    this.positional = args;
    this.loops = 0;
    this.calls.push({ name, source: this.calls.at(-1)?.source ?? this.sourceName(), line });
    this.variables.pushFrame();
    try {
      return await this.command(definition.body);
    } catch (error) {
      if (error instanceof Jump && error.kind === "return") return (this.lastStatus = error.value & 0xff);
      throw error;
    } finally {
      this.variables.popFrame();
      this.calls.pop();
      this.positional = positional;
      this.loops = loops;
      this.line = line;
    }
  }

  /** BASH_SOURCE of the main program; empty for `-c` and interactive shells. */
  sourceName(): string {
    return this.commandString || this.fromPrompt ? "" : this.name;
  }

  async #assignOnly(command: Command & { type: "simple" }): Promise<number> {
    for (const assignment of command.assignments) {
      const value = await this.#assignStatement(assignment);
      const index = assignment.index ? `[${assignment.index.source}]` : "";
      if (this.options.xtrace)
        await this.traceText(`${assignment.name}${index}${assignment.append ? "+=" : "="}${value}`);
    }
    if (command.redirections.length > 0) {
      const saved = this.descriptors;
      this.descriptors = saved.clone();
      try {
        await redirect(this, command.redirections);
      } finally {
        this.descriptors.closeAll();
        this.descriptors = saved;
      }
    }
    return this.#substitutionStatus ?? 0;
  }

  async #assignStatement(assignment: Assignment): Promise<string> {
    try {
      return await this.assign(assignment);
    } catch (error) {
      if (error instanceof ShellFailure && error.ends === "command")
        throw new ShellFailure(error.message, { ends: "line" });
      throw error;
    }
  }

  /** Assigns and returns the value as `set -x` shows it. */
  async assign(assignment: Assignment, name = assignment.name): Promise<string> {
    if (this.options.allexport) this.variables.ensure(name).exported = true;
    if (Array.isArray(assignment.value)) {
      const entries = await this.#elements(name, assignment.value);
      this.variables.setItems(name, entries, assignment.append);
      return `(${assignment.value.map((element) => (element.index ? `[${element.index.source}]=` : "") + element.value.source).join(" ")})`;
    }
    const value = await this.expander.text(assignment.value, true);
    if (assignment.index) {
      const key = await this.expander.elementKey(name, assignment.index);
      this.variables.setElement(name, key, value, assignment.append);
    } else this.variables.set(name, value, assignment.append);
    return value === "" ? "" : quoteIfNeeded(value);
  }

  async #elements(
    name: string,
    elements: readonly ArrayElement[],
  ): Promise<{ key?: string; value: string; append?: boolean }[]> {
    const entries: { key?: string; value: string; append?: boolean }[] = [];
    const keyed = this.variables.find(name)?.kind === "associative";
    if (keyed && elements.every((element) => !element.index)) {
      const words = await this.expander.words(elements.map((element) => element.value));
      for (let at = 0; at < words.length; at += 2) entries.push({ key: words[at] ?? "", value: words[at + 1] ?? "" });
      return entries;
    }
    for (const element of elements) {
      if (element.index) {
        const key = await this.expander.elementKey(name, element.index);
        entries.push({ key, value: await this.expander.text(element.value, true), append: element.append });
      } else for (const value of await this.expander.words([element.value])) entries.push({ value });
    }
    return entries;
  }

  /** Arguments of `declare` and its kin: assignments are carried out by the builtin, found by their number. */
  async #declarationArguments(words: readonly Word[]): Promise<string[]> {
    const result: string[] = [];
    this.declared = new Map();
    for (const word of words) {
      if (!word.assignment) {
        result.push(...(await this.expander.words([word])));
        continue;
      }
      const { assignment } = word;
      if (Array.isArray(assignment.value) || assignment.index) {
        this.declared.set(result.length - 1, assignment);
        result.push(assignment.name);
      } else {
        const value = await this.expander.text(assignment.value, true);
        result.push(`${assignment.name}${assignment.append ? "+=" : "="}${value}`);
      }
    }
    return result;
  }

  /** Array assignments among the arguments of the running declaration, by position. */
  declared = new Map<number, Assignment>();

  /** `NAME=value command`: the variables are there while the command runs. */
  async #withAssignments(assignments: readonly Assignment[], body: () => Promise<number>): Promise<number> {
    if (assignments.length === 0) return body();
    this.variables.pushFrame();
    try {
      for (const assignment of assignments) {
        const value = Array.isArray(assignment.value) ? "" : await this.expander.text(assignment.value, true);
        const old = assignment.append ? (this.variables.get(assignment.name) ?? "") : "";
        try {
          const variable = this.variables.makeLocal(assignment.name);
          variable.exported = true;
          this.variables.set(assignment.name, old + value);
        } catch (error) {
          if (!(error instanceof ShellFailure)) throw error;
          await this.complain(error.message);
        }
      }
      return await body();
    } finally {
      this.variables.popFrame();
    }
  }

  async #tracePrefix(): Promise<string> {
    const text = this.variables.get("PS4") ?? "+ ";
    if (text === "+ ") return `${"+".repeat(this.#substitutions + 1)} `;
    return this.expander.text(new Parser(text).wholeWord());
  }

  async trace(assignments: readonly Assignment[], args: readonly string[]): Promise<void> {
    const prefix = await this.#tracePrefix();
    for (const assignment of assignments) {
      if (Array.isArray(assignment.value)) continue;
      await this.write(
        2,
        `${prefix}${assignment.name}=${quoteIfNeeded(await this.expander.text(assignment.value, true))}\n`,
      );
    }
    await this.write(2, `${prefix}${args.map(quoteIfNeeded).join(" ")}\n`);
  }

  /** A line of `set -x`. */
  async traceText(text: string): Promise<void> {
    if (this.options.xtrace) await this.write(2, `${await this.#tracePrefix()}${text}\n`);
  }

  /** The sink of a descriptor for a child process. */
  sink(descriptor: number): ByteSink | undefined {
    return this.descriptors.get(descriptor)?.sink;
  }

  /** A text as `declare -f` prints it. */
  functionText(name: string, definition: ShellFunction): string {
    const body = definition.source.startsWith("{") ? definition.source : `{ ${definition.source}; }`;
    return `${name} () \n${body.includes("\n") ? body.replace(/^\{\s*\n?/, "{ \n") : body.replace(/^\{\s*/, "{ \n    ").replace(/;?\s*\}$/, "\n}")}\n`;
  }

  /** Single quotes for messages such as those of `alias`. */
  quote(text: string): string {
    return quoteSingle(text);
  }
}
