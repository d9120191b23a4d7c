import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { LabError } from "../../../domain/errors.ts";
import type { BlobStore } from "../machine/files/file-system.ts";

const formatVersion = 1;
/** Bytes; image manifests and configurations are far smaller. */
const jsonBlobLimit = 65_536;

interface Manifest {
  formatVersion: number;
  generation: number;
  /** Component name to the SHA-256 of its JSON. */
  components: Record<string, string>;
  /** Every blob that the components name. */
  blobs: string[];
}

export interface LoadedState {
  components: Record<string, unknown>;
  /** What was damaged and what was done about it, for the learner. */
  notices: string[];
}

/**
 * The saved lab: content-addressed objects and a manifest that names them. A save writes new objects, then swaps the
 * manifest in one rename, so that a crash at any moment leaves either the old or the new state, and the manifest before
 * it stays as the older copy.
 */
export class StateFolder implements BlobStore {
  readonly path: string;
  #objects: string;
  #generation = 0;
  #memory = new Map<string, Uint8Array>();
  #onDisk = new Set<string>();
  /** The component texts of the last save, so that what did not change costs nothing. */
  #last = new Map<string, { text: string; digest: string; named: readonly string[] }>();
  /** What each blob names when it is JSON; contents never change. */
  #namedBy = new Map<string, readonly string[]>();
  /** Objects of the manifest on disk and of the one before it. */
  #current = new Set<string>();
  #previous = new Set<string>();
  #inSnapshots = new Set<string>();

  constructor(path: string) {
    this.path = path;
    this.#objects = join(path, "objects");
    mkdirSync(this.#objects, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(this.#objects)) {
      if (/^[0-9a-f]{64}$/.test(name)) this.#onDisk.add(name);
      else rmSync(join(this.#objects, name), { force: true });
    }
  }

  put(bytes: Uint8Array, known?: string): string {
    const digest = known ?? sha256(bytes);
    if (!this.#onDisk.has(digest) && !this.#memory.has(digest)) this.#memory.set(digest, bytes.slice());
    return digest;
  }

  get(digest: string): Uint8Array {
    const bytes = this.#memory.get(digest) ?? this.#read(digest);
    if (!bytes) {
      throw new LabError("state-object-missing", `${join(this.#objects, digest)}: the saved content is missing`, {
        remedy: "Run `wasm-k8s-lab reset` to begin again, or restore the folder from a copy.",
      });
    }
    return bytes;
  }

  has(digest: string): boolean {
    return this.#memory.has(digest) || this.#onDisk.has(digest);
  }

  /** The newest state that is whole; undefined when there is none. */
  load(): LoadedState | undefined {
    const notices: string[] = [];
    for (const name of ["state.json", "state.previous.json"]) {
      const path = join(this.path, name);
      if (!existsSync(path)) continue;
      const manifest = this.#readManifest(path);
      const components = manifest && this.#readComponents(manifest);
      if (manifest && components) {
        this.#generation = manifest.generation;
        return { components, notices };
      }
      const aside = `${path}.damaged-${this.#freeNumber(`${path}.damaged-`)}`;
      renameSync(path, aside);
      notices.push(`${path}: the saved lab is damaged; set aside as ${aside}, going on with the older copy.`);
    }
    return notices.length > 0 ? { components: {}, notices } : undefined;
  }

  /**
   * Saves the components. `collect` makes their JSON; blobs that it puts are saved with them.
   * Throws LabError `disk-full` or `state-not-saved`; the state on disk is then the one before.
   */
  save(collect: () => Record<string, unknown>): void {
    this.#attempt(() => {
      const manifest = this.#manifestOf(collect());
      const current = join(this.path, "state.json");
      const next = join(this.path, "state.next.json");
      writeDurably(next, encode(manifest));
      if (existsSync(current)) renameSync(current, join(this.path, "state.previous.json"));
      renameSync(next, current);
      syncFolder(this.path);
      const older = this.#previous;
      this.#previous = this.#current;
      this.#current = objectsOf(manifest);
      for (const digest of older) {
        const isNamed = [this.#current, this.#previous, this.#inSnapshots].some((names) => names.has(digest));
        if (!isNamed) this.#removeObject(digest);
      }
    });
  }

  /** Saves a named copy beside the current state; costs only what differs. */
  saveSnapshot(id: string, collect: () => Record<string, unknown>): void {
    this.#attempt(() => {
      const folder = join(this.path, "snapshots");
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const manifest = this.#manifestOf(collect());
      writeDurably(join(folder, `${fileName(id)}.next`), encode(manifest));
      renameSync(join(folder, `${fileName(id)}.next`), join(folder, `${fileName(id)}.json`));
      syncFolder(folder);
      for (const digest of objectsOf(manifest)) this.#inSnapshots.add(digest);
    });
  }

  loadSnapshot(id: string): Record<string, unknown> | undefined {
    const manifest = this.#readManifest(join(this.path, "snapshots", `${fileName(id)}.json`));
    return manifest && this.#readComponents(manifest);
  }

  snapshots(): string[] {
    const folder = join(this.path, "snapshots");
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .map((name) => decodeURIComponent(name.slice(0, -".json".length)));
  }

  removeSnapshot(id: string): void {
    rmSync(join(this.path, "snapshots", `${fileName(id)}.json`), { force: true });
  }

  /** Removes objects that no manifest names. */
  collectGarbage(): void {
    const named = (path: string): Set<string> => {
      const manifest = this.#readManifest(path);
      return manifest ? objectsOf(manifest) : new Set();
    };
    this.#current = named(join(this.path, "state.json"));
    this.#previous = named(join(this.path, "state.previous.json"));
    this.#inSnapshots = new Set();
    for (const id of this.snapshots()) {
      for (const digest of named(join(this.path, "snapshots", `${fileName(id)}.json`))) this.#inSnapshots.add(digest);
    }
    for (const digest of this.#onDisk) {
      const isNamed = [this.#current, this.#previous, this.#inSnapshots].some((names) => names.has(digest));
      if (!isNamed) this.#removeObject(digest);
    }
  }

  #removeObject(digest: string): void {
    rmSync(join(this.#objects, digest), { force: true });
    this.#onDisk.delete(digest);
    this.#namedBy.delete(digest);
  }

  #manifestOf(components: Record<string, unknown>): Manifest {
    const digests: Record<string, string> = {};
    const blobs = new Set<string>();
    const onDiskBefore = this.#onDisk.size;
    for (const [name, value] of Object.entries(components)) {
      const text = JSON.stringify(value);
      let last = this.#last.get(name);
      if (last?.text !== text) {
        const bytes = new TextEncoder().encode(text);
        last = { text, digest: sha256(bytes), named: digestsIn(text) };
        if (!this.#onDisk.has(last.digest)) this.#writeObject(last.digest, bytes);
        this.#last.set(name, last);
      } else if (!this.#onDisk.has(last.digest)) this.#writeObject(last.digest, new TextEncoder().encode(text));
      digests[name] = last.digest;
      this.#addNamedBlobs(last.named, blobs);
    }
    for (const digest of blobs) {
      const bytes = this.#memory.get(digest);
      if (bytes && !this.#onDisk.has(digest)) this.#writeObject(digest, bytes);
      this.#memory.delete(digest);
    }
    if (this.#onDisk.size !== onDiskBefore) syncFolder(this.#objects);
    this.#generation += 1;
    return { formatVersion, generation: this.#generation, components: digests, blobs: [...blobs] };
  }

  /** Adds those of the digests that are blobs, and what those name when they are JSON (image manifests). */
  #addNamedBlobs(digests: readonly string[], blobs: Set<string>): void {
    for (const digest of digests) {
      if (blobs.has(digest) || !this.has(digest)) continue;
      blobs.add(digest);
      let named = this.#namedBy.get(digest);
      if (!named) {
        const bytes = this.get(digest);
        const isJson = bytes[0] === 0x7b && bytes.length <= jsonBlobLimit;
        named = isJson ? digestsIn(new TextDecoder().decode(bytes)) : [];
        this.#namedBy.set(digest, named);
      }
      this.#addNamedBlobs(named, blobs);
    }
  }

  #writeObject(digest: string, bytes: Uint8Array): void {
    const path = join(this.#objects, digest);
    writeDurably(`${path}.next`, bytes);
    renameSync(`${path}.next`, path);
    this.#onDisk.add(digest);
  }

  #readManifest(path: string): Manifest | undefined {
    try {
      const value: unknown = JSON.parse(readFileSync(path, "utf8"));
      return isManifest(value) ? value : undefined;
    } catch {
      return undefined;
    }
  }

  #readComponents(manifest: Manifest): Record<string, unknown> | undefined {
    if (manifest.formatVersion > formatVersion) {
      throw new LabError(
        "state-too-new",
        `${this.path}: the saved lab has format ${manifest.formatVersion}, this version reads up to ${formatVersion}`,
        { remedy: "Use the newer wasm-k8s-lab that saved it, or set WASM_K8S_LAB_HOME to another folder." },
      );
    }
    if (manifest.blobs.some((digest) => !this.#onDisk.has(digest) || !this.#read(digest))) return undefined;
    const components: Record<string, unknown> = {};
    for (const [name, digest] of Object.entries(manifest.components)) {
      const bytes = this.#read(digest);
      if (!bytes) return undefined;
      components[name] = JSON.parse(new TextDecoder().decode(bytes));
    }
    return components;
  }

  /** Undefined when missing or not what its name says. */
  #read(digest: string): Uint8Array | undefined {
    try {
      const bytes = readFileSync(join(this.#objects, digest));
      if (sha256(bytes) === digest) return new Uint8Array(bytes);
      this.#onDisk.delete(digest);
    } catch {
      this.#onDisk.delete(digest);
    }
    return undefined;
  }

  #freeNumber(prefix: string): number {
    let number = 1;
    while (existsSync(`${prefix}${number}`)) number += 1;
    return number;
  }

  #attempt(save: () => void): void {
    try {
      save();
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "ENOSPC" || code === "EDQUOT") {
        throw new LabError("disk-full", `${this.path}: the disk is full, the lab could not be saved`, {
          remedy: "Free some space; the lab goes on and saves again by itself.",
          cause: error,
        });
      }
      if (error instanceof LabError || code === undefined) throw error;
      throw new LabError("state-not-saved", `${this.path}: the lab could not be saved, got ${String(code)}`, {
        remedy: "Make the folder writable, or set WASM_K8S_LAB_HOME to another one.",
        cause: error,
      });
    }
  }
}

function isManifest(value: unknown): value is Manifest {
  return (
    typeof value === "object" &&
    value !== null &&
    "formatVersion" in value &&
    typeof value.formatVersion === "number" &&
    "generation" in value &&
    typeof value.generation === "number" &&
    "components" in value &&
    typeof value.components === "object" &&
    value.components !== null &&
    "blobs" in value &&
    Array.isArray(value.blobs)
  );
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

const objectsOf = (manifest: Manifest): Set<string> =>
  new Set([...Object.values(manifest.components), ...manifest.blobs]);

/** Everything in a text that may be a blob's name. */
const digestsIn = (text: string): string[] => [...new Set(text.match(/\b[0-9a-f]{64}\b/g) ?? [])];

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

const fileName = (id: string): string => encodeURIComponent(id);

function writeDurably(path: string, bytes: Uint8Array): void {
  const file = openSync(path, "w", 0o600);
  try {
    let written = 0;
    while (written < bytes.length) written += writeSync(file, bytes, written);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
