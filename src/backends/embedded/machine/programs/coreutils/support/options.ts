/** One option as given: its long name (or its letter when it has none) and its value. */
export interface GivenOption {
  name: string;
  value: string | undefined;
}

interface OptionRule {
  name: string;
  letter: string;
  long: string;
  argument: "none" | "required" | "optional";
}

/** The words after "<tool>: " of a message about wrong options. */
export class OptionError extends Error {
  override readonly name = "OptionError";
}

export class Options {
  readonly given: readonly GivenOption[];
  readonly operands: readonly string[];
  constructor(given: readonly GivenOption[], operands: readonly string[]) {
    this.given = given;
    this.operands = operands;
  }
  has(...names: string[]): boolean {
    return this.given.some((option) => names.includes(option.name));
  }
  /** The last value given. */
  value(name: string): string | undefined {
    return this.given.findLast((option) => option.name === name)?.value;
  }
  values(name: string): string[] {
    return this.given.filter((option) => option.name === name).map((option) => option.value ?? "");
  }
  /** Which of several options that override each other came last. */
  last(...names: string[]): string | undefined {
    return this.given.findLast((option) => names.includes(option.name))?.name;
  }
}

const rulesCache = new Map<string, OptionRule[]>();

/** Reads a table such as `a,all w,width= color=? 1`: letter and long name, `=` takes a value, `=?` may take one. */
function rulesOf(table: string): OptionRule[] {
  let rules = rulesCache.get(table);
  if (!rules) {
    rules = table
      .split(/\s+/)
      .filter(Boolean)
      .map((entry) => {
        const argument = entry.endsWith("=?") ? "optional" : entry.endsWith("=") ? "required" : "none";
        const names = entry.replace(/=\??$/, "");
        const comma = names.indexOf(",");
        const letter = comma >= 0 ? names.slice(0, comma) : names.length === 1 ? names : "";
        const long = comma >= 0 ? names.slice(comma + 1) : names.length === 1 ? "" : names;
        return { name: long || letter, letter, long, argument };
      });
    rulesCache.set(table, rules);
  }
  return rules;
}

/**
 * Splits arguments as GNU getopt_long does. Throws OptionError with its words.
 * With `permute` false the first operand ends the options.
 */
export function parseOptions(args: readonly string[], table: string, permute = true): Options {
  const rules = rulesOf(table);
  const given: GivenOption[] = [];
  const operands: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? "";
    if (arg === "--") {
      operands.push(...args.slice(index + 1));
      break;
    }
    if (arg.startsWith("--")) {
      const equals = arg.indexOf("=");
      const word = equals < 0 ? arg.slice(2) : arg.slice(2, equals);
      const rule = findLong(rules, word, arg);
      let value = equals < 0 ? undefined : arg.slice(equals + 1);
      if (rule.argument === "none" && value !== undefined) {
        throw new OptionError(`option '--${rule.long}' doesn't allow an argument`);
      }
      if (rule.argument === "required" && value === undefined) {
        index += 1;
        value = args[index];
        if (value === undefined) throw new OptionError(`option '--${rule.long}' requires an argument`);
      }
      given.push({ name: rule.name, value });
      continue;
    }
    if (arg.startsWith("-") && arg !== "-") {
      let rest = arg.slice(1);
      while (rest !== "") {
        const letter = String.fromCodePoint(rest.codePointAt(0) ?? 0);
        rest = rest.slice(letter.length);
        const rule = rules.find((candidate) => candidate.letter === letter);
        if (!rule) throw new OptionError(`invalid option -- '${letter}'`);
        if (rule.argument === "none") {
          given.push({ name: rule.name, value: undefined });
          continue;
        }
        let value: string | undefined = rest === "" ? undefined : rest;
        rest = "";
        if (value === undefined && rule.argument === "required") {
          index += 1;
          value = args[index];
          if (value === undefined) throw new OptionError(`option requires an argument -- '${letter}'`);
        }
        given.push({ name: rule.name, value });
      }
      continue;
    }
    if (!permute) {
      operands.push(...args.slice(index));
      break;
    }
    operands.push(arg);
  }
  return new Options(given, operands);
}

function findLong(rules: readonly OptionRule[], word: string, arg: string): OptionRule {
  const longs = [...rules, helpRule, versionRule];
  const exact = longs.find((rule) => rule.long === word);
  if (exact) return exact;
  const matches = longs.filter((rule) => rule.long !== "" && rule.long.startsWith(word));
  const [first] = matches;
  if (!first) throw new OptionError(`unrecognized option '${arg.replace(/=.*$/s, "")}'`);
  if (matches.length > 1) {
    const list = matches.map((rule) => `'--${rule.long}'`).join(" ");
    throw new OptionError(`option '${arg}' is ambiguous; possibilities: ${list}`);
  }
  return first;
}

const helpRule: OptionRule = { name: "help", letter: "", long: "help", argument: "none" };
const versionRule: OptionRule = { name: "version", letter: "", long: "version", argument: "none" };
