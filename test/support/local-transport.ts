import { startChild } from "../../src/process/child.ts";
import type { Transport } from "../../src/remote/transport.ts";

/** Runs programs on this computer, after the words of `before` that lead to another place or user. */
export function localTransport(machine: string, before: readonly string[] = []): Transport {
  return {
    machine,
    start(argv, { onOutput }) {
      const [file = "", ...rest] = [...before, ...argv];
      const child = startChild(file, rest, { onOutput });
      return {
        write: (bytes) => child.write(bytes),
        end: () => child.end(),
        kill: () => child.kill("SIGKILL"),
        ended: child.ended.then(({ exitCode, signal }) => {
          if (exitCode === undefined) throw new Error(`${file} did not end by itself: ${signal}`);
          return { exitCode };
        }),
      };
    },
  };
}
