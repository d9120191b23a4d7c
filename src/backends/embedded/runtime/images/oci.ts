import { createHash } from "node:crypto";
import { decode, encode } from "../../machine/io.ts";

export const mediaTypes = {
  ociManifest: "application/vnd.oci.image.manifest.v1+json",
  ociIndex: "application/vnd.oci.image.index.v1+json",
  ociConfig: "application/vnd.oci.image.config.v1+json",
  ociLayer: "application/vnd.oci.image.layer.v1.tar+gzip",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerList: "application/vnd.docker.distribution.manifest.list.v2+json",
} as const;

export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  annotations?: Record<string, string>;
}

export interface ImageManifest {
  schemaVersion: 2;
  mediaType?: string;
  config: Descriptor;
  layers: Descriptor[];
  annotations?: Record<string, string>;
}

/** What a container gets when nothing overrides it. */
export interface ContainerDefaults {
  User?: string;
  ExposedPorts?: Record<string, object>;
  Env?: string[];
  Entrypoint?: string[];
  Cmd?: string[];
  Volumes?: Record<string, object>;
  WorkingDir?: string;
  Labels?: Record<string, string>;
  StopSignal?: string;
}

export interface HistoryEntry {
  created?: string;
  created_by?: string;
  comment?: string;
  empty_layer?: boolean;
}

export interface ImageConfig {
  created?: string;
  author?: string;
  architecture: string;
  os: string;
  config?: ContainerDefaults;
  rootfs: { type: "layers"; diff_ids: string[] };
  history?: HistoryEntry[];
}

/** One image with everything it consists of; blobs by their digest. */
export interface ImageContent {
  manifestBytes: Uint8Array;
  manifest: ImageManifest;
  /** `sha256:…` of `manifestBytes`. */
  manifestDigest: string;
  configBytes: Uint8Array;
  config: ImageConfig;
  layers: Layer[];
}

interface Layer {
  descriptor: Descriptor;
  /** Compressed as the descriptor says. */
  bytes: Uint8Array;
}

export const sha256 = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** Names a stack of unpacked layers by their digests, as containerd names its snapshots. */
export const chainId = (diffIds: readonly string[]): string =>
  diffIds.reduce((chain, diffId) => (chain === "" ? diffId : sha256(encode(`${chain} ${diffId}`))), "");

/** Builds an image from compressed layers; `config.rootfs.diff_ids` must match them in number. */
export function assembleImage(
  config: ImageConfig,
  layers: readonly Uint8Array[],
  annotations?: Readonly<Record<string, string>>,
): ImageContent {
  const configBytes = encode(JSON.stringify(config));
  const described = layers.map((bytes) => ({
    descriptor: { mediaType: mediaTypes.ociLayer, digest: sha256(bytes), size: bytes.length },
    bytes,
  }));
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { mediaType: mediaTypes.ociConfig, digest: sha256(configBytes), size: configBytes.length },
    layers: described.map((layer) => layer.descriptor),
  };
  if (annotations && Object.keys(annotations).length > 0) manifest.annotations = { ...annotations };
  const manifestBytes = encode(JSON.stringify(manifest));
  return { manifestBytes, manifest, manifestDigest: sha256(manifestBytes), configBytes, config, layers: described };
}

/** True for a layer that is unpacked onto the ones below it. */
export const isFileSystemLayer = ({ mediaType }: Descriptor): boolean =>
  /^application\/vnd\.(oci\.image\.layer\.|docker\.image\.rootfs\.)/.test(mediaType);

/** Undefined when the bytes are no image manifest. */
export function parseManifest(bytes: Uint8Array): ImageManifest | undefined {
  const value = parseJson(bytes);
  return isManifest(value) ? value : undefined;
}

/** Undefined when the bytes are no image configuration. */
export function parseConfig(bytes: Uint8Array): ImageConfig | undefined {
  const value = parseJson(bytes);
  return isConfig(value) ? value : undefined;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decode(bytes));
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

const isDescriptor = (value: unknown): value is Descriptor =>
  isObject(value) && typeof value["digest"] === "string" && typeof value["size"] === "number";

const isManifest = (value: unknown): value is ImageManifest =>
  isObject(value) &&
  value["schemaVersion"] === 2 &&
  isDescriptor(value["config"]) &&
  Array.isArray(value["layers"]) &&
  value["layers"].every(isDescriptor);

const isConfig = (value: unknown): value is ImageConfig =>
  isObject(value) &&
  typeof value["os"] === "string" &&
  isObject(value["rootfs"]) &&
  Array.isArray(value["rootfs"]["diff_ids"]);
