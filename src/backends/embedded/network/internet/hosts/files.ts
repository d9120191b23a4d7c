import type { Catalog } from "../catalog.ts";
import { file, headOf, notFound, redirect } from "../http.ts";
import type { InternetHost } from "../internet.ts";
import { newestVersion } from "./github.ts";

const text = "text/plain; charset=utf-8";

/** Hosts that serve single files: unit files, install scripts, Kubernetes' downloads. */
export function fileHosts(catalog: Catalog, date: string): InternetHost[] {
  const spin = catalog.releases["spin"];
  const newestSpin = spin ? (newestVersion(spin, date) ?? "") : "";
  const stable = newestKubernetes(catalog, date);
  return [
    {
      names: ["raw.githubusercontent.com"],
      handle: ({ target, method }) => {
        const path = target.replace(/\?.*/, "");
        const match = /^\/containerd\/containerd\/([^/]+)\/containerd\.service$/.exec(path);
        if (!match?.[1] || !knownBranch(catalog, date, match[1])) return Promise.resolve(notFound());
        const response = file(containerdService(match[1]), text);
        return Promise.resolve(method === "HEAD" ? headOf(response) : response);
      },
    },
    {
      names: ["developer.fermyon.com", "spinframework.dev"],
      handle: ({ target, secure, host }) => {
        if (!secure) return Promise.resolve(redirect(`https://${host}${target}`, 301));
        if (target !== "/downloads/install.sh") return Promise.resolve(notFound());
        return Promise.resolve(file(spinInstaller(`v${newestSpin}`), "application/x-sh"));
      },
    },
    {
      names: ["dl.k8s.io", "cdn.dl.k8s.io"],
      handle: ({ target }) => {
        const match = /^\/release\/stable(?:-(\d+(?:\.\d+)?))?\.txt$/.exec(target);
        if (match) {
          const version = match[1] === undefined ? stable : newestKubernetes(catalog, date, match[1]);
          return Promise.resolve(version === undefined ? notFound() : file(`v${version}`, text));
        }
        return Promise.resolve(notFound());
      },
    },
  ];
}

function newestKubernetes(catalog: Catalog, date: string, minor?: string): string | undefined {
  const number = (version: string): number =>
    version.split(".").reduce((total, part) => total * 1000 + Number(part), 0);
  return Object.entries(catalog.kubernetesImages.versions)
    .filter(([version, day]) => day <= date && (minor === undefined || version.startsWith(`${minor}.`)))
    .map(([version]) => version)
    .sort((one, other) => number(one) - number(other))
    .at(-1);
}

function knownBranch(catalog: Catalog, date: string, branch: string): boolean {
  if (branch === "main") return true;
  const day = catalog.releases["containerd"]?.versions[branch.replace(/^v/, "")];
  return branch.startsWith("v") && day !== undefined && day <= date;
}

function containerdService(branch: string): string {
  // The main branch dropped the limit on open files, which the tags of 1.7 still set.
  const files = branch.startsWith("v1.") ? "LimitNOFILE=infinity\n" : "";
  return `[Unit]
Description=containerd container runtime
Documentation=https://containerd.io
After=network.target local-fs.target

[Service]
ExecStartPre=-/sbin/modprobe overlay
ExecStart=/usr/local/bin/containerd

Type=notify
Delegate=yes
KillMode=process
Restart=always
RestartSec=5
LimitNPROC=infinity
LimitCORE=infinity
${files}TasksMax=infinity
OOMScoreAdjust=-999

[Install]
WantedBy=multi-user.target
`;
}

/** An installer with the options and the answers of Spin's own: a version follows -v or --version as a word of its own. */
function spinInstaller(newest: string): string {
  return `#!/usr/bin/env bash
set -euo pipefail

fail() {
    printf '\\033[0;31m%s\\033[0m\\n' "$1"
    exit 1
}

version=""
while [ $# -gt 0 ]; do
    case "$1" in
    -v | --version)
        shift
        [ $# -gt 0 ] || fail "The version option needs a value, such as v2.0.1."
        version="$1"
        ;;
    *)
        fail "Unknown argument $1."
        ;;
    esac
    shift
done

case "$(uname -m)" in
x86_64) arch="amd64" ;;
aarch64 | arm64) arch="aarch64" ;;
*) fail "There is no build of Spin for $(uname -m)." ;;
esac

if [ -z "$version" ]; then
    version="${newest}"
fi

archive="spin-$version-linux-$arch.tar.gz"
address="https://github.com/fermyon/spin/releases/download/$version/$archive"

echo "Step 1: Downloading: $address"
curl -fsSL -o "$archive" "$address" || fail "There is no release $version for $arch."
echo "Done..."

echo "Step 2: Decompressing: $archive"
tar xfv "$archive"
./spin --version || true
echo "Done..."

echo "Step 3: Removing the downloaded archive"
rm -f "$archive"
echo "Done..."

echo "Spin is in this folder. Move it onto the PATH: sudo mv ./spin /usr/local/bin/spin"
`;
}
