import { posixRegex, RegexError } from "./support/regex.ts";
import type { Regex } from "./support/regex.ts";

export type SedAddress =
  | { kind: "line"; line: number }
  | { kind: "step"; first: number; step: number }
  | { kind: "last" }
  | { kind: "regex"; regex: Regex | undefined }
  | { kind: "plus"; count: number }
  | { kind: "multiple"; of: number };

export type ReplacementPart = { text: string } | { group: number } | { fold: "U" | "L" | "u" | "l" | "E" };

export interface SedCommand {
  from: SedAddress | undefined;
  to: SedAddress | undefined;
  negated: boolean;
  name: string;
  text: string;
  number: number;
  /** Where to go on: after the block, or at the label. */
  jump: number;
  regex: Regex | undefined;
  replacement: readonly ReplacementPart[];
  global: boolean;
  print: number;
  occurrence: number;
  evaluate: boolean;
  file: string;
  map: ReadonlyMap<string, string>;
  /** State of a range: the line on which it ends, `open` while looking for a regex. */
  active: boolean;
  endLine: number;
}

/** What GNU sed says after `-e expression #1, `. */
export class SedError extends Error {
  override readonly name = "SedError";
}

const plainEscapes: Record<string, string> = {
  n: "\n",
  t: "\t",
  r: "\r",
  f: "\f",
  v: "\v",
  a: "\u0007",
};

interface ParseOptions {
  extended: boolean;
  /** One of the script pieces with its place for messages. */
  where: string;
}

/** Reads sed scripts. */
export class SedParser {
  readonly commands: SedCommand[] = [];
  #source = "";
  #at = 0;
  #where = "";
  #extended: boolean;
  #open: { index: number; char: number }[] = [];
  #labels = new Map<string, number>();

  constructor(extended: boolean) {
    this.#extended = extended;
  }

  #fail(message: string): never {
    throw new SedError(`${this.#where}char ${this.#at}: ${message}`);
  }

  #next(): string {
    const character = this.#source.charAt(this.#at);
    if (character !== "") this.#at += 1;
    return character;
  }

  #peek(): string {
    return this.#source.charAt(this.#at);
  }

  #skip(pattern: RegExp): void {
    while (this.#at < this.#source.length && pattern.test(this.#peek())) this.#at += 1;
  }

  add(source: string, options: ParseOptions): void {
    this.#source = source;
    this.#at = 0;
    this.#where = options.where;
    for (;;) {
      this.#skip(/[\s;]/);
      if (this.#at >= source.length) return;
      this.#command();
    }
  }

  /** Checks blocks and labels when all pieces are read. */
  finish(): void {
    if (this.#open[0]) throw new SedError(`-e expression #1, char 0: unmatched \`{'`);
    for (const command of this.commands) {
      if (!"btT".includes(command.name)) continue;
      if (command.text === "") command.jump = this.commands.length;
      else {
        const target = this.#labels.get(command.text);
        if (target === undefined)
          throw new SedError(
            `-e expression #1, char ${this.#source.length}: can't find label for jump to \`${command.text}'`.replace(
              /^.*?: can't/,
              "can't",
            ),
          );
        command.jump = target;
      }
    }
  }

  #address(): SedAddress | undefined {
    const character = this.#peek();
    if (/\d/.test(character)) {
      const first = this.#number();
      this.#skip(/ /);
      if (this.#peek() === "~") {
        this.#at += 1;
        return { kind: "step", first, step: /\d/.test(this.#peek()) ? this.#number() : 0 };
      }
      return { kind: "line", line: first };
    }
    if (character === "$") {
      this.#at += 1;
      return { kind: "last" };
    }
    if (character === "/" || character === "\\") {
      this.#at += 1;
      const delimiter = character === "\\" ? this.#next() : "/";
      const pattern = this.#delimited(delimiter, true);
      if (pattern === undefined) this.#fail("unterminated address regex");
      let ignoreCase = false;
      let multiline = false;
      while (/[IM]/.test(this.#peek())) {
        if (this.#next() === "I") ignoreCase = true;
        else multiline = true;
      }
      return { kind: "regex", regex: this.#compile(pattern, ignoreCase, multiline) };
    }
    return undefined;
  }

  #number(): number {
    const from = this.#at;
    this.#skip(/\d/);
    return Number(this.#source.slice(from, this.#at));
  }

  #compile(pattern: string, ignoreCase: boolean, multiline: boolean): Regex | undefined {
    if (pattern === "") return undefined;
    try {
      return posixRegex(pattern, { extended: this.#extended, ignoreCase, multiline, escapes: "sed" });
    } catch (error) {
      if (error instanceof RegexError) this.#fail(error.message);
      throw error;
    }
  }

  /** Text up to the delimiter, which is passed; undefined when it does not come. */
  #delimited(delimiter: string, regex: boolean): string | undefined {
    let result = "";
    let bracket = false;
    while (this.#at < this.#source.length) {
      const character = this.#next();
      if (character === "\\" && !bracket) {
        const next = this.#next();
        if (next === delimiter)
          result +=
            regex && "*.[]^$+?(){}|".includes(next) && next !== "|"
              ? `\\${next}`
              : next === "&" && !regex
                ? "\\&"
                : next;
        else if (next === "n" && regex) result += "\\n";
        else result += `\\${next}`;
        continue;
      }
      if (regex && bracket) {
        const named = /^\[([:.=])/.exec(this.#source.slice(this.#at - 1));
        if (named) {
          const end = this.#source.indexOf(`${named[1]}]`, this.#at + 1);
          if (end > 0) {
            result += this.#source.slice(this.#at - 1, end + 2);
            this.#at = end + 2;
            continue;
          }
        }
        if (character === "]") bracket = false;
      } else if (character === delimiter) return result;
      else if (regex && character === "[") {
        // A delimiter inside brackets is plain text, as long as the bracket is closed at all.
        const close = /^\^?\]?[^\]]*\]/.exec(this.#source.slice(this.#at));
        if (close) {
          bracket = true;
          const lead = /^\^?\]?/.exec(this.#source.slice(this.#at))?.[0] ?? "";
          result += character + lead;
          this.#at += lead.length;
          continue;
        }
      }
      if (character === "\n" && regex) return undefined;
      result += character;
    }
    return undefined;
  }

  #command(): void {
    const from = this.#address();
    let to: SedAddress | undefined;
    if (from) {
      this.#skip(/\s/);
      if (this.#peek() === ",") {
        this.#at += 1;
        this.#skip(/\s/);
        if (this.#peek() === "+") {
          this.#at += 1;
          to = { kind: "plus", count: this.#number() };
        } else if (this.#peek() === "~") {
          this.#at += 1;
          to = { kind: "multiple", of: this.#number() };
        } else to = this.#address();
        if (!to) this.#fail("unexpected `,'");
      }
    }
    if (from?.kind === "line" && from.line === 0 && to?.kind !== "regex") this.#fail("invalid usage of line address 0");
    this.#skip(/\s/);
    let negated = false;
    while (this.#peek() === "!") {
      negated = true;
      this.#at += 1;
      this.#skip(/\s/);
    }
    const name = this.#next();
    if (name === "") this.#fail("missing command");
    const command: SedCommand = {
      from,
      to,
      negated,
      name,
      text: "",
      number: 0,
      jump: 0,
      regex: undefined,
      replacement: [],
      global: false,
      print: 0,
      occurrence: 0,
      evaluate: false,
      file: "",
      map: new Map(),
      active: false,
      endLine: 0,
    };
    switch (name) {
      case "#":
        if (from) this.#fail("comments don't accept any addresses");
        while (this.#at < this.#source.length && this.#next() !== "\n");
        return;
      case "{":
        this.#open.push({ index: this.commands.length, char: this.#at });
        this.commands.push(command);
        return;
      case "}": {
        const open = this.#open.pop();
        if (!open) this.#fail("unexpected `}'");
        if (from) this.#fail("} doesn't want any addresses");
        const block = this.commands[open.index];
        if (block) block.jump = this.commands.length;
        this.#end();
        return;
      }
      case ":": {
        if (from) this.#fail(": doesn't want any addresses");
        this.#skip(/[ \t]/);
        const label = this.#word(/[\s;]/);
        if (label === "") this.#fail('":" lacks a label');
        this.#labels.set(label, this.commands.length);
        return;
      }
      case "b":
      case "t":
      case "T":
        this.#skip(/[ \t]/);
        command.text = this.#word(/[\s;}]/);
        break;
      case "a":
      case "i":
      case "c":
        command.text = this.#text();
        break;
      case "r":
      case "R":
      case "w":
      case "W":
        this.#skip(/[ \t]/);
        command.file = this.#word(/\n/);
        if (command.file === "") this.#fail("missing filename in r/R/w/W commands");
        break;
      case "s":
        this.#substitute(command);
        break;
      case "y":
        this.#transliterate(command);
        break;
      case "q":
      case "Q":
        if (to) this.#fail("command only uses one address");
        this.#skip(/[ \t]/);
        command.number = /\d/.test(this.#peek()) ? this.#number() : 0;
        this.#end();
        break;
      case "l":
      case "L":
        this.#skip(/[ \t]/);
        command.number = /\d/.test(this.#peek()) ? this.#number() : 70;
        this.#end();
        break;
      case "e":
        this.#skip(/[ \t]/);
        command.text = this.#word(/\n/);
        break;
      case "=":
      case "d":
      case "D":
      case "F":
      case "g":
      case "G":
      case "h":
      case "H":
      case "n":
      case "N":
      case "p":
      case "P":
      case "x":
      case "z":
        this.#end();
        break;
      default:
        this.#fail(`unknown command: \`${name}'`);
    }
    this.commands.push(command);
  }

  #word(stop: RegExp): string {
    const from = this.#at;
    while (this.#at < this.#source.length && !stop.test(this.#peek())) this.#at += 1;
    return this.#source.slice(from, this.#at);
  }

  #end(): void {
    this.#skip(/[ \t\r]/);
    const character = this.#peek();
    if (character === "" || character === "}") return;
    this.#at += 1;
    if (character === "#") {
      this.#at -= 1;
      return;
    }
    if (character !== ";" && character !== "\n") this.#fail("extra characters after command");
  }

  /** The text of a, i and c in GNU's one-line form and in POSIX's form after a backslash. */
  #text(): string {
    this.#skip(/[ \t]/);
    if (this.#peek() === "") this.#fail("expected \\ after `a', `c' or `i'");
    if (this.#peek() === "\\") {
      const lead = /^\\[ \t]*\n/.exec(this.#source.slice(this.#at));
      // What follows a backslash on the same line keeps its leading blanks.
      this.#at += lead ? lead[0].length : 1;
      if (this.#at >= this.#source.length) this.#fail("incomplete command");
    }
    let result = "";
    while (this.#at < this.#source.length) {
      const character = this.#next();
      if (character === "\n") break;
      if (character !== "\\") {
        result += character;
        continue;
      }
      const next = this.#next();
      result += plainEscapes[next] ?? next;
    }
    return `${result}\n`;
  }

  #substitute(command: SedCommand): void {
    const delimiter = this.#next();
    if (delimiter === "" || delimiter === "\n" || delimiter === "\\") this.#fail("unterminated `s' command");
    const pattern = this.#delimited(delimiter, true);
    const replacement = pattern === undefined ? undefined : this.#delimited(delimiter, false);
    if (pattern === undefined || replacement === undefined) this.#fail("unterminated `s' command");
    let ignoreCase = false;
    let multiline = false;
    for (;;) {
      const flag = this.#peek();
      if (flag === "g") command.global = true;
      else if (flag === "p") command.print += 1;
      else if (flag === "i" || flag === "I") ignoreCase = true;
      else if (flag === "m" || flag === "M") multiline = true;
      else if (flag === "e") command.evaluate = true;
      else if (/\d/.test(flag)) {
        command.occurrence = this.#number();
        if (command.occurrence === 0) this.#fail("number option to `s' command may not be zero");
        continue;
      } else if (flag === "w") {
        this.#at += 1;
        this.#skip(/[ \t]/);
        command.file = this.#word(/\n/);
        break;
      } else if (flag === "" || /[;}\n\s#]/.test(flag)) {
        this.#end();
        break;
      } else {
        this.#at += 1;
        this.#fail("unknown option to `s'");
      }
      this.#at += 1;
    }
    command.regex = this.#compile(pattern, ignoreCase, multiline);
    command.replacement = this.#replacement(replacement, command.regex);
  }

  #replacement(source: string, regex: Regex | undefined): ReplacementPart[] {
    const parts: ReplacementPart[] = [];
    let text = "";
    const push = (part: ReplacementPart): void => {
      if (text !== "") parts.push({ text });
      text = "";
      parts.push(part);
    };
    for (let at = 0; at < source.length; at += 1) {
      const character = source.charAt(at);
      if (character === "&") {
        push({ group: 0 });
        continue;
      }
      if (character !== "\\") {
        text += character;
        continue;
      }
      at += 1;
      const next = source.charAt(at);
      if (/\d/.test(next)) {
        if (regex && Number(next) > regex.groups) this.#fail(`invalid reference \\${next} on \`s' command's RHS`);
        push({ group: Number(next) });
      } else if (next === "U" || next === "L" || next === "u" || next === "l" || next === "E") push({ fold: next });
      else {
        const numeric = /^(?:x([0-9a-fA-F]{1,2})|o([0-7]{1,3})|d(\d{1,3}))/.exec(source.slice(at));
        if (numeric) {
          text += String.fromCharCode(
            numeric[1]
              ? Number.parseInt(numeric[1], 16)
              : numeric[2]
                ? Number.parseInt(numeric[2], 8)
                : Number(numeric[3]),
          );
          at += numeric[0].length - 1;
        } else text += plainEscapes[next] ?? next;
      }
    }
    if (text !== "") parts.push({ text });
    return parts;
  }

  #transliterate(command: SedCommand): void {
    const delimiter = this.#next();
    const from = this.#delimited(delimiter, false);
    const to = from === undefined ? undefined : this.#delimited(delimiter, false);
    if (from === undefined || to === undefined) this.#fail("unterminated `y' command");
    const known: Record<string, string> = { n: "\n", t: "\t", r: "\r", "\\": "\\" };
    const characters = (text: string): string[] =>
      [...text.matchAll(/\\(.)|[^\\]/gsu)].map((match) =>
        match[1] === undefined ? match[0] : (known[match[1]] ?? match[1]),
      );
    const source = characters(from);
    const target = characters(to);
    if (source.length !== target.length) this.#fail("strings for `y' command are different lengths");
    command.map = new Map(source.map((character, index) => [character, target[index] ?? character]));
    this.#end();
  }
}
