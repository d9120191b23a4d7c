import { type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { Clock } from "../domain/clock.ts";
import { throughServer } from "./places.ts";
import { Slots } from "./slots.ts";

/**
 * `gone`: the server says that there is no such thing. `name`: the host's name is unknown. `unreachable`: no answer, or
 * one that broke off. `busy`: the server asks for patience. `refused`: it wants other rights. `wrong`: an answer that
 * makes no sense.
 */
export type Trouble = "gone" | "name" | "unreachable" | "busy" | "refused" | "wrong";

/** An address that could not be read. `message` says why, without the address. */
export class UpstreamError extends Error {
  override readonly name = "UpstreamError";
  readonly trouble: Trouble;
  readonly url: string;
  /** Milliseconds that the server asks to wait. */
  readonly waitMs: number | undefined;

  constructor(trouble: Trouble, url: string, message: string, options: { waitMs?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.trouble = trouble;
    this.url = url;
    this.waitMs = options.waitMs;
  }
}

export interface UpstreamOptions {
  clock: Clock;
  /** A server of bundles that stands in for every host. */
  server?: string;
  /** Milliseconds within which an answer must begin, and within which each further KiB of it must come. */
  patienceMs?: number;
  /** How often something is tried before it counts as not to be had. */
  attempts?: number;
  /** Milliseconds before the second attempt; doubled before each further one. */
  backoffMs?: number;
  /** Requests at the same time. */
  parallel?: number;
}

export interface Asking {
  method?: "GET" | "HEAD";
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
}

export interface Answer {
  status: number;
  header(name: string): string | undefined;
  /** Yields the body; throws UpstreamError when it breaks off, or comes too slowly to ever end. */
  body(): AsyncIterable<Uint8Array>;
  /** Lets go of the connection. */
  close(): void;
}

const mostRedirects = 10;
const leastBytes = 1024;

/** Reads from the servers that a profile downloads from: redirects, registries' tokens, patience, retries. */
export class Upstream {
  readonly clock: Clock;
  readonly #server: string | undefined;
  readonly #patienceMs: number;
  readonly #attempts: number;
  readonly #backoffMs: number;
  readonly #tokens = new Map<string, string>();
  readonly #slots: Slots;
  /** True once any server has answered. */
  #heard = false;

  constructor(options: UpstreamOptions) {
    this.clock = options.clock;
    this.#server = options.server;
    this.#patienceMs = options.patienceMs ?? 20_000;
    this.#attempts = options.attempts ?? 4;
    this.#backoffMs = options.backoffMs ?? 1000;
    this.#slots = new Slots(options.parallel ?? 4);
  }

  /** Calls `attempt` until it succeeds, with growing pauses; trouble that will not pass is thrown at once. */
  async retry<Result>(attempt: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    for (let count = 1; ; count += 1) {
      signal?.throwIfAborted();
      try {
        return await this.#slots.run(attempt);
      } catch (error) {
        if (!(error instanceof UpstreamError) || !passes(error.trouble) || count >= this.#mostAttempts()) throw error;
        const pause = this.#backoffMs * 2 ** (count - 1);
        await this.clock.sleep(Math.min(Math.max(pause, error.waitMs ?? 0), 60_000), signal);
      }
    }
  }

  /** Where nobody has ever answered it is the network, and patience with each address would only take long. */
  #mostAttempts(): number {
    return this.#heard ? this.#attempts : Math.min(this.#attempts, 2);
  }

  /** The whole body of a small file. Throws UpstreamError; `most` is in bytes. */
  bytes(url: string, asking: Asking = {}, most = 256 * 1024 * 1024): Promise<{ bytes: Buffer; answer: Answer }> {
    return this.retry(async () => {
      const answer = await this.open(url, asking);
      const chunks: Uint8Array[] = [];
      let length = 0;
      try {
        for await (const chunk of answer.body()) {
          chunks.push(chunk);
          length += chunk.length;
          if (length > most) throw new UpstreamError("wrong", url, `is longer than ${most} bytes`);
        }
      } finally {
        answer.close();
      }
      return { bytes: Buffer.concat(chunks), answer };
    }, asking.signal);
  }

  /** Opens an address once. Throws UpstreamError for every answer but 200, 206 and 416. */
  async open(url: string, asking: Asking = {}): Promise<Answer> {
    const scope = scopeOf(url);
    const first = await this.#follow(url, asking, scope);
    if (first.status !== 401) return accepted(url, first);
    const challenge = /^Bearer\s+(?<parameters>.*)$/i.exec(first.header("www-authenticate") ?? "");
    first.close();
    const parameters = challenge?.groups?.["parameters"];
    if (parameters === undefined || scope === undefined) throw new UpstreamError("refused", url, "wants a login (401)");
    this.#tokens.set(scope, await this.#token(url, parameters, asking.signal));
    return accepted(url, await this.#follow(url, asking, scope));
  }

  /** Registries hand out tokens for reading to everyone. */
  async #token(url: string, challenge: string, signal: AbortSignal | undefined): Promise<string> {
    const parameters = new Map(
      [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value]),
    );
    const realm = URL.parse(parameters.get("realm") ?? "");
    if (!realm || (realm.protocol !== "https:" && realm.hostname !== "127.0.0.1")) {
      throw new UpstreamError("refused", url, "wants a login (401)");
    }
    for (const name of ["service", "scope"]) {
      const value = parameters.get(name);
      if (value !== undefined) realm.searchParams.set(name, value);
    }
    const answer = accepted(realm.href, await this.#follow(realm.href, signal ? { signal } : {}, undefined, false));
    const chunks: Uint8Array[] = [];
    for await (const chunk of answer.body()) chunks.push(chunk);
    const given: unknown = parsed(Buffer.concat(chunks).toString("utf8"));
    const token = field(given, "token") ?? field(given, "access_token");
    if (token === undefined) throw new UpstreamError("refused", url, `got no token from ${realm.host}`);
    return token;
  }

  async #follow(url: string, asking: Asking, scope: string | undefined, rewritten = true): Promise<Answer> {
    let address = new URL(rewritten ? throughServer(this.#server, url) : url);
    const token = scope === undefined ? undefined : this.#tokens.get(scope);
    const { host } = address;
    for (let count = 0; count <= mostRedirects; count += 1) {
      const headers = {
        // Bytes as they are: what is checked is the file, not what a server made of it on the way.
        "accept-encoding": "identity",
        "user-agent": "wasm-k8s-lab",
        ...asking.headers,
        ...(token !== undefined && address.host === host ? { authorization: `Bearer ${token}` } : {}),
      };
      const message = await this.#ask(url, address, asking, headers);
      const target = message.headers.location;
      if (![301, 302, 303, 307, 308].includes(message.statusCode ?? 0) || target === undefined) {
        return this.#answer(url, message);
      }
      message.destroy();
      const next = URL.parse(target, address.href);
      if (!next || !/^https?:$/.test(next.protocol)) throw new UpstreamError("wrong", url, `redirects to ${target}`);
      if (address.protocol === "https:" && next.protocol === "http:") {
        throw new UpstreamError("wrong", url, `redirects from https to ${next.origin}`);
      }
      address = next;
    }
    throw new UpstreamError("wrong", url, `redirects more than ${mostRedirects} times`);
  }

  #ask(url: string, address: URL, asking: Asking, headers: Record<string, string>): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const how = {
        method: asking.method ?? "GET",
        headers: { ...headers },
        ...(asking.signal ? { signal: asking.signal } : {}),
      };
      const { signal } = asking;
      const asked: ClientRequest =
        address.protocol === "https:" ? requestHttps(address, how) : requestHttp(address, how);
      const patience = this.clock.after(this.#patienceMs, () => {
        asked.destroy(new UpstreamError("unreachable", url, `gave no answer in ${this.#patienceMs / 1000} s`));
      });
      asked.on("response", (message) => {
        this.#heard = true;
        patience();
        resolve(message);
      });
      asked.on("error", (error) => {
        patience();
        reject(signal?.aborted ? signal.reason : troubleOf(url, error));
      });
      asked.end();
    });
  }

  #answer(url: string, message: IncomingMessage): Answer {
    const { clock } = this;
    const patienceMs = this.#patienceMs;
    return {
      status: message.statusCode ?? 0,
      header: (name) => {
        const value = message.headers[name];
        return Array.isArray(value) ? value[0] : value;
      },
      async *body() {
        let since = 0;
        const slow = new UpstreamError("unreachable", url, `sent too little in ${patienceMs / 1000} s`);
        const watch = (): void => {
          if (since < leastBytes) message.destroy(slow);
          since = 0;
          cancel = clock.after(patienceMs, watch);
        };
        let cancel = clock.after(patienceMs, watch);
        try {
          for await (const chunk of message as AsyncIterable<Uint8Array>) {
            since += chunk.length;
            yield chunk;
          }
        } catch (error) {
          throw troubleOf(url, error);
        } finally {
          cancel();
          message.destroy();
        }
      },
      close: () => void message.destroy(),
    };
  }
}

const passes = (trouble: Trouble): boolean => trouble === "unreachable" || trouble === "busy";

/** Registries give tokens for one repository of images. */
const scopeOf = (url: string): string | undefined =>
  /^https?:\/\/[^/]+\/v2\/.+(?=\/(?:manifests|blobs)\/)/.exec(url)?.[0];

function accepted(url: string, answer: Answer): Answer {
  const { status } = answer;
  if (status === 200 || status === 206 || status === 416) return answer;
  answer.close();
  if (status === 404 || status === 410) throw new UpstreamError("gone", url, `is not there (${status})`);
  if (status === 429 || status >= 500) {
    const seconds = Number(answer.header("retry-after"));
    const waitMs = Number.isFinite(seconds) ? seconds * 1000 : 0;
    throw new UpstreamError("busy", url, `could not be served (${status})`, { waitMs });
  }
  if (status >= 400) throw new UpstreamError("refused", url, `was refused (${status})`);
  throw new UpstreamError("wrong", url, `was answered with status ${status}`);
}

function troubleOf(url: string, error: unknown): Error {
  if (error instanceof UpstreamError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ABORT_ERR" && error instanceof Error) return error;
  if (code === "ENOTFOUND")
    return new UpstreamError("name", url, "its host has no address (ENOTFOUND)", { cause: error });
  const reason = code === "" ? String(error) : code;
  return new UpstreamError("unreachable", url, `could not be reached (${reason})`, { cause: error });
}

const field = (value: unknown, name: string): string | undefined => {
  const found: unknown = typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
  return typeof found === "string" ? found : undefined;
};

/** The value of a JSON text; undefined for what is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
