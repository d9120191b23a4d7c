import { UsageError } from "./failure.ts";

/** Options of a command: names with one value each, then switches. Aliases map to the first name. */
export interface OptionTable {
  values: Readonly<Record<string, string>>;
  switches: Readonly<Record<string, string>>;
}

export interface Arguments {
  /** The last value given, by the option's name. */
  value(name: string): string | undefined;
  /** All values given. */
  all(name: string): readonly string[];
  has(name: string): boolean;
  operands: readonly string[];
}

/** Reads a command's arguments as clap does. Throws UsageError. */
export function parseArguments(command: string, given: readonly string[], table: OptionTable): Arguments {
  const values = new Map<string, string[]>();
  const switches = new Set<string>();
  const operands: string[] = [];
  const usage = `\n\nUSAGE:\n    spin ${command} [OPTIONS]\n\nFor more information try --help\n`;
  const rest = [...given];
  while (rest.length > 0) {
    const argument = rest.shift() ?? "";
    if (argument === "--") {
      operands.push(...rest);
      break;
    }
    if (!argument.startsWith("-") || argument === "-") {
      operands.push(argument);
      continue;
    }
    const [name = "", inline] = argument.startsWith("--") ? argument.split(/=(.*)/s) : [argument.slice(0, 2)];
    const attached = argument.startsWith("--") || argument.length === 2 ? inline : argument.slice(2).replace(/^=/, "");
    const flag = table.switches[name];
    if (flag !== undefined) {
      switches.add(flag);
      continue;
    }
    const option = table.values[name];
    if (option === undefined) {
      throw new UsageError(
        `error: Found argument '${name}' which wasn't expected, or isn't valid in this context${usage}`,
      );
    }
    const value = attached ?? rest.shift();
    if (value === undefined) {
      throw new UsageError(
        `error: The argument '${name} <${option.toUpperCase()}>' requires a value but none was supplied${usage}`,
      );
    }
    values.set(option, [...(values.get(option) ?? []), value]);
  }
  return {
    value: (name) => values.get(name)?.at(-1),
    all: (name) => values.get(name) ?? [],
    has: (name) => switches.has(name),
    operands,
  };
}
