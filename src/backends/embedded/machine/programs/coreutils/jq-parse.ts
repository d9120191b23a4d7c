/** What jq says about a wrong filter. */
export class JqSyntaxError extends Error {
  override readonly name = "JqSyntaxError";
}

export type Filter =
  | { kind: "identity" | "recurse" }
  | { kind: "literal"; value: string | number | boolean | null }
  | { kind: "text"; parts: (string | Filter)[]; format: string }
  | { kind: "field"; of: Filter; name: Filter; optional: boolean }
  | { kind: "slice"; of: Filter; from: Filter | undefined; to: Filter | undefined }
  | { kind: "iterate"; of: Filter; optional: boolean }
  | { kind: "pipe" | "comma"; left: Filter; right: Filter }
  | { kind: "binary"; operator: string; left: Filter; right: Filter }
  | { kind: "negate" | "array" | "try"; of: Filter | undefined; handler?: Filter | undefined }
  | { kind: "object"; entries: { key: Filter; value: Filter }[] }
  | { kind: "if"; test: Filter; yes: Filter; no: Filter | undefined }
  | { kind: "bind"; of: Filter; name: string; body: Filter }
  | { kind: "variable"; name: string }
  | { kind: "reduce" | "foreach"; of: Filter; name: string; initial: Filter; update: Filter }
  | { kind: "call"; name: string; args: Filter[] }
  | { kind: "format"; name: string };

interface Token {
  kind: "op" | "word" | "field" | "number" | "text" | "variable" | "format" | "end";
  text: string;
  parts?: (string | Filter)[];
}

const operators = [
  "//=",
  "?//",
  "..",
  "|=",
  "+=",
  "-=",
  "*=",
  "/=",
  "==",
  "!=",
  "<=",
  ">=",
  "//",
  "|",
  ",",
  ".",
  "[",
  "]",
  "(",
  ")",
  "{",
  "}",
  ":",
  ";",
  "+",
  "-",
  "*",
  "/",
  "%",
  "<",
  ">",
  "=",
  "?",
];

const levels = [
  ["//"],
  ["=", "|=", "+=", "-=", "*=", "/=", "//="],
  ["or"],
  ["and"],
  ["==", "!=", "<", "<=", ">", ">="],
  ["+", "-"],
  ["*", "/", "%"],
];

class Parser {
  readonly #source: string;
  #at = 0;
  #token: Token;

  constructor(source: string) {
    this.#source = source;
    this.#token = this.#scan();
  }

  parse(): Filter {
    if (this.#ended()) return { kind: "identity" };
    const filter = this.#pipe();
    if (!this.#ended()) this.#fail();
    return filter;
  }

  #ended(): boolean {
    return this.#token.kind === "end";
  }

  #fail(): never {
    const what =
      this.#token.kind === "end"
        ? "unexpected $end"
        : `unexpected ${this.#token.kind === "word" ? "IDENT" : `'${this.#token.text}'`}`;
    throw new JqSyntaxError(`syntax error, ${what}`);
  }

  #scan(): Token {
    this.#at += /^(?:\s|#[^\n]*)*/.exec(this.#source.slice(this.#at))?.[0].length ?? 0;
    const rest = this.#source.slice(this.#at);
    if (rest === "") return { kind: "end", text: "" };
    const take = (kind: Token["kind"], match: RegExpExecArray, text = match[0]): Token => {
      this.#at += match[0].length;
      return { kind, text };
    };
    if (rest.startsWith('"')) return this.#text();
    const patterns: [Token["kind"], RegExp][] = [
      ["field", /^\.([A-Za-z_]\w*)/],
      ["variable", /^\$([A-Za-z_]\w*)/],
      ["format", /^@([a-z]\w*)/],
      ["number", /^(\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+)/],
      ["word", /^([A-Za-z_]\w*)/],
    ];
    for (const [kind, pattern] of patterns) {
      const match = pattern.exec(rest);
      if (match) return take(kind, match, match[1] ?? "");
    }
    const operator = operators.find((one) => rest.startsWith(one));
    if (operator === undefined) throw new JqSyntaxError("syntax error, unexpected INVALID_CHARACTER");
    this.#at += operator.length;
    return { kind: "op", text: operator };
  }

  /** A string, whose `\(...)` are filters. */
  #text(): Token {
    this.#at += 1;
    const parts: (string | Filter)[] = [];
    let raw = "";
    const flush = (): void => {
      if (raw !== "") parts.push(JSON.parse(`"${raw}"`));
      raw = "";
    };
    for (;;) {
      const character = this.#source.charAt(this.#at);
      if (character === "") throw new JqSyntaxError("syntax error, unexpected QQSTRING_START");
      this.#at += 1;
      if (character === '"') break;
      if (character === "\\" && this.#source.charAt(this.#at) === "(") {
        this.#at += 1;
        flush();
        const end = closing(this.#source, this.#at);
        parts.push(new Parser(this.#source.slice(this.#at, end)).parse());
        this.#at = end + 1;
        continue;
      }
      raw += character === "\n" ? "\\n" : character === "\t" ? "\\t" : character;
      if (character === "\\") {
        raw += this.#source.charAt(this.#at);
        this.#at += 1;
      }
    }
    flush();
    return { kind: "text", text: "", parts };
  }

  #advance(): Token {
    const token = this.#token;
    this.#token = this.#scan();
    return token;
  }

  #is(text: string): boolean {
    return (this.#token.kind === "op" || this.#token.kind === "word") && this.#token.text === text;
  }

  #accept(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#advance();
    return true;
  }

  #expect(text: string): void {
    if (!this.#accept(text)) this.#fail();
  }

  #pipe(): Filter {
    const left = this.#comma();
    if (this.#accept("as")) {
      const name = this.#advance().text;
      this.#expect("|");
      return { kind: "bind", of: left, name, body: this.#pipe() };
    }
    return this.#accept("|") ? { kind: "pipe", left, right: this.#pipe() } : left;
  }

  #comma(): Filter {
    let left = this.#binary(0);
    while (this.#accept(",")) left = { kind: "comma", left, right: this.#binary(0) };
    return left;
  }

  #binary(level: number): Filter {
    const known = levels[level];
    if (!known) return this.#postfix();
    let left = this.#binary(level + 1);
    while (known.some((operator) => this.#is(operator))) {
      const operator = this.#advance().text;
      // The alternative operator groups to the right.
      const right = this.#binary(operator === "//" ? level : level + 1);
      left = { kind: "binary", operator, left, right };
    }
    return left;
  }

  #postfix(): Filter {
    let filter = this.#primary();
    for (;;) {
      if (this.#token.kind === "field")
        filter = {
          kind: "field",
          of: filter,
          name: { kind: "literal", value: this.#advance().text },
          optional: this.#accept("?"),
        };
      else if (this.#is("[")) {
        this.#advance();
        filter = this.#bracket(filter);
      } else if (this.#is(".") && this.#source.charAt(this.#at) === "[") this.#advance();
      else if (this.#is(".") && this.#source.charAt(this.#at) === '"') {
        this.#advance();
        filter = { kind: "field", of: filter, name: this.#primary(), optional: this.#accept("?") };
      } else if (this.#accept("?")) filter = { kind: "try", of: filter };
      else if (this.#is("as")) {
        this.#advance();
        const name = this.#advance().text;
        this.#expect("|");
        return { kind: "bind", of: filter, name, body: this.#pipe() };
      } else return filter;
    }
  }

  #bracket(of: Filter): Filter {
    if (this.#accept("]")) return { kind: "iterate", of, optional: this.#accept("?") };
    if (this.#accept(":")) {
      const to = this.#pipe();
      this.#expect("]");
      return { kind: "slice", of, from: undefined, to };
    }
    const name = this.#pipe();
    if (this.#accept(":")) {
      const to = this.#is("]") ? undefined : this.#pipe();
      this.#expect("]");
      return { kind: "slice", of, from: name, to };
    }
    this.#expect("]");
    return { kind: "field", of, name, optional: this.#accept("?") };
  }

  #primary(): Filter {
    const token = this.#token;
    switch (token.kind) {
      case "number":
        this.#advance();
        return { kind: "literal", value: Number(token.text) };
      case "text":
        this.#advance();
        return textFilter(token.parts ?? [], "text");
      case "variable":
        this.#advance();
        return { kind: "variable", name: token.text };
      case "field":
        this.#advance();
        return {
          kind: "field",
          of: { kind: "identity" },
          name: { kind: "literal", value: token.text },
          optional: this.#accept("?"),
        };
      case "format": {
        this.#advance();
        if (this.#token.kind === "text") return textFilter(this.#advance().parts ?? [], token.text);
        return { kind: "format", name: token.text };
      }
      case "word":
        return this.#word();
      case "op":
        return this.#operator();
      default:
        return this.#fail();
    }
  }

  #operator(): Filter {
    if (this.#accept("..")) return { kind: "recurse" };
    if (this.#accept(".")) {
      if (this.#token.kind === "text")
        return { kind: "field", of: { kind: "identity" }, name: this.#primary(), optional: this.#accept("?") };
      return { kind: "identity" };
    }
    if (this.#accept("(")) {
      const inner = this.#pipe();
      this.#expect(")");
      return inner;
    }
    if (this.#accept("[")) {
      if (this.#accept("]")) return { kind: "array", of: undefined };
      const inner = this.#pipe();
      this.#expect("]");
      return { kind: "array", of: inner };
    }
    if (this.#accept("{")) return this.#object();
    if (this.#accept("-")) return { kind: "negate", of: this.#postfix() };
    return this.#fail();
  }

  #object(): Filter {
    const entries: { key: Filter; value: Filter }[] = [];
    while (!this.#accept("}")) {
      const token = this.#token;
      let key: Filter;
      let value: Filter | undefined;
      if (token.kind === "variable") {
        this.#advance();
        key = { kind: "literal", value: token.text };
        value = { kind: "variable", name: token.text };
      } else if (token.kind === "word") {
        this.#advance();
        key = { kind: "literal", value: token.text };
      } else key = this.#primary();
      if (this.#accept(":")) value = this.#objectValue();
      entries.push({ key, value: value ?? { kind: "field", of: { kind: "identity" }, name: key, optional: false } });
      if (!this.#is("}")) this.#expect(",");
    }
    return { kind: "object", entries };
  }

  #objectValue(): Filter {
    let value = this.#binary(0);
    while (this.#accept("|")) value = { kind: "pipe", left: value, right: this.#binary(0) };
    return value;
  }

  #word(): Filter {
    const { text } = this.#advance();
    switch (text) {
      case "true":
      case "false":
        return { kind: "literal", value: text === "true" };
      case "null":
        return { kind: "literal", value: null };
      case "if": {
        const test = this.#pipe();
        this.#expect("then");
        const yes = this.#pipe();
        return { kind: "if", test, yes, no: this.#otherwise() };
      }
      case "try": {
        const of = this.#postfix();
        return { kind: "try", of, handler: this.#accept("catch") ? this.#postfix() : undefined };
      }
      case "reduce":
      case "foreach": {
        const of = this.#postfixWithoutBinding();
        this.#expect("as");
        const name = this.#advance().text;
        this.#expect("(");
        const initial = this.#pipe();
        this.#expect(";");
        const update = this.#pipe();
        this.#expect(")");
        return { kind: text, of, name, initial, update };
      }
      default:
    }
    const args: Filter[] = [];
    if (this.#accept("(")) {
      do args.push(this.#pipe());
      while (this.#accept(";"));
      this.#expect(")");
    }
    return { kind: "call", name: text, args };
  }

  #postfixWithoutBinding(): Filter {
    let filter = this.#primary();
    while (this.#token.kind === "field" || this.#is("[")) {
      if (this.#token.kind === "field")
        filter = { kind: "field", of: filter, name: { kind: "literal", value: this.#advance().text }, optional: false };
      else {
        this.#advance();
        filter = this.#bracket(filter);
      }
    }
    return filter;
  }

  #otherwise(): Filter | undefined {
    if (this.#accept("elif")) {
      const test = this.#pipe();
      this.#expect("then");
      const yes = this.#pipe();
      return { kind: "if", test, yes, no: this.#otherwise() };
    }
    const no = this.#accept("else") ? this.#pipe() : undefined;
    this.#expect("end");
    return no;
  }
}

const textFilter = (parts: (string | Filter)[], format: string): Filter =>
  parts.every((part) => typeof part === "string")
    ? { kind: "literal", value: parts.join("") }
    : { kind: "text", parts, format };

/** Where the parenthesis opened before `from` closes. */
function closing(source: string, from: number): number {
  let depth = 1;
  for (let at = from; at < source.length; at += 1) {
    const character = source.charAt(at);
    if (character === '"') {
      at += 1;
      while (at < source.length && source.charAt(at) !== '"') at += source.charAt(at) === "\\" ? 2 : 1;
    } else if (character === "(") depth += 1;
    else if (character === ")") depth -= 1;
    if (depth === 0) return at;
  }
  throw new JqSyntaxError("syntax error, unexpected $end");
}

/** Reads a jq filter. Throws JqSyntaxError. */
export const parseJq = (source: string): Filter => new Parser(source).parse();
