import type { ModelledMachine, ProcessEntry } from "./machine.ts";

export const namespaceTypes = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"] as const;
export type NamespaceType = (typeof namespaceTypes)[number];

/** What the kernel keeps apart for a process: its namespaces by inode number, and the root of its files. */
export interface Isolation {
  namespaces: Readonly<Record<NamespaceType, number>>;
  /** Folder of the machine that the process has as `/`. */
  root: string;
}

/** The namespaces that a machine boots with; every machine has the same numbers, as Linux's first ones do. */
export const firstNamespaces: Readonly<Record<NamespaceType, number>> = {
  cgroup: 4_026_531_835,
  ipc: 4_026_531_839,
  mnt: 4_026_531_840,
  net: 4_026_531_992,
  pid: 4_026_531_836,
  user: 4_026_531_837,
  uts: 4_026_531_838,
};

const firstMade = 4_026_532_200;
const made = new WeakMap<ModelledMachine, number>();

/** The inode number of a new namespace. */
export function newNamespace(machine: ModelledMachine): number {
  const next = (made.get(machine) ?? firstMade) + 1;
  made.set(machine, next);
  return next;
}

/** The namespaces of a process, also of one that nothing isolates. */
export const namespacesOf = (entry: ProcessEntry): Readonly<Record<NamespaceType, number>> =>
  entry.isolation?.namespaces ?? firstNamespaces;

/** The control group of a process: its own, else that of the systemd unit or session which it belongs to. */
export function cgroupOf(machine: ModelledMachine, entry: ProcessEntry): string {
  const byPid = new Map(machine.processes.list().map((other) => [other.pid, other]));
  const units = new Map<number, string>();
  for (const unit of machine.units.list()) if (unit.pid !== undefined) units.set(unit.pid, unit.name);
  let at: ProcessEntry | undefined = entry;
  for (let hops = 0; at && at.pid !== 1 && hops < 100; hops += 1) {
    if (at.cgroup !== undefined) return at.cgroup;
    const unit = units.get(at.pid);
    if (unit !== undefined) return `/system.slice/${unit}`;
    at = byPid.get(at.parent);
  }
  return entry.pid === 1 ? "/init.scope" : "/user.slice/user-1000.slice/session-1.scope";
}
