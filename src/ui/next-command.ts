import type { CommandView } from "../runner/session.ts";

/** How far the learner is in a step's shown commands. */
export interface CommandProgress {
  /** Index of the command to type next; the number of commands when all were typed. */
  command: number;
  /** Lines of it that were typed already. */
  line: number;
}

export const nothingTyped: CommandProgress = { command: 0, line: 0 };

/** The lines of a shown command. */
export const linesOf = (command: CommandView): string[] => command.text.trimEnd().split("\n");

/** What the progress is once a line was run on a machine; a line of one's own leaves it as it is. */
export function advance(
  commands: readonly CommandView[],
  progress: CommandProgress,
  machine: string,
  typed: string,
): CommandProgress {
  const matches = (command: number, line: number): boolean => {
    const shown = commands[command];
    return shown?.on === machine && sameLine(linesOf(shown)[line] ?? "", typed);
  };
  const after = (command: number, line: number): CommandProgress => {
    const shown = commands[command];
    return shown && line + 1 < linesOf(shown).length ? { command, line: line + 1 } : { command: command + 1, line: 0 };
  };
  if (matches(progress.command, progress.line)) return after(progress.command, progress.line);
  for (let command = progress.command; command < commands.length; command += 1) {
    if (matches(command, 0)) return after(command, 0);
  }
  return progress;
}

/** Same words; `…` in the shown line stands for one word. */
function sameLine(shown: string, typed: string): boolean {
  const wanted = words(shown);
  const given = words(typed);
  return (
    wanted.length === given.length &&
    wanted.every((word, at) => {
      const other = given[at] ?? "";
      const [before = "", after] = word.split("…");
      if (after === undefined) return word === other;
      return other.length > before.length + after.length && other.startsWith(before) && other.endsWith(after);
    })
  );
}

const words = (line: string): string[] => line.trim().split(/\s+/);

/** Text copied from the screen, broken where the screen broke it: the command that it is, or undefined. */
export function restoreCopied(pasted: string, commands: readonly string[]): string | undefined {
  const bare = (text: string): string => text.replaceAll(/\s+/g, "");
  const copied = bare(pasted.replaceAll(/^[$>] /gm, ""));
  return commands.find((command) => bare(command) === copied);
}
