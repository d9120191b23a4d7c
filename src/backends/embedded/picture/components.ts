import type { ComponentId, ComponentState, PictureComponent, RuntimePath } from "../../../domain/picture.ts";
import { componentIds } from "../../../domain/picture.ts";
import { type Executable, parseExecutable } from "../machine/executable.ts";
import type { ModelledMachine } from "../machine/machine.ts";
import { monitorsOf } from "../runtime/containers/monitor.ts";
import { hasLibrary } from "../runtime/containers/crun.ts";

const searchPath = [
  "/usr/local/sbin",
  "/usr/local/bin",
  "/usr/sbin",
  "/usr/bin",
  "/sbin",
  "/bin",
  "/home/ubuntu/.cargo/bin",
  "/home/ubuntu/.wasmedge/bin",
  "/root/.wasmedge/bin",
];

/** Names that a component's binary goes by. */
const binaries: Partial<Record<ComponentId, readonly string[]>> = {
  kubelet: ["kubelet"],
  "cri-o": ["crio"],
  containerd: ["containerd"],
  "shim-spin": ["containerd-shim-spin-v2", "containerd-shim-spin-v1"],
  "shim-runc": ["containerd-shim-runc-v2"],
  crun: ["crun"],
  runc: ["runc"],
  wasmedge: ["wasmedge"],
  wasmtime: ["wasmtime"],
  spin: ["spin"],
  buildah: ["buildah"],
  cargo: ["cargo"],
  registry: ["docker-registry", "registry"],
};

/** Libraries that a crun loads. */
const libraries: Partial<Record<ComponentId, string>> = { wasmedge: "libwasmedge.so.0", wasmtime: "libwasmtime.so" };

/** What a crun was built for, by the fact in its binary. */
const engineNames: Readonly<Record<string, string>> = { wasmedge: "+WasmEdge", wasmtime: "+Wasmtime" };

/** Daemons that systemd runs. */
const units: Partial<Record<ComponentId, string>> = {
  kubelet: "kubelet.service",
  "cri-o": "crio.service",
  containerd: "containerd.service",
  registry: "docker-registry.service",
};

/** Containers of the cluster itself, by the name they have in their pods. */
const containers: readonly ComponentId[] = [
  "kube-apiserver",
  "etcd",
  "kube-scheduler",
  "kube-controller-manager",
  "kube-proxy",
  "coredns",
];

/** Every component as it is on a machine, from its files, units, processes and containers. */
export function componentsOf(machine: ModelledMachine): PictureComponent[] {
  return componentIds.map((id) => ({ id, ...stateOf(id, machine) }));
}

function stateOf(id: ComponentId, machine: ModelledMachine): Omit<PictureComponent, "id"> {
  if (containers.includes(id)) return containerState(id, machine);
  const executable = executableOf(id, machine);
  const version = executable ? versionOf(executable.version) : {};
  const unit = units[id];
  if (unit !== undefined) {
    if (!executable) return { state: "absent" };
    const { active, sub } = machine.units.status(unit);
    if (active === "active") return { state: "running", ...version };
    if (active === "failed" || sub === "auto-restart") return { state: "failed", detail: sub, ...version };
    return { state: "installed", ...version };
  }
  const used = pathsOf(machine).some((path) => path.includes(id)) || isProcess(id, machine);
  const running: ComponentState = used ? "running" : "installed";
  if (id === "spin" && !executable) {
    // Every Spin shim has a Spin linked into it.
    const linked = executableOf("shim-spin", machine)?.facts?.["spin"];
    return linked === undefined ? { state: "absent" } : { state: running, ...versionOf(linked) };
  }
  if (!executable) {
    const library = libraries[id];
    const hasOnlyLibrary = library !== undefined && hasLibrary(machine.rootFiles, library);
    return { state: hasOnlyLibrary || used ? running : "absent" };
  }
  const detail = id === "crun" ? engineNames[(executable.facts?.["wasm"] ?? "").split(" ")[0] ?? ""] : undefined;
  return { state: running, ...version, ...(detail === undefined ? {} : { detail }) };
}

const versionOf = (version: string): { version?: string } =>
  version === "" || version === "0" ? {} : { version: version.replace(/^v/, "") };

function executableOf(id: ComponentId, machine: ModelledMachine): Executable | undefined {
  const files = machine.rootFiles;
  for (const name of binaries[id] ?? []) {
    for (const folder of searchPath) {
      const path = `${folder}/${name}`;
      if (!files.exists(path) || files.isDirectory(path)) continue;
      const executable = parseExecutable(files.readBytes(path));
      if (executable) return executable;
    }
  }
  return undefined;
}

/** What the running containers of a machine go through. */
const pathsOf = (machine: ModelledMachine): RuntimePath[] =>
  monitorsOf(machine).flatMap(({ paths }) => [...paths.values()]);

const isProcess = (id: ComponentId, machine: ModelledMachine): boolean =>
  machine.processes.list().some(({ argv }) => {
    const called = argv[0] ?? "";
    return binaries[id]?.includes(called.slice(called.lastIndexOf("/") + 1)) === true;
  });

/** A component that runs in a container of kube-system. */
function containerState(id: ComponentId, machine: ModelledMachine): Omit<PictureComponent, "id"> {
  const mine = monitorsOf(machine).flatMap(({ state }) =>
    (state?.containers ?? []).filter(
      ({ config, sandboxId }) =>
        config.name === id &&
        state?.sandboxes.find((sandbox) => sandbox.id === sandboxId)?.config.namespace === "kube-system",
    ),
  );
  const latest = mine.find(({ state }) => state === "running") ?? mine.at(-1);
  const tag = /:v?([^:@/]+)$/.exec(latest?.config.image ?? "")?.[1];
  const version = tag === undefined ? {} : { version: tag };
  if (latest?.state === "running") return { state: "running", ...version };
  const hasManifest = machine.rootFiles.exists(`/etc/kubernetes/manifests/${id}.yaml`);
  if (latest?.state === "exited" && (hasManifest || id === "kube-proxy" || id === "coredns")) {
    return { state: "failed", detail: latest.reason, ...version };
  }
  return { state: hasManifest || latest ? "installed" : "absent", ...version };
}
