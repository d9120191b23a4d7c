import { parse } from "yaml";
import { addImage, furnish, type NodeOptions, openLab, type TestLab, until } from "./lab.ts";
import { readFileSync } from "node:fs";
import { tarFile } from "../../../../src/backends/embedded/runtime/images/tar.ts";
import { executableBytes } from "../../../../src/backends/embedded/machine/executable.ts";

const workload = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../../../labs/workloads/${name}`, import.meta.url)));

export interface TestCluster extends AsyncDisposable {
  lab: TestLab;
  kubectl(words: string): Promise<string>;
  apply(manifest: string): Promise<string>;
  get(kind: string, name: string): Promise<Json | undefined>;
}

export interface Json {
  metadata: { name: string; uid: string; annotations?: Record<string, string> };
  spec: Record<string, unknown>;
  status: {
    phase: string;
    podIP?: string;
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
    containerStatuses?: ContainerState[];
    initContainerStatuses?: ContainerState[];
    [field: string]: unknown;
  };
}

export interface ContainerState {
  name: string;
  ready: boolean;
  restartCount: number;
  image: string;
  state: Record<string, { reason?: string; message?: string; exitCode?: number }>;
  lastState: Record<string, { reason?: string; message?: string; exitCode?: number }>;
}

/** A master with containerd and, unless told otherwise, a worker1 that has joined. */
export async function openCluster(node: NodeOptions, options: { joins?: boolean } = {}): Promise<TestCluster> {
  const lab = await openLab(["master", "worker1"]);
  await furnish(lab.machine("master"), { runtime: "containerd" });
  const init = await lab.run("master", "kubeadm init 2>&1");
  const join = /kubeadm join[^\n]*\\\n[^\n]*/.exec(init.stdout)?.[0];
  if (join === undefined) throw new Error(init.stdout);
  await furnish(lab.machine("worker1"), node);
  if (options.joins !== false) {
    const joined = await lab.run("worker1", `${join} 2>&1`);
    if (joined.exitCode !== 0) throw new Error(joined.stdout);
  }
  return clusterOf(lab);
}

/** The same commands for a lab that was woken up. */
export function clusterOf(lab: TestLab): TestCluster {
  const kubectl = async (words: string): Promise<string> => {
    const ran = await lab.run("master", `kubectl ${words}`);
    return ran.stdout + ran.stderr;
  };
  return {
    lab,
    kubectl,
    async apply(manifest) {
      lab.machine("master").rootFiles.write("/root/manifest.yml", manifest);
      return kubectl("apply -f manifest.yml");
    },
    async get(kind, name) {
      const ran = await lab.run("master", `kubectl get ${kind} ${name} -o yaml`);
      return ran.exitCode === 0 ? (parse(ran.stdout) as Json) : undefined;
    },
    [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose](),
  };
}

const httpImage = "docker.io/haw/http-server:v1";

/** The images that the recordings' matrix used, with modules and binaries of the same behaviour. */
export function addMatrixImages(lab: TestLab, runtime: "crio" | "containerd"): void {
  const machine = lab.machine("worker1");
  const server = workload("http-server/http_server.wasm");
  const add = (name: string, path: string, bytes: Uint8Array): void =>
    addImage(machine, runtime, name, [tarFile(path.slice(1), bytes, 0o755)], { Entrypoint: [path] });
  add(httpImage, "/http_server.wasm", server);
  add("docker.io/wasmedge/example-wasi-http:compat-smart", "/http_server.wasm", server);
  add("docker.io/haw/badwasm:v1", "/bad.wasm", new TextEncoder().encode("garbage"));
  addImage(machine, runtime, "docker.io/haw/noentry:v1", [tarFile("http_server.wasm", server, 0o755)], {
    Entrypoint: ["/missing.wasm"],
  });
  const shell = executableBytes({ program: "sh", version: "1.38" });
  const sleep = executableBytes({ program: "sleep", version: "1.38" });
  addImage(
    machine,
    runtime,
    "docker.io/library/busybox:1.38",
    [tarFile("bin/sh", shell, 0o755), tarFile("bin/sleep", sleep, 0o755)],
    { Cmd: ["sh"] },
  );
}

export const deployment = (image = httpImage, annotation = "compat-smart", selector = "app-wasmedge"): string => `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: wasmedge-deploy
spec:
  replicas: 3
  selector:
    matchLabels:
      app: app-wasmedge
  template:
    metadata:
      labels:
        app: app-wasmedge
      annotations:
        module.wasm.image/variant: ${annotation}
    spec:
      containers:
        - name: wasmedge-http-server
          image: ${image}
      nodeSelector:
        wasmedge: "true"
---
apiVersion: v1
kind: Service
metadata:
  name: wasmedge-service
spec:
  type: NodePort
  selector:
    app: ${selector}
  ports:
    - port: 1234
      targetPort: 1234
      nodePort: 31001
`;

/** Waits for a container of a pod to be as wanted. */
export async function untilPod(cluster: TestCluster, name: string, wanted: (pod: Json) => boolean): Promise<Json> {
  let last: Json | undefined;
  await until(
    async () => {
      last = await cluster.get("pod", name);
      return last !== undefined && wanted(last);
    },
    () => JSON.stringify(last?.status, null, 1),
  );
  if (!last) throw new Error(`no pod ${name}`);
  return last;
}
