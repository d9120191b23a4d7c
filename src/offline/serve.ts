import { createReadStream } from "node:fs";
import { readFile, realpath, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { LabError } from "../domain/errors.ts";
import { readImageManifest, registryHost } from "./image.ts";
import { openBundle } from "./inspect.ts";
import type { BundleFile, BundleManifest } from "./manifest.ts";
import { placeOfRequest } from "./places.ts";

export interface ServeOptions {
  folder: string;
  /** Address to listen on; only this computer reaches 127.0.0.1. */
  address: string;
  /** 0: any free one. */
  port: number;
  /** Called with one line for each answer. */
  onAnswer?: (line: string) => void;
}

export interface BundleServer {
  address: string;
  port: number;
  manifest: BundleManifest;
  close(): Promise<void>;
}

/**
 * Serves a bundle over HTTP: each file at `/host/path`, and its images as a registry at `/v2/`. It answers GET and HEAD
 * for what the manifest names, nothing else. Throws LabError `bundle-invalid` or `bundle-listen`.
 */
export async function serveBundle({ folder, address, port, onAnswer }: ServeOptions): Promise<BundleServer> {
  const manifest = await openBundle(folder);
  const shelf = new Shelf(await realpath(folder), manifest);
  const server = createServer((request, response) => {
    response.on("close", () => onAnswer?.(`${response.statusCode} ${request.method} ${request.url}`));
    answer(shelf, request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else refuse(response, 500, "the file could not be read; run `wasm-k8s-lab bundle verify`");
    });
  });
  await listen(server, address, port);
  const bound = server.address();
  return {
    address,
    port: typeof bound === "object" && bound ? bound.port : port,
    manifest,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const code = "code" in error ? String(error.code) : "an error";
      reject(
        new LabError("bundle-listen", `${address}:${port}: cannot listen there, got ${code}`, {
          remedy: "Take another --port, or an address of this computer for --listen.",
          cause: error,
        }),
      );
    });
    server.listen(port, address, resolve);
  });
}

/** Finds what a request asks for among the manifest's files; the file system is never asked with words of a client. */
class Shelf {
  readonly folder: string;
  readonly manifest: BundleManifest;
  readonly #files: ReadonlyMap<string, BundleFile>;
  readonly #byDigest: ReadonlyMap<string, BundleFile>;

  constructor(folder: string, manifest: BundleManifest) {
    this.folder = folder;
    this.manifest = manifest;
    this.#files = new Map(manifest.files.map((file) => [file.path, file]));
    this.#byDigest = new Map(manifest.files.map((file) => [file.sha256, file]));
  }

  find(target: string): BundleFile | undefined {
    const url = URL.parse(target, "http://bundle");
    if (!url) return undefined;
    const path = url.pathname.startsWith("/v2/") ? this.#ofRegistry(url) : ofHub(target);
    const place = placeOfRequest(path);
    const file = place === undefined ? undefined : this.#files.get(place);
    return file ?? this.#byHash(place);
  }

  /** `/v2/registry/name/...` (override_path, CRI-O's mirrors) or `/v2/name/...?ns=registry` (containerd's mirrors). */
  #ofRegistry(url: URL): string {
    const namespace = url.searchParams.get("ns");
    const rest = url.pathname.slice("/v2/".length);
    const [first = "", ...others] = rest.split("/");
    if (namespace !== null && !first.includes(".")) return `/${registryHost(namespace)}/v2/${rest}`;
    return `/${registryHost(first)}/v2/${others.join("/")}`;
  }

  /** apt asks for index files by digest where a repository offers that. */
  #byHash(place: string | undefined): BundleFile | undefined {
    const [, folder, digest = ""] = /^(.+)\/by-hash\/SHA256\/([0-9a-f]{64})$/.exec(place ?? "") ?? [];
    const file = this.#byDigest.get(digest);
    return file && file.path.slice(0, file.path.lastIndexOf("/")) === folder ? file : undefined;
  }
}

/** Images of Docker Hub are asked for under the name in their names, too. */
const ofHub = (target: string): string =>
  target.replace(/^\/+((?:index\.)?docker\.io)(?=\/v2\/)/, (_, registry: string) => `/${registryHost(registry)}`);

async function answer(shelf: Shelf, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url: target = "/" } = request;
  if (method !== "GET" && method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    refuse(response, 405, "this server is read-only");
    return;
  }
  if (target === "/") {
    send(response, method, 200, overview(shelf.manifest));
    return;
  }
  if (/^\/v2\/?(?:\?|$)/.test(target)) {
    response.setHeader("docker-distribution-api-version", "registry/2.0");
    send(response, method, 200, "{}", "application/json");
    return;
  }
  const file = shelf.find(target);
  if (!file) {
    refuse(response, 404, "the bundle has no such file");
    return;
  }
  await sendFile(shelf.folder, file, request, response);
}

async function sendFile(
  folder: string,
  file: BundleFile,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = join(folder, ...file.path.split("/"));
  // A link that somebody put into the folder leads nowhere else.
  if (!(await realpath(path)).startsWith(folder + sep)) throw new Error("outside of the bundle");
  const { size, mtime } = await stat(path);
  if (size !== file.size) throw new Error("not the file that the manifest names");
  response.setHeader("etag", `"${file.sha256}"`);
  response.setHeader("last-modified", mtime.toUTCString());
  response.setHeader("accept-ranges", "bytes");
  response.setHeader("content-type", await contentType(path, file, response));
  const range = rangeOf(request, file);
  if (range === "unsatisfiable") {
    response.setHeader("content-range", `bytes */${size}`);
    refuse(response, 416, "the file ends before that");
    return;
  }
  const { from, to } = range ?? { from: 0, to: size - 1 };
  if (range) response.setHeader("content-range", `bytes ${from}-${to}/${size}`);
  response.setHeader("content-length", to - from + 1);
  response.writeHead(range ? 206 : 200);
  if (request.method === "HEAD" || size === 0) response.end();
  // A client that leaves early is no fault of the server's.
  else await pipeline(createReadStream(path, { start: from, end: to }), response).catch(() => response.destroy());
}

/** Registries tell what a manifest is by its type and its digest. */
async function contentType(path: string, file: BundleFile, response: ServerResponse): Promise<string> {
  if (/\/v2\/.+\/manifests\/[^/]+$/.test(file.path)) {
    response.setHeader("docker-content-digest", `sha256:${file.sha256}`);
    return readImageManifest(await readFile(path))?.mediaType ?? "application/octet-stream";
  }
  return "application/octet-stream";
}

function rangeOf(
  request: IncomingMessage,
  file: BundleFile,
): { from: number; to: number } | "unsatisfiable" | undefined {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  const condition = request.headers["if-range"];
  if (condition !== undefined && condition !== `"${file.sha256}"`) return undefined;
  const end = file.size - 1;
  const from = first === "" ? Math.max(0, file.size - Number(last)) : Number(first);
  const to = first === "" || last === "" ? end : Math.min(Number(last), end);
  return from > end || to < from ? "unsatisfiable" : { from, to };
}

function overview({ profile, architecture, release, date, files }: BundleManifest): string {
  const hosts = [...new Set(files.map(({ path }) => path.split("/", 1)[0] ?? ""))].sort();
  return `wasm-k8s-lab bundle: profile ${profile}, Ubuntu ${release}, ${architecture}, made ${date}\n${hosts.join("\n")}\n`;
}

function send(response: ServerResponse, method: string, status: number, text: string, type = "text/plain"): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(text) });
  response.end(method === "HEAD" ? undefined : text);
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.removeHeader("content-length");
  response.writeHead(status, { "content-type": "text/plain" });
  response.end(`${why}\n`);
}
