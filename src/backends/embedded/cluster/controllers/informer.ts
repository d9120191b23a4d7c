import type { Clock } from "../../../../domain/clock.ts";
import type { KubeObject } from "../../../../domain/check.ts";
import type { ApiClient, ListOptions } from "../api.ts";
import { ApiError } from "../api.ts";
import type { ApiObject } from "./types.ts";
import { keyOf } from "./types.ts";

export type Change<T> = (object: T, before: T | undefined, deleted: boolean) => void;

/** A cache of one kind, kept by list and watch; listeners hear every change after the cache has it. */
export class Informer<T extends ApiObject> {
  readonly options: ListOptions;
  #client: ApiClient;
  #clock: Clock;
  #signal: AbortSignal;
  #objects = new Map<string, T>();
  /** Highest resource version that the list or the watch has shown. */
  #seen = 0;
  #listeners: Change<T>[] = [];
  #synced = Promise.withResolvers<void>();
  #isSynced = false;
  #onError: (error: unknown) => void;

  constructor(
    client: ApiClient,
    clock: Clock,
    options: ListOptions,
    signal: AbortSignal,
    onError: (error: unknown) => void = () => undefined,
  ) {
    this.#client = client;
    this.#clock = clock;
    this.options = options;
    this.#signal = signal;
    this.#onError = onError;
  }

  /** Begins to list and watch; lasts until the signal aborts. */
  start(): void {
    void this.#run();
  }

  onChange(listener: Change<T>): void {
    this.#listeners.push(listener);
  }

  /** Resolves when the first list is in the cache. */
  synced(): Promise<void> {
    return this.#synced.promise;
  }

  hasSynced(): boolean {
    return this.#isSynced;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(namespace?: string): T[] {
    const all = [...this.#objects.values()];
    return namespace === undefined ? all : all.filter((object) => object.metadata.namespace === namespace);
  }

  /** Takes in what a write of our own answered, so that the next reconcile does not act on the past. */
  learn(object: KubeObject): void {
    const written = object as T;
    const isNew = this.#objects.get(keyOf(object)) === undefined;
    // What the watch has gone past already and is not in the cache was deleted meanwhile.
    if (isNew && version(written) <= this.#seen) return;
    this.#apply(written);
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#signal.aborted) {
      try {
        const list = await this.#client.list(this.options);
        this.#seen = Math.max(this.#seen, Number(list.resourceVersion));
        this.#replace(list.items as T[]);
        this.#isSynced = true;
        this.#synced.resolve();
        await this.#watch(list.resourceVersion, () => {
          failures = 0;
        });
      } catch (error) {
        if (this.#signal.aborted) return;
        this.#onError(error);
      }
      failures += 1;
      const delay = failures < 3 ? 20 : Math.min(50 * 2 ** Math.min(failures, 6), 2_000);
      await this.#clock.sleep(delay, this.#signal).catch(() => undefined);
    }
  }

  async #watch(resourceVersion: string, onProgress: () => void): Promise<void> {
    let from = resourceVersion;
    while (!this.#signal.aborted) {
      for await (const event of this.#client.watch({ ...this.options, resourceVersion: from }, this.#signal)) {
        onProgress();
        if (event.type === "ERROR") throw statusError(event.object);
        const seen = (event.object.metadata as ApiObject["metadata"]).resourceVersion;
        if (seen !== undefined) {
          from = seen;
          this.#seen = Math.max(this.#seen, Number(seen));
        }
        if (event.type === "BOOKMARK") continue;
        if (event.type === "DELETED") this.#remove(event.object as T);
        else this.#apply(event.object as T);
      }
      // A watch that ends in good order goes on where it stopped; the pause keeps a broken server from being asked in a loop.
      if (!this.#signal.aborted) await this.#clock.sleep(20, this.#signal).catch(() => undefined);
    }
  }

  #replace(items: T[]): void {
    const keys = new Set(items.map((item) => keyOf(item)));
    for (const [key, object] of this.#objects) if (!keys.has(key)) this.#remove(object);
    for (const item of items) this.#apply(item);
  }

  #apply(object: T): void {
    const key = keyOf(object);
    const before = this.#objects.get(key);
    if (before && before.metadata.uid === object.metadata.uid && version(before) >= version(object)) return;
    this.#objects.set(key, object);
    for (const listener of this.#listeners) listener(object, before, false);
  }

  #remove(object: T): void {
    const key = keyOf(object);
    const before = this.#objects.get(key);
    if (!before) return;
    this.#objects.delete(key);
    for (const listener of this.#listeners) listener(object, before, true);
  }
}

const version = (object: ApiObject): number => Number(object.metadata.resourceVersion ?? 0);

function statusError(object: KubeObject): Error {
  const status = object as unknown as ApiError["status"];
  return new ApiError({ ...status, kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure" });
}
