import type { Command } from "./session.ts";

/** `kubectl` alone: its commands by group. */
export function rootHelp(commands: Readonly<Record<string, Command>>): string {
  const groups = new Map<string, string[]>();
  for (const [name, command] of Object.entries(commands)) {
    const group = command.group ?? "Other Commands";
    const lines = groups.get(group) ?? [];
    lines.push(`  ${name.padEnd(15)} ${command.summary}`);
    groups.set(group, lines);
  }
  const body = [...groups].map(([group, lines]) => `${group}:\n${lines.join("\n")}\n`).join("\n");
  return `kubectl controls the Kubernetes cluster manager.\n\n Find more information at: https://kubernetes.io/docs/reference/kubectl/\n\n${body}\nUsage:\n  kubectl [flags] [options]\n\nUse "kubectl <command> --help" for more information about a given command.\nUse "kubectl options" for a list of global command-line options (applies to all commands).\n`;
}

/** `kubectl COMMAND --help`. */
export function commandHelp(name: string, command: Command): string {
  const options = Object.entries(command.flags ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([flag, { short, kind }]) =>
        `    ${short === undefined ? "" : `-${short}, `}--${flag}${kind === "bool" ? "=false" : "=''"}`,
    );
  const parts = [`${command.summary}.`];
  if (command.commands) {
    const list = Object.entries(command.commands).map(([word, item]) => `  ${word.padEnd(15)} ${item.summary}`);
    parts.push(`Available Commands:\n${list.join("\n")}`);
  }
  if (options.length > 0) parts.push(`Options:\n${options.join("\n")}`);
  parts.push(`Usage:\n  ${command.usage}`);
  parts.push(`Use "kubectl options" for a list of global command-line options (applies to all commands).`);
  void name;
  return `${parts.join("\n\n")}\n`;
}
