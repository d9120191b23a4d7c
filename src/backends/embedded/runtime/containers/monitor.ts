import type { ModelledMachine, RunningProcess } from "../../machine/machine.ts";

/** What goes on without the daemon: running containers (a real machine has a conmon or shim for each) and pod networks. */
export interface Monitor {
  processes: Map<string, RunningProcess>;
  /** By sandbox id: takes the pod's address off the network. */
  networks: Map<string, () => void>;
  listeners: Set<() => void>;
}

const monitors = new WeakMap<ModelledMachine, Map<string, Monitor>>();

/** The monitor of one runtime's containers on a machine. */
export function monitorOf(machine: ModelledMachine, key: string): Monitor {
  let byKey = monitors.get(machine);
  if (!byKey) monitors.set(machine, (byKey = new Map()));
  let monitor = byKey.get(key);
  if (!monitor) byKey.set(key, (monitor = { processes: new Map(), networks: new Map(), listeners: new Set() }));
  return monitor;
}
