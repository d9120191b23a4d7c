import type { Profile } from "../../../../../domain/backend.ts";
import { upstreamVersion } from "../../../machine/system/image/packages.ts";
import type { Deb } from "../../../machine/system/packages/deb.ts";
import { deb } from "../../../machine/system/packages/deb.ts";
import { containersCommonFiles } from "../../../runtime/images/containers-common.ts";

const registryConfig = `version: 0.1
log:
  fields:
    service: registry
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: /var/lib/registry
  delete:
    enabled: true
http:
  addr: :5000
  headers:
    X-Content-Type-Options: [nosniff]
`;

/** Simplified: the real unit runs as a user of its own. */
const registryUnit = `[Unit]
Description=Docker registry
Documentation=man:docker-registry(1)
After=network.target

[Service]
ExecStart=/usr/bin/docker-registry serve /etc/docker/registry/config.yml
Restart=on-failure

[Install]
WantedBy=multi-user.target
`;

/** Ubuntu's own package of the registry daemon: its version on 20.04, and on 24.04. */
export function registryPackage(profile: Profile): Deb {
  const version = profile === "thesis" ? "2.7.1+ds2-7ubuntu0.1" : "2.8.2+ds1-1";
  return deb({
    name: "docker-registry",
    version,
    section: "net",
    size: 3_846_000,
    installedSize: 14_550,
    description: "Docker toolset to pack, ship, store, and deliver content",
    files: [
      { path: "/usr/bin/docker-registry", program: { program: "registry", version: upstreamVersion(version) } },
      { path: "/etc/docker/registry/config.yml", text: registryConfig, conffile: true },
      { path: "/lib/systemd/system/docker-registry.service", text: registryUnit },
      { path: "/var/lib/registry" },
    ],
    enable: ["docker-registry.service"],
    start: ["docker-registry.service"],
  });
}

/** The container tools of the libcontainers repository. */
export const containerToolPackages: readonly Deb[] = [
  deb({
    name: "containers-common",
    version: "100:1-22",
    section: "admin",
    size: 124_000,
    description: "Configuration files common to github.com/containers",
    files: Object.entries(containersCommonFiles).map(([path, text]) => ({ path, text, conffile: true })),
  }),
  deb({
    name: "buildah",
    version: "100:1.32.2-1",
    section: "admin",
    depends: "containers-common",
    size: 8_360_000,
    installedSize: 31_800,
    description: "CLI tool to facilitate working with containers",
    files: [{ path: "/usr/bin/buildah", program: { program: "buildah", version: "1.32.2" } }],
  }),
  deb({
    name: "skopeo",
    version: "100:1.13.3-1",
    section: "admin",
    depends: "containers-common",
    size: 7_420_000,
    installedSize: 27_900,
    description: "Inspect container images and repositories on registries",
    files: [{ path: "/usr/bin/skopeo", program: { program: "skopeo", version: "1.13.3" } }],
  }),
];
