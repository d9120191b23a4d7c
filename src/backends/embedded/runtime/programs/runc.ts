import { FileError } from "../../machine/files/errors.ts";
import { dirname } from "../../machine/files/paths.ts";
import { endsWith, goOnWith } from "../../machine/isolation.ts";
import type { Process, Program } from "../../machine/process.ts";
import { listStates, liveProcess, readState } from "../oci/container-state.ts";
import type { CreatedContainer } from "../oci/containers.ts";
import { ContainerError, createContainer, environmentOf, execInContainer, startWaiting } from "../oci/containers.ts";
import { exampleSpec, parseRuntimeSpec } from "../oci/spec.ts";
import type { RuntimeSpec } from "../oci/spec.ts";
import { logrusLine } from "./logrus.ts";
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
  "--bundle",
  "-b",
  "--pid-file",
  "--console-socket",
  "--format",
  "-f",
  "--cwd",
  "--env",
  "-e",
  "--user",
  "-u",
]);

const commands: Readonly<Record<string, (run: Run) => Promise<number>>> = {
  create: (run) => create(run, "create"),
  run: (run) => create(run, "run"),
  start,
  state,
  list,
  kill,
  delete: remove,
  exec,
  ps,
  spec,
};

/** runc on the command line: containers from bundles. Simplified: no checkpoint, events, pause, resume and update. */
export const runc: Program = async (process) => {
  const { version, facts } = process.executable;
  const args = process.argv.slice(1);
  if (args[0] === "--version" || args[0] === "-v") {
    const commit = facts?.["commit"] ?? "v1.1.11-0-g4bccb38c";
    const seccomp = facts?.["libseccomp"] ?? "2.5.4";
    await process.out(
      `runc version ${version}\ncommit: ${commit}\nspec: ${specVersion(process)}\ngo: go1.20.12\nlibseccomp: ${seccomp}\n`,
    );
    return 0;
  }
  const run = parse(process, args);
  const [name] = run.words;
  if (name === undefined || name === "help" || (run.has("--help", "-h") && !commands[name])) {
    await process.out(
      `NAME:\n   runc - Open Container Initiative runtime\n\nUSAGE:\n   runc [global options] command [command options] [arguments...]\n\nCOMMANDS:\n${Object.keys(
        commands,
      )
        .map((command) => `   ${command}\n`)
        .join("")}`,
    );
    return 0;
  }
  const command = commands[name];
  try {
    if (!command) throw new ContainerError(`No help topic for '${name}'\n`);
    return await command({ ...run, words: run.words.slice(1) });
  } catch (error) {
    if (error instanceof FileError && error.code === "EACCES") {
      await complain(process, `open ${error.path}: permission denied`);
    } else if (error instanceof ContainerError) await complain(process, error.message);
    else throw error;
    return 1;
  }
};

const specVersion = (process: Process): string =>
  process.executable.facts?.["spec"] ?? (process.executable.version.startsWith("1.1") ? "1.0.2-dev" : "1.2.1");

const complain = (process: Process, message: string): Promise<void> =>
  process.err(logrusLine(process.machine.environment.clock.now(), "error", message));

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
      // `-f` is delete's --force and list's --format.
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
  process.credentials.uid === 0 ? "/run/runc" : `/run/user/${process.credentials.uid}/runc`;

function oneArgument(run: Run, command: string): string {
  const [id] = run.words;
  if (id === undefined || run.words.length !== 1) {
    throw new ContainerError(`runc: ${JSON.stringify(command)} requires exactly 1 argument(s)`);
  }
  return id;
}

function mustBeRoot(run: Run, words: string): void {
  // Simplified: rootless containers are not modelled, whatever the bundle says.
  if (run.process.credentials.uid !== 0)
    throw new ContainerError(`${words}rootless container requires user namespaces`);
}

async function create(run: Run, command: "create" | "run"): Promise<number> {
  const { process } = run;
  const { machine } = process;
  const id = oneArgument(run, command);
  const bundle = process.resolve(run.value("--bundle", "-b") ?? process.cwd).replace(/\/$/, "");
  const detached = command === "create" || run.has("-d", "--detach");
  const failed = (words: string): ContainerError => new ContainerError(`runc ${command} failed: ${words}`);
  const path = `${bundle}/config.json`;
  if (!process.files.exists(path)) throw failed("JSON specification file config.json not found");
  let spec: RuntimeSpec;
  try {
    spec = parseRuntimeSpec(process.files.readText(path));
  } catch (error) {
    if (error instanceof SyntaxError) throw failed(error.message);
    throw error;
  }
  mustBeRoot(run, `runc ${command} failed: `);
  const wantsTerminal = spec.process.terminal === true;
  if (wantsTerminal && detached && !run.has("--console-socket")) {
    throw failed("cannot allocate tty if runc will detach without setting console socket");
  }
  if (wantsTerminal && !process.terminal) throw failed("open /dev/tty: no such device or address");
  // The lab woke up: what this command left running is made once more.
  if (process.resumed) machine.rootFiles.removeTree(`${run.root}/${id}`);
  let created: CreatedContainer;
  try {
    created = createContainer({
      machine,
      stateRoot: run.root,
      id,
      bundle,
      spec,
      caller: { pid: process.pid, parent: detached ? 1 : process.pid, env: process.env },
      stdout: process.stdout,
      stderr: process.stderr,
      resumed: process.resumed,
      ...(detached ? {} : { stdin: process.stdin, signal: process.signal }),
      ...(wantsTerminal ? { terminal: process.terminal } : {}),
    });
  } catch (error) {
    if (error instanceof ContainerError) throw failed(error.message);
    throw error;
  }
  const pidFile = run.value("--pid-file");
  if (pidFile !== undefined) process.files.write(process.resolve(pidFile), String(created.process.outerPid));
  const rootfs = readState(machine, run.root, id)?.rootfs ?? "";
  if (detached) goOnWith(machine, rootfs, [process.path, "--root", run.root, command, "-d", "-b", bundle, id]);
  void created.process.exit.then(() => endsWith(machine, rootfs));
  if (command === "create") return 0;
  created.start();
  if (detached) return 0;
  const exitCode = await created.process.exit;
  if (!run.has("--keep")) machine.rootFiles.removeTree(`${run.root}/${id}`);
  return exitCode;
}

function known(run: Run, id: string, prefix = ""): NonNullable<ReturnType<typeof readState>> {
  const found = readState(run.process.machine, run.root, id);
  if (!found || !run.process.files.exists(`${run.root}/${id}/state.json`)) {
    throw new ContainerError(`${prefix}container does not exist`);
  }
  return found;
}

async function start(run: Run): Promise<number> {
  const id = oneArgument(run, "start");
  const { status } = known(run, id);
  if (status === "stopped") throw new ContainerError("cannot start a container that has stopped");
  if (status === "running" || !startWaiting(run.process.machine, `${run.root}/${id}`)) {
    throw new ContainerError("cannot start an already running container");
  }
  const { machine } = run.process;
  const { bundle, rootfs } = known(run, id);
  goOnWith(machine, rootfs, [run.process.path, "--root", run.root, "run", "-d", "-b", bundle, id]);
  return 0;
}

async function state(run: Run): Promise<number> {
  const found = known(run, oneArgument(run, "state"));
  const { id, pid, status, bundle, rootfs, created } = found;
  const ociVersion = specVersion(run.process);
  await run.process.out(JSON.stringify({ ociVersion, id, pid, status, bundle, rootfs, created, owner: "" }, null, 2));
  return 0;
}

async function list(run: Run): Promise<number> {
  const { process } = run;
  const containers = listStates(process.machine, run.root);
  if (run.has("-q", "--quiet")) {
    await process.out(containers.map((container) => `${container.id}\n`).join(""));
    return 0;
  }
  if (run.value("--format", "-f") === "json") {
    const ociVersion = specVersion(process);
    await process.out(
      containers.length === 0
        ? "null"
        : JSON.stringify(containers.map((container) => ({ ociVersion, ...container, owner: "root" }))),
    );
    return 0;
  }
  const rows = containers.map(({ id, pid, status, bundle, created }) => [
    id,
    String(pid),
    status,
    bundle,
    created,
    "root",
  ]);
  const table = [["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"], ...rows];
  const minimum = [12, 12, 12, 12, 12, 0];
  const widths = minimum.map(
    (least, column) => Math.max(least, ...table.map((row) => (row[column] ?? "").length + 3)) - 0,
  );
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join("");
  await process.out(table.map((row) => `${line(row).trimEnd()}\n`).join(""));
  return 0;
}

async function kill(run: Run): Promise<number> {
  const [id = "", word = "SIGTERM"] = run.words;
  if (id === "") throw new ContainerError('runc: "kill" requires a minimum of 1 argument');
  const { status, pid } = known(run, id);
  const signal = signalOf(word);
  if (!signal) throw new ContainerError(`unknown signal ${JSON.stringify(word)}`);
  if (status === "stopped") throw new ContainerError("container not running");
  run.process.machine.processes.kill(pid, signal);
  return 0;
}

async function remove(run: Run): Promise<number> {
  const id = oneArgument(run, "delete");
  const force = run.has("--force", "-f");
  if (force && !readState(run.process.machine, run.root, id)) return 0;
  const { status, pid } = known(run, id);
  if (status === "running" && !force) {
    throw new ContainerError(`cannot delete container ${id} that is not stopped: ${status}`);
  }
  if (status !== "stopped") run.process.machine.processes.kill(pid, "SIGKILL");
  run.process.machine.rootFiles.removeTree(`${run.root}/${id}`);
  return 0;
}

async function exec(run: Run): Promise<number> {
  const { process } = run;
  const [id = "", ...argv] = run.words;
  if (id === "" || argv.length === 0) {
    throw new ContainerError('runc: "exec" requires a minimum of 2 argument(s)');
  }
  const { status, bundle } = known(run, id, "exec failed: ");
  const entry = liveProcess(process.machine, run.root, id);
  if (status === "stopped" || !entry) throw new ContainerError("exec failed: cannot exec in a stopped container");
  const spec = parseRuntimeSpec(process.machine.rootFiles.readText(`${bundle}/config.json`));
  const terminal = run.has("-t", "--tty") ? process.terminal : undefined;
  try {
    return await execInContainer(process.machine, entry, {
      argv,
      env: environmentOf(spec),
      cwd: run.value("--cwd") ?? spec.process.cwd,
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
      signal: process.signal,
      ...(terminal ? { terminal } : {}),
    }).exit;
  } catch (error) {
    if (!(error instanceof ContainerError)) throw error;
    await complain(process, `exec failed: ${error.message}`);
    return 255;
  }
}

async function ps(run: Run): Promise<number> {
  const { process } = run;
  const id = oneArgument(run, "ps");
  known(run, id);
  const first = liveProcess(process.machine, run.root, id);
  const inside = process.machine.processes
    .list()
    .filter((entry) => first && entry.isolation?.namespaces.mnt === first.isolation?.namespaces.mnt);
  if (run.value("--format", "-f") === "json") {
    await process.out(`${JSON.stringify(inside.map((entry) => entry.pid))}\n`);
    return 0;
  }
  const pids = inside.map((entry) => entry.pid).join(",");
  if (pids !== "") return process.run(["ps", "-f", "-p", pids]);
  await process.out("UID          PID    PPID  C STIME TTY          TIME CMD\n");
  return 0;
}

async function spec(run: Run): Promise<number> {
  const { process } = run;
  const folder = process.resolve(run.value("--bundle", "-b") ?? ".");
  const path = `${folder.replace(/\/$/, "")}/config.json`;
  if (process.files.exists(path)) throw new ContainerError("File config.json exists. Remove it first");
  if (!process.files.isDirectory(dirname(path))) throw new ContainerError(`chdir ${folder}: no such file or directory`);
  const example = exampleSpec(specVersion(process), process.machine.kernel.cgroupVersion);
  process.files.write(path, JSON.stringify(example, null, "\t"), { mode: 0o666 & ~process.umask });
  return 0;
}
