/** An option: its names without dashes, and whether it takes a value. */
export interface Option {
  names: readonly string[];
  value?: boolean;
}

export interface Arguments {
  positionals: string[];
  /** Values of each option given, by its first name; an option without value has an empty one for each time. */
  options: Map<string, string[]>;
  /** What is wrong, as Qt says it. */
  error?: string;
}

export const globalOptions: readonly Option[] = [
  { names: ["help", "h"] },
  { names: ["verbose", "v"] },
  { names: ["version", "V"] },
];

/** Reads arguments as QCommandLineParser does: options anywhere before `--`, short ones compacted. */
export function parseArguments(words: readonly string[], known: readonly Option[]): Arguments {
  const positionals: string[] = [];
  const options = new Map<string, string[]>();
  const unknown: string[] = [];
  let missing: string | undefined;
  const rest = [...words];
  const found = (name: string): Option | undefined => known.find(({ names }) => names.includes(name));
  const add = ({ names: [name = ""] }: Option, value: string): void => {
    options.set(name, [...(options.get(name) ?? []), value]);
  };
  const next = (dashed: string): string => {
    const value = rest.shift();
    if (value === undefined) missing ??= dashed;
    return value ?? "";
  };
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--") {
      positionals.push(...rest.splice(0));
    } else if (word.startsWith("--")) {
      const [, name = "", , value] = /^--([^=]*)(=(.*))?$/s.exec(word) ?? [];
      const option = found(name);
      if (option) add(option, option.value === true ? (value ?? next(word)) : "");
      else unknown.push(name);
    } else if (word.startsWith("-") && word !== "-") {
      for (let at = 1; at < word.length; at += 1) {
        const name = word.charAt(at);
        const option = found(name);
        if (!option) {
          unknown.push(name);
        } else if (option.value === true) {
          const value = word.slice(at + 1).replace(/^=/, "");
          add(option, word.length > at + 1 ? value : next(`-${name}`));
          break;
        } else {
          add(option, "");
        }
      }
    } else {
      positionals.push(word);
    }
  }
  if (unknown.length === 1) return { positionals, options, error: `Unknown option '${unknown.join("")}'.` };
  if (unknown.length > 1) return { positionals, options, error: `Unknown options: ${unknown.join(", ")}.` };
  if (missing !== undefined) return { positionals, options, error: `Missing value after '${missing}'.` };
  return { positionals, options };
}
