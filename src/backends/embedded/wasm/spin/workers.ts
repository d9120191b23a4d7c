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
  /** Still loading its own code. */
  isStarting: boolean;
  /** Takes back that it goes when nobody needs it. */
  stay: Cancel;
}

interface Waiting {
  options: JobOptions;
  begin(member: Member | undefined): void;
  /** Stops waiting for the moment at which another worker is started for it. */
  calm: Cancel;
}

/** Most guests that run at once; further requests wait. */
const maximum = 8;

/** Milliseconds that a request waits for a busy worker before another one is started. */
const patienceMs = 25;

/** Milliseconds that a worker without a request stays, where there are enough others. */
const idleMs = 5000;

/** Workers without a request that always stay. */
const enough = 2;

/** Modules that one worker keeps; one that has seen more is replaced. */
const mostModules = 16;

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
  readonly #members = new Set<Member>();
  readonly #idle = new Set<Member>();
  readonly #waiting: Waiting[] = [];
  #applications = 0;

  /** An application begins: the first worker is started. */
  join(): void {
    this.#applications += 1;
    if (this.#members.size === 0) this.#start();
  }

  /** An application has ended: with the last one, the idle workers go. */
  leave(): void {
    this.#applications -= 1;
    if (this.#applications > 0) return;
    for (const member of this.#idle) this.#end(member);
  }

  async run(options: JobOptions): Promise<JobOutcome> {
    const { promise, resolve } = Promise.withResolvers<Member | undefined>();
    const waiting: Waiting = { options, begin: resolve, calm: () => undefined };
    this.#waiting.push(waiting);
    const giveUp = (): void => {
      const place = this.#waiting.indexOf(waiting);
      if (place >= 0) this.#waiting.splice(place, 1);
      resolve(undefined);
    };
    options.signal.addEventListener("abort", giveUp, { once: true });
    if (options.signal.aborted) giveUp();
    this.#assign();
    this.#hurry(waiting);
    const member = await promise;
    waiting.calm();
    options.signal.removeEventListener("abort", giveUp);
    if (!member) return { kind: "stopped" };
    const outcome: JobOutcome = options.signal.aborted ? { kind: "stopped" } : await this.#ask(member, options);
    if (outcome.kind !== "done" || member.known.size > mostModules || this.#applications === 0) this.#end(member);
    else {
      member.worker.unref();
      this.#rest(member, options.clock);
    }
    this.#assign();
    return outcome;
  }

  /** Gives waiting requests to idle workers. */
  #assign(): void {
    if (this.#waiting.length > 0 && this.#members.size === 0) this.#start();
    for (const member of this.#idle) {
      const next = this.#waiting.shift();
      if (!next) return;
      this.#idle.delete(member);
      member.stay();
      member.worker.ref();
      next.begin(member);
    }
  }

  /** Starts another worker for a request that waits in vain, one at a time. */
  #hurry(waiting: Waiting): void {
    if (!this.#waiting.includes(waiting)) return;
    waiting.calm = waiting.options.clock.after(patienceMs, () => {
      const isComing = [...this.#members].some((member) => member.isStarting);
      if (!isComing && this.#members.size < maximum && this.#waiting.length > 0) this.#start();
      this.#assign();
      this.#hurry(waiting);
    });
  }

  #rest(member: Member, clock: Clock): void {
    this.#idle.add(member);
    if (this.#idle.size > enough) member.stay = clock.after(idleMs, () => this.#end(member));
  }

  #end(member: Member): void {
    member.stay();
    this.#idle.delete(member);
    this.#members.delete(member);
    void member.worker.terminate();
  }

  #start(): void {
    const worker = new Worker(workerLocation(), {
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4, stackSizeMb: 2 },
    });
    const member: Member = { worker, known: new Set(), isStarting: true, stay: () => undefined };
    this.#members.add(member);
    this.#idle.add(member);
    // One that waits must not keep the program alive, and one that ends by itself is not used again.
    worker.unref();
    worker.once("message", () => (member.isStarting = false));
    const onGone = (): void => {
      member.isStarting = false;
      this.#end(member);
      this.#assign();
    };
    worker.on("error", onGone);
    worker.on("exit", onGone);
  }

  #ask({ worker, known }: Member, options: JobOptions): Promise<JobOutcome> {
    const { promise, resolve } = Promise.withResolvers<JobOutcome>();
    const taken = new SharedArrayBuffer(4);
    const counter = new Int32Array(taken);
    const onMessage = (reply: WorkerReply): void => {
      if (reply.kind === "ready") return;
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
