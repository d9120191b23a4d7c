import { exitCodes, LabError } from "../../domain/errors.ts";
import { type LabArguments, withMachines } from "../open-session.ts";

/** Runs a command on a machine as `ubuntu` in a fresh login environment. Resolves with the command's exit code. */
export async function exec(machine: string, words: readonly string[], given: LabArguments): Promise<number> {
  const argv = words[0] === "--" ? words.slice(1) : words;
  if (argv.length === 0) {
    throw new LabError("no-command", `exec ${machine}: there is no command`, {
      remedy: `Say which: \`wasm-k8s-lab exec ${machine} -- hostname\`.`,
      exitCode: exitCodes.wrongUse,
    });
  }
  const abort = new AbortController();
  const interrupt = (): void => abort.abort(new Error("interrupted"));
  process.once("SIGINT", interrupt);
  try {
    const stdin = process.stdin.isTTY ? undefined : await readStdin();
    return await withMachines("exec", given, async (machines) => {
      const result = await machines.exec(machine, argv, {
        ...(stdin === undefined ? {} : { stdin }),
        signal: abort.signal,
        onOutput: ({ stream, bytes }) => void process[stream].write(bytes),
      });
      return result.exitCode;
    });
  } finally {
    process.off("SIGINT", interrupt);
  }
}

async function readStdin(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  return Buffer.concat(chunks);
}
