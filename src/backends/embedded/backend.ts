import { createHash } from "node:crypto";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import {
  type Backend,
  type BackendInfo,
  type HostAccess,
  type MachineSpec,
  type MachineSummary,
  type Pace,
  type Profile,
  courseNodePorts,
} from "../../domain/backend.ts";
import type { Clock, Random } from "../../domain/clock.ts";
import { LabError } from "../../domain/errors.ts";
import type { Machine } from "../../domain/machine.ts";
import type { Picture } from "../../domain/picture.ts";
import { EmbeddedLab } from "./lab.ts";
import type { HostBuild } from "./machine/machine.ts";
import { EmbeddedMachine, type ShellSlots } from "./machine-handle.ts";
import { type HostPort, type HostPorts, openHostPorts } from "./network/host-ports.ts";
import { StateFolder } from "./persistence/state-folder.ts";
import { observe } from "./picture/observe.ts";

const hostAddress = "127.0.0.1";
const apiPort = 6443;

/** The ports that lead into the lab. */
const doors: readonly { machine: string; port: number }[] = [{ machine: "master", port: apiPort }, ...courseNodePorts];

export interface EmbeddedOptions {
  /** Folder of this backend's saved state. */
  folder: string;
  profile: Profile;
  pace: Pace;
  clock: Clock;
  random: Random;
  /** The host's cargo may build what the modelled one refuses. */
  hostCargo?: boolean;
  /** How this computer's cargo is called; absent where there is none with the target. */
  hostBuild?: HostBuild;
  /** Lines for the learner. */
  onNotice?: (text: string) => void;
}

const embeddedInfo: BackendInfo = {
  id: "embedded",
  title: "embedded machines (modelled, in this process)",
  features: { lifecycle: true, snapshots: true, interactiveShell: true, hostPorts: true, simulated: true },
};

/** Opens the modelled machines, waking them when they were saved before. */
export async function openEmbeddedBackend(options: EmbeddedOptions): Promise<Backend> {
  const backend = new EmbeddedBackend(options);
  await backend.open();
  return backend;
}

class EmbeddedBackend implements Backend {
  readonly info = embeddedInfo;
  readonly snapshots = {
    per: "step" as const,
    save: async (id: string): Promise<void> => {
      this.#folder.saveSnapshot(id, () => this.#lab.collect());
    },
    restore: (id: string): Promise<void> => this.#restore(id),
    list: async (): Promise<string[]> => this.#folder.snapshots(),
    remove: async (id: string): Promise<void> => this.#folder.removeSnapshot(id),
  };
  readonly pictures = {
    now: async (): Promise<Picture> => observe(this.#lab.machines(), this.#lab.traffic),
    onChange: (listener: () => void): (() => void) => {
      this.#onlookers.add(listener);
      return () => this.#onlookers.delete(listener);
    },
  };
  #onlookers = new Set<() => void>();
  #options: EmbeddedOptions;
  #folder: StateFolder;
  #lab: EmbeddedLab;
  #handles = new Map<string, EmbeddedMachine>();
  #slots: ShellSlots = { shells: new Set() };
  #ports: HostPort[] = [];
  #doors: HostPorts | undefined;
  #wokenFrom: Readonly<Record<string, unknown>> | undefined;
  #kubeconfigDigest = "";

  constructor(options: EmbeddedOptions) {
    this.#options = options;
    this.#folder = new StateFolder(options.folder);
    const loaded = this.#folder.load();
    for (const notice of loaded?.notices ?? []) this.#notice(notice);
    this.#wokenFrom = loaded?.components;
    this.#lab = this.#makeLab(this.#wokenFrom);
  }

  async open(): Promise<void> {
    this.#folder.collectGarbage();
    const saved = this.#wokenFrom?.["ports"];
    const notice = (text: string): void => this.#notice(text);
    this.#ports = await choosePorts(isPortList(saved) ? saved : [], this.#options.random, notice);
    this.#openDoors();
    await this.#lab.resume();
    await this.#doors?.settled();
  }

  probe(): ReturnType<Backend["probe"]> {
    return Promise.resolve({ usable: true, detail: "runs in this process; nothing to install" });
  }

  async ensure(spec: MachineSpec): Promise<Machine> {
    await this.#lab.ensure(spec);
    return this.machine(spec.name);
  }

  async remove(name: string): Promise<void> {
    await this.#lab.remove(name);
    this.#handles.delete(name);
  }

  list(): Promise<MachineSummary[]> {
    return Promise.resolve(
      this.#lab.machines().map(({ name, address }) => ({ name, state: "running" as const, address })),
    );
  }

  machine(name: string): Promise<Machine> {
    if (!this.#lab.machine(name)) {
      return Promise.reject(
        new LabError("machine-unknown", `${name}: there is no such machine (yet)`, {
          remedy: "Run `wasm-k8s-lab start` or `wasm-k8s-lab up`; the machines are master, worker1 and worker2.",
          exitCode: 2,
        }),
      );
    }
    let handle = this.#handles.get(name);
    if (!handle) {
      handle = new EmbeddedMachine(name, () => this.#lab, this.#slots);
      this.#handles.set(name, handle);
    }
    return Promise.resolve(handle);
  }

  async hostAccess(): Promise<HostAccess> {
    await this.#doors?.settled();
    const nodePorts = Object.fromEntries(
      this.#ports
        .filter(({ port }) => port !== apiPort)
        .map(({ port, hostPort }) => [port, { address: hostAddress, port: hostPort }]),
    );
    const kubeconfig = this.#writeKubeconfig();
    return kubeconfig === undefined ? { nodePorts } : { nodePorts, kubeconfig, clusterId: this.#kubeconfigDigest };
  }

  kubeconfigPath(): string {
    return join(this.#options.folder, "kubeconfig");
  }

  async save(): Promise<void> {
    await this.#lab.persist();
  }

  async close(): Promise<void> {
    for (const shell of this.#slots.shells) shell.remember();
    try {
      await this.#lab.persist();
    } finally {
      await this.#doors?.close();
      await this.#lab.stop();
    }
  }

  #makeLab(saved: Readonly<Record<string, unknown>> | undefined, lastPass = 0): EmbeddedLab {
    const { profile, pace, clock, random, hostCargo = false, hostBuild } = this.#options;
    const lab = new EmbeddedLab({
      folder: this.#folder,
      profile,
      pace,
      clock,
      random,
      environment: { hostCargo, ...(hostBuild ? { hostBuild } : {}) },
      saved: saved && "lab" in saved ? saved : undefined,
      lastPass,
      onTrouble: (error) => this.#notice(`${error.message}. ${error.remedy}`),
    });
    lab.traffic.onChange(() => this.#tellOnlookers());
    const collect = lab.collect.bind(lab);
    lab.collect = () => {
      for (const shell of this.#slots.shells) shell.remember();
      return { ...collect(), ports: this.#ports };
    };
    return lab;
  }

  #openDoors(): void {
    this.#doors = openHostPorts({
      network: this.#lab.network,
      ports: this.#ports,
      hostAddress,
      onTaken: async ({ hostPort, machine, port }) => {
        const other = await freePort(this.#options.random);
        this.#notice(
          `Port ${hostPort} of this computer has been taken; ${other} stands in for it and leads to ${machine}:${port}.`,
        );
        return other;
      },
    });
  }

  async #restore(id: string): Promise<void> {
    const components = this.#folder.loadSnapshot(id);
    if (!components) {
      throw new LabError("snapshot-unknown", `${id}: there is no whole snapshot of that name`, {
        remedy: "`wasm-k8s-lab status` shows the steps that were begun.",
        exitCode: 2,
      });
    }
    await this.#become(components);
  }

  async renew(): Promise<void> {
    const specs = this.#lab.machines().map(({ name, role }) => ({ name, role }));
    await this.#become(undefined, specs);
  }

  /** Goes on with other machines: saved ones, or fresh ones. */
  async #become(
    components: Readonly<Record<string, unknown>> | undefined,
    fresh: readonly MachineSpec[] = [],
  ): Promise<void> {
    await this.#doors?.close();
    await this.#lab.stop();
    this.#lab = this.#makeLab(components, this.#lab.traffic.sequence);
    this.#openDoors();
    await this.#lab.resume();
    for (const spec of fresh) await this.#lab.ensure(spec);
    for (const shell of this.#slots.shells) shell.reopen();
    await this.#lab.persist();
    await this.#doors?.settled();
    this.#tellOnlookers();
  }

  #tellOnlookers(): void {
    for (const onlooker of this.#onlookers) onlooker();
  }

  /** Writes the kubeconfig for this computer from the master's own, when that has changed. */
  #writeKubeconfig(): string | undefined {
    const path = this.kubeconfigPath();
    const files = this.#lab.machine("master")?.rootFiles;
    if (!files?.exists("/etc/kubernetes/admin.conf")) {
      rmSync(path, { force: true });
      this.#kubeconfigDigest = "";
      return undefined;
    }
    const hostPort = this.#ports.find(({ port }) => port === apiPort)?.hostPort ?? apiPort;
    const text = files
      .readText("/etc/kubernetes/admin.conf")
      .replace(/^( *)server: .*$/m, `$1server: https://${hostAddress}:${hostPort}\n$1tls-server-name: kubernetes`);
    const digest = createHash("sha256").update(text).digest("hex");
    if (digest !== this.#kubeconfigDigest) {
      writeFileSync(path, text, { mode: 0o600 });
      chmodSync(path, 0o600);
      this.#kubeconfigDigest = digest;
    }
    return path;
  }

  #notice(text: string): void {
    this.#options.onNotice?.(text);
  }
}

/** The saved ports, or the usual ones, or where those are taken any free ones. */
async function choosePorts(
  saved: readonly HostPort[],
  random: Random,
  notice: (text: string) => void,
): Promise<HostPort[]> {
  const chosen: HostPort[] = [];
  for (const { machine, port } of doors) {
    const wanted = saved.find((each) => each.machine === machine && each.port === port)?.hostPort ?? port;
    const hostPort = (await isFree(wanted)) ? wanted : await freePort(random);
    if (hostPort !== wanted) {
      notice(`Port ${wanted} of this computer is taken; ${hostPort} stands in for it and leads to ${machine}:${port}.`);
    }
    chosen.push({ machine, port, hostPort });
  }
  return chosen;
}

const isFree = async (port: number): Promise<boolean> => (await tryListen(port)) !== undefined;

/** Below the ports that systems give to outgoing connections, so that it is still free when the lab wakes up. */
async function freePort(random: Random): Promise<number> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const port = 20_000 + Math.floor(random.next() * 10_000);
    if (await isFree(port)) return port;
  }
  const port = await tryListen(0);
  if (port !== undefined) return port;
  throw new LabError("no-free-port", `${hostAddress}: no port could be opened`, {
    remedy: "Allow this program to listen on 127.0.0.1.",
    exitCode: 5,
  });
}

function tryListen(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen(port, hostAddress, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : undefined));
    });
  });
}

function isPortList(value: unknown): value is HostPort[] {
  return Array.isArray(value) && value.every((each) => typeof each === "object" && each !== null && "hostPort" in each);
}
