import type { Clock } from "../../../../domain/clock.ts";
import type { FileView } from "../../machine/files/file-system.ts";
import type { Pacing } from "../../pacing.ts";
import type { EventRecorder } from "../../cluster/controllers/events.ts";
import { quantity } from "../../cluster/controllers/quantities.ts";
import type { Container, Pod, PodStatus } from "../../cluster/controllers/types.ts";
import { keyOf } from "../../cluster/controllers/types.ts";
import type { ContainerRuntime, ContainerStatus, PodSandboxStatus } from "../cri.ts";
import { CriError } from "../cri.ts";
import { goDuration } from "../go-duration.ts";
import type { BackOff } from "./back-off.ts";
import { InvalidReference, parseReference } from "../images/reference.ts";
import type { InputSources } from "./pod-inputs.ts";
import {
  containerEnvironment,
  containerMounts,
  expand,
  MissingInput,
  MountFailure,
  setUpVolumes,
  tearDownVolumes,
} from "./pod-inputs.ts";
import { generateStatus, qosClass, type WaitingReason } from "./pod-status.ts";
import type { Prober } from "./probes.ts";
import type { KubeletWording } from "./wording.ts";

/** What a pod worker has from its kubelet. */
export interface WorkerHost {
  clock: Clock;
  pacing: Pacing;
  files: FileView;
  nodeName: string;
  nodeAddress: string;
  /** `systemd` or `cgroupfs`. */
  cgroupDriver: string;
  runtime: ContainerRuntime;
  recorder: EventRecorder | undefined;
  wording: KubeletWording;
  prober: Prober;
  sources: InputSources;
  crashes: BackOff;
  pulls: BackOff;
  /** The handler of a RuntimeClass; empty for none. Rejects with MissingInput. */
  handlerOf(pod: Pod): Promise<string>;
  /** Why pods cannot have a network now; undefined when they can. */
  networkProblem(): string | undefined;
  reportStatus(pod: Pod, status: PodStatus): Promise<void>;
  /** Asks for another sync of this pod, now or later. */
  again(afterMs?: number): void;
}

/** The control group of a pod: by its class of service, and named after its uid. */
function cgroupParentOf(pod: Pod, driver: string): string {
  const quality = qosClass(pod).toLowerCase();
  const uid = pod.metadata.uid ?? "";
  if (driver !== "systemd") return `/kubepods/${quality === "guaranteed" ? "" : `${quality}/`}pod${uid}`;
  const slice = quality === "guaranteed" ? "kubepods" : `kubepods-${quality}`;
  const above = quality === "guaranteed" ? "/kubepods.slice" : `/kubepods.slice/${slice}.slice`;
  return `${above}/${slice}-pod${uid.replaceAll("-", "_")}.slice`;
}

const nameLabel = "io.kubernetes.pod.name";

/** Brings one pod's sandbox and containers to what its spec wants, one step of reality at a time. */
export class PodWorker {
  #waiting = new Map<string, WaitingReason>();
  /** Why the last pull of a container's image failed, by the container's name. */
  #pullErrors = new Map<string, string>();
  /** Monotonic time before which a container that could not be created is not tried again, by its name. */
  #notBefore = new Map<string, number>();
  #isMountTold = false;
  #killing = new Set<string>();
  /** Set when the pod is to end: it has been deleted or its manifest is gone. */
  isTerminating = false;

  /** One look at the pod; idempotent. Rejects only for what is a bug or for an API that does not answer. */
  async sync(pod: Pod, host: WorkerHost): Promise<void> {
    if (pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed") return this.#stopFinished(pod, host);
    const problem = host.networkProblem();
    if (problem !== undefined && !pod.spec.hostNetwork && !this.#sandboxOf(pod, host)) {
      this.#event(pod, host, "Warning", "NetworkNotReady", `network is not ready: ${problem}`);
      await this.#report(pod, host);
      return host.again(2_000);
    }
    await this.#report(pod, host);
    const places = await this.#volumes(pod, host);
    if (!places) return;
    const sandbox = await this.#ensureSandbox(pod, host);
    if (!sandbox) {
      await this.#report(pod, host);
      return;
    }
    await this.#runContainers(pod, host, sandbox, places);
    await this.#report(pod, host);
  }

  /** Ends the pod and everything of it. Resolves when it is gone from the runtime. */
  async terminate(pod: Pod, host: WorkerHost, graceMs: number): Promise<void> {
    const running = this.#containersOf(pod, host).filter((container) => container.state === "running");
    for (const container of running) {
      host.prober.forget(container.id);
      if (this.#killing.has(container.id)) continue;
      this.#killing.add(container.id);
      const { name } = container.config;
      this.#event(pod, host, "Normal", "Killing", `Stopping container ${name}`, this.#fieldPath(pod, name));
    }
    await Promise.all(running.map((container) => host.runtime.stopContainer(container.id, graceMs)));
    await this.#report(pod, host);
    for (const sandbox of this.#sandboxesOf(pod, host)) {
      await host.runtime.stopPodSandbox(sandbox.id);
      await host.runtime.removePodSandbox(sandbox.id);
    }
    tearDownVolumes(host.files, pod);
    host.files.removeTree(logFolder(pod));
    host.crashes.forget(pod.metadata.uid ?? "");
    host.pulls.forget(pod.metadata.uid ?? "");
  }

  async #stopFinished(pod: Pod, host: WorkerHost): Promise<void> {
    for (const sandbox of this.#sandboxesOf(pod, host)) {
      if (sandbox.state === "ready") await host.runtime.stopPodSandbox(sandbox.id);
    }
  }

  async #volumes(pod: Pod, host: WorkerHost): Promise<Map<string, string> | undefined> {
    const addresses = { pod: this.#sandboxOf(pod, host)?.address ?? "", host: host.nodeAddress };
    try {
      const places = await setUpVolumes(host.sources, pod, addresses);
      this.#isMountTold = false;
      return places;
    } catch (error) {
      if (!(error instanceof MountFailure)) throw error;
      if (!this.#isMountTold) this.#event(pod, host, "Warning", "FailedMount", error.message);
      await this.#report(pod, host);
      host.again(500);
      return undefined;
    }
  }

  async #ensureSandbox(pod: Pod, host: WorkerHost): Promise<PodSandboxStatus | undefined> {
    const current = this.#sandboxOf(pod, host);
    if (current) return current;
    const earlier = this.#sandboxesOf(pod, host);
    if (earlier.length > 0) {
      if (!this.#needsRestart(pod, host)) return undefined;
      this.#event(pod, host, "Normal", "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.");
      for (const old of earlier) await host.runtime.stopPodSandbox(old.id);
    }
    const isHost = pod.spec.hostNetwork === true;
    try {
      const handler = await host.handlerOf(pod);
      const id = await host.runtime.runPodSandbox(
        {
          name: pod.metadata.name,
          namespace: pod.metadata.namespace ?? "default",
          uid: pod.metadata.uid ?? "",
          attempt: Math.max(-1, ...earlier.map((sandbox) => sandbox.config.attempt)) + 1,
          hostname: isHost ? host.nodeName : (pod.spec.hostname ?? pod.metadata.name).slice(0, 63),
          hostNetwork: isHost,
          labels: { ...pod.metadata.labels, [nameLabel]: pod.metadata.name },
          annotations: { ...pod.metadata.annotations },
          logDirectory: logFolder(pod),
          cgroupParent: cgroupParentOf(pod, host.cgroupDriver),
        },
        handler,
      );
      return host.runtime.listPodSandboxes().find((sandbox) => sandbox.id === id);
    } catch (error) {
      if (!(error instanceof CriError) && !(error instanceof MissingInput)) throw error;
      const words =
        error instanceof CriError ? `rpc error: code = ${error.code} desc = ${error.message}` : error.message;
      this.#event(pod, host, "Warning", "FailedCreatePodSandBox", `Failed to create pod sandbox: ${words}`);
      host.again(Math.max(host.pacing.duration("crashBackOff"), 50));
      return undefined;
    }
  }

  #needsRestart(pod: Pod, host: WorkerHost): boolean {
    const containers = this.#containersOf(pod, host);
    return pod.spec.containers.some((container) => {
      const latest = containers.findLast((status) => status.config.name === container.name);
      return !latest || mayRestart(pod, latest, false);
    });
  }

  async #runContainers(
    pod: Pod,
    host: WorkerHost,
    sandbox: PodSandboxStatus,
    places: ReadonlyMap<string, string>,
  ): Promise<void> {
    for (const container of pod.spec.initContainers ?? []) {
      const latest = this.#latest(pod, host, container.name);
      if (latest?.state === "exited" && latest.exitCode === 0) {
        this.#waiting.delete(container.name);
        continue;
      }
      if (latest?.state === "running") return;
      if (latest && !mayRestart(pod, latest, true)) return;
      await this.#start(pod, host, sandbox, places, container, latest);
      return;
    }
    await Promise.all(
      pod.spec.containers.map(async (container) => {
        const latest = this.#latest(pod, host, container.name);
        if (latest?.state === "running" && latest.sandboxId === sandbox.id) {
          this.#waiting.delete(container.name);
          return this.#probe(pod, host, container, latest, sandbox);
        }
        if (latest?.state === "exited" && !mayRestart(pod, latest, false)) return;
        await this.#start(pod, host, sandbox, places, container, latest);
      }),
    );
  }

  #probe(pod: Pod, host: WorkerHost, container: Container, status: ContainerStatus, sandbox: PodSandboxStatus): void {
    const address = sandbox.address === "" ? host.nodeAddress : sandbox.address;
    host.prober.watch(status.id, container, address, {
      unhealthy: (message) =>
        this.#event(pod, host, "Warning", "Unhealthy", message, this.#fieldPath(pod, container.name)),
      changed: () => host.again(),
      kill: (kind) => {
        host.prober.forget(status.id);
        const words = `Container ${container.name} failed ${kind.toLowerCase()} probe, will be restarted`;
        this.#event(pod, host, "Normal", "Killing", words, this.#fieldPath(pod, container.name));
        void host.runtime
          .stopContainer(status.id, graceOf(pod, host.pacing))
          .then(() => host.again())
          .catch(() => host.again(100));
      },
    });
  }

  async #start(
    pod: Pod,
    host: WorkerHost,
    sandbox: PodSandboxStatus,
    places: ReadonlyMap<string, string>,
    container: Container,
    latest: ContainerStatus | undefined,
  ): Promise<void> {
    const key = `${pod.metadata.uid ?? ""}/${container.name}`;
    const fieldPath = this.#fieldPath(pod, container.name);
    const fail = (reason: string, message: string): void => void this.#waiting.set(container.name, { reason, message });
    if (latest?.state === "exited") {
      host.prober.forget(latest.id);
      host.crashes.moveTo(key, host.clock.monotonic() - Math.max(0, host.clock.now() - latest.finishedAt));
      const remaining = host.crashes.remaining(key);
      if (remaining > 0) {
        const where = `${container.name} in pod ${pod.metadata.name}_${pod.metadata.namespace ?? ""}(${pod.metadata.uid ?? ""})`;
        const hasBackedOff = this.#waiting.get(container.name)?.reason === "CrashLoopBackOff";
        if (!hasBackedOff) {
          this.#event(pod, host, "Warning", "BackOff", `Back-off restarting failed container ${where}`, fieldPath);
          // The container's end is seen first, and only then that it waits.
          await this.#report(pod, host);
        }
        fail(
          "CrashLoopBackOff",
          `back-off ${host.crashes.words(key)} restarting failed container=${container.name} pod=${pod.metadata.name}_${pod.metadata.namespace ?? ""}(${pod.metadata.uid ?? ""})`,
        );
        return host.again(remaining);
      }
      host.crashes.next(key);
    }
    // The report of a failure wakes the worker at once; only time may bring the next attempt.
    const early = (this.#notBefore.get(container.name) ?? 0) - host.clock.monotonic();
    if (early > 0) return host.again(early);
    if (!(await this.#ensureImage(pod, host, container, fail))) return;
    let id: string;
    try {
      const addresses = { pod: sandbox.address === "" ? host.nodeAddress : sandbox.address, host: host.nodeAddress };
      const env = await containerEnvironment(host.sources, pod, container, addresses);
      const attempt = latest ? latest.config.attempt + 1 : this.#knownRestarts(pod, container.name);
      const limit = container.resources?.limits?.["memory"];
      id = await host.runtime.createContainer(sandbox.id, {
        name: container.name,
        attempt,
        image: container.image,
        command: (container.command ?? []).map((part) => expand(part, env)),
        args: (container.args ?? []).map((part) => expand(part, env)),
        workingDirectory: container.workingDir ?? "",
        env,
        mounts: containerMounts(container, places),
        labels: { "io.kubernetes.container.name": container.name, [nameLabel]: pod.metadata.name },
        annotations: {},
        logPath: `${container.name}/${attempt}.log`,
        memoryLimit: limit === undefined ? undefined : quantity(limit),
        privileged: container.securityContext?.privileged === true,
      });
    } catch (error) {
      const isConfig = error instanceof MissingInput;
      if (!isConfig && !(error instanceof CriError)) throw error;
      const reason = isConfig ? "CreateContainerConfigError" : "CreateContainerError";
      this.#event(pod, host, "Warning", "Failed", `Error: ${error.message.trimEnd()}`, fieldPath);
      fail(reason, error.message);
      const pause = Math.max(host.pacing.duration("crashBackOff"), 50);
      this.#notBefore.set(container.name, host.clock.monotonic() + pause);
      return host.again(pause);
    }
    this.#notBefore.delete(container.name);
    this.#event(pod, host, "Normal", "Created", host.wording.created(container.name), fieldPath);
    try {
      await host.runtime.startContainer(id);
    } catch (error) {
      if (!(error instanceof CriError)) throw error;
      this.#event(pod, host, "Warning", "Failed", `Error: ${error.message}`, fieldPath);
      fail("RunContainerError", error.message);
      await this.#report(pod, host);
      return host.again(Math.max(host.pacing.duration("crashBackOff") / 2, 20));
    }
    this.#waiting.delete(container.name);
    this.#event(pod, host, "Normal", "Started", host.wording.started(container.name), fieldPath);
    await this.#forgetOld(pod, host, container.name);
    const status = host.runtime.containerStatus(id);
    if (status?.state === "running") this.#probe(pod, host, container, status, sandbox);
  }

  /** True when the image is there; else what to wait for has been noted. */
  async #ensureImage(
    pod: Pod,
    host: WorkerHost,
    container: Container,
    fail: (reason: string, message: string) => void,
  ): Promise<boolean> {
    const { image } = container;
    const fieldPath = this.#fieldPath(pod, container.name);
    const warn = (reason: string, message: string): void =>
      this.#event(pod, host, "Warning", reason, message, fieldPath);
    try {
      parseReference(image);
    } catch (error) {
      if (!(error instanceof InvalidReference)) throw error;
      const words = error.message.startsWith("invalid reference format")
        ? error.message
        : `invalid reference format: ${error.message}`;
      const message = `Failed to apply default image tag ${JSON.stringify(image)}: couldn't parse image name ${JSON.stringify(image)}: ${words}`;
      warn("InspectFailed", message);
      warn("Failed", "Error: InvalidImageName");
      fail("InvalidImageName", message);
      host.again(Math.max(host.pacing.duration("imageBackOff"), 50));
      return false;
    }
    const policy = container.imagePullPolicy ?? (/:latest$|^[^:]*$/.test(image) ? "Always" : "IfNotPresent");
    let isPresent: boolean;
    try {
      isPresent = host.runtime.imageStatus(image) !== undefined;
    } catch (error) {
      if (!(error instanceof CriError)) throw error;
      const message = `Failed to inspect image "": rpc error: code = ${error.code} desc = ${error.message}`;
      warn("InspectFailed", message);
      warn("Failed", "Error: ImageInspectError");
      fail("ImageInspectError", message);
      host.again(Math.max(host.pacing.duration("imageBackOff"), 50));
      return false;
    }
    if (isPresent && policy !== "Always") {
      this.#event(pod, host, "Normal", "Pulled", host.wording.present(image), fieldPath);
      return true;
    }
    if (policy === "Never") {
      const message = `Container image ${JSON.stringify(image)} is not present with pull policy of Never`;
      warn("ErrImageNeverPull", message);
      warn("Failed", "Error: ErrImageNeverPull");
      fail("ErrImageNeverPull", message);
      host.again(Math.max(host.pacing.duration("imageBackOff"), 50));
      return false;
    }
    const key = `${pod.metadata.uid ?? ""}/${image}`;
    const remaining = host.pulls.remaining(key);
    if (remaining > 0) {
      const message = host.wording.imageBackOff(image, this.#pullErrors.get(container.name) ?? "");
      if (this.#waiting.get(container.name)?.reason !== "ImagePullBackOff") {
        this.#event(pod, host, "Normal", "BackOff", message, fieldPath);
        warn("Failed", "Error: ImagePullBackOff");
      }
      fail("ImagePullBackOff", message);
      host.again(remaining);
      return false;
    }
    this.#event(pod, host, "Normal", "Pulling", `Pulling image ${JSON.stringify(image)}`, fieldPath);
    const started = host.clock.monotonic();
    try {
      await host.pacing.wait("imagePull");
      await host.runtime.pullImage(image);
    } catch (error) {
      if (!(error instanceof CriError)) throw error;
      const words =
        error.code === "Unknown" ? error.message : `rpc error: code = ${error.code} desc = ${error.message}`;
      warn("Failed", `Failed to pull image ${JSON.stringify(image)}: ${words}`);
      warn("Failed", "Error: ErrImagePull");
      fail("ErrImagePull", words);
      this.#pullErrors.set(container.name, words);
      host.pulls.next(key);
      host.again(Math.max(host.pulls.remaining(key) / 2, 20));
      return false;
    }
    host.pulls.forget(key);
    const took = goDuration(host.clock.monotonic() - started);
    const words = `Successfully pulled image ${JSON.stringify(image)} in ${took} (${took} including waiting)`;
    this.#event(pod, host, "Normal", "Pulled", words, fieldPath);
    return true;
  }

  /** Keeps the newest two containers of a name: the running one and the one before it. */
  async #forgetOld(pod: Pod, host: WorkerHost, name: string): Promise<void> {
    const attempts = this.#containersOf(pod, host).filter((container) => container.config.name === name);
    for (const old of attempts.slice(0, -2)) if (old.state !== "running") await host.runtime.removeContainer(old.id);
  }

  async #report(pod: Pod, host: WorkerHost): Promise<void> {
    const sandbox = this.#sandboxesOf(pod, host).at(-1);
    const address = pod.spec.hostNetwork ? host.nodeAddress : (sandbox?.address ?? "");
    /** What an earlier run of the kubelet said of a container that goes on. */
    const before = (id: string) =>
      host.prober.isWatching(id)
        ? undefined
        : pod.status?.containerStatuses?.find(({ containerID }) => containerID?.endsWith(id) === true);
    const status = generateStatus({
      pod,
      runtimeName: host.runtime.version().runtimeName,
      containers: this.#containersOf(pod, host),
      waiting: this.#waiting,
      ready: (_name, id) => !this.isTerminating && (host.prober.isReady(id) || before(id)?.ready === true),
      started: (_name, id) => host.prober.isStarted(id) || before(id)?.started === true,
      address: sandbox ? address : "",
      hostAddress: host.nodeAddress,
      now: host.clock.now(),
      isTerminating: this.isTerminating,
    });
    await host.reportStatus(pod, status);
  }

  #knownRestarts(pod: Pod, name: string): number {
    const status = pod.status?.containerStatuses?.find((other) => other.name === name);
    return status?.containerID === undefined ? 0 : status.restartCount + 1;
  }

  #latest(pod: Pod, host: WorkerHost, name: string): ContainerStatus | undefined {
    return this.#containersOf(pod, host).findLast((container) => container.config.name === name);
  }

  #sandboxesOf(pod: Pod, host: WorkerHost): PodSandboxStatus[] {
    return host.runtime.listPodSandboxes().filter((sandbox) => sandbox.config.uid === pod.metadata.uid);
  }

  #sandboxOf(pod: Pod, host: WorkerHost): PodSandboxStatus | undefined {
    return this.#sandboxesOf(pod, host).findLast((sandbox) => sandbox.state === "ready");
  }

  #containersOf(pod: Pod, host: WorkerHost): ContainerStatus[] {
    const sandboxes = new Set(this.#sandboxesOf(pod, host).map((sandbox) => sandbox.id));
    return host.runtime
      .listContainers()
      .filter((container) => sandboxes.has(container.sandboxId))
      .sort((a, b) => a.config.attempt - b.config.attempt);
  }

  #fieldPath(pod: Pod, name: string): string {
    const isInit = pod.spec.initContainers?.some((container) => container.name === name);
    return `spec.${isInit ? "initContainers" : "containers"}{${name}}`;
  }

  #event(
    pod: Pod,
    host: WorkerHost,
    type: "Normal" | "Warning",
    reason: string,
    message: string,
    fieldPath?: string,
  ): void {
    const subject = { object: pod, apiVersion: "v1", kind: "Pod", ...(fieldPath === undefined ? {} : { fieldPath }) };
    host.recorder?.record(subject, type, reason, message);
  }
}

export const logFolder = (pod: Pod): string =>
  `/var/log/pods/${keyOf(pod).replace("/", "_")}_${pod.metadata.uid ?? ""}`;

/** How long a pod's containers get between SIGTERM and SIGKILL here. */
export function graceOf(pod: Pod, pacing: Pacing): number {
  const seconds = pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
  return (pacing.duration("terminationGrace") * seconds) / 30;
}

function mayRestart(pod: Pod, latest: ContainerStatus, isInit: boolean): boolean {
  if (latest.state === "created" || latest.state === "running") return true;
  const policy = pod.spec.restartPolicy ?? "Always";
  if (policy === "Always") return !isInit || latest.exitCode !== 0;
  return policy === "OnFailure" && latest.exitCode !== 0;
}
