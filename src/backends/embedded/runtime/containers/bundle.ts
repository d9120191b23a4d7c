import type { Isolation, NamespaceType } from "../../machine/isolation.ts";
import { firstNamespaces, forgetProcess, newNamespace, recallProcess } from "../../machine/isolation.ts";
import { dirname } from "../../machine/files/paths.ts";
import type { ModelledMachine } from "../../machine/machine.ts";
import { setCgroupLimits } from "../../machine/system/process-files.ts";
import type { ContainerMount, PodSandboxStatus } from "../cri.ts";
import { writeState } from "../oci/container-state.ts";
import type { RuntimeSpec, SpecMount } from "../oci/spec.ts";
import { cgroupPath, runtimeSpec } from "../oci/spec.ts";
import type { ContainerSpec } from "./oci.ts";

/** Namespaces that all containers of a pod share. */
export type SandboxNamespaces = Readonly<Record<NamespaceType, number>>;

/** Makes the namespaces of a pod; one with the host's network has the host's name as well. */
export function sandboxNamespaces(machine: ModelledMachine, sandbox: PodSandboxStatus): SandboxNamespaces {
  const before = recallProcess(machine, sandbox.id);
  if (before) return before.namespaces;
  const own = (type: NamespaceType): number =>
    sandbox.config.hostNetwork ? firstNamespaces[type] : newNamespace(machine);
  return {
    ...firstNamespaces,
    mnt: newNamespace(machine),
    ipc: newNamespace(machine),
    pid: newNamespace(machine),
    net: own("net"),
    uts: own("uts"),
  };
}

/** What the kernel keeps apart for one container of a pod. */
export function containerIsolation(machine: ModelledMachine, shared: SandboxNamespaces, rootfs: string): Isolation {
  const before = recallProcess(machine, rootfs);
  if (before) return { namespaces: before.namespaces, root: rootfs };
  const { ipc, net, uts } = shared;
  const namespaces = {
    ...firstNamespaces,
    ipc,
    net,
    uts,
    mnt: newNamespace(machine),
    pid: newNamespace(machine),
    ...(machine.kernel.cgroupVersion === 2 ? { cgroup: newNamespace(machine) } : {}),
  };
  return { namespaces, root: rootfs };
}

/** Where a runtime keeps the files of a container, by its key. */
export interface BundlePlaces {
  /** Folder with config.json. */
  bundle: string;
  /** Folder of the OCI runtime's states. */
  states: string;
  pidFile: string;
}

export function placesOf(key: string, rootfs: string, id: string, runtime: string): BundlePlaces {
  if (key !== "crio") {
    const bundle = dirname(rootfs);
    return { bundle, states: "/run/containerd/runc/k8s.io", pidFile: `${bundle}/init.pid` };
  }
  const bundle = `/run/containers/storage/overlay-containers/${id}/userdata`;
  return { bundle, states: `/run/${runtime}`, pidFile: `${bundle}/pidfile` };
}

/** What systemd or the kernel call a container's control group, given the pod's. */
export function cgroupsPathOf(key: string, parent: string, id: string): string {
  const prefix = key === "crio" ? "crio" : "cri-containerd";
  if (parent === "") return key === "crio" ? `system.slice:${prefix}:${id}` : `/k8s.io/${id}`;
  if (parent.endsWith(".slice")) return `${parent.slice(parent.lastIndexOf("/") + 1)}:${prefix}:${id}`;
  return `${parent}/${key === "crio" ? `crio-${id}` : id}`;
}

const bindMounts = (mounts: readonly ContainerMount[]): SpecMount[] =>
  mounts.map((mount) => ({
    destination: mount.containerPath,
    type: "bind",
    source: mount.hostPath,
    options: ["rbind", "rprivate", mount.readOnly ? "ro" : "rw"],
  }));

/** The config.json of a container, with the namespaces of its pod's first process. */
export function containerSpec(
  key: string,
  spec: ContainerSpec,
  sandbox: PodSandboxStatus,
  cgroupsPath: string,
  sandboxPid: number | undefined,
): RuntimeSpec {
  const shared = (type: string, file: string): { type: string; path?: string } => {
    if (key === "crio") return { type, path: `/var/run/${file}ns/${sandbox.id.slice(0, 36)}` };
    return sandboxPid === undefined ? { type } : { type, path: `/proc/${sandboxPid}/ns/${file}` };
  };
  const isOwn = !sandbox.config.hostNetwork;
  return runtimeSpec("1.1.0", {
    args: spec.argv,
    env: spec.env,
    cwd: spec.cwd,
    rootPath: key === "crio" ? spec.bundle : "rootfs",
    hostname: "",
    mounts: bindMounts(spec.mounts),
    annotations: {
      ...spec.annotations,
      "io.kubernetes.cri.container-type": "container",
      "io.kubernetes.cri.sandbox-id": sandbox.id,
      "io.kubernetes.cri.sandbox-name": sandbox.config.name,
      "io.kubernetes.cri.sandbox-namespace": sandbox.config.namespace,
      "io.kubernetes.cri.sandbox-uid": sandbox.config.uid,
    },
    cgroupsPath,
    memoryLimit: spec.memoryLimit,
    namespaces: [
      { type: "pid" },
      shared("ipc", "ipc"),
      ...(isOwn ? [shared("uts", "uts")] : []),
      { type: "mount" },
      ...(isOwn ? [shared("network", "net")] : []),
      ...(spec.machine.kernel.cgroupVersion === 2 ? [{ type: "cgroup" }] : []),
    ],
    terminal: false,
  });
}

/** Writes the bundle before the OCI runtime is called, and what that leaves behind once the process runs. */
export function writeBundle(
  machine: ModelledMachine,
  places: BundlePlaces,
  container: { id: string; pid: number; rootfs: string; hostname: string; createdAt: number; spec: RuntimeSpec },
): void {
  const { spec, pid } = container;
  const files = machine.rootFiles;
  files.makeDirectories(places.bundle, 0o711);
  files.write(`${places.bundle}/config.json`, JSON.stringify(spec), { mode: 0o600 });
  files.write(places.pidFile, String(pid));
  if (places.pidFile.endsWith("init.pid")) files.write(`${places.bundle}/log.json`, "");
  const cgroup = cgroupPath(spec.linux?.cgroupsPath ?? "", "", container.id);
  writeState(machine, `${places.states}/${container.id}`, {
    id: container.id,
    pid,
    bundle: places.bundle,
    rootfs: container.rootfs,
    hostname: container.hostname,
    cgroup,
    namespaces: spec.linux?.namespaces ?? [],
    createdAt: container.createdAt,
  });
  const memory = spec.linux?.resources?.memory?.limit;
  setCgroupLimits(machine, cgroup, memory === undefined ? {} : { memory });
}

/** Takes away what `writeBundle` wrote. */
export function removeBundle(machine: ModelledMachine, places: BundlePlaces, id: string): void {
  machine.rootFiles.removeTree(places.bundle.replace(/\/userdata$/, ""));
  machine.rootFiles.removeTree(`${places.states}/${id}`);
  forgetProcess(machine, id);
  forgetProcess(machine, `shim ${id}`);
}
