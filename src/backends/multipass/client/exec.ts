import type { ChildResult } from "../../../process/child.ts";
import { type Calls, checkName, decoded } from "./calls.ts";
import { MultipassError } from "./errors.ts";
import { failureOf, isClientFailure } from "./failures.ts";
import { HeadFilter, TailFilter } from "./marks.ts";
import type { ExecOptions, ExecOutput, ExecProcess, ExecResult } from "./types.ts";

/**
 * Runs the command in the guest between two marks. The one before it divides its output from the client's (the spinner
 * of an instance that starts by itself, warnings); the one after it carries the exit code, because the client's own are
 * the same numbers, and because clients up to 1.16 run a command that ends with 4 again, for ever.
 */
const wrapper = [
  'n=$1; shift; printf "[%s]" "$n"; printf "[%s]" "$n" >&2',
  "exec 3>&2 2>/dev/null",
  '("$@") 2>&3 3>&-',
  'rc=$?; [ $rc -eq 0 ] || printf "[%s:%d]" "$n" $rc >&3',
  "[ $rc -ne 4 ] || rc=204",
  "exit $rc",
].join("; ");

/** Exit codes that the client itself ends with; any other is the command's. */
const clientExitCodes: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 255]);

interface StartOptions {
  onOutput: (output: ExecOutput) => void;
  signal?: AbortSignal;
}

/** Runs commands in instances that are known to run. */
export class Execs {
  readonly #calls: Calls;
  readonly #reachable: (name: string, signal?: AbortSignal) => Promise<void>;
  readonly #lost: (name: string) => void;

  /** `reachable` rejects where a command would first start the instance; `lost` is told that one was not reached. */
  constructor(
    calls: Calls,
    reachable: (name: string, signal?: AbortSignal) => Promise<void>,
    lost: (name: string) => void,
  ) {
    this.#calls = calls;
    this.#reachable = reachable;
    this.#lost = lost;
  }

  start(name: string, argv: readonly string[], options: StartOptions): ExecProcess {
    const waiting: ((begun: ExecProcess) => void)[] = [];
    let begun: ExecProcess | undefined;
    const whenBegun = (act: (process: ExecProcess) => void): void => void (begun ? act(begun) : waiting.push(act));
    const given = Promise.withResolvers<never>();
    given.promise.catch(() => undefined);
    const run = async (): Promise<{ exitCode: number }> => {
      checkName("exec", name);
      if (argv.length === 0) throw new MultipassError("wrong-use", "no command was given", { command: "exec" });
      await Promise.race([this.#reachable(name, options.signal), given.promise]);
      begun = this.#begin(name, argv, options);
      for (const act of waiting) act(begun);
      try {
        return await begun.ended;
      } catch (error) {
        this.#lost(name);
        throw error;
      }
    };
    return {
      write: (bytes) => whenBegun((process) => process.write(bytes)),
      end: () => whenBegun((process) => process.end()),
      kill() {
        if (begun) begun.kill();
        else
          given.reject(
            new MultipassError("ssh-failed", `was given up before it began, got ${name}`, { command: "exec" }),
          );
      },
      ended: run(),
    };
  }

  async run(name: string, argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const printed: Record<ExecOutput["stream"], Uint8Array[]> = { stdout: [], stderr: [] };
    const started = this.start(name, argv, {
      onOutput: (output) => {
        printed[output.stream].push(output.bytes);
        options.onOutput?.(output);
      },
      ...(options.signal ? { signal: options.signal } : {}),
    });
    if (options.stdin !== undefined && options.stdin.length > 0) started.write(options.stdin);
    started.end();
    const { exitCode } = await started.ended;
    return { exitCode, stdout: Buffer.concat(printed.stdout), stderr: Buffer.concat(printed.stderr) };
  }

  #begin(name: string, argv: readonly string[], options: StartOptions): ExecProcess {
    const { signal } = options;
    const token = this.#calls.system.token();
    const stdout = new HeadFilter(token, (bytes) => options.onOutput({ stream: "stdout", bytes }));
    const tail = new TailFilter(token, (bytes) => options.onOutput({ stream: "stderr", bytes }));
    const stderr = new HeadFilter(token, (bytes) => tail.write(bytes));
    const child = this.#calls.start(["exec", "-n", name, "--", "bash", "-c", wrapper, "bash", token, ...argv], {
      onOutput: ({ stream, bytes }) => (stream === "stdout" ? stdout : stderr).write(bytes),
      ...(signal ? { signal } : {}),
    });

    const lost = (why: string, exitCode: number | undefined, said: string): MultipassError => {
      const begun = stdout.passed || stderr.passed;
      return new MultipassError(begun ? "connection-lost" : "ssh-failed", `${why}, got ${name}`, {
        command: "exec",
        stderr: said,
        ...(exitCode === undefined ? {} : { exitCode }),
      });
    };

    const exitCodeOf = (result: ChildResult): number => {
      if (result.aborted) signal?.throwIfAborted();
      tail.end();
      if (tail.exitCode !== undefined) return tail.exitCode;
      const said = decoded(result.stderr);
      if (result.signal !== undefined) throw lost(`the client was ended by ${result.signal}`, undefined, said);
      const exitCode = this.#calls.exitCodeOf("exec", result);
      const ownCode = clientExitCodes.has(exitCode);
      if (stdout.passed || stderr.passed) {
        if (ownCode) throw lost("the connection ended before the command", exitCode, said);
        return exitCode;
      }
      if (isClientFailure(said)) throw failureOf("exec", { exitCode, stderr: said });
      // What a client that does not understand its arguments ends with comes with words.
      if (ownCode && exitCode !== 1) throw lost("the command was not begun", exitCode, said);
      // The guest has no bash: what it says about that is the command's output.
      stdout.passAll();
      stderr.passAll();
      tail.end();
      return exitCode;
    };

    // What the command has started may hold the client's pipes for as long as it likes.
    const given = Promise.withResolvers<never>();
    const giveUp = (): void => given.reject(signal?.reason);
    signal?.addEventListener("abort", giveUp, { once: true });
    const ended = child.ended
      .then((result) => ({ exitCode: exitCodeOf(result) }))
      .finally(() => signal?.removeEventListener("abort", giveUp));
    return {
      write: (bytes) => child.write(bytes),
      end: () => child.end(),
      kill() {
        child.kill("SIGKILL");
        given.reject(lost("the client was ended by SIGKILL", undefined, ""));
      },
      ended: Promise.race([ended, given.promise]),
    };
  }
}
