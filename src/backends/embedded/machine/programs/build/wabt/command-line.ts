import { FileError } from "../../../files/errors.ts";
import type { Process } from "../../../process.ts";
import { FormatError } from "../../../../wasm/format/module.ts";

export const tryHelp = "Try '--help' for more information.\n";

/** wabt's own version in that of its Debian package, such as 1.0.34 in `1.0.34+dfsg2+~cs1.0.32-1`. */
export const wabtVersion = (version: string): string => /^[\d.]+/.exec(version)?.[0] ?? version;

/** What is to be read, and the file to write into; a number is the exit code of a call that ends here. */
export async function readArguments(
  process: Process,
  help: string,
): Promise<{ input: string; output?: string } | number> {
  const [program = "", ...args] = process.argv.map((argument, index) =>
    index === 0 ? argument.replace(/^.*\//, "") : argument,
  );
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
      await process.out(`usage: ${program} [options] filename\n\n${help}`);
      return 0;
    } else if (argument.startsWith("-")) {
      await process.err(`${program}: unknown option '${argument}'\n${tryHelp}`);
      return 1;
    } else input = argument;
  }
  if (input === undefined) {
    await process.err(`${program}: expected filename argument.\n${tryHelp}`);
    return 1;
  }
  return { input, ...(output === undefined ? {} : { output }) };
}

/** Tells why a file cannot be read as a module; what is no fault of the file is thrown on. */
export async function reportFailure(process: Process, input: string, error: unknown): Promise<void> {
  if (error instanceof FormatError) {
    await process.err(`${error.offset.toString(16).padStart(7, "0")}: error: ${error.message}\n`);
  } else if (error instanceof FileError) await process.err(`${input}: ${error.message}\n`);
  else throw error;
}
