import type { SnapshotStore } from "../../domain/backend.ts";
import { exitCodes, LabError } from "../../domain/errors.ts";
import { type Multipass, MultipassError } from "./client/index.ts";
import { asLabErrors } from "./failures.ts";
import {
  commentOf,
  freshSnapshot,
  type MachineSnapshot,
  nameOf,
  type Sorted,
  sortSnapshots,
  type Take,
} from "./snapshot-comment.ts";
import type { StateFile } from "./state.ts";

export interface LabSnapshotsOptions {
  client: Multipass;
  state: StateFile;
  signal: AbortSignal;
  /** Machines that are there now. */
  machines: () => Promise<string[]>;
  /** Starts every machine there is and writes down what has changed with that. */
  startAll: () => Promise<void>;
  /** Deletes a machine for good. */
  discard: (machine: string) => Promise<void>;
  /** Runs `action` while nothing else changes machines, after what was interrupted has been finished. */
  alone: <T>(action: () => Promise<T>) => Promise<T>;
}

/**
 * Snapshots of all machines at one moment. Multipass keeps them per machine and of stopped machines only, so taking one
 * restarts the lab; the comment says to which taking each belongs, and only what all machines have counts.
 */
export class LabSnapshots implements SnapshotStore {
  readonly per = "lab";
  #options: LabSnapshotsOptions;
  /** What is kept, until this process changes it. */
  #sorted: Promise<Sorted> | undefined;

  constructor(options: LabSnapshotsOptions) {
    this.#options = options;
  }

  /** Machines were made, removed or changed. */
  forget(): void {
    this.#sorted = undefined;
  }

  save(id: string): Promise<void> {
    return this.#options.alone(() => this.#save(id));
  }

  restore(id: string): Promise<void> {
    return this.#options.alone(async () => {
      const { whole } = await this.#known();
      const take = whole.find((each) => each.id === id);
      if (!take) {
        throw new LabError("snapshot-unknown", `${id}: there is no whole snapshot of that name`, {
          remedy: "`wasm-k8s-lab status` shows the steps that were begun.",
          exitCode: exitCodes.wrongUse,
        });
      }
      this.#options.state.change((data) => void (data.intent = { kind: "restore", take }));
      await this.bringBack(take);
      this.#options.state.change((data) => void delete data.intent);
    });
  }

  async list(): Promise<string[]> {
    const { whole } = await this.#known();
    return whole.map(({ id }) => id);
  }

  /** Deletes it at once where that can be done while the machines run, else when they stand still for the next one. */
  remove(id: string): Promise<void> {
    return this.#options.alone(async () => {
      const { whole, parts } = await this.#known();
      const take = whole.find((each) => each.id === id);
      if (!take) return;
      const { state } = this.#options;
      state.change((data) => void (data.dropped = [...(data.dropped ?? []), take.take]));
      this.forget();
      try {
        await this.#delete(parts.filter(({ name }) => name === nameOf(take)));
      } catch (error) {
        if (error instanceof MultipassError) return;
        throw error;
      }
      state.change((data) => void (data.dropped = data.dropped?.filter((each) => each !== take.take) ?? []));
      this.forget();
    });
  }

  /** Restores a taking; machines made after it are as they were before any lab. May be repeated after an interruption. */
  async bringBack(take: Take | undefined): Promise<void> {
    const { client, state, discard } = this.#options;
    const machines = await this.#options.machines();
    await this.#whileStopped(async () => {
      for (const machine of machines) {
        const name = state.instance(machine);
        const inTake = take?.machines.includes(machine) ?? false;
        const snapshot = inTake && take ? nameOf(take) : freshSnapshot;
        const has = inTake || (await client.snapshots(name)).some((each) => each.name === freshSnapshot);
        if (has) await this.#onStopped(machine, () => client.restore(name, snapshot, { signal: this.#options.signal }));
        else await discard(machine);
        state.record(machine, { hosts: "" });
      }
    });
    this.forget();
  }

  /** Deletes what interrupted takings have left. */
  async #tidy(): Promise<void> {
    this.forget();
    await this.#delete((await this.#known()).stale);
    this.#options.state.change((data) => void delete data.dropped);
    this.forget();
  }

  /** What is left to do where a saving was interrupted. */
  finishSave(): Promise<void> {
    return this.#whileStopped(() => this.#tidy());
  }

  async #save(id: string): Promise<void> {
    const { client, state, machines, signal } = this.#options;
    const names = await machines();
    const { next } = await this.#known();
    const take: Take = { id, take: next, machines: names };
    state.change((data) => void (data.intent = { kind: "save" }));
    await this.#whileStopped(async () => {
      try {
        for (const machine of names) {
          await this.#onStopped(machine, () =>
            client.snapshot(state.instance(machine), nameOf(take), { comment: commentOf(take), signal }),
          );
        }
      } finally {
        await this.#tidy();
      }
    });
    state.change((data) => void delete data.intent);
  }

  async #whileStopped(action: () => Promise<void>): Promise<void> {
    const { client, state, machines, startAll, signal } = this.#options;
    try {
      await Promise.all(
        (await machines()).map((machine) =>
          asLabErrors(machine, () => client.stop(state.instance(machine), { signal })),
        ),
      );
      await action();
    } catch (error) {
      // Why it failed is told; a machine that then does not start, either, tells of that when it is used.
      await startAll().catch(() => undefined);
      throw error;
    }
    await startAll();
  }

  /** Stops the machine again where a start that a killed process had asked for came in between. */
  #onStopped(machine: string, action: () => Promise<void>): Promise<void> {
    const { client, state, signal } = this.#options;
    return asLabErrors(machine, async () => {
      try {
        await action();
      } catch (error) {
        if (!(error instanceof MultipassError && error.code === "not-stopped")) throw error;
        await client.stop(state.instance(machine), { signal });
        await action();
      }
    });
  }

  async #delete(parts: readonly MachineSnapshot[]): Promise<void> {
    const { client, state } = this.#options;
    for (const { machine, name } of parts) await client.deleteSnapshot(state.instance(machine), name);
  }

  #known(): Promise<Sorted> {
    const read = async (): Promise<Sorted> => {
      const { client, state } = this.#options;
      const lists = (await this.#options.machines()).map(async (machine): Promise<MachineSnapshot[]> => {
        const found = await asLabErrors(machine, () => client.snapshots(state.instance(machine)));
        return found.map(({ name, comment }) => ({ machine, name, comment }));
      });
      return sortSnapshots((await Promise.all(lists)).flat(), state.data.dropped);
    };
    this.#sorted ??= read().catch((error: unknown) => {
      this.#sorted = undefined;
      throw error;
    });
    return this.#sorted;
  }
}
