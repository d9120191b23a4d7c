import type { Duplex } from "node:stream";

/** Where a process's sockets live: a machine's own network, or a pod's on that machine. */
export interface NetworkPlace {
  machine: string;
  /** Address of the pod whose network namespace this is. */
  pod?: string;
}

export type NetworkErrorCode =
  | "ECONNREFUSED"
  | "ECONNRESET"
  | "ETIMEDOUT"
  | "EHOSTUNREACH"
  | "ENETUNREACH"
  | "ENOTFOUND"
  | "EADDRINUSE"
  | "EADDRNOTAVAIL";

/** What the network of the lab answers instead of a connection. */
export class NetworkError extends Error {
  override readonly name = "NetworkError";
  readonly code: NetworkErrorCode;
  readonly host: string;
  readonly port: number;
  constructor(code: NetworkErrorCode, host: string, port: number) {
    super(`${code} ${host}:${port}`);
    this.code = code;
    this.host = host;
    this.port = port;
  }
}

/** The far end's certificate is not one that the client trusts; `message` is Go's wording without the `tls:` prefix. */
export class CertificateError extends Error {
  override readonly name = "CertificateError";
}

export interface HttpRequest {
  method: string;
  /** Path with query. */
  target: string;
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>;
  body: Uint8Array;
  /** PEM of the client's certificate, already proven by its key. */
  clientCertificate?: string;
  signal: AbortSignal;
}

export interface HttpResponse {
  status: number;
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>;
  /** Empty for raw answers of modules that send no header. */
  reason?: string;
  body: Uint8Array | AsyncIterable<Uint8Array>;
  /** With status 101: takes the connection over, where it is one of this computer's. */
  upgrade?(stream: Duplex): void;
}

/** Something that listens on a port of the lab's network: raw bytes or, inside our own servers, parsed HTTP. */
export interface Listener {
  /** Name shown by `ss -ltnp`. */
  process: string;
  pid?: number;
  accept?(connection: Duplex): void;
  handle?(request: HttpRequest): Promise<HttpResponse>;
  /** Present when the port speaks TLS; PEM. */
  tls?: { certificate: string; key: string; clientAuthority?: string };
}

export interface FetchOptions {
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array;
  /** PEM of the authorities to trust; default the modelled internet's own. */
  authority?: string;
  /** Do not verify. */
  insecure?: boolean;
  /** Name to verify instead of the URL's host. */
  serverName?: string;
  clientCertificate?: { certificate: string; key: string };
  signal?: AbortSignal;
}

/** What kube-proxy has programmed on one machine: where a service's traffic goes. */
export interface ServiceRules {
  /** Pod endpoints, `address:port`, by `clusterIP:port`. An empty list rejects. */
  clusterAddresses: ReadonlyMap<string, readonly string[]>;
  /** Pod endpoints by node port. An empty list rejects. */
  nodePorts: ReadonlyMap<number, readonly string[]>;
}

/** The wires between machines, pods, the modelled internet and this computer's loopback. */
export interface LabNetwork {
  /** Rejects with NetworkError EADDRINUSE. `address` limits it to one address of the place, such as 127.0.0.1. */
  listen(place: NetworkPlace, port: number, listener: Listener, address?: string): () => void;
  /** Resolves a name as that place would (`/etc/hosts`, then the modelled DNS). Rejects with ENOTFOUND. */
  lookup(from: NetworkPlace, host: string): Promise<string>;
  /** A byte stream; TLS ports are refused here. Rejects with NetworkError. */
  connect(from: NetworkPlace, host: string, port: number, signal?: AbortSignal): Promise<Duplex>;
  /** An HTTP exchange, redirects not followed. Rejects with NetworkError or CertificateError. */
  fetch(from: NetworkPlace, url: string, options?: FetchOptions): Promise<HttpResponse>;
  /** Ports that something listens on at a place, for `ss` and preflight checks. */
  listening(place: NetworkPlace): readonly { port: number; address: string; process: string; pid?: number }[];
  /** Replaces what kube-proxy programmed on a machine; undefined takes everything away. */
  setServiceRules(machine: string, rules: ServiceRules | undefined): void;
  /** Gives a pod its address on a machine; the returned function takes it away. */
  attachPod(machine: string, address: string): () => void;
  /** The pods of a machine lose their network until they are made anew, as when their bridge is taken away. */
  detachPods(machine: string): void;
  /** A machine is cut off (or back): connections to and from it time out. */
  setReachable(machine: string, reachable: boolean): void;
  /** Calls back whenever a port opens or closes anywhere, or service rules change. */
  onChange(listener: () => void): () => void;
}
