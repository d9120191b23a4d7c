import type { FileView } from "../../files/file-system.ts";
import { Killed } from "../../process.ts";
import type { Process } from "../../process.ts";
import type { GuestNumber } from "../../../wasm/calls.ts";
import type { ModuleExit } from "../../../wasm/module-runner.ts";
import { createModuleRunner } from "../../../wasm/worker-runner.ts";

export interface GuestRun {
  bytes: Uint8Array;
  /** With the program's own name first. */
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  folders: readonly { guest: string; host: string; readOnly?: boolean }[];
  invoke?: { name: string; args: readonly GuestNumber[] };
  /** Ends the module after so many milliseconds. */
  timeLimitMs?: number;
  /** Name of the process that listens. */
  name: string;
}

/** How a module ended; `exitCode` is set when a signal or a limit ended it instead. */
export type GuestEnd = { kind: "exit"; exit: ModuleExit } | { kind: "killed"; exitCode: number } | { kind: "timeout" };

/**
 * Runs a module in the foreground of a process: its standard streams, sockets and folders are the machine's, with the
 * rights of the process's user.
 */
export async function runGuest(process: Process, run: GuestRun): Promise<GuestEnd> {
  const { network, clock } = process.machine.environment;
  let written: Promise<void> = Promise.resolve();
  const broken = new AbortController();
  const write = (sink: Process["stdout"]) => (chunk: Uint8Array) => {
    written = written.then(() => sink.write(chunk)).catch((error: unknown) => broken.abort(error));
  };
  let isLate = false;
  let cancel: (() => void) | undefined;
  const module = createModuleRunner({ clock }).start({
    bytes: run.bytes,
    args: run.args,
    env: run.env,
    folders: run.folders.map(({ guest, host, readOnly = false }) => ({
      guest,
      path: realFolder(process.files, process.resolve(host)),
      readOnly,
      files: process.files,
    })),
    ...(run.invoke ? { invoke: run.invoke } : {}),
    onStart() {
      if (run.timeLimitMs === undefined) return;
      cancel = clock.after(run.timeLimitMs, () => {
        isLate = true;
        stop();
      });
    },
    onStdout: write(process.stdout),
    onStderr: write(process.stderr),
    listen: (port, accept) => network.listen(process.place, port, { process: run.name, pid: process.pid, accept }),
  });
  const stop = (): void => void module.kill();
  process.signal.addEventListener("abort", stop, { once: true });
  broken.signal.addEventListener("abort", stop, { once: true });
  if (process.signal.aborted) stop();
  const exit = await module.exit;
  cancel?.();
  process.signal.removeEventListener("abort", stop);
  await written;
  if (process.signal.aborted) {
    return { kind: "killed", exitCode: process.signal.reason instanceof Killed ? process.signal.reason.exitCode : 130 };
  }
  if (broken.signal.aborted) throw broken.signal.reason;
  return isLate ? { kind: "timeout" } : { kind: "exit", exit };
}

/** The folder's own path, so that a link to it is followed once and for all. */
function realFolder(files: FileView, path: string): string {
  return files.exists(path) ? files.realPath(path) : path;
}
