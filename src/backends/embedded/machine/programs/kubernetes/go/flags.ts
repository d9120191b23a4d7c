import { parseDuration } from "./duration.ts";

export type FlagKind = "string" | "bool" | "int" | "list" | "duration" | "strings";

export interface FlagSpec {
  kind: FlagKind;
  short?: string;
  /** Value of the flag without `=value` (pflag's NoOptDefVal). */
  bare?: string;
}

export type FlagSpecs = Readonly<Record<string, FlagSpec>>;

/** A wrong flag; the message is pflag's. */
export class FlagError extends Error {
  override readonly name = "FlagError";
}

/** Parsed flags and the words between them. */
export class ParsedFlags {
  readonly words: string[] = [];
  /** Words after `--`; undefined when there was none. */
  dashed: string[] | undefined;
  readonly values = new Map<string, string[]>();

  has(name: string): boolean {
    return this.values.has(name);
  }
  text(name: string): string | undefined {
    return this.values.get(name)?.at(-1);
  }
  bool(name: string): boolean {
    const value = this.text(name);
    return value !== undefined && ["true", "1", "t", "T", "TRUE", "True"].includes(value);
  }
  number(name: string): number | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : Number(value);
  }
  /** Every value, comma-separated ones taken apart. */
  list(name: string): string[] {
    return (this.values.get(name) ?? []).flatMap((value) => value.split(",")).filter((value) => value !== "");
  }
  /** Every value as given. */
  strings(name: string): string[] {
    return this.values.get(name) ?? [];
  }
  /** Milliseconds. */
  duration(name: string): number | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : parseDuration(/^\d+$/.test(value) ? `${value}s` : value);
  }
}

/** Parses arguments as pflag does, flags anywhere. `stopAtWord` ends at the first word (for `kubectl exec`'s old form). */
export function parseFlags(args: readonly string[], specs: FlagSpecs): ParsedFlags {
  const parsed = new ParsedFlags();
  const add = (name: string, value: string, spec: FlagSpec, shown: string): void => {
    checkValue(value, spec, shown);
    const values = parsed.values.get(name);
    if (values) values.push(value);
    else parsed.values.set(name, [value]);
  };
  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i] ?? "";
    if (arg === "--") {
      parsed.dashed = args.slice(i + 1);
      break;
    }
    if (arg.startsWith("--")) {
      const equals = arg.indexOf("=");
      const name = equals < 0 ? arg.slice(2) : arg.slice(2, equals);
      if (name === "" || name.startsWith("-")) throw new FlagError(`bad flag syntax: ${arg}`);
      const spec = specs[name];
      if (!spec) throw new FlagError(`unknown flag: --${name}`);
      const shown = spec.short === undefined ? `--${name}` : `-${spec.short}, --${name}`;
      if (equals >= 0) add(name, arg.slice(equals + 1), spec, shown);
      else if (spec.kind === "bool" || spec.bare !== undefined) add(name, spec.bare ?? "true", spec, shown);
      else {
        i += 1;
        const value = args[i];
        if (value === undefined) throw new FlagError(`flag needs an argument: --${name}`);
        add(name, value, spec, shown);
      }
      continue;
    }
    if (arg.startsWith("-") && arg.length > 1) {
      const letters = arg.slice(1);
      for (let at = 0; at < letters.length; at += 1) {
        const letter = letters[at] ?? "";
        const found = Object.entries(specs).find(([, spec]) => spec.short === letter);
        if (!found) throw new FlagError(`unknown shorthand flag: '${letter}' in ${arg}`);
        const [name, spec] = found;
        const shown = `-${letter}, --${name}`;
        const rest = letters.slice(at + 1);
        if (rest.startsWith("=")) {
          add(name, rest.slice(1), spec, shown);
          break;
        }
        if (spec.kind === "bool" || spec.bare !== undefined) {
          add(name, spec.bare ?? "true", spec, shown);
          continue;
        }
        if (rest !== "") {
          add(name, rest, spec, shown);
          break;
        }
        i += 1;
        const value = args[i];
        if (value === undefined) throw new FlagError(`flag needs an argument: '${letter}' in ${arg}`);
        add(name, value, spec, shown);
      }
      continue;
    }
    parsed.words.push(arg);
  }
  return parsed;
}

function checkValue(value: string, spec: FlagSpec, shown: string): void {
  const fail = (reason: string): never => {
    throw new FlagError(`invalid argument ${JSON.stringify(value)} for "${shown}" flag: ${reason}`);
  };
  if (spec.kind === "int" && !/^[-+]?\d+$/.test(value))
    fail(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
  if (spec.kind === "bool" && !/^(?:true|false|1|0|t|f|T|F|TRUE|FALSE|True|False)$/.test(value)) {
    fail(`strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`);
  }
  if (spec.kind === "duration" && parseDuration(value) === undefined) {
    const reason = /^\d+$/.test(value) ? "missing unit in duration" : "invalid duration";
    fail(`time: ${reason} ${JSON.stringify(value)}`);
  }
}
