/** What awk says about a wrong program; the caller adds name and line. */
export class AwkSyntaxError extends Error {
  override readonly name = "AwkSyntaxError";
  readonly line: number;
  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

export type Expression =
  | { kind: "number"; value: number }
  | { kind: "string"; value: string }
  | { kind: "regex"; source: string }
  | { kind: "variable"; name: string }
  | { kind: "field"; index: Expression }
  | { kind: "element"; name: string; keys: Expression[] }
  | { kind: "assign"; operator: string; target: Expression; value: Expression }
  | { kind: "conditional"; test: Expression; yes: Expression; no: Expression }
  | { kind: "binary"; operator: string; left: Expression; right: Expression }
  | { kind: "unary"; operator: string; operand: Expression }
  | { kind: "increment"; by: number; prefix: boolean; target: Expression }
  | { kind: "in"; name: string; keys: Expression[] }
  | { kind: "call"; name: string; args: Expression[]; builtin: boolean }
  | {
      kind: "getline";
      source: "main" | "file" | "command";
      from: Expression | undefined;
      target: Expression | undefined;
    }
  | { kind: "group"; inner: Expression };

export type Statement =
  | { kind: "expression"; value: Expression }
  | { kind: "print"; args: Expression[]; format: boolean; redirect: string; to: Expression | undefined }
  | { kind: "if"; test: Expression; yes: Statement; no: Statement | undefined }
  | { kind: "while"; test: Expression; body: Statement }
  | { kind: "do"; test: Expression; body: Statement }
  | {
      kind: "for";
      first: Statement | undefined;
      test: Expression | undefined;
      step: Statement | undefined;
      body: Statement;
    }
  | { kind: "forin"; variable: string; array: string; body: Statement }
  | { kind: "block"; body: Statement[] }
  | { kind: "simple"; word: "next" | "nextfile" | "break" | "continue" }
  | { kind: "exit" | "return"; value: Expression | undefined }
  | { kind: "delete"; name: string; keys: Expression[] | undefined };

export interface Rule {
  pattern: Expression | undefined;
  end: Expression | undefined;
  body: Statement | undefined;
}

export interface AwkFunction {
  parameters: string[];
  body: Statement;
}

export interface AwkProgram {
  begin: Statement[];
  end: Statement[];
  rules: Rule[];
  functions: Map<string, AwkFunction>;
}

const keywords = new Set([
  "BEGIN",
  "END",
  "function",
  "func",
  "if",
  "else",
  "while",
  "for",
  "do",
  "break",
  "continue",
  "next",
  "nextfile",
  "exit",
  "return",
  "delete",
  "in",
  "getline",
  "print",
  "printf",
]);

const builtins = new Set([
  "length",
  "substr",
  "index",
  "split",
  "sub",
  "gsub",
  "match",
  "sprintf",
  "sin",
  "cos",
  "atan2",
  "exp",
  "log",
  "sqrt",
  "int",
  "rand",
  "srand",
  "tolower",
  "toupper",
  "system",
  "close",
  "fflush",
  "gensub",
  "strftime",
  "systime",
  "mktime",
  "asort",
  "asorti",
  "and",
  "or",
  "xor",
  "lshift",
  "rshift",
  "compl",
  "strtonum",
]);

interface Token {
  kind: "number" | "string" | "regex" | "name" | "funcname" | "keyword" | "builtin" | "operator" | "newline" | "end";
  text: string;
  value: number;
  line: number;
}

const operators = [
  "**=",
  "&&",
  "||",
  "==",
  "<=",
  ">=",
  "!=",
  "++",
  "--",
  "+=",
  "-=",
  "*=",
  "/=",
  "%=",
  "^=",
  "**",
  ">>",
  "!~",
  "{",
  "}",
  "(",
  ")",
  "[",
  "]",
  ";",
  ",",
  "+",
  "-",
  "*",
  "/",
  "%",
  "^",
  "!",
  ">",
  "<",
  "|",
  "?",
  ":",
  "~",
  "$",
  "=",
];

const escapes: Record<string, string> = {
  n: "\n",
  t: "\t",
  r: "\r",
  "\\": "\\",
  '"': '"',
  "/": "/",
  a: "\u0007",
  b: "\b",
  f: "\f",
  v: "\v",
};

/** Turns backslash escapes of an awk string into characters. */
export function unescapeAwk(text: string): string {
  return text.replace(
    /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|([^]))/g,
    (whole, octal: string | undefined, hex: string | undefined, letter: string | undefined) => {
      if (octal) return String.fromCharCode(Number.parseInt(octal, 8));
      if (hex) return String.fromCharCode(Number.parseInt(hex, 16));
      if (letter === "\n") return "";
      return escapes[letter ?? ""] ?? whole;
    },
  );
}

export class AwkParser {
  readonly #source: string;
  #at = 0;
  #line = 1;
  #token: Token;
  #functions = new Map<string, AwkFunction>();
  #noIn = 0;
  #noGreater = 0;

  constructor(source: string) {
    this.#source = source;
    this.#token = this.#scan();
  }

  parse(): AwkProgram {
    const program: AwkProgram = { begin: [], end: [], rules: [], functions: this.#functions };
    this.#skipEnds();
    while (this.#token.kind !== "end") {
      this.#item(program);
      this.#skipEnds();
    }
    return program;
  }

  #fail(token = this.#token): never {
    const text =
      token.kind === "end"
        ? "unexpected end of file"
        : `syntax error at or near ${token.kind === "newline" ? "end of line" : token.text}`;
    throw new AwkSyntaxError(text, token.line);
  }

  #make(kind: Token["kind"], text: string, value = 0): Token {
    return { kind, text, value, line: this.#line };
  }

  #scan(): Token {
    const source = this.#source;
    for (;;) {
      const character = source.charAt(this.#at);
      if (character === " " || character === "\t" || character === "\r") this.#at += 1;
      else if (character === "\\" && /^\\\r?\n/.test(source.slice(this.#at, this.#at + 3))) {
        this.#at = source.indexOf("\n", this.#at) + 1;
        this.#line += 1;
      } else if (character === "#") {
        while (this.#at < source.length && source.charAt(this.#at) !== "\n") this.#at += 1;
      } else break;
    }
    if (this.#at >= source.length) return this.#make("end", "");
    const character = source.charAt(this.#at);
    if (character === "\n") {
      const token = this.#make("newline", "\n");
      this.#at += 1;
      this.#line += 1;
      return token;
    }
    const rest = source.slice(this.#at);
    const number = /^(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)/.exec(rest);
    if (number) {
      this.#at += number[0].length;
      return this.#make("number", number[0], Number(number[0]));
    }
    if (character === '"') return this.#string();
    const name = /^[A-Za-z_]\w*/.exec(rest);
    if (name) {
      this.#at += name[0].length;
      const word = name[0];
      if (keywords.has(word)) return this.#make("keyword", word === "func" ? "function" : word);
      if (builtins.has(word)) return this.#make("builtin", word);
      return this.#make(source.charAt(this.#at) === "(" ? "funcname" : "name", word);
    }
    const operator = operators.find((one) => rest.startsWith(one));
    if (!operator) throw new AwkSyntaxError(`unexpected character '${character}'`, this.#line);
    this.#at += operator.length;
    return this.#make("operator", operator === "**" ? "^" : operator === "**=" ? "^=" : operator);
  }

  #string(): Token {
    let end = this.#at + 1;
    while (end < this.#source.length && this.#source.charAt(end) !== '"') {
      if (this.#source.charAt(end) === "\\") end += 1;
      else if (this.#source.charAt(end) === "\n") break;
      end += 1;
    }
    const text = this.#source.slice(this.#at + 1, end);
    if (this.#source.charAt(end) !== '"')
      throw new AwkSyntaxError(`runaway string constant "${text.slice(0, 20)} ...`, this.#line);
    this.#at = end + 1;
    return this.#make("string", unescapeAwk(text));
  }

  /** The division sign just read begins a regular expression. */
  #regexFrom(lead: string): Expression {
    let end = this.#at;
    let bracket = false;
    for (; end < this.#source.length; end += 1) {
      const character = this.#source.charAt(end);
      if (character === "\\") end += 1;
      else if (character === "\n") break;
      else if (bracket) bracket = character !== "]" || /\[\^?$/.test(this.#source.slice(this.#at, end));
      else if (character === "[")
        bracket =
          this.#source
            .slice(end + 2)
            .split("\n", 1)[0]
            ?.includes("]") ?? false;
      else if (character === "/") break;
    }
    if (this.#source.charAt(end) !== "/")
      throw new AwkSyntaxError(
        `runaway regular expression /${this.#source.slice(this.#at, this.#at + 10)} ...`,
        this.#line,
      );
    const source = lead + this.#source.slice(this.#at, end).replaceAll("\\/", "/");
    this.#at = end + 1;
    this.#advance();
    return { kind: "regex", source };
  }

  #advance(): Token {
    const token = this.#token;
    this.#token = this.#scan();
    return token;
  }

  #is(text: string): boolean {
    return (this.#token.kind === "operator" || this.#token.kind === "keyword") && this.#token.text === text;
  }

  #accept(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#advance();
    return true;
  }

  #expect(text: string): void {
    if (!this.#accept(text)) this.#fail();
  }

  #newlines(): void {
    while (this.#token.kind === "newline") this.#advance();
  }

  #skipEnds(): void {
    while (this.#token.kind === "newline" || this.#is(";")) this.#advance();
  }

  #item(program: AwkProgram): void {
    if (this.#accept("function")) {
      const name = this.#advance();
      if (name.kind !== "name" && name.kind !== "funcname") this.#fail(name);
      this.#expect("(");
      const parameters: string[] = [];
      while (!this.#is(")")) {
        parameters.push(this.#advance().text);
        if (!this.#accept(",")) break;
        this.#newlines();
      }
      this.#expect(")");
      this.#newlines();
      this.#functions.set(name.text, { parameters, body: this.#block() });
      return;
    }
    if (this.#accept("BEGIN")) {
      program.begin.push(this.#block());
      return;
    }
    if (this.#accept("END")) {
      program.end.push(this.#block());
      return;
    }
    const rule: Rule = { pattern: undefined, end: undefined, body: undefined };
    if (!this.#is("{")) {
      rule.pattern = this.#expression();
      if (this.#accept(",")) {
        this.#newlines();
        rule.end = this.#expression();
      }
    }
    if (this.#is("{")) rule.body = this.#block();
    program.rules.push(rule);
  }

  #block(): Statement {
    if (!this.#is("{")) this.#fail();
    this.#advance();
    const body: Statement[] = [];
    this.#skipEnds();
    while (!this.#is("}")) {
      if (this.#token.kind === "end") throw new AwkSyntaxError("missing } near end of file", this.#line + 1);
      body.push(this.#statement());
      this.#skipEnds();
    }
    this.#advance();
    return { kind: "block", body };
  }

  #body(): Statement {
    this.#newlines();
    if (this.#accept(";")) return { kind: "block", body: [] };
    return this.#statement();
  }

  #endOfSimple(): void {
    if (this.#token.kind === "newline" || this.#is(";")) {
      this.#advance();
      return;
    }
    if (this.#is("}") || this.#token.kind === "end") return;
    this.#fail();
  }

  #statement(): Statement {
    if (this.#is("{")) return this.#block();
    if (this.#accept("if")) {
      this.#expect("(");
      const test = this.#expression();
      this.#expect(")");
      const yes = this.#body();
      const save = { at: this.#at, line: this.#line, token: this.#token };
      this.#skipEnds();
      if (this.#accept("else")) return { kind: "if", test, yes, no: this.#body() };
      this.#at = save.at;
      this.#line = save.line;
      this.#token = save.token;
      return { kind: "if", test, yes, no: undefined };
    }
    if (this.#accept("while")) {
      this.#expect("(");
      const test = this.#expression();
      this.#expect(")");
      if (this.#is(";")) {
        this.#advance();
        return { kind: "while", test, body: { kind: "block", body: [] } };
      }
      return { kind: "while", test, body: this.#body() };
    }
    if (this.#accept("do")) {
      const body = this.#body();
      this.#skipEnds();
      this.#expect("while");
      this.#expect("(");
      const test = this.#expression();
      this.#expect(")");
      this.#endOfSimple();
      return { kind: "do", test, body };
    }
    if (this.#accept("for")) return this.#for();
    if (this.#accept(";")) return { kind: "block", body: [] };
    const statement = this.#simple();
    this.#endOfSimple();
    return statement;
  }

  #for(): Statement {
    this.#expect("(");
    if (this.#token.kind === "name") {
      const lookahead = /^\s*in\s+([A-Za-z_]\w*)\s*\)/.exec(this.#source.slice(this.#at));
      if (lookahead) {
        const variable = this.#advance().text;
        this.#expect("in");
        const array = this.#advance().text;
        this.#expect(")");
        return { kind: "forin", variable, array, body: this.#body() };
      }
    }
    const first = this.#is(";") ? undefined : this.#simple();
    this.#expect(";");
    this.#newlines();
    const test = this.#is(";") ? undefined : this.#expression();
    this.#expect(";");
    this.#newlines();
    const step = this.#is(")") ? undefined : this.#simple();
    this.#expect(")");
    if (this.#is(";")) {
      this.#advance();
      return { kind: "for", first, test, step, body: { kind: "block", body: [] } };
    }
    return { kind: "for", first, test, step, body: this.#body() };
  }

  #atEnd(): boolean {
    return this.#token.kind === "newline" || this.#token.kind === "end" || this.#is(";") || this.#is("}");
  }

  #simple(): Statement {
    if (this.#token.kind === "keyword") {
      const word = this.#token.text;
      switch (word) {
        case "print":
        case "printf":
          this.#advance();
          return this.#print(word === "printf");
        case "next":
        case "nextfile":
        case "break":
        case "continue":
          this.#advance();
          return { kind: "simple", word };
        case "exit":
        case "return":
          this.#advance();
          return { kind: word, value: this.#atEnd() ? undefined : this.#expression() };
        case "delete": {
          this.#advance();
          const name = this.#advance().text;
          if (!this.#accept("[")) return { kind: "delete", name, keys: undefined };
          const keys = this.#list();
          this.#expect("]");
          return { kind: "delete", name, keys };
        }
        default:
      }
    }
    return { kind: "expression", value: this.#expression() };
  }

  #print(format: boolean): Statement {
    let args: Expression[] = [];
    this.#noGreater += 1;
    if (!this.#atEnd() && !this.#is(">") && !this.#is(">>") && !this.#is("|")) {
      if (this.#is("(") && this.#closesList()) {
        this.#advance();
        const saved = this.#noGreater;
        this.#noGreater = 0;
        args = this.#list();
        this.#noGreater = saved;
        this.#expect(")");
      } else args = this.#list();
    }
    this.#noGreater -= 1;
    if (!this.#is(">") && !this.#is(">>") && !this.#is("|"))
      return { kind: "print", args, format, redirect: "", to: undefined };
    const redirect = this.#advance().text;
    this.#noGreater += 1;
    const to = this.#concatenation();
    this.#noGreater -= 1;
    return { kind: "print", args, format, redirect, to };
  }

  /** True when the parenthesis holds the whole argument list of print. */
  #closesList(): boolean {
    let depth = 1;
    let at = this.#at;
    for (; at < this.#source.length && depth > 0; at += 1) {
      const character = this.#source.charAt(at);
      if (character === '"') {
        at += 1;
        while (at < this.#source.length && this.#source.charAt(at) !== '"')
          at += this.#source.charAt(at) === "\\" ? 2 : 1;
      } else if (character === "/" && /[(,!~]\s*$/.test(this.#source.slice(0, at))) {
        at += 1;
        while (at < this.#source.length && this.#source.charAt(at) !== "/")
          at += this.#source.charAt(at) === "\\" ? 2 : 1;
      } else if (character === "(") depth += 1;
      else if (character === ")") depth -= 1;
    }
    return /^[ \t]*(?:[;\n}>|#]|$)/.test(this.#source.slice(at));
  }

  #list(): Expression[] {
    const list = [this.#expression()];
    while (this.#accept(",")) {
      this.#newlines();
      list.push(this.#expression());
    }
    return list;
  }

  #expression(): Expression {
    return this.#ternary();
  }

  #ternary(): Expression {
    const test = this.#or();
    if (this.#is("?")) {
      this.#advance();
      this.#newlines();
      const yes = this.#ternary();
      this.#newlines();
      this.#expect(":");
      this.#newlines();
      return { kind: "conditional", test, yes, no: this.#ternary() };
    }
    const operator = this.#token.text;
    if (this.#token.kind === "operator" && /^(?:[-+*/%^]?=)$/.test(operator) && isTarget(test)) {
      this.#advance();
      this.#newlines();
      return { kind: "assign", operator, target: test, value: this.#ternary() };
    }
    return test;
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#accept("||")) {
      this.#newlines();
      left = { kind: "binary", operator: "||", left, right: this.#and() };
    }
    return left;
  }

  #and(): Expression {
    let left = this.#membership();
    while (this.#accept("&&")) {
      this.#newlines();
      left = { kind: "binary", operator: "&&", left, right: this.#membership() };
    }
    return left;
  }

  #membership(): Expression {
    let left = this.#matching();
    while (this.#noIn === 0 && this.#accept("in")) {
      const name = this.#advance().text;
      left = { kind: "in", name, keys: left.kind === "group" ? [left.inner] : [left] };
    }
    return left;
  }

  #matching(): Expression {
    let left = this.#comparison();
    while (this.#is("~") || this.#is("!~")) {
      const operator = this.#advance().text;
      left = { kind: "binary", operator, left, right: this.#comparison() };
    }
    return left;
  }

  #comparison(): Expression {
    let left = this.#concatenation();
    for (;;) {
      const operator = this.#token.text;
      const compares = this.#token.kind === "operator" && ["<", "<=", "==", "!=", ">", ">="].includes(operator);
      if (compares && !(operator === ">" && this.#noGreater > 0)) {
        this.#advance();
        left = { kind: "binary", operator, left, right: this.#concatenation() };
      } else if (this.#is("|") && /^\s*getline\b/.test(this.#source.slice(this.#at))) {
        this.#advance();
        this.#advance();
        left = { kind: "getline", source: "command", from: left, target: this.#optionalTarget() };
      } else return left;
    }
  }

  #startsOperand(): boolean {
    const { kind, text } = this.#token;
    if (["number", "string", "name", "funcname", "builtin"].includes(kind)) return true;
    if (kind === "operator") return ["$", "(", "-", "+", "++", "--"].includes(text);
    return false;
  }

  #concatenation(): Expression {
    let left = this.#additive();
    // A sign after an operand was taken by addition, so what follows here is a new operand.
    while (this.#startsOperand()) left = { kind: "binary", operator: " ", left, right: this.#additive() };
    return left;
  }

  #additive(): Expression {
    let left = this.#multiplicative();
    while (this.#is("+") || this.#is("-")) {
      const operator = this.#advance().text;
      left = { kind: "binary", operator, left, right: this.#multiplicative() };
    }
    return left;
  }

  #multiplicative(): Expression {
    let left = this.#unary();
    while (this.#is("*") || this.#is("/") || this.#is("%")) {
      const operator = this.#advance().text;
      left = { kind: "binary", operator, left, right: this.#unary() };
    }
    return left;
  }

  #unary(): Expression {
    if (this.#is("!") || this.#is("-") || this.#is("+")) {
      const operator = this.#advance().text;
      return { kind: "unary", operator, operand: this.#unary() };
    }
    return this.#power();
  }

  #power(): Expression {
    const base = this.#postfix();
    if (!this.#accept("^")) return base;
    // Right associative, and a sign may follow.
    const right: Expression = this.#is("-") || this.#is("+") || this.#is("!") ? this.#unary() : this.#power();
    return { kind: "binary", operator: "^", left: base, right };
  }

  #postfix(): Expression {
    const target = this.#primary();
    if (isTarget(target) && (this.#is("++") || this.#is("--"))) {
      return { kind: "increment", by: this.#advance().text === "++" ? 1 : -1, prefix: false, target };
    }
    return target;
  }

  #optionalTarget(): Expression | undefined {
    if (this.#token.kind === "name" || this.#is("$")) return this.#primary();
    return undefined;
  }

  #primary(): Expression {
    const token = this.#token;
    switch (token.kind) {
      case "number":
        this.#advance();
        return { kind: "number", value: token.value };
      case "string":
        this.#advance();
        return { kind: "string", value: token.text };
      case "name": {
        this.#advance();
        if (!this.#accept("[")) return { kind: "variable", name: token.text };
        const saved = [this.#noIn, this.#noGreater];
        this.#noIn = 0;
        this.#noGreater = 0;
        const keys = this.#list();
        [this.#noIn = 0, this.#noGreater = 0] = saved;
        this.#expect("]");
        return { kind: "element", name: token.text, keys };
      }
      case "funcname": {
        this.#advance();
        return { kind: "call", name: token.text, args: this.#arguments(), builtin: false };
      }
      case "builtin": {
        this.#advance();
        const args = this.#is("(") ? this.#arguments() : [];
        return { kind: "call", name: token.text, args, builtin: true };
      }
      case "keyword":
        if (token.text !== "getline") this.#fail();
        this.#advance();
        {
          const target = this.#optionalTarget();
          if (!this.#is("<")) return { kind: "getline", source: "main", from: undefined, target };
          this.#advance();
          return { kind: "getline", source: "file", from: this.#postfix(), target };
        }
      case "operator":
        return this.#operatorPrimary(token);
      default:
        return this.#fail();
    }
  }

  #arguments(): Expression[] {
    this.#expect("(");
    const saved = [this.#noIn, this.#noGreater];
    this.#noIn = 0;
    this.#noGreater = 0;
    this.#newlines();
    const args: Expression[] = [];
    if (!this.#is(")")) {
      args.push(this.#expression());
      this.#newlines();
      while (this.#accept(",")) {
        this.#newlines();
        args.push(this.#expression());
        this.#newlines();
      }
    }
    [this.#noIn = 0, this.#noGreater = 0] = saved;
    this.#expect(")");
    return args;
  }

  #operatorPrimary(token: Token): Expression {
    switch (token.text) {
      case "$":
        this.#advance();
        if (this.#is("++") || this.#is("--")) {
          const by = this.#advance().text === "++" ? 1 : -1;
          return { kind: "field", index: { kind: "increment", by, prefix: true, target: this.#primary() } };
        }
        if (this.#is("-") || this.#is("+") || this.#is("!")) {
          const operator = this.#advance().text;
          return { kind: "field", index: { kind: "unary", operator, operand: this.#primary() } };
        }
        return { kind: "field", index: this.#primary() };
      case "++":
      case "--":
        this.#advance();
        return { kind: "increment", by: token.text === "++" ? 1 : -1, prefix: true, target: this.#primary() };
      case "-":
      case "+":
      case "!":
        this.#advance();
        return { kind: "unary", operator: token.text, operand: this.#unary() };
      case "/":
        return this.#regexFrom("");
      case "/=":
        return this.#regexFrom("=");
      case "(": {
        this.#advance();
        const saved = [this.#noIn, this.#noGreater];
        this.#noIn = 0;
        this.#noGreater = 0;
        this.#newlines();
        const list = this.#list();
        this.#newlines();
        [this.#noIn = 0, this.#noGreater = 0] = saved;
        this.#expect(")");
        const [first] = list;
        if (list.length > 1) {
          if (!this.#accept("in")) this.#fail();
          return { kind: "in", name: this.#advance().text, keys: list };
        }
        return first ? { kind: "group", inner: first } : this.#fail();
      }
      default:
        return this.#fail();
    }
  }
}

const isTarget = (expression: Expression): boolean => ["variable", "field", "element"].includes(expression.kind);
