import type { Profile } from "../../../../../domain/backend.ts";
import { deb } from "../../../machine/system/packages/deb.ts";
import type { Deb } from "../../../machine/system/packages/deb.ts";
import type { Executable } from "../../../machine/executable.ts";
import { armored } from "../../../machine/system/packages/keys.ts";
import type { SigningKey } from "../../../machine/system/packages/keys.ts";
import { containersCommonFiles } from "../../../runtime/images/containers-common.ts";
import { file } from "../http.ts";
import type { HttpResponse } from "../../network.ts";
import { answerFrom } from "./apt-repository.ts";
import type { AptRepository } from "./apt-repository.ts";
import { crictlConfig, crioUnit } from "./crio-package-files.ts";

const key: SigningKey = {
  id: "92B1E4C79F8C4C5C",
  user: "isv:cri-o OBS Project <isv:cri-o@build.opensuse.org>",
};

/** The package's own settings: its bundled crun is the default, and that one knows no WebAssembly. */
const ownSettings = `[crio.image]
signature_policy = "/etc/crio/policy.json"

[crio.runtime]
default_runtime = "crun"

[crio.runtime.runtimes.crun]
runtime_path = "/usr/libexec/crio/crun"
runtime_root = "/run/crun"
monitor_path = "/usr/libexec/crio/conmon"
allowed_annotations = [
    "io.containers.trace-syscall",
]

[crio.runtime.runtimes.runc]
runtime_path = "/usr/libexec/crio/runc"
runtime_root = "/run/runc"
monitor_path = "/usr/libexec/crio/conmon"
`;

/** Kept under a name that is not read, so that a cluster's own network is the only one. */
const disabledBridge = `{
  "cniVersion": "1.0.0",
  "name": "crio",
  "plugins": [
    {
      "type": "bridge",
      "bridge": "cni0",
      "isGateway": true,
      "ipMasq": true,
      "hairpinMode": true,
      "ipam": {
        "type": "host-local",
        "routes": [{ "dst": "0.0.0.0/0" }],
        "ranges": [[{ "subnet": "10.85.0.0/16" }]]
      }
    }
  ]
}
`;

const searchedRegistries = `# Registries that are tried for a name without one.
unqualified-search-registries = ["docker.io", "quay.io"]
`;

/** What a static bundle of CRI-O brings along. */
interface Bundle {
  version: string;
  crun: string;
  runc: string;
  conmon: string;
}

function crio({ version, crun, runc, conmon }: Bundle): Deb {
  const binary = (path: string, program: Executable) => ({ path, program });
  return deb({
    name: "cri-o",
    version: `${version}-1.1`,
    maintainer: "Kubernetes Authors <dev@kubernetes.io>",
    section: "admin",
    depends: "iptables",
    recommends: "kubernetes-cni",
    size: 21_400_000,
    installedSize: 80_500,
    description: "Open Container Initiative-based implementation of Kubernetes Container Runtime Interface.",
    files: [
      binary("/usr/bin/crio", { program: "crio", version }),
      binary("/usr/bin/pinns", { program: "pinns", version }),
      binary("/usr/libexec/crio/crun", { program: "crun", version: crun }),
      binary("/usr/libexec/crio/runc", { program: "runc", version: runc, facts: { spec: "1.3.0" } }),
      binary("/usr/libexec/crio/conmon", { program: "conmon", version: conmon }),
      { path: "/usr/lib/systemd/system/crio.service", text: crioUnit },
      { path: "/etc/crio/crio.conf.d/10-crio.conf", text: ownSettings, conffile: true },
      { path: "/etc/crio/policy.json", text: containersCommonFiles["/etc/containers/policy.json"] ?? "{}" },
      { path: "/etc/containers/registries.conf.d/crio.conf", text: searchedRegistries, conffile: true },
      { path: "/etc/crictl.yaml", text: crictlConfig, conffile: true },
      { path: "/etc/cni/net.d/10-crio-bridge.conflist.disabled", text: disabledBridge, conffile: true },
      { path: "/var/lib/crio" },
    ],
  });
}

const bundles: Readonly<Record<Profile, readonly Bundle[]>> = {
  thesis: [],
  current: [
    { version: "1.36.4", crun: "1.29.1", runc: "1.4.3", conmon: "2.2.1" },
    { version: "1.36.3", crun: "1.29.1", runc: "1.4.3", conmon: "2.2.1" },
    { version: "1.35.6", crun: "1.26", runc: "1.4.0", conmon: "2.1.13" },
  ],
};

function repositories(profile: Profile): readonly AptRepository[] {
  const minors = new Set(bundles[profile].map(({ version }) => version.replace(/\.\d+$/, "")));
  return [...minors].map((minor) => ({
    base: `/repositories/isv:/cri-o:/stable:/v${minor}/deb`,
    origin: `obs://build.opensuse.org/isv:cri-o:stable:v${minor}/deb`,
    label: `isv:cri-o:stable:v${minor}`,
    key,
    date: "Mon, 24 Aug 2026 10:00:00 UTC",
    flat: bundles[profile].filter(({ version }) => version.startsWith(`${minor}.`)).map(crio),
  }));
}

/** The project isv:cri-o on download.opensuse.org, where CRI-O's packages are today; undefined for other paths. */
export function crioAnswer(profile: Profile, target: string): HttpResponse | undefined {
  const path = decodeURIComponent(target.replace(/\?.*/, ""));
  for (const repository of repositories(profile)) {
    if (path === `${repository.base}/Release.key`) return file(armored([key]), "application/pgp-keys");
    const answer = answerFrom(repository, target);
    if (answer) return answer;
  }
  return undefined;
}
