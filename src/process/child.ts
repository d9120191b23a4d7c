import { execa } from "execa";

/** A piece of what a program prints. */
export interface ChildOutput {
  stream: "stdout" | "stderr";
  bytes: Uint8Array;
}

export interface ChildOptions {
  /** Added to this process's environment; `undefined` takes one away. */
  env?: Readonly<Record<string, string | undefined>>;
  cwd?: string;
  /** Called while the program runs, in order. */
  onOutput?: (output: ChildOutput) => void;
  /** Ends the program: SIGTERM, and SIGKILL five seconds later. */
  signal?: AbortSignal;
}

export interface ChildResult {
  /** Undefined when it was ended by a signal or could not be started. */
  exitCode: number | undefined;
  /** Name of the signal that ended it. */
  signal?: string;
  /** Why it could not be started, e.g. `ENOENT`. */
  notStarted?: string;
  /** True when `options.signal` ended it. */
  aborted: boolean;
  stdout: Uint8Array;
  stderr: Uint8Array;
  durationMs: number;
}

/** A running program with pipes, never a terminal. */
export interface Child {
  readonly pid: number | undefined;
  write(bytes: string | Uint8Array): void;
  /** Closes its standard input. */
  end(): void;
  kill(signal: NodeJS.Signals): void;
  /** Never rejects: a program that fails or cannot be started is a result. */
  readonly ended: Promise<ChildResult>;
}

/** Starts a program without a shell, its standard input open until `end`. */
export function startChild(file: string, argv: readonly string[], options: ChildOptions = {}): Child {
  const running = execa(file, [...argv], {
    reject: false,
    encoding: "buffer",
    stripFinalNewline: false,
    stdin: "pipe",
    env: { ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.signal ? { cancelSignal: options.signal } : {}),
    // Who talks to an open pipe of a program that has ended learns that from its result.
    maxBuffer: 1 << 28,
  });
  running.stdin.on("error", () => undefined);
  const { onOutput } = options;
  if (onOutput) {
    running.stdout.on("data", (bytes: Uint8Array) => onOutput({ stream: "stdout", bytes }));
    running.stderr.on("data", (bytes: Uint8Array) => onOutput({ stream: "stderr", bytes }));
  }
  const ended = running.then((result): ChildResult => ({
    exitCode: result.exitCode,
    ...(result.signal === undefined ? {} : { signal: result.signal }),
    ...(result.exitCode === undefined && result.signal === undefined ? { notStarted: result.code ?? "unknown" } : {}),
    aborted: result.isCanceled,
    stdout: result.stdout,
    stderr: result.stderr,
    durationMs: result.durationMs,
  }));
  return {
    pid: running.pid,
    write: (bytes) => void running.stdin.write(bytes),
    end: () => void running.stdin.end(),
    kill: (signal) => void running.kill(signal),
    ended,
  };
}

/** Runs a program without a shell to its end, with `stdin` as its whole standard input. Never rejects. */
export function runChild(
  file: string,
  argv: readonly string[],
  options: ChildOptions & { stdin?: string | Uint8Array } = {},
): Promise<ChildResult> {
  const child = startChild(file, argv, options);
  if (options.stdin !== undefined && options.stdin.length > 0) child.write(options.stdin);
  child.end();
  return child.ended;
}
