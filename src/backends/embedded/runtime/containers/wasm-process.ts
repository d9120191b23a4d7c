import { root } from "../../machine/files/file-system.ts";
import type { Environment, SpawnRequest } from "../../machine/machine.ts";
import type { Process } from "../../machine/process.ts";
import { catchSignals } from "../../machine/processes.ts";
import type { ModuleRunner } from "../../wasm/module-runner.ts";
import { createModuleRunner } from "../../wasm/worker-runner.ts";
import { resolveInRootfs, type RootfsEntry } from "../images/rootfs.ts";
import type { ContainerSpec } from "./oci.ts";

const runners = new WeakMap<Environment, ModuleRunner>();

/** Where modules run; one for all machines of a lab. */
export function moduleRunnerOf(environment: Environment): ModuleRunner {
  let runner = runners.get(environment);
  if (!runner) runners.set(environment, (runner = createModuleRunner()));
  return runner;
}

/** Milliseconds after which a server that listens again has said what it says at its start. */
const wakingMs = 500;

/** Milliseconds after which a module that prints but does not listen counts as working. */
const talkingMs = 60;

/** The process of a container whose entry point is a module, as crun's WasmEdge handler runs it. */
export function wasmRequest(spec: ContainerSpec): SpawnRequest {
  return {
    argv: spec.argv,
    env: spec.env,
    cwd: "/",
    credentials: root,
    place: spec.place,
    program: (process) => runModule(spec, process),
  };
}

async function runModule(spec: ContainerSpec, process: Process): Promise<number> {
  const { log, machine } = spec;
  const path = spec.argv[0] ?? "";
  const fail = (lines: readonly string[]): number => {
    const time = new Date(machine.environment.clock.now()).toISOString().replace("T", " ").slice(0, 23);
    for (const line of lines) log.line("stdout", `[${time}] [error] ${line}`);
    log.line("stderr", "[libcrun:wasmedge]: could not get wasmedge result from VM");
    return 1;
  };
  const found = resolveInRootfs(spec.rootfs, path.startsWith("/") ? path : `${spec.cwd}/${path}`);
  if (found?.entry.type !== "file") {
    return fail(["loading failed: invalid path, Code: 0x20", `    File name: "${path}"`]);
  }
  const { bytes } = found.entry;
  if (bytes[0] !== 0 || bytes[1] !== 0x61 || bytes[2] !== 0x73 || bytes[3] !== 0x6d) {
    return fail([
      "loading failed: magic header not detected, Code: 0x23",
      "    Bytecode offset: 0x00000000",
      "    At AST node: module",
      `    File name: "${path}"`,
    ]);
  }
  // The first process of a container has no handler for SIGTERM and so does not see it; only SIGKILL ends the module.
  catchSignals(process, (name) => name === "SIGTERM" || name === "SIGINT" || name === "SIGHUP");
  if (spec.memoryLimit !== undefined && initialMemory(bytes) > spec.memoryLimit) {
    spec.onOutOfMemory();
    return 137;
  }
  const { network } = machine.environment;
  // After a wake-up the module begins anew, which a suspended one does not: what it printed at its start is there already.
  let isWaking = spec.resumed;
  const wake = (): void => void (isWaking = false);
  const { clock } = machine.environment;
  let hasSpoken = false;
  const write = (stream: "stdout" | "stderr", chunk: Uint8Array): void => {
    // A server often says what it is about to do before it listens, so words alone do not show that it works yet.
    if (!hasSpoken) clock.after(talkingMs, spec.onActive);
    hasSpoken = true;
    if (!isWaking) log.write(stream, chunk);
  };
  const module = moduleRunnerOf(machine.environment).start({
    bytes,
    args: spec.argv,
    env: spec.env,
    preopens: { ".": filesBelow(spec.rootfs) },
    onStdout: (chunk) => write("stdout", chunk),
    onStderr: (chunk) => write("stderr", chunk),
    listen(port, accept) {
      const name = path.slice(path.lastIndexOf("/") + 1);
      const stopListening = network.listen(process.place, port, {
        process: name,
        pid: process.pid,
        accept(connection) {
          wake();
          accept(connection);
        },
      });
      if (isWaking) clock.after(wakingMs, wake);
      spec.onActive();
      return stopListening;
    },
  });
  const stop = (): void => void module.kill();
  process.signal.addEventListener("abort", stop);
  if (process.signal.aborted) stop();
  const exit = await module.exit;
  process.signal.removeEventListener("abort", stop);
  process.signal.throwIfAborted();
  if (exit.trap !== undefined) return fail(exit.trap.split("\n"));
  // crun hands on only whether the module ended well (recorded: exit(3) in a module is exit code 0 of the container).
  return 0;
}

/** The image's plain files as the module's preopened folder has them. */
function filesBelow(rootfs: ReadonlyMap<string, RootfsEntry>): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = {};
  for (const [path, entry] of rootfs) if (entry.type === "file") files[path.slice(1)] = entry.bytes;
  return files;
}

/** Bytes that the module's own memory has at its start; 0 when it declares none. */
export function initialMemory(bytes: Uint8Array): number {
  let at = 8;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if ((byte & 0x80) === 0) break;
    }
    return value;
  };
  while (at < bytes.length) {
    const section = bytes[at++];
    const size = number();
    const end = at + size;
    if (section === 5 && number() > 0) {
      number();
      return number() * 65_536;
    }
    at = end;
  }
  return 0;
}
