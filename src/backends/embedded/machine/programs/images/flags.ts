/** Flags of a Go program read by pflag, and what is left. */
export interface GoFlags {
  has(name: string): boolean;
  /** The last value. */
  value(name: string): string | undefined;
  values(name: string): string[];
  /** A switch that can be turned off with `=false`; undefined when not given. */
  boolean(name: string): boolean | undefined;
  operands: string[];
}

/** Words after `Error: `. */
export class FlagError extends Error {
  override readonly name = "FlagError";
}

/**
 * Reads flags. `table` lists `name` for switches, `name=` for flags with a value, with one-letter forms as `t,tag=`.
 * Throws FlagError.
 */
export function parseGoFlags(
  args: readonly string[],
  table: string,
  options: { stopAtOperand?: boolean } = {},
): GoFlags {
  const rules = table
    .split(/\s+/)
    .filter(Boolean)
    .map((entry) => {
      const withValue = entry.endsWith("=");
      const names = entry.replace(/=$/, "").split(",");
      const name = names.find((other) => other.length > 1) ?? names[0] ?? "";
      return { name, names, withValue };
    });
  const given: [string, string][] = [];
  const operands: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? "";
    if (arg === "--") {
      operands.push(...args.slice(index + 1));
      break;
    }
    if (!arg.startsWith("-") || arg === "-") {
      if (options.stopAtOperand) {
        operands.push(...args.slice(index));
        break;
      }
      operands.push(arg);
      continue;
    }
    if (arg.startsWith("--")) {
      const equals = arg.indexOf("=");
      const word = equals < 0 ? arg.slice(2) : arg.slice(2, equals);
      const rule = rules.find((candidate) => candidate.names.includes(word) && word.length > 1);
      if (!rule) throw new FlagError(`unknown flag: --${word}`);
      let value = equals < 0 ? "true" : arg.slice(equals + 1);
      if (rule.withValue && equals < 0) {
        index += 1;
        const next = args[index];
        if (next === undefined) throw new FlagError(`flag needs an argument: --${word}`);
        value = next;
      }
      given.push([rule.name, value]);
      continue;
    }
    for (let rest = arg.slice(1); rest !== "";) {
      const letter = rest.slice(0, 1);
      rest = rest.slice(1);
      const rule = rules.find((candidate) => candidate.names.includes(letter));
      if (!rule) throw new FlagError(`unknown shorthand flag: '${letter}' in ${arg}`);
      if (!rule.withValue) {
        given.push([rule.name, "true"]);
        continue;
      }
      let value: string | undefined = rest.replace(/^=/, "");
      if (rest === "") {
        index += 1;
        value = args[index];
      }
      rest = "";
      if (value === undefined) throw new FlagError(`flag needs an argument: '${letter}' in ${arg}`);
      given.push([rule.name, value]);
    }
  }
  const values = (name: string): string[] => given.filter(([other]) => other === name).map(([, value]) => value);
  return {
    has: (name) => values(name).length > 0,
    value: (name) => values(name).at(-1),
    values,
    boolean: (name) => {
      const value = values(name).at(-1);
      return value === undefined ? undefined : value !== "false" && value !== "0";
    },
    operands,
  };
}
