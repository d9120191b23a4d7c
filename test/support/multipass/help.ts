import type { CommandSpec } from "./commands.ts";
import { globalOptions, type Option } from "./grammar.ts";

const hidden = ["version", "mem", "no-ipv4", "no-runtime-information"];

function optionLines(options: readonly Option[]): string {
  return options
    .filter(({ names: [name = ""] }) => !hidden.includes(name))
    .map(({ names, value }) => {
      const dashed = names.toReversed().map((name) => `${name.length === 1 ? "-" : "--"}${name}`);
      return `  ${dashed.join(", ")}${value === true ? ` <${names[0] ?? ""}>` : ""}\n`;
    })
    .join("");
}

/** What `multipass` prints without a command. */
export function generalHelp(commands: readonly CommandSpec[]): string {
  const width = Math.max(...commands.map(({ names: [name = ""] }) => name.length)) + 2;
  const lines = commands.map(({ names: [name = ""], summary }) => `  ${name.padEnd(width)}${summary}\n`);
  return (
    "Usage: multipass [options] <command>\nCreate, control and connect to Ubuntu instances.\n\n" +
    "This is a command line utility for multipass, a\nservice that manages Ubuntu instances.\n\n" +
    `Options:\n${optionLines(globalOptions)}\nAvailable commands:\n${lines.join("")}`
  );
}

/** `multipass help COMMAND` */
export function commandHelp({ names: [name = ""], summary, options }: CommandSpec): string {
  return `Usage: multipass ${name} [options]\n${summary}\n\nOptions:\n${optionLines([...globalOptions, ...options])}`;
}
