import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  type Backend,
  type BackendInfo,
  type HostAccess,
  type MachineRole,
  type MachineSpec,
  type MachineSummary,
  type Probe,
  type Provisioning,
} from "../../domain/backend.ts";
import type { Clock, Random } from "../../domain/clock.ts";
import { exitCodes, LabError } from "../../domain/errors.ts";
import type { Machine, TerminalCommand } from "../../domain/machine.ts";
import type { MachineRecipe } from "../../domain/recipe.ts";
import { hostsBlock, type MachineAddress, writeHosts } from "../../remote/hosts.ts";
import { hostAccessOf } from "../../remote/host-access.ts";
import { fetchKubeconfig } from "../../remote/kubeconfig.ts";
import { type Remembered, remember } from "../../remote/remember.ts";
import { RemoteMachine } from "../../remote/remote-machine.ts";
import { SshConnection } from "./connection.ts";
import { entriesOf, type Inventory, inventoryExample, keepInventory, readInventory } from "./inventory.ts";
import { prepare } from "./prepare.ts";
import { PreparedFile } from "./prepared-file.ts";
import { expectSuitable, type Facts, survey } from "./survey.ts";

export interface SshBackendOptions {
  /** Folder of the inventory that was kept, the kubeconfig and the shared connections. */
  folder: string;
  clock: Clock;
  random: Random;
  recipe: () => MachineRecipe;
  onNotice: (text: string) => void;
  onProgress: (provisioning: Provisioning) => void;
  /** Path of the inventory; without it, the one kept in `folder`. */
  inventory?: string;
}

/** Milliseconds for which an answer of a machine counts; every command of the learner asks. */
const countsMs = 2_000;
/** Milliseconds for which one that does not answer is left alone, unless it is needed: ssh waits long for it. */
const restMs = 20_000;

/**
 * Opens the machines that an inventory names, reached by this computer's ssh. They are somebody's own: none is made,
 * removed or reset. Throws LabError `inventory-invalid`, or `inventory-missing` when the one that was asked for is not there.
 */
export function openSshBackend(options: SshBackendOptions): Promise<Backend> {
  return new Promise((resolve) => resolve(new SshBackend(options)));
}

interface Entry {
  connection: SshConnection;
  machine: SshMachine;
  asked?: { answer: Promise<Facts>; until: number };
  /** It did not answer; nobody asks before this time whether it does now. */
  restsUntil?: number;
}

class SshMachine extends RemoteMachine {
  #connection: SshConnection;

  constructor(connection: SshConnection, options: ConstructorParameters<typeof RemoteMachine>[0]) {
    super(options);
    this.#connection = connection;
  }

  terminal(): TerminalCommand {
    return this.#connection.terminal();
  }
}

class SshBackend implements Backend {
  readonly info: BackendInfo = {
    id: "ssh",
    title: "Your own machines, by SSH",
    features: { lifecycle: false, snapshots: false, interactiveShell: true, hostPorts: false, simulated: false },
  };
  #options: SshBackendOptions;
  #inventory: Inventory | undefined;
  #entries = new Map<string, Entry>();
  #queue: Promise<unknown> = Promise.resolve();
  #prepared: PreparedFile;
  #kubeconfig: Remembered<{ clusterId: string } | undefined>;

  constructor(options: SshBackendOptions) {
    this.#options = options;
    this.#prepared = new PreparedFile(join(options.folder, "prepared.json"));
    this.#kubeconfig = remember(options.clock, () =>
      fetchKubeconfig(this.#entry("master").machine, this.kubeconfigPath()),
    );
    const kept = join(options.folder, "inventory.yaml");
    if (options.inventory !== undefined) {
      this.#inventory = readInventory(options.inventory);
      keepInventory(this.#inventory, kept);
    } else if (existsSync(kept)) this.#inventory = readInventory(kept);
    for (const [name, machine] of entriesOf(this.#inventory?.machines ?? {})) {
      const connection = new SshConnection({
        name,
        machine,
        ...(this.#inventory?.sshConfig === undefined ? {} : { sshConfig: this.#inventory.sshConfig }),
        folder: join(options.folder, "ssh"),
        random: options.random,
      });
      const remote = new SshMachine(connection, {
        name,
        transport: connection.transport("ubuntu"),
        address: async () => (await this.#facts(name)).address,
        state: async () => ((await this.#reachable(name)) ? "running" : "stopped"),
        clock: options.clock,
        random: options.random,
      });
      this.#entries.set(name, { connection, machine: remote });
    }
  }

  async probe(): Promise<Probe> {
    try {
      const names = [...this.#expectInventory().keys()];
      const found = await Promise.all(names.map((name) => this.#facts(name)));
      this.#expectDifferent(names, found);
      return {
        usable: true,
        detail: names.map((name, at) => `${name} is ${found[at]?.address}`).join(", "),
      };
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      const needsOther = error.exitCode === exitCodes.environmentNeedsOther;
      return { usable: false, detail: error.message, remedy: error.remedy, needsOther };
    }
  }

  /** One after the other, because each changes what the others know of it. */
  ensure(spec: MachineSpec): Promise<Machine> {
    const work = this.#queue.then(() => this.#ensure(spec));
    this.#queue = work.catch(() => undefined);
    return work;
  }

  async #ensure({ name, role }: MachineSpec): Promise<Machine> {
    const { onProgress, onNotice } = this.#options;
    const entry = this.#entry(name);
    const script = this.#options.recipe().prepare(role);
    const facts = await this.#facts(name);
    this.#expectDifferent([...this.#entries.keys()], await this.#factsOfOthers(name));
    if (!this.#prepared.holds(name, script, facts.identity)) {
      expectSuitable(name, facts, this.#options.recipe(), onNotice);
      onProgress({ machine: name, phase: "prepare" });
      await prepare(entry.connection, script);
      this.#prepared.prepared(name, script, facts.identity);
    }
    await this.#introduce();
    onProgress({ machine: name, phase: "ready" });
    return entry.machine;
  }

  /** They are not ours to remove. */
  async remove(): Promise<void> {
    await this.#queue;
  }

  async list(): Promise<MachineSummary[]> {
    const names = [...this.#expectInventory().keys()];
    return Promise.all(
      names.map(async (name): Promise<MachineSummary> => {
        const facts = await this.#reachable(name);
        return facts ? { name, state: "running", address: facts.address } : { name, state: "stopped" };
      }),
    );
  }

  machine(name: string): Promise<Machine> {
    return new Promise((resolve) => resolve(this.#entry(name).machine));
  }

  async hostAccess(): Promise<HostAccess> {
    if (!this.#inventory) return { nodePorts: {} };
    const masterAnswers = this.#entries.has("master") && (await this.#reachable("master")) !== undefined;
    return hostAccessOf({
      addressOf: async (name) => (this.#entries.has(name) ? (await this.#reachable(name))?.address : undefined),
      kubeconfig: this.kubeconfigPath(),
      fetch: masterAnswers ? this.#kubeconfig : undefined,
    });
  }

  kubeconfigPath(): string {
    return join(this.#options.folder, "kubeconfig");
  }

  /** The machines keep everything themselves. */
  save(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    await this.#queue;
    await Promise.all([...this.#entries.values()].map(({ machine }) => machine.closeShells()));
    await Promise.all([...this.#entries.values()].map(({ connection }) => connection.close()));
  }

  #expectInventory(): Map<string, Entry> {
    if (this.#inventory) return this.#entries;
    throw new LabError("inventory-missing", "--inventory: the ssh backend has to be told which machines to use", {
      remedy: `Write a file such as lab.yaml and give it once with \`--inventory lab.yaml\`:\n${inventoryExample.trimEnd()}`,
      exitCode: exitCodes.wrongUse,
    });
  }

  #entry(name: string): Entry {
    const entry = this.#expectInventory().get(name);
    if (entry) return entry;
    throw new LabError("machine-unknown", `${name}: the inventory names no such machine`, {
      remedy: `Add it below \`machines\` in your inventory, and give it again with \`--inventory\`.`,
    });
  }

  /** What a machine says about itself, not older than two seconds. */
  #facts(name: string): Promise<Facts> {
    const entry = this.#entry(name);
    const { clock } = this.#options;
    if (entry.asked && clock.monotonic() < entry.asked.until) return entry.asked.answer;
    const answer = survey(entry.connection).then((facts) => {
      const address = this.#inventory?.machines[name as MachineRole]?.address;
      return address === undefined ? facts : { ...facts, address };
    });
    const asked = { answer, until: Number.POSITIVE_INFINITY };
    entry.asked = asked;
    const ended = (restsUntil: number): void => {
      asked.until = clock.monotonic() + countsMs;
      entry.restsUntil = restsUntil;
    };
    answer.then(
      () => ended(0),
      () => ended(clock.monotonic() + restMs),
    );
    return answer;
  }

  async #reachable(name: string): Promise<Facts | undefined> {
    if (this.#options.clock.monotonic() < (this.#entry(name).restsUntil ?? 0)) return undefined;
    try {
      return await this.#facts(name);
    } catch (error) {
      if (error instanceof LabError) return undefined;
      throw error;
    }
  }

  /** In the order of the entries; undefined for those that do not answer. */
  #factsOfOthers(name: string): Promise<(Facts | undefined)[]> {
    return Promise.all(
      [...this.#entries.keys()].map((each) => (each === name ? this.#facts(each) : this.#reachable(each))),
    );
  }

  #expectDifferent(names: readonly string[], found: readonly (Facts | undefined)[]): void {
    const seen = new Map<string, string>();
    for (const [at, name] of names.entries()) {
      const facts = found[at];
      if (!facts) continue;
      const other = seen.get(facts.identity);
      if (other !== undefined) {
        throw new LabError(
          "machine-twice",
          `${name}: is the same computer as ${other}, got ${facts.address} for both`,
          {
            remedy: "Name a computer of its own for each machine in the inventory.",
          },
        );
      }
      seen.set(facts.identity, name);
    }
  }

  /** Tells the machines that are prepared each other's addresses. */
  async #introduce(): Promise<void> {
    const known: MachineAddress[] = [];
    for (const name of this.#prepared.names) {
      const facts = this.#entries.has(name) ? await this.#reachable(name) : undefined;
      if (facts) known.push({ name, address: facts.address });
    }
    const hosts = hostsBlock(known);
    for (const { name } of known) {
      if (this.#prepared.hostsOf(name) === hosts) continue;
      await writeHosts(this.#entry(name).machine, known);
      this.#prepared.introduced(name, hosts);
    }
  }
}
