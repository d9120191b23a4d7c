import type { Process, Program } from "../../machine/process.ts";
import {
  type ContainerdConfiguration,
  ContainerdConfigurationError,
  criIsDisabled,
  readContainerdConfiguration,
  selectAnnotations,
} from "../containerd/configuration.ts";
import { ContainerdClients, provideClients } from "../containerd/clients.ts";
import { defaultConfigurationText } from "../containerd/default-configuration.ts";
import { migratedText } from "../containerd/migrate.ts";
import { resolveHandler } from "../containerd/shims.ts";
import { atLeast, newestFormat } from "../containerd/versions.ts";
import { addToNetwork, CniError, loadNetwork } from "../containers/cni.ts";
import { ContainerEngine, type EngineFlavour } from "../containers/engine.ts";
import { OciError } from "../containers/oci.ts";
import { CriError } from "../cri.ts";
import { ImageStore, storageRoots } from "../images/image-store.ts";
import { chainId } from "../images/oci.ts";
import { PullError, pullForContainerd } from "../images/pull.ts";
import { logrusLine, untilStopped } from "./logrus.ts";

const socket = "/run/containerd/containerd.sock";

/** containerd with its CRI plugin, and `containerd config default|dump`. */
export const containerd: Program = async (process) => {
  const { version } = process.executable;
  const options = process.argv.slice(1);
  if (options.includes("--version") || options.includes("-v")) {
    const module = `github.com/containerd/containerd${version.startsWith("1.") ? "" : "/v2"}`;
    await process.out(`containerd ${module} v${version} ${revisionOf(version)}\n`);
    return 0;
  }
  const path = valueOf(options, ["--config", "-c"]) ?? "/etc/containerd/config.toml";
  if (options[0] === "config" && options[1] === "default") {
    await process.out(defaultConfigurationText(version));
    return 0;
  }
  let configuration: ContainerdConfiguration;
  try {
    configuration = readContainerdConfiguration(process.files, version, path);
  } catch (error) {
    if (!(error instanceof ContainerdConfigurationError)) throw error;
    await process.err(`containerd: ${error.message}\n`);
    return 1;
  }
  if (options[0] === "config" && options[1] === "dump") {
    await process.out(process.files.exists(path) ? process.files.readText(path) : defaultConfigurationText(version));
    return 0;
  }
  if (options[0] === "config" && options[1] === "migrate") {
    await process.out(migratedText(process.files.exists(path) ? process.files.readText(path) : "", version));
    return 0;
  }
  if (options[0] === "config") {
    await process.out(
      "NAME:\n   containerd config - Information on the containerd config\n\nUSAGE:\n   containerd config command [command options]\n\nCOMMANDS:\n   default  See the output of the default config\n   dump     See the output of the final main config with imported in subconfig files\n   migrate  Migrate the current configuration file to the latest version (does not migrate subconfig files)\n",
    );
    return 0;
  }
  const { machine } = process;
  if (process.credentials.uid !== 0) {
    await process.err("containerd: mkdir /var/lib/containerd: permission denied\n");
    return 1;
  }
  const line = (message: string): string => logrusLine(machine.environment.clock.now(), "info", message);
  if (!process.resumed) {
    await process.err(
      line("starting containerd") + warningsOf(configuration, version, machine.environment.clock.now()),
    );
  }
  const engine = new ContainerEngine(machine, createFlavour(process, configuration));
  if (!process.resumed) await machine.environment.pacing.wait("daemonStart", process.signal);
  await engine.recover(process.resumed);
  const service = criIsDisabled(configuration) ? new WithoutCri() : engine;
  const clients = new ContainerdClients(process, configuration.handlers, configuration.registry);
  clients.recover(process.resumed);
  provideClients(service, clients);
  const withdraw = machine.sockets.provide(socket, service);
  if (!process.resumed) await process.err(line(`containerd successfully booted in 0.031s`));
  process.notifyReady();
  await untilStopped(process.signal);
  withdraw();
  return 0;
};

/** What containerd says of a file that it reads in a way its author may not have meant. */
function warningsOf({ format, ignoredKeys }: ContainerdConfiguration, version: string, now: number): string {
  const ignored = ignoredKeys.map(
    (key) =>
      `${logrusLine(now, "warning", "Ignoring unknown key in TOML for plugin").trimEnd()} error="strict mode: fields in the document are missing in the target struct" key=${JSON.stringify(key)} plugin=io.containerd.grpc.v1.cri\n`,
  );
  const newest = newestFormat(version);
  const migrated =
    format !== undefined && atLeast(version, "2.0.0") && format < newest
      ? logrusLine(
          now,
          "warning",
          `Configuration migrated from version ${format}, use \`containerd config migrate\` to avoid migration`,
        )
      : "";
  return migrated + ignored.join("");
}

const configPathOf = (registry: unknown): string =>
  typeof registry === "object" && registry !== null && "config_path" in registry ? String(registry.config_path) : "";

/** containerd whose CRI plugin is disabled: it answers, but not to the CRI. */
class WithoutCri {
  readonly implementsCri = false;
}

const revisionOf = (version: string): string =>
  version === "1.7.12" ? "71909c1814c544ac47ab91d2e8b84718e517bb99" : "unknown";

function valueOf(options: readonly string[], names: readonly string[]): string | undefined {
  for (const name of names) {
    const joined = options.find((option) => option.startsWith(`${name}=`));
    if (joined !== undefined) return joined.slice(name.length + 1);
    const at = options.indexOf(name);
    if (at >= 0) return options[at + 1];
  }
  return undefined;
}

function createFlavour(process: Process, configuration: ContainerdConfiguration): EngineFlavour {
  const { machine } = process;
  const { version } = process.executable;
  const files = machine.rootFiles;
  const images = new ImageStore(machine, storageRoots.containerd);
  const isOne = version.startsWith("1.");
  const suffix = isOne ? ": unknown" : "";
  const nameOf = (handler: string): string => (handler === "" ? configuration.defaultRuntime : handler);
  const handlerOf = (handler: string, sandboxId: string) => {
    const known = configuration.handlers.get(nameOf(handler));
    // containerd 2 starts the sandbox through a controller of its own, which says so.
    const started = isOne ? "" : `failed to start sandbox ${JSON.stringify(sandboxId)}: `;
    if (!known) {
      const words = `no runtime for ${JSON.stringify(nameOf(handler))} is configured`;
      throw new CriError(
        "Unknown",
        isOne
          ? `failed to get sandbox runtime: ${words}`
          : `unable to get OCI runtime for sandbox ${JSON.stringify(sandboxId)}: ${words}`,
      );
    }
    if (known.runtimeType === "") {
      throw new CriError(
        "InvalidArgument",
        `${started}failed to create containerd container: create container failed validation: container.Runtime.Name must be set: invalid argument`,
      );
    }
    try {
      return resolveHandler(process, known, sandboxId);
    } catch (error) {
      if (!(error instanceof OciError)) throw error;
      throw new CriError("Unknown", `${started}failed to create containerd task: ${error.message}${suffix}`);
    }
  };
  const pull = async (reference: string) => {
    try {
      return await pullForContainerd({
        machine,
        store: images,
        name: reference,
        registryTable: configuration.registry,
        version,
        localPull: configuration.localPull,
        signal: process.signal,
      });
    } catch (error) {
      if (error instanceof PullError) throw new CriError(error.notFound ? "NotFound" : "Unknown", error.message);
      throw error;
    }
  };
  return {
    key: "containerd",
    name: "containerd",
    version: isOne ? `v${version}` : version,
    images,
    bundle: (id) => `/run/containerd/io.containerd.runtime.v2.task/k8s.io/${id}/rootfs`,
    sandboxImage: configuration.sandboxImage,
    failsAtCreate: false,
    jsonErrors: true,
    conditions() {
      const ready = { type: "RuntimeReady" as const, status: true, reason: "", message: "" };
      if (loadNetwork(files, configuration.networkFolder)) {
        return [ready, { type: "NetworkReady", status: true, reason: "", message: "" }];
      }
      const message = "Network plugin returns error: cni plugin not initialized";
      return [ready, { type: "NetworkReady", status: false, reason: "NetworkPluginNotReady", message }];
    },
    info: () => ({
      config: {
        containerd: {
          defaultRuntimeName: configuration.defaultRuntime,
          runtimes: Object.fromEntries(
            Array.from(configuration.handlers, ([name, handler]) => [
              name,
              { runtimeType: handler.runtimeType, options: { SystemdCgroup: handler.systemdCgroup } },
            ]),
          ),
        },
        cni: { binDir: configuration.pluginFolder, confDir: configuration.networkFolder },
        registry: { configPath: configPathOf(configuration.registry) },
        ...(atLeast(version, "2.1.0") ? { useLocalImagePull: configuration.localPull } : {}),
        sandboxImage: configuration.sandboxImage,
      },
      golang: "go1.20.13",
      lastCNILoadStatus: loadNetwork(files, configuration.networkFolder)
        ? "OK"
        : `cni config load failed: no network config found in ${configuration.networkFolder}: cni plugin not initialized: failed to load cni config`,
    }),
    runtimeFor: (handler, sandboxId) => handlerOf(handler, sandboxId).runtime,
    shimFor: (handler, sandboxId) => ({
      argv: [handlerOf(handler, sandboxId).shim, "-namespace", "k8s.io", "-id", sandboxId, "-address", socket],
      env: { PATH: process.env["PATH"] ?? "" },
    }),
    admitImage(image) {
      if (image.packed !== true) return;
      const diffIds = images.content(image)?.config.rootfs.diff_ids ?? [];
      throw new CriError(
        "NotFound",
        `failed to create containerd container: parent snapshot ${chainId(diffIds)} does not exist: not found`,
      );
    },
    noCommand: (id) =>
      `failed to generate container ${JSON.stringify(id)} spec: failed to generate spec: no command specified`,
    annotationsFor: (handler, annotations) =>
      selectAnnotations(configuration.handlers.get(nameOf(handler))?.podAnnotations ?? [], annotations),
    admitPod(config, handler, sandboxId) {
      const known = configuration.handlers.get(nameOf(handler));
      const parent = config.cgroupParent ?? "";
      // The other way round runc makes a group of a strange name, which works.
      if (!known?.systemdCgroup || parent === "" || parent.endsWith(".slice")) return;
      const words = `expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups, got "${parent}/${sandboxId}" instead`;
      throw new CriError(
        "Unknown",
        `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: ${words}${suffix}`,
      );
    },
    cgroupDriver: () =>
      isOne
        ? undefined
        : configuration.handlers.get(configuration.defaultRuntime)?.systemdCgroup
          ? "systemd"
          : "cgroupfs",
    connectPod(_config, sandboxId) {
      const failed = (words: string): CriError =>
        new CriError("Unknown", `failed to setup network for sandbox ${JSON.stringify(sandboxId)}: ${words}`);
      const network = loadNetwork(files, configuration.networkFolder);
      if (!network) throw failed("cni plugin not initialized");
      try {
        return addToNetwork(machine, network, [configuration.pluginFolder], sandboxId);
      } catch (error) {
        if (error instanceof CniError) throw failed(error.message);
        throw error;
      }
    },
    async prepareSandbox() {
      const image = configuration.sandboxImage;
      if (images.find(image)) return;
      try {
        await pull(image);
      } catch (error) {
        if (!(error instanceof CriError)) throw error;
        throw new CriError(
          error.code,
          `failed to get sandbox image ${JSON.stringify(image)}: failed to pull image ${JSON.stringify(image)}: ${error.message}`,
        );
      }
    },
    pull,
    imageRef: (image) => image.digests[0] ?? image.id,
    createFailure: (runtime, message) =>
      `failed to create containerd task: failed to create shim task: ${runtime.kind === "spin" ? "" : "OCI runtime create failed: "}${message}${suffix}`,
    admit: () => undefined,
    admitName: () => undefined,
  };
}
