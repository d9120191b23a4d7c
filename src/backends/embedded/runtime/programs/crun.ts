import { FileError } from "../../machine/files/errors.ts";
import type { Process, Program } from "../../machine/process.ts";
import { hasLibrary, missingLibrary, notFound, wantsWasm } from "../containers/crun.ts";
import { listStates, liveProcess, readState } from "../oci/container-state.ts";
import type { ContainerState } from "../oci/container-state.ts";
import { ContainerError, createContainer, environmentOf, execInContainer, startWaiting } from "../oci/containers.ts";
import { exampleSpec, parseRuntimeSpec } from "../oci/spec.ts";
import type { RuntimeSpec } from "../oci/spec.ts";
import { wasmHandler } from "./crun-wasm.ts";
import { signalOf } from "./signals.ts";

/** One run of the command line. */
interface Run {
  process: Process;
  /** Folder of the containers' states. */
  root: string;
  words: string[];
  has(...flags: string[]): boolean;
  value(...flags: string[]): string | undefined;
}

const valueFlags = new Set([
  "--root",
  "--log",
  "--log-format",
  "--log-level",
  "--cgroup-manager",
  "--rootless",
  "--bundle",
  "-b",
  "--pid-file",
  "--console-socket",
  "--config",
  "-f",
  "--format",
  "--cwd",
  "--env",
  "-e",
  "--user",
  "-u",
]);

const descriptions: readonly (readonly [string, string])[] = [
  ["create", "create a container"],
  ["delete", "remove definition for a container"],
  ["exec", "exec a command in a running container"],
  ["features", "show the enabled features"],
  ["list", "list known containers"],
  ["kill", "send a signal to the container init process"],
  ["ps", "show the processes in the container"],
  ["run", "run a container"],
  ["spec", "generate a configuration file"],
  ["start", "start a container"],
  ["state", "output the state of a container"],
];

const commands: Readonly<Record<string, (run: Run) => Promise<number>>> = {
  create: (run) => create(run, "create"),
  run: (run) => create(run, "run"),
  delete: remove,
  exec,
  features,
  kill,
  list,
  ps,
  spec,
  start,
  state,
};

const specVersion = "1.0.0";

/** crun on the command line. Simplified: no checkpoint, pause, resume and update, and no rootless containers. */
export const crun: Program = async (process) => {
  const run = parse(process, process.argv.slice(1));
  const [name] = run.words;
  if (run.has("--version", "-V", "-v") && name === undefined) {
    await process.out(versionOf(process));
    return 0;
  }
  if (run.has("--help", "-?") && name === undefined) {
    const list = descriptions.map(([command, text]) => `\t${command.padEnd(12)}- ${text}\n`).join("");
    await process.out(`Usage: crun [OPTION...] COMMAND [OPTION...]\n\nCOMMANDS:\n${list}`);
    return 0;
  }
  const command = commands[name ?? ""];
  if (!command) {
    await process.err(name === undefined ? "please specify a command\n" : `unknown command ${name}\n`);
    return 1;
  }
  try {
    return await command({ ...run, words: run.words.slice(1) });
  } catch (error) {
    if (error instanceof FileError) await process.err(`open \`${error.path}\`: ${error.message}\n`);
    else if (error instanceof ContainerError) await process.err(`${error.message}\n`);
    else throw error;
    return 1;
  }
};

function versionOf(process: Process): string {
  const { version, facts } = process.executable;
  const wasm = facts?.["wasm"];
  const features = ["+SYSTEMD", "+SELINUX", "+APPARMOR", "+CAP", "+SECCOMP", "+EBPF"];
  const built = facts?.["features"]?.split(" ").filter(Boolean) ?? features;
  const handler = wasm ? [`+WASM:${wasm}`] : [];
  const commit = facts?.["commit"] ?? (version === "1.8.4" ? "5a8fa99a5e41facba2eda4af12fa26313918805b" : "unknown");
  return `crun version ${version}\ncommit: ${commit}\nrundir: ${defaultRoot(process)}\nspec: ${specVersion}\n${[...built, ...handler, "+YAJL"].join(" ")}\n`;
}

/** Options before the command and after it; what follows a container's name belongs to the command of `exec`. */
function parse(process: Process, args: readonly string[]): Run {
  const flags = new Map<string, string>();
  const words: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? "";
    if (words[0] === "exec" && words.length >= 2) words.push(arg);
    else if (!arg.startsWith("-")) words.push(arg);
    else {
      const [flag = "", joined] = arg.split(/=(.*)/s);
      // `-f` is delete's --force.
      const takesValue = valueFlags.has(flag) && !(flag === "-f" && words[0] === "delete");
      flags.set(flag, joined ?? (takesValue ? (args[(at += 1)] ?? "") : "true"));
    }
  }
  const value = (...names: string[]): string | undefined => names.map((name) => flags.get(name)).find(Boolean);
  return {
    process,
    root: process.resolve(value("--root") ?? defaultRoot(process)),
    words,
    has: (...names) => names.some((name) => flags.has(name)),
    value,
  };
}

const defaultRoot = (process: Process): string =>
  process.credentials.uid === 0 ? "/run/crun" : `/run/user/${process.credentials.uid}/crun`;

function oneName(run: Run): string {
  const [id] = run.words;
  if (id === undefined) throw new ContainerError("please specify a ID for the container");
  return id;
}

async function create(run: Run, command: "create" | "run"): Promise<number> {
  const { process } = run;
  const { machine } = process;
  const id = oneName(run);
  const bundle = process.resolve(run.value("--bundle", "-b") ?? process.cwd).replace(/\/$/, "");
  if (!process.files.isDirectory(bundle))
    throw new ContainerError(`chdir \`${bundle}\` failed: No such file or directory`);
  const detached = command === "create" || run.has("-d", "--detach");
  const spec = readSpec(process, `${bundle}/config.json`);
  if (process.credentials.uid !== 0) {
    throw new ContainerError("rootless containers are not part of the lab: run crun with sudo");
  }
  if (machine.rootFiles.exists(`${run.root}/${id}/state.json`)) {
    throw new ContainerError(`container \`${id}\` already exists`);
  }
  const isWasm = handlesWasm(process, spec);
  const { terminal } = process;
  const created = createContainer({
    machine,
    stateRoot: run.root,
    id,
    bundle,
    spec,
    caller: { pid: process.pid, parent: detached ? 1 : process.pid, env: process.env },
    stdout: process.stdout,
    stderr: process.stderr,
    ...(detached ? {} : { stdin: process.stdin, signal: process.signal }),
    ...(spec.process.terminal && terminal && !detached ? { terminal } : {}),
    ...(isWasm ? { program: wasmHandler } : {}),
    execWords: (name, error) => execWords(process, name, error),
  });
  const pidFile = run.value("--pid-file");
  if (pidFile !== undefined) process.files.write(process.resolve(pidFile), String(created.process.outerPid));
  if (command === "create") return 0;
  created.start();
  if (detached) return 0;
  const exitCode = await created.process.exit;
  machine.rootFiles.removeTree(`${run.root}/${id}`);
  return exitCode;
}

/** True when a handler of this build takes the container. Throws ContainerError when its library is missing. */
function handlesWasm(process: Process, spec: RuntimeSpec): boolean {
  const isBuiltIn = (process.executable.facts?.["wasm"] ?? "").includes("wasmedge");
  if (!isBuiltIn || !wantsWasm(spec.process.args, spec.annotations ?? {})) return false;
  if (!hasLibrary(process.machine.rootFiles, "libwasmedge.so.0")) throw new ContainerError(missingLibrary);
  return true;
}

function readSpec(process: Process, path: string): RuntimeSpec {
  if (!process.files.exists(path)) {
    throw new ContainerError("load `config.json`: cannot read the file: config.json");
  }
  try {
    return parseRuntimeSpec(process.files.readText(path));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // Simplified: the real one shows the place in the file.
    throw new ContainerError(`load \`config.json\`: cannot parse the data: ${error.message}`);
  }
}

function execWords(process: Process, name: string, error: FileError): string {
  if (error.code === "ENOEXEC") return `exec container process \`${name}\`: Exec format error`;
  if (error.code !== "EACCES") return notFound(process.executable.version, name);
  const [, minor = 0] = process.executable.version.split(".").map(Number);
  const isOld = minor < 15;
  return isOld
    ? "open executable: Permission denied"
    : `the path \`${name}\` exists but it is not executable: Operation not permitted`;
}

function known(run: Run, id: string): ContainerState {
  const found = readState(run.process.machine, run.root, id);
  if (found && run.process.files.exists(`${run.root}/${id}/state.json`)) return found;
  throw new ContainerError(`error opening file \`${run.root}/${id}/status\`: No such file or directory`);
}

async function start(run: Run): Promise<number> {
  const id = oneName(run);
  const { status } = known(run, id);
  if (status !== "created" || !startWaiting(run.process.machine, `${run.root}/${id}`)) {
    throw new ContainerError(`container \`${id}\` is not in created state`);
  }
  return 0;
}

async function state(run: Run): Promise<number> {
  const found = known(run, oneName(run));
  const { id, pid, status, bundle, created } = found;
  const spec = readSpec(run.process, `${bundle}/config.json`);
  const shown = {
    ociVersion: specVersion,
    id,
    pid,
    status,
    bundle,
    rootfs: spec.root.path,
    created: created.replace("000Z", "Z"),
    "systemd-scope": "",
    owner: "root",
    ...(spec.annotations ? { annotations: spec.annotations } : {}),
  };
  await run.process.out(`${JSON.stringify(shown, undefined, 4)}\n`);
  return 0;
}

async function list(run: Run): Promise<number> {
  const containers = listStates(run.process.machine, run.root);
  if (run.has("-q", "--quiet")) {
    await run.process.out(containers.map(({ id }) => `${id}\n`).join(""));
    return 0;
  }
  const width = Math.max(4, ...containers.map(({ id }) => id.length));
  const line = (name: string, pid: string, status: string, bundle: string, created: string, owner: string): string =>
    `${name.padEnd(width)} ${pid.padEnd(9)} ${status.padEnd(8)} ${bundle.padEnd(39)} ${created.padEnd(30)} ${owner}\n`;
  await run.process.out(line("NAME", "PID", "STATUS", "BUNDLE PATH", "CREATED", "OWNER"));
  for (const { id, pid, status, bundle, created } of containers) {
    await run.process.out(line(id, String(pid), status, bundle, created.replace("000Z", "Z"), "root"));
  }
  return 0;
}

async function kill(run: Run): Promise<number> {
  const id = oneName(run);
  const word = run.words[1] ?? "SIGTERM";
  const { status, pid } = known(run, id);
  const signal = signalOf(word);
  if (!signal) throw new ContainerError(`unknown signal \`${word}\``);
  if (status === "stopped") throw new ContainerError("kill container: No such process");
  run.process.machine.processes.kill(pid, signal);
  return 0;
}

async function remove(run: Run): Promise<number> {
  const id = oneName(run);
  const force = run.has("--force", "-f");
  const found = readState(run.process.machine, run.root, id);
  if (!found) {
    if (force) return 0;
    throw new ContainerError(`cannot open directory \`${run.root}/${id}\`: No such file or directory`);
  }
  if (found.status === "running" && !force) {
    throw new ContainerError(`the container \`${id}\` is not in \`stopped\` state`);
  }
  if (found.status !== "stopped") run.process.machine.processes.kill(found.pid, "SIGKILL");
  run.process.machine.rootFiles.removeTree(`${run.root}/${id}`);
  return 0;
}

async function exec(run: Run): Promise<number> {
  const { process } = run;
  const [id = "", ...argv] = run.words;
  if (id === "") throw new ContainerError("please specify a ID for the container");
  const { bundle } = known(run, id);
  const entry = liveProcess(process.machine, run.root, id);
  if (!entry) throw new ContainerError(`the container \`${id}\` is not running`);
  const spec = readSpec(process, `${bundle}/config.json`);
  if (handlesWasm(process, spec)) throw new ContainerError("the handler does not support exec");
  return execInContainer(process.machine, entry, {
    argv,
    env: environmentOf(spec),
    cwd: run.value("--cwd") ?? spec.process.cwd,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: process.signal,
    ...(run.has("-t", "--tty") && process.terminal ? { terminal: process.terminal } : {}),
  }).exit;
}

async function ps(run: Run): Promise<number> {
  const { process } = run;
  const id = oneName(run);
  known(run, id);
  const first = liveProcess(process.machine, run.root, id);
  const inside = process.machine.processes
    .list()
    .filter((entry) => first && entry.isolation?.namespaces.mnt === first.isolation?.namespaces.mnt);
  await process.out(`PID\n${inside.map(({ pid }) => `${pid}\n`).join("")}`);
  return 0;
}

async function spec(run: Run): Promise<number> {
  const { process } = run;
  const path = `${process.resolve(run.value("--bundle", "-b") ?? ".").replace(/\/$/, "")}/config.json`;
  if (process.files.exists(path)) throw new ContainerError("`config.json` already exists");
  const example = { ...exampleSpec(specVersion, process.machine.kernel.cgroupVersion), hostname: "crun" };
  process.files.write(path, `${JSON.stringify(example, undefined, "\t")}\n`, { mode: 0o666 & ~process.umask });
  return 0;
}

async function features({ process }: Run): Promise<number> {
  const { version, facts } = process.executable;
  const canRun = facts?.["wasm"] !== undefined && hasLibrary(process.files, "libwasmedge.so.0");
  const annotations = { "run.oci.crun.version": version, "run.oci.crun.wasm": String(canRun) };
  await process.out(
    `${JSON.stringify({ ociVersionMin: "1.0.0", ociVersionMax: "1.1.0-rc.1", annotations }, undefined, 2)}\n`,
  );
  return 0;
}
