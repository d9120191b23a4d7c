import { createServer, connect } from "node:net";
import type { AddressInfo } from "node:net";
import { request as httpsRequest, Agent } from "node:https";
import type { RequestOptions } from "node:https";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { openHostPorts } from "../../../../src/backends/embedded/network/host-ports.ts";
import type { HostPorts } from "../../../../src/backends/embedded/network/host-ports.ts";
import { encode } from "../../../../src/backends/embedded/machine/io.ts";
import type { EmbeddedNetwork } from "../../../../src/backends/embedded/network/lab-network.ts";
import { answering, labOfThree } from "./lab.ts";
import { authority, leaf } from "./certificates.ts";

const opened: HostPorts[] = [];
afterEach(async () => {
  for (const ports of opened.splice(0)) await ports.close();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address: AddressInfo | string | null = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

async function open(
  network: EmbeddedNetwork,
  machine: string,
  port: number,
): Promise<{ hostPort: number; ports: HostPorts }> {
  const hostPort = await freePort();
  const ports = openHostPorts({ network, ports: [{ hostPort, machine, port }], hostAddress: "127.0.0.1" });
  opened.push(ports);
  await ports.settled();
  return { hostPort, ports };
}

/** Everything a plain TCP client reads after sending `text`, or the error's code. */
function talk(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let received = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    socket.on("data", (bytes) => (received += bytes.toString()));
    socket.on("close", () => resolve(received));
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "error"));
  });
}

const get = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

test("a port of this computer is open exactly while the lab listens", async () => {
  const { network } = labOfThree();
  const { hostPort, ports } = await open(network, "worker1", 31001);
  expect(await talk(hostPort, get)).toBe("ECONNREFUSED");
  for (let turn = 0; turn < 3; turn += 1) {
    const close = network.listen({ machine: "worker1" }, 31001, { process: "x", handle: answering("inside") });
    await ports.settled();
    expect(await talk(hostPort, get)).toContain("inside");
    close();
    await ports.settled();
    expect(await talk(hostPort, get)).toBe("ECONNREFUSED");
  }
});

test("node port rules open it too, and raw answers arrive byte for byte", async () => {
  const { network } = labOfThree();
  network.attachPod("worker1", "10.22.0.2");
  const answer = "HTTP/1.1 200 \r\n\r\nHello HAW!! from WasmEdge App";
  network.listen({ machine: "worker1", pod: "10.22.0.2" }, 1234, {
    process: "wasm",
    accept: (connection) => connection.end(answer),
  });
  const { hostPort, ports } = await open(network, "worker1", 31001);
  network.setServiceRules("worker1", {
    clusterAddresses: new Map(),
    nodePorts: new Map([[31001, ["10.22.0.2:1234"]]]),
  });
  await ports.settled();
  for (let turn = 0; turn < 10; turn += 1) expect(await talk(hostPort, get)).toBe(answer);
  network.setServiceRules("worker1", undefined);
  await ports.settled();
  expect(await talk(hostPort, get)).toBe("ECONNREFUSED");
});

test("large raw transfers pass both ways under back-pressure", async () => {
  const { network } = labOfThree();
  network.listen({ machine: "worker1" }, 7, {
    process: "echo",
    accept: (connection) => void connection.pipe(connection),
  });
  const { hostPort } = await open(network, "worker1", 7);
  const socket = connect({ port: hostPort, host: "127.0.0.1" });
  const sent = Buffer.alloc(3_000_000, "0123456789");
  const received: Buffer[] = [];
  socket.on("data", (bytes) => received.push(Buffer.from(bytes)));
  socket.end(sent);
  await once(socket, "close");
  expect(Buffer.concat(received).equals(sent)).toBe(true);
});

test("a port that another program holds is reported once", async () => {
  const { network } = labOfThree();
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const address = holder.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const taken: number[] = [];
  const ports = openHostPorts({
    network,
    ports: [{ hostPort: address.port, machine: "master", port: 80 }],
    hostAddress: "127.0.0.1",
    onTaken: ({ hostPort }) => {
      taken.push(hostPort);
      return Promise.resolve(undefined);
    },
  });
  opened.push(ports);
  network.listen({ machine: "master" }, 80, { process: "x", handle: answering("x") });
  await ports.settled();
  network.setServiceRules("master", undefined);
  await ports.settled();
  expect(taken).toEqual([address.port]);
  holder.close();
});

interface Answer {
  status: number;
  body: string;
}

function ask(options: RequestOptions, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest({ host: "127.0.0.1", ...options }, (message) => {
      let text = "";
      message.on("data", (bytes: Buffer) => (text += bytes.toString()));
      message.on("end", () => resolve({ status: message.statusCode ?? 0, body: text }));
      message.on("error", reject);
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

test("TLS ends at the port: the authority, accepted and refused client certificates, streams and keep-alive", async () => {
  const { network } = labOfThree();
  const ca = await authority("kubernetes");
  const stranger = await authority("stranger");
  const server = await leaf(ca, "kube-apiserver", ["kubernetes", "127.0.0.1"]);
  const aborted = Promise.withResolvers<string>();
  const close = network.listen({ machine: "master" }, 6443, {
    process: "kube-apiserver",
    tls: { ...server, clientAuthority: ca.certificate },
    handle: (request) => {
      if (request.target === "/watch") {
        request.signal.addEventListener("abort", () => aborted.resolve("aborted"));
        return Promise.resolve({ status: 200, headers: {}, body: twoThenSilence() });
      }
      const who = request.clientCertificate === undefined ? "anonymous" : "known";
      return answering(`${request.method} ${who} ${request.body.length}`)();
    },
  });
  const { hostPort } = await open(network, "master", 6443);
  const admin = await leaf(ca, "kubernetes-admin", []);
  const intruder = await leaf(stranger, "kubernetes-admin", []);
  const agent = new Agent({ keepAlive: true });
  const base = { port: hostPort, ca: ca.certificate, agent };
  expect(await ask(base)).toEqual({ status: 200, body: "GET anonymous 0" });
  expect((await ask({ ...base, cert: admin.certificate, key: admin.key, method: "POST" }, "12345")).body).toBe(
    "POST known 5",
  );
  expect((await ask({ ...base, cert: intruder.certificate, key: intruder.key })).body).toBe("GET anonymous 0");
  await expect(ask({ port: hostPort })).rejects.toThrow();

  const firstLines = await new Promise<string>((resolve, reject) => {
    const outgoing = httpsRequest({ host: "127.0.0.1", ...base, path: "/watch" }, (message) => {
      let text = "";
      message.on("data", (bytes: Buffer) => {
        text += bytes.toString();
        if (text.includes("two")) {
          outgoing.destroy();
          resolve(text);
        }
      });
      message.on("error", () => {});
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
  expect(firstLines).toBe("one\ntwo\n");
  expect(await aborted.promise).toBe("aborted");

  const broken = ask({ ...base, path: "/watch" }).catch(() => "broken");
  await new Promise((resolve) => setTimeout(resolve, 50));
  close();
  expect(await broken).toBe("broken");
  agent.destroy();
});

async function* twoThenSilence(): AsyncGenerator<Uint8Array> {
  yield encode("one\n");
  yield encode("two\n");
  await new Promise(() => {});
}
