import type { ModelledMachine, ProcessEntry } from "../../machine/machine.ts";

/** Where an OCI runtime keeps what it knows of its containers: one folder each below a root such as /run/runc. */
export interface StateFile {
  id: string;
  init_process_pid: number;
  /** RFC 3339. */
  created: string;
  config: {
    rootfs: string;
    labels: string[];
    hostname: string;
    namespaces: { type: string; path: string }[];
    cgroups: { path: string };
  };
  namespace_paths: Record<string, string>;
}

export type ContainerStatusWord = "created" | "running" | "stopped";

export interface ContainerState {
  id: string;
  /** 0 when its process has ended. */
  pid: number;
  status: ContainerStatusWord;
  bundle: string;
  rootfs: string;
  created: string;
}

const flags: Readonly<Record<string, [string, string]>> = {
  cgroup: ["NEWCGROUP", "cgroup"],
  ipc: ["NEWIPC", "ipc"],
  mount: ["NEWNS", "mnt"],
  network: ["NEWNET", "net"],
  pid: ["NEWPID", "pid"],
  user: ["NEWUSER", "user"],
  uts: ["NEWUTS", "uts"],
};

/** Writes a container's state as runc does. Simplified: only what `list`, `state` and readers of the file need. */
export function writeState(
  machine: ModelledMachine,
  folder: string,
  container: {
    id: string;
    pid: number;
    bundle: string;
    rootfs: string;
    hostname: string;
    cgroup: string;
    namespaces: readonly { type: string; path?: string }[];
    /** Milliseconds since the epoch. */
    createdAt: number;
  },
): void {
  const state: StateFile = {
    id: container.id,
    init_process_pid: container.pid,
    created: new Date(container.createdAt).toISOString().replace("Z", "000000Z"),
    config: {
      rootfs: container.rootfs,
      hostname: container.hostname,
      labels: [`bundle=${container.bundle}`],
      cgroups: { path: container.cgroup },
      namespaces: container.namespaces.map(({ type, path }) => ({ type: flags[type]?.[0] ?? type, path: path ?? "" })),
    },
    namespace_paths: Object.fromEntries(
      Object.values(flags).map(([flag, name]) => [flag, `/proc/${container.pid}/ns/${name}`]),
    ),
  };
  machine.rootFiles.makeDirectories(folder, 0o700);
  machine.rootFiles.writeWithMode(`${folder}/state.json`, JSON.stringify(state), 0o600);
}

/** What is known of a container; undefined when there is none of that name below `root`. */
export function readState(machine: ModelledMachine, root: string, id: string): ContainerState | undefined {
  const path = `${root}/${id}/state.json`;
  if (id === "" || id.includes("/") || !machine.rootFiles.exists(path)) return undefined;
  const value: unknown = JSON.parse(machine.rootFiles.readText(path));
  if (!isStateFile(value)) return undefined;
  const isAlive = initProcess(machine, value) !== undefined;
  const waits = machine.rootFiles.exists(`${root}/${id}/exec.fifo`);
  return {
    id,
    pid: isAlive ? value.init_process_pid : 0,
    status: !isAlive ? "stopped" : waits ? "created" : "running",
    bundle: value.config.labels.find((label) => label.startsWith("bundle="))?.slice("bundle=".length) ?? "",
    rootfs: value.config.rootfs,
    created: value.created,
  };
}

/** Every container below `root`, by name. */
export function listStates(machine: ModelledMachine, root: string): ContainerState[] {
  if (!machine.rootFiles.isDirectory(root)) return [];
  return machine.rootFiles
    .list(root)
    .map((id) => readState(machine, root, id))
    .filter((state) => state !== undefined);
}

/** The first process of a container, while it runs. */
export function liveProcess(machine: ModelledMachine, root: string, id: string): ProcessEntry | undefined {
  const path = `${root}/${id}/state.json`;
  if (!machine.rootFiles.exists(path)) return undefined;
  const value: unknown = JSON.parse(machine.rootFiles.readText(path));
  return isStateFile(value) ? initProcess(machine, value) : undefined;
}

/** A number may have been given to another process since; that one has another root. */
const initProcess = (machine: ModelledMachine, state: StateFile): ProcessEntry | undefined =>
  machine.processes
    .list()
    .find((entry) => entry.pid === state.init_process_pid && entry.isolation?.root === state.config.rootfs);

function isStateFile(value: unknown): value is StateFile {
  return (
    typeof value === "object" &&
    value !== null &&
    "init_process_pid" in value &&
    typeof value.init_process_pid === "number" &&
    "config" in value &&
    typeof value.config === "object" &&
    value.config !== null &&
    "rootfs" in value.config &&
    "labels" in value.config &&
    Array.isArray(value.config.labels)
  );
}
