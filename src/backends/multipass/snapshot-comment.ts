/** Name of the snapshot of each machine as it is before any lab. */
export const freshSnapshot = "fresh";

/** One taking of a snapshot of the whole lab. */
export interface Take {
  /** Free text, e.g. `crun-node/wasmedge`. */
  id: string;
  /** Grows with each taking, so that an unfinished one is never mixed up with one before. */
  take: number;
  /** Every machine that there was; the taking is whole when all of them have it. */
  machines: string[];
}

/** A snapshot of one machine as Multipass lists it. */
export interface MachineSnapshot {
  machine: string;
  /** As Multipass knows it. */
  name: string;
  comment: string;
}

/** The comment that names a take; Multipass keeps it with the snapshot. */
export const commentOf = ({ id, take, machines }: Take): string =>
  JSON.stringify({ "wasm-k8s-lab": id, take, machines });

/** The take that a comment names; undefined for a snapshot that somebody else made. */
export function takeIn(comment: string): Take | undefined {
  let value: unknown;
  try {
    value = JSON.parse(comment);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || !("take" in value) || !("machines" in value)) return undefined;
  const id: unknown = Reflect.get(value, "wasm-k8s-lab");
  const { take, machines } = value;
  if (typeof id !== "string" || typeof take !== "number" || !Array.isArray(machines)) return undefined;
  return { id, take, machines: machines.map(String) };
}

/** A valid name for a snapshot: letters of the id, so that `multipass list --snapshots` can be read, and the number. */
export function nameOf({ id, take }: Take): string {
  const letters = id
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 40)
    .replaceAll(/^-+|-+$/g, "");
  return `lab-${letters === "" ? "" : `${letters}-`}${take}`;
}

export interface Sorted {
  /** All snapshots of the lab. */
  parts: MachineSnapshot[];
  /** The newest whole take of each id. */
  whole: Take[];
  /** What is left of takes that were interrupted or that a newer one stands in for. */
  stale: MachineSnapshot[];
  /** Number for the next take. */
  next: number;
}

/** Sorts the snapshots of all machines into takes; `dropped` are the numbers of those that nobody wants any more. */
export function sortSnapshots(snapshots: readonly MachineSnapshot[], dropped: readonly number[] = []): Sorted {
  const found = new Map<number, { take: Take; parts: MachineSnapshot[] }>();
  for (const snapshot of snapshots) {
    const take = takeIn(snapshot.comment);
    if (!take) continue;
    const known = found.get(take.take);
    if (known) known.parts.push(snapshot);
    else found.set(take.take, { take, parts: [snapshot] });
  }
  const newest = new Map<string, Take>();
  for (const { take, parts } of found.values()) {
    const whole = take.machines.every((machine) => parts.some((part) => part.machine === machine));
    if (whole && !dropped.includes(take.take) && take.take > (newest.get(take.id)?.take ?? -1))
      newest.set(take.id, take);
  }
  const whole = [...newest.values()];
  return {
    parts: [...found.values()].flatMap(({ parts }) => parts),
    whole,
    stale: [...found.values()].flatMap(({ take, parts }) => (whole.includes(take) ? [] : parts)),
    next: Math.max(0, ...found.keys(), ...dropped) + 1,
  };
}
