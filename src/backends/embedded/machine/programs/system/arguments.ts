/** Arguments of one command split into options and operands. */
export interface Arguments {
  /** Values by option as typed, such as `-n` or `--lines`; flags have an empty value. */
  options: Map<string, string[]>;
  operands: string[];
  /** First option that the command does not know, as typed. */
  unknown: string | undefined;
  has(...names: string[]): boolean;
  /** Last value of any of the names. */
  value(...names: string[]): string | undefined;
}

/**
 * Splits GNU-style arguments. `flags` and `valued` list options with their dashes; `=value` and glued
 * short values are understood, as are clusters of short flags.
 */
export function parseArguments(
  args: readonly string[],
  flags: readonly string[],
  valued: readonly string[] = [],
): Arguments {
  const options = new Map<string, string[]>();
  const operands: string[] = [];
  let unknown: string | undefined;
  const add = (name: string, value: string): void => {
    options.set(name, [...(options.get(name) ?? []), value]);
  };
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? "";
    if (arg === "--") {
      operands.push(...args.slice(index + 1));
      break;
    }
    if (arg === "-" || !arg.startsWith("-")) {
      operands.push(arg);
      continue;
    }
    if (arg.startsWith("--")) {
      const at = arg.indexOf("=");
      const name = at < 0 ? arg : arg.slice(0, at);
      if (valued.includes(name)) add(name, at < 0 ? (args[++index] ?? "") : arg.slice(at + 1));
      else if (flags.includes(name)) add(name, at < 0 ? "" : arg.slice(at + 1));
      else unknown ??= arg;
      continue;
    }
    for (let at = 1; at < arg.length; at += 1) {
      const name = `-${arg[at] ?? ""}`;
      if (valued.includes(name)) {
        const glued = arg.slice(at + 1).replace(/^=/, "");
        add(name, glued === "" ? (args[++index] ?? "") : glued);
        break;
      }
      if (flags.includes(name)) add(name, "");
      else unknown ??= name;
    }
  }
  return {
    options,
    operands,
    unknown,
    has: (...names) => names.some((name) => options.has(name)),
    value: (...names) => names.flatMap((name) => options.get(name) ?? []).at(-1),
  };
}
