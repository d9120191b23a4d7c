import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, expect, test } from "vitest";
import { openHostPorts } from "../../../../src/backends/embedded/network/host-ports.ts";
import type { HostPorts } from "../../../../src/backends/embedded/network/host-ports.ts";
import type { EmbeddedNetwork } from "../../../../src/backends/embedded/network/lab-network.ts";
import { createModuleRunner } from "../../../../src/backends/embedded/wasm/worker-runner.ts";
import type { ModuleRun, RunningModule } from "../../../../src/backends/embedded/wasm/module-runner.ts";
import { decode, encode } from "../../../../src/backends/embedded/machine/io.ts";
import { labOfThree, textOf } from "../network/lab.ts";
import { withGreeting } from "../../../../src/backends/embedded/wasm/greeting.ts";
import { greetingSlots, workload } from "./workloads.ts";
import { assemble, body, i32, limits, text } from "./assemble.ts";

const runner = createModuleRunner();
const running: RunningModule[] = [];
const ports: HostPorts[] = [];
afterEach(async () => {
  for (const module of running.splice(0)) await module.kill();
  for (const open of ports.splice(0)) await open.close();
});

interface Started {
  module: RunningModule;
  out(): string;
  err(): string;
  /** Resolves when the module listens. */
  listening: Promise<void>;
}

function start(bytes: Uint8Array, options: Partial<ModuleRun> = {}): Started {
  let out = "";
  let err = "";
  const listens = Promise.withResolvers<void>();
  const module = runner.start({
    bytes,
    args: ["module.wasm"],
    env: {},
    onStdout: (chunk) => (out += decode(chunk)),
    onStderr: (chunk) => (err += decode(chunk)),
    ...options,
    listen: (port, accept) => {
      const stop = options.listen?.(port, accept) ?? (() => {});
      listens.resolve();
      return stop;
    },
  });
  running.push(module);
  return { module, out: () => out, err: () => err, listening: listens.promise };
}

const onNetwork =
  (network: EmbeddedNetwork, pod: string) =>
  (port: number, accept: (connection: Duplex) => void): (() => void) =>
    network.listen({ machine: "worker1", pod }, port, { process: "wasmedge", accept });

function serve(network: EmbeddedNetwork, pod: string, bytes: Uint8Array = workload("http-server")): Started {
  network.attachPod("worker1", pod);
  return start(bytes, { listen: onNetwork(network, pod) });
}

const greeting = "Hello HAW!! from WasmEdge App";
const ask = async (network: EmbeddedNetwork, url: string): Promise<string> =>
  textOf(await network.fetch({ machine: "worker1" }, url));

test("the server of the course prints its port and answers every request", async () => {
  const { network } = labOfThree();
  const server = serve(network, "10.22.0.2");
  await server.listening;
  for (let turn = 0; turn < 50; turn += 1) expect(await ask(network, "http://10.22.0.2:1234/")).toBe(greeting);
  expect(server.out()).toBe("Http server bound to 1234\n");
});

test("three replicas behind a node port answer a real client on this computer, also after a kill and restart", async () => {
  const { network } = labOfThree();
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const address = holder.address();
  holder.close();
  await once(holder, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  const pods = ["10.22.0.2", "10.22.0.3", "10.22.0.4"];
  const replicas = pods.map((pod) => serve(network, pod));
  await Promise.all(replicas.map((replica) => replica.listening));
  const nodePorts = new Map([[31001, pods.map((pod) => `${pod}:1234`)]]);
  network.setServiceRules("worker1", { clusterAddresses: new Map(), nodePorts });
  const open = openHostPorts({
    network,
    ports: [{ hostPort: address.port, machine: "worker1", port: 31001 }],
    hostAddress: "127.0.0.1",
  });
  ports.push(open);
  await open.settled();
  const raw = (): Promise<string> =>
    new Promise((resolve, reject) => {
      let received = "";
      const socket = connect(address.port, "127.0.0.1", () => socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
      socket.on("data", (chunk) => (received += chunk.toString()));
      socket.on("close", () => resolve(received));
      socket.on("error", reject);
    });
  const answers = await Promise.all(Array.from({ length: 30 }, raw));
  expect(new Set(answers)).toEqual(new Set([`HTTP/1.1 200 \r\n\r\n${greeting}`]));

  await replicas[0]?.module.kill();
  expect(await replicas[0]?.module.exit).toEqual({ code: 137 });
  await expect(ask(network, "http://10.22.0.2:1234/")).rejects.toThrow("ECONNREFUSED");
  const again = serve(network, "10.22.0.2");
  await again.listening;
  expect(await ask(network, "http://10.22.0.2:1234/")).toBe(greeting);
});

test("one client that connects and closes ends the server, as a TCP probe does", async () => {
  for (let turn = 0; turn < 3; turn += 1) {
    const { network } = labOfThree();
    const server = serve(network, "10.22.0.2");
    await server.listening;
    expect(await ask(network, "http://10.22.0.2:1234/")).toBe(greeting);
    const probe = await network.connect({ machine: "worker1" }, "10.22.0.2", 1234);
    probe.destroy();
    expect(await server.module.exit).toEqual({ code: 1 });
    expect(server.err()).toBe('Error: Os { code: 53, kind: NotConnected, message: "Socket not connected" }\n');
  }
});

test("a client that waits for the server to speak first gets its answer", async () => {
  const { network } = labOfThree();
  const server = serve(network, "10.22.0.2");
  await server.listening;
  const client = await network.connect({ machine: "worker1" }, "10.22.0.2", 1234);
  let received = "";
  client.on("data", (chunk: Buffer) => (received += chunk.toString()));
  await once(client, "end");
  expect(received).toContain(greeting);
});

test("a port that is taken is the module's own error", async () => {
  const { network } = labOfThree();
  network.listen({ machine: "worker1", pod: "10.22.0.2" }, 1234, { process: "nc" });
  const server = serve(network, "10.22.0.2");
  expect(await server.module.exit).toEqual({ code: 1 });
  expect(server.err()).toContain("code: 3, kind: AddrInUse");
});

test("the greeting can be replaced by a text of any length", async () => {
  const { network } = labOfThree();
  const texts = ["", "x", "Grüße aus Hamburg ⚓", "y".repeat(509), "z".repeat(510), "0123456789".repeat(20_000)];
  for (const [index, words] of texts.entries()) {
    const pod = `10.22.0.${10 + index}`;
    const server = serve(network, pod, withGreeting(workload("http-server"), greetingSlots(), words));
    await server.listening;
    for (let turn = 0; turn < 3; turn += 1) expect(await ask(network, `http://${pod}:1234/`)).toBe(words);
    await server.module.kill();
  }
});

test("the echo server of the community image answers with the body and survives a probe", async () => {
  const { network } = labOfThree();
  const server = serve(network, "10.22.0.2", workload("echo-server"));
  await server.listening;
  const probe = await network.connect({ machine: "worker1" }, "10.22.0.2", 1234);
  probe.destroy();
  const response = await network.fetch({ machine: "worker1" }, "http://10.22.0.2:1234/", {
    method: "POST",
    body: encode("name=WasmEdge"),
  });
  expect(await textOf(response)).toBe("echo: name=WasmEdge");
  expect(await ask(network, "http://10.22.0.2:1234/")).toBe("echo: ");
});

test("a module that loops without end is killed at once", async () => {
  const loops = assemble({ code: [body("03 40 0c 00 0b")] });
  const { module } = start(loops);
  await new Promise((resolve) => setTimeout(resolve, 100));
  await module.kill();
  expect(await module.exit).toEqual({ code: 137 });
});

test.each([
  ["unreachable", "00"],
  ["out of bounds memory access", `${i32(-4)} 28 02 00 1a`],
  ["integer divide by zero", `${i32(1)} ${i32(0)} 6d 1a`],
])("a trap has the engine's words: %s", async (words, code) => {
  expect(await start(assemble({ code: [body(code)] })).module.exit).toMatchObject({ code: 1, trap: words });
});

test("what is no module, or needs an unknown import, is refused in the engine's words", async () => {
  expect(await start(encode("#!/bin/sh\n")).module.exit).toEqual({ code: 1, trap: "magic header not detected" });
  expect(await start(Uint8Array.of(0, 0x61, 0x73, 0x6d, 2, 0, 0, 0)).module.exit).toEqual({
    code: 1,
    trap: "unknown binary version",
  });
  expect(await start(workload("http-server").subarray(0, 30_000)).module.exit).toEqual({
    code: 1,
    trap: "unexpected end",
  });
  const wants = assemble({ imports: [`${text("env")} ${text("getpid")} 00 00`], code: [body("")] });
  expect(await start(wants).module.exit).toEqual({ code: 1, trap: 'unknown import: "env", "getpid"' });
  const wrongType = assemble({
    imports: [`${text("wasi_snapshot_preview1")} ${text("proc_exit")} 00 00`],
    code: [body("")],
  });
  expect((await start(wrongType).module.exit).code).toBe(0);
});

test("a module's memory has a limit", async () => {
  const small = createModuleRunner({ memoryPages: 2 });
  const run: ModuleRun = {
    bytes: new Uint8Array(),
    args: [],
    env: {},
    onStdout() {},
    onStderr() {},
    listen: () => () => {},
  };
  expect(await small.start({ ...run, bytes: assemble({ memory: limits(3), code: [body("")] }) }).exit).toEqual({
    code: 1,
    trap: "out of bounds memory access",
  });
  const grows = body(`${i32(1)} 40 00 ${i32(-1)} 46 04 40 00 0b`);
  const growsTwice = body(`${i32(2)} 40 00 ${i32(-1)} 46 04 40 00 0b`);
  expect(await small.start({ ...run, bytes: assemble({ memory: limits(1), code: [grows] }) }).exit).toEqual({
    code: 0,
  });
  expect(await small.start({ ...run, bytes: assemble({ memory: limits(1), code: [growsTwice] }) }).exit).toMatchObject({
    code: 1,
    trap: "unreachable",
  });
});

test("workers may be started before there are modules for them", async () => {
  const prepared = createModuleRunner();
  prepared.prepare(2);
  expect(prepared.running()).toBe(0);
  const modules = Array.from({ length: 3 }, () =>
    prepared.start({
      bytes: assemble({ code: [body("03 40 0c 00 0b")] }),
      args: [],
      env: {},
      onStdout() {},
      onStderr() {},
      listen: () => () => {},
    }),
  );
  expect(prepared.running()).toBe(3);
  for (const module of modules) await module.kill();
  expect(await Promise.all(modules.map((module) => module.exit))).toEqual(modules.map(() => ({ code: 137 })));
  expect(prepared.running()).toBe(0);
  prepared.prepare(1);
  prepared.close();
});
