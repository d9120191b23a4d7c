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

/** The inode number of a new namespace. */
export function newNamespace(machine: ModelledMachine): number {
  const memory = memoryOf(machine);
  memory.nextNamespace += 1;
  return memory.nextNamespace;
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

/** What a wake-up gives back to a container: its number among the machine's processes, and its namespaces. */
export interface KernelMemory {
  pid: number;
  namespaces: Readonly<Record<NamespaceType, number>>;
}

interface Remembered {
  nextNamespace: number;
  /** By the container's root, or by what else names a process. */
  known: Record<string, KernelMemory>;
  /** Command lines that make again, after a wake-up, what they left running; by the container's root. */
  detached: Record<string, string[]>;
}

const memoryOf = (machine: ModelledMachine): Remembered =>
  machine.durable<Remembered>(memoryKey, () => ({ nextNamespace: firstMade, known: {}, detached: {} }));

/** Key of the durable state; a reboot forgets it. */
export const memoryKey = "kernel-memory";

export const rememberProcess = (machine: ModelledMachine, key: string, memory: KernelMemory): void =>
  void (memoryOf(machine).known[key] = memory);

/** What a process had before the lab slept; undefined for a new one. */
export const recallProcess = (machine: ModelledMachine, key: string): KernelMemory | undefined =>
  memoryOf(machine).known[key];

export function forgetProcess(machine: ModelledMachine, key: string): void {
  delete memoryOf(machine).known[key];
  delete memoryOf(machine).detached[key];
}

/** `argv` is run as root when the lab wakes up, to go on with a container that no daemon looks after. */
export const goOnWith = (machine: ModelledMachine, key: string, argv: readonly string[]): void =>
  void (memoryOf(machine).detached[key] = [...argv]);

/** No wake-up brings this one back. */
export const endsWith = (machine: ModelledMachine, key: string): void => void delete memoryOf(machine).detached[key];

export const commandsThatGoOn = (machine: ModelledMachine): string[][] => Object.values(memoryOf(machine).detached);
