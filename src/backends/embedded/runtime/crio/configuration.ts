import { parse, TomlError } from "smol-toml";
import type { FileView } from "../../machine/files/file-system.ts";

export interface CrioHandler {
  runtimePath: string;
  runtimeType: string;
  allowedAnnotations: string[];
  defaultAnnotations: Record<string, string>;
}

export interface CrioConfiguration {
  listen: string;
  defaultRuntime: string;
  handlers: Map<string, CrioHandler>;
  cgroupManager: string;
  pauseImage: string;
  networkFolder: string;
  pluginFolders: string[];
  conmon: string;
  logLevel: string;
  /** Whether a short name that several registries could mean is refused. */
  shortNameMode: string;
}

/** The configuration is bad; `message` is what follows `msg=` in CRI-O's log, and it exits with 1. */
export class CrioConfigurationError extends Error {
  override readonly name = "CrioConfigurationError";
}

export const minorOf = (version: string): number => Number(version.split(".")[1] ?? 0);

function pauseOf(minor: number): string {
  if (minor >= 36) return "3.10.2";
  if (minor >= 31) return "3.10";
  return minor >= 26 ? "3.9" : "3.6";
}

function defaults(version: string): CrioConfiguration {
  const runtime = minorOf(version) >= 31 ? "crun" : "runc";
  return {
    listen: "/var/run/crio/crio.sock",
    defaultRuntime: runtime,
    handlers: new Map([
      [runtime, { runtimePath: "", runtimeType: "oci", allowedAnnotations: [], defaultAnnotations: {} }],
    ]),
    cgroupManager: "systemd",
    pauseImage: `registry.k8s.io/pause:${pauseOf(minorOf(version))}`,
    networkFolder: "/etc/cni/net.d/",
    pluginFolders: ["/opt/cni/bin/"],
    conmon: "",
    logLevel: "info",
    shortNameMode: minorOf(version) >= 34 ? "enforcing" : "disabled",
  };
}

/** Reads crio.conf and then the drop-ins in name order. Throws CrioConfigurationError. */
export function readConfiguration(
  files: FileView,
  version: string,
  file = "/etc/crio/crio.conf",
  folder = "/etc/crio/crio.conf.d",
): CrioConfiguration {
  const configuration = defaults(version);
  if (files.exists(file)) apply(configuration, files, file);
  if (files.isDirectory(folder)) {
    for (const name of files.list(folder)) apply(configuration, files, `${folder}/${name}`);
  }
  return configuration;
}

type Table = Record<string, unknown>;

const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);

function apply(configuration: CrioConfiguration, files: FileView, path: string): void {
  let parsed: unknown;
  try {
    parsed = parse(files.readText(path));
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const words = error.message.split("\n")[0]?.replace(/^Invalid TOML document: /, "") ?? "";
    throw new CrioConfigurationError(
      `unable to decode configuration ${path}: toml: line ${error.line} (last key ${JSON.stringify(lastKey(files.readText(path), error.line))}): ${words}`,
    );
  }
  if (!isTable(parsed)) return;
  const crio = tableAt(parsed, "crio", path);
  const api = tableAt(crio, "api", path);
  const runtime = tableAt(crio, "runtime", path);
  const image = tableAt(crio, "image", path);
  const network = tableAt(crio, "network", path);
  text(api, "listen", path, (value) => (configuration.listen = value));
  text(runtime, "default_runtime", path, (value) => (configuration.defaultRuntime = value));
  text(runtime, "cgroup_manager", path, (value) => (configuration.cgroupManager = value));
  text(runtime, "conmon", path, (value) => (configuration.conmon = value));
  text(runtime, "log_level", path, (value) => (configuration.logLevel = value));
  text(image, "pause_image", path, (value) => (configuration.pauseImage = value));
  text(image, "short_name_mode", path, (value) => (configuration.shortNameMode = value));
  text(network, "network_dir", path, (value) => (configuration.networkFolder = value));
  const plugins = network["plugin_dirs"];
  if (Array.isArray(plugins)) configuration.pluginFolders = plugins.filter((entry) => typeof entry === "string");
  for (const [name, table] of Object.entries(tableAt(runtime, "runtimes", path))) {
    if (!isTable(table)) continue;
    const known = configuration.handlers.get(name);
    const handler: CrioHandler = known ?? {
      runtimePath: "",
      runtimeType: "oci",
      allowedAnnotations: [],
      defaultAnnotations: {},
    };
    text(table, "runtime_path", path, (value) => (handler.runtimePath = value));
    text(table, "runtime_type", path, (value) => (handler.runtimeType = value));
    const allowed = table["allowed_annotations"];
    if (Array.isArray(allowed)) handler.allowedAnnotations = allowed.filter((entry) => typeof entry === "string");
    const extra = table["default_annotations"];
    if (isTable(extra)) {
      handler.defaultAnnotations = Object.fromEntries(
        Object.entries(extra).map(([key, value]) => [key, String(value)]),
      );
    }
    configuration.handlers.set(name, handler);
  }
}

function tableAt(table: Table, key: string, path: string): Table {
  const value = table[key];
  if (value === undefined) return {};
  if (isTable(value)) return value;
  throw mismatch(path, key, value);
}

function text(table: Table, key: string, path: string, put: (value: string) => void): void {
  const value = table[key];
  if (value === undefined) return;
  if (typeof value !== "string") throw mismatch(path, key, value);
  put(value);
}

const mismatch = (path: string, key: string, value: unknown): CrioConfigurationError =>
  new CrioConfigurationError(
    `unable to decode configuration ${path}: toml: incompatible types: TOML value has type ${tomlType(value)}; destination has type string (key ${JSON.stringify(key)})`,
  );

function tomlType(value: unknown): string {
  if (Array.isArray(value)) return "[]interface {}";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  return typeof value === "boolean" ? "bool" : typeof value;
}

function lastKey(source: string, line: number): string {
  const before = source.split("\n").slice(0, line);
  let table = "";
  let key = "";
  for (const current of before) {
    const header = /^\s*\[+([^\]]+)/.exec(current);
    if (header) {
      table = (header[1] ?? "").trim();
      key = table;
    }
    const assignment = /^\s*([A-Za-z0-9_.-]+)\s*=/.exec(current);
    if (assignment && current !== before.at(-1))
      key = table === "" ? (assignment[1] ?? "") : `${table}.${assignment[1]}`;
  }
  return key;
}

/**
 * Annotations that newer versions take from pods unless a handler allows them, as the beginnings of their names.
 * Simplified: the list of a recent version; older ones know fewer.
 */
const filteredAnnotations = [
  "module.wasm.image/variant",
  "run.oci.",
  "io.kubernetes.cri-o.userns-mode",
  "io.kubernetes.cri-o.Devices",
  "io.kubernetes.cri-o.ShmSize",
  "io.kubernetes.cri-o.UnifiedCgroup",
  "io.kubernetes.cri-o.TrySkipVolumeSELinuxLabel",
  "io.kubernetes.cri-o.seccompNotifierAction",
  "io.kubernetes.cri-o.umask",
  "io.kubernetes.cri-o.PodLinuxOverhead",
  "io.kubernetes.cri-o.PodLinuxResources",
  "io.kubernetes.cri.rdt-class",
  "io.containers.trace-syscall",
  "irq-load-balancing.crio.io",
  "cpu-load-balancing.crio.io",
  "cpu-quota.crio.io",
  "bundle",
  "cgroup2-mount-hierarchy-rw.crio.io",
  "cpu-c-states.crio.io",
  "cpu-freq-governor.crio.io",
  "cpu-shared.crio.io",
  "devices.crio.io",
  "disable-fips.crio.io",
  "io.kubernetes.cri-o.DisableFIPS",
  "io.kubernetes.cri-o.LinkLogs",
  "io.kubernetes.cri-o.PlatformRuntimePath",
  "io.kubernetes.cri-o.Spoofed",
  "io.kubernetes.cri-o.cgroup2-mount-hierarchy-rw",
  "io.kubernetes.cri.container-type",
  "link-logs.crio.io",
  "org.criu.config",
  "org.opencontainers.image.stopSignal",
  "org.systemd.property.",
  "platform-runtime-path.crio.io",
  "pod-linux-overhead.crio.io",
  "pod-linux-resources.crio.io",
  "seccomp-notifier-action.crio.io",
  "seccomp-profile.crio.io",
  "seccomp-profile.kubernetes.cri-o.io",
  "shm-size.crio.io",
  "spoofed.crio.io",
  "try-skip-volume-selinux-label.crio.io",
  "umask.crio.io",
  "unified-cgroup.crio.io",
  "userns-mode.crio.io",
];

/** True for versions that filter Wasm annotations: 1.28.6, 1.29.4, 1.30.0 and later. */
export function filtersWasmAnnotations(version: string): boolean {
  const [, minor = 0, patch = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  return minor >= 30 || (minor === 29 && patch >= 4) || (minor === 28 && patch >= 6);
}

/**
 * Checks what CRI-O checks before it starts, and fills in where binaries are. Handlers other than the default one are
 * left out when they are wrong; their warnings are returned. Throws CrioConfigurationError.
 */
export function checkRuntimes(
  files: FileView,
  configuration: CrioConfiguration,
  version: string,
  findBinary: (name: string) => string | undefined,
): string[] {
  const { defaultRuntime, handlers } = configuration;
  const invalid = (words: string): CrioConfigurationError =>
    new CrioConfigurationError(`validating runtime config: ${words}`);
  if (!handlers.has(defaultRuntime)) {
    throw invalid(
      `default_runtime set to ${JSON.stringify(defaultRuntime)}, but no runtime entry table [crio.runtime.runtimes.${defaultRuntime}] was found`,
    );
  }
  const warnings: string[] = [];
  for (const [name, handler] of handlers) {
    const problem = problemOf(files, name, handler, version, findBinary);
    if (problem === undefined) continue;
    if (name === defaultRuntime) throw invalid(problem);
    warnings.push(`'${name} is being ignored due to: ${JSON.stringify(problem)}`);
    handlers.delete(name);
  }
  return warnings;
}

function problemOf(
  files: FileView,
  name: string,
  handler: CrioHandler,
  version: string,
  findBinary: (name: string) => string | undefined,
): string | undefined {
  if (handler.runtimePath === "") {
    const found = findBinary(name);
    if (found === undefined) {
      const quoted = JSON.stringify(name);
      return `${quoted} not found in $PATH: exec: ${quoted}: executable file not found in $PATH`;
    }
    handler.runtimePath = found;
  } else if (!files.exists(handler.runtimePath)) {
    return `invalid runtime_path for runtime '${name}': "stat ${handler.runtimePath}: no such file or directory"`;
  }
  if (!filtersWasmAnnotations(version)) return undefined;
  const unknown = handler.allowedAnnotations.find((entry) => !filteredAnnotations.includes(entry));
  return unknown === undefined ? undefined : `invalid allowed_annotation: ${unknown}`;
}

/** A pod's annotations as a handler's OCI runtime gets them. */
export function passedAnnotations(
  version: string,
  handler: CrioHandler | undefined,
  annotations: Record<string, string>,
): Record<string, string> {
  const extra = minorOf(version) >= 32 ? (handler?.defaultAnnotations ?? {}) : {};
  if (!filtersWasmAnnotations(version)) return { ...annotations, ...extra };
  const dropped = filteredAnnotations.filter((entry) => !handler?.allowedAnnotations.includes(entry));
  const passed = Object.entries(annotations).filter(([key]) => !dropped.some((prefix) => key.startsWith(prefix)));
  return { ...Object.fromEntries(passed), ...extra };
}
