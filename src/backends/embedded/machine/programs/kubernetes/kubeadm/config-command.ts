import type { Process } from "../../../process.ts";
import { CriError } from "../../../../runtime/cri.ts";
import type { ParsedFlags } from "../go/flags.ts";
import { toYaml } from "../go/yaml.ts";
import { KubeadmError } from "./errors.ts";
import { imagePullText } from "./preflight.ts";
import { runtimeAt, unreachableReason } from "./runtime-socket.ts";
import { chooseSocket, controlPlaneImages, minorOf, readConfiguration, setupOf, type Setup } from "./setup.ts";

/** `kubeadm config images list|pull` and `print init-defaults|join-defaults`. */
export async function config(process: Process, flags: ParsedFlags): Promise<number> {
  const [group, verb] = flags.words;
  const setup = setupOf(process, flags, readConfiguration(process, flags.text("config")));
  if (group === "images" && verb === "list") {
    await process.out(
      controlPlaneImages(setup)
        .map((image) => `${image}\n`)
        .join(""),
    );
    return 0;
  }
  if (group === "images" && verb === "pull") return pull(process, setup);
  if (group === "print" && verb === "init-defaults")
    return print(process, [initDefaults(process), clusterDefaults(process)]);
  if (group === "print" && verb === "join-defaults") return print(process, [joinDefaults(process)]);
  const shown =
    group === undefined
      ? 'missing subcommand; "config" is not meant to be run on its own'
      : `unknown command ${JSON.stringify(verb ?? group)} for "kubeadm config"`;
  throw new KubeadmError(shown);
}

async function pull(process: Process, setup: Setup): Promise<number> {
  chooseSocket(process, setup);
  const runtime = runtimeAt(process, setup.criSocket);
  for (const image of controlPlaneImages(setup)) {
    if (!runtime) {
      const reason = unreachableReason(process, setup.criSocket);
      throw new KubeadmError(imagePullText(process, image, new CriError("Unavailable", reason)));
    }
    try {
      await runtime.pullImage(image);
    } catch (error) {
      if (!(error instanceof CriError)) throw error;
      throw new KubeadmError(imagePullText(process, image, error));
    }
    await process.out(`[config/images] Pulled ${image}\n`);
  }
  return 0;
}

async function print(process: Process, documents: readonly unknown[]): Promise<number> {
  await process.out(documents.map((document) => toYaml(document)).join("---\n"));
  return 0;
}

const apiVersion = (process: Process): string =>
  minorOf(process.executable.version) >= 31 ? "kubeadm.k8s.io/v1beta4" : "kubeadm.k8s.io/v1beta3";

const timeouts = {
  controlPlaneComponentHealthCheck: "4m0s",
  discovery: "5m0s",
  etcdAPICall: "2m0s",
  kubeletHealthCheck: "4m0s",
  kubernetesAPICall: "1m0s",
  tlsBootstrap: "5m0s",
  upgradeManifests: "5m0s",
};

const newer = (process: Process): boolean => minorOf(process.executable.version) >= 31;

function registration(process: Process, name: string): Record<string, unknown> {
  return {
    criSocket: "unix:///var/run/containerd/containerd.sock",
    imagePullPolicy: "IfNotPresent",
    ...(newer(process) ? { imagePullSerial: true } : {}),
    name,
    taints: null,
  };
}

function initDefaults(process: Process): unknown {
  return {
    apiVersion: apiVersion(process),
    bootstrapTokens: [
      {
        groups: ["system:bootstrappers:kubeadm:default-node-token"],
        token: "abcdef.0123456789abcdef",
        ttl: "24h0m0s",
        usages: ["signing", "authentication"],
      },
    ],
    kind: "InitConfiguration",
    localAPIEndpoint: { advertiseAddress: "1.2.3.4", bindPort: 6443 },
    nodeRegistration: registration(process, "node"),
    ...(newer(process) ? { timeouts } : {}),
  };
}

function clusterDefaults(process: Process): unknown {
  const modern = newer(process);
  return {
    apiServer: modern ? {} : { timeoutForControlPlane: "4m0s" },
    apiVersion: apiVersion(process),
    ...(modern
      ? {
          caCertificateValidityPeriod: "87600h0m0s",
          certificateValidityPeriod: "8760h0m0s",
          encryptionAlgorithm: "RSA-2048",
          proxy: {},
        }
      : {}),
    certificatesDir: "/etc/kubernetes/pki",
    clusterName: "kubernetes",
    controllerManager: {},
    dns: {},
    etcd: { local: { dataDir: "/var/lib/etcd" } },
    imageRepository: "registry.k8s.io",
    kind: "ClusterConfiguration",
    kubernetesVersion: `1.${minorOf(process.executable.version)}.0`,
    networking: { dnsDomain: "cluster.local", serviceSubnet: "10.96.0.0/12" },
    scheduler: {},
  };
}

function joinDefaults(process: Process): unknown {
  const token = "abcdef.0123456789abcdef";
  return {
    apiVersion: apiVersion(process),
    caCertPath: "/etc/kubernetes/pki/ca.crt",
    discovery: {
      bootstrapToken: { apiServerEndpoint: "kube-apiserver:6443", token, unsafeSkipCAVerification: true },
      ...(newer(process) ? {} : { timeout: "5m0s" }),
      tlsBootstrapToken: token,
    },
    kind: "JoinConfiguration",
    nodeRegistration: registration(process, process.machine.name),
    ...(newer(process) ? { timeouts } : {}),
  };
}
