import { createHash } from "node:crypto";
import type { ModelledMachine } from "../../machine/machine.ts";
import type { Condition, Node } from "../../cluster/controllers/types.ts";
import { sameJson, timestamp } from "../../cluster/controllers/types.ts";
import type { ContainerRuntime } from "../cri.ts";
import type { KubeletConfiguration } from "./configuration.ts";

const hex = (text: string, length = 32): string => createHash("sha256").update(text).digest("hex").slice(0, length);

const uuid = (text: string): string => hex(text).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

function osImage(machine: ModelledMachine): string {
  const files = machine.rootFiles;
  const text = files.exists("/etc/os-release") ? files.readText("/etc/os-release") : "";
  return /^PRETTY_NAME="?([^"\n]*)"?/m.exec(text)?.[1] ?? "Ubuntu 20.04.6 LTS";
}

/** The Node that a kubelet registers. */
export function nodeObject(machine: ModelledMachine, configuration: KubeletConfiguration, endpoint: string): Node {
  const architecture = machine.hardware.architecture;
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: configuration.nodeName,
      labels: {
        "beta.kubernetes.io/arch": architecture,
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": architecture,
        "kubernetes.io/hostname": configuration.nodeName,
        "kubernetes.io/os": "linux",
        ...configuration.labels,
      },
      annotations: {
        "kubeadm.alpha.kubernetes.io/cri-socket": endpoint,
        "volumes.kubernetes.io/controller-managed-attach-detach": "true",
      },
    },
    spec: configuration.taints.length > 0 ? { taints: configuration.taints } : {},
  };
}

export interface NodeStatusInput {
  machine: ModelledMachine;
  configuration: KubeletConfiguration;
  version: string;
  runtime: ContainerRuntime | undefined;
  now: number;
}

/** Why the node is not ready; undefined when it is. */
export function notReadyReason(runtime: ContainerRuntime | undefined): string | undefined {
  if (!runtime) return "container runtime is down";
  const failing = runtime.status().filter((condition) => !condition.status);
  if (failing.length === 0) return undefined;
  return failing
    .map((condition) => {
      const words = `${condition.type}=false reason:${condition.reason} message:${condition.message}`;
      return condition.type === "NetworkReady" ? `container runtime network not ready: ${words}` : words;
    })
    .join(", ");
}

/** A node's status as its kubelet sees it; times of unchanged conditions are kept. */
export function nodeStatus(input: NodeStatusInput, before: Node | undefined): NonNullable<Node["status"]> {
  const { machine, configuration, runtime, now } = input;
  const { hardware } = machine;
  const kilobytes = Math.floor(hardware.memoryMegabytes * 1024 * 0.978);
  const disk = Math.floor(hardware.diskGigabytes * 1024 * 1024 * 0.958);
  const capacity = {
    cpu: String(hardware.cpus),
    "ephemeral-storage": `${disk}Ki`,
    "hugepages-1Gi": "0",
    "hugepages-2Mi": "0",
    memory: `${kilobytes}Ki`,
    pods: String(configuration.maxPods),
  };
  const allocatable = {
    ...capacity,
    "ephemeral-storage": String(Math.floor(disk * 1024 * 0.9)),
    memory: `${kilobytes - 102_400}Ki`,
  };
  const at = timestamp(now);
  const condition = (type: string, status: string, reason: string, message: string): Condition => {
    const old = before?.status?.conditions?.find((other) => other.type === type);
    const lastTransitionTime = old?.status === status ? (old.lastTransitionTime ?? at) : at;
    return { lastHeartbeatTime: at, lastTransitionTime, message, reason, status, type };
  };
  const problem = notReadyReason(runtime);
  const version = runtime?.version();
  const old = before?.status as { nodeInfo?: { containerRuntimeVersion?: string }; images?: unknown } | undefined;
  return {
    addresses: [
      { address: configuration.nodeAddress, type: "InternalIP" },
      { address: machine.name, type: "Hostname" },
    ],
    allocatable,
    capacity,
    conditions: [
      condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
      condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
      condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
      problem === undefined
        ? condition("Ready", "True", "KubeletReady", "kubelet is posting ready status. AppArmor enabled")
        : condition("Ready", "False", "KubeletNotReady", problem),
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    images: runtime
      ? runtime
          .listImages()
          .filter((image) => image.tags.length + image.digests.length > 0)
          .sort((a, b) => b.size - a.size)
          .slice(0, 50)
          .map((image) => ({ names: [...image.digests, ...image.tags], sizeBytes: image.size }))
      : (old?.images ?? []),
    nodeInfo: {
      architecture: hardware.architecture,
      bootID: uuid(`${machine.name} boot ${machine.bootedAt}`),
      containerRuntimeVersion: version
        ? `${version.runtimeName}://${version.runtimeVersion.replace(/^v/, "")}`
        : (old?.nodeInfo?.containerRuntimeVersion ?? ""),
      kernelVersion: machine.kernel.release,
      kubeProxyVersion: `v${input.version}`,
      kubeletVersion: `v${input.version}`,
      machineID: hex(`${machine.name} machine`),
      operatingSystem: "linux",
      osImage: osImage(machine),
      systemUUID: uuid(`${machine.name} system`),
    },
  };
}

/** True when only heartbeats differ. */
export function sameStatus(left: Node["status"], right: Node["status"]): boolean {
  const bare = (status: Node["status"]): unknown => ({
    ...status,
    conditions: (status?.conditions ?? []).map((condition) => ({ ...condition, lastHeartbeatTime: undefined })),
  });
  return sameJson(bare(left), bare(right));
}
