import { FileError } from "../files/errors.ts";
import type { Stat } from "../files/file-system.ts";
import { ShellFailure } from "./failures.ts";
import { type OptionName, optionNames } from "./options.ts";
import type { Shell } from "./shell.ts";

function statOf(shell: Shell, path: string, follow = true): Stat | undefined {
  if (path === "") return undefined;
  const absolute = path.startsWith("/") ? path : `${shell.cwd}/${path}`;
  try {
    return follow ? shell.files.stat(absolute) : shell.files.lstat(absolute);
  } catch (error) {
    if (error instanceof FileError) return undefined;
    throw error;
  }
}

/** `-f FILE` and its kin. */
export function unaryTest(shell: Shell, operator: string, operand: string): boolean {
  const absolute = operand.startsWith("/") ? operand : `${shell.cwd}/${operand}`;
  const allowed = (wanted: number) =>
    operand !== "" && shell.files.exists(absolute) && shell.files.access(absolute, wanted);
  const stat = () => statOf(shell, operand);
  switch (operator) {
    case "-z":
      return operand === "";
    case "-n":
      return operand !== "";
    case "-e":
    case "-a":
      return stat() !== undefined;
    case "-f":
      return stat()?.type === "file";
    case "-d":
      return stat()?.type === "directory";
    case "-h":
    case "-L":
      return statOf(shell, operand, false)?.type === "symlink";
    case "-S":
      return stat()?.type === "socket";
    case "-c":
      return stat()?.type === "device";
    case "-b":
    case "-p":
      return false;
    case "-s":
      return (stat()?.size ?? 0) > 0;
    case "-r":
      return allowed(4);
    case "-w":
      return allowed(2);
    case "-x":
      return allowed(1);
    case "-u":
      return ((stat()?.mode ?? 0) & 0o4000) !== 0;
    case "-g":
      return ((stat()?.mode ?? 0) & 0o2000) !== 0;
    case "-k":
      return ((stat()?.mode ?? 0) & 0o1000) !== 0;
    case "-O":
      return stat()?.uid === shell.credentials.uid;
    case "-G":
      return stat()?.gid === shell.credentials.gid;
    case "-N":
      return stat() !== undefined;
    case "-t": {
      const file = shell.descriptors.get(Number(operand));
      return (file?.sink?.isTerminal ?? file?.source?.isTerminal) === true;
    }
    case "-o":
      return operand in optionNames && (shell.options[operand as OptionName] ?? false);
    case "-v": {
      const element = /^([A-Za-z_]\w*)\[(.+)\]$/.exec(operand);
      if (element?.[1] && element[2]) return shell.variables.items(element[1]).has(element[2]);
      if (/^\d+$/.test(operand)) return shell.positional[Number(operand) - 1] !== undefined;
      return shell.variables.get(operand) !== undefined;
    }
    case "-R":
      return shell.variables.raw(operand)?.reference ?? false;
    default:
      throw new ShellFailure(`${operator}: unary operator expected`, { exitCode: 2 });
  }
}

function integer(text: string): bigint {
  if (!/^\s*[-+]?\d+\s*$/.test(text)) throw new ShellFailure(`${text}: integer expression expected`, { exitCode: 2 });
  return BigInt(text.trim().replace(/^\+/, ""));
}

const binaryOperators = new Set([
  "=",
  "==",
  "!=",
  "<",
  ">",
  "-eq",
  "-ne",
  "-lt",
  "-le",
  "-gt",
  "-ge",
  "-nt",
  "-ot",
  "-ef",
]);

/** `A = B` and its kin. */
export function binaryTest(shell: Shell, left: string, operator: string, right: string): boolean {
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
    case "-ot": {
      const [a, b] = operator === "-nt" ? [left, right] : [right, left];
      const [first, second] = [statOf(shell, a), statOf(shell, b)];
      return first !== undefined && (second === undefined || first.mtime > second.mtime);
    }
    case "-ef": {
      const [first, second] = [statOf(shell, left), statOf(shell, right)];
      return first !== undefined && first.inode === second?.inode;
    }
  }
  const [a, b] = [integer(left), integer(right)];
  switch (operator) {
    case "-eq":
      return a === b;
    case "-ne":
      return a !== b;
    case "-lt":
      return a < b;
    case "-le":
      return a <= b;
    case "-gt":
      return a > b;
    default:
      return a >= b;
  }
}

/** The grammar of `test` and `[`. */
export function evaluateTest(shell: Shell, args: readonly string[]): boolean {
  if (args.length === 0) return false;
  if (args.length <= 4) {
    const short = byCount(shell, args);
    if (short !== undefined) return short;
  }
  let at = 0;
  const or = (): boolean => {
    let value = and();
    while (args[at] === "-o") {
      at += 1;
      const right = and();
      value = value || right;
    }
    return value;
  };
  const and = (): boolean => {
    let value = term();
    while (args[at] === "-a") {
      at += 1;
      const right = term();
      value = value && right;
    }
    return value;
  };
  const term = (): boolean => {
    const arg = args[at];
    if (arg === undefined) throw new ShellFailure("argument expected", { exitCode: 2 });
    if (arg === "!") {
      at += 1;
      return !term();
    }
    if (arg === "(") {
      at += 1;
      const value = or();
      if (args[at] !== ")") throw new ShellFailure("`)' expected", { exitCode: 2 });
      at += 1;
      return value;
    }
    const operator = args[at + 1];
    const right = args[at + 2];
    if (operator !== undefined && right !== undefined && binaryOperators.has(operator)) {
      at += 3;
      return binaryTest(shell, arg, operator, right);
    }
    if (/^-[a-zA-Z]$/.test(arg) && operator !== undefined) {
      at += 2;
      return unaryTest(shell, arg, operator);
    }
    at += 1;
    return arg !== "";
  };
  const value = or();
  if (at < args.length) throw new ShellFailure("too many arguments", { exitCode: 2 });
  return value;
}

/** POSIX decides by the number of arguments; undefined where it leaves the decision to the grammar. */
function byCount(shell: Shell, args: readonly string[]): boolean | undefined {
  const [first = "", second = "", third = ""] = args;
  switch (args.length) {
    case 1:
      return first !== "";
    case 2:
      if (first === "!") return second === "";
      if (/^-[a-zA-Z]$/.test(first)) return unaryTest(shell, first, second);
      throw new ShellFailure(`${first}: unary operator expected`, { exitCode: 2 });
    case 3:
      if (binaryOperators.has(second)) return binaryTest(shell, first, second, third);
      if (second === "-a") return first !== "" && third !== "";
      if (second === "-o") return first !== "" || third !== "";
      if (first === "!") return !evaluateTest(shell, args.slice(1));
      if (first === "(" && third === ")") return second !== "";
      throw new ShellFailure(`${second}: binary operator expected`, { exitCode: 2 });
    default:
      if (first === "!") return !evaluateTest(shell, args.slice(1));
      if (first === "(" && args[3] === ")") return evaluateTest(shell, args.slice(1, 3));
      return undefined;
  }
}
