import { parentPort } from "node:worker_threads";
import { WASIProcExit } from "@bjorn3/browser_wasi_shim";
import { webAssembly } from "../web-assembly.ts";
import { GuestError, lowered } from "./canonical.ts";
import type { GuestAnswer, GuestHost } from "./functions.ts";
import { IncomingRequest, ResponseOutparam } from "./http-resources.ts";
import { handlerExport, hostInterfaces } from "./interfaces.ts";
import { bodyLimit, printWindow } from "./messages.ts";
import type { GuestTrap, SpinJob, WorkerReply } from "./messages.ts";
import { preview1System } from "./preview1.ts";
import { Resources } from "./resources.ts";

/** Answers requests one after the other, each with a fresh instance; the only entry of the worker's bundle. */

const modules = new Map<number, object>();

/** Refused connections of one guest that are told; one that tries for ever must not fill the host's memory. */
const mostRefusals = 10;

// As many frames as Wasmtime shows.
Error.stackTraceLimit = 20;

const post = (reply: WorkerReply): void => parentPort?.postMessage(reply);

parentPort?.on("message", (job: SpinJob) => {
  if (job.module) modules.set(job.key, job.module);
  post(answer(job));
});
post({ kind: "ready" });

function answer(job: SpinJob): Extract<WorkerReply, { kind: "done" }> {
  const parts: Uint8Array[] = [];
  const taken = new Int32Array(job.taken);
  let size = 0;
  let printed = 0;
  let refusals = 0;
  let given: GuestAnswer | undefined;
  const host: GuestHost = {
    resources: new Resources(),
    environment: job.environment,
    print(stream, bytes) {
      printed += bytes.length;
      post({ kind: "print", stream, bytes });
      for (let seen = Atomics.load(taken, 0); printed - seen > printWindow; seen = Atomics.load(taken, 0)) {
        Atomics.wait(taken, 0, seen);
      }
    },
    body(bytes) {
      size += bytes.length;
      if (size > bodyLimit) throw new GuestError("the response's body is too large");
      parts.push(bytes);
    },
    answer(now) {
      given = now;
    },
    refused(url) {
      refusals += 1;
      if (refusals <= mostRefusals) post({ kind: "refused", url });
    },
  };
  let trap: GuestTrap | undefined;
  try {
    run(job, host);
  } catch (error) {
    trap = trapOf(error);
  }
  return {
    kind: "done",
    body: joined(parts, size),
    ...(given === undefined ? {} : { answer: given }),
    ...(trap === undefined ? {} : { trap }),
  };
}

function run(job: SpinJob, host: GuestHost): void {
  const module = modules.get(job.key);
  if (!module) throw new TypeError("the worker has not been given the module");
  const { system, functions } = preview1System(job.environment, host.print);
  // Set when the instance is there; a module's start function may not call what needs its memory.
  let exported: Readonly<Record<string, unknown>> = {};
  const guest = {
    memory(): ArrayBuffer {
      const { memory } = exported;
      if (!(memory instanceof webAssembly.Memory)) throw new GuestError("the module exports no memory");
      return memory.buffer;
    },
    allocate(alignment: number, size: number): number {
      const { cabi_realloc: reallocate } = exported;
      if (typeof reallocate !== "function") throw new GuestError("the module exports no cabi_realloc");
      return Number(reallocate(0, 0, alignment, size)) >>> 0;
    },
  };
  const interfaces = hostInterfaces(job.version, host);
  const imports: Record<string, Record<string, unknown>> = { wasi_snapshot_preview1: functions };
  for (const wanted of webAssembly.Module.imports(module)) {
    const found = interfaces[wanted.module]?.[wanted.name];
    if (!found) continue;
    const own = (imports[wanted.module] ??= {});
    own[wanted.name] = lowered(guest, found.type, (...values) => Reflect.apply(found.run, undefined, values));
  }
  const instance = new webAssembly.Instance(module, imports);
  exported = instance.exports;
  const { memory, _initialize: initialize } = exported;
  const ownMemory = memory instanceof webAssembly.Memory ? memory : new webAssembly.Memory({ initial: 0 });
  system.initialize({
    exports: { memory: ownMemory, ...(typeof initialize === "function" ? { _initialize: () => initialize() } : {}) },
  });
  const handle = exported[handlerExport(job.version)];
  if (typeof handle !== "function") throw new TypeError("the module has no handler");
  const { method, target, authority, headers, body } = job;
  const request = host.resources.add(new IncomingRequest(method, target, authority, headers, body));
  handle(request, host.resources.add(new ResponseOutparam()));
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const trapWords: readonly (readonly [RegExp, string])[] = [
  [/unreachable/, "wasm `unreachable` instruction executed"],
  [/memory access out of bounds|data segment/, "out of bounds memory access"],
  [/table index is out of bounds|table access out of bounds/, "undefined element: out of bounds table access"],
  [/null function|dereferencing a null/, "uninitialized element"],
  [/signature mismatch/, "indirect call type mismatch"],
  [/divide by zero|remainder by zero/, "integer divide by zero"],
  [/divide result unrepresentable/, "integer overflow"],
  [/float unrepresentable/, "invalid conversion to integer"],
  [/Maximum call stack size exceeded/, "call stack exhausted"],
];

/** Wasmtime's words for what the JavaScript engine or the host threw while a guest ran. */
function trapOf(error: unknown): GuestTrap {
  const frames: GuestTrap["frames"] = [];
  const { message, stack = "" } = error instanceof Error ? error : new Error(String(error));
  for (const [, index = "", offset = ""] of stack.matchAll(/wasm-function\[(\d+)\]:(0x[\da-f]+)/g)) {
    frames.push({ offset, index: Number(index) });
  }
  if (error instanceof WASIProcExit) return { reason: `Exited with i32 exit status ${error.code}`, frames };
  if (error instanceof GuestError) return { reason: message, frames };
  const words = trapWords.find(([pattern]) => pattern.test(message))?.[1];
  return { reason: words === undefined ? `host function failed: ${message}` : `wasm trap: ${words}`, frames };
}
