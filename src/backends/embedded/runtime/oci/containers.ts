import { FileError } from "../../machine/files/errors.ts";
import type { ByteSink, ByteSource } from "../../machine/io.ts";
import type { Isolation, NamespaceType } from "../../machine/isolation.ts";
import {
  cgroupOf,
  firstNamespaces,
  namespacesOf,
  newNamespace,
  recallProcess,
  rememberProcess,
} from "../../machine/isolation.ts";
import type { ModelledMachine, ProcessEntry, RunningProcess } from "../../machine/machine.ts";
import type { Program, Terminal } from "../../machine/process.ts";
import { setCgroupLimits } from "../../machine/system/process-files.ts";
import type { NetworkPlace } from "../../network/network.ts";
import { writeState } from "./container-state.ts";
import { enterRootfs } from "./enter.ts";
import type { RuntimeSpec, SpecMount } from "./spec.ts";
import { cgroupPath } from "./spec.ts";

/** The runtime refuses; `message` is its words without `runc create failed: `. */
export class ContainerError extends Error {
  override readonly name = "ContainerError";
}

export interface ContainerRequest {
  machine: ModelledMachine;
  /** Folder of all containers' states, such as /run/runc. */
  stateRoot: string;
  id: string;
  bundle: string;
  spec: RuntimeSpec;
  /** The process that runs the runtime. */
  caller: { pid: number; parent: number; env: Readonly<Record<string, string>> };
  stdin?: ByteSource;
  stdout: ByteSink;
  stderr: ByteSink;
  terminal?: Terminal | undefined;
  signal?: AbortSignal;
  /** Runs as the container's first process instead of the binary that its spec names. */
  program?: Program;
  /** What the runtime says when the first process cannot be executed; without it runc's words. */
  execWords?: (name: string, error: FileError) => string;
  /** It goes on after a wake-up. */
  resumed?: boolean;
}

export interface CreatedContainer {
  process: RunningProcess;
  /** Lets the waiting first process become the container's own. */
  start(): void;
}

const waiting = new WeakMap<ModelledMachine, Map<string, () => void>>();

const typeNames: Readonly<Record<string, NamespaceType>> = {
  cgroup: "cgroup",
  ipc: "ipc",
  mount: "mnt",
  network: "net",
  pid: "pid",
  user: "user",
  uts: "uts",
};

/**
 * Makes a container from a bundle: namespaces, control group, root file system, and a first process that waits to be
 * started. Throws ContainerError.
 */
export function createContainer(request: ContainerRequest): CreatedContainer {
  const { machine, spec, id, stateRoot } = request;
  const folder = `${stateRoot}/${id}`;
  if (!/^[\w+.-]+$/.test(id)) throw new ContainerError("invalid container ID format");
  if (machine.rootFiles.exists(`${folder}/state.json`)) {
    throw new ContainerError("container with given ID already exists");
  }
  const rootfs = spec.root.path.startsWith("/") ? spec.root.path : `${request.bundle}/${spec.root.path}`;
  if (!machine.rootFiles.isDirectory(rootfs)) {
    throw new ContainerError(`invalid rootfs: stat ${rootfs}: no such file or directory`);
  }
  const before = request.resumed === true ? recallProcess(machine, rootfs) : undefined;
  const { namespaces, place } = makeNamespaces(machine, spec, before?.namespaces);
  const isolation: Isolation = { namespaces, root: rootfs };
  const caller = machine.processes.list().find((entry) => entry.pid === request.caller.pid);
  const own = caller ? cgroupOf(machine, caller) : "";
  const cgroup = cgroupPath(spec.linux?.cgroupsPath ?? "", own, id);
  const memory = spec.linux?.resources?.memory?.limit;
  const pids = spec.linux?.resources?.pids?.limit;
  setCgroupLimits(machine, cgroup, {
    ...(memory === undefined ? {} : { memory }),
    ...(pids === undefined ? {} : { pids }),
  });
  const hasHostname = (spec.linux?.namespaces ?? []).some((namespace) => namespace.type === "uts");
  const hostname = hasHostname && spec.hostname ? spec.hostname : machine.name;
  const inside = enterRootfs(machine, rootfs, { hostname, isolation, mounts: spec.mounts ?? [] });
  if (!inside.rootFiles.isDirectory(spec.process.cwd)) inside.rootFiles.makeDirectories(spec.process.cwd);
  const gate = Promise.withResolvers<void>();
  const { uid, gid } = spec.process.user;
  let process: RunningProcess;
  try {
    process = inside.processes.spawn({
      argv: spec.process.args,
      env: environmentOf(spec),
      cwd: spec.process.cwd,
      credentials: { uid, gid, groups: [gid] },
      parent: request.caller.parent,
      stdout: request.stdout,
      stderr: request.stderr,
      place,
      isolation,
      cgroup,
      pid: before?.pid,
      waiting: { argv: ["runc", "init"], until: gate.promise },
      ...(request.stdin ? { stdin: request.stdin } : {}),
      ...(request.terminal ? { terminal: request.terminal } : {}),
      ...(request.signal ? { signal: request.signal } : {}),
      ...(request.program ? { program: request.program } : {}),
    });
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    if (request.execWords) throw new ContainerError(request.execWords(spec.process.args[0] ?? "", error));
    throw new ContainerError(`unable to start container process: ${execWords(spec.process.args[0] ?? "", error)}`);
  }
  const createdAt = machine.environment.clock.now();
  const pid = process.outerPid;
  rememberProcess(machine, rootfs, { pid, namespaces });
  const listed = spec.linux?.namespaces ?? [];
  writeState(machine, folder, {
    id,
    pid,
    bundle: request.bundle,
    rootfs,
    hostname,
    cgroup,
    namespaces: listed,
    createdAt,
  });
  machine.rootFiles.writeWithMode(`${folder}/exec.fifo`, "", 0o622);
  const gates = waiting.get(machine) ?? new Map<string, () => void>();
  waiting.set(machine, gates);
  const start = (): void => {
    gates.delete(folder);
    machine.rootFiles.removeTree(`${folder}/exec.fifo`);
    gate.resolve();
  };
  gates.set(folder, start);
  void process.exit.then(() => gates.delete(folder));
  return { process, start };
}

/** Starts a container that waits; false when none does. */
export function startWaiting(machine: ModelledMachine, folder: string): boolean {
  const start = waiting.get(machine)?.get(folder);
  start?.();
  return start !== undefined;
}

/** Runs one more command in a container's namespaces. Throws ContainerError. */
export function execInContainer(
  machine: ModelledMachine,
  entry: ProcessEntry,
  options: {
    argv: readonly string[];
    env: Readonly<Record<string, string>>;
    cwd: string;
    /** What was mounted into a container that has the machine's own view. */
    mounts?: readonly SpecMount[];
    stdin?: ByteSource;
    stdout: ByteSink;
    stderr: ByteSink;
    terminal?: Terminal | undefined;
    signal?: AbortSignal;
  },
): RunningProcess {
  const isolation = entry.isolation;
  if (!isolation) throw new ContainerError("container not running");
  // What runs with the machine's own view (see native-process) is entered through its root file system.
  const inside =
    entry.machine === machine
      ? enterRootfs(machine, isolation.root, {
          hostname: machine.name,
          isolation,
          mounts: options.mounts ?? ["/proc", "/dev", "/sys"].map((destination) => ({ destination })),
          sharesSockets: true,
        })
      : entry.machine;
  try {
    const { mounts: _mounted, ...request } = options;
    return inside.processes.spawn({
      ...request,
      credentials: { uid: 0, gid: 0, groups: [0] },
      place: entry.place,
      parent: 0,
      isolation,
      ...(entry.cgroup === undefined ? {} : { cgroup: entry.cgroup }),
    });
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new ContainerError(`unable to start container process: ${execWords(options.argv[0] ?? "", error)}`);
  }
}

/** Go's words of what execvp says. */
function execWords(name: string, error: FileError): string {
  const shown = `exec: ${JSON.stringify(name)}`;
  if (error.code === "ENOEXEC") return `exec ${error.path}: exec format error`;
  if (error.code === "EACCES") return `${shown}: permission denied`;
  return name.includes("/")
    ? `${shown}: stat ${name}: no such file or directory`
    : `${shown}: executable file not found in $PATH`;
}

export function environmentOf(spec: RuntimeSpec): Record<string, string> {
  const env: Record<string, string> = {};
  for (const item of spec.process.env) {
    const at = item.indexOf("=");
    if (at > 0) env[item.slice(0, at)] = item.slice(at + 1);
  }
  env["HOME"] ??= spec.process.user.uid === 0 ? "/root" : "/";
  return env;
}

function makeNamespaces(
  machine: ModelledMachine,
  spec: RuntimeSpec,
  before: Readonly<Record<NamespaceType, number>> | undefined,
): { namespaces: Record<NamespaceType, number>; place: NetworkPlace } {
  const namespaces: Record<NamespaceType, number> = { ...firstNamespaces };
  let place: NetworkPlace = { machine: machine.name };
  for (const wanted of spec.linux?.namespaces ?? []) {
    const type = typeNames[wanted.type];
    if (!type) throw new ContainerError(`namespace ${JSON.stringify(wanted.type)} does not exist`);
    if (wanted.path === undefined || wanted.path === "") {
      namespaces[type] = before?.[type] ?? newNamespace(machine);
      // A new network namespace has nothing but its own loopback.
      if (type === "net") place = { machine: machine.name, pod: `netns-${namespaces[type]}` };
      continue;
    }
    const pid = Number(/^\/proc\/(\d+)\/ns\//.exec(wanted.path)?.[1] ?? Number.NaN);
    const other = machine.processes.list().find((entry) => entry.pid === pid);
    if (!other) throw new ContainerError(`lstat ${wanted.path}: no such file or directory`);
    namespaces[type] = namespacesOf(other)[type];
    if (type === "net") place = other.place;
  }
  return { namespaces, place };
}
