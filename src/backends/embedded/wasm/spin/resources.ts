import { GuestError } from "./canonical.ts";

/** What a guest holds by number; one table for each instance. Simplified: engines have one for each resource type. */
export class Resources {
  readonly #held = new Map<number, object>();
  #next = 1;

  add(value: object): number {
    const handle = this.#next;
    this.#next += 1;
    this.#held.set(handle, value);
    return handle;
  }

  /** A lent resource. Throws GuestError. */
  get<T extends object>(handle: number, kind: new (...given: never[]) => T): T {
    const value = this.#held.get(handle);
    if (!(value instanceof kind)) throw new GuestError(`unknown handle index ${handle}`);
    return value;
  }

  /** A resource that the guest gives away. Throws GuestError. */
  take<T extends object>(handle: number, kind: new (...given: never[]) => T): T {
    const value = this.get(handle, kind);
    this.#held.delete(handle);
    return value;
  }
}

export type Header = readonly [name: string, value: Uint8Array];

export class Fields {
  entries: Header[];
  readonly isFixed: boolean;
  constructor(entries: readonly Header[], isFixed = false) {
    this.entries = [...entries];
    this.isFixed = isFixed;
  }
  /** All values of a name, in any case. */
  values(name: string): Uint8Array[] {
    const wanted = name.toLowerCase();
    return this.entries.filter(([own]) => own.toLowerCase() === wanted).map(([, value]) => value);
  }
  without(name: string): Header[] {
    const wanted = name.toLowerCase();
    return this.entries.filter(([own]) => own.toLowerCase() !== wanted);
  }
}

/** Bytes that the guest reads. */
export class InputStream {
  readonly #bytes: Uint8Array;
  #at = 0;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }
  /** Undefined at the end. */
  read(most: number): Uint8Array | undefined {
    if (this.#at >= this.#bytes.length) return undefined;
    const chunk = this.#bytes.subarray(this.#at, this.#at + most);
    this.#at += chunk.length;
    return chunk;
  }
}

/** Bytes that the guest writes, handed on as they come. */
export class OutputStream {
  readonly write: (bytes: Uint8Array) => void;
  constructor(write: (bytes: Uint8Array) => void) {
    this.write = write;
  }
}

/** An error of a stream; none of the streams here has one. */
export class StreamFault {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Something that a guest waits for. */
export class Pollable {
  /** Milliseconds of `performance.now()` from which it is ready. */
  readonly readyAt: number;
  constructor(readyAt = 0) {
    this.readyAt = readyAt;
  }
  get isReady(): boolean {
    return performance.now() >= this.readyAt;
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4));

/** Waits until one of them is ready, blocking this thread. Returns the places of all that are. */
export function waitForOne(pollables: readonly Pollable[]): number[] {
  if (pollables.length === 0) throw new GuestError("empty poll list");
  for (;;) {
    const ready = [...pollables.entries()].filter(([, pollable]) => pollable.isReady).map(([index]) => index);
    if (ready.length > 0) return ready;
    const first = Math.min(...pollables.map((pollable) => pollable.readyAt));
    Atomics.wait(pause, 0, 0, Math.max(1, first - performance.now()));
  }
}
