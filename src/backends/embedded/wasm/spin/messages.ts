import type { GuestAnswer, WasiVersion } from "./functions.ts";
import type { Header } from "./resources.ts";

/** One request for one fresh instance. */
export interface SpinJob {
  /** Names the compiled module; `module` itself comes with the worker's first request for it. */
  key: number;
  module?: object;
  version: WasiVersion;
  environment: Readonly<Record<string, string>>;
  method: string;
  /** Path with query. */
  target: string;
  authority: string;
  headers: readonly Header[];
  body: Uint8Array;
  /** Counts the printed bytes that the host has taken. */
  taken: SharedArrayBuffer;
}

export type WorkerReply =
  | { kind: "ready" }
  | { kind: "print"; stream: "stdout" | "stderr"; bytes: Uint8Array }
  | { kind: "refused"; url: string }
  | { kind: "done"; answer?: GuestAnswer; body: Uint8Array; trap?: GuestTrap };

/** Why a guest ended early, in Wasmtime's words, and where. */
export interface GuestTrap {
  reason: string;
  /** Innermost first: offset in the module and number of the function. */
  frames: { offset: string; index: number }[];
}

/** Printed bytes that may be on their way at once; a guest that prints more waits. */
export const printWindow = 65_536;

/** Most bytes of one response. */
export const bodyLimit = 32 * 1024 * 1024;
