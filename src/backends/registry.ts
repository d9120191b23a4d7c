import type { Backend, Pace, Profile, Provisioning } from "../domain/backend.ts";
import type { Clock, Random } from "../domain/clock.ts";
import { exitCodes, LabError } from "../domain/errors.ts";
import type { MachineRecipe } from "../domain/recipe.ts";

export interface OpenBackendOptions {
  folder: string;
  profile: Profile;
  pace: Pace;
  clock: Clock;
  random: Random;
  /** This computer's cargo may build what the modelled one refuses. */
  hostCargo: boolean;
  onNotice: (text: string) => void;
  /** What real machines boot and are given; read when a backend needs it. */
  recipe: () => MachineRecipe;
  /** Told while machines are made. */
  onProgress: (provisioning: Provisioning) => void;
  /** Path of the file that names the machines of the ssh backend; without it, the one kept in `folder`. */
  inventory?: string;
}

type Open = (options: OpenBackendOptions) => Promise<Backend>;

/** Backends by id; each is loaded only when it is asked for. */
const backends: Readonly<Record<string, Open>> = {
  embedded: async (options) => {
    const { openEmbeddedBackend } = await import("./embedded/backend.ts");
    const hostBuild = options.hostCargo ? await (await import("../process/host-build.ts")).findHostCargo() : undefined;
    return openEmbeddedBackend({ ...options, ...(hostBuild ? { hostBuild } : {}) });
  },
  multipass: async (options) => {
    const { openMultipassBackend } = await import("./multipass/backend.ts");
    const { WASM_K8S_LAB_MULTIPASS: executable, WASM_K8S_LAB_OVERCOMMIT: overcommit } = process.env;
    return openMultipassBackend({
      ...options,
      ...(executable === undefined ? {} : { executable }),
      overcommit: overcommit === "1",
    });
  },
  ssh: async (options) => {
    const { openSshBackend } = await import("./ssh/backend.ts");
    return openSshBackend(options);
  },
};

export const backendIds = Object.keys(backends);

/** True for a backend whose machines are more than files in its folder, so that to forget it is more than to delete them. */
export const hasMachinesOutside = (id: string): boolean => id !== "embedded";

/** Opens a backend. Throws LabError `backend-unknown`. */
export async function openBackend(id: string, options: OpenBackendOptions): Promise<Backend> {
  const open = backends[id];
  if (!open) {
    throw new LabError("backend-unknown", `--backend: no such backend in this version, got "${id}"`, {
      remedy: `Use one of ${backendIds.join(", ")}.`,
      exitCode: exitCodes.wrongUse,
    });
  }
  return open(options);
}
