import { setImmediate } from "node:timers/promises";
import type { ModelledMachine, ProcessEntry, Processes, RunningProcess, SpawnRequest } from "./machine.ts";
import type { NetworkPlace } from "../network/network.ts";
import { type Executable, parseExecutable } from "./executable.ts";
import { FileError } from "./files/errors.ts";
import type { Isolation } from "./isolation.ts";
import type { Credentials, FileView } from "./files/file-system.ts";
import { basename, resolvePath } from "./files/paths.ts";
import { BrokenPipe, type ByteSink, type ByteSource, emptySource, encode, nullSink } from "./io.ts";
import {
  Killed,
  type Process,
  type ProcessChanges,
  type Program,
  type ProgramTable,
  type SignalName,
  type Terminal,
  signalNumbers,
} from "./process.ts";

/** Where commands are looked for when PATH is not set. */
export const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What a file found by a command's name turns out to be. */
interface Resolved {
  path: string;
  argv: readonly string[];
  program: Program;
  executable: Executable;
}

const maxInterpreters = 4;
/** Turns of the event loop that a killed program gets to end in its own way. */
const graceTurns = 8;
const ignoredByDefault = new Set<SignalName>(["SIGCHLD", "SIGCONT", "SIGTSTP"]);

/** Returns true when it took the signal, so that the process goes on. SIGKILL is never offered. */
type SignalCatcher = (name: SignalName) => boolean;

const catchers = new WeakMap<AbortSignal, SignalCatcher>();

/** Lets a process handle signals itself, as a shell with traps does. */
export function catchSignals(process: Process, catcher: SignalCatcher): void {
  catchers.set(process.signal, catcher);
}

/** The path that executing `name` would take, like execvp. Throws FileError ENOENT or EACCES. */
export function findCommand(name: string, path: string | undefined, cwd: string, files: FileView): string {
  if (name.includes("/")) return checkExecutable(resolvePath(cwd, name), files, name);
  let denied: FileError | undefined;
  for (const folder of (path ?? defaultPath).split(":")) {
    const candidate = resolvePath(cwd, `${folder || "."}/${name}`);
    try {
      return checkExecutable(candidate, files, candidate);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      if (error.code === "EACCES" && isPlainFile(candidate, files)) denied ??= error;
    }
  }
  throw denied ?? new FileError("ENOENT", name);
}

function isPlainFile(path: string, files: FileView): boolean {
  try {
    return files.stat(path).type === "file";
  } catch {
    return false;
  }
}

function checkExecutable(path: string, files: FileView, shown: string): string {
  const stat = files.stat(path);
  if (stat.type !== "file") throw new FileError("EACCES", shown);
  const allowed = files.who.uid === 0 ? (stat.mode & 0o111) !== 0 : files.access(path, 1);
  if (!allowed) throw new FileError("EACCES", shown);
  return path;
}

/** The processes of a machine whose binaries run the programs of the table. */
export function createProcesses(machine: ModelledMachine, programs: ProgramTable): Processes {
  return new ProcessTable(machine, programs);
}

interface Entry {
  info: ProcessEntry;
  kill(name: SignalName): void;
}

/** The PID namespace of a container: its first process is 1, and the table around it lists its processes as well. */
interface InnerNamespace {
  isolation: Isolation;
  outer: ProcessTable;
}

class ProcessTable implements Processes {
  readonly #machine: ModelledMachine;
  readonly #programs: ProgramTable;
  readonly #entries = new Map<number, Entry>();
  /** Saved with the machine, so that numbers of what goes on after a wake-up are not given away. */
  readonly #numbers: { next: number };
  readonly #inner: InnerNamespace | undefined;
  /** Of a PID namespace's processes: their numbers in the table around it. */
  readonly #outerPids = new Map<number, number>();

  constructor(machine: ModelledMachine, programs: ProgramTable, inner?: InnerNamespace) {
    this.#machine = machine;
    this.#programs = programs;
    this.#inner = inner;
    this.#numbers = inner ? { next: 1 } : machine.durable("process-numbers", () => ({ next: 1000 }));
  }

  spawn(request: SpawnRequest): RunningProcess {
    const resolved = request.program ? shellProgram(request, request.program) : this.#resolve(request);
    const pid = this.#takeNumber(this.#inner ? undefined : request.pid);
    const abort = new AbortController();
    const process = new MachineProcess(this.#machine, pid, resolved, request, abort.signal);
    const outer = request.signal;
    const onOuterAbort = () => kill(outer?.reason instanceof Killed ? outer.reason.signalName : "SIGTERM");
    let ended = false;
    const kill = (name: SignalName) => {
      if (ended || abort.signal.aborted) {
        if (!ended && name === "SIGKILL") hardKill(new Killed(name).exitCode);
        return;
      }
      if (name !== "SIGKILL" && catchers.get(abort.signal)?.(name)) return;
      if (ignoredByDefault.has(name)) return;
      abort.abort(new Killed(name));
      if (name === "SIGKILL") hardKill(128 + signalNumbers.SIGKILL);
    };
    let hardKill: (code: number) => void = () => undefined;
    const killed = new Promise<number>((resolve) => {
      hardKill = resolve;
      abort.signal.addEventListener("abort", () => {
        const reason: unknown = abort.signal.reason;
        const code = reason instanceof Killed ? reason.exitCode : 143;
        void afterGrace().then(() => resolve(code));
      });
    });
    const info = this.#infoOf(pid, request, resolved);
    const begin = request.waiting?.until.then(() => void (info.argv = resolved.argv));
    const exit = Promise.race([runToEnd(process, resolved.program, begin), killed]).then((code) => {
      ended = true;
      outer?.removeEventListener("abort", onOuterAbort);
      this.#entries.delete(pid);
      this.#outerPids.delete(pid);
      if (this.#inner) this.#inner.outer.#entries.delete(outerPid);
      // With its first process a PID namespace ends.
      if (this.#inner && pid === 1) for (const other of this.#entries.values()) other.kill("SIGKILL");
      // What the program left running (readers, children) must not outlive it.
      if (!abort.signal.aborted) abort.abort(new Killed("SIGHUP"));
      return code & 0xff;
    });
    const entry: Entry = { info, kill };
    this.#entries.set(pid, entry);
    const outerPid = this.#inner
      ? this.#inner.outer.#mirror(entry, this.#inner.isolation, this.#aboveOutside(info, request), request.pid)
      : pid;
    if (this.#inner) this.#outerPids.set(pid, outerPid);
    if (outer?.aborted) onOuterAbort();
    else outer?.addEventListener("abort", onOuterAbort);
    return { pid, outerPid, exit, kill };
  }

  #takeNumber(wanted: number | undefined): number {
    if (wanted !== undefined && wanted > 1 && !this.#entries.has(wanted)) return wanted;
    while (this.#entries.has(this.#numbers.next)) this.#numbers.next += 1;
    return this.#numbers.next++;
  }

  #infoOf(pid: number, request: SpawnRequest, resolved: Resolved): ProcessEntry {
    const parent = request.parent ?? (this.#inner ? 0 : 1);
    const above = this.#entries.get(parent)?.info;
    const isolation = request.isolation ?? above?.isolation;
    const cgroup = request.cgroup ?? above?.cgroup;
    return {
      pid,
      parent: this.#inner && pid === 1 ? 0 : parent,
      uid: request.credentials.uid,
      argv: request.waiting?.argv ?? resolved.argv,
      startedAt: this.#machine.environment.clock.now(),
      terminal: request.terminal?.name,
      ...(isolation ? { isolation } : {}),
      ...(cgroup === undefined ? {} : { cgroup }),
      machine: this.#machine,
      place: request.place ?? { machine: this.#machine.name },
    };
  }

  /** The parent of one of this namespace's processes, as the table around counts it. */
  #aboveOutside(info: ProcessEntry, request: SpawnRequest): number {
    return (info.pid === 1 ? request.parent : this.#outerPids.get(info.parent)) ?? 1;
  }

  /** Lists a process of a PID namespace inside this one, under a number of this one. */
  #mirror(entry: Entry, isolation: Isolation, parent: number, wanted: number | undefined): number {
    const pid = this.#takeNumber(wanted);
    const inner = entry.info;
    const { kill } = entry;
    const info: ProcessEntry = {
      ...inner,
      pid,
      parent,
      isolation,
      innerPid: inner.pid,
    };
    Object.defineProperty(info, "argv", { get: () => inner.argv, enumerable: true });
    this.#entries.set(pid, { info, kill });
    return pid;
  }

  list(): readonly ProcessEntry[] {
    if (this.#inner) return [...this.#entries.values()].map((entry) => entry.info);
    const init: ProcessEntry = {
      pid: 1,
      parent: 0,
      uid: 0,
      argv: ["/sbin/init"],
      startedAt: this.#machine.bootedAt,
      terminal: undefined,
      machine: this.#machine,
      place: { machine: this.#machine.name },
    };
    return [init, ...[...this.#entries.values()].map((entry) => entry.info)];
  }

  chroot(machine: ModelledMachine, isolation?: Isolation): Processes {
    return new ProcessTable(machine, this.#programs, isolation && { isolation, outer: this });
  }

  kill(pid: number, name: SignalName): boolean {
    if (pid === 1 && !this.#inner) return true;
    const entry = this.#entries.get(pid);
    entry?.kill(name);
    return entry !== undefined;
  }

  #resolve(request: SpawnRequest): Resolved {
    const files = this.#machine.files.as(request.credentials);
    const [name = ""] = request.argv;
    let path = findCommand(name, request.env["PATH"], request.cwd, files);
    let argv = request.argv;
    for (let depth = 0; depth < maxInterpreters; depth += 1) {
      // The kernel reads a binary even where the user may only execute it.
      const bytes = this.#machine.rootFiles.readBytes(path);
      const executable = parseExecutable(bytes);
      if (executable) {
        const program = this.#programs[executable.program];
        if (!program) throw new FileError("ENOEXEC", path);
        return { path, argv, program, executable };
      }
      const interpreter = shebang(bytes);
      if (!interpreter) throw new FileError("ENOEXEC", path);
      const script = name.includes("/") && depth === 0 ? name : path;
      argv = [...interpreter, script, ...argv.slice(1)];
      path = checkExecutable(resolvePath(request.cwd, interpreter[0] ?? ""), files, script);
    }
    throw new FileError("ELOOP", path);
  }
}

function shebang(bytes: Uint8Array): string[] | undefined {
  if (bytes[0] !== 0x23 || bytes[1] !== 0x21) return undefined;
  const end = bytes.indexOf(10);
  const line = new TextDecoder().decode(bytes.subarray(2, end < 0 ? bytes.length : end)).trim();
  const match = /^(\S+)(?:\s+(.*))?$/.exec(line);
  if (!match?.[1]) return undefined;
  return match[2] ? [match[1], match[2]] : [match[1]];
}

function shellProgram(request: SpawnRequest, program: Program): Resolved {
  const path = request.argv[0] ?? "sh";
  return { path, argv: request.argv, program, executable: { program: basename(path), version: "" } };
}

async function afterGrace(): Promise<void> {
  for (let turn = 0; turn < graceTurns; turn += 1) await setImmediate();
}

/** Never rejects: what escapes from a program becomes its last words and its exit code. */
async function runToEnd(process: MachineProcess, program: Program, begin: Promise<void> | undefined): Promise<number> {
  await Promise.resolve();
  if (begin) await begin;
  try {
    process.signal.throwIfAborted();
    return await program(process);
  } catch (error) {
    if (error instanceof Killed) return error.exitCode;
    if (process.signal.aborted && process.signal.reason instanceof Killed) return process.signal.reason.exitCode;
    if (error instanceof BrokenPipe) return 128 + signalNumbers.SIGPIPE;
    const name = basename(process.argv[0] ?? "");
    try {
      if (error instanceof FileError) {
        await process.err(`${name}: ${error.path}: ${error.message}\n`);
        return 1;
      }
      await process.err(
        `${name}: internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
    } catch {
      // Nobody reads standard error any more.
    }
    return 70;
  }
}

class MachineProcess implements Process {
  readonly pid: number;
  readonly parent: number;
  readonly argv: readonly string[];
  readonly path: string;
  readonly executable: Executable;
  readonly machine: ModelledMachine;
  readonly place: NetworkPlace;
  readonly credentials: Credentials;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly umask: number;
  readonly stdin: ByteSource;
  readonly stdout: ByteSink;
  readonly stderr: ByteSink;
  readonly terminal: Terminal | undefined;
  readonly signal: AbortSignal;
  readonly resumed: boolean;
  readonly files: FileView;
  readonly #onReady: (() => void) | undefined;

  constructor(machine: ModelledMachine, pid: number, resolved: Resolved, request: SpawnRequest, signal: AbortSignal) {
    this.machine = machine;
    this.pid = pid;
    this.parent = request.parent ?? 1;
    this.argv = resolved.argv;
    this.path = resolved.path;
    this.executable = resolved.executable;
    this.place = request.place ?? { machine: machine.name };
    this.credentials = request.credentials;
    this.env = request.env;
    this.cwd = request.cwd;
    this.umask = request.umask ?? 0o022;
    this.stdin = request.stdin ?? emptySource;
    this.stdout = request.stdout ?? nullSink;
    this.stderr = request.stderr ?? nullSink;
    this.terminal = request.terminal;
    this.signal = signal;
    this.resumed = request.resumed ?? false;
    this.files = machine.files.as(request.credentials);
    this.#onReady = request.onReady;
  }

  resolve(path: string): string {
    const self = /^\/proc\/self(?=\/|$)/.exec(path);
    if (self) return `/proc/${this.pid}${path.slice(self[0].length)}`;
    return path.startsWith("/") ? path : resolvePath(this.cwd, path) + (path.endsWith("/") ? "/" : "");
  }

  out(text: string): Promise<void> {
    return this.stdout.write(encode(text));
  }

  err(text: string): Promise<void> {
    return this.stderr.write(encode(text));
  }

  async run(argv: readonly string[], changes: ProcessChanges = {}): Promise<number> {
    const request: SpawnRequest = {
      argv,
      env: changes.env ?? this.env,
      cwd: changes.cwd ?? this.cwd,
      credentials: changes.credentials ?? this.credentials,
      umask: changes.umask ?? this.umask,
      stdin: changes.stdin ?? this.stdin,
      stdout: changes.stdout ?? this.stdout,
      stderr: changes.stderr ?? this.stderr,
      terminal: this.terminal,
      signal: changes.signal ? AbortSignal.any([this.signal, changes.signal]) : this.signal,
      place: changes.place ?? this.place,
      parent: this.pid,
    };
    try {
      return await this.machine.processes.spawn(request).exit;
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      return this.#explain(error, request);
    }
  }

  notifyReady(): void {
    this.#onReady?.();
  }

  /** execvp's fallback: a text file without an interpreter line is a script for sh. */
  async #explain(error: FileError, request: SpawnRequest): Promise<number> {
    const [name = ""] = request.argv;
    if (error.code === "ENOEXEC" && !this.machine.rootFiles.readBytes(error.path).subarray(0, 128).includes(0)) {
      const argv = ["/bin/sh", error.path, ...request.argv.slice(1)];
      if (this.machine.rootFiles.exists("/bin/sh") && !request.argv[0]?.endsWith("/bin/sh")) {
        return this.machine.processes.spawn({ ...request, argv }).exit;
      }
    }
    const caller = basename(this.argv[0] ?? "");
    await this.err(`${caller}: ${name}: ${error.code === "ENOENT" ? "No such file or directory" : error.message}\n`);
    return error.code === "ENOENT" ? 127 : 126;
  }
}
