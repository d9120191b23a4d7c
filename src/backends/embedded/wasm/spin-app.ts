import { createHash } from "node:crypto";
import type { Clock } from "../../../domain/clock.ts";
import type { HttpRequest, HttpResponse, LabNetwork, NetworkPlace } from "../network/network.ts";
import { encode } from "../machine/io.ts";
import { LoadError, loadModule } from "./spin/load.ts";
import type { LoadedModule as LoadedCode } from "./spin/load.ts";
import type { GuestTrap } from "./spin/messages.ts";
import type { Header } from "./spin/resources.ts";
import { buildRoutes, findRoute, parseRoute } from "./spin/routes.ts";
import type { SpinRoute } from "./spin/routes.ts";
import { spinWorkers } from "./spin/workers.ts";
import type { JobOutcome } from "./spin/workers.ts";
import type { SpinComponent, SpinManifest } from "./spin-manifest.ts";

/** What an application is made of and runs with. */
export interface SpinApplicationOptions {
  manifest: SpinManifest;
  /** Bytes of each component's module, by the component's id. */
  modules: ReadonlyMap<string, Uint8Array>;
  /** Version of Spin (of a shim: the Spin linked into it); decides which interfaces a module may import. */
  spinVersion: string;
  clock: Clock;
  /** What a guest writes to its standard output and error. */
  log(component: string, stream: "stdout" | "stderr", bytes: Uint8Array): void;
  /** Spin's own messages, such as the error of a trapped guest; one call is one message without a final newline. */
  report?(message: string): void;
  /** Milliseconds after which a guest that does not answer is ended; default 5,000. */
  requestLimitMs?: number;
}

/** An application that answers requests, each by a fresh instance of its component. */
export interface SpinApplication {
  /** In effect, for the list that is printed at the start. */
  readonly routes: readonly SpinRoute[];
  /** Never rejects: a trap or an unknown route is an answer. */
  handle(request: HttpRequest): Promise<HttpResponse>;
  /** Ends the guests that still run. */
  close(): void;
}

/** Spin's words for an application that cannot be started: the message, then the chain of causes. */
export class SpinApplicationError extends Error {
  override readonly name = "SpinApplicationError";
  readonly causes: readonly string[];
  constructor(message: string, causes: readonly string[] = []) {
    super(message);
    this.causes = causes;
  }
}

/** Loads the modules and checks their interfaces. Throws SpinApplicationError. */
export function openSpinApplication(options: SpinApplicationOptions): SpinApplication {
  const { manifest, modules, spinVersion } = options;
  const components = new Map<string, { component: SpinComponent; loaded: LoadedModule }>();
  for (const component of manifest.components) {
    // Simplified: Spin shows a component the files that its manifest lists.
    if (component.wantsFiles) {
      throw new SpinApplicationError(`the lab's Spin mounts no files, which component '${component.id}' asks for`);
    }
    const bytes = modules.get(component.id);
    if (!bytes) throw new SpinApplicationError(`no module was given for component '${component.id}'`);
    components.set(component.id, { component, loaded: loadedModule(bytes, spinVersion, component.id) });
  }
  const foreign = manifest.triggers.find((trigger) => trigger.type !== "http");
  if (foreign) throw new SpinApplicationError(`the lab's Spin has no trigger of type '${foreign.type}', only http`);
  for (const { component } of manifest.triggers) {
    if (!components.has(component)) throw new SpinApplicationError(`no component with id "${component}"`);
  }
  const { routes, duplicates } = buildRoutes(
    manifest.triggers.map((trigger) => parseRoute(trigger.route, trigger.component)),
  );
  const report = (level: "ERROR" | "WARN", message: string): void => {
    const time = new Date(options.clock.now()).toISOString().replace("Z", "000Z");
    const target = spinVersion.startsWith("2.") ? "spin_trigger_http" : "spin_trigger_http::server";
    options.report?.(`${time} ${level.padStart(5)} ${target}: ${message}`);
  };
  if (duplicates.length > 0) {
    report("ERROR", "The following component routes are duplicates and will never be used:");
    for (const { replaced, raw, effective } of duplicates) {
      report("ERROR", `  ${replaced}: ${raw} (duplicate of ${effective})`);
    }
  }
  const stopped = new AbortController();
  spinWorkers.join();
  return {
    routes,
    async handle(request) {
      const [path = "/"] = request.target.split("?");
      const wellKnown = /^\/\.well-known\/spin\/(.*)$/.exec(path)?.[1];
      if (wellKnown !== undefined) return wellKnownAnswer(wellKnown, manifest);
      const route = findRoute(routes, path);
      const found = route && components.get(route.component);
      if (!route || !found) return { status: 404, headers: {}, body: new Uint8Array() };
      const { component, loaded } = found;
      const outcome = await spinWorkers.run({
        job: {
          key: loaded.key,
          version: loaded.version,
          environment: component.environment,
          method: request.method,
          target: request.target,
          authority: request.headers["host"] ?? "localhost",
          headers: guestHeaders(request, path, route),
          body: request.body,
        },
        module: loaded.module,
        clock: options.clock,
        limitMs: options.requestLimitMs ?? 5000,
        signal: AbortSignal.any([stopped.signal, request.signal]),
        onPrint: (stream, bytes) => options.log(component.id, stream, bytes),
        onRefused: (url) => options.report?.(refusal(url)),
      });
      return answerOf(outcome, (message) => report("ERROR", `Error processing request: ${message}`));
    },
    close() {
      if (stopped.signal.aborted) return;
      stopped.abort();
      spinWorkers.leave();
    },
  };
}

interface LoadedModule extends LoadedCode {
  key: number;
}

/** Modules that were loaded already, by digest and version of Spin: replicas share their code. */
const loadedBefore = new Map<string, LoadedModule>();
const mostLoaded = 16;
let lastKey = 0;

function loadedModule(bytes: Uint8Array, spinVersion: string, component: string): LoadedModule {
  const digest = `${createHash("sha256").update(bytes).digest("hex")} ${spinVersion}`;
  const before = loadedBefore.get(digest);
  if (before) return before;
  try {
    lastKey += 1;
    const loaded = { ...loadModule(bytes, spinVersion), key: lastKey };
    loadedBefore.set(digest, loaded);
    const [oldest] = loadedBefore.keys();
    if (loadedBefore.size > mostLoaded && oldest !== undefined) loadedBefore.delete(oldest);
    return loaded;
  } catch (error) {
    if (!(error instanceof LoadError)) throw error;
    throw new SpinApplicationError(`Failed to instantiate component '${component}'`, [error.message, ...error.causes]);
  }
}

function wellKnownAnswer(name: string, manifest: SpinManifest): HttpResponse {
  if (name === "health") return { status: 200, headers: {}, body: encode("OK") };
  if (name !== "info") return { status: 404, headers: {}, body: new Uint8Array() };
  const info = { name: manifest.name, version: manifest.applicationVersion ?? null, bindle_version: null };
  const headers = { "content-type": "application/json" };
  return { status: 200, headers, body: encode(JSON.stringify(info, undefined, 2)) };
}

/** The client's headers and those in which Spin tells a guest where it was reached. */
function guestHeaders(request: HttpRequest, path: string, route: SpinRoute): Header[] {
  const host = request.headers["host"] ?? "localhost";
  const own = {
    "spin-full-url": `http://${host}${request.target}`,
    "spin-path-info": route.isWildcard ? path.slice(route.path.length) : "",
    "spin-matched-route": route.raw,
    "spin-base-path": "/",
    "spin-raw-component-route": route.raw,
    "spin-component-route": route.path,
    // Simplified: the network of the lab does not tell from where a request comes.
    "spin-client-addr": "127.0.0.1:0",
  };
  return Object.entries({ ...request.headers, ...own }).map(([name, value]) => [name, encode(value)]);
}

function refusal(url: string): string {
  const { origin } = URL.canParse(url) ? new URL(url) : { origin: url };
  // Simplified: no guest of the lab gets out, whatever its manifest allows.
  return `A component tried to make a HTTP request to non-allowed host '${origin}'.\nTo allow requests, add 'allowed_outbound_hosts = ["${origin}"]' to the manifest component section.`;
}

const ofTheServer = new Set(["connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"]);

/** What the client gets. Simplified: it comes when the handler has returned; Spin sends the body as it is written. */
function answerOf(outcome: JobOutcome, report: (message: string) => void): HttpResponse {
  const internalError = { status: 500, headers: {}, body: new Uint8Array() };
  if (outcome.kind === "stopped") return internalError;
  if (outcome.kind === "timeout") {
    // Simplified: Spin itself lets a guest run as long as it likes.
    report("the guest did not answer in time and was ended by the lab");
    return internalError;
  }
  if (outcome.kind === "lost") {
    report("guest invocation failed\n\nCaused by:\n    wasm trap: out of memory");
    return internalError;
  }
  if (outcome.trap) {
    report(explained(outcome.trap));
    return internalError;
  }
  const { answer } = outcome;
  if (answer === undefined) {
    report("guest failed to produce a response prior to returning");
    return internalError;
  }
  if ("error" in answer) {
    report(`guest failed to produce a response\n\nCaused by:\n    ErrorCode::${answer.error}`);
    return internalError;
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of answer.headers) {
    const key = name.toLowerCase();
    // How the answer travels is the server's business.
    if (ofTheServer.has(key)) continue;
    const text = Buffer.from(value).toString("latin1");
    headers[key] = headers[key] === undefined ? text : `${headers[key]}, ${text}`;
  }
  return { status: answer.status, headers, body: outcome.body };
}

/** A trap as Spin prints it: where the guest was, then why. */
function explained(trap: GuestTrap): string {
  const frames = trap.frames.map(({ offset, index }, place) => {
    return `\n           ${place}: ${offset} - <unknown>!<wasm function ${index}>`;
  });
  return `guest invocation failed\n\nCaused by:\n    0: error while executing at wasm backtrace:${frames.join("")}\n    1: ${trap.reason}`;
}

/** Where an application is to be served. */
export interface SpinService {
  network: LabNetwork;
  place: NetworkPlace;
  /** Undefined or 0.0.0.0 listens on all addresses of the place. */
  address?: string;
  port: number;
  /** Name and id of the process that listens, for `ss`. */
  process: string;
  pid?: number;
}

/** Listens for the application. Returns how to stop. Throws NetworkError EADDRINUSE. */
export function serveSpinApplication(application: SpinApplication, service: SpinService): () => void {
  const { network, place, address, port, process, pid } = service;
  return network.listen(
    place,
    port,
    { process, ...(pid === undefined ? {} : { pid }), handle: (request) => application.handle(request) },
    address === "0.0.0.0" ? undefined : address,
  );
}
