import type { JournalEntry, ModelledMachine } from "../../machine.ts";
import { shortTime } from "./times.ts";

/** A line as journalctl and `systemctl status` show it. */
export function shortLine(machine: ModelledMachine, entry: JournalEntry): string {
  const pid = entry.pid === undefined ? "" : `[${entry.pid}]`;
  return `${shortTime(entry.time)} ${machine.name} ${entry.identifier}${pid}: ${entry.message}`;
}
