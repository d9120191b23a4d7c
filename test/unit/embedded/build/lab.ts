import { executableBytes } from "../../../../src/backends/embedded/machine/executable.ts";
import type { Environment, HostBuild } from "../../../../src/backends/embedded/machine/machine.ts";
import { createProcesses } from "../../../../src/backends/embedded/machine/processes.ts";
import { buildPrograms } from "../../../../src/backends/embedded/machine/programs/build/index.ts";
import { coreutilsPrograms } from "../../../../src/backends/embedded/machine/programs/coreutils/index.ts";
import { imagePrograms } from "../../../../src/backends/embedded/machine/programs/images/index.ts";
import { networkPrograms } from "../../../../src/backends/embedded/machine/programs/network/index.ts";
import { spinPrograms } from "../../../../src/backends/embedded/machine/programs/spin/index.ts";
import { systemPrograms } from "../../../../src/backends/embedded/machine/programs/system/index.ts";
import { execOnMachine } from "../../../../src/backends/embedded/machine/session.ts";
import { shellPrograms } from "../../../../src/backends/embedded/machine/shell/programs/index.ts";
import { createMachine } from "../../../../src/backends/embedded/machine/system/modelled-machine.ts";
import type { ComputerHandle } from "../../../../src/backends/embedded/machine/system/modelled-machine.ts";
import { createInternet } from "../../../../src/backends/embedded/network/internet/create-internet.ts";
import { createLabNetwork } from "../../../../src/backends/embedded/network/lab-network.ts";
import type { EmbeddedNetwork } from "../../../../src/backends/embedded/network/lab-network.ts";
import { createPacing } from "../../../../src/backends/embedded/pacing.ts";
import type { Profile } from "../../../../src/domain/backend.ts";
import { workloadSource } from "../../../../src/backends/embedded/wasm/workloads.ts";
import type { ExecResult } from "../../../../src/domain/machine.ts";
import { memoryBlobs, realClock, seededRandom } from "../fakes/machine.ts";

export interface BuildLab {
  machine: ComputerHandle;
  network: EmbeddedNetwork;
  /** Runs a script as user ubuntu in a login shell. */
  sh(script: string): Promise<ExecResult>;
  /** Makes modelled binaries, as packages would. */
  provide(...binaries: (readonly [path: string, program: string, version: string])[]): void;
}

export interface BuildLabOptions {
  profile?: Profile;
  hostCargo?: boolean;
  hostBuild?: HostBuild;
}

/** One machine with a shell, the everyday programs and the build tools, and the toolchains' part of the internet. */
export function createBuildLab(options: BuildLabOptions = {}): BuildLab {
  const profile = options.profile ?? "thesis";
  const clock = { ...realClock(), now: () => Date.UTC(2024, 1, 28, 12, 0, 0) };
  const blobs = memoryBlobs();
  const network: EmbeddedNetwork = createLabNetwork({
    machine: (name) => (name === "master" ? machine : undefined),
    machines: () => [machine],
    internet: createInternet({ profile, clock, blobs }),
    clock,
  });
  const environment: Environment = {
    profile,
    clock,
    random: seededRandom(),
    pacing: createPacing("instant", clock),
    network,
    blobs,
    options: { hostCargo: options.hostCargo ?? false, ...(options.hostBuild ? { hostBuild: options.hostBuild } : {}) },
    machine: (name) => (name === "master" ? machine : undefined),
    machines: () => [machine],
    persist: () => Promise.resolve(),
    touch: () => undefined,
  };
  const machine: ComputerHandle = createMachine({
    name: "master",
    role: "master",
    address: "10.0.0.182",
    environment,
    programs: {
      ...shellPrograms,
      ...coreutilsPrograms,
      ...systemPrograms,
      ...networkPrograms,
      ...imagePrograms,
      ...buildPrograms,
      ...spinPrograms,
    },
    createProcesses,
  });
  return {
    machine,
    network,
    sh: (script) => execOnMachine(machine, ["bash", "-lc", script], { timeoutMs: 60_000 }),
    provide: (...binaries) => {
      for (const [path, program, version] of binaries) {
        machine.rootFiles.writeWithMode(path, executableBytes({ program, version }), 0o755);
      }
    },
  };
}

/** Puts the course's package into a folder, with its source changed. */
export function placePackage(
  lab: BuildLab,
  folder: string,
  change: (source: string) => string = (source) => source,
): void {
  const { rootFiles, users } = lab.machine;
  const user = users.byName("ubuntu");
  rootFiles.makeDirectories(`${folder}/src`);
  rootFiles.write(`${folder}/Cargo.toml`, workloadSource("http-server", "Cargo.toml"));
  rootFiles.write(`${folder}/src/main.rs`, change(workloadSource("http-server", "src/main.rs")));
  for (const path of [folder, `${folder}/src`, `${folder}/Cargo.toml`, `${folder}/src/main.rs`]) {
    rootFiles.chown(path, user?.uid ?? 1000, user?.gid ?? 1000);
  }
}
