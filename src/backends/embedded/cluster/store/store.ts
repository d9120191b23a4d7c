import { expired } from "../api-server/errors.ts";
import type { JsonObject } from "../json.ts";

export interface StoredEvent {
  type: "ADDED" | "MODIFIED" | "DELETED";
  revision: number;
  object: JsonObject;
  /** What it was before; absent when it was made. */
  previous?: JsonObject;
}

interface LogEntry extends StoredEvent {
  resource: string;
}

export interface StoreContent {
  revision: number;
  /** Objects by resource, then by key. */
  resources: Record<string, Record<string, JsonObject>>;
}

const historyLimit = 1000;
/** How far the revision may run ahead of what is saved. */
export const unsavedRevisions = 1000;

/**
 * Objects by resource and key with one revision that only grows, and a bounded history to watch from.
 * Stored objects are shared by all readers and never changed: who wants to change one copies it first.
 */
export class ObjectStore {
  #revision = 1;
  #oldest = 0;
  readonly #resources = new Map<string, Map<string, JsonObject>>();
  readonly #listeners = new Map<string, Set<(event: StoredEvent) => void>>();
  #log: LogEntry[] = [];
  readonly #closeListeners = new Set<() => void>();
  /** Called after every change, with its resource. */
  onChange: (resource: string) => void = () => undefined;

  get revision(): number {
    return this.#revision;
  }

  /** Revisions up to this one can no longer be watched from. */
  get oldest(): number {
    return this.#oldest;
  }

  get(resource: string, key: string): JsonObject | undefined {
    return this.#resources.get(resource)?.get(key);
  }

  /** In the order of their keys. */
  list(resource: string, prefix = ""): JsonObject[] {
    const found: [string, JsonObject][] = [];
    for (const entry of this.#resources.get(resource) ?? []) if (entry[0].startsWith(prefix)) found.push(entry);
    return found.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
  }

  /** Everything, with the revision that made it (unknown after a restart) and how often it was written since. */
  *entries(): Generator<{
    resource: string;
    key: string;
    object: JsonObject;
    created: number | undefined;
    version: number;
  }> {
    for (const [resource, objects] of this.#resources) {
      for (const [key, object] of objects) {
        const mark = marks.get(object);
        yield { resource, key, object, created: mark?.created, version: mark?.version ?? 1 };
      }
    }
  }

  size(resource: string): number {
    return this.#resources.get(resource)?.size ?? 0;
  }

  /** Stores what `build` makes of the next revision. */
  put(resource: string, key: string, build: (revision: number) => JsonObject): JsonObject {
    const objects = this.#objects(resource);
    const previous = objects.get(key);
    this.#revision += 1;
    const object = build(this.#revision);
    const before = previous && marks.get(previous);
    marks.set(object, { created: before?.created ?? this.#revision, version: (before?.version ?? 0) + 1 });
    objects.set(key, object);
    this.#record({
      resource,
      type: previous ? "MODIFIED" : "ADDED",
      revision: this.#revision,
      object,
      ...(previous ? { previous } : {}),
    });
    return object;
  }

  /** `build` makes the object's last state, which watchers see with the revision of the deletion. */
  delete(resource: string, key: string, build: (revision: number) => JsonObject): JsonObject | undefined {
    const objects = this.#objects(resource);
    const previous = objects.get(key);
    if (!previous) return undefined;
    this.#revision += 1;
    objects.delete(key);
    const object = build(this.#revision);
    this.#record({ resource, type: "DELETED", revision: this.#revision, object, previous });
    return object;
  }

  /**
   * Calls `listener` for every change of a resource after `revision`, those of the past at once.
   * Throws ApiError Expired when the history does not reach back that far.
   */
  watch(resource: string, revision: number, listener: (event: StoredEvent) => void): () => void {
    if (revision < this.#oldest) throw expired(revision, this.#oldest);
    const listeners = this.#listeners.get(resource) ?? new Set();
    this.#listeners.set(resource, listeners);
    for (const entry of this.#log) if (entry.revision > revision && entry.resource === resource) listener(entry);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Calls back when the store's owner ends; returns how to stop. */
  onClose(listener: () => void): () => void {
    this.#closeListeners.add(listener);
    return () => this.#closeListeners.delete(listener);
  }

  /** Ends every watch. */
  close(): void {
    for (const listener of this.#closeListeners) listener();
  }

  /** One JSON document; texts of unchanged objects are kept between calls. */
  serialise(): string {
    const resources: string[] = [];
    for (const [resource, objects] of this.#resources) {
      const items: string[] = [];
      for (const [key, object] of objects) items.push(`${JSON.stringify(key)}:${jsonOf(object)}`);
      resources.push(`${JSON.stringify(resource)}:{${items.join(",\n")}}`);
    }
    return `{"revision":${this.#revision},"resources":{${resources.join(",\n")}}}\n`;
  }

  /** Takes over saved content. The revision jumps ahead, past all that was seen but not saved before a crash. */
  restore(content: StoreContent): void {
    this.#revision = content.revision + unsavedRevisions;
    this.#oldest = this.#revision;
    this.#log = [];
    this.#resources.clear();
    for (const [resource, objects] of Object.entries(content.resources)) {
      this.#resources.set(resource, new Map(Object.entries(objects)));
    }
  }

  #objects(resource: string): Map<string, JsonObject> {
    const found = this.#resources.get(resource);
    if (found) return found;
    const made = new Map<string, JsonObject>();
    this.#resources.set(resource, made);
    return made;
  }

  #record(entry: LogEntry): void {
    this.#log.push(entry);
    if (this.#log.length > historyLimit) {
      this.#log = this.#log.slice(historyLimit / 4);
      this.#oldest = (this.#log[0]?.revision ?? 1) - 1;
    }
    for (const listener of this.#listeners.get(entry.resource) ?? []) listener(entry);
    this.onChange(entry.resource);
  }
}

const marks = new WeakMap<JsonObject, { created: number; version: number }>();
const texts = new WeakMap<JsonObject, string>();

/** A stored object as JSON, made once. */
export function jsonOf(object: JsonObject): string {
  const known = texts.get(object);
  if (known !== undefined) return known;
  const text = JSON.stringify(object);
  texts.set(object, text);
  return text;
}
