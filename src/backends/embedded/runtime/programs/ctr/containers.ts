import { signalNumbers, type SignalName } from "../../../machine/process.ts";
import { monitorOf } from "../../containers/monitor.ts";
import type { ClientContainer } from "../../containerd/clients.ts";
import { ClientError } from "../../containerd/clients.ts";
import { isRuntime } from "../../kubelet/configuration.ts";
import { liveProcess } from "../../oci/container-state.ts";
import { ContainerError, environmentOf, execInContainer } from "../../oci/containers.ts";
import type { RuntimeSpec, SpecMount } from "../../oci/spec.ts";
import { parseRuntimeSpec, runtimeSpec } from "../../oci/spec.ts";
import { logrusLine } from "../logrus.ts";
import type { Command } from "./command.ts";
import { parseFlags, table } from "./command.ts";

const kubernetesNamespace = "k8s.io";
export const socketPath = "/run/containerd/containerd.sock";

interface Listed {
  id: string;
  image: string;
  runtime: string;
  /** 0 when it does not run. */
  pid: number;
  hasTask: boolean;
  spec: RuntimeSpec | undefined;
}

/** Containers of a namespace: those of clients, and in the CRI's the sandboxes and containers of pods. */
function listed(command: Command): Listed[] {
  const { clients, namespace } = command;
  const own = clients.list(namespace).map((container) => ({
    id: container.id,
    image: container.image,
    runtime: container.runtime,
    pid: clients.pidOf(container),
    hasTask: container.hasTask,
    spec: container.spec,
  }));
  const all = namespace === kubernetesNamespace ? [...own, ...ofPods(command)] : own;
  return all.sort((one, other) => (one.id < other.id ? -1 : 1));
}

function ofPods({ machine }: Command): Listed[] {
  const { state, shims, processes, pauses } = monitorOf(machine, "containerd");
  const commands = new Map(machine.processes.list().map(({ pid, argv }) => [pid, argv[0] ?? ""]));
  const runtimes = new Map<string, string>();
  const found: Listed[] = [];
  for (const { id, state: sandboxState } of state?.sandboxes ?? []) {
    const parts = /containerd-shim-(.+)-([^-/]+)$/.exec(commands.get(shims.get(id)?.pid ?? 0) ?? "");
    const runtime = parts ? `io.containerd.${parts[1]}.${parts[2]}` : "io.containerd.runc.v2";
    runtimes.set(id, runtime);
    const pid = pauses.get(id)?.outerPid ?? 0;
    found.push({ id, image: sandboxImage(machine), runtime, pid, hasTask: sandboxState === "ready", spec: undefined });
  }
  for (const { id, sandboxId, config, state: word } of state?.containers ?? []) {
    const pid = word === "running" ? (processes.get(id)?.outerPid ?? 0) : 0;
    const runtime = runtimes.get(sandboxId) ?? "io.containerd.runc.v2";
    found.push({ id, image: config.image, runtime, pid, hasTask: word !== "created", spec: undefined });
  }
  return found;
}

function sandboxImage(machine: Command["machine"]): string {
  const service = machine.sockets.connect(socketPath);
  const config = service && isRuntime(service) ? service.info()["config"] : undefined;
  return typeof config === "object" && config !== null && "sandboxImage" in config ? String(config.sandboxImage) : "";
}

function find(command: Command, id: string): Listed {
  const found = listed(command).find((container) => container.id === id);
  if (found) return found;
  const { namespace } = command;
  throw new ClientError(`container ${JSON.stringify(id)} in namespace ${JSON.stringify(namespace)}: not found`);
}

/** `ctr containers …`; undefined for an action that there is not. */
export async function containers(command: Command, action: string): Promise<number | undefined> {
  const { process, machine, clients, namespace, args } = command;
  const flags = parseFlags(args, []);
  switch (action) {
    case "ls":
    case "list": {
      const all = listed(command);
      if (flags.has("q", "quiet")) await process.out(all.map(({ id }) => `${id}\n`).join(""));
      else {
        const rows = all.map(({ id, image, runtime }) => [id, image || "-", runtime]);
        await process.out(table([["CONTAINER", "IMAGE", "RUNTIME"], ...rows]));
      }
      return 0;
    }
    case "info": {
      const found = find(command, flags.operands[0] ?? "");
      const file = `/run/containerd/io.containerd.runtime.v2.task/${namespace}/${found.id}/config.json`;
      const spec =
        found.spec ?? (machine.rootFiles.exists(file) ? parseRuntimeSpec(machine.rootFiles.readText(file)) : {});
      const info = {
        ID: found.id,
        Labels: {},
        Image: found.image,
        Runtime: { Name: found.runtime },
        SnapshotKey: found.id,
        Snapshotter: "overlayfs",
        Spec: spec,
      };
      await process.out(`${JSON.stringify(info, null, 4)}\n`);
      return 0;
    }
    case "create": {
      create(command, args);
      return 0;
    }
    case "rm":
    case "remove":
    case "del":
    case "delete": {
      let exitCode = 0;
      for (const id of flags.operands) {
        try {
          clients.delete(clients.get(namespace, id));
        } catch (error) {
          if (!(error instanceof ClientError)) throw error;
          const line = logrusLine(
            machine.environment.clock.now(),
            "error",
            `failed to delete container ${JSON.stringify(id)}`,
          );
          await process.err(`${line.trimEnd()} error=${JSON.stringify(error.message)}\n`);
          exitCode = 1;
        }
      }
      return exitCode;
    }
    default:
      return undefined;
  }
}

/** `ctr tasks …`; undefined for an action that there is not. */
export async function tasks(command: Command, action: string): Promise<number | undefined> {
  const { process, machine, clients, namespace, args } = command;
  const flags = parseFlags(args, ["s", "signal", "exec-id", "cwd", "user", "exit-after"]);
  const [id = "", ...rest] = flags.operands;
  switch (action) {
    case "ls":
    case "list": {
      const rows = listed(command)
        .filter((container) => container.hasTask)
        .map((container) => [container.id, String(container.pid), container.pid > 0 ? "RUNNING" : "STOPPED"]);
      if (flags.has("q", "quiet")) await process.out(rows.map(([name = ""]) => `${name}\n`).join(""));
      else await process.out(table([["TASK", "PID", "STATUS"], ...rows]));
      return 0;
    }
    case "start": {
      const task = clients.start(clients.get(namespace, id), streamsOf(command, flags.has("d", "detach"), false));
      return flags.has("d", "detach") ? 0 : await task.exit;
    }
    case "kill": {
      const found = find(command, id);
      if (!found.hasTask) throw new ClientError(`no running task found: task ${id} not found: not found`);
      const word = (flags.values("s", "signal")[0] ?? rest[0] ?? "SIGTERM").toUpperCase();
      const name = (word.startsWith("SIG") ? word : `SIG${word}`) as SignalName;
      const known = name in signalNumbers ? name : numbered(word);
      if (!known) throw new ClientError(`unknown signal ${JSON.stringify(word)}`);
      if (found.pid === 0 || !machine.processes.kill(found.pid, known))
        throw new ClientError("process already finished: not found");
      return 0;
    }
    case "ps": {
      const found = find(command, id);
      const first = machine.processes.list().find((entry) => entry.pid === found.pid);
      const inside = machine.processes
        .list()
        .filter((entry) => first && entry.isolation?.namespaces.mnt === first.isolation?.namespaces.mnt);
      await process.out(
        ["PID     INFO", ...inside.map((entry) => `${String(entry.pid).padEnd(8)}-`)].join("\n") + "\n",
      );
      return 0;
    }
    case "exec": {
      if (!flags.has("exec-id")) throw new ClientError("exec id must be provided");
      const states = `/run/containerd/runc/${namespace}`;
      const entry = liveProcess(machine, states, find(command, id).id);
      if (!entry) throw new ClientError(`no running task found: task ${id} not found: not found`);
      const file = `/run/containerd/io.containerd.runtime.v2.task/${namespace}/${id}/config.json`;
      const spec = parseRuntimeSpec(machine.rootFiles.readText(file));
      try {
        return await execInContainer(machine, entry, {
          argv: rest,
          env: environmentOf(spec),
          cwd: flags.values("cwd")[0] ?? spec.process.cwd,
          ...streamsOf(command, false, flags.has("t", "tty")),
        }).exit;
      } catch (error) {
        if (!(error instanceof ContainerError)) throw error;
        throw new ClientError(`OCI runtime exec failed: exec failed: ${error.message}: unknown`);
      }
    }
    case "rm":
    case "remove":
    case "del":
    case "delete":
      for (const name of flags.operands) clients.deleteTask(clients.get(namespace, name), flags.has("f", "force"));
      return 0;
    default:
      return undefined;
  }
}

const numbered = (word: string): SignalName | undefined =>
  Object.entries(signalNumbers).find(([, number]) => String(number) === word)?.[0] as SignalName | undefined;

function streamsOf({ process }: Command, detached: boolean, terminal: boolean) {
  const silent = { write: () => Promise.resolve() };
  if (detached) return { stdout: silent, stderr: silent };
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: process.signal,
    ...(terminal && process.terminal ? { terminal: process.terminal } : {}),
  };
}

const withValue = [
  "env",
  "cwd",
  "memory-limit",
  "mount",
  "runtime",
  "label",
  "annotation",
  "snapshotter",
  "platform",
  "user",
  "runc-binary",
  "hostname",
  "cgroup",
  "pid-file",
];

function create(
  command: Command,
  args: readonly string[],
): { container: ClientContainer; flags: ReturnType<typeof parseFlags> } {
  const { machine, clients, namespace } = command;
  const flags = parseFlags(args, withValue);
  const [image, id, ...argv] = flags.operands;
  if (image === undefined) throw new ClientError("image ref must be provided");
  if (id === undefined) throw new ClientError("container id must be provided");
  const store = clients.images(namespace);
  const stored = store.images().find((other) => other.names.includes(image));
  const content = stored && store.content(stored);
  if (!content) throw new ClientError(`image ${JSON.stringify(image)}: not found`);
  const defaults = content.config.config ?? {};
  const words = argv.length > 0 ? argv : [...(defaults.Entrypoint ?? []), ...(defaults.Cmd ?? [])];
  const env: Record<string, string> = {};
  for (const item of [...(defaults.Env ?? []), ...flags.values("env")]) {
    const at = item.indexOf("=");
    if (at > 0) env[item.slice(0, at)] = item.slice(at + 1);
  }
  const hostNetwork = flags.has("net-host");
  const memory = Number(flags.values("memory-limit")[0] ?? "0");
  const mounts = flags.values("mount").map(mountOf);
  if (hostNetwork) {
    env["HOSTNAME"] = machine.name;
    for (const path of ["/etc/hosts", "/etc/resolv.conf"]) {
      mounts.push({ destination: path, type: "bind", source: path, options: ["rbind", "ro"] });
    }
  }
  const spec = runtimeSpec("1.1.0", {
    args: words,
    env,
    cwd: flags.values("cwd")[0] ?? defaults.WorkingDir ?? "/",
    rootPath: "rootfs",
    hostname: flags.values("hostname")[0] ?? "",
    mounts,
    annotations: {},
    cgroupsPath: `/${namespace}/${id}`,
    memoryLimit: memory > 0 ? memory : undefined,
    namespaces: ["pid", "ipc", "uts", "mount", ...(hostNetwork ? [] : ["network"])].map((type) => ({ type })),
    terminal: flags.has("t", "tty"),
  });
  const runtime = flags.values("runtime")[0] ?? "io.containerd.runc.v2";
  return { container: clients.create({ namespace, id, image, runtime, spec }), flags };
}

/** `type=bind,src=/a,dst=/b,options=rbind:ro`. */
function mountOf(text: string): SpecMount {
  const parts = new Map(text.split(",").map((part) => [part.split("=")[0] ?? "", part.slice(part.indexOf("=") + 1)]));
  const source = parts.get("src") ?? parts.get("source");
  return {
    destination: parts.get("dst") ?? parts.get("destination") ?? "",
    type: parts.get("type") ?? "bind",
    options: (parts.get("options") ?? "rbind").split(":"),
    ...(source === undefined ? {} : { source }),
  };
}

/** `ctr run`: a container and its task. Simplified: no `--cni`. */
export async function run(command: Command): Promise<number> {
  const { clients, process } = command;
  const detach = parseFlags(command.args, withValue).has("d", "detach");
  const removes = parseFlags(command.args, withValue).has("rm");
  if (removes && detach) throw new ClientError("flags --detach and --rm cannot be specified together");
  const { container, flags } = create(command, command.args);
  try {
    const task = clients.start(container, streamsOf(command, detach, flags.has("t", "tty")));
    if (detach) return 0;
    const exitCode = await task.exit;
    process.signal.throwIfAborted();
    clients.deleteTask(container, true);
    if (removes) clients.delete(container);
    return exitCode;
  } catch (error) {
    if (error instanceof ClientError && !container.hasTask) clients.delete(container);
    throw error;
  }
}
