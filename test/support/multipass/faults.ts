import { readFileSync } from "node:fs";
import type { Settings } from "./settings.ts";
import type { InstanceState, Store } from "./store.ts";

/** Steps of `launch` (and, from `boot` on, of `start`) at which a fault can strike. */
export type Phase = "download" | "create" | "boot" | "cloud-init";

/** Something that is to go wrong. The first of the list that fits and is due strikes. */
export interface Fault {
  /** Command (`launch`, `exec`, ...); `*` for each that talks to the daemon. */
  command: string;
  /** Name of the instance; without it, any. */
  instance?: string;
  /** Strikes at this fitting call, 1 being the first, and `times` - 1 after it; without it, at each. */
  nth?: number;
  /** Default 1. */
  times?: number;
  /** The whole daemon does not answer. */
  daemon?: "no-socket" | "denied" | "unauthenticated";
  /** Modelled milliseconds before the command does anything, or that its `phase` takes. */
  delayMs?: number;
  /** Strikes within `launch` or `start` instead of before it. */
  phase?: Phase;
  /** `phase` never ends. */
  never?: boolean;
  /** In `phase`, words of the failure without `launch failed: `; else all that the command prints there. */
  stderr?: string;
  stdout?: string;
  /** Ends the command with it, instead of doing anything; with `partialBytes`, in the middle. */
  code?: number;
  /** Ends the client by it, instead of doing anything; with `partialBytes` or `phase`, in the middle. */
  signal?: NodeJS.Signals;
  /** The command runs, and after this many bytes of its output comes a pause of `delayMs`, or its end. */
  partialBytes?: number;
  /** State that the instance has afterwards. */
  state?: InstanceState;
}

/** The fault that strikes this call, if there is one. Counts the call. */
export function faultFor(
  { faults: file }: Settings,
  store: Store,
  call: { command: string; instance?: string | undefined; phase?: Phase; daemon?: boolean },
): Fault | undefined {
  const fitting = readFaults(file).filter(
    ({ command, instance, phase, daemon }) =>
      (daemon === undefined) === (call.daemon === undefined) &&
      (command === "*" || command === call.command) &&
      (instance === undefined || instance === call.instance) &&
      phase === call.phase,
  );
  if (fitting.length === 0) return undefined;
  return store.change((state) => {
    const due = fitting.filter((fault) => {
      const key = JSON.stringify(fault);
      const call = (state.faultCalls[key] ?? 0) + 1;
      state.faultCalls[key] = call;
      return fault.nth === undefined
        ? fault.times === undefined || call <= fault.times
        : call >= fault.nth && call < fault.nth + (fault.times ?? 1);
    });
    return due[0];
  });
}

function readFaults(file: string): Fault[] {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Fault[];
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
