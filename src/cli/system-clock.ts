import { randomBytes } from "node:crypto";
import type { Clock, Random } from "../domain/clock.ts";

/** The computer's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const stop = (): void => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", stop);
        resolve();
      }, ms);
      signal?.addEventListener("abort", stop, { once: true });
    }),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** The operating system's own chance. */
export const systemRandom: Random = {
  next: () => randomBytes(4).readUInt32BE() / 0x1_0000_0000,
  bytes: (length) => randomBytes(length),
};
