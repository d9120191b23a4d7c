import { FileError } from "../../files/errors.ts";
import type { ProgramTable } from "../../process.ts";
import { tool } from "./support/tool.ts";

/** What bc says about a line it cannot take. */
class BcError extends Error {
  override readonly name = "BcError";
}

/** A decimal number: `digits` divided by ten to the `scale`. */
interface Decimal {
  digits: bigint;
  scale: number;
}

const ten = (power: number): bigint => 10n ** BigInt(power);

const rescale = (value: Decimal, scale: number): Decimal =>
  scale >= value.scale
    ? { digits: value.digits * ten(scale - value.scale), scale }
    : { digits: value.digits / ten(value.scale - scale), scale };

function show({ digits, scale }: Decimal): string {
  const sign = digits < 0n ? "-" : "";
  const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, "0");
  if (scale === 0) return sign + text;
  const whole = text.slice(0, -scale);
  if (digits === 0n) return "0";
  return `${sign}${whole === "0" ? "" : whole}.${text.slice(-scale)}`;
}

function compare(a: Decimal, b: Decimal): number {
  const scale = Math.max(a.scale, b.scale);
  const [x, y] = [rescale(a, scale).digits, rescale(b, scale).digits];
  return x < y ? -1 : x > y ? 1 : 0;
}

const one: Decimal = { digits: 1n, scale: 0 };
const zero: Decimal = { digits: 0n, scale: 0 };

/** A calculator for expressions and assignments. Simplified: a real bc has statements and functions of its own. */
class Calculator {
  #variables = new Map<string, Decimal>();
  #tokens: string[] = [];
  #at = 0;

  constructor(scale: number) {
    this.#variables.set("scale", { digits: BigInt(scale), scale: 0 });
  }

  get #scale(): number {
    return Number((this.#variables.get("scale") ?? zero).digits);
  }

  /** The line that a statement prints; undefined for an assignment. */
  run(source: string): string | undefined {
    this.#tokens = source.match(/\d+\.?\d*|\.\d+|[a-z]\w*|[-+*/%^]=|[=!<>]=|&&|\|\||[^\s]/g) ?? [];
    this.#at = 0;
    const assigns = /^[a-z]\w*$/.test(this.#tokens[0] ?? "") && /^[-+*/%^]?=$/.test(this.#tokens[1] ?? "");
    const value = this.#assignment();
    if (this.#at < this.#tokens.length) throw new BcError("syntax error");
    return assigns ? undefined : show(value);
  }

  #accept(...words: string[]): string | undefined {
    const token = this.#tokens[this.#at];
    if (token === undefined || !words.includes(token)) return undefined;
    this.#at += 1;
    return token;
  }

  #assignment(): Decimal {
    const [name = "", operator = ""] = this.#tokens.slice(this.#at, this.#at + 2);
    if (!/^[a-z]\w*$/.test(name) || !/^[-+*/%^]?=$/.test(operator)) return this.#comparison();
    this.#at += 2;
    const right = this.#assignment();
    const value =
      operator === "=" ? right : this.#combine(operator.charAt(0), this.#variables.get(name) ?? zero, right);
    this.#variables.set(name, value);
    return value;
  }

  #comparison(): Decimal {
    let left = this.#sum();
    for (
      let operator = this.#accept("==", "!=", "<", "<=", ">", ">=");
      operator !== undefined;
      operator = this.#accept("==", "!=", "<", "<=", ">", ">=")
    ) {
      const order = compare(left, this.#sum());
      const results: Record<string, boolean> = {
        "==": order === 0,
        "!=": order !== 0,
        "<": order < 0,
        "<=": order <= 0,
        ">": order > 0,
        ">=": order >= 0,
      };
      left = results[operator] ? one : zero;
    }
    return left;
  }

  #sum(): Decimal {
    let left = this.#product();
    for (let operator = this.#accept("+", "-"); operator !== undefined; operator = this.#accept("+", "-"))
      left = this.#combine(operator, left, this.#product());
    return left;
  }

  #product(): Decimal {
    let left = this.#power();
    for (let operator = this.#accept("*", "/", "%"); operator !== undefined; operator = this.#accept("*", "/", "%"))
      left = this.#combine(operator, left, this.#power());
    return left;
  }

  #power(): Decimal {
    const base = this.#primary();
    return this.#accept("^") ? this.#combine("^", base, this.#power()) : base;
  }

  #combine(operator: string, a: Decimal, b: Decimal): Decimal {
    const scale = Math.max(a.scale, b.scale);
    switch (operator) {
      case "+":
        return { digits: rescale(a, scale).digits + rescale(b, scale).digits, scale };
      case "-":
        return { digits: rescale(a, scale).digits - rescale(b, scale).digits, scale };
      case "*":
        return rescale(
          { digits: a.digits * b.digits, scale: a.scale + b.scale },
          Math.min(a.scale + b.scale, Math.max(this.#scale, scale)),
        );
      case "/":
        return this.#divide(a, b);
      case "%": {
        const quotient = this.#divide(a, b);
        const product = { digits: quotient.digits * b.digits, scale: quotient.scale + b.scale };
        return rescale(this.#combine("-", a, product), Math.max(this.#scale + b.scale, a.scale));
      }
      default: {
        if (b.scale > 0 && b.digits % ten(b.scale) !== 0n)
          throw new BcError("Runtime warning (func=(main), adr=0): non-zero scale in exponent");
        const exponent = Number(b.digits / ten(b.scale));
        const times = Math.abs(exponent);
        if (times > 100_000) throw new BcError("exponent too large in raise");
        const full = { digits: a.digits ** BigInt(times), scale: a.scale * times };
        if (exponent < 0) return this.#divide(one, full);
        return rescale(full, Math.min(full.scale, Math.max(this.#scale, a.scale)));
      }
    }
  }

  #divide(a: Decimal, b: Decimal): Decimal {
    if (b.digits === 0n) throw new BcError("Runtime error (func=(main), adr=5): Divide by zero");
    const scale = this.#scale;
    return {
      digits: rescale({ digits: a.digits * ten(scale + b.scale), scale: 0 }, 0).digits / (b.digits * ten(a.scale)),
      scale,
    };
  }

  #primary(): Decimal {
    const token = this.#tokens[this.#at];
    this.#at += 1;
    if (token === undefined) throw new BcError("syntax error");
    if (/^[\d.]/.test(token) && token !== ".") {
      const [whole = "", fraction = ""] = token.split(".");
      return { digits: BigInt(whole + fraction || "0"), scale: fraction.length };
    }
    if (token === "-") {
      const value = this.#primary();
      return { ...value, digits: -value.digits };
    }
    if (token === "(") {
      const value = this.#assignment();
      if (!this.#accept(")")) throw new BcError("syntax error");
      return value;
    }
    if (!/^[a-z]\w*$/.test(token)) throw new BcError("syntax error");
    if (!this.#accept("(")) return this.#variables.get(token) ?? zero;
    const argument = this.#assignment();
    if (!this.#accept(")")) throw new BcError("syntax error");
    if (token === "sqrt") return this.#root(argument);
    if (token === "length") return { digits: BigInt(argument.digits.toString().replace("-", "").length), scale: 0 };
    throw new BcError(`Runtime error (func=(main), adr=3): Function ${token} not defined.`);
  }

  #root(value: Decimal): Decimal {
    if (value.digits < 0n) throw new BcError("Runtime error (func=(main), adr=3): Square root of a negative number");
    const scale = Math.max(this.#scale, value.scale);
    const square = rescale(value, scale * 2).digits;
    if (square === 0n) return zero;
    let guess = BigInt(Math.floor(Math.sqrt(Number(square)))) + 1n;
    while (guess * guess > square) guess = (guess + square / guess) / 2n;
    while ((guess + 1n) * (guess + 1n) <= square) guess += 1n;
    return { digits: guess, scale };
  }
}

const bc = tool(
  {
    usage: "[-l] [FILE]...",
    about: "Calculates with decimal numbers.",
    options: "l,mathlib i,interactive q,quiet s,standard w,warn",
    suite: "bc",
  },
  async (run, options) => {
    const calculator = new Calculator(options.has("mathlib") ? 20 : 0);
    for (const name of [...options.operands, "-"]) {
      try {
        const lines = run.lines(name);
        for await (const line of lines) {
          for (const statement of line.replace(/#.*$/, "").split(";")) {
            if (statement.trim() === "") continue;
            if (/^\s*(quit|halt)\s*$/.test(statement)) return;
            const text = /^\s*print\s+"(.*)"\s*$/.exec(statement);
            try {
              if (text) run.print((text[1] ?? "").replaceAll("\\n", "\n"));
              else {
                const result = calculator.run(statement);
                if (result !== undefined) run.print(`${result}\n`);
              }
            } catch (error) {
              if (!(error instanceof BcError)) throw error;
              await run.flush();
              await run.process.err(
                error.message === "syntax error" ? "(standard_in) 1: syntax error\n" : `${error.message}\n`,
              );
            }
          }
        }
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        await run.process.err(`File ${name} is unavailable.\n`);
        return run.exit(1);
      }
    }
  },
);

export const calculatorPrograms: ProgramTable = { bc };
