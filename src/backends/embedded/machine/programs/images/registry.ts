import { parse } from "yaml";
import { FileError } from "../../files/errors.ts";
import type { FileView } from "../../files/file-system.ts";
import { concat, decode } from "../../io.ts";
import type { Process, Program } from "../../process.ts";
import type { HttpRequest, HttpResponse, Listener } from "../../../network/network.ts";
import { NetworkError } from "../../../network/network.ts";
import { mediaTypes, parseManifest, sha256 } from "../../../runtime/images/oci.ts";
import { jsonBody } from "../../../runtime/images/registry-client.ts";

const usage = "Usage:\n  registry serve <config> [flags]\n";

interface RegistryConfig {
  root: string;
  host: string;
  port: number;
  allowDelete: boolean;
  tls: { certificate: string; key: string } | undefined;
}

/** The registry daemon of docker distribution: `registry serve CONFIG`. */
export const registry: Program = async (process) => {
  const [command, path = ""] = process.argv.slice(1);
  if (command === "--version" || command === "-v") {
    await process.out(`${process.argv[0]} github.com/docker/distribution v${process.executable.version}\n`);
    return 0;
  }
  if (command !== "serve") {
    await process.err(usage);
    return command === undefined || command === "--help" ? 0 : 1;
  }
  let config: RegistryConfig;
  try {
    config = readConfig(process, path);
  } catch (error) {
    if (!(error instanceof FileError || error instanceof RegistryConfigError)) throw error;
    const words = error instanceof FileError ? `open ${error.path}: ${error.message.toLowerCase()}` : error.message;
    await process.err(`configuration error: ${words}\n\n${usage}`);
    return 1;
  }
  const store = new RegistryFiles(process, config);
  const listener: Listener = {
    process: "registry",
    pid: process.pid,
    handle: (request) => Promise.resolve(store.handle(request)),
    ...(config.tls ? { tls: config.tls } : {}),
  };
  let close: () => void;
  try {
    close = process.machine.environment.network.listen(process.place, config.port, listener, config.host || undefined);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const words = error.code === "EADDRINUSE" ? "address already in use" : "cannot assign requested address";
    await log(process, "fatal", `listen tcp ${config.host}:${config.port}: bind: ${words}`);
    return 1;
  }
  await log(process, "info", `listening on [::]:${config.port}`);
  process.notifyReady();
  await new Promise<void>((resolve) => {
    if (process.signal.aborted) resolve();
    else process.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  close();
  return 0;
};

class RegistryConfigError extends Error {
  override readonly name = "RegistryConfigError";
}

function log(process: Process, level: string, message: string): Promise<void> {
  const time = new Date(process.machine.environment.clock.now()).toISOString();
  return process.err(
    `time="${time}" level=${level} msg="${message}" service=registry version="${process.executable.version}"\n`,
  );
}

function readConfig(process: Process, path: string): RegistryConfig {
  if (path === "") throw new RegistryConfigError("configuration path unspecified");
  let parsed: unknown;
  try {
    parsed = parse(process.files.readText(process.resolve(path)));
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw new RegistryConfigError(
      `error parsing ${path}: yaml: ${error instanceof Error ? error.message.split("\n")[0] : ""}`,
    );
  }
  const top = table(parsed);
  if (top["version"] === undefined) throw new RegistryConfigError(`error parsing ${path}: no version specified`);
  const storage = table(top["storage"]);
  const root = table(storage["filesystem"])["rootdirectory"];
  if (!("filesystem" in storage))
    throw new RegistryConfigError(`error parsing ${path}: no storage configuration provided`);
  const http = table(top["http"]);
  const address = typeof http["addr"] === "string" ? http["addr"] : ":5000";
  const colon = address.lastIndexOf(":");
  const tls = table(http["tls"]);
  const pem = (name: string): string | undefined => {
    const file = tls[name];
    return typeof file === "string" ? process.files.readText(process.resolve(file)) : undefined;
  };
  const certificate = pem("certificate");
  const key = pem("key");
  return {
    root: typeof root === "string" ? root : "/var/lib/registry",
    host: address.slice(0, colon),
    port: Number(address.slice(colon + 1)),
    allowDelete: table(storage["delete"])["enabled"] === true,
    tls: certificate !== undefined && key !== undefined ? { certificate, key } : undefined,
  };
}

const table = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : {};

/** Repositories and blobs in files, laid out as distribution's filesystem storage does. */
class RegistryFiles {
  #files: FileView;
  #base: string;
  #random: (length: number) => Uint8Array;
  #allowDelete: boolean;
  /** Simplified: an upload that was begun is lost when the daemon ends; clients begin again. */
  #uploads = new Map<string, Uint8Array[]>();

  constructor(process: Process, config: RegistryConfig) {
    this.#files = process.files;
    this.#base = `${config.root}/docker/registry/v2`;
    this.#allowDelete = config.allowDelete;
    this.#random = (length) => process.machine.environment.random.bytes(length);
  }

  handle(request: HttpRequest): HttpResponse {
    try {
      const response = this.#answer(request);
      return request.method === "HEAD" ? { ...response, body: new Uint8Array() } : response;
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      return refuse(500, "UNKNOWN", "unknown error", {
        err: `filesystem: ${error.message.toLowerCase()} ${error.path}`,
      });
    }
  }

  #answer(request: HttpRequest): HttpResponse {
    const { pathname, searchParams } = new URL(request.target, "http://registry");
    if (pathname === "/v2/" || pathname === "/v2") return json(200, {});
    if (pathname === "/v2/_catalog") return json(200, { repositories: this.#repositories() });
    const match = /^\/v2\/(.+)\/(manifests|blobs|tags)\/(.*)$/.exec(pathname);
    if (!match)
      return {
        status: 404,
        headers: { "content-type": "text/plain; charset=utf-8" },
        body: jsonBody("404 page not found"),
      };
    const [, name = "", kind, rest = ""] = match;
    if (!/^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/.test(name)) {
      const upload = /^(.+)\/blobs\/uploads$/.exec(name)?.[1];
      if (upload === undefined || kind !== "blobs")
        return refuse(400, "NAME_INVALID", "invalid repository name", { name });
    }
    if (kind === "tags") return this.#tags(name);
    if (kind === "manifests") return this.#manifest(request, name, rest);
    if (rest === "uploads/" || rest === "uploads") return this.#begin(name, searchParams);
    if (rest.startsWith("uploads/")) return this.#upload(request, name, rest.slice("uploads/".length), searchParams);
    return this.#blob(request, name, rest);
  }

  #manifest(request: HttpRequest, name: string, reference: string): HttpResponse {
    const folder = `${this.#base}/repositories/${name}/_manifests`;
    const byDigest = reference.startsWith("sha256:");
    if (request.method === "PUT") return this.#putManifest(request, name, reference);
    const digest = byDigest ? reference : this.#link(`${folder}/tags/${reference}/current/link`);
    const known =
      digest !== undefined && this.#link(`${folder}/revisions/${digest.replace(":", "/")}/link`) !== undefined;
    const bytes = known ? this.#read(digest) : undefined;
    if (digest === undefined || !bytes) {
      if (!this.#files.exists(`${this.#base}/repositories/${name}`)) {
        return refuse(
          404,
          byDigest ? "NAME_UNKNOWN" : "MANIFEST_UNKNOWN",
          byDigest ? "repository name not known to registry" : "manifest unknown",
          byDigest ? { name } : { Tag: reference },
        );
      }
      return refuse(
        404,
        "MANIFEST_UNKNOWN",
        "manifest unknown",
        byDigest ? { Name: name, Revision: reference } : { Tag: reference },
      );
    }
    if (request.method === "DELETE") {
      if (!this.#allowDelete || !byDigest)
        return refuse(405, "UNSUPPORTED", "The operation is unsupported.", undefined);
      this.#files.removeTree(`${folder}/revisions/${digest.replace(":", "/")}`);
      for (const tag of this.#list(`${folder}/tags`)) {
        if (this.#link(`${folder}/tags/${tag}/current/link`) === digest)
          this.#files.removeTree(`${folder}/tags/${tag}`);
      }
      return { status: 202, headers: {}, body: new Uint8Array() };
    }
    const type = parseManifest(bytes)?.mediaType ?? mediaTypes.ociManifest;
    return {
      status: 200,
      headers: {
        "content-type": type,
        "content-length": String(bytes.length),
        "docker-content-digest": digest,
        ...version,
      },
      body: bytes,
    };
  }

  #putManifest(request: HttpRequest, name: string, reference: string): HttpResponse {
    const digest = sha256(request.body);
    const manifest = parseManifest(request.body);
    if (!manifest && !decode(request.body).includes('"manifests"')) {
      return refuse(400, "MANIFEST_INVALID", "manifest invalid", {});
    }
    if (reference.startsWith("sha256:") && reference !== digest) {
      return refuse(400, "DIGEST_INVALID", "provided digest did not match uploaded content", undefined);
    }
    for (const { digest: wanted } of manifest ? [manifest.config, ...manifest.layers] : []) {
      if (!this.#read(wanted))
        return refuse(400, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry", { digest: wanted });
    }
    const folder = `${this.#base}/repositories/${name}/_manifests`;
    this.#write(digest, request.body);
    this.#writeLink(`${folder}/revisions/${digest.replace(":", "/")}`, digest);
    if (!reference.startsWith("sha256:")) {
      this.#writeLink(`${folder}/tags/${reference}/current`, digest);
      this.#writeLink(`${folder}/tags/${reference}/index/${digest.replace(":", "/")}`, digest);
    }
    const headers = { location: `/v2/${name}/manifests/${digest}`, "docker-content-digest": digest, ...version };
    return { status: 201, headers, body: new Uint8Array() };
  }

  #blob(request: HttpRequest, name: string, digest: string): HttpResponse {
    const linked = this.#link(`${this.#base}/repositories/${name}/_layers/${digest.replace(":", "/")}/link`);
    const bytes = linked === undefined ? undefined : this.#read(digest);
    if (!bytes) return refuse(404, "BLOB_UNKNOWN", "blob unknown to registry", { digest });
    if (request.method === "DELETE") {
      if (!this.#allowDelete) return refuse(405, "UNSUPPORTED", "The operation is unsupported.", undefined);
      this.#files.removeTree(`${this.#base}/repositories/${name}/_layers/${digest.replace(":", "/")}`);
      return { status: 202, headers: {}, body: new Uint8Array() };
    }
    const headers = {
      "content-type": "application/octet-stream",
      "content-length": String(bytes.length),
      "docker-content-digest": digest,
      ...version,
    };
    return { status: 200, headers, body: bytes };
  }

  #begin(name: string, parameters: URLSearchParams): HttpResponse {
    const mount = parameters.get("mount");
    if (mount !== null && this.#read(mount)) {
      this.#writeLink(`${this.#base}/repositories/${name}/_layers/${mount.replace(":", "/")}`, mount);
      return {
        status: 201,
        headers: { location: `/v2/${name}/blobs/${mount}`, "docker-content-digest": mount, ...version },
        body: new Uint8Array(),
      };
    }
    const id = Buffer.from(this.#random(16))
      .toString("hex")
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    this.#uploads.set(id, []);
    return {
      status: 202,
      headers: { location: `/v2/${name}/blobs/uploads/${id}`, "docker-upload-uuid": id, range: "0-0", ...version },
      body: new Uint8Array(),
    };
  }

  #upload(request: HttpRequest, name: string, id: string, parameters: URLSearchParams): HttpResponse {
    const chunks = this.#uploads.get(id);
    if (!chunks) return refuse(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry", undefined);
    chunks.push(request.body);
    const bytes = concat(chunks);
    if (request.method === "PATCH") {
      const range = `0-${Math.max(0, bytes.length - 1)}`;
      return {
        status: 202,
        headers: { location: `/v2/${name}/blobs/uploads/${id}`, "docker-upload-uuid": id, range, ...version },
        body: new Uint8Array(),
      };
    }
    this.#uploads.delete(id);
    if (request.method === "DELETE") return { status: 204, headers: {}, body: new Uint8Array() };
    const digest = parameters.get("digest") ?? "";
    if (sha256(bytes) !== digest)
      return refuse(400, "DIGEST_INVALID", "provided digest did not match uploaded content", undefined);
    this.#write(digest, bytes);
    this.#writeLink(`${this.#base}/repositories/${name}/_layers/${digest.replace(":", "/")}`, digest);
    return {
      status: 201,
      headers: { location: `/v2/${name}/blobs/${digest}`, "docker-content-digest": digest, ...version },
      body: new Uint8Array(),
    };
  }

  #tags(name: string): HttpResponse {
    const folder = `${this.#base}/repositories/${name}/_manifests/tags`;
    if (!this.#files.exists(folder))
      return refuse(404, "NAME_UNKNOWN", "repository name not known to registry", { name });
    return json(200, { name, tags: this.#list(folder) });
  }

  #repositories(): string[] {
    const found: string[] = [];
    const visit = (folder: string, name: string): void => {
      for (const entry of this.#list(folder)) {
        if (entry === "_manifests") found.push(name);
        else if (!entry.startsWith("_")) visit(`${folder}/${entry}`, name === "" ? entry : `${name}/${entry}`);
      }
    };
    visit(`${this.#base}/repositories`, "");
    return found;
  }

  #list = (folder: string): string[] => (this.#files.isDirectory(folder) ? this.#files.list(folder) : []);

  #link = (path: string): string | undefined =>
    this.#files.exists(path) ? this.#files.readText(path).trim() : undefined;

  #writeLink(folder: string, digest: string): void {
    this.#files.makeDirectories(folder);
    this.#files.write(`${folder}/link`, digest);
  }

  #dataOf(digest: string): string {
    const hex = digest.replace(/^sha256:/, "");
    return `${this.#base}/blobs/sha256/${hex.slice(0, 2)}/${hex}`;
  }

  #read(digest: string): Uint8Array | undefined {
    const path = `${this.#dataOf(digest)}/data`;
    return this.#files.exists(path) ? this.#files.readBytes(path) : undefined;
  }

  #write(digest: string, bytes: Uint8Array): void {
    const folder = this.#dataOf(digest);
    this.#files.makeDirectories(folder);
    if (!this.#files.exists(`${folder}/data`)) this.#files.write(`${folder}/data`, bytes);
  }
}

const version = { "docker-distribution-api-version": "registry/2.0" };

const json = (status: number, value: unknown): HttpResponse => {
  const body = jsonBody(value);
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8", "content-length": String(body.length), ...version },
    body,
  };
};

const refuse = (status: number, code: string, message: string, detail: unknown): HttpResponse =>
  json(status, { errors: [{ code, message, ...(detail === undefined ? {} : { detail }) }] });
