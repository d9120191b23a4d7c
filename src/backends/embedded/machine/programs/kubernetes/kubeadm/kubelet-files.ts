import type { Process } from "../../../process.ts";
import { toYaml } from "../go/yaml.ts";
import type { Json } from "../client/json.ts";
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

/** The kubelet's configuration as kubeadm writes and uploads it. */
function kubeletConfiguration(setup: Setup): Json {
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
    logging: { flushFrequency: 0, options: { json: { infoBufferSize: "0" } }, verbosity: 0 },
    memorySwap: {},
    rotateCertificates: true,
    staticPodPath: "/etc/kubernetes/manifests",
    ...Object.fromEntries(zeroDurations.map((name) => [name, "0s"])),
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
  const flags = [`--container-runtime-endpoint=${setup.criSocket}`];
  if (setup.nodeName !== process.machine.name) flags.push(`--hostname-override=${setup.nodeName}`);
  flags.push(`--pod-infra-container-image=${pause}`);
  const environment = "/var/lib/kubelet/kubeadm-flags.env";
  const config = "/var/lib/kubelet/config.yaml";
  const writeEnvironment = async (): Promise<void> => {
    await process.out(
      `[kubelet-start] Writing kubelet environment file with flags to file ${JSON.stringify(environment)}\n`,
    );
    writeRootFile(process, environment, `KUBELET_KUBEADM_ARGS="${flags.join(" ")}"\n`, 0o644);
  };
  const writeConfig = async (): Promise<void> => {
    await process.out(`[kubelet-start] Writing kubelet configuration to file ${JSON.stringify(config)}\n`);
    writeRootFile(process, config, configuration, 0o644);
  };
  if (order === "init") {
    await writeEnvironment();
    await writeConfig();
  } else {
    await writeConfig();
    await writeEnvironment();
  }
}

export const kubeletYaml = (setup: Setup): string => toYaml(kubeletConfiguration(setup));
