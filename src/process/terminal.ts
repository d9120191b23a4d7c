import { constants } from "node:os";
import { execa } from "execa";

/**
 * Runs a program on this process's own terminal until it ends; keys such as Ctrl-C belong to it meanwhile.
 * Resolves with its exit code, 128 + n after signal n, 127 when it could not be started.
 */
export async function runOnTerminal(file: string, argv: readonly string[]): Promise<number> {
  const ignore = (): void => undefined;
  process.on("SIGINT", ignore);
  try {
    const result = await execa(file, [...argv], { stdio: "inherit", reject: false });
    if (result.exitCode !== undefined) return result.exitCode;
    return result.signal === undefined ? 127 : 128 + constants.signals[result.signal];
  } finally {
    process.off("SIGINT", ignore);
  }
}
