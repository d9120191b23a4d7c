import { parsed } from "./upstream.ts";

/** What an image is called: `docker://registry/name:tag` or `docker://registry/name@sha256:...`. */
export interface ImageName {
  registry: string;
  name: string;
  /** Tag or digest. */
  reference: string;
}

/** Reads the address of an image as the catalogue writes it; without tag or digest it is `latest`. */
export function imageOf(url: string): ImageName {
  const [, registry = "", path = ""] = /^docker:\/\/([^/]+)\/(.+)$/.exec(url) ?? [];
  const [, name = path, reference = "latest"] = /^(.+?)(?:@|:(?=[^/]*$))(.+)$/.exec(path) ?? [];
  return { registry, name, reference };
}

/** Docker Hub's registry answers under another name than the one in its images' names. */
export const registryHost = (registry: string): string =>
  registry === "docker.io" || registry === "index.docker.io" ? "registry-1.docker.io" : registry;

export const manifestTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
] as const;

interface Descriptor {
  digest: string;
  size: number;
  platform?: { os: string; architecture: string };
}

export interface ImageManifest {
  mediaType: string;
  /** Of an index: the images it lists. */
  manifests?: Descriptor[];
  config?: Descriptor;
  layers?: Descriptor[];
}

/** Reads a manifest or an index; undefined for what is neither. */
export function readImageManifest(bytes: Uint8Array): ImageManifest | undefined {
  const value = parsed(Buffer.from(bytes).toString("utf8"));
  if (typeof value !== "object" || value === null) return undefined;
  const { mediaType, manifests, config, layers } = value as Record<string, unknown>;
  const said = typeof mediaType === "string" ? mediaType : undefined;
  if (Array.isArray(manifests) && manifests.every(isDescriptor)) {
    return { mediaType: said ?? manifestTypes[0], manifests };
  }
  if (!isDescriptor(config) || !Array.isArray(layers) || !layers.every(isDescriptor)) return undefined;
  return { mediaType: said ?? manifestTypes[2], config, layers };
}

function isDescriptor(value: unknown): value is Descriptor {
  if (typeof value !== "object" || value === null) return false;
  const { digest, size } = value as Record<string, unknown>;
  return typeof digest === "string" && /^sha256:[0-9a-f]{64}$/.test(digest) && typeof size === "number";
}
