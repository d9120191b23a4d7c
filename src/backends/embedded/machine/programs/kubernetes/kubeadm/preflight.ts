import { FileError } from "../../../files/errors.ts";
import type { Process } from "../../../process.ts";
import { parseExecutable } from "../../../executable.ts";
import { CriError } from "../../../../runtime/cri.ts";
import { NetworkError } from "../../../../network/network.ts";
import { textAt } from "../client/json.ts";
import { klogHeader } from "../go/duration.ts";
import { KubeadmError } from "./errors.ts";
import { runtimeAt, unreachableReason } from "./runtime-socket.ts";
import { companionVersions, controlPlaneImages, minorOf, type Setup } from "./setup.ts";

interface Finding {
  name: string;
  errors?: string[];
  warnings?: string[];
}

/** The directories of a process's PATH, searched for an executable file. */
function findExecutable(process: Process, name: string): string | undefined {
  for (const folder of (process.env["PATH"] ?? "").split(":")) {
    const path = `${folder}/${name}`;
    if (
      folder !== "" &&
      process.files.exists(path) &&
      process.files.access(path, 1) &&
      !process.files.isDirectory(path)
    )
      return path;
  }
  return undefined;
}

/** The version a binary carries, as its `--version` prints it, without `v`. */
function versionOfExecutable(process: Process, name: string): string | undefined {
  const path = findExecutable(process, name);
  if (path === undefined) return undefined;
  return parseExecutable(process.files.readBytes(path))?.version.replace(/^v/, "");
}

/** Prints warnings as they come and throws everything that is fatal. */
async function report(process: Process, findings: readonly Finding[], setup: Setup): Promise<void> {
  const fatal: string[] = [];
  for (const { name, errors = [], warnings = [] } of findings) {
    const ignored = setup.ignore.includes("all") || setup.ignore.includes(name.toLowerCase());
    const shown = ignored ? [...warnings, ...errors] : warnings;
    for (const text of shown) await process.err(`\t[WARNING ${name}]: ${text}\n`);
    if (!ignored) fatal.push(...errors.map((text) => `\t[ERROR ${name}]: ${text}`));
  }
  if (fatal.length > 0) await fail(process, fatal);
}

async function fail(process: Process, fatal: readonly string[]): Promise<never> {
  const advice =
    "[preflight] If you know what you are doing, you can make a check non-fatal with `--ignore-preflight-errors=...`";
  const text = `[preflight] Some fatal errors occurred:\n${fatal.join("\n")}\n${advice}`;
  if (minorOf(process.executable.version) < 31) throw new KubeadmError(`error execution phase preflight: ${text}`);
  await process.err(`${text}\n`);
  throw new KubeadmError("error execution phase preflight: preflight checks failed");
}

/** Refuses everybody but root. */
export async function checkRoot(process: Process, setup: Setup): Promise<void> {
  if (process.credentials.uid !== 0)
    await report(process, [{ name: "IsPrivilegedUser", errors: ["user is not running as root"] }], setup);
}

/** The checks of `kubeadm init`, then the pull of its images. */
export async function checkBeforeInit(process: Process, setup: Setup, dry = false): Promise<void> {
  const { hardware } = process.machine;
  const manifests = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"];
  const findings: Finding[] = [];
  if (hardware.cpus < 2) {
    findings.push({
      name: "NumCPU",
      errors: [`the number of available CPUs ${hardware.cpus} is less than the required 2`],
    });
  }
  if (hardware.memoryMegabytes < 1700) {
    findings.push({
      name: "Mem",
      errors: [`the system RAM (${hardware.memoryMegabytes} MB) is less than the minimum 1700 MB`],
    });
  }
  findings.push(...[setup.bindPort, 10259, 10257].map((port) => portCheck(process, port)));
  for (const name of manifests) findings.push(fileAvailable(process, `/etc/kubernetes/manifests/${name}.yaml`));
  findings.push(...(await commonChecks(process, setup, setup.kubernetesVersion)), ...networkChecks(process, setup));
  findings.push(portCheck(process, 2379), portCheck(process, 2380));
  const { etcdDataDir } = setup;
  const { rootFiles } = process.machine;
  if (rootFiles.exists(etcdDataDir) && rootFiles.list(etcdDataDir).length > 0) {
    findings.push({
      name: `DirAvailable-${etcdDataDir.replaceAll("/", "-")}`,
      errors: [`${etcdDataDir} is not empty`],
    });
  }
  await report(process, findings, setup);
  if (dry) await process.out("[preflight] Would pull the required images (like 'kubeadm config images pull')\n");
  else await pullImages(process, setup);
}

/** The checks of `kubeadm join` for a worker. */
export async function checkBeforeJoin(process: Process, setup: Setup): Promise<void> {
  const { rootFiles } = process.machine;
  const findings: Finding[] = [];
  const manifests = "/etc/kubernetes/manifests";
  if (rootFiles.exists(manifests) && rootFiles.list(manifests).length > 0) {
    findings.push({ name: "DirAvailable--etc-kubernetes-manifests", errors: [`${manifests} is not empty`] });
  }
  findings.push(
    fileAvailable(process, "/etc/kubernetes/kubelet.conf"),
    fileAvailable(process, "/etc/kubernetes/bootstrap-kubelet.conf"),
  );
  findings.push(...(await commonChecks(process, setup, undefined)), ...networkChecks(process, setup));
  findings.push(fileAvailable(process, "/etc/kubernetes/pki/ca.crt"));
  await report(process, findings, setup);
}

function portCheck(process: Process, port: number): Finding {
  const taken = process.machine.environment.network
    .listening({ machine: process.machine.name })
    .some((entry) => entry.port === port);
  return { name: `Port-${port}`, errors: taken ? [`Port ${port} is in use`] : [] };
}

const fileAvailable = (process: Process, path: string): Finding => ({
  name: `FileAvailable-${path.replaceAll("/", "-")}`,
  errors: process.machine.rootFiles.exists(path) ? [`${path} already exists`] : [],
});

async function commonChecks(process: Process, setup: Setup, wanted: string | undefined): Promise<Finding[]> {
  const findings: Finding[] = [...runtimeChecks(process, setup), swapCheck(process), controlGroupsCheck(process)];
  const minor = minorOf(process.executable.version);
  // Newer versions speak to the runtime themselves and leave conntrack to kube-proxy's image.
  const mandatory = [...(minor < 32 ? ["crictl", "conntrack"] : []), "ip", "iptables", "mount", "nsenter"];
  for (const name of mandatory) {
    if (findExecutable(process, name) === undefined)
      findings.push({ name: `FileExisting-${name}`, errors: [`${name} not found in system path`] });
  }
  for (const name of ["ebtables", "ethtool", "socat", "tc", "touch"]) {
    if (findExecutable(process, name) === undefined)
      findings.push({ name: `FileExisting-${name}`, warnings: [`${name} not found in system path`] });
  }
  findings.push(await hostnameCheck(process, setup), kubeletVersionCheck(process, wanted));
  const kubelet = process.machine.units.status("kubelet.service");
  if (kubelet.enabled === "not-found" || kubelet.enabled === "disabled") {
    const text =
      kubelet.enabled === "disabled"
        ? "kubelet service is not enabled, please run 'systemctl enable kubelet.service'"
        : "kubelet service does not exist";
    findings.push({ name: "Service-kubelet", warnings: [text] });
  }
  findings.push(portCheck(process, 10250));
  return findings;
}

/** A kubelet from 1.35 on does not start on version 1 of control groups. */
function controlGroupsCheck(process: Process): Finding {
  const name = "SystemVerification";
  if (minorOf(process.executable.version) < 35) return { name };
  const kubelet = versionOfExecutable(process, "kubelet");
  if (kubelet === undefined) return { name, errors: [noKubelet] };
  if (process.machine.kernel.cgroupVersion !== 1 || minorOf(kubelet) < 35) return { name };
  return {
    name,
    errors: [
      "cgroups v1 support is deprecated and will be removed in a future release. Please migrate to cgroups v2. To explicitly enable cgroups v1 support for kubelet v1.35 or newer, you must set the kubelet configuration option 'FailCgroupV1' to 'false'. You must also explicitly skip this validation. For more information, see https://git.k8s.io/enhancements/keps/sig-node/5573-remove-cgroup-v1",
    ],
  };
}

function runtimeChecks(process: Process, setup: Setup): Finding[] {
  const found = runtimeCheck(process, setup);
  const isNewer = minorOf(process.executable.version) >= 36;
  return found.errors && isNewer ? [found, { ...found, name: "ContainerRuntimeVersion" }] : [found];
}

function runtimeCheck(process: Process, setup: Setup): Finding {
  if (runtimeAt(process, setup.criSocket)) return { name: "CRI" };
  const reason = unreachableReason(process, setup.criSocket);
  const endpoint = JSON.stringify(setup.criSocket);
  if (minorOf(process.executable.version) >= 31) {
    const text = `could not connect to the container runtime: failed to create new CRI runtime service: validate service connection: validate CRI v1 runtime API for endpoint ${endpoint}: ${reason}`;
    return { name: "CRI", errors: [text] };
  }
  const time = new Date(process.machine.environment.clock.now()).toISOString().replace(/\.\d+Z$/, "Z");
  const message = `validate service connection: validate CRI v1 runtime API for endpoint ${endpoint}: ${reason}`;
  return {
    name: "CRI",
    errors: [
      `container runtime is not running: output: time="${time}" level=fatal msg=${JSON.stringify(message)}\n, error: exit status 1`,
    ],
  };
}

function swapCheck(process: Process): Finding {
  if (process.machine.kernel.swaps().length === 0) return { name: "Swap" };
  const minor = minorOf(process.executable.version);
  const text =
    minor <= 28
      ? "swap is enabled; production deployments should disable swap unless testing the NodeSwap feature gate of the kubelet"
      : "swap is supported for cgroup v2 only. The kubelet must be properly configured to use swap. Please refer to https://kubernetes.io/docs/concepts/architecture/nodes/#swap-memory, or disable swap on the node";
  return { name: "Swap", warnings: [text] };
}

async function hostnameCheck(process: Process, setup: Setup): Promise<Finding> {
  const name = setup.nodeName;
  try {
    await process.machine.environment.network.lookup(process.place, name);
    return { name: "Hostname" };
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const shown = JSON.stringify(name);
    return {
      name: "Hostname",
      warnings: [
        `hostname ${shown} could not be reached`,
        `hostname ${shown}: lookup ${name} on 127.0.0.53:53: server misbehaving`,
      ],
    };
  }
}

const noKubelet =
  "couldn't get kubelet version: cannot execute 'kubelet --version': executable file not found in $PATH";

function kubeletVersionCheck(process: Process, wanted: string | undefined): Finding {
  const name = "KubeletVersion";
  const version = versionOfExecutable(process, "kubelet");
  if (version === undefined) {
    return { name, errors: [noKubelet] };
  }
  const target = (wanted ?? process.executable.version).replace(/^v/, "");
  if (wanted !== undefined && compareVersions(version, target) > 0) {
    return {
      name,
      errors: [
        `the kubelet version is higher than the control plane version. This is not a supported version skew and may lead to a malfunctional cluster. Kubelet version: ${JSON.stringify(version)} Control plane version: ${JSON.stringify(target)}`,
      ],
    };
  }
  const own = minorOf(process.executable.version);
  if (minorOf(version) < own - (own >= 28 ? 3 : 1)) {
    return {
      name,
      errors: [`Kubelet version ${JSON.stringify(version)} is lower than kubeadm can support. Please upgrade kubelet`],
    };
  }
  return { name };
}

export function compareVersions(a: string, b: string): number {
  const parts = (version: string): number[] => version.replace(/^v/, "").split(/[.-]/).map(Number);
  const left = parts(a);
  const right = parts(b);
  for (let i = 0; i < 3; i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function networkChecks(process: Process, setup: Setup): Finding[] {
  const bridge = "/proc/sys/net/bridge/bridge-nf-call-iptables";
  const forward = "/proc/sys/net/ipv4/ip_forward";
  // From 1.30 on kubeadm leaves the bridge setting to the CNI plugin.
  const paths = minorOf(setup.kubernetesVersion) < 30 ? [bridge, forward] : [forward];
  return paths.map((path) => {
    const name = `FileContent-${path.replaceAll("/", "-")}`;
    const key = path.slice("/proc/sys/".length).replaceAll("/", ".");
    const value = process.machine.kernel.parameter(key);
    if (value === undefined) return { name, errors: [`${path} does not exist`] };
    return { name, errors: value.trim() === "1" ? [] : [`${path} contents are not set to 1`] };
  });
}

async function pullImages(process: Process, setup: Setup): Promise<void> {
  const runtime = runtimeAt(process, setup.criSocket);
  await process.out("[preflight] Pulling images required for setting up a Kubernetes cluster\n");
  await process.out(
    "[preflight] This might take a minute or two, depending on the speed of your internet connection\n",
  );
  const also =
    minorOf(process.executable.version) >= 31 ? "perform this action beforehand" : "perform this action in beforehand";
  await process.out(`[preflight] You can also ${also} using 'kubeadm config images pull'\n`);
  if (!runtime) return;
  const pause = `${setup.imageRepository}/pause:${companionVersions(minorOf(setup.kubernetesVersion)).pause}`;
  const sandbox = textAt(runtime.info(), "config", "sandboxImage");
  if (sandbox !== "" && sandbox !== pause) {
    const now = process.machine.environment.clock.now();
    await process.err(
      `${klogHeader("W", now, process.pid, "checks.go:835")}detected that the sandbox image ${JSON.stringify(sandbox)} of the container runtime is inconsistent with that used by kubeadm. It is recommended that using ${JSON.stringify(pause)} as the CRI sandbox image.\n`,
    );
  }
  const errors: string[] = [];
  for (const image of controlPlaneImages(setup)) {
    if (runtime.imageStatus(image)) continue;
    try {
      await runtime.pullImage(image);
    } catch (error) {
      process.signal.throwIfAborted();
      if (!(error instanceof CriError || error instanceof FileError)) throw error;
      errors.push(imagePullText(process, image, error));
    }
  }
  await report(process, [{ name: "ImagePull", errors }], setup);
}

/** What crictl's failed pull leaves in kubeadm's message. */
export function imagePullText(process: Process, image: string, error: Error): string {
  const code = error instanceof CriError ? error.code : "Unknown";
  const text = `rpc error: code = ${code} desc = ${error.message}`;
  const now = process.machine.environment.clock.now();
  const time = new Date(now).toISOString().replace(/\.\d+Z$/, "Z");
  const log = `${klogHeader("E", now, process.pid, "remote_image.go:171")}"PullImage from image service failed" err=${JSON.stringify(text)} image=${JSON.stringify(image)}`;
  return `failed to pull image ${image}: output: ${log}\ntime="${time}" level=fatal msg=${JSON.stringify(`pulling image: ${text}`)}\n, error: exit status 1`;
}
