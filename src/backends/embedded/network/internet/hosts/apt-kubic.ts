import type { Profile } from "../../../../../domain/backend.ts";
import { deb } from "../../../machine/system/packages/deb.ts";
import type { Deb } from "../../../machine/system/packages/deb.ts";
import { armored } from "../../../machine/system/packages/keys.ts";
import type { SigningKey } from "../../../machine/system/packages/keys.ts";
import { file } from "../http.ts";
import type { InternetHost } from "../internet.ts";
import { crioAnswer } from "./apt-crio.ts";
import { answerFromAny } from "./apt-repository.ts";
import type { AptRepository } from "./apt-repository.ts";
import { crictlConfig, crioBridge, crioConfig, crioLoopback, crioUnit, runcDropIn } from "./crio-package-files.ts";
import { containerToolPackages } from "./image-packages.ts";

const kubicKey: SigningKey = {
  id: "4D64390375060AA4",
  user: "devel:kubic OBS Project <devel:kubic@build.opensuse.org>",
};
const maintainer = "Kubic Project <kubic-project@opensuse.org>";

const crio = (version: string, revision: string): Deb[] => [
  deb({
    name: "cri-o",
    version: `${version}${revision}`,
    maintainer,
    section: "devel",
    depends: "libc6, libgpgme11, libseccomp2, conmon, containers-common (>= 0.1.27), tzdata",
    recommends: "cri-o-runc",
    size: 19_900_000,
    installedSize: 98_300,
    description: "OCI-based implementation of Kubernetes Container Runtime Interface.",
    files: [
      { path: "/usr/bin/crio", program: { program: "crio", version } },
      { path: "/usr/bin/crio-status", program: { program: "crio-status", version } },
      { path: "/usr/bin/pinns", program: { program: "pinns", version } },
      { path: "/usr/lib/systemd/system/crio.service", text: crioUnit },
      { path: "/etc/crio/crio.conf", text: crioConfig, conffile: true },
      { path: "/etc/crio/crio.conf.d" },
      { path: "/etc/default/crio", text: "# Options for crio.service.\n", conffile: true },
      { path: "/etc/crictl.yaml", text: crictlConfig, conffile: true },
      { path: "/etc/cni/net.d/100-crio-bridge.conf", text: crioBridge, conffile: true },
      { path: "/etc/cni/net.d/200-loopback.conf", text: crioLoopback, conffile: true },
      { path: "/var/lib/crio" },
    ],
  }),
  deb({
    name: "cri-o-runc",
    version: "1.1.4~0",
    maintainer,
    depends: "libc6, libseccomp2",
    size: 3_160_000,
    installedSize: 9_800,
    description: "Open Container Project - runtime for CRI-O",
    files: [
      {
        path: "/usr/lib/cri-o-runc/sbin/runc",
        program: {
          program: "runc",
          version: "1.1.4",
          facts: { commit: "v1.1.4", spec: "1.0.2-dev", libseccomp: "2.5.1" },
        },
      },
      { path: "/etc/crio/crio.conf.d/01-crio-runc.conf", text: runcDropIn, conffile: true },
    ],
  }),
];

const stable = (): readonly Deb[] => [
  ...containerToolPackages,
  deb({
    name: "conmon",
    version: "100:2.1.7-1",
    maintainer,
    depends: "libc6",
    size: 128_000,
    installedSize: 400,
    description: "OCI container runtime monitor.",
    files: [
      { path: "/usr/bin/conmon", program: { program: "conmon", version: "2.1.7" } },
      { path: "/usr/libexec/podman/conmon", program: { program: "conmon", version: "2.1.7" } },
    ],
  }),
];

const repositories: readonly AptRepository[] = [
  { path: "devel:/kubic:/libcontainers:/stable", packages: stable() },
  { path: "devel:/kubic:/libcontainers:/stable:/cri-o:/1.24", packages: crio("1.24.6", "~0") },
  { path: "devel:/kubic:/libcontainers:/stable:/cri-o:/1.23", packages: crio("1.23.5", "~0") },
].flatMap(({ path, packages }) =>
  ["xUbuntu_20.04", "xUbuntu_22.04"].map((system) => ({
    base: `/repositories/${path}/${system}`,
    origin: "obs://build.opensuse.org/devel:kubic",
    label: path.replaceAll(":/", ":"),
    key: kubicKey,
    date: "Tue, 13 Jun 2023 10:00:00 UTC",
    flat: packages,
  })),
);

/**
 * download.opensuse.org with the projects that CRI-O and Buildah were and are packaged in.
 * The key also answers at the address without slashes, which the thesis's script asks for.
 */
export function kubicHost(profile: Profile): InternetHost {
  return {
    names: ["download.opensuse.org"],
    handle: ({ target }) => {
      const today = crioAnswer(profile, target);
      if (today) return Promise.resolve(today);
      const path = decodeURIComponent(target.replace(/\?.*/, ""));
      const spread = path.replaceAll(/:(?![/\d])/g, ":/").replaceAll(/:(?=\d)/g, ":/");
      const asked = profile === "thesis" ? spread : path;
      if (asked.endsWith("/Release.key") && repositories.some((item) => asked === `${item.base}/Release.key`)) {
        return Promise.resolve(file(armored([kubicKey]), "application/pgp-keys"));
      }
      return Promise.resolve(answerFromAny(repositories, target));
    },
  };
}
