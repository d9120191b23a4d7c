import { Parser } from "./parser.ts";
import type { Options } from "./options.ts";
import type { Shell } from "./shell.ts";
import type { SavedVariable } from "./variables.ts";

/** A shell's lasting state as plain JSON. */
export interface SavedShell {
  version: 1;
  cwd: string;
  umask: number;
  variables: SavedVariable[];
  /** Definitions as source text, by name. */
  functions: Record<string, string>;
  aliases: Record<string, string>;
  options: Options;
  shopts: Record<string, boolean>;
  traps: Record<string, string>;
  positional: string[];
  directories: string[];
  history: string[];
}

export function saveShell(shell: Shell): SavedShell {
  return {
    version: 1,
    cwd: shell.cwd,
    umask: shell.umask,
    variables: shell.variables.save(),
    functions: Object.fromEntries([...shell.functions].map(([name, definition]) => [name, definition.source])),
    aliases: Object.fromEntries(shell.aliases),
    options: { ...shell.options },
    shopts: { ...shell.shopts },
    traps: Object.fromEntries(shell.traps),
    positional: [...shell.positional],
    directories: [...shell.directories],
    history: [...shell.history],
  };
}

/** Gives a fresh shell a saved state; a directory that is gone becomes the home directory. */
export function restoreShell(shell: Shell, saved: SavedShell): void {
  if (saved.variables.length > 0) shell.variables.restore(saved.variables);
  if (shell.files.isDirectory(saved.cwd)) {
    shell.cwd = saved.cwd;
    shell.variables.set("PWD", saved.cwd);
  }
  shell.umask = saved.umask;
  shell.aliases = new Map(Object.entries(saved.aliases));
  shell.options = { ...shell.options, ...saved.options };
  shell.shopts = { ...shell.shopts, ...saved.shopts };
  shell.traps = new Map(Object.entries(saved.traps));
  shell.positional = [...saved.positional];
  shell.directories = [...saved.directories];
  shell.history.splice(0, shell.history.length, ...saved.history);
  for (const [name, source] of Object.entries(saved.functions)) {
    const list = new Parser(`${name}()\n${source}`).all();
    const command = list.items[0]?.first.commands[0];
    if (command?.type === "function") shell.functions.set(name, { body: command.body, source: command.body.source });
  }
}
