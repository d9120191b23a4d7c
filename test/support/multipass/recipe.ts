import type { MachineRecipe } from "../../../src/domain/recipe.ts";

/** Where a machine of the double without a file system of its own keeps its files is next to its home folder. */
const script = `#!/bin/bash
set -Eeuo pipefail
folder="$HOME/../../var/lib/wasm-k8s-lab"
mkdir -p "$folder"
echo test >"$folder/prepared"
`;

/** Machines that need nothing but themselves. */
export const recipe: MachineRecipe = {
  release: "24.04",
  architectures: ["amd64", "arm64"],
  size: (role) =>
    role === "master" ? { cpus: 2, memoryMiB: 4096, diskGiB: 20 } : { cpus: 2, memoryMiB: 2048, diskGiB: 15 },
  userData: (role) => `#cloud-config\nhostname: ${role}\nmanage_etc_hosts: false\n`,
  prepare: () => script,
};
