import { once } from "node:events";
import { parentPort } from "node:worker_threads";
import { Directory, Fd, File, OpenFile, PreopenDirectory, WASI, WASIProcExit, wasi } from "@bjorn3/browser_wasi_shim";
import type { Inode } from "@bjorn3/browser_wasi_shim";
import { waitingPoll } from "./clock-poll.ts";
import { dataBytes, errno, header, headerBytes } from "./calls.ts";
import type { EndMessage, FileRequest, GuestFrame, WorkerInput, WorkerMessage } from "./calls.ts";
import { trapOf } from "./engine-errors.ts";
import { FolderDescriptor } from "./folder-descriptors.ts";
import { socketImports } from "./sockets.ts";
import type { Call } from "./sockets.ts";
import { webAssembly } from "./web-assembly.ts";

/** Runs one module in this worker until it ends; the only entry of the worker's bundle. */

const input = await received();
const words = new Int32Array(input.shared, 0, headerBytes / 4);
const bytes = new Uint8Array(input.shared, headerBytes, dataBytes);

/** The worker may be started before there is a module for it. */
async function received(): Promise<WorkerInput> {
  const [message]: WorkerInput[] = parentPort ? await once(parentPort, "message") : [];
  if (!message) throw new Error("a module's worker begins with its input");
  return message;
}

function post(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}

let sequence = 0;
const call: Call = (name, socket, options = {}) => {
  sequence += 1;
  post({
    kind: "call",
    sequence,
    name,
    socket,
    argument: options.argument ?? 0,
    nonBlocking: options.nonBlocking ?? false,
    ...(options.data ? { data: options.data } : {}),
    ...(options.request ? { request: options.request } : {}),
  });
  // The host's notification of an earlier reply may arrive late and wake this wait: only the number counts.
  while (Atomics.load(words, header.sequence) !== sequence) {
    Atomics.wait(words, header.sequence, sequence - 1);
  }
  return {
    errno: words[header.errno] ?? 0,
    value: words[header.value] ?? 0,
    data: bytes.slice(0, words[header.length] ?? 0),
  };
};

/** Standard output or error: every write waits until the host has taken it, so that a flood cannot pile up. */
class OutputDescriptor extends Fd {
  readonly #stream: number;
  constructor(stream: number) {
    super();
    this.#stream = stream;
  }
  override fd_fdstat_get(): { ret: number; fdstat: wasi.Fdstat } {
    const fdstat = new wasi.Fdstat(wasi.FILETYPE_CHARACTER_DEVICE, 0);
    fdstat.fs_rights_base = BigInt(wasi.RIGHTS_FD_WRITE);
    return { ret: errno.success, fdstat };
  }
  override fd_write(data: Uint8Array): { ret: number; nwritten: number } {
    call("write", this.#stream, { data });
    return { ret: errno.success, nwritten: data.length };
  }
}

const askFiles = (request: FileRequest, data?: Uint8Array): ReturnType<Call> =>
  call("files", 0, { request, ...(data ? { data } : {}) });

function directoryOf(files: Readonly<Record<string, Uint8Array>>): Map<string, Inode> {
  const top = new Map<string, Inode>();
  for (const [path, content] of Object.entries(files)) {
    const parts = path.split("/").filter(Boolean);
    const name = parts.pop();
    if (name === undefined) continue;
    let entries = top;
    for (const part of parts) {
      const existing = entries.get(part);
      const directory = existing instanceof Directory ? existing : new Directory(new Map());
      entries.set(part, directory);
      entries = directory.contents;
    }
    entries.set(name, new File(content));
  }
  return top;
}

type Ending = Omit<EndMessage, "kind">;

function run(): Ending {
  const descriptors = [
    new OpenFile(new File(input.stdin, { readonly: true })),
    new OutputDescriptor(1),
    new OutputDescriptor(2),
    ...Object.entries(input.preopens).map(([path, files]) => new PreopenDirectory(path, directoryOf(files))),
    ...input.folders.map((guest, folder) => new FolderDescriptor(askFiles, folder, { guest })),
  ];
  const system = new WASI([...input.args], [...input.env], descriptors, { debug: false });
  const preview1: Record<string, (...args: never[]) => unknown> = {
    ...system.wasiImport,
    ...socketImports(system, call),
    sched_yield: () => errno.success,
    poll_oneoff: waitingPoll(system),
  };
  let module: object;
  try {
    module = new webAssembly.Module(Uint8Array.from(input.bytes));
  } catch (error) {
    return { code: 1, trap: loadError(error) };
  }
  for (const wanted of webAssembly.Module.imports(module)) {
    const known = wanted.module === "wasi_snapshot_preview1" && wanted.kind === "function" && wanted.name in preview1;
    if (!known)
      return { code: 1, trap: `unknown import: ${JSON.stringify(wanted.module)}, ${JSON.stringify(wanted.name)}` };
  }
  let instance: InstanceType<typeof webAssembly.Instance>;
  try {
    instance = new webAssembly.Instance(module, { wasi_snapshot_preview1: preview1 });
  } catch (error) {
    return { code: 1, trap: error instanceof webAssembly.LinkError ? "incompatible import type" : trapOf(error) };
  }
  const { memory, _start, _initialize } = instance.exports;
  const { invoke } = input;
  const entry = invoke ? instance.exports[invoke.name] : _start;
  if (typeof entry !== "function") return { code: 1, trap: "wasm function not found" };
  const ownMemory = memory instanceof webAssembly.Memory ? memory : new webAssembly.Memory({ initial: 0 });
  post({ kind: "start" });
  try {
    if (!invoke) return { code: system.start({ exports: { memory: ownMemory, _start: () => entry() } }) };
    const initialize = typeof _initialize === "function" ? { _initialize: () => _initialize() } : {};
    system.initialize({ exports: { memory: ownMemory, ...initialize } });
    return { code: 0, results: listOf(entry(...invoke.args)) };
  } catch (error) {
    if (error instanceof WASIProcExit) return { code: error.code };
    return { code: 1, trap: trapOf(error), frames: framesOf(error) };
  }
}

/** What a function returned, as a list: nothing, one number, or several. */
function listOf(result: unknown): (number | bigint)[] {
  const list: unknown[] = Array.isArray(result) ? result : [result];
  return list.filter((value) => typeof value === "number" || typeof value === "bigint");
}

/** The module's functions on the stack of an error, the innermost first. */
function framesOf(error: unknown): GuestFrame[] {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  return [...stack.matchAll(/wasm-function\[(\d+)\]:0x([0-9a-f]+)/g)].map(([, index, offset]) => ({
    functionIndex: Number(index),
    offset: Number.parseInt(offset ?? "", 16),
  }));
}

function loadError(error: unknown): string {
  const message = error instanceof Error ? error.message : "";
  if (/magic word|BufferSource argument is empty/.test(message)) return "magic header not detected";
  if (/expected version/.test(message)) return "unknown binary version";
  if (/unknown section|unexpected section/.test(message)) return "malformed section id";
  if (/expected type|type error|expected \d+ elements/.test(message)) return "type mismatch";
  return "unexpected end";
}

const result = run();
post({ kind: "end", ...result });
