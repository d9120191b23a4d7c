import type { Clock } from "../domain/clock.ts";

/** Milliseconds for which an answer counts; every command of the learner asks. */
const countsMs = 2_000;

/** Asks again only when the last answer is older than two seconds; a failure is not remembered. */
export function remember<T>(clock: Clock, ask: () => Promise<T>): Remembered<T> {
  let answer: { at: number; value: Promise<T> } | undefined;
  const remembered = (): Promise<T> => {
    const now = clock.monotonic();
    if (answer && now - answer.at < countsMs) return answer.value;
    const value = ask();
    answer = { at: now, value };
    value.catch(() => (answer = undefined));
    return value;
  };
  return Object.assign(remembered, { forget: () => void (answer = undefined) });
}

export interface Remembered<T> {
  (): Promise<T>;
  /** The next one asks. */
  forget(): void;
}
