import type { ContainerStatus } from "../cri.ts";
import type {
  Condition,
  Container,
  ContainerState,
  Pod,
  PodContainerStatus,
  PodStatus,
} from "../../cluster/controllers/types.ts";
import { timestamp } from "../../cluster/controllers/types.ts";

/** Why a container is not running, as the last attempt to start it left it. */
export interface WaitingReason {
  reason: string;
  message: string;
}

export interface StatusInput {
  pod: Pod;
  /** `cri-o` or `containerd`. */
  runtimeName: string;
  /** This pod's containers, oldest first. */
  containers: readonly ContainerStatus[];
  waiting: ReadonlyMap<string, WaitingReason>;
  /** Containers that passed their readiness probe, or have none. */
  ready: (container: string, id: string) => boolean;
  started: (container: string, id: string) => boolean;
  address: string;
  hostAddress: string;
  now: number;
  /** Terminated by the kubelet on behalf of the API, e.g. evicted. */
  isTerminating: boolean;
}

/** A pod's status as the kubelet writes it. */
export function generateStatus(input: StatusInput): PodStatus {
  const { pod, now } = input;
  const before = pod.status ?? {};
  const inits = pod.spec.initContainers ?? [];
  const initStatuses = inits.map((container) => containerStatus(input, container, inits.length > 0, true));
  const isInitialized = initStatuses.every((status) => status.state.terminated?.exitCode === 0);
  const statuses = pod.spec.containers.map((container) =>
    containerStatus(input, container, inits.length > 0 && !isInitialized, false),
  );
  const phase = phaseOf(pod, statuses, initStatuses, isInitialized);
  const isDone = phase === "Succeeded" || phase === "Failed";
  const unready = statuses.filter((status) => !status.ready).map((status) => status.name);
  const uninitialized = initStatuses
    .filter((status) => status.state.terminated?.exitCode !== 0)
    .map(({ name }) => name);
  const at = timestamp(now);
  const condition = (type: string, isTrue: boolean, reason?: string, message?: string): Condition => {
    const old = before.conditions?.find((other) => other.type === type);
    const status = isTrue ? "True" : "False";
    return {
      lastProbeTime: null,
      lastTransitionTime: old?.status === status ? (old.lastTransitionTime ?? at) : at,
      ...(message === undefined ? {} : { message }),
      ...(reason === undefined ? {} : { reason }),
      status,
      type,
    };
  };
  const readiness = (type: string): Condition => {
    if (isDone) {
      return phase === "Succeeded" ? condition(type, false, "PodCompleted") : condition(type, false, "PodFailed");
    }
    if (unready.length === 0) return condition(type, true);
    return condition(type, false, "ContainersNotReady", `containers with unready status: [${unready.join(" ")}]`);
  };
  const initialized =
    uninitialized.length > 0
      ? condition(
          "Initialized",
          false,
          "ContainersNotInitialized",
          `containers with incomplete status: [${uninitialized.join(" ")}]`,
        )
      : condition("Initialized", true, phase === "Succeeded" ? "PodCompleted" : undefined);
  const foreign = (before.conditions ?? []).filter(
    (other) => !["Initialized", "Ready", "ContainersReady", "PodScheduled"].includes(other.type),
  );
  return {
    conditions: [
      ...foreign,
      initialized,
      readiness("Ready"),
      readiness("ContainersReady"),
      condition("PodScheduled", true),
    ],
    containerStatuses: statuses,
    ...(initStatuses.length > 0 ? { initContainerStatuses: initStatuses } : {}),
    hostIP: input.hostAddress,
    phase,
    ...(input.address === "" ? {} : { podIP: input.address, podIPs: [{ ip: input.address }] }),
    qosClass: before.qosClass ?? qosClass(pod),
    startTime: before.startTime ?? at,
  };
}

function containerStatus(
  input: StatusInput,
  container: Container,
  isInitializing: boolean,
  isInit: boolean,
): PodContainerStatus {
  const attempts = input.containers.filter((status) => status.config.name === container.name);
  const latest = attempts.at(-1);
  const previous = attempts.at(-2);
  const reason = input.waiting.get(container.name);
  const id = (status: ContainerStatus): string => `${input.runtimeName}://${status.id}`;
  const terminated = (status: ContainerStatus): ContainerState => ({
    terminated: {
      containerID: id(status),
      exitCode: status.exitCode,
      finishedAt: timestamp(status.finishedAt),
      ...(status.message === "" ? {} : { message: status.message }),
      reason: status.reason,
      startedAt: timestamp(status.startedAt),
    },
  });
  const waiting = (words: WaitingReason): ContainerState => ({
    waiting: { ...(words.message === "" ? {} : { message: words.message }), reason: words.reason },
  });
  const base = {
    name: container.name,
    restartCount: latest?.config.attempt ?? 0,
    image: latest ? fullName(container.image) : container.image,
    imageID: latest?.imageRef ?? "",
    ...(latest ? { containerID: id(latest) } : {}),
  };
  if (!latest) {
    const initial = { reason: isInit || isInitializing ? "PodInitializing" : "ContainerCreating", message: "" };
    const old = [
      ...(input.pod.status?.containerStatuses ?? []),
      ...(input.pod.status?.initContainerStatuses ?? []),
    ].find((status) => status.name === container.name);
    return {
      ...base,
      restartCount: old?.restartCount ?? 0,
      lastState: {},
      ready: false,
      started: false,
      state: waiting(reason ?? initial),
    };
  }
  if (latest.state === "running") {
    const started = input.started(container.name, latest.id);
    return {
      ...base,
      lastState: previous ? terminated(previous) : {},
      ready: !isInit && started && input.ready(container.name, latest.id),
      started,
      state: { running: { startedAt: timestamp(latest.startedAt) } },
    };
  }
  if (latest.state === "created") {
    return {
      ...base,
      lastState: previous ? terminated(previous) : {},
      ready: false,
      started: false,
      state: waiting(reason ?? { reason: "ContainerCreating", message: "" }),
    };
  }
  if (reason) {
    return { ...base, lastState: terminated(latest), ready: false, started: false, state: waiting(reason) };
  }
  return {
    ...base,
    lastState: previous ? terminated(previous) : {},
    ready: isInit && latest.exitCode === 0,
    ...(isInit ? {} : { started: false }),
    state: terminated(latest),
  };
}

function phaseOf(
  pod: Pod,
  statuses: readonly PodContainerStatus[],
  initStatuses: readonly PodContainerStatus[],
  isInitialized: boolean,
): string {
  const policy = pod.spec.restartPolicy ?? "Always";
  if (!isInitialized) {
    const failed = initStatuses.some((status) => (status.state.terminated?.exitCode ?? 0) !== 0);
    return failed && policy === "Never" ? "Failed" : "Pending";
  }
  const isRunning = (status: PodContainerStatus): boolean =>
    status.state.running !== undefined ||
    (status.state.waiting !== undefined && status.lastState.terminated !== undefined) ||
    status.restartCount > 0;
  const ended = statuses.filter((status) => status.state.terminated !== undefined);
  const neverStarted = statuses.some((status) => status.state.terminated === undefined && !isRunning(status));
  if (neverStarted) return "Pending";
  if (ended.length < statuses.length) return "Running";
  if (policy === "Always") return "Running";
  const allWell = ended.every((status) => status.state.terminated?.exitCode === 0);
  if (allWell) return "Succeeded";
  return policy === "Never" ? "Failed" : "Running";
}

/** `nginx` is `docker.io/library/nginx:latest`, as runtimes report it. */
function fullName(image: string): string {
  const slash = image.indexOf("/");
  const domain = slash < 0 ? "" : image.slice(0, slash);
  const isHost = domain.includes(".") || domain.includes(":") || domain === "localhost";
  const named = isHost ? image : `docker.io/${slash < 0 ? "library/" : ""}${image}`;
  const last = named.slice(named.lastIndexOf("/"));
  return last.includes(":") || last.includes("@") ? named : `${named}:latest`;
}

export function qosClass(pod: Pod): string {
  const resources = pod.spec.containers.map((container) => container.resources ?? {});
  const none = resources.every(
    (entry) => Object.keys(entry.limits ?? {}).length === 0 && Object.keys(entry.requests ?? {}).length === 0,
  );
  if (none) return "BestEffort";
  const guaranteed = resources.every((entry) =>
    ["cpu", "memory"].every((name) => {
      const limit = entry.limits?.[name];
      return limit !== undefined && (entry.requests?.[name] ?? limit) === limit;
    }),
  );
  return guaranteed ? "Guaranteed" : "Burstable";
}
