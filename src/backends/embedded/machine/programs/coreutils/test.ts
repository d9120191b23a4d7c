import type { ProgramTable } from "../../process.ts";
import { FileError } from "../../files/errors.ts";
import { posixRegex, RegexError } from "./support/regex.ts";
import { quote } from "./support/text.ts";
import { tool } from "./support/tool.ts";
import type { Tool } from "./support/tool.ts";

/** What test says about a wrong expression. */
class TestError extends Error {
  override readonly name = "TestError";
}

const binary = new Set(["=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"]);

const integer = (text: string): bigint => {
  if (!/^\s*[-+]?\d+\s*$/.test(text)) throw new TestError(`invalid integer ${quote(text)}`);
  return BigInt(text.trim().replace(/^\+/, ""));
};

/** Evaluates the words of a test. */
class Evaluation {
  readonly #run: Tool;
  readonly #words: readonly string[];
  #at = 0;

  constructor(run: Tool, words: readonly string[]) {
    this.#run = run;
    this.#words = words;
  }

  evaluate(): boolean {
    const words = this.#words;
    const [a = "", b = "", c = "", d = ""] = words;
    switch (words.length) {
      case 0:
        return false;
      case 1:
        return a !== "";
      case 2:
        if (a === "!") return b === "";
        return this.#unary(a, b);
      case 3:
        if (binary.has(b)) return this.#binary(a, b, c);
        if (b === "-a") return a !== "" && c !== "";
        if (b === "-o") return a !== "" || c !== "";
        if (a === "!") return !new Evaluation(this.#run, [b, c]).evaluate();
        if (a === "(" && c === ")") return b !== "";
        throw new TestError(`${quote(b)}: binary operator expected`);
      case 4:
        if (a === "!") return !new Evaluation(this.#run, [b, c, d]).evaluate();
        if (a === "(" && d === ")") return new Evaluation(this.#run, [b, c]).evaluate();
    }
    const result = this.#or();
    const extra = words[this.#at];
    if (extra !== undefined) throw new TestError(`extra argument ${quote(extra)}`);
    return result;
  }

  #or(): boolean {
    let result = this.#and();
    while (this.#words[this.#at] === "-o") {
      this.#at += 1;
      const right = this.#and();
      result ||= right;
    }
    return result;
  }

  #and(): boolean {
    let result = this.#term();
    while (this.#words[this.#at] === "-a") {
      this.#at += 1;
      const right = this.#term();
      result &&= right;
    }
    return result;
  }

  #term(): boolean {
    const word = this.#words[this.#at];
    if (word === undefined) throw new TestError(`missing argument after ${quote(this.#words.at(-1) ?? "")}`);
    if (word === "!") {
      this.#at += 1;
      return !this.#term();
    }
    if (word === "(") {
      this.#at += 1;
      const result = this.#or();
      if (this.#words[this.#at] !== ")") throw new TestError("')' expected");
      this.#at += 1;
      return result;
    }
    const operator = this.#words[this.#at + 1];
    const right = this.#words[this.#at + 2];
    if (operator !== undefined && right !== undefined && binary.has(operator)) {
      this.#at += 3;
      return this.#binary(word, operator, right);
    }
    if (/^-[a-zA-Z]$/.test(word) && operator !== undefined) {
      this.#at += 2;
      return this.#unary(word, operator);
    }
    this.#at += 1;
    return word !== "";
  }

  #binary(left: string, operator: string, right: string): boolean {
    switch (operator) {
      case "=":
      case "==":
        return left === right;
      case "!=":
        return left !== right;
      case "<":
        return left < right;
      case ">":
        return left > right;
      case "-nt":
        return (this.#run.tryStat(left)?.mtime ?? -1) > (this.#run.tryStat(right)?.mtime ?? -1);
      case "-ot":
        return (this.#run.tryStat(left)?.mtime ?? -1) < (this.#run.tryStat(right)?.mtime ?? -1);
      case "-ef": {
        const stat = this.#run.tryStat(left);
        return stat !== undefined && stat.inode === this.#run.tryStat(right)?.inode;
      }
      default: {
        const x = integer(left);
        const y = integer(right);
        const results: Record<string, boolean> = {
          "-eq": x === y,
          "-ne": x !== y,
          "-lt": x < y,
          "-le": x <= y,
          "-gt": x > y,
          "-ge": x >= y,
        };
        return results[operator] ?? false;
      }
    }
  }

  #unary(operator: string, operand: string): boolean {
    const run = this.#run;
    const { files, credentials } = run.process;
    const access = (wanted: number): boolean => operand !== "" && files.access(run.path(operand), wanted);
    const stat = operand === "" ? undefined : run.tryStat(operand, operator !== "-L" && operator !== "-h");
    switch (operator) {
      case "-n":
        return operand !== "";
      case "-z":
        return operand === "";
      case "-e":
        return stat !== undefined;
      case "-f":
        return stat?.type === "file";
      case "-d":
        return stat?.type === "directory";
      case "-L":
      case "-h":
        return stat?.type === "symlink";
      case "-S":
        return stat?.type === "socket";
      case "-c":
        return stat?.type === "device";
      case "-b":
      case "-p":
        return false;
      case "-s":
        return stat !== undefined && stat.size > 0;
      case "-r":
        return access(4);
      case "-w":
        return access(2);
      case "-x":
        return access(1);
      case "-u":
        return ((stat?.mode ?? 0) & 0o4000) !== 0;
      case "-g":
        return ((stat?.mode ?? 0) & 0o2000) !== 0;
      case "-k":
        return ((stat?.mode ?? 0) & 0o1000) !== 0;
      case "-O":
        return stat?.uid === credentials.uid;
      case "-G":
        return stat?.gid === credentials.gid;
      case "-t": {
        const stream = [run.process.stdin, run.process.stdout, run.process.stderr][Number(operand)];
        return stream?.isTerminal === true;
      }
      default:
        throw new TestError(
          /^-[a-zA-Z]$/.test(operator)
            ? `${quote(operator)}: unary operator expected`
            : `missing argument after ${quote(operand)}`,
        );
    }
  }
}

const test = tool({ usage: "EXPRESSION", about: "Evaluates an expression." }, async (run, options) => {
  const words = [...options.operands];
  if (run.name === "[" && words.pop() !== "]") return run.die(`missing ${quote("]")}`, 2);
  try {
    run.status = new Evaluation(run, words).evaluate() ? 0 : 1;
  } catch (error) {
    if (!(error instanceof TestError || error instanceof FileError)) throw error;
    await run.die(error.message, 2);
  }
});

/** What expr says about a wrong expression. */
class ExprError extends Error {
  override readonly name = "ExprError";
}

/** Evaluates the words of expr. */
class Expr {
  readonly #words: readonly string[];
  #at = 0;
  constructor(words: readonly string[]) {
    this.#words = words;
  }

  evaluate(): string {
    const result = this.#level(0);
    const extra = this.#words[this.#at];
    if (extra !== undefined) throw new ExprError(`syntax error: unexpected argument ${quote(extra)}`);
    return result;
  }

  static readonly #levels = [["|"], ["&"], ["<", "<=", "=", "==", "!=", ">=", ">"], ["+", "-"], ["*", "/", "%"], [":"]];

  #level(depth: number): string {
    const operators = Expr.#levels[depth];
    if (!operators) return this.#primary();
    let left = this.#level(depth + 1);
    for (;;) {
      const operator = this.#words[this.#at];
      if (operator === undefined || !operators.includes(operator)) return left;
      this.#at += 1;
      if (this.#at >= this.#words.length)
        throw new ExprError(`syntax error: missing argument after ${quote(operator)}`);
      left = apply(operator, left, this.#level(depth + 1));
    }
  }

  #primary(): string {
    const word = this.#words[this.#at];
    if (word === undefined)
      throw new ExprError(`syntax error: missing argument after ${quote(this.#words.at(-1) ?? "")}`);
    this.#at += 1;
    switch (word) {
      case "(": {
        const inner = this.#level(0);
        if (this.#words[this.#at] !== ")")
          throw new ExprError(`syntax error: expecting ')' after ${quote(this.#words[this.#at - 1] ?? "")}`);
        this.#at += 1;
        return inner;
      }
      case "+":
        return this.#words[this.#at++] ?? "";
      case "length":
        return String([...this.#primary()].length);
      case "match":
        return apply(":", this.#primary(), this.#primary());
      case "index": {
        const text = [...this.#primary()];
        const characters = this.#primary();
        return String(text.findIndex((character) => characters.includes(character)) + 1);
      }
      case "substr": {
        const text = [...this.#primary()];
        const from = Number(this.#primary());
        const count = Number(this.#primary());
        return from >= 1 && count >= 1 ? text.slice(from - 1, from - 1 + count).join("") : "";
      }
      default:
        return word;
    }
  }
}

const isNull = (text: string): boolean => text === "" || /^-?0+$/.test(text);

function apply(operator: string, left: string, right: string): string {
  const numbers = /^-?\d+$/.test(left) && /^-?\d+$/.test(right);
  switch (operator) {
    case "|":
      return isNull(left) ? (isNull(right) ? "0" : right) : left;
    case "&":
      return isNull(left) || isNull(right) ? "0" : left;
    case ":": {
      const match = posixRegex(`^\\(${right}\\)`).exec(left);
      const captures = /\\\(/.test(right);
      if (captures) return match?.groups[2] ?? "";
      return String(match ? Array.from(left.slice(0, match.end)).length : 0);
    }
    case "+":
    case "-":
    case "*":
    case "/":
    case "%": {
      if (!numbers) throw new ExprError("non-integer argument");
      const x = BigInt(left);
      const y = BigInt(right);
      if ((operator === "/" || operator === "%") && y === 0n) throw new ExprError("division by zero");
      return String(
        operator === "+"
          ? x + y
          : operator === "-"
            ? x - y
            : operator === "*"
              ? x * y
              : operator === "/"
                ? x / y
                : x % y,
      );
    }
    default: {
      const order = numbers
        ? BigInt(left) < BigInt(right)
          ? -1
          : BigInt(left) > BigInt(right)
            ? 1
            : 0
        : left < right
          ? -1
          : left > right
            ? 1
            : 0;
      const results: Record<string, boolean> = {
        "<": order < 0,
        "<=": order <= 0,
        "=": order === 0,
        "==": order === 0,
        "!=": order !== 0,
        ">=": order >= 0,
        ">": order > 0,
      };
      return results[operator] ? "1" : "0";
    }
  }
}

const expr = tool({ usage: "EXPRESSION", about: "Evaluates an expression.", usageStatus: 2 }, async (run, options) => {
  const words = options.operands[0] === "--" ? options.operands.slice(1) : options.operands;
  if (words.length === 0) return run.misuse("missing operand", 2);
  try {
    const result = new Expr(words).evaluate();
    run.print(`${result}\n`);
    run.status = isNull(result) ? 1 : 0;
  } catch (error) {
    if (!(error instanceof ExprError || error instanceof RegexError)) throw error;
    await run.die(error.message, 2);
  }
});

export const testPrograms: ProgramTable = { test, "[": test, expr };
