import { concat, decode, encode } from "../../machine/io.ts";
import type { ModelledMachine } from "../../machine/machine.ts";
import type { FetchOptions, HttpResponse } from "../../network/network.ts";
import { goConnectionWords } from "./go-errors.ts";
import type { Descriptor, ImageContent, ImageManifest } from "./oci.ts";
import { mediaTypes, parseConfig, parseManifest, sha256 } from "./oci.ts";

/** Where a registry is asked: from registries.conf or hosts.toml. */
export interface RegistryEndpoint {
  /** `host[:port]` without a scheme. */
  host: string;
  /** Schemes in the order they are tried. */
  schemes: readonly ("https" | "http")[];
  /** Do not verify the certificate. */
  insecure: boolean;
}

export type RegistryProblem =
  /** No usable connection; `detail` is Go's wording. */
  | { kind: "connection"; method: string; url: string; detail: string }
  /** The registry refused; `detail` is its first error, `status` its HTTP status. */
  | { kind: "refused"; method: string; url: string; status: number; code: string; detail: string }
  /** What came does not fit its digest, or is no image. */
  | { kind: "damaged"; detail: string }
  /** An index without an entry for this platform. */
  | { kind: "platform"; architecture: string };

/** A registry could not give or take something; each client words it by its own rules. */
export class RegistryError extends Error {
  override readonly name = "RegistryError";
  readonly problem: RegistryProblem;
  constructor(problem: RegistryProblem) {
    super("detail" in problem ? problem.detail : `no image found for architecture ${problem.architecture}`);
    this.problem = problem;
  }
}

const accepted = [mediaTypes.ociManifest, mediaTypes.dockerManifest, mediaTypes.ociIndex, mediaTypes.dockerList].join(
  ", ",
);

/** Talks the OCI distribution protocol to one registry from one machine. Methods reject with RegistryError. */
export class RegistryClient {
  #machine: ModelledMachine;
  #endpoint: RegistryEndpoint;
  #signal: AbortSignal | undefined;
  #token: string | undefined;
  #base: string | undefined;

  constructor(machine: ModelledMachine, endpoint: RegistryEndpoint, signal?: AbortSignal) {
    this.#machine = machine;
    this.#endpoint = endpoint;
    this.#signal = signal;
  }

  /** Finds out which scheme answers. */
  async ping(): Promise<void> {
    let first: RegistryError | undefined;
    for (const scheme of this.#endpoint.schemes) {
      const base = `${scheme}://${this.#endpoint.host}`;
      try {
        const response = await this.#exchange("GET", `${base}/v2/`);
        if (response.status !== 200 && response.status !== 401) throw await refusal("GET", `${base}/v2/`, response);
        this.#base = base;
        return;
      } catch (error) {
        if (!(error instanceof RegistryError)) throw error;
        first ??= error;
      }
    }
    throw first ?? new RegistryError({ kind: "damaged", detail: "no endpoint" });
  }

  /** A manifest by tag or digest. */
  async manifest(path: string, reference: string, method: "GET" | "HEAD" = "GET"): Promise<Uint8Array> {
    const response = await this.#request(method, `/v2/${path}/manifests/${reference}`, {
      headers: { accept: accepted },
    });
    return body(response);
  }

  async blob(path: string, digest: string): Promise<Uint8Array> {
    const response = await this.#request("GET", `/v2/${path}/blobs/${digest}`);
    const bytes = await body(response);
    if (sha256(bytes) !== digest) {
      throw new RegistryError({
        kind: "damaged",
        detail: `Digest did not match, expected ${digest}, got ${sha256(bytes)}`,
      });
    }
    return bytes;
  }

  async hasBlob(path: string, digest: string): Promise<boolean> {
    try {
      await this.#request("HEAD", `/v2/${path}/blobs/${digest}`);
      return true;
    } catch (error) {
      if (error instanceof RegistryError && error.problem.kind === "refused" && error.problem.status === 404)
        return false;
      throw error;
    }
  }

  async pushBlob(path: string, digest: string, bytes: Uint8Array): Promise<void> {
    const started = await this.#request("POST", `/v2/${path}/blobs/uploads/`);
    const location = new URL(started.headers["location"] ?? "", this.#base);
    location.searchParams.set("digest", digest);
    await this.#request("PUT", location.pathname + location.search, {
      headers: { "content-type": "application/octet-stream" },
      body: bytes,
    });
  }

  async pushManifest(path: string, reference: string, mediaType: string, bytes: Uint8Array): Promise<void> {
    const headers = { "content-type": mediaType };
    await this.#request("PUT", `/v2/${path}/manifests/${reference}`, { headers, body: bytes });
  }

  async tags(path: string): Promise<string[]> {
    const parsed: unknown = JSON.parse(decode(await body(await this.#request("GET", `/v2/${path}/tags/list`))));
    if (typeof parsed !== "object" || parsed === null || !("tags" in parsed) || !Array.isArray(parsed.tags)) return [];
    return parsed.tags.filter((tag) => typeof tag === "string");
  }

  async #request(method: string, target: string, options: FetchOptions = {}): Promise<HttpResponse> {
    if (this.#base === undefined) await this.ping();
    const url = `${this.#base}${target}`;
    let response = await this.#exchange(method, url, options);
    const challenge = response.headers["www-authenticate"];
    if (response.status === 401 && challenge?.startsWith("Bearer ") && this.#token === undefined) {
      this.#token = await this.#authorise(challenge);
      response = await this.#exchange(method, url, options);
    }
    for (let hops = 0; [301, 302, 307, 308].includes(response.status) && hops < 10; hops += 1) {
      response = await this.#exchange(method, new URL(response.headers["location"] ?? "", url).href, options);
    }
    if (response.status >= 300) throw await refusal(method, url, response);
    return response;
  }

  /** Simplified: the token is asked for anonymously and its scope is not examined. */
  async #authorise(challenge: string): Promise<string> {
    const parameters = Object.fromEntries(
      [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map((match) => [match[1], match[2]]),
    );
    const url = new URL(parameters["realm"] ?? "");
    if (parameters["service"]) url.searchParams.set("service", parameters["service"]);
    if (parameters["scope"]) url.searchParams.set("scope", parameters["scope"]);
    const response = await this.#exchange("GET", url.href);
    if (response.status !== 200) throw await refusal("GET", url.href, response);
    const parsed: unknown = JSON.parse(decode(await body(response)));
    return typeof parsed === "object" && parsed !== null && "token" in parsed ? String(parsed.token) : "";
  }

  async #exchange(method: string, url: string, options: FetchOptions = {}): Promise<HttpResponse> {
    const headers = { ...options.headers, ...(this.#token ? { authorization: `Bearer ${this.#token}` } : {}) };
    try {
      return await this.#machine.environment.network.fetch({ machine: this.#machine.name }, url, {
        ...options,
        method,
        headers,
        insecure: this.#endpoint.insecure,
        ...(this.#signal ? { signal: this.#signal } : {}),
      });
    } catch (error) {
      if (this.#signal?.aborted) throw error;
      throw new RegistryError({
        kind: "connection",
        method,
        url,
        detail: await goConnectionWords(error, this.#machine),
      });
    }
  }
}

async function refusal(method: string, url: string, response: HttpResponse): Promise<RegistryError> {
  const { code, detail } = firstError(decode(await body(response)), response.status);
  return new RegistryError({ kind: "refused", method, url, status: response.status, code, detail });
}

function firstError(text: string, status: number): { code: string; detail: string } {
  const errors: unknown[] = [];
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && "errors" in parsed && Array.isArray(parsed.errors)) {
      errors.push(...parsed.errors);
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const first = errors[0];
  if (typeof first === "object" && first !== null && "code" in first) {
    const code = String(first.code);
    const words = code.toLowerCase().replaceAll("_", " ");
    const message = "message" in first && typeof first.message === "string" ? first.message : words;
    return { code, detail: message === words ? words : `${words}: ${message}` };
  }
  // A HEAD has no body: the status alone says what is missing.
  if (status === 404) return { code: "MANIFEST_UNKNOWN", detail: "manifest unknown" };
  if (status === 401) return { code: "UNAUTHORIZED", detail: "unauthorized: authentication required" };
  return { code: "", detail: `received unexpected HTTP status: ${status}` };
}

/** The whole body, also of a streamed answer. */
async function body(response: HttpResponse): Promise<Uint8Array> {
  if (response.body instanceof Uint8Array) return response.body;
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return concat(chunks);
}

export interface PullOptions {
  /** Tag or digest. */
  reference: string;
  architecture: string;
  /** Layers and configurations the store already has. */
  known?: (digest: string) => Uint8Array | undefined;
  /** Called before each blob, layers first, with whether it was already there. */
  onBlob?: (descriptor: Descriptor, kind: "layer" | "config", present: boolean) => Promise<void>;
}

/** Pulls one image; picks this platform out of an index. Rejects with RegistryError. */
export async function pullImage(client: RegistryClient, path: string, options: PullOptions): Promise<ImageContent> {
  let bytes = await client.manifest(path, options.reference);
  let manifest = parseManifest(bytes);
  if (!manifest) {
    const digest = platformDigest(bytes, options.architecture);
    if (digest === undefined) throw new RegistryError({ kind: "platform", architecture: options.architecture });
    bytes = await client.manifest(path, digest);
    manifest = parseManifest(bytes);
  }
  if (!manifest) throw new RegistryError({ kind: "damaged", detail: "unsupported manifest media type" });
  const layers = [];
  for (const descriptor of manifest.layers) {
    const known = options.known?.(descriptor.digest);
    await options.onBlob?.(descriptor, "layer", known !== undefined);
    layers.push({ descriptor, bytes: known ?? (await client.blob(path, descriptor.digest)) });
  }
  await options.onBlob?.(manifest.config, "config", false);
  const configBytes = options.known?.(manifest.config.digest) ?? (await client.blob(path, manifest.config.digest));
  const config = parseConfig(configBytes);
  if (!config) throw new RegistryError({ kind: "damaged", detail: "invalid image configuration" });
  return { manifestBytes: bytes, manifest, manifestDigest: sha256(bytes), configBytes, config, layers };
}

function platformDigest(bytes: Uint8Array, architecture: string): string | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(decode(bytes));
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null || !("manifests" in parsed) || !Array.isArray(parsed.manifests)) {
    return undefined;
  }
  for (const entry of parsed.manifests) {
    if (typeof entry !== "object" || entry === null || typeof entry.digest !== "string") continue;
    if (entry.platform?.architecture === architecture && entry.platform?.os === "linux") return entry.digest;
  }
  return undefined;
}

export interface PushOptions {
  reference: string;
  onBlob?: (descriptor: Descriptor, kind: "layer" | "config", present: boolean) => Promise<void>;
}

/** Pushes one image; blobs that are there already are not sent again. Rejects with RegistryError. */
export async function pushImage(
  client: RegistryClient,
  path: string,
  image: ImageContent,
  options: PushOptions,
): Promise<void> {
  const send = async (descriptor: Descriptor, bytes: Uint8Array, kind: "layer" | "config"): Promise<void> => {
    const present = await client.hasBlob(path, descriptor.digest);
    await options.onBlob?.(descriptor, kind, present);
    if (!present) await client.pushBlob(path, descriptor.digest, bytes);
  };
  for (const layer of image.layers) await send(layer.descriptor, layer.bytes, "layer");
  await send(image.manifest.config, image.configBytes, "config");
  await client.pushManifest(path, options.reference, mediaTypeOf(image.manifest), image.manifestBytes);
}

const mediaTypeOf = (manifest: ImageManifest): string => manifest.mediaType ?? mediaTypes.ociManifest;

/** JSON as a response body. */
export const jsonBody = (value: unknown): Uint8Array => encode(JSON.stringify(value));
