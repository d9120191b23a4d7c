import { createServer as createHttpServer } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import type { Clock } from "../../../domain/clock.ts";
import { LabError } from "../../../domain/errors.ts";
import type { HttpResponse } from "../network/network.ts";
import { openSpinApplication, SpinApplicationError } from "../wasm/spin-app.ts";
import type { SpinManifest } from "../wasm/spin-manifest.ts";
import { webAssembly } from "../wasm/web-assembly.ts";
import { createModuleRunner } from "../wasm/worker-runner.ts";

/** How a module takes requests: by WasmEdge's sockets, or called by its host through wasi:http. */
export type ServerKind = "socket" | "http";

/** A module that answers on a loopback port of this computer. */
export interface Served {
  port: number;
  stop(): Promise<void>;
}

const loopback = "127.0.0.1";

/** Milliseconds a module may take to listen. */
const patienceMs = 10_000;

/** How a module takes requests. Throws LabError `not-a-server`. */
export function kindOf(bytes: Uint8Array): ServerKind {
  let imports: { module: string; name: string }[];
  try {
    imports = webAssembly.Module.imports(new webAssembly.Module(Uint8Array.from(bytes)));
  } catch (error) {
    throw notAServer(error instanceof Error ? error.message : "no module");
  }
  if (imports.some(({ name }) => name === "sock_accept" || name === "sock_listen")) return "socket";
  if (imports.some(({ module }) => module.startsWith("wasi:http/"))) return "http";
  throw notAServer("it imports neither sockets nor wasi:http");
}

const notAServer = (reason: string): LabError =>
  new LabError("not-a-server", `module: it cannot be measured as a server, got ${reason}`, {
    remedy: "Name an image whose module answers HTTP requests.",
  });

/** Starts the module as its method does, on a free loopback port; resolves when it listens. */
export const serve = (kind: ServerKind, bytes: Uint8Array, clock: Clock): Promise<Served> =>
  kind === "socket" ? serveSockets(bytes, clock) : serveHttp(bytes, clock);

async function serveSockets(bytes: Uint8Array, clock: Clock): Promise<Served> {
  const runner = createModuleRunner({ clock });
  const listening = Promise.withResolvers<Server>();
  const module = runner.start({
    bytes,
    args: ["server.wasm"],
    env: {},
    onStdout: () => undefined,
    onStderr: () => undefined,
    listen(_port, accept) {
      const server = createServer((connection) => accept(connection));
      server.listen(0, loopback, () => listening.resolve(server));
      return () => void server.close();
    },
  });
  void module.exit.then(({ trap }) => listening.reject(notAServer(trap ?? "it ended by itself")));
  const cancel = clock.after(patienceMs, () => listening.reject(notAServer("it does not listen")));
  try {
    const server = await listening.promise;
    return {
      port: portOf(server),
      async stop() {
        server.close();
        await module.kill();
        runner.close();
      },
    };
  } catch (error) {
    await module.kill();
    throw error;
  } finally {
    cancel();
  }
}

/** Of all routes only the root is asked, and the application gets every path. */
const manifest: SpinManifest = {
  version: 2,
  name: "measured",
  applicationVersion: undefined,
  description: undefined,
  authors: [],
  triggers: [{ type: "http", route: "/...", component: "measured" }],
  components: [
    {
      id: "measured",
      description: undefined,
      source: { kind: "digest", digest: "" },
      environment: {},
      allowedOutboundHosts: [],
      wantsFiles: false,
      build: undefined,
    },
  ],
};

async function serveHttp(bytes: Uint8Array, clock: Clock): Promise<Served> {
  const application = openApplication(bytes, clock);
  const sockets = new Set<Socket>();
  const server = createHttpServer((request, response) => {
    const ended = new AbortController();
    response.once("close", () => ended.abort());
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(", ") : (value ?? ""),
      ]),
    );
    const asked = { method: request.method ?? "GET", target: request.url ?? "/", headers, body: new Uint8Array() };
    void application.handle({ ...asked, signal: ended.signal }).then(async (answer: HttpResponse) => {
      response.writeHead(answer.status, answer.headers);
      if (answer.body instanceof Uint8Array) response.end(answer.body);
      else {
        for await (const chunk of answer.body) response.write(chunk);
        response.end();
      }
    });
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, loopback, resolve));
  return {
    port: portOf(server),
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      application.close();
    },
  };
}

function openApplication(bytes: Uint8Array, clock: Clock): ReturnType<typeof openSpinApplication> {
  try {
    return openSpinApplication({
      manifest,
      modules: new Map([["measured", bytes]]),
      spinVersion: bytesNameOldHttp(bytes) ? "2.2.0" : "3.0.0",
      clock,
      log: () => undefined,
    });
  } catch (error) {
    if (!(error instanceof SpinApplicationError)) throw error;
    throw notAServer([error.message, ...error.causes].join(": "));
  }
}

const bytesNameOldHttp = (bytes: Uint8Array): boolean =>
  webAssembly.Module.imports(new webAssembly.Module(Uint8Array.from(bytes))).some(({ module }) =>
    module.includes("-rc-"),
  );

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}
