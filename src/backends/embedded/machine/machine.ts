import type { Clock, Random } from "../../../domain/clock.ts";
import type { MachineRole, Profile } from "../../../domain/backend.ts";
import type { LabNetwork } from "../network/network.ts";
import type { Pacing } from "../pacing.ts";
import type { Traffic } from "../picture/traffic.ts";
import type { BlobStore, Credentials, FileSystem, FileView } from "./files/file-system.ts";
import type { ByteSink, ByteSource } from "./io.ts";
import type { Isolation } from "./isolation.ts";
import type { Program, SignalName, Terminal } from "./process.ts";
import type { NetworkPlace } from "../network/network.ts";

/** What all machines of one lab share. */
export interface Environment {
  readonly profile: Profile;
  readonly clock: Clock;
  readonly random: Random;
  readonly pacing: Pacing;
  readonly network: LabNetwork;
  /** Large contents of all machines, by digest. */
  readonly blobs: BlobStore;
  readonly options: EnvironmentOptions;
  /** Told of what passes between the components, for who looks on. */
  readonly traffic?: Traffic;
  machine(name: string): ModelledMachine | undefined;
  machines(): readonly ModelledMachine[];
  /** Resolves when everything that happened so far is on disk. */
  persist(): Promise<void>;
  /** `callback` writes what it still holds in memory into files or durable state; called before every save. Returns how to stop. */
  beforePersist?(callback: () => void): () => void;
  /** Something that is saved has changed. */
  touch(): void;
}

export interface EnvironmentOptions {
  /** The host's cargo may build what the modelled one refuses (`--host-cargo`). */
  hostCargo: boolean;
  /** This computer's cargo; absent where none was found. */
  hostBuild?: HostBuild;
}

/** Builds a package with this computer's own cargo, with the course's lock file. */
export interface HostBuild {
  /** `files` by their path in the package. Lines of cargo's own output go to `onLine` as they come. */
  build(request: {
    files: Readonly<Record<string, Uint8Array>>;
    release: boolean;
    onLine(line: string): void;
    signal: AbortSignal;
  }): Promise<{ ok: true; module: Uint8Array } | { ok: false; exitCode: number }>;
}

/** A modelled Ubuntu computer. */
export interface ModelledMachine {
  readonly name: string;
  readonly role: MachineRole;
  /** IPv4 address of its network card. */
  readonly address: string;
  readonly environment: Environment;
  readonly files: FileSystem;
  /** `files` as root. */
  readonly rootFiles: FileView;
  readonly users: Users;
  readonly processes: Processes;
  readonly packages: PackageDatabase;
  readonly units: UnitManager;
  readonly kernel: Kernel;
  readonly journal: Journal;
  /** Services behind unix sockets, such as a container runtime's. */
  readonly sockets: SocketTable;
  readonly hardware: Hardware;
  /** Wall time of the last boot. */
  readonly bootedAt: number;
  /**
   * State that outlives the daemon that keeps it and is saved with the machine: plain JSON.
   * Change it in place, then call `environment.touch()`.
   */
  durable<T extends object>(key: string, initial: () => T): T;
  /** Forgets a durable state. */
  forget(key: string): void;
}

export interface Hardware {
  cpus: number;
  memoryMegabytes: number;
  diskGigabytes: number;
  architecture: "amd64" | "arm64";
}

export interface User {
  name: string;
  uid: number;
  gid: number;
  gecos: string;
  home: string;
  shell: string;
}

/** /etc/passwd, /etc/group and /etc/sudoers as they stand in the files. */
export interface Users {
  byName(name: string): User | undefined;
  byId(uid: number): User | undefined;
  groupName(gid: number): string | undefined;
  groupId(name: string): number | undefined;
  /** The user's effective credentials with all groups; undefined for an unknown user. */
  credentials(name: string): Credentials | undefined;
  /** True when sudo asks this user nothing. */
  maySudo(name: string): boolean;
}

export interface SpawnRequest {
  /** `argv[0]` with a slash is a path, else it is looked up in PATH. */
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
  cwd: string;
  credentials: Credentials;
  umask?: number;
  stdin?: ByteSource;
  stdout?: ByteSink;
  stderr?: ByteSink;
  terminal?: Terminal | undefined;
  signal?: AbortSignal | undefined;
  place?: NetworkPlace;
  parent?: number;
  resumed?: boolean;
  onReady?: () => void;
  /** Executes this instead of the file's program; used by the shell for scripts and subshells. */
  program?: Program;
  /** Namespaces and root of the process; a child has its parent's. */
  isolation?: Isolation;
  /** Path of its control group; a child is in its parent's. */
  cgroup?: string;
  /** The number it has on the machine, where it had one before; another one when that is taken. */
  pid?: number | undefined;
  /** Until it resolves the process waits under the name `argv`, as `runc init` does. */
  waiting?: { argv: readonly string[]; until: Promise<void> };
}

export interface RunningProcess {
  readonly pid: number;
  /** The same process as the machine around its PID namespace counts it; else `pid`. */
  readonly outerPid: number;
  /** Resolves with the exit code; never rejects. */
  readonly exit: Promise<number>;
  kill(signal: SignalName): void;
}

export interface ProcessEntry {
  pid: number;
  parent: number;
  uid: number;
  argv: readonly string[];
  /** Milliseconds since the epoch. */
  startedAt: number;
  terminal: string | undefined;
  isolation?: Isolation;
  cgroup?: string;
  /** Its number in its own PID namespace, where that is another one. */
  innerPid?: number;
  /** The machine and the network as the process sees them. */
  machine: ModelledMachine;
  place: NetworkPlace;
}

/** Starts and lists the processes of one machine. */
export interface Processes {
  /**
   * Starts a program. Rejects with FileError ENOENT (not found), EACCES (not executable) or ENOEXEC (not a program);
   * the caller words the message.
   */
  spawn(request: SpawnRequest): RunningProcess;
  list(): readonly ProcessEntry[];
  /** False when there is no such process. */
  kill(pid: number, signal: SignalName): boolean;
  /**
   * The same programs for another root file system, as in a container: `machine` is the host with other files.
   * With `isolation` they are in a PID namespace of their own, and the machine around it lists and kills them too.
   */
  chroot?(machine: ModelledMachine, isolation?: Isolation): Processes;
}

export interface InstalledPackage {
  name: string;
  version: string;
  /** Paths that its removal takes away. */
  files: string[];
  held: boolean;
}

/** What dpkg knows. */
export interface PackageDatabase {
  get(name: string): InstalledPackage | undefined;
  list(): readonly InstalledPackage[];
}

export type UnitActiveState = "active" | "inactive" | "activating" | "deactivating" | "failed";

export interface UnitStatus {
  /** With suffix, e.g. `crio.service`. */
  name: string;
  loaded: boolean;
  description: string;
  /** Path of the unit file; empty when not found. */
  path: string;
  enabled: "enabled" | "disabled" | "static" | "masked" | "not-found";
  active: UnitActiveState;
  /** `running`, `dead`, `failed`, `auto-restart`, `exited`. */
  sub: string;
  pid: number | undefined;
  exitCode: number | undefined;
  /** Wall time of the last change of state. */
  since: number;
  restarts: number;
}

/** systemd: what a unit does follows from its file and the binary its ExecStart names. */
export interface UnitManager {
  /** Reads unit files again, as `systemctl daemon-reload`. */
  reload(): void;
  status(name: string): UnitStatus;
  list(): readonly UnitStatus[];
  /** Resolves when active, or with ok false and systemctl's own words for standard error. */
  start(name: string): Promise<UnitResult>;
  stop(name: string): Promise<UnitResult>;
  restart(name: string): Promise<UnitResult>;
  enable(name: string): UnitResult;
  disable(name: string): UnitResult;
}

export interface UnitResult {
  ok: boolean;
  /** Lines for standard error; may be informational. */
  message: string;
}

/** Modules, parameters and swap of the running kernel; files below /proc and /sys show the same. */
export interface Kernel {
  readonly release: string;
  modules(): readonly string[];
  /** False when the kernel has no such module. */
  loadModule(name: string): boolean;
  unloadModule(name: string): boolean;
  /** Undefined for an unknown key; `net.bridge.*` exists only while br_netfilter is loaded. */
  parameter(key: string): string | undefined;
  setParameter(key: string, value: string): boolean;
  parameters(): readonly string[];
  swaps(): readonly { path: string; kilobytes: number }[];
  setSwap(path: string, kilobytes: number | undefined): void;
  readonly cgroupVersion: 1 | 2;
}

export interface JournalEntry {
  /** Milliseconds since the epoch. */
  time: number;
  /** Unit with suffix, or empty. */
  unit: string;
  identifier: string;
  pid: number | undefined;
  message: string;
}

export interface Journal {
  append(entry: Omit<JournalEntry, "time">): void;
  entries(unit?: string): readonly JournalEntry[];
  onAppend(listener: (entry: JournalEntry) => void): () => void;
}

/** Unix sockets: a daemon provides a service at a path; a client connects to whatever is there now. */
export interface SocketTable {
  /** Makes the socket's file; the returned function takes it away. */
  provide(path: string, service: object): () => void;
  /** Undefined when nothing listens at that path. */
  connect(path: string): object | undefined;
}
