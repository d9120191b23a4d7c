import { executableBytes } from "../../../executable.ts";
import { FileError } from "../../../files/errors.ts";
import type { Process } from "../../../process.ts";
import { workloadModule, workloadSource } from "../../../../wasm/workloads.ts";
import { diagnostic } from "./diagnostics.ts";
import { hostTriple, isWasiTarget, targetsOf } from "./releases.ts";
import { compareSources } from "./source.ts";
import { SourceError } from "./tokens.ts";
import { installedTargets } from "./toolchains.ts";
import type { Toolchain } from "./toolchains.ts";

interface CommandLine {
  source: string;
  target: string;
  output: string | undefined;
}

const withValue = new Set(["-C", "--edition", "--crate-name", "--crate-type", "-L", "-A", "-W", "--cfg", "--emit"]);
const aborting = "error: aborting due to 1 previous error\n";

/**
 * `rustc FILE`: compiles the course's small program, for WASI or for the machine itself.
 * Simplified: it knows this one program; its module was built from the same source beforehand.
 */
export async function compileFile(process: Process, toolchain: Toolchain, args: readonly string[]): Promise<number> {
  const fail = async (message: string): Promise<number> => {
    await process.err(message);
    return 1;
  };
  const line = parse(args);
  if (typeof line === "string") return fail(line);
  let source: string;
  try {
    source = process.files.readText(process.resolve(line.source));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const number = error.code === "ENOENT" ? 2 : 13;
    return fail(`error: couldn't read ${line.source}: ${error.message} (os error ${number})\n\n${aborting}`);
  }
  if (!targetsOf(toolchain.version).includes(line.target)) {
    return fail(
      `error: Error loading target specification: Could not find specification for target "${line.target}". Run \`rustc --print target-list\` for a list of built-in targets\n\n`,
    );
  }
  if (!installedTargets(process.files, toolchain).includes(line.target)) {
    return fail(`error[E0463]: can't find crate for \`std\`
  |
  = note: the \`${line.target}\` target may not be installed
  = help: consider downloading the target with \`rustup target add ${line.target}\`

${aborting}
For more information about this error, try \`rustc --explain E0463\`.
`);
  }
  await process.machine.environment.pacing.wait("compile", process.signal);
  const problem = problemOf(line.source, source);
  if (problem !== undefined) return fail(problem);
  const name = line.source.replace(/^.*\//, "").replace(/\.rs$/, "");
  if (isWasiTarget(line.target)) {
    process.files.writeWithMode(
      process.resolve(line.output ?? `${name}.wasm`),
      workloadModule("explorer"),
      0o777 & ~process.umask,
    );
    return 0;
  }
  if (line.target !== hostTriple) {
    return fail(`error: linker for ${line.target} is not part of the lab\n\n${aborting}`);
  }
  if (!["/usr/bin/cc", "/usr/local/bin/cc"].some((path) => process.files.exists(path))) {
    return fail(
      `error: linker \`cc\` not found\n  |\n  = note: No such file or directory (os error 2)\n\n${aborting}\n`,
    );
  }
  const native = executableBytes({ program: "explorer", version: "1.0.0", facts: { target: hostTriple } });
  process.files.writeWithMode(process.resolve(line.output ?? name), native, 0o777 & ~process.umask);
  return 0;
}

function parse(args: readonly string[]): CommandLine | string {
  const rest = [...args];
  const line: CommandLine = { source: "", target: hostTriple, output: undefined };
  while (rest.length > 0) {
    const argument = rest.shift() ?? "";
    const [name = "", inline] = argument.split(/=(.*)/s);
    if (name === "--target") line.target = inline ?? rest.shift() ?? "";
    else if (name === "-o") line.output = rest.shift();
    else if (withValue.has(name)) {
      if (inline === undefined) rest.shift();
    } else if (argument.startsWith("-")) {
      if (argument !== "-O" && argument !== "-g" && !/^-C[a-z-]+=/.test(argument)) {
        return `error: Unrecognized option: '${argument.replace(/^-+/, "")}'\n\n`;
      }
    } else if (line.source === "") line.source = argument;
    else
      return `error: multiple input filenames provided (first two filenames are \`${line.source}\` and \`${argument}\`)\n\n`;
  }
  return line.source === "" ? "error: no input filename given\n\n" : line;
}

/** rustc's words for a source that is not the program which the lab has built; undefined when it is. */
function problemOf(path: string, source: string): string | undefined {
  try {
    const found = compareSources(workloadSource("explorer", "src/main.rs"), source, "");
    if (found.kind !== "different") return undefined;
    const at = {
      line: found.line,
      column: found.column,
      width: found.width,
      label: `the lab's program has \`${found.expected}\` here`,
    };
    return `${diagnostic("error: this source is not the one that the lab has built", path, source, at, {
      notes: ["note: the lab's rustc has no compiler: it knows this one program as it was given to you"],
    })}${aborting}`;
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    const at = { line: error.line, column: error.column, width: 1, label: error.label };
    const opened = error.opened ? { opened: { ...error.opened, width: 1, label: "unclosed delimiter" } } : {};
    const code = error.code === undefined ? "" : `[${error.code}]`;
    return `${diagnostic(`error${code}: ${error.message}`, path, source, at, opened)}${aborting}`;
  }
}
