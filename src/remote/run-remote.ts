import type { Clock } from "../domain/clock.ts";
import type { RemoteProcess, Transport } from "./transport.ts";

export interface RemoteResult {
  exitCode: number;
  stdout: Uint8Array;
  stderr: Uint8Array;
}

export interface RunOptions {
  stdin?: string | Uint8Array;
  onOutput?: (chunk: { stream: "stdout" | "stderr"; bytes: Uint8Array }) => void;
  /** Told about the process once it is started. */
  onStart?: (process: RemoteProcess) => void;
}

/** Runs a program on a machine to its end and collects its output. Rejects as the transport does. */
export async function runRemote(
  transport: Transport,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<RemoteResult> {
  const output = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  const process = transport.start(argv, {
    onOutput: (chunk) => {
      output[chunk.stream].push(chunk.bytes);
      options.onOutput?.(chunk);
    },
  });
  options.onStart?.(process);
  if (options.stdin !== undefined && options.stdin.length > 0) process.write(options.stdin);
  process.end();
  const { exitCode } = await process.ended;
  return { exitCode, stdout: Buffer.concat(output.stdout), stderr: Buffer.concat(output.stderr) };
}

/** `work`, or undefined when it has not ended after `ms` milliseconds. */
export function within<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => resolve(undefined));
    work.then(
      (value) => {
        cancel();
        resolve(value);
      },
      (error: unknown) => {
        cancel();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}
