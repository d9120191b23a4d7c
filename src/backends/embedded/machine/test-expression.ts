import type { Stat } from "./files/file-system.ts";

/** Who asks: the shell's `test`, or the program of that name, each with its own words and its own view of files. */
export interface TestSubject {
  readonly uid: number;
  readonly gid: number;
  stat(path: string, follow: boolean): Stat | undefined;
  /** 4 to read, 2 to write, 1 to execute. */
  mayAccess(path: string, wanted: number): boolean;
  isTerminal(descriptor: number): boolean;
  /** Operators that only this one knows; undefined for all others. */
  other?(operator: string, operand: string): boolean | undefined;
  readonly complaints: TestComplaints;
}

/** What is thrown for a wrong expression. */
export interface TestComplaints {
  integer(text: string): Error;
  unaryExpected(operator: string, operand: string): Error;
  binaryExpected(operator: string): Error;
  missing(last: string): Error;
  unclosed(): Error;
  extra(word: string): Error;
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

/** `-f FILE` and its kin. */
export function unaryTest(subject: TestSubject, operator: string, operand: string): boolean {
  const stat = (follow = true): Stat | undefined => (operand === "" ? undefined : subject.stat(operand, follow));
  const allowed = (wanted: number): boolean => stat() !== undefined && subject.mayAccess(operand, wanted);
  const hasMode = (bit: number): boolean => ((stat()?.mode ?? 0) & bit) !== 0;
  switch (operator) {
    case "-z":
      return operand === "";
    case "-n":
      return operand !== "";
    case "-e":
    case "-N":
      return stat() !== undefined;
    case "-f":
      return stat()?.type === "file";
    case "-d":
      return stat()?.type === "directory";
    case "-h":
    case "-L":
      return stat(false)?.type === "symlink";
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
      return hasMode(0o4000);
    case "-g":
      return hasMode(0o2000);
    case "-k":
      return hasMode(0o1000);
    case "-O":
      return stat()?.uid === subject.uid;
    case "-G":
      return stat()?.gid === subject.gid;
    case "-t":
      return subject.isTerminal(Number(operand));
    default: {
      const other = subject.other?.(operator, operand);
      if (other === undefined) throw subject.complaints.unaryExpected(operator, operand);
      return other;
    }
  }
}

/** `A = B` and its kin. */
export function binaryTest(subject: TestSubject, left: string, operator: string, right: string): boolean {
  const newer = (one: string, than: string): boolean => {
    const [first, second] = [subject.stat(one, true), subject.stat(than, true)];
    return first !== undefined && (second === undefined || first.mtime > second.mtime);
  };
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
      return newer(left, right);
    case "-ot":
      return newer(right, left);
    case "-ef": {
      const first = subject.stat(left, true);
      return first !== undefined && first.inode === subject.stat(right, true)?.inode;
    }
  }
  const integer = (text: string): bigint => {
    if (!/^\s*[-+]?\d+\s*$/.test(text)) throw subject.complaints.integer(text);
    return BigInt(text.trim().replace(/^\+/, ""));
  };
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

/** The words of `test` and `[`, as POSIX reads them: by their number, or by the grammar where that leaves it open. */
export function evaluateTest(subject: TestSubject, words: readonly string[]): boolean {
  if (words.length === 0) return false;
  const { complaints } = subject;
  const short = byCount(subject, words);
  if (short !== undefined) return short;
  let at = 0;
  const joined = (operator: string, part: () => boolean, join: (a: boolean, b: boolean) => boolean): boolean => {
    let value = part();
    while (words[at] === operator) {
      at += 1;
      value = join(value, part());
    }
    return value;
  };
  const and = (): boolean => joined("-a", term, (a, b) => a && b);
  const or = (): boolean => joined("-o", and, (a, b) => a || b);
  const term = (): boolean => {
    const word = words[at];
    if (word === undefined) throw complaints.missing(words.at(-1) ?? "");
    if (word === "!") {
      at += 1;
      return !term();
    }
    if (word === "(") {
      at += 1;
      const value = or();
      if (words[at] !== ")") throw complaints.unclosed();
      at += 1;
      return value;
    }
    const [operator, right] = [words[at + 1], words[at + 2]];
    if (operator !== undefined && right !== undefined && binaryOperators.has(operator)) {
      at += 3;
      return binaryTest(subject, word, operator, right);
    }
    if (/^-[a-zA-Z]$/.test(word) && operator !== undefined) {
      at += 2;
      return unaryTest(subject, word, operator);
    }
    at += 1;
    return word !== "";
  };
  const value = or();
  const extra = words[at];
  if (extra !== undefined) throw complaints.extra(extra);
  return value;
}

/** The value where the number of words decides; undefined where it is left to the grammar. */
function byCount(subject: TestSubject, words: readonly string[]): boolean | undefined {
  const [first = "", second = "", third = ""] = words;
  switch (words.length) {
    case 1:
      return first !== "";
    case 2:
      return first === "!" ? second === "" : unaryTest(subject, first, second);
    case 3:
      if (binaryOperators.has(second)) return binaryTest(subject, first, second, third);
      if (second === "-a") return first !== "" && third !== "";
      if (second === "-o") return first !== "" || third !== "";
      if (first === "!") return !evaluateTest(subject, words.slice(1));
      if (first === "(" && third === ")") return second !== "";
      throw subject.complaints.binaryExpected(second);
    case 4:
      if (first === "!") return !evaluateTest(subject, words.slice(1));
      if (first === "(" && words[3] === ")") return evaluateTest(subject, words.slice(1, 3));
      return undefined;
    default:
      return undefined;
  }
}
