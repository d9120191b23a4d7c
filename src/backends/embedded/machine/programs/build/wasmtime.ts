import { FileError } from "../../files/errors.ts";
import type { Process, Program } from "../../process.ts";
import type { GuestNumber } from "../../../wasm/calls.ts";
import { readModule } from "../../../wasm/format/module-reader.ts";
import { FormatError, typeOf } from "../../../wasm/format/module.ts";
import type { Module } from "../../../wasm/format/module.ts";
import { assemble, WatError } from "../../../wasm/format/assembler.ts";
import type { ModuleExit } from "../../../wasm/module-runner.ts";
import { customSection } from "../../../wasm/sections.ts";
import { runGuest } from "./guest.ts";

interface CommandLine {
  module: string;
  args: string[];
  env: Record<string, string>;
  folders: { guest: string; host: string }[];
  invoke: string | undefined;
  timeLimitMs: number | undefined;
  allowsPrecompiled: boolean;
}

/** Of a process that aborts itself: 128 and the signal's number. */
const aborted = 134;
const wrongUse = 2;
const precompiled = "wasmtime.info";

/** True for versions with the words that 48 has; the others have those of 18. Simplified: each change came by itself. */
const isOfToday = (process: Process): boolean => Number.parseInt(process.executable.version, 10) >= 30;

/** Wasmtime's command: another engine's words around the same modules. */
export const wasmtime: Program = async (process) => {
  const [, ...args] = process.argv;
  const [first = ""] = args;
  if (first === "--version" || first === "-V") {
    await process.out(`${isOfToday(process) ? "wasmtime" : "wasmtime-cli"} ${process.executable.version}\n`);
    return 0;
  }
  if (first === "-h" || first === "--help" || first === "help") {
    await process.out(usage);
    return 0;
  }
  if (first === "compile") return compile(process, args.slice(1));
  const line = parse(first === "run" ? args.slice(1) : args, first === "run" ? "wasmtime run" : "wasmtime");
  if (typeof line === "string") {
    await process.err(line);
    return wrongUse;
  }
  return run(process, line);
};

const usage = `Wasmtime WebAssembly Runtime

Usage: wasmtime <COMMAND>

Commands:
  run      Runs a WebAssembly module
  compile  Compiles a WebAssembly module
  help     Print this message or the help of the given subcommand(s)

Options:
  -h, --help     Print help
  -V, --version  Print version
`;

const help = "\nFor more information, try '--help'.\n";

/** The command line, or clap's words for a wrong one. */
function parse(args: readonly string[], command: string): CommandLine | string {
  const rest = [...args];
  const line: CommandLine = {
    module: "",
    args: [],
    env: {},
    folders: [],
    invoke: undefined,
    timeLimitMs: undefined,
    allowsPrecompiled: false,
  };
  while (rest.length > 0) {
    const argument = rest.shift() ?? "";
    const [name = "", inline] = argument.split(/=(.*)/s);
    const value = (): string => inline ?? rest.shift() ?? "";
    if (name === "--dir") {
      const [host = "", guest = host] = value().split("::");
      line.folders.push({ guest, host });
    } else if (name === "--env") {
      const [key = "", text = ""] = value().split(/=(.*)/s);
      line.env[key] = text;
    } else if (name === "--invoke") {
      line.invoke = value();
    } else if (name === "--allow-precompiled") {
      line.allowsPrecompiled = true;
    } else if (argument === "-W" || argument === "-S" || argument === "-O" || argument === "-C" || argument === "-D") {
      const limit = /(?:^|,)timeout=(\d+)(ms|s|m)?/.exec(rest.shift() ?? "");
      const factor = { ms: 1, s: 1000, m: 60_000 }[limit?.[2] ?? "s"] ?? 1000;
      if (limit && argument === "-W") line.timeLimitMs = Number(limit[1]) * factor;
    } else if (argument !== "--" && argument.startsWith("-")) {
      return `error: unexpected argument '${name}' found\n\n  tip: to pass '${name}' as a value, use '-- ${name}'\n\nUsage: ${command} [OPTIONS] <WASM>...\n${help}`;
    } else {
      const [module = "", ...others] = argument === "--" ? rest : [argument, ...rest];
      return { ...line, module, args: others };
    }
  }
  return `error: the following required arguments were not provided:\n  <WASM>...\n\nUsage: ${command} <WASM>...\n${help}`;
}

async function run(process: Process, line: CommandLine): Promise<number> {
  const fail = async (first: string, causes: readonly string[] = []): Promise<number> => {
    const chain = causes.map((cause, index) =>
      causes.length === 1 ? `    ${cause}` : `${String(index).padStart(5)}: ${cause}`,
    );
    const end = isOfToday(process) ? "\n" : "";
    await process.err(`Error: ${first}\n${chain.length === 0 ? "" : `\nCaused by:\n${chain.join("\n")}\n${end}`}`);
    return 1;
  };
  for (const { host } of line.folders) {
    if (!process.files.isDirectory(process.resolve(host))) {
      const why = "No such file or directory (os error 2)";
      return isOfToday(process) ? fail(why) : fail(`failed to open directory '${host}'`, [why]);
    }
  }
  const loaded = await load(process, line.module, fail);
  if (typeof loaded === "number") return loaded;
  const { bytes, module } = loaded;
  if (isPrecompiled(module) && !line.allowsPrecompiled) {
    return fail("running a precompiled module requires the `--allow-precompiled` flag");
  }
  const failed = `failed to run main module \`${line.module}\``;
  let invoke: { name: string; args: GuestNumber[] } | undefined;
  const exported = (name: string) =>
    module.exports.find((entry) => entry.kind === "func" && entry.name === name)?.index;
  if (line.invoke !== undefined) {
    const index = exported(line.invoke);
    const type = index === undefined ? undefined : typeOf(module, index);
    if (!type) return fail(failed, [`no func export named \`${line.invoke}\` found`]);
    const warn = (what: string): Promise<void> =>
      process.err(
        `warning: using \`--invoke\` with a function that ${what} is experimental and may break in the future\n`,
      );
    if (type.params.length > 0) await warn("takes arguments");
    if (line.args.length < type.params.length) return fail(failed, [`not enough arguments for \`${line.invoke}\``]);
    const numbers = type.params.map((parameter, at) => numberOf(parameter, line.args[at] ?? ""));
    const wrong = numbers.find((number) => typeof number === "string");
    if (typeof wrong === "string") return fail(failed, [wrong]);
    if (type.results.length > 0) await warn("returns values");
    invoke = { name: line.invoke, args: numbers.filter((number) => typeof number !== "string") };
  } else if (exported("_start") === undefined) {
    // A module without a main function is loaded and nothing of it is called.
    return 0;
  }
  const end = await runGuest(process, {
    bytes,
    args: [line.module.slice(line.module.lastIndexOf("/") + 1), ...(invoke ? [] : line.args)],
    env: line.env,
    folders: line.folders,
    ...(invoke ? { invoke } : {}),
    ...(line.timeLimitMs === undefined ? {} : { timeLimitMs: line.timeLimitMs }),
    name: "wasmtime",
  });
  if (end.kind === "killed") return end.exitCode;
  const called = invoke ? `failed to invoke \`${invoke.name}\`` : "failed to invoke command default";
  if (end.kind === "timeout") {
    // Simplified: the real one shows the functions that were running.
    await fail(failed, [called, "wasm trap: interrupt"]);
    return aborted;
  }
  const { exit } = end;
  if (exit.trap === undefined) {
    for (const result of exit.results ?? []) await process.out(`${result}\n`);
    return exit.code;
  }
  const missing = /^unknown import: "(.*)", "(.*)"$/.exec(exit.trap);
  if (missing || exit.trap === "incompatible import type") {
    const why = missing
      ? `unknown import: \`${missing[1] ?? ""}::${missing[2] ?? ""}\` has not been defined`
      : "incompatible import type";
    return fail(failed, [`failed to instantiate ${JSON.stringify(line.module)}`, why]);
  }
  // Simplified: for an access out of bounds the real one also says at which address.
  await fail(failed, [
    called,
    ...backtrace(exit, module, isOfToday(process)),
    `wasm trap: ${trapWords[exit.trap] ?? exit.trap}`,
  ]);
  return aborted;
}

/** Wasmtime's words for the traps that WasmEdge words otherwise. */
const trapWords: Readonly<Record<string, string>> = {
  unreachable: "wasm `unreachable` instruction executed",
  "out of bounds memory access": "out of bounds memory access",
  "undefined element": "undefined element: out of bounds table access",
  "indirect call type mismatch": "indirect call type mismatch",
};

function backtrace(exit: ModuleExit, module: Module, ofToday: boolean): string[] {
  const frames = exit.frames ?? [];
  if (frames.length === 0) return [];
  const lines = frames.map(({ functionIndex, offset }, index) => {
    const name = module.names.get(functionIndex) ?? `<wasm function ${functionIndex}>`;
    const [before, width] = ofToday ? [5, 8] : [12, 6];
    return `${String(index).padStart(before)}: ${`0x${offset.toString(16)}`.padStart(width)} - <unknown>!${name}`;
  });
  return [`error while executing at wasm backtrace:\n${lines.join("\n")}`];
}

type Fail = (first: string, causes?: readonly string[]) => Promise<number>;

/** The module, assembled when it is text; the exit code when there is none. */
async function load(
  process: Process,
  name: string,
  fail: Fail,
): Promise<{ bytes: Uint8Array; module: Module } | number> {
  let bytes: Uint8Array;
  try {
    bytes = process.files.readBytes(process.resolve(name));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const words = isOfToday(process) ? `failed to open wasm module "${name}"` : `failed to read file: ${name}`;
    return fail(words, [`${error.message} (os error ${error.code === "ENOENT" ? 2 : 13})`]);
  }
  try {
    if (bytes[0] !== 0) bytes = assemble(new TextDecoder().decode(bytes));
    return { bytes, module: readModule(bytes) };
  } catch (error) {
    if (error instanceof WatError) {
      const source = new TextDecoder().decode(bytes).split("\n")[error.line - 1] ?? "";
      const margin = " ".repeat(Math.max(5, String(error.line).length));
      return fail(
        `${error.message}\n${margin}--> ${name}:${error.line}:${error.column}\n${margin} |\n${String(error.line).padStart(margin.length)} | ${source}\n${margin} | ${" ".repeat(error.column - 1)}^`,
      );
    }
    if (!(error instanceof FormatError)) throw error;
    return fail(`failed to parse WebAssembly module`, [`${error.message} (at offset 0x${error.offset.toString(16)})`]);
  }
}

const isPrecompiled = (module: Module): boolean => module.sections.some((section) => section.name === precompiled);

/** Compiles ahead of time. Simplified: the output is the module with a mark, where the real one is machine code. */
async function compile(process: Process, args: readonly string[]): Promise<number> {
  const at = args.findIndex((argument) => argument === "-o" || argument === "--output");
  const output = at === -1 ? undefined : args[at + 1];
  const input = args.find((argument, index) => !argument.startsWith("-") && (at === -1 || index !== at + 1));
  if (input === undefined) {
    await process.err(
      `error: the following required arguments were not provided:\n  <MODULE>\n\nUsage: wasmtime compile <MODULE>\n${help}`,
    );
    return wrongUse;
  }
  const loaded = await load(process, input, async (first, causes = []) => {
    await process.err(`Error: ${first}\n${causes.length > 0 ? `\nCaused by:\n    ${causes.join("\n    ")}\n` : ""}`);
    return 1;
  });
  if (typeof loaded === "number") return loaded;
  const target = output ?? `${input.replace(/^.*\//, "").replace(/\.[^.]*$/, "")}.cwasm`;
  const compiled = new Uint8Array([...loaded.bytes, ...customSection(precompiled, new Uint8Array())]);
  process.files.write(process.resolve(target), compiled);
  return 0;
}

/** A number of the guest, or Rust's words for why the text is none. */
function numberOf(type: string, text: string): GuestNumber | string {
  if (type.startsWith("f")) {
    const value = Number(text);
    return text === "" || Number.isNaN(value) ? "invalid float literal" : value;
  }
  if (text === "") return "cannot parse integer from empty string";
  if (!/^[+-]?\d+$/.test(text)) return "invalid digit found in string";
  const value = BigInt(text);
  const bits = type === "i64" ? 64 : 32;
  if (BigInt.asIntN(bits, value) !== value) {
    return `number too ${value < 0n ? "small" : "large"} to fit in target type`;
  }
  return bits === 64 ? value : Number(value);
}
