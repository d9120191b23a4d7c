import { FileError } from "../../machine/files/errors.ts";
import type { Process, Program } from "../../machine/process.ts";
import { runGuest } from "../../machine/programs/build/guest.ts";
import { failureLines, parsed } from "../../machine/programs/build/wasmedge.ts";

/** How a program of the machine begins; WasmEdge takes such a file for a module that was compiled ahead of time. */
const elf = [0x7f, 0x45] as const;

/**
 * What crun's WasmEdge handler does instead of executing the entry point: the module sees the container's root file
 * system as its folder `.` and the variables of the container.
 */
export const wasmHandler: Program = async (process) => {
  const name = process.argv[0] ?? "";
  const path = process.resolve(name);
  let bytes: Uint8Array;
  try {
    bytes = process.files.readBytes(path);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return fail(process, ["loading failed: invalid path, Code: 0x20", `    File name: "${name}"`]);
  }
  if (bytes[0] === elf[0] && bytes[1] === elf[1]) {
    return fail(process, [
      "loading failed: invalid path, Code: 0x20",
      `    load library failed:${name}: cannot dynamically load position-independent executable`,
      `    File name: "${name}"`,
    ]);
  }
  const end = await runGuest(process, {
    bytes,
    args: process.argv,
    env: process.env,
    folders: [{ guest: ".", host: "." }],
    name: name.slice(name.lastIndexOf("/") + 1),
  });
  if (end.kind !== "exit") return end.kind === "killed" ? end.exitCode : 1;
  if (end.exit.trap !== undefined) return fail(process, failureLines(name, parsed(bytes), end.exit, "_start"));
  // crun hands on only whether the module ended well.
  return 0;
};

async function fail(process: Process, lines: readonly string[]): Promise<number> {
  const time = new Date(process.machine.environment.clock.now()).toISOString().replace("T", " ").slice(0, 23);
  for (const line of lines) await process.out(`[${time}] [error] ${line}\n`);
  await process.err("[libcrun:wasmedge]: could not get wasmedge result from VM\n");
  return 1;
}
