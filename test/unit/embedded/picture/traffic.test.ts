import type { Duplex } from "node:stream";
import { once } from "node:events";
import { beforeEach, expect, test } from "vitest";
import { createLabNetwork, type EmbeddedNetwork } from "../../../../src/backends/embedded/network/lab-network.ts";
import { Traffic } from "../../../../src/backends/embedded/picture/traffic.ts";
import { answering, labOfThree, textOf } from "../network/lab.ts";

const place = { machine: "worker1", pod: "10.85.0.2" };
const target = "http://10.0.0.177:31001/hello";
let traffic: Traffic;
let network: EmbeddedNetwork;

beforeEach(() => {
  const { machine, clock } = labOfThree();
  traffic = new Traffic(clock);
  network = createLabNetwork({
    machine,
    machines: () => ["master", "worker1", "worker2"].map(machine),
    internet: { resolve: () => undefined, hostAt: () => undefined },
    clock,
    traffic,
  });
  network.attachPod("worker1", place.pod);
  network.setServiceRules("worker1", {
    clusterAddresses: new Map(),
    nodePorts: new Map([[31_001, [`${place.pod}:1234`]]]),
  });
});

const answered = (): number => traffic.answeredBy("worker1", place.pod);

/** A pod that answers each request in the pieces that it is given. */
const inPieces = (...pieces: string[]): void =>
  void network.listen(place, 1234, {
    process: "http_server.wasm",
    accept: (connection: Duplex) => {
      connection.on("data", () => {
        for (const piece of pieces) connection.write(piece);
      });
      connection.on("end", () => connection.end());
    },
  });

test("counts what a pod answers, however small the pieces of its answer are", async () => {
  inPieces("HT", "TP/1", ".", "1 200 OK\r\ncontent-length: 2\r\n\r\n", "ok");
  const connection = await network.connectFromOutside("worker1", 31_001);
  for (let request = 1; request <= 3; request += 1) {
    connection.write("GET /hello HTTP/1.1\r\nhost: node\r\n\r\n");
    await once(connection, "data");
    while (answered() < request) await once(connection, "data");
  }
  expect([answered(), traffic.answeredThrough(31_001)]).toEqual([3, 3]);
  expect(traffic.passes()).toEqual([
    expect.objectContaining({ from: { component: "client" }, what: "GET /hello :31001", name: place.pod, count: 3 }),
  ]);
  connection.destroy();
});

test("counts an answer of a module that does not wait for what it is asked", async () => {
  network.listen(place, 1234, {
    process: "http_server.wasm",
    accept: (connection: Duplex) => void connection.end("HTTP/1.1 200 \r\n\r\nHello"),
  });
  const connection = await network.connectFromOutside("worker1", 31_001);
  await once(connection, "data");
  expect(answered()).toBe(0);
  connection.write("GET / HTTP/1.1\r\n\r\n");
  expect(answered()).toBe(1);
  connection.destroy();
});

test("counts requests of machines, of the pod itself without a node port, and no probes", async () => {
  network.listen(place, 1234, { process: "nginx", handle: answering("hello") });
  expect(await textOf(await network.fetch({ machine: "worker1" }, target))).toBe("hello");
  expect(await textOf(await network.fetch({ machine: "worker1" }, `http://${place.pod}:1234/`))).toBe("hello");
  const headers = { "user-agent": "kube-probe/1.28" };
  await network.fetch({ machine: "worker1" }, `http://${place.pod}:1234/`, { headers });
  expect([answered(), traffic.answeredThrough(31_001)]).toEqual([2, 1]);
  expect(traffic.passes().map(({ from, what }) => `${from.machine} ${what}`)).toEqual([
    "worker1 GET /hello :31001",
    "worker1 GET /",
  ]);
});

test("counts no connection that is not answered, and nothing of an earlier pod with the same address", async () => {
  inPieces("no HTTP at all");
  const connection = await network.connectFromOutside("worker1", 31_001);
  connection.write("GET / HTTP/1.1\r\n\r\n");
  await once(connection, "data");
  expect(answered()).toBe(0);
  connection.destroy();
  traffic.answered({ machine: "worker1", address: "10.85.0.3", from: undefined, nodePort: undefined, what: "GET /" });
  expect(traffic.answeredBy("worker1", "10.85.0.3")).toBe(1);
  network.attachPod("worker1", "10.85.0.3");
  expect(traffic.answeredBy("worker1", "10.85.0.3")).toBe(0);
});

test("keeps the latest passes only, and numbers go on after a restore", () => {
  const later = new Traffic({ now: () => 0 }, traffic.sequence + 7);
  for (let count = 0; count < 500; count += 1) later.call("worker1", "cri-o", "CreateContainer", `pod-${count}`);
  expect(later.passes()).toHaveLength(200);
  expect(later.passes().at(-1)).toMatchObject({ name: "pod-499", sequence: 507 });
  later.call("worker1", "cri-o", "CreateContainer", "pod-499");
  expect(later.passes().at(-1)).toMatchObject({ count: 2, sequence: 508 });
  expect(later.passes()).toHaveLength(200);
});
