import { LabError } from "../../domain/errors.ts";
import type { Machine } from "../../domain/machine.ts";
import { hostsBlock, type MachineAddress, writeHosts } from "../../remote/hosts.ts";
import { type Multipass, MultipassError } from "./client/index.ts";
import type { FoundMachine, MachineDirectory } from "./directory.ts";
import { asLabErrors } from "./failures.ts";
import type { StateFile } from "./state.ts";

export interface NeighboursOptions {
  client: Multipass;
  state: StateFile;
  directory: MachineDirectory;
  machine: (name: string) => Machine;
  onNotice: (text: string) => void;
}

/** Lets the machines find each other by name, wherever Multipass puts them today. */
export class Neighbours {
  #options: NeighboursOptions;

  constructor(options: NeighboursOptions) {
    this.#options = options;
  }

  /** Reads all addresses, says which have changed, and refreshes /etc/hosts where it holds others. */
  async introduce(): Promise<void> {
    const { state, directory } = this.#options;
    directory.look.forget();
    const running = (await directory.look()).filter((each) => !each.deleted && each.state === "running");
    for (const each of running) await this.#noteAddress(each);
    const { machines } = state.data;
    const known = Object.entries(machines).flatMap(([name, { address }]) =>
      address === undefined ? [] : [{ name, address }],
    );
    const block = hostsBlock(known);
    const stale = running.filter(({ machine }) => {
      const record = machines[machine];
      return record !== undefined && record.stage !== "launching" && record.hosts !== block;
    });
    await Promise.all(stale.map(({ machine }) => this.#tell(machine, known, block)));
  }

  async #tell(name: string, known: readonly MachineAddress[], block: string): Promise<void> {
    const { state, machine } = this.#options;
    try {
      await writeHosts(machine(name), known);
      state.record(name, { hosts: block });
    } catch (error) {
      // A sick machine is not the others' concern: its own use tells of it, and the next opening tries again.
      if (!(error instanceof LabError)) throw error;
    }
  }

  async #noteAddress({ machine: name, addresses }: FoundMachine): Promise<void> {
    const { client, state, onNotice } = this.#options;
    const recorded = state.data.machines[name]?.address;
    if (recorded !== undefined && addresses.includes(recorded)) return;
    const [only, ...others] = addresses;
    const address =
      others.length === 0
        ? only
        : await asLabErrors(name, () =>
            client.address(state.instance(name), recorded === undefined ? {} : { recorded }),
          );
    if (address === undefined || address === recorded) return;
    state.record(name, { address });
    if (recorded === undefined || !(await this.#hasCluster())) return;
    onNotice(
      `${name}: its address has changed from ${recorded} to ${address}; the cluster was made for the old one. Make it again: \`wasm-k8s-lab reset control-plane\`.`,
    );
  }

  async #hasCluster(): Promise<boolean> {
    const { client, state } = this.#options;
    try {
      const asked = ["sudo", "test", "-e", "/etc/kubernetes/admin.conf"];
      return (await client.exec(state.instance("master"), asked)).exitCode === 0;
    } catch (error) {
      // A master that does not answer tells of itself when it is used.
      if (error instanceof MultipassError) return false;
      throw error;
    }
  }
}
