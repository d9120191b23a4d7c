import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { LabError } from "../domain/errors.ts";
import type { Source } from "../recipes/sources.ts";
import { collectFile, type Collecting } from "./collect-files.ts";
import { collectImage } from "./collect-images.ts";
import { collectImageList, collectIndex, collectPackageFiles, type Repository } from "./collect-packages.ts";
import { diskTrouble, download, type OpenSink, type Wanted } from "./download.ts";
import {
  type BundleFile,
  type BundleManifest,
  type Missing,
  partialName,
  readManifest,
  writeManifest,
} from "./manifest.ts";
import { Slots } from "./slots.ts";
import { type Upstream, UpstreamError } from "./upstream.ts";

export interface CreateProgress {
  /** Files that are in the bundle. */
  files: number;
  /** Their bytes, and those of what is on its way. */
  bytes: number;
  /** What came last, as `host/path`. */
  last: string;
}

export interface CreateOptions {
  folder: string;
  sources: readonly Source[];
  upstream: Upstream;
  profile: string;
  architecture: string;
  release: string;
  signal: AbortSignal;
  onProgress: (progress: CreateProgress) => void;
  openSink?: OpenSink;
}

/** Milliseconds between two writes of the manifest while files come in. */
const saveEveryMs = 2000;

/**
 * Collects everything that the sources name into a bundle, or goes on with one; what could not be had is in the
 * manifest. Throws LabError `bundle-disk`, `bundle-invalid` or `bundle-other`, or the signal's reason.
 */
export async function createBundle(options: CreateOptions): Promise<BundleManifest> {
  await mkdir(options.folder, { recursive: true }).catch((error: unknown) => {
    throw new LabError("bundle-disk", `${options.folder}: the folder cannot be made`, {
      remedy: "Name a folder that you can write to with --output.",
      cause: error,
    });
  });
  await refuseOther(options);
  return new Creation(options).run();
}

async function refuseOther({ folder, profile, architecture, release }: CreateOptions): Promise<void> {
  const there = await readManifest(folder);
  if (!there) return;
  if (there.profile === profile && there.architecture === architecture && there.release === release) return;
  throw new LabError(
    "bundle-other",
    `${folder}: holds a bundle of ${there.profile} for ${there.architecture} on Ubuntu ${there.release}`,
    { remedy: "Name another folder with --output." },
  );
}

class Creation {
  readonly #options: CreateOptions;
  readonly #manifest: BundleManifest;
  readonly #files = new Map<string, BundleFile>();
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #fetching = new Map<string, Promise<BundleFile>>();
  /** Bounds the files that are open; how many are downloaded at once is the upstream's business. */
  readonly #slots = new Slots(16);
  #saving = Promise.resolve();
  #savedAt = 0;
  #bytes = 0;

  constructor(options: CreateOptions) {
    this.#options = options;
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal]);
    this.#manifest = {
      formatVersion: 1,
      profile: options.profile,
      architecture: options.architecture,
      release: options.release,
      date: new Date(options.upstream.clock.now()).toISOString(),
      complete: false,
      missing: [],
      files: [],
    };
  }

  async run(): Promise<BundleManifest> {
    const { sources, folder } = this.#options;
    const collecting: Collecting = {
      upstream: this.#options.upstream,
      architecture: this.#options.architecture,
      signal: this.#signal,
      fetch: (wanted) => this.#fetch(wanted),
      read: ({ path }) => readFile(join(folder, ...path.split("/"))),
    };
    try {
      const collected = await Promise.all(groupsOf(sources).map((group) => this.#collectGroup(group, collecting)));
      const used = collected.flatMap(({ source, repository }) => (source ? [{ source, repository }] : []));
      const repositories = used.flatMap(({ repository }) => repository ?? []);
      await this.#collectKeys(repositories, new Set(used.map(({ source }) => source.id)), collecting);
      const installed = repositories.length > 0 ? await this.#installed(used, collecting) : [];
      await collectPackageFiles(repositories, installed, collecting, (id, url, error) => this.#miss(id, url, error));
      // What belongs to a source that could not be had as a whole may still be coming.
      await Promise.allSettled(this.#fetching.values());
      this.#manifest.complete = this.#manifest.missing.length === 0;
      await this.#save();
      if (this.#manifest.complete) await rm(join(folder, partialName), { recursive: true, force: true });
      return this.#manifest;
    } catch (error) {
      this.#stop.abort(error);
      await Promise.allSettled(this.#fetching.values());
      // A full disk takes no manifest either; the files in their places are found again without one.
      await this.#save().catch(() => undefined);
      throw error;
    }
  }

  /** Of a group whose members take each other's place, the first that is to be had. */
  async #collectGroup(
    group: readonly Source[],
    collecting: Collecting,
  ): Promise<{ source?: Source; repository?: Repository }> {
    const troubles: { source: Source; error: unknown }[] = [];
    for (const source of group) {
      try {
        const repository = await this.#collect(source, collecting);
        return { source, ...(repository ? { repository } : {}) };
      } catch (error) {
        this.#throwFatal(error);
        troubles.push({ source, error });
      }
    }
    for (const { source, error } of troubles) this.#miss(source.id, source.url, error);
    return {};
  }

  async #collect(source: Source, collecting: Collecting): Promise<Repository | undefined> {
    if (source.kind === "apt") return collectIndex(source, collecting);
    await (source.kind === "image" ? collectImage(source, collecting) : collectFile(source, collecting));
    return undefined;
  }

  /** What new machines have before they install anything. */
  async #installed(used: readonly { source: Source }[], collecting: Collecting): Promise<string[]> {
    const lists = used
      .filter(({ source }) => source.kind === "vm-image")
      .map(({ source }) =>
        collectImageList(source, collecting).catch((error: unknown) => {
          this.#miss(source.id, source.url, error);
          return [];
        }),
      );
    return (await Promise.all(lists)).flat();
  }

  /** The keys of those repositories that take another one's place, while the other one's key is still there. */
  async #collectKeys(
    repositories: readonly Repository[],
    used: ReadonlySet<string>,
    collecting: Collecting,
  ): Promise<void> {
    const wanted = new Set(repositories.map(({ source }) => source.apt?.key));
    const keys = this.#options.sources.filter(({ id }) => wanted.has(id) && !used.has(id));
    await Promise.all(
      keys.map((key) => collectFile(key, collecting).catch((error: unknown) => this.#miss(key.id, key.url, error))),
    );
  }

  /** Brings a file into the bundle once, however many sources want it. */
  async #fetch(wanted: Wanted): Promise<BundleFile> {
    const before = this.#fetching.get(wanted.url);
    const running = before && wanted.bytes ? before.then(ignored, ignored).then(() => this.#download(wanted)) : before;
    const fetching = running ?? this.#download(wanted);
    this.#fetching.set(wanted.url, fetching);
    try {
      const file = await fetching;
      this.#files.set(file.path, file);
      this.#report(file.path);
      if (this.#options.upstream.clock.monotonic() - this.#savedAt > saveEveryMs) await this.#save();
      return file;
    } catch (error) {
      if (this.#fetching.get(wanted.url) === fetching) this.#fetching.delete(wanted.url);
      throw error;
    }
  }

  async #download(wanted: Wanted): Promise<BundleFile> {
    const { folder, upstream, openSink } = this.#options;
    let came = 0;
    const onBytes = (count: number): void => {
      came += count;
      this.#bytes += count;
      this.#report(wanted.url.replace(/^\w+:\/\//, ""));
    };
    const file = await this.#slots.run(() =>
      download(wanted, { folder, upstream, signal: this.#signal, onBytes, ...(openSink ? { openSink } : {}) }),
    );
    this.#bytes += file.size - came;
    return file;
  }

  #report(last: string): void {
    this.#options.onProgress({ files: this.#files.size, bytes: this.#bytes, last });
  }

  #miss(source: string, url: string, error: unknown): void {
    this.#throwFatal(error);
    const reason = error instanceof Error ? error.message : String(error);
    const at = error instanceof UpstreamError ? error.url : url;
    const passing = error instanceof UpstreamError && ["unreachable", "busy", "name"].includes(error.trouble);
    const missing: Missing = { source, url: at, reason, passing };
    this.#manifest.missing.push(missing);
  }

  /** Only what one source cannot give is told at the end; a full disk or an interruption ends everything. */
  #throwFatal(error: unknown): void {
    this.#signal.throwIfAborted();
    if (error instanceof UpstreamError) return;
    throw error;
  }

  #save(): Promise<void> {
    this.#savedAt = this.#options.upstream.clock.monotonic();
    const byPath = [...this.#files.values()].sort((one, other) => (one.path < other.path ? -1 : 1));
    const manifest = { ...this.#manifest, files: byPath };
    this.#manifest.files = byPath;
    const { folder } = this.#options;
    const saving = this.#saving.then(() => writeManifest(folder, manifest));
    this.#saving = saving.catch(ignored);
    return saving.catch((error: unknown) => {
      throw diskTrouble(folder, error) ?? error;
    });
  }
}

/** Sources that take each other's place, in the catalogue's order; most stand alone. */
function groupsOf(sources: readonly Source[]): Source[][] {
  return [...Map.groupBy(sources, ({ id, insteadOf }) => insteadOf ?? id).values()];
}

const ignored = (): void => undefined;
