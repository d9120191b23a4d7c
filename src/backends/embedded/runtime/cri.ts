/** The Container Runtime Interface as the kubelet and crictl use it, after runtime.v1 of k8s.io/cri-api. */
export interface ContainerRuntime {
  version(): { runtimeName: string; runtimeVersion: string; runtimeApiVersion: string };
  /** Conditions of the runtime and of its network. */
  status(): RuntimeCondition[];
  /** What `crictl info` shows beside the conditions. */
  info(): Record<string, unknown>;
  /** The kind of control groups it manages; undefined for versions that do not say. */
  cgroupDriver(): "systemd" | "cgroupfs" | undefined;
  runPodSandbox(config: PodSandboxConfig, handler: string): Promise<string>;
  stopPodSandbox(id: string): Promise<void>;
  removePodSandbox(id: string): Promise<void>;
  listPodSandboxes(): PodSandboxStatus[];
  /** Rejects with CriError; the container then exists in state `created`. */
  createContainer(sandboxId: string, config: ContainerConfig): Promise<string>;
  startContainer(id: string): Promise<void>;
  /** `timeoutMs` between SIGTERM and SIGKILL. */
  stopContainer(id: string, timeoutMs: number): Promise<void>;
  removeContainer(id: string): Promise<void>;
  listContainers(): ContainerStatus[];
  containerStatus(id: string): ContainerStatus | undefined;
  /** Runs a command in a container. Rejects with CriError when it cannot start. */
  exec(id: string, argv: readonly string[]): Promise<{ exitCode: number; stdout: string; stderr: string }>;
  pullImage(reference: string): Promise<PulledImage>;
  listImages(): PulledImage[];
  /** Undefined when it is not there. Throws CriError for a name that the runtime does not look up. */
  imageStatus(reference: string): PulledImage | undefined;
  removeImage(reference: string): Promise<void>;
  /** What `crictl inspect` and `inspectp` show beside the status; undefined for what is unknown. */
  details?(id: string): Record<string, unknown> | undefined;
  /** Calls back after every change of a container or sandbox; the kubelet's event stream. */
  onChange(listener: () => void): () => void;
}

/** A gRPC error: the kubelet prints it as `rpc error: code = <code> desc = <message>`. */
export class CriError extends Error {
  override readonly name = "CriError";
  readonly code: "Unknown" | "NotFound" | "InvalidArgument" | "Unavailable" | "Unimplemented" | "DeadlineExceeded";
  constructor(code: CriError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

export interface RuntimeCondition {
  type: "RuntimeReady" | "NetworkReady";
  status: boolean;
  reason: string;
  message: string;
}

export interface PodSandboxConfig {
  name: string;
  namespace: string;
  uid: string;
  attempt: number;
  hostname: string;
  hostNetwork: boolean;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  logDirectory: string;
  /** The pod's control group: a path, or systemd's slices joined by hyphens. */
  cgroupParent?: string;
}

export interface PodSandboxStatus {
  id: string;
  config: PodSandboxConfig;
  state: "ready" | "notready";
  /** Empty with host network. */
  address: string;
  handler: string;
  /** Nanoseconds are not modelled: milliseconds since the epoch. */
  createdAt: number;
}

export interface ContainerMount {
  containerPath: string;
  hostPath: string;
  readOnly: boolean;
}

export interface ContainerConfig {
  name: string;
  attempt: number;
  image: string;
  command: string[];
  args: string[];
  workingDirectory: string;
  env: Record<string, string>;
  mounts: ContainerMount[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** Relative to the sandbox's log directory. */
  logPath: string;
  /** Bytes; undefined is unlimited. */
  memoryLimit: number | undefined;
  privileged: boolean;
}

export interface ContainerStatus {
  id: string;
  sandboxId: string;
  config: ContainerConfig;
  state: "created" | "running" | "exited" | "unknown";
  createdAt: number;
  startedAt: number;
  finishedAt: number;
  exitCode: number;
  /** `Completed`, `Error`, `OOMKilled`, `StartError`, `ContainerCannotRun`. */
  reason: string;
  message: string;
  imageRef: string;
}

export interface PulledImage {
  /** `sha256:…` of the configuration. */
  id: string;
  /** Names by which it was pulled, with tag. */
  tags: string[];
  /** Names with `@sha256:` of the manifest. */
  digests: string[];
  /** Bytes of all layers. */
  size: number;
}
