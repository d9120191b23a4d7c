import { FileError } from "../../../files/errors.ts";
import type { Process, Program } from "../../../process.ts";
import { assemble, WatError } from "../../../../wasm/format/assembler.ts";
import { webAssembly } from "../../../../wasm/web-assembly.ts";
import { wabtVersion } from "./version.ts";

/** Assembles a text module and checks its types. */
export const wat2wasm: Program = async (process) => {
  const args = process.argv.slice(1);
  if (args.includes("--version")) {
    await process.out(`${wabtVersion(process.executable.version)}\n`);
    return 0;
  }
  let output: string | undefined;
  let input: string | undefined;
  while (args.length > 0) {
    const argument = args.shift() ?? "";
    if (argument === "-o" || argument === "--output") output = args.shift();
    else if (argument.startsWith("--output=")) output = argument.slice(9);
    else if (argument === "--help") {
      await process.out(
        "usage: wat2wasm [options] filename\n\n  read a file in the wasm text format, check it for errors, and\n  convert it to the wasm binary format.\n",
      );
      return 0;
    } else if (argument.startsWith("-")) {
      await process.err(`wat2wasm: unknown option '${argument}'\nTry '--help' for more information.\n`);
      return 1;
    } else input = argument;
  }
  if (input === undefined) {
    await process.err("wat2wasm: expected filename argument.\nTry '--help' for more information.\n");
    return 1;
  }
  let source: string;
  try {
    source = process.files.readText(process.resolve(input));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await process.err(`${input}: ${error.message}\n`);
    return 1;
  }
  const bytes = await assembled(process, input, source);
  if (!bytes) return 1;
  const target = output ?? `${input.replace(/^.*\//, "").replace(/\.wat$/, "")}.wasm`;
  process.files.write(process.resolve(target), bytes);
  return 0;
};

async function assembled(process: Process, input: string, source: string): Promise<Uint8Array | undefined> {
  try {
    const bytes = assemble(source);
    const problem = invalid(bytes);
    if (problem === undefined) return bytes;
    await process.err(`${input}: error: ${problem}\n`);
  } catch (error) {
    if (!(error instanceof WatError)) throw error;
    const line = source.split("\n")[error.line - 1] ?? "";
    const marks = `${" ".repeat(error.column - 1)}${"^".repeat(error.width)}`;
    await process.err(`${input}:${error.line}:${error.column}: error: ${error.message}\n${line}\n${marks}\n`);
  }
  return undefined;
}

/** Why the engine refuses the module. Simplified: the words are the engine's, and name no line. */
function invalid(bytes: Uint8Array): string | undefined {
  const own = Uint8Array.from(bytes);
  if (webAssembly.validate(own)) return undefined;
  try {
    void new webAssembly.Module(own);
    return "invalid module";
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    return message.replace(/^WebAssembly\.Module\(\): /, "").replace(/ @\+\d+$/, "");
  }
}
