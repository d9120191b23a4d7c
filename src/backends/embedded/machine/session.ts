import type { EditRequest, ExecOptions, ExecResult, MachineShell, ShellOptions } from "../../../domain/machine.ts";
import { LabError } from "../../../domain/errors.ts";
import { FileError } from "./files/errors.ts";
import type { Credentials } from "./files/file-system.ts";
import { type ByteSink, type ByteSource, encode, sourceOf } from "./io.ts";
import type { ModelledMachine, RunningProcess, User } from "./machine.ts";
import { Killed, type Process, type SignalName, type Terminal } from "./process.ts";
import { catchSignals, defaultPath } from "./processes.ts";
import { completeLine } from "./shell/completion.ts";
import { OpenFile, SharedSource } from "./shell/descriptors.ts";
import { Interaction, signalTerminal, takeTerminal } from "./shell/interaction.ts";
import { Shell } from "./shell/shell.ts";
import { type SavedShell, restoreShell, saveShell } from "./shell/snapshot.ts";
import { readStartupFiles } from "./shell/startup.ts";

export type { SavedShell };

/** A lasting shell that can be saved with the lab. */
export interface SaveableShell extends MachineShell {
  /** Plain JSON with directory, variables, functions, options, history; running jobs are not part of it. */
  snapshot(): SavedShell;
}

interface Login {
  user: User;
  credentials: Credentials;
  env: Record<string, string>;
}

function login(machine: ModelledMachine, name: string, terminal: boolean): Login {
  const user = machine.users.byName(name);
  const credentials = machine.users.credentials(name);
  if (!user || !credentials) {
    throw new LabError("user-unknown", `${machine.name}: no such user, got ${name}`, {
      remedy: "Use `ubuntu` or `root`.",
    });
  }
  const path = user.uid === 0 ? defaultPath : `${defaultPath}:/usr/games:/usr/local/games:/snap/bin`;
  const env: Record<string, string> = {
    HOME: user.home,
    LANG: "C.UTF-8",
    LOGNAME: user.name,
    MAIL: `/var/mail/${user.name}`,
    PATH: path,
    SHELL: user.shell || "/bin/bash",
    USER: user.name,
  };
  if (terminal) env["TERM"] = "xterm-256color";
  return { user, credentials, env };
}

const homeOf = (machine: ModelledMachine, user: User): string =>
  machine.rootFiles.isDirectory(user.home) ? user.home : "/";

/** Typed text on its way to the programs of a session. */
class Keyboard implements ByteSource {
  readonly isTerminal = true;
  #queue: (Uint8Array | null)[] = [];
  #wake: (() => void) | undefined;

  push(text: string | null): void {
    this.#queue.push(text === null ? null : encode(text));
    this.#wake?.();
  }

  get hasMore(): boolean {
    return this.#queue.length > 0;
  }

  clear(): void {
    this.#queue = [];
  }

  async read(): Promise<Uint8Array | null> {
    while (this.#queue.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#queue.shift() ?? null;
  }
}

/**
 * Opens a lasting login shell on a machine. With `saved` it continues where that one was:
 * directory, variables, functions and history, without reading the startup files again.
 */
export function openMachineShell(
  machine: ModelledMachine,
  options: ShellOptions,
  extra: { saved?: SavedShell } = {},
): SaveableShell {
  return new Session(machine, options, extra.saved);
}

class Session implements SaveableShell {
  readonly #machine: ModelledMachine;
  readonly #keyboard = new Keyboard();
  readonly #stdin: SharedSource;
  readonly #terminal: Terminal;
  readonly #running: RunningProcess;
  readonly #started: Promise<void>;
  readonly #login: Login;
  readonly #releaseTerminal: () => void;
  #shell: Shell | undefined;
  #interaction: Interaction | undefined;
  #end: (code: number) => void = () => undefined;
  #active = 0;
  /** How often Ctrl-C was pressed. */
  #interrupts = 0;
  #exited = false;
  #saved: SavedShell | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(machine: ModelledMachine, options: ShellOptions, saved: SavedShell | undefined) {
    this.#machine = machine;
    this.#saved = saved;
    this.#login = login(machine, options.user ?? "ubuntu", true);
    this.#stdin = new SharedSource(this.#keyboard, () => this.#keyboard.hasMore);
    this.#terminal = { name: freeTerminal(machine), columns: options.columns, rows: options.rows, echo: true };
    if (options.onEdit) {
      const { onEdit } = options;
      this.#terminal.edit = (request: EditRequest) => onEdit(request);
    }
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    const screen: ByteSink = {
      isTerminal: true,
      write: (bytes) => {
        const text = decoder.decode(bytes, { stream: true });
        if (text !== "") options.onOutput(text);
        return Promise.resolve();
      },
    };
    this.#releaseTerminal = takeTerminal(this.#terminal, (name) => this.#interaction?.signal(name));
    let ready: () => void = () => undefined;
    this.#started = new Promise((resolve) => (ready = resolve));
    const { user, credentials, env } = this.#login;
    this.#running = machine.processes.spawn({
      argv: ["-bash"],
      env,
      cwd: homeOf(machine, user),
      credentials,
      umask: 0o002,
      terminal: this.#terminal,
      program: async (process) => {
        const ended = new Promise<number>((resolve) => {
          this.#end = resolve;
          process.signal.addEventListener("abort", () => resolve(129), { once: true });
        });
        await this.#start(process, screen);
        ready();
        return ended;
      },
    });
  }

  async #start(process: Process, screen: ByteSink): Promise<void> {
    const { env } = this.#login;
    const shell = new Shell({
      machine: this.#machine,
      pid: process.pid,
      parentPid: process.parent,
      credentials: process.credentials,
      env,
      cwd: process.cwd,
      umask: process.umask,
      terminal: this.#terminal,
      signal: process.signal,
      place: process.place,
      name: "-bash",
      interactive: true,
      stdin: new OpenFile({ source: this.#stdin }),
      stdout: new OpenFile({ sink: screen }),
      stderr: new OpenFile({ sink: screen }),
    });
    shell.shopts["expand_aliases"] = true;
    shell.shopts["login_shell"] = true;
    shell.options.monitor = true;
    shell.options.histexpand = true;
    shell.options.history = true;
    catchSignals(process, (name) => name !== "SIGHUP" && (shell.catches(name) || name !== "SIGPIPE"));
    this.#size(shell);
    const interaction = new Interaction(shell);
    shell.variables.set("PS1", "\\u@\\h:\\w\\$ ");
    if (this.#saved) restoreShell(shell, this.#saved);
    else {
      shell.history.push(...this.#readHistory());
      await readStartupFiles(shell, "login").catch(() => undefined);
    }
    this.#shell = shell;
    await interaction.refreshPrompt();
    this.#interaction = interaction;
  }

  prompt(): string {
    if (this.#interaction) return this.#interaction.prompt;
    const { user } = this.#login;
    const folder = this.#saved ? this.#saved.cwd : homeOf(this.#machine, user);
    const shown =
      folder === user.home ? "~" : folder.startsWith(`${user.home}/`) ? `~${folder.slice(user.home.length)}` : folder;
    return `${user.name}@${this.#machine.name}:${shown}${user.uid === 0 ? "#" : "$"} `;
  }

  busy(): boolean {
    return this.#active > 0;
  }

  run(line: string): Promise<{ exitCode: number; incomplete: boolean; exited: boolean }> {
    // Busy from this moment on: the next line must not be taken for one at the prompt.
    this.#active += 1;
    const interrupts = this.#interrupts;
    const result = this.#queue
      .then(() => this.#runLines(line, interrupts))
      .finally(() => {
        this.#active -= 1;
        if (this.#active === 0) this.#keyboard.clear();
      });
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async #runLines(
    text: string,
    interrupts: number,
  ): Promise<{ exitCode: number; incomplete: boolean; exited: boolean }> {
    await this.#started;
    const interaction = this.#interaction;
    if (!interaction || this.#exited) return { exitCode: 1, incomplete: false, exited: true };
    let result = { exitCode: 0, incomplete: false, exited: false };
    for (const line of text.replace(/\r\n?/g, "\n").replace(/\n$/, "").split("\n")) {
      if (interrupts !== this.#interrupts) {
        // A terminal throws away at Ctrl-C what was typed before it and is not read yet.
        interaction.shell.lastStatus = 130;
        return { exitCode: 130, incomplete: false, exited: false };
      }
      result = await interaction.feed(line);
      if (result.exited) break;
    }
    this.#machine.environment.touch();
    if (result.exited) await this.#leave(result.exitCode);
    return result;
  }

  input(text: string | null): void {
    this.#keyboard.push(text);
  }

  waitsForInput(callback: () => void): void {
    this.#stdin.whenAsked(callback);
  }

  signal(name: "SIGINT" | "SIGTSTP" | "SIGQUIT"): void {
    const signalName: SignalName = name;
    if (name === "SIGINT") this.#interrupts += 1;
    signalTerminal(this.#terminal, signalName);
  }

  async complete(line: string, cursor: number) {
    await this.#started;
    if (!this.#shell) return { start: cursor, candidates: [] };
    return completeLine(this.#shell, line, cursor);
  }

  history(): readonly string[] {
    return this.#shell?.history ?? this.#saved?.history ?? [];
  }

  echo(): boolean {
    return this.#terminal.echo;
  }

  resize(columns: number, rows: number): void {
    this.#terminal.columns = columns;
    this.#terminal.rows = rows;
    if (this.#shell) this.#size(this.#shell);
  }

  async close(): Promise<void> {
    await this.#started;
    await this.#leave(0);
  }

  snapshot(): SavedShell {
    if (this.#shell) return saveShell(this.#shell);
    return (
      this.#saved ?? {
        version: 1,
        cwd: homeOf(this.#machine, this.#login.user),
        umask: 0o002,
        variables: [],
        functions: {},
        aliases: {},
        options: {},
        shopts: {},
        traps: {},
        positional: [],
        directories: [],
        history: [],
      }
    );
  }

  async #leave(code: number): Promise<void> {
    if (this.#exited) return;
    this.#exited = true;
    const shell = this.#shell;
    if (shell) {
      this.#writeHistory(shell);
      await shell.runToExit(() => Promise.resolve(code));
    }
    this.#releaseTerminal();
    this.#end(code);
    await this.#running.exit;
  }

  #size(shell: Shell): void {
    shell.variables.set("COLUMNS", String(this.#terminal.columns));
    shell.variables.set("LINES", String(this.#terminal.rows));
  }

  #historyPath(): string {
    return `${this.#login.user.home}/.bash_history`;
  }

  #readHistory(): string[] {
    try {
      return this.#machine.files.as(this.#login.credentials).readText(this.#historyPath()).split("\n").filter(Boolean);
    } catch (error) {
      if (error instanceof FileError) return [];
      throw error;
    }
  }

  #writeHistory(shell: Shell): void {
    try {
      shell.files.writeWithMode(this.#historyPath(), shell.history.map((line) => `${line}\n`).join(""), 0o600);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
    }
  }
}

function freeTerminal(machine: ModelledMachine): string {
  const used = new Set(machine.processes.list().map((entry) => entry.terminal));
  let number = 0;
  while (used.has(`pts/${number}`)) number += 1;
  return `pts/${number}`;
}

/** Runs `argv` in a fresh login environment as `ubuntu`, without a terminal. */
export async function execOnMachine(
  machine: ModelledMachine,
  argv: readonly string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  const { clock } = machine.environment;
  const started = clock.monotonic();
  const { user, credentials, env } = login(machine, "ubuntu", false);
  const abort = new AbortController();
  let timedOut = false;
  const cancel =
    options.timeoutMs === undefined
      ? undefined
      : clock.after(options.timeoutMs, () => {
          timedOut = true;
          abort.abort(new Killed("SIGTERM"));
        });
  const signal = options.signal ? AbortSignal.any([abort.signal, options.signal]) : abort.signal;
  const stdout = new Recorder((bytes) => options.onOutput?.({ stream: "stdout", bytes }));
  const stderr = new Recorder((bytes) => options.onOutput?.({ stream: "stderr", bytes }));
  // A login shell reads the profiles, then takes the command as it is: argv never becomes shell text.
  const useShell = machine.rootFiles.exists("/bin/bash");
  const command = useShell ? ["/bin/bash", "-l", "-c", 'exec "$@"', "bash", ...argv] : argv;
  let exitCode: number;
  try {
    const running = machine.processes.spawn({
      argv: command,
      env: { ...env, ...options.env },
      cwd: homeOf(machine, user),
      credentials,
      umask: 0o002,
      stdin: sourceOf(options.stdin ?? ""),
      stdout,
      stderr,
      signal,
    });
    exitCode = await running.exit;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await stderr.write(
      encode(`bash: ${argv[0] ?? ""}: ${error.code === "ENOENT" ? "command not found" : error.message}\n`),
    );
    exitCode = error.code === "ENOENT" ? 127 : 126;
  } finally {
    cancel?.();
  }
  return {
    exitCode: timedOut ? 124 : exitCode,
    stdout: stdout.text(),
    stderr: stderr.text(),
    durationMs: clock.monotonic() - started,
  };
}

class Recorder implements ByteSink {
  readonly #onBytes: (bytes: Uint8Array) => void;
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #text = "";
  constructor(onBytes: (bytes: Uint8Array) => void) {
    this.#onBytes = onBytes;
  }
  write(bytes: Uint8Array): Promise<void> {
    const copy = bytes.slice();
    this.#text += this.#decoder.decode(copy, { stream: true });
    this.#onBytes(copy);
    return Promise.resolve();
  }
  text(): string {
    return this.#text + this.#decoder.decode();
  }
}
