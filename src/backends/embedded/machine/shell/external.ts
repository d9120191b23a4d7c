import { FileError } from "../files/errors.ts";
import { emptySource, nullSink } from "../io.ts";
import { findCommand } from "../processes.ts";
import type { Shell } from "./shell.ts";

/** Runs a program and waits for it; what cannot be run gives bash's message and 126 or 127. */
export async function runExternal(
  shell: Shell,
  args: readonly string[],
  signal: AbortSignal = shell.childSignal(),
): Promise<number> {
  const [name = ""] = args;
  const ended = new AbortController();
  const source = shell.descriptors.get(0)?.source;
  const reading = AbortSignal.any([signal, ended.signal]);
  const env: Record<string, string> = { ...shell.variables.environment() };
  try {
    if (name === "") throw new FileError("ENOENT", "");
    env["_"] = findCommand(name, shell.variables.get("PATH"), shell.cwd, shell.files);
    const running = shell.machine.processes.spawn({
      // The shell's PATH decides, also when it is not exported.
      argv: args,
      env: "PATH" in env || name.includes("/") ? env : { ...env, PATH: shell.variables.get("PATH") ?? "" },
      cwd: shell.cwd,
      credentials: shell.credentials,
      umask: shell.umask,
      stdin: source ? { read: () => source.read(reading), isTerminal: source.isTerminal } : emptySource,
      stdout: shell.sink(1) ?? nullSink,
      stderr: shell.sink(2) ?? nullSink,
      terminal: shell.terminal,
      signal,
      place: shell.place,
      parent: shell.pid,
    });
    return await running.exit;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return explain(shell, args, error);
  } finally {
    ended.abort();
  }
}

async function explain(shell: Shell, args: readonly string[], error: FileError): Promise<number> {
  const [name = ""] = args;
  const path = name.includes("/") ? name : error.path;
  switch (error.code) {
    case "ENOEXEC":
      return runText(shell, args, error);
    case "ENOENT": {
      if (!name.includes("/")) return notFound(shell, name);
      const file = name.startsWith("/") ? name : `${shell.cwd}/${name}`;
      if (shell.files.exists(file)) {
        await shell.complain(`${name}: cannot execute: required file not found`);
        return 127;
      }
      await shell.complain(`${name}: No such file or directory`);
      return 127;
    }
    default: {
      const absolute = path.startsWith("/") ? path : `${shell.cwd}/${path}`;
      const directory = shell.files.isDirectory(absolute);
      await shell.complain(`${path}: ${directory ? "Is a directory" : error.message}`);
      return error.code === "ENOTDIR" ? 127 : 126;
    }
  }
}

async function notFound(shell: Shell, name: string): Promise<number> {
  const handler = shell.functions.get("command_not_found_handle");
  if (handler) return shell.callFunction("command_not_found_handle", handler, [name]);
  await shell.complain(`${name}: command not found`);
  return 127;
}

/** A text file without an interpreter line is run by the shell that started it. */
async function runText(shell: Shell, args: readonly string[], error: FileError): Promise<number> {
  const [name = ""] = args;
  const bytes = shell.machine.rootFiles.readBytes(
    error.path.startsWith("/") ? error.path : `${shell.cwd}/${error.path}`,
  );
  const firstLine = bytes.subarray(0, 128);
  if (firstLine.includes(0) || bytes[0] === 0x7f) {
    await shell.complain(`${name.includes("/") ? name : error.path}: cannot execute binary file: Exec format error`);
    return 126;
  }
  const child = shell.subshell(shell.descriptors.clone());
  child.name = name;
  child.positional = args.slice(1);
  child.calls = [{ name: "main", source: name, line: 0 }];
  child.functions.clear();
  child.options = { braceexpand: true, hashall: true };
  child.tolerated = 0;
  child.traps.clear();
  return child.runToExit(() => child.script(new TextDecoder().decode(bytes)));
}

/** `exec PROGRAM`: the program takes the shell's place. */
export const replaceShell = (shell: Shell, args: readonly string[]): Promise<number> =>
  runExternal(shell, args, shell.signal);
