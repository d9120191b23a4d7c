import { ApiError, type StatusObject } from "../../../../cluster/api.ts";
import { requestApi } from "../../../../cluster/clients/index.ts";
import { concat, decode } from "../../../io.ts";
import type { LabNetwork, NetworkPlace } from "../../../../network/network.ts";
import { dialReason, UnreachableError } from "./errors.ts";
import { isObject, textAt, type Json } from "./json.ts";
import type { ClusterAccess } from "./kubeconfig.ts";

/** Who is asking, from where. */
export interface Caller {
  network: LabNetwork;
  place: NetworkPlace;
  signal: AbortSignal;
  userAgent: string;
  /** Told of every answer, for those who want to see the requests. */
  trace?(request: string, status: number): Promise<void>;
  /** Told of each exchange as it goes over the wire, for those who want to see headers and bodies. */
  wire?: Wire;
}

export interface Wire {
  request(
    method: string,
    url: string,
    headers: Readonly<Record<string, string>>,
    body: string | undefined,
  ): Promise<void>;
  response(status: number, headers: Readonly<Record<string, string>>): Promise<void>;
  body(text: string): Promise<void>;
}

export interface ApiCall {
  query?: Readonly<Record<string, string | undefined>>;
  /** JSON value, or bytes sent as they are. */
  body?: unknown;
  contentType?: string;
  accept?: string;
  signal?: AbortSignal;
}

export interface ApiAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  /** Bytes as they arrive. */
  chunks: AsyncIterable<Uint8Array>;
}

/** One client's connection to an API server over the lab's network. */
export class Connection {
  readonly access: ClusterAccess;
  readonly caller: Caller;
  /** Texts of `Warning` headers, in order, each once. */
  readonly warnings: string[] = [];

  constructor(access: ClusterAccess, caller: Caller) {
    this.access = access;
    this.caller = caller;
  }

  /** Sends a request; rejects with UnreachableError, never for a status code. */
  async send(method: string, path: string, call: ApiCall = {}): Promise<ApiAnswer> {
    const { access, caller } = this;
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries(call.query ?? {})) if (value !== undefined) query.append(key, value);
    const search = query.toString();
    const target = `${path}${search === "" ? "" : `?${search}`}`;
    const headers: Record<string, string> = {
      accept: call.accept ?? "application/json",
      "user-agent": caller.userAgent,
    };
    if (access.impersonate !== undefined) headers["impersonate-user"] = access.impersonate;
    if (call.body !== undefined) headers["content-type"] = call.contentType ?? "application/json";
    if (caller.wire) await caller.wire.request(method, `${access.server}${target}`, headers, bodyText(call.body));
    try {
      const response = await requestApi(caller.network, caller.place, access, {
        method,
        path: target,
        headers,
        body: call.body,
        signal: call.signal ?? caller.signal,
      });
      this.#noteWarnings(response.headers["warning"]);
      await caller.wire?.response(response.status, response.headers);
      await caller.trace?.(`${method} ${access.server}${target}`, response.status);
      return { status: response.status, headers: response.headers, chunks: chunksOf(response.body) };
    } catch (error) {
      const reason = dialReason(error);
      if (reason === undefined) throw error;
      throw new UnreachableError(method, `${access.server}${target}`, new URL(access.server).host, reason);
    }
  }

  /** The answer's bytes; rejects with ApiError for a failure status. */
  async bytes(method: string, path: string, call: ApiCall = {}): Promise<Uint8Array> {
    const answer = await this.send(method, path, call);
    const bytes = await readChunks(answer.chunks);
    await this.caller.wire?.body(decode(bytes));
    if (answer.status >= 400) throw errorOf(answer.status, decode(bytes));
    return bytes;
  }

  async json(method: string, path: string, call: ApiCall = {}): Promise<Json> {
    const text = decode(await this.bytes(method, path, call));
    const value: unknown = text === "" ? {} : JSON.parse(text);
    return isObject(value) ? value : {};
  }

  /** JSON documents of a chunked answer, one per line, such as a watch. */
  async *lines(path: string, call: ApiCall = {}): AsyncGenerator<Json> {
    const answer = await this.send("GET", path, call);
    if (answer.status >= 400) throw errorOf(answer.status, decode(await readChunks(answer.chunks)));
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of answer.chunks) {
      rest += decoder.decode(chunk, { stream: true });
      const parts = rest.split("\n");
      rest = parts.pop() ?? "";
      for (const part of parts) {
        if (part.trim() === "") continue;
        const value: unknown = JSON.parse(part);
        if (isObject(value)) yield value;
      }
    }
  }

  #noteWarnings(header: string | undefined): void {
    for (const match of (header ?? "").matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)) {
      const text = (match[1] ?? "").replaceAll(/\\(.)/g, "$1");
      if (!this.warnings.includes(text)) this.warnings.push(text);
    }
  }
}

function bodyText(body: unknown): string | undefined {
  if (body === undefined) return undefined;
  return body instanceof Uint8Array ? decode(body) : JSON.stringify(body);
}

async function* chunksOf(body: Uint8Array | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) yield body;
  else yield* body;
}

export async function readChunks(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return concat(parts);
}

const reasons: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  406: "NotAcceptable",
  409: "Conflict",
  415: "UnsupportedMediaType",
  500: "InternalError",
  503: "ServiceUnavailable",
};

/** The API's own Status, or one made from an answer that is none. */
export function errorOf(status: number, body: string): ApiError {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    parsed = undefined;
  }
  if (isObject(parsed) && parsed["kind"] === "Status") {
    const object: StatusObject = {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: textAt(parsed, "message"),
      code: status,
      ...(textAt(parsed, "reason") === "" ? {} : { reason: textAt(parsed, "reason") }),
      ...(isObject(parsed["details"]) ? { details: parsed["details"] } : {}),
    };
    return new ApiError(object);
  }
  const message =
    status === 404
      ? "the server could not find the requested resource"
      : body.trim() || `the server answered ${status}`;
  return new ApiError({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    code: status,
    reason: reasons[status] ?? "InternalError",
  });
}
