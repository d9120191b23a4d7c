import type { Random } from "../../domain/clock.ts";

/** State of the seeded generator, four 32-bit words. */
export type RandomState = [number, number, number, number];

/** A seeded generator (xoshiro128**) whose state is saved with the lab, so that a woken lab does not repeat itself. */
export class SavedRandom implements Random {
  readonly state: RandomState;

  constructor(state: RandomState) {
    this.state = state;
  }

  static fromSeed(seed: Uint8Array): SavedRandom {
    const words = new DataView(seed.buffer, seed.byteOffset, 16);
    return new SavedRandom([
      words.getUint32(0) | 1,
      words.getUint32(4) | 0,
      words.getUint32(8) | 0,
      words.getUint32(12) | 0,
    ]);
  }

  next(): number {
    return this.#word() / 0x1_0000_0000;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#word() >>> 24);
  }

  #word(): number {
    const s = this.state;
    const product = Math.imul(s[1], 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = (s[3] << 11) | (s[3] >>> 21);
    return result;
  }
}
