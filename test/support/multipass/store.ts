import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export type InstanceState =
  | "Running"
  | "Stopped"
  | "Deleted"
  | "Starting"
  | "Restarting"
  | "Delayed Shutdown"
  | "Suspending"
  | "Suspended"
  | "Unknown"
  | "Unavailable";

export interface Snapshot {
  name: string;
  comment: string;
  /** Name of the snapshot it was taken on top of; empty for none. */
  parent: string;
  /** ISO 8601. */
  created: string;
  cpus: number;
  memory: number;
  disk: number;
}

export interface Instance {
  name: string;
  state: InstanceState;
  /** True from `launch` until it is known whether the machine will be. */
  preparing: boolean;
  /** `24.04 LTS`; empty for a custom image. */
  release: string;
  /** `Ubuntu 24.04.3 LTS`. */
  title: string;
  hash: string;
  cpus: number;
  /** Bytes. */
  memory: number;
  /** Bytes. */
  disk: number;
  zone: string;
  snapshots: Snapshot[];
  /** The snapshot that the next one will be on top of. */
  head: string;
  /** How many were ever taken: names are not used twice. */
  snapshotsTaken: number;
  /** Addresses of network interfaces that a CNI has made. */
  otherAddresses: string[];
  /** What the daemon knows of the address: `unknown` leaves it out of the list, `none` shows `N/A`. */
  management: "known" | "unknown" | "none";
}

export interface State {
  instances: Record<string, Instance>;
  /** Hashes of the images that have been downloaded. */
  images: string[];
  /** What `set` was told. */
  settings: Record<string, string>;
  /** How often each fault has been asked about. */
  faultCalls: Record<string, number>;
}

/** The daemon's knowledge, shared by every process of one state folder. */
export interface Store {
  read(): State;
  /** Reads, changes and writes while every other process waits. */
  change<T>(change: (state: State) => T): T;
}

const empty: State = { instances: {}, images: [], settings: {}, faultCalls: {} };

/** SQLite's lock is let go by the kernel when its process is killed, which kills of clients rely on. */
export function openStore(folder: string): Store {
  const database = new DatabaseSync(join(folder, "state.db"));
  database.exec("PRAGMA busy_timeout = 20000; PRAGMA synchronous = OFF");
  database.exec("CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY, json TEXT NOT NULL)");
  const select = database.prepare("SELECT json FROM state WHERE id = 0");
  const write = database.prepare("INSERT OR REPLACE INTO state VALUES (0, ?)");
  const read = (): State => {
    const row = select.get();
    return row ? (JSON.parse(String(row["json"])) as State) : structuredClone(empty);
  };
  return {
    read,
    change(change) {
      database.exec("BEGIN IMMEDIATE");
      try {
        const state = read();
        const result = change(state);
        write.run(JSON.stringify(state));
        database.exec("COMMIT");
        return result;
      } catch (error) {
        database.exec("ROLLBACK");
        throw error;
      }
    },
  };
}
