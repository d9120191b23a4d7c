import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type { Clock } from "../../../domain/clock.ts";
import { dataBytes, errno, header, headerBytes } from "./calls.ts";
import type { CallMessage, EndMessage, WorkerInput, WorkerMessage } from "./calls.ts";
import { GuestFiles } from "./guest-files.ts";
import { GuestSockets } from "./guest-sockets.ts";
import type { CallResult } from "./guest-sockets.ts";
import type { ModuleExit, ModuleRun, ModuleRunner, RunningModule } from "./module-runner.ts";
import { isModule, withMemoryLimit } from "./sections.ts";

export interface ModuleRunnerOptions {
  /** For the short time that a silent client is held back; without it a few turns of the event loop. */
  clock?: Clock;
  /** Most memory of one module, in pages of 64 KiB; default 1024 (64 MiB). */
  memoryPages?: number;
}

const killedCode = 137;

/**
 * Where the worker's code lies: beside this file in the source. The build has `src/backends/embedded/wasm/worker.ts` as
 * the entry `wasm-worker`, which lies beside the bundle's chunk with this file or in the folder above.
 */
function workerLocation(): URL {
  const own = import.meta.url;
  if (own.endsWith(".ts")) return new URL("./worker.ts", own);
  const beside = new URL("./wasm-worker.js", own);
  return existsSync(beside) ? beside : new URL("../wasm-worker.js", own);
}

/** Runs each module in a worker of its own, which can be ended at any moment. */
export function createModuleRunner(options: ModuleRunnerOptions = {}): ModuleRunner {
  const pool = new WorkerPool();
  return {
    start: (run) => new WorkerRun(run, options, pool),
    running: () => pool.running,
    prepare: (count) => pool.prepare(count),
    close: () => pool.close(),
  };
}

/** Workers in use, and those that are started already but have no module yet. */
class WorkerPool {
  #spare = new Set<Worker>();
  #running = 0;

  get running(): number {
    return this.#running;
  }

  prepare(count: number): void {
    for (let index = 0; index < count; index += 1) {
      const worker = startWorker();
      this.#spare.add(worker);
      // One that nobody needs must not keep the program alive, and one that fails is simply not used.
      worker.unref();
      worker.on("error", () => this.#spare.delete(worker));
      worker.once("exit", () => this.#spare.delete(worker));
    }
  }

  take(): Worker {
    const [spare] = this.#spare;
    const worker = spare ?? startWorker();
    if (spare) this.#spare.delete(spare);
    worker.ref();
    this.#running += 1;
    worker.once("exit", () => (this.#running -= 1));
    return worker;
  }

  close(): void {
    for (const worker of this.#spare) void worker.terminate();
    this.#spare.clear();
  }
}

const startWorker = (): Worker =>
  new Worker(workerLocation(), {
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4, stackSizeMb: 2 },
  });

class WorkerRun implements RunningModule {
  readonly exit: Promise<ModuleExit>;
  #run: ModuleRun;
  #pool: WorkerPool;
  #sockets: GuestSockets;
  #files: GuestFiles;
  /** Bytes that the limit on the memory has added before the code. */
  #added = 0;
  #worker: Worker | undefined;
  #shared = new SharedArrayBuffer(headerBytes + dataBytes);
  #end: (exit: ModuleExit) => void;
  #ended = false;

  constructor(run: ModuleRun, options: ModuleRunnerOptions, pool: WorkerPool) {
    this.#run = run;
    this.#pool = pool;
    this.#sockets = new GuestSockets(run, options.clock);
    this.#files = new GuestFiles(run.folders ?? []);
    const { promise, resolve } = Promise.withResolvers<ModuleExit>();
    this.exit = promise;
    this.#end = resolve;
    const bytes = limited(run.bytes, options.memoryPages ?? 1024);
    if (typeof bytes === "string") this.#finish({ code: 1, trap: bytes });
    else {
      this.#added = bytes.length - run.bytes.length;
      this.#startWorker(bytes);
    }
  }

  async kill(): Promise<void> {
    this.#sockets.closeAll();
    const worker = this.#worker;
    this.#finish({ code: killedCode });
    await worker?.terminate();
  }

  #startWorker(bytes: Uint8Array): void {
    const { args, env, stdin, preopens, folders = [], invoke } = this.#run;
    const input: WorkerInput = {
      bytes,
      args,
      env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      stdin: stdin ?? new Uint8Array(),
      preopens: preopens ?? {},
      folders: folders.map(({ guest }) => guest),
      invoke,
      shared: this.#shared,
    };
    const worker = this.#pool.take();
    this.#worker = worker;
    worker.postMessage(input);
    worker.on("message", (message: WorkerMessage) => {
      if (message.kind === "call") void this.#answer(message);
      else if (message.kind === "start") this.#run.onStart?.();
      else this.#finish(this.#exitOf(message));
    });
    worker.on("error", (error) => this.#finish({ code: 1, trap: trapOfWorker(error) }));
    worker.on("exit", () => this.#finish({ code: killedCode }));
  }

  #exitOf({ code, trap, frames, results }: EndMessage): ModuleExit {
    const shifted = frames?.map((frame) => ({ ...frame, offset: frame.offset - this.#added }));
    return {
      code,
      ...(trap === undefined ? {} : { trap }),
      ...(shifted ? { frames: shifted } : {}),
      ...(results ? { results } : {}),
    };
  }

  async #answer(call: CallMessage): Promise<void> {
    let result: CallResult;
    try {
      if (call.name === "files") result = this.#files.handle(call);
      else result = call.name === "write" ? this.#write(call) : await this.#sockets.handle(call);
    } catch {
      result = { errno: errno.invalid };
    }
    if (this.#ended) return;
    const words = new Int32Array(this.#shared, 0, headerBytes / 4);
    const data = result.data ?? new Uint8Array();
    new Uint8Array(this.#shared, headerBytes, dataBytes).set(data);
    words[header.errno] = result.errno;
    words[header.value] = result.value ?? 0;
    words[header.length] = data.length;
    Atomics.store(words, header.sequence, call.sequence);
    Atomics.notify(words, header.sequence);
  }

  #write(call: CallMessage): CallResult {
    const data = call.data ?? new Uint8Array();
    if (call.socket === 2) this.#run.onStderr(data);
    else this.#run.onStdout(data);
    return { errno: errno.success, value: data.length };
  }

  #finish(exit: ModuleExit): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#sockets.finish();
    this.#end(exit);
    void this.#worker?.terminate();
  }
}

/** The module with its memory limited, or the engine's words for why it cannot be loaded. */
function limited(bytes: Uint8Array, pages: number): Uint8Array | string {
  if (!isModule(bytes)) {
    const magic = bytes.length >= 4 && bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d;
    return magic ? "unknown binary version" : "magic header not detected";
  }
  try {
    return withMemoryLimit(bytes, pages) ?? "out of bounds memory access";
  } catch (error) {
    if (error instanceof RangeError) return "unexpected end";
    throw error;
  }
}

function trapOfWorker(error: unknown): string {
  const isOutOfMemory = error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
  return isOutOfMemory ? "out of bounds memory access" : "host function failed";
}
