import { afterEach, beforeAll, expect, it } from "vitest";
import {
  createNetworkClient,
  createStoreClient,
  requestApi,
  responseText,
  type ClientConfig,
} from "../../../../src/backends/embedded/cluster/clients/index.ts";
import { clusterPrograms } from "../../../../src/backends/embedded/cluster/programs/index.ts";
import { executableBytes } from "../../../../src/backends/embedded/machine/executable.ts";
import { root } from "../../../../src/backends/embedded/machine/files/file-system.ts";
import { Collector } from "../../../../src/backends/embedded/machine/io.ts";
import type {
  Environment,
  ModelledMachine,
  RunningProcess,
} from "../../../../src/backends/embedded/machine/machine.ts";
import { createLabNetwork } from "../../../../src/backends/embedded/network/lab-network.ts";
import { createPacing } from "../../../../src/backends/embedded/pacing.ts";
import { createFakeMachine, memoryBlobs, realClock, seededRandom } from "../fakes/machine.ts";
import { makeCertificates, type TestPki } from "./serve.ts";

const pkiFolder = "/etc/kubernetes/pki";
const apiserverArguments = [
  "kube-apiserver",
  "--advertise-address=10.0.0.182",
  `--client-ca-file=${pkiFolder}/ca.crt`,
  "--etcd-servers=https://127.0.0.1:2379",
  "--secure-port=6443",
  "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
  `--service-account-key-file=${pkiFolder}/sa.pub`,
  `--service-account-signing-key-file=${pkiFolder}/sa.key`,
  "--service-cluster-ip-range=10.96.0.0/12",
  `--tls-cert-file=${pkiFolder}/apiserver.crt`,
  `--tls-private-key-file=${pkiFolder}/apiserver.key`,
];
const etcdArguments = ["etcd", "--data-dir=/var/lib/etcd", "--listen-client-urls=https://127.0.0.1:2379"];

let pki: TestPki;
let persisted = 0;
const running: RunningProcess[] = [];

beforeAll(async () => {
  pki = await makeCertificates(["127.0.0.1", "10.0.0.182"]);
});

afterEach(async () => {
  for (const process of running.splice(0)) {
    process.kill("SIGTERM");
    await process.exit;
  }
});

function controlPlane(): ModelledMachine {
  const clock = realClock();
  const sockets = new Map<string, object>();
  const before = new Set<() => void>();
  const environment: Environment = {
    profile: "thesis",
    clock,
    random: seededRandom(3),
    pacing: createPacing("instant", clock),
    network: createLabNetwork({
      machine: (name) => (name === "master" ? machine : undefined),
      machines: () => [machine],
      internet: { resolve: () => undefined, hostAt: () => undefined },
      clock,
    }),
    blobs: memoryBlobs(),
    options: { hostCargo: false },
    machine: (name) => (name === "master" ? machine : undefined),
    machines: () => [machine],
    persist() {
      persisted += 1;
      for (const callback of before) callback();
      return Promise.resolve();
    },
    beforePersist(callback) {
      before.add(callback);
      return () => before.delete(callback);
    },
    touch: () => undefined,
  };
  const machine = createFakeMachine({
    programs: clusterPrograms,
    clock,
    parts: {
      environment,
      sockets: {
        provide(path, service) {
          sockets.set(path, service);
          return () => sockets.delete(path);
        },
        connect: (path) => sockets.get(path),
      },
    },
  });
  for (const program of ["etcd", "kube-apiserver"]) {
    const version = program === "etcd" ? "3.5.9-0" : "v1.28.2";
    machine.rootFiles.writeWithMode(`/usr/bin/${program}`, executableBytes({ program, version }), 0o755);
  }
  machine.rootFiles.makeDirectories(pkiFolder);
  machine.rootFiles.makeDirectories("/var/lib/etcd");
  for (const [name, text] of [
    ["ca.crt", pki.authority],
    ["apiserver.crt", pki.server.certificate],
    ["apiserver.key", pki.server.key],
    ["sa.key", pki.signing.key],
    ["sa.pub", pki.signing.publicKey],
  ] as const) {
    machine.rootFiles.write(`${pkiFolder}/${name}`, text);
  }
  return machine;
}

interface Started {
  process: RunningProcess;
  log: Collector;
}

async function start(machine: ModelledMachine, argv: readonly string[]): Promise<Started> {
  const log = new Collector();
  const ready = Promise.withResolvers<void>();
  const process = machine.processes.spawn({
    argv,
    env: { PATH: "/usr/bin" },
    cwd: "/",
    credentials: root,
    stdout: log,
    stderr: log,
    onReady: () => ready.resolve(),
  });
  running.push(process);
  await Promise.race([ready.promise, process.exit]);
  return { process, log };
}

const config = (more: Partial<ClientConfig> = {}): ClientConfig => ({
  server: "https://10.0.0.182:6443",
  authority: pki.authority,
  clientCertificate: pki.client,
  namespace: "default",
  ...more,
});
const place = { machine: "master" };
const configMaps = { apiVersion: "v1", resource: "configmaps", namespace: "default" };

it("serves over the lab's network what it keeps in etcd's file", async () => {
  const machine = controlPlane();
  await start(machine, etcdArguments);
  const { log } = await start(machine, apiserverArguments);
  expect(log.text()).toContain("Serving securely on [::]:6443");
  const client = createNetworkClient(machine.environment.network, place, config());
  const before = persisted;
  await client.create(configMaps, { metadata: { name: "kept" }, data: { a: "b" } });
  expect(persisted).toBe(before + 1);
  expect(machine.rootFiles.readText("/var/lib/etcd/member/snap/db")).toContain('"default/kept"');
  const local = createStoreClient(machine, { name: "system:kube-scheduler", groups: [] });
  expect(await local.get({ ...configMaps, name: "kept" })).toMatchObject({ data: { a: "b" } });
});

it("etcd answers the probes of its static pod, of both generations", async () => {
  const machine = controlPlane();
  await start(machine, [...etcdArguments, "--listen-metrics-urls=http://127.0.0.1:2381"]);
  for (const [path, status] of [
    ["health?serializable=true", 200],
    ["livez", 200],
    ["readyz", 200],
    ["metric", 404],
  ] as const) {
    expect(await machine.environment.network.fetch(place, `http://127.0.0.1:2381/${path}`)).toMatchObject({ status });
  }
});

it("ends and names the address when its etcd is not where --etcd-servers says", async () => {
  const machine = controlPlane();
  await start(machine, etcdArguments);
  const elsewhere = apiserverArguments.map((argument) => argument.replace(":2379", ":2397"));
  const { process, log } = await start(machine, elsewhere);
  expect(await process.exit).toBe(1);
  expect(log.text()).toContain("dial tcp 127.0.0.1:2397: connect: connection refused");
});

it("has everything again after both were started anew, with a revision that went on", async () => {
  const machine = controlPlane();
  const etcd = await start(machine, etcdArguments);
  const server = await start(machine, apiserverArguments);
  const client = createNetworkClient(machine.environment.network, place, config());
  const made = await client.create(configMaps, { metadata: { name: "kept" } });
  server.process.kill("SIGTERM");
  etcd.process.kill("SIGTERM");
  await Promise.all([server.process.exit, etcd.process.exit]);
  await expect(client.get({ ...configMaps, name: "kept" })).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await start(machine, etcdArguments);
  await start(machine, apiserverArguments);
  const again = await client.get({ ...configMaps, name: "kept" });
  expect(again?.metadata.uid).toBe(made.metadata.uid);
  const next = await client.create(configMaps, { metadata: { name: "next" } });
  expect(Number(next.metadata["resourceVersion"])).toBeGreaterThan(Number(made.metadata["resourceVersion"]));
});

it("loses the cluster with etcd's files", async () => {
  const machine = controlPlane();
  const etcd = await start(machine, etcdArguments);
  const server = await start(machine, apiserverArguments);
  const client = createNetworkClient(machine.environment.network, place, config());
  await client.create(configMaps, { metadata: { name: "kept" } });
  server.process.kill("SIGTERM");
  etcd.process.kill("SIGTERM");
  await Promise.all([server.process.exit, etcd.process.exit]);
  machine.rootFiles.removeTree("/var/lib/etcd/member");
  await start(machine, etcdArguments);
  await start(machine, apiserverArguments);
  expect(await client.get({ ...configMaps, name: "kept" })).toBeUndefined();
});

it("is unhealthy and says so while etcd is away", async () => {
  const machine = controlPlane();
  const etcd = await start(machine, etcdArguments);
  await start(machine, apiserverArguments);
  etcd.process.kill("SIGTERM");
  await etcd.process.exit;
  const { network } = machine.environment;
  const health = await requestApi(network, place, config(), { path: "/livez" });
  expect(health.status).toBe(500);
  expect(await responseText(health)).toContain("[-]etcd failed: reason withheld");
  const client = createNetworkClient(network, place, config());
  await expect(client.list(configMaps)).rejects.toThrow("etcdserver: request timed out");
});

it("ends with its words when a file is missing", async () => {
  const machine = controlPlane();
  await start(machine, etcdArguments);
  machine.rootFiles.unlink(`${pkiFolder}/apiserver.crt`);
  const { process, log } = await start(machine, apiserverArguments);
  expect(await process.exit).toBe(1);
  expect(log.text()).toContain(`open ${pkiFolder}/apiserver.crt: no such file or directory`);
});

it("lets a bootstrap token do no more than its roles", async () => {
  const machine = controlPlane();
  await start(machine, etcdArguments);
  await start(machine, apiserverArguments);
  const { network } = machine.environment;
  const base = config();
  const admin = createNetworkClient(network, place, base);
  await admin.create(
    { apiVersion: "v1", resource: "secrets", namespace: "kube-system" },
    {
      metadata: { name: "bootstrap-token-abcdef" },
      type: "bootstrap.kubernetes.io/token",
      stringData: {
        "token-id": "abcdef",
        "token-secret": "0123456789abcdef",
        "usage-bootstrap-authentication": "true",
        "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
      },
    },
  );
  const { clientCertificate: _certificate, ...anonymous } = base;
  const good = createNetworkClient(network, place, { ...anonymous, token: "abcdef.0123456789abcdef" });
  await expect(good.list({ apiVersion: "v1", resource: "pods" })).rejects.toThrow(
    'pods is forbidden: User "system:bootstrap:abcdef" cannot list resource "pods" in API group "" at the cluster scope',
  );
  const wrong = createNetworkClient(network, place, { ...anonymous, token: "abcdef.ffffffffffffffff" });
  await expect(wrong.list({ apiVersion: "v1", resource: "pods" })).rejects.toThrow("Unauthorized");
});

it("issues tokens for service accounts that it then believes", async () => {
  const machine = controlPlane();
  await start(machine, etcdArguments);
  await start(machine, apiserverArguments);
  const { network } = machine.environment;
  const base = config();
  const admin = createNetworkClient(network, place, base);
  const accounts = { apiVersion: "v1", resource: "serviceaccounts", namespace: "default" };
  await admin.create(accounts, { metadata: { name: "robot" } });
  const answer = await requestApi(network, place, base, {
    method: "POST",
    path: "/api/v1/namespaces/default/serviceaccounts/robot/token",
    body: { spec: { expirationSeconds: 3600 } },
  });
  const issued: { status: { token: string } } = JSON.parse(await responseText(answer));
  const { clientCertificate: _certificate, ...anonymous } = base;
  const robot = createNetworkClient(network, place, { ...anonymous, token: issued.status.token });
  await expect(robot.list({ apiVersion: "v1", resource: "pods" })).rejects.toThrow(
    'User "system:serviceaccount:default:robot" cannot list',
  );
});

it("sends what happens to a watcher over the network", async () => {
  const machine = controlPlane();
  await start(machine, etcdArguments);
  await start(machine, apiserverArguments);
  const client = createNetworkClient(machine.environment.network, place, config());
  const { resourceVersion } = await client.list(configMaps);
  const stop = new AbortController();
  const seen: string[] = [];
  const watching = (async () => {
    for await (const event of client.watch({ ...configMaps, resourceVersion }, stop.signal)) {
      seen.push(`${event.type} ${event.object.metadata.name}`);
      if (seen.length === 3) stop.abort();
    }
  })().catch(() => undefined);
  await client.create(configMaps, { metadata: { name: "seen" } });
  await client.patch({ ...configMaps, name: "seen" }, { data: { a: "b" } });
  await client.delete({ ...configMaps, name: "seen" });
  await watching;
  expect(seen).toEqual(["ADDED seen", "MODIFIED seen", "DELETED seen"]);
});

it("fetches a container's log from the kubelet of its node", async () => {
  const machine = controlPlane();
  await start(machine, etcdArguments);
  await start(machine, apiserverArguments);
  const { network } = machine.environment;
  const targets: string[] = [];
  const close = network.listen(place, 10_250, {
    process: "kubelet",
    tls: pki.server,
    handle(request) {
      targets.push(request.target);
      return Promise.resolve({
        status: 200,
        headers: { "content-type": "text/plain" },
        body: Buffer.from("bound to 1234\n"),
      });
    },
  });
  const admin = createNetworkClient(network, place, config());
  const status = { addresses: [{ type: "InternalIP", address: "10.0.0.182" }] };
  await admin.create({ apiVersion: "v1", resource: "nodes", namespace: "" }, { metadata: { name: "master" }, status });
  await admin.create(
    { apiVersion: "v1", resource: "serviceaccounts", namespace: "default" },
    { metadata: { name: "default" } },
  );
  const spec = { nodeName: "master", containers: [{ name: "web", image: "x" }] };
  await admin.create({ apiVersion: "v1", resource: "pods", namespace: "default" }, { metadata: { name: "p" }, spec });
  const answer = await requestApi(network, place, config(), {
    path: "/api/v1/namespaces/default/pods/p/log?tailLines=1",
  });
  expect(await responseText(answer)).toBe("bound to 1234\n");
  expect(targets).toEqual(["/containerLogs/default/p/web?tailLines=1"]);
  const wrong = await requestApi(network, place, config(), {
    path: "/api/v1/namespaces/default/pods/p/log?container=zz",
  });
  expect(await responseText(wrong)).toContain("container zz is not valid for pod p");
  close();
  const gone = await requestApi(network, place, config(), { path: "/api/v1/namespaces/default/pods/p/log" });
  expect(await responseText(gone)).toContain("dial tcp 10.0.0.182:10250: connect: connection refused");
});
