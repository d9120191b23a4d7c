import { randomBytes } from "node:crypto";
import { type Child, type ChildOutput, type ChildResult, startChild } from "../../../process/child.ts";
import { MultipassError } from "./errors.ts";
import { failureOf } from "./failures.ts";
import { progressOf, SpinnerText } from "./spinner.ts";
import type { CallOptions, MultipassOptions, ProgressOptions, System } from "./types.ts";

const ownSystem: System = {
  now: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const stop = (): void => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", stop);
        resolve();
      }, ms);
      signal?.addEventListener("abort", stop, { once: true });
    }),
  token: () => randomBytes(12).toString("hex"),
};

export interface Answer {
  stdout: Uint8Array;
  stderr: string;
}

interface CallRequest extends CallOptions {
  stdin?: string | Uint8Array;
  onOutput?: (output: ChildOutput) => void;
  /** Real milliseconds until the client is ended and the call rejects with `no-answer`. */
  answerWithinMs?: number;
}

/** Runs the executable: always with pipes, since with a terminal it asks questions and adds notices. */
export class Calls {
  readonly system: System;
  readonly platform: NodeJS.Platform;
  readonly executable: string;
  readonly #answerWithinMs: number;
  readonly #options: MultipassOptions;

  constructor(options: MultipassOptions) {
    this.#options = options;
    this.system = { ...ownSystem, ...options.system };
    this.platform = options.platform ?? process.platform;
    this.executable = options.executable ?? "multipass";
    this.#answerWithinMs = options.answerWithinMs ?? 120_000;
  }

  start(argv: readonly string[], options: { onOutput?: (output: ChildOutput) => void; signal?: AbortSignal }): Child {
    const { env, cwd } = this.#options;
    return (this.#options.start ?? startChild)(this.executable, argv, {
      ...options,
      ...(env === undefined ? {} : { env }),
      ...(cwd === undefined ? {} : { cwd }),
    });
  }

  /** The exit code of a client that was started and ended by itself; everything else rejects. */
  exitCodeOf(command: string, result: ChildResult): number {
    if (result.notStarted !== undefined) {
      const why = result.notStarted === "ENOENT" ? "there is no such program" : `cannot be started`;
      throw new MultipassError("not-installed", `${why}, got ${this.executable} (${result.notStarted})`, { command });
    }
    if (result.exitCode === undefined) {
      const stderr = decoded(result.stderr);
      throw new MultipassError("client-killed", `was ended by ${result.signal ?? "a signal"}`, { command, stderr });
    }
    return result.exitCode;
  }

  /** Runs a subcommand to its end; resolves only when it succeeds. */
  async run(argv: readonly string[], request: CallRequest = {}): Promise<Answer> {
    const command = argv[0] ?? "";
    const { signal, stdin, answerWithinMs } = request;
    signal?.throwIfAborted();
    const deadline = answerWithinMs === undefined ? undefined : AbortSignal.timeout(answerWithinMs);
    const signals = [signal, deadline].filter((each) => each !== undefined);
    const child = this.start(argv, {
      ...(request.onOutput ? { onOutput: request.onOutput } : {}),
      ...(signals.length > 0 ? { signal: AbortSignal.any(signals) } : {}),
    });
    if (stdin !== undefined && stdin.length > 0) child.write(stdin);
    child.end();
    const result = await child.ended;
    if (result.aborted) {
      signal?.throwIfAborted();
      throw new MultipassError("no-answer", `no answer within ${answerWithinMs} ms`, { command });
    }
    const exitCode = this.exitCodeOf(command, result);
    const stderr = decoded(result.stderr);
    if (exitCode !== 0) throw failureOf(command, { exitCode, stdout: decoded(result.stdout), stderr });
    return { stdout: result.stdout, stderr };
  }

  /** Runs a subcommand that answers at once, if at all: a sick guest or daemon may keep it for ever. */
  async ask(argv: readonly string[], options: CallOptions = {}): Promise<string> {
    const answer = await this.run(argv, {
      answerWithinMs: this.#answerWithinMs,
      ...(options.signal ? { signal: options.signal } : {}),
    });
    return decoded(answer.stdout);
  }

  /** Runs a subcommand that takes its time and says how far it is. */
  async follow(argv: readonly string[], options: ProgressOptions, stdin?: string): Promise<Answer> {
    const { onProgress, signal } = options;
    const spinner = new SpinnerText((text) => onProgress?.(progressOf(text)));
    const answer = await this.run(argv, {
      ...(signal ? { signal } : {}),
      ...(stdin === undefined ? {} : { stdin }),
      onOutput: ({ stream, bytes }) => {
        if (stream === "stdout") spinner.write(bytes);
      },
    });
    spinner.end();
    return answer;
  }
}

export function decoded(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

const instanceName = /^([a-zA-Z]|[a-zA-Z][a-zA-Z0-9-]*[a-zA-Z0-9])$/;

/** Refuses what Multipass would take for an option, a snapshot or several instances. */
export function checkName(command: string, name: string): void {
  if (!instanceName.test(name)) {
    throw new MultipassError(
      "invalid-name",
      `name: expected letters, digits and hyphens that begin with a letter, got ${name || "nothing"}`,
      { command },
    );
  }
}
