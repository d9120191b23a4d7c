import type { Fault } from "./faults.ts";

const pause = new Int32Array(new SharedArrayBuffer(4));

/** Writes up to `partialBytes`; then this process ends as the fault says, or goes on after its pause. */
export function throttled(
  write: (text: string | Uint8Array) => void,
  { partialBytes = 0, delayMs = 0, code, signal, stderr }: Fault,
  scaled: (ms: number) => number,
): (text: string | Uint8Array) => void {
  let left = partialBytes;
  return (text) => {
    const bytes = typeof text === "string" ? Buffer.from(text) : text;
    if (left < 0 || bytes.length <= left) {
      left -= left < 0 ? 0 : bytes.length;
      write(bytes);
      return;
    }
    write(bytes.subarray(0, left));
    if (stderr !== undefined) process.stderr.write(stderr);
    if (signal) process.kill(process.pid, signal);
    if (code !== undefined) process.exit(code);
    Atomics.wait(pause, 0, 0, scaled(delayMs));
    write(bytes.subarray(left));
    left = -1;
  };
}
