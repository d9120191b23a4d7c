/** What glibc says about a wrong regular expression. */
export class RegexError extends Error {
  override readonly name = "RegexError";
}

export interface RegexOptions {
  extended?: boolean;
  ignoreCase?: boolean;
  /** `^` and `$` also match at newlines. */
  multiline?: boolean;
  /** Classes know ASCII only, for programs that work on bytes. */
  ascii?: boolean;
  /** Which escapes beyond POSIX are known: sed has `\n` `\t`, awk also inside brackets. */
  escapes?: "grep" | "sed" | "awk";
}

export interface RegexMatch {
  start: number;
  end: number;
  /** Index 0 is the whole match. */
  groups: (string | undefined)[];
}

const unicodeClasses: Record<string, string> = {
  alpha: "\\p{L}\\p{Nl}",
  digit: "0-9",
  alnum: "\\p{L}\\p{N}",
  upper: "\\p{Lu}",
  lower: "\\p{Ll}",
  space: " \\t\\n\\r\\f\\v\\u2000-\\u2006\\u2008-\\u200a\\u2028\\u2029\\u205f\\u3000",
  blank: " \\t",
  punct: "!-\\/:-@\\[-`\\{-~\\p{P}\\p{S}",
  print: " -~\\u00a0-\\ud7ff\\ue000-\\u{10ffff}",
  graph: "!-~\\u00a1-\\u1fff\\u200b-\\u2027\\u2030-\\u205e\\u2060-\\u2fff\\u3001-\\ud7ff\\ue000-\\u{10ffff}",
  cntrl: "\\x00-\\x1f\\x7f-\\x9f",
  xdigit: "0-9A-Fa-f",
};

const asciiClasses: Record<string, string> = {
  ...unicodeClasses,
  alpha: "a-zA-Z",
  alnum: "a-zA-Z0-9",
  upper: "A-Z",
  lower: "a-z",
  space: " \\t\\n\\r\\f\\v",
  punct: "!-\\/:-@\\[-`\\{-~",
  print: " -~",
  graph: "!-~",
  cntrl: "\\x00-\\x1f\\x7f",
};

const bracketUnmatched = "Unmatched [, [^, [:, [., or [=";

/** Turns a POSIX regular expression into the source of a JavaScript one (flags u and s). */
class Translator {
  readonly #source: string;
  readonly #options: RegexOptions;
  #at = 0;
  #groups = 0;
  #closed = new Set<number>();
  /** True when JavaScript's first match may be shorter than POSIX's longest. */
  ambiguous = false;
  /** True when the match depends on what follows it. */
  looksAhead = false;
  hasBackReference = false;

  constructor(source: string, options: RegexOptions) {
    this.#source = source;
    this.#options = options;
  }

  translate(): string {
    const result = this.#alternatives(0);
    if (this.#at < this.#source.length)
      throw new RegexError(this.#options.extended ? "Unmatched ( or \\(" : "Unmatched ) or \\)");
    return result;
  }

  get groups(): number {
    return this.#groups;
  }

  #peek(text: string): boolean {
    return this.#source.startsWith(text, this.#at);
  }

  #take(text: string): boolean {
    if (!this.#peek(text)) return false;
    this.#at += text.length;
    return true;
  }

  #alternatives(depth: number): string {
    const bar = this.#options.extended ? "|" : "\\|";
    const parts = [this.#sequence(depth)];
    while (this.#take(bar)) parts.push(this.#sequence(depth));
    if (parts.length > 1) this.ambiguous = true;
    return parts.join("|");
  }

  #atEndOfBranch(depth: number): boolean {
    const { extended } = this.#options;
    if (this.#at >= this.#source.length) return true;
    if (this.#peek(extended ? "|" : "\\|")) return true;
    if (this.#peek(extended ? ")" : "\\)")) {
      if (depth > 0) return true;
      if (!extended) throw new RegexError("Unmatched ) or \\)");
    }
    return false;
  }

  #sequence(depth: number): string {
    const { extended } = this.#options;
    let result = "";
    let first = true;
    while (!this.#atEndOfBranch(depth)) {
      if (this.#isStartAnchor(first)) {
        this.#at += 1;
        result += this.#options.multiline ? "(?<=^|\\n)" : "(?<![^])";
        if (!extended && this.#peek("*")) {
          this.#at += 1;
          result += "\\*";
        }
        first = false;
        continue;
      }
      if (this.#isEndAnchor(depth)) {
        this.#at += 1;
        this.looksAhead = true;
        result += this.#options.multiline ? "(?=\\n|(?![^]))" : "(?![^])";
        continue;
      }
      if (first && this.#peek("*")) {
        this.#at += 1;
        if (!extended) result += this.#quantified("\\*", false);
        first = false;
        continue;
      }
      if (first && extended && (this.#peek("+") || this.#peek("?"))) {
        this.#at += 1;
        continue;
      }
      const before = this.#groups;
      const atom = this.#atom(depth);
      result += this.#quantified(atom, this.#groups > before);
      first = false;
    }
    return result;
  }

  #isStartAnchor(first: boolean): boolean {
    return this.#peek("^") && (this.#options.extended === true || first);
  }

  #isEndAnchor(depth: number): boolean {
    if (!this.#peek("$")) return false;
    if (this.#options.extended) return true;
    const after = this.#at + 1;
    return (
      after >= this.#source.length ||
      this.#source.startsWith("\\|", after) ||
      (depth > 0 && this.#source.startsWith("\\)", after))
    );
  }

  #quantified(atom: string, isGroup: boolean): string {
    let result = atom;
    let count = 0;
    for (;;) {
      const quantifier = this.#quantifier();
      if (quantifier === undefined) return result;
      if (count > 0) result = `(?:${result})`;
      if (isGroup) this.ambiguous = true;
      result += quantifier;
      count += 1;
    }
  }

  #quantifier(): string | undefined {
    const { extended } = this.#options;
    if (this.#take("*")) return "*";
    if (this.#take(extended ? "+" : "\\+")) return "+";
    if (this.#take(extended ? "?" : "\\?")) return "?";
    const open = extended ? "{" : "\\{";
    if (!this.#peek(open)) return undefined;
    const pattern = extended ? /^\{(\d*)(?:(,)(\d*))?\}/ : /^\\\{(\d*)(?:(,)(\d*))?\\\}/;
    const match = pattern.exec(this.#source.slice(this.#at));
    if (!match || (match[1] === "" && match[2] === undefined)) {
      if (extended) return undefined;
      throw new RegexError(this.#source.includes("\\}", this.#at) ? "Invalid content of \\{\\}" : "Unmatched \\{");
    }
    this.#at += match[0].length;
    const low = match[1] === "" ? 0 : Number(match[1]);
    const high =
      match[2] === undefined ? low : match[3] === "" || match[3] === undefined ? undefined : Number(match[3]);
    if (low > 32_767 || (high ?? 0) > 32_767) throw new RegexError("Regular expression too big");
    if (high !== undefined && high < low) throw new RegexError("Invalid content of \\{\\}");
    return match[2] === undefined ? `{${low}}` : `{${low},${high ?? ""}}`;
  }

  #atom(depth: number): string {
    const { extended } = this.#options;
    if (this.#take(extended ? "(" : "\\(")) {
      this.#groups += 1;
      const number = this.#groups;
      const inner = this.#alternatives(depth + 1);
      if (!this.#take(extended ? ")" : "\\)")) throw new RegexError("Unmatched ( or \\(");
      this.#closed.add(number);
      return `(${inner})`;
    }
    if (this.#peek("[")) return this.#bracket();
    if (this.#take(".")) return this.#options.ascii ? "[^]" : "[^\\udc80-\\udcff]";
    if (this.#peek("\\")) return this.#escape();
    return literal(this.#character());
  }

  #character(): string {
    const character = String.fromCodePoint(this.#source.codePointAt(this.#at) ?? 0);
    this.#at += character.length;
    return character;
  }

  #escape(): string {
    this.#at += 1;
    if (this.#at >= this.#source.length) throw new RegexError("Trailing backslash");
    const character = this.#character();
    const { escapes = "grep", ascii } = this.#options;
    const word = ascii ? "a-zA-Z0-9_" : "\\p{L}\\p{N}_";
    if (/[1-9]/.test(character) && escapes !== "awk") {
      if (!this.#closed.has(Number(character))) throw new RegexError("Invalid back reference");
      this.hasBackReference = true;
      return `(?:\\${character})`;
    }
    if (escapes !== "awk") {
      switch (character) {
        case "w":
          return `[${word}]`;
        case "W":
          return `[^${word}]`;
        case "s":
          return "\\s";
        case "S":
          return "\\S";
        case "b":
          this.looksAhead = true;
          return `(?:(?<=[${word}])(?![${word}])|(?<![${word}])(?=[${word}]))`;
        case "B":
          this.looksAhead = true;
          return `(?:(?<=[${word}])(?=[${word}])|(?<![${word}])(?![${word}]))`;
        case "<":
          this.looksAhead = true;
          return `(?<![${word}])(?=[${word}])`;
        case ">":
          this.looksAhead = true;
          return `(?<=[${word}])(?![${word}])`;
        case "`":
          return "(?<![^])";
        case "'":
          this.looksAhead = true;
          return "(?![^])";
        default:
      }
    }
    if (escapes !== "grep") {
      const plain = plainEscape(character);
      if (plain !== undefined) return literal(plain);
      const numeric = this.#numericEscape(character, escapes);
      if (numeric !== undefined) return literal(numeric);
    }
    return literal(character);
  }

  #numericEscape(character: string, escapes: "sed" | "awk"): string | undefined {
    const rest = this.#source.slice(this.#at);
    const forms: [string, RegExp, number][] =
      escapes === "sed"
        ? [
            ["x", /^[0-9a-fA-F]{1,2}/, 16],
            ["o", /^[0-7]{1,3}/, 8],
            ["d", /^\d{1,3}/, 10],
          ]
        : [["x", /^[0-9a-fA-F]{1,2}/, 16]];
    if (escapes === "awk" && /[0-7]/.test(character)) {
      const digits = /^[0-7]{0,2}/.exec(rest)?.[0] ?? "";
      this.#at += digits.length;
      return String.fromCharCode(Number.parseInt(character + digits, 8));
    }
    for (const [letter, pattern, base] of forms) {
      const digits = character === letter ? pattern.exec(rest)?.[0] : undefined;
      if (digits === undefined) continue;
      this.#at += digits.length;
      return String.fromCharCode(Number.parseInt(digits, base));
    }
    return undefined;
  }

  #bracket(): string {
    this.#at += 1;
    const negated = this.#take("^");
    let inner = "";
    let first = true;
    for (;;) {
      if (this.#at >= this.#source.length) throw new RegexError(bracketUnmatched);
      if (this.#peek("]") && !first) {
        this.#at += 1;
        break;
      }
      first = false;
      const named = this.#named();
      if (named !== undefined) {
        inner += named;
        continue;
      }
      const low = this.#bracketCharacter();
      const next = this.#source[this.#at + 1];
      if (this.#peek("-") && next !== undefined && next !== "]") {
        this.#at += 1;
        const high = this.#bracketCharacter();
        if ((high.codePointAt(0) ?? 0) < (low.codePointAt(0) ?? 0)) throw new RegexError("Invalid range end");
        inner += `${inBracket(low)}-${inBracket(high)}`;
      } else inner += inBracket(low);
    }
    if (negated) return this.#options.ascii ? `[^${inner}]` : `[^${inner}\\udc80-\\udcff]`;
    return `[${inner}]`;
  }

  /** `[:alpha:]` and its kin inside a bracket expression. */
  #named(): string | undefined {
    const match = /^\[:([a-z]*):\]/.exec(this.#source.slice(this.#at, this.#at + 20));
    if (!match) {
      if (this.#peek("[:") && !this.#source.includes(":]", this.#at)) throw new RegexError(bracketUnmatched);
      return undefined;
    }
    let name = match[1] ?? "";
    if (this.#options.ignoreCase && (name === "upper" || name === "lower")) name = "alpha";
    const set = (this.#options.ascii ? asciiClasses : unicodeClasses)[name];
    if (set === undefined) throw new RegexError("Invalid character class name");
    this.#at += match[0].length;
    return set;
  }

  #bracketCharacter(): string {
    const collating = /^\[([.=])(.)\1\]/u.exec(this.#source.slice(this.#at, this.#at + 8));
    if (collating) {
      this.#at += collating[0].length;
      return collating[2] ?? "";
    }
    const { escapes = "grep" } = this.#options;
    if (escapes !== "grep" && this.#peek("\\")) {
      const next = this.#source[this.#at + 1] ?? "";
      const plain = plainEscape(next);
      if (plain !== undefined) {
        this.#at += 2;
        return plain;
      }
      if (escapes === "awk" && next !== "") {
        this.#at += 1;
      }
    }
    return this.#character();
  }
}

const plainEscapes: Record<string, string> = { n: "\n", t: "\t", f: "\f", v: "\v", a: "\u0007", r: "\r" };

const plainEscape = (letter: string): string | undefined => plainEscapes[letter];

const literal = (character: string): string => {
  if (/^[\^$\\.*+?()[\]{}|/]$/.test(character)) return `\\${character}`;
  return inBracket(character, true);
};

function inBracket(character: string, outside = false): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20 || (code >= 0xd800 && code <= 0xdfff) || code === 0x2028 || code === 0x2029) {
    return `\\u${code.toString(16).padStart(4, "0")}`;
  }
  return !outside && /^[\]\\^[-]$/.test(character) ? `\\${character}` : character;
}

/** A compiled regular expression that finds the leftmost, longest match. */
export class Regex {
  readonly groups: number;
  readonly #regex: RegExp;
  readonly #exact: RegExp | undefined;
  readonly #looksAhead: boolean;

  constructor(source: string, flags: string, groups: number, ambiguous: boolean, looksAhead: boolean) {
    this.groups = groups;
    this.#regex = compile(source, `g${flags}`);
    this.#exact = ambiguous ? compile(`(?:${source})(?![^])`, `y${flags}`) : undefined;
    this.#looksAhead = looksAhead;
  }

  test(text: string): boolean {
    this.#regex.lastIndex = 0;
    return this.#regex.test(text);
  }

  /** The leftmost longest match at or after `from`. */
  exec(text: string, from = 0): RegexMatch | undefined {
    this.#regex.lastIndex = from;
    const match = this.#regex.exec(text);
    if (!match) return undefined;
    const start = match.index;
    const found = { start, end: start + match[0].length, groups: [...match] };
    return this.#exact ? this.#longer(this.#exact, text, found) : found;
  }

  #longer(exact: RegExp, text: string, found: RegexMatch): RegexMatch {
    const last = this.#looksAhead ? text.length : Math.min(text.length, found.start + 4096);
    for (let end = last; end > found.end; end -= 1) {
      if (this.#looksAhead && end < text.length) break;
      exact.lastIndex = found.start;
      const match = exact.exec(end === text.length ? text : text.slice(0, end));
      if (match) return { start: found.start, end, groups: [...match] };
    }
    return found;
  }
}

function compile(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags);
  } catch {
    throw new RegexError("Invalid regular expression");
  }
}

/** Compiles a POSIX basic or extended regular expression as glibc understands it. Throws RegexError. */
export function posixRegex(pattern: string, options: RegexOptions = {}): Regex {
  const translator = new Translator(pattern, options);
  const source = translator.translate();
  const flags = options.ignoreCase ? "ius" : "us";
  return new Regex(
    source,
    flags,
    translator.groups,
    translator.ambiguous && !translator.hasBackReference,
    translator.looksAhead,
  );
}

/** Several patterns of which any may match. Each keeps its own back references. */
export function anyOf(patterns: readonly Regex[]): (text: string, from: number) => RegexMatch | undefined {
  const [only] = patterns;
  if (only && patterns.length === 1) return (text, from) => only.exec(text, from);
  return (text, from) => {
    let best: RegexMatch | undefined;
    for (const pattern of patterns) {
      const match = pattern.exec(text, from);
      if (!match) continue;
      if (!best || match.start < best.start || (match.start === best.start && match.end > best.end)) best = match;
    }
    return best;
  };
}

/** Perl's syntax as JavaScript has it, which is close. */
export function perlRegex(pattern: string, ignoreCase: boolean): Regex {
  const source = pattern
    .replace(/\(\?<([A-Za-z_]\w*)>/g, "(?<$1>")
    .replace(/\[:(\w+):\]/g, (whole, name: string) => asciiClasses[name] ?? whole)
    .replace(/\\h/g, "[ \\t]");
  const flags = ignoreCase ? "is" : "s";
  const keep = source.indexOf("\\K");
  const final = keep < 0 ? source : `(?<=${source.slice(0, keep)})${source.slice(keep + 2)}`;
  return new Regex(final, flags, 0, false, false);
}

/** A literal text as a pattern. */
export function literalRegex(text: string, ignoreCase: boolean): Regex {
  const source = [...text].map(literal).join("");
  return new Regex(source, ignoreCase ? "ius" : "us", 0, false, false);
}
