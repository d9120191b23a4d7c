import type { Clock } from "../../../domain/clock.ts";
import type { HttpRequest, HttpResponse, LabNetwork, NetworkPlace } from "../network/network.ts";
import type { SpinManifest } from "./spin-manifest.ts";

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

/** Loads the modules and checks their interfaces. Rejects with SpinApplicationError. */
export async function openSpinApplication(options: SpinApplicationOptions): Promise<SpinApplication> {
  throw new SpinApplicationError(`Spin ${options.spinVersion} is not there yet`);
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
