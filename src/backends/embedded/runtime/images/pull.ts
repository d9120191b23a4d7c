import type { ModelledMachine } from "../../machine/machine.ts";
import type { ImageStore, StoredImage } from "./image-store.ts";
import { takesArtifacts } from "../containerd/versions.ts";
import { type ImageContent, isFileSystemLayer } from "./oci.ts";
import type { ImageReference } from "./reference.ts";
import { formatReference, InvalidReference, parseTagged, repositoryOf } from "./reference.ts";
import type { PullOptions, RegistryEndpoint } from "./registry-client.ts";
import { pullImage, pushImage, RegistryClient, RegistryError } from "./registry-client.ts";
import {
  containerdEndpoints,
  containersEndpoints,
  readRegistriesConf,
  RegistriesConfError,
  resolveShortName,
} from "./registries-conf.ts";

/** An image could not be had; `message` is the client's own wording. */
export class PullError extends Error {
  override readonly name = "PullError";
  /** True when the registry answered that there is no such image. */
  readonly notFound: boolean;
  constructor(message: string, notFound: boolean) {
    super(message);
    this.notFound = notFound;
  }
}

export interface ImagePull {
  machine: ModelledMachine;
  store: ImageStore;
  /** As a person or a manifest wrote it. */
  name: string;
  signal?: AbortSignal;
  onBlob?: NonNullable<PullOptions["onBlob"]>;
}

/**
 * Pulls as CRI-O does: short names by registries.conf, then the endpoints in order.
 * Rejects with PullError worded as CRI-O's answer to the CRI (without `rpc error`).
 */
export async function pullForCrio(pull: ImagePull): Promise<StoredImage> {
  let names: string[];
  try {
    names = resolveShortName(pull.name, readRegistriesConf(pull.machine.rootFiles));
  } catch (error) {
    if (error instanceof RegistriesConfError || error instanceof InvalidReference)
      throw new PullError(error.message, false);
    throw error;
  }
  let last: PullError | undefined;
  for (const name of names) {
    try {
      return await pullByContainersImage({ ...pull, name });
    } catch (error) {
      if (!(error instanceof PullError)) throw error;
      last = error;
    }
  }
  throw last ?? new PullError(`no image ${pull.name}`, true);
}

/** Pulls one full name as containers/image does; also under buildah and skopeo. Rejects with PullError. */
async function pullByContainersImage(
  pull: ImagePull & { tlsVerify?: boolean | undefined; home?: string | undefined },
): Promise<StoredImage> {
  const { reference, content } = await fetchByContainersImage(pull);
  return keep(pull.store, reference, content);
}

/** The same without a store. */
export async function fetchByContainersImage(
  pull: Omit<ImagePull, "store"> & { store?: ImageStore; tlsVerify?: boolean | undefined; home?: string | undefined },
): Promise<{ reference: ImageReference; content: ImageContent }> {
  let reference: ImageReference;
  let endpoints: RegistryEndpoint[];
  try {
    reference = parseTagged(pull.name);
    const conf = readRegistriesConf(pull.machine.rootFiles, pull.home);
    endpoints = containersEndpoints(repositoryOf(reference), conf, pull.tlsVerify);
  } catch (error) {
    if (error instanceof RegistriesConfError || error instanceof InvalidReference)
      throw new PullError(error.message, false);
    throw error;
  }
  let last: RegistryError | undefined;
  for (const endpoint of endpoints) {
    try {
      return { reference, content: await pullFrom(pull, reference, endpoint) };
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      last = error;
    }
  }
  throw containersWords(last, reference, endpoints.at(-1)?.host ?? reference.domain);
}

/**
 * Pulls as containerd does. `registryTable` is the CRI's `registry` table of its configuration, `localPull` tells that
 * the CRI plugin pulls by itself. Rejects with PullError worded as containerd's answer to the CRI.
 */
export async function pullForContainerd(
  pull: ImagePull & { registryTable: unknown; version: string; localPull: boolean },
): Promise<StoredImage> {
  let reference: ImageReference;
  try {
    reference = parseTagged(pull.name);
  } catch (error) {
    if (error instanceof InvalidReference)
      throw new PullError(`failed to parse image reference ${JSON.stringify(pull.name)}: ${error.message}`, false);
    throw error;
  }
  const endpoints = containerdEndpoints(pull.machine.rootFiles, reference.domain, pull.registryTable);
  let last: RegistryError | undefined;
  for (const endpoint of endpoints) {
    try {
      const content = await pullFrom(pull, reference, endpoint);
      const unpacked = unpacks(content, reference, pull.version, pull.localPull);
      return keep(pull.store, reference, content, unpacked);
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      last = error;
    }
  }
  throw containerdWords(last, reference, pull.version);
}

/** False for an image that is fetched but not laid out as a file system. Throws PullError. */
function unpacks(content: ImageContent, reference: ImageReference, version: string, localPull: boolean): boolean {
  const { manifest, config } = content;
  const layers = takesArtifacts(version) ? manifest.layers.filter(isFileSystemLayer) : manifest.layers;
  if (layers.length !== config.rootfs.diff_ids.length) {
    throw new PullError(
      `failed to pull and unpack image "${formatReference(reference)}": failed to unpack image on snapshotter overlayfs: mismatched image rootfs and manifest layers`,
      false,
    );
  }
  // The transfer service unpacks for the platform of the host alone; with nothing to unpack nothing is missing.
  return localPull || config.os === "linux" || layers.length === 0;
}

function pullFrom(
  pull: Omit<ImagePull, "store"> & { store?: ImageStore },
  reference: ImageReference,
  endpoint: RegistryEndpoint,
): Promise<ImageContent> {
  const client = new RegistryClient(pull.machine, endpoint, pull.signal);
  const store = pull.store;
  return pullImage(client, reference.path, {
    reference: reference.digest ?? reference.tag ?? "latest",
    architecture: pull.machine.hardware.architecture,
    ...(store ? { known: (digest: string) => store.blob(digest) } : {}),
    onBlob:
      pull.onBlob ??
      ((_, kind, present) =>
        kind === "config" || present
          ? Promise.resolve()
          : pull.machine.environment.pacing.wait("imagePull", pull.signal)),
  });
}

function keep(store: ImageStore, reference: ImageReference, content: ImageContent, unpacked = true): StoredImage {
  const names = reference.digest === undefined ? [formatReference(reference)] : [];
  return store.add(content, names, [`${repositoryOf(reference)}@${content.manifestDigest}`], unpacked);
}

const isMissing = (error: RegistryError): boolean => error.problem.kind === "refused" && error.problem.status === 404;

/** The wording of containers/image for a failed source. */
function containersWords(error: RegistryError | undefined, reference: ImageReference, host: string): PullError {
  const wanted = reference.digest ?? reference.tag ?? "latest";
  if (!error) return new PullError(`no endpoint for ${formatReference(reference)}`, false);
  const problem = error.problem;
  switch (problem.kind) {
    case "connection": {
      const get = `${sentence(problem.method)} "${problem.url}": ${problem.detail}`;
      if (problem.url.endsWith("/v2/")) return new PullError(`pinging container registry ${host}: ${get}`, false);
      return new PullError(get, false);
    }
    case "refused": {
      const where = repositoryOf(reference);
      if (problem.url.includes("/manifests/")) {
        return new PullError(`reading manifest ${wanted} in ${where}: ${problem.detail}`, isMissing(error));
      }
      return new PullError(`reading blob ${problem.url.split("/").at(-1)}: ${problem.detail}`, false);
    }
    case "platform":
      return new PullError(
        `choosing image instance: no image found in manifest list for architecture ${problem.architecture}, variant "", OS linux`,
        false,
      );
    default:
      return new PullError(problem.detail, false);
  }
}

function containerdWords(error: RegistryError | undefined, reference: ImageReference, version: string): PullError {
  const name = formatReference(reference);
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  const transfer = major > 2 || (major === 2 && minor >= 1);
  const prefix = `failed to pull and unpack image "${name}": `;
  const resolve = prefix + (transfer ? "failed to resolve image: " : `failed to resolve reference "${name}": `);
  if (!error) return new PullError(`${resolve}no available registry endpoint`, false);
  const problem = error.problem;
  switch (problem.kind) {
    case "connection": {
      const url = problem.url.endsWith("/v2/")
        ? `${problem.url}${reference.path}/manifests/${reference.digest ?? reference.tag ?? "latest"}`
        : problem.url;
      return new PullError(`${resolve}failed to do request: Head "${url}": ${problem.detail}`, false);
    }
    case "refused":
      if (isMissing(error)) return new PullError(`${resolve}${name}: not found`, true);
      if (problem.status === 401 || problem.status === 403) {
        const denied = "pull access denied, repository does not exist or may require authorization";
        return new PullError(`${resolve}${denied}: server message: insufficient_scope: authorization failed`, false);
      }
      return new PullError(`${resolve}unexpected status from HEAD request to ${problem.url}: ${problem.status}`, false);
    case "platform":
      return new PullError(`${prefix}no match for platform in manifest: not found`, true);
    default:
      return new PullError(`${prefix}${problem.detail}`, false);
  }
}

const sentence = (method: string): string => method.slice(0, 1) + method.slice(1).toLowerCase();

export interface ImagePush {
  machine: ModelledMachine;
  /** Full name with tag. */
  name: string;
  content: ImageContent;
  tlsVerify?: boolean | undefined;
  home?: string | undefined;
  signal?: AbortSignal;
  onBlob?: NonNullable<PullOptions["onBlob"]>;
}

/** Pushes as buildah and skopeo do. Rejects with PullError. */
export async function pushByContainersImage(push: ImagePush): Promise<void> {
  const reference = parseTagged(push.name);
  const conf = readRegistriesConf(push.machine.rootFiles, push.home);
  // A push goes to the registry itself, never to its mirrors.
  const endpoint = containersEndpoints(repositoryOf(reference), conf, push.tlsVerify).at(-1);
  if (!endpoint) throw new PullError(`no endpoint for ${push.name}`, false);
  const client = new RegistryClient(push.machine, endpoint, push.signal);
  try {
    await pushImage(client, reference.path, push.content, {
      reference: reference.tag ?? "latest",
      ...(push.onBlob ? { onBlob: push.onBlob } : {}),
    });
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    const { problem } = error;
    const first = push.content.layers[0]?.descriptor.digest ?? push.content.manifest.config.digest;
    const step = `trying to reuse blob ${first} at destination: `;
    if (problem.kind === "connection") {
      const get = `${sentence(problem.method)} "${problem.url}": ${problem.detail}`;
      const ping = problem.url.endsWith("/v2/") ? `pinging container registry ${endpoint.host}: ` : "";
      throw new PullError(step + ping + get, false);
    }
    if (problem.kind === "refused" && problem.url.includes("/manifests/")) {
      throw new PullError(
        `writing manifest: uploading manifest ${reference.tag} to ${repositoryOf(reference)}: ${problem.detail}`,
        false,
      );
    }
    throw new PullError(`${step}checking whether a blob exists: ${error.message}`, false);
  }
}
