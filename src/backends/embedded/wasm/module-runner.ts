import type { Duplex } from "node:stream";
import type { GuestFrame, GuestNumber } from "./calls.ts";
import type { GuestFolder } from "./guest-files.ts";

/** One run of a WASI preview 1 module. */
export interface ModuleRun {
  bytes: Uint8Array;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Read by the module as standard input; default empty. */
  stdin?: Uint8Array;
  /** Files of the preopened folder: guest path below it to content. Only these can be reached. */
  preopens?: Readonly<Record<string, Readonly<Record<string, Uint8Array>>>>;
  /** Folders of a machine that the module may reach, after `preopens`. What it writes is written there. */
  folders?: readonly GuestFolder[];
  /** Calls this exported function instead of `_start`. */
  invoke?: { name: string; args: readonly GuestNumber[] };
  /** The module begins to run, after it was compiled and linked. */
  onStart?: () => void;
  onStdout(bytes: Uint8Array): void;
  onStderr(bytes: Uint8Array): void;
  /**
   * The module listens on a port: hand it connections through `accept`. Throws NetworkError EADDRINUSE.
   * Returns how to stop listening.
   */
  listen(port: number, accept: (connection: Duplex) => void): () => void;
}

export interface ModuleExit {
  code: number;
  /** The trap or link error in the engine's words; absent after a normal end. */
  trap?: string;
  /** Where it trapped, the innermost function first; offsets are in `bytes` as they were given. */
  frames?: readonly GuestFrame[];
  /** What the invoked function returned. */
  results?: readonly GuestNumber[];
}

export interface RunningModule {
  readonly exit: Promise<ModuleExit>;
  /** Ends it at once, also when it loops or blocks. */
  kill(): Promise<void>;
}

/** Runs modules in workers, with the socket extension of WasmEdge. */
export interface ModuleRunner {
  start(run: ModuleRun): RunningModule;
  /** Modules that run now. */
  running(): number;
  /** Begins starting workers for so many modules that will be started soon. */
  prepare(count: number): void;
  /** Ends the workers that were prepared and not needed. */
  close(): void;
}
