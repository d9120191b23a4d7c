import type { MachineRole } from "../domain/backend.ts";
import type { WrongAnswer } from "../domain/check.ts";
import { LabError } from "../domain/errors.ts";

const machines: readonly MachineRole[] = ["master", "worker1", "worker2"];

/** The machine of that name. Throws LabError `check-params`. */
function machineNamed(name: string): MachineRole {
  const machine = machines.find((each) => each === name);
  if (machine) return machine;
  throw new LabError("check-params", `machine: must be one of ${machines.join(", ")}, got "${name}"`, {
    remedy: "Mend the check in lab.yaml.",
  });
}

/** What somebody types on a machine, and the failure that must follow. */
export const typed = (id: string, failure: string, machine: string, run: string): WrongAnswer => ({
  id,
  failure,
  actions: [{ machine: machineNamed(machine), run }],
});

/** kubectl on the master, also before somebody gave it a kubeconfig. */
export const kubectl = "sudo kubectl --kubeconfig /etc/kubernetes/admin.conf";

/** A word for the shell, whatever stands in it. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
