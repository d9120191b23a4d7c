import type { MachineRole } from "./backend.ts";

/** What a real machine of a profile boots and is given before the first lab begins; read from `vm-images/`. */
export interface MachineRecipe {
  /** Ubuntu release to boot, e.g. `24.04`; never left to a default that moves. */
  release: string;
  /** Address of the image to boot for an architecture, where it is not to come from where Multipass looks for releases. */
  image?(architecture: string): string | undefined;
  /** Architectures that everything in the profile is there for, as dpkg names them. */
  architectures: readonly string[];
  size(role: MachineRole): { cpus: number; memoryMiB: number; diskGiB: number };
  /** cloud-init user-data of a new machine; it runs `prepare` at the first boot. */
  userData(role: MachineRole): string;
  /** The bash script that makes a booted Ubuntu a machine of the lab; runs as root, may run again. */
  prepare(role: MachineRole): string;
}
