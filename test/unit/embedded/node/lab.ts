import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MachineRole, Pace, Profile } from "../../../../src/domain/backend.ts";
import { EmbeddedLab } from "../../../../src/backends/embedded/lab.ts";
import { executableBytes } from "../../../../src/backends/embedded/machine/executable.ts";
import type { Credentials } from "../../../../src/backends/embedded/machine/files/file-system.ts";
import { root } from "../../../../src/backends/embedded/machine/files/file-system.ts";
import { Collector } from "../../../../src/backends/embedded/machine/io.ts";
import type { ModelledMachine } from "../../../../src/backends/embedded/machine/machine.ts";
import { assembleImage } from "../../../../src/backends/embedded/runtime/images/oci.ts";
import { ImageStore, storageRoots } from "../../../../src/backends/embedded/runtime/images/image-store.ts";
import { packTarGzip, type TarEntry } from "../../../../src/backends/embedded/runtime/images/tar.ts";
import { StateFolder } from "../../../../src/backends/embedded/persistence/state-folder.ts";
import { realClock, seededRandom } from "../fakes/machine.ts";

export interface Ran {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs a command as root and waits for it. */
async function run(machine: ModelledMachine, line: string, who: Credentials = root): Promise<Ran> {
  const stdout = new Collector();
  const stderr = new Collector();
  const process = machine.processes.spawn({
    argv: ["bash", "-c", line],
    env: {
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      HOME: "/root",
      KUBECONFIG: "/etc/kubernetes/admin.conf",
    },
    cwd: "/root",
    credentials: who,
    stdout,
    stderr,
  });
  const exitCode = await process.exit;
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
}

export interface TestLab extends AsyncDisposable {
  lab: EmbeddedLab;
  folder: string;
  machine(name: string): ModelledMachine;
  run(machine: string, line: string): Promise<Ran>;
  /** Ends every process, as a kill does, and opens what was saved. */
  wake(): Promise<TestLab>;
}

export async function openLab(
  roles: readonly MachineRole[],
  options: { folder?: string; pace?: Pace; profile?: Profile } = {},
): Promise<TestLab> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "wasm-k8s-lab-node-"));
  const state = new StateFolder(folder);
  const saved = state.load();
  const lab = new EmbeddedLab({
    folder: state,
    profile: options.profile ?? "thesis",
    pace: options.pace ?? "instant",
    clock: realClock(),
    random: seededRandom(7),
    environment: { hostCargo: false },
    saved: saved?.components,
    onTrouble: (error) => {
      throw error;
    },
  });
  if (saved) await lab.resume();
  else for (const role of roles) await lab.ensure({ name: role, role });
  const machine = (name: string): ModelledMachine => {
    const found = lab.machine(name);
    if (!found) throw new Error(`no machine ${name}`);
    return found;
  };
  return {
    lab,
    folder,
    machine,
    run: (name, line) => run(machine(name), line),
    async wake() {
      await lab.persist();
      await lab.stop();
      return openLab(roles, { ...options, folder });
    },
    async [Symbol.asyncDispose]() {
      await lab.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const kubeletUnit = `[Unit]
Description=kubelet: The Kubernetes Node Agent
[Service]
ExecStart=/usr/bin/kubelet
Restart=always
StartLimitInterval=0
RestartSec=10
[Install]
WantedBy=multi-user.target
`;

const kubeletDropIn = `[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml --cgroup-driver=systemd"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
`;

const daemonUnit = (binary: string): string => `[Unit]
Description=${binary}
[Service]
Type=notify
ExecStart=${binary}
Restart=on-failure
RestartSec=10
[Install]
WantedBy=multi-user.target
`;

export const bridgeNetwork = JSON.stringify({
  cniVersion: "1.0.0",
  name: "mynet",
  type: "bridge",
  bridge: "cni0",
  isGateway: true,
  ipMasq: true,
  ipam: { type: "host-local", subnet: "10.22.0.0/16", routes: [{ dst: "0.0.0.0/0" }] },
});

export interface NodeOptions {
  runtime: "crio" | "containerd";
  crioVersion?: string;
  /** Facts of the crun build; absent: no crun. */
  crun?: Readonly<Record<string, string>>;
  library?: boolean;
  network?: boolean;
  configuration?: string;
  swap?: boolean;
}

/** Installs a node's binaries and configuration as the thesis's script leaves them. */
export async function furnish(machine: ModelledMachine, options: NodeOptions): Promise<void> {
  const files = machine.rootFiles;
  const put = (path: string, program: string, version: string, facts?: Readonly<Record<string, string>>): void => {
    files.makeDirectories(path.slice(0, path.lastIndexOf("/")));
    files.writeWithMode(path, executableBytes({ program, version, ...(facts ? { facts } : {}) }), 0o755);
  };
  const text = (path: string, content: string): void => {
    files.makeDirectories(path.slice(0, path.lastIndexOf("/")));
    files.write(path, content);
  };
  for (const name of ["kubelet", "kubeadm", "kubectl"]) put(`/usr/bin/${name}`, name, "1.28.2");
  put("/usr/bin/crictl", "crictl", "1.28.0");
  put("/usr/sbin/conntrack", "true", "1.4.5");
  for (const plugin of ["bridge", "host-local", "loopback", "portmap"]) put(`/opt/cni/bin/${plugin}`, plugin, "1.4.0");
  text("/lib/systemd/system/kubelet.service", kubeletUnit);
  text("/etc/systemd/system/kubelet.service.d/10-kubeadm.conf", kubeletDropIn);
  files.makeDirectories("/etc/kubernetes/manifests");
  if (options.network !== false) text("/etc/cni/net.d/10-mynet.conf", bridgeNetwork);
  put("/usr/local/sbin/runc", "runc", "1.1.11");
  if (options.runtime === "containerd") {
    put("/usr/local/bin/containerd", "containerd", "1.7.12");
    put("/usr/local/bin/containerd-shim-runc-v2", "containerd-shim-runc-v2", "1.7.12");
    text("/lib/systemd/system/containerd.service", daemonUnit("/usr/local/bin/containerd"));
    if (options.configuration !== undefined) text("/etc/containerd/config.toml", options.configuration);
  } else {
    put("/usr/bin/crio", "crio", options.crioVersion ?? "1.24.6");
    put("/usr/bin/conmon", "conmon", "2.1.7");
    text("/lib/systemd/system/crio.service", daemonUnit("/usr/bin/crio"));
    text("/etc/crio/crio.conf", options.configuration ?? crunConfiguration);
  }
  if (options.crun) put("/usr/local/bin/crun", "crun", "1.8.4", options.crun);
  if (options.library !== false) text("/usr/local/lib/libwasmedge.so.0", "library");
  machine.kernel.loadModule("overlay");
  machine.kernel.loadModule("br_netfilter");
  for (const key of ["net.bridge.bridge-nf-call-iptables", "net.ipv4.ip_forward"])
    machine.kernel.setParameter(key, "1");
  if (options.swap !== true) for (const swap of machine.kernel.swaps()) machine.kernel.setSwap(swap.path, undefined);
  machine.units.reload();
  const unit = options.runtime === "crio" ? "crio.service" : "containerd.service";
  machine.units.enable(unit);
  machine.units.enable("kubelet.service");
  await machine.units.start(unit);
}

const crunConfiguration = `[crio.runtime]
default_runtime = "crun"
[crio.runtime.runtimes.crun]
runtime_path = "/usr/local/bin/crun"
`;

/** Puts an image into a runtime's store as if it had been pulled. */
export function addImage(
  machine: ModelledMachine,
  runtime: "crio" | "containerd",
  name: string,
  entries: TarEntry[],
  config: { Entrypoint?: string[]; Cmd?: string[]; Env?: string[] },
): void {
  const store = new ImageStore(machine, runtime === "crio" ? storageRoots.containers : storageRoots.containerd);
  const layer = packTarGzip(entries);
  const content = assembleImage(
    {
      architecture: "amd64",
      os: "linux",
      created: "2024-02-28T00:00:00Z",
      config: { Env: ["PATH=/usr/local/bin:/usr/bin:/bin"], WorkingDir: "/", ...config },
      rootfs: { type: "layers", diff_ids: ["sha256:0"] },
    },
    [layer],
  );
  const repository = name.slice(0, name.lastIndexOf(":"));
  store.add(content, [name], [`${repository}@${content.manifestDigest}`]);
}

/** Asks until the answer is as wanted; rejects with the last answer when it never is. */
export async function until(
  what: () => Promise<boolean> | boolean,
  describe: () => Promise<string> | string = () => "",
  limitMs = 8_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (performance.now() < end) {
    if (await what()) return;
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  throw new Error(`not reached: ${await describe()}`);
}
