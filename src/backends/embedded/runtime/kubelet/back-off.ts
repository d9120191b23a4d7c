import type { Clock } from "../../../../domain/clock.ts";
import type { ModelledDuration, Pacing } from "../../pacing.ts";

interface Entry {
  /** How many times the wait has doubled. */
  level: number;
  /** Milliseconds it lasts here. */
  ms: number;
  since: number;
}

/** Waits that double, as the kubelet's for crashed containers and failed pulls. */
export class BackOff {
  #clock: Clock;
  #pacing: Pacing;
  #first: ModelledDuration;
  #most: ModelledDuration;
  #entries = new Map<string, Entry>();

  constructor(clock: Clock, pacing: Pacing, first: ModelledDuration, most: ModelledDuration) {
    this.#clock = clock;
    this.#pacing = pacing;
    this.#first = first;
    this.#most = most;
  }

  /** Milliseconds until the key may be tried again; 0 when it may now. */
  remaining(key: string): number {
    const entry = this.#entries.get(key);
    return entry ? Math.max(0, entry.since + entry.ms - this.#clock.monotonic()) : 0;
  }

  /** Begins the next, longer wait. A key that has been quiet for long begins anew. */
  next(key: string, since = this.#clock.monotonic()): void {
    const first = this.#pacing.duration(this.#first);
    const most = this.#pacing.duration(this.#most);
    const entry = this.#entries.get(key);
    const isStale = entry && this.#clock.monotonic() - entry.since > 2 * most;
    if (!entry || isStale) this.#entries.set(key, { level: 0, ms: first, since });
    else {
      entry.level += 1;
      entry.ms = Math.min(entry.ms * 2, most);
      entry.since = since;
    }
  }

  /** The wait counts from when the container ended, not from when it was started. */
  moveTo(key: string, since: number): void {
    const entry = this.#entries.get(key);
    if (entry) entry.since = since;
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  forget(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key);
  }

  /** The wait as it would be in reality, in Go's words: `10s`, `1m20s`, `5m0s`. */
  words(key: string): string {
    const seconds = Math.min(10 * 2 ** (this.#entries.get(key)?.level ?? 0), 300);
    return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
  }
}
