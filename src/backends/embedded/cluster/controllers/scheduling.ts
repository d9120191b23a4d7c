import { quantity } from "./quantities.ts";
import { labelsMatch, requirementMatches, selectorMatches } from "./selectors.ts";
import { toleratesTaint } from "./tolerations.ts";
import type { Node, NodeSelectorTerm, Pod, PodAffinityTerm } from "./types.ts";

export interface SchedulingResult {
  /** Name of the node to run on; undefined when none will do. */
  best: string | undefined;
  nodes: number;
  /** Reason to how many nodes gave it. */
  reasons: Map<string, number>;
  /** Nodes from which no eviction could help. */
  hopeless: number;
}

interface Demand {
  cpu: number;
  memory: number;
  storage: number;
}

const none: Demand = { cpu: 0, memory: 0, storage: 0 };

function requestOf(pod: Pod): Demand {
  const sum = { ...none };
  for (const container of pod.spec.containers) {
    const { requests, limits } = container.resources ?? {};
    sum.cpu += quantity(requests?.["cpu"] ?? limits?.["cpu"]);
    sum.memory += quantity(requests?.["memory"] ?? limits?.["memory"]);
    sum.storage += quantity(requests?.["ephemeral-storage"] ?? limits?.["ephemeral-storage"]);
  }
  return sum;
}

/** Filters and scores all nodes for one pod. `pods` are those that run or are bound. */
export function findNodes(pod: Pod, nodes: readonly Node[], pods: readonly Pod[]): SchedulingResult {
  const reasons = new Map<string, number>();
  const fitting: { node: Node; score: number }[] = [];
  let hopeless = 0;
  for (const node of nodes) {
    const here = pods.filter((other) => other.spec.nodeName === node.metadata.name);
    const refusal = refuse(pod, node, here, nodes, pods);
    if (!refusal) {
      fitting.push({ node, score: score(pod, node, here, nodes) });
      continue;
    }
    if (refusal.isFinal) hopeless += 1;
    for (const reason of refusal.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  fitting.sort((a, b) => b.score - a.score || (a.node.metadata.name < b.node.metadata.name ? -1 : 1));
  return { best: fitting[0]?.node.metadata.name, nodes: nodes.length, reasons, hopeless };
}

interface Refusal {
  reasons: string[];
  /** Evicting pods would not help. */
  isFinal: boolean;
}

function refuse(
  pod: Pod,
  node: Node,
  here: readonly Pod[],
  nodes: readonly Node[],
  pods: readonly Pod[],
): Refusal | undefined {
  const tolerations = pod.spec.tolerations ?? [];
  const final = (reason: string): Refusal => ({ reasons: [reason], isFinal: true });
  const unschedulable = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };
  if (node.spec.unschedulable && !tolerations.some((toleration) => toleratesTaint(toleration, unschedulable))) {
    return final("node(s) were unschedulable");
  }
  const taint = (node.spec.taints ?? []).find(
    (candidate) =>
      candidate.effect !== "PreferNoSchedule" &&
      !tolerations.some((toleration) => toleratesTaint(toleration, candidate)),
  );
  if (taint) return final(`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`);
  if (!matchesNode(pod, node)) return final("node(s) didn't match Pod's node affinity/selector");
  const ports = pod.spec.containers.flatMap((container) => container.ports ?? []).filter((port) => port.hostPort);
  const taken = here.flatMap((other) => other.spec.containers.flatMap((container) => container.ports ?? []));
  if (ports.some((port) => taken.some((used) => used.hostPort === port.hostPort))) {
    return { reasons: ["node(s) didn't have free ports for the requested pod ports"], isFinal: false };
  }
  const missing = lacking(pod, node, here);
  if (missing.reasons.length > 0) return missing;
  return refuseAffinity(pod, node, nodes, pods);
}

function matchesNode(pod: Pod, node: Node): boolean {
  if (pod.spec.nodeSelector && !labelsMatch(pod.spec.nodeSelector, node.metadata.labels)) return false;
  const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return !terms || terms.some((term) => matchesTerm(term, node));
}

function matchesTerm(term: NodeSelectorTerm, node: Node): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length + fields.length === 0) return false;
  return (
    expressions.every((requirement) => requirementMatches(requirement, node.metadata.labels ?? {})) &&
    fields.every((requirement) => requirementMatches(requirement, { "metadata.name": node.metadata.name }))
  );
}

function lacking(pod: Pod, node: Node, here: readonly Pod[]): Refusal {
  const allocatable = node.status?.allocatable ?? {};
  const reasons: string[] = [];
  let isFinal = false;
  if (here.length + 1 > quantity(allocatable["pods"] ?? 110)) reasons.push("Too many pods");
  const wanted = requestOf(pod);
  const used = here.map((other) => requestOf(other));
  const check = (field: keyof Demand, name: string): void => {
    const total = quantity(allocatable[name]);
    const taken = used.reduce((sum, demand) => sum + demand[field], 0);
    if (wanted[field] === 0 || wanted[field] <= total - taken) return;
    reasons.push(`Insufficient ${name}`);
    // In 1.28 a request larger than the whole node still counts as one that evictions might help.
    isFinal = false;
  };
  check("cpu", "cpu");
  check("memory", "memory");
  check("storage", "ephemeral-storage");
  return { reasons, isFinal };
}

function refuseAffinity(pod: Pod, node: Node, nodes: readonly Node[], pods: readonly Pod[]): Refusal | undefined {
  const domain = (term: PodAffinityTerm): Pod[] => {
    const value = node.metadata.labels?.[term.topologyKey];
    if (value === undefined) return [];
    const names = new Set(
      nodes.filter((other) => other.metadata.labels?.[term.topologyKey] === value).map((other) => other.metadata.name),
    );
    const namespaces = term.namespaces ?? [pod.metadata.namespace ?? ""];
    return pods.filter(
      (other) =>
        other.spec.nodeName !== undefined &&
        names.has(other.spec.nodeName) &&
        namespaces.includes(other.metadata.namespace ?? "") &&
        selectorMatches(term.labelSelector, other.metadata.labels),
    );
  };
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  for (const term of podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
    const isFirst =
      selectorMatches(term.labelSelector, pod.metadata.labels) &&
      !pods.some(
        (other) => other !== pod && other.spec.nodeName && selectorMatches(term.labelSelector, other.metadata.labels),
      );
    if (!isFirst && domain(term).length === 0) {
      return { reasons: ["node(s) didn't match pod affinity rules"], isFinal: true };
    }
  }
  for (const term of podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
    if (domain(term).length > 0) return { reasons: ["node(s) didn't match pod anti-affinity rules"], isFinal: false };
  }
  return undefined;
}

/** Least allocated, evenly used, and away from its siblings. */
function score(pod: Pod, node: Node, here: readonly Pod[], nodes: readonly Node[]): number {
  const allocatable = node.status?.allocatable ?? {};
  const used = here.map((other) => requestOf(other));
  const wanted = requestOf(pod);
  const free = (field: keyof Demand, name: string): number => {
    const total = quantity(allocatable[name]);
    if (total === 0) return 0;
    return Math.max(0, 1 - (used.reduce((sum, demand) => sum + demand[field], 0) + wanted[field]) / total);
  };
  const siblings = here.filter(
    (other) =>
      other.metadata.namespace === pod.metadata.namespace &&
      Object.keys(pod.metadata.labels ?? {}).length > 0 &&
      labelsMatch(pod.metadata.labels ?? {}, other.metadata.labels),
  ).length;
  const preferred = (node.spec.taints ?? []).some((taint) => taint.effect === "PreferNoSchedule") ? 100 : 0;
  return (free("cpu", "cpu") + free("memory", "memory")) * 50 - siblings * 60 - here.length / nodes.length - preferred;
}

/** Why no node will do, in the words of the scheduler's version. */
export function failureMessage(result: SchedulingResult, version: string): string {
  const minor = Number(version.replace(/^v/, "").split(".")[1] ?? 0);
  if (result.nodes === 0) return "no nodes available to schedule pods";
  const entries = new Map<string, number>();
  for (const [reason, count] of result.reasons) {
    const words =
      minor >= 34 && reason.startsWith("node(s) had untolerated taint") ? "node(s) had untolerated taint(s)" : reason;
    entries.set(words, (entries.get(words) ?? 0) + count);
  }
  const list = Array.from(entries, ([reason, count]) => `${count} ${reason}`).sort();
  const head = `0/${result.nodes} nodes are available: ${list.join(", ")}.`;
  const others = result.nodes - result.hopeless;
  const parts = [
    ...(result.hopeless > 0 ? [`${result.hopeless} Preemption is not helpful for scheduling`] : []),
    ...(others > 0 ? [`${others} No preemption victims found for incoming pod`] : []),
  ].sort();
  const preemption = `preemption: 0/${result.nodes} nodes are available: ${parts.join(", ")}.`;
  return minor >= 34 ? `${head} no new claims to deallocate, ${preemption}` : `${head} ${preemption}.`;
}
