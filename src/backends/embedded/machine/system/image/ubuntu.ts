import type { FileView } from "../../files/file-system.ts";
import { dirname } from "../../files/paths.ts";
import type { ModelledMachine } from "../../machine.ts";
import { executableBytes } from "../../executable.ts";
import { controlFields, debFileContent, debFileMode } from "../packages/deb.ts";
import type { Deb } from "../packages/deb.ts";
import { listPath } from "../packages/dpkg-database.ts";
import type { DpkgDatabase } from "../packages/dpkg-database.ts";
import { keyring, ubuntuKey } from "../packages/keys.ts";
import { imagePackages } from "./packages.ts";
import { imageUnits } from "./units.ts";

interface Release {
  version: string;
  codename: string;
  name: string;
  title: string;
}

const releases: Readonly<Record<"thesis" | "current", Release>> = {
  thesis: { version: "20.04", codename: "focal", name: "Focal Fossa", title: "20.04.6 LTS" },
  current: { version: "24.04", codename: "noble", name: "Noble Numbat", title: "24.04 LTS" },
};

/** Writes what a fresh Ubuntu server with the user `ubuntu` has on its disk. */
export function furnishUbuntu(machine: ModelledMachine, dpkg: DpkgDatabase): void {
  const files = machine.rootFiles;
  const release = releases[machine.environment.profile];
  makeFolders(files);
  installImagePackages(files, dpkg, imagePackages(machine.environment.profile));
  for (const unit of imageUnits()) {
    const path = `/lib/systemd/system/${unit.name}`;
    files.write(path, unit.text);
    if (unit.wantedBy === "") continue;
    const administered = unit.text.includes("[Install]");
    const link = `${administered ? "/etc/systemd/system" : "/lib/systemd/system"}/${unit.wantedBy}.wants/${unit.name}`;
    files.makeDirectories(dirname(link));
    files.symlink(path, link);
    if (unit.name === "ssh.service") files.symlink(path, "/etc/systemd/system/sshd.service");
  }
  writeIdentity(machine, release);
  writeAccounts(files);
  writeAptSources(files, release);
  // The course's own pod network: the thesis's bridge, which its labs look at.
  files.makeDirectories("/etc/wasm-k8s-lab");
  files.write("/etc/wasm-k8s-lab/sources", "network bridge\n");
  files.writeWithMode("/swap.img", executableBytes({ program: "swap-area", version: "1" }), 0o600);
}

function makeFolders(files: FileView): void {
  const folders = [
    "/usr/bin",
    "/usr/sbin",
    "/usr/lib/systemd/system",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/usr/local/lib",
    "/usr/local/libexec",
    "/usr/local/share",
    "/usr/local/include",
    "/usr/local/src",
    "/usr/include",
    "/usr/share/keyrings",
    "/usr/share/doc",
    "/usr/share/man",
    "/usr/src",
    "/usr/lib/x86_64-linux-gnu/pkgconfig",
    "/usr/lib/sysctl.d",
    "/usr/lib/modules-load.d",
    "/etc/apt/sources.list.d",
    "/etc/apt/trusted.gpg.d",
    "/etc/apt/apt.conf.d",
    "/etc/apt/preferences.d",
    "/etc/systemd/system",
    "/etc/sysctl.d",
    "/etc/modules-load.d",
    "/etc/default",
    "/etc/cron.d",
    "/etc/sudoers.d",
    "/etc/skel",
    "/etc/ld.so.conf.d",
    "/etc/ssl/certs",
    "/etc/security",
    "/etc/profile.d",
    "/etc/bash_completion.d",
    "/etc/alternatives",
    "/etc/network",
    "/var/lib/dpkg/info",
    "/var/lib/apt/lists/partial",
    "/var/cache/apt/archives/partial",
    "/var/lib/systemd",
    "/var/log/apt",
    "/var/spool/cron/crontabs",
    "/var/lib/misc",
    "/var/mail",
    "/var/tmp",
    "/run/lock",
    "/run/user",
    "/opt",
    "/srv",
    "/mnt",
    "/media",
    "/boot",
    "/home",
    "/dev/shm",
    "/proc",
    "/sys/fs/cgroup",
    "/tmp",
  ];
  for (const folder of folders) files.makeDirectories(folder);
  for (const [link, target] of [
    ["/bin", "usr/bin"],
    ["/sbin", "usr/sbin"],
    ["/lib", "usr/lib"],
    ["/lib64", "usr/lib64"],
    ["/var/run", "/run"],
    ["/var/lock", "/run/lock"],
  ] as const) {
    files.symlink(target, link);
  }
  files.makeDirectory("/root", 0o700);
  for (const lock of [
    "/var/lib/dpkg/lock",
    "/var/lib/dpkg/lock-frontend",
    "/var/lib/apt/lists/lock",
    "/var/cache/apt/archives/lock",
  ]) {
    files.writeWithMode(lock, "", 0o640);
  }
  for (const folder of ["/tmp", "/var/tmp", "/run/lock", "/dev/shm"]) files.chmod(folder, 0o1777);
  files.chmod("/var/spool/cron/crontabs", 0o1730);
  files.chmod("/etc/sudoers.d", 0o750);
}

function installImagePackages(files: FileView, dpkg: DpkgDatabase, packages: readonly Deb[]): void {
  for (const item of packages) {
    for (const file of item.files) {
      files.makeDirectories(dirname(file.path));
      const content = debFileContent(file);
      if (file.link !== undefined) {
        if (!files.exists(file.path)) files.symlink(file.link, file.path);
      } else if (content) files.writeWithMode(file.path, content, debFileMode(file));
    }
    files.write(listPath(item.name), `${["/.", ...item.files.map((file) => file.path)].join("\n")}\n`);
  }
  dpkg.putAll(
    packages.map((item) => {
      const [first, ...rest] = controlFields(item);
      return [
        item.name,
        new Map([...(first ? [first] : []), ["Status", "install ok installed"] as [string, string], ...rest]),
      ] as const;
    }),
  );
}

function writeIdentity(machine: ModelledMachine, release: Release): void {
  const files = machine.rootFiles;
  const id = release.codename;
  files.write(
    "/usr/lib/os-release",
    `NAME="Ubuntu"\nVERSION="${release.title} (${release.name})"\nID=ubuntu\nID_LIKE=debian\nPRETTY_NAME="Ubuntu ${release.title}"\n` +
      `VERSION_ID="${release.version}"\nHOME_URL="https://www.ubuntu.com/"\nSUPPORT_URL="https://help.ubuntu.com/"\n` +
      `BUG_REPORT_URL="https://bugs.launchpad.net/ubuntu/"\nVERSION_CODENAME=${id}\nUBUNTU_CODENAME=${id}\n`,
  );
  files.symlink("../usr/lib/os-release", "/etc/os-release");
  files.write(
    "/etc/lsb-release",
    `DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=${release.version}\nDISTRIB_CODENAME=${id}\nDISTRIB_DESCRIPTION="Ubuntu ${release.title}"\n`,
  );
  files.write("/etc/issue", `Ubuntu ${release.title} \\n \\l\n\n`);
  files.write("/etc/debian_version", release.codename === "focal" ? "bullseye/sid\n" : "trixie/sid\n");
  files.write("/etc/hostname", `${machine.name}\n`);
  files.write(
    "/etc/hosts",
    `127.0.0.1 localhost\n127.0.1.1 ${machine.name} ${machine.name}\n\n::1 ip6-localhost ip6-loopback\nfe00::0 ip6-localnet\nff00::0 ip6-mcastprefix\nff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n`,
  );
  files.write("/etc/resolv.conf", "nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch lab\n");
  files.write("/etc/nsswitch.conf", "passwd: files systemd\ngroup: files systemd\nshadow: files\nhosts: files dns\n");
  const hex = [...machine.environment.random.bytes(16)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  files.writeWithMode("/etc/machine-id", `${hex}\n`, 0o444);
  files.write("/etc/timezone", "Etc/UTC\n");
  files.write("/etc/fstab", "LABEL=cloudimg-rootfs\t/\t ext4\tdefaults\t0 1\n/swap.img\tnone\tswap\tsw\t0\t0\n");
  files.write("/etc/sysctl.conf", "#\n# System settings; see sysctl.conf(5).\n#\n#net.ipv4.ip_forward=1\n");
  files.symlink("../sysctl.conf", "/etc/sysctl.d/99-sysctl.conf");
  files.write("/etc/sysctl.d/10-console-messages.conf", "kernel.printk = 4 4 1 7\n");
  files.write(
    "/etc/sysctl.d/10-network-security.conf",
    "net.ipv4.conf.default.rp_filter=2\nnet.ipv4.conf.all.rp_filter=2\n",
  );
  files.write("/etc/sysctl.d/10-ptrace.conf", "kernel.yama.ptrace_scope = 1\n");
  files.write(
    "/usr/lib/sysctl.d/50-default.conf",
    "net.ipv4.conf.default.promote_secondaries = 1\nnet.core.default_qdisc = fq_codel\nfs.protected_hardlinks = 1\nfs.protected_symlinks = 1\n",
  );
  files.write("/etc/modules", "# Kernel modules to load at boot, one per line.\n");
  files.write("/etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf\n");
  files.write("/etc/ld.so.conf.d/libc.conf", "/usr/local/lib\n");
  files.write("/etc/shells", "/bin/sh\n/bin/bash\n/usr/bin/bash\n/bin/rbash\n/bin/dash\n/usr/bin/tmux\n");
  files.write("/etc/login.defs", "UID_MIN 1000\nUID_MAX 60000\nUMASK 022\n");
  files.write("/etc/ssl/certs/ca-certificates.crt", "");
  files.write("/etc/motd", "");
}

function writeAccounts(files: FileView): void {
  files.write(
    "/etc/passwd",
    [
      "root:x:0:0:root:/root:/bin/bash",
      "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin",
      "bin:x:2:2:bin:/bin:/usr/sbin/nologin",
      "sys:x:3:3:sys:/dev:/usr/sbin/nologin",
      "man:x:6:12:man:/var/cache/man:/usr/sbin/nologin",
      "mail:x:8:8:mail:/var/mail:/usr/sbin/nologin",
      "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin",
      "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin",
      "systemd-network:x:100:102:systemd Network Management,,,:/run/systemd:/usr/sbin/nologin",
      "systemd-resolve:x:101:103:systemd Resolver,,,:/run/systemd:/usr/sbin/nologin",
      "messagebus:x:103:106::/nonexistent:/usr/sbin/nologin",
      "syslog:x:104:110::/home/syslog:/usr/sbin/nologin",
      "_apt:x:105:65534::/nonexistent:/usr/sbin/nologin",
      "sshd:x:109:65534::/run/sshd:/usr/sbin/nologin",
      "ubuntu:x:1000:1000:Ubuntu:/home/ubuntu:/bin/bash",
      "",
    ].join("\n"),
  );
  files.write(
    "/etc/group",
    [
      "root:x:0:",
      "daemon:x:1:",
      "bin:x:2:",
      "sys:x:3:",
      "adm:x:4:syslog,ubuntu",
      "tty:x:5:",
      "disk:x:6:",
      "mail:x:8:",
      "man:x:12:",
      "cdrom:x:24:ubuntu",
      "floppy:x:25:ubuntu",
      "sudo:x:27:ubuntu",
      "audio:x:29:ubuntu",
      "dip:x:30:ubuntu",
      "www-data:x:33:",
      "shadow:x:42:",
      "video:x:44:ubuntu",
      "plugdev:x:46:ubuntu",
      "staff:x:50:",
      "users:x:100:",
      "systemd-journal:x:101:",
      "systemd-network:x:102:",
      "systemd-resolve:x:103:",
      "crontab:x:105:",
      "messagebus:x:106:",
      "syslog:x:110:",
      "netdev:x:117:ubuntu",
      "lxd:x:118:ubuntu",
      "ubuntu:x:1000:",
      "nogroup:x:65534:",
      "",
    ].join("\n"),
  );
  files.writeWithMode("/etc/shadow", "root:*:19600:0:99999:7:::\nubuntu:!:19600:0:99999:7:::\n", 0o640);
  files.chown("/etc/shadow", 0, 42);
  files.writeWithMode("/etc/gshadow", "root:*::\nsudo:*::ubuntu\nubuntu:!::\n", 0o640);
  files.chown("/etc/gshadow", 0, 42);
  files.writeWithMode(
    "/etc/sudoers",
    'Defaults\tenv_reset\nDefaults\tmail_badpass\nDefaults\tsecure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin"\n\nroot\tALL=(ALL:ALL) ALL\n%admin ALL=(ALL) ALL\n%sudo\tALL=(ALL:ALL) ALL\n\n#includedir /etc/sudoers.d\n',
    0o440,
  );
  files.writeWithMode(
    "/etc/sudoers.d/90-cloud-init-users",
    "# User rules for ubuntu\nubuntu ALL=(ALL) NOPASSWD:ALL\n",
    0o440,
  );
  const profile =
    '# Read by login shells.\nif [ -f "$HOME/.bashrc" ]; then\n    . "$HOME/.bashrc"\nfi\nif [ -d "$HOME/bin" ]; then\n    PATH="$HOME/bin:$PATH"\nfi\nif [ -d "$HOME/.local/bin" ]; then\n    PATH="$HOME/.local/bin:$PATH"\nfi\n';
  const bashrc =
    "# Read by interactive shells.\ncase $- in\n    *i*) ;;\n      *) return;;\nesac\nHISTSIZE=1000\nHISTFILESIZE=2000\nalias ll='ls -alF'\nalias la='ls -A'\nalias l='ls -CF'\n";
  for (const home of ["/etc/skel", "/root", "/home/ubuntu"]) {
    files.makeDirectories(home);
    files.write(`${home}/.profile`, profile);
    files.write(`${home}/.bashrc`, bashrc);
    files.write(`${home}/.bash_logout`, "# Read when a login shell ends.\n");
  }
  files.write(
    "/etc/profile",
    'for script in /etc/profile.d/*.sh; do\n  [ -r "$script" ] && . "$script"\ndone\nunset script\n',
  );
  files.write("/etc/bash.bashrc", "# Read by interactive shells of all users.\n");
  files.writeWithMode(
    "/etc/environment",
    'PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/games:/usr/local/games:/snap/bin"\n',
    0o644,
  );
  files.makeDirectory("/home/ubuntu/.ssh", 0o700);
  for (const name of ["", "/.profile", "/.bashrc", "/.bash_logout", "/.ssh"])
    files.chown(`/home/ubuntu${name}`, 1000, 1000);
}

function writeAptSources(files: FileView, release: Release): void {
  files.writeWithMode("/usr/share/keyrings/ubuntu-archive-keyring.gpg", keyring([ubuntuKey]), 0o644);
  files.writeWithMode("/etc/apt/trusted.gpg.d/ubuntu-keyring-2018-archive.gpg", keyring([ubuntuKey]), 0o644);
  const archive = "http://archive.ubuntu.com/ubuntu";
  const security = "http://security.ubuntu.com/ubuntu";
  const parts = "main restricted universe multiverse";
  if (release.codename === "focal") {
    files.write(
      "/etc/apt/sources.list",
      `deb ${archive} focal ${parts}\ndeb ${archive} focal-updates ${parts}\ndeb ${security} focal-security ${parts}\n`,
    );
    return;
  }
  files.makeDirectories("/etc/apt/keyrings");
  files.write("/etc/apt/sources.list", "# Ubuntu sources have moved to /etc/apt/sources.list.d/ubuntu.sources\n");
  const entry = (uri: string, suites: string): string =>
    `Types: deb\nURIs: ${uri}/\nSuites: ${suites}\nComponents: ${parts}\nSigned-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg\n`;
  files.write(
    "/etc/apt/sources.list.d/ubuntu.sources",
    `${entry(archive, "noble noble-updates")}\n${entry(security, "noble-security")}`,
  );
}
