import { spawn, spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Host, holdLab, methodOneHome, startProgram } from "../support/command-line.ts";
import { KubeHttps } from "../support/kube-https.ts";
import { seeded } from "../support/seeded.ts";

// One lab is killed a hundred times at a seeded moment while it works, and must come back whole each time.
const kills = Number(process.env["WASM_K8S_LAB_KILLS"] ?? 100);
const configMaps = "/api/v1/namespaces/default/configmaps";
const deployment = "/apis/apps/v1/namespaces/default/deployments/wasmedge-deploy";
const greeting = "Moin from my own WebAssembly module";
const hasKubectl = spawnSync("kubectl", ["--help"], { stdio: "ignore" }).error === undefined;
if (!hasKubectl) console.warn("SKIPPED: no kubectl on this computer, so no kill in the middle of its writes");

let home = "";
let host: Host | undefined;
let kube: KubeHttps | undefined;
beforeAll(async () => {
  home = await methodOneHome();
});
afterAll(async () => {
  kube?.close();
  await host?.kill();
  rmSync(home, { recursive: true, force: true });
});

/** What must still be so after every kill. */
interface Identity {
  ports: string;
  kubeconfig: string;
  tokens: string;
  /** UIDs of what no rollout replaces, with addresses and restart counts of the pods among them. */
  lasting: Record<string, string>;
}

/** What the lab has confirmed. */
interface Confirmed {
  /** Highest line that an ended command wrote, and highest that a command was begun for. */
  line: number;
  begunLine: number;
  /** ConfigMap to the number last confirmed and last sent. */
  objects: Map<string, { confirmed: number; sent: number }>;
  revision: number;
  /** Value of the template's annotation, which each rollout raises. */
  rollout: { confirmed: number; sent: number };
  /** `uid address restarts` by pod, as of the last time that nothing was rolled out; absent while a rollout runs. */
  replicas: Record<string, string> | undefined;
}

const known: Confirmed = {
  line: 0,
  begunLine: 0,
  objects: new Map(),
  revision: 0,
  rollout: { confirmed: 0, sent: 0 },
  replicas: undefined,
};

interface PodLike {
  metadata: {
    name: string;
    uid: string;
    namespace?: string;
    labels?: Record<string, string>;
    deletionTimestamp?: string;
  };
  status?: {
    podIP?: string;
    phase?: string;
    containerStatuses?: { ready: boolean; restartCount: number; containerID?: string }[];
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const podFacts = ({ metadata, status }: PodLike): string =>
  `${metadata.uid} ${status?.podIP} restarts ${status?.containerStatuses?.map((each) => each.restartCount).join()} ${status?.containerStatuses?.map((each) => each.containerID).join()}`;

async function run(command: string): Promise<string> {
  const result = await host?.session.exec("master", ["bash", "-c", command]);
  if (result?.exitCode !== 0) throw new Error(`${command}: ${JSON.stringify(result)}`);
  return result.stdout;
}

async function pods(): Promise<PodLike[]> {
  const list = await kube?.list("/api/v1/pods");
  return list?.items ?? [];
}

async function identity(): Promise<Identity> {
  const lasting: Record<string, string> = {};
  for (const path of ["/api/v1/nodes", "/api/v1/services", "/apis/apps/v1/deployments", "/api/v1/namespaces"]) {
    for (const { metadata } of (await kube?.list(path))?.items ?? [])
      lasting[`${path}/${metadata.name}`] = metadata.uid;
  }
  for (const pod of await pods()) {
    if (pod.metadata.namespace === "kube-system") lasting[pod.metadata.name] = podFacts(pod);
  }
  return {
    ports: JSON.stringify(host?.document.host.nodePorts),
    kubeconfig: readFileSync(join(home, "embedded/kubeconfig"), "utf8"),
    tokens: (
      await run(
        'sudo kubeadm token list -o json | grep -o \'"token": *"[^"]*"\'; sudo md5sum /etc/kubernetes/pki/*.crt /etc/kubernetes/pki/*.key',
      )
    ).trim(),
    lasting,
  };
}

/** Waits until three replicas of the newest template are ready and no older one is left. */
async function rolledOut(): Promise<Record<string, string>> {
  for (let attempt = 0; ; attempt += 1) {
    const all = (await pods()).filter(
      (pod) => pod.metadata.labels?.["app"] === "wasmedge-app" || pod.metadata.name.startsWith("wasmedge-deploy"),
    );
    const ready = all.filter(
      (pod) => pod.status?.containerStatuses?.every((each) => each.ready) && !pod.metadata.deletionTimestamp,
    );
    const { body } = (await kube?.send("GET", deployment)) ?? { body: undefined };
    const {
      observedGeneration,
      updatedReplicas,
      unavailableReplicas = 0,
    } = (body?.["status"] ?? {}) as Record<string, number>;
    const { generation } = (body?.metadata ?? {}) as { generation?: number };
    if (
      all.length === 3 &&
      ready.length === 3 &&
      observedGeneration === generation &&
      updatedReplicas === 3 &&
      unavailableReplicas === 0
    ) {
      return Object.fromEntries(all.map((pod) => [pod.metadata.name, podFacts(pod)]));
    }
    if (attempt === 400)
      throw new Error(
        `never rolled out: ${JSON.stringify({ status: body?.["status"], pods: all.map((pod) => [pod.metadata, pod.status]) })}`,
      );
    await pause(50);
  }
}

/** Asks a replica through the NodePort, as curl does. */
async function ask(): Promise<string> {
  const door = host?.document.host.nodePorts["31001"];
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await (await fetch(`http://127.0.0.1:${door?.port}/`)).text();
    } catch (error) {
      // The module's worker is being started again.
      if (attempt === 200) throw error;
      await pause(25);
    }
  }
}

/** Opens the lab again and compares it with what it had confirmed. */
async function wakeAndCompare(before: Identity | undefined): Promise<Identity> {
  host = await holdLab({ home });
  expect(host.messages()).toBe("");
  kube = new KubeHttps(host.document.kubeconfig);
  const { revision, items } = await kube.list(configMaps);
  expect(revision).toBeGreaterThanOrEqual(known.revision);
  known.revision = revision;
  const found = new Map(
    items.map((item) => [item.metadata.name, Number((item["data"] as Record<string, string>)?.["n"])]),
  );
  for (const [name, { confirmed, sent }] of known.objects) {
    if (confirmed === 0 && !found.has(name)) continue;
    expect(found.get(name), name).toBeGreaterThanOrEqual(confirmed);
    expect(found.get(name), name).toBeLessThanOrEqual(sent);
  }
  const lines = await run("cat ~/numbers 2>/dev/null || true");
  const numbers = lines.split("\n").slice(0, -1).map(Number);
  expect(lines === "" || lines.endsWith("\n")).toBe(true);
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  expect(numbers.length).toBeGreaterThanOrEqual(known.line);
  expect(numbers.length).toBeLessThanOrEqual(known.begunLine);
  known.line = known.begunLine = numbers.length;
  const long = (await run("cat ~/long 2>/dev/null || true")).split("\n").slice(0, -1).map(Number);
  expect(long).toEqual(long.map((_, index) => index + 1));
  const replicas = await rolledOut();
  if (known.replicas) expect(replicas).toEqual(known.replicas);
  for (const facts of Object.values(replicas)) expect(facts).toContain("restarts 0 ");
  known.replicas = replicas;
  expect(await ask()).toBe(greeting);
  const after = await identity();
  if (before) expect(after).toEqual(before);
  return after;
}

/** Appends one numbered line after the other; each counts once its command has ended. */
async function writeLines(): Promise<never> {
  for (;;) {
    const line = known.begunLine + 1;
    known.begunLine = line;
    await run(`echo ${line} >> ~/numbers`);
    known.line = line;
  }
}

/** A command that is killed while it prints: what it wrote may end anywhere, but only after a whole line. */
async function writeLong(): Promise<void> {
  await run("rm -f ~/long; for i in $(seq 1 5000); do echo $i >> ~/long; echo $i; done");
}

async function writeObjects(round: number): Promise<never> {
  for (let number = 1; ; number += 1) {
    const name = `kept-${round}-${number % 3}`;
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { n: String(number) } };
    const entry = known.objects.get(name) ?? { confirmed: 0, sent: 0 };
    known.objects.set(name, entry);
    entry.sent = number;
    const answer =
      entry.confirmed === 0
        ? await kube?.send("POST", configMaps, object)
        : await kube?.send("PUT", `${configMaps}/${name}`, object);
    if (!answer || answer.status >= 300) throw new Error(`${name}: ${JSON.stringify(answer)}`);
    entry.confirmed = number;
    known.revision = Math.max(known.revision, Number(answer.body.metadata.resourceVersion));
  }
}

async function rollOut(round: number): Promise<void> {
  known.replicas = undefined;
  const template = { metadata: { annotations: { round: String(round) } } };
  const patch = { spec: { template } };
  await kube?.send("PATCH", deployment, patch, "application/strategic-merge-patch+json");
}

/** A real kubectl in the middle of a write. */
async function writeWithKubectl(round: number): Promise<void> {
  const entry = { confirmed: 0, sent: 1 };
  known.objects.set(`kubectl-${round}`, entry);
  const argv = ["create", "configmap", `kubectl-${round}`, "--from-literal=n=1"];
  const env = { ...process.env, KUBECONFIG: host?.document.kubeconfig };
  const child = spawn("kubectl", argv, { env, stdio: "ignore" });
  const exitCode = await new Promise((resolve) => child.once("close", resolve));
  if (exitCode === 0) entry.confirmed = 1;
}

it(`comes back whole after each of ${kills} kills`, { timeout: 600_000 }, async () => {
  const random = seeded(0x5eed);
  let before = await wakeAndCompare(undefined);
  for (let round = 1; round <= kills; round += 1) {
    const work: Promise<unknown>[] = [writeLines(), writeObjects(round)];
    if (round % 4 === 0) work.push(rollOut(round));
    if (round % 5 === 0) work.push(writeLong());
    if (round % 8 === 0 && hasKubectl) work.push(writeWithKubectl(round));
    const interrupted = Promise.allSettled(work);
    await pause(random() * 300);
    await host?.kill();
    kube?.close();
    await interrupted;
    if (round % 7 === 0) {
      // Also while it wakes up.
      const waking = startProgram(["up"], { home });
      const gone = new Promise((resolve) => waking.once("close", resolve));
      await pause(150 + random() * 600);
      waking.kill("SIGKILL");
      await gone;
    }
    before = await wakeAndCompare(before);
  }
  const confirmed = [...known.objects.values()].filter((each) => each.confirmed > 0).length;
  console.info(`${kills} kills: ${known.line} commands and the writes of ${confirmed} objects were confirmed`);
  // A busy computer gets less done between two kills; too little would prove nothing.
  expect(known.line).toBeGreaterThan(kills / 4);
  expect(confirmed).toBeGreaterThan(kills / 4);
});
