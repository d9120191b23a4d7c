/** How a module's worker asks its host for what only the host has: one blocking call at a time over shared memory. */

/** Int32 words at the start of the shared memory; the reply's bytes follow. */
export const header = { sequence: 0, errno: 1, value: 2, length: 3 } as const;
export const headerBytes = 16;
export const dataBytes = 65_536;

export type CallName = "write" | "open" | "bind" | "listen" | "accept" | "receive" | "send" | "shutdown" | "close";

/** A blocking call; the worker waits until the header's sequence is `sequence`. */
export interface CallMessage {
  kind: "call";
  sequence: number;
  name: CallName;
  /** Socket number of the host, or the standard stream (1 or 2). */
  socket: number;
  /** Port, byte count or way of shutting down. */
  argument: number;
  nonBlocking: boolean;
  data?: Uint8Array;
}

/** The module has ended. */
interface EndMessage {
  kind: "end";
  code: number;
  trap?: string;
}

export type WorkerMessage = CallMessage | EndMessage;

export interface WorkerInput {
  bytes: Uint8Array;
  args: readonly string[];
  env: readonly string[];
  stdin: Uint8Array;
  preopens: Readonly<Record<string, Readonly<Record<string, Uint8Array>>>>;
  shared: SharedArrayBuffer;
}

/** WASI preview 1 error numbers that the socket extension answers with. */
export const errno = {
  success: 0,
  addressInUse: 3,
  addressNotAvailable: 4,
  again: 6,
  badDescriptor: 8,
  connectionReset: 15,
  invalid: 28,
  notConnected: 53,
  notSupported: 58,
  brokenPipe: 64,
} as const;
