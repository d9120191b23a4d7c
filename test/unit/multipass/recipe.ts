import type { MachineRecipe } from "../../../src/domain/recipe.ts";

const script = `#!/bin/bash
set -Eeuo pipefail
mkdir -p /var/lib/wasm-k8s-lab
echo test >/var/lib/wasm-k8s-lab/prepared
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
