import { FileError } from "../../machine/files/errors.ts";
import { root } from "../../machine/files/file-system.ts";
import type { ByteSink, ByteSource } from "../../machine/io.ts";
import { nullSink } from "../../machine/io.ts";
import { firstNamespaces, forgetProcess, recallProcess, rememberProcess } from "../../machine/isolation.ts";
import type { ModelledMachine, RunningProcess } from "../../machine/machine.ts";
import type { Process, Terminal } from "../../machine/process.ts";
import { OciError } from "../containers/oci.ts";
import { ImageStore, storageRoots } from "../images/image-store.ts";
import { ContainerError, createContainer } from "../oci/containers.ts";
import { unpackRootfs } from "../oci/enter.ts";
import type { RuntimeSpec } from "../oci/spec.ts";
import type { ContainerdHandler } from "./configuration.ts";
import { resolveHandler } from "./shims.ts";

/** A request was refused; `message` is what `ctr: ` is printed before. */
export class ClientError extends Error {
  override readonly name = "ClientError";
}

/** A container of a client such as ctr, in a namespace of containerd's. */
export interface ClientContainer {
  namespace: string;
  id: string;
  image: string;
  runtime: string;
  spec: RuntimeSpec;
  /** Milliseconds since the epoch. */
  createdAt: number;
  /** True while a task of it exists; its status is that of the process. */
  hasTask: boolean;
  /** True when the task's process ran at the last change. */
  runs: boolean;
}

export interface TaskStreams {
  stdin?: ByteSource;
  stdout: ByteSink;
  stderr: ByteSink;
  terminal?: Terminal | undefined;
  signal?: AbortSignal;
}

interface LiveTask {
  process: RunningProcess;
  shim: RunningProcess;
}

/** By machine: tasks go on when containerd ends, for their shims do. */
const liveTasks = new WeakMap<ModelledMachine, Map<string, LiveTask>>();
const services = new WeakMap<object, ContainerdClients>();

/** containerd's services beside the CRI: containers and tasks of clients, each in its namespace. */
export class ContainerdClients {
  readonly #process: Process;
  readonly #handlers: ReadonlyMap<string, ContainerdHandler>;
  readonly #containers: { list: ClientContainer[] };
  readonly #live: Map<string, LiveTask>;
  /** The table `registry` of containerd's configuration, for pulls. */
  readonly registryTable: unknown;

  constructor(process: Process, handlers: ReadonlyMap<string, ContainerdHandler>, registryTable: unknown) {
    const { machine } = process;
    this.#process = process;
    this.#handlers = handlers;
    this.registryTable = registryTable;
    this.#containers = machine.durable("containerd-clients", () => ({ list: [] }));
    const live = liveTasks.get(machine) ?? new Map<string, LiveTask>();
    liveTasks.set(machine, live);
    this.#live = live;
  }

  get version(): string {
    return this.#process.executable.version;
  }

  /** After a wake-up tasks go on; after a reboot they are found dead. */
  recover(resumed: boolean): void {
    for (const container of this.#containers.list) {
      if (!container.runs || this.#live.has(keyOf(container))) continue;
      container.runs = false;
      if (!resumed) continue;
      try {
        this.#launch(container, { stdout: nullSink, stderr: nullSink }, true);
      } catch (error) {
        if (!(error instanceof ClientError) && !(error instanceof FileError)) throw error;
      }
    }
  }

  images(namespace: string): ImageStore {
    return new ImageStore(this.#process.machine, storageRoots.containerd, this.#process.machine.rootFiles, namespace);
  }

  namespaces(): string[] {
    const stored = new ImageStore(this.#process.machine, storageRoots.containerd).namespaces();
    return [
      ...new Set(["default", "k8s.io", ...stored, ...this.#containers.list.map((item) => item.namespace)]),
    ].sort();
  }

  list(namespace: string): ClientContainer[] {
    return this.#containers.list.filter((container) => container.namespace === namespace);
  }

  /** Number of a task's process; 0 when it has ended. */
  pidOf(container: ClientContainer): number {
    return this.#live.get(keyOf(container))?.process.outerPid ?? 0;
  }

  get(namespace: string, id: string): ClientContainer {
    const found = this.list(namespace).find((container) => container.id === id);
    if (!found)
      throw new ClientError(`container ${JSON.stringify(id)} in namespace ${JSON.stringify(namespace)}: not found`);
    return found;
  }

  create(container: Omit<ClientContainer, "createdAt" | "hasTask" | "runs">): ClientContainer {
    if (!/^[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*$/.test(container.id)) {
      throw new ClientError(
        `container.ID: identifier ${JSON.stringify(container.id)} must match ^[A-Za-z0-9]+(?:[._-](?:[A-Za-z0-9]+))*$: invalid argument`,
      );
    }
    if (this.list(container.namespace).some((other) => other.id === container.id)) {
      throw new ClientError(`snapshot ${JSON.stringify(container.id)}: already exists`);
    }
    const { machine } = this.#process;
    const made = { ...container, createdAt: machine.environment.clock.now(), hasTask: false, runs: false };
    this.#containers.list.push(made);
    machine.environment.touch();
    return made;
  }

  /** Starts a task: a shim, which calls the OCI runtime. Throws ClientError. */
  start(container: ClientContainer, streams: TaskStreams): RunningProcess {
    if (container.hasTask) throw new ClientError(`task ${container.id}: already exists`);
    return this.#launch(container, streams);
  }

  deleteTask(container: ClientContainer, force: boolean): void {
    const { machine } = this.#process;
    if (!container.hasTask) throw new ClientError(`no running task found: task ${container.id} not found: not found`);
    const live = this.#live.get(keyOf(container));
    if (live && !force) throw new ClientError("task must be stopped before deletion: running: failed precondition");
    live?.process.kill("SIGKILL");
    container.hasTask = false;
    container.runs = false;
    machine.rootFiles.removeTree(this.#bundle(container));
    forgetProcess(machine, `shim ${this.#bundle(container)}`);
    forgetProcess(machine, `${this.#bundle(container)}/rootfs`);
    machine.rootFiles.removeTree(`/run/containerd/runc/${container.namespace}/${container.id}`);
    machine.environment.touch();
  }

  delete(container: ClientContainer): void {
    if (container.hasTask) {
      throw new ClientError("cannot delete a non stopped container: {running 0 0001-01-01 00:00:00 +0000 UTC}");
    }
    const at = this.#containers.list.indexOf(container);
    if (at >= 0) this.#containers.list.splice(at, 1);
    this.#process.machine.environment.touch();
  }

  #bundle(container: ClientContainer): string {
    return `/run/containerd/io.containerd.runtime.v2.task/${container.namespace}/${container.id}`;
  }

  #launch(container: ClientContainer, streams: TaskStreams, resumed = false): RunningProcess {
    const { machine } = this.#process;
    const { rootFiles } = machine;
    const store = this.images(container.namespace);
    const image = store.find(container.image);
    if (!image) throw new ClientError(`image ${JSON.stringify(container.image)}: not found`);
    const handler = [...this.#handlers.values()].find((known) => known.runtimeType === container.runtime);
    const failed = (words: string): ClientError =>
      new ClientError(`failed to create shim task: OCI runtime create failed: runc create failed: ${words}: unknown`);
    let shimPath: string;
    try {
      const usual: ContainerdHandler = {
        runtimeType: container.runtime,
        runtimePath: "",
        binaryName: "",
        podAnnotations: [],
        systemdCgroup: false,
      };
      shimPath = resolveHandler(this.#process, handler ?? usual, container.id).shim;
    } catch (error) {
      if (error instanceof OciError) throw new ClientError(error.message);
      throw error;
    }
    const bundle = this.#bundle(container);
    // Simplified: a real snapshot keeps what a container changed until the container is deleted; here its task does.
    unpackRootfs(machine, store.rootfs(image), `${bundle}/rootfs`);
    rootFiles.write(`${bundle}/config.json`, JSON.stringify(container.spec), { mode: 0o600 });
    const states = `/run/containerd/runc/${container.namespace}`;
    rootFiles.removeTree(`${states}/${container.id}`);
    const shim = machine.processes.spawn({
      argv: [
        shimPath,
        "-namespace",
        container.namespace,
        "-id",
        container.id,
        "-address",
        "/run/containerd/containerd.sock",
      ],
      env: { PATH: this.#process.env["PATH"] ?? "" },
      cwd: "/",
      credentials: root,
      pid: resumed ? recallProcess(machine, `shim ${bundle}`)?.pid : undefined,
    });
    rememberProcess(machine, `shim ${bundle}`, { pid: shim.pid, namespaces: firstNamespaces });
    let process: RunningProcess;
    try {
      const created = createContainer({
        machine,
        stateRoot: states,
        id: container.id,
        bundle,
        spec: container.spec,
        caller: { pid: shim.pid, parent: shim.pid, env: {} },
        resumed,
        ...streams,
      });
      created.start();
      process = created.process;
    } catch (error) {
      shim.kill("SIGTERM");
      rootFiles.removeTree(bundle);
      if (error instanceof ContainerError) throw failed(error.message);
      throw error;
    }
    rootFiles.write(`${bundle}/init.pid`, String(process.outerPid));
    const key = keyOf(container);
    this.#live.set(key, { process, shim });
    container.hasTask = true;
    container.runs = true;
    machine.environment.touch();
    void shim.exit.then(() => process.kill("SIGKILL"));
    void process.exit.then(() => {
      this.#live.delete(key);
      shim.kill("SIGTERM");
      container.runs = false;
      machine.environment.touch();
    });
    return process;
  }
}

const keyOf = (container: ClientContainer): string => `${container.namespace}/${container.id}`;

/** Lets those who reach a daemon's socket find its services for clients. */
export const provideClients = (service: object, clients: ContainerdClients): void =>
  void services.set(service, clients);

/** The services of the containerd behind a socket. */
export const clientsOf = (service: object): ContainerdClients | undefined => services.get(service);
