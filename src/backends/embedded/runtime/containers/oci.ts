import type { Executable } from "../../machine/executable.ts";
import type { Isolation } from "../../machine/isolation.ts";
import type { ModelledMachine, ProcessEntry, Processes, SpawnRequest } from "../../machine/machine.ts";
import type { RuntimePath } from "../../../../domain/picture.ts";
import type { NetworkPlace } from "../../network/network.ts";
import type { ContainerMount } from "../cri.ts";
import type { ImageContent } from "../images/oci.ts";
import type { Rootfs } from "../images/rootfs.ts";
import type { ContainerLog } from "./log-file.ts";

/** A container as an OCI runtime gets it in config.json. */
export interface ContainerSpec {
  id: string;
  sandboxId: string;
  machine: ModelledMachine;
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
  cwd: string;
  annotations: Readonly<Record<string, string>>;
  rootfs: Rootfs;
  /** The image itself, for runtimes that read more of it than its files; absent when it is gone. */
  image: ImageContent | undefined;
  /** Folder on the machine where the root file system is mounted. */
  bundle: string;
  mounts: readonly ContainerMount[];
  place: NetworkPlace;
  hostname: string;
  /** Namespaces that were made for it; absent while it is only looked at. */
  isolation?: Isolation;
  /** Its first process, for who runs another one beside it. */
  live?: ProcessEntry;
  memoryLimit: number | undefined;
  log: ContainerLog;
  /** The caller passes `--log-format json`, and so the runtime's own errors are JSON. */
  jsonErrors: boolean;
  /** True when the lab woke up and the container goes on. */
  resumed: boolean;
  /** The process was ended for using more memory than its limit. */
  onOutOfMemory(): void;
  /** The process does its work now; natives do at once. */
  onActive(): void;
}

/** The runtime refused to create or start the container; `message` is its error. */
export class OciError extends Error {
  override readonly name = "OciError";
}

/** What a low-level runtime starts; `table` is the container's own, where it has a PID namespace. */
export interface PreparedProcess extends SpawnRequest {
  table?: Processes;
}

/** What `exec` came to. */
export interface ExecOutcome {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** A low-level runtime such as crun or runc, or a shim that is its own, read from its binary. */
export interface OciRuntime {
  readonly kind: "crun" | "runc" | "spin";
  readonly path: string;
  readonly executable: Executable;
  /** What a container goes through from here on down, as figures show it: e.g. crun, then WasmEdge. */
  chain(spec: ContainerSpec): RuntimePath;
  /** What to run for this container. Throws OciError. */
  prepare(spec: ContainerSpec): PreparedProcess;
  /** Runs a command in a running container. Rejects with OciError when it cannot. */
  exec(spec: ContainerSpec, argv: readonly string[]): Promise<ExecOutcome>;
}
