import { lines } from "../../../io.ts";
import type { Process } from "../../../process.ts";
import { klogHeader } from "../go/duration.ts";
import type { ParsedFlags } from "../go/flags.ts";
import { checkRoot } from "./preflight.ts";
import { runtimeAt, unreachableReason } from "./runtime-socket.ts";
import { chooseSocket, minorOf, readConfiguration, setupOf } from "./setup.ts";
import { KubeadmError } from "./errors.ts";
import { adminConfigPath, connectionFrom } from "./api.ts";
import { UnreachableError } from "../client/errors.ts";
import { ApiError } from "../../../../cluster/api.ts";

const configs = [
  "admin.conf",
  "super-admin.conf",
  "kubelet.conf",
  "bootstrap-kubelet.conf",
  "controller-manager.conf",
  "scheduler.conf",
];

/** `kubeadm reset`: takes away what init or join left on this machine. */
export async function reset(process: Process, flags: ParsedFlags): Promise<number> {
  const { machine } = process;
  const { rootFiles } = machine;
  const setup = setupOf(process, flags, readConfiguration(process, undefined));
  chooseSocket(process, setup);
  const newer = minorOf(process.executable.version) >= 31;
  const warn = (source: string, text: string): Promise<void> =>
    process.err(`${klogHeader("W", machine.environment.clock.now(), process.pid, source)}${text}\n`);
  await readCluster(process, newer, warn);
  if (!flags.bool("force")) {
    await warn(
      "preflight.go:56",
      "[reset] WARNING: Changes made to this host by 'kubeadm init' or 'kubeadm join' will be reverted.",
    );
    await process.out("[reset] Are you sure you want to proceed? [y/N]: ");
    let answer = "";
    for await (const line of lines(process.stdin)) {
      answer = line.trim().toLowerCase();
      break;
    }
    if (answer !== "y" && answer !== "yes")
      throw new KubeadmError("error execution phase preflight: aborted reset operation");
  }
  await process.out("[preflight] Running pre-flight checks\n");
  await checkRoot(process, setup);
  const ownEtcd = rootFiles.exists("/etc/kubernetes/manifests/etcd.yaml");
  if (ownEtcd) await process.out(`[reset] Deleted contents of the etcd data directory: ${setup.etcdDataDir}\n`);
  else await warn("removeetcdmember.go:106", "[reset] No kubeadm config, using etcd pod spec to get data directory");
  await process.out("[reset] Stopping the kubelet service\n");
  const stopped = await machine.units.stop("kubelet.service");
  if (!stopped.ok) {
    await warn("cleanupnode.go:72", `[reset] The kubelet service could not be stopped by kubeadm: [exit status 1]`);
    await warn("cleanupnode.go:73", "[reset] Please ensure kubelet is stopped manually");
  }
  await process.out('[reset] Unmounting mounted directories in "/var/lib/kubelet"\n');
  const runtime = runtimeAt(process, setup.criSocket);
  if (runtime) {
    for (const sandbox of runtime.listPodSandboxes()) {
      await runtime.stopPodSandbox(sandbox.id);
      await runtime.removePodSandbox(sandbox.id);
    }
  } else {
    await warn(
      "cleanupnode.go:99",
      `[reset] Failed to remove containers: ${unreachableReason(process, setup.criSocket)}`,
    );
  }
  if (ownEtcd && rootFiles.exists(setup.etcdDataDir)) {
    for (const name of rootFiles.list(setup.etcdDataDir)) rootFiles.removeTree(`${setup.etcdDataDir}/${name}`);
  }
  const folders = ["/etc/kubernetes/manifests", "/var/lib/kubelet", setup.certificatesDir];
  await process.out(`[reset] Deleting contents of directories: [${folders.join(" ")}]\n`);
  for (const folder of folders) {
    if (!rootFiles.exists(folder)) continue;
    for (const name of rootFiles.list(folder)) rootFiles.removeTree(`${folder}/${name}`);
  }
  const files = configs.filter((name) => newer || name !== "super-admin.conf").map((name) => `/etc/kubernetes/${name}`);
  await process.out(`[reset] Deleting files: [${files.join(" ")}]\n`);
  for (const path of files) if (rootFiles.exists(path)) rootFiles.unlink(path);
  await process.out(newer ? newerAdvice : advice);
  machine.environment.touch();
  return 0;
}

async function readCluster(
  process: Process,
  newer: boolean,
  warn: (source: string, text: string) => Promise<void>,
): Promise<void> {
  if (!process.machine.rootFiles.exists(adminConfigPath) || process.credentials.uid !== 0) return;
  if (newer) {
    await process.out(
      '[reset] Reading configuration from the "kubeadm-config" ConfigMap in namespace "kube-system"...\n',
    );
    await process.out(
      "[reset] Use 'kubeadm init phase upload-config kubeadm --config your-config-file' to re-upload it.\n",
    );
  } else {
    await process.out("[reset] Reading configuration from the cluster...\n");
    await process.out(
      "[reset] FYI: You can look at this config file with 'kubectl -n kube-system get cm kubeadm-config -o yaml'\n",
    );
  }
  try {
    await connectionFrom(process, adminConfigPath).json(
      "GET",
      "/api/v1/namespaces/kube-system/configmaps/kubeadm-config",
    );
  } catch (error) {
    if (!(error instanceof UnreachableError || error instanceof ApiError)) throw error;
    await warn(
      "reset.go:120",
      `[reset] Unable to fetch the kubeadm-config ConfigMap from cluster: failed to get config map: ${error.message}`,
    );
  }
}

const advice = [
  "",
  "The reset process does not clean CNI configuration. To do so, you must remove /etc/cni/net.d",
  "",
  "The reset process does not reset or clean up iptables rules or IPVS tables.",
  'If you wish to reset iptables, you must do so manually by using the "iptables" command.',
  "",
  "If your cluster was setup to utilize IPVS, run ipvsadm --clear (or similar)",
  "to reset your system's IPVS tables.",
  "",
  "The reset process does not clean your kubeconfig files and you must remove them manually.",
  "Please, check the contents of the $HOME/.kube/config file.",
  "",
].join("\n");

const newerAdvice = [
  "",
  "The reset process does not perform cleanup of CNI plugin configuration,",
  "network filtering rules and kubeconfig files.",
  "",
  "For information on how to perform this cleanup manually, please see:",
  "    https://k8s.io/docs/reference/setup-tools/kubeadm/kubeadm-reset/",
  "",
  "",
].join("\n");
