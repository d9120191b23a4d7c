import { LabError } from "../../domain/errors.ts";
import type { Machine } from "../../domain/machine.ts";
import { hostsBlock, writeHosts } from "../../remote/hosts.ts";
import type { Multipass } from "./client/index.ts";
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
    const { state, directory, machine } = this.#options;
    directory.look.forget();
    const found = (await directory.look()).filter(({ deleted }) => !deleted);
    for (const each of found) {
      if (each.state === "running") await this.#noteAddress(each);
    }
    directory.look.forget();
    const { machines } = state.data;
    const known = found.flatMap(({ machine: name }) => {
      const address = machines[name]?.address;
      return address === undefined ? [] : [{ name, address }];
    });
    const block = hostsBlock(known);
    for (const { machine: name, state: its } of found) {
      if (its !== "running" || machines[name]?.hosts === block || machines[name]?.stage === "launching") continue;
      try {
        await writeHosts(machine(name), known);
        state.record(name, { hosts: block });
      } catch (error) {
        // A sick machine is not the others' concern: it is told about when it is used, and the block written then.
        if (!(error instanceof LabError)) throw error;
      }
    }
  }

  async #noteAddress({ machine: name, addresses }: FoundMachine): Promise<void> {
    const { client, state, onNotice } = this.#options;
    const recorded = state.data.machines[name]?.address;
    if (recorded !== undefined && addresses.includes(recorded)) return;
    const address = await asLabErrors(name, () =>
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
    const { machine } = this.#options;
    try {
      return (await machine("master").exec(["sudo", "test", "-e", "/etc/kubernetes/admin.conf"])).exitCode === 0;
    } catch (error) {
      if (error instanceof LabError) return false;
      throw error;
    }
  }
}
