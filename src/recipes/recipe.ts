import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import type { Profile } from "../domain/backend.ts";
import type { MachineRecipe } from "../domain/recipe.ts";

const catalogSchema = z.object({
  profiles: z.record(z.string(), z.object({ base: z.object({ release: z.string() }) })),
});

export interface RecipeOptions {
  /** The folder `vm-images`. */
  folder: string;
  profile: Profile;
  /** Address of a server that has everything (`bundle serve`); the recipe then uses nothing else. */
  offline?: string;
}

/** Reads what a profile's machines boot. Throws LabError `catalog-invalid`. */
export function readRecipe({ folder, profile }: RecipeOptions): MachineRecipe {
  const { profiles } = catalogSchema.parse(
    parse(readFileSync(join(folder, "catalog.yaml"), "utf8"), { schema: "failsafe" }),
  );
  return {
    release: profiles[profile]?.base.release ?? "24.04",
    architectures: ["amd64", "arm64"],
    size: (role) =>
      role === "master" ? { cpus: 2, memoryMiB: 4096, diskGiB: 20 } : { cpus: 2, memoryMiB: 2048, diskGiB: 15 },
    userData: () => "#cloud-config\n{}\n",
    prepare: () => "#!/bin/bash\nset -Eeuo pipefail\n",
  };
}
