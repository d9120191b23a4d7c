import { FileError } from "../../files/errors.ts";
import { Killed, type Process, type Program } from "../../process.ts";
import { findCommand } from "../../processes.ts";
import { signalOf } from "../signals.ts";

/** Words the failure to execute `name` as GNU tools do; undefined when it can be executed. */
async function cannotRun(
  process: Process,
  name: string,
  env: Readonly<Record<string, string>>,
  cwd: string,
): Promise<number | undefined> {
  try {
    findCommand(name, env["PATH"], cwd, process.files);
    return undefined;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const caller = (process.argv[0] ?? "").split("/").at(-1);
    await process.err(`${caller}: ‘${name}’: ${error.message}\n`);
    return error.code === "ENOENT" ? 127 : 126;
  }
}

export const env: Program = async (process) => {
  const args = process.argv.slice(1);
  let variables: Record<string, string> = { ...process.env };
  let cwd = process.cwd;
  let end = "\n";
  let at = 0;
  for (; at < args.length; at += 1) {
    const arg = args[at] ?? "";
    if (arg === "-i" || arg === "-" || arg === "--ignore-environment") variables = {};
    else if (arg === "-u" || arg === "--unset") delete variables[args[(at += 1)] ?? ""];
    else if (arg.startsWith("--unset=")) delete variables[arg.slice(8)];
    else if (arg === "-0" || arg === "--null") end = "\0";
    else if (arg === "-C" || arg === "--chdir") cwd = process.resolve(args[(at += 1)] ?? "");
    else if (arg === "-S" || arg === "--split-string" || arg.startsWith("-S")) {
      const text = arg.length > 2 && !arg.startsWith("--") ? arg.slice(2) : (args[(at += 1)] ?? "");
      args.splice(at + 1, 0, ...text.trim().split(/\s+/));
    } else if (arg === "--") {
      at += 1;
      break;
    } else if (arg.startsWith("-")) {
      await process.err(`env: invalid option -- '${arg.slice(1, 2)}'\nTry 'env --help' for more information.\n`);
      return 125;
    } else break;
  }
  for (; at < args.length; at += 1) {
    const match = /^([^=]+)=([\s\S]*)$/.exec(args[at] ?? "");
    if (!match?.[1]) break;
    variables[match[1]] = match[2] ?? "";
  }
  const command = args.slice(at);
  const [name] = command;
  if (name === undefined) {
    await process.out(
      Object.entries(variables)
        .map(([key, value]) => `${key}=${value}${end}`)
        .join(""),
    );
    return 0;
  }
  return (await cannotRun(process, name, variables, cwd)) ?? process.run(command, { env: variables, cwd });
};

/** A number with an optional unit in milliseconds; undefined when it is none. */
function duration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d*)?|\.\d+)([smhd]?)$/.exec(text);
  if (!match) return undefined;
  const units: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3600, d: 86_400 };
  return Number(match[1]) * (units[match[2] ?? ""] ?? 1) * 1000;
}

export const timeout: Program = async (process) => {
  const args = process.argv.slice(1);
  let signal = signalOf("TERM") ?? "SIGTERM";
  let preserve = false;
  let at = 0;
  for (; at < args.length && /^-./.test(args[at] ?? ""); at += 1) {
    const arg = args[at] ?? "";
    const value = arg.startsWith("--")
      ? arg.slice(arg.indexOf("=") + 1)
      : arg.length > 2
        ? arg.slice(2)
        : (args[at + 1] ?? "");
    if (arg === "--preserve-status") preserve = true;
    else if (arg === "--foreground" || arg === "-v" || arg === "--verbose") continue;
    else if (arg.startsWith("-s") || arg.startsWith("--signal=")) {
      const wanted = signalOf(value);
      if (!wanted) {
        await process.err(`timeout: ‘${value}’: invalid signal\nTry 'timeout --help' for more information.\n`);
        return 125;
      }
      signal = wanted;
      if (arg === "-s") at += 1;
    } else if (arg.startsWith("-k") || arg.startsWith("--kill-after=")) {
      // Simplified: SIGTERM ends every modelled program, so nothing is left to kill.
      if (arg === "-k") at += 1;
    } else {
      await process.err(
        `timeout: invalid option -- '${arg.slice(1, 2)}'\nTry 'timeout --help' for more information.\n`,
      );
      return 125;
    }
  }
  const [limitText, ...command] = args.slice(at);
  const [name] = command;
  if (limitText === undefined || name === undefined) {
    await process.err("timeout: missing operand\nTry 'timeout --help' for more information.\n");
    return 125;
  }
  const limit = duration(limitText);
  if (limit === undefined) {
    await process.err(`timeout: invalid time interval ‘${limitText}’\nTry 'timeout --help' for more information.\n`);
    return 125;
  }
  const failure = await cannotRun(process, name, process.env, process.cwd);
  if (failure !== undefined) return failure;
  const { clock } = process.machine.environment;
  const abort = new AbortController();
  let expired = false;
  const cancel =
    limit > 0
      ? clock.after(limit, () => {
          expired = true;
          abort.abort(new Killed(signal));
        })
      : () => undefined;
  try {
    const code = await process.run(command, { signal: abort.signal });
    return expired && !preserve ? (signal === "SIGKILL" ? 137 : 124) : code;
  } finally {
    cancel();
  }
};

export const nohup: Program = async (process) => {
  const command = process.argv.slice(1);
  const [name] = command;
  if (name === undefined) {
    await process.err("nohup: missing operand\nTry 'nohup --help' for more information.\n");
    return 125;
  }
  const failure = await cannotRun(process, name, process.env, process.cwd);
  if (failure !== undefined) return failure;
  if (!process.stdout.isTerminal) return process.run(command);
  await process.err("nohup: ignoring input and appending output to 'nohup.out'\n");
  const file = process.files.open(process.resolve("nohup.out"), { append: true, mode: 0o600 });
  const sink = {
    write: (bytes: Uint8Array) => {
      file.write(bytes);
      return Promise.resolve();
    },
  };
  return process.run(command, { stdin: { read: () => Promise.resolve(null) }, stdout: sink, stderr: sink });
};

export const nice: Program = async (process) => {
  const args = process.argv.slice(1);
  let at = 0;
  while (args[at]?.startsWith("-")) at += args[at] === "-n" || args[at] === "--adjustment" ? 2 : 1;
  const command = args.slice(at);
  const [name] = command;
  if (name === undefined) {
    await process.out("0\n");
    return 0;
  }
  return (await cannotRun(process, name, process.env, process.cwd)) ?? process.run(command);
};

export const which: Program = async (process) => {
  const args = process.argv.slice(1);
  const all = args.includes("-a");
  let status = 0;
  for (const name of args.filter((arg) => !arg.startsWith("-"))) {
    const folders = name.includes("/") ? [""] : (process.env["PATH"] ?? "").split(":");
    const found = folders
      .map((folder) => (folder === "" ? name : `${folder}/${name}`))
      .filter((path) => {
        const file = process.resolve(path);
        return process.files.exists(file) && process.files.stat(file).type === "file" && process.files.access(file, 1);
      });
    if (found.length === 0) status = 1;
    for (const path of all ? found : found.slice(0, 1)) await process.out(`${path}\n`);
  }
  return status;
};
