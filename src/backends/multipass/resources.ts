import type { MachineRole } from "../../domain/backend.ts";
import { exitCodes, LabError } from "../../domain/errors.ts";
import type { MachineRecipe } from "../../domain/recipe.ts";
import type { HostResources } from "./host.ts";

/** Memory in MiB that the computer itself keeps. */
const reserveMiB = 1024;

/**
 * Holds what machines that are still to be made need against what this computer has; Multipass itself does not.
 * Throws LabError `host-architecture`, `host-memory` or `host-disk`.
 */
export function requireResources(recipe: MachineRecipe, roles: readonly MachineRole[], host: HostResources): void {
  if (!recipe.architectures.includes(host.architecture)) {
    throw new LabError(
      "host-architecture",
      `this computer: the machines need ${recipe.architectures.join(" or ")}, got ${host.architecture}`,
      {
        remedy: "Choose another profile with --profile, or the embedded backend with --backend embedded.",
        exitCode: exitCodes.environmentNeedsOther,
      },
    );
  }
  const sizes = roles.map((role) => recipe.size(role));
  const memoryMiB = sizes.reduce((sum, size) => sum + size.memoryMiB, 0);
  const which = roles.join(", ");
  if (host.totalMemoryMiB < memoryMiB + reserveMiB) {
    throw new LabError(
      "host-memory",
      `this computer: ${which} need ${memoryMiB} MiB of memory beside ${reserveMiB} MiB for itself, got ${host.totalMemoryMiB} MiB`,
      {
        remedy:
          "Use a computer with more memory or --backend embedded; WASM_K8S_LAB_OVERCOMMIT=1 tries it all the same.",
        exitCode: exitCodes.environmentNeedsOther,
      },
    );
  }
  if (host.freeMemoryMiB !== undefined && host.freeMemoryMiB < memoryMiB) {
    throw new LabError(
      "host-memory",
      `this computer: ${which} need ${memoryMiB} MiB of free memory, got ${host.freeMemoryMiB} MiB`,
      {
        remedy:
          "Close programs and other virtual machines (`multipass list`); WASM_K8S_LAB_OVERCOMMIT=1 tries it all the same.",
      },
    );
  }
  const diskGiB = sizes.reduce((sum, size) => sum + size.diskGiB, 0);
  if (host.freeDiskGiB < diskGiB) {
    throw new LabError(
      "host-disk",
      `this computer: ${which} need ${diskGiB} GiB of disk, got ${host.freeDiskGiB} GiB free`,
      {
        remedy: "Free some space where Multipass keeps its machines; WASM_K8S_LAB_OVERCOMMIT=1 tries it all the same.",
      },
    );
  }
}
