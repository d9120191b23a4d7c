import type { EditRequest } from "../../../domain/machine.ts";
import type { NetworkPlace } from "../network/network.ts";
import type { Executable } from "./executable.ts";
import type { Credentials, FileView } from "./files/file-system.ts";
import type { ByteSink, ByteSource } from "./io.ts";
import type { ModelledMachine } from "./machine.ts";

export type SignalName =
  | "SIGHUP"
  | "SIGINT"
  | "SIGQUIT"
  | "SIGKILL"
  | "SIGUSR1"
  | "SIGPIPE"
  | "SIGALRM"
  | "SIGTERM"
  | "SIGTSTP"
  | "SIGCONT"
  | "SIGUSR2"
  | "SIGCHLD";

export const signalNumbers: Readonly<Record<SignalName, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGTSTP: 20,
};

/** The reason with which a process's AbortSignal aborts. */
export class Killed extends Error {
  override readonly name = "Killed";
  readonly signalName: SignalName;
  constructor(signalName: SignalName) {
    super(`killed by ${signalName}`);
    this.signalName = signalName;
  }
  get exitCode(): number {
    return 128 + signalNumbers[this.signalName];
  }
}

/** The terminal that a shell's foreground processes are attached to. */
export interface Terminal {
  readonly name: string;
  columns: number;
  rows: number;
  /** False while a password is typed. */
  echo: boolean;
  /** Opens the editor pane; absent where nobody could edit. */
  edit?: (request: EditRequest) => void;
}

/** A running program, as it sees itself and its machine. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  /** `argv[0]` is the name it was called by. */
  readonly argv: readonly string[];
  /** Absolute path of the binary. */
  readonly path: string;
  readonly executable: Executable;
  readonly machine: ModelledMachine;
  /** Where its sockets open: the machine, or a pod on it. */
  readonly place: NetworkPlace;
  /** Effective user and groups. */
  readonly credentials: Credentials;
  readonly env: Readonly<Record<string, string>>;
  /** Absolute. */
  readonly cwd: string;
  readonly umask: number;
  readonly stdin: ByteSource;
  readonly stdout: ByteSink;
  readonly stderr: ByteSink;
  readonly terminal: Terminal | undefined;
  /** Aborts with a Killed. Pass it to every wait. */
  readonly signal: AbortSignal;
  /** True when a daemon is started again because the lab woke up: durable state is still there and valid. */
  readonly resumed: boolean;
  /** The machine's files with this process's permissions. */
  readonly files: FileView;
  /** `path` made absolute against the working directory. */
  resolve(path: string): string;
  /** Writes to standard output or error. */
  out(text: string): Promise<void>;
  err(text: string): Promise<void>;
  /** Runs another program and waits; looks up PATH like execvp. Exit code 127 not found, 126 not executable. */
  run(argv: readonly string[], changes?: ProcessChanges): Promise<number>;
  /** Tells systemd that a daemon is ready (Type=notify); harmless elsewhere. */
  notifyReady(): void;
}

/** What a child process has different from its parent. */
export interface ProcessChanges {
  env?: Readonly<Record<string, string>>;
  cwd?: string;
  credentials?: Credentials;
  umask?: number;
  stdin?: ByteSource;
  stdout?: ByteSink;
  stderr?: ByteSink;
  /** Kills the child when aborted, beside the parent's own signal. */
  signal?: AbortSignal;
  place?: NetworkPlace;
}

/**
 * What a binary does. Resolves with the exit code, 0 to 255. Never throws for what a user did wrong;
 * FileError and BrokenPipe that escape are turned into the usual message and exit code.
 */
export type Program = (process: Process) => Promise<number>;

/** Programs by the name in their binary's manifest. */
export type ProgramTable = Readonly<Record<string, Program>>;
