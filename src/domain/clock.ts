/** Time as the lab sees it. Nothing outside the composition root reads the computer's own clock. */
export interface Clock {
  /** Wall time, milliseconds since the Unix epoch. What a learner sees in timestamps. */
  now(): number;
  /** Milliseconds this lab has been running; stands still while the lab is off. For leases, back-offs and durations. */
  monotonic(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls back once after `ms` milliseconds unless cancelled. */
  after(ms: number, callback: () => void): Cancel;
}

export type Cancel = () => void;

/** Chance as the lab sees it: seeded, so that names, tokens and UIDs can be repeated in a test. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** `length` uniform bytes. */
  bytes(length: number): Uint8Array;
}
