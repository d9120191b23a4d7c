import { FileError } from "../files/errors.ts";
import type { TestSubject } from "../test-expression.ts";
import { ShellFailure } from "./failures.ts";
import { type OptionName, optionNames } from "./options.ts";
import type { Shell } from "./shell.ts";

const wrong = (text: string): ShellFailure => new ShellFailure(text, { exitCode: 2 });

const complaints: TestSubject["complaints"] = {
  integer: (text) => wrong(`${text}: integer expression expected`),
  unaryExpected: (operator) => wrong(`${operator}: unary operator expected`),
  binaryExpected: (operator) => wrong(`${operator}: binary operator expected`),
  missing: () => wrong("argument expected"),
  unclosed: () => wrong("`)' expected"),
  extra: () => wrong("too many arguments"),
};

/** The shell as `test`, `[` and `[[` ask it. */
export function testSubject(shell: Shell): TestSubject {
  const absolute = (path: string): string => (path.startsWith("/") ? path : `${shell.cwd}/${path}`);
  const stat: TestSubject["stat"] = (path, follow) => {
    if (path === "") return undefined;
    try {
      return follow ? shell.files.stat(absolute(path)) : shell.files.lstat(absolute(path));
    } catch (error) {
      if (error instanceof FileError) return undefined;
      throw error;
    }
  };
  return {
    uid: shell.credentials.uid,
    gid: shell.credentials.gid,
    stat,
    mayAccess: (path, wanted) => shell.files.access(absolute(path), wanted),
    isTerminal: (descriptor) => {
      const file = shell.descriptors.get(descriptor);
      return (file?.sink?.isTerminal ?? file?.source?.isTerminal) === true;
    },
    other: (operator, operand) => {
      switch (operator) {
        case "-a":
          return stat(operand, true) !== undefined;
        case "-o":
          return operand in optionNames && (shell.options[operand as OptionName] ?? false);
        case "-v":
          return isSet(shell, operand);
        case "-R":
          return shell.variables.raw(operand)?.reference ?? false;
        default:
          return undefined;
      }
    },
    complaints,
  };
}

function isSet(shell: Shell, name: string): boolean {
  const element = /^([A-Za-z_]\w*)\[(.+)\]$/.exec(name);
  if (element?.[1] && element[2]) return shell.variables.items(element[1]).has(element[2]);
  if (/^\d+$/.test(name)) return shell.positional[Number(name) - 1] !== undefined;
  return shell.variables.get(name) !== undefined;
}
