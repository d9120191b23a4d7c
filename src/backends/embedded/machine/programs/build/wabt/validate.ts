import type { Program } from "../../../process.ts";
import { readModule } from "../../../../wasm/format/module-reader.ts";
import { webAssembly } from "../../../../wasm/web-assembly.ts";
import { reportFailure, tryHelp } from "./command-line.ts";

/** Says whether a module is valid; silent when it is. */
export const wasmValidate: Program = async (process) => {
  const input = process.argv.slice(1).find((argument) => !argument.startsWith("-"));
  if (input === undefined) {
    await process.err(`wasm-validate: expected filename argument.\n${tryHelp}`);
    return 1;
  }
  try {
    const bytes = process.files.readBytes(process.resolve(input));
    readModule(bytes);
    if (webAssembly.validate(Uint8Array.from(bytes))) return 0;
    // Simplified: the real one names the instruction and the types.
    await process.err("error: type mismatch\n");
  } catch (error) {
    await reportFailure(process, input, error);
  }
  return 1;
};
