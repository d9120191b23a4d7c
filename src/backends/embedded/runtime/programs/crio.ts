import type { Process, Program } from "../../machine/process.ts";
import { addToNetwork, CniError, findPlugin, loadNetwork } from "../containers/cni.ts";
import { ContainerEngine, type EngineFlavour } from "../containers/engine.ts";
import { lookUp, openRuntime } from "../containers/low-level-runtimes.ts";
import type { RuntimeCondition } from "../cri.ts";
import type { FileView } from "../../machine/files/file-system.ts";
import type { ContainerConfig, PodSandboxStatus } from "../cri.ts";
import { CriError } from "../cri.ts";
import type { CrioConfiguration } from "../crio/configuration.ts";
import {
  checkRuntimes,
  CrioConfigurationError,
  minorOf,
  passedAnnotations,
  readConfiguration,
} from "../crio/configuration.ts";
import { ImageStore, storageRoots } from "../images/image-store.ts";
import { PullError, pullForCrio } from "../images/pull.ts";
import { InvalidReference } from "../images/reference.ts";
import { readRegistriesConf, RegistriesConfError, resolveShortName } from "../images/registries-conf.ts";
import { fatal, logrusLine, untilStopped } from "./logrus.ts";

const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The CRI-O daemon: reads its configuration, checks it and serves the CRI at its socket. */
export const crio: Program = async (process) => {
  const { version } = process.executable;
  const options = process.argv.slice(1);
  if (options.includes("--version") || options.includes("-v") || options[0] === "version") {
    await process.out(versionText(version));
    return 0;
  }
  const { machine } = process;
  let configuration: CrioConfiguration;
  let warnings: string[];
  try {
    configuration = readConfiguration(process.files, version, flag(options, "--config"), flag(options, "--config-dir"));
    warnings = checkRuntimes(process.files, configuration, version, (name) => lookUp(process.files, name, searchPath));
  } catch (error) {
    if (!(error instanceof CrioConfigurationError)) throw error;
    return fatal(process, error.message);
  }
  if (options[0] === "config") {
    await process.out(configurationText(configuration));
    return 0;
  }
  if (process.credentials.uid !== 0) return fatal(process, "mkdir /var/run/crio: permission denied");
  const now = (): number => machine.environment.clock.now();
  const tell = async (text: string): Promise<void> => (process.resumed ? undefined : process.err(text));
  await tell(
    logrusLine(now(), "info", `Starting CRI-O, version: ${version}, git: unknown(clean)`) +
      logrusLine(now(), "info", "Node configuration value for hugetlb cgroup is true"),
  );
  for (const warning of warnings) await tell(logrusLine(now(), "warning", warning));
  const { network } = describeNetwork(process, configuration);
  if (network) {
    await tell(
      logrusLine(now(), "info", `Found CNI network ${network.name} (type=${network.plugins[0]}) at ${network.file}`) +
        logrusLine(now(), "info", `Updated default CNI network name to ${network.name}`),
    );
  }
  const engine = new ContainerEngine(machine, createFlavour(process, configuration));
  if (!process.resumed) await machine.environment.pacing.wait("daemonStart", process.signal);
  await engine.recover(process.resumed);
  const withdraw = machine.sockets.provide(configuration.listen, engine);
  process.notifyReady();
  await untilStopped(process.signal);
  withdraw();
  return 0;
};

/** The container monitor that CRI-O starts beside each container. */
function conmonArguments(
  files: FileView,
  id: string,
  sandbox: PodSandboxStatus,
  config: ContainerConfig,
  handler: string,
): string[] {
  const folder = `/run/containers/storage/overlay-containers/${id}/userdata`;
  const { name, namespace, uid } = sandbox.config;
  const conmon = ["/usr/bin/conmon", "/usr/libexec/crio/conmon", "/usr/libexec/podman/conmon"].find((path) =>
    files.exists(path),
  );
  const log = `${sandbox.config.logDirectory}/${config.logPath}`;
  const pods = `k8s_${config.name}_${name}_${namespace}_${uid}_${config.attempt}`;
  const text =
    `-b ${folder} -c ${id} --exit-dir /var/run/crio/exits -l ${log} --log-level info -n ${pods} ` +
    `-P ${folder}/conmon-pidfile -p ${folder}/pidfile -r ${handler} --runtime-arg --root=/run/${handler} ` +
    `--socket-dir-path /var/run/crio --syslog -u ${id}`;
  return [conmon ?? "/usr/bin/conmon", ...text.split(" ")];
}

function flag(options: readonly string[], name: string): string | undefined {
  const joined = options.find((option) => option.startsWith(`${name}=`));
  if (joined !== undefined) return joined.slice(name.length + 1);
  const at = options.indexOf(name);
  return at < 0 ? undefined : options[at + 1];
}

/** The first network whose plugins are installed, as the library that CRI-O uses looks for it. */
function describeNetwork(process: Process, configuration: CrioConfiguration) {
  const folder = configuration.networkFolder;
  const network = loadNetwork(process.machine.rootFiles, folder);
  const missing = network?.plugins.find(
    (plugin) => findPlugin(process.machine.rootFiles, configuration.pluginFolders, plugin) === undefined,
  );
  return { network: missing === undefined ? network : undefined };
}

function createFlavour(process: Process, configuration: CrioConfiguration): EngineFlavour {
  const { machine } = process;
  const { version } = process.executable;
  const files = machine.rootFiles;
  const images = new ImageStore(machine, storageRoots.containers);
  const nameOf = (handler: string): string => (handler === "" ? configuration.defaultRuntime : handler);
  const noNetwork = (): string =>
    `${minorOf(version) >= 28 ? "no" : "No"} CNI configuration file in ${configuration.networkFolder}. Has your network provider started?`;
  return {
    key: "crio",
    name: "cri-o",
    version,
    images,
    bundle: (id) => `${storageRoots.containers}/overlay/${id}/merged`,
    monitorFor: (id, sandbox, config) => conmonArguments(files, id, sandbox, config, nameOf(sandbox.handler)),
    failsAtCreate: true,
    jsonErrors: false,
    conditions(): RuntimeCondition[] {
      const ready: RuntimeCondition = { type: "RuntimeReady", status: true, reason: "", message: "" };
      const { network } = describeNetwork(process, configuration);
      if (network) return [ready, { type: "NetworkReady", status: true, reason: "", message: "" }];
      const message = `Network plugin returns error: ${noNetwork()}`;
      return [ready, { type: "NetworkReady", status: false, reason: "NetworkPluginNotReady", message }];
    },
    info: () => ({
      config: {
        crio: {
          CgroupManagerName: configuration.cgroupManager,
          DefaultRuntime: configuration.defaultRuntime,
          Runtimes: Object.fromEntries(
            Array.from(configuration.handlers, ([name, handler]) => [
              name,
              { RuntimePath: handler.runtimePath, AllowedAnnotations: handler.allowedAnnotations },
            ]),
          ),
        },
      },
      sandboxImage: configuration.pauseImage,
    }),
    runtimeFor(handler) {
      const known = configuration.handlers.get(nameOf(handler));
      if (!known) {
        const list = Array.from(configuration.handlers.keys(), (name) => `${name}:0xc0004a2d80`).join(" ");
        throw new CriError("Unknown", `failed to find runtime handler ${handler} from runtime list map[${list}]`);
      }
      const runtime = openRuntime(files, known.runtimePath);
      if (!runtime) {
        throw new CriError(
          "Unknown",
          `container create failed: failed to start ${known.runtimePath}: ${files.exists(known.runtimePath) ? "Exec format error" : "No such file or directory"}`,
        );
      }
      return runtime;
    },
    annotationsFor: (handler, annotations) =>
      passedAnnotations(version, configuration.handlers.get(nameOf(handler)), annotations),
    admitPod(config) {
      const { cgroupManager } = configuration;
      const parent = config.cgroupParent ?? "";
      const isSlice = parent.endsWith(".slice");
      if (parent === "" || isSlice === (cgroupManager === "systemd")) return;
      const wrong = isSlice
        ? `received systemd slice as parent: ${parent}`
        : `did not receive slice as parent: ${parent}`;
      throw new CriError("Unknown", `cri-o configured with ${cgroupManager} cgroup manager, but ${wrong}`);
    },
    cgroupDriver: () =>
      minorOf(version) < 28 ? undefined : configuration.cgroupManager === "systemd" ? "systemd" : "cgroupfs",
    connectPod(config, sandboxId) {
      const name = `k8s_${config.name}_${config.namespace}_${config.uid}_${config.attempt}`;
      const { network } = describeNetwork(process, configuration);
      const failed = (words: string): CriError =>
        new CriError("Unknown", `failed to create pod network sandbox ${name}(${sandboxId}): ${words}`);
      if (!network) {
        throw failed(noNetwork());
      }
      const pod = `error adding pod ${config.namespace}_${config.name} to CNI network`;
      try {
        if (!findPlugin(files, configuration.pluginFolders, "loopback")) {
          const path = configuration.pluginFolders.join(" ");
          throw new CniError(`plugin type="loopback" failed (add): failed to find plugin "loopback" in path [${path}]`);
        }
        return addToNetwork(machine, network, configuration.pluginFolders, sandboxId);
      } catch (error) {
        if (error instanceof CniError) throw failed(`${pod} ${JSON.stringify(network.name)}: ${error.message}`);
        throw error;
      }
    },
    prepareSandbox: () => Promise.resolve(),
    async pull(reference) {
      try {
        return await pullForCrio({ machine, store: images, name: reference, signal: process.signal });
      } catch (error) {
        if (error instanceof PullError) throw new CriError("Unknown", error.message);
        throw error;
      }
    },
    admitName(reference) {
      if (configuration.shortNameMode !== "enforcing") return;
      try {
        if (resolveShortName(reference, readRegistriesConf(files)).length < 2) return;
      } catch (error) {
        // What cannot be resolved is said by the pull.
        if (error instanceof RegistriesConfError || error instanceof InvalidReference) return;
        throw error;
      }
      const name = /[:@][^/]*$/.test(reference) ? reference : `${reference}:latest`;
      throw new CriError("Unknown", `short name mode is enforcing, but image name ${name} returns ambiguous list`);
    },
    imageRef: (image) => image.digests[0] ?? image.id,
    noCommand: () => "no command specified",
    createFailure(runtime, message) {
      if (runtime.kind === "crun") return `container create failed: ${message}\n`;
      const line = logrusLine(machine.environment.clock.now(), "error", message);
      return `container create failed: ${line}`;
    },
    admit(config) {
      const least = 12 * 1024 * 1024;
      if (config.memoryLimit !== undefined && config.memoryLimit > 0 && config.memoryLimit < least) {
        throw new CriError("Unknown", `set memory limit ${config.memoryLimit} too low; should be at least ${least}`);
      }
    },
  };
}

function versionText(version: string): string {
  if (minorOf(version) >= 30) return newerVersionText(version);
  return `crio version ${version}
Version:          ${version}
GitCommit:        ${version === "1.24.6" ? "4bfe15a9feb74ffc95e66a21c04b15fa7bbc2b90" : "unknown"}
GitTreeState:     clean
BuildDate:        2023-06-14T14:44:50Z
GoVersion:        go1.18.2
Compiler:         gc
Platform:         linux/amd64
Linkmode:         dynamic
BuildTags:        apparmor, exclude_graphdriver_devicemapper, containers_image_ostree_stub, seccomp
SeccompEnabled:   true
AppArmorEnabled:  true
`;
}

const newerVersionText = (version: string): string => `crio version ${version}
   GitCommit:      unknown
   GitCommitDate:  unknown
   GitTreeState:   clean
   GoVersion:      go1.26.10
   Compiler:       gc
   Platform:       linux/amd64
   Linkmode:       static
   BuildTags:
     static
     netgo
     osusergo
     exclude_graphdriver_btrfs
     seccomp
     apparmor
     selinux
   LDFlags:          unknown
   SeccompEnabled:   true
   AppArmorEnabled:  true
`;

function configurationText(configuration: CrioConfiguration): string {
  const handlers = Array.from(
    configuration.handlers,
    ([name, handler]) =>
      `[crio.runtime.runtimes.${name}]\nruntime_path = ${JSON.stringify(handler.runtimePath)}\nruntime_type = ${JSON.stringify(handler.runtimeType)}\nruntime_root = "/run/${name}"\n`,
  );
  return `[crio]
[crio.api]
listen = ${JSON.stringify(configuration.listen)}

[crio.runtime]
default_runtime = ${JSON.stringify(configuration.defaultRuntime)}
cgroup_manager = ${JSON.stringify(configuration.cgroupManager)}
conmon = ${JSON.stringify(configuration.conmon)}

${handlers.join("\n")}
[crio.image]
pause_image = ${JSON.stringify(configuration.pauseImage)}

[crio.network]
network_dir = ${JSON.stringify(configuration.networkFolder)}
plugin_dirs = [
${configuration.pluginFolders.map((folder) => `\t${JSON.stringify(folder)},\n`).join("")}]
`;
}
