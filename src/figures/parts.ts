import { type ComponentId, type Picture, type PictureMachine, wasmRuntimes } from "../domain/picture.ts";
import { isThere, isWasmPod, podsOn } from "./words.ts";

/** What a figure shows of a machine: what belongs there, and whatever else has been installed. */
export interface MachineParts {
  /** Side by side, most important first. */
  services: ComponentId[];
  /** From a high-level runtime down; each begins with the component above it. */
  chains: ComponentId[][];
  /** For those who develop; only what is there. */
  tools: ComponentId[];
}

const controlPlane: readonly ComponentId[] = ["kube-apiserver", "etcd", "kube-scheduler", "kube-controller-manager"];
const tools: readonly ComponentId[] = ["cargo", "wasmedge", "spin", "buildah", "registry"];

export function partsOf(machine: PictureMachine): MachineParts {
  const there = (id: ComponentId): boolean => isThere(machine, id);
  const isMaster = machine.role === "master" || controlPlane.some(there);
  const services: ComponentId[] = [...(isMaster ? controlPlane : []), "kubelet", "kube-proxy"];
  if (isMaster || there("coredns")) services.push("coredns");
  const chains = chainsOf(machine);
  const shown = new Set([...services, ...chains.flat()]);
  return { services, chains, tools: tools.filter((id) => there(id) && !shown.has(id)) };
}

/** The ways that a container can take on a machine: those of the course's plan for it, and those that are there. */
function chainsOf(machine: PictureMachine): ComponentId[][] {
  const there = (id: ComponentId): boolean => isThere(machine, id);
  const { role } = machine;
  const chains: ComponentId[][] = [];
  if (role === "worker1" || there("cri-o")) {
    const crun = role === "worker1" || there("crun");
    if (crun) {
      const wasm = role === "worker1" || there("wasmedge");
      chains.push(["cri-o", "crun", ...(wasm ? (["wasmedge"] as const) : [])]);
      if (there("wasmtime")) chains.push(["cri-o", "crun", "wasmtime"]);
    }
    if (there("runc") && (!crun || !there("containerd"))) chains.push(["cri-o", "runc"]);
    if (chains.length === 0) chains.push(["cri-o"]);
  }
  if (role !== "worker1" || there("containerd")) {
    if (role === "worker2" || there("shim-spin")) chains.push(["containerd", "shim-spin", "spin"]);
    const isExpected = role === "worker2" || there("containerd") || !there("cri-o");
    if (isExpected) chains.push(["containerd", "shim-runc", "runc"]);
  }
  return chains;
}

/** A way down a node and who takes it; ways that share their beginning stand side by side. */
export interface Lane {
  chain: ComponentId[];
  wasm: boolean;
  pods: Picture["pods"];
}

/** The lanes of one node: each chain, and where a low-level runtime serves both, one for modules and one for containers. */
export function lanesOf(picture: Picture, machine: PictureMachine): Lane[] {
  const pods = podsOn(picture, machine);
  const lanes = chainsOf(machine).flatMap((chain, index, chains): Lane[] => {
    const isWasm = chain.some((id) => wasmRuntimes.includes(id));
    const lane = { chain, wasm: isWasm, pods: [] };
    const isLast = chains[index + 1]?.slice(0, 2).join() !== chain.slice(0, 2).join();
    const isShared = isWasm && chain[1] === "crun" && isLast;
    return isShared ? [lane, { chain: chain.slice(0, 2), wasm: false, pods: [] }] : [lane];
  });
  // A way that nobody planned is shown when somebody takes it.
  for (const { path } of pods) {
    if (!path || path.length === 0 || lanes.some(({ chain }) => chain.join() === path.join())) continue;
    const after = lanes.findLastIndex(({ chain }) => chain[0] === path[0]);
    const wasm = path.some((id) => wasmRuntimes.includes(id));
    lanes.splice(after < 0 ? lanes.length : after + 1, 0, { chain: [...path], wasm, pods: [] });
  }
  for (const pod of pods) {
    const lane =
      lanes.find(({ chain }) => pod.path !== undefined && chain.join() === pod.path.join()) ??
      lanes.find(({ chain, wasm }) => chain[0] === pod.path?.[0] && wasm === isWasmPod(pod)) ??
      lanes[0];
    if (lane) lane.pods = [...lane.pods, pod];
  }
  return lanes;
}

/** Lanes that share everything down to a level, as runs of their indexes; a lane that has ended stands alone. */
export function runsAt(lanes: readonly Lane[], level: number): number[][] {
  const runs: number[][] = [];
  const keyOf = (index: number): string | undefined => {
    const chain = lanes[index]?.chain ?? [];
    return chain.length > level ? chain.slice(0, level + 1).join() : undefined;
  };
  for (const index of lanes.keys()) {
    const last = runs.at(-1);
    const key = keyOf(index);
    if (last && key !== undefined && keyOf(last[0] ?? 0) === key) last.push(index);
    else runs.push([index]);
  }
  return runs;
}
