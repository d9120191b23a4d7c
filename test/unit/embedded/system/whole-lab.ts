import type { Environment } from "../../../../src/backends/embedded/machine/machine.ts";
import { createProcesses } from "../../../../src/backends/embedded/machine/processes.ts";
import { createMachine } from "../../../../src/backends/embedded/machine/system/modelled-machine.ts";
import type { ComputerHandle } from "../../../../src/backends/embedded/machine/system/modelled-machine.ts";
import { createInternet } from "../../../../src/backends/embedded/network/internet/create-internet.ts";
import { createLabNetwork } from "../../../../src/backends/embedded/network/lab-network.ts";
import { createPacing } from "../../../../src/backends/embedded/pacing.ts";
import { programs } from "../../../../src/backends/embedded/programs.ts";
import type { MachineRole, Profile } from "../../../../src/domain/backend.ts";
import { memoryBlobs, realClock, seededRandom } from "../fakes/machine.ts";

const addresses: Readonly<Record<MachineRole, string>> = {
  master: "10.0.0.182",
  worker1: "10.0.0.177",
  worker2: "10.0.0.150",
};

/** Fresh machines with every program and the whole modelled internet. */
export async function createWholeLab(
  roles: readonly MachineRole[],
  profile: Profile = "thesis",
): Promise<Map<MachineRole, ComputerHandle>> {
  const clock = realClock();
  const blobs = memoryBlobs();
  const made = new Map<MachineRole, ComputerHandle>();
  const machines = (): ComputerHandle[] => [...made.values()];
  const machine = (name: string): ComputerHandle | undefined => machines().find((item) => item.name === name);
  const internet = createInternet({ profile, clock, blobs });
  const environment: Environment = {
    profile,
    clock,
    random: seededRandom(),
    pacing: createPacing("instant", clock),
    network: createLabNetwork({ machine, machines, internet, clock }),
    blobs,
    options: { hostCargo: false },
    machine,
    machines,
    persist: () => Promise.resolve(),
    touch: () => undefined,
  };
  for (const role of roles) {
    const handle = createMachine({
      name: role,
      role,
      address: addresses[role],
      environment,
      programs,
      createProcesses,
    });
    made.set(role, handle);
    await handle.boot();
  }
  return made;
}
