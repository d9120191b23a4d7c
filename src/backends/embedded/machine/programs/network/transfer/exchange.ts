import type { Duplex } from "node:stream";
import { concat, decode, encode } from "../../../io.ts";
import type { Process } from "../../../process.ts";
import { CertificateError, NetworkError } from "../../../../network/network.ts";
import { BodyReader } from "./body-reader.ts";

export interface ExchangeRequest {
  url: URL;
  method: string;
  /** In the order and case they are sent; without Host. */
  headers: readonly (readonly [string, string])[];
  body?: Uint8Array;
  /** Address to connect to instead of the host's own. */
  connectTo?: string;
  /** Do not verify certificates. */
  insecure?: boolean;
  /** PEM. */
  authority?: string;
  clientCertificate?: { certificate: string; key: string };
  signal: AbortSignal;
  /** Called when the connection stands. */
  onConnected?: () => void;
}

export interface ExchangeResponse {
  /** `1.0`, `1.1`, `2`. */
  version: string;
  status: number;
  reason: string;
  /** As sent; several of one name stay several. */
  headers: [string, string][];
  body: AsyncIterable<Uint8Array>;
}

export type FailureKind =
  | "resolve"
  | "connect"
  | "tls-version"
  | "certificate"
  | "empty"
  | "reset"
  | "old-http"
  | "partial";

/** An exchange that came to nothing; each client words it. */
export class ExchangeFailure extends Error {
  override readonly name = "ExchangeFailure";
  readonly kind: FailureKind;
  /** For `connect`: the operating system's word. */
  readonly code: string;
  constructor(kind: FailureKind, message: string, code = "") {
    super(message);
    this.kind = kind;
    this.code = code;
  }
}

/** The first value of a header, by its name in any case. */
export const headerOf = (response: Pick<ExchangeResponse, "headers">, name: string): string | undefined =>
  response.headers.find(([other]) => other.toLowerCase() === name)?.[1];

export const portOf = (url: URL): number =>
  url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);

/** `[::1]` without its brackets. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[(.*)\]$/, "$1");

/** One HTTP request and its answer, redirects not followed. Rejects with ExchangeFailure or the signal's reason. */
export async function exchange(process: Process, request: ExchangeRequest): Promise<ExchangeResponse> {
  try {
    return request.url.protocol === "https:" ? await overTls(process, request) : await overTcp(process, request);
  } catch (error) {
    if (request.signal.aborted) throw request.signal.reason;
    throw failureOf(error);
  }
}

function failureOf(error: unknown): unknown {
  if (error instanceof CertificateError) {
    const kind = /HTTP response to HTTPS client/.test(error.message) ? "tls-version" : "certificate";
    return new ExchangeFailure(kind, error.message);
  }
  if (!(error instanceof NetworkError)) return error;
  if (error.code === "ENOTFOUND") return new ExchangeFailure("resolve", error.host, error.code);
  if (error.code === "ECONNRESET") return new ExchangeFailure("reset", "Connection reset by peer", error.code);
  return new ExchangeFailure("connect", connectWords[error.code] ?? error.code, error.code);
}

const connectWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: "Connection refused",
  ETIMEDOUT: "Connection timed out",
  EHOSTUNREACH: "No route to host",
  ENETUNREACH: "Network is unreachable",
};

async function overTls(process: Process, request: ExchangeRequest): Promise<ExchangeResponse> {
  const { url } = request;
  const target = new URL(url);
  if (request.connectTo !== undefined) target.hostname = request.connectTo;
  const response = await process.machine.environment.network.fetch(process.place, target.href, {
    method: request.method,
    headers: {
      ...Object.fromEntries(request.headers.map(([name, value]) => [name.toLowerCase(), value])),
      host: url.host,
    },
    ...(request.body ? { body: request.body } : {}),
    ...(request.insecure ? { insecure: true } : {}),
    ...(request.authority === undefined ? {} : { authority: request.authority }),
    ...(request.clientCertificate ? { clientCertificate: request.clientCertificate } : {}),
    serverName: hostOf(url),
    signal: request.signal,
  });
  request.onConnected?.();
  return {
    // Simplified: every TLS server of the lab speaks HTTP/2, which has no reason phrase.
    version: "2",
    status: response.status,
    reason: "",
    headers: Object.entries(response.headers),
    body: response.body instanceof Uint8Array ? once(response.body) : response.body,
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield await Promise.resolve(bytes);
}

async function overTcp(process: Process, request: ExchangeRequest): Promise<ExchangeResponse> {
  const { url, signal } = request;
  const host = request.connectTo ?? hostOf(url);
  const stream = await process.machine.environment.network.connect(process.place, host, portOf(url), signal);
  request.onConnected?.();
  const close = (): void => void stream.destroy();
  signal.addEventListener("abort", close, { once: true });
  try {
    await send(stream, request);
    const reader = new BodyReader(stream);
    const { head, lines } = await readHead(reader);
    const headers = lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
    const [, version = "1.1", status = "0", reason = ""] = head;
    return {
      version,
      status: Number(status),
      reason,
      headers,
      body: bodyOf(reader, request.method, Number(status), headers, close),
    };
  } catch (error) {
    close();
    throw error;
  }
}

async function send(stream: Duplex, request: ExchangeRequest): Promise<void> {
  const lines = [
    `${request.method} ${request.url.pathname}${request.url.search} HTTP/1.1`,
    `Host: ${request.url.host}`,
  ];
  for (const [name, value] of request.headers) lines.push(`${name}: ${value}`);
  const bytes = concat([encode(`${lines.join("\r\n")}\r\n\r\n`), request.body ?? new Uint8Array()]);
  // A server may answer and close without reading the request, which is no failure as long as it answers.
  await new Promise<void>((resolve) => {
    stream.on("error", () => undefined);
    stream.write(bytes, () => resolve());
  });
}

async function readHead(reader: BodyReader): Promise<{ head: RegExpExecArray; lines: string[] }> {
  for (;;) {
    const raw = await reader.until("\r\n\r\n", "\n\n");
    if (raw.length === 0) throw new ExchangeFailure("empty", "Empty reply from server");
    const [first = "", ...lines] = decode(raw)
      .split(/\r?\n/)
      .filter((line) => line !== "");
    const head = /^HTTP\/(\d(?:\.\d)?) (\d{3})(?: (.*))?$/.exec(first);
    if (!head) throw new ExchangeFailure("old-http", "Received HTTP/0.9 when not allowed");
    const status = Number(head[2]);
    if (status >= 200 || status === 101) return { head, lines };
  }
}

async function* bodyOf(
  reader: BodyReader,
  method: string,
  status: number,
  headers: readonly (readonly [string, string])[],
  close: () => void,
): AsyncGenerator<Uint8Array> {
  const value = (name: string): string | undefined => headers.find(([other]) => other.toLowerCase() === name)?.[1];
  try {
    if (method === "HEAD" || status === 204 || status === 304) return;
    if (/chunked/i.test(value("transfer-encoding") ?? "")) {
      for (;;) {
        const size = Number.parseInt(decode(await reader.until("\r\n")), 16);
        if (!(size > 0)) return;
        yield* exactly(reader, size);
        await reader.until("\r\n");
      }
    }
    const length = value("content-length");
    if (length !== undefined) yield* exactly(reader, Number(length));
    else for (let chunk = await reader.some(); chunk; chunk = await reader.some()) yield chunk;
  } catch (error) {
    throw failureOf(error);
  } finally {
    close();
  }
}

async function* exactly(reader: BodyReader, size: number): AsyncGenerator<Uint8Array> {
  for (let left = size; left > 0;) {
    const chunk = await reader.some(left);
    if (!chunk) throw new ExchangeFailure("partial", `transfer closed with ${left} bytes remaining to read`);
    left -= chunk.length;
    yield chunk;
  }
}
