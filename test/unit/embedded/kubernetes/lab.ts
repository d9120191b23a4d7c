import type { ApiServer } from "../../../../src/backends/embedded/cluster/api-server/server.ts";
import { executableBytes } from "../../../../src/backends/embedded/machine/executable.ts";
import { Collector, sourceOf } from "../../../../src/backends/embedded/machine/io.ts";
import type { Environment, ModelledMachine } from "../../../../src/backends/embedded/machine/machine.ts";
import { kubernetesPrograms } from "../../../../src/backends/embedded/machine/programs/kubernetes/index.ts";
import { createProcesses } from "../../../../src/backends/embedded/machine/processes.ts";
import type { FetchOptions, HttpResponse, LabNetwork } from "../../../../src/backends/embedded/network/network.ts";
import { NetworkError } from "../../../../src/backends/embedded/network/network.ts";
import { createFakeMachine } from "../fakes/machine.ts";

export type Handler = (url: URL, options: FetchOptions) => Promise<HttpResponse> | undefined;

const refuse = (member: string) => (): never => {
  throw new Error(`this test's network has no ${member}`);
};

/** A network on which one handler answers HTTP; where it does not, nobody listens. */
function networkOf(handler: Handler): LabNetwork {
  return {
    async fetch(_from, text, options = {}) {
      const url = new URL(text);
      const answer = handler(url, options);
      if (!answer) throw new NetworkError("ECONNREFUSED", url.hostname, Number(url.port || "443"));
      return answer;
    },
    lookup: (_from, host) =>
      host === "master" ? Promise.resolve("10.0.0.182") : Promise.reject(new NetworkError("ENOTFOUND", host, 0)),
    listening: () => [],
    listen: refuse("listen"),
    detachPods: refuse("detachPods"),
    connect: refuse("connect"),
    setServiceRules: () => undefined,
    attachPod: () => () => undefined,
    setReachable: () => undefined,
    onChange: () => () => undefined,
  };
}

export interface Outcome {
  exitCode: number;
  stdout: string;
  stderr: string;
  /** Standard output, then standard error. */
  all: string;
}

export interface Typist {
  machine: ModelledMachine;
  /** Runs a program with arguments as root; `input` is its standard input. */
  run(
    argv: readonly string[],
    options?: { env?: Record<string, string>; user?: string; input?: string; signal?: AbortSignal },
  ): Promise<Outcome>;
}

/** A machine with kubectl and kubeadm of a version on a network of the test's. */
export function typist(handler: Handler, version = "1.28.2", parts: Partial<ModelledMachine> = {}): Typist {
  const base = createFakeMachine({ programs: kubernetesPrograms, parts });
  const environment: Environment = { ...base.environment, network: networkOf(handler) };
  const machine: ModelledMachine = new Proxy(base, {
    get: (target, member) => (member === "environment" ? environment : Reflect.get(target, member)),
  });
  for (const program of ["kubectl", "kubeadm"]) {
    machine.rootFiles.writeWithMode(`/usr/bin/${program}`, executableBytes({ program, version }), 0o755);
  }
  return {
    machine,
    async run(argv, options = {}) {
      const stdout = new Collector();
      const stderr = new Collector();
      const user = options.user ?? "root";
      const credentials = machine.users.credentials(user) ?? { uid: 0, gid: 0, groups: [0] };
      const running = createProcessesOn(machine).spawn({
        argv,
        cwd: user === "root" ? "/root" : `/home/${user}`,
        credentials,
        env: { PATH: "/usr/bin:/usr/sbin", HOME: user === "root" ? "/root" : `/home/${user}`, ...options.env },
        stdin: sourceOf(options.input ?? ""),
        stdout,
        stderr,
        signal: options.signal,
      });
      const exitCode = await running.exit;
      return { exitCode, stdout: stdout.text(), stderr: stderr.text(), all: stdout.text() + stderr.text() };
    },
  };
}

const tables = new WeakMap<ModelledMachine, ReturnType<typeof createProcesses>>();

function createProcessesOn(machine: ModelledMachine): ReturnType<typeof createProcesses> {
  const existing = tables.get(machine);
  if (existing) return existing;
  const made = createProcesses(machine, kubernetesPrograms);
  tables.set(machine, made);
  return made;
}

/** Answers as an API server does, as a member of system:masters. */
export function served(server: ApiServer, url: URL, options: FetchOptions): Promise<HttpResponse> {
  return server.handle({
    method: options.method ?? "GET",
    path: url.pathname,
    query: url.searchParams,
    headers: options.headers ?? {},
    body: options.body ?? new Uint8Array(),
    user: { name: "kubernetes-admin", groups: ["system:masters", "system:authenticated"] },
    signal: options.signal ?? new AbortController().signal,
  });
}

export const adminKubeconfig = JSON.stringify({
  apiVersion: "v1",
  kind: "Config",
  clusters: [{ name: "kubernetes", cluster: { server: "https://10.0.0.182:6443" } }],
  users: [{ name: "kubernetes-admin", user: { token: "admin" } }],
  contexts: [{ name: "kubernetes-admin@kubernetes", context: { cluster: "kubernetes", user: "kubernetes-admin" } }],
  "current-context": "kubernetes-admin@kubernetes",
});
