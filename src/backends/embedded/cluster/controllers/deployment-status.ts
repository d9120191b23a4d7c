import { replicasOf, rolloutLimits, sumReplicas, sumStatus } from "./deployment-rollout.ts";
import type { Condition, Deployment, ReplicaSet } from "./types.ts";
import { timestamp } from "./types.ts";

type Status = NonNullable<Deployment["status"]>;

/** A Deployment's status from its ReplicaSets, and when its progress deadline is to be looked at again. */
export function deploymentStatus(
  deployment: Deployment,
  all: readonly ReplicaSet[],
  current: ReplicaSet | undefined,
  now: number,
): { status: Status; progressDueInMs: number | undefined } {
  const wanted = deployment.spec.replicas ?? 1;
  const replicas = sumStatus(all, "replicas");
  const updated = current?.status?.replicas ?? 0;
  const ready = sumStatus(all, "readyReplicas");
  const available = sumStatus(all, "availableReplicas");
  const unavailable = Math.max(0, sumReplicas(all) - available);
  const before = deployment.status ?? {};
  const status: Status = {
    ...(deployment.metadata.generation === undefined ? {} : { observedGeneration: deployment.metadata.generation }),
    ...(replicas > 0 ? { replicas } : {}),
    ...(updated > 0 ? { updatedReplicas: updated } : {}),
    ...(ready > 0 ? { readyReplicas: ready } : {}),
    ...(available > 0 ? { availableReplicas: available } : {}),
    ...(unavailable > 0 ? { unavailableReplicas: unavailable } : {}),
    ...(before.collisionCount === undefined ? {} : { collisionCount: before.collisionCount }),
  };
  const conditions = new Map((before.conditions ?? []).map((condition) => [condition.type, condition]));
  const put = (type: string, value: string, reason: string, message: string, touch = false): void => {
    const old = conditions.get(type);
    if (old?.status === value && old.reason === reason && !touch) return;
    const at = timestamp(now);
    const since = old?.status === value ? (old.lastTransitionTime ?? at) : at;
    conditions.delete(type);
    conditions.set(type, { type, status: value, lastUpdateTime: at, lastTransitionTime: since, reason, message });
  };
  if (available >= wanted - rolloutLimits(deployment).maxUnavailable) {
    put("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.");
  } else put("Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.");

  const progressDueInMs = progress(deployment, { all, current, status, conditions, put, now });
  const failure = current?.status?.conditions?.find((condition) => condition.type === "ReplicaFailure");
  if (failure) put("ReplicaFailure", failure.status, failure.reason ?? "", failure.message ?? "");
  else conditions.delete("ReplicaFailure");
  status.conditions = [...conditions.values()];
  return { status, progressDueInMs };
}

/** The conditions of a Deployment that has just made a ReplicaSet. */
export function withNewSet(conditions: readonly Condition[] | undefined, made: ReplicaSet, now: number): Condition[] {
  const old = conditions?.find((condition) => condition.type === "Progressing");
  const others = (conditions ?? []).filter((condition) => condition !== old);
  const at = timestamp(now);
  return [
    ...others,
    {
      type: "Progressing",
      status: "True",
      lastUpdateTime: at,
      lastTransitionTime: old?.status === "True" ? (old.lastTransitionTime ?? at) : at,
      reason: "NewReplicaSetCreated",
      message: `Created new replica set "${made.metadata.name}"`,
    },
  ];
}

interface ProgressInput {
  all: readonly ReplicaSet[];
  current: ReplicaSet | undefined;
  status: Status;
  conditions: Map<string, Condition>;
  put(type: string, value: string, reason: string, message: string, touch?: boolean): void;
  now: number;
}

function progress(deployment: Deployment, input: ProgressInput): number | undefined {
  const { all, current, status, conditions, put, now } = input;
  const wanted = deployment.spec.replicas ?? 1;
  const before = deployment.status ?? {};
  const name = current ? `ReplicaSet "${current.metadata.name}"` : `Deployment "${deployment.metadata.name}"`;
  const known = conditions.get("Progressing");
  if (deployment.spec.paused) {
    if (known?.reason !== "DeploymentPaused") put("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused");
    return undefined;
  }
  if (!known && current) {
    put("Progressing", "True", "NewReplicaSetCreated", `Created new replica set "${current.metadata.name}"`);
  } else if (known?.reason === "DeploymentPaused") {
    put("Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed");
  }
  const isComplete =
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    sumReplicas(all) === replicasOf(current);
  const doneAlready =
    known?.reason === "NewReplicaSetAvailable" && (before.updatedReplicas ?? 0) === (status.updatedReplicas ?? 0);
  if (isComplete) {
    const touch = known?.reason === "NewReplicaSetAvailable" && !known.message?.includes(name);
    put("Progressing", "True", "NewReplicaSetAvailable", `${name} has successfully progressed.`, touch);
    return undefined;
  }
  if (doneAlready && sumReplicas(all) === replicasOf(current)) return undefined;
  const oldReplicas = (state: Status): number => (state.replicas ?? 0) - (state.updatedReplicas ?? 0);
  const moved =
    (status.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    oldReplicas(status) < oldReplicas(before) ||
    (status.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (status.availableReplicas ?? 0) > (before.availableReplicas ?? 0);
  if (moved) {
    put("Progressing", "True", "ReplicaSetUpdated", `${name} is progressing.`, true);
  }
  const deadline = deployment.spec.progressDeadlineSeconds;
  const latest = conditions.get("Progressing");
  if (deadline === undefined || deadline >= 2_147_483_647 || !latest) return undefined;
  if (latest.reason === "ProgressDeadlineExceeded") return undefined;
  const due = Date.parse(latest.lastUpdateTime ?? "") + deadline * 1_000;
  if (now < due) return due - now + 1_000;
  put("Progressing", "False", "ProgressDeadlineExceeded", `${name} has timed out progressing.`);
  return undefined;
}
