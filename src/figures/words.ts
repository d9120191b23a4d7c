import {
  type ComponentId,
  type ComponentState,
  type Party,
  type Picture,
  type PictureComponent,
  type PictureMachine,
  type PicturePod,
  type PictureService,
  wasmRuntimes,
} from "../domain/picture.ts";
import type { FigureTexts, Tone } from "./figure.ts";

/** The names of components as people say them. */
export const componentNames: Readonly<Record<ComponentId, string>> = {
  "kube-apiserver": "API server",
  etcd: "etcd",
  "kube-scheduler": "scheduler",
  "kube-controller-manager": "controller manager",
  kubelet: "kubelet",
  "kube-proxy": "kube-proxy",
  coredns: "CoreDNS",
  "cri-o": "CRI-O",
  containerd: "containerd",
  "shim-spin": "shim spin",
  "shim-runc": "shim runc",
  crun: "crun",
  runc: "runc",
  wasmedge: "WasmEdge",
  wasmtime: "Wasmtime",
  spin: "Spin",
  buildah: "Buildah",
  cargo: "Rust",
  registry: "registry",
};

export const stateSigns: Readonly<Record<ComponentState, string>> = {
  absent: "·",
  installed: "○",
  running: "●",
  failed: "✗",
};

export const stateTones: Readonly<Record<ComponentState, Tone | undefined>> = {
  absent: undefined,
  installed: "waiting",
  running: "good",
  failed: "bad",
};

export function componentOf(machine: PictureMachine, id: ComponentId): PictureComponent {
  return machine.components.find((component) => component.id === id) ?? { id, state: "absent" };
}

export const isThere = (machine: PictureMachine, id: ComponentId): boolean =>
  componentOf(machine, id).state !== "absent";

export const isWasmPod = ({ path }: PicturePod): boolean =>
  path !== undefined && path.some((id) => wasmRuntimes.includes(id));

/** `◆` runs a module, `■` a container, `◌` nothing yet. */
export const podSign = (pod: PicturePod): string =>
  pod.path === undefined && pod.phase !== "Running" ? "◌" : isWasmPod(pod) ? "◆" : "■";

export function podTone(pod: PicturePod): Tone | undefined {
  if (pod.ready && pod.phase === "Running") return isWasmPod(pod) ? "wasm" : "good";
  return isInTrouble(pod) ? "bad" : "waiting";
}

const isInTrouble = ({ phase, reason = "" }: PicturePod): boolean =>
  phase === "Failed" || /Err|Error|BackOff|Invalid|OOM/.test(reason);

/** What a pod does that is not simply running; empty where it is. */
export function podTrouble({ phase, ready, reason }: PicturePod): string {
  if (phase === "Running" && ready) return "";
  return phase === "Terminating" ? phase : (reason ?? (phase === "Running" ? "NotReady" : phase));
}

/** Pods of a machine: those that its node was given. */
export const podsOn = (picture: Picture, { name, node }: PictureMachine): PicturePod[] =>
  picture.pods.filter((pod) => pod.node !== undefined && pod.node === (node?.name ?? name));

/** Services that one reaches from outside first. */
export const byPort = (services: readonly PictureService[]): PictureService[] =>
  services.toSorted((a, b) => (a.nodePort ?? 99_999) - (b.nodePort ?? 99_999));

/** A party's name, with its machine where there is one. */
export function partyName({ component, machine }: Party): string {
  const name = isComponent(component) ? componentNames[component] : component;
  return machine === undefined ? name : `${name} ${machine}`;
}

const isComponent = (name: Party["component"]): name is ComponentId => name in componentNames;

/** A node's state as `kubectl get nodes` says it, with a sign. */
export function nodeWords(machine: PictureMachine, texts: FigureTexts): { sign: string; text: string; tone?: Tone } {
  const { node } = machine;
  if (!node) return { sign: "·", text: texts.noNode };
  const cordoned = node.unschedulable ? `, ${texts.cordoned}` : "";
  return node.ready
    ? { sign: "●", text: `${texts.ready}${cordoned}`, tone: "good" }
    : { sign: "✗", text: `${texts.notReady}${cordoned}`, tone: "bad" };
}
