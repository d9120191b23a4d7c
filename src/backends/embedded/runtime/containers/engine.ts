import type { RuntimePath } from "../../../../domain/picture.ts";
import type { ModelledMachine, ProcessEntry, RunningProcess } from "../../machine/machine.ts";
import { FileError } from "../../machine/files/errors.ts";
import { root } from "../../machine/files/file-system.ts";
import { dirname } from "../../machine/files/paths.ts";
import { firstNamespaces, forgetProcess, recallProcess, rememberProcess } from "../../machine/isolation.ts";
import type { NetworkPlace } from "../../network/network.ts";
import type {
  ContainerConfig,
  ContainerRuntime,
  ContainerStatus,
  PodSandboxConfig,
  PodSandboxStatus,
  PulledImage,
  RuntimeCondition,
} from "../cri.ts";
import { CriError } from "../cri.ts";
import type { ImageStore, StoredImage } from "../images/image-store.ts";
import { ContainerError } from "../oci/containers.ts";
import { enterRootfs, unpackRootfs } from "../oci/enter.ts";
import { cgroupPath, runtimeSpec } from "../oci/spec.ts";
import { untilStopped } from "../programs/logrus.ts";
import type { BundlePlaces } from "./bundle.ts";
import {
  cgroupsPathOf,
  containerIsolation,
  containerSpec,
  placesOf,
  removeBundle,
  sandboxNamespaces,
  writeBundle,
} from "./bundle.ts";
import { removeFromNetwork } from "./cni.ts";
import { ContainerLog } from "./log-file.ts";
import { monitorOf } from "./monitor.ts";
import type { ContainerSpec, OciRuntime } from "./oci.ts";
import { OciError } from "./oci.ts";

/** What a high-level runtime does in its own way. */
export interface EngineFlavour {
  /** Key of the durable state: `crio` or `containerd`. */
  key: string;
  name: "cri-o" | "containerd";
  version: string;
  /** Folder below which container root file systems are mounted; `<id>` is filled in. */
  bundle(id: string): string;
  /** As they stand: images of a store on this machine. */
  images: ImageStore;
  conditions(): RuntimeCondition[];
  info(): Record<string, unknown>;
  /** The OCI runtime of a handler. Throws CriError; `sandboxId` is for its words. */
  runtimeFor(handler: string, sandboxId: string): OciRuntime;
  /** The process that watches over a sandbox and its containers, where there is one. Throws CriError. */
  shimFor?(handler: string, sandboxId: string): { argv: readonly string[]; env: Readonly<Record<string, string>> };
  /** Name of the image whose program holds a pod's namespaces; absent where none does. */
  sandboxImage?: string;
  /** The process beside one container that keeps its exit code, where there is one. */
  monitorFor?(id: string, sandbox: PodSandboxStatus, config: ContainerConfig): readonly string[];
  /** What is left of a pod's annotations for the OCI runtime. */
  annotationsFor(handler: string, annotations: Record<string, string>): Record<string, string>;
  /** Refuses a pod, e.g. for a control group of the other kind. Throws CriError. */
  admitPod(config: PodSandboxConfig, handler: string, sandboxId: string): void;
  /** The kind of control groups it manages, for kubelets that ask; undefined for versions that do not say. */
  cgroupDriver(): "systemd" | "cgroupfs" | undefined;
  /** Sets the pod's network up and returns its address. Throws CriError. */
  connectPod(config: PodSandboxConfig, sandboxId: string): string;
  /** Work before a sandbox can start, such as pulling its image. */
  prepareSandbox(): Promise<void>;
  pull(reference: string): Promise<StoredImage>;
  /** Refuses to look for an image of that name. Throws CriError. */
  admitName(reference: string): void;
  /** What a container's imageID shows. */
  imageRef(image: PulledImage, reference: string): string;
  /** Refuses an image from which no container can start. Throws CriError. */
  admitImage?(image: StoredImage): void;
  /** The words for a container that would run nothing. */
  noCommand(id: string): string;
  /** CRI-O runs `create` when the CRI creates a container, containerd when it starts it. */
  failsAtCreate: boolean;
  createFailure(runtime: OciRuntime, message: string): string;
  /** Refuses a container, e.g. for a memory limit that is too low. Throws CriError. */
  admit(config: ContainerConfig): void;
  jsonErrors: boolean;
}

/** How long a start waits for a container that neither listens nor prints nor ends, in milliseconds. */
const startLimitMs = 3_000;

interface SavedState {
  sandboxes: PodSandboxStatus[];
  containers: ContainerStatus[];
}

/** The state that a runtime's daemon left on the machine. */
const runtimeState = (machine: ModelledMachine, key: string): SavedState =>
  machine.durable<SavedState>(key, () => ({ sandboxes: [], containers: [] }));

/** Sandboxes and containers of one runtime on one machine, behind the CRI. */
export class ContainerEngine implements ContainerRuntime {
  #machine: ModelledMachine;
  #flavour: EngineFlavour;
  #state: SavedState;
  #monitor: ReturnType<typeof monitorOf>;

  constructor(machine: ModelledMachine, flavour: EngineFlavour) {
    this.#machine = machine;
    this.#flavour = flavour;
    this.#state = runtimeState(machine, flavour.key);
    this.#monitor = monitorOf(machine, flavour.key);
    this.#monitor.state = this.#state;
  }

  /**
   * Takes up what the last run left: after a wake-up everything goes on, after a reboot it is found dead. Resolves when
   * the containers that go on work again, as those of a suspended machine never stopped to.
   */
  async recover(resumed: boolean): Promise<void> {
    const active: Promise<void>[] = [];
    // One that was interrupted between create and start never ran: its pod's worker makes it again.
    remove(this.#state.containers, (container) => container.state === "created" && !this.#isLive(container.id));
    for (const sandbox of this.#state.sandboxes) {
      if (sandbox.state !== "ready" || this.#monitor.networks.has(sandbox.id)) continue;
      const isAlive = resumed || this.#state.containers.some((c) => c.sandboxId === sandbox.id && this.#isLive(c.id));
      if (!isAlive || !this.#takeUp(sandbox)) sandbox.state = "notready";
    }
    for (const container of this.#state.containers) {
      if (container.state !== "running" || this.#isLive(container.id)) continue;
      const sandbox = this.#state.sandboxes.find((other) => other.id === container.sandboxId);
      if (resumed && sandbox?.state === "ready") active.push(this.#resume(container, sandbox));
      else this.#finish(container, 255);
    }
    this.#changed();
    await this.#withinStartLimit(Promise.all(active));
  }

  version(): { runtimeName: string; runtimeVersion: string; runtimeApiVersion: string } {
    return {
      runtimeName: this.#flavour.name,
      runtimeVersion: this.#flavour.version,
      runtimeApiVersion: "v1",
    };
  }

  status(): RuntimeCondition[] {
    return this.#flavour.conditions();
  }

  info(): Record<string, unknown> {
    return this.#flavour.info();
  }

  cgroupDriver(): "systemd" | "cgroupfs" | undefined {
    return this.#flavour.cgroupDriver();
  }

  async runPodSandbox(config: PodSandboxConfig, handler: string): Promise<string> {
    const id = this.#newId();
    this.#told("RunPodSandbox", config.name);
    this.#flavour.runtimeFor(handler, id);
    await this.#flavour.prepareSandbox();
    this.#flavour.admitPod(config, handler, id);
    const address = config.hostNetwork ? "" : this.#flavour.connectPod(config, id);
    const sandbox: PodSandboxStatus = {
      id,
      config: structuredClone(config),
      state: "ready",
      address,
      handler,
      createdAt: this.#machine.environment.clock.now(),
    };
    this.#attach(sandbox);
    this.#state.sandboxes.push(sandbox);
    this.#changed();
    return id;
  }

  async stopPodSandbox(id: string): Promise<void> {
    const sandbox = this.#state.sandboxes.find((other) => other.id === id);
    if (!sandbox) return;
    const inside = this.#state.containers.filter((container) => container.sandboxId === id);
    await Promise.all(inside.map((container) => this.stopContainer(container.id, 0)));
    this.#detach(id);
    if (sandbox.address !== "") removeFromNetwork(this.#machine.rootFiles, id);
    if (sandbox.state === "notready") return;
    sandbox.state = "notready";
    this.#told("StopPodSandbox", sandbox.config.name);
    this.#changed();
  }

  async removePodSandbox(id: string): Promise<void> {
    await this.stopPodSandbox(id);
    for (const container of this.#state.containers.filter((other) => other.sandboxId === id)) {
      await this.removeContainer(container.id);
    }
    this.#state.sandboxes = remove(this.#state.sandboxes, (sandbox) => sandbox.id === id);
    this.#monitor.namespaces.delete(id);
    removeBundle(this.#machine, this.#placesOf(id, "runc"), id);
    this.#changed();
  }

  listPodSandboxes(): PodSandboxStatus[] {
    return structuredClone(this.#state.sandboxes);
  }

  async createContainer(sandboxId: string, config: ContainerConfig): Promise<string> {
    const sandbox = this.#sandbox(sandboxId);
    this.#told("CreateContainer", sandbox.config.name);
    const image = this.#flavour.images.find(config.image);
    if (!image) throw new CriError("NotFound", `failed to find image ${config.image}: not found`);
    this.#flavour.admit(config);
    const id = this.#newId();
    const container: ContainerStatus = {
      id,
      sandboxId,
      config: structuredClone(config),
      state: "created",
      createdAt: this.#machine.environment.clock.now(),
      startedAt: 0,
      finishedAt: 0,
      exitCode: 0,
      reason: "",
      message: "",
      imageRef: this.#flavour.imageRef(this.#flavour.images.describe(image), config.image),
    };
    this.#flavour.admitImage?.(image);
    const runtime = this.#flavour.runtimeFor(sandbox.handler, sandboxId);
    if (this.#spec(container, sandbox, false).argv.length === 0) {
      throw new CriError("Unknown", this.#flavour.noCommand(id));
    }
    if (this.#flavour.failsAtCreate) {
      try {
        runtime.prepare(this.#spec(container, sandbox, false));
      } catch (error) {
        this.#machine.rootFiles.removeTree(dirname(this.#flavour.bundle(id)));
        if (error instanceof OciError) {
          throw new CriError("Unknown", this.#flavour.createFailure(runtime, error.message));
        }
        throw error;
      }
    }
    this.#state.containers.push(container);
    this.#changed();
    return id;
  }

  async startContainer(id: string): Promise<void> {
    const container = this.#container(id);
    const sandbox = this.#sandbox(container.sandboxId);
    this.#told("StartContainer", sandbox.config.name);
    const runtime = this.#flavour.runtimeFor(sandbox.handler, sandbox.id);
    let active: Promise<void>;
    try {
      container.startedAt = this.#machine.environment.clock.now();
      active = this.#launch(container, sandbox, runtime, false);
    } catch (error) {
      // Also what the machine's files refuse: a start that fails in another way would be tried again without a pause.
      if (!(error instanceof OciError) && !(error instanceof FileError)) throw error;
      const words = error instanceof FileError ? `${error.path}: ${error.message}` : error.message;
      const message = this.#flavour.createFailure(runtime, words);
      Object.assign(container, {
        state: "exited",
        startedAt: 0,
        finishedAt: this.#machine.environment.clock.now(),
        exitCode: 128,
        reason: "StartError",
        message,
      });
      this.#changed();
      throw new CriError("Unknown", message);
    }
    // A module's worker takes longer to come up than a real runtime's exec; who hears "started" may rely on it.
    await this.#withinStartLimit(active);
    if (container.state === "created") container.state = "running";
    this.#changed();
  }

  async stopContainer(id: string, timeoutMs: number): Promise<void> {
    const process = this.#monitor.processes.get(id);
    if (!process) return;
    const sandboxId = this.#state.containers.find((container) => container.id === id)?.sandboxId;
    this.#told("StopContainer", this.#state.sandboxes.find((sandbox) => sandbox.id === sandboxId)?.config.name ?? "");
    process.kill("SIGTERM");
    const timer = new AbortController();
    const late = this.#machine.environment.clock.sleep(Math.max(timeoutMs, 1), timer.signal).then(
      () => process.kill("SIGKILL"),
      () => undefined,
    );
    await process.exit;
    timer.abort();
    await late;
    // The bookkeeping of the exit runs in the same turn, after this one's.
    await Promise.resolve();
  }

  async removeContainer(id: string): Promise<void> {
    await this.stopContainer(id, 0);
    const container = this.#state.containers.find((other) => other.id === id);
    if (!container) return;
    this.#state.containers = remove(this.#state.containers, (other) => other.id === id);
    const files = this.#machine.rootFiles;
    files.removeTree(dirname(this.#flavour.bundle(id)));
    forgetProcess(this.#machine, this.#flavour.bundle(id));
    for (const kind of ["runc", "crun"]) removeBundle(this.#machine, this.#placesOf(id, kind), id);
    const sandbox = this.#state.sandboxes.find((other) => other.id === container.sandboxId);
    if (sandbox && container.config.logPath !== "") {
      files.removeTree(`${sandbox.config.logDirectory}/${container.config.logPath}`);
    }
    this.#changed();
  }

  listContainers(): ContainerStatus[] {
    return structuredClone(this.#state.containers);
  }

  containerStatus(id: string): ContainerStatus | undefined {
    return structuredClone(this.#state.containers.find((container) => container.id === id));
  }

  async exec(id: string, argv: readonly string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
    const container = this.#container(id);
    if (container.state !== "running") {
      throw new CriError("Unknown", `container is not created or running`);
    }
    const sandbox = this.#sandbox(container.sandboxId);
    const runtime = this.#flavour.runtimeFor(sandbox.handler, sandbox.id);
    try {
      const live = this.#entryOf(id);
      return await runtime.exec({ ...this.#spec(container, sandbox, false), ...(live ? { live } : {}) }, argv);
    } catch (error) {
      if (error instanceof OciError || error instanceof ContainerError) throw new CriError("Unknown", error.message);
      throw error;
    }
  }

  async pullImage(reference: string): Promise<PulledImage> {
    this.#told("PullImage", reference.slice(reference.lastIndexOf("/") + 1));
    const image = await this.#flavour.pull(reference);
    this.#machine.environment.touch();
    return this.#flavour.images.describe(image);
  }

  listImages(): PulledImage[] {
    return this.#flavour.images.list();
  }

  imageStatus(reference: string): PulledImage | undefined {
    this.#flavour.admitName(reference);
    const image = this.#flavour.images.find(reference);
    return image && this.#flavour.images.describe(image);
  }

  removeImage(reference: string): Promise<void> {
    const image = this.#flavour.images.find(reference);
    if (image) this.#flavour.images.remove(image);
    return Promise.resolve();
  }

  details(id: string): Record<string, unknown> | undefined {
    const container = this.#state.containers.find((other) => other.id === id);
    const sandbox = this.#state.sandboxes.find((other) => other.id === (container?.sandboxId ?? id));
    if (!sandbox) return undefined;
    const { rootFiles } = this.#machine;
    const file = ["runc", "crun"]
      .map((kind) => `${this.#placesOf(id, kind).bundle}/config.json`)
      .find((path) => rootFiles.exists(path));
    const spec: unknown = file === undefined ? undefined : JSON.parse(rootFiles.readText(file));
    return {
      sandboxID: sandbox.id,
      pid: this.#entryOf(id)?.pid ?? 0,
      ...(container ? { config: { image: { image: container.config.image } } } : { runtimeHandler: sandbox.handler }),
      ...(spec === undefined ? {} : { runtimeSpec: spec }),
    };
  }

  onChange(listener: () => void): () => void {
    this.#monitor.listeners.add(listener);
    return () => this.#monitor.listeners.delete(listener);
  }

  /** A call of the CRI, for who looks on. */
  #told(call: string, name: string): void {
    this.#machine.environment.traffic?.call(this.#machine.name, this.#flavour.name, call, name);
  }

  #isLive(id: string): boolean {
    return this.#monitor.processes.has(id);
  }

  #newId(): string {
    return Buffer.from(this.#machine.environment.random.bytes(32)).toString("hex");
  }

  #changed(): void {
    this.#machine.environment.touch();
    for (const listener of this.#monitor.listeners) listener();
  }

  #sandbox(id: string): PodSandboxStatus {
    const sandbox = this.#state.sandboxes.find((other) => other.id === id);
    if (!sandbox) throw new CriError("NotFound", `could not find pod sandbox ${JSON.stringify(id)}`);
    return sandbox;
  }

  #container(id: string): ContainerStatus {
    const container = this.#state.containers.find((other) => other.id === id);
    if (!container) throw new CriError("NotFound", `could not find container ${JSON.stringify(id)}`);
    return container;
  }

  #entryOf(id: string): ProcessEntry | undefined {
    const process = this.#monitor.processes.get(id) ?? this.#monitor.pauses.get(id);
    return process && this.#machine.processes.list().find((entry) => entry.pid === process.outerPid);
  }

  #placesOf(id: string, kind: string): BundlePlaces {
    return placesOf(this.#flavour.key, this.#flavour.bundle(id), id, kind);
  }

  #attach(sandbox: PodSandboxStatus): void {
    this.#monitor.namespaces.set(sandbox.id, sandboxNamespaces(this.#machine, sandbox));
    this.#startShim(sandbox);
    this.#startPause(sandbox);
    if (sandbox.address === "") this.#monitor.networks.set(sandbox.id, () => undefined);
    else {
      const detach = this.#machine.environment.network.attachPod(this.#machine.name, sandbox.address);
      this.#monitor.networks.set(sandbox.id, detach);
    }
  }

  #detach(id: string): void {
    const pause = this.#monitor.pauses.get(id);
    this.#monitor.pauses.delete(id);
    pause?.kill("SIGKILL");
    const shim = this.#monitor.shims.get(id);
    this.#monitor.shims.delete(id);
    shim?.kill("SIGTERM");
    this.#monitor.networks.get(id)?.();
    this.#monitor.networks.delete(id);
  }

  /** Starts the process that holds a pod's namespaces; without it the pod is over. */
  #startPause(sandbox: PodSandboxStatus): void {
    const { sandboxImage, images } = this.#flavour;
    const stored = sandboxImage === undefined ? undefined : images.find(sandboxImage);
    const content = stored && images.content(stored);
    const shared = this.#monitor.namespaces.get(sandbox.id);
    if (!stored || !content || !shared) return;
    const { id } = sandbox;
    const rootfs = this.#flavour.bundle(id);
    unpackRootfs(this.#machine, images.rootfs(stored), rootfs);
    const isolation = { namespaces: shared, root: rootfs };
    const cgroupsPath = cgroupsPathOf(this.#flavour.key, sandbox.config.cgroupParent ?? "", id);
    const mounts = ["/proc", "/dev", "/sys"].map((destination) => ({ destination }));
    const inside = enterRootfs(this.#machine, rootfs, { hostname: sandbox.config.hostname, isolation, mounts });
    const args = [...(content.config.config?.Entrypoint ?? []), ...(content.config.config?.Cmd ?? [])];
    const env = Object.fromEntries((content.config.config?.Env ?? []).map(splitEnv));
    const parent = this.#monitor.shims.get(id)?.pid;
    const process = inside.processes.spawn({
      argv: args,
      env,
      cwd: "/",
      credentials: root,
      place: this.#placeOf(sandbox),
      isolation,
      cgroup: cgroupPath(cgroupsPath, "", id),
      pid: recallProcess(this.#machine, id)?.pid,
      ...(parent === undefined ? {} : { parent }),
    });
    this.#monitor.pauses.set(id, process);
    rememberProcess(this.#machine, id, { pid: process.outerPid, namespaces: shared });
    const own = sandbox.config.hostNetwork ? [] : [{ type: "uts" }, { type: "network" }];
    writeBundle(this.#machine, this.#placesOf(id, "runc"), {
      id,
      pid: process.outerPid,
      rootfs,
      hostname: sandbox.config.hostname,
      createdAt: sandbox.createdAt,
      spec: runtimeSpec("1.1.0", {
        args,
        env,
        cwd: "/",
        rootPath: "rootfs",
        hostname: sandbox.config.hostNetwork ? "" : sandbox.config.hostname,
        mounts: [],
        annotations: { "io.kubernetes.cri.container-type": "sandbox", "io.kubernetes.cri.sandbox-id": id },
        cgroupsPath,
        memoryLimit: undefined,
        namespaces: [{ type: "pid" }, { type: "ipc" }, ...own, { type: "mount" }],
        terminal: false,
      }),
    });
    void process.exit.then(() => {
      if (this.#monitor.pauses.get(id) !== process) return;
      for (const container of this.#state.containers) {
        if (container.sandboxId === id) this.#monitor.processes.get(container.id)?.kill("SIGKILL");
      }
      this.#detach(id);
      sandbox.state = "notready";
      this.#changed();
    });
  }

  /** Starts the shim of a sandbox; what it watched over ends with it. */
  #startShim(sandbox: PodSandboxStatus): void {
    const request = this.#flavour.shimFor?.(sandbox.handler, sandbox.id);
    if (!request) return;
    const key = `shim ${sandbox.id}`;
    const pid = recallProcess(this.#machine, key)?.pid;
    const shim = this.#machine.processes.spawn({ ...request, cwd: "/", credentials: root, pid });
    rememberProcess(this.#machine, key, { pid: shim.pid, namespaces: firstNamespaces });
    this.#monitor.shims.set(sandbox.id, shim);
    void shim.exit.then(() => {
      if (this.#monitor.shims.get(sandbox.id) !== shim) return;
      for (const container of this.#state.containers) {
        if (container.sandboxId === sandbox.id) this.#monitor.processes.get(container.id)?.kill("SIGKILL");
      }
      this.#detach(sandbox.id);
      sandbox.state = "notready";
      this.#changed();
    });
  }

  /** False when the sandbox cannot go on, as when its shim is gone from the disk. */
  #takeUp(sandbox: PodSandboxStatus): boolean {
    try {
      this.#attach(sandbox);
      return true;
    } catch (error) {
      if (error instanceof CriError || error instanceof FileError) return false;
      throw error;
    }
  }

  async #withinStartLimit(active: Promise<unknown>): Promise<void> {
    const limit = new AbortController();
    const late = this.#machine.environment.clock.sleep(startLimitMs, limit.signal);
    await Promise.race([active, late]).catch(() => undefined);
    limit.abort();
  }

  async #resume(container: ContainerStatus, sandbox: PodSandboxStatus): Promise<void> {
    try {
      const runtime = this.#flavour.runtimeFor(sandbox.handler, sandbox.id);
      await this.#launch(container, sandbox, runtime, true);
    } catch (error) {
      if (!(error instanceof OciError) && !(error instanceof CriError) && !(error instanceof FileError)) throw error;
      this.#finish(container, 255);
    }
  }

  #launch(container: ContainerStatus, sandbox: PodSandboxStatus, runtime: OciRuntime, resumed: boolean): Promise<void> {
    const active = Promise.withResolvers<void>();
    const shared = this.#monitor.namespaces.get(sandbox.id) ?? sandboxNamespaces(this.#machine, sandbox);
    const isolation = containerIsolation(this.#machine, shared, this.#flavour.bundle(container.id));
    const spec = { ...this.#spec(container, sandbox, resumed), isolation, onActive: active.resolve };
    const { table = this.#machine.processes, ...request } = runtime.prepare(spec);
    const conmon = this.#startMonitor(container, sandbox);
    const parent = conmon?.pid ?? this.#monitor.shims.get(sandbox.id)?.pid;
    const cgroupsPath = cgroupsPathOf(this.#flavour.key, sandbox.config.cgroupParent ?? "", container.id);
    const process = table.spawn({
      ...request,
      isolation,
      cgroup: cgroupPath(cgroupsPath, "", container.id),
      pid: resumed ? recallProcess(this.#machine, isolation.root)?.pid : undefined,
      ...(parent === undefined ? {} : { parent }),
    });
    this.#monitor.processes.set(container.id, process);
    rememberProcess(this.#machine, isolation.root, { pid: process.outerPid, namespaces: isolation.namespaces });
    const pausePid = this.#monitor.pauses.get(sandbox.id)?.outerPid;
    writeBundle(this.#machine, this.#placesOf(container.id, runtime.kind), {
      id: container.id,
      pid: process.outerPid,
      rootfs: isolation.root,
      hostname: spec.hostname,
      createdAt: container.createdAt,
      spec: containerSpec(this.#flavour.key, spec, sandbox, cgroupsPath, pausePid),
    });
    this.#tellPath(container.id, sandbox, runtime.chain(spec), spec.argv[0] ?? "", resumed);
    void process.exit.then((exitCode) => {
      conmon?.kill("SIGTERM");
      spec.log.close();
      this.#monitor.processes.delete(container.id);
      this.#monitor.paths.delete(container.id);
      this.#finish(container, exitCode);
      active.resolve();
      this.#changed();
    });
    return active.promise;
  }

  /** Starts what watches over one container. */
  #startMonitor(container: ContainerStatus, sandbox: PodSandboxStatus): RunningProcess | undefined {
    const argv = this.#flavour.monitorFor?.(container.id, sandbox, container.config);
    if (!argv || !this.#machine.rootFiles.exists(argv[0] ?? "")) return undefined;
    return this.#machine.processes.spawn({
      argv,
      env: {},
      cwd: "/",
      credentials: root,
      program: (process) => untilStopped(process.signal).then(() => 0),
    });
  }

  #tellPath(id: string, sandbox: PodSandboxStatus, chain: RuntimePath, program: string, resumed: boolean): void {
    const { name } = this.#flavour;
    const needsShim = name === "containerd" && chain[0]?.startsWith("shim") !== true;
    const path: RuntimePath = [name, ...(needsShim ? (["shim-runc"] as const) : []), ...chain];
    this.#monitor.paths.set(id, path);
    const started = program.slice(program.lastIndexOf("/") + 1);
    if (!resumed) this.#machine.environment.traffic?.start(this.#machine.name, path, sandbox.config.name, started);
  }

  #placeOf(sandbox: PodSandboxStatus): NetworkPlace {
    return { machine: this.#machine.name, ...(sandbox.address === "" ? {} : { pod: sandbox.address }) };
  }

  #finish(container: ContainerStatus, exitCode: number): void {
    container.state = "exited";
    container.finishedAt = this.#machine.environment.clock.now();
    container.exitCode = exitCode;
    if (container.reason === "") container.reason = exitCode === 0 ? "Completed" : "Error";
  }

  #spec(container: ContainerStatus, sandbox: PodSandboxStatus, resumed: boolean): ContainerSpec {
    const { config } = container;
    const stored = this.#flavour.images.find(config.image);
    const defaults = (stored && this.#flavour.images.content(stored)?.config.config) ?? {};
    const entry = config.command.length > 0 ? config.command : (defaults.Entrypoint ?? []);
    const defaultArgs = config.command.length > 0 ? [] : (defaults.Cmd ?? []);
    const log = `${sandbox.config.logDirectory}/${config.logPath}`;
    return {
      id: container.id,
      sandboxId: sandbox.id,
      machine: this.#machine,
      argv: [...entry, ...(config.args.length > 0 ? config.args : defaultArgs)],
      env: {
        ...Object.fromEntries((defaults.Env ?? []).map(splitEnv)),
        HOSTNAME: sandbox.config.hostname,
        ...config.env,
      },
      cwd: config.workingDirectory || defaults.WorkingDir || "/",
      annotations: this.#flavour.annotationsFor(sandbox.handler, {
        ...sandbox.config.annotations,
        ...config.annotations,
      }),
      rootfs: stored ? this.#flavour.images.rootfs(stored) : new Map(),
      image: stored && this.#flavour.images.content(stored),
      bundle: this.#flavour.bundle(container.id),
      mounts: config.mounts,
      place: this.#placeOf(sandbox),
      hostname: sandbox.config.hostname,
      memoryLimit: config.memoryLimit,
      log: new ContainerLog(this.#machine.rootFiles, this.#machine.environment.clock, log),
      jsonErrors: this.#flavour.jsonErrors,
      resumed,
      onActive: () => undefined,
      onOutOfMemory: () => {
        container.reason = "OOMKilled";
      },
    };
  }
}

function splitEnv(entry: string): [string, string] {
  const at = entry.indexOf("=");
  return at < 0 ? [entry, ""] : [entry.slice(0, at), entry.slice(at + 1)];
}

/** Takes items out of an array in place, for durable state is changed in place. */
function remove<T>(items: T[], unwanted: (item: T) => boolean): T[] {
  for (let index = items.length - 1; index >= 0; index -= 1) {
    const item = items[index];
    if (item !== undefined && unwanted(item)) items.splice(index, 1);
  }
  return items;
}
