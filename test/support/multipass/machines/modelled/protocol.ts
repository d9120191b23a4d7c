import { join } from "node:path";

/** First line of a connection to the daemon, JSON. What follows is standard input. */
export type Order =
  | { do: "ensure" | "remove"; name: string }
  | { do: "exec"; name: string; user: "ubuntu" | "root"; command: string }
  /** Lets go of every connection to the machine. */
  | { do: "drop"; name: string }
  | { do: "save" | "restore"; id: string };

/** Kinds of frames that the daemon answers with: a kind, four bytes of length, and that many bytes. */
export const frames = { stdout: 1, stderr: 2, /** The exit code, or what `ensure` found. */ end: 3 };

export function frame(kind: number, payload: string | Uint8Array): Buffer {
  const bytes = Buffer.from(payload);
  const head = Buffer.alloc(5);
  head.writeUInt8(kind, 0);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** Calls back for each whole frame, however the stream is cut. */
export function unframed(onFrame: (kind: number, payload: Buffer) => void): (piece: Buffer) => void {
  let held = Buffer.alloc(0);
  return (piece) => {
    held = Buffer.concat([held, piece]);
    while (held.length >= 5) {
      const length = held.readUInt32BE(1);
      if (held.length < 5 + length) return;
      const kind = held.readUInt8(0);
      const payload = held.subarray(5, 5 + length);
      held = held.subarray(5 + length);
      onFrame(kind, payload);
    }
  };
}

export const socketPath = (folder: string): string => join(folder, "modelled.sock");

/** There while a daemon runs. */
export const lockPath = (folder: string): string => join(folder, "modelled.lock");

/** The course's name of a machine, which is how the name of its instance ends. */
export const roleOf = (instance: string): string => /(master|worker1|worker2)$/.exec(instance)?.[0] ?? instance;
