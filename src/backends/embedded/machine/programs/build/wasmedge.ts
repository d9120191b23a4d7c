import { FileError } from "../../files/errors.ts";
import { encode } from "../../io.ts";
import type { Process, Program } from "../../process.ts";
import type { GuestNumber } from "../../../wasm/calls.ts";
import { engineErrors } from "../../../wasm/engine-errors.ts";
import { instructionAt, readModule } from "../../../wasm/format/module-reader.ts";
import { FormatError, typeOf } from "../../../wasm/format/module.ts";
import type { FunctionType, Module } from "../../../wasm/format/module.ts";
import type { ModuleExit } from "../../../wasm/module-runner.ts";
import { customSection } from "../../../wasm/sections.ts";
import { runGuest } from "./guest.ts";

interface CommandLine {
  module: string;
  args: string[];
  env: Record<string, string>;
  folders: { guest: string; host: string; readOnly: boolean }[];
  reactor: boolean;
  timeLimitMs: number | undefined;
}

/** Of a process that aborts itself: 128 and the signal's number. */
const aborted = 134;

const withoutValue = /^--(enable|disable)-[a-z-]+$|^--force-interpreter$/;
const withValue = new Set(["--gas-limit", "--memory-page-limit", "--forbidden-plugin", "--allow-command"]);

/** WasmEdge's command: runs a real module with its sockets at the machine. */
export const wasmedge: Program = async (process) => {
  const problem = missingLibrary(process);
  if (problem !== undefined) {
    await process.err(problem);
    return 127;
  }
  const [, ...args] = process.argv;
  if (args[0] === "compile") return compile(process, args.slice(1));
  if (args.includes("--version") || args[0] === "-v") {
    await process.out(`wasmedge version ${process.executable.version}\n`);
    return 0;
  }
  const line = parse(args, knowsReadOnly(process.executable.version));
  if (typeof line === "string") {
    await process.err(line);
    return 1;
  }
  if (line === undefined) {
    await process.out(usage);
    return 0;
  }
  const path = process.resolve(line.module);
  const bytes = await moduleBytes(process, path);
  return bytes ? run(process, path, bytes, line) : 1;
};

/** The ahead-of-time compiler under its older name. */
export const wasmedgec: Program = async (process) => {
  const problem = missingLibrary(process);
  if (problem !== undefined) {
    await process.err(problem);
    return 127;
  }
  return compile(process, process.argv.slice(1));
};

/**
 * Compiles ahead of time.
 * Simplified: the output is the module with an empty section `wasmedge`, where the real compiler puts machine code; it
 * runs as the module does.
 */
async function compile(process: Process, args: readonly string[]): Promise<number> {
  const [input, output] = args.filter((argument) => !argument.startsWith("--"));
  if (input === undefined || output === undefined) {
    await process.err("USAGE\n\twasmedge compile [OPTIONS] [--] WASM WASM_SO\n");
    return 1;
  }
  const path = process.resolve(input);
  const bytes = await moduleBytes(process, path);
  if (!bytes) return 1;
  try {
    readModule(bytes);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    await explain(process, path, undefined, {
      code: 1,
      trap: isMagic(bytes) ? "unexpected end" : "magic header not detected",
    });
    return 1;
  }
  const say = (words: string): Promise<void> => process.out(`[${stamp(process)}] [info] ${words}\n`);
  for (const phase of ["compile", "verify", "optimize", "codegen", "output"]) await say(`${phase} start`);
  process.files.writeWithMode(
    process.resolve(output),
    new Uint8Array([...bytes, ...customSection("wasmedge", new Uint8Array())]),
    0o755,
  );
  await say("compile done");
  return 0;
}

const isMagic = (bytes: Uint8Array): boolean =>
  bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d;

/** The file's bytes; undefined, with WasmEdge's words on standard error, when it cannot be read. */
async function moduleBytes(process: Process, path: string): Promise<Uint8Array | undefined> {
  try {
    return process.files.readBytes(path);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await logError(process, "loading failed: invalid path, Code: 0x20", [`    File name: "${path}"`]);
    return undefined;
  }
}

const usage = `USAGE
	wasmedge [SUBCOMMANDS] [OPTIONS] [--] WASM_OR_SO [ARG ...]

SUBCOMMANDS
	compile
		Wasmedge compiler subcommand
	run
		Wasmedge runtime tool subcommand

OPTIONS
	--reactor
		Enable reactor mode. Reactor mode calls \`_initialize\` if exported.
	--dir
		Binding directories into WASI virtual filesystem. Each directory can be specified as --dir \`guest_path:host_path\`.
	--time-limit
		Limitation of maximum time(in milliseconds) for execution, default value is 0 for no limitations
	--env
		Environ variables. Each variable can be specified as --env \`NAME=VALUE\`.
	-v|--version
		Show version information
	-h|--help
		Show this help messages
`;

/** The command line, a message for a wrong one, or undefined for help. */
function parse(args: readonly string[], readOnlyFolders: boolean): CommandLine | string | undefined {
  const rest = args[0] === "run" ? args.slice(1) : [...args];
  const line: CommandLine = { module: "", args: [], env: {}, folders: [], reactor: false, timeLimitMs: undefined };
  while (rest.length > 0) {
    const argument = rest.shift() ?? "";
    const [name = "", inline] = argument.split(/=(.*)/s);
    if (argument === "-h" || argument === "--help") return undefined;
    if (name === "--dir") {
      const [guest = "", behind = guest] = (inline ?? rest.shift() ?? "").split(/:(.*)/s);
      const readOnly = readOnlyFolders && behind.endsWith(":readonly");
      line.folders.push({ guest, host: readOnly ? behind.slice(0, -":readonly".length) : behind, readOnly });
    } else if (name === "--reactor") {
      line.reactor = true;
    } else if (name === "--time-limit") {
      const limit = Number(inline ?? rest.shift());
      if (limit > 0) line.timeLimitMs = limit;
    } else if (name === "--env") {
      const [key = "", value = ""] = (inline ?? rest.shift() ?? "").split(/=(.*)/s);
      line.env[key] = value;
    } else if (withValue.has(name)) {
      if (inline === undefined) rest.shift();
    } else if (argument !== "--" && argument.startsWith("-")) {
      if (!withoutValue.test(argument)) return `unknown option: ${argument.replace(/^-+/, "")}\n`;
    } else {
      const module = argument === "--" ? rest.shift() : argument;
      if (module === undefined) return undefined;
      return { ...line, module, args: rest };
    }
  }
  return undefined;
}

/** Folders can be given for reading only since 0.14. */
const knowsReadOnly = (version: string): boolean => Number(version.split(".")[1]) >= 14;

/** The dynamic linker's words when WasmEdge's library is gone. */
function missingLibrary(process: Process): string | undefined {
  const own = process.path.slice(0, process.path.lastIndexOf("/bin/"));
  const folders = [`${own}/lib`, `${own}/lib64`, "/usr/local/lib", "/usr/lib", "/usr/lib/x86_64-linux-gnu"];
  if (folders.some((folder) => process.files.exists(`${folder}/libwasmedge.so.0`))) return undefined;
  const name = process.argv[0] ?? "wasmedge";
  return `${name}: error while loading shared libraries: libwasmedge.so.0: cannot open shared object file: No such file or directory\n`;
}

async function run(process: Process, path: string, bytes: Uint8Array, line: CommandLine): Promise<number> {
  const module = parsed(bytes);
  const hasStart = module?.exports.some(({ name, kind }) => name === "_start" && kind === "func") ?? true;
  let invoke: { name: string; args: GuestNumber[] } | undefined;
  if (module && (line.reactor || !hasStart)) {
    const [name, ...args] = line.args;
    if (name === undefined) {
      await process.err("A function name is required when reactor mode is enabled.\n");
      return 1;
    }
    const index = module.exports.find((entry) => entry.kind === "func" && entry.name === name)?.index;
    const type = index === undefined ? undefined : typeOf(module, index);
    if (!type) {
      await logError(process, "wasmedge runtime failed: wasm function not found, Code: 0x05", [
        `    When executing function name: "${name}"`,
      ]);
      return 1;
    }
    if (args.length < type.params.length) {
      await logError(process, "execution failed: function signature mismatch, Code: 0x83", [
        `    Mismatched function type. Expected: ${signature(type)} , Got: ${signature({ ...type, params: type.params.slice(0, args.length) })}`,
        `    When executing function name: "${name}"`,
      ]);
      return 1;
    }
    invoke = { name, args: type.params.map((parameter, at) => numberOf(parameter, args[at] ?? "")) };
  }
  const folders = [];
  for (const folder of line.folders) {
    if (process.files.isDirectory(process.resolve(folder.host))) folders.push(folder);
    else await logError(process, "Bind guest directory failed:No such file or directory.", []);
  }
  const end = await runGuest(process, {
    bytes,
    args: [line.module.slice(line.module.lastIndexOf("/") + 1), ...(invoke ? [] : line.args)],
    env: line.env,
    folders,
    ...(invoke ? { invoke } : {}),
    ...(line.timeLimitMs === undefined ? {} : { timeLimitMs: line.timeLimitMs }),
    name: "wasmedge",
  });
  if (end.kind === "killed") return end.exitCode;
  const name = invoke?.name ?? "_start";
  if (end.kind === "timeout") {
    await logError(process, "wasmedge runtime failed: execution interrupted, Code: 0x07", [
      `    When executing function name: "${name}"`,
    ]);
    return aborted;
  }
  const { exit } = end;
  if (exit.trap !== undefined) return explain(process, path, module, exit, name);
  for (const result of exit.results ?? []) await process.out(`${unsigned(result)}\n`);
  return exit.code;
}

/** The module, when it can be read. */
export function parsed(bytes: Uint8Array): Module | undefined {
  try {
    return readModule(bytes);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

const signature = ({ params, results }: FunctionType): string =>
  `FuncType {params{${params.join(" , ")}} returns{${results.join(" , ")}}}`;

function numberOf(type: string, text: string): GuestNumber {
  if (type === "i64") return BigInt(/^[+-]?\d+/.exec(text)?.[0] ?? "0");
  const value = type.startsWith("f") ? Number.parseFloat(text) : Number.parseInt(text, 10);
  return Number.isNaN(value) ? 0 : value;
}

/** WasmEdge prints whole numbers without a sign. */
function unsigned(value: GuestNumber): GuestNumber {
  if (typeof value === "bigint") return BigInt.asUintN(64, value);
  return Number.isInteger(value) && value < 0 ? value >>> 0 : value;
}

/** WasmEdge's log lines for a module that could not be loaded, linked or run to its end; returns the exit code. */
async function explain(
  process: Process,
  path: string,
  module: Module | undefined,
  exit: ModuleExit,
  name = "_start",
): Promise<number> {
  const [first = "", ...rest] = failureLines(path, module, exit, name);
  await logError(process, first, rest);
  return first.startsWith("execution") ? aborted : 1;
}

/**
 * The lines without their time stamps.
 * Simplified: for an access out of bounds the real one also says at which address.
 */
export function failureLines(path: string, module: Module | undefined, exit: ModuleExit, name: string): string[] {
  const [words = "", detail = ""] = (exit.trap ?? "").split(/: (.*)/s);
  const code =
    Object.entries(engineErrors).find(([known]) => known === words)?.[1] ?? engineErrors["host function failed"];
  const shown = `${words}, Code: 0x${code.toString(16).padStart(2, "0")}`;
  if (code >= 0x80 || code < 0x20) {
    return [`execution failed: ${shown}`, ...placeOf(module, exit), `    When executing function name: "${name}"`];
  }
  if (code >= 0x60) {
    const [from = "", wanted = ""] = detail.split(", ");
    return [
      `instantiation failed: ${shown}`,
      ...(detail === "" ? [] : [`    When linking module: ${from} , function name: ${wanted}`]),
      "    At AST node: import description",
      "    At AST node: import section",
      "    At AST node: module",
    ];
  }
  return [
    `loading failed: ${shown}`,
    "    Bytecode offset: 0x00000000",
    "    At AST node: module",
    `    File name: "${path}"`,
  ];
}

/** The line that names the instruction which trapped. Code that was compiled ahead of time has none. */
function placeOf(module: Module | undefined, exit: ModuleExit): string[] {
  const offset = exit.frames?.[0]?.offset;
  const isCompiled = module?.sections.some((section) => section.name === "wasmedge") ?? false;
  const instruction = module && !isCompiled && offset !== undefined ? instructionAt(module, offset) : undefined;
  if (!instruction) return [];
  const { name, code } = instruction.opcode;
  const hex = (value: number, digits: number): string => `0x${value.toString(16).padStart(digits, "0")}`;
  return [`    In instruction: ${name} (${hex(code, 2)}) , Bytecode offset: ${hex(instruction.offset, 8)}`];
}

function stamp(process: Process): string {
  return new Date(process.machine.environment.clock.now()).toISOString().replace("T", " ").slice(0, 23);
}

async function logError(process: Process, first: string, rest: readonly string[]): Promise<void> {
  for (const line of [first, ...rest]) await process.stderr.write(encode(`[${stamp(process)}] [error] ${line}\n`));
}
