import type { Process, Program } from "../../../process.ts";
import { FileError } from "../../../files/errors.ts";
import { BrokenPipe } from "../../../io.ts";
import { CommandError, errorText, ManyErrors, UnreachableError } from "../client/errors.ts";
import { ApiError } from "../../../../cluster/api.ts";
import { FlagError, parseFlags, type FlagSpecs } from "../go/flags.ts";
import { commandHelp, rootHelp } from "./help.ts";
import { commands } from "./commands.ts";
import { globalFlags, Session, type Command } from "./session.ts";

/** The program `kubectl`. */
export const kubectl: Program = async (process) => {
  try {
    return await dispatch(process, process.argv.slice(1));
  } catch (error) {
    // A command that was killed ends with its signal, and what is not about the cluster is for the caller.
    if (process.signal.aborted || error instanceof BrokenPipe) throw error;
    if (error instanceof FileError) {
      await process.err(`error: open ${error.path}: ${error.message.toLowerCase()}\n`);
      return 1;
    }
    if (!isKnown(error)) throw error;
    const text = errorText(error);
    if (text !== "") await process.err(`${text}\n`);
    return error instanceof CommandError ? error.exitCode : 1;
  }
};

const isKnown = (error: unknown): boolean =>
  error instanceof CommandError ||
  error instanceof ManyErrors ||
  error instanceof ApiError ||
  error instanceof UnreachableError ||
  error instanceof FlagError ||
  (error instanceof Error && error.constructor === Error);

async function dispatch(process: Process, args: readonly string[]): Promise<number> {
  let table: Readonly<Record<string, Command>> = commands;
  let command: Command | undefined;
  const path: string[] = [];
  const rest: string[] = [];
  // Global flags may stand before the command.
  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i] ?? "";
    if (arg === "--" || (command && !command.commands)) {
      rest.push(...args.slice(i));
      break;
    }
    if (arg.startsWith("-")) {
      rest.push(arg);
      if (takesValue(arg, globalFlags)) rest.push(...args.slice(i + 1, (i += 1) + 1));
      continue;
    }
    const found = table[arg] ?? Object.values(table).find((item) => item.aliases?.includes(arg));
    if (!found) {
      if (!command) return unknownCommand(process, arg);
      rest.push(...args.slice(i));
      break;
    }
    command = found;
    path.push(Object.entries(table).find(([, item]) => item === found)?.[0] ?? arg);
    if (found.commands) table = found.commands;
  }
  if (!command) {
    parseWith(rest, globalFlags, "kubectl");
    await process.out(rootHelp(commands));
    return 0;
  }
  const name = path.join(" ");
  const flags = parseWith(rest, { ...globalFlags, ...command.flags }, `kubectl ${name}`);
  if (flags.bool("help") || !command.run) {
    if (!command.run && flags.words.length > 0) {
      await process.err(
        `error: unknown command ${JSON.stringify(flags.words.join(" "))}\nSee 'kubectl ${name} -h' for help and examples\n`,
      );
      return 1;
    }
    await process.out(commandHelp(name, command));
    return 0;
  }
  const session = new Session(process, flags);
  try {
    if (flags.has("kubeconfig") || process.env["KUBECONFIG"] !== undefined) await session.warnMissingConfig();
    return await command.run(session);
  } finally {
    if (!process.signal.aborted) await session.flushWarnings();
  }
}

function takesValue(arg: string, specs: FlagSpecs): boolean {
  if (arg.includes("=")) return false;
  const spec = arg.startsWith("--")
    ? specs[arg.slice(2)]
    : arg.length === 2
      ? Object.values(specs).find(({ short }) => short === arg.slice(1))
      : undefined;
  return spec !== undefined && spec.kind !== "bool" && spec.bare === undefined;
}

function parseWith(args: readonly string[], specs: FlagSpecs, name: string): ReturnType<typeof parseFlags> {
  try {
    return parseFlags(args, specs);
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    throw new CommandError(`error: ${error.message}\nSee '${name} --help' for usage.`);
  }
}

async function unknownCommand(process: Process, typed: string): Promise<number> {
  const near = Object.keys(commands).filter((name) => distance(typed, name) <= 2 || name.startsWith(typed));
  const hint = near.length === 0 ? "" : `\nDid you mean this?\n${near.map((name) => `\t${name}\n`).join("")}`;
  await process.err(`error: unknown command ${JSON.stringify(typed)} for "kubectl"\n${hint}`);
  return 1;
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
