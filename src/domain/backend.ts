import type { Machine, MachineState } from "./machine.ts";
import type { PictureSource } from "./picture.ts";

export type Profile = "thesis" | "current";
export type Language = "en" | "de";
export type Pace = "instant" | "brisk" | "real";
export type MachineRole = "master" | "worker1" | "worker2";

/** Abilities that callers ask for; nobody compares backend names. */
export interface BackendFeatures {
  /** Machines can be created and removed. */
  lifecycle: boolean;
  snapshots: boolean;
  interactiveShell: boolean;
  /** Node ports of the machines answer on 127.0.0.1 of this computer; else on the machines' own addresses. */
  hostPorts: boolean;
  /** Timestamps and durations are modelled; never shown as measurements. */
  simulated: boolean;
}

export interface BackendInfo {
  /** Permanent id, as typed after `--backend`. */
  id: string;
  title: string;
  features: BackendFeatures;
}

export type Probe =
  | { usable: true; detail: string }
  | { usable: false; detail: string; remedy: string; needsOther: boolean };

export interface MachineSpec {
  name: string;
  role: MachineRole;
}

export interface MachineSummary {
  name: string;
  state: MachineState;
  address?: string;
}

/** How far a machine is on its way to `running`; told as it changes. */
export interface Provisioning {
  machine: string;
  /** `download`: its image; `create`; `boot`: until it answers; `prepare`: cloud-init, names and packages. */
  phase: "download" | "create" | "boot" | "prepare" | "ready";
  /** 0 to 100, where it is known. */
  percent?: number;
  /** Milliseconds until all machines that were asked for are ready: an estimate. */
  remainingMs?: number;
}

/** The course's node ports, each on the node that the thesis curls. */
export const courseNodePorts: readonly { machine: MachineRole; port: number }[] = [
  { machine: "worker1", port: 31_001 },
  { machine: "worker2", port: 31_002 },
];

/** What a computer outside the machines needs to reach the cluster. */
export interface HostAccess {
  /** Path of a kubeconfig (0600) for this computer's kubectl; absent before `kubeadm init`. */
  kubeconfig?: string;
  /** Changes when another cluster is made (`kubeadm reset`, `init`). */
  clusterId?: string;
  /** Node port to the address and port on which this computer reaches it. */
  nodePorts: Readonly<Record<number, { address: string; port: number }>>;
}

export interface SnapshotStore {
  /** What one is cheap enough for: each step, or, where taking one restarts the machines, only the beginning of a lab. */
  readonly per: "step" | "lab";
  save(id: string): Promise<void>;
  restore(id: string): Promise<void>;
  list(): Promise<string[]>;
  remove(id: string): Promise<void>;
}

export interface Backend {
  readonly info: BackendInfo;
  probe(): Promise<Probe>;
  /** Idempotent. Resolves when the machine runs. */
  ensure(spec: MachineSpec): Promise<Machine>;
  /** Idempotent. */
  remove(name: string): Promise<void>;
  /** Every machine of this lab, also after a crash. */
  list(): Promise<MachineSummary[]>;
  /** The machine, running or not; rejects with LabError `machine-unknown`. */
  machine(name: string): Promise<Machine>;
  hostAccess(): Promise<HostAccess>;
  /** Where the kubeconfig for this computer is, or will be once there is a cluster. */
  kubeconfigPath?(): string;
  snapshots?: SnapshotStore;
  /** The cluster as its figures show it; absent where the backend cannot look. */
  pictures?: PictureSource;
  /** Starts every machine there is again from its image, as it first booted. */
  renew?(): Promise<void>;
  /** Removes every machine that this lab has made, and nothing else; idempotent. Absent without `features.lifecycle`. */
  removeAll?(): Promise<void>;
  /** Writes everything to disk; resolves when it is there. */
  save(): Promise<void>;
  /** Saves and lets go of every resource of this process; machines of a real backend stay. */
  close(): Promise<void>;
}
