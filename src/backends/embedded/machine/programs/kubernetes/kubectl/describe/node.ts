import { isObject, mapAt, objectAt, objectsAt, textAt, type Json } from "../../client/json.ts";
import { orNone, shownTime, writeAnnotations, writeEvents, writeLabels, type DescriptionWriter } from "./writer.ts";

const suffixes: Readonly<Record<string, number>> = {
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** A resource quantity as a number. */
function quantity(text: string): number {
  const match = /^([\d.]+)([a-zA-Z]*)$/.exec(text);
  if (!match) return 0;
  return Number(match[1]) * (match[2] === "" ? 1 : (suffixes[match[2] ?? ""] ?? 0));
}

function shownQuantity(resource: string, value: number): string {
  if (resource === "cpu") return Number.isInteger(value) ? String(value) : `${Math.round(value * 1000)}m`;
  for (const suffix of ["Gi", "Mi", "Ki"] as const) {
    const unit = suffixes[suffix] ?? 1;
    if (value !== 0 && value % unit === 0) return `${value / unit}${suffix}`;
  }
  return String(value);
}

const controlPlaneRole = /^node-role\.kubernetes\.io\/(.+)$/;

function rolesOf(node: Json): string {
  const labels = mapAt(node, "metadata", "labels");
  const roles = labels
    .map(([key, value]) => (key === "kubernetes.io/role" ? value : (controlPlaneRole.exec(key)?.[1] ?? "")))
    .filter((role) => role !== "");
  return orNone(roles.sort().join(","));
}

export function describeNode(
  writer: DescriptionWriter,
  node: Json,
  lease: Json | undefined,
  pods: readonly Json[],
  events: Json[],
): void {
  const status = objectAt(node, "status");
  writer.line(0, `Name:\t${textAt(node, "metadata", "name")}`);
  writer.line(0, `Roles:\t${rolesOf(node)}`);
  writeLabels(writer, "Labels", mapAt(node, "metadata", "labels"));
  writeAnnotations(writer, "Annotations", objectAt(node, "metadata"));
  writer.line(0, `CreationTimestamp:\t${shownTime(textAt(node, "metadata", "creationTimestamp"))}`);
  const taints = objectsAt(node, "spec", "taints")
    .map((taint) => ({ order: `${textAt(taint, "effect")},${textAt(taint, "key")}`, taint }))
    .sort((a, b) => (a.order < b.order ? -1 : 1));
  writer.raw("Taints:\t");
  if (taints.length === 0) writer.raw("<none>\n");
  taints.forEach(({ taint }, i) => {
    const value = textAt(taint, "value");
    writer.raw(
      `${i === 0 ? "" : "\t"}${textAt(taint, "key")}${value === "" ? "" : `=${value}`}:${textAt(taint, "effect")}\n`,
    );
  });
  writer.line(0, `Unschedulable:\t${String(objectAt(node, "spec")["unschedulable"] === true)}`);
  writer.line(0, "Lease:");
  const unset = (text: string): string => (text === "" ? "<unset>" : text);
  const leaseTime = (field: string): string => {
    const time = textAt(lease, "spec", field);
    return time === "" ? "<unset>" : shownTime(time);
  };
  writer.line(1, `HolderIdentity:\t${unset(textAt(lease, "spec", "holderIdentity"))}`);
  writer.line(1, `AcquireTime:\t${leaseTime("acquireTime")}`);
  writer.line(1, `RenewTime:\t${leaseTime("renewTime")}`);
  const conditions = objectsAt(status, "conditions");
  if (conditions.length > 0) {
    writer.line(0, "Conditions:");
    writer.line(1, "Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage");
    writer.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
    for (const condition of conditions) {
      const field = (name: string): string => textAt(condition, name);
      writer.line(
        1,
        `${field("type")} \t${field("status")} \t${shownTime(field("lastHeartbeatTime"))} \t${shownTime(field("lastTransitionTime"))} \t${field("reason")} \t${field("message")}`,
      );
    }
  }
  writer.line(0, "Addresses:");
  for (const address of objectsAt(status, "addresses"))
    writer.line(1, `${textAt(address, "type")}:\t${textAt(address, "address")}`);
  for (const [title, field] of [
    ["Capacity", "capacity"],
    ["Allocatable", "allocatable"],
  ] as const) {
    const entries = mapAt(status, field);
    if (entries.length === 0) continue;
    writer.line(0, `${title}:`);
    for (const [resource, value] of entries) writer.line(1, `${resource}:\t${value}`);
  }
  writeSystem(writer, objectAt(status, "nodeInfo"));
  const cidr = textAt(node, "spec", "podCIDR");
  if (cidr !== "") {
    writer.line(0, `PodCIDR:\t${cidr}`);
    writer.line(
      0,
      `PodCIDRs:\t${objectAt(node, "spec")["podCIDRs"] === undefined ? cidr : String(objectAt(node, "spec")["podCIDRs"])}`,
    );
  }
  if (textAt(node, "spec", "providerID") !== "") writer.line(0, `ProviderID:\t${textAt(node, "spec", "providerID")}`);
  writePods(writer, node, pods);
  writeEvents(writer, events);
}

function writeSystem(writer: DescriptionWriter, info: Json): void {
  const rows: [string, string][] = [
    ["Machine ID", "machineID"],
    ["System UUID", "systemUUID"],
    ["Boot ID", "bootID"],
    ["Kernel Version", "kernelVersion"],
    ["OS Image", "osImage"],
    ["Operating System", "operatingSystem"],
    ["Architecture", "architecture"],
    ["Container Runtime Version", "containerRuntimeVersion"],
    ["Kubelet Version", "kubeletVersion"],
    ...(writer.minor <= 32 ? ([["Kube-Proxy Version", "kubeProxyVersion"]] satisfies [string, string][]) : []),
  ];
  writer.line(0, "System Info:");
  for (const [title, field] of rows) writer.line(1, `${title}:\t${textAt(info, field)}`);
}

type Kind = "requests" | "limits";

/** What the containers of a pod ask for: the sum, or the largest init container. */
function podQuantity(pod: Json, kind: Kind, resource: string): number {
  const of = (container: Json): number => quantity(textAt(container, "resources", kind, resource));
  const sum = objectsAt(pod, "spec", "containers").reduce((total, container) => total + of(container), 0);
  return Math.max(sum, ...objectsAt(pod, "spec", "initContainers").map(of));
}

function writePods(writer: DescriptionWriter, node: Json, pods: readonly Json[]): void {
  const allocatable = objectAt(
    node,
    "status",
    isObject(objectAt(node, "status")["allocatable"]) ? "allocatable" : "capacity",
  );
  const share = (resource: string, value: number): string => {
    const total = quantity(textAt(allocatable, resource));
    return `${shownQuantity(resource, value)} (${total === 0 ? 0 : Math.floor((value / total) * 100)}%)`;
  };
  const running = pods.filter((pod) => !["Succeeded", "Failed"].includes(textAt(pod, "status", "phase")));
  writer.line(0, `Non-terminated Pods:\t(${running.length} in total)`);
  writer.line(1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge");
  writer.line(1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---");
  for (const pod of running) {
    const cells = (["cpu", "memory"] as const).flatMap((resource) =>
      (["requests", "limits"] as const).map((kind) => share(resource, podQuantity(pod, kind, resource))),
    );
    const age = writer.since(textAt(pod, "metadata", "creationTimestamp"));
    writer.line(
      1,
      `${textAt(pod, "metadata", "namespace")}\t${textAt(pod, "metadata", "name")}\t\t${cells.join("\t")}\t${age}`,
    );
  }
  writer.line(0, "Allocated resources:");
  writer.line(1, "(Total limits may be over 100 percent, i.e., overcommitted.)");
  writer.line(1, "Resource\tRequests\tLimits");
  writer.line(1, "--------\t--------\t------");
  const huge = mapAt(node, "status", "allocatable")
    .map(([name]) => name)
    .filter((name) => name.startsWith("hugepages-"));
  for (const resource of ["cpu", "memory", "ephemeral-storage", ...huge]) {
    const total = (kind: Kind): number => running.reduce((sum, pod) => sum + podQuantity(pod, kind, resource), 0);
    writer.line(1, `${resource}\t${share(resource, total("requests"))}\t${share(resource, total("limits"))}`);
  }
}
