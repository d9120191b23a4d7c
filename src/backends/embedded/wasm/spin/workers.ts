import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type { Cancel, Clock } from "../../../../domain/clock.ts";
import type { SpinJob, WorkerReply } from "./messages.ts";

/** What became of one request. */
export type JobOutcome =
  | Extract<WorkerReply, { kind: "done" }>
  | { kind: "timeout" }
  | { kind: "stopped" }
  | { kind: "lost" };

export interface JobOptions {
  job: Omit<SpinJob, "module" | "taken">;
  module: object;
  clock: Clock;
  limitMs: number;
  /** Ends the guest when it aborts. */
  signal: AbortSignal;
  onPrint(stream: "stdout" | "stderr", bytes: Uint8Array): void;
  onRefused(url: string): void;
}

interface Member {
  worker: Worker;
  /** Keys of the modules it has. */
  known: Set<number>;
}

/** Most guests that run at once; further requests wait. */
const maximum = 8;

/** Modules that one worker keeps; one that has seen more is replaced. */
const mostModules = 16;

/** Workers without a request that are kept. */
const maximumIdle = 2;

/**
 * Where the worker's code lies: beside this file in the source. The build has it as the entry `spin-worker`, which
 * lies beside the bundle's chunk with this file or in the folder above.
 */
function workerLocation(): URL {
  const own = import.meta.url;
  if (own.endsWith(".ts")) return new URL("./worker.ts", own);
  const beside = new URL("./spin-worker.js", own);
  return existsSync(beside) ? beside : new URL("../spin-worker.js", own);
}

/** Workers that answer requests of all applications; each has one guest at a time and can be ended at any moment. */
class SpinWorkers {
  readonly #idle = new Set<Member>();
  readonly #waiting: (() => void)[] = [];
  #busy = 0;
  #applications = 0;

  /** An application begins: the first worker is started. */
  join(): void {
    this.#applications += 1;
    if (this.#idle.size === 0 && this.#busy === 0) this.#idle.add(this.#start());
  }

  /** An application has ended: with the last one, the idle workers go. */
  leave(): void {
    this.#applications -= 1;
    if (this.#applications > 0) return;
    for (const { worker } of this.#idle) void worker.terminate();
    this.#idle.clear();
  }

  async run(options: JobOptions): Promise<JobOutcome> {
    while (this.#busy >= maximum) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (options.signal.aborted) {
      this.#waiting.shift()?.();
      return { kind: "stopped" };
    }
    this.#busy += 1;
    const [idle] = this.#idle;
    const member = idle ?? this.#start();
    this.#idle.delete(member);
    member.worker.ref();
    const outcome = await this.#ask(member, options);
    this.#busy -= 1;
    const isWorn = outcome.kind !== "done" || member.known.size > mostModules;
    if (isWorn || this.#idle.size >= maximumIdle || this.#applications === 0) {
      void member.worker.terminate();
    } else {
      member.worker.unref();
      this.#idle.add(member);
    }
    this.#waiting.shift()?.();
    return outcome;
  }

  #start(): Member {
    const worker = new Worker(workerLocation(), {
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4, stackSizeMb: 2 },
    });
    const member: Member = { worker, known: new Set() };
    // One that waits must not keep the program alive, and one that ends by itself is not used again.
    worker.unref();
    worker.on("error", () => this.#idle.delete(member));
    worker.on("exit", () => this.#idle.delete(member));
    return member;
  }

  #ask({ worker, known }: Member, options: JobOptions): Promise<JobOutcome> {
    const { promise, resolve } = Promise.withResolvers<JobOutcome>();
    const taken = new SharedArrayBuffer(4);
    const counter = new Int32Array(taken);
    const onMessage = (reply: WorkerReply): void => {
      if (reply.kind === "done") return end(reply);
      if (reply.kind === "refused") return options.onRefused(reply.url);
      options.onPrint(reply.stream, reply.bytes);
      Atomics.add(counter, 0, reply.bytes.length);
      Atomics.notify(counter, 0);
    };
    const onLost = (): void => end({ kind: "lost" });
    const onAbort = (): void => end({ kind: "stopped" });
    const cancel: Cancel = options.clock.after(options.limitMs, () => end({ kind: "timeout" }));
    function end(outcome: JobOutcome): void {
      cancel();
      worker.off("message", onMessage);
      worker.off("error", onLost);
      worker.off("exit", onLost);
      options.signal.removeEventListener("abort", onAbort);
      resolve(outcome);
    }
    worker.on("message", onMessage);
    worker.on("error", onLost);
    worker.on("exit", onLost);
    options.signal.addEventListener("abort", onAbort, { once: true });
    const isNew = !known.has(options.job.key);
    known.add(options.job.key);
    const job: SpinJob = { ...options.job, taken, ...(isNew ? { module: options.module } : {}) };
    worker.postMessage(job);
    return promise;
  }
}

/** All applications of this program share them. */
export const spinWorkers = new SpinWorkers();
