import type { MachineRole, MachineSpec, Pace, Profile } from "../../domain/backend.ts";
import type { Cancel, Clock, Random } from "../../domain/clock.ts";
import { LabError } from "../../domain/errors.ts";
import type { Environment, EnvironmentOptions } from "./machine/machine.ts";
import type { SavedShell } from "./machine/session.ts";
import { createProcesses } from "./machine/processes.ts";
import { type ComputerHandle, createMachine, type SavedMachine } from "./machine/system/modelled-machine.ts";
import { aptHosts } from "./network/internet/hosts/apt-index.ts";
import { createInternet } from "./network/internet/create-internet.ts";
import { createLabNetwork, type EmbeddedNetwork } from "./network/lab-network.ts";
import { createPacing } from "./pacing.ts";
import { Traffic } from "./picture/traffic.ts";
import { moduleRunnerOf } from "./runtime/containers/wasm-process.ts";
import type { StateFolder } from "./persistence/state-folder.ts";
import { programs } from "./programs.ts";
import { type RandomState, SavedRandom } from "./random.ts";

/** Addresses of the machines, as in the thesis's figures. */
const addresses: Readonly<Record<MachineRole, string>> = {
  master: "10.0.0.182",
  worker1: "10.0.0.177",
  worker2: "10.0.0.150",
};

/** Milliseconds after which a change is on disk at the latest. */
const saveDelayMs = 1_000;

/** Most workers that are started ahead of their modules. */
const preparedLimit = 16;

interface SavedLab {
  profile: Profile;
  random: RandomState;
  /** Milliseconds the lab had been running. */
  monotonic: number;
  machines: { name: string; role: MachineRole }[];
  /** Wasm modules that ran; absent in older labs. */
  modules?: number;
  /** What the shells of the panes keep, by `machine/number`. */
  shells: Record<string, SavedShell>;
  /** What kube-proxy programmed, by machine: the kernel of a suspended machine keeps it. */
  serviceRules?: Record<
    string,
    { clusterAddresses: [string, readonly string[]][]; nodePorts: [number, readonly string[]][] }
  >;
}

export interface LabOptions {
  folder: StateFolder;
  profile: Profile;
  pace: Pace;
  clock: Clock;
  /** Seeds a fresh lab. */
  random: Random;
  environment: EnvironmentOptions;
  /** Components of a saved lab. */
  saved: Readonly<Record<string, unknown>> | undefined;
  /** The last pass that was seen in an earlier state of this lab. */
  lastPass?: number;
  /** A save by itself failed; the lab goes on. */
  onTrouble: (error: LabError) => void;
}

/** All machines of one modelled lab, what they share, and how they are saved. */
export class EmbeddedLab {
  readonly environment: Environment;
  readonly network: EmbeddedNetwork;
  readonly shells: Record<string, SavedShell>;
  readonly profile: Profile;
  readonly traffic: Traffic;
  #options: LabOptions;
  #random: SavedRandom;
  #clock: Clock;
  #machines = new Map<string, ComputerHandle>();
  #beforePersist = new Set<() => void>();
  #dirty = false;
  #cancelSave: Cancel | undefined;
  #pending: Promise<void> | undefined;
  #closed = false;

  constructor(options: LabOptions) {
    this.#options = options;
    const saved = options.saved?.["lab"] as SavedLab | undefined;
    this.profile = saved?.profile ?? options.profile;
    this.shells = saved?.shells ?? {};
    this.#random = saved ? new SavedRandom(saved.random) : SavedRandom.fromSeed(options.random.bytes(16));
    this.#clock = continued(options.clock, saved?.monotonic ?? 0);
    const clock = this.#clock;
    const machine = (name: string): ComputerHandle | undefined => this.#machines.get(name);
    const machines = (): ComputerHandle[] => [...this.#machines.values()];
    const internet = createInternet({
      profile: this.profile,
      clock,
      blobs: options.folder,
      others: aptHosts(this.profile),
    });
    this.traffic = new Traffic(clock, options.lastPass);
    this.network = createLabNetwork({ machine, machines, internet, clock, traffic: this.traffic });
    this.environment = {
      profile: this.profile,
      clock,
      random: this.#random,
      pacing: createPacing(options.pace, clock),
      network: this.network,
      blobs: options.folder,
      options: options.environment,
      traffic: this.traffic,
      machine,
      machines,
      persist: () => this.persist(),
      touch: () => this.#touch(),
      beforePersist: (callback) => {
        this.#beforePersist.add(callback);
        return () => this.#beforePersist.delete(callback);
      },
    };
    // Starting a worker takes longer than the rest of a wake-up, and another core can do it meanwhile.
    moduleRunnerOf(this.environment).prepare(Math.min(saved?.modules ?? 0, preparedLimit));
    for (const { name, role } of saved?.machines ?? []) {
      this.#add({ name, role }, options.saved?.[`machine-${name}`] as SavedMachine | undefined);
      const rules = saved?.serviceRules?.[name];
      if (!rules) continue;
      const { clusterAddresses, nodePorts } = rules;
      this.network.setServiceRules(name, {
        clusterAddresses: new Map(clusterAddresses),
        nodePorts: new Map(nodePorts),
      });
    }
  }

  /** Starts what ran when the lab was saved. */
  async resume(): Promise<void> {
    // The master first: the others' kubelets look for its API at once.
    const [first, ...others] = this.#machines.values();
    await first?.resume();
    await Promise.all(others.map((machine) => machine.resume()));
    moduleRunnerOf(this.environment).close();
  }

  machine(name: string): ComputerHandle | undefined {
    return this.#machines.get(name);
  }

  machines(): ComputerHandle[] {
    return [...this.#machines.values()];
  }

  async ensure(spec: MachineSpec): Promise<void> {
    if (this.#machines.has(spec.name)) return;
    await this.#add(spec, undefined).boot();
    await this.persist();
  }

  async remove(name: string): Promise<void> {
    await this.#machines.get(name)?.shutdown();
    this.#machines.delete(name);
    await this.persist();
  }

  /** Resolves when everything up to now is on disk; calls at the same time share one save. */
  persist(): Promise<void> {
    this.#pending ??= Promise.resolve().then(() => {
      this.#pending = undefined;
      this.#saveNow();
    });
    return this.#pending;
  }

  /** Like persist, but a full disk is told to the learner and tried again by itself: what was done stays done. */
  async persistOrTell(): Promise<void> {
    try {
      await this.persist();
    } catch (error) {
      this.#tell(error);
    }
  }

  /** What is saved, by component. */
  collect(): Record<string, unknown> {
    for (const callback of this.#beforePersist) callback();
    const serviceRules: NonNullable<SavedLab["serviceRules"]> = {};
    const lab: SavedLab = {
      profile: this.profile,
      random: this.#random.state,
      monotonic: this.#clock.monotonic(),
      machines: this.machines().map(({ name, role }) => ({ name, role })),
      modules: moduleRunnerOf(this.environment).running(),
      shells: this.shells,
      serviceRules,
    };
    for (const { name } of this.machines()) {
      const rules = this.network.serviceRules(name);
      if (!rules) continue;
      serviceRules[name] = { clusterAddresses: [...rules.clusterAddresses], nodePorts: [...rules.nodePorts] };
    }
    const components: Record<string, unknown> = { lab };
    for (const machine of this.#machines.values()) components[`machine-${machine.name}`] = machine.snapshot();
    return components;
  }

  /** Ends every process without saving. */
  async stop(): Promise<void> {
    this.#closed = true;
    this.#cancelSave?.();
    for (const machine of this.#machines.values()) await machine.shutdown();
    moduleRunnerOf(this.environment).close();
  }

  #add(spec: MachineSpec, saved: SavedMachine | undefined): ComputerHandle {
    const machine = createMachine({
      name: spec.name,
      role: spec.role,
      address: addresses[spec.role],
      environment: this.environment,
      programs,
      createProcesses,
      ...(saved ? { saved } : {}),
    });
    machine.files.onChange(() => this.#touch());
    this.#machines.set(spec.name, machine);
    return machine;
  }

  #touch(): void {
    this.traffic.changed();
    if (this.#dirty || this.#closed) return;
    this.#dirty = true;
    this.#cancelSave = this.#clock.after(saveDelayMs, () => {
      try {
        this.#saveNow();
      } catch (error) {
        this.#tell(error);
      }
    });
  }

  #tell(error: unknown): void {
    if (!(error instanceof LabError)) throw error;
    this.#options.onTrouble(error);
    this.#touch();
  }

  #saveNow(): void {
    if (this.#closed) return;
    this.#cancelSave?.();
    // Cleared first: what changes while components are collected must be saved again.
    this.#dirty = false;
    this.#options.folder.save(() => this.collect());
  }
}

/** A clock whose running time goes on where the saved lab stopped. */
function continued(clock: Clock, from: number): Clock {
  const begin = clock.monotonic();
  return { ...clock, monotonic: () => from + clock.monotonic() - begin };
}
