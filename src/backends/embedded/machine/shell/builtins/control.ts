import { FileError } from "../../files/errors.ts";
import { resolvePath } from "../../files/paths.ts";
import { signalNumbers } from "../../process.ts";
import { quoteSingle } from "../encoding.ts";
import { replaceShell } from "../external.ts";
import { Jump, ShellFailure } from "../failures.ts";
import { type OptionName, optionNames } from "../options.ts";
import type { Shell } from "../shell.ts";
import { evaluateTest } from "../../test-expression.ts";
import { testSubject } from "../tests.ts";
import { listVariables } from "./variables.ts";
import type { Builtin } from "./types.ts";

const number = (name: string, text: string | undefined, fallback: number): number => {
  if (text === undefined) return fallback;
  if (!/^[-+]?\d+$/.test(text.trim()))
    throw new ShellFailure(`${name}: ${text}: numeric argument required`, { exitCode: 2, ends: "shell" });
  return Number(text);
};

const exit: Builtin = async (shell, args) => {
  if (args[0] !== undefined && !/^[-+]?\d+$/.test(args[0])) {
    await shell.complain(`exit: ${args[0]}: numeric argument required`);
    throw new Jump("exit", 2);
  }
  if (args.length > 1) throw new ShellFailure("exit: too many arguments");
  throw new Jump("exit", args[0] === undefined ? shell.lastStatus : Number(args[0]) & 0xff);
};

const returnCommand: Builtin = async (shell, args) => {
  if (shell.calls.length === 0) {
    throw new ShellFailure("return: can only `return' from a function or sourced script", { exitCode: 2 });
  }
  if (args[0] !== undefined && !/^[-+]?\d+$/.test(args[0])) {
    await shell.complain(`return: ${args[0]}: numeric argument required`);
    throw new Jump("return", 2);
  }
  throw new Jump("return", args[0] === undefined ? shell.lastStatus : Number(args[0]) & 0xff);
};

const loopJump =
  (kind: "break" | "continue"): Builtin =>
  async (shell, args) => {
    const count = number(kind, args[0], 1);
    if (shell.loops === 0) {
      await shell.complain(`${kind}: only meaningful in a \`for', \`while', or \`until' loop`);
      return 0;
    }
    if (count < 1) throw new ShellFailure(`${kind}: ${count}: loop count out of range`);
    throw new Jump(kind, count);
  };

const evalCommand: Builtin = async (shell, args) => {
  const text = args.join(" ");
  if (text.trim() === "") return 0;
  return shell.evaluateText(text, shell.interactive ? undefined : `${shell.name}: eval`);
};

const source: Builtin = async (shell, args, name) => {
  const [file, ...rest] = args[0] === "--" ? args.slice(1) : args;
  if (file === undefined) {
    await shell.complain(`${name}: filename argument required`);
    await shell.write(2, `${name}: usage: ${name} filename [arguments]\n`);
    return 2;
  }
  let path = resolvePath(shell.cwd, file);
  if (!file.includes("/")) {
    for (const folder of (shell.variables.get("PATH") ?? "").split(":")) {
      const candidate = resolvePath(shell.cwd, `${folder || "."}/${file}`);
      if (shell.files.exists(candidate) && shell.files.stat(candidate).type === "file") {
        path = candidate;
        break;
      }
    }
  }
  let text: string;
  try {
    text = shell.files.readText(path);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const shown = name === "." && error.code === "EISDIR" ? `.: ${file}: is a directory` : `${file}: ${error.message}`;
    throw new ShellFailure(error.code === "EISDIR" ? `${name}: ${file}: is a directory` : shown);
  }
  const { positional, loops, line } = shell;
  if (rest.length > 0) shell.positional = rest;
  shell.calls.push({ name: "source", source: file, line });
  try {
    return await shell.script(text);
  } catch (error) {
    if (error instanceof Jump && error.kind === "return") return (shell.lastStatus = error.value);
    throw error;
  } finally {
    shell.calls.pop();
    if (rest.length > 0) shell.positional = positional;
    shell.loops = loops;
    shell.line = line;
  }
};

const exec: Builtin = async (shell, args) => {
  let rest = args;
  while (/^-[cla]/.test(rest[0] ?? "")) rest = rest.slice(rest[0] === "-a" ? 2 : 1);
  if (rest[0] === "--") rest = rest.slice(1);
  if (rest.length === 0) return 0;
  const code = await replaceShell(shell, rest);
  if (shell.interactive && (code === 126 || code === 127)) return code;
  shell.traps.delete("EXIT");
  throw new Jump("exit", code);
};

const set: Builtin = async (shell, args) => {
  if (args.length === 0) {
    await shell.out(listVariables(shell));
    return 0;
  }
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? "";
    if (arg === "--") {
      shell.positional = args.slice(at + 1);
      return 0;
    }
    if (arg === "-") {
      shell.options.xtrace = false;
      shell.options.verbose = false;
      if (at + 1 < args.length) shell.positional = args.slice(at + 1);
      return 0;
    }
    if (!/^[-+]./.test(arg)) {
      shell.positional = args.slice(at);
      return 0;
    }
    const on = arg.startsWith("-");
    for (const letter of arg.slice(1)) {
      if (letter === "o") {
        const name = args[at + 1];
        if (name === undefined || /^[-+]/.test(name)) await listOptions(shell, on);
        else {
          at += 1;
          if (!Object.hasOwn(optionNames, name))
            throw new ShellFailure(`set: ${name}: invalid option name`, { exitCode: 2 });
          shell.options[name as OptionName] = on;
        }
        continue;
      }
      const name = Object.entries(optionNames).find(([, candidate]) => candidate === letter)?.[0];
      if (!name) {
        await shell.complain(`set: ${arg[0]}${letter}: invalid option`);
        await shell.write(2, "set: usage: set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]\n");
        return 2;
      }
      shell.options[name as OptionName] = on;
    }
  }
  return 0;
};

async function listOptions(shell: Shell, readable: boolean): Promise<void> {
  const names = (Object.keys(optionNames) as OptionName[]).sort();
  const line = (name: OptionName) => {
    const on = shell.options[name] ?? false;
    return readable ? `${name.padEnd(15)}\t${on ? "on" : "off"}\n` : `set ${on ? "-" : "+"}o ${name}\n`;
  };
  await shell.out(names.map(line).join(""));
}

const shoptNames = [
  "autocd",
  "cdspell",
  "checkhash",
  "checkjobs",
  "checkwinsize",
  "cmdhist",
  "direxpand",
  "dotglob",
  "execfail",
  "expand_aliases",
  "extdebug",
  "extglob",
  "extquote",
  "failglob",
  "force_fignore",
  "globasciiranges",
  "globstar",
  "histappend",
  "histreedit",
  "histverify",
  "hostcomplete",
  "inherit_errexit",
  "interactive_comments",
  "lastpipe",
  "localvar_inherit",
  "login_shell",
  "nocaseglob",
  "nocasematch",
  "nullglob",
  "progcomp",
  "promptvars",
  "restricted_shell",
  "sourcepath",
  "xpg_echo",
];

const shopt: Builtin = async (shell, args) => {
  const flags = new Set(args.filter((arg) => /^-[suqpo]+$/.test(arg)).flatMap((arg) => arg.slice(1).split("")));
  const names = args.filter((arg) => !/^-[suqpo]+$/.test(arg));
  const isOn = (name: string) =>
    flags.has("o") ? (shell.options[name as OptionName] ?? false) : (shell.shopts[name] ?? false);
  for (const name of names) {
    const known = flags.has("o") ? Object.hasOwn(optionNames, name) : shoptNames.includes(name);
    if (!known) throw new ShellFailure(`shopt: ${name}: invalid shell option name`);
  }
  if (flags.has("s") || flags.has("u")) {
    for (const name of names) {
      if (flags.has("o")) shell.options[name as OptionName] = flags.has("s");
      else shell.shopts[name] = flags.has("s");
    }
    if (names.length > 0) return 0;
  }
  if (!flags.has("q")) {
    for (const name of names.length > 0 ? names : shoptNames) {
      await shell.out(
        flags.has("p")
          ? `shopt ${isOn(name) ? "-s" : "-u"} ${name}\n`
          : `${name.padEnd(15)}\t${isOn(name) ? "on" : "off"}\n`,
      );
    }
  }
  return names.every(isOn) ? 0 : 1;
};

const trapNames = [
  "EXIT",
  "HUP",
  "INT",
  "QUIT",
  "KILL",
  "USR1",
  "USR2",
  "PIPE",
  "ALRM",
  "TERM",
  "CHLD",
  "CONT",
  "TSTP",
  "DEBUG",
  "ERR",
  "RETURN",
  "WINCH",
  "STOP",
  "TTIN",
  "TTOU",
];

function trapName(text: string): string | undefined {
  if (/^\d+$/.test(text)) {
    if (text === "0") return "EXIT";
    return Object.entries(signalNumbers)
      .find(([, value]) => value === Number(text))?.[0]
      .slice(3);
  }
  const name = text.toUpperCase().replace(/^SIG/, "");
  return trapNames.includes(name) ? name : undefined;
}

const trap: Builtin = async (shell, args) => {
  let rest = args;
  if (rest[0] === "--") rest = rest.slice(1);
  if (rest[0] === "-l") {
    await shell.out(
      `${Object.entries(signalNumbers)
        .map(([name, value]) => `${value}) ${name}`)
        .join("\t")}\n`,
    );
    return 0;
  }
  const shown = (name: string) => (["EXIT", "ERR", "DEBUG", "RETURN"].includes(name) ? name : `SIG${name}`);
  if (rest.length === 0 || rest[0] === "-p") {
    const wanted = rest.slice(1).map(trapName);
    for (const name of trapNames) {
      const action = shell.traps.get(name);
      if (action === undefined || (wanted.length > 0 && !wanted.includes(name))) continue;
      await shell.out(`trap -- ${quoteSingle(action)} ${shown(name)}\n`);
    }
    return 0;
  }
  const [action = "", ...names] = rest;
  const reset = names.length === 0 || action === "-" || (/^\d+$/.test(action) && trapName(action) !== undefined);
  let status = 0;
  for (const text of reset && action !== "-" ? rest : names) {
    const name = trapName(text);
    if (!name) {
      await shell.complain(`trap: ${text}: invalid signal specification`);
      status = 1;
    } else if (reset) shell.traps.delete(name);
    else shell.traps.set(name, action);
  }
  return status;
};

const test: Builtin = async (shell, args, name) => {
  let operands = args;
  if (name === "[") {
    if (args.at(-1) !== "]") throw new ShellFailure("[: missing `]'", { exitCode: 2 });
    operands = args.slice(0, -1);
  }
  try {
    return evaluateTest(testSubject(shell), operands) ? 0 : 1;
  } catch (error) {
    if (error instanceof ShellFailure) throw new ShellFailure(`${name}: ${error.message}`, { exitCode: 2 });
    throw error;
  }
};

const umask: Builtin = async (shell, args) => {
  const symbolic = args.includes("-S");
  const [value] = args.filter((arg) => !/^-[Sp]+$/.test(arg));
  if (value === undefined) {
    const bits = (shift: number) => {
      const allowed = ~(shell.umask >> shift) & 7;
      return `${allowed & 4 ? "r" : ""}${allowed & 2 ? "w" : ""}${allowed & 1 ? "x" : ""}`;
    };
    await shell.out(
      symbolic ? `u=${bits(6)},g=${bits(3)},o=${bits(0)}\n` : `${shell.umask.toString(8).padStart(4, "0")}\n`,
    );
    return 0;
  }
  if (/^[0-7]{1,4}$/.test(value)) {
    shell.umask = Number.parseInt(value, 8) & 0o777;
    return 0;
  }
  let allowed = ~shell.umask & 0o777;
  for (const clause of value.split(",")) {
    const match = /^([ugoa]*)([-+=])([rwx]*)$/.exec(clause);
    if (!match)
      throw new ShellFailure(
        /^\d/.test(value)
          ? `umask: ${value}: octal number out of range`
          : `umask: \`${value.slice(0, 1)}': invalid symbolic mode operator`,
      );
    let bits = 0;
    for (const letter of match[3] ?? "") bits |= letter === "r" ? 4 : letter === "w" ? 2 : 1;
    for (const who of match[1] === "" || match[1]?.includes("a") ? "ugo" : (match[1] ?? "")) {
      const shift = who === "u" ? 6 : who === "g" ? 3 : 0;
      if (match[2] === "=") allowed = (allowed & ~(7 << shift)) | (bits << shift);
      else if (match[2] === "+") allowed |= bits << shift;
      else allowed &= ~(bits << shift);
    }
  }
  shell.umask = ~allowed & 0o777;
  return 0;
};

const ulimit: Builtin = async (shell, args) => {
  const flags = args.filter((arg) => arg.startsWith("-")).join("");
  const value = args.find((arg) => !arg.startsWith("-"));
  if (value !== undefined) return 0;
  if (flags.includes("n")) await shell.out("1024\n");
  else if (!flags.includes("a")) await shell.out("unlimited\n");
  else
    await shell.out(
      "core file size          (blocks, -c) 0\nopen files                      (-n) 1024\nmax user processes              (-u) 15593\n",
    );
  return 0;
};

const times: Builtin = async (shell) => {
  await shell.out("0m0.000s 0m0.000s\n0m0.000s 0m0.000s\n");
  return 0;
};

export const controlBuiltins = {
  ":": () => 0,
  true: () => 0,
  false: () => 1,
  exit,
  logout: exit,
  return: returnCommand,
  break: loopJump("break"),
  continue: loopJump("continue"),
  eval: evalCommand,
  source,
  ".": source,
  exec,
  set,
  shopt,
  trap,
  test,
  "[": test,
  umask,
  ulimit,
  times,
} satisfies Record<string, Builtin>;
