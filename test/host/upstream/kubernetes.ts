import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../cache.ts";
import { builtPrograms, type GoModule } from "./go-builds.ts";
import type { DebianPackage } from "./packages.ts";

const module = (version: string): GoModule => {
  const variables = Object.fromEntries(
    ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"].flatMap((path) => [
      [`${path}.gitVersion`, `v${version}`],
      [`${path}.gitMajor`, version.split(".")[0] ?? ""],
      [`${path}.gitMinor`, version.split(".")[1] ?? ""],
      [`${path}.gitTreeState`, "clean"],
    ]),
  );
  const tags = "providerless,dockerless";
  const prepare = (folder: string): void => useOwnModules(folder, version);
  const programs = ["kubectl", "kubeadm", "kubelet"].map((name) => ({ name, package: `cmd/${name}`, tags, variables }));
  return { path: "k8s.io/kubernetes", version, programs, prepare };
};

/** Its own libraries lie beside it in its repository; outside they are modules of the same minor. */
function useOwnModules(folder: string, version: string): void {
  for (const name of ["vendor", "go.work", "go.work.sum"]) rmSync(join(folder, name), { recursive: true, force: true });
  const file = join(folder, "go.mod");
  const text = readFileSync(file, "utf8");
  const [block = ""] = /^replace \([^)]*\)$/m.exec(text) ?? [];
  const libraries = [...block.matchAll(/^\t(\S+) => \.\/staging/gm)].map(([, library = ""]) => library);
  const required = libraries.reduce(
    (done, library) => done.replace(`\t${library} v0.0.0\n`, `\t${library} v0.${version.replace(/^1\./, "")}\n`),
    text.replace(block, ""),
  );
  writeFileSync(file, required);
}

/** Whether the programs were built before, or may be built now (`WASM_K8S_LAB_HOST_KUBERNETES=1`: half an hour). */
export function kubernetesIsWanted(version: string): boolean {
  const before = join(cacheFolder(), `built/k8s.io_kubernetes@${version}`);
  return existsSync(before) || process.env["WASM_K8S_LAB_HOST_KUBERNETES"] === "1";
}

/** Packages as pkgs.k8s.io has them, made from the source of that version. `plugins` and `crictl` are folders. */
export async function kubernetesPackages(
  version: string,
  packaged: string,
  { crictl }: { crictl: string },
): Promise<DebianPackage[]> {
  const folder = await builtPrograms(module(version));
  const described = (name: string): string => `${name} ${version}, built from its source for a test of wasm-k8s-lab`;
  const program = (name: string, depends: string[], files: DebianPackage["files"] = {}): DebianPackage => ({
    name,
    version: packaged,
    description: described(name),
    depends,
    files: { [`usr/bin/${name}`]: { from: join(folder, name) }, ...files },
  });
  return [
    program("kubectl", []),
    program("kubeadm", ["cri-tools"], { "usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf": { text: dropIn } }),
    program("kubelet", ["iptables", "mount", "util-linux"], {
      "usr/lib/systemd/system/kubelet.service": { text: unit },
    }),
    {
      name: "cri-tools",
      version: "1.36.0-1.1",
      description: described("crictl"),
      files: { "usr/bin/crictl": { from: join(crictl, "crictl") } },
    },
  ];
}

const unit = `[Unit]
Description=kubelet: The Kubernetes Node Agent
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=/usr/bin/kubelet
Restart=always
StartLimitInterval=0
RestartSec=10

[Install]
WantedBy=multi-user.target
`;

const dropIn = `[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
EnvironmentFile=-/etc/default/kubelet
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
`;
