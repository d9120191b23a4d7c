import type { MachineRole } from "./backend.ts";
import type { MachineState } from "./machine.ts";

/** Parts of a cluster that a picture can show on a machine. */
export const componentIds = [
  "kube-apiserver",
  "etcd",
  "kube-scheduler",
  "kube-controller-manager",
  "kubelet",
  "kube-proxy",
  "coredns",
  "cri-o",
  "containerd",
  "shim-spin",
  "shim-runc",
  "crun",
  "runc",
  "wasmedge",
  "wasmtime",
  "spin",
  "buildah",
  "cargo",
  "registry",
] as const;

export type ComponentId = (typeof componentIds)[number];

/** `installed` is there but does nothing now; `failed` was meant to run and does not. */
export type ComponentState = "absent" | "installed" | "running" | "failed";

export interface PictureComponent {
  id: ComponentId;
  state: ComponentState;
  /** Without a leading `v`; absent where it is not known. */
  version?: string;
  /** What else matters, in the tools' own words, e.g. `+WasmEdge` of a crun or `auto-restart` of a unit. */
  detail?: string;
}

/** The Node object that a machine's kubelet registered. */
export interface PictureNode {
  name: string;
  ready: boolean;
  /** Why it is not ready, as its condition says. */
  reason?: string;
  /** The kubelet's version, without a leading `v`. */
  version: string;
  /** Labels that somebody gave it; those of Kubernetes itself are left out. */
  labels: Readonly<Record<string, string>>;
  unschedulable: boolean;
}

export interface PictureMachine {
  name: string;
  role: MachineRole;
  address: string;
  state: MachineState;
  components: readonly PictureComponent[];
  /** Absent before the machine has joined a cluster. */
  node?: PictureNode;
}

/** Components that run modules; what ends in one of them is no ordinary container. */
export const wasmRuntimes: readonly ComponentId[] = ["wasmedge", "wasmtime", "spin"];

/** Through what a pod's containers run: from the high-level runtime down to the Wasm runtime. */
export type RuntimePath = readonly ComponentId[];

export interface PicturePod {
  namespace: string;
  name: string;
  /** Name of the node; absent before it is scheduled. */
  node?: string;
  /** `Pending`, `Running`, ...; `Terminating` once it is being deleted. */
  phase: string;
  ready: boolean;
  /** Why it does not run, e.g. `CrashLoopBackOff`. */
  reason?: string;
  /** Absent before its container was started. */
  path?: RuntimePath;
  /** Requests it has answered since this picture is watched over; probes do not count. */
  requests: number;
  /** Belongs to the cluster itself. */
  system: boolean;
}

export interface PictureService {
  namespace: string;
  name: string;
  port: number;
  nodePort?: number;
  /** Pods that it leads to. */
  endpoints: number;
  /** Requests that came through its node port and were answered. */
  requests: number;
}

/** One end of a pass: a component, or who asks from outside. */
export interface Party {
  component: ComponentId | "kubectl" | "kubeadm" | "client" | "pod";
  /** Where it is; absent outside the machines, and where there is only one. */
  machine?: string;
}

export const passActions = ["read", "create", "update", "delete", "watch", "call", "start", "stop", "request"] as const;

/** Something that went from one component to another. */
export interface Pass {
  /** Grows with every pass; never twice the same. */
  sequence: number;
  /** Milliseconds since the epoch. */
  time: number;
  from: Party;
  to: Party;
  action: (typeof passActions)[number];
  /** Kind of object, call of the CRI, or method and path of a request. */
  what: string;
  /** Name of the object, pod or container; may be empty. */
  name: string;
  /** The same again, several times in a row. */
  count: number;
}

/** The cluster as it is now, in the terms of its figures. Plain JSON. */
export interface Picture {
  formatVersion: 1;
  machines: readonly PictureMachine[];
  pods: readonly PicturePod[];
  services: readonly PictureService[];
  /** The latest, oldest first; bounded. */
  passes: readonly Pass[];
}

/** Where pictures come from. */
export interface PictureSource {
  now(): Promise<Picture>;
  /** Calls back whenever the next picture may be another one; returns how to stop. Costs nothing while nobody listens. */
  onChange(listener: () => void): () => void;
}
