import type { Executable } from "../../machine/executable.ts";
import { root } from "../../machine/files/file-system.ts";
import { decode } from "../../machine/io.ts";
import type { Process } from "../../machine/process.ts";
import { NetworkError } from "../../network/network.ts";
import type { SpinApplication } from "../../wasm/spin-app.ts";
import { openSpinApplication, serveSpinApplication, SpinApplicationError } from "../../wasm/spin-app.ts";
import type { SpinManifest, SpinSource } from "../../wasm/spin-manifest.ts";
import { parseLockedApplication, parseSpinManifest, SpinManifestError } from "../../wasm/spin-manifest.ts";
import { atLeast } from "../containerd/versions.ts";
import type { ImageContent } from "../images/oci.ts";
import { resolveInRootfs } from "../images/rootfs.ts";
import { execNative, findInContainer, isNative, nativeRequest } from "./native-process.ts";
import type { ContainerSpec, ExecOutcome, OciRuntime, PreparedProcess } from "./oci.ts";
import { OciError } from "./oci.ts";

/** Layers of an application as `spin registry push` names them. */
const layerTypes = {
  application: "application/vnd.fermyon.spin.application.v1+config",
  module: "application/vnd.wasm.content.layer.v1+wasm",
} as const;

/** What the shim could not do; `causes` are the chain below `message`, outermost first. */
class ShimError extends Error {
  override readonly name = "ShimError";
  readonly causes: readonly string[];
  constructor(message: string, causes: readonly string[] = []) {
    super(message);
    this.causes = causes;
  }
}

/**
 * The shim for Spin at `path`: Spin is linked into it, so a node needs nothing else to run an application.
 * Ordinary programs of a container, such as a sidecar's, it starts as runc would.
 */
export function createSpinShim(path: string, executable: Executable): OciRuntime {
  const spinVersion = executable.facts?.["spin"] ?? "";
  return {
    kind: "spin",
    path,
    executable,
    chain: (spec) => (nativeIn(spec, spec.argv) ? ["shim-spin"] : ["shim-spin", "spin"]),
    prepare(spec): PreparedProcess {
      const found = nativeIn(spec, spec.argv);
      if (found) return nativeRequest(spec, found);
      return {
        argv: [path],
        env: spec.env,
        cwd: "/",
        credentials: root,
        place: spec.place,
        program: (process) => runApplication(spec, process, executable, spinVersion),
      };
    },
    exec(spec, argv): Promise<ExecOutcome> {
      const found = nativeIn(spec, spec.argv) && nativeIn(spec, argv);
      if (found) return execNative(spec, argv, found);
      return Promise.reject(new OciError("failed to create exec: exec is not supported: not implemented"));
    },
  };
}

/** The program of the image that `argv` names; undefined for anything that no kernel executes. */
function nativeIn(spec: ContainerSpec, argv: readonly string[]) {
  const found = findInContainer(spec, argv[0] ?? "");
  return found.kind === "file" && isNative(found.entry.bytes) ? found : undefined;
}

/**
 * Serves the container's application until it is told to end.
 * Simplified: the container's memory limit is not counted; a real kernel ends a shim whose guests use more.
 */
async function runApplication(
  spec: ContainerSpec,
  process: Process,
  executable: Executable,
  spinVersion: string,
): Promise<number> {
  let application: SpinApplication | undefined;
  let stop: (() => void) | undefined;
  try {
    const { manifest, modules } = loadApplication(spec, executable.version);
    application = openSpinApplication({
      manifest,
      modules,
      spinVersion,
      clock: spec.machine.environment.clock,
      log: (_component, stream, bytes) => spec.log.write(stream, bytes),
      report: (message) => tell(spec, process, "error", message),
    });
    const { address, port } = listenAddress(spec, executable.version);
    stop = serveSpinApplication(application, {
      network: spec.machine.environment.network,
      place: process.place,
      address,
      port,
      process: "containerd-shim",
      pid: process.pid,
    });
    if (!spec.resumed) greet(spec, manifest, `${address}:${port}`);
    spec.onActive();
    await ended(process.signal);
    return 0;
  } catch (error) {
    const failure = asFailure(error);
    if (!failure) throw error;
    // A container's output stays empty: the shim says it in its own log, which containerd hands to the journal.
    tell(spec, process, "error", `run_wasi ERROR >>>  failed: ${failure}`);
    return 137;
  } finally {
    stop?.();
    application?.close();
  }
}

function asFailure(error: unknown): string | undefined {
  if (error instanceof NetworkError) return "Address already in use (os error 98)";
  if (error instanceof ShimError || error instanceof SpinApplicationError || error instanceof SpinManifestError) {
    const numbered = error.causes.length > 1;
    const causes = error.causes.map((cause, index) => `    ${numbered ? `${index}: ` : ""}${cause}`);
    return [error.message, ...(causes.length > 0 ? ["", "Caused by:", ...causes] : [])].join("\n");
  }
  return undefined;
}

const ended = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

function tell(spec: ContainerSpec, process: Process, level: string, message: string): void {
  const { journal, environment } = spec.machine;
  const time = `${new Date(environment.clock.now()).toISOString().slice(0, 19)}Z`;
  journal.append({
    unit: "containerd.service",
    identifier: "containerd",
    pid: process.parent,
    message: `time="${time}" level=${level} msg=${JSON.stringify(message)}`,
  });
}

interface Loaded {
  manifest: SpinManifest;
  modules: Map<string, Uint8Array>;
}

/** Throws ShimError or SpinManifestError. */
function loadApplication(spec: ContainerSpec, version: string): Loaded {
  const layers = spec.image ? artifactLayers(spec.image, version) : undefined;
  return layers ? fromArtifact(layers) : fromFiles(spec);
}

/** By digest; undefined for an image whose application lies in its files. */
function artifactLayers(
  image: ImageContent,
  version: string,
): Map<string, { mediaType: string; bytes: Uint8Array }> | undefined {
  if (!atLeast(version, "0.10.0") || image.config.architecture !== "wasm") return undefined;
  const known: readonly string[] = Object.values(layerTypes);
  const layers = image.layers.filter((layer) => known.includes(layer.descriptor.mediaType));
  if (layers.length === 0) return undefined;
  return new Map(
    layers.map(({ descriptor, bytes }) => [descriptor.digest, { mediaType: descriptor.mediaType, bytes }]),
  );
}

function fromArtifact(layers: ReadonlyMap<string, { mediaType: string; bytes: Uint8Array }>): Loaded {
  const application = [...layers.values()].find((layer) => layer.mediaType === layerTypes.application);
  if (!application) {
    throw new ShimError('failed to read "/spin.json"', ["No such file or directory (os error 2)"]);
  }
  const manifest = parseLockedApplication(decode(application.bytes));
  return load(manifest, (source, id) => {
    const bytes = source.kind === "digest" ? layers.get(source.digest)?.bytes : undefined;
    if (bytes) return bytes;
    throw new ShimError(`no cached content for component ${JSON.stringify(id)}`);
  });
}

function fromFiles(spec: ContainerSpec): Loaded {
  const found = resolveInRootfs(spec.rootfs, "/spin.toml");
  if (found?.entry.type !== "file") {
    throw new ShimError('Can\'t read manifest file "/spin.toml"', ["No such file or directory (os error 2)"]);
  }
  const manifest = parseSpinManifest(decode(found.entry.bytes));
  return load(manifest, (source, id) => {
    const failed = `Failed to load Wasm source for component ${JSON.stringify(id)}`;
    // Simplified: a real Spin fetches a module from the address that its manifest names.
    if (source.kind !== "file") throw new ShimError(failed, ["the lab's nodes fetch no modules from the internet"]);
    const module = resolveInRootfs(spec.rootfs, `/${source.path}`);
    if (module?.entry.type === "file") return module.entry.bytes;
    throw new ShimError(failed, [`"/${source.path}": No such file or directory (os error 2)`]);
  });
}

function load(manifest: SpinManifest, bytesOf: (source: SpinSource, id: string) => Uint8Array): Loaded {
  const modules = new Map(manifest.components.map(({ id, source }) => [id, bytesOf(source, id)]));
  return { manifest, modules };
}

/** Throws ShimError for an address that is none. */
function listenAddress(spec: ContainerSpec, version: string): { address: string; port: number } {
  const wanted = atLeast(version, "0.15.0") ? spec.env["SPIN_HTTP_LISTEN_ADDR"] : undefined;
  const match = /^(\d+\.\d+\.\d+\.\d+|localhost):(\d+)$/.exec(wanted ?? "0.0.0.0:80");
  const port = Number(match?.[2]);
  if (!match || port < 1 || port > 65_535) {
    throw new ShimError(`could not parse address: ${wanted}`, ["invalid socket address"]);
  }
  const [, host = ""] = match;
  return { address: host === "localhost" ? "127.0.0.1" : host, port };
}

function greet(spec: ContainerSpec, manifest: SpinManifest, address: string): void {
  const routes = manifest.triggers
    .filter((trigger) => trigger.type === "http")
    .map(
      ({ component, route }) =>
        `  ${component}: http://${address}${route === "/" ? "" : route.replace(/\/\.\.\.$/, "")}${route.endsWith("/...") ? " (wildcard)" : ""}`,
    );
  for (const line of ["", `Serving http://${address}`, "Available Routes:", ...routes]) spec.log.line("stdout", line);
}
