import type { Duplex } from "node:stream";
import { concat, encode } from "../../../io.ts";

/** Reads a connection piece by piece, keeping what was read too far. */
export class BodyReader {
  #chunks: AsyncIterator<unknown>;
  #rest: Uint8Array = new Uint8Array();

  constructor(stream: Duplex) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** At most `limit` bytes; undefined at the end. */
  async some(limit = Number.POSITIVE_INFINITY): Promise<Uint8Array | undefined> {
    if (this.#rest.length === 0) {
      const next = await this.#next();
      if (!next) return undefined;
      this.#rest = next;
    }
    const taken = this.#rest.subarray(0, limit);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }

  /** Everything up to and including the first of the marks, or up to the end. */
  async until(...marks: readonly string[]): Promise<Uint8Array> {
    const wanted = marks.map((mark) => encode(mark));
    let seen = this.#rest;
    this.#rest = new Uint8Array();
    for (;;) {
      const ends = wanted.map((mark) => endOf(seen, mark)).filter((end) => end >= 0);
      if (ends.length > 0) {
        const end = Math.min(...ends);
        this.#rest = seen.subarray(end);
        return seen.subarray(0, end);
      }
      const next = await this.#next();
      if (!next) return seen;
      seen = concat([seen, next]);
    }
  }

  async #next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const { value, done } = await this.#chunks.next();
      if (done) return undefined;
      if (value instanceof Uint8Array && value.length > 0) return new Uint8Array(value);
    }
  }
}

function endOf(bytes: Uint8Array, mark: Uint8Array): number {
  outer: for (let at = 0; at + mark.length <= bytes.length; at += 1) {
    for (let index = 0; index < mark.length; index += 1) if (bytes[at + index] !== mark[index]) continue outer;
    return at + mark.length;
  }
  return -1;
}
