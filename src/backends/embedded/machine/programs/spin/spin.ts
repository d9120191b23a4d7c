import type { Process, Program } from "../../process.ts";
import { build } from "./build.ts";
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
    help         Print this message or the help of the given subcommand(s)
    new          Scaffold a new application based on a template
    registry     Commands for working with OCI registries to distribute applications
    templates    Commands for working with WebAssembly component templates
    up           Start the Spin application
`;

type Command = (process: Process, args: readonly string[]) => Promise<number>;

const commands: Readonly<Record<string, Command>> = { up, build, registry, new: newApplication, templates };

/** What a real Spin has beside these. */
const others = ["add", "cloud", "deploy", "doctor", "login", "plugins", "watch", "trigger", "aka", "kube"];

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
  if (!command) {
    const words = others.includes(name)
      ? `Error: '${name}' is not part of the lab's Spin.\n`
      : `error: '${name}' is not a known Spin command. See spin --help.\n`;
    await process.err(words);
    return 1;
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
