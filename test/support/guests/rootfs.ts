import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";

/**
 * `host`: this computer's /usr, read-only. A tree: a root file system that is never changed, seen through an overlay;
 * with `boots` its own systemd is process 1, in a cgroup of its own.
 */
export type GuestBase = "host" | { tree: string; boots?: boolean };

/** What of this computer's /etc its programs need to work as they do here. Nothing secret. */
const copied = [
  "adduser.conf",
  "alternatives",
  "bash.bashrc",
  "debconf.conf",
  "deluser.conf",
  "inputrc",
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "login.defs",
  "magic",
  "mime.types",
  "networks",
  "nsswitch.conf",
  "pam.conf",
  "pam.d",
  "profile",
  "protocols",
  "rpc",
  "security",
  "services",
  "shells",
  "skel",
  "ssl/certs/ca-certificates.crt",
  "ssl/openssl.cnf",
  "terminfo",
];

const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/games:/usr/local/games:/snap/bin";

const osRelease = `PRETTY_NAME="Ubuntu 24.04.3 LTS"
NAME="Ubuntu"
VERSION_ID="24.04"
VERSION="24.04.3 LTS (Noble Numbat)"
VERSION_CODENAME=noble
ID=ubuntu
ID_LIKE=debian
UBUNTU_CODENAME=noble
`;

const sudoers = `Defaults	env_reset
Defaults	mail_badpass
Defaults	secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin"
root	ALL=(ALL:ALL) ALL
%sudo	ALL=(ALL:ALL) ALL
@includedir /etc/sudoers.d
`;

/** Adds the lines whose first field is not there yet. */
function withLines(text: string, lines: readonly string[]): string {
  const known = new Set(text.split("\n").map((line) => line.split(":")[0]));
  return text + lines.filter((line) => !known.has(line.split(":")[0])).join("\n") + "\n";
}

function accounts(etc: string, base: string): void {
  const before = (file: string): string => {
    const text = readFileSync(join(base, file), "utf8");
    // Who is a person here is nobody there, and no password of this computer leaves it.
    return text
      .split("\n")
      .filter((line) => line !== "" && !/^[^:]*:[^:]*:1\d{3}:/.test(line))
      .map((line) => `${line}\n`)
      .join("");
  };
  const people = withLines(before("passwd"), ["ubuntu:x:1000:1000:Ubuntu:/home/ubuntu:/bin/bash"]);
  const groups = withLines(before("group"), ["ubuntu:x:1000:"]).replace(/^sudo:(.*):.*$/m, "sudo:$1:ubuntu");
  for (const file of ["subuid", "subgid"]) writeFileSync(join(etc, file), "ubuntu:100000:65536\n");
  const names = (text: string): string[] => text.match(/^[^:\n]+/gm) ?? [];
  writeFileSync(join(etc, "passwd"), people);
  writeFileSync(join(etc, "group"), groups);
  writeFileSync(
    join(etc, "shadow"),
    names(people)
      .map((name) => `${name}:${name === "ubuntu" ? "!" : "*"}:20000:0:99999:7:::\n`)
      .join(""),
    { mode: 0o640 },
  );
  writeFileSync(
    join(etc, "gshadow"),
    names(groups)
      .map((name) => `${name}:!::${name === "sudo" ? "ubuntu" : ""}\n`)
      .join(""),
    { mode: 0o640 },
  );
}

/** /etc/hostname and the hosts of a machine as its image has them. */
function writeNames(root: string, name: string): void {
  writeFileSync(join(root, "etc/hostname"), `${name}\n`);
  writeFileSync(
    join(root, "etc/hosts"),
    `127.0.1.1 ${name} ${name}\n127.0.0.1 localhost\n\n` +
      `::1 ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n`,
  );
}

/** Makes the files of a new guest on `disk`: `root` is what it may write, `local` its /usr/local where /usr is shared. */
export function makeDisk(disk: string, name: string, base: GuestBase): void {
  const root = join(disk, "root");
  const etc = join(root, "etc");
  const folder = (below: string, mode = 0o755): void => {
    mkdirSync(join(root, below), { recursive: true });
    chmodSync(join(root, below), mode);
  };
  for (const below of ["etc/sudoers.d", "home/ubuntu", "var/tmp", "tmp", "root", "mnt"]) folder(below);
  for (const below of ["tmp", "var/tmp"]) folder(below, 0o1777);
  folder("root", 0o700);
  if (base === "host") makeHostFiles(disk, folder);
  accounts(etc, base === "host" ? "/etc" : join(base.tree, "etc"));
  writeNames(root, name);
  writeFileSync(join(etc, "environment"), `PATH="${path}"\n`);
  writeFileSync(join(etc, "machine-id"), `${randomBytes(16).toString("hex")}\n`);
  writeFileSync(join(etc, "sudoers.d/90-cloud-init-users"), "ubuntu ALL=(ALL) NOPASSWD:ALL\n", { mode: 0o440 });
  const skeleton = base === "host" ? "/etc/skel" : join(base.tree, "etc/skel");
  execFileSync("cp", ["-a", `${skeleton}/.`, join(root, "home/ubuntu")]);
  folder("home/ubuntu", 0o750);
  execFileSync("chown", ["-R", "1000:1000", join(root, "home/ubuntu")]);
  execFileSync("chgrp", ["shadow", join(etc, "shadow"), join(etc, "gshadow")]);
}

function makeHostFiles(disk: string, folder: (below: string, mode?: number) => void): void {
  const root = join(disk, "root");
  const folders =
    "dev proc sys run usr boot media opt srv snap etc/apt/sources.list.d etc/apt/keyrings etc/default etc/profile.d " +
    "etc/ssh etc/ssl/private var/cache var/log var/spool var/lib/apt var/lib/cloud var/lib/dpkg/info " +
    "var/lib/dpkg/updates var/lib/dpkg/triggers";
  for (const below of folders.split(" ")) folder(below);
  for (const below of ["bin", "sbin", "games", "lib", "share", "etc", "src", "include"]) {
    mkdirSync(join(disk, "local", below), { recursive: true });
  }
  for (const name of ["bin", "sbin", "lib", "lib64"]) symlinkSync(`usr/${name}`, join(root, name));
  symlinkSync("/run", join(root, "var/run"));
  symlinkSync("/run/lock", join(root, "var/lock"));
  symlinkSync("/proc/self/mounts", join(root, "etc/mtab"));
  const present = copied.filter((name) => existsSync(join("/etc", name)));
  execFileSync("cp", ["-a", "--parents", ...present.map((name) => `./${name}`), join(root, "etc")], { cwd: "/etc" });
  writeFileSync(join(root, "etc/os-release"), osRelease);
  writeFileSync(join(root, "etc/lsb-release"), "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=24.04\nDISTRIB_CODENAME=noble\n");
  writeFileSync(join(root, "etc/default/locale"), "LANG=C.UTF-8\n");
  writeFileSync(join(root, "etc/timezone"), "Etc/UTC\n");
  symlinkSync("/usr/share/zoneinfo/Etc/UTC", join(root, "etc/localtime"));
  writeFileSync(join(root, "etc/fstab"), "");
  writeFileSync(join(root, "etc/resolv.conf"), "");
  writeFileSync(join(root, "etc/sudoers"), sudoers, { mode: 0o440 });
  for (const name of ["status", "available", "diversions", "statoverride"]) {
    writeFileSync(join(root, "var/lib/dpkg", name), "");
  }
  writeFileSync(join(root, "var/lib/dpkg/info/format"), "1\n");
  writeFileSync(join(root, "var/log/auth.log"), "");
  chownSync(join(root, "var/log/auth.log"), 0, 4);
}
