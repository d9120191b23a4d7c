import type { ModelledMachine } from "../../machine/machine.ts";
import type { Process, Program } from "../../machine/process.ts";
import { monitorOf } from "../containers/monitor.ts";
import { ImageStore, storageRoots } from "../images/image-store.ts";
import { isRuntime } from "../kubelet/configuration.ts";

const socket = "/run/containerd/containerd.sock";

/** The namespace in which the CRI plugin keeps everything that is Kubernetes'. */
const kubernetesNamespace = "k8s.io";

interface Options {
  namespace: string;
  quiet: boolean;
  words: string[];
}

function parseOptions(process: Process): Options {
  const options: Options = { namespace: process.env["CONTAINERD_NAMESPACE"] ?? "default", quiet: false, words: [] };
  const argv = process.argv.slice(1);
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? "";
    const [flag = "", joined] = word.startsWith("-") ? word.split(/=(.*)/s) : [word];
    if (["-n", "--namespace"].includes(flag)) options.namespace = joined ?? argv[(index += 1)] ?? "";
    else if (["-a", "--address"].includes(flag)) index += joined === undefined ? 1 : 0;
    else if (["-q", "--quiet"].includes(flag)) options.quiet = true;
    else if (!word.startsWith("-")) options.words.push(word);
  }
  return options;
}

/** containerd's own client. Simplified: its version, and lists of namespaces, images, containers and tasks. */
export const ctr: Program = async (process) => {
  const { namespace, quiet, words } = parseOptions(process);
  const { machine } = process;
  if (process.argv.includes("--version") || process.argv.includes("-v")) {
    await process.out(`ctr github.com/containerd/containerd v${process.executable.version}\n`);
    return 0;
  }
  const [object = "", action = "ls"] = words;
  if (object === "" || object === "help") {
    await process.out(
      "NAME:\n   ctr - a containerd CLI\n\nUSAGE:\n   ctr [global options] command [command options]\n",
    );
    return 0;
  }
  const failure = dialFailure(process);
  if (failure !== undefined) {
    await process.err(
      `ctr: failed to dial ${JSON.stringify(socket)}: connection error: desc = "transport: error while dialing: dial unix ${socket}: connect: ${failure}"\n`,
    );
    return 1;
  }
  if (object === "version") {
    const version = process.executable.version;
    await process.out(`Client:\n  Version:  v${version}\n\nServer:\n  Version:  v${version}\n`);
    return 0;
  }
  const rows = listOf(machine, object, namespace);
  if (!rows || !["ls", "list"].includes(action)) {
    await process.err(`No help topic for '${rows ? action : object}'\n`);
    return 3;
  }
  await process.out(
    quiet
      ? rows
          .slice(1)
          .map(([first = ""]) => `${first}\n`)
          .join("")
      : table(rows),
  );
  return 0;
};

function dialFailure(process: Process): string | undefined {
  if (!process.machine.rootFiles.exists(socket)) return "no such file or directory";
  if (process.credentials.uid !== 0) return "permission denied";
  return process.machine.sockets.connect(socket) ? undefined : "connection refused";
}

/** The table of one kind of object, headings first; undefined for a kind that ctr does not have. */
function listOf(machine: ModelledMachine, object: string, namespace: string): string[][] | undefined {
  const isEmpty = namespace !== kubernetesNamespace;
  switch (object) {
    case "namespaces":
    case "namespace":
    case "ns":
      return [
        ["NAME", "LABELS"],
        ["default", ""],
        [kubernetesNamespace, ""],
      ];
    case "images":
    case "image":
    case "i":
      return [["REF", "TYPE", "DIGEST", "SIZE", "PLATFORMS", "LABELS"], ...(isEmpty ? [] : images(machine))];
    case "containers":
    case "container":
    case "c":
      return [
        ["CONTAINER", "IMAGE", "RUNTIME"],
        ...(isEmpty ? [] : everything(machine).map(({ id, image, runtime }) => [id, image, runtime])),
      ];
    case "tasks":
    case "task":
    case "t":
      return [
        ["TASK", "PID", "STATUS"],
        ...(isEmpty
          ? []
          : everything(machine).flatMap(({ id, pid, status }) => (pid > 0 ? [[id, `${pid}`, status]] : []))),
      ];
    default:
      return undefined;
  }
}

function images(machine: ModelledMachine): string[][] {
  const store = new ImageStore(machine, storageRoots.containerd);
  return store.images().flatMap((image) => {
    const content = store.content(image);
    const platform = content ? `${content.config.os}/${content.config.architecture}` : "-";
    const type = content?.manifest.mediaType ?? "application/vnd.oci.image.manifest.v1+json";
    const size = `${(store.describe(image).size / 1_048_576).toFixed(1)} MiB`;
    return image.names.map((name) => [name, type, image.manifest, size, platform, "io.cri-containerd.image=managed"]);
  });
}

interface Listed {
  id: string;
  image: string;
  runtime: string;
  /** 0 when it does not run. */
  pid: number;
  status: string;
}

/**
 * Sandboxes and containers of the CRI.
 * Simplified: a real sandbox has a pause process; here the process id of its shim stands for it.
 */
function everything(machine: ModelledMachine): Listed[] {
  const { state, shims, processes } = monitorOf(machine, "containerd");
  const commands = new Map(machine.processes.list().map(({ pid, argv }) => [pid, argv[0] ?? ""]));
  const runtimes = new Map<string, string>();
  const listed: Listed[] = [];
  for (const { id } of state?.sandboxes ?? []) {
    const pid = shims.get(id)?.pid ?? 0;
    const parts = /containerd-shim-(.+)-([^-/]+)$/.exec(commands.get(pid) ?? "");
    const runtime = parts ? `io.containerd.${parts[1]}.${parts[2]}` : "io.containerd.runc.v2";
    runtimes.set(id, runtime);
    listed.push({ id, image: sandboxImage(machine), runtime, pid, status: "RUNNING" });
  }
  for (const { id, sandboxId, config, state: containerState } of state?.containers ?? []) {
    const runs = containerState === "running";
    const pid = runs ? (processes.get(id)?.pid ?? 0) : 0;
    listed.push({ id, image: config.image, runtime: runtimes.get(sandboxId) ?? "", pid, status: "RUNNING" });
  }
  return listed.sort((one, other) => (one.id < other.id ? -1 : 1));
}

function sandboxImage(machine: ModelledMachine): string {
  const service = machine.sockets.connect(socket);
  const config = service && isRuntime(service) ? service.info()["config"] : undefined;
  return typeof config === "object" && config !== null && "sandboxImage" in config ? String(config.sandboxImage) : "";
}

/** Go's tabwriter with a padding of four. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)) + 4);
  return rows.map((row) => `${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("")}\n`).join("");
}
