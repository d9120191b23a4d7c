import { ShellFailure } from "./failures.ts";

/** Variables as arithmetic sees them; `index` is the text between brackets. */
interface ArithmeticVariables {
  get(name: string, index?: string): string | undefined;
  set(name: string, value: string, index?: string): void;
}

type Node =
  | { type: "number"; value: bigint }
  | { type: "variable"; name: string; index?: string }
  | { type: "unary"; operator: string; operand: Node }
  | { type: "step"; by: bigint; prefix: boolean; name: string; index?: string }
  | { type: "assign"; operator: string; name: string; index?: string; value: Node }
  | { type: "binary"; operator: string; left: Node; right: Node }
  | { type: "choice"; test: Node; yes: Node; no: Node };

const tokenPattern =
  /\s*(?:(0[xX][0-9a-fA-F]*|\d+#[0-9a-zA-Z@_]+|\d[0-9a-zA-Z_]*)|([A-Za-z_]\w*)|(<<=|>>=|\*\*|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&^|]=|[-+*/%&^|<>=!~?:,()[\]]))/y;

const precedence: Readonly<Record<string, number>> = {
  "||": 3,
  "&&": 4,
  "|": 5,
  "^": 6,
  "&": 7,
  "==": 8,
  "!=": 8,
  "<": 9,
  "<=": 9,
  ">": 9,
  ">=": 9,
  "<<": 10,
  ">>": 10,
  "+": 11,
  "-": 11,
  "*": 12,
  "/": 12,
  "%": 12,
  "**": 13,
};

class Reader {
  readonly #text: string;
  #position = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  expression(): Node {
    if (this.#text.trim() === "") return { type: "number", value: 0n };
    const node = this.#comma();
    if (this.#text.slice(this.#position).trim() !== "") throw this.#problem();
    return node;
  }

  #problem(message?: string): ShellFailure {
    const rest = this.#text.slice(this.#position).trim();
    const what = message ?? (rest === "" ? "syntax error: operand expected" : "syntax error in expression");
    const token = rest === "" ? this.#text.trim().slice(-1) : rest;
    return new ShellFailure(`${this.#text.trim()}: ${what} (error token is "${token}")`);
  }

  #peek(): string {
    tokenPattern.lastIndex = this.#position;
    return tokenPattern.exec(this.#text)?.[3] ?? "";
  }

  #take(operator: string): boolean {
    if (this.#peek() !== operator) return false;
    tokenPattern.lastIndex = this.#position;
    tokenPattern.exec(this.#text);
    this.#position = tokenPattern.lastIndex;
    return true;
  }

  #comma(): Node {
    if ((this.#depth += 1) > 200) throw new ShellFailure("expression recursion level exceeded");
    let left = this.#assignment();
    while (this.#take(",")) left = { type: "binary", operator: ",", left, right: this.#assignment() };
    this.#depth -= 1;
    return left;
  }

  #assignment(): Node {
    const left = this.#choice();
    const operator = this.#peek();
    if (!/^(?:=|[-+*/%&^|]=|<<=|>>=)$/.test(operator)) return left;
    if (left.type !== "variable") throw this.#problem("attempted assignment to non-variable");
    this.#take(operator);
    return {
      type: "assign",
      operator,
      name: left.name,
      ...(left.index === undefined ? {} : { index: left.index }),
      value: this.#assignment(),
    };
  }

  #choice(): Node {
    const test = this.#binary(3);
    if (!this.#take("?")) return test;
    const yes = this.#assignment();
    if (!this.#take(":")) throw this.#problem("`:' expected for conditional expression");
    return { type: "choice", test, yes, no: this.#assignment() };
  }

  #binary(minimum: number): Node {
    let left = this.#unary();
    for (;;) {
      const operator = this.#peek();
      const level = precedence[operator];
      if (level === undefined || level < minimum) return left;
      this.#take(operator);
      const right = this.#binary(operator === "**" ? level : level + 1);
      left = { type: "binary", operator, left, right };
    }
  }

  #unary(): Node {
    if ((this.#depth += 1) > 200) throw new ShellFailure("expression recursion level exceeded");
    try {
      for (const operator of ["!", "~", "-", "+"]) {
        if (this.#take(operator)) return { type: "unary", operator, operand: this.#unary() };
      }
      for (const [operator, by] of [
        ["++", 1n],
        ["--", -1n],
      ] as const) {
        if (!this.#take(operator)) continue;
        const operand = this.#unary();
        if (operand.type === "variable") return { ...operand, type: "step", by, prefix: true };
        const sign: Node = { type: "unary", operator: operator[0] ?? "", operand };
        return { type: "unary", operator: operator[0] ?? "", operand: sign };
      }
      return this.#primary();
    } finally {
      this.#depth -= 1;
    }
  }

  #primary(): Node {
    if (this.#take("(")) {
      const inner = this.#comma();
      if (!this.#take(")")) throw this.#problem("missing `)'");
      return inner;
    }
    tokenPattern.lastIndex = this.#position;
    const match = tokenPattern.exec(this.#text);
    if (match?.[1] !== undefined) {
      const value = this.#number(match[1]);
      this.#position = tokenPattern.lastIndex;
      return { type: "number", value };
    }
    const name = match?.[2];
    if (name === undefined) throw this.#problem("syntax error: operand expected");
    this.#position += match?.[0].length ?? 0;
    const variable: { type: "variable"; name: string; index?: string } = { type: "variable", name };
    if (this.#text[this.#position] === "[") variable.index = this.#index();
    for (const [operator, by] of [
      ["++", 1n],
      ["--", -1n],
    ] as const) {
      if (this.#take(operator)) return { ...variable, type: "step", by, prefix: false };
    }
    return variable;
  }

  #index(): string {
    let depth = 0;
    for (let at = this.#position; at < this.#text.length; at += 1) {
      if (this.#text[at] === "[") depth += 1;
      if (this.#text[at] === "]" && (depth -= 1) === 0) {
        const index = this.#text.slice(this.#position + 1, at);
        this.#position = at + 1;
        return index;
      }
    }
    throw this.#problem("bad array subscript");
  }

  #number(text: string): bigint {
    const based = /^(\d+)#(.+)$/.exec(text);
    if (based?.[1] && based[2]) {
      const base = Number(based[1]);
      const digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ@_";
      let value = 0n;
      for (const char of based[2]) {
        const digit = digits.indexOf(base <= 36 ? char.toLowerCase() : char);
        if (base < 2 || base > 64) throw this.#problem("invalid arithmetic base");
        if (digit < 0 || digit >= base) throw this.#problem("value too great for base");
        value = value * BigInt(base) + BigInt(digit);
      }
      return BigInt.asIntN(64, value);
    }
    if (/^0[xX]/.test(text)) return BigInt.asIntN(64, BigInt(text.length === 2 ? "0" : text));
    if (/^0[0-9]+$/.test(text)) {
      if (/[89]/.test(text)) throw this.#problem("value too great for base");
      return BigInt.asIntN(64, BigInt(`0o${text.slice(1)}`));
    }
    if (!/^\d+$/.test(text)) throw this.#problem("value too great for base");
    return BigInt.asIntN(64, BigInt(text));
  }
}

const cache = new Map<string, Node>();

function parse(text: string): Node {
  let node = cache.get(text);
  if (!node) {
    node = new Reader(text).expression();
    if (cache.size > 500) cache.clear();
    cache.set(text, node);
  }
  return node;
}

/** The value of a C-like expression on 64-bit integers. Throws ShellFailure with bash's words. */
export function evaluateArithmetic(text: string, variables: ArithmeticVariables, depth = 0): bigint {
  if (depth > 100) throw new ShellFailure(`${text}: expression recursion level exceeded (error token is "${text}")`);
  const read = (name: string, index: string | undefined): bigint => {
    const value = variables.get(name, index) ?? "";
    if (/^-?(?:0|[1-9]\d{0,17})$/.test(value)) return BigInt(value);
    return value.trim() === "" ? 0n : evaluateArithmetic(value, variables, depth + 1);
  };
  const run = (node: Node): bigint => {
    switch (node.type) {
      case "number":
        return node.value;
      case "variable":
        return read(node.name, node.index);
      case "unary": {
        const value = run(node.operand);
        if (node.operator === "!") return value === 0n ? 1n : 0n;
        if (node.operator === "~") return ~value;
        return node.operator === "-" ? BigInt.asIntN(64, -value) : value;
      }
      case "step": {
        const old = read(node.name, node.index);
        const value = BigInt.asIntN(64, old + node.by);
        variables.set(node.name, String(value), node.index);
        return node.prefix ? value : old;
      }
      case "assign": {
        const right = run(node.value);
        const value =
          node.operator === "=" ? right : apply(node.operator.slice(0, -1), read(node.name, node.index), right, text);
        variables.set(node.name, String(value), node.index);
        return value;
      }
      case "choice":
        return run(node.test) === 0n ? run(node.no) : run(node.yes);
      case "binary": {
        const left = run(node.left);
        if (node.operator === "&&") return left !== 0n && run(node.right) !== 0n ? 1n : 0n;
        if (node.operator === "||") return left !== 0n || run(node.right) !== 0n ? 1n : 0n;
        return apply(node.operator, left, run(node.right), text);
      }
    }
  };
  return run(parse(text));
}

function apply(operator: string, left: bigint, right: bigint, text: string): bigint {
  const truth = (value: boolean) => (value ? 1n : 0n);
  switch (operator) {
    case ",":
      return right;
    case "+":
      return BigInt.asIntN(64, left + right);
    case "-":
      return BigInt.asIntN(64, left - right);
    case "*":
      return BigInt.asIntN(64, left * right);
    case "/":
    case "%":
      if (right === 0n)
        throw new ShellFailure(
          `${text.trim()}: division by 0 (error token is "${text.trim().split(/[/%]/).at(-1)?.trim()}")`,
        );
      return BigInt.asIntN(64, operator === "/" ? left / right : left % right);
    case "**":
      if (right < 0n) throw new ShellFailure(`${text.trim()}: exponent less than 0 (error token is "${right}")`);
      return power(left, right);
    case "<<":
      return BigInt.asIntN(64, left << (right & 63n));
    case ">>":
      return left >> (right & 63n);
    case "&":
      return left & right;
    case "|":
      return left | right;
    case "^":
      return left ^ right;
    case "==":
      return truth(left === right);
    case "!=":
      return truth(left !== right);
    case "<":
      return truth(left < right);
    case "<=":
      return truth(left <= right);
    case ">":
      return truth(left > right);
    default:
      return truth(left >= right);
  }
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let rest = exponent, factor = base; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = BigInt.asIntN(64, result * factor);
    factor = BigInt.asIntN(64, factor * factor);
  }
  return result;
}
