import type { Clock } from "../../../../domain/clock.ts";

/**
 * Keys to reconcile, each at most once at a time and never twice in the queue. A reconcile that throws is retried with a
 * growing delay.
 */
export class WorkQueue {
  #clock: Clock;
  #signal: AbortSignal;
  #reconcile: (key: string) => Promise<void>;
  #onError: (key: string, error: unknown) => void;
  #waiting = new Set<string>();
  #running = new Set<string>();
  #failures = new Map<string, number>();
  #timers = new Map<string, () => void>();
  #scheduled = false;
  #parallel: number;

  constructor(options: {
    clock: Clock;
    signal: AbortSignal;
    reconcile: (key: string) => Promise<void>;
    onError?: (key: string, error: unknown) => void;
    /** How many keys at once; default 4. */
    parallel?: number;
  }) {
    this.#clock = options.clock;
    this.#signal = options.signal;
    this.#reconcile = options.reconcile;
    this.#onError = options.onError ?? (() => undefined);
    this.#parallel = options.parallel ?? 4;
    options.signal.addEventListener("abort", () => {
      for (const cancel of this.#timers.values()) cancel();
      this.#timers.clear();
      this.#waiting.clear();
    });
  }

  add(key: string): void {
    if (this.#signal.aborted) return;
    this.#waiting.add(key);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  /** Adds the key after `ms` milliseconds; a later call for the same key replaces an earlier one. */
  addAfter(key: string, ms: number): void {
    if (this.#signal.aborted) return;
    this.#timers.get(key)?.();
    this.#timers.set(
      key,
      this.#clock.after(Math.max(ms, 1), () => {
        this.#timers.delete(key);
        this.add(key);
      }),
    );
  }

  #pump(): void {
    for (const key of this.#waiting) {
      if (this.#running.size >= this.#parallel || this.#signal.aborted) return;
      if (this.#running.has(key)) continue;
      this.#waiting.delete(key);
      this.#running.add(key);
      void this.#run(key);
    }
  }

  async #run(key: string): Promise<void> {
    try {
      await this.#reconcile(key);
      this.#failures.delete(key);
    } catch (error) {
      if (!this.#signal.aborted) {
        const failures = (this.#failures.get(key) ?? 0) + 1;
        this.#failures.set(key, failures);
        this.#onError(key, error);
        this.addAfter(key, Math.min(5 * 2 ** failures, 5_000));
      }
    } finally {
      this.#running.delete(key);
      this.#pump();
    }
  }
}
