import type { Completion } from "../../../../domain/machine.ts";
import { FileError } from "../files/errors.ts";
import { builtins } from "./builtins/index.ts";
import { quoteBackslash } from "./encoding.ts";
import type { Shell } from "./shell.ts";

const subcommands: Readonly<Record<string, readonly string[]>> = {
  kubectl: [
    "annotate",
    "api-resources",
    "api-versions",
    "apply",
    "cluster-info",
    "config",
    "cordon",
    "create",
    "delete",
    "describe",
    "drain",
    "edit",
    "events",
    "exec",
    "explain",
    "expose",
    "get",
    "label",
    "logs",
    "patch",
    "port-forward",
    "replace",
    "rollout",
    "run",
    "scale",
    "set",
    "taint",
    "top",
    "uncordon",
    "version",
    "wait",
  ],
  systemctl: [
    "cat",
    "daemon-reload",
    "disable",
    "enable",
    "is-active",
    "is-enabled",
    "is-failed",
    "list-unit-files",
    "list-units",
    "mask",
    "reload",
    "reset-failed",
    "restart",
    "show",
    "start",
    "status",
    "stop",
    "unmask",
  ],
  git: ["add", "checkout", "clone", "commit", "diff", "init", "log", "pull", "push", "status"],
  kubeadm: ["certs", "completion", "config", "init", "join", "kubeconfig", "reset", "token", "upgrade", "version"],
  apt: ["autoremove", "install", "list", "purge", "remove", "search", "show", "update", "upgrade"],
  "apt-get": ["autoremove", "clean", "install", "purge", "remove", "update", "upgrade"],
  cargo: ["build", "check", "clean", "new", "run", "test"],
  rustup: ["component", "default", "show", "target", "toolchain", "update"],
  buildah: [
    "bud",
    "build",
    "containers",
    "from",
    "images",
    "inspect",
    "login",
    "pull",
    "push",
    "rm",
    "rmi",
    "tag",
    "version",
  ],
  crictl: [
    "exec",
    "images",
    "info",
    "inspect",
    "inspectp",
    "logs",
    "pods",
    "ps",
    "pull",
    "rm",
    "rmi",
    "rmp",
    "runp",
    "start",
    "stop",
    "stopp",
    "version",
  ],
};

const resources = [
  "configmaps",
  "daemonsets",
  "deployments",
  "endpoints",
  "events",
  "jobs",
  "namespaces",
  "nodes",
  "pods",
  "replicasets",
  "runtimeclasses",
  "secrets",
  "services",
];
const resourceVerbs = new Set([
  "get",
  "describe",
  "delete",
  "edit",
  "label",
  "annotate",
  "scale",
  "explain",
  "rollout",
  "patch",
]);

/** What Tab offers: commands, variables, subcommands and files. */
export function completeLine(shell: Shell, line: string, cursor: number): Completion {
  const before = line.slice(0, cursor);
  const start = wordStart(before);
  const word = before.slice(start);
  const previous = before.slice(0, start);
  const variable = /\$(\{?)(\w*)$/.exec(word);
  if (variable) {
    const at = start + word.length - (variable[2]?.length ?? 0);
    const names = shell.variables.names().filter((name) => name.startsWith(variable[2] ?? ""));
    return { start: at, candidates: names.map((name) => (variable[1] ? `${name}}` : name)) };
  }
  const command = /(?:^|[;&|(]|\b(?:then|do|else|sudo|time|exec|watch|nohup)\s)\s*(?:\w+=\S*\s+)*$/.test(previous);
  if (command && !word.includes("/")) return { start, candidates: commandNames(shell, word) };
  const words =
    previous
      .split(/[;&|(]/)
      .at(-1)
      ?.trim()
      .split(/\s+/)
      .filter((part) => part !== "sudo") ?? [];
  const [name = "", verb = ""] = words;
  if (Object.hasOwn(subcommands, name) && words.length === 1 && !word.startsWith("-")) {
    const found = (subcommands[name] ?? []).filter((candidate) => candidate.startsWith(word));
    if (found.length > 0) return { start, candidates: found.map((candidate) => `${candidate} `) };
  }
  if (name === "kubectl" && words.length === 2 && resourceVerbs.has(verb)) {
    const found = resources.filter((candidate) => candidate.startsWith(word));
    if (found.length > 0) return { start, candidates: found.map((candidate) => `${candidate} `) };
  }
  if (name === "systemctl" && words.length === 2) {
    const found = unitNames(shell).filter((candidate) => candidate.startsWith(word));
    if (found.length > 0) return { start, candidates: found.map((candidate) => `${candidate} `) };
  }
  return { start, candidates: fileNames(shell, word, command, name === "cd" || name === "pushd" || name === "rmdir") };
}

function wordStart(before: string): number {
  let start = 0;
  for (let at = 0; at < before.length; at += 1) {
    if (before[at] === "\\") at += 1;
    else if (/[\s;&|<>()=:]/.test(before[at] ?? "")) start = at + 1;
  }
  return start;
}

function commandNames(shell: Shell, word: string): string[] {
  const names = new Set([...Object.keys(builtins), ...shell.functions.keys(), ...shell.aliases.keys()]);
  for (const folder of (shell.variables.get("PATH") ?? "").split(":")) {
    try {
      for (const name of shell.files.list(folder)) if (shell.files.access(`${folder}/${name}`, 1)) names.add(name);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
    }
  }
  return [...names]
    .filter((name) => name.startsWith(word))
    .sort()
    .map((name) => `${name} `);
}

function unitNames(shell: Shell): string[] {
  try {
    return shell.machine.units.list().map((unit) => unit.name);
  } catch {
    return [];
  }
}

function fileNames(shell: Shell, word: string, executableOnly: boolean, directoriesOnly: boolean): string[] {
  const plain = word.replace(/^(["'])/, "").replace(/\\(.)/g, "$1");
  const slash = plain.lastIndexOf("/") + 1;
  const shown = plain.slice(0, slash);
  const prefix = plain.slice(slash);
  const folder = shown.startsWith("~/") ? (shell.variables.get("HOME") ?? "") + shown.slice(1) : shown;
  const absolute = folder.startsWith("/") ? folder : `${shell.cwd}/${folder}`;
  let names: string[];
  try {
    names = shell.files.list(absolute);
  } catch (error) {
    if (error instanceof FileError) return [];
    throw error;
  }
  const quoted = (text: string) =>
    text.startsWith("~/") ? `~/${quoteBackslash(text.slice(2))}` : quoteBackslash(text);
  return names
    .filter((name) => name.startsWith(prefix) && (prefix.startsWith(".") || !name.startsWith(".")))
    .flatMap((name) => {
      const path = `${absolute.replace(/\/$/, "")}/${name}`;
      if (shell.files.isDirectory(path)) return [`${quoted(shown + name)}/`];
      if (directoriesOnly || (executableOnly && !shell.files.access(path, 1))) return [];
      return [`${quoted(shown + name)} `];
    });
}
