import type { Profile } from "../domain/backend.ts";
import type { MachineRecipe } from "../domain/recipe.ts";
import { readCatalog } from "./catalog.ts";

export interface RecipeOptions {
  /** The folder `vm-images`. */
  folder: string;
  profile: Profile;
  /** Address of a server that has everything (`bundle serve`); the recipe then uses nothing else. */
  offline?: string;
}

/** Reads what a profile's machines boot. Throws LabError `catalog-invalid`. */
export function readRecipe({ folder, profile }: RecipeOptions): MachineRecipe {
  const { machines } = readCatalog(folder).profiles[profile];
  return {
    release: machines.releases[0] ?? "",
    architectures: machines.architectures,
    size: (role) => machines.sizes[role],
    userData: () => "#cloud-config\n{}\n",
    prepare: () => "#!/bin/bash\nset -Eeuo pipefail\n",
  };
}
