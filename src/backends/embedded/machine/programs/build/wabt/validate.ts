import { FileError } from "../../../files/errors.ts";
import type { Program } from "../../../process.ts";
import { readModule } from "../../../../wasm/format/module-reader.ts";
import { FormatError } from "../../../../wasm/format/module.ts";
import { webAssembly } from "../../../../wasm/web-assembly.ts";

/** Says whether a module is valid; silent when it is. */
export const wasmValidate: Program = async (process) => {
  const input = process.argv.slice(1).find((argument) => !argument.startsWith("-"));
  if (input === undefined) {
    await process.err("wasm-validate: expected filename argument.\nTry '--help' for more information.\n");
    return 1;
  }
  try {
    const bytes = process.files.readBytes(process.resolve(input));
    readModule(bytes);
    if (webAssembly.validate(Uint8Array.from(bytes))) return 0;
    // Simplified: the real one names the instruction and the types.
    await process.err("error: type mismatch\n");
  } catch (error) {
    if (error instanceof FormatError) {
      await process.err(`${error.offset.toString(16).padStart(7, "0")}: error: ${error.message}\n`);
    } else if (error instanceof FileError) await process.err(`${input}: ${error.message}\n`);
    else throw error;
  }
  return 1;
};
