import { executableBytes } from "../../../machine/executable.ts";
import type { ContainerDefaults, ImageContent } from "../../../runtime/images/oci.ts";
import type { TarEntry } from "../../../runtime/images/tar.ts";
import { tarDirectory, tarFile, tarSymlink } from "../../../runtime/images/tar.ts";
import { buildImage } from "./build.ts";
import { rustToolchainEntries } from "./rust.ts";
import { workloadModule } from "../../../wasm/workloads.ts";

const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What an image is built from: its entry in the catalogue and where it will run. */
export interface ContentRequest {
  name: string;
  tag: string;
  version: string;
  architecture: string;
  /** RFC 3339. */
  created: string;
}

type Builder = (request: ContentRequest) => ImageContent;

const program = (file: string, name: string, version: string): TarEntry =>
  tarFile(file.slice(1), executableBytes({ program: name, version }), 0o755);

const image = (request: ContentRequest, layers: TarEntry[][], defaults: ContainerDefaults): ImageContent =>
  buildImage({ architecture: request.architecture, created: request.created, layers, defaults });

/** The control plane's and node components' images: one binary each, on nothing. */
export const componentBuilder =
  (component: string): Builder =>
  (request) => {
    const version = request.tag.replace(/^v/, "");
    switch (component) {
      case "etcd":
        return image(
          request,
          [
            [
              tarDirectory("var"),
              tarDirectory("var/etcd"),
              program("/usr/local/bin/etcd", "etcd", version.replace(/-\d+$/, "")),
              program("/usr/local/bin/etcdctl", "etcdctl", version.replace(/-\d+$/, "")),
            ],
          ],
          { Env: [path], WorkingDir: "/" },
        );
      case "coredns":
        return image(request, [[program("/coredns", "coredns", version)]], {
          Env: [path],
          Entrypoint: ["/coredns"],
          ExposedPorts: { "53/tcp": {}, "53/udp": {} },
          WorkingDir: "/",
        });
      case "pause":
        return image(request, [[program("/pause", "pause", version)]], {
          User: "65535:65535",
          Env: [path],
          Entrypoint: ["/pause"],
          WorkingDir: "/",
        });
      case "kube-proxy":
        return image(
          request,
          [
            [
              tarDirectory("lib"),
              tarDirectory("lib/modules"),
              program("/usr/local/bin/kube-proxy", "kube-proxy", version),
            ],
          ],
          {
            Env: [path],
            WorkingDir: "/",
          },
        );
      default:
        return image(
          request,
          [[program("/go-runner", "go-runner", version), program(`/usr/local/bin/${component}`, component, version)]],
          {
            Env: [path],
            Entrypoint: ["/go-runner"],
            WorkingDir: "/",
          },
        );
    }
  };

/** Images of the catalogue's `content` names. */
export const contentBuilders: Readonly<Record<string, Builder>> = {
  nginx: (request) =>
    // Simplified: the real image starts nginx through a shell script, /docker-entrypoint.sh.
    image(
      request,
      [
        debianEntries("12.5"),
        [
          program("/usr/sbin/nginx", "nginx", request.version),
          tarFile("etc/nginx/nginx.conf", "user nginx;\nevents {}\nhttp { include /etc/nginx/conf.d/*.conf; }\n"),
          tarFile("usr/share/nginx/html/index.html", nginxWelcome),
        ],
      ],
      {
        Env: [path, `NGINX_VERSION=${request.version}`],
        Cmd: ["nginx", "-g", "daemon off;"],
        ExposedPorts: { "80/tcp": {} },
        StopSignal: "SIGQUIT",
      },
    ),
  busybox: (request) => image(request, [busyboxEntries(request.version)], { Env: [path], Cmd: ["sh"] }),
  alpine: (request) =>
    image(request, [[...busyboxEntries("1.36.1"), tarFile("etc/alpine-release", `${request.version}\n`)]], {
      Env: [path],
      Cmd: ["/bin/sh"],
    }),
  debian: (request) => image(request, [debianEntries(request.version)], { Env: [path], Cmd: ["bash"] }),
  ubuntu: (request) => image(request, [debianEntries("20.04")], { Env: [path], Cmd: ["/bin/bash"] }),
  rust: (request) =>
    image(request, [debianEntries("12.5"), rustToolchainEntries(request.version)], {
      Env: [
        "PATH=/usr/local/cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "RUSTUP_HOME=/usr/local/rustup",
        "CARGO_HOME=/usr/local/cargo",
        `RUST_VERSION=${request.version}`,
      ],
      Cmd: ["bash"],
    }),
  "wasi-http-echo": (request) =>
    image(request, [[tarFile("wasi_http_server.wasm", workloadModule("echo-server"), 0o755)]], {
      Env: [path],
      Cmd: ["/wasi_http_server.wasm"],
      WorkingDir: "/",
    }),
  // Built for the platform wasi/wasm, as its project does.
  // Simplified: one module of Rust answers both routes; in the real image the second one is a module of TinyGo.
  "spin-hello": (request) =>
    buildImage({
      architecture: "wasm",
      os: "wasi",
      created: request.created,
      layers: [
        [
          tarFile("spin.toml", spinHelloManifest),
          tarFile("target/wasm32-wasi/release/spin_rust_hello.wasm", workloadModule("spin-hello"), 0o644),
        ],
      ],
      defaults: { Env: [path], Entrypoint: ["/"], WorkingDir: "/" },
    }),
};

const nginxWelcome = `<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>The web server of this container is running.</p>
</body>
</html>
`;

const spinHelloManifest = `spin_manifest_version = 2

[application]
name = "spin-rust-hello"
version = "0.1.0"

[[trigger.http]]
route = "/hello"
component = "hello"

[[trigger.http]]
route = "/go-hello"
component = "hello"

[component.hello]
source = "target/wasm32-wasi/release/spin_rust_hello.wasm"
`;

const applets = [
  "ls",
  "cat",
  "echo",
  "sleep",
  "mkdir",
  "rm",
  "cp",
  "mv",
  "pwd",
  "env",
  "true",
  "false",
  "test",
  "grep",
  "sed",
  "awk",
  "tar",
  "id",
  "date",
  "uname",
  "chmod",
  "chown",
  "touch",
  "wc",
  "head",
  "tail",
  "sort",
  "tr",
  "cut",
  "find",
  "xargs",
  "basename",
  "dirname",
  "hostname",
  "ln",
  "printf",
  "seq",
  "tee",
  "whoami",
  "wget",
  "nc",
  "ping",
  "nslookup",
  "ps",
  "kill",
  "ip",
  "readlink",
];

const common = (): TarEntry[] => [
  ...["bin", "dev", "etc", "home", "proc", "root", "sys", "usr", "usr/bin", "usr/sbin", "var", "run"].map((folder) =>
    tarDirectory(folder),
  ),
  tarDirectory("tmp", 0o1777),
];

const accounts = [
  tarFile("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"),
  tarFile("etc/group", "root:x:0:\nnogroup:x:65534:\n"),
];

function busyboxEntries(version: string): TarEntry[] {
  return [
    ...common(),
    ...accounts,
    program("/bin/sh", "sh", version),
    ...applets.map((name) => program(`/bin/${name}`, name, version)),
  ];
}

/** A Debian or Ubuntu userland: shells and the core utilities, with /bin merged into /usr/bin. */
function debianEntries(release: string): TarEntry[] {
  const ubuntu = release.startsWith("2");
  const tools = [
    ...applets.filter((name) => !["wget", "nc", "ping", "nslookup", "ps", "kill", "ip", "readlink"].includes(name)),
    "bash",
    "sh",
    "gzip",
    "gunzip",
    "stat",
    "readlink",
    "realpath",
    "install",
    "md5sum",
    "sha256sum",
    "od",
    "uniq",
    "yes",
    "du",
    "df",
    "mktemp",
    "nproc",
  ];
  return [
    ...common().filter((entry) => entry.path !== "bin"),
    tarSymlink("bin", "usr/bin"),
    tarSymlink("sbin", "usr/sbin"),
    ...accounts,
    tarFile(
      "etc/os-release",
      ubuntu
        ? `NAME="Ubuntu"\nID=ubuntu\nVERSION_ID="${release}"\n`
        : `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="12"\n`,
    ),
    tarFile("etc/debian_version", `${release}\n`),
    ...tools.map((name) => program(`/usr/bin/${name}`, name, "9.1")),
  ];
}
