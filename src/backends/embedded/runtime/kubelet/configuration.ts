import { parse } from "yaml";
import { FileError } from "../../machine/files/errors.ts";
import type { Process } from "../../machine/process.ts";
import type { ContainerRuntime } from "../cri.ts";

export interface KubeletConfiguration {
  nodeName: string;
  nodeAddress: string;
  kubeconfig: string;
  bootstrapKubeconfig: string;
  runtimeEndpoint: string;
  staticPodPath: string;
  failSwapOn: boolean;
  cgroupDriver: string;
  clusterDns: string[];
  maxPods: number;
  labels: Record<string, string>;
  taints: { key: string; value?: string; effect: string }[];
}

/** The kubelet ends with exit code 1; `message` is the `err` of its last line. */
export class KubeletFailure extends Error {
  override readonly name = "KubeletFailure";
}

/** Flags as the kubelet's unit passes them: `--name=value` or `--name value`. */
export function parseFlags(argv: readonly string[]): Map<string, string> {
  const flags = new Map<string, string>();
  for (let index = 0; index < argv.length; index += 1) {
    const match = /^--?([A-Za-z0-9-]+)(?:=(.*))?$/s.exec(argv[index] ?? "");
    if (!match?.[1]) continue;
    const next = argv[index + 1];
    if (match[2] !== undefined) flags.set(match[1], match[2]);
    else if (next !== undefined && !next.startsWith("-")) {
      flags.set(match[1], next);
      index += 1;
    } else flags.set(match[1], "true");
  }
  return flags;
}

/** Reads flags and config file. Throws KubeletFailure. */
export function readKubeletConfiguration(process: Process): KubeletConfiguration {
  const flags = parseFlags(process.argv.slice(1));
  const file = flags.get("config");
  const content = file === undefined || file === "" ? {} : readConfigFile(process, file);
  const hostname = process.machine.name;
  return {
    nodeName: (flags.get("hostname-override") ?? hostname).toLowerCase(),
    nodeAddress: flags.get("node-ip") ?? process.machine.address,
    kubeconfig: flags.get("kubeconfig") ?? "",
    bootstrapKubeconfig: flags.get("bootstrap-kubeconfig") ?? "",
    runtimeEndpoint:
      flags.get("container-runtime-endpoint") ||
      text(content["containerRuntimeEndpoint"]) ||
      "unix:///run/containerd/containerd.sock",
    staticPodPath: flags.get("pod-manifest-path") ?? text(content["staticPodPath"]),
    failSwapOn: flags.has("fail-swap-on") ? flags.get("fail-swap-on") !== "false" : content["failSwapOn"] !== false,
    cgroupDriver: flags.get("cgroup-driver") ?? (text(content["cgroupDriver"]) || "cgroupfs"),
    clusterDns: Array.isArray(content["clusterDNS"]) ? content["clusterDNS"].map((entry) => String(entry)) : [],
    maxPods: typeof content["maxPods"] === "number" ? content["maxPods"] : 110,
    labels: Object.fromEntries(
      (flags.get("node-labels") ?? "")
        .split(",")
        .filter(Boolean)
        .map((pair): [string, string] => [pair.split("=")[0] ?? "", pair.split("=")[1] ?? ""]),
    ),
    taints: (flags.get("register-with-taints") ?? "")
      .split(",")
      .filter(Boolean)
      .map((taint) => {
        const [left = "", effect = "NoSchedule"] = taint.split(":");
        const [key = "", value] = left.split("=");
        return { key, effect, ...(value === undefined ? {} : { value }) };
      }),
  };
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

function readConfigFile(process: Process, path: string): Record<string, unknown> {
  const failed = (words: string): KubeletFailure =>
    new KubeletFailure(
      `failed to load kubelet config file, path: ${path}, error: failed to load Kubelet config file ${path}, error ${words}`,
    );
  let source: string;
  try {
    source = process.files.readText(path);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const reason = `open ${path}: ${error.message.toLowerCase()}`;
    throw failed(`failed to read kubelet config file ${JSON.stringify(path)}, error: ${reason}`);
  }
  try {
    const parsed: unknown = parse(source);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) {
      return parsed as Record<string, unknown>;
    }
  } catch (error) {
    throw failed(`error converting YAML to JSON: ${error instanceof Error ? error.message.split("\n")[0] : ""}`);
  }
  throw failed("couldn't get version/kind; json parse error: json: cannot unmarshal string into Go value");
}

/** The preflight of the kubelet itself. Throws KubeletFailure. */
export function checkHost(process: Process, configuration: KubeletConfiguration): void {
  const { kernel } = process.machine;
  const [, minor = 0] = process.executable.version.split(".").map(Number);
  if (minor >= 35 && kernel.cgroupVersion === 1) {
    throw new KubeletFailure(
      "failed to run Kubelet: kubelet is configured to not run on a host using cgroup v1. cgroup v1 support is unsupported and will be removed in a future release",
    );
  }
  const swaps = kernel.swaps();
  if (configuration.failSwapOn && swaps.length > 0) {
    const lines = ["Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority"];
    for (const swap of swaps) lines.push(`${swap.path.padEnd(40)}file\t\t${swap.kilobytes}\t\t0\t\t-2`);
    throw new KubeletFailure(
      `failed to run Kubelet: running with swap on is not supported, please disable swap! or set --fail-swap-on flag to false. /proc/swaps contained: [${lines.join(" ")}]`,
    );
  }
}

/** The runtime behind the endpoint. Throws KubeletFailure with the kubelet's words. */
export function connectRuntime(process: Process, endpoint: string): ContainerRuntime {
  const path = endpoint.replace(/^unix:\/\//, "");
  const failed = (code: string, words: string): KubeletFailure =>
    new KubeletFailure(
      `failed to run Kubelet: validate service connection: CRI v1 runtime API is not implemented for endpoint ${JSON.stringify(endpoint)}: rpc error: code = ${code} desc = ${words}`,
    );
  const service = process.machine.sockets.connect(path);
  if (!service) {
    const reason = process.machine.rootFiles.exists(path) ? "connection refused" : "no such file or directory";
    throw failed(
      "Unavailable",
      `connection error: desc = "transport: Error while dialing: dial unix ${path}: connect: ${reason}"`,
    );
  }
  if (!isRuntime(service)) throw failed("Unimplemented", "unknown service runtime.v1.RuntimeService");
  return service;
}

export const isRuntime = (service: object): service is ContainerRuntime =>
  "runPodSandbox" in service && typeof service.runPodSandbox === "function";
