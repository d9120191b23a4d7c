import type { Clock } from "../../domain/clock.ts";
import { LabError } from "../../domain/errors.ts";
import type { MachineState } from "../../domain/machine.ts";
import type { InstanceState, Multipass } from "./client/index.ts";
import { asLabErrors } from "./failures.ts";
import { type Remembered, remember } from "../../remote/remember.ts";
import type { StateFile } from "./state.ts";

export interface FoundMachine {
  machine: string;
  state: MachineState;
  /** It waits to be purged. */
  deleted: boolean;
  /** Also those of bridges and pod networks. */
  addresses: readonly string[];
}

const states: Readonly<Record<InstanceState, MachineState>> = {
  Running: "running",
  "Delayed Shutdown": "running",
  Starting: "starting",
  Restarting: "starting",
  Suspending: "stopped",
  Suspended: "stopped",
  Stopped: "stopped",
  Unavailable: "stopped",
  Unknown: "stopped",
  Deleted: "absent",
};

/** Our machines as Multipass lists them, remembered for a moment. */
export class MachineDirectory {
  /** Every machine of ours, also those that wait to be purged. */
  readonly look: Remembered<FoundMachine[]>;
  #client: Multipass;
  #state: StateFile;

  constructor(options: { client: Multipass; state: StateFile; clock: Clock }) {
    this.#client = options.client;
    this.#state = options.state;
    this.look = remember(options.clock, () => this.#ask());
  }

  async find(machine: string): Promise<FoundMachine | undefined> {
    return (await this.look()).find((each) => each.machine === machine && !each.deleted);
  }

  async stateOf(machine: string): Promise<MachineState> {
    return (await this.find(machine))?.state ?? "absent";
  }

  /** The address by which the others reach it: noted at each start, since pod networks put theirs into the list, too. */
  address({ machine, addresses }: FoundMachine): string | undefined {
    return this.#state.data.machines[machine]?.address ?? addresses[0];
  }

  /** Throws LabError `machine-not-running` while it has none. */
  async addressOf(machine: string): Promise<string> {
    const found = await this.find(machine);
    const address = found && this.address(found);
    if (address !== undefined) return address;
    throw new LabError("machine-not-running", `${machine}: has no address yet`, {
      remedy: "Run `wasm-k8s-lab up` or `wasm-k8s-lab start`: they start it.",
    });
  }

  /** Names of the machines that can be stopped, kept and started. */
  async names(): Promise<string[]> {
    this.look.forget();
    const { machines } = this.#state.data;
    return (await this.look())
      .filter(({ machine, deleted }) => !deleted && machines[machine]?.stage === "ready")
      .map(({ machine }) => machine);
  }

  async #ask(): Promise<FoundMachine[]> {
    const listed = await asLabErrors("multipass", () => this.#client.list());
    return listed.flatMap(({ name, state, addresses }): FoundMachine[] => {
      const machine = this.#state.machine(name);
      if (machine === undefined) return [];
      return [{ machine, state: states[state], deleted: state === "Deleted", addresses }];
    });
  }
}
