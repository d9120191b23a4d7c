import type { Process, Program } from "../../../process.ts";
import { assemble, WatError } from "../../../../wasm/format/assembler.ts";
import { webAssembly } from "../../../../wasm/web-assembly.ts";
import { readArguments, reportFailure } from "./command-line.ts";

const help =
  "  read a file in the wasm text format, check it for errors, and\n  convert it to the wasm binary format.\n";

/** Assembles a text module and checks its types. */
export const wat2wasm: Program = async (process) => {
  const named = await readArguments(process, help);
  if (typeof named === "number") return named;
  const { input, output } = named;
  let source: string;
  try {
    source = process.files.readText(process.resolve(input));
  } catch (error) {
    await reportFailure(process, input, error);
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
