import type { Clock } from "../domain/clock.ts";
import { runRemote } from "./run-remote.ts";
import { signalScript } from "./scripts.ts";
import type { Transport } from "./transport.ts";

export interface InsistOptions {
  transport: Transport;
  clock: Clock;
  /** Process id of the shell. */
  shell: string;
  signal: keyof typeof numbers;
  /** True while the command that the signal was for still runs. */
  stillRuns: () => boolean;
}

const numbers = { SIGINT: 2, SIGQUIT: 3, SIGTSTP: 20 } as const;

/** Milliseconds until a command that a signal ends or stops must have ended or stopped. */
const graceMs = 300;
const attempts = 5;

/**
 * Sends the signal of Ctrl-C, Ctrl-Z or Ctrl-\ again where it was lost: a terminal gives it to the shell in the moment between two programs,
 * and the shell does not pass it on. Whoever catches or ignores the signal has got it, and is left alone.
 */
export function insist(options: InsistOptions, left = attempts): void {
  const { transport, clock, shell, signal, stillRuns } = options;
  const argv = ["sudo", "-n", "--", "bash", "-c", signalScript, "wasm-k8s-lab", shell, String(numbers[signal])];
  clock.after(graceMs, () => {
    if (left === 0 || !stillRuns()) return;
    const again = (): void => insist(options, left - 1);
    runRemote(transport, argv).then(again, again);
  });
}
