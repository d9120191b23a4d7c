import { getCommand } from "./get.ts";
import type { Command } from "./session.ts";

/** Every kubectl command, in the order of its help. */
export const commands: Readonly<Record<string, Command>> = {
  get: getCommand,
};
