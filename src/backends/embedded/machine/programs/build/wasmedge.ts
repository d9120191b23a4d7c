import { FileError } from "../../files/errors.ts";
import { encode } from "../../io.ts";
import { Killed } from "../../process.ts";
import type { Process, Program } from "../../process.ts";
import { engineErrors } from "../../../wasm/engine-errors.ts";
import { createModuleRunner } from "../../../wasm/worker-runner.ts";

interface CommandLine {
  module: string;
  args: string[];
  env: Record<string, string>;
  /** Guest path to host path. */
  folders: [string, string][];
}

const withoutValue = /^--(enable|disable)-[a-z-]+$|^--(reactor|force-interpreter)$/;
const withValue = new Set([
  "--time-limit",
  "--gas-limit",
  "--memory-page-limit",
  "--forbidden-plugin",
  "--allow-command",
]);

/** WasmEdge's command: runs a real module with its sockets at the machine. */
export const wasmedge: Program = async (process) => {
  const problem = missingLibrary(process);
  if (problem !== undefined) {
    await process.err(problem);
    return 127;
  }
  const [, ...args] = process.argv;
  if (args.includes("--version") || args[0] === "-v") {
    await process.out(`wasmedge version ${process.executable.version}\n`);
    return 0;
  }
  const line = parse(args);
  if (typeof line === "string") {
    await process.err(line);
    return 1;
  }
  if (line === undefined) {
    await process.out(usage);
    return 0;
  }
  const path = process.resolve(line.module);
  let bytes: Uint8Array;
  try {
    bytes = process.files.readBytes(path);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await logError(process, "loading failed: invalid path, Code: 0x20", [`    File name: "${path}"`]);
    return 1;
  }
  return run(process, path, bytes, line);
};

/** The ahead-of-time compiler. Simplified: the output is the module itself, which the engine runs as well. */
export const wasmedgec: Program = async (process) => {
  const problem = missingLibrary(process);
  if (problem !== undefined) {
    await process.err(problem);
    return 127;
  }
  const [input, output] = process.argv.slice(1).filter((argument) => !argument.startsWith("--"));
  if (input === undefined || output === undefined) {
    await process.err("USAGE\n\twasmedgec [OPTIONS] [--] WASM WASM_SO\n");
    return 1;
  }
  process.files.write(process.resolve(output), process.files.readBytes(process.resolve(input)));
  await process.out(
    `[${stamp(process)}] [info] compile start\n[${stamp(process)}] [info] codegen start\n[${stamp(process)}] [info] output start\n[${stamp(process)}] [info] compile done\n`,
  );
  return 0;
};

const usage = `USAGE
	wasmedge [OPTIONS] [--] WASM_OR_SO [ARG ...]

OPTIONS
	--reactor
		Enable reactor mode. Reactor mode calls \`_initialize\` if exported.
	--dir
		Binding directories into WASI virtual filesystem. Each directory can be specified as --dir \`guest_path:host_path\`.
	--env
		Environ variables. Each variable can be specified as --env \`NAME=VALUE\`.
	-v|--version
		Show version information
	-h|--help
		Show this help messages
`;

/** The command line, a message for a wrong one, or undefined for help. */
function parse(args: readonly string[]): CommandLine | string | undefined {
  const rest = args[0] === "run" ? args.slice(1) : [...args];
  const line: CommandLine = { module: "", args: [], env: {}, folders: [] };
  while (rest.length > 0) {
    const argument = rest.shift() ?? "";
    const [name = "", inline] = argument.split(/=(.*)/s);
    if (argument === "-h" || argument === "--help") return undefined;
    if (name === "--dir") {
      const [guest = "", host = guest] = (inline ?? rest.shift() ?? "").split(/:(.*)/s);
      line.folders.push([guest, host]);
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

/** The dynamic linker's words when WasmEdge's library is gone. */
function missingLibrary(process: Process): string | undefined {
  const own = process.path.slice(0, process.path.lastIndexOf("/bin/"));
  const folders = [`${own}/lib`, `${own}/lib64`, "/usr/local/lib", "/usr/lib", "/usr/lib/x86_64-linux-gnu"];
  if (folders.some((folder) => process.files.exists(`${folder}/libwasmedge.so.0`))) return undefined;
  const name = process.argv[0] ?? "wasmedge";
  return `${name}: error while loading shared libraries: libwasmedge.so.0: cannot open shared object file: No such file or directory\n`;
}

async function run(process: Process, path: string, bytes: Uint8Array, line: CommandLine): Promise<number> {
  const { network, clock } = process.machine.environment;
  let written: Promise<void> = Promise.resolve();
  const broken = new AbortController();
  const write = (sink: Process["stdout"]) => (chunk: Uint8Array) => {
    written = written.then(() => sink.write(chunk)).catch((error: unknown) => broken.abort(error));
  };
  const module = createModuleRunner({ clock }).start({
    bytes,
    args: [line.module.slice(line.module.lastIndexOf("/") + 1), ...line.args],
    env: line.env,
    preopens: Object.fromEntries(
      line.folders.map(([guest, host]) => [guest, filesBelow(process, process.resolve(host))]),
    ),
    onStdout: write(process.stdout),
    onStderr: write(process.stderr),
    listen: (port, accept) => network.listen(process.place, port, { process: "wasmedge", pid: process.pid, accept }),
  });
  const stop = (): void => void module.kill();
  process.signal.addEventListener("abort", stop, { once: true });
  broken.signal.addEventListener("abort", stop, { once: true });
  if (process.signal.aborted) stop();
  const exit = await module.exit;
  process.signal.removeEventListener("abort", stop);
  await written;
  if (process.signal.aborted) {
    return process.signal.reason instanceof Killed ? process.signal.reason.exitCode : 130;
  }
  if (broken.signal.aborted) throw broken.signal.reason;
  if (exit.trap !== undefined) await explain(process, path, exit.trap);
  return exit.code;
}

/** WasmEdge's log lines for a module that could not be loaded, linked or run to its end. */
async function explain(process: Process, path: string, trap: string): Promise<void> {
  const [words = "", detail = ""] = trap.split(/: (.*)/s);
  const code =
    Object.entries(engineErrors).find(([name]) => name === words)?.[1] ?? engineErrors["host function failed"];
  const shown = `${words}, Code: 0x${code.toString(16).padStart(2, "0")}`;
  if (code >= 0x80 || code < 0x20) {
    await logError(process, `execution failed: ${shown}`, ['    When executing function name: "_start"']);
  } else if (code >= 0x60) {
    const [module = "", name = ""] = detail.split(", ");
    await logError(process, `instantiation failed: ${shown}`, [
      ...(detail === "" ? [] : [`    When linking module: ${module} , function name: ${name}`]),
      "    At AST node: import description",
      "    At AST node: import section",
      "    At AST node: module",
    ]);
  } else {
    await logError(process, `loading failed: ${shown}`, [
      "    Bytecode offset: 0x00000000",
      "    At AST node: module",
      `    File name: "${path}"`,
    ]);
  }
}

function stamp(process: Process): string {
  return new Date(process.machine.environment.clock.now()).toISOString().replace("T", " ").slice(0, 23);
}

async function logError(process: Process, first: string, rest: readonly string[]): Promise<void> {
  for (const line of [first, ...rest]) await process.stderr.write(encode(`[${stamp(process)}] [error] ${line}\n`));
}

/** All files below a folder by their path in it. Simplified: what the module writes there stays in its own copy. */
function filesBelow(process: Process, folder: string): Record<string, Uint8Array> {
  const found: Record<string, Uint8Array> = {};
  const visit = (path: string, name: string): void => {
    for (const entry of process.files.list(path)) {
      const stat = process.files.lstat(`${path}/${entry}`);
      if (stat.type === "directory") visit(`${path}/${entry}`, `${name}${entry}/`);
      else if (stat.type === "file") found[`${name}${entry}`] = process.files.readBytes(`${path}/${entry}`);
    }
  };
  if (process.files.isDirectory(folder)) visit(folder, "");
  return found;
}
