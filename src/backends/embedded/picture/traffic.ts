import type { Clock } from "../../../domain/clock.ts";
import { type ComponentId, type Party, type Pass, type RuntimePath, wasmRuntimes } from "../../../domain/picture.ts";
import type { UserInfo } from "../cluster/api.ts";

const passLimit = 200;
/** How far back a request looks for one of the same kind, so that a flood of them stays a few lines. */
const mergeReach = 12;

/** Objects that tell how a cluster works; leases, events and the API's own furniture would drown them. */
const toldKinds = new Set([
  "Pod",
  "Deployment",
  "ReplicaSet",
  "DaemonSet",
  "StatefulSet",
  "Job",
  "Service",
  "EndpointSlice",
  "Node",
  "RuntimeClass",
]);

/** An object on its way between the API server and somebody else. */
export interface ObjectPass {
  action: "read" | "create" | "update" | "delete" | "watch";
  user: UserInfo;
  /** First word of the client's user agent, or the component's name. */
  agent: string;
  kind: string;
  /** Subresource, or empty. */
  part: string;
  name: string;
}

/** A request that a pod has answered. */
export interface AnsweredRequest {
  /** Where the pod is, and its address. */
  machine: string;
  address: string;
  /** Machine that asked; undefined for this computer. */
  from: string | undefined;
  /** Port of the node that it came through; undefined where it went to the pod itself or to a service's address. */
  nodePort: number | undefined;
  /** Method and path. */
  what: string;
}

/** What passes between the components of one lab, for who looks on: the latest in memory, nothing of it is saved. */
export class Traffic {
  #clock: Pick<Clock, "now">;
  #sequence: number;
  #passes: Pass[] = [];
  #answered = new Map<string, number>();
  #throughNodePort = new Map<number, number>();
  #listeners = new Set<() => void>();

  /** `after` is the last sequence number that was used before. */
  constructor(clock: Pick<Clock, "now">, after = 0) {
    this.#clock = clock;
    this.#sequence = after;
  }

  get sequence(): number {
    return this.#sequence;
  }

  /** The latest passes, oldest first. A request's name is the address of its pod. */
  passes(): readonly Pass[] {
    return this.#passes;
  }

  answeredBy(machine: string, address: string): number {
    return this.#answered.get(`${machine}/${address}`) ?? 0;
  }

  answeredThrough(nodePort: number): number {
    return this.#throughNodePort.get(nodePort) ?? 0;
  }

  /** Calls back after everything that passes and everything that `changed` tells of. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Some state that a picture shows may be another. */
  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  object({ action, user, agent, kind, part, name }: ObjectPass): void {
    const who = partyOf(user, agent);
    const isPerson = who?.component === "kubectl";
    if (!isPerson && !toldKinds.has(kind)) return;
    const server: Party = { component: "kube-apiserver" };
    const what = part === "" ? kind : `${kind}/${part}`;
    if (action === "watch") {
      if (who) this.#add({ from: server, to: who, action, what, name });
      return;
    }
    if (action === "read") {
      if (isPerson) this.#add({ from: server, to: who, action, what, name });
      return;
    }
    if (who) this.#add({ from: who, to: server, action, what, name });
    this.#add({ from: server, to: { component: "etcd" }, action, what: part === "binding" ? kind : what, name });
  }

  /** A call of the CRI; `name` is the pod's. */
  call(machine: string, runtime: ComponentId, what: string, name: string): void {
    this.#add({
      from: { component: "kubelet", machine },
      to: { component: runtime, machine },
      action: "call",
      what,
      name,
    });
  }

  /** A container or module goes down its path; `name` is the pod's. */
  start(machine: string, path: RuntimePath, name: string, program: string): void {
    for (const [index, component] of path.entries()) {
      const above = path[index - 1];
      if (above === undefined) continue;
      const isWasm = wasmRuntimes.includes(component);
      const what = isWasm ? program : "container";
      this.#add({ from: { component: above, machine }, to: { component, machine }, action: "start", what, name });
    }
  }

  /** A pod got its address; what an earlier one of the same address answered is not its own. */
  podBegins(machine: string, address: string): void {
    this.#answered.delete(`${machine}/${address}`);
  }

  answered({ machine, address, from, nodePort, what }: AnsweredRequest): void {
    const key = `${machine}/${address}`;
    this.#answered.set(key, (this.#answered.get(key) ?? 0) + 1);
    if (nodePort !== undefined) this.#throughNodePort.set(nodePort, (this.#throughNodePort.get(nodePort) ?? 0) + 1);
    this.#add({
      from: { component: "client", ...(from === undefined ? {} : { machine: from }) },
      to: { component: "pod", machine },
      action: "request",
      what: nodePort === undefined ? what : `${what} :${nodePort}`,
      name: address,
    });
  }

  #add(pass: Omit<Pass, "sequence" | "time" | "count">): void {
    this.#sequence += 1;
    const reach = pass.action === "request" ? mergeReach : 1;
    const first = Math.max(0, this.#passes.length - reach);
    const same = this.#passes.findLastIndex((other, index) => index >= first && isSame(other, pass));
    const count = same < 0 ? 1 : (this.#passes[same]?.count ?? 0) + 1;
    if (same >= 0) this.#passes.splice(same, 1);
    this.#passes.push({ ...pass, sequence: this.#sequence, time: this.#clock.now(), count });
    if (this.#passes.length > passLimit) this.#passes.shift();
    this.changed();
  }
}

const isSame = (a: Omit<Pass, "sequence" | "time" | "count">, b: Omit<Pass, "sequence" | "time" | "count">): boolean =>
  a.action === b.action &&
  a.what === b.what &&
  a.name === b.name &&
  a.from.component === b.from.component &&
  a.from.machine === b.from.machine &&
  a.to.component === b.to.component &&
  a.to.machine === b.to.machine;

/** Who a user of the API is; undefined for the server itself. */
function partyOf({ name }: UserInfo, agent: string): Party | undefined {
  const node = /^system:node:(.+)$/.exec(name)?.[1];
  if (node !== undefined) return { component: "kubelet", machine: node };
  if (name === "system:kube-scheduler") return { component: "kube-scheduler" };
  if (name === "system:kube-proxy" || name === "system:serviceaccount:kube-system:kube-proxy") {
    return { component: "kube-proxy" };
  }
  if (name === "system:serviceaccount:kube-system:coredns") return { component: "coredns" };
  if (name === "system:kube-controller-manager" || name.startsWith("system:serviceaccount:kube-system:")) {
    return { component: "kube-controller-manager" };
  }
  if (name === "system:apiserver") return undefined;
  if (agent.startsWith("kubectl")) return { component: "kubectl" };
  if (agent.startsWith("kubeadm") || name.startsWith("system:bootstrap:")) return { component: "kubeadm" };
  return { component: "client" };
}
