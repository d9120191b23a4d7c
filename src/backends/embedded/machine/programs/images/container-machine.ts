import type { Clock } from "../../../../../domain/clock.ts";
import { FileError } from "../../files/errors.ts";
import { FileSystem, root } from "../../files/file-system.ts";
import type { FileView } from "../../files/file-system.ts";
import type { Isolation } from "../../isolation.ts";
import type { ModelledMachine, Processes, SocketTable, UnitManager } from "../../machine.ts";
import { createUsers } from "../../system/users.ts";
import type { RootfsEntry } from "../../../runtime/images/rootfs.ts";
import type { TarEntry } from "../../../runtime/images/tar.ts";
import { tarFile } from "../../../runtime/images/tar.ts";

/** Folders whose content the runtime mounts; never part of an image. */
const mounted = new Set(["/dev", "/proc", "/sys"]);

/** The root file system of a container being built, and what of it is new. */
export class ContainerRoot {
  readonly files: FileSystem;
  readonly view: FileView;
  #baseline: Map<string, RootfsEntry>;

  constructor(clock: Clock, rootfs: ReadonlyMap<string, RootfsEntry>) {
    this.files = new FileSystem(clock);
    this.view = this.files.as(root);
    this.#baseline = new Map(rootfs);
    for (const [path, entry] of [...rootfs].sort(([one], [other]) => (one < other ? -1 : 1))) this.#place(path, entry);
    this.files.defineDevice("/dev/null", { read: () => new Uint8Array(), write: () => undefined });
    this.files.defineDevice("/dev/zero", { read: () => new Uint8Array(4096), write: () => undefined });
    this.view.makeDirectories("/proc");
  }

  /** Paths that were added, changed or removed since the start or the last call, as a layer. */
  takeLayer(): TarEntry[] {
    const now = new Map<string, RootfsEntry>();
    this.#collect("/", now);
    const entries: TarEntry[] = [];
    for (const [path, entry] of now) {
      const before = this.#baseline.get(path);
      if (!before || !sameEntry(before, entry)) entries.push(toTar(path, entry));
    }
    for (const path of this.#baseline.keys()) {
      const parent = path.slice(0, path.lastIndexOf("/"));
      if (now.has(path) || mounted.has(`/${path.split("/")[1]}`)) continue;
      if (parent !== "" && !now.has(parent)) continue;
      entries.push(tarFile(`${parent}/.wh.${path.slice(parent.length + 1)}`.slice(1), ""));
    }
    this.#baseline = now;
    return entries.sort((one, other) => (one.path < other.path ? -1 : 1));
  }

  #place(path: string, entry: RootfsEntry): void {
    const { view } = this;
    if (entry.type === "directory") {
      if (!view.isDirectory(path)) view.makeDirectory(path, entry.mode);
      view.chmod(path, entry.mode);
    } else if (entry.type === "symlink") view.symlink(entry.target, path);
    else view.writeWithMode(path, entry.bytes, entry.mode);
    view.chown(path, entry.uid, entry.gid, false);
    if (entry.type === "file") view.setTime(path, entry.mtime);
  }

  #collect(folder: string, into: Map<string, RootfsEntry>): void {
    for (const name of this.view.list(folder)) {
      const path = folder === "/" ? `/${name}` : `${folder}/${name}`;
      if (mounted.has(path) && !this.#baseline.has(path)) continue;
      const stat = this.view.lstat(path);
      const { mode, uid, gid, mtime } = stat;
      if (stat.type === "directory") {
        into.set(path, { type: "directory", mode, uid, gid, mtime });
        if (!mounted.has(path)) this.#collect(path, into);
      } else if (stat.type === "symlink") {
        into.set(path, { type: "symlink", mode, uid, gid, mtime, target: this.view.readLink(path) });
      } else if (stat.type === "file") {
        into.set(path, { type: "file", mode, uid, gid, mtime, bytes: this.view.readBytes(path) });
      }
    }
  }
}

function sameEntry(one: RootfsEntry, other: RootfsEntry): boolean {
  if (one.type !== other.type || one.uid !== other.uid || one.gid !== other.gid) return false;
  if (one.type === "symlink") return other.type === "symlink" && one.target === other.target;
  if (one.mode !== other.mode) return false;
  return one.type !== "file" || (other.type === "file" && Buffer.compare(one.bytes, other.bytes) === 0);
}

function toTar(path: string, entry: RootfsEntry): TarEntry {
  const { type, mode, uid, gid, mtime } = entry;
  return {
    path: path.slice(1),
    type,
    mode,
    uid,
    gid,
    mtime,
    bytes: type === "file" ? entry.bytes : new Uint8Array(),
    target: type === "symlink" ? entry.target : "",
  };
}

export interface ContainerMachineOptions {
  /** In a UTS namespace of its own; default the host's. */
  hostname?: string;
  /** In namespaces of its own, also for processes. */
  isolation?: Isolation;
  /** Sockets that it shares with the host; default none. */
  sockets?: SocketTable;
}

/**
 * The host as a process in a container sees it: other files and users, no units or packages of its own.
 * Simplified: without options it keeps the host's name and network, as buildah's host isolation does.
 */
export function containerMachine(
  host: ModelledMachine,
  files: FileSystem,
  options: ContainerMachineOptions = {},
): ModelledMachine {
  const rootFiles = files.as(root);
  const durable = new Map<string, object>();
  const container: ModelledMachine = {
    name: options.hostname ?? host.name,
    role: host.role,
    address: host.address,
    environment: host.environment,
    files,
    rootFiles,
    users: createUsers(rootFiles),
    get processes(): Processes {
      processes ??= host.processes.chroot?.(container, options.isolation) ?? host.processes;
      return processes;
    },
    packages: { get: () => undefined, list: () => [] },
    units: noUnits,
    kernel: host.kernel,
    journal: { append: () => undefined, entries: () => [], onAppend: () => () => undefined },
    sockets: options.sockets ?? { provide: () => () => undefined, connect: () => undefined },
    hardware: host.hardware,
    bootedAt: host.bootedAt,
    durable<T extends object>(key: string, initial: () => T): T {
      const known = durable.get(key);
      if (known) return known as T;
      const made = initial();
      durable.set(key, made);
      return made;
    },
    forget: (key) => void durable.delete(key),
  };
  let processes: Processes | undefined;
  return container;
}

const noSystemd = {
  ok: false,
  message:
    "System has not been booted with systemd as init system (PID 1). Can't operate.\nFailed to connect to bus: Host is down\n",
};

const noUnits: UnitManager = {
  reload: () => undefined,
  status: () => {
    throw new FileError("ENOENT", "/run/systemd/private");
  },
  list: () => [],
  start: () => Promise.resolve(noSystemd),
  stop: () => Promise.resolve(noSystemd),
  restart: () => Promise.resolve(noSystemd),
  enable: () => noSystemd,
  disable: () => noSystemd,
};
