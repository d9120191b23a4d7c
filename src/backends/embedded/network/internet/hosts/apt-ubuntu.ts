import type { Profile } from "../../../../../domain/backend.ts";
import { imagePackages, upstreamVersion } from "../../../machine/system/image/packages.ts";
import { deb } from "../../../machine/system/packages/deb.ts";
import type { Deb, DebFile } from "../../../machine/system/packages/deb.ts";
import { ubuntuKey } from "../../../machine/system/packages/keys.ts";
import { containersCommonFiles } from "../../../runtime/images/containers-common.ts";
import type { InternetHost } from "../internet.ts";
import { answerFromAny } from "./apt-repository.ts";
import type { AptRepository } from "./apt-repository.ts";
import { registryPackage } from "./image-packages.ts";

/** A package in short: versions on 20.04 and 24.04 (`-`: not there), component, size, what it needs and brings. */
interface Row {
  name: string;
  focal: string;
  noble: string;
  component?: "universe";
  /** Kilobytes to download. */
  size: number;
  depends?: string;
  recommends?: string;
  /** Commands for /usr/bin, or with their whole path. */
  commands?: string[];
  /** Commands that run another command's program. */
  alias?: Readonly<Record<string, string>>;
  headers?: string[];
  /** pkg-config names, each with its version. */
  pkgConfig?: Readonly<Record<string, string>>;
  libraries?: string[];
  files?: DebFile[];
  enable?: string[];
  start?: string[];
  description: string;
}

const nginxUnit = `[Unit]
Description=A high performance web server and a reverse proxy server
After=network.target

[Service]
Type=forking
PIDFile=/run/nginx.pid
ExecStart=/usr/sbin/nginx -g 'daemon on; master_process on;'
ExecReload=/bin/kill -s HUP $MAINPID
TimeoutStopSec=5

[Install]
WantedBy=multi-user.target
`;

const containerdUnit = `[Unit]
Description=containerd container runtime
Documentation=https://containerd.io
After=network.target local-fs.target

[Service]
ExecStartPre=-/sbin/modprobe overlay
ExecStart=/usr/bin/containerd
Type=notify
Delegate=yes
KillMode=process
Restart=always
RestartSec=5
LimitNPROC=infinity
LimitCORE=infinity
LimitNOFILE=infinity
TasksMax=infinity
OOMScoreAdjust=-999

[Install]
WantedBy=multi-user.target
`;

const rows: readonly Row[] = [
  {
    name: "make",
    focal: "4.2.1-1.2",
    noble: "4.3-4.1build2",
    size: 162,
    commands: ["make", "gmake"],
    alias: { gmake: "make" },
    description: "utility for directing compilation",
  },
  {
    name: "git",
    focal: "1:2.25.1-1ubuntu3.11",
    noble: "1:2.43.0-1ubuntu7",
    size: 4605,
    depends: "git-man, liberror-perl",
    commands: ["git"],
    description: "fast, scalable, distributed revision control system",
  },
  {
    name: "git-man",
    focal: "1:2.25.1-1ubuntu3.11",
    noble: "1:2.43.0-1ubuntu7",
    size: 887,
    description: "manual pages of git",
  },
  {
    name: "liberror-perl",
    focal: "0.17029-1",
    noble: "0.17029-2",
    size: 27,
    description: "Perl module for error handling",
  },
  {
    name: "gcc",
    focal: "4:9.3.0-1ubuntu2",
    noble: "4:13.2.0-7ubuntu1",
    size: 5,
    depends: "cpp, gcc-9 | gcc-13",
    commands: ["gcc", "cc", "gcc-ar", "gcc-nm"],
    alias: { cc: "gcc" },
    description: "GNU C compiler",
  },
  {
    name: "gcc-9",
    focal: "9.4.0-1ubuntu1~20.04.2",
    noble: "-",
    size: 8274,
    depends: "binutils, libc6-dev",
    recommends: "libc6-dev",
    description: "GNU C compiler",
  },
  {
    name: "gcc-13",
    focal: "-",
    noble: "13.2.0-23ubuntu4",
    size: 9350,
    depends: "binutils, libc6-dev",
    recommends: "libc6-dev",
    description: "GNU C compiler",
  },
  {
    name: "cpp",
    focal: "4:9.3.0-1ubuntu2",
    noble: "4:13.2.0-7ubuntu1",
    size: 28,
    commands: ["cpp"],
    description: "GNU C preprocessor",
  },
  {
    name: "g++",
    focal: "4:9.3.0-1ubuntu2",
    noble: "4:13.2.0-7ubuntu1",
    size: 2,
    depends: "gcc",
    commands: ["g++", "c++"],
    alias: { "c++": "g++" },
    description: "GNU C++ compiler",
  },
  {
    name: "binutils",
    focal: "2.34-6ubuntu1.9",
    noble: "2.42-4ubuntu2",
    size: 1613,
    commands: ["ar", "as", "ld", "nm", "objdump", "ranlib", "readelf", "strip", "strings"],
    description: "GNU assembler, linker and binary utilities",
  },
  {
    name: "libc6-dev",
    focal: "2.31-0ubuntu9.14",
    noble: "2.39-0ubuntu8",
    size: 2519,
    depends: "linux-libc-dev",
    headers: ["stdio.h", "stdlib.h", "unistd.h", "string.h"],
    description: "GNU C Library: Development Libraries and Header Files",
  },
  {
    name: "linux-libc-dev",
    focal: "5.4.0-172.190",
    noble: "6.8.0-31.31",
    size: 1139,
    headers: ["linux/types.h"],
    description: "Linux Kernel Headers for development",
  },
  {
    name: "build-essential",
    focal: "12.8ubuntu1.1",
    noble: "12.10ubuntu1",
    size: 5,
    depends: "libc6-dev, gcc (>= 4:9.2), g++ (>= 4:9.2), make, dpkg-dev (>= 1.17.11)",
    description: "Informational list of build-essential packages",
  },
  {
    name: "dpkg-dev",
    focal: "1.19.7ubuntu3.2",
    noble: "1.22.6ubuntu6",
    size: 679,
    commands: ["dpkg-buildpackage"],
    description: "Debian package development tools",
  },
  {
    name: "pkgconf",
    focal: "1.6.3-5",
    noble: "1.8.1-2build1",
    component: "universe",
    size: 31,
    commands: ["pkgconf", "pkg-config"],
    alias: { pkgconf: "pkg-config" },
    description: "manage compile and link flags for libraries",
  },
  {
    name: "pkg-config",
    focal: "0.29.1-0ubuntu4",
    noble: "-",
    size: 46,
    commands: ["pkg-config"],
    description: "manage compile and link flags for libraries",
  },
  {
    name: "libtool",
    focal: "2.4.6-14",
    noble: "2.4.7-7build1",
    size: 161,
    depends: "libltdl-dev",
    commands: ["libtoolize"],
    description: "Generic library support script",
  },
  {
    name: "libltdl-dev",
    focal: "2.4.6-14",
    noble: "2.4.7-7build1",
    size: 162,
    headers: ["ltdl.h"],
    description: "System independent dlopen wrapper, development files",
  },
  {
    name: "autoconf",
    focal: "2.69-11.1",
    noble: "2.71-3",
    size: 321,
    depends: "m4",
    commands: ["autoconf", "autoheader", "autom4te", "autoreconf"],
    description: "automatic configure script builder",
  },
  {
    name: "automake",
    focal: "1:1.16.1-4ubuntu6",
    noble: "1:1.16.5-1.3ubuntu1",
    size: 522,
    depends: "autoconf, autotools-dev",
    commands: ["aclocal", "automake"],
    description: "Tool for generating GNU Standards-compliant Makefiles",
  },
  {
    name: "autotools-dev",
    focal: "20180224.1",
    noble: "20220109.1",
    size: 39,
    description: "Update infrastructure for config.{guess,sub} files",
  },
  {
    name: "m4",
    focal: "1.4.18-4",
    noble: "1.4.19-4build1",
    size: 199,
    commands: ["m4"],
    description: "macro processing language",
  },
  {
    name: "libsystemd-dev",
    focal: "245.4-4ubuntu3.23",
    noble: "255.4-1ubuntu8",
    size: 251,
    headers: ["systemd/sd-bus.h", "systemd/sd-daemon.h"],
    pkgConfig: { libsystemd: "245" },
    libraries: ["libsystemd.so"],
    description: "systemd utility library - development files",
  },
  {
    name: "libprotobuf-c1",
    focal: "1.3.3-1",
    noble: "1.4.1-1ubuntu4",
    size: 19,
    libraries: ["libprotobuf-c.so.1"],
    description: "Protocol Buffers C shared library",
  },
  {
    name: "libprotobuf-c-dev",
    focal: "1.3.3-1",
    noble: "1.4.1-1ubuntu4",
    size: 26,
    depends: "libprotobuf-c1",
    headers: ["protobuf-c/protobuf-c.h"],
    pkgConfig: { "libprotobuf-c": "1.3.3" },
    libraries: ["libprotobuf-c.so"],
    description: "Protocol Buffers C static library and headers",
  },
  {
    name: "libcap-dev",
    focal: "1:2.32-1ubuntu0.1",
    noble: "1:2.66-5ubuntu2",
    size: 33,
    headers: ["sys/capability.h"],
    pkgConfig: { libcap: "2.32" },
    libraries: ["libcap.so"],
    description: "POSIX 1003.1e capabilities, development files",
  },
  {
    name: "libseccomp-dev",
    focal: "2.5.1-1ubuntu1~20.04.2",
    noble: "2.5.5-1ubuntu3",
    size: 86,
    depends: "libseccomp2",
    headers: ["seccomp.h"],
    pkgConfig: { libseccomp: "2.5.1" },
    libraries: ["libseccomp.so"],
    description: "high level interface to Linux seccomp filter, development files",
  },
  {
    name: "libyajl2",
    focal: "2.1.0-3ubuntu0.20.04.1",
    noble: "2.1.0-5",
    component: "universe",
    size: 20,
    libraries: ["libyajl.so.2"],
    description: "Yet Another JSON Library",
  },
  {
    name: "libyajl-dev",
    focal: "2.1.0-3ubuntu0.20.04.1",
    noble: "2.1.0-5",
    component: "universe",
    size: 32,
    depends: "libyajl2",
    headers: ["yajl/yajl_tree.h", "yajl/yajl_gen.h", "yajl/yajl_version.h"],
    pkgConfig: { yajl: "2.1.0" },
    libraries: ["libyajl.so"],
    description: "Yet Another JSON Library - development files",
  },
  {
    name: "libjson-c-dev",
    focal: "0.13.1+dfsg-7ubuntu0.3",
    noble: "0.17-1build1",
    size: 36,
    headers: ["json-c/json.h"],
    pkgConfig: { "json-c": "0.13.1" },
    description: "JSON manipulation library - development files",
  },
  {
    name: "go-md2man",
    focal: "1.0.10+ds-1",
    noble: "2.0.3+ds1-0ubuntu0.24.04.1",
    component: "universe",
    size: 602,
    commands: ["go-md2man"],
    description: "utility to create manpages from markdown",
  },
  {
    name: "apt-transport-https",
    focal: "2.0.10",
    noble: "2.7.14build2",
    component: "universe",
    size: 2,
    depends: "apt (>= 1.5~alpha4)",
    description: "transitional package for https support",
  },
  {
    name: "conntrack",
    focal: "1:1.4.5-2",
    noble: "1:1.4.8-1ubuntu1",
    size: 30,
    commands: ["/usr/sbin/conntrack"],
    description: "Program to modify the conntrack tables",
  },
  {
    name: "socat",
    focal: "1.7.3.3-2",
    noble: "1.8.0.0-4build3",
    size: 323,
    commands: ["socat"],
    description: "multipurpose relay for bidirectional data transfer",
  },
  {
    name: "ebtables",
    focal: "2.0.11-3build1",
    noble: "2.0.11-6build1",
    size: 80,
    commands: ["/usr/sbin/ebtables"],
    description: "Ethernet bridge frame table administration",
  },
  {
    name: "ethtool",
    focal: "1:5.4-1",
    noble: "1:6.7-1build1",
    size: 134,
    commands: ["/usr/sbin/ethtool"],
    description: "display or change Ethernet device settings",
  },
  {
    name: "jq",
    focal: "1.6-1ubuntu0.20.04.1",
    noble: "1.7.1-3build1",
    component: "universe",
    size: 51,
    depends: "libjq1",
    commands: ["jq"],
    description: "lightweight and flexible command-line JSON processor",
  },
  {
    name: "libjq1",
    focal: "1.6-1ubuntu0.20.04.1",
    noble: "1.7.1-3build1",
    component: "universe",
    size: 121,
    description: "JSON processor library",
  },
  {
    name: "tree",
    focal: "1.8.0-1",
    noble: "2.1.1-2ubuntu3",
    component: "universe",
    size: 43,
    commands: ["tree"],
    description: "displays an indented directory tree, in color",
  },
  {
    name: "runc",
    focal: "1.1.7-0ubuntu1~20.04.2",
    noble: "1.1.12-0ubuntu3",
    size: 3837,
    commands: ["/usr/sbin/runc"],
    description: "Open Container Project - runtime",
  },
  {
    name: "containerd",
    focal: "1.7.2-0ubuntu1~20.04.1",
    noble: "1.7.12-0ubuntu4",
    size: 33_800,
    depends: "runc (>= 1.0.0~rc2~)",
    commands: ["containerd", "containerd-shim", "containerd-shim-runc-v1", "containerd-shim-runc-v2", "ctr"],
    files: [{ path: "/lib/systemd/system/containerd.service", text: containerdUnit }],
    enable: ["containerd.service"],
    start: ["containerd.service"],
    description: "daemon to control runC",
  },
  {
    name: "crun",
    focal: "-",
    noble: "1.14.1-1",
    component: "universe",
    size: 428,
    depends: "libyajl2",
    description: "lightweight OCI runtime for running containers",
    // Built to open libwasmedge.so.0 when it meets a module; the library is only suggested.
    files: [
      {
        path: "/usr/bin/crun",
        program: {
          program: "crun",
          version: "1.14.1",
          facts: { wasm: "wasmedge", commit: "de537a7965bfbe9992e2cfae0baeb56a08128171" },
        },
      },
    ],
  },
  {
    name: "nginx",
    focal: "1.18.0-0ubuntu1.4",
    noble: "1.24.0-2ubuntu7",
    size: 4,
    depends: "nginx-core",
    description: "small, powerful, scalable web/proxy server",
  },
  {
    name: "nginx-core",
    focal: "1.18.0-0ubuntu1.4",
    noble: "1.24.0-2ubuntu7",
    size: 425,
    commands: ["/usr/sbin/nginx"],
    files: [
      { path: "/lib/systemd/system/nginx.service", text: nginxUnit },
      {
        path: "/etc/nginx/nginx.conf",
        text: "user www-data;\nevents {}\nhttp { server { listen 80; root /var/www/html; } }\n",
        conffile: true,
      },
      { path: "/var/www/html/index.nginx-debian.html", text: "<h1>Welcome to nginx!</h1>\n" },
    ],
    enable: ["nginx.service"],
    start: ["nginx.service"],
    description: "nginx web/proxy server (standard version)",
  },
  {
    name: "buildah",
    focal: "-",
    noble: "1.33.7+ds1-1ubuntu0.24.04.1",
    component: "universe",
    size: 7600,
    depends: "golang-github-containers-common, runc",
    commands: ["buildah"],
    description: "CLI tool to facilitate creating OCI container images",
  },
  {
    name: "skopeo",
    focal: "-",
    noble: "1.13.3+ds1-2ubuntu0.24.04.3",
    component: "universe",
    size: 6100,
    depends: "golang-github-containers-common",
    commands: ["skopeo"],
    description: "Tool to manipulate container images and container image registries",
  },
  {
    name: "golang-github-containers-common",
    focal: "-",
    noble: "0.57.4+ds1-2",
    component: "universe",
    size: 27,
    description: "Common files for github.com/containers repositories",
    files: Object.entries(containersCommonFiles).map(([path, text]) => ({ path, text, conffile: true })),
  },
  {
    name: "zip",
    focal: "3.0-11build1",
    noble: "3.0-13build1",
    size: 167,
    commands: ["zip"],
    description: "Archiver for .zip files",
  },
  {
    name: "uidmap",
    focal: "1:4.8.1-1ubuntu5.20.04.5",
    noble: "1:4.13+dfsg1-4ubuntu3",
    component: "universe",
    size: 26,
    commands: ["newuidmap", "newgidmap"],
    description: "programs to help use subuids",
  },
  {
    name: "libgpgme11",
    focal: "1.13.1-7ubuntu2",
    noble: "-",
    size: 114,
    libraries: ["libgpgme.so.11"],
    description: "GPGME - GnuPG Made Easy (library)",
  },
  {
    name: "net-tools",
    focal: "1.60+git20180626.aebd88e-1ubuntu1",
    noble: "2.10-0.1ubuntu4",
    size: 196,
    commands: ["/sbin/ifconfig", "netstat", "/sbin/route"],
    description: "NET-3 networking toolkit",
  },
  {
    name: "ldap-utils",
    focal: "2.4.49+dfsg-2ubuntu1.9",
    noble: "2.6.7+dfsg-1~exp1ubuntu8",
    size: 119,
    description: "OpenLDAP utilities",
  },
  {
    name: "wabt",
    focal: "1.0.13-1",
    noble: "1.0.34+dfsg2+~cs1.0.32-1",
    component: "universe",
    size: 1420,
    commands: ["wasm-objdump", "wasm-validate", "wasm2wat", "wat2wasm"],
    description: "WebAssembly Binary Toolkit",
  },
  {
    name: "wasmedge",
    focal: "-",
    noble: "0.13.5+dfsg-1build4",
    component: "universe",
    size: 214,
    depends: "libwasmedge0",
    commands: ["wasmedge", "wasmedgec"],
    description: "High performance WebAssembly runtime for cloud native",
  },
  {
    name: "libwasmedge0",
    focal: "-",
    noble: "0.13.5+dfsg-1build4",
    component: "universe",
    size: 1980,
    libraries: ["libwasmedge.so.0"],
    description: "High performance WebAssembly runtime - shared library",
  },
];

function toDeb(row: Row, profile: Profile): Deb | undefined {
  const version = profile === "thesis" ? row.focal : row.noble;
  if (version === "-") return undefined;
  const lib = "/usr/lib/x86_64-linux-gnu";
  const files: DebFile[] = [...(row.files ?? [])];
  for (const command of row.commands ?? []) {
    const path = command.startsWith("/") ? command : `/usr/bin/${command}`;
    const name = path.slice(path.lastIndexOf("/") + 1);
    const compiler = name === "gcc" || name === "cc" || name === "g++";
    const shown = compiler ? (profile === "thesis" ? "9.4.0" : "13.2.0") : upstreamVersion(version);
    files.push({ path, program: { program: row.alias?.[name] ?? name, version: shown } });
  }
  for (const header of row.headers ?? []) files.push({ path: `/usr/include/${header}`, text: `/* ${header} */\n` });
  for (const [name, number] of Object.entries(row.pkgConfig ?? {})) {
    files.push({
      path: `${lib}/pkgconfig/${name}.pc`,
      text: `prefix=/usr\nlibdir=${lib}\nincludedir=/usr/include\n\nName: ${name}\nDescription: ${row.description}\nVersion: ${number}\nLibs: -L\${libdir} -l${name.replace(/^lib/, "")}\nCflags: -I\${includedir}\n`,
    });
  }
  for (const library of row.libraries ?? [])
    files.push({
      path: `${lib}/${library}`,
      program: { program: "shared-library", version: upstreamVersion(version) },
      mode: 0o644,
    });
  files.push({ path: `/usr/share/doc/${row.name}/copyright`, text: `${row.name} is free software.\n` });
  return deb({
    name: row.name,
    version,
    section: row.component === "universe" ? "universe/devel" : "devel",
    size: row.size * 1000,
    installedSize: row.size * 4,
    depends: (row.depends ?? "").replace("gcc-9 | gcc-13", profile === "thesis" ? "gcc-9" : "gcc-13"),
    recommends: row.recommends ?? "",
    provides: row.name === "pkgconf" ? "pkg-config" : "",
    description: row.description,
    files,
    enable: row.enable ?? [],
    start: row.start ?? [],
  });
}

/** archive.ubuntu.com and its mirrors, as far as the labs and the thesis's script install from it. */
export function ubuntuHost(profile: Profile): InternetHost {
  const codename = profile === "thesis" ? "focal" : "noble";
  const date = profile === "thesis" ? "Wed, 28 Feb 2024 09:10:11 UTC" : "Mon, 23 Nov 2026 09:10:11 UTC";
  const of = (component: "main" | "universe"): Deb[] =>
    rows.filter((row) => (row.component ?? "main") === component).flatMap((row) => toDeb(row, profile) ?? []);
  const empty = { main: [], restricted: [], universe: [], multiverse: [] };
  const repository: AptRepository = {
    base: "/ubuntu",
    origin: "Ubuntu",
    label: "Ubuntu",
    key: ubuntuKey,
    date,
    suites: {
      [codename]: {
        ...empty,
        main: [...imagePackages(profile), ...of("main")],
        universe: [...of("universe"), registryPackage(profile)],
      },
      [`${codename}-updates`]: empty,
      [`${codename}-security`]: empty,
    },
  };
  return {
    names: [
      "archive.ubuntu.com",
      "security.ubuntu.com",
      "us.archive.ubuntu.com",
      "de.archive.ubuntu.com",
      "ports.ubuntu.com",
    ],
    handle: ({ target }) => Promise.resolve(answerFromAny([repository], target)),
  };
}
