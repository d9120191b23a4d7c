import type { startChild } from "../../../process/child.ts";
import type { MultipassError } from "./errors.ts";

/** What the client needs of the computer besides Multipass; a test gives its own. */
export interface System {
  /** Milliseconds; only differences count. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** A word that no program prints by chance: letters and digits. */
  token(): string;
}

export interface MultipassOptions {
  /** Name or path of the executable; default `multipass`. */
  executable?: string;
  /** Added to this process's environment; `undefined` takes one away. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Where the executable runs; default the current folder. A snap warns about folders outside the home folder. */
  cwd?: string;
  /** Default `process.platform`; on `win32` the output of `exec` goes through files of the guest. */
  platform?: NodeJS.Platform;
  system?: Partial<System>;
  /** Real milliseconds after which a question (`list`, `info`, `version`, ...) counts as unanswered; default 120 000. */
  answerWithinMs?: number;
  /** Starts processes; default `startChild`. */
  start?: typeof startChild;
}

export type InstanceState =
  | "Running"
  | "Stopped"
  | "Deleted"
  | "Starting"
  | "Restarting"
  | "Delayed Shutdown"
  | "Suspending"
  | "Suspended"
  | "Unavailable"
  | "Unknown";

export interface Version {
  /** As printed, e.g. `1.16.3+mac`. */
  text: string;
  major: number;
  minor: number;
  patch: number;
}

export interface Versions {
  client: Version;
  /** Absent while the daemon does not answer. */
  daemon?: Version;
}

/** Read from the help of the executable, never from its version. */
export interface Features {
  snapshots: boolean;
  clone: boolean;
  forcedStop: boolean;
  zones: boolean;
  waitReady: boolean;
}

export interface InstanceZone {
  name: string;
  available: boolean;
}

export interface ListedInstance {
  name: string;
  state: InstanceState;
  /** Empty when unknown; absent guests' `N/A` is left out. */
  addresses: string[];
  /** Absent when unknown. */
  release?: string;
  zone?: InstanceZone;
}

export interface Usage {
  /** Bytes. */
  used: number;
  total: number;
}

export interface InstanceInfo extends ListedInstance {
  imageRelease?: string;
  imageHash?: string;
  cpus?: number;
  snapshotCount?: number;
  load: number[];
  disk?: Usage;
  memory?: Usage;
  mounts: { target: string; source: string }[];
}

export interface Progress {
  stage:
    | "creating"
    | "retrieving"
    | "extracting"
    | "verifying"
    | "preparing"
    | "configuring"
    | "starting"
    | "waiting"
    | "cloud-init"
    | "other";
  /** 0 to 100, while an image is retrieved, extracted or checked. */
  percent?: number;
  /** What Multipass says, without its spinner. */
  text: string;
}

export interface CallOptions {
  /** Ends the client's process; what the daemon has begun goes on. Rejects with the signal's reason. */
  signal?: AbortSignal;
}

export interface ProgressOptions extends CallOptions {
  onProgress?: (progress: Progress) => void;
}

export interface BootOptions extends ProgressOptions {
  /** Milliseconds until an instance must have booted and cloud-init must have ended; default 1 200 000. */
  timeoutMs?: number;
}

export interface LaunchRequest {
  name: string;
  /** Always named: what Multipass takes by itself changes. `24.04`, `https://...`, `file://...` (read by the daemon). */
  image: string;
  cpus: number;
  /** E.g. `2G`; powers of 1024. */
  memory: string;
  disk: string;
  /** Text of a cloud-init document, given by standard input: no path that a confined daemon or client could not read. */
  cloudInit?: string;
  /** Ignored where there are no zones. Instances of different zones may not reach each other. */
  zone?: string;
}

export interface LaunchOptions extends BootOptions {
  /** How often a download is tried; default 3. */
  downloadAttempts?: number;
  /** What to do with an instance of that name that is deleted but not purged; default `refuse` (`soft-deleted`). */
  ifDeleted?: "refuse" | "recover" | "purge";
}

export interface CloudInitStatus {
  /** `degraded`: ended with warnings it recovered from; `unknown`: it could not be asked. */
  outcome: "done" | "error" | "degraded" | "unknown";
  /** What `cloud-init status --long` says. */
  text: string;
}

export interface LaunchResult {
  name: string;
  zone?: string;
  /** `continued`: `launch` failed or gave up (or its name was deleted), but the instance was there and came up. */
  ended: "launched" | "continued";
  /** Why `launch` did not end by itself. */
  overcame?: MultipassError;
  /** `launch` succeeds on a broken cloud-init document: look here. */
  cloudInit: CloudInitStatus;
}

export interface ExecOutput {
  stream: "stdout" | "stderr";
  bytes: Uint8Array;
}

export interface ExecOptions extends CallOptions {
  /** The whole standard input; without it, the command reads an end of file. */
  stdin?: string | Uint8Array;
  /** What the command prints, as it comes (at its end where it goes through files). */
  onOutput?: (output: ExecOutput) => void;
}

export interface ExecResult {
  /** Of the command, 0 to 255; never one of Multipass's own. */
  exitCode: number;
  stdout: Uint8Array;
  stderr: Uint8Array;
}

/** A command that runs in an instance. */
export interface ExecProcess {
  write(bytes: string | Uint8Array): void;
  /** Closes its standard input. */
  end(): void;
  /** Ends the local client; the command in the instance goes on until it writes or reads. */
  kill(): void;
  /** Rejects with MultipassError when the command was not begun or the connection was lost. */
  readonly ended: Promise<{ exitCode: number }>;
}

export interface Snapshot {
  name: string;
  comment: string;
  /** Absent for the first one. */
  parent?: string;
}

export interface Image {
  /** What `launch` takes, e.g. `24.04`. */
  name: string;
  aliases: string[];
  os: string;
  release: string;
  remote: string;
  version: string;
}

export interface Network {
  name: string;
  type: string;
  description: string;
}

export interface Zone {
  name: string;
  available: boolean;
  subnet?: string;
}

/** The Multipass command line. Everything rejects with MultipassError, or with the reason of an aborted signal. */
export interface Multipass {
  /** Never asks for a version of its own: works with any, and without a daemon. */
  version(options?: CallOptions): Promise<Versions>;
  /** Asked once and remembered. Rejects with `unsupported-version` before 1.13. */
  features(): Promise<Features>;
  /** Resolves when the daemon answers. Rejects with `daemon-unreachable` after `timeoutMs` (default 60 000). */
  waitReady(options?: CallOptions & { timeoutMs?: number }): Promise<void>;

  /** `addresses: false` asks no guest anything: quick, and it works with sick guests. */
  list(options?: CallOptions & { addresses?: boolean }): Promise<ListedInstance[]>;
  /** Undefined when there is no such instance; `Deleted` when it only waits to be purged. */
  state(name: string, options?: CallOptions): Promise<InstanceState | undefined>;
  /** `runtime: false` asks the guest nothing, where Multipass can do that. */
  info(name: string, options?: CallOptions & { runtime?: boolean }): Promise<InstanceInfo>;
  /**
   * The address that other instances reach it by: the recorded one, or one of its network, or what the guest's
   * default route says, or the first. Undefined while there is none.
   */
  address(name: string, options?: CallOptions & { recorded?: string }): Promise<string | undefined>;

  /**
   * Resolves when the instance has booted and cloud-init has ended, however `launch` itself ended.
   * Rejects with `already-exists` when there is one of that name, by `ifDeleted` also when it is deleted.
   */
  launch(request: LaunchRequest, options?: LaunchOptions): Promise<LaunchResult>;
  /** Brings an instance that exists (say, after an interrupted `launch`) up, until cloud-init has ended. */
  finishBoot(name: string, options?: BootOptions): Promise<CloudInitStatus>;
  /** Resolves when it runs and answers; idempotent. */
  start(name: string, options?: BootOptions): Promise<void>;
  /** Idempotent. `force` pulls the plug; rejects with `unsupported-feature` where there is no such option. */
  stop(name: string, options?: ProgressOptions & { force?: boolean }): Promise<void>;
  /** Deletes for good, whatever its state; true when there was one. No other instance is touched. */
  delete(name: string, options?: CallOptions): Promise<boolean>;
  /** Takes a deletion back that has not been purged. */
  recover(name: string, options?: CallOptions): Promise<void>;

  /** Runs `argv` (kept as it is) as the guest's default user. Rejects with `not-running` instead of starting it. */
  exec(name: string, argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** As `exec`, with standard input open until `end`. */
  startExec(name: string, argv: readonly string[], options: { onOutput: (output: ExecOutput) => void }): ExecProcess;
  /** What to run, with this process's own terminal, to hand that over. Starts the instance where it is stopped. */
  shellCommand(name: string): { file: string; argv: string[] };
  /** Writes a file as the guest's default user; a relative path begins in its home folder. */
  writeFile(name: string, path: string, data: string | Uint8Array, options?: CallOptions): Promise<void>;
  readFile(name: string, path: string, options?: CallOptions): Promise<Uint8Array>;

  /** Of a stopped instance (`not-stopped`). */
  snapshot(name: string, snapshot: string, options?: ProgressOptions & { comment?: string }): Promise<void>;
  /** Of a stopped instance; its present state is lost. */
  restore(name: string, snapshot: string, options?: ProgressOptions): Promise<void>;
  snapshots(name: string, options?: CallOptions): Promise<Snapshot[]>;
  /** True when there was one. */
  deleteSnapshot(name: string, snapshot: string, options?: CallOptions): Promise<boolean>;

  /** `unsupported` shows images that have reached their end of life, too. */
  find(options?: CallOptions & { search?: string; unsupported?: boolean; update?: boolean }): Promise<Image[]>;
  networks(options?: CallOptions): Promise<Network[]>;
  /** Empty where there are no zones. */
  zones(options?: CallOptions): Promise<Zone[]>;
  /** Undefined when empty. */
  get(key: string, options?: CallOptions): Promise<string | undefined>;
  set(key: string, value: string, options?: CallOptions): Promise<void>;
}
