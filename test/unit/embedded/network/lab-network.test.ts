import { once } from "node:events";
import { expect, test } from "vitest";
import { NetworkError } from "../../../../src/backends/embedded/network/network.ts";
import type { HttpRequest, HttpResponse } from "../../../../src/backends/embedded/network/network.ts";
import { encode } from "../../../../src/backends/embedded/machine/io.ts";
import type { Internet } from "../../../../src/backends/embedded/network/internet/internet.ts";
import { answering, labOfThree, textOf } from "./lab.ts";
import { authority, leaf } from "./certificates.ts";

const worker1 = { machine: "worker1" };
const master = { machine: "master" };

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return "no error";
  } catch (error) {
    return error instanceof NetworkError ? error.code : String(error);
  }
};

test("a machine reaches its own and other machines' listeners, and is refused elsewhere", async () => {
  const { network } = labOfThree();
  network.listen(worker1, 1234, { process: "wasmedge", handle: answering("hello") });
  for (const [from, url] of [
    [worker1, "http://127.0.0.1:1234/"],
    [worker1, "http://localhost:1234/"],
    [master, "http://10.0.0.177:1234/"],
    [master, "http://worker1:1234/"],
  ] as const) {
    expect(await textOf(await network.fetch(from, url))).toBe("hello");
  }
  expect(await codeOf(network.fetch(master, "http://10.0.0.177:1235/"))).toBe("ECONNREFUSED");
  expect(await codeOf(network.fetch(master, "http://nowhere.lab/"))).toBe("ENOTFOUND");
});

test("a listener bound to 127.0.0.1 is not reachable from outside", async () => {
  const { network } = labOfThree();
  network.listen(worker1, 10248, { process: "kubelet", handle: answering("ok") }, "127.0.0.1");
  expect(await textOf(await network.fetch(worker1, "http://127.0.0.1:10248/healthz"))).toBe("ok");
  expect(await codeOf(network.fetch(master, "http://worker1:10248/healthz"))).toBe("ECONNREFUSED");
});

test("a port can be taken once, also by one address of many, and again after it was closed", () => {
  const { network } = labOfThree();
  const close = network.listen(master, 6443, { process: "kube-apiserver" });
  expect(() => network.listen(master, 6443, { process: "nc" }, "127.0.0.1")).toThrow(NetworkError);
  close();
  network.listen(master, 6443, { process: "nc" }, "127.0.0.1");
  network.listen(master, 6443, { process: "nc" }, "10.0.0.182");
  expect(network.listening(master)).toEqual([
    { port: 6443, address: "127.0.0.1", process: "nc" },
    { port: 6443, address: "10.0.0.182", process: "nc" },
  ]);
  expect(() => network.listen(master, 1, { process: "nc" }, "10.9.9.9")).toThrow(/EADDRNOTAVAIL/);
});

test("a pod with the same address on two machines is only reached on the same machine", async () => {
  const { network } = labOfThree();
  for (const machine of ["worker1", "worker2"]) {
    network.attachPod(machine, "10.22.0.2");
    network.listen({ machine, pod: "10.22.0.2" }, 1234, { process: "wasm", handle: answering(machine) });
  }
  expect(await textOf(await network.fetch(worker1, "http://10.22.0.2:1234/"))).toBe("worker1");
  expect(await textOf(await network.fetch({ machine: "worker2" }, "http://10.22.0.2:1234/"))).toBe("worker2");
  expect(await codeOf(network.fetch(master, "http://10.22.0.2:1234/"))).toBe("ETIMEDOUT");
  expect(await codeOf(network.fetch(worker1, "http://10.22.0.2:80/"))).toBe("ECONNREFUSED");
});

test("node ports and cluster addresses lead to endpoints in turn; none reject, foreign ones time out", async () => {
  const { network } = labOfThree();
  for (const pod of ["10.22.0.2", "10.22.0.3"]) {
    network.attachPod("worker1", pod);
    network.listen({ machine: "worker1", pod }, 1234, { process: "wasm", handle: answering(pod) });
  }
  const endpoints = ["10.22.0.2:1234", "10.22.0.3:1234"];
  const rules = {
    clusterAddresses: new Map([
      ["10.96.10.1:80", endpoints],
      ["10.96.10.2:80", []],
    ]),
    nodePorts: new Map([
      [31001, endpoints],
      [31003, []],
    ]),
  };
  for (const machine of ["worker1", "worker2"]) network.setServiceRules(machine, rules);
  const answers = new Set<string>();
  for (let turn = 0; turn < 4; turn += 1) {
    answers.add(await textOf(await network.fetch(master, "http://worker1:31001/")));
    answers.add(await textOf(await network.fetch(worker1, "http://10.96.10.1/")));
  }
  expect([...answers].sort()).toEqual(["10.22.0.2", "10.22.0.3"]);
  expect(await codeOf(network.fetch(worker1, "http://10.96.10.2/"))).toBe("ECONNREFUSED");
  expect(await codeOf(network.fetch(worker1, "http://10.96.77.7/"))).toBe("ETIMEDOUT");
  expect(await codeOf(network.fetch(worker1, "http://worker1:31003/"))).toBe("ECONNREFUSED");
  expect(await codeOf(network.fetch(master, "http://worker2:31001/"))).toBe("ETIMEDOUT");
  network.attachPod("worker2", "10.22.0.3");
  network.listen({ machine: "worker2", pod: "10.22.0.3" }, 1234, { process: "dns", handle: answering("someone else") });
  expect(await textOf(await network.fetch(master, "http://worker2:31001/"))).toBe("someone else");
  network.setServiceRules("worker1", undefined);
  expect(await codeOf(network.fetch(master, "http://worker1:31001/"))).toBe("ECONNREFUSED");
});

test("cutting a machine off times out new connections and breaks open streams", async () => {
  const { network } = labOfThree();
  network.listen(master, 8080, {
    process: "events",
    handle: () => Promise.resolve({ status: 200, headers: {}, body: endless() }),
  });
  const response = await network.fetch(worker1, "http://master:8080/watch");
  const body = response.body;
  if (body instanceof Uint8Array) throw new Error("not streamed");
  const chunks = body[Symbol.asyncIterator]();
  expect((await chunks.next()).value).toEqual(encode("first\n"));
  const next = chunks.next();
  network.setReachable("worker1", false);
  expect(await codeOf(next)).toBe("ETIMEDOUT");
  expect(await codeOf(network.fetch(worker1, "http://10.0.0.182:8080/"))).toBe("ETIMEDOUT");
  network.setReachable("worker1", true);
  expect((await network.fetch(worker1, "http://10.0.0.182:8080/")).status).toBe(200);
});

test("closing a listener resets its streams and aborts its requests", async () => {
  const { network } = labOfThree();
  let seen: HttpRequest | undefined;
  const close = network.listen(master, 8080, {
    process: "slow",
    handle: (request) => {
      seen = request;
      return new Promise<HttpResponse>(() => {});
    },
  });
  const asked = codeOf(network.fetch(worker1, "http://master:8080/"));
  await new Promise((resolve) => setImmediate(resolve));
  close();
  expect(await asked).toBe("ECONNRESET");
  expect(seen?.signal.aborted).toBe(true);
});

test("an abort ends a waiting connection and reaches the server", async () => {
  const { network } = labOfThree();
  const stop = new AbortController();
  network.listen(master, 8080, { process: "slow", handle: () => new Promise<HttpResponse>(() => {}) });
  const asked = network.fetch(worker1, "http://master:8080/", { signal: stop.signal });
  stop.abort(new Error("enough"));
  await expect(asked).rejects.toThrow("enough");
});

test("answers without reason and headers that end with the connection are read to their end", async () => {
  const { network } = labOfThree();
  network.listen(worker1, 1234, {
    process: "wasm",
    accept: (connection) => connection.end("HTTP/1.1 200 \r\n\r\nHello HAW!! from WasmEdge App"),
  });
  for (let turn = 0; turn < 20; turn += 1) {
    const response = await network.fetch(master, "http://worker1:1234/", {
      method: "POST",
      body: encode("x".repeat(1000)),
    });
    expect(response.status).toBe(200);
    expect(response.reason).toBe("");
    expect(response.headers).toEqual({});
    expect(await textOf(response)).toBe("Hello HAW!! from WasmEdge App");
  }
});

test("a raw listener that hangs up without an answer is a reset", async () => {
  const { network } = labOfThree();
  network.listen(worker1, 1234, { process: "wasm", accept: (connection) => connection.destroy() });
  expect(await codeOf(network.fetch(master, "http://worker1:1234/"))).toBe("ECONNRESET");
});

test("bytes written to an HTTP listener by hand are answered", async () => {
  const { network } = labOfThree();
  network.listen(worker1, 80, {
    process: "nginx",
    handle: (request) => answering(`${request.method} ${request.target}`)(),
  });
  const connection = await network.connect(master, "worker1", 80);
  connection.end("GET /by-hand HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  let text = "";
  connection.on("data", (bytes: Buffer) => (text += bytes.toString()));
  await once(connection, "end");
  expect(text).toContain("HTTP/1.1 200 OK");
  expect(text).toContain("GET /by-hand");
});

test("TLS is checked with the words of Go", async () => {
  const { network, clock } = labOfThree();
  const ca = await authority("kubernetes");
  const other = await authority("kubernetes");
  const stranger = await authority("stranger");
  const server = await leaf(ca, "kube-apiserver", ["kubernetes", "10.0.0.182"]);
  const identities: (string | undefined)[] = [];
  network.listen(master, 6443, {
    process: "kube-apiserver",
    tls: { ...server, clientAuthority: ca.certificate },
    handle: (request) => {
      identities.push(request.clientCertificate);
      return answering("ok")();
    },
  });
  const ask = (url: string, options = {}) => network.fetch(worker1, url, options);
  expect(await textOf(await ask("https://10.0.0.182:6443/", { authority: ca.certificate }))).toBe("ok");
  expect(await textOf(await ask("https://master:6443/", { authority: ca.certificate, serverName: "kubernetes" }))).toBe(
    "ok",
  );
  expect(await textOf(await ask("https://master:6443/", { insecure: true }))).toBe("ok");
  await expect(ask("https://10.0.0.182:6443/")).rejects.toThrow(/^x509: certificate signed by unknown authority$/);
  await expect(ask("https://10.0.0.182:6443/", { authority: stranger.certificate })).rejects.toThrow(
    /^x509: certificate signed by unknown authority$/,
  );
  await expect(ask("https://10.0.0.182:6443/", { authority: other.certificate })).rejects.toThrow(
    'x509: certificate signed by unknown authority (possibly because of "crypto/rsa: verification error" while trying to verify candidate authority certificate "kubernetes")',
  );
  await expect(ask("https://master:6443/", { authority: ca.certificate })).rejects.toThrow(
    "x509: certificate is valid for kubernetes, not master",
  );
  await expect(ask("https://10.0.0.182:6443/", { authority: ca.certificate, serverName: "10.0.0.1" })).rejects.toThrow(
    "x509: certificate is valid for 10.0.0.182, not 10.0.0.1",
  );
  const plain = await ask("http://10.0.0.182:6443/");
  expect(plain.status).toBe(400);
  expect(await textOf(plain)).toBe("Client sent an HTTP request to an HTTPS server.\n");

  const admin = await leaf(ca, "kubernetes-admin", []);
  const intruder = await leaf(other, "kubernetes-admin", []);
  identities.length = 0;
  await ask("https://10.0.0.182:6443/", { authority: ca.certificate, clientCertificate: admin });
  await ask("https://10.0.0.182:6443/", { authority: ca.certificate, clientCertificate: intruder });
  expect(identities[0]).toContain("BEGIN CERTIFICATE");
  expect(identities[1]).toBeUndefined();
  await expect(
    ask("https://10.0.0.182:6443/", {
      authority: ca.certificate,
      clientCertificate: { certificate: admin.certificate, key: intruder.key },
    }),
  ).rejects.toThrow("tls: private key does not match public key");

  clock.advance(20 * 365 * 86_400_000);
  await expect(ask("https://10.0.0.182:6443/", { authority: ca.certificate })).rejects.toThrow(
    /^x509: certificate has expired or is not yet valid: current time 2044-\S+Z is after \S+Z$/,
  );
});

test("HTTPS to a port that speaks HTTP is named as such", async () => {
  const { network } = labOfThree();
  network.listen(master, 5000, { process: "registry", handle: answering("{}") });
  await expect(network.fetch(master, "https://registry.lab:5000/v2/")).rejects.toThrow(
    "http: server gave HTTP response to HTTPS client",
  );
  expect(await textOf(await network.fetch(worker1, "http://registry.lab:5000/v2/"))).toBe("{}");
});

test("the modelled internet answers by name, trusted, and is gone when the machine is cut off", async () => {
  const internet: Internet = {
    resolve: (host) => (host === "github.com" ? "140.82.121.4" : undefined),
    hostAt: (address, port) =>
      address === "140.82.121.4" && (port === 443 || port === 80)
        ? {
            names: ["github.com"],
            handle: (request) => answering(`${request.host} ${request.secure} ${request.target}`)(),
          }
        : undefined,
  };
  const { network, hosts } = labOfThree(internet);
  expect(await textOf(await network.fetch(master, "https://GitHub.com/a?b=c"))).toBe("github.com true /a?b=c");
  expect(await codeOf(network.fetch(master, "http://github.com:8080/"))).toBe("ECONNREFUSED");
  expect(await codeOf(network.fetch(master, "http://192.168.7.7/"))).toBe("ETIMEDOUT");
  network.setReachable("master", false);
  expect(await codeOf(network.fetch(master, "https://github.com/"))).toBe("ENOTFOUND");
  network.setReachable("master", true);
  hosts("master", "10.0.0.150 github.com\n");
  expect(await codeOf(network.fetch(master, "https://github.com/"))).toBe("ECONNREFUSED");
});

async function* endless(): AsyncGenerator<Uint8Array> {
  yield encode("first\n");
  await new Promise(() => {});
}
