import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { cached, digestOf } from "./cache.ts";
import { run } from "./run.ts";
import { signingKey } from "./upstream/signing.ts";

/** The Debian that stands in for an Ubuntu: the release whose crun and WasmEdge know each other. */
export const debian = { suite: "trixie", mirror: "http://deb.debian.org/debian" };

/** About what an Ubuntu cloud image brings before anybody installs anything. */
const packages = (
  "apt-utils bsdextrautils ca-certificates curl dbus gnupg iproute2 iptables iputils-ping jq kmod less " +
  "libpam-systemd locales openssh-server procps python3-minimal sudo systemd systemd-sysv udev " +
  "util-linux-extra vim-tiny xz-utils"
).split(" ");

const osRelease = `PRETTY_NAME="Ubuntu 24.04 (played by Debian ${debian.suite})"
NAME="Ubuntu"
VERSION_ID="24.04"
VERSION="24.04 (Noble Numbat)"
VERSION_CODENAME=noble
ID=ubuntu
ID_LIKE=debian
UBUNTU_CODENAME=noble
`;

/** What the recipes load as modules, by the option that builds it. */
const modules: Readonly<Record<string, string>> = {
  OVERLAY_FS: "fs/overlayfs/overlay",
  BRIDGE: "net/bridge/bridge",
  BRIDGE_NETFILTER: "net/bridge/br_netfilter",
  VETH: "drivers/net/veth",
  VXLAN: "drivers/net/vxlan/vxlan",
  NF_CONNTRACK: "net/netfilter/nf_conntrack",
  IP_TABLES: "net/ipv4/netfilter/ip_tables",
};

/**
 * A root file system that the machines of `test:host` boot: Debian's packages, told apart from Ubuntu's only by
 * os-release and the archive's key, because the recipes ask for Ubuntu.
 */
export async function baseTree(): Promise<string> {
  const key = await signingKey();
  const script = readFileSync(import.meta.filename, "utf8");
  const name = `base-${debian.suite}-${digestOf(script, release(), readFileSync(key.armored, "utf8"))}`;
  return cached(name, `debootstrap of Debian ${debian.suite}, one to three minutes`, async (tree) => {
    await run("debootstrap", [
      "--variant=minbase",
      `--include=${packages.join(",")}`,
      debian.suite,
      tree,
      debian.mirror,
    ]);
    writeFileSync(join(tree, "usr/lib/os-release"), osRelease);
    writeFileSync(join(tree, "etc/lsb-release"), "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=24.04\nDISTRIB_CODENAME=noble\n");
    await run("gpg", [
      "--batch",
      "--yes",
      "--dearmor",
      "-o",
      join(tree, "usr/share/keyrings/ubuntu-archive-keyring.gpg"),
      key.armored,
    ]);
    // There is nobody to ask: a name that is not in /etc/hosts is unknown at once.
    writeFileSync(join(tree, "etc/resolv.conf"), "");
    writeFileSync(join(tree, "etc/apt/sources.list"), "");
    writeFileSync(
      join(tree, "etc/apt/sources.list.d/ubuntu.sources"),
      `Types: deb
URIs: http://archive.ubuntu.com/ubuntu/
Suites: noble noble-updates noble-security
Components: main universe
Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg
`,
    );
    // Parameters of the whole kernel belong to this computer; machines of their own would set them.
    mkdirSync(join(tree, "etc/sysctl.d"), { recursive: true });
    for (const file of ["10-coredump-debian.conf", "50-pid-max.conf", "50-default.conf", "50-coredump.conf"]) {
      if (existsSync(join(tree, "usr/lib/sysctl.d", file)))
        await run("ln", ["-sf", "/dev/null", join(tree, "etc/sysctl.d", file)]);
    }
    await builtInModules(tree);
    for (const unit of [
      "apt-daily.timer",
      "apt-daily-upgrade.timer",
      "e2scrub_all.timer",
      "fstrim.timer",
      "ssh.service",
    ]) {
      await run("chroot", [tree, "systemctl", "mask", unit]);
    }
  });
}

/** Lets `modprobe` say the truth about what this computer's kernel has built in. */
async function builtInModules(tree: string): Promise<void> {
  const folder = join(tree, "lib/modules", release());
  if (!existsSync("/proc/config.gz")) return;
  const config = gunzipSync(readFileSync("/proc/config.gz")).toString("utf8");
  const builtIn = Object.entries(modules).filter(([option]) => config.includes(`\nCONFIG_${option}=y\n`));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "modules.builtin"), builtIn.map(([, path]) => `kernel/${path}.ko\n`).join(""));
  writeFileSync(join(folder, "modules.order"), "");
  await run("chroot", [tree, "depmod", release()]);
}
