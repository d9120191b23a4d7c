/** The part of an OCI runtime specification (config.json of a bundle) that is read here; the rest is carried along. */
export interface RuntimeSpec {
  ociVersion: string;
  process: SpecProcess;
  root: { path: string; readonly?: boolean };
  hostname?: string;
  mounts?: SpecMount[];
  annotations?: Record<string, string>;
  linux?: {
    resources?: { memory?: { limit?: number }; pids?: { limit?: number }; [key: string]: unknown };
    cgroupsPath?: string;
    namespaces?: { type: string; path?: string }[];
    [key: string]: unknown;
  };
}

interface SpecProcess {
  terminal?: boolean;
  user: { uid: number; gid: number };
  args: string[];
  env: string[];
  cwd: string;
  [key: string]: unknown;
}

export interface SpecMount {
  destination: string;
  type?: string;
  source?: string;
  options?: string[];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

/** Reads a config.json. Throws SyntaxError in runc's words for what is none. */
export function parseRuntimeSpec(text: string): RuntimeSpec {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new SyntaxError(text.trim() === "" ? "EOF" : "invalid character in config.json");
  }
  if (!isObject(value)) throw new SyntaxError("json: cannot unmarshal into Go value of type specs.Spec");
  const process: unknown = value["process"];
  const root: unknown = value["root"];
  if (!isObject(process)) throw new SyntaxError("process property must not be empty");
  if (!isTexts(process["args"]) || process["args"].length === 0) throw new SyntaxError("args must not be empty");
  if (typeof process["cwd"] !== "string" || !process["cwd"].startsWith("/")) {
    throw new SyntaxError("Cwd must be an absolute path");
  }
  if (!isObject(root) || typeof root["path"] !== "string") throw new SyntaxError("root must be specified");
  const user: unknown = process["user"];
  const number = (name: string): number => {
    const found: unknown = isObject(user) ? user[name] : undefined;
    return typeof found === "number" ? found : 0;
  };
  const linux: unknown = value["linux"];
  return {
    ...value,
    ociVersion: typeof value["ociVersion"] === "string" ? value["ociVersion"] : "",
    process: {
      ...process,
      args: process["args"],
      cwd: process["cwd"],
      env: isTexts(process["env"]) ? process["env"] : [],
      user: { uid: number("uid"), gid: number("gid") },
    },
    root: { path: root["path"], readonly: root["readonly"] === true },
    ...(Array.isArray(value["mounts"]) ? { mounts: value["mounts"].filter(isMount) } : {}),
    ...(isObject(linux) ? { linux: { ...linux, namespaces: namespacesOf(linux["namespaces"]) } } : {}),
  };
}

const isMount = (value: unknown): value is SpecMount => isObject(value) && typeof value["destination"] === "string";

const namespacesOf = (value: unknown): { type: string; path?: string }[] =>
  Array.isArray(value)
    ? value.filter(
        (item): item is { type: string; path?: string } => isObject(item) && typeof item["type"] === "string",
      )
    : [];

const tmpfs = (destination: string, source: string, options: string[]): SpecMount => ({
  destination,
  type: "tmpfs",
  source,
  options,
});

const kernelMounts = (): SpecMount[] => [
  { destination: "/proc", type: "proc", source: "proc" },
  tmpfs("/dev", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
  {
    destination: "/dev/pts",
    type: "devpts",
    source: "devpts",
    options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
  },
  tmpfs("/dev/shm", "shm", ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
  { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"] },
  { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] },
];

const masked = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/sys/firmware",
  "/proc/scsi",
];

const fewCapabilities = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"];

/** What `runc spec` writes. */
export function exampleSpec(ociVersion: string, cgroupVersion: 1 | 2): RuntimeSpec {
  const spec: RuntimeSpec = {
    ociVersion,
    process: {
      terminal: true,
      user: { uid: 0, gid: 0 },
      args: ["sh"],
      env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
      cwd: "/",
      capabilities: {
        bounding: fewCapabilities,
        effective: fewCapabilities,
        permitted: fewCapabilities,
        ...(ociVersion.startsWith("1.0") ? { ambient: fewCapabilities } : {}),
      },
      rlimits: [{ type: "RLIMIT_NOFILE", hard: 1024, soft: 1024 }],
      noNewPrivileges: true,
    },
    root: { path: "rootfs", readonly: true },
    hostname: "runc",
    mounts: [
      ...kernelMounts(),
      {
        destination: "/sys/fs/cgroup",
        type: "cgroup",
        source: "cgroup",
        options: ["nosuid", "noexec", "nodev", "relatime", "ro"],
      },
    ],
    linux: {
      resources: { devices: [{ allow: false, access: "rwm" }] },
      namespaces: [
        ...["pid", "network", "ipc", "uts", "mount"].map((type) => ({ type })),
        ...(cgroupVersion === 2 ? [{ type: "cgroup" }] : []),
      ],
      maskedPaths: masked,
      readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    },
  };
  return spec;
}

/** What a high-level runtime knows of a container when it writes its bundle. */
export interface SpecFacts {
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  cwd: string;
  rootPath: string;
  hostname: string;
  mounts: readonly SpecMount[];
  annotations: Readonly<Record<string, string>>;
  cgroupsPath: string;
  memoryLimit: number | undefined;
  /** Types with a path of an existing namespace; those without one are new. */
  namespaces: readonly { type: string; path?: string }[];
  terminal: boolean;
}

const manyCapabilities = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FSETID",
  "CAP_FOWNER",
  "CAP_MKNOD",
  "CAP_NET_RAW",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SETFCAP",
  "CAP_SETPCAP",
  "CAP_NET_BIND_SERVICE",
  "CAP_SYS_CHROOT",
  "CAP_KILL",
  "CAP_AUDIT_WRITE",
];

/** The config.json that containerd or CRI-O hands to the OCI runtime. */
export function runtimeSpec(ociVersion: string, facts: SpecFacts): RuntimeSpec {
  return {
    ociVersion,
    process: {
      ...(facts.terminal ? { terminal: true } : {}),
      user: { uid: 0, gid: 0 },
      args: [...facts.args],
      env: Object.entries(facts.env).map(([name, value]) => `${name}=${value}`),
      cwd: facts.cwd,
      capabilities: { bounding: manyCapabilities, effective: manyCapabilities, permitted: manyCapabilities },
    },
    root: { path: facts.rootPath },
    ...(facts.hostname === "" ? {} : { hostname: facts.hostname }),
    mounts: [...kernelMounts(), ...facts.mounts],
    ...(Object.keys(facts.annotations).length > 0 ? { annotations: { ...facts.annotations } } : {}),
    linux: {
      resources: {
        devices: [{ allow: false, access: "rwm" }],
        memory: facts.memoryLimit === undefined ? {} : { limit: facts.memoryLimit },
      },
      cgroupsPath: facts.cgroupsPath,
      namespaces: [...facts.namespaces],
      maskedPaths: masked,
      readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    },
  };
}

/** Where a `cgroupsPath` leads: `slice:prefix:name` is systemd's way of saying it. */
export function cgroupPath(cgroupsPath: string, own: string, id: string): string {
  if (cgroupsPath === "") return `${own === "/" ? "" : own}/${id}`;
  const [slice = "", prefix = "", name = ""] = cgroupsPath.split(":");
  if (!cgroupsPath.includes(":")) return cgroupsPath.startsWith("/") ? cgroupsPath : `${own}/${cgroupsPath}`;
  const base = slice === "" ? "system.slice" : slice;
  const parts = base.replace(/\.slice$/, "").split("-");
  const folders = parts.map((_, index) => `${parts.slice(0, index + 1).join("-")}.slice`);
  return `/${folders.join("/")}/${prefix === "" ? "" : `${prefix}-`}${name}.scope`;
}
