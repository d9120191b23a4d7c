import { parseAllDocuments } from "yaml";
import type { Process } from "../../../process.ts";
import { isObject, listAt, objectAt, textAt, type Json } from "../client/json.ts";
import type { ParsedFlags } from "../go/flags.ts";
import { KubeadmError } from "./errors.ts";
import { knownSockets } from "./runtime-socket.ts";

/** Everything that `kubeadm init` and `join` need to know. */
export interface Setup {
  /** With a leading `v`. */
  kubernetesVersion: string;
  advertiseAddress: string;
  bindPort: number;
  nodeName: string;
  podSubnet: string;
  serviceSubnet: string;
  dnsDomain: string;
  criSocket: string;
  imageRepository: string;
  certificatesDir: string;
  clusterName: string;
  controlPlaneEndpoint: string;
  certificateNames: string[];
  etcdDataDir: string;
  etcdImageTag: string;
  dnsImageTag: string;
  /** Milliseconds a new token is valid. */
  tokenTtl: number;
  token: string;
  ignore: string[];
  /** Kubelet settings of the configuration file that differ from the defaults. */
  kubelet: Json;
}

/** Versions of what a minor release of kubeadm deploys beside itself. */
export function companionVersions(minor: number): { etcd: string; coredns: string; pause: string } {
  if (minor <= 28) return { etcd: "3.5.9-0", coredns: "v1.10.1", pause: "3.9" };
  if (minor <= 30) return { etcd: "3.5.15-0", coredns: "v1.11.3", pause: "3.9" };
  return { etcd: "3.6.8-0", coredns: "v1.14.2", pause: "3.10.2" };
}

export const minorOf = (version: string): number => Number(/^v?\d+\.(\d+)/.exec(version)?.[1] ?? "28");

/** Names and versions of the images of a control plane. */
export function controlPlaneImages(
  setup: Pick<Setup, "imageRepository" | "kubernetesVersion" | "etcdImageTag" | "dnsImageTag">,
): string[] {
  const { imageRepository: repository, kubernetesVersion: version } = setup;
  const dns = repository === "registry.k8s.io" ? `${repository}/coredns/coredns` : `${repository}/coredns`;
  const pause = `${repository}/pause:${companionVersions(minorOf(version)).pause}`;
  const etcd = `${repository}/etcd:${setup.etcdImageTag}`;
  const coredns = `${dns}:${setup.dnsImageTag}`;
  const components = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"].map(
    (name) => `${repository}/${name}:${version}`,
  );
  return minorOf(version) >= 31 ? [...components, coredns, pause, etcd] : [...components, pause, etcd, coredns];
}

export interface ConfigurationFile {
  init: Json;
  join: Json;
  cluster: Json;
  kubelet: Json;
}

/** Reads `--config`. Throws KubeadmError in kubeadm's words. */
export function readConfiguration(process: Process, path: string | undefined): ConfigurationFile {
  const found: ConfigurationFile = { init: {}, join: {}, cluster: {}, kubelet: {} };
  if (path === undefined) return found;
  let text: string;
  try {
    text = process.files.readText(process.resolve(path));
  } catch (error) {
    const reason = error instanceof Error ? error.message.toLowerCase() : String(error);
    throw new KubeadmError(`unable to read config from ${JSON.stringify(path)} : open ${path}: ${reason}`);
  }
  const documents = parseAllDocuments(text);
  for (const document of Array.isArray(documents) ? documents : []) {
    const [problem] = document.errors;
    if (problem)
      throw new KubeadmError(
        `error converting YAML to JSON: yaml: line ${problem.linePos?.[0].line ?? 1}: did not find expected key`,
      );
    const value: unknown = document.toJS();
    if (!isObject(value)) continue;
    const kind = textAt(value, "kind");
    if (kind === "")
      throw new KubeadmError(
        "invalid configuration: kind and apiVersion is mandatory information that must be specified",
      );
    if (kind === "InitConfiguration") found.init = value;
    else if (kind === "JoinConfiguration") found.join = value;
    else if (kind === "ClusterConfiguration") found.cluster = value;
    else if (kind === "KubeletConfiguration") found.kubelet = value;
  }
  return found;
}

const tokenPattern = /^[a-z0-9]{6}\.[a-z0-9]{16}$/;

export const isToken = (token: string): boolean => tokenPattern.test(token);

/** The settings of one run, from flags and configuration file. */
export function setupOf(process: Process, flags: ParsedFlags, file: ConfigurationFile): Setup {
  const own = `v${process.executable.version.replace(/^v/, "")}`;
  const wanted = flags.text("kubernetes-version") ?? textAt(file.cluster, "kubernetesVersion");
  const registration = Object.keys(file.join).length > 0 ? file.join : file.init;
  const version = wanted === "" ? own : wanted.startsWith("v") || !/^\d/.test(wanted) ? wanted : `v${wanted}`;
  const companions = companionVersions(minorOf(version));
  const nodeName =
    flags.text("node-name") ?? (textAt(registration, "nodeRegistration", "name") || process.machine.name);
  const socket = flags.text("cri-socket") ?? textAt(registration, "nodeRegistration", "criSocket");
  return {
    kubernetesVersion: version,
    advertiseAddress:
      flags.text("apiserver-advertise-address") ??
      (textAt(file.init, "localAPIEndpoint", "advertiseAddress") || process.machine.address),
    bindPort:
      flags.number("apiserver-bind-port") ?? Number(textAt(file.init, "localAPIEndpoint", "bindPort") || "6443"),
    nodeName: nodeName.toLowerCase(),
    podSubnet: flags.text("pod-network-cidr") ?? textAt(file.cluster, "networking", "podSubnet"),
    serviceSubnet:
      flags.text("service-cidr") ?? (textAt(file.cluster, "networking", "serviceSubnet") || "10.96.0.0/12"),
    dnsDomain: flags.text("service-dns-domain") ?? (textAt(file.cluster, "networking", "dnsDomain") || "cluster.local"),
    criSocket: socket === "" ? "" : withScheme(socket),
    imageRepository: flags.text("image-repository") ?? (textAt(file.cluster, "imageRepository") || "registry.k8s.io"),
    certificatesDir: flags.text("cert-dir") ?? (textAt(file.cluster, "certificatesDir") || "/etc/kubernetes/pki"),
    clusterName: textAt(file.cluster, "clusterName") || "kubernetes",
    controlPlaneEndpoint: flags.text("control-plane-endpoint") ?? textAt(file.cluster, "controlPlaneEndpoint"),
    certificateNames: [
      ...flags.list("apiserver-cert-extra-sans"),
      ...listAt(file.cluster, "apiServer", "certSANs").map(String),
    ],
    etcdDataDir: textAt(file.cluster, "etcd", "local", "dataDir") || "/var/lib/etcd",
    etcdImageTag: textAt(file.cluster, "etcd", "local", "imageTag") || companions.etcd,
    dnsImageTag: textAt(file.cluster, "dns", "imageTag") || companions.coredns,
    tokenTtl: flags.duration("token-ttl") ?? 86_400_000,
    token: flags.text("token") ?? textAt(objectAt(listAt(file.init, "bootstrapTokens")[0]), "token"),
    ignore: [
      ...flags.list("ignore-preflight-errors"),
      ...listAt(registration, "nodeRegistration", "ignorePreflightErrors").map(String),
    ].map((name) => name.toLowerCase()),
    kubelet: file.kubelet,
  };
}

const withScheme = (socket: string): string => (socket.includes("://") ? socket : `unix://${socket}`);

/** Fills in the runtime's socket where none was named. Throws when several answer. */
export function chooseSocket(process: Process, setup: Setup): void {
  if (setup.criSocket !== "") return;
  const answering = knownSockets.filter((socket) => process.machine.sockets.connect(socket.slice("unix://".length)));
  if (answering.length > 1) {
    throw new KubeadmError(
      `found multiple CRI endpoints on the host. Please define which one do you wish to use by setting the 'criSocket' field in the kubeadm configuration file: ${answering.join(", ")}`,
    );
  }
  setup.criSocket = answering[0] ?? knownSockets[0];
}

/** The address of the first service of a range, or the `n`th, e.g. 10.96.0.1 and 10.96.0.10. */
export function serviceAddress(subnet: string, n: number): string {
  const [network = "10.96.0.0"] = subnet.split("/");
  const value = network.split(".").reduce((sum, part) => sum * 256 + Number(part), 0) + n;
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}
