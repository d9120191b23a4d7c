import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../../../domain/clock.ts";
import { encode } from "../machine/io.ts";
import type { ModelledMachine } from "../machine/machine.ts";
import type { Traffic } from "../picture/traffic.ts";
import { abortable, abortableChunks } from "./abortable.ts";
import { acceptedClientCertificate, checkKeyPair, checkServerCertificate } from "./certificates.ts";
import { inHostsFile, isLoopback, isPrivate, isServiceAddress, normalizedAddress } from "./addresses.ts";
import { connectionPair, type Listening } from "./connection-pair.ts";
import { exchangeOnStream, serveOnStream } from "./http-over-streams.ts";
import { nextHop, onBridge } from "../machine/system/routes.ts";
import type { Internet, InternetHost } from "./internet/internet.ts";
import { CertificateError, NetworkError } from "./network.ts";
import type {
  FetchOptions,
  HttpRequest,
  HttpResponse,
  LabNetwork,
  Listener,
  NetworkPlace,
  ServiceRules,
} from "./network.ts";

export interface LabNetworkOptions {
  machine(name: string): ModelledMachine | undefined;
  machines(): readonly ModelledMachine[];
  internet: Internet;
  clock: Clock;
  /** Told of the requests that pods answer. */
  traffic?: Traffic;
}

/** What answers at a port of a machine, for those who come from outside the lab. */
export interface MachinePort {
  listener: Listener;
  /** Starts one exchange or connection on it; ends early when the listener closes or its machine is cut off. */
  use(): Use;
}

/** The lab's network with what its holder needs beside the machines' own view. */
export interface EmbeddedNetwork extends LabNetwork {
  /** What answers on `port` of `machine` from outside: a listener there, or a node port's endpoint. */
  portOf(machine: string, port: number): MachinePort | undefined;
  /** True when something listens on the port or a node port rule exists for it. */
  hasPort(machine: string, port: number): boolean;
  /** Connects to a machine's port from outside the lab. Rejects with NetworkError. */
  connectFromOutside(machine: string, port: number, signal?: AbortSignal): Promise<Duplex>;
  /** What kube-proxy programmed on a machine, which its kernel keeps. */
  serviceRules(machine: string): ServiceRules | undefined;
  /** The current time for those who check certificates, milliseconds since the epoch. */
  now(): number;
}

/** One exchange or connection in progress. */
interface Use {
  readonly signal: AbortSignal;
  done(): void;
}

interface Entry {
  place: NetworkPlace;
  port: number;
  /** Undefined listens on all addresses of the place. */
  address: string | undefined;
  listener: Listener;
  uses: Set<(error: NetworkError) => void>;
}

type Route =
  | { kind: "entry"; entry: Entry }
  | { kind: "internet"; host: InternetHost }
  | { kind: "refused" }
  | { kind: "unreachable" }
  | { kind: "lost" };

/** How long a connection to nowhere waits. Simplified: Linux tries for 127 s, or 3 s within a dead neighbour's network. */
const connectTimeoutMs = 3_000;

const plaintextToTls = encode("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n");

const keyOf = (place: NetworkPlace): string =>
  place.pod === undefined ? place.machine : `${place.machine}/${place.pod}`;

/** The wires between machines, pods and the modelled internet. */
export function createLabNetwork(options: LabNetworkOptions): EmbeddedNetwork {
  return new Wires(options);
}

class Wires implements EmbeddedNetwork {
  #options: LabNetworkOptions;
  #entries = new Map<string, Entry[]>();
  #rules = new Map<string, ServiceRules>();
  #pods = new Map<string, Map<string, number>>();
  #unreachable = new Set<string>();
  #listeners = new Set<() => void>();
  #turns = new Map<string, number>();
  /** Connections between machines, to break them when one is cut off. */
  #remote = new Set<{ machines: readonly string[]; fail: (error: NetworkError) => void }>();

  constructor(options: LabNetworkOptions) {
    this.#options = options;
  }

  now(): number {
    return this.#options.clock.now();
  }

  listen(place: NetworkPlace, port: number, listener: Listener, address?: string): () => void {
    const wanted = normalizedAddress(address);
    const key = keyOf(place);
    const own = this.#options.machine(place.machine)?.address;
    if (wanted !== undefined && !isLoopback(wanted) && wanted !== (place.pod ?? own)) {
      throw new NetworkError("EADDRNOTAVAIL", wanted, port);
    }
    const entries = this.#entries.get(key) ?? [];
    const taken = entries.some(
      (entry) =>
        entry.port === port && (entry.address === undefined || wanted === undefined || entry.address === wanted),
    );
    if (taken) throw new NetworkError("EADDRINUSE", wanted ?? "0.0.0.0", port);
    const entry: Entry = { place, port, address: wanted, listener, uses: new Set() };
    this.#entries.set(key, [...entries, entry]);
    this.#changed();
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      const rest = (this.#entries.get(key) ?? []).filter((other) => other !== entry);
      if (rest.length > 0) this.#entries.set(key, rest);
      else this.#entries.delete(key);
      for (const end of entry.uses) end(new NetworkError("ECONNRESET", place.pod ?? own ?? place.machine, port));
      this.#changed();
    };
  }

  listening(place: NetworkPlace): readonly { port: number; address: string; process: string; pid?: number }[] {
    return (this.#entries.get(keyOf(place)) ?? [])
      .map(({ port, address, listener }) => ({
        port,
        address: address ?? "0.0.0.0",
        process: listener.process,
        ...(listener.pid === undefined ? {} : { pid: listener.pid }),
      }))
      .sort((a, b) => a.port - b.port);
  }

  lookup(from: NetworkPlace, host: string): Promise<string> {
    const name = host
      .toLowerCase()
      .replace(/\.$/, "")
      .replace(/^\[(.*)\]$/, "$1");
    const found = isIP(name) === 0 ? this.#named(from, name) : name;
    return found === undefined ? Promise.reject(new NetworkError("ENOTFOUND", host, 0)) : Promise.resolve(found);
  }

  async connect(from: NetworkPlace, host: string, port: number, signal?: AbortSignal): Promise<Duplex> {
    signal?.throwIfAborted();
    const address = await this.lookup(from, host);
    const route = await this.#reach(from, host, address, port, signal);
    if (route.kind === "internet") return this.#internetStream(route.host, host, port);
    return this.#openEntry(route.entry, from.machine, host, port);
  }

  async connectFromOutside(machine: string, port: number, signal?: AbortSignal): Promise<Duplex> {
    const address = this.#options.machine(machine)?.address ?? "";
    const entry = this.#fromOutside(machine, port);
    if (entry === undefined) throw new NetworkError("ECONNREFUSED", address, port);
    if (entry === "lost") return this.#timeout(address, port, signal);
    return this.#openEntry(entry, undefined, address, port);
  }

  portOf(machine: string, port: number): MachinePort | undefined {
    const entry = this.#fromOutside(machine, port);
    if (entry === undefined || entry === "lost") return undefined;
    return { listener: entry.listener, use: () => this.#use(entry, undefined, entry.place.machine, port) };
  }

  hasPort(machine: string, port: number): boolean {
    if (this.#rules.get(machine)?.nodePorts.has(port)) return true;
    const own = this.#options.machine(machine)?.address;
    return this.#entryAt({ machine }, own ?? "", port) !== undefined;
  }

  async fetch(from: NetworkPlace, url: string, options: FetchOptions = {}): Promise<HttpResponse> {
    const { signal } = options;
    signal?.throwIfAborted();
    const target = new URL(url);
    const secure = target.protocol === "https:";
    const port = target.port === "" ? (secure ? 443 : 80) : Number(target.port);
    const host = target.hostname.replace(/^\[(.*)\]$/, "$1");
    const address = await this.lookup(from, host);
    const route = await this.#reach(from, host, address, port, signal);
    const ask: Ask = { host, port, path: target.pathname + target.search, authorityPart: target.host, options };
    if (route.kind === "internet") return this.#fetchInternet(route.host, ask, secure);
    return this.#fetchEntry(route.entry, from.machine, ask, secure);
  }

  serviceRules(machine: string): ServiceRules | undefined {
    return this.#rules.get(machine);
  }

  setServiceRules(machine: string, rules: ServiceRules | undefined): void {
    if (rules) this.#rules.set(machine, rules);
    else this.#rules.delete(machine);
    this.#changed();
  }

  attachPod(machine: string, address: string): () => void {
    const pods = this.#pods.get(machine) ?? new Map<string, number>();
    this.#pods.set(machine, pods);
    if (!pods.has(address)) this.#options.traffic?.podBegins(machine, address);
    pods.set(address, (pods.get(address) ?? 0) + 1);
    let attached = true;
    return () => {
      if (!attached) return;
      attached = false;
      const left = (pods.get(address) ?? 1) - 1;
      if (left > 0) pods.set(address, left);
      else pods.delete(address);
    };
  }

  detachPods(machine: string): void {
    this.#pods.delete(machine);
    this.#changed();
  }

  setReachable(machine: string, reachable: boolean): void {
    if (reachable) this.#unreachable.delete(machine);
    else {
      this.#unreachable.add(machine);
      for (const connection of this.#remote) {
        if (connection.machines.includes(machine)) connection.fail(new NetworkError("ETIMEDOUT", machine, 0));
      }
    }
    this.#changed();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  #named(from: NetworkPlace, name: string): string | undefined {
    const machine = this.#options.machine(from.machine);
    // Simplified: a real pod has its own /etc/hosts and asks the cluster's DNS.
    const written = machine ? inHostsFile(machine, name) : undefined;
    if (written !== undefined) return written;
    if (name === "localhost") return "127.0.0.1";
    if (this.#unreachable.has(from.machine)) return undefined;
    if (name === "registry.lab") return this.#options.machine("master")?.address;
    return this.#options.machine(name)?.address ?? this.#options.internet.resolve(name);
  }

  async #reach(
    from: NetworkPlace,
    host: string,
    address: string,
    port: number,
    signal: AbortSignal | undefined,
  ): Promise<Extract<Route, { kind: "entry" | "internet" }>> {
    const route = this.#route(from, address, port, 0);
    if (route.kind === "refused") throw new NetworkError("ECONNREFUSED", host, port);
    if (route.kind === "unreachable") throw new NetworkError("ENETUNREACH", host, port);
    if (route.kind === "lost") return this.#timeout(host, port, signal);
    return route;
  }

  async #timeout(host: string, port: number, signal: AbortSignal | undefined): Promise<never> {
    await this.#options.clock.sleep(connectTimeoutMs, signal);
    throw new NetworkError("ETIMEDOUT", host, port);
  }

  /** Where a packet from `from` to `address:port` ends. */
  #route(from: NetworkPlace, address: string, port: number, hops: number): Route {
    if (hops > 4) return { kind: "lost" };
    if (isLoopback(address) || (from.pod !== undefined && address === from.pod)) {
      const entry = this.#entryAt(from, address, port);
      if (entry) return { kind: "entry", entry };
      return (from.pod === undefined && this.#nodePort(from.machine, port, hops)) || { kind: "refused" };
    }
    // A network namespace that nothing connected has no route but its own loopback.
    if (from.pod !== undefined && isIP(from.pod) === 0) return { kind: "unreachable" };
    if (isServiceAddress(address)) {
      const endpoints = this.#rules.get(from.machine)?.clusterAddresses.get(`${address}:${port}`);
      return endpoints ? this.#endpoint(from.machine, endpoints, `${address}:${port}`, hops) : { kind: "lost" };
    }
    const machine = this.#options.machines().find((candidate) => candidate.address === address);
    if (machine) {
      if (
        machine.name !== from.machine &&
        (this.#unreachable.has(machine.name) || this.#unreachable.has(from.machine))
      ) {
        return { kind: "lost" };
      }
      const entry = this.#entryAt({ machine: machine.name }, address, port);
      if (entry) return { kind: "entry", entry };
      return this.#nodePort(machine.name, port, hops) ?? { kind: "refused" };
    }
    const next = this.#nextHop(from, address);
    if (next !== undefined) return next === "lost" ? { kind: "lost" } : this.#route(next, address, port, hops + 1);
    if (this.#pods.get(from.machine)?.has(address)) {
      const entry = this.#entryAt({ machine: from.machine, pod: address }, address, port);
      return entry ? { kind: "entry", entry } : { kind: "refused" };
    }
    if (isPrivate(address) || this.#unreachable.has(from.machine)) return { kind: "lost" };
    const host = this.#options.internet.hostAt(address, port);
    return host ? { kind: "internet", host } : { kind: "refused" };
  }

  /** The machine that a packet for a pod goes to next; undefined when it stays here or goes to the internet. */
  #nextHop(from: NetworkPlace, address: string): NetworkPlace | "lost" | undefined {
    const machine = this.#options.machine(from.machine);
    if (!machine) return undefined;
    const next = nextHop(machine, address);
    if (next?.kind !== "via") return undefined;
    // What a pod's own network contains it asks its neighbours on the bridge for, never its machine's routes.
    if (from.pod !== undefined && onBridge(machine, from.pod, address)) return undefined;
    const router = this.#options.machines().find((candidate) => candidate.address === next.address);
    if (!router || this.#unreachable.has(router.name) || this.#unreachable.has(from.machine)) return "lost";
    const forwards = router.kernel.parameter("net.ipv4.ip_forward") === "1";
    return forwards && router.name !== from.machine ? { machine: router.name } : "lost";
  }

  #nodePort(machine: string, port: number, hops: number): Route | undefined {
    const endpoints = this.#rules.get(machine)?.nodePorts.get(port);
    return endpoints && this.#endpoint(machine, endpoints, `:${port}`, hops);
  }

  /** Simplified: endpoints take turns; kube-proxy's iptables rules choose at random. */
  #endpoint(machine: string, endpoints: readonly string[], service: string, hops: number): Route {
    if (endpoints.length === 0) return { kind: "refused" };
    const key = `${machine} ${service}`;
    const turn = this.#turns.get(key) ?? 0;
    this.#turns.set(key, turn + 1);
    const endpoint = endpoints[turn % endpoints.length] ?? "";
    const colon = endpoint.lastIndexOf(":");
    return this.#route({ machine }, endpoint.slice(0, colon), Number(endpoint.slice(colon + 1)), hops + 1);
  }

  #entryAt(place: NetworkPlace, address: string, port: number): Entry | undefined {
    return (this.#entries.get(keyOf(place)) ?? []).find(
      (entry) => entry.port === port && (entry.address === undefined || entry.address === address),
    );
  }

  #fromOutside(machine: string, port: number): Entry | "lost" | undefined {
    const address = this.#options.machine(machine)?.address;
    if (address === undefined) return undefined;
    if (this.#unreachable.has(machine)) return "lost";
    const route = this.#route({ machine }, address, port, 0);
    if (route.kind === "entry") return route.entry;
    return route.kind === "lost" ? "lost" : undefined;
  }

  /** Registers one use of an entry; its signal aborts when the listener closes or one of the two machines is cut off. */
  #use(
    entry: Entry,
    fromMachine: string | undefined,
    host: string,
    port: number,
  ): Use & { onFail(callback: (error: NetworkError) => void): void } {
    const ended = new AbortController();
    const callbacks: ((error: NetworkError) => void)[] = [];
    const fail = (error: NetworkError): void => {
      if (ended.signal.aborted) return;
      const named = new NetworkError(error.code, host, port);
      ended.abort(named);
      for (const callback of callbacks) callback(named);
      done();
    };
    const remote =
      fromMachine === entry.place.machine
        ? undefined
        : { machines: [entry.place.machine, ...(fromMachine === undefined ? [] : [fromMachine])], fail };
    const done = (): void => {
      entry.uses.delete(fail);
      if (remote) this.#remote.delete(remote);
    };
    entry.uses.add(fail);
    if (remote) this.#remote.add(remote);
    return { signal: ended.signal, done, onFail: (callback) => void callbacks.push(callback) };
  }

  /** Hears the requests that a pod answers on a connection; undefined where nobody wants to know. */
  #hear(entry: Entry, from: string | undefined, host: string, port: number): Listening | undefined {
    const { traffic } = this.#options;
    const { machine, pod: address } = entry.place;
    if (!traffic || address === undefined) return undefined;
    const nodePort = host === address || isServiceAddress(host) ? undefined : port;
    let what: string | undefined;
    let begin = "";
    let isFirst = true;
    let isEarly = false;
    const tell = (asked: string): void => traffic.answered({ machine, address, from, nodePort, what: asked });
    return {
      asked(chunk) {
        const found = /^([A-Z]{3,7} \S{1,80}) HTTP\/1\.[01]\r\n(?<rest>.*)/s.exec(chunk.toString("latin1", 0, 1_024));
        if (!found) return;
        if (!isFirst) begin = "";
        isFirst = false;
        // The kubelet's own questions are no requests that anybody waits for.
        what = /^user-agent: kube-probe/im.test(found.groups?.["rest"] ?? "") ? undefined : found[1];
        if (!isEarly || what === undefined) return;
        tell(what);
        isEarly = false;
        what = undefined;
      },
      answered(chunk) {
        if (what === undefined && !isFirst) return;
        // A module may write its answer in the smallest of pieces.
        begin += chunk.toString("latin1", 0, 7);
        if (begin.length < 7) return;
        const isHttp = begin.startsWith("HTTP/1.");
        // One that does not read what it is asked may answer before.
        if (what === undefined) isEarly = isHttp;
        else if (isHttp) tell(what);
        what = undefined;
      },
    };
  }

  /** The same for an exchange that never was bytes. */
  #tellAnswered(entry: Entry, from: string | undefined, ask: Ask, { method, target, headers }: HttpRequest): void {
    const head = `${method} ${target} HTTP/1.1\r\nuser-agent: ${headers["user-agent"] ?? ""}\r\n`;
    const hearing = this.#hear(entry, from, ask.host, ask.port);
    hearing?.asked(Buffer.from(head, "latin1"));
    hearing?.answered(Buffer.from("HTTP/1."));
  }

  #openEntry(entry: Entry, fromMachine: string | undefined, host: string, port: number): Duplex {
    const [client, server] = connectionPair(this.#hear(entry, fromMachine, host, port));
    const use = this.#use(entry, fromMachine, host, port);
    use.onFail((error) => client.destroy(error));
    client.on("close", () => use.done());
    const { accept, handle, tls } = entry.listener;
    if (tls) speakToTls(server);
    else if (accept) entry.listener.accept?.(server);
    else if (handle) serveOnStream(server, handle);
    else server.destroy();
    return client;
  }

  #internetStream(host: InternetHost, name: string, port: number): Duplex {
    const [client, server] = connectionPair();
    if (port === 443) speakToTls(server);
    else serveOnStream(server, (request) => host.handle({ ...request, host: name, secure: false }));
    return client;
  }

  async #fetchInternet(host: InternetHost, ask: Ask, secure: boolean): Promise<HttpResponse> {
    const { options } = ask;
    if (secure && options.authority !== undefined && !options.insecure) {
      throw new CertificateError("x509: certificate signed by unknown authority");
    }
    const signal = options.signal ?? new AbortController().signal;
    const request = { ...requestOf(ask, undefined, signal), host: ask.host.toLowerCase(), secure };
    return abortable(host.handle(request), signal);
  }

  async #fetchEntry(entry: Entry, fromMachine: string, ask: Ask, secure: boolean): Promise<HttpResponse> {
    const { listener } = entry;
    const { options, host, port } = ask;
    let clientCertificate: string | undefined;
    if (secure) {
      if (!listener.tls) throw new CertificateError("http: server gave HTTP response to HTTPS client");
      if (!options.insecure) {
        checkServerCertificate(listener.tls.certificate, options.serverName ?? host, options.authority, this.now());
      }
      if (options.clientCertificate) {
        const { certificate, key } = options.clientCertificate;
        checkKeyPair(certificate, key);
        clientCertificate = acceptedClientCertificate(certificate, listener.tls.clientAuthority, this.now());
      }
    } else if (listener.tls) {
      const body = encode("Client sent an HTTP request to an HTTPS server.\n");
      return { status: 400, reason: "Bad Request", headers: {}, body };
    }
    const use = this.#use(entry, fromMachine, host, port);
    if (listener.handle) {
      const signal = options.signal ? AbortSignal.any([options.signal, use.signal]) : use.signal;
      try {
        const request = requestOf(ask, clientCertificate, signal);
        const response = await abortable(listener.handle(request), signal);
        this.#tellAnswered(entry, fromMachine, ask, request);
        if (response.body instanceof Uint8Array) {
          use.done();
          return response;
        }
        return { ...response, body: abortableChunks(response.body, signal, () => use.done()) };
      } catch (error) {
        use.done();
        throw error;
      }
    }
    const [client, server] = connectionPair(this.#hear(entry, fromMachine, host, port));
    use.onFail((error) => client.destroy(error));
    client.on("close", () => use.done());
    if (listener.accept) listener.accept(server);
    else server.destroy();
    try {
      return await exchangeOnStream(client, {
        method: options.method ?? "GET",
        target: ask.path,
        host: ask.authorityPart,
        headers: options.headers ?? {},
        body: options.body,
        signal: options.signal,
      });
    } catch (error) {
      client.destroy();
      if (options.signal?.aborted) throw options.signal.reason;
      if (error instanceof NetworkError) throw error;
      throw new NetworkError("ECONNRESET", host, port);
    }
  }
}

interface Ask {
  host: string;
  port: number;
  path: string;
  /** As it stands in the Host header. */
  authorityPart: string;
  options: FetchOptions;
}

function requestOf(ask: Ask, clientCertificate: string | undefined, signal: AbortSignal): HttpRequest {
  const headers: Record<string, string> = { host: ask.authorityPart };
  for (const [name, value] of Object.entries(ask.options.headers ?? {})) headers[name.toLowerCase()] = value;
  return {
    method: ask.options.method ?? "GET",
    target: ask.path,
    headers,
    body: ask.options.body ?? new Uint8Array(),
    signal,
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
  };
}

/** What a TLS port says to a client that does not begin a handshake. */
function speakToTls(server: Duplex): void {
  server.once("data", (bytes: Buffer) => {
    if (/^[A-Z]/.test(bytes.toString("latin1", 0, 1))) server.write(plaintextToTls);
    server.end();
  });
  server.on("end", () => server.end());
}
