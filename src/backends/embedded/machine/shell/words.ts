import type { List, Parameter, Word, WordPart } from "./ast.ts";

/** What is wrong with a script, in bash's words. */
export class SyntaxProblem extends Error {
  override readonly name = "SyntaxProblem";
  /** More lines could complete the command. */
  readonly incomplete: boolean;
  readonly line: number;
  /** The offending line is shown after the message. */
  readonly showsLine: boolean;
  constructor(message: string, line: number, options: { incomplete?: boolean; showsLine?: boolean } = {}) {
    super(message);
    this.line = line;
    this.incomplete = options.incomplete ?? false;
    this.showsLine = options.showsLine ?? false;
  }
}

/** Where in a word the reader is: what quotes and backslashes mean depends on it. */
type Mode = "word" | "double" | "heredoc" | "arithmetic" | "brace" | "braceDouble" | "pattern" | "regex";

const namePattern = /[A-Za-z_][A-Za-z0-9_]*/y;
const escapes: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  e: "\u001b",
  E: "\u001b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "?": "?",
};

/** A byte that is no character of its own, kept in a string (see `encodeShell`). */
const byteCharacter = (byte: number): string => String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte);

/** Decodes one backslash sequence of `$'..'`, `echo -e` and `printf`; `at` is after the backslash. */
export function decodeEscape(text: string, at: number, octalZero = false): { value: string; end: number } | undefined {
  const char = text[at] ?? "";
  const simple = escapes[char];
  if (simple !== undefined) return { value: simple, end: at + 1 };
  const numeric = (pattern: RegExp, base: number, from: number): { value: string; end: number } | undefined => {
    pattern.lastIndex = from;
    const match = pattern.exec(text);
    if (!match) return undefined;
    return { value: byteCharacter(Number.parseInt(match[0], base) & 0xff), end: from + match[0].length };
  };
  if (char === "x") return numeric(/[0-9a-fA-F]{1,2}/y, 16, at + 1);
  if (octalZero && char === "0") return numeric(/[0-7]{1,3}/y, 8, at + 1) ?? { value: "\0", end: at + 1 };
  if (/[0-7]/.test(char)) return numeric(/[0-7]{1,3}/y, 8, at);
  if (char === "u" || char === "U") {
    const pattern = char === "u" ? /[0-9a-fA-F]{1,4}/y : /[0-9a-fA-F]{1,8}/y;
    pattern.lastIndex = at + 1;
    const match = pattern.exec(text);
    const code = match ? Number.parseInt(match[0], 16) : -1;
    if (match && code <= 0x10ffff) return { value: String.fromCodePoint(code), end: at + 1 + match[0].length };
  }
  if (char === "c" && at + 1 < text.length) {
    return { value: String.fromCharCode(text.charCodeAt(at + 1) & 0x1f), end: at + 2 };
  }
  return undefined;
}

/** Reads the words of a script; `CommandReader` adds the grammar of commands. */
export abstract class WordReader {
  source: string;
  position = 0;
  readonly firstLine: number;
  #lineCache = { position: 0, line: 0 };

  constructor(source: string, firstLine: number) {
    this.source = source;
    this.firstLine = firstLine;
  }

  /** Reads commands up to the closing parenthesis of a substitution, which is consumed. */
  protected abstract substitution(): List;
  protected abstract nested(source: string, line: number): List;

  lineAt(position: number): number {
    if (position < this.#lineCache.position) this.#lineCache = { position: 0, line: 0 };
    let { position: at, line } = this.#lineCache;
    for (; at < position; at += 1) if (this.source.charCodeAt(at) === 10) line += 1;
    this.#lineCache = { position, line };
    return this.firstLine + line;
  }

  protected spliced(): void {
    this.#lineCache = { position: 0, line: 0 };
  }

  protected unclosed(quote: string, start: number): SyntaxProblem {
    return new SyntaxProblem(`unexpected EOF while looking for matching \`${quote}'`, this.lineAt(start), {
      incomplete: true,
    });
  }

  protected wordFrom(start: number, parts: WordPart[]): Word {
    return { parts, source: this.source.slice(start, this.position) };
  }

  /** Reads parts until an unquoted character of `stops` (not consumed) or the end. */
  protected parts(mode: Mode, stops: string): WordPart[] {
    const result: WordPart[] = [];
    let text = "";
    let depth = 0;
    const flush = () => {
      if (text !== "") result.push({ type: "text", value: text });
      text = "";
    };
    const push = (part: WordPart) => {
      flush();
      result.push(part);
    };
    const unquoted = mode === "word" || mode === "brace" || mode === "pattern" || mode === "regex";
    while (this.position < this.source.length) {
      const char = this.source[this.position] ?? "";
      const next = this.source[this.position + 1] ?? "";
      if (mode === "arithmetic") {
        if (char === "(") depth += 1;
        if (char === ")" && depth > 0) {
          depth -= 1;
          text += char;
          this.position += 1;
          continue;
        }
      }
      if (mode === "regex") {
        if (char === "(") depth += 1;
        else if (char === ")" && depth > 0) depth -= 1;
        else if (depth > 0 ? false : stops.includes(char)) break;
      } else if (depth === 0 && stops.includes(char)) {
        if (mode === "word" && (char === "<" || char === ">") && next === "(") {
          const direction = char;
          this.position += 2;
          push({ type: "process", direction, list: this.substitution() });
          continue;
        }
        break;
      }
      if (char === "\\") {
        this.position += 2;
        if (next === "\n") continue;
        if (next === "") text += "\\";
        else if (unquoted) push({ type: "quoted", value: next });
        else if (next === "$" || next === "`" || next === "\\" || (next === '"' && mode !== "heredoc")) {
          push({ type: "quoted", value: next });
        } else if (next === "}" && mode === "braceDouble") push({ type: "quoted", value: next });
        else text += `\\${next}`;
        continue;
      }
      if (char === "'" && unquoted) {
        const end = this.source.indexOf("'", this.position + 1);
        if (end < 0) throw this.unclosed("'", this.position);
        push({ type: "quoted", value: this.source.slice(this.position + 1, end) });
        this.position = end + 1;
        continue;
      }
      if (char === '"' && mode !== "heredoc" && mode !== "double") {
        if (mode === "arithmetic") {
          this.position += 1;
          continue;
        }
        push(this.#doubleQuoted());
        continue;
      }
      if (char === "$") {
        const part = this.#dollar(mode, unquoted);
        if (part) push(part);
        else {
          text += "$";
          this.position += 1;
        }
        continue;
      }
      if (char === "`") {
        push(this.#backtick(mode));
        continue;
      }
      if (
        mode === "word" &&
        next === "(" &&
        "?*+@!".includes(char) &&
        this.extendedGlob(char, text !== "" || result.length > 0)
      ) {
        this.position += 2;
        text += `${char}(`;
        flush();
        result.push(...this.parts("pattern", ")"));
        if (this.source[this.position] !== ")") throw this.unclosed(")", this.position);
        this.position += 1;
        text += ")";
        continue;
      }
      if (mode === "pattern" && char === "(") {
        this.position += 1;
        text += "(";
        flush();
        result.push(...this.parts("pattern", ")"));
        this.position += 1;
        text += ")";
        continue;
      }
      text += char;
      this.position += 1;
    }
    flush();
    return result;
  }

  /** Whether `?(`, `*(`, `+(`, `@(` or `!(` begins a pattern here. */
  protected extendedGlob(_operator: string, _inWord: boolean): boolean {
    return true;
  }

  #doubleQuoted(): WordPart {
    const start = this.position;
    this.position += 1;
    const parts = this.parts("double", '"');
    if (this.source[this.position] !== '"') throw this.unclosed('"', start);
    this.position += 1;
    return { type: "double", parts };
  }

  #backtick(mode: Mode): WordPart {
    const start = this.position;
    let inner = "";
    let at = start + 1;
    for (; at < this.source.length && this.source[at] !== "`"; at += 1) {
      const next = this.source[at + 1] ?? "";
      if (
        this.source[at] === "\\" &&
        (next === "`" || next === "\\" || next === "$" || (next === '"' && mode === "double"))
      ) {
        at += 1;
        inner += next;
      } else inner += this.source[at];
    }
    if (at >= this.source.length) throw this.unclosed("`", start);
    this.position = at + 1;
    return { type: "command", list: this.nested(inner, this.lineAt(start)) };
  }

  #dollar(mode: Mode, unquoted: boolean): WordPart | undefined {
    const start = this.position;
    const next = this.source[start + 1] ?? "";
    if (next === "'" && unquoted) return this.#ansiQuoted();
    if (next === '"' && unquoted) {
      this.position += 1;
      return this.#doubleQuoted();
    }
    if (next === "(") {
      if (this.source[start + 2] === "(") {
        this.position = start + 3;
        const expression = this.arithmeticUntilDoubleParenthesis();
        if (expression) return { type: "arithmetic", expression };
      }
      this.position = start + 2;
      return { type: "command", list: this.substitution() };
    }
    if (next === "[") {
      this.position = start + 2;
      const at = this.position;
      const parts = this.parts("arithmetic", "]");
      if (this.source[this.position] !== "]") throw this.unclosed("]", start);
      const expression = this.wordFrom(at, parts);
      this.position += 1;
      return { type: "arithmetic", expression };
    }
    if (next === "{") {
      this.position = start + 2;
      return { type: "parameter", parameter: this.#braced(start, mode) };
    }
    namePattern.lastIndex = start + 1;
    const name = namePattern.exec(this.source)?.[0] ?? (/[0-9@*#?$!-]/.test(next) ? next : "");
    if (name === "") return undefined;
    this.position = start + 1 + name.length;
    return { type: "parameter", parameter: { name, source: `$${name}` } };
  }

  /** After `((`: the expression up to `))`, consumed; undefined (and position back) when it is not arithmetic. */
  protected arithmeticUntilDoubleParenthesis(): Word | undefined {
    const start = this.position;
    const parts = this.parts("arithmetic", ")");
    if (this.position >= this.source.length) throw this.unclosed(")", start);
    if (this.source[this.position + 1] !== ")") {
      this.position = start;
      return undefined;
    }
    const word = this.wordFrom(start, parts);
    this.position += 2;
    return word;
  }

  #ansiQuoted(): WordPart {
    const start = this.position;
    let value = "";
    let at = start + 2;
    while (at < this.source.length && this.source[at] !== "'") {
      if (this.source[at] === "\\") {
        const decoded = decodeEscape(this.source, at + 1);
        value += decoded ? decoded.value : this.source.slice(at, at + 2);
        at = decoded ? decoded.end : at + 2;
      } else value += this.source[at++];
    }
    if (at >= this.source.length) throw this.unclosed("'", start);
    this.position = at + 1;
    return { type: "quoted", value };
  }

  #braced(start: number, mode: Mode): Parameter {
    const quoted = mode === "double" || mode === "heredoc" || mode === "braceDouble";
    const parameter: Parameter = { name: "", source: "" };
    const at = (offset = 0) => this.source[this.position + offset] ?? "";
    const readName = (): string => {
      namePattern.lastIndex = this.position;
      const digits = /[0-9]+/y;
      digits.lastIndex = this.position;
      const name = namePattern.exec(this.source)?.[0] ?? digits.exec(this.source)?.[0];
      if (name !== undefined) {
        this.position += name.length;
        return name;
      }
      const special = at();
      if (special !== "" && "@*#?$!-".includes(special)) {
        this.position += 1;
        return special;
      }
      return "";
    };
    if (at() === "#" && at(1) !== "}" && !(":-=?+%#/".includes(at(1)) && !(at(2) === "}" && "-?#".includes(at(1))))) {
      parameter.prefix = "#";
      this.position += 1;
    } else if (at() === "!" && /[A-Za-z0-9_@*#]/.test(at(1))) {
      parameter.prefix = "!";
      this.position += 1;
    }
    parameter.name = readName();
    if (at() === "[" && parameter.name !== "") {
      this.position += 1;
      const indexStart = this.position;
      const parts = this.parts("brace", "]");
      parameter.index = this.wordFrom(indexStart, parts);
      if (at() !== "]") throw this.unclosed("}", start);
      this.position += 1;
    }
    if (parameter.prefix === "!" && (at() === "*" || at() === "@") && at(1) === "}") {
      parameter.names = at() === "*" ? "*" : "@";
      this.position += 1;
    }
    const operand = (stops: string, pattern: boolean): Word => {
      const from = this.position;
      return this.wordFrom(from, this.parts(quoted && !pattern ? "braceDouble" : "brace", stops));
    };
    if (at() !== "}" && parameter.name !== "") {
      const operator = /:[-=?+]|##?|%%?|\/[/#%]?|\^\^?|,,?|@[A-Za-z]|[-=?+:]/y;
      operator.lastIndex = this.position;
      const match = operator.exec(this.source)?.[0];
      if (match) {
        parameter.operator = match;
        this.position += match.length;
        if (match.startsWith("/")) {
          parameter.operand = operand("/}", true);
          if (at() === "/") {
            this.position += 1;
            parameter.second = operand("}", true);
          }
        } else if (match === ":") {
          parameter.operand = this.#arithmeticOperand(":}");
          if (at() === ":") {
            this.position += 1;
            parameter.second = this.#arithmeticOperand("}");
          }
        } else if (!match.startsWith("@")) parameter.operand = operand("}", "#%^,".includes(match[0] ?? ""));
      }
    }
    if (this.position >= this.source.length) throw this.unclosed("}", start);
    if (at() !== "}" || parameter.name === "") {
      // Bash reads to the brace and complains when it runs the word.
      while (this.position < this.source.length && at() !== "}") this.position += 1;
      if (this.position >= this.source.length) throw this.unclosed("}", start);
      parameter.operator = "bad";
    }
    this.position += 1;
    parameter.source = this.source.slice(start, this.position);
    return parameter;
  }

  #arithmeticOperand(stops: string): Word {
    const start = this.position;
    const parts: WordPart[] = [];
    // A conditional expression inside the offset has its own colon.
    for (let questions = 0; ;) {
      parts.push(...this.parts("arithmetic", `${stops}?`));
      const char = this.source[this.position];
      if (char === "?") questions += 1;
      else if (char === ":" && questions > 0) questions -= 1;
      else break;
      parts.push({ type: "text", value: char });
      this.position += 1;
    }
    return this.wordFrom(start, parts);
  }
}
