import { ShellFailure } from "../failures.ts";
import { decodeEscapes, formatPrintf } from "../printf.ts";
import { readLine, splitFields } from "../reading.ts";
import type { Shell } from "../shell.ts";
import { formatTime } from "../../strftime.ts";
import { type Builtin, identifier, options } from "./types.ts";

const echo: Builtin = async (shell, args) => {
  let newline = true;
  let escapes = shell.shopts["xpg_echo"] ?? false;
  let at = 0;
  for (; at < args.length && /^-[neE]+$/.test(args[at] ?? ""); at += 1) {
    for (const flag of (args[at] ?? "").slice(1)) {
      if (flag === "n") newline = false;
      else escapes = flag === "e";
    }
  }
  let text = args.slice(at).join(" ");
  if (escapes) {
    const decoded = decodeEscapes(text);
    text = decoded.text;
    if (decoded.stopped) newline = false;
  }
  await writeOut(shell, "echo", newline ? `${text}\n` : text);
  return 0;
};

async function writeOut(shell: Shell, name: string, text: string): Promise<void> {
  try {
    await shell.out(text);
  } catch (error) {
    if (error instanceof ShellFailure) throw new ShellFailure(`${name}: ${error.message}`);
    throw error;
  }
}

const printf: Builtin = async (shell, args) => {
  let target: string | undefined;
  let rest = args;
  if (args[0] === "-v") {
    target = args[1] ?? "";
    rest = args.slice(2);
  }
  if (rest[0] === "--") rest = rest.slice(1);
  const [format, ...values] = rest;
  if (format === undefined) {
    await shell.write(2, "printf: usage: printf [-v var] format [arguments]\n");
    return 2;
  }
  const { clock } = shell.machine.environment;
  const time = (pattern: string, seconds: number) =>
    formatTime(
      pattern || "%X",
      seconds === -1 ? clock.now() : seconds === -2 ? shell.machine.bootedAt : seconds * 1000,
      "UTC",
    );
  const { text, problems } = formatPrintf(format, values, time);
  for (const problem of problems) await shell.complain(`printf: ${problem}`);
  if (target === undefined) await writeOut(shell, "printf", text);
  else {
    const element = /^([A-Za-z_]\w*)\[(.+)\]$/.exec(target);
    if (element?.[1] && element[2]) {
      const associative = shell.variables.find(element[1])?.kind === "associative";
      shell.variables.setElement(element[1], associative ? element[2] : String(shell.evaluate(element[2])), text);
    } else if (identifier(target)) shell.variables.set(target, text);
    else throw new ShellFailure(`printf: \`${target}': not a valid identifier`, { exitCode: 2 });
  }
  return problems.length > 0 ? 1 : 0;
};

const read: Builtin = async (shell, args) => {
  const parsed = await options(
    shell,
    "read",
    args,
    "ersa:d:i:n:N:p:t:u:",
    "read [-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N nchars] [-p prompt] [-t timeout] [-u fd] [name ...]",
  );
  if (!parsed) return 2;
  const { flags, rest } = parsed;
  for (const name of rest) {
    if (!/^[A-Za-z_]\w*(?:\[.+\])?$/.test(name)) throw new ShellFailure(`read: \`${name}': not a valid identifier`);
  }
  const descriptor = Number(flags.get("u") ?? 0);
  const prompt = flags.get("p");
  const fromTerminal = shell.descriptors.get(descriptor)?.source?.isTerminal ?? false;
  if (prompt !== undefined && fromTerminal) await shell.write(2, prompt);
  const raw = flags.has("r");
  const timeout = flags.get("t");
  const expired = new AbortController();
  const cancel =
    timeout === undefined
      ? undefined
      : shell.machine.environment.clock.after(Number(timeout) * 1000, () => expired.abort());
  const hidden = flags.has("s") && fromTerminal && shell.terminal;
  if (hidden) hidden.echo = false;
  let result: { line: string; ended: boolean };
  const count = flags.get("N") ?? flags.get("n");
  const delimiter = flags.get("d");
  try {
    result = await readLine(shell, descriptor, {
      raw,
      ...(delimiter === undefined ? {} : { delimiter: delimiter === "" ? "\0" : delimiter }),
      ...(count === undefined ? {} : { count: Number(count) }),
      exact: flags.has("N"),
      signal: expired.signal,
    });
  } finally {
    cancel?.();
    if (hidden) hidden.echo = true;
  }
  const { line } = result;
  const unescaped = raw ? line : line.replace(/\\(.)/gs, "$1");
  const separators = shell.variables.get("IFS") ?? " \t\n";
  const array = flags.get("a");
  if (array !== undefined) {
    const fields = splitFields(line, Number.POSITIVE_INFINITY, separators, raw);
    shell.variables.setItems(
      array,
      fields.filter((field, index) => field !== "" || index < fields.length - 1).map((value) => ({ value })),
      false,
    );
  } else if (rest.length === 0) shell.variables.set("REPLY", unescaped);
  else if (flags.has("N")) {
    shell.variables.set(rest[0] ?? "REPLY", unescaped);
    for (const name of rest.slice(1)) shell.variables.set(name, "");
  } else {
    const fields = splitFields(line, rest.length, separators, raw);
    for (const [index, name] of rest.entries()) {
      const element = /^(\w+)\[(.+)\]$/.exec(name);
      if (element?.[1] && element[2]) shell.variables.setElement(element[1], element[2], fields[index] ?? "");
      else shell.variables.set(name, fields[index] ?? "");
    }
  }
  if (expired.signal.aborted && result.ended) return 142;
  return result.ended && !(flags.has("N") && line !== "" && line.length === Number(count)) ? 1 : 0;
};

const mapfile: Builtin = async (shell, args, name) => {
  const parsed = await options(
    shell,
    name,
    args,
    "td:n:O:s:u:C:c:",
    `${name} [-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] [-C callback] [-c quantum] [array]`,
  );
  if (!parsed) return 2;
  const { flags, rest } = parsed;
  const target = rest[0] ?? "MAPFILE";
  const maximum = Number(flags.get("n") ?? 0);
  let skip = Number(flags.get("s") ?? 0);
  const origin = Number(flags.get("O") ?? 0);
  const delimiter = flags.has("d") ? flags.get("d") || "\0" : "\n";
  const entries: { key: string; value: string }[] = [];
  for (;;) {
    const { line, ended } = await readLine(shell, Number(flags.get("u") ?? 0), { raw: true, delimiter });
    if (ended && line === "") break;
    if (skip > 0) skip -= 1;
    else
      entries.push({ key: String(origin + entries.length), value: line + (flags.has("t") || ended ? "" : delimiter) });
    if (ended || (maximum > 0 && entries.length >= maximum)) break;
  }
  shell.variables.setItems(target, entries, flags.has("O"));
  return 0;
};

export const outputBuiltins = { echo, printf, read, mapfile, readarray: mapfile } satisfies Record<string, Builtin>;
