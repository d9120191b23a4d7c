import { execa } from "execa";

/** Runs this program in a process of its own; resolves with its exit code and what it printed. */
export async function runOwnCommand(
  args: readonly string[],
  options: { stdin: Uint8Array; signal: AbortSignal; timeoutMs: number },
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const program = [...process.execArgv, process.argv[1] ?? "", ...args];
  const result = await execa(process.execPath, program, {
    input: options.stdin,
    reject: false,
    cancelSignal: options.signal,
    timeout: options.timeoutMs,
  });
  return { exitCode: result.exitCode ?? 127, stdout: result.stdout, stderr: result.stderr };
}
