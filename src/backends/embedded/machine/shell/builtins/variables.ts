import type { Assignment } from "../ast.ts";
import { quoteDouble, quoteIfNeeded } from "../encoding.ts";
import { attributes } from "../expansion.ts";
import { ShellFailure } from "../failures.ts";
import type { Shell } from "../shell.ts";
import type { Variable } from "../variables.ts";
import { type Builtin, identifier, options } from "./types.ts";

const declareUsage = "[-aAfFgilnrtux] [-p] [name[=value] ...]";

const declare: Builtin = async (shell, args, name) => {
  const { declared } = shell;
  shell.declared = new Map();
  const on = new Set<string>();
  const off = new Set<string>();
  let at = 0;
  for (; at < args.length && /^[-+]./.test(args[at] ?? ""); at += 1) {
    const arg = args[at] ?? "";
    if (arg === "--") {
      at += 1;
      break;
    }
    for (const letter of arg.slice(1)) {
      if (!"aAfFgIilnrtuxp".includes(letter)) {
        await shell.complain(`${name}: ${arg[0]}${letter}: invalid option`);
        await shell.write(2, `${name}: usage: ${name} ${declareUsage}\n`);
        return 2;
      }
      (arg.startsWith("-") ? on : off).add(letter);
    }
  }
  if (name === "export") on.add("x");
  if (name === "readonly") on.add("r");
  const operands = args.slice(at);
  if (name === "local" && shell.calls.length === 0) throw new ShellFailure("local: can only be used in a function");
  if (on.has("f") || on.has("F")) return functionsOf(shell, operands, on, name);
  if (name === "export" && on.has("n")) {
    on.delete("n");
    on.delete("x");
    off.add("x");
  }
  const local =
    (name === "local" || name === "declare" || name === "typeset") && shell.calls.length > 0 && !on.has("g");
  if (on.has("p") || operands.length === 0) return printVariables(shell, operands, on, name);
  let status = 0;
  for (const [index, operand] of operands.entries()) {
    try {
      await declareOne(shell, operand, declared.get(at + index), { on, off, local, name });
    } catch (error) {
      if (!(error instanceof ShellFailure)) throw error;
      await shell.complain(
        error.message.endsWith(": readonly variable") && name !== "local" ? error.message : `${name}: ${error.message}`,
      );
      status = 1;
    }
  }
  return status;
};

interface Declaration {
  on: ReadonlySet<string>;
  off: ReadonlySet<string>;
  local: boolean;
  name: string;
}

async function declareOne(
  shell: Shell,
  operand: string,
  array: Assignment | undefined,
  how: Declaration,
): Promise<void> {
  const { variables } = shell;
  const match = /^([A-Za-z_]\w*)(?:\[([^\]]*)\])?(?:(\+?)=([\s\S]*))?$/.exec(operand);
  const target = match?.[1];
  if (!match || target === undefined) throw new ShellFailure(`\`${operand}': not a valid identifier`);
  const { on, off } = how;
  let variable: Variable;
  if (how.local) {
    const outer = variables.raw(target);
    variable = variables.makeLocal(target, on.has("x") && outer !== undefined && how.name !== "local");
  } else variable = variables.ensure(target);
  if (on.has("A")) variables.makeArray(target, "associative");
  else if (on.has("a") && variable.kind === "scalar") variables.makeArray(target, "indexed");
  if (variable.readonly && (array || match[4] !== undefined)) throw new ShellFailure(`${target}: readonly variable`);
  for (const [letter, flag] of [
    ["i", "integer"],
    ["l", "lower"],
    ["u", "upper"],
    ["x", "exported"],
  ] as const) {
    if (on.has(letter)) variable[flag] = true;
    if (off.has(letter)) variable[flag] = false;
  }
  if (array) await shell.assign(array, target);
  else if (match[4] !== undefined) {
    const append = match[3] === "+";
    if (on.has("n")) variable.value = match[4];
    else if (match[2] !== undefined) {
      const key = variable.kind === "associative" ? match[2] : String(shell.evaluate(match[2]));
      variables.setElement(target, key, match[4], append);
    } else if (/^\(.*\)$/s.test(match[4]) && variable.kind !== "scalar") {
      const values = match[4].slice(1, -1).trim();
      variables.setItems(target, values === "" ? [] : values.split(/\s+/).map((value) => ({ value })), append);
    } else variables.set(target, match[4], append);
  }
  if (on.has("n")) variable.reference = true;
  if (off.has("n")) variable.reference = false;
  if (on.has("r")) variable.readonly = true;
}

function describeVariable(shell: Shell, name: string): string | undefined {
  const variable = shell.variables.raw(name);
  if (!variable) {
    const value = shell.variables.get(name);
    return value === undefined ? undefined : `declare -- ${name}=${quoteDouble(value)}`;
  }
  const flags = attributes(variable);
  const head = `declare -${flags === "" ? "-" : flags} ${name}`;
  if (variable.kind === "scalar") return variable.value === undefined ? head : `${head}=${quoteDouble(variable.value)}`;
  const items = [...shell.variables.items(name)];
  const key = (text: string) => (variable.kind === "indexed" || /^\w+$/.test(text) ? text : quoteDouble(text));
  const inner = items.map(([index, value]) => `[${key(index)}]=${quoteDouble(value)}`).join(" ");
  return `${head}=(${inner}${variable.kind === "associative" && items.length > 0 ? " " : ""})`;
}

async function printVariables(
  shell: Shell,
  names: readonly string[],
  on: ReadonlySet<string>,
  name: string,
): Promise<number> {
  let status = 0;
  if (names.length > 0) {
    for (const wanted of names) {
      const text = describeVariable(shell, wanted);
      if (text === undefined) {
        await shell.complain(`${name}: ${wanted}: not found`);
        status = 1;
      } else await shell.out(`${text}\n`);
    }
    return status;
  }
  if (name === "local" || (on.size === 0 && name !== "export" && name !== "readonly")) {
    await shell.out(listVariables(shell));
    return 0;
  }
  let text = "";
  for (const candidate of shell.variables.names()) {
    const variable = shell.variables.raw(candidate);
    if (!variable) continue;
    if (on.has("x") && !variable.exported) continue;
    if (on.has("r") && !variable.readonly) continue;
    if (on.has("a") && variable.kind !== "indexed") continue;
    if (on.has("A") && variable.kind !== "associative") continue;
    if (on.has("i") && !variable.integer) continue;
    text += `${describeVariable(shell, candidate)}\n`;
  }
  await shell.out(text);
  return 0;
}

/** What `set` without arguments prints. */
export function listVariables(shell: Shell): string {
  let text = "";
  for (const name of shell.variables.names()) {
    const variable = shell.variables.raw(name);
    if (variable && variable.kind !== "scalar")
      text += `${describeVariable(shell, name)?.replace(/^declare \S+ /, "")}\n`;
    else {
      const value = shell.variables.get(name);
      if (value !== undefined && name !== "RANDOM" && name !== "SRANDOM")
        text += `${name}=${value === "" ? "" : quoteIfNeeded(value)}\n`;
    }
  }
  return text;
}

async function functionsOf(
  shell: Shell,
  names: readonly string[],
  on: ReadonlySet<string>,
  name: string,
): Promise<number> {
  if (name === "export" || name === "readonly") return 0;
  const wanted = names.length > 0 ? names : [...shell.functions.keys()].sort();
  let status = 0;
  for (const candidate of wanted) {
    const definition = shell.functions.get(candidate);
    if (!definition) status = 1;
    else if (on.has("F")) await shell.out(names.length > 0 ? `${candidate}\n` : `declare -f ${candidate}\n`);
    else await shell.out(shell.functionText(candidate, definition));
  }
  return status;
}

const unset: Builtin = async (shell, args) => {
  const parsed = await options(shell, "unset", args, "fvn", "unset [-f] [-v] [-n] [name ...]");
  if (!parsed) return 2;
  let status = 0;
  for (const name of parsed.rest) {
    const element = /^([A-Za-z_]\w*)\[([\s\S]+)\]$/.exec(name);
    try {
      if (parsed.flags.has("f")) shell.functions.delete(name);
      else if (element?.[1] && element[2]) {
        const associative = shell.variables.find(element[1])?.kind === "associative";
        if (element[2] === "@" || element[2] === "*") shell.variables.unset(element[1]);
        else
          shell.variables.unset(
            element[1],
            associative ? element[2].replace(/^(['"])(.*)\1$/, "$2") : String(shell.evaluate(element[2])),
          );
      } else if (!identifier(name)) throw new ShellFailure(`\`${name}': not a valid identifier`);
      else if (shell.variables.raw(name) || shell.variables.special.has(name)) shell.variables.unset(name);
      else if (!parsed.flags.has("v")) shell.functions.delete(name);
    } catch (error) {
      if (!(error instanceof ShellFailure)) throw error;
      await shell.complain(`unset: ${error.message}`);
      status = 1;
    }
  }
  return status;
};

const letCommand: Builtin = async (shell, args) => {
  if (args.length === 0) throw new ShellFailure("let: expression expected");
  let value = 0n;
  for (const arg of args) {
    try {
      value = shell.evaluate(arg);
    } catch (error) {
      if (!(error instanceof ShellFailure)) throw error;
      throw new ShellFailure(`let: ${error.message}`);
    }
  }
  return value === 0n ? 1 : 0;
};

const getopts: Builtin = async (shell, args) => {
  const [spec, name, ...given] = args;
  if (spec === undefined || name === undefined) {
    await shell.write(2, "getopts: usage: getopts optstring name [arg ...]\n");
    return 2;
  }
  const words = given.length > 0 ? given : shell.positional;
  const { variables } = shell;
  let index = Number(variables.get("OPTIND") ?? 1) || 1;
  if (index === 1 && variables.get("OPTIND") === "1" && shell.optionOffset > (words[0]?.length ?? 0))
    shell.optionOffset = 0;
  const silent = spec.startsWith(":");
  const word = words[index - 1];
  const done = () => {
    variables.set(name, "?");
    variables.unset("OPTARG");
    shell.optionOffset = 0;
    return 1;
  };
  if (shell.optionOffset === 0) {
    if (word === undefined || word === "-" || !word.startsWith("-")) return done();
    if (word === "--") {
      variables.set("OPTIND", String(index + 1));
      return done();
    }
    shell.optionOffset = 1;
  }
  const letter = word?.[shell.optionOffset] ?? "";
  shell.optionOffset += 1;
  const last = shell.optionOffset >= (word?.length ?? 0);
  const at = letter === ":" ? -1 : spec.indexOf(letter, silent ? 1 : 0);
  const step = () => {
    index += 1;
    shell.optionOffset = 0;
  };
  variables.unset("OPTARG");
  const complain = async (message: string, code: string) => {
    if (silent) variables.set("OPTARG", letter);
    else if ((variables.get("OPTERR") ?? "1") !== "0") await shell.write(2, `${shell.name}: ${message} -- ${letter}\n`);
    variables.set(name, silent ? code : "?");
  };
  if (at < 0) {
    if (last) step();
    await complain("illegal option", "?");
  } else if (spec[at + 1] === ":") {
    let value = last ? undefined : word?.slice(shell.optionOffset);
    step();
    if (value === undefined) {
      value = words[index - 1];
      if (value !== undefined) index += 1;
    }
    if (value === undefined) await complain("option requires an argument", ":");
    else {
      variables.set("OPTARG", value);
      variables.set(name, letter);
    }
  } else {
    if (last) step();
    variables.set(name, letter);
  }
  variables.set("OPTIND", String(index));
  return 0;
};

const shift: Builtin = (shell, args) => {
  const count = Number(args[0] ?? 1);
  if (!Number.isInteger(count)) throw new ShellFailure(`shift: ${args[0]}: numeric argument required`);
  if (count < 0) throw new ShellFailure(`shift: ${count}: shift count out of range`);
  if (count > shell.positional.length) return 1;
  shell.positional = shell.positional.slice(count);
  return 0;
};

const alias: Builtin = async (shell, args) => {
  const show = (name: string, value: string) => shell.out(`alias ${name}=${shell.quote(value)}\n`);
  const operands = args.filter((arg) => arg !== "-p");
  if (operands.length === 0)
    for (const [name, value] of [...shell.aliases].sort(([a], [b]) => (a < b ? -1 : 1))) await show(name, value);
  let status = 0;
  for (const arg of operands) {
    const at = arg.indexOf("=");
    if (at > 0) shell.aliases.set(arg.slice(0, at), arg.slice(at + 1));
    else {
      const value = shell.aliases.get(arg);
      if (value !== undefined) await show(arg, value);
      else {
        await shell.complain(`alias: ${arg}: not found`);
        status = 1;
      }
    }
  }
  return status;
};

const unalias: Builtin = async (shell, args) => {
  let status = 0;
  if (args[0] === "-a") shell.aliases.clear();
  else {
    for (const name of args) {
      if (shell.aliases.delete(name)) continue;
      await shell.complain(`unalias: ${name}: not found`);
      status = 1;
    }
  }
  return status;
};

export const variableBuiltins = {
  declare,
  typeset: declare,
  local: declare,
  export: declare,
  readonly: declare,
  unset,
  let: letCommand,
  getopts,
  shift,
  alias,
  unalias,
} satisfies Record<string, Builtin>;
