import { parse } from "yaml";
import type { Process, Program } from "../../machine/process.ts";
import type { ContainerRuntime, ContainerStatus, PodSandboxStatus, PulledImage } from "../cri.ts";
import { CriError } from "../cri.ts";
import { isRuntime } from "../kubelet/configuration.ts";
import { readLog } from "../kubelet/log-reader.ts";
import { CriFileError, readContainerFile, readPodFile } from "./crictl-files.ts";
import { logrusLine } from "./logrus.ts";

/** Where a version looks for a runtime when nothing names one; dockershim's socket is remembered up to 1.28. */
const probedBy = (version: string): readonly string[] =>
  Number(version.split(".")[1] ?? 0) >= 29 ? knownSockets.slice(1) : knownSockets;

const knownSockets = [
  "unix:///var/run/dockershim.sock",
  "unix:///run/containerd/containerd.sock",
  "unix:///run/crio/crio.sock",
  "unix:///var/run/cri-dockerd.sock",
];

interface Options {
  endpoint: string | undefined;
  all: boolean;
  quiet: boolean;
  follow: boolean;
  tail: number | undefined;
  output: string;
  name: string;
  pod: string;
  namespace: string;
  words: string[];
}

/** The CRI's command line: asks the runtime behind the endpoint. */
export const crictl: Program = async (process) => {
  const options = parseOptions(process.argv.slice(1));
  const command = options.words[0];
  if (process.argv.includes("--version") || process.argv.includes("-v")) {
    await process.out(`crictl version v${process.executable.version}\n`);
    return 0;
  }
  if (command === undefined || command === "help") {
    await process.out(
      "NAME:\n   crictl - client for CRI\n\nUSAGE:\n   crictl [global options] command [command options] [arguments...]\n",
    );
    return 0;
  }
  const runtime = await connect(process, options);
  if (!runtime) return 1;
  try {
    return await run(process, runtime, command, options);
  } catch (error) {
    if (!(error instanceof CriError)) throw error;
    await say(process, "fatal", `rpc error: code = ${error.code} desc = ${error.message}`);
    return 1;
  }
};

const say = (process: Process, level: string, message: string): Promise<void> =>
  process.err(logrusLine(process.machine.environment.clock.now(), level, message));

function parseOptions(argv: readonly string[]): Options {
  const options: Options = {
    endpoint: undefined,
    all: false,
    quiet: false,
    follow: false,
    tail: undefined,
    output: "table",
    name: "",
    pod: "",
    namespace: "",
    words: [],
  };
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? "";
    // What runs in the container has options of its own.
    if (options.words[0] === "exec" && options.words.length >= 2) {
      options.words.push(word);
      continue;
    }
    const [flag = "", joined] = word.startsWith("-") ? word.split(/=(.*)/s) : [word];
    const value = (): string => joined ?? argv[(index += 1)] ?? "";
    switch (flag) {
      case "-r":
      case "--runtime-endpoint":
        options.endpoint = value();
        break;
      case "-i":
      case "--image-endpoint":
      case "-t":
      case "--timeout":
        value();
        break;
      case "-a":
      case "--all":
        options.all = true;
        break;
      case "-q":
      case "--quiet":
        options.quiet = true;
        break;
      case "-f":
      case "--follow":
        options.follow = true;
        break;
      case "--tail":
        options.tail = Number(value());
        break;
      case "-o":
      case "--output":
        options.output = value();
        break;
      case "--name":
        options.name = value();
        break;
      case "-p":
      case "--pod":
        options.pod = value();
        break;
      case "--namespace":
        options.namespace = value();
        break;
      default:
        if (!word.startsWith("-")) options.words.push(word);
    }
  }
  return options;
}

function configured(process: Process): string | undefined {
  if (!process.machine.rootFiles.exists("/etc/crictl.yaml")) return undefined;
  const parsed: unknown = parse(process.machine.rootFiles.readText("/etc/crictl.yaml"));
  if (typeof parsed !== "object" || parsed === null || !("runtime-endpoint" in parsed)) return undefined;
  const endpoint = parsed["runtime-endpoint"];
  return typeof endpoint === "string" && endpoint !== "" ? endpoint : undefined;
}

async function connect(process: Process, options: Options): Promise<ContainerRuntime | undefined> {
  const { machine } = process;
  const explicit = options.endpoint ?? process.env["CONTAINER_RUNTIME_ENDPOINT"] ?? configured(process);
  if (explicit === undefined) {
    await say(
      process,
      "warning",
      `runtime connect using default endpoints: [${probedBy(process.executable.version).join(" ")}]. As the default settings are now deprecated, you should set the endpoint instead.`,
    );
  }
  const endpoints = explicit === undefined ? probedBy(process.executable.version) : [explicit];
  let failure = "";
  for (const endpoint of endpoints) {
    const path = endpoint.replace(/^unix:\/\//, "");
    if (process.credentials.uid !== 0) {
      failure = `validate service connection: validate CRI v1 runtime API for endpoint ${JSON.stringify(endpoint)}: rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial unix ${path}: connect: permission denied"`;
      continue;
    }
    const service = machine.sockets.connect(path);
    if (service && isRuntime(service)) return service;
    const reason = machine.rootFiles.exists(path) ? "connection refused" : "no such file or directory";
    failure = service
      ? `validate service connection: validate CRI v1 runtime API for endpoint ${JSON.stringify(endpoint)}: rpc error: code = Unimplemented desc = unknown service runtime.v1.RuntimeService`
      : `validate service connection: validate CRI v1 runtime API for endpoint ${JSON.stringify(endpoint)}: rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial unix ${path}: connect: ${reason}"`;
    if (explicit === undefined) await say(process, "error", failure);
  }
  await say(process, "fatal", failure);
  return undefined;
}

async function run(process: Process, runtime: ContainerRuntime, command: string, options: Options): Promise<number> {
  const rest = options.words.slice(1);
  switch (command) {
    case "version": {
      const version = runtime.version();
      await process.out(
        `Version:  0.1.0\nRuntimeName:  ${version.runtimeName}\nRuntimeVersion:  ${version.runtimeVersion}\nRuntimeApiVersion:  ${version.runtimeApiVersion}\n`,
      );
      return 0;
    }
    case "info": {
      const status = { conditions: runtime.status() };
      await process.out(`${JSON.stringify({ ...runtime.info(), status }, null, 2)}\n`);
      return 0;
    }
    case "images":
    case "image":
    case "img":
      return listImages(process, runtime, options);
    case "ps":
      return listContainers(process, runtime, options);
    case "pods":
      return listPods(process, runtime, options);
    case "pull": {
      const [image = ""] = rest;
      const pulled = await runtime.pullImage(image);
      await process.out(`Image is up to date for ${pulled.digests[0] ?? pulled.id}\n`);
      return 0;
    }
    case "rmi":
      for (const image of rest) {
        if (!runtime.imageStatus(image)) {
          await say(process, "error", `no such image ${image}`);
          return 1;
        }
        await runtime.removeImage(image);
        await process.out(`Deleted: ${image}\n`);
      }
      return 0;
    case "inspect":
    case "inspectp":
    case "inspecti":
      return inspect(process, runtime, command, rest);
    case "logs":
      return showLogs(process, runtime, rest, options);
    case "stop":
    case "rm":
    case "start": {
      for (const id of rest) {
        const container = findContainer(runtime, id);
        if (!container) return missing(process, "container", id);
        if (command === "stop") await runtime.stopContainer(container.id, 0);
        else if (command === "rm") await runtime.removeContainer(container.id);
        else await runtime.startContainer(container.id);
        await process.out(`${id}\n`);
      }
      return 0;
    }
    case "runp":
    case "create":
    case "run":
      return createFromFiles(process, runtime, command, rest);
    case "stopp":
    case "rmp":
      for (const id of rest) {
        const pod = findPod(runtime, id);
        if (!pod) return missing(process, "pod sandbox", id);
        if (command === "stopp") await runtime.stopPodSandbox(pod.id);
        else await runtime.removePodSandbox(pod.id);
        await process.out(command === "stopp" ? `Stopped sandbox ${id}\n` : `Removed sandbox ${id}\n`);
      }
      return 0;
    case "exec": {
      const [id = "", ...argv] = rest;
      const container = findContainer(runtime, id);
      if (!container) return missing(process, "container", id);
      const outcome = await runtime.exec(container.id, argv);
      await process.out(outcome.stdout);
      await process.err(outcome.stderr);
      return outcome.exitCode;
    }
    default:
      await process.err(`No help topic for '${command}'\n`);
      return 3;
  }
}

/** `runp POD`, `create ID CONTAINER POD` and `run CONTAINER POD`, from the CRI's messages in files. */
async function createFromFiles(
  process: Process,
  runtime: ContainerRuntime,
  command: string,
  words: readonly string[],
): Promise<number> {
  const wanted = command === "runp" ? 1 : command === "run" ? 2 : 3;
  if (words.length !== wanted) {
    await process.err(`crictl ${command}: ${wanted} arguments expected, got ${words.length}\n`);
    return 1;
  }
  const read = (file: string): string => process.files.readText(process.resolve(file));
  try {
    const pod = readPodFile(read(words.at(-1) ?? ""), process.machine.name);
    if (command === "runp") {
      await process.out(`${await runtime.runPodSandbox(pod, "")}\n`);
      return 0;
    }
    const container = readContainerFile(read(words.at(-2) ?? ""));
    const sandbox = command === "run" ? await runtime.runPodSandbox(pod, "") : findPod(runtime, words[0] ?? "")?.id;
    if (sandbox === undefined) return await missing(process, "pod sandbox", words[0] ?? "");
    const id = await runtime.createContainer(sandbox, container);
    if (command === "run") await runtime.startContainer(id);
    await process.out(`${id}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof CriFileError)) throw error;
    await say(process, "fatal", error.message);
    return 1;
  }
}

async function missing(process: Process, kind: string, id: string): Promise<number> {
  await say(process, "fatal", `rpc error: code = NotFound desc = could not find ${kind} ${JSON.stringify(id)}`);
  return 1;
}

const findContainer = (runtime: ContainerRuntime, id: string): ContainerStatus | undefined =>
  id === "" ? undefined : runtime.listContainers().find((container) => container.id.startsWith(id));

const findPod = (runtime: ContainerRuntime, id: string): PodSandboxStatus | undefined =>
  id === "" ? undefined : runtime.listPodSandboxes().find((pod) => pod.id.startsWith(id));

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)) + 3);
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
        .join("")
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join("");
}

function humanSize(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${Number(value.toPrecision(3))}${units[unit]}`;
}

function age(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 1) return "Less than a second ago";
  if (seconds === 1) return "1 second ago";
  if (seconds < 60) return `${seconds} seconds ago`;
  const minutes = Math.floor(seconds / 60);
  if (minutes === 1) return "About a minute ago";
  if (minutes < 60) return `${minutes} minutes ago`;
  const hours = Math.round(minutes / 60);
  if (hours === 1) return "About an hour ago";
  return hours < 48 ? `${hours} hours ago` : `${Math.round(hours / 24)} days ago`;
}

const split = (name: string): [string, string] => {
  const at = name.lastIndexOf(":");
  return at > name.lastIndexOf("/") ? [name.slice(0, at), name.slice(at + 1)] : [name, "<none>"];
};

async function listImages(process: Process, runtime: ContainerRuntime, options: Options): Promise<number> {
  const images = runtime.listImages();
  if (options.output === "json") {
    const list = images.map((image) => ({
      id: image.id.replace("sha256:", ""),
      repoTags: image.tags,
      repoDigests: image.digests,
      size: String(image.size),
    }));
    await process.out(`${JSON.stringify({ images: list }, null, 2)}\n`);
    return 0;
  }
  if (options.quiet) {
    await process.out(images.map((image) => `${image.id.replace("sha256:", "")}\n`).join(""));
    return 0;
  }
  const rows = images
    .flatMap((image) => {
      const id = image.id.replace("sha256:", "").slice(0, 13);
      const names = image.tags.length > 0 ? image.tags.map((tag) => split(tag)) : [["<none>", "<none>"] as const];
      return names.map(([name, tag]) => [name, tag, id, humanSize(image.size)]);
    })
    .sort((a, b) => ((a[0] ?? "") < (b[0] ?? "") ? -1 : 1));
  await process.out(table([["IMAGE", "TAG", "IMAGE ID", "SIZE"], ...rows]));
  return 0;
}

async function listContainers(process: Process, runtime: ContainerRuntime, options: Options): Promise<number> {
  const now = process.machine.environment.clock.now();
  const pods = new Map(runtime.listPodSandboxes().map((pod) => [pod.id, pod]));
  const containers = runtime
    .listContainers()
    .filter((container) => options.all || container.state === "running")
    .filter((container) => options.name === "" || container.config.name.includes(options.name))
    .filter((container) => options.pod === "" || container.sandboxId.startsWith(options.pod))
    .sort((a, b) => b.createdAt - a.createdAt);
  if (options.quiet) {
    await process.out(containers.map((container) => `${container.id}\n`).join(""));
    return 0;
  }
  if (options.output === "json") {
    const list = containers.map((container) => ({
      id: container.id,
      podSandboxId: container.sandboxId,
      metadata: { name: container.config.name, attempt: container.config.attempt },
      image: { image: container.config.image },
      state: `CONTAINER_${container.state.toUpperCase()}`,
    }));
    await process.out(`${JSON.stringify({ containers: list }, null, 2)}\n`);
    return 0;
  }
  const rows = containers.map((container) => [
    container.id.slice(0, 13),
    container.config.image,
    age(now - container.createdAt),
    container.state === "running" ? "Running" : container.state === "exited" ? "Exited" : "Created",
    container.config.name,
    String(container.config.attempt),
    container.sandboxId.slice(0, 13),
    pods.get(container.sandboxId)?.config.name ?? "unknown",
  ]);
  await process.out(table([["CONTAINER", "IMAGE", "CREATED", "STATE", "NAME", "ATTEMPT", "POD ID", "POD"], ...rows]));
  return 0;
}

async function listPods(process: Process, runtime: ContainerRuntime, options: Options): Promise<number> {
  const now = process.machine.environment.clock.now();
  const pods = runtime
    .listPodSandboxes()
    .filter((pod) => options.name === "" || pod.config.name.includes(options.name))
    .filter((pod) => options.namespace === "" || pod.config.namespace === options.namespace)
    .sort((a, b) => b.createdAt - a.createdAt);
  if (options.quiet) {
    await process.out(pods.map((pod) => `${pod.id}\n`).join(""));
    return 0;
  }
  if (options.output === "json") {
    const items = pods.map((pod) => podStatus(pod));
    await process.out(`${JSON.stringify({ items }, null, 2)}\n`);
    return 0;
  }
  const rows = pods.map((pod) => [
    pod.id.slice(0, 13),
    age(now - pod.createdAt),
    pod.state === "ready" ? "Ready" : "NotReady",
    pod.config.name,
    pod.config.namespace,
    String(pod.config.attempt),
    pod.handler === "" ? "(default)" : pod.handler,
  ]);
  await process.out(table([["POD ID", "CREATED", "STATE", "NAME", "NAMESPACE", "ATTEMPT", "RUNTIME"], ...rows]));
  return 0;
}

/** Simplified: without the runtime's own additions such as snapshot keys. */
function inspected(runtime: ContainerRuntime, found: ContainerStatus | PodSandboxStatus | PulledImage): object {
  if ("sandboxId" in found) return { status: containerStatus(found), info: runtime.details?.(found.id) ?? {} };
  if ("handler" in found) return { status: podStatus(found), info: runtime.details?.(found.id) ?? {} };
  const { id, tags, digests, size } = found;
  return { status: { id, repoTags: tags, repoDigests: digests, size: String(size) }, info: {} };
}

const timeOf = (ms: number): string => (ms === 0 ? "0001-01-01T00:00:00Z" : new Date(ms).toISOString());

function containerStatus(container: ContainerStatus): object {
  const { config } = container;
  return {
    id: container.id,
    metadata: { attempt: config.attempt, name: config.name },
    state: `CONTAINER_${container.state.toUpperCase()}`,
    createdAt: timeOf(container.createdAt),
    startedAt: timeOf(container.startedAt),
    finishedAt: timeOf(container.finishedAt),
    exitCode: container.exitCode,
    image: { image: config.image },
    imageRef: container.imageRef,
    reason: container.reason,
    message: container.message,
    labels: config.labels,
    annotations: config.annotations,
    mounts: config.mounts.map(({ containerPath, hostPath, readOnly }) => ({
      containerPath,
      hostPath,
      readonly: readOnly,
    })),
    logPath: config.logPath,
  };
}

function podStatus(pod: PodSandboxStatus): object {
  const { config } = pod;
  return {
    id: pod.id,
    metadata: { attempt: config.attempt, name: config.name, namespace: config.namespace, uid: config.uid },
    state: pod.state === "ready" ? "SANDBOX_READY" : "SANDBOX_NOTREADY",
    createdAt: timeOf(pod.createdAt),
    network: { additionalIps: [], ip: pod.address },
    linux: { namespaces: { options: { ipc: "POD", network: config.hostNetwork ? "NODE" : "POD", pid: "CONTAINER" } } },
    labels: config.labels,
    annotations: config.annotations,
    runtimeHandler: pod.handler,
  };
}

async function inspect(
  process: Process,
  runtime: ContainerRuntime,
  command: string,
  ids: readonly string[],
): Promise<number> {
  for (const id of ids) {
    const found =
      command === "inspect"
        ? findContainer(runtime, id)
        : command === "inspectp"
          ? findPod(runtime, id)
          : runtime.imageStatus(id);
    if (!found)
      return missing(
        process,
        command === "inspect" ? "container" : command === "inspectp" ? "pod sandbox" : "image",
        id,
      );
    await process.out(`${JSON.stringify(inspected(runtime, found), null, 2)}\n`);
  }
  return 0;
}

async function showLogs(
  process: Process,
  runtime: ContainerRuntime,
  rest: readonly string[],
  options: Options,
): Promise<number> {
  const [id = ""] = rest;
  const container = findContainer(runtime, id);
  const pod = container && findPod(runtime, container.sandboxId);
  if (!container || !pod) return missing(process, "container", id);
  const log = readLog(
    process.machine.rootFiles,
    `${pod.config.logDirectory}/${container.config.logPath}`,
    { follow: options.follow, tailLines: options.tail, timestamps: false, since: undefined, limitBytes: undefined },
    process.signal,
    () => runtime.containerStatus(container.id)?.state === "running",
  );
  for await (const chunk of log) await process.stdout.write(chunk);
  return 0;
}
