import type {
  Pass,
  Picture,
  PictureMachine,
  PictureNode,
  PicturePod,
  PictureService,
  RuntimePath,
} from "../../../domain/picture.ts";
import { at, type JsonObject, mapAt, numberAt, objectAt, objectsAt, textAt } from "../cluster/json.ts";
import { EtcdData, etcdSocket } from "../cluster/store/etcd.ts";
import type { ObjectStore } from "../cluster/store/store.ts";
import type { ModelledMachine } from "../machine/machine.ts";
import { monitorsOf } from "../runtime/containers/monitor.ts";
import { componentsOf } from "./components.ts";
import type { Traffic } from "./traffic.ts";

const systemNamespaces: ReadonlySet<string> = new Set([
  "kube-system",
  "kube-public",
  "kube-node-lease",
  "kube-flannel",
]);

/** The picture of a lab as it is now, read from its machines and from the cluster's own data. Changes nothing. */
export function observe(machines: readonly ModelledMachine[], traffic: Traffic): Picture {
  const store = storeOf(machines);
  const nodes = (store?.list("nodes") ?? []).map(nodeOf);
  const paths = pathsByPod(machines);
  const known = (store?.list("pods") ?? []).map((pod) => podOf(pod, nodes, paths, machines, traffic));
  const pods = [...known, ...machines.flatMap((machine) => unknownPods(machine, nodes, known, traffic))];
  return {
    formatVersion: 1,
    machines: machines.map((machine) => machineOf(machine, nodes)),
    pods,
    services: store ? store.list("services").flatMap((service) => servicesOf(service, store, traffic)) : [],
    passes: traffic.passes().map((pass) => named(pass, store)),
  };
}

/** The objects of the cluster; undefined while no etcd runs. */
function storeOf(machines: readonly ModelledMachine[]): ObjectStore | undefined {
  for (const machine of machines) {
    const data = machine.sockets.connect(etcdSocket);
    if (data instanceof EtcdData) return data.store;
  }
  return undefined;
}

interface KnownNode extends PictureNode {
  address: string;
}

function machineOf(machine: ModelledMachine, nodes: readonly KnownNode[]): PictureMachine {
  const { name, role, address } = machine;
  const known = nodes.find((node) => node.name === name) ?? nodes.find((node) => node.address === address);
  const base: PictureMachine = { name, role, address, state: "running", components: componentsOf(machine) };
  if (!known) return base;
  const { address: _address, ...node } = known;
  return { ...base, node };
}

function nodeOf(object: JsonObject): KnownNode {
  const ready = objectsAt(object, "status", "conditions").find((condition) => condition["type"] === "Ready");
  const isReady = ready?.["status"] === "True";
  const address = objectsAt(object, "status", "addresses").find((each) => each["type"] === "InternalIP");
  const reason = textAt(ready, "message") || textAt(ready, "reason");
  return {
    name: textAt(object, "metadata", "name"),
    address: textAt(address, "address"),
    ready: isReady,
    ...(isReady || reason === "" ? {} : { reason }),
    version: textAt(object, "status", "nodeInfo", "kubeletVersion").replace(/^v/, ""),
    labels: ownLabels(mapAt(object, "metadata", "labels")),
    unschedulable: at(object, "spec", "unschedulable") === true,
  };
}

function ownLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  const own = Object.entries(labels).filter(([name]) => !/^([^/]*\.)?(kubernetes|k8s)\.io\//.test(name));
  return Object.fromEntries(own);
}

/** What each pod's first running container was started through, by the pod's uid. */
function pathsByPod(machines: readonly ModelledMachine[]): Map<string, RuntimePath> {
  const found = new Map<string, RuntimePath>();
  for (const { state, paths } of machines.flatMap(monitorsOf)) {
    const uids = new Map((state?.sandboxes ?? []).map(({ id, config }) => [id, config]));
    for (const { id, sandboxId } of state?.containers ?? []) {
      const config = uids.get(sandboxId);
      const path = paths.get(id);
      if (config === undefined || path === undefined) continue;
      // A static pod's mirror has another uid than the pod that the kubelet runs.
      for (const key of [config.uid, `${config.namespace}/${config.name}`]) if (!found.has(key)) found.set(key, path);
    }
  }
  return found;
}

function podOf(
  object: JsonObject,
  nodes: readonly KnownNode[],
  paths: ReadonlyMap<string, RuntimePath>,
  machines: readonly ModelledMachine[],
  traffic: Traffic,
): PicturePod {
  const namespace = textAt(object, "metadata", "namespace");
  const name = textAt(object, "metadata", "name");
  const node = textAt(object, "spec", "nodeName");
  const statuses = objectsAt(object, "status", "containerStatuses");
  const isGoing = textAt(object, "metadata", "deletionTimestamp") !== "";
  const waiting = statuses.map((status) => textAt(status, "state", "waiting", "reason")).find((text) => text !== "");
  const ended = statuses.map((status) => textAt(status, "state", "terminated", "reason")).find((text) => text !== "");
  const reason = waiting ?? ended ?? (textAt(object, "status", "reason") || undefined);
  const path = paths.get(textAt(object, "metadata", "uid")) ?? paths.get(`${namespace}/${name}`);
  const address = nodes.find((each) => each.name === node)?.address;
  const machine = machines.find((each) => each.name === node || each.address === address)?.name ?? node;
  return {
    namespace,
    name,
    ...(node === "" ? {} : { node }),
    phase: isGoing ? "Terminating" : textAt(object, "status", "phase") || "Pending",
    ready: objectsAt(object, "status", "conditions").some(
      (condition) => condition["type"] === "Ready" && condition["status"] === "True",
    ),
    ...(reason === undefined ? {} : { reason }),
    ...(path ? { path } : {}),
    requests: objectAt(object, "status") ? traffic.answeredBy(machine, textAt(object, "status", "podIP")) : 0,
    system: systemNamespaces.has(namespace),
  };
}

/** Pods that only a machine's runtime knows: made by hand, or while the API does not answer. */
function unknownPods(
  machine: ModelledMachine,
  nodes: readonly KnownNode[],
  known: readonly PicturePod[],
  traffic: Traffic,
): PicturePod[] {
  const node = nodes.find((each) => each.name === machine.name || each.address === machine.address);
  return monitorsOf(machine).flatMap(({ state, paths }) =>
    (state?.sandboxes ?? [])
      .filter(
        ({ config, state: ready }) =>
          ready === "ready" &&
          !known.some(({ namespace, name }) => namespace === config.namespace && name === config.name),
      )
      .map(({ id, config, address }): PicturePod => {
        const own = (state?.containers ?? []).filter(({ sandboxId }) => sandboxId === id);
        const path = own.map((container) => paths.get(container.id)).find((each) => each !== undefined);
        const isRunning = own.some((container) => container.state === "running");
        return {
          namespace: config.namespace,
          name: config.name,
          node: node?.name ?? machine.name,
          phase: isRunning ? "Running" : "Pending",
          ready: isRunning && own.every((container) => container.state === "running"),
          ...(path ? { path } : {}),
          requests: address === "" ? 0 : traffic.answeredBy(machine.name, address),
          system: systemNamespaces.has(config.namespace),
        };
      }),
  );
}

function servicesOf(service: JsonObject, store: ObjectStore, traffic: Traffic): PictureService[] {
  const namespace = textAt(service, "metadata", "namespace");
  const name = textAt(service, "metadata", "name");
  if (namespace === "default" && name === "kubernetes") return [];
  if (namespace === "kube-system") return [];
  const endpoints = store
    .list("endpointslices.discovery.k8s.io", `${namespace}/`)
    .filter((slice) => mapAt(slice, "metadata", "labels")["kubernetes.io/service-name"] === name)
    .flatMap((slice) => objectsAt(slice, "endpoints"))
    .filter((endpoint) => at(endpoint, "conditions", "ready") !== false).length;
  return objectsAt(service, "spec", "ports").map((port) => {
    const nodePort = numberAt(port, "nodePort");
    return {
      namespace,
      name,
      port: numberAt(port, "port") ?? 0,
      ...(nodePort === undefined ? {} : { nodePort }),
      endpoints,
      requests: nodePort === undefined ? 0 : traffic.answeredThrough(nodePort),
    };
  });
}

/** A request is told by its pod's address; a person knows the pod by its name. */
function named(pass: Pass, store: ObjectStore | undefined): Pass {
  if (pass.action !== "request" || !store) return pass;
  // Pods of two nodes may have the same address.
  const pod = store
    .list("pods")
    .filter((each) => textAt(each, "status", "podIP") === pass.name)
    .toSorted((a, b) => Number(isOn(b, pass.to.machine)) - Number(isOn(a, pass.to.machine)))[0];
  return pod ? { ...pass, name: textAt(pod, "metadata", "name") } : pass;
}

const isOn = (pod: JsonObject, machine: string | undefined): boolean => textAt(pod, "spec", "nodeName") === machine;
