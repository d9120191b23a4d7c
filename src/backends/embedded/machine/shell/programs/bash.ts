import { FileError } from "../../files/errors.ts";
import type { Process, Program } from "../../process.ts";
import { catchSignals } from "../../processes.ts";
import { OpenFile } from "../descriptors.ts";
import { Jump } from "../failures.ts";
import { Interaction, takeTerminal } from "../interaction.ts";
import { readLine } from "../reading.ts";
import { type OptionName, type Options, optionNames } from "../options.ts";
import { Shell } from "../shell.ts";
import { readStartupFiles } from "../startup.ts";

interface Invocation {
  command?: string;
  file?: string;
  positional: string[];
  name: string;
  options: Options;
  shopts: Record<string, boolean>;
  login: boolean;
  interactive: boolean;
  stdin: boolean;
  noProfile: boolean;
  noRc: boolean;
}

/** `bash` and `sh`: a script, `-c`, standard input, or a session at the terminal. Simplified: `sh` is bash in POSIX mode, not dash. */
export const bash: Program = async (process) => {
  const invocation = parseArguments(process);
  if ("text" in invocation) {
    await (invocation.code === 0 ? process.out(invocation.text) : process.err(invocation.text));
    return invocation.code;
  }
  const usesStdin = invocation.command === undefined && invocation.file === undefined;
  const interactive = invocation.interactive || (usesStdin && process.stdin.isTerminal === true && !invocation.stdin);
  const shell = createShell(process, invocation, interactive);
  catchSignals(process, (name) => shell.catches(name));
  if (invocation.login && !invocation.noProfile) await readStartupFiles(shell, "login");
  else if (interactive && !invocation.noRc) await readStartupFiles(shell, "interactive");
  if (invocation.command !== undefined) {
    const { command } = invocation;
    return shell.runToExit(() => shell.script(command));
  }
  if (invocation.file !== undefined) return runFile(process, shell, invocation.file);
  return interactive ? converse(shell) : shell.runToExit(() => runStdin(shell));
};

function createShell(process: Process, invocation: Invocation, interactive: boolean): Shell {
  const shell = new Shell({
    machine: process.machine,
    pid: process.pid,
    parentPid: process.parent,
    credentials: process.credentials,
    env: process.env,
    cwd: process.cwd,
    umask: process.umask,
    terminal: process.terminal,
    signal: process.signal,
    place: process.place,
    name: invocation.name,
    positional: invocation.positional,
    interactive,
    commandString: invocation.command !== undefined,
    stdin: new OpenFile({ source: process.stdin }),
    stdout: new OpenFile({ sink: process.stdout }),
    stderr: new OpenFile({ sink: process.stderr }),
  });
  Object.assign(shell.options, invocation.options);
  Object.assign(shell.shopts, invocation.shopts);
  if (interactive) {
    shell.shopts["expand_aliases"] = true;
    shell.options.histexpand = true;
    shell.options.monitor = true;
    shell.variables.set("PS1", "\\u@\\h:\\w\\$ ");
  }
  return shell;
}

async function runFile(process: Process, shell: Shell, file: string): Promise<number> {
  let text: string;
  const prefix = process.argv[0] ?? "bash";
  try {
    const bytes = process.files.readBytes(process.resolve(file));
    if (bytes.subarray(0, 128).includes(0) || bytes[0] === 0x7f) {
      await process.err(`${file}: ${file}: cannot execute binary file\n`);
      return 126;
    }
    text = new TextDecoder().decode(bytes);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await process.err(
      error.code === "EISDIR" ? `${file}: ${file}: Is a directory\n` : `${prefix}: ${file}: ${error.message}\n`,
    );
    return error.code === "ENOENT" ? 127 : 126;
  }
  return shell.runToExit(() => shell.script(text));
}

/** Reads commands from standard input as they come, so that what they read is what follows them. */
async function runStdin(shell: Shell): Promise<number> {
  const interaction = new Interaction(shell);
  let status = 0;
  for (;;) {
    const { line, ended } = await readLine(shell, 0, { raw: true });
    if (ended && line === "") break;
    const result = await interaction.feed(line);
    status = result.exitCode;
    if (result.exited) throw new Jump("exit", status);
    if (ended) break;
  }
  const rest = interaction.takeIncomplete();
  if (rest !== "") return shell.script(rest);
  return status;
}

async function converse(shell: Shell): Promise<number> {
  const interaction = new Interaction(shell);
  await interaction.refreshPrompt();
  const release = shell.terminal
    ? takeTerminal(shell.terminal, (name) => {
        const { busy } = interaction;
        interaction.signal(name);
        void shell.write(2, busy ? "^C\n" : `^C\n${interaction.prompt}`).catch(() => undefined);
      })
    : undefined;
  try {
    return await shell.runToExit(async () => {
      for (;;) {
        await shell.write(2, interaction.prompt);
        const { line, ended } = await readLine(shell, 0, { raw: true });
        if (ended && line === "") {
          await shell.write(2, "exit\n");
          return shell.lastStatus;
        }
        const result = await interaction.feed(line);
        if (result.exited) return result.exitCode;
      }
    });
  } finally {
    release?.();
  }
}

function parseArguments(process: Process): Invocation | { text: string; code: number } {
  const [name = "bash", ...args] = process.argv;
  const isSh = /(?:^|\/)-?sh$/.test(name);
  const result: Invocation = {
    positional: [],
    name,
    options: isSh ? { posix: true } : {},
    shopts: {},
    login: name.startsWith("-"),
    interactive: false,
    stdin: false,
    noProfile: false,
    noRc: false,
  };
  const wrong = (text: string) => ({ text: `${name}: ${text}\n`, code: 2 });
  let wantsCommand = false;
  let at = 0;
  for (; at < args.length; at += 1) {
    const arg = args[at] ?? "";
    if (arg === "--" || arg === "-") {
      at += 1;
      break;
    }
    if (arg.startsWith("--")) {
      if (arg === "--login") result.login = true;
      else if (arg === "--norc") result.noRc = true;
      else if (arg === "--noprofile") result.noProfile = true;
      else if (arg === "--posix") result.options.posix = true;
      else if (arg === "--rcfile" || arg === "--init-file") at += 1;
      else if (arg === "--version") {
        return {
          text: "GNU bash, version 5.0.17(1)-release (x86_64-pc-linux-gnu)\nCopyright (C) 2019 Free Software Foundation, Inc.\n",
          code: 0,
        };
      } else if (arg === "--help") return { text: `Usage: ${name} [option] ... [file]\n`, code: 0 };
      else return wrong(`${arg}: invalid option`);
      continue;
    }
    if (!/^[-+]./.test(arg)) break;
    const on = arg.startsWith("-");
    for (const letter of arg.slice(1)) {
      if (letter === "c") wantsCommand = true;
      else if (letter === "l") result.login = true;
      else if (letter === "i") result.interactive = true;
      else if (letter === "s") result.stdin = true;
      else if (letter === "o" || letter === "O") {
        const option = args[(at += 1)] ?? "";
        if (letter === "O") result.shopts[option] = on;
        else if (Object.hasOwn(optionNames, option)) result.options[option as OptionName] = on;
        else return wrong(`${option}: invalid option name`);
      } else {
        const option = Object.entries(optionNames).find(([, candidate]) => candidate === letter)?.[0];
        if (!option) return wrong(`${arg}: invalid option`);
        result.options[option as OptionName] = on;
      }
    }
  }
  const rest = args.slice(at);
  if (wantsCommand) {
    const [command, zero, ...positional] = rest;
    if (command === undefined) return wrong("-c: option requires an argument");
    return { ...result, command, name: zero ?? name, positional };
  }
  const [file, ...positional] = rest;
  if (file === undefined || result.stdin) return { ...result, positional: rest };
  return { ...result, file, name: file, positional };
}
