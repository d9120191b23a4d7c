import type { Calls } from "./calls.ts";
import type { Execs } from "./exec.ts";
import type { ExecOptions, ExecResult } from "./types.ts";

type Read = (path: string) => Promise<Uint8Array>;

/**
 * As `Execs.run`, with the output through files of the guest: on Windows, a client with pipes stops for ever once a
 * command has printed more than 4096 bytes. Nothing is told before the command has ended.
 */
export async function runThroughFiles(
  calls: Calls,
  execs: Execs,
  read: Read,
  name: string,
  argv: readonly string[],
  options: ExecOptions,
): Promise<ExecResult> {
  const folder = `/tmp/multipass-exec-${calls.system.token()}`;
  const { signal } = options;
  const script = 'd=$1; shift; (umask 077; mkdir "$d") || exit 1; "$@" >"$d/stdout" 2>"$d/stderr"';
  try {
    const { exitCode } = await execs.run(name, ["bash", "-c", script, "bash", folder, ...argv], {
      ...(signal ? { signal } : {}),
      ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
    });
    const stdout = await read(`${folder}/stdout`);
    const stderr = await read(`${folder}/stderr`);
    if (stdout.length > 0) options.onOutput?.({ stream: "stdout", bytes: stdout });
    if (stderr.length > 0) options.onOutput?.({ stream: "stderr", bytes: stderr });
    return { exitCode, stdout, stderr };
  } finally {
    await execs.run(name, ["rm", "-rf", folder]).catch(() => undefined);
  }
}
