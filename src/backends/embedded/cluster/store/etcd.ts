import type { Clock } from "../../../../domain/clock.ts";
import type { FileView } from "../../machine/files/file-system.ts";
import { isObject, numberAt, objectAt } from "../json.ts";
import { ObjectStore, type StoreContent, unsavedRevisions } from "./store.ts";

/** Where the API server finds the etcd of its machine. Simplified: a real one speaks gRPC on the client port. */
export const etcdSocket = "/run/etcd.sock";

const saveDelay = 200;
const leases = "leases.coordination.k8s.io";

/** The data that an etcd owns: a store, and the file in which it survives. */
export class EtcdData {
  readonly store = new ObjectStore();
  readonly #files: FileView;
  readonly #path: string;
  readonly #clock: Clock;
  #dirty = false;
  /** The first change is saved in any case: what a restored store has counted ahead is in no file yet. */
  #savedRevision = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;

  /** Reads `<directory>/member/snap/db`. Throws FileError, or SyntaxError for a file that is no database. */
  constructor(files: FileView, directory: string, clock: Clock) {
    this.#files = files;
    this.#path = `${directory}/member/snap/db`;
    this.#clock = clock;
    files.makeDirectories(`${directory}/member/snap`, 0o700);
    files.makeDirectories(`${directory}/member/wal`, 0o700);
    if (files.exists(this.#path)) this.store.restore(parseContent(files.readText(this.#path)));
    this.store.onChange = (resource) => this.#changed(resource);
  }

  /** Writes what is not in the file yet. */
  save(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (!this.#dirty) return;
    this.#dirty = false;
    // Removed below a running etcd, the data stays in its memory, but nothing can be written any more.
    if (!this.#files.isDirectory(this.#path.replace(/\/db$/, ""))) return;
    this.#savedRevision = this.store.revision;
    this.#files.writeWithMode(this.#path, this.store.serialise(), 0o600);
  }

  #changed(resource: string): void {
    // Leases are renewed all the time and mean nothing after a pause; only the revision must not be forgotten.
    if (resource === leases && this.store.revision - this.#savedRevision < unsavedRevisions / 2) return;
    this.#dirty = true;
    this.#cancel ??= this.#clock.after(saveDelay, () => this.save());
  }
}

function parseContent(text: string): StoreContent {
  const value: unknown = JSON.parse(text);
  const revision = numberAt(value, "revision");
  const stored = objectAt(value, "resources");
  if (revision === undefined || !stored) throw new SyntaxError("invalid database");
  const resources: StoreContent["resources"] = {};
  for (const [resource, objects] of Object.entries(stored)) {
    const kept: StoreContent["resources"][string] = {};
    for (const [key, object] of Object.entries(isObject(objects) ? objects : {}))
      if (isObject(object)) kept[key] = object;
    resources[resource] = kept;
  }
  return { revision, resources };
}
