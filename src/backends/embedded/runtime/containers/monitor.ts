import type { RuntimePath } from "../../../../domain/picture.ts";
import type { ModelledMachine, RunningProcess } from "../../machine/machine.ts";
import type { ContainerStatus, PodSandboxStatus } from "../cri.ts";
import type { SandboxNamespaces } from "./bundle.ts";

/** What goes on without the daemon: running containers (a real machine has a conmon or shim for each) and pod networks. */
export interface Monitor {
  processes: Map<string, RunningProcess>;
  /** By sandbox id: takes the pod's address off the network. */
  networks: Map<string, () => void>;
  /** By sandbox id: the shim that stays beside the containers, where the runtime has one. */
  shims: Map<string, RunningProcess>;
  /** By sandbox id: the process that holds the pod's namespaces, where the runtime has one. */
  pauses: Map<string, RunningProcess>;
  /** By sandbox id. */
  namespaces: Map<string, SandboxNamespaces>;
  listeners: Set<() => void>;
  /** By id of a running container: what it was started through. */
  paths: Map<string, RuntimePath>;
  /** What the runtime knows, as it stands; absent before it ran. */
  state?: { readonly sandboxes: readonly PodSandboxStatus[]; readonly containers: readonly ContainerStatus[] };
}

const monitors = new WeakMap<ModelledMachine, Map<string, Monitor>>();

/** The monitor of one runtime's containers on a machine. */
export function monitorOf(machine: ModelledMachine, key: string): Monitor {
  let byKey = monitors.get(machine);
  if (!byKey) monitors.set(machine, (byKey = new Map()));
  let monitor = byKey.get(key);
  if (!monitor) {
    monitor = {
      processes: new Map(),
      networks: new Map(),
      shims: new Map(),
      pauses: new Map(),
      namespaces: new Map(),
      listeners: new Set(),
      paths: new Map(),
    };
    byKey.set(key, monitor);
  }
  return monitor;
}

/** The monitors of all runtimes that have run on a machine since the lab woke up. */
export const monitorsOf = (machine: ModelledMachine): Monitor[] => [...(monitors.get(machine)?.values() ?? [])];
