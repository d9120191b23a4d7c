import type { ProgramTable } from "../../process.ts";
import { FileError } from "../../files/errors.ts";
import { evaluateTest, type TestSubject } from "../../test-expression.ts";
import { posixRegex, RegexError } from "./support/regex.ts";
import { quote } from "./support/text.ts";
import { tool } from "./support/tool.ts";
import type { Tool } from "./support/tool.ts";

/** What test says about a wrong expression. */
class TestError extends Error {
  override readonly name = "TestError";
}

const complaints: TestSubject["complaints"] = {
  integer: (text) => new TestError(`invalid integer ${quote(text)}`),
  unaryExpected: (operator, operand) =>
    new TestError(
      /^-[a-zA-Z]$/.test(operator)
        ? `${quote(operator)}: unary operator expected`
        : `missing argument after ${quote(operand)}`,
    ),
  binaryExpected: (operator) => new TestError(`${quote(operator)}: binary operator expected`),
  missing: (last) => new TestError(`missing argument after ${quote(last)}`),
  unclosed: () => new TestError("')' expected"),
  extra: (word) => new TestError(`extra argument ${quote(word)}`),
};

/** The process as its expression asks it. */
function testSubject(run: Tool): TestSubject {
  const { credentials, files, stdin, stdout, stderr } = run.process;
  return {
    uid: credentials.uid,
    gid: credentials.gid,
    stat: (path, follow) => run.tryStat(path, follow),
    mayAccess: (path, wanted) => files.access(run.path(path), wanted),
    isTerminal: (descriptor) => [stdin, stdout, stderr][descriptor]?.isTerminal === true,
    complaints,
  };
}

const test = tool({ usage: "EXPRESSION", about: "Evaluates an expression." }, async (run, options) => {
  const words = [...options.operands];
  if (run.name === "[" && words.pop() !== "]") return run.die(`missing ${quote("]")}`, 2);
  try {
    run.status = evaluateTest(testSubject(run), words) ? 0 : 1;
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
