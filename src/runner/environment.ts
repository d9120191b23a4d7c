import type { Backend } from "../domain/backend.ts";
import type { Lab } from "../domain/course.ts";
import { exitCodes, LabError } from "../domain/errors.ts";
import type { ProgressData } from "../domain/progress.ts";

/** Name of the snapshot that keeps an environment while the machines are in another. */
const kept = (environment: string): string => `environment ${environment}`;

/** The part of the progress that says what the machines hold. */
export type MachinesHold = Pick<ProgressData, "prepared" | "environment">;

/** True when the machines are in the lab's environment, or in none yet. */
export const isIn = (holds: MachinesHold, lab: Lab): boolean =>
  (holds.environment ?? lab.environment) === lab.environment;

/** True when the machines of the lab's environment are kept, though another one is in use. */
export async function isKept(backend: Backend, lab: Lab): Promise<boolean> {
  return (await backend.snapshots?.list())?.includes(kept(lab.environment)) ?? false;
}

/**
 * Brings the machines into the lab's environment: as it was left, or fresh ones. What they hold now is kept.
 * Throws LabError `environment-differs` on a backend that can neither keep machines nor make new ones.
 */
export async function enterEnvironment(backend: Backend, holds: MachinesHold, lab: Lab): Promise<void> {
  if (!isIn(holds, lab)) {
    const { snapshots } = backend;
    if (!snapshots || !backend.renew) {
      throw new LabError(
        "environment-differs",
        `${lab.id}: begins on fresh machines, got those of ${holds.environment}`,
        {
          remedy:
            "Run `wasm-k8s-lab reset` and begin on fresh machines, or set WASM_K8S_LAB_HOME to another folder with machines of its own.",
          exitCode: exitCodes.wrongUse,
        },
      );
    }
    await keepEnvironment(backend, holds);
    if (await isKept(backend, lab)) await snapshots.restore(kept(lab.environment));
    else await backend.renew();
  }
  holds.environment = lab.environment;
}

/** Keeps what the machines hold, to come back to it. */
export async function keepEnvironment(backend: Backend, holds: MachinesHold): Promise<void> {
  if (holds.environment !== undefined) await backend.snapshots?.save(kept(holds.environment));
}
