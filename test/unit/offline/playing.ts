import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { systemClock } from "../../../src/cli/system-clock.ts";
import type { Clock } from "../../../src/domain/clock.ts";
import { Upstream, type UpstreamOptions } from "../../../src/offline/upstream.ts";
import type { Source } from "../../../src/recipes/sources.ts";

type Fault = (request: IncomingMessage, response: ServerResponse, content: Buffer) => void;

export const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

/** A server that plays every upstream: what is at https://host/path is served at URL/host/path, with ranges. */
export interface PlayedUpstream {
  url: string;
  /** By `host/path`, decoded. */
  files: Map<string, Buffer>;
  /** What goes wrong, one for each request of a place, in order. */
  faults: Map<string, Fault[]>;
  /** `METHOD host/path` with the range that was asked for. */
  asked: string[];
  /** Requests that were open at the same time. */
  most: number;
  close(): Promise<void>;
}

export async function playUpstream(files: Readonly<Record<string, Buffer | string>> = {}): Promise<PlayedUpstream> {
  let open = 0;
  const played: PlayedUpstream = {
    url: "",
    files: new Map(Object.entries(files).map(([place, content]) => [place, Buffer.from(content)])),
    faults: new Map(),
    asked: [],
    most: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  const server = createServer((request, response) => {
    const place = decodeURIComponent(new URL(request.url ?? "/", "http://upstream").pathname.slice(1));
    const { range } = request.headers;
    played.asked.push(`${request.method} ${place}${range === undefined ? "" : ` ${range}`}`);
    played.most = Math.max(played.most, (open += 1));
    response.on("close", () => (open -= 1));
    const content = played.files.get(place);
    const fault = played.faults.get(place)?.shift();
    if (fault) fault(request, response, content ?? Buffer.alloc(0));
    else if (content) serveContent(request, response, content);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  played.url = `http://127.0.0.1:${typeof bound === "object" && bound ? bound.port : 0}`;
  onTestFinished(() => played.close());
  return played;
}

function serveContent(request: IncomingMessage, response: ServerResponse, content: Buffer): void {
  const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? -1);
  response.setHeader("etag", `"${sha256(content)}"`);
  if (from >= content.length) {
    response.writeHead(416, { "content-range": `bytes */${content.length}` }).end();
    return;
  }
  const rest = content.subarray(Math.max(from, 0));
  if (from >= 0) response.setHeader("content-range", `bytes ${from}-${content.length - 1}/${content.length}`);
  response.writeHead(from >= 0 ? 206 : 200, { "content-length": rest.length });
  response.end(request.method === "HEAD" ? undefined : rest);
}

export const faults = {
  status:
    (status: number): Fault =>
    (_, response) =>
      void response.writeHead(status).end(),
  redirect:
    (location: string): Fault =>
    (_, response) =>
      void response.writeHead(302, { location }).end(),
  /** Sends the first bytes, then breaks the connection. */
  truncate:
    (bytes: number): Fault =>
    (_, response, content) => {
      response.writeHead(200, { "content-length": content.length, etag: `"${sha256(content)}"` });
      response.write(content.subarray(0, bytes), () => response.destroy());
    },
  /** Closes the connection without a word. */
  hangUp: ((request) => void request.socket.destroy()) satisfies Fault,
  /** Sends the first bytes, then nothing more. */
  stall:
    (bytes: number): Fault =>
    (_, response, content) => {
      response.writeHead(200, { "content-length": content.length });
      response.write(content.subarray(0, bytes));
    },
  content:
    (other: string): Fault =>
    (request, response) =>
      serveContent(request, response, Buffer.from(other)),
};

/** Waits for nothing, but limits patience by real time. */
export const hastyClock: Clock = {
  ...systemClock,
  sleep: (_, signal) => {
    signal?.throwIfAborted();
    return Promise.resolve();
  },
};

export const upstreamOf = (played: { url: string }, options: Partial<UpstreamOptions> = {}): Upstream =>
  new Upstream({ clock: hastyClock, server: played.url, patienceMs: 5000, ...options });

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "wasm-k8s-lab-offline-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A source of one file; `more` fills in what a test is about. */
export const sourceOf = (id: string, url: string, more: Partial<Source> = {}): Source => ({
  id,
  kind: "file",
  url,
  version: "1",
  component: id,
  ...more,
});
