import type { PulledImage } from "../cri.ts";
import type { ModelledMachine } from "../../machine/machine.ts";
import type { FileView } from "../../machine/files/file-system.ts";
import type { ImageContent } from "./oci.ts";
import { parseConfig, parseManifest } from "./oci.ts";
import type { ImageReference } from "./reference.ts";
import {
  formatReference,
  InvalidReference,
  isShortName,
  parseReference,
  parseTagged,
  repositoryOf,
} from "./reference.ts";
import type { RootfsEntry } from "./rootfs.ts";
import { imageRootfs } from "./rootfs.ts";

/** One image as a store knows it. */
export interface StoredImage {
  /** `sha256:…` of the configuration. */
  id: string;
  /** Full names with tag, newest last. */
  names: string[];
  /** `repository@sha256:…` by which it was pulled or pushed. */
  digests: string[];
  /** `sha256:…` of the manifest. */
  manifest: string;
  /** Milliseconds since the epoch, when it came into this store. */
  addedAt: number;
  /** True when its layers were fetched only, so that no container can start from them. */
  packed?: boolean;
  /** containerd's namespace; the CRI's own when absent. */
  namespace?: string;
}

/** Where containerd's CRI plugin keeps its images. */
const criNamespace = "k8s.io";

/** Where a client keeps its images; CRI-O and root's buildah share one, containerd has its own. */
export const storageRoots = {
  containers: "/var/lib/containers/storage",
  containerd: "/var/lib/containerd",
} as const;

/** Rootless buildah's storage of a user. */
export const rootlessStorage = (home: string): string => `${home}/.local/share/containers/storage`;

const cache = new WeakMap<ModelledMachine, Map<string, ImageContent>>();

/**
 * The images below one storage folder of a machine. Everything is in the machine's files, so removing them loses the images.
 * Simplified: a real store keeps unpacked layers; this one keeps the layers' archives.
 */
export class ImageStore {
  #machine: ModelledMachine;
  #files: FileView;
  #root: string;
  #index: string;
  #blobs: string;
  #namespace: string;

  constructor(
    machine: ModelledMachine,
    root: string,
    files: FileView = machine.rootFiles,
    namespace: string = criNamespace,
  ) {
    this.#namespace = namespace;
    this.#machine = machine;
    this.#files = files;
    this.#root = root;
    const containerd = root === storageRoots.containerd;
    this.#index = `${root}/${containerd ? "io.containerd.metadata.v1.bolt/meta.db" : "overlay-images/images.json"}`;
    this.#blobs = `${root}/${containerd ? "io.containerd.content.v1.content" : "overlay-layers"}/blobs/sha256`;
  }

  /** Every image of the namespace, oldest first. */
  images(): StoredImage[] {
    return this.#everywhere().filter((image) => (image.namespace ?? criNamespace) === this.#namespace);
  }

  /** Namespaces in which there are images. */
  namespaces(): string[] {
    return [...new Set(this.#everywhere().map((image) => image.namespace ?? criNamespace))];
  }

  #everywhere(): StoredImage[] {
    if (!this.#files.exists(this.#index)) return [];
    try {
      const parsed: unknown = JSON.parse(this.#files.readText(this.#index));
      return Array.isArray(parsed) ? parsed.filter(isStoredImage) : [];
    } catch (error) {
      if (error instanceof SyntaxError) return [];
      throw error;
    }
  }

  /** As the CRI lists them. */
  list(): PulledImage[] {
    return this.images().map((image) => this.describe(image));
  }

  describe(image: StoredImage): PulledImage {
    const manifest = parseManifest(this.#blob(image.manifest) ?? new Uint8Array());
    const size = manifest ? manifest.layers.reduce((sum, layer) => sum + layer.size, manifest.config.size) : 0;
    return { id: image.id, tags: [...image.names], digests: [...image.digests], size };
  }

  /** By full name, short name (also below `localhost/`), `repository@digest`, id or a prefix of the id. */
  find(text: string): StoredImage | undefined {
    const images = this.images();
    const bare = text.replace(/^sha256:/, "");
    if (/^[a-f0-9]{64}$/.test(bare)) return images.find((image) => image.id === `sha256:${bare}`);
    for (const name of candidateNames(text)) {
      const found = images.find((image) => image.names.includes(name) || image.digests.includes(name));
      if (found) return found;
    }
    if (/^[a-f0-9]{3,63}$/.test(bare)) return images.find((image) => image.id.startsWith(`sha256:${bare}`));
    return undefined;
  }

  /** Everything the image consists of; undefined when its files are damaged or gone. */
  content(image: StoredImage): ImageContent | undefined {
    const known = cache.get(this.#machine) ?? new Map<string, ImageContent>();
    cache.set(this.#machine, known);
    const key = `${this.#root} ${image.manifest}`;
    if (!this.#files.exists(this.#pathOf(image.manifest))) {
      known.delete(key);
      return undefined;
    }
    const cached = known.get(key);
    if (cached) return cached;
    const content = this.#load(image.manifest);
    if (content) known.set(key, content);
    return content;
  }

  /** The merged layers by absolute path. */
  rootfs(image: StoredImage): ReadonlyMap<string, RootfsEntry> {
    const content = this.content(image);
    return content ? imageRootfs(content) : new Map();
  }

  /** Puts an image in; its names are taken from other images that had them. */
  add(content: ImageContent, names: readonly string[], digests: readonly string[] = [], unpacked = true): StoredImage {
    for (const layer of content.layers) this.#put(layer.descriptor.digest, layer.bytes);
    this.#put(content.manifest.config.digest, content.configBytes);
    this.#put(content.manifestDigest, content.manifestBytes);
    const images = this.images();
    const id = content.manifest.config.digest;
    let stored = images.find((image) => image.id === id);
    if (!stored) {
      stored = {
        id,
        names: [],
        digests: [],
        manifest: content.manifestDigest,
        addedAt: this.#machine.environment.clock.now(),
        ...(this.#namespace === criNamespace ? {} : { namespace: this.#namespace }),
      };
      images.push(stored);
    }
    stored.manifest = content.manifestDigest;
    if (unpacked) delete stored.packed;
    else stored.packed = true;
    for (const name of names) this.#move(images, stored, name);
    for (const digest of digests) if (!stored.digests.includes(digest)) stored.digests.push(digest);
    this.#save(images);
    return stored;
  }

  /** Gives an image another name. */
  tag(image: StoredImage, name: string): void {
    const images = this.images();
    const stored = images.find((other) => other.id === image.id);
    if (!stored) return;
    this.#move(images, stored, name);
    this.#save(images);
  }

  /** Takes one name away; the image stays, nameless, when it was the last. */
  untag(image: StoredImage, name: string): void {
    const images = this.images();
    const stored = images.find((other) => other.id === image.id);
    if (!stored) return;
    stored.names = stored.names.filter((other) => other !== name);
    this.#save(images);
  }

  /** Removes an image with all its names, and the blobs no other image uses. */
  remove(image: StoredImage): void {
    const images = this.images().filter((other) => other.id !== image.id);
    this.#save(images);
    const used = new Set<string>();
    for (const other of this.#everywhere()) for (const digest of this.#digestsOf(other.manifest)) used.add(digest);
    for (const digest of this.#digestsOf(image.manifest)) {
      if (!used.has(digest)) this.#files.removeTree(this.#pathOf(digest));
    }
  }

  /** A layer or configuration that is already here, so that it need not be pulled again. */
  blob(digest: string): Uint8Array | undefined {
    return this.#blob(digest);
  }

  #move(images: StoredImage[], stored: StoredImage, name: string): void {
    for (const other of images) other.names = other.names.filter((existing) => existing !== name);
    stored.names.push(name);
  }

  #load(manifestDigest: string): ImageContent | undefined {
    const manifestBytes = this.#blob(manifestDigest);
    const manifest = manifestBytes && parseManifest(manifestBytes);
    const configBytes = manifest && this.#blob(manifest.config.digest);
    const config = configBytes && parseConfig(configBytes);
    if (!manifestBytes || !manifest || !configBytes || !config) return undefined;
    const layers = [];
    for (const descriptor of manifest.layers) {
      const bytes = this.#blob(descriptor.digest);
      if (!bytes) return undefined;
      layers.push({ descriptor, bytes });
    }
    return { manifestBytes, manifest, manifestDigest, configBytes, config, layers };
  }

  #digestsOf(manifestDigest: string): string[] {
    const manifest = parseManifest(this.#blob(manifestDigest) ?? new Uint8Array());
    const inside = manifest ? [manifest.config.digest, ...manifest.layers.map((layer) => layer.digest)] : [];
    return [manifestDigest, ...inside];
  }

  #pathOf = (digest: string): string => `${this.#blobs}/${digest.slice("sha256:".length)}`;

  #blob(digest: string): Uint8Array | undefined {
    const path = this.#pathOf(digest);
    return this.#files.exists(path) ? this.#files.readBytes(path) : undefined;
  }

  #put(digest: string, bytes: Uint8Array): void {
    const path = this.#pathOf(digest);
    if (this.#files.exists(path)) return;
    this.#files.makeDirectories(this.#blobs, 0o700);
    this.#files.write(path, bytes, { mode: 0o600 });
  }

  #save(images: readonly StoredImage[]): void {
    const others = this.#everywhere().filter((image) => (image.namespace ?? criNamespace) !== this.#namespace);
    const folder = this.#index.slice(0, this.#index.lastIndexOf("/"));
    this.#files.makeDirectories(folder, 0o700);
    this.#files.write(this.#index, JSON.stringify([...others, ...images]), { mode: 0o600 });
  }
}

/** Names under which a store may hold what a person typed. */
function candidateNames(text: string): string[] {
  let reference: ImageReference;
  try {
    reference = parseReference(text);
  } catch (error) {
    if (error instanceof InvalidReference) return [];
    throw error;
  }
  const names: string[] = [];
  if (isShortName(text)) {
    const slashed = text.includes(":") || text.includes("@") ? text : `${text}:latest`;
    names.push(`localhost/${slashed}`);
  }
  if (reference.digest !== undefined) names.push(`${repositoryOf(reference)}@${reference.digest}`);
  names.push(formatReference(parseTagged(text)));
  return names;
}

function isStoredImage(value: unknown): value is StoredImage {
  return (
    typeof value === "object" &&
    value !== null &&
    "id" in value &&
    typeof value.id === "string" &&
    "manifest" in value &&
    typeof value.manifest === "string" &&
    "names" in value &&
    Array.isArray(value.names) &&
    "digests" in value &&
    Array.isArray(value.digests)
  );
}
