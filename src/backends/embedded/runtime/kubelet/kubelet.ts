import type { ModelledMachine } from "../../machine/machine.ts";
import type { ApiClient } from "../../cluster/api.ts";
import { hasReason, ignoreNotFound } from "../../cluster/controllers/context.ts";
import { EventRecorder } from "../../cluster/controllers/events.ts";
import { Informer } from "../../cluster/controllers/informer.ts";
import type { ApiObject, Node, Pod, PodStatus } from "../../cluster/controllers/types.ts";
import { keyOf, microTimestamp, sameJson } from "../../cluster/controllers/types.ts";
import { WorkQueue } from "../../cluster/controllers/work-queue.ts";
import { dialReason } from "../../machine/programs/kubernetes/client/errors.ts";
import { NetworkError } from "../../network/network.ts";
import type { ContainerRuntime } from "../cri.ts";
import { BackOff } from "./back-off.ts";
import type { KubeletConfiguration } from "./configuration.ts";
import { isRuntime } from "./configuration.ts";
import { nodeObject, nodeStatus, notReadyReason, sameStatus } from "./node-object.ts";
import { MissingInput } from "./pod-inputs.ts";
import { graceOf, PodWorker, type WorkerHost } from "./pod-worker.ts";
import { Prober } from "./probes.ts";
import { handleKubeletRequest } from "./server.ts";
import { hashAnnotation, mirrorAnnotation, mirrorOf, readStaticPods } from "./static-pods.ts";
import { servingCertificate } from "./serving-certificate.ts";
import { wordingFor } from "./wording.ts";

export interface KubeletOptions {
  machine: ModelledMachine;
  configuration: KubeletConfiguration;
  version: string;
  /** Resolves when there is a kubeconfig that can be used. */
  connect: () => Promise<ApiClient>;
  signal: AbortSignal;
  resumed: boolean;
  log(severity: "I" | "W" | "E", source: string, message: string, values?: Record<string, string>): void;
}

/** The agent of one node: brings the pods that the API and the manifests ask for to the container runtime. */
export class Kubelet {
  #options: KubeletOptions;
  #machine: ModelledMachine;
  #client: ApiClient | undefined;
  #recorder: EventRecorder | undefined;
  #pods: Informer<Pod> | undefined;
  #node: Node | undefined;
  #staticPods = new Map<string, Pod>();
  /** Static pods that are gone from the folder, until they are gone from the runtime. */
  #removedStatics = new Map<string, Pod>();
  #workers = new Map<string, PodWorker>();
  #queue: WorkQueue;
  #prober: Prober;
  #crashes: BackOff;
  #pulls: BackOff;
  #signatures = new Map<string, string>();
  #listening: ContainerRuntime | undefined;
  #stopListening: (() => void) | undefined;
  #wasReady: boolean | undefined;
  #isTicking = false;

  constructor(options: KubeletOptions) {
    this.#options = options;
    this.#machine = options.machine;
    const { clock, pacing, network } = options.machine.environment;
    this.#crashes = new BackOff(clock, pacing, "crashBackOff", "crashBackOffMaximum");
    this.#pulls = new BackOff(clock, pacing, "imageBackOff", "imageBackOffMaximum");
    this.#prober = new Prober({
      clock,
      network,
      place: { machine: options.machine.name },
      runtime: () => this.#runtime(),
      // Simplified: a probe's seconds pass as fast as the kubelet's own rhythm does at this pace.
      secondMs: pacing.duration("nodeLease") / 10,
    });
    this.#queue = new WorkQueue({
      clock,
      signal: options.signal,
      parallel: 64,
      reconcile: (uid) => this.#sync(uid),
      onError: (uid, error) =>
        options.log("E", "pod_workers.go:1300", "Error syncing pod, skipping", { podUID: uid, err: goWords(error) }),
    });
  }

  /** Runs until the signal aborts; calls back when its own server answers. */
  async run(onServing: () => void): Promise<void> {
    const { signal } = this.#options;
    this.#listen();
    const certificate = await servingCertificate(this.#machine);
    if (signal.aborted) return;
    const stopServer = this.#serve(certificate);
    onServing();
    const stopWatching = this.#watchFiles();
    this.#readStatics();
    void this.#join();
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    stopServer();
    stopWatching();
    this.#stopListening?.();
    this.#prober.stop();
  }

  #runtime(): ContainerRuntime | undefined {
    const path = this.#options.configuration.runtimeEndpoint.replace(/^unix:\/\//, "");
    const service = this.#machine.sockets.connect(path);
    return service && isRuntime(service) ? service : undefined;
  }

  /** Hears of changes of the runtime that is there now; a restarted daemon is another one. */
  #listen(): void {
    const runtime = this.#runtime();
    if (runtime === this.#listening) return;
    this.#stopListening?.();
    this.#listening = runtime;
    this.#stopListening = runtime?.onChange(() => this.#relist());
    if (runtime) for (const pod of this.#wanted()) this.#queue.add(pod.metadata.uid ?? "");
  }

  #serve(tls: { certificate: string; key: string }): () => void {
    const { environment } = this.#machine;
    const handle = handleKubeletRequest({
      files: this.#machine.rootFiles,
      runtime: () => this.#runtime(),
      pods: () => this.#wanted(),
      now: () => environment.clock.now(),
    });
    const place = { machine: this.#machine.name };
    const stopApi = environment.network.listen(place, 10_250, { process: "kubelet", handle, tls });
    const stopHealth = environment.network.listen(place, 10_248, { process: "kubelet", handle }, "127.0.0.1");
    return () => {
      stopApi();
      stopHealth();
    };
  }

  /** Every pod that this node is to run, static ones first. */
  #wanted(): Pod[] {
    const fromApi = (this.#pods?.list() ?? []).filter(
      (pod) => pod.metadata.annotations?.[mirrorAnnotation] === undefined,
    );
    return [...this.#staticPods.values(), ...this.#removedStatics.values(), ...fromApi];
  }

  #podOf(uid: string): Pod | undefined {
    return this.#wanted().find((pod) => pod.metadata.uid === uid);
  }

  /** Enqueues the pods whose containers have changed. */
  #relist(): void {
    const runtime = this.#runtime();
    if (!runtime) return;
    const states = new Map<string, string>();
    const owner = new Map<string, string>();
    for (const sandbox of runtime.listPodSandboxes()) {
      owner.set(sandbox.id, sandbox.config.uid);
      states.set(sandbox.config.uid, `${states.get(sandbox.config.uid) ?? ""}${sandbox.id}${sandbox.state};`);
    }
    for (const container of runtime.listContainers()) {
      const uid = owner.get(container.sandboxId) ?? "";
      states.set(uid, `${states.get(uid) ?? ""}${container.id}${container.state};`);
    }
    for (const [uid, state] of states) {
      if (this.#signatures.get(uid) === state) continue;
      this.#signatures.set(uid, state);
      if (this.#podOf(uid)) this.#queue.add(uid);
    }
  }

  #watchFiles(): () => void {
    let scheduled = false;
    let signature = this.#manifestSignature();
    return this.#machine.files.onChange(() => {
      if (scheduled) return;
      scheduled = true;
      this.#machine.environment.clock.after(10, () => {
        scheduled = false;
        if (this.#options.signal.aborted) return;
        const now = this.#manifestSignature();
        if (now !== signature) {
          signature = now;
          this.#readStatics();
        }
        this.#listen();
        const isReady = notReadyReason(this.#runtime()) === undefined;
        if (this.#node && isReady !== this.#wasReady) void this.#tick();
      });
    });
  }

  #manifestSignature(): string {
    const folder = this.#options.configuration.staticPodPath;
    const files = this.#machine.rootFiles;
    if (folder === "" || !files.isDirectory(folder)) return "";
    return files
      .list(folder)
      .map((name) => {
        const stat = files.stat(`${folder}/${name}`);
        return `${name}:${stat.inode}:${stat.version}`;
      })
      .join(";");
  }

  #readStatics(): void {
    const { configuration } = this.#options;
    const now = this.#machine.environment.clock.now();
    const found = readStaticPods(this.#machine.rootFiles, configuration.staticPodPath, configuration.nodeName, now);
    const uids = new Set(found.map((pod) => pod.metadata.uid ?? ""));
    for (const [uid, pod] of this.#staticPods) {
      if (uids.has(uid)) continue;
      this.#staticPods.delete(uid);
      this.#removedStatics.set(uid, pod);
      this.#queue.add(uid);
    }
    for (const pod of found) {
      const uid = pod.metadata.uid ?? "";
      if (!this.#staticPods.has(uid)) this.#staticPods.set(uid, pod);
      this.#queue.add(uid);
    }
  }

  /** Connects to the API, registers the node and follows its pods. */
  async #join(): Promise<void> {
    const { machine, configuration, signal, log } = this.#options;
    const { clock } = machine.environment;
    try {
      this.#client = await this.#options.connect();
    } catch (error) {
      if (!signal.aborted) log("E", "server.go:1", "Failed to connect to the API server", { err: String(error) });
      return;
    }
    const client = this.#client;
    this.#recorder = new EventRecorder(client, clock, { component: "kubelet", host: configuration.nodeName });
    this.#pods = new Informer<Pod>(
      client,
      clock,
      { apiVersion: "v1", resource: "pods", fieldSelector: `spec.nodeName=${configuration.nodeName}` },
      signal,
    );
    this.#pods.onChange((pod, _before, deleted) => this.#onPod(pod, deleted));
    let delay = 20;
    while (!signal.aborted && !this.#node) {
      try {
        this.#node = await this.#register(client);
      } catch (error) {
        log("E", "kubelet_node_status.go:92", "Unable to register node with API server", {
          node: configuration.nodeName,
          err: goWords(error),
        });
        await clock.sleep(delay, signal).catch(() => undefined);
        delay = Math.min(delay * 2, 1_000);
      }
    }
    if (signal.aborted) return;
    this.#pods.start();
    void this.#pods.synced().then(() => {
      this.#removeOrphans();
      for (const pod of this.#wanted()) this.#queue.add(pod.metadata.uid ?? "");
    });
    if (!this.#options.resumed) {
      this.#nodeEvent("Starting", "Starting kubelet.");
      this.#nodeEvent("InvalidDiskCapacity", "invalid capacity 0 on image filesystem", "Warning");
      const { nodeName } = configuration;
      for (const reason of ["NodeHasSufficientMemory", "NodeHasNoDiskPressure", "NodeHasSufficientPID"]) {
        this.#nodeEvent(reason, `Node ${nodeName} status is now: ${reason}`);
      }
      this.#nodeEvent("NodeAllocatableEnforced", "Updated Node Allocatable limit across pods");
    }
    await this.#heartbeat();
  }

  async #register(client: ApiClient): Promise<Node> {
    const { machine, configuration, log } = this.#options;
    const key = { apiVersion: "v1", resource: "nodes", namespace: "", name: configuration.nodeName };
    const wanted = nodeObject(machine, configuration, configuration.runtimeEndpoint);
    const known = (await client.get(key)) as Node | undefined;
    if (!known) {
      wanted.status = this.#status(undefined);
      const created = (await client.create({ apiVersion: "v1", resource: "nodes", namespace: "" }, wanted)) as Node;
      log("I", "kubelet_node_status.go:73", "Successfully registered node", { node: configuration.nodeName });
      return (await client.patch(key, { status: this.#status(created) }, "status")) as Node;
    }
    const { labels, annotations } = wanted.metadata;
    const isCurrent =
      Object.entries(labels ?? {}).every(([name, value]) => known.metadata.labels?.[name] === value) &&
      Object.entries(annotations ?? {}).every(([name, value]) => known.metadata.annotations?.[name] === value);
    if (isCurrent) return known;
    return (await client.patch(key, { metadata: { labels, annotations } })) as Node;
  }

  #status(before: Node | undefined): NonNullable<Node["status"]> {
    const { machine, configuration, version } = this.#options;
    const runtime = this.#runtime();
    return nodeStatus({ machine, configuration, version, runtime, now: machine.environment.clock.now() }, before);
  }

  /** Renews the lease and tells of changes, for as long as the kubelet runs. */
  async #heartbeat(): Promise<void> {
    const { signal } = this.#options;
    const { clock, pacing } = this.#machine.environment;
    while (!signal.aborted) {
      await this.#renewLease().catch(() => undefined);
      await this.#tick();
      await clock.sleep(pacing.duration("nodeLease"), signal).catch(() => undefined);
    }
  }

  async #renewLease(): Promise<void> {
    const client = this.#client;
    if (!client) return;
    const { nodeName } = this.#options.configuration;
    const location = { apiVersion: "coordination.k8s.io/v1", resource: "leases", namespace: "kube-node-lease" };
    const renewTime = microTimestamp(this.#machine.environment.clock.now());
    try {
      await client.patch({ ...location, name: nodeName }, { spec: { renewTime } });
    } catch (error) {
      if (!hasReason(error, "NotFound")) throw error;
      await client.create(location, {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: {
          name: nodeName,
          namespace: "kube-node-lease",
          ownerReferences: [{ apiVersion: "v1", kind: "Node", name: nodeName, uid: this.#node?.metadata.uid ?? "" }],
        },
        spec: { holderIdentity: nodeName, leaseDurationSeconds: 40, renewTime },
      });
    }
  }

  /** Writes the node's status when it says something new. */
  async #tick(): Promise<void> {
    const client = this.#client;
    if (!client || this.#isTicking || this.#options.signal.aborted) return;
    this.#isTicking = true;
    try {
      this.#listen();
      const { nodeName } = this.#options.configuration;
      const key = { apiVersion: "v1", resource: "nodes", namespace: "", name: nodeName };
      const known = (await client.get(key)) as Node | undefined;
      // A kubelet registers its node once, when it starts; one that was deleted comes back with its next start.
      if (!known) throw new Error(`error getting node "${nodeName}": nodes "${nodeName}" not found`);
      this.#node = known;
      const status = this.#status(known);
      const isReady = notReadyReason(this.#runtime()) === undefined;
      if (!sameStatus(status, pick(known.status, Object.keys(status)))) {
        this.#node = (await client.patch(key, { status }, "status")) as Node;
      }
      if (this.#wasReady !== isReady) {
        const hadReady =
          this.#wasReady ?? known.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True");
        if (isReady && (!this.#options.resumed || hadReady === false)) {
          this.#nodeEvent("NodeReady", `Node ${nodeName} status is now: NodeReady`);
        }
        if (!isReady && hadReady) this.#nodeEvent("NodeNotReady", `Node ${nodeName} status is now: NodeNotReady`);
        this.#wasReady = isReady;
        if (isReady) for (const pod of this.#wanted()) this.#queue.add(pod.metadata.uid ?? "");
      }
    } catch (error) {
      this.#options.log("E", "kubelet_node_status.go:540", "Error updating node status, will retry", {
        err: goWords(error),
      });
    } finally {
      this.#isTicking = false;
    }
  }

  #nodeEvent(reason: string, message: string, type: "Normal" | "Warning" = "Normal"): void {
    const { nodeName } = this.#options.configuration;
    // The kubelet's events name the node's name as its uid, for it knows no other when it starts.
    const object: ApiObject = { metadata: { name: nodeName, uid: nodeName } };
    this.#recorder?.record({ object, apiVersion: "v1", kind: "Node" }, type, reason, message);
  }

  #onPod(pod: Pod, deleted: boolean): void {
    const mirror = pod.metadata.annotations?.[mirrorAnnotation];
    if (mirror !== undefined) {
      const isOurs = this.#staticPods.has(mirror);
      if (isOurs) this.#queue.add(mirror);
      else if (!deleted) void this.#deleteMirror(pod).catch(() => undefined);
      return;
    }
    const uid = pod.metadata.uid ?? "";
    if (deleted) {
      void this.#removeLeftOver(pod);
      return;
    }
    this.#queue.add(uid);
  }

  /** A pod deleted with force is gone from the API before it is gone from here. */
  async #removeLeftOver(pod: Pod): Promise<void> {
    const uid = pod.metadata.uid ?? "";
    const worker = this.#workers.get(uid);
    const host = this.#host(pod);
    this.#workers.delete(uid);
    if (!worker || worker.isTerminating || !host) return;
    worker.isTerminating = true;
    await worker.terminate(pod, { ...host, reportStatus: () => Promise.resolve() }, graceOf(pod, host.pacing));
  }

  /** What runs but nobody wants, as after a deletion while the kubelet was down. */
  #removeOrphans(): void {
    const runtime = this.#runtime();
    if (!runtime) return;
    const uids = new Set(this.#wanted().map((pod) => pod.metadata.uid));
    for (const sandbox of runtime.listPodSandboxes()) {
      if (!uids.has(sandbox.config.uid)) void runtime.removePodSandbox(sandbox.id).catch(() => undefined);
    }
  }

  async #sync(uid: string): Promise<void> {
    const pod = this.#podOf(uid);
    if (!pod) return;
    const host = this.#host(pod);
    if (!host) return;
    let worker = this.#workers.get(uid);
    if (!worker) this.#workers.set(uid, (worker = new PodWorker()));
    if (this.#removedStatics.has(uid)) return this.#endStatic(uid, pod, worker, host);
    const isStatic = this.#staticPods.has(uid);
    if (isStatic) {
      await this.#ensureMirror(pod).catch((error: unknown) => {
        if (!(error instanceof NetworkError)) throw error;
        this.#tryLater(uid, "kubelet.go:1921", "Failed creating a mirror pod", error);
      });
    }
    if (pod.metadata.deletionTimestamp === undefined || isStatic) return worker.sync(pod, host);
    if (worker.isTerminating) return;
    worker.isTerminating = true;
    try {
      await worker.terminate(pod, host, graceOf(pod, host.pacing));
      await this.#deleteFromApi(pod);
    } catch (error) {
      worker.isTerminating = false;
      throw error;
    }
    this.#workers.delete(uid);
  }

  async #deleteFromApi(pod: Pod): Promise<void> {
    const key = {
      apiVersion: "v1",
      resource: "pods",
      namespace: pod.metadata.namespace ?? "",
      name: pod.metadata.name,
    };
    const uid = pod.metadata.uid;
    if (!this.#client) return;
    await ignoreNotFound(
      this.#client.delete(key, { gracePeriodSeconds: 0, ...(uid === undefined ? {} : { uid }) }),
    ).catch((error: unknown) => {
      // Another pod of that name has taken its place already.
      if (!hasReason(error, "Conflict")) throw error;
    });
  }

  async #endStatic(uid: string, pod: Pod, worker: PodWorker, host: WorkerHost): Promise<void> {
    worker.isTerminating = true;
    await worker.terminate(pod, host, graceOf(pod, host.pacing));
    this.#removedStatics.delete(uid);
    this.#workers.delete(uid);
    const mirror = this.#pods?.get(keyOf(pod));
    if (mirror?.metadata.annotations?.[mirrorAnnotation] === uid) await this.#deleteMirror(mirror);
  }

  #deleteMirror(mirror: Pod): Promise<void> {
    return this.#deleteFromApi(mirror);
  }

  async #ensureMirror(pod: Pod): Promise<void> {
    const client = this.#client;
    if (!client || !this.#node || !this.#pods?.hasSynced()) return;
    const existing = this.#pods.get(keyOf(pod));
    const hash = pod.metadata.annotations?.[hashAnnotation];
    if (
      existing?.metadata.annotations?.[mirrorAnnotation] === hash &&
      existing?.metadata.deletionTimestamp === undefined
    ) {
      return;
    }
    if (existing) await this.#deleteMirror(existing);
    const { nodeName } = this.#options.configuration;
    const node = await client.get({ apiVersion: "v1", resource: "nodes", namespace: "", name: nodeName });
    if (!node) {
      const message = "No need to create a mirror pod, since node has been removed from the cluster";
      this.#options.log("I", "kubelet.go:1945", message, { node: nodeName });
      return;
    }
    try {
      const created = await client.create(
        { apiVersion: "v1", resource: "pods", namespace: pod.metadata.namespace ?? "default" },
        mirrorOf(pod, nodeName, this.#node.metadata.uid ?? ""),
      );
      this.#pods.learn(created);
    } catch (error) {
      if (!hasReason(error, "AlreadyExists")) throw error;
    }
  }

  #host(pod: Pod): WorkerHost | undefined {
    const runtime = this.#runtime();
    if (!runtime) return undefined;
    const { environment } = this.#machine;
    const { configuration } = this.#options;
    const uid = pod.metadata.uid ?? "";
    return {
      clock: environment.clock,
      pacing: environment.pacing,
      files: this.#machine.rootFiles,
      nodeName: configuration.nodeName,
      nodeAddress: configuration.nodeAddress,
      // From 1.34 on the kubelet asks the runtime, and its own setting is for runtimes that do not say.
      cgroupDriver: (asksForCgroups(this.#options.version) && runtime.cgroupDriver()) || configuration.cgroupDriver,
      runtime,
      recorder: this.#recorder,
      wording: wordingFor(this.#options.version),
      prober: this.#prober,
      sources: {
        client: this.#client,
        files: this.#machine.rootFiles,
        nodeName: configuration.nodeName,
        token: (of) => this.#token(of),
      },
      crashes: this.#crashes,
      pulls: this.#pulls,
      handlerOf: (of) => this.#handlerOf(of),
      networkProblem: () => {
        const network = runtime.status().find((condition) => condition.type === "NetworkReady");
        return network?.status === false ? notReadyReason(runtime) : undefined;
      },
      reportStatus: (of, status) => this.#reportStatus(of, status),
      again: (ms) => (ms === undefined ? this.#queue.add(uid) : this.#queue.addAfter(uid, ms)),
    };
  }

  async #handlerOf(pod: Pod): Promise<string> {
    const name = pod.spec.runtimeClassName;
    if (name === undefined || name === "" || !this.#client) return "";
    const object = await this.#client.get({
      apiVersion: "node.k8s.io/v1",
      resource: "runtimeclasses",
      namespace: "",
      name,
    });
    if (!object) {
      throw new MissingInput(
        `failed to get sandbox runtime: runtimeclass.node.k8s.io ${JSON.stringify(name)} not found`,
      );
    }
    return typeof object["handler"] === "string" ? object["handler"] : "";
  }

  /** A token of the pod's service account from the API's TokenRequest. */
  async #token(pod: Pod): Promise<string> {
    const path = `/var/lib/kubelet/pods/${pod.metadata.uid ?? ""}/token`;
    const files = this.#machine.rootFiles;
    if (files.exists(path)) return files.readText(path);
    const account = pod.spec.serviceAccountName ?? "default";
    let token = "";
    try {
      const answer = await this.#client?.create(
        {
          apiVersion: "v1",
          resource: `serviceaccounts/${account}/token`,
          namespace: pod.metadata.namespace ?? "default",
        },
        {
          apiVersion: "authentication.k8s.io/v1",
          kind: "TokenRequest",
          metadata: { name: account },
          spec: {
            audiences: ["https://kubernetes.default.svc.cluster.local"],
            expirationSeconds: 3607,
            boundObjectRef: { apiVersion: "v1", kind: "Pod", name: pod.metadata.name, uid: pod.metadata.uid },
          },
        },
      );
      const status = answer?.["status"];
      if (typeof status === "object" && status !== null && "token" in status) token = String(status.token);
    } catch (error) {
      this.#options.log("E", "token_manager.go:121", "Couldn't get token", { err: String(error) });
    }
    if (token !== "") {
      files.makeDirectories(path.slice(0, path.lastIndexOf("/")));
      files.writeWithMode(path, token, 0o600);
    }
    return token;
  }

  async #reportStatus(pod: Pod, status: PodStatus): Promise<void> {
    const client = this.#client;
    const uid = pod.metadata.uid ?? "";
    if (this.#staticPods.get(uid) === pod) pod.status = status;
    if (!client || !this.#pods) return;
    const shown = this.#pods.get(keyOf(pod));
    if (!shown) return;
    const isMirror = shown.metadata.annotations?.[mirrorAnnotation] !== undefined;
    if (!isMirror && shown.metadata.uid !== uid) return;
    if (sameJson(shown.status, status)) return;
    const gone = Object.keys(shown.status ?? {}).filter((field) => !(field in status));
    const patch = { ...status, ...Object.fromEntries(gone.map((field) => [field, null])) };
    try {
      const key = {
        apiVersion: "v1",
        resource: "pods",
        namespace: pod.metadata.namespace ?? "",
        name: pod.metadata.name,
      };
      const updated = await client.patch(key, { status: patch }, "status");
      this.#pods.learn(updated);
    } catch (error) {
      if (error instanceof NetworkError) this.#tryLater(uid, "status_manager.go:853", "Failed to update status", error);
      else if (!hasReason(error, "NotFound")) throw error;
    }
  }

  /** Pods go on while the API does not answer; what it should hear is said when it does again. */
  #tryLater(uid: string, source: string, message: string, error: NetworkError): void {
    this.#options.log("E", source, message, { podUID: uid, err: goWords(error) });
    this.#queue.addAfter(uid, 500);
  }
}

/** An error as Go's dialer words it. */
const asksForCgroups = (version: string): boolean => Number(version.replace(/^v/, "").split(".")[1] ?? 0) >= 34;

const goWords = (error: unknown): string =>
  dialReason(error) ?? (error instanceof Error ? error.message : String(error));

/** The named members of an object. */
function pick(
  object: Readonly<Record<string, unknown>> | undefined,
  names: readonly string[],
): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, object?.[name]]));
}
