import type { MachineRole, MachineSpec } from "../../domain/backend.ts";
import type { Clock } from "../../domain/clock.ts";
import { LabError } from "../../domain/errors.ts";
import type { MachineRecipe } from "../../domain/recipe.ts";
import {
  type InstanceState,
  type LaunchOptions,
  type Multipass,
  MultipassError,
  type MultipassErrorCode,
  type Progress,
} from "./client/index.ts";
import { asLabErrors, labErrorOf } from "./failures.ts";
import type { HostResources } from "./host.ts";
import { LaunchGate } from "./launch-gate.ts";
import type { ProvisioningProgress } from "./progress.ts";
import { requireResources } from "./resources.ts";
import { freshSnapshot } from "./snapshot-comment.ts";
import { onceServiceAnswers } from "./service.ts";
import type { StateFile } from "./state.ts";

/** Written by `MachineRecipe.prepare` when it has come to its end. */
const marker = "/var/lib/wasm-k8s-lab/prepared";
const scriptPath = "/var/lib/wasm-k8s-lab/prepare.sh";

/** A script that is read from a pipe would have its end eaten by the first of its commands that reads one. */
const prepareUnlessPrepared =
  `test -s ${marker} && exit; mkdir -p /var/lib/wasm-k8s-lab && cat >${scriptPath} && ` +
  `exec bash ${scriptPath} 2>&1 </dev/null`;

/** Milliseconds until a machine that did not answer is looked at again. */
const lookAgainMs = 5_000;

/** Milliseconds for a boot with everything that cloud-init installs, on a slow network. */
const bootTimeoutMs = 30 * 60_000;

const allRoles: readonly MachineRole[] = ["master", "worker1", "worker2"];

export interface ProvisionerOptions {
  client: Multipass;
  state: StateFile;
  clock: Clock;
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
    const found = await asLabErrors(spec.name, () => onceServiceAnswers(client, () => client.state(name)));
    if (found === "Running" && known?.stage === "ready") return false;
    if (known && known.stage !== "launching") this.#gate.imageIsHere();
    if (!known) state.change(({ machines }) => void (machines[spec.name] = { role: spec.role, stage: "launching" }));
    progress.begin(spec.name);
    let ready = false;
    try {
      await this.#gate.pass(() => this.#provision(spec, found));
      ready = true;
    } finally {
      progress.end(spec.name, ready);
    }
    return true;
  }

  /**
   * Goes through what is still to be done. A machine that does not answer has its plug pulled once; one that holds
   * nothing yet is then made anew.
   */
  async #provision(spec: MachineSpec, found: InstanceState | undefined): Promise<void> {
    const { client, state, clock, onNotice, signal } = this.#options;
    const name = state.instance(spec.name);
    const remedies: (() => Promise<unknown>)[] = [
      () => this.#pullThePlug(name),
      async () => {
        if (state.data.machines[spec.name]?.stage !== "launching") return;
        onNotice(`${spec.name}: never answered; it is made again.`);
        await client.delete(name);
      },
    ];
    let patience = 3;
    let look = Promise.resolve(found);
    for (;;) {
      try {
        await this.#step(spec, name, await look);
        this.#gate.imageIsHere();
        if (state.data.machines[spec.name]?.stage === "launching") {
          await this.#prepare(spec, name);
          state.record(spec.name, { stage: "prepared" });
        }
        if (state.data.machines[spec.name]?.stage === "prepared") {
          await this.#keepFresh(spec, name);
          state.record(spec.name, { stage: "ready" });
        }
        return;
      } catch (error) {
        if (isPassing(error) && patience > 0) {
          patience -= 1;
          await clock.sleep(lookAgainMs, signal);
        } else {
          const remedy = isPassing(error) || isSilent(error) ? remedies.shift() : undefined;
          if (!remedy) throw labErrorOf(error, spec.name);
          await asLabErrors(spec.name, remedy);
        }
        look = client.state(name);
      }
    }
  }

  /** Brings a machine that was found in some state to run. */
  async #step(spec: MachineSpec, name: string, found: InstanceState | undefined): Promise<void> {
    const { client, state, progress, onNotice, signal } = this.#options;
    const boot = {
      timeoutMs: bootTimeoutMs,
      signal,
      onProgress: (told: Progress) => this.#tell(spec.name, told),
    };
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
    } else if (found === "Unavailable") {
      throw new MultipassError("zone-unavailable", "the machine's zone is turned off", { command: "list" });
    } else if (stage === "launching") {
      progress.at(spec.name, "boot");
      await client.finishBoot(name, boot);
    } else {
      progress.at(spec.name, "boot");
      await client.start(name, boot);
    }
  }

  async #launch(spec: MachineSpec, name: string, boot: LaunchOptions): Promise<void> {
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
      image: recipe.image?.((await host()).architecture) ?? recipe.release,
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
      await this.#step(spec, name, await client.state(name));
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
  async #prepare({ name: machine, role }: MachineSpec, name: string): Promise<void> {
    const { client, progress, recipe } = this.#options;
    progress.at(machine, "prepare");
    const script = recipe().prepare(role);
    let output = "";
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const ran = await client.exec(name, ["sudo", "bash", "-c", prepareUnlessPrepared], { stdin: script });
      if (ran.exitCode === 0) return;
      output = new TextDecoder().decode(ran.stdout);
    }
    throw new LabError("prepare-failed", `${machine}: could not be prepared, got ${lastLines(output)}`, {
      remedy: "Check the network, then run the same command again: it goes on where it was.",
    });
  }

  /** Keeps the machine as it is before any lab, to come back to; costs a restart, once. */
  async #keepFresh({ name: machine }: MachineSpec, name: string): Promise<void> {
    const { client, snapshots, progress, signal } = this.#options;
    if (!snapshots) return;
    progress.at(machine, "prepare");
    await client.stop(name, { signal });
    try {
      await client.snapshot(name, freshSnapshot, { comment: "wasm-k8s-lab: before any lab", signal });
    } catch (error) {
      // It was taken before an interruption; nobody has used the machine since.
      if (!(error instanceof MultipassError && error.code === "snapshot-exists")) throw error;
    }
    await client.start(name, { timeoutMs: bootTimeoutMs, signal });
  }

  #tell(machine: string, { stage, percent }: Progress): void {
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

/** What is over by itself, most of the time: a lost connection, or what a killed process has asked for before. */
const isPassing = hasCode("no-answer", "ssh-failed", "connection-lost", "not-running", "not-stopped", "wrong-state");

/** A machine that is there and does not come up. */
const isSilent = hasCode("launch-timeout-ssh", "boot-failed", "unknown-state");

function hasCode(...codes: readonly MultipassErrorCode[]): (error: unknown) => boolean {
  return (error) => error instanceof MultipassError && codes.includes(error.code);
}

/** What a person would look at first. */
function lastLines(output: string): string {
  const lines = output
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return lines.length > 0 ? lines.slice(-5).join(" | ") : "no output";
}
