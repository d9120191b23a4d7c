import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { concat } from "../machine/io.ts";
import type { HttpRequest, HttpResponse, Listener } from "./network.ts";

// An import would evaluate every export of the module, among them a whole HTTP client that nothing here uses.
const { createServer, request: httpRequest, STATUS_CODES } = process.getBuiltinModule("node:http");

/** Who is at the other end of a connection to one of our own servers. */
export interface ClientIdentity {
  /** PEM, already accepted. */
  certificate?: string;
}

function headersOf(message: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return headers;
}

async function bodyOf(message: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of message) if (chunk instanceof Uint8Array) chunks.push(chunk);
  return concat(chunks);
}

async function send(response: ServerResponse, answer: HttpResponse, signal: AbortSignal): Promise<void> {
  const length = answer.body instanceof Uint8Array ? { "content-length": String(answer.body.length) } : {};
  const headers = { ...length, ...answer.headers };
  if (answer.reason === undefined) response.writeHead(answer.status, headers);
  else response.writeHead(answer.status, answer.reason, headers);
  if (answer.body instanceof Uint8Array) {
    response.end(answer.body);
    return;
  }
  response.flushHeaders();
  for await (const chunk of answer.body) {
    if (signal.aborted) return;
    if (!response.write(chunk)) await once(response, "drain", { signal });
  }
  response.end();
}

/**
 * A request listener of node:http in front of a listener's `handle`: bodies stream with back-pressure and the
 * request's signal aborts when the client goes. `identify` names the client of a message.
 */
export function requestListenerOf(
  handle: NonNullable<Listener["handle"]>,
  identify: (message: IncomingMessage) => ClientIdentity,
): RequestListener {
  return (message, response) => {
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    response.on("error", () => gone.abort());
    const answerIt = async (): Promise<void> => {
      const body = await bodyOf(message);
      const { certificate } = identify(message);
      const request: HttpRequest = {
        method: message.method ?? "GET",
        target: message.url ?? "/",
        headers: headersOf(message),
        body,
        signal: gone.signal,
        ...(certificate === undefined ? {} : { clientCertificate: certificate }),
      };
      await send(response, await handle(request), gone.signal);
    };
    answerIt().catch(() => {
      if (response.headersSent || gone.signal.aborted) response.destroy();
      else response.writeHead(500).end();
    });
  };
}

/** Answers a request to switch protocols: by taking the stream over, or as an ordinary one that ends the connection. */
export async function answerUpgrade(
  message: IncomingMessage,
  stream: Duplex,
  handle: NonNullable<Listener["handle"]>,
  identify: (message: IncomingMessage) => ClientIdentity,
): Promise<void> {
  const gone = new AbortController();
  stream.once("close", () => gone.abort());
  const { certificate } = identify(message);
  const answer = await handle({
    method: message.method ?? "GET",
    target: message.url ?? "/",
    headers: headersOf(message),
    body: new Uint8Array(),
    signal: gone.signal,
    ...(certificate === undefined ? {} : { clientCertificate: certificate }),
  });
  const body = answer.body instanceof Uint8Array ? answer.body : new Uint8Array();
  const own = answer.upgrade ? {} : { "content-length": String(body.length), connection: "close" };
  const headers = Object.entries({ ...answer.headers, ...own }).map(([name, value]) => `${name}: ${value}\r\n`);
  const reason = answer.reason ?? STATUS_CODES[answer.status] ?? "";
  stream.write(`HTTP/1.1 ${answer.status} ${reason}\r\n${headers.join("")}\r\n`);
  if (answer.upgrade) answer.upgrade(stream);
  else stream.end(body);
}

const servers = new WeakMap<NonNullable<Listener["handle"]>, Server>();

/** Serves HTTP/1.1 with `handle` on a stream that is already connected. */
export function serveOnStream(stream: Duplex, handle: NonNullable<Listener["handle"]>): void {
  let server = servers.get(handle);
  if (!server) {
    server = createServer(
      { keepAliveTimeout: 60_000 },
      requestListenerOf(handle, () => ({})),
    );
    // A client that says no more, such as `printf ... | nc -N`, still waits for its answer.
    Object.assign(server, { httpAllowHalfOpen: true });
    servers.set(handle, server);
  }
  server.emit("connection", stream);
}

export interface StreamRequest {
  method: string;
  target: string;
  host: string;
  headers: Readonly<Record<string, string>>;
  body: Uint8Array | undefined;
  signal: AbortSignal | undefined;
}

/**
 * One HTTP exchange with whatever speaks at the other end of `stream`, also with answers that have no reason, no
 * headers and a body that ends with the connection. Rejects with the stream's or parser's error.
 */
export async function exchangeOnStream(stream: Duplex, request: StreamRequest): Promise<HttpResponse> {
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = httpRequest({
      createConnection: () => stream,
      method: request.method,
      path: request.target,
      headers: {
        host: request.host,
        ...(request.body && request.body.length > 0 ? { "content-length": String(request.body.length) } : {}),
        ...request.headers,
        connection: "close",
      },
      ...(request.signal ? { signal: request.signal } : {}),
    });
    outgoing.on("response", resolve);
    outgoing.on("error", reject);
    outgoing.end(request.body);
  });
  message.on("error", () => {});
  return {
    status: message.statusCode ?? 0,
    reason: message.statusMessage ?? "",
    headers: headersOf(message),
    body: chunksOf(message),
  };
}

async function* chunksOf(message: IncomingMessage): AsyncGenerator<Uint8Array> {
  for await (const chunk of message) if (chunk instanceof Uint8Array) yield chunk;
}
