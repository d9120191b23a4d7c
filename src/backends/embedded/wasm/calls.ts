/** How a module's worker asks its host for what only the host has: one blocking call at a time over shared memory. */

/** Int32 words at the start of the shared memory; the reply's bytes follow. */
export const header = { sequence: 0, errno: 1, value: 2, length: 3 } as const;
export const headerBytes = 16;
export const dataBytes = 65_536;

export type CallName =
  | "files"
  | "write"
  | "open"
  | "bind"
  | "listen"
  | "accept"
  | "receive"
  | "send"
  | "shutdown"
  | "close";

/** What a module asks of a preopened folder of the machine; `path` is the machine's once it has been resolved. */
export type FileRequest =
  | { kind: "resolve"; folder: number; base: string; path: string; follow: boolean }
  | {
      kind: "open";
      folder: number;
      path: string;
      writes: boolean;
      create: boolean;
      exclusive: boolean;
      truncate: boolean;
    }
  | { kind: "stat"; path: string }
  | { kind: "entry"; path: string; index: number }
  | { kind: "read"; path: string; offset: number; size: number }
  | { kind: "write"; folder: number; path: string; offset: number }
  | { kind: "resize"; folder: number; path: string; size: number }
  | { kind: "make-directory" | "remove-directory" | "unlink"; folder: number; path: string };

/** Answer to `stat` and `entry`, as JSON. */
export interface FileFacts {
  name: string;
  type: "file" | "directory" | "symlink" | "other";
  /** Bytes. */
  size: number;
  inode: number;
  /** Milliseconds since the epoch. */
  mtime: number;
}

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
  request?: FileRequest;
}

/** A number of the guest; those of type i64 are bigint. */
export type GuestNumber = number | bigint;

/** A function of the module on the stack: its index, and the offset of the instruction in the module. */
export interface GuestFrame {
  functionIndex: number;
  offset: number;
}

/** The module has ended. */
export interface EndMessage {
  kind: "end";
  code: number;
  trap?: string;
  /** Where it trapped, the innermost function first. */
  frames?: GuestFrame[];
  /** What the invoked function returned. */
  results?: GuestNumber[];
}

/** The module begins to run: it has been compiled and linked. */
interface StartMessage {
  kind: "start";
}

export type WorkerMessage = CallMessage | StartMessage | EndMessage;

export interface WorkerInput {
  bytes: Uint8Array;
  args: readonly string[];
  env: readonly string[];
  stdin: Uint8Array;
  preopens: Readonly<Record<string, Readonly<Record<string, Uint8Array>>>>;
  /** Guest paths of the folders that the machine's files stand behind, in the order of their numbers. */
  folders: readonly string[];
  /** An exported function to call instead of `_start`. */
  invoke: { name: string; args: readonly GuestNumber[] } | undefined;
  shared: SharedArrayBuffer;
}

/** WASI preview 1 error numbers that the socket extension answers with. */
export const errno = {
  success: 0,
  accessDenied: 2,
  addressInUse: 3,
  addressNotAvailable: 4,
  again: 6,
  badDescriptor: 8,
  busy: 10,
  connectionReset: 15,
  exists: 20,
  invalid: 28,
  isDirectory: 31,
  loop: 32,
  nameTooLong: 37,
  noEntry: 44,
  noSpace: 51,
  notConnected: 53,
  notDirectory: 54,
  notEmpty: 55,
  notSupported: 58,
  notPermitted: 63,
  brokenPipe: 64,
  readOnly: 69,
  crossDevice: 75,
  notCapable: 76,
} as const;
