import type { Process } from "../../machine/process.ts";

/** A line as logrus writes it to a file: time, level, msg. */
export function logrusLine(ms: number, level: string, message: string): string {
  const seconds = `${new Date(ms).toISOString().slice(0, 19)}Z`;
  return `time="${seconds}" level=${level} msg=${quoted(message)}\n`;
}

/** logrus quotes what has other characters than these. */
const quoted = (text: string): string => (/^[A-Za-z0-9\-._/@^+]+$/.test(text) ? text : JSON.stringify(text));

/** Says why a daemon cannot start. Returns the exit code. */
export async function fatal(process: Process, message: string): Promise<number> {
  await process.err(logrusLine(process.machine.environment.clock.now(), "fatal", message));
  return 1;
}

/** Resolves when the process is told to end. */
export function untilStopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
