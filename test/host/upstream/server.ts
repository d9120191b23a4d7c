import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";

/** Bytes, or the path of a file that holds them. */
export type Content = Buffer | string | { file: string };

/** Answers for part of the internet: what stands at `host/path`, or undefined where nothing does. */
export type Site = (place: string) => Promise<Content | undefined> | Content | undefined;

export interface UpstreamServer {
  /** `http://ADDRESS:PORT`; what stands at https://HOST/PATH is asked for as URL/HOST/PATH. */
  url: string;
  /** Places that were asked for and are not there, in order. */
  missing: string[];
  /** How many requests were answered. */
  served(): number;
  close(): Promise<void>;
}

/** A server that plays every server that a recipe downloads from. */
export async function serveUpstream(address: string, sites: readonly Site[]): Promise<UpstreamServer> {
  const missing: string[] = [];
  let served = 0;
  const find = async (place: string): Promise<Content | undefined> => {
    for (const site of sites) {
      const content = await site(place);
      if (content !== undefined) return content;
    }
    return undefined;
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const place = decodeURIComponent(new URL(request.url ?? "/", "http://upstream").pathname).replace(/^\/+/, "");
    const content = await find(place);
    if (content === undefined) {
      missing.push(place);
      response.writeHead(404).end(`${place} is not here\n`);
      return;
    }
    served += 1;
    if (/\/manifests\/[^/]+$/.test(place) && Buffer.isBuffer(content)) {
      response.setHeader("content-type", "application/vnd.oci.image.manifest.v1+json");
      response.setHeader("docker-content-digest", `sha256:${createHash("sha256").update(content).digest("hex")}`);
    }
    if (typeof content === "object" && "file" in content) {
      response.writeHead(200, { "content-length": statSync(content.file).size });
      if (request.method === "HEAD") response.end();
      else createReadStream(content.file).pipe(response);
    } else {
      response.writeHead(200, { "content-length": Buffer.byteLength(content) });
      response.end(request.method === "HEAD" ? undefined : content);
    }
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      process.stderr.write(`upstream: ${request.url ?? ""}: ${String(error)}\n`);
      response.writeHead(502).end(`${String(error)}\n`);
    });
  });
  server.listen(0, address);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${address}:${port}`,
    missing,
    served: () => served,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
