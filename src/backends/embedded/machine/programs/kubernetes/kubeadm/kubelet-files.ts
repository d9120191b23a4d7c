import { parse } from "yaml";
import type { Process } from "../../../process.ts";
import { toYaml } from "../go/yaml.ts";
import { isObject, type Json } from "../client/json.ts";
import { writeRootFile } from "./pki.ts";
import { companionVersions, minorOf, serviceAddress, type Setup } from "./setup.ts";

const zeroDurations = [
  "cpuManagerReconcilePeriod",
  "evictionPressureTransitionPeriod",
  "fileCheckFrequency",
  "httpCheckFrequency",
  "imageMinimumGCAge",
  "nodeStatusReportFrequency",
  "nodeStatusUpdateFrequency",
  "runtimeRequestTimeout",
  "shutdownGracePeriod",
  "shutdownGracePeriodCriticalPods",
  "streamingConnectionIdleTimeout",
  "syncFrequency",
  "volumeStatsAggPeriod",
];

/** From 1.34 on the runtime's socket is a matter of each node's own kubelet configuration, no flag and no annotation. */
export const socketIsLocal = (setup: Setup): boolean => minorOf(setup.kubernetesVersion) >= 34;

/** The kubelet's configuration as kubeadm writes and uploads it. */
function kubeletConfiguration(setup: Setup): Json {
  const newer = minorOf(setup.kubernetesVersion) >= 31;
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    authentication: {
      anonymous: { enabled: false },
      webhook: { cacheTTL: "0s", enabled: true },
      x509: { clientCAFile: `${setup.certificatesDir}/ca.crt` },
    },
    authorization: { mode: "Webhook", webhook: { cacheAuthorizedTTL: "0s", cacheUnauthorizedTTL: "0s" } },
    cgroupDriver: "systemd",
    clusterDNS: [serviceAddress(setup.serviceSubnet, 10)],
    clusterDomain: setup.dnsDomain,
    containerRuntimeEndpoint: "",
    healthzBindAddress: "127.0.0.1",
    healthzPort: 10_248,
    kind: "KubeletConfiguration",
    logging: {
      flushFrequency: 0,
      options: { json: { infoBufferSize: "0" }, ...(newer ? { text: { infoBufferSize: "0" } } : {}) },
      verbosity: 0,
    },
    memorySwap: {},
    rotateCertificates: true,
    staticPodPath: "/etc/kubernetes/manifests",
    ...Object.fromEntries(zeroDurations.map((name) => [name, "0s"])),
    ...(newer ? { crashLoopBackOff: {}, imageMaximumGCAge: "0s" } : {}),
    // Ubuntu's resolver stub would make CoreDNS ask itself.
    resolvConf: "/run/systemd/resolve/resolv.conf",
    ...setup.kubelet,
  };
}

/** The phase `kubelet-start`'s two files. `configuration` is YAML. */
export async function writeKubeletFiles(
  process: Process,
  setup: Setup,
  configuration: string,
  order: "init" | "join",
): Promise<void> {
  const pause = `${setup.imageRepository}/pause:${companionVersions(minorOf(setup.kubernetesVersion)).pause}`;
  const local = socketIsLocal(setup);
  const flags = local ? [] : [`--container-runtime-endpoint=${setup.criSocket}`];
  if (setup.nodeName !== process.machine.name) flags.push(`--hostname-override=${setup.nodeName}`);
  if (!local) flags.push(`--pod-infra-container-image=${pause}`);
  const environment = "/var/lib/kubelet/kubeadm-flags.env";
  const config = "/var/lib/kubelet/config.yaml";
  const writeEnvironment = async (): Promise<void> => {
    await process.out(
      `[kubelet-start] Writing kubelet environment file with flags to file ${JSON.stringify(environment)}\n`,
    );
    writeRootFile(process, environment, `KUBELET_KUBEADM_ARGS="${flags.join(" ")}"\n`, 0o644);
  };
  const writeConfig = async (): Promise<void> => {
    const text = local ? await withOwnSocket(process, setup, configuration) : configuration;
    await process.out(`[kubelet-start] Writing kubelet configuration to file ${JSON.stringify(config)}\n`);
    writeRootFile(process, config, text, 0o644);
  };
  if (order === "init") {
    await writeEnvironment();
    await writeConfig();
  } else {
    await writeConfig();
    await writeEnvironment();
  }
}

/** Keeps the node's own settings in a file of their own and lays them over the cluster's. */
async function withOwnSocket(process: Process, setup: Setup, configuration: string): Promise<string> {
  const path = "/var/lib/kubelet/instance-config.yaml";
  const own = { containerRuntimeEndpoint: setup.criSocket };
  await process.out(`[kubelet-start] Writing kubelet configuration to file ${JSON.stringify(path)}\n`);
  const text = toYaml({ apiVersion: "kubelet.config.k8s.io/v1beta1", ...own, kind: "KubeletConfiguration" });
  writeRootFile(process, path, text, 0o644);
  await process.out(
    '[patches] Applied patch of type "application/strategic-merge-patch+json" to target "kubeletconfiguration"\n',
  );
  const cluster: unknown = parse(configuration);
  return toYaml({ ...(isObject(cluster) ? cluster : {}), ...own });
}

export const kubeletYaml = (setup: Setup): string => toYaml(kubeletConfiguration(setup));
