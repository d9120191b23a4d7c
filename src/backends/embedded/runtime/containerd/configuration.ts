import { parse, TomlError } from "smol-toml";
import type { FileView } from "../../machine/files/file-system.ts";

type Table = Record<string, unknown>;

const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);

export interface ContainerdHandler {
  runtimeType: string;
  binaryName: string;
  systemdCgroup: boolean;
  podAnnotations: string[];
}

export interface ContainerdConfiguration {
  disabledPlugins: string[];
  defaultRuntime: string;
  handlers: Map<string, ContainerdHandler>;
  sandboxImage: string;
  networkFolder: string;
  pluginFolder: string;
  registry: unknown;
}

/** config.toml cannot be read; the message follows `containerd: `. */
export class ContainerdConfigurationError extends Error {
  override readonly name = "ContainerdConfigurationError";
}

const runcHandler = (): ContainerdHandler => ({
  runtimeType: "io.containerd.runc.v2",
  binaryName: "",
  systemdCgroup: false,
  podAnnotations: [],
});

/** Reads config.toml; without one the defaults hold. Throws ContainerdConfigurationError. */
export function readContainerdConfiguration(
  files: FileView,
  version: string,
  path = "/etc/containerd/config.toml",
): ContainerdConfiguration {
  const isTwo = Number(version.split(".")[0]) >= 2;
  const configuration: ContainerdConfiguration = {
    disabledPlugins: [],
    defaultRuntime: "runc",
    handlers: new Map([["runc", runcHandler()]]),
    sandboxImage: isTwo ? "registry.k8s.io/pause:3.10" : "registry.k8s.io/pause:3.8",
    networkFolder: "/etc/cni/net.d",
    pluginFolder: "/opt/cni/bin",
    registry: undefined,
  };
  if (!files.exists(path)) return configuration;
  let parsed: unknown;
  try {
    parsed = parse(files.readText(path));
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const words = error.message.split("\n")[0]?.replace(/^Invalid TOML document: /, "") ?? "";
    throw new ContainerdConfigurationError(`failed to load TOML: ${path}: (${error.line}, ${error.column}): ${words}`);
  }
  if (!isTable(parsed)) return configuration;
  const disabled = parsed["disabled_plugins"];
  if (Array.isArray(disabled)) configuration.disabledPlugins = disabled.filter((entry) => typeof entry === "string");
  const plugins = at(parsed, "plugins");
  const format = typeof parsed["version"] === "number" ? parsed["version"] : 1;
  const readsNew = isTwo && format >= 3;
  // Version 1 files name the plugin `cri`; what stands under another version's name is ignored, as in reality.
  const cri = at(plugins, format === 1 ? "cri" : "io.containerd.grpc.v1.cri");
  const runtime = readsNew ? at(plugins, "io.containerd.cri.v1.runtime") : cri;
  const images = readsNew ? at(at(plugins, "io.containerd.cri.v1.images"), "pinned_images") : cri;
  const sandbox = readsNew ? images["sandbox"] : images["sandbox_image"];
  if (typeof sandbox === "string") configuration.sandboxImage = sandbox;
  configuration.registry = readsNew ? at(at(plugins, "io.containerd.cri.v1.images"), "registry") : at(cri, "registry");
  const cni = at(runtime, "cni");
  if (typeof cni["conf_dir"] === "string") configuration.networkFolder = cni["conf_dir"];
  if (typeof cni["bin_dir"] === "string") configuration.pluginFolder = cni["bin_dir"];
  const containerd = at(runtime, "containerd");
  const name = containerd["default_runtime_name"];
  if (typeof name === "string") configuration.defaultRuntime = name;
  for (const [handler, table] of Object.entries(at(containerd, "runtimes"))) {
    if (!isTable(table)) continue;
    const options = at(table, "options");
    configuration.handlers.set(handler, {
      runtimeType: typeof table["runtime_type"] === "string" ? table["runtime_type"] : "",
      binaryName: typeof options["BinaryName"] === "string" ? options["BinaryName"] : "",
      systemdCgroup: options["SystemdCgroup"] === true,
      podAnnotations: Array.isArray(table["pod_annotations"])
        ? table["pod_annotations"].filter((entry) => typeof entry === "string")
        : [],
    });
  }
  return configuration;
}

function at(table: Table, key: string): Table {
  const value = table[key];
  return isTable(value) ? value : {};
}

/** True when the CRI is switched off. */
export const criIsDisabled = (configuration: ContainerdConfiguration): boolean =>
  configuration.disabledPlugins.some((plugin) => plugin === "cri" || plugin === "io.containerd.grpc.v1.cri");

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
