import { rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import {
  type Backend,
  type BackendInfo,
  type HostAccess,
  type MachineSpec,
  type MachineSummary,
  type Probe,
  type Provisioning,
  type SnapshotStore,
} from "../../domain/backend.ts";
import type { Clock, Random } from "../../domain/clock.ts";
import { exitCodes, LabError } from "../../domain/errors.ts";
import type { Machine } from "../../domain/machine.ts";
import type { MachineRecipe } from "../../domain/recipe.ts";
import { hostAccessOf } from "../../remote/host-access.ts";
import { fetchKubeconfig } from "../../remote/kubeconfig.ts";
import { type Remembered, remember } from "../../remote/remember.ts";
import { type Multipass, openMultipass } from "./client/index.ts";
import { MachineDirectory } from "./directory.ts";
import { asLabErrors } from "./failures.ts";
import { type HostResources, readHostResources } from "./host.ts";
import { MultipassMachine } from "./machine.ts";
import { Neighbours } from "./neighbours.ts";
import { probeMultipass } from "./probe.ts";
import { onceServiceAnswers } from "./service.ts";
import { ProvisioningProgress } from "./progress.ts";
import { Provisioner } from "./provisioner.ts";
import { LabSnapshots } from "./snapshots.ts";
import { type Intent, StateFile } from "./state.ts";

/** Milliseconds between two looks at a launch that nobody waits for. */
const lookAgainMs = 500;

/** An image that there is not: asking for it tells whether a launch of that name is going on. */
const noImage = "wasm-k8s-lab-no-image";

export interface MultipassBackendOptions {
  /** Folder of `multipass.json` and the kubeconfig. */
  folder: string;
  clock: Clock;
  random: Random;
  recipe: () => MachineRecipe;
  onNotice: (text: string) => void;
  onProgress: (provisioning: Provisioning) => void;
  /** Path of the executable; default `multipass` on the PATH. */
  executable?: string;
  /** Added to the environment of the executable. */
  env?: Readonly<Record<string, string | undefined>>;
  /** What this computer has; default: it is asked. */
  host?: () => Promise<HostResources>;
  /** Make machines that need more than this computer has. */
  overcommit?: boolean;
}

/** Opens the lab's machines in Multipass; nothing is started. Works without Multipass, too: `probe` then says so. */
export async function openMultipassBackend(options: MultipassBackendOptions): Promise<Backend> {
  const { clock, random } = options;
  const client = openMultipass({
    ...(options.executable === undefined ? {} : { executable: options.executable }),
    ...(options.env ? { env: options.env } : {}),
    // A snap warns about each folder that it may not see.
    cwd: homedir(),
    system: {
      now: () => clock.monotonic(),
      sleep: (ms, signal) => clock.sleep(ms, signal),
      token: () => Buffer.from(random.bytes(8)).toString("hex"),
    },
  });
  const snapshots = await client.features().then(
    (features) => features.snapshots,
    () => false,
  );
  return new MultipassBackend(options, client, snapshots);
}

class MultipassBackend implements Backend {
  readonly info: BackendInfo;
  readonly snapshots?: SnapshotStore;
  #options: MultipassBackendOptions;
  #client: Multipass;
  #state: StateFile;
  #directory: MachineDirectory;
  #provisioner: Provisioner;
  #neighbours: Neighbours;
  #labSnapshots: LabSnapshots | undefined;
  #handles = new Map<string, MultipassMachine>();
  #abort = new AbortController();
  /** What changes all machines, one after the other. */
  #queue: Promise<unknown> = Promise.resolve();
  #ensuring = new Set<Promise<unknown>>();
  #seen = false;
  #namesAreFree: Promise<void> | undefined;
  #hostAccess: Remembered<HostAccess>;

  constructor(options: MultipassBackendOptions, client: Multipass, snapshots: boolean) {
    const { folder, clock, random, onNotice } = options;
    const { signal } = this.#abort;
    this.#options = options;
    this.#client = client;
    this.info = {
      id: "multipass",
      title: "Multipass virtual machines on this computer",
      features: { lifecycle: true, snapshots, interactiveShell: true, hostPorts: false, simulated: false },
    };
    const state = new StateFile(folder, random);
    this.#state = state;
    this.#directory = new MachineDirectory({ client, state, clock });
    this.#provisioner = new Provisioner({
      client,
      state,
      clock,
      recipe: options.recipe,
      host: options.host ?? readHostResources,
      overcommit: options.overcommit ?? false,
      snapshots,
      progress: new ProvisioningProgress({
        clock,
        onProgress: options.onProgress,
        durations: () => state.data.durations,
        onMeasured: (phase, ms) => state.change(({ durations }) => void (durations[phase] = Math.round(ms))),
      }),
      onNotice,
      signal,
    });
    this.#neighbours = new Neighbours({
      client,
      state,
      directory: this.#directory,
      machine: (name) => this.#handle(name),
      onNotice,
    });
    if (snapshots) {
      this.#labSnapshots = new LabSnapshots({
        client,
        state,
        signal,
        machines: () => this.#directory.names(),
        startAll: () => this.#startAll(),
        discard: (name) => this.#discard(name),
        alone: (action) => this.#alone(action),
      });
      this.snapshots = this.#labSnapshots;
    }
    this.#hostAccess = remember(clock, () => this.#askHostAccess());
  }

  probe(): Promise<Probe> {
    return probeMultipass(this.#client);
  }

  async ensure(spec: MachineSpec): Promise<Machine> {
    await this.#settled();
    const work = this.#ensure(spec);
    this.#ensuring.add(work);
    try {
      await work;
    } finally {
      this.#ensuring.delete(work);
    }
    return this.#handle(spec.name);
  }

  async list(): Promise<MachineSummary[]> {
    if (Object.keys(this.#state.data.machines).length === 0) return [];
    return (await this.#directory.look())
      .filter(({ deleted }) => !deleted)
      .map((each) => {
        const address = this.#directory.address(each);
        return { name: each.machine, state: each.state, ...(address === undefined ? {} : { address }) };
      });
  }

  async machine(name: string): Promise<Machine> {
    if (name in this.#state.data.machines) {
      await this.#settled();
      if (!this.#seen) await this.#meet();
      // Who has met it need not ask whether it is there: a command that it cannot run says so.
      if (this.#handles.has(name) || (await this.#directory.find(name))) return this.#handle(name);
    }
    throw new LabError("machine-unknown", `${name}: there is no such machine (yet)`, {
      remedy: "Run `wasm-k8s-lab start` or `wasm-k8s-lab up`; the machines are master, worker1 and worker2.",
      exitCode: exitCodes.wrongUse,
    });
  }

  remove(name: string): Promise<void> {
    return this.#change({ kind: "remove", machine: name });
  }

  removeAll(): Promise<void> {
    return this.#change({ kind: "removeAll" });
  }

  renew(): Promise<void> {
    return this.#change({ kind: "renew" });
  }

  hostAccess(): Promise<HostAccess> {
    return this.#hostAccess();
  }

  kubeconfigPath(): string {
    return join(this.#options.folder, "kubeconfig");
  }

  /** Everything is written down before it is done. */
  save(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#handles.values()].map((handle) => handle.closeShells()));
    this.#abort.abort(new Error("the lab is closed"));
    await Promise.allSettled([this.#queue, ...this.#ensuring]);
  }

  async #ensure(spec: MachineSpec): Promise<void> {
    this.#namesAreFree ??= this.#findFreeNames();
    await this.#namesAreFree;
    const changed = await this.#provisioner.bringUp(spec);
    if (!changed && this.#seen) return;
    if (changed) this.#labSnapshots?.forget();
    await this.#meet();
  }

  /** Nobody else's machines are ever taken for ours: names that another folder uses are not used here. */
  async #findFreeNames(): Promise<void> {
    if (Object.keys(this.#state.data.machines).length > 0) return;
    try {
      const ask = (): ReturnType<Multipass["list"]> => this.#client.list({ addresses: false });
      const taken = await asLabErrors("multipass", () => onceServiceAnswers(this.#client, ask));
      while (taken.some(({ name }) => this.#state.machine(name) !== undefined)) {
        this.#state.chooseOtherNames(this.#options.random);
      }
    } catch (error) {
      this.#namesAreFree = undefined;
      throw error;
    }
  }

  /** Notes addresses, lets the machines know each other's names. */
  async #meet(): Promise<void> {
    await this.#neighbours.introduce();
    this.#seen = true;
  }

  async #startAll(): Promise<void> {
    const { machines } = this.#state.data;
    const known = (await this.#directory.names()).flatMap((name) => {
      const record = machines[name];
      return record ? [{ name, role: record.role }] : [];
    });
    await Promise.all(known.map((spec) => this.#provisioner.bringUp(spec)));
    await this.#meet();
  }

  #handle(name: string): MultipassMachine {
    let handle = this.#handles.get(name);
    if (!handle) {
      handle = new MultipassMachine({
        client: this.#client,
        directory: this.#directory,
        clock: this.#options.clock,
        random: this.#options.random,
        name,
        instance: this.#state.instance(name),
      });
      this.#handles.set(name, handle);
    }
    return handle;
  }

  /** Resolves when nothing changes all machines any more and what was interrupted is finished. */
  async #settled(): Promise<void> {
    if (this.#state.data.intent) await this.#alone(() => Promise.resolve());
    else await this.#queue;
  }

  /** Writes down what is to be done, does it and notes that it is done. */
  #change(intent: Intent): Promise<void> {
    return this.#alone(async () => {
      this.#state.change((data) => void (data.intent = intent));
      await this.#finish();
    });
  }

  #alone<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(async () => {
      await Promise.allSettled(this.#ensuring);
      await this.#finish();
      return action();
    });
    this.#queue = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }

  /** Does what was written down, from its beginning: each of it may be repeated. */
  async #finish(): Promise<void> {
    const { intent } = this.#state.data;
    if (!intent) return;
    switch (intent.kind) {
      case "save":
        await this.#labSnapshots?.finishSave();
        break;
      case "restore":
        await this.#labSnapshots?.bringBack(intent.take);
        break;
      case "renew":
        await this.#renew();
        break;
      case "remove":
        await this.#discard(intent.machine);
        break;
      case "removeAll":
        for (const name of await this.#ours()) await this.#discard(name);
        break;
    }
    this.#state.change((data) => void delete data.intent);
    this.#labSnapshots?.forget();
    this.#directory.look.forget();
  }

  async #renew(): Promise<void> {
    const machines = Object.entries(this.#state.data.machines);
    if (this.#labSnapshots) await this.#labSnapshots.bringBack(undefined);
    else for (const [name] of machines) await this.#discard(name);
    for (const [name, { role }] of machines) await this.#provisioner.bringUp({ name, role });
    await this.#meet();
  }

  /** Every machine of ours, known or listed, also those that wait to be purged. */
  async #ours(): Promise<string[]> {
    const known = Object.keys(this.#state.data.machines);
    if (known.length === 0) return [];
    this.#directory.look.forget();
    return [...new Set([...known, ...(await this.#directory.look()).map(({ machine }) => machine)])];
  }

  /** Deletes a machine for good, whatever its state, also one whose launch is going on; forgets it then. */
  async #discard(name: string): Promise<void> {
    const known = this.#state.data.machines[name];
    const instance = this.#state.instance(name);
    await asLabErrors(name, async () => {
      const deleted = await this.#client.delete(instance);
      if (!deleted && known?.stage === "launching") await this.#catchLaunch(instance);
    });
    this.#handles.delete(name);
    this.#directory.look.forget();
    if (name === "master") rmSync(this.kubeconfigPath(), { force: true });
    this.#state.change(({ machines }) => void delete machines[name]);
  }

  /** A launch whose client was killed goes on in the service, where no list shows it until its image is there. */
  async #catchLaunch(instance: string): Promise<void> {
    const abort = new AbortController();
    const request = { name: instance, image: noImage, cpus: 1, memory: "1G", disk: "10G" };
    const asked = this.#client.launch(request, { signal: abort.signal, downloadAttempts: 1 }).then(
      () => "answered",
      () => "answered",
    );
    const pause = (): Promise<void> => this.#options.clock.sleep(lookAgainMs, this.#abort.signal);
    while ((await this.#client.state(instance)) === undefined) {
      if ((await Promise.race([asked, pause()])) === "answered") break;
    }
    abort.abort(new Error("it is being deleted"));
    await asked;
    await this.#client.delete(instance);
  }

  async #askHostAccess(): Promise<HostAccess> {
    const { machines } = this.#state.data;
    if (Object.keys(machines).length === 0) return { nodePorts: {} };
    const found = (await this.#directory.look()).filter(({ deleted }) => !deleted);
    const master = found.find(({ machine }) => machine === "master");
    const mayHaveCluster = master?.state === "running" && machines["master"]?.stage === "ready";
    const kubeconfig = this.kubeconfigPath();
    return hostAccessOf({
      addressOf: (name) => {
        const there = found.find(({ machine }) => machine === name);
        return there && this.#directory.address(there);
      },
      kubeconfig,
      fetch: mayHaveCluster ? () => fetchKubeconfig(this.#handle("master"), kubeconfig) : undefined,
    });
  }
}
