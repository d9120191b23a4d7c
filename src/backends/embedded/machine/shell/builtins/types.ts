import type { Shell } from "../shell.ts";

/** A command of the shell itself; `args` without its name. Throws ShellFailure without the builtin's name in front. */
export type Builtin = (shell: Shell, args: readonly string[], name: string) => Promise<number> | number;

/** Single-letter options in front of the operands; undefined (and a complaint) for an unknown one. */
export async function options(
  shell: Shell,
  name: string,
  args: readonly string[],
  known: string,
  usage: string,
): Promise<{ flags: Map<string, string>; rest: string[] } | undefined> {
  const flags = new Map<string, string>();
  let at = 0;
  for (; at < args.length; at += 1) {
    const arg = args[at] ?? "";
    if (arg === "--") {
      at += 1;
      break;
    }
    if (!/^-./.test(arg)) break;
    for (let letter = 1; letter < arg.length; letter += 1) {
      const flag = arg[letter] ?? "";
      const index = known.indexOf(flag);
      if (index < 0 || flag === ":") {
        await shell.complain(`${name}: -${flag}: invalid option`);
        await shell.write(2, `${name}: usage: ${usage}\n`);
        return undefined;
      }
      if (known[index + 1] !== ":") {
        flags.set(flag, "");
        continue;
      }
      const value = arg.slice(letter + 1) || args[(at += 1)];
      if (value === undefined) {
        await shell.complain(`${name}: -${flag}: option requires an argument`);
        return undefined;
      }
      flags.set(flag, value);
      break;
    }
  }
  return { flags, rest: args.slice(at) };
}

export const identifier = (text: string): boolean => /^[A-Za-z_]\w*$/.test(text);
