import { FileError } from "../../files/errors.ts";
import { resolvePath } from "../../files/paths.ts";
import { defaultPath, findCommand } from "../../processes.ts";
import { ShellFailure } from "../failures.ts";
import { reserved } from "../parser.ts";
import type { Shell } from "../shell.ts";
import { type Builtin, options } from "./types.ts";

function pathOf(shell: Shell, name: string, path = shell.variables.get("PATH")): string | undefined {
  try {
    const found = findCommand(name, path, shell.cwd, shell.files);
    return name.includes("/") ? name : found;
  } catch (error) {
    if (error instanceof FileError) return undefined;
    throw error;
  }
}

type Kind = { kind: "alias" | "keyword" | "function" | "builtin" | "file"; detail: string };

function kindsOf(shell: Shell, name: string, path?: string): Kind[] {
  const result: Kind[] = [];
  const alias = shell.aliases.get(name);
  if (alias !== undefined && (shell.interactive || shell.shopts["expand_aliases"]))
    result.push({ kind: "alias", detail: alias });
  if (reserved.has(name)) result.push({ kind: "keyword", detail: "" });
  const definition = shell.functions.get(name);
  if (definition) result.push({ kind: "function", detail: shell.functionText(name, definition) });
  if (Object.hasOwn(shell.builtins, name)) result.push({ kind: "builtin", detail: "" });
  const file = pathOf(shell, name, path);
  if (file !== undefined) result.push({ kind: "file", detail: file });
  return result;
}

function describe(name: string, found: Kind): string {
  switch (found.kind) {
    case "alias":
      return `${name} is aliased to \`${found.detail}'\n`;
    case "keyword":
      return `${name} is a shell keyword\n`;
    case "function":
      return `${name} is a function\n${found.detail}`;
    case "builtin":
      return `${name} is a shell builtin\n`;
    case "file":
      return `${name} is ${found.detail}\n`;
  }
}

const type: Builtin = async (shell, args) => {
  const parsed = await options(shell, "type", args, "afptP", "type [-afptP] name [name ...]");
  if (!parsed) return 2;
  const { flags, rest } = parsed;
  let status = 0;
  for (const name of rest) {
    let found = kindsOf(shell, name);
    if (flags.has("f")) found = found.filter((item) => item.kind !== "function");
    if (flags.has("P")) found = found.filter((item) => item.kind === "file");
    const [first] = found;
    if (!first) {
      if (!flags.has("t") && !flags.has("p") && !flags.has("P")) await shell.complain(`type: ${name}: not found`);
      status = 1;
      continue;
    }
    for (const item of flags.has("a") ? found : [first]) {
      if (flags.has("t")) await shell.out(`${item.kind}\n`);
      else if (flags.has("p") || flags.has("P")) await shell.out(item.kind === "file" ? `${item.detail}\n` : "");
      else await shell.out(describe(name, item));
    }
  }
  return status;
};

const command: Builtin = async (shell, args) => {
  const parsed = await options(shell, "command", args, "pvV", "command [-pVv] command [arg ...]");
  if (!parsed) return 2;
  const { flags, rest } = parsed;
  const path = flags.has("p") ? defaultPath : undefined;
  if (!flags.has("v") && !flags.has("V")) {
    return rest.length === 0 ? 0 : shell.invoke(rest, { functions: false, builtins: true });
  }
  let status = rest.length === 0 ? 1 : 0;
  for (const name of rest) {
    const [found] = kindsOf(shell, name, path);
    if (!found) {
      if (flags.has("V")) await shell.complain(`command: ${name}: not found`);
      status = 1;
    } else if (flags.has("V")) await shell.out(describe(name, found));
    else if (found.kind === "alias") await shell.out(`alias ${name}=${shell.quote(found.detail)}\n`);
    else await shell.out(`${found.kind === "file" ? found.detail : name}\n`);
  }
  return status;
};

const builtin: Builtin = async (shell, args) => {
  const [name, ...rest] = args[0] === "--" ? args.slice(1) : args;
  if (name === undefined) return 0;
  const found = Object.hasOwn(shell.builtins, name) ? shell.builtins[name] : undefined;
  if (!found) throw new ShellFailure(`builtin: ${name}: not a shell builtin`);
  return found(shell, rest, name);
};

// Simplified: bash remembers where it found a program; here every call looks it up again.
const hash: Builtin = async (shell, args) => {
  let status = 0;
  const names = args.filter((arg) => !arg.startsWith("-"));
  for (const name of names) {
    if (pathOf(shell, name) !== undefined) continue;
    await shell.complain(`hash: ${name}: not found`);
    status = 1;
  }
  return status;
};

const help: Builtin = async (shell) => {
  await shell.out(
    "GNU bash, version 5.0.17(1)-release (x86_64-pc-linux-gnu)\nThese shell commands are defined internally.\n\n",
  );
  await shell.out(`${Object.keys(shell.builtins).sort().join("\n")}\n`);
  return 0;
};

const history: Builtin = async (shell, args) => {
  if (args[0] === "-c") {
    shell.history.length = 0;
    return 0;
  }
  if (args[0] === "-d") {
    shell.history.splice(Number(args[1]) - 1, 1);
    return 0;
  }
  if (args[0]?.startsWith("-")) return 0;
  const count = args[0] === undefined ? shell.history.length : Number(args[0]);
  if (Number.isNaN(count)) throw new ShellFailure(`history: ${args[0]}: numeric argument required`);
  const from = Math.max(0, shell.history.length - count);
  await shell.out(
    shell.history
      .slice(from)
      .map((line, index) => `${String(from + index + 1).padStart(5)}  ${line}\n`)
      .join(""),
  );
  return 0;
};

function changeDirectory(shell: Shell, target: string, physical: boolean): void {
  const path = resolvePath(shell.cwd, target);
  try {
    // The whole path decides, `..` after a symlink included.
    const stat = shell.files.stat(target.startsWith("/") ? target : `${shell.cwd}/${target}`);
    if (stat.type !== "directory") throw new FileError("ENOTDIR", target);
    if (!shell.files.access(path, 1)) throw new FileError("EACCES", target);
  } catch (error) {
    if (error instanceof FileError) throw new ShellFailure(`${target}: ${error.message}`);
    throw error;
  }
  const old = shell.cwd;
  shell.cwd = physical ? shell.files.realPath(path) : path;
  shell.variables.set("OLDPWD", old);
  shell.variables.set("PWD", shell.cwd);
}

const cd: Builtin = async (shell, args) => {
  const parsed = await options(
    shell,
    "cd",
    args[0] === "-" ? ["--", ...args] : args,
    "LPe@",
    "cd [-L|[-P [-e]] [-@]] [dir]",
  );
  if (!parsed) return 2;
  const { flags, rest } = parsed;
  if (rest.length > 1) throw new ShellFailure("cd: too many arguments");
  let [target] = rest;
  let show = false;
  if (target === undefined) {
    target = shell.variables.get("HOME");
    if (target === undefined) throw new ShellFailure("cd: HOME not set");
    if (target === "") return 0;
  } else if (target === "-") {
    target = shell.variables.get("OLDPWD");
    if (target === undefined) throw new ShellFailure("cd: OLDPWD not set");
    show = true;
  } else if (target === "") return 0;
  else if (!/^\.{0,2}\//.test(target) && target !== "." && target !== "..") {
    for (const folder of (shell.variables.get("CDPATH") ?? "").split(":").filter(Boolean)) {
      const candidate = `${folder}/${target}`;
      if (!shell.files.isDirectory(resolvePath(shell.cwd, candidate))) continue;
      target = candidate;
      show = true;
      break;
    }
  }
  try {
    changeDirectory(shell, target, flags.has("P"));
  } catch (error) {
    if (error instanceof ShellFailure) throw new ShellFailure(`cd: ${error.message}`);
    throw error;
  }
  if (show) await shell.out(`${shell.cwd}\n`);
  return 0;
};

const pwd: Builtin = async (shell, args) => {
  await shell.out(`${args.includes("-P") ? shell.files.realPath(shell.cwd) : shell.cwd}\n`);
  return 0;
};

const home = (shell: Shell, path: string): string => {
  const folder = shell.variables.get("HOME") ?? "";
  return folder !== "" && (path === folder || path.startsWith(`${folder}/`)) ? `~${path.slice(folder.length)}` : path;
};

const dirs: Builtin = async (shell, args) => {
  if (args.includes("-c")) {
    shell.directories = [];
    return 0;
  }
  const all = [shell.cwd, ...shell.directories].map((path) => (args.includes("-l") ? path : home(shell, path)));
  if (args.includes("-v"))
    await shell.out(all.map((path, index) => `${String(index).padStart(2)}  ${path}\n`).join(""));
  else await shell.out(`${all.join(args.includes("-p") ? "\n" : " ")}\n`);
  return 0;
};

const pushd: Builtin = async (shell, args) => {
  const [target] = args.filter((arg) => arg !== "-n");
  const all = [shell.cwd, ...shell.directories];
  let next: string[];
  if (target === undefined || /^[-+]\d+$/.test(target)) {
    if (all.length < 2)
      throw new ShellFailure(
        target === undefined ? "pushd: no other directory" : `pushd: ${target}: directory stack index out of range`,
      );
    if (target === undefined) next = [all[1] ?? "", all[0] ?? "", ...all.slice(2)];
    else {
      const count = Number(target.slice(1));
      const at = target.startsWith("+") ? count : all.length - 1 - count;
      if (at < 0 || at >= all.length) throw new ShellFailure(`pushd: ${target}: directory stack index out of range`);
      next = [...all.slice(at), ...all.slice(0, at)];
    }
  } else next = [target, ...all];
  try {
    changeDirectory(shell, next[0] ?? "", false);
  } catch (error) {
    if (error instanceof ShellFailure) throw new ShellFailure(`pushd: ${error.message}`);
    throw error;
  }
  shell.directories = next.slice(1);
  return dirs(shell, [], "dirs");
};

const popd: Builtin = async (shell, args) => {
  const [target] = args.filter((arg) => arg !== "-n");
  if (shell.directories.length === 0) throw new ShellFailure("popd: directory stack empty");
  const all = [shell.cwd, ...shell.directories];
  const count = target === undefined ? 0 : Number(target.slice(1));
  const at = target?.startsWith("-") ? all.length - 1 - count : count;
  if (!(at >= 0 && at < all.length)) throw new ShellFailure(`popd: ${target}: directory stack index out of range`);
  if (at === 0) {
    changeDirectory(shell, all[1] ?? "/", false);
    shell.directories = all.slice(2);
  } else shell.directories = all.filter((_, index) => index !== at).slice(1);
  return dirs(shell, [], "dirs");
};

/** Completion is the session's own: the commands that configure it are accepted. */
const accepted: Builtin = () => 0;

export const lookupBuiltins = {
  type,
  command,
  builtin,
  hash,
  help,
  history,
  cd,
  pwd,
  dirs,
  pushd,
  popd,
  complete: accepted,
  compgen: accepted,
  compopt: accepted,
  bind: accepted,
  enable: accepted,
  suspend: accepted,
  caller: accepted,
  fc: accepted,
} satisfies Record<string, Builtin>;
