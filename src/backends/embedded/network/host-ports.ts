import { createServer as createTlsServer } from "node:https";
import type { Server as HttpsServer } from "node:https";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { abortableChunks } from "./abortable.ts";
import { acceptedClientCertificate } from "./certificates.ts";
import { answerUpgrade, type ClientIdentity, requestListenerOf } from "./http-over-streams.ts";
import type { EmbeddedNetwork, MachinePort } from "./lab-network.ts";
import type { HttpRequest, HttpResponse } from "./network.ts";

export interface HostPort {
  /** Port on this computer. */
  hostPort: number;
  machine: string;
  port: number;
}

export interface HostPortsOptions {
  network: EmbeddedNetwork;
  ports: readonly HostPort[];
  hostAddress: string;
  /** Another program took the port since it was chosen; called once for each. May give one to use in its place. */
  onTaken?: (port: HostPort) => Promise<number | undefined>;
}

/** Ports of this computer that lead into the lab. */
export interface HostPorts {
  /** Resolves when every port is open or closed as the lab's own ports were at the time of the call. */
  settled(): Promise<void>;
  /** Ends all connections and frees the ports. */
  close(): Promise<void>;
}

/**
 * Opens each port on this computer exactly while something listens on its machine's port, so that a client outside
 * gets a true "connection refused" otherwise. Connections are bridged byte for byte; TLS ends here.
 */
export function openHostPorts(options: HostPortsOptions): HostPorts {
  const doors = options.ports.map((port) => new Door(options, port));
  const stop = options.network.onChange(() => {
    for (const door of doors) door.update();
  });
  for (const door of doors) door.update();
  return {
    settled: async () => {
      await Promise.all(doors.map((door) => door.settled()));
    },
    close: async () => {
      stop();
      await Promise.all(doors.map((door) => door.close()));
    },
  };
}

/** One port: a real server that exists only while the lab listens. */
class Door {
  #options: HostPortsOptions;
  #port: HostPort;
  #server: Server | undefined;
  #sockets = new Set<Socket>();
  #work: Promise<void> = Promise.resolve();
  #pending = false;
  #closed = false;
  #saidTaken = false;
  #tls: { server: HttpsServer; certificate: string; key: string } | undefined;

  constructor(options: HostPortsOptions, port: HostPort) {
    this.#options = options;
    this.#port = port;
  }

  update(): void {
    if (this.#pending) return;
    this.#pending = true;
    this.#work = this.#work.then(() => {
      this.#pending = false;
      return this.#settle();
    });
  }

  settled(): Promise<void> {
    return this.#work;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.update();
    await this.#work;
  }

  async #settle(): Promise<void> {
    const { machine, port } = this.#port;
    const wanted = !this.#closed && this.#options.network.hasPort(machine, port);
    if (wanted && !this.#server) await this.#open();
    else if (!wanted && this.#server) await this.#shut();
  }

  async #open(): Promise<void> {
    if ((await this.#listen()) || this.#saidTaken) return;
    this.#saidTaken = true;
    const other = await this.#options.onTaken?.(this.#port);
    if (other === undefined) return;
    this.#port.hostPort = other;
    await this.#listen();
  }

  async #listen(): Promise<boolean> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: false }, (socket) => this.#accept(socket));
    const opened = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(this.#port.hostPort, this.#options.hostAddress, () => resolve(true));
    });
    if (!opened) return false;
    server.on("error", () => {});
    this.#server = server;
    return true;
  }

  async #shut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#tls = undefined;
    if (!server) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {});
    socket.setNoDelay(true);
    const { network } = this.#options;
    const target = network.portOf(this.#port.machine, this.#port.port);
    if (target?.listener.tls && target.listener.handle) this.#acceptTls(socket, target);
    else void this.#bridge(socket);
  }

  async #bridge(socket: Socket): Promise<void> {
    const gone = new AbortController();
    socket.once("close", () => gone.abort());
    try {
      const inside = await this.#options.network.connectFromOutside(this.#port.machine, this.#port.port, gone.signal);
      if (socket.destroyed) {
        inside.destroy();
        return;
      }
      inside.on("error", () => socket.resetAndDestroy());
      socket.on("close", (hadError) => (hadError ? inside.destroy(new Error("ECONNRESET")) : inside.destroy()));
      inside.on("close", () => {
        if (!socket.destroyed && !socket.writableEnded) socket.end();
        socket.destroySoon();
      });
      socket.pipe(inside);
      inside.pipe(socket);
    } catch {
      socket.resetAndDestroy();
    }
  }

  #acceptTls(socket: Socket, target: MachinePort): void {
    const tls = target.listener.tls;
    if (!tls) return;
    if (this.#tls?.certificate !== tls.certificate || this.#tls.key !== tls.key) {
      this.#tls = { server: this.#createTls(tls.certificate, tls.key), certificate: tls.certificate, key: tls.key };
    }
    this.#tls.server.emit("connection", socket);
  }

  /** The server is never bound itself: it is given the door's own sockets. */
  #createTls(certificate: string, key: string): HttpsServer {
    const { network } = this.#options;
    const { machine, port } = this.#port;
    const answer = async (request: HttpRequest): Promise<HttpResponse> => {
      const now = network.portOf(machine, port);
      if (!now?.listener.handle) throw new Error("the listener is gone");
      const use = now.use();
      const signal = AbortSignal.any([request.signal, use.signal]);
      try {
        return ended(await now.listener.handle({ ...request, signal }), signal, () => use.done());
      } catch (error) {
        use.done();
        throw error;
      }
    };
    const identify = (message: IncomingMessage): ClientIdentity => {
      const authority = network.portOf(machine, port)?.listener.tls?.clientAuthority;
      const peer = message.socket instanceof TLSSocket ? message.socket.getPeerX509Certificate() : undefined;
      const accepted = peer && acceptedClientCertificate(peer.toString(), authority, network.now());
      return accepted === undefined ? {} : { certificate: accepted };
    };
    const server: HttpsServer = createTlsServer(
      {
        cert: certificate,
        key,
        requestCert: true,
        rejectUnauthorized: false,
        // kubectl exec, attach and port-forward need the HTTP/1.1 upgrade; offering h2 would rule it out.
        ALPNProtocols: ["http/1.1"],
        keepAliveTimeout: 60_000,
      },
      requestListenerOf(answer, identify),
    );
    server.on("upgrade", (message, stream, head) => {
      stream.on("error", () => stream.destroy());
      if (head.length > 0) stream.unshift(head);
      void answerUpgrade(message, stream, answer, identify).catch(() => stream.destroy());
    });
    server.on("tlsClientError", (_error, socket) => socket.destroy());
    server.on("clientError", (_error, socket) => socket.destroy());
    return server;
  }
}

/** Says `done` when the response's body has been read or the exchange was aborted. */
function ended(response: HttpResponse, signal: AbortSignal, done: () => void): HttpResponse {
  if (response.body instanceof Uint8Array) {
    done();
    return response;
  }
  return { ...response, body: abortableChunks(response.body, signal, done) };
}
