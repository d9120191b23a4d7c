import type { Process, Program } from "../../process.ts";
import { build } from "./build.ts";
import { doctor } from "./doctor.ts";
import { failureText, SpinFailure, UsageError } from "./failure.ts";
import { newApplication, templates } from "./new.ts";
import { registry } from "./registry.ts";
import { up } from "./up.ts";

const usage = (version: string): string => `spin ${version}
The Spin CLI

USAGE:
    spin <SUBCOMMAND>

OPTIONS:
    -h, --help       Print help information
    -V, --version    Print version information

SUBCOMMANDS:
    build        Build the Spin application
    doctor       Detect and fix problems with Spin applications
    help         Print this message or the help of the given subcommand(s)
    new          Scaffold a new application based on a template
    registry     Commands for working with OCI registries to distribute applications
    templates    Commands for working with WebAssembly component templates
    up           Start the Spin application
`;

type Command = (process: Process, args: readonly string[]) => Promise<number>;

const commands: Readonly<Record<string, Command>> = { up, build, registry, doctor, new: newApplication, templates };

/** What a real Spin has beside these. */
const others = ["add", "cloud", "deploy", "login", "plugins", "watch", "trigger", "aka", "kube"];

/** Commands that are a slip of the keyboard away from `name`. */
function similarTo(name: string): string {
  const similar = [...Object.keys(commands), ...others].filter((known) => distance(known, name) <= 2);
  if (similar.length === 0) return "";
  const heading = similar.length === 1 ? "The most similar command is:" : "The most similar commands are:";
  return `${heading}\n${similar.map((known) => `    ${known}\n`).join("")}\n`;
}

/** How many letters have to be added, taken away or changed to make one word the other. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_none, index) => index);
  for (const [at, letter] of [...one].entries()) {
    const next = [at + 1];
    for (const [index, wanted] of [...other].entries()) {
      const changed = (row[index] ?? 0) + (letter === wanted ? 0 : 1);
      next.push(Math.min(changed, (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** The command line of Spin. */
export const spin: Program = async (process) => {
  const [name, ...args] = process.argv.slice(1);
  const { version } = process.executable;
  if (name === "--version" || name === "-V") {
    // Simplified: a real Spin adds the commit and the day it was built from.
    await process.out(`spin ${version}\n`);
    return 0;
  }
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    await (name === undefined ? process.err(usage(version)) : process.out(usage(version)));
    return name === undefined ? 2 : 0;
  }
  const command = commands[name];
  if (!command && others.includes(name)) {
    await process.err(`Error: '${name}' is not part of the lab's Spin.\n`);
    return 1;
  }
  if (!command) {
    await process.err(`Error: '${name}' is not a known Spin command. See spin --help.\n\n${similarTo(name)}`);
    return 2;
  }
  try {
    return await command(process, args);
  } catch (error) {
    if (error instanceof UsageError) {
      await process.err(error.message);
      return 2;
    }
    if (!(error instanceof SpinFailure)) throw error;
    await process.err(failureText(error));
    return 1;
  }
};
