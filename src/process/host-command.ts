import { execa } from "execa";
import type { ExecResult } from "../domain/machine.ts";

export interface HostCommandOptions {
  env?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
  /** Milliseconds. */
  timeoutMs?: number;
}

/** Runs one line in this computer's own shell, as the user would. A failing command is a result, not a rejection. */
export async function runOnHost(line: string, options: HostCommandOptions = {}): Promise<ExecResult> {
  const result = await execa(line, {
    shell: true,
    reject: false,
    stdin: "ignore",
    stripFinalNewline: false,
    ...(options.env ? { env: { ...options.env } } : {}),
    ...(options.signal ? { cancelSignal: options.signal } : {}),
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
  });
  return {
    exitCode: result.exitCode ?? 127,
    stdout: result.stdout,
    stderr: result.stderr || (result.exitCode === undefined ? (result.message ?? "") : ""),
    durationMs: result.durationMs,
  };
}
