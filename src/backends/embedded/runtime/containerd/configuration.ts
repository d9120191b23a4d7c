import { parse, TomlError } from "smol-toml";
import type { FileView } from "../../machine/files/file-system.ts";
import { atLeast, newestFormat } from "./versions.ts";

type Table = Record<string, unknown>;

const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);

export interface ContainerdHandler {
  /** Empty when the table has no such line. */
  runtimeType: string;
  /** Where the shim is, instead of what the type says; empty by default. */
  runtimePath: string;
  binaryName: string;
  systemdCgroup: boolean;
  podAnnotations: string[];
}

export interface ContainerdConfiguration {
  /** What the file says, 1 when it says nothing; undefined without a file. */
  format: number | undefined;
  disabledPlugins: string[];
  defaultRuntime: string;
  handlers: Map<string, ContainerdHandler>;
  sandboxImage: string;
  networkFolder: string;
  pluginFolder: string;
  registry: unknown;
  /** The CRI plugin pulls by itself; otherwise the transfer service of containerd 2.1 does. */
  localPull: boolean;
  /** Keys that no plugin reads, as containerd 2 names them at its start. */
  ignoredKeys: string[];
}

/** config.toml cannot be read; the message follows `containerd: `. */
export class ContainerdConfigurationError extends Error {
  override readonly name = "ContainerdConfigurationError";
}

const names = {
  cri: "io.containerd.grpc.v1.cri",
  runtime: "io.containerd.cri.v1.runtime",
  images: "io.containerd.cri.v1.images",
} as const;

const runcHandler = (): ContainerdHandler => ({
  runtimeType: "io.containerd.runc.v2",
  runtimePath: "",
  binaryName: "",
  systemdCgroup: false,
  podAnnotations: [],
});

/** The sandbox image that a version has by default. */
export function defaultSandboxImage(version: string): string {
  const tag = [
    ["2.3.0", "3.10.2"],
    ["2.2.0", "3.10.1"],
    ["2.0.0", "3.10"],
    ["1.7.0", "3.8"],
  ].find(([since = ""]) => atLeast(version, since))?.[1];
  return `registry.k8s.io/pause:${tag ?? "3.6"}`;
}

/** Reads config.toml; without one the defaults hold. Throws ContainerdConfigurationError. */
export function readContainerdConfiguration(
  files: FileView,
  version: string,
  path = "/etc/containerd/config.toml",
): ContainerdConfiguration {
  const configuration: ContainerdConfiguration = {
    format: undefined,
    disabledPlugins: [],
    defaultRuntime: "runc",
    handlers: new Map([["runc", runcHandler()]]),
    sandboxImage: defaultSandboxImage(version),
    networkFolder: "/etc/cni/net.d",
    pluginFolder: "/opt/cni/bin",
    registry: undefined,
    localPull: !atLeast(version, "2.1.0"),
    ignoredKeys: [],
  };
  if (!files.exists(path)) return configuration;
  const parsed = parseFile(files, version, path);
  const format = typeof parsed["version"] === "number" ? Math.max(parsed["version"], 1) : 1;
  configuration.format = format;
  const disabled = parsed["disabled_plugins"];
  if (Array.isArray(disabled)) configuration.disabledPlugins = disabled.filter((entry) => typeof entry === "string");
  const plugins = at(parsed, "plugins");
  checkFormat(configuration, plugins, version, format, path);
  readPlugins(configuration, pluginTables(configuration, plugins, version, format));
  return configuration;
}

function parseFile(files: FileView, version: string, path: string): Table {
  try {
    return parse(files.readText(path));
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const words = error.message.split("\n")[0]?.replace(/^Invalid TOML document: /, "") ?? "";
    throw new ContainerdConfigurationError(
      atLeast(version, "2.0.0")
        ? `failed to load TOML from ${path}: failed to unmarshal TOML at row ${error.line} column ${error.column}: toml: ${words}`
        : `failed to load TOML: ${path}: (${error.line}, ${error.column}): ${words}`,
    );
  }
}

/** What a version refuses at once. */
function checkFormat(
  { disabledPlugins }: ContainerdConfiguration,
  plugins: Table,
  version: string,
  format: number,
  path: string,
): void {
  const expected = "expect io.containerd.x.vx";
  if (atLeast(version, "2.0.0")) {
    const newest = newestFormat(version);
    const failed = (words: string): ContainerdConfigurationError =>
      new ContainerdConfigurationError(`failed to load TOML from ${path}: ${words}`);
    if (format > newest) {
      throw failed(`expected containerd config version equal to or less than \`${newest}\`, got \`${format}\``);
    }
    if (format < 2) return;
    const wrong = disabledPlugins.find((plugin) => !plugin.includes("."));
    if (wrong !== undefined) throw failed(`invalid disabled plugin URI ${JSON.stringify(wrong)} ${expected}`);
    return;
  }
  if (format < 2) return;
  const isShort = (plugin: string): boolean => plugin.split(".").length < 4;
  const wrong = disabledPlugins.find(isShort);
  if (wrong !== undefined) {
    throw new ContainerdConfigurationError(`invalid disabled plugin URI ${JSON.stringify(wrong)} ${expected}`);
  }
  const key = Object.keys(plugins).find(isShort);
  if (key !== undefined) {
    throw new ContainerdConfigurationError(`invalid plugin key URI ${JSON.stringify(key)} ${expected}`);
  }
}

interface PluginTables {
  /** Where cni and containerd stand. */
  runtime: Table;
  sandboxImage: unknown;
  registry: Table;
  localPull: unknown;
}

/** The tables that this version takes its settings from: what stands under another version's names is not read. */
function pluginTables(
  configuration: ContainerdConfiguration,
  plugins: Table,
  version: string,
  format: number,
): PluginTables {
  const old = at(plugins, format === 1 ? "cri" : names.cri);
  if (!atLeast(version, "2.0.0")) {
    return { runtime: old, sandboxImage: old["sandbox_image"], registry: at(old, "registry"), localPull: undefined };
  }
  const runtime = at(plugins, names.runtime);
  const images = at(plugins, names.images);
  const localPull = images["use_local_image_pull"];
  if (format >= 3) {
    // The plugin of that name is left with the settings of its streaming server alone.
    for (const key of ["containerd", "cni", "registry", "sandbox_image"]) {
      if (key in old) configuration.ignoredKeys.push(...leaves(old[key], [key]));
    }
    return {
      runtime,
      sandboxImage: at(images, "pinned_images")["sandbox"],
      registry: at(images, "registry"),
      localPull,
    };
  }
  // An older file is migrated in memory, plugin by plugin.
  return {
    runtime: { ...runtime, ...old },
    sandboxImage: old["sandbox_image"] ?? at(images, "pinned_images")["sandbox"],
    registry: isTable(old["registry"]) ? old["registry"] : at(images, "registry"),
    localPull,
  };
}

function readPlugins(configuration: ContainerdConfiguration, tables: PluginTables): void {
  if (typeof tables.sandboxImage === "string") configuration.sandboxImage = tables.sandboxImage;
  configuration.registry = tables.registry;
  if (tables.localPull === true) configuration.localPull = true;
  const cni = at(tables.runtime, "cni");
  if (typeof cni["conf_dir"] === "string") configuration.networkFolder = cni["conf_dir"];
  const [folder] = Array.isArray(cni["bin_dirs"]) ? cni["bin_dirs"] : [];
  if (typeof folder === "string") configuration.pluginFolder = folder;
  if (typeof cni["bin_dir"] === "string" && cni["bin_dir"] !== "") configuration.pluginFolder = cni["bin_dir"];
  const containerd = at(tables.runtime, "containerd");
  const name = containerd["default_runtime_name"];
  if (typeof name === "string") configuration.defaultRuntime = name;
  for (const [handler, table] of Object.entries(at(containerd, "runtimes"))) {
    if (!isTable(table)) continue;
    const options = at(table, "options");
    const before = configuration.handlers.get(handler);
    configuration.handlers.set(handler, {
      runtimeType: typeof table["runtime_type"] === "string" ? table["runtime_type"] : (before?.runtimeType ?? ""),
      runtimePath: typeof table["runtime_path"] === "string" ? table["runtime_path"] : "",
      binaryName: typeof options["BinaryName"] === "string" ? options["BinaryName"] : "",
      systemdCgroup: options["SystemdCgroup"] === true,
      podAnnotations: Array.isArray(table["pod_annotations"])
        ? table["pod_annotations"].filter((entry) => typeof entry === "string")
        : [],
    });
  }
}

function leaves(value: unknown, path: readonly string[]): string[] {
  if (!isTable(value)) return [path.join(" ")];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

function at(table: Table, key: string): Table {
  const value = table[key];
  return isTable(value) ? value : {};
}

/** True when the CRI is switched off. */
export const criIsDisabled = (configuration: ContainerdConfiguration): boolean =>
  configuration.disabledPlugins.some((plugin) => plugin === "cri" || plugin === names.cri);

/** `io.containerd.spin.v2` is run by `containerd-shim-spin-v2`; undefined for what names no shim. */
export function shimName(runtimeType: string): string | undefined {
  const parts = runtimeType.split(".");
  if (parts.length < 2) return undefined;
  return `containerd-shim-${parts.at(-2)}-${parts.at(-1)}`;
}

/** Patterns of `pod_annotations` are globs. */
export function selectAnnotations(
  patterns: readonly string[],
  annotations: Readonly<Record<string, string>>,
): Record<string, string> {
  const globs = patterns.map(
    (pattern) =>
      new RegExp(
        `^${pattern
          .replace(/[.+^${}()|[\]\\]/g, "\\$&")
          .replaceAll("*", "[^/]*")
          .replaceAll("?", ".")}$`,
      ),
  );
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => globs.some((glob) => glob.test(key))));
}
