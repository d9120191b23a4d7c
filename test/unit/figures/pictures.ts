import {
  type ComponentId,
  componentIds,
  type ComponentState,
  type Pass,
  type Picture,
  type PictureMachine,
  type PicturePod,
  type RuntimePath,
} from "../../../src/domain/picture.ts";

export type States = Partial<Record<ComponentId, ComponentState>>;

const machine = (
  name: PictureMachine["role"],
  address: string,
  states: States,
  labels?: Record<string, string>,
): PictureMachine => ({
  name,
  role: name,
  address,
  state: "running",
  components: componentIds.map((id) => {
    const state = states[id] ?? "absent";
    return state === "absent" ? { id, state } : { id, state, version: "1.2.3" };
  }),
  ...(labels ? { node: { name, ready: true, version: "1.28.2", labels, unschedulable: false } } : {}),
});

const running = (...ids: ComponentId[]): States => Object.fromEntries(ids.map((id) => [id, "running"]));

export const pod = (name: string, node: string, path: RuntimePath, more: Partial<PicturePod> = {}): PicturePod => ({
  namespace: "default",
  name,
  node,
  phase: "Running",
  ready: true,
  path,
  requests: 0,
  system: false,
  ...more,
});

export const pass = (sequence: number, from: Pass["from"], to: Pass["to"], what: string): Pass => ({
  sequence,
  time: sequence,
  from,
  to,
  action: "create",
  what,
  name: "web",
  count: 1,
});

/** Three machines on which nothing was installed. */
export const barePicture: Picture = {
  formatVersion: 1,
  machines: [
    machine("master", "10.0.0.182", {}),
    machine("worker1", "10.0.0.177", {}),
    machine("worker2", "10.0.0.150", {}),
  ],
  pods: [],
  services: [],
  passes: [],
};

/** Figure 12 as it should be in the end: both methods, each with pods, and what passed on the way. */
export const hybridPicture: Picture = {
  formatVersion: 1,
  machines: [
    machine(
      "master",
      "10.0.0.182",
      running("kube-apiserver", "etcd", "kube-scheduler", "kube-controller-manager", "kubelet", "containerd", "runc"),
      {},
    ),
    machine("worker1", "10.0.0.177", running("kubelet", "kube-proxy", "cri-o", "crun", "wasmedge"), {
      wasmedge: "true",
    }),
    machine(
      "worker2",
      "10.0.0.150",
      running("kubelet", "kube-proxy", "containerd", "shim-spin", "spin", "shim-runc", "runc"),
      { spin: "true" },
    ),
  ],
  pods: [
    pod("wasmedge-deploy-7f5b8767f4-f46n8", "worker1", ["cri-o", "crun", "wasmedge"], { requests: 42 }),
    pod("wasmedge-deploy-7f5b8767f4-p5b8m", "worker1", ["cri-o", "crun", "wasmedge"]),
    pod("kube-proxy-7xxbt", "worker1", ["cri-o", "crun"], { namespace: "kube-system", system: true }),
    pod("wasm-spin-6f9c9d8b5-abcde", "worker2", ["containerd", "shim-spin", "spin"], {
      ready: false,
      reason: "CrashLoopBackOff",
    }),
    pod("nginx-6799fc88d8-qwert", "worker2", ["containerd", "shim-runc", "runc"]),
  ],
  services: [
    { namespace: "default", name: "wasmedge-service", port: 80, nodePort: 31_001, endpoints: 2, requests: 42 },
    { namespace: "default", name: "wasm-spin", port: 80, nodePort: 31_002, endpoints: 0, requests: 0 },
  ],
  passes: [
    pass(1, { component: "kubectl" }, { component: "kube-apiserver" }, "Deployment"),
    pass(2, { component: "kube-apiserver" }, { component: "etcd" }, "Deployment"),
    pass(3, { component: "kube-scheduler" }, { component: "kube-apiserver" }, "Pod/binding"),
    pass(4, { component: "kube-apiserver" }, { component: "kubelet", machine: "worker1" }, "Pod"),
    pass(5, { component: "kubelet", machine: "worker1" }, { component: "cri-o", machine: "worker1" }, "RunPodSandbox"),
    pass(
      6,
      { component: "crun", machine: "worker1" },
      { component: "wasmedge", machine: "worker1" },
      "http_server.wasm",
    ),
  ],
};

/** The same with a component of a machine in another state. */
export function withState(picture: Picture, name: string, id: ComponentId, state: ComponentState): Picture {
  const machines = picture.machines.map((each) =>
    each.name === name
      ? { ...each, components: each.components.map((one) => (one.id === id ? { id, state } : one)) }
      : each,
  );
  return { ...picture, machines };
}
