import type { Clock } from "../../../../domain/clock.ts";
import type { Journal, JournalEntry } from "../machine.ts";

const limit = 2000;

/** journald: the newest 2000 entries of all units and of the kernel. */
export interface SavedJournal {
  entries: JournalEntry[];
}

export function createJournal(
  clock: Clock,
  saved: SavedJournal | undefined,
  changed: () => void,
): Journal & { save(): SavedJournal } {
  let entries: JournalEntry[] = saved ? [...saved.entries] : [];
  const listeners = new Set<(entry: JournalEntry) => void>();
  return {
    append(entry) {
      const full: JournalEntry = { time: clock.now(), ...entry };
      entries.push(full);
      if (entries.length > limit * 1.25) entries = entries.slice(-limit);
      changed();
      for (const listener of listeners) listener(full);
    },
    entries: (unit) => (unit === undefined ? [...entries] : entries.filter((entry) => entry.unit === unit)),
    onAppend(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    save: () => ({ entries: entries.slice(-limit) }),
  };
}
