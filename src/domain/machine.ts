export interface OutputChunk {
  stream: "stdout" | "stderr";
  bytes: Uint8Array;
}

export interface ExecOptions {
  stdin?: string | Uint8Array;
  env?: Readonly<Record<string, string>>;
  /** Milliseconds; the command is killed and the result has exit code 124. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Called while the command runs, in order. */
  onOutput?: (chunk: OutputChunk) => void;
}

export interface ExecResult {
  /** 0 to 255; 128 + n after signal n. */
  exitCode: number;
  stdout: string;
  stderr: string;
  durationMs: number;
}

export type MachineState = "absent" | "starting" | "running" | "stopped";

export interface WriteFileOptions {
  /** `user` or `user:group`; default `root:root`. */
  owner?: string;
  /** Permission bits; default 0o644. */
  mode?: number;
}

/** A computer we run commands on. A non-zero exit is a result; a rejection means the command could not run at all. */
export interface Machine {
  readonly name: string;
  /** Runs `argv` (never a shell string) in a fresh login environment as user `ubuntu`. */
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** Reads as root. Rejects with LabError `file-not-found` when absent. */
  readFile(path: string): Promise<Uint8Array>;
  /** Writes as root, creating parent folders. */
  writeFile(path: string, data: string | Uint8Array, options?: WriteFileOptions): Promise<void>;
  /** The IPv4 address the other machines reach it by. */
  address(): Promise<string>;
  state(): Promise<MachineState>;
  /** Present where `features.interactiveShell` says so. */
  openShell?(options: ShellOptions): Promise<MachineShell>;
  /** What to run to hand this computer's terminal over to a login shell there; absent where no program does that. */
  terminal?(): TerminalCommand;
}

/** A program of this computer that wants the terminal for itself. */
export interface TerminalCommand {
  file: string;
  argv: readonly string[];
}

export interface ShellOptions {
  columns: number;
  rows: number;
  /** Default `ubuntu`. */
  user?: string;
  onOutput: (text: string) => void;
  /** The learner opened a file in an editor (`nano FILE`): show it, call `save` or `close`. */
  onEdit?: (request: EditRequest) => void;
}

/** A file opened in an editor from a shell; the command ends when `close` is called. */
export interface EditRequest {
  path: string;
  /** Empty for a new file. */
  text: string;
  /** True when the shell's user may not write the file. */
  readOnly: boolean;
  /** Rejects with the operating system's words (`Error writing /etc/f: Permission denied`). */
  save(text: string): Promise<void>;
  close(): void;
}

export interface Completion {
  /** Index in the line where the completed word begins. */
  start: number;
  candidates: string[];
}

/** A lasting interactive shell: directory, variables, functions, jobs and history stay between lines. */
export interface MachineShell {
  /** The prompt to show, e.g. `ubuntu@master:~$ `; a continuation prompt `> ` while a command is incomplete. */
  prompt(): string;
  /** True while a command runs: what is typed then is its standard input. */
  busy(): boolean;
  /**
   * Runs one line, or feeds it to an incomplete command. Resolves when the prompt is back.
   * `incomplete` says that the shell waits for more lines (open quote, heredoc, trailing backslash).
   */
  run(line: string): Promise<{ exitCode: number; incomplete: boolean; exited: boolean }>;
  /** Standard input of the running command. `null` is Ctrl-D. */
  input(text: string | null): void;
  /** Calls back once when the running command starts to wait for what is typed. Absent where that cannot be known. */
  waitsForInput?(callback: () => void): void;
  /** Ctrl-C is `SIGINT`. Ends the running command, or clears the incomplete line. */
  signal(name: "SIGINT" | "SIGTSTP" | "SIGQUIT"): void;
  complete(line: string, cursor: number): Promise<Completion>;
  history(): readonly string[];
  /** True while the running command reads without echo (a password). */
  echo(): boolean;
  resize(columns: number, rows: number): void;
  close(): Promise<void>;
}
