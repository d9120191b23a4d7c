import type { MachineRole, MachineSpec } from "../../domain/backend.ts";
import { LabError } from "../../domain/errors.ts";
import type { MachineRecipe } from "../../domain/recipe.ts";
import { type Multipass, MultipassError } from "./client/index.ts";
import { asLabErrors, labErrorOf } from "./failures.ts";
import type { HostResources } from "./host.ts";
import { LaunchGate } from "./launch-gate.ts";
import type { ProvisioningProgress } from "./progress.ts";
import { requireResources } from "./resources.ts";
import { freshSnapshot } from "./snapshot-comment.ts";
import type { StateFile } from "./state.ts";

type MultipassProgress = Parameters<NonNullable<Parameters<Multipass["start"]>[1]>["onProgress"] & object>[0];

/** Written by `MachineRecipe.prepare` when it has come to its end. */
const preparedFolder = "/var/lib/wasm-k8s-lab";
const preparedMarker = `${preparedFolder}/prepared`;
const scriptPath = `${preparedFolder}/prepare.sh`;

/** Milliseconds for a boot with everything that cloud-init installs, on a slow network. */
const bootTimeoutMs = 30 * 60_000;

const allRoles: readonly MachineRole[] = ["master", "worker1", "worker2"];

export interface ProvisionerOptions {
  client: Multipass;
  state: StateFile;
  recipe: () => MachineRecipe;
  host: () => Promise<HostResources>;
  /** Machines may need more than this computer has. */
  overcommit: boolean;
  snapshots: boolean;
  progress: ProvisioningProgress;
  onNotice: (text: string) => void;
  signal: AbortSignal;
}

/**
 * Brings a machine from whatever state it is found in to a running, prepared one. Every step looks at the truth first
 * and can be interrupted at any point: the next call goes on from there.
 */
export class Provisioner {
  #options: ProvisionerOptions;
  #gate = new LaunchGate();

  constructor(options: ProvisionerOptions) {
    this.#options = options;
  }

  /** Resolves with true when the machine was started or made, false when it ran already. Throws LabError. */
  async bringUp(spec: MachineSpec): Promise<boolean> {
    const { client, state, progress } = this.#options;
    const name = state.instance(spec.name);
    const known = state.data.machines[spec.name];
    const found = await asLabErrors(spec.name, () => client.state(name));
    if (found === "Running" && known?.stage === "ready") return false;
    if (known && known.stage !== "launching") this.#gate.imageIsHere();
    if (!known) state.change(({ machines }) => void (machines[spec.name] = { role: spec.role, stage: "launching" }));
    progress.begin(spec.name);
    let ready = false;
    try {
      await this.#gate.pass(() => this.#provision(spec));
      ready = true;
    } finally {
      progress.end(spec.name, ready);
    }
    return true;
  }

  async #provision(spec: MachineSpec): Promise<void> {
    const { state } = this.#options;
    await this.#untilItRuns(spec);
    this.#gate.imageIsHere();
    if (state.data.machines[spec.name]?.stage === "launching") {
      await this.#prepare(spec);
      state.record(spec.name, { stage: "prepared" });
    }
    if (state.data.machines[spec.name]?.stage === "prepared") {
      await this.#keepFresh(spec);
      state.record(spec.name, { stage: "ready" });
    }
  }

  /** Tries what its state asks for; what does not answer has its plug pulled once, and what holds nothing is made anew. */
  async #untilItRuns(spec: MachineSpec): Promise<void> {
    const { client, state, onNotice } = this.#options;
    const name = state.instance(spec.name);
    const remedies: (() => Promise<unknown>)[] = [
      () => this.#pullThePlug(name),
      async () => {
        if (state.data.machines[spec.name]?.stage !== "launching") return;
        onNotice(`${spec.name}: never answered; it is made again.`);
        await client.delete(name);
      },
    ];
    for (;;) {
      try {
        await this.#step(spec, name);
        return;
      } catch (error) {
        const remedy = isSilent(error) ? remedies.shift() : undefined;
        if (!remedy) throw labErrorOf(error, spec.name);
        await asLabErrors(spec.name, remedy);
      }
    }
  }

  async #step(spec: MachineSpec, name: string): Promise<void> {
    const { client, state, progress, onNotice, signal } = this.#options;
    const boot = {
      timeoutMs: bootTimeoutMs,
      signal,
      onProgress: (told: MultipassProgress) => this.#tell(spec.name, told),
    };
    const found = await client.state(name);
    const stage = state.data.machines[spec.name]?.stage;
    if (found === "Deleted") {
      await client.recover(name);
      onNotice(`${spec.name}: had been deleted, but not purged; it is taken back.`);
    }
    if (found === undefined) {
      if (stage !== "launching") {
        onNotice(`${spec.name}: is gone from Multipass; it is made again, with nothing on it.`);
        state.change(({ machines }) => void (machines[spec.name] = { role: spec.role, stage: "launching" }));
      }
      await this.#launch(spec, name, boot);
    } else if (found === "Unknown") {
      throw new MultipassError("unknown-state", "the machine is in an unknown state", { command: "list" });
    } else if (stage === "launching") {
      progress.at(spec.name, "boot");
      await client.finishBoot(name, boot);
    } else {
      progress.at(spec.name, "boot");
      await client.start(name, boot);
    }
  }

  async #launch(spec: MachineSpec, name: string, boot: NonNullable<Parameters<Multipass["launch"]>[1]>): Promise<void> {
    const { client, state, overcommit, host } = this.#options;
    const recipe = this.#options.recipe();
    if (!overcommit) {
      const { machines } = state.data;
      const missing = allRoles.filter((role) => {
        const known = Object.values(machines).find((each) => each.role === role);
        return role === spec.role || !known || known.stage === "launching";
      });
      requireResources(recipe, missing, await host());
    }
    const { cpus, memoryMiB, diskGiB } = recipe.size(spec.role);
    const zone = await this.#zone();
    const request = {
      name,
      image: recipe.release,
      cpus,
      memory: `${memoryMiB}M`,
      disk: `${diskGiB}G`,
      cloudInit: recipe.userData(spec.role),
      ...(zone === undefined ? {} : { zone }),
    };
    try {
      await client.launch(request, boot);
    } catch (error) {
      // Somebody was faster, or had deleted it by hand: what is there now is looked at again.
      const there = error instanceof MultipassError && ["already-exists", "soft-deleted"].includes(error.code);
      if (!there) throw error;
      await this.#step(spec, name);
    }
  }

  /** One zone for all machines: those of different zones may not reach each other. */
  async #zone(): Promise<string | undefined> {
    const { client, state } = this.#options;
    if (state.data.zone !== undefined) return state.data.zone;
    const zones = await client.zones();
    const zone = zones.find(({ available }) => available)?.name;
    if (zone !== undefined) state.change((data) => void (data.zone = zone));
    return zone;
  }

  async #pullThePlug(name: string): Promise<void> {
    const { client } = this.#options;
    const { forcedStop } = await client.features();
    try {
      await client.stop(name, { force: forcedStop });
    } catch (error) {
      // What cannot even be stopped is left to the next remedy.
      if (!(error instanceof MultipassError)) throw error;
    }
  }

  /** Runs the recipe's script where cloud-init has not come to its end; twice, as mirrors and locks come back. */
  async #prepare({ name: machine, role }: MachineSpec): Promise<void> {
    const { client, state, progress, recipe } = this.#options;
    const name = state.instance(machine);
    progress.at(machine, "prepare");
    await asLabErrors(machine, async () => {
      if ((await client.exec(name, ["test", "-s", preparedMarker])).exitCode === 0) return;
      const script = recipe().prepare(role);
      const put = `mkdir -p ${preparedFolder} && cat > ${scriptPath}`;
      await client.exec(name, ["sudo", "bash", "-c", put], { stdin: script });
      let output = "";
      for (let attempt = 0; attempt < 2; attempt += 1) {
        const ran = await client.exec(name, ["sudo", "bash", "-c", `exec bash ${scriptPath} 2>&1 </dev/null`]);
        if (ran.exitCode === 0) return;
        output = new TextDecoder().decode(ran.stdout);
      }
      throw new LabError("prepare-failed", `${machine}: could not be prepared, got ${lastLines(output)}`, {
        remedy: "Check the network, then run the same command again: it goes on where it was.",
      });
    });
  }

  /** Keeps the machine as it is before any lab, to come back to; costs a restart, once. */
  async #keepFresh({ name: machine }: MachineSpec): Promise<void> {
    const { client, state, snapshots, progress, signal } = this.#options;
    if (!snapshots) return;
    const name = state.instance(machine);
    progress.at(machine, "prepare");
    await asLabErrors(machine, async () => {
      if ((await client.snapshots(name)).some((each) => each.name === freshSnapshot)) return;
      await client.stop(name, { signal });
      await client.snapshot(name, freshSnapshot, { comment: "wasm-k8s-lab: before any lab", signal });
    });
    await asLabErrors(machine, () => client.start(name, { timeoutMs: bootTimeoutMs, signal }));
  }

  #tell(machine: string, { stage, percent }: MultipassProgress): void {
    const { progress } = this.#options;
    switch (stage) {
      case "retrieving":
      case "extracting":
      case "verifying":
        progress.at(machine, "download", percent);
        break;
      case "creating":
      case "preparing":
      case "configuring":
        progress.at(machine, "create");
        break;
      case "starting":
        this.#gate.imageIsHere();
        progress.at(machine, "boot");
        break;
      case "waiting":
      case "cloud-init":
        progress.at(machine, "prepare");
        break;
      case "other":
        break;
    }
  }
}

/** True for failures of a machine that is there and does not come up. */
const isSilent = (error: unknown): boolean =>
  error instanceof MultipassError &&
  ["launch-timeout-ssh", "boot-failed", "unknown-state", "no-answer", "ssh-failed", "wrong-state"].includes(error.code);

/** What a person would look at first. */
function lastLines(output: string): string {
  const lines = output
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return lines.length > 0 ? lines.slice(-5).join(" | ") : "no output";
}
