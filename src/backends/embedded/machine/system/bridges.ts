import type { ModelledMachine } from "../machine.ts";

/** A bridge that a CNI plugin made for this machine's pods. */
export interface Bridge {
  name: string;
  /** Its own IPv4 address, the pods' gateway. */
  address: string;
  prefix: number;
}

interface BridgeState {
  /** The boot in which they were made: a reboot takes them away. */
  bootedAt: number;
  bridges: Bridge[];
}

function stateOf(machine: ModelledMachine): BridgeState {
  const state = machine.durable<BridgeState>("bridges", () => ({ bootedAt: machine.bootedAt, bridges: [] }));
  if (state.bootedAt !== machine.bootedAt) Object.assign(state, { bootedAt: machine.bootedAt, bridges: [] });
  return state;
}

/** The bridges that CNI plugins made since the machine booted. */
export const cniBridges = (machine: ModelledMachine): readonly Bridge[] => stateOf(machine).bridges;

/** Makes a bridge; one of that name keeps its address. Returns it as it is then. */
export function ensureBridge(machine: ModelledMachine, wanted: Bridge): Bridge {
  const { bridges } = stateOf(machine);
  const present = bridges.find((bridge) => bridge.name === wanted.name);
  if (present) return present;
  bridges.push(wanted);
  machine.environment.touch();
  return wanted;
}

/** Takes a bridge away; the pods on it stay without a network, also when one of that name is made again. */
export function removeBridge(machine: ModelledMachine, name: string): boolean {
  const state = stateOf(machine);
  const kept = state.bridges.filter((bridge) => bridge.name !== name);
  if (kept.length === state.bridges.length) return false;
  state.bridges = kept;
  machine.environment.network.detachPods(machine.name);
  machine.environment.touch();
  return true;
}

/** The address of the network that a bridge serves, such as `10.22.0.0`. */
export function networkOf(bridge: Bridge): string {
  const value = bridge.address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - bridge.prefix);
  const start = Math.floor(value / size) * size;
  return [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256).join(".");
}
