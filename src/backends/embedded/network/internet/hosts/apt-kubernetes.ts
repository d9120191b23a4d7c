import { cniPlugins } from "../cni-plugins.ts";
import type { Profile } from "../../../../../domain/backend.ts";
import { deb } from "../../../machine/system/packages/deb.ts";
import type { Deb, DebFile } from "../../../machine/system/packages/deb.ts";
import { armored, keyring } from "../../../machine/system/packages/keys.ts";
import type { SigningKey } from "../../../machine/system/packages/keys.ts";
import { file, notFound, redirect } from "../http.ts";
import type { InternetHost } from "../internet.ts";
import { answerFrom, answerFromAny } from "./apt-repository.ts";
import type { AptRepository } from "./apt-repository.ts";

const googleKey: SigningKey = {
  id: "B53DC80D13EDEF05",
  user: "Rapture Automatic Signing Key (cloud-rapture-signing-key-2022-03-07-08_01_01.pub)",
};
const communityKey: SigningKey = {
  id: "234654DA9A296436",
  user: "isv:kubernetes OBS Project <isv:kubernetes@build.opensuse.org>",
  expires: Date.UTC(2026, 11, 29),
};

const kubeletUnit = `[Unit]
Description=kubelet: The Kubernetes Node Agent
Documentation=https://kubernetes.io/docs/
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

const kubeadmDropIn = (defaults: string): string => `# Note: This dropin only works with kubeadm and kubelet v1.11+
[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
# This is a file that "kubeadm init" and "kubeadm join" generates at runtime, populating the KUBELET_KUBEADM_ARGS variable dynamically
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
# This is a file that the user can use for overrides of the kubelet args as a last resort. Preferably, the user should use
# the .NodeRegistration.KubeletExtraArgs object in the configuration files instead. KUBELET_EXTRA_ARGS should be sourced from this file.
EnvironmentFile=-${defaults}
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
`;

const maintainer = "Kubernetes Authors <dev@kubernetes.io>";

/** The three packages of one Kubernetes release, in the old (`-00`) or the new (`-1.1`) packaging. */
function release(version: string, revision: string, modern: boolean): Deb[] {
  const full = `${version}${revision}`;
  const minor = Number(version.split(".")[1]);
  const binary = (name: string): DebFile => ({ path: `/usr/bin/${name}`, program: { program: name, version } });
  const unitFolder = modern ? "/usr/lib/systemd/system" : "/lib/systemd/system";
  const dropIn: DebFile = {
    path: modern
      ? `${unitFolder}/kubelet.service.d/10-kubeadm.conf`
      : "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf",
    text: kubeadmDropIn("/etc/default/kubelet"),
    ...(modern ? {} : { conffile: true }),
  };
  const common = { section: "misc", maintainer };
  return [
    deb({
      ...common,
      name: "kubelet",
      version: full,
      // From 1.32 on a package asks only for what its binary needs.
      depends:
        minor >= 32
          ? "kubernetes-cni (>= 1.2.0), mount, util-linux"
          : "iptables (>= 1.4.21), kubernetes-cni (>= 1.2.0), iproute2, socat, util-linux, mount, ebtables, ethtool, conntrack",
      size: 19_500_000,
      installedSize: 111_200,
      description: "Kubernetes Node Agent",
      files: [
        binary("kubelet"),
        { path: `${unitFolder}/kubelet.service`, text: kubeletUnit },
        ...(modern ? [{ path: "/etc/default/kubelet", text: "KUBELET_EXTRA_ARGS=\n", conffile: true }] : []),
        { path: "/etc/kubernetes/manifests" },
        { path: "/var/lib/kubelet" },
      ],
      enable: ["kubelet.service"],
      start: ["kubelet.service"],
    }),
    deb({
      ...common,
      name: "kubeadm",
      version: full,
      depends: kubeadmNeeds(minor),
      size: 10_300_000,
      installedSize: 49_200,
      description: "Kubernetes Cluster Bootstrapping Tool",
      files: [binary("kubeadm"), dropIn],
    }),
    deb({
      ...common,
      name: "kubectl",
      version: full,
      size: 10_300_000,
      installedSize: 50_000,
      description: "Kubernetes Command Line Tool",
      files: [binary("kubectl")],
    }),
  ];
}

function kubeadmNeeds(minor: number): string {
  if (minor >= 32) return "";
  if (minor >= 30) return "cri-tools (>= 1.30.0)";
  return "kubelet (>= 1.19.0), kubectl (>= 1.19.0), kubernetes-cni (>= 1.2.0), cri-tools (>= 1.28.0)";
}

const tools = (criTools: string, cni: string, revision: string): Deb[] => [
  deb({
    name: "cri-tools",
    version: `${criTools}${revision}`,
    maintainer,
    size: 19_600_000,
    installedSize: 78_100,
    description: "Container Runtime Interface Tools",
    files: [{ path: "/usr/bin/crictl", program: { program: "crictl", version: criTools } }],
  }),
  deb({
    name: "kubernetes-cni",
    version: `${cni}${revision}`,
    maintainer,
    size: 27_600_000,
    installedSize: 68_200,
    description: "Kubernetes CNI",
    files: cniPlugins.map((name) => ({
      path: `/opt/cni/bin/${name}`,
      program: { program: name, version: cni, facts: { cni: "plugin" } },
    })),
  }),
];

const oldRevision = "-00";
const xenial: Deb[] = [
  ...["1.28.2", "1.28.1", "1.28.0", "1.27.6", "1.27.5", "1.26.9", "1.25.14", "1.24.17"].flatMap((version) =>
    release(version, oldRevision, false),
  ),
  ...tools("1.28.0", "1.2.0", oldRevision),
  ...tools("1.26.0", "1.1.1", oldRevision),
];

const repository = (
  base: string,
  versions: readonly string[],
  criTools: string,
  cni = { version: "1.2.0", revision: "-2.1" },
): AptRepository => ({
  base,
  origin: `obs://build.opensuse.org/isv:kubernetes${base.replaceAll("/", "")}`,
  label: "isv:kubernetes",
  key: communityKey,
  date: "Thu, 15 Feb 2024 10:00:00 UTC",
  flat: [
    ...versions.flatMap((version) => release(version, "-1.1", true)),
    ...tools(criTools, cni.version, cni.revision),
  ],
});

const newerCni = { version: "1.9.1", revision: "-1.1" };

const modern: Readonly<Record<Profile, readonly AptRepository[]>> = {
  thesis: [
    repository("/core:/stable:/v1.29/deb", ["1.29.2", "1.29.1", "1.29.0"], "1.29.0"),
    repository(
      "/core:/stable:/v1.28/deb",
      ["1.28.7", "1.28.6", "1.28.5", "1.28.4", "1.28.3", "1.28.2", "1.28.1", "1.28.0"],
      "1.28.0",
    ),
    repository("/core:/stable:/v1.27/deb", ["1.27.11", "1.27.6"], "1.27.1"),
  ],
  current: [
    repository("/core:/stable:/v1.37/deb", ["1.37.1"], "1.37.0", newerCni),
    repository("/core:/stable:/v1.36/deb", ["1.36.4", "1.36.2"], "1.36.0", newerCni),
    repository("/core:/stable:/v1.28/deb", ["1.28.15", "1.28.2"], "1.28.0"),
  ],
};

/** The old repository (gone since March 2024), its key, and pkgs.k8s.io. */
export function kubernetesHosts(profile: Profile): InternetHost[] {
  const google: AptRepository = {
    base: "/apt",
    origin: "gcp",
    label: "kubernetes-xenial",
    key: googleKey,
    date: "Wed, 13 Sep 2023 20:00:00 UTC",
    suites: profile === "thesis" ? { "kubernetes-xenial": { main: xenial } } : {},
  };
  return [
    {
      names: ["packages.cloud.google.com"],
      handle: ({ target }) =>
        Promise.resolve(
          target === "/apt/doc/apt-key.gpg" ? file(keyring([googleKey])) : (answerFrom(google, target) ?? notFound()),
        ),
    },
    {
      names: ["apt.kubernetes.io"],
      handle: ({ target }) => Promise.resolve(redirect(`https://packages.cloud.google.com/apt${target}`, 301)),
    },
    {
      names: ["dl.k8s.io"],
      handle: ({ target }) =>
        Promise.resolve(
          target === "/apt/doc/apt-key.gpg"
            ? redirect("https://packages.cloud.google.com/apt/doc/apt-key.gpg")
            : notFound(),
        ),
    },
    {
      names: ["pkgs.k8s.io"],
      handle: ({ target }) => {
        // One key signs the repositories of all minors, also of those whose packages nobody here asks for.
        const minor = Number(/^\/core:\/stable:\/v1\.(\d+)\/deb\/Release\.key$/.exec(decodeURIComponent(target))?.[1]);
        if (minor >= 24 && minor <= 37) return Promise.resolve(file(armored([communityKey])));
        return Promise.resolve(answerFromAny(modern[profile], target));
      },
    },
  ];
}
