import type { ModelledMachine } from "../machine.ts";
import type { ModelledKernel } from "./kernel.ts";
import type { DpkgDatabase } from "./packages/dpkg-database.ts";
import type { Systemd } from "./units/unit-manager.ts";

/** What only the system's own programs (systemctl, dpkg, reboot, ...) may touch. */
export interface MachineInternals {
  systemd: Systemd;
  dpkg: DpkgDatabase;
  kernel: ModelledKernel;
  /** Lock files that a process holds, by path. */
  locks: Map<string, number>;
  reboot(): Promise<void>;
}

const internals = new WeakMap<ModelledMachine, MachineInternals>();

export const setInternals = (machine: ModelledMachine, value: MachineInternals): void => {
  internals.set(machine, value);
};

/** Throws for a machine that `createMachine` did not make. */
export function internalsOf(machine: ModelledMachine): MachineInternals {
  const found = internals.get(machine);
  if (!found) throw new Error(`machine ${machine.name} has no system`);
  return found;
}
