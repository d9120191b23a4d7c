import { FileSystem, root } from "../../machine/files/file-system.ts";
import type { FileView } from "../../machine/files/file-system.ts";
import { dirname, resolvePath } from "../../machine/files/paths.ts";
import type { Isolation } from "../../machine/isolation.ts";
import type { ModelledMachine } from "../../machine/machine.ts";
import { containerMachine } from "../../machine/programs/images/container-machine.ts";
import { processFolders } from "../../machine/system/process-files.ts";
import type { Rootfs } from "../images/rootfs.ts";
import type { SpecMount } from "./spec.ts";

export interface EnterOptions {
  hostname: string;
  isolation: Isolation;
  mounts: readonly SpecMount[];
  /** A program that talks to the host's services through sockets, such as etcdctl; see native-process. */
  sharesSockets?: boolean;
}

/** The host as a process sees it whose root is the folder `rootfs` of the host. Simplified: read-only roots can be written. */
export function enterRootfs(host: ModelledMachine, rootfs: string, options: EnterOptions): ModelledMachine {
  const view = host.rootFiles;
  const inside = host.files.below(rootfs);
  const machine = containerMachine(host, inside, {
    hostname: options.hostname,
    isolation: options.isolation,
    ...(options.sharesSockets ? { sockets: host.sockets } : {}),
  });
  const make = (path: string): void => makeThroughLinks(machine.rootFiles, path);
  for (const mount of options.mounts) {
    if (mount.destination === "/proc") {
      make("/proc");
      inside.mount("/proc", processFiles(host, machine, options.mounts), "/");
    } else if (mount.destination === "/dev") {
      make("/dev");
      inside.mount("/dev", devices(host), "/");
    } else if (mount.destination === "/sys") {
      make("/sys");
      inside.mount("/sys", host.files, "/sys");
    } else if (isBind(mount) && mount.source !== undefined && view.exists(mount.source)) {
      if (view.isDirectory(mount.source)) make(mount.destination);
      else if (!machine.rootFiles.exists(mount.destination)) {
        machine.rootFiles.makeDirectories(dirname(mount.destination));
        machine.rootFiles.write(mount.destination, "");
      }
      inside.mount(mount.destination, host.files, mount.source);
    }
  }
  return machine;
}

/** Makes a folder with all above it; a link that leads nowhere yet gets its target, such as /var/run to /run. */
function makeThroughLinks(files: FileView, path: string): void {
  let made = "";
  for (const part of path.split("/").filter(Boolean)) {
    const here = `${made}/${part}`;
    if (!files.exists(here)) {
      const isLink = files.list(made === "" ? "/" : made).includes(part);
      if (isLink) makeThroughLinks(files, resolvePath(made === "" ? "/" : made, files.readLink(here)));
      else files.makeDirectory(here);
    }
    made = here;
  }
}

const isBind = (mount: SpecMount): boolean =>
  mount.type === "bind" || (mount.options ?? []).some((option) => option === "bind" || option === "rbind");

const kernelFiles = [
  "cgroups",
  "cmdline",
  "cpuinfo",
  "filesystems",
  "loadavg",
  "meminfo",
  "modules",
  "swaps",
  "uptime",
  "version",
];

/** A procfs: the processes of the container, and what the kernel says to everyone. */
function processFiles(host: ModelledMachine, machine: ModelledMachine, mounts: readonly SpecMount[]): FileSystem {
  const files = new FileSystem(host.environment.clock);
  files.defineFolder("/", processFolders(machine, host.kernel.cgroupVersion, true));
  for (const name of kernelFiles) {
    files.defineVirtual(`/${name}`, { read: () => host.rootFiles.readText(`/proc/${name}`) }, 0o444);
  }
  const table = ["overlay / overlay rw,relatime 0 0"].concat(
    mounts.map((mount) => `${mount.source ?? "none"} ${mount.destination} ${mount.type ?? "bind"} rw 0 0`),
  );
  files.defineVirtual("/mounts", { read: () => `${table.join("\n")}\n` }, 0o444);
  const view = files.as(root);
  view.makeDirectories("/sys");
  files.mount("/sys", host.files, "/proc/sys");
  return files;
}

function devices(host: ModelledMachine): FileSystem {
  const files = new FileSystem(host.environment.clock);
  files.as(root).makeDirectories("/shm", 0o1777);
  for (const name of ["full", "null", "random", "tty", "urandom", "zero"]) {
    const path = `/dev/${name}`;
    files.defineDevice(`/${name}`, {
      read: () => host.rootFiles.readBytes(path),
      write: (bytes) => host.rootFiles.write(path, bytes),
    });
  }
  return files;
}

/** Writes an image's merged layers into a folder; what is there already stays. */
export function unpackRootfs(machine: ModelledMachine, rootfs: Rootfs, folder: string): void {
  machine.rootFiles.makeDirectories(folder);
  // Seen from inside, so that an absolute symlink of the image leads nowhere else.
  const files = machine.files.below(folder).as(root);
  for (const path of [...rootfs.keys()].sort((one, other) => (one < other ? -1 : 1))) {
    const entry = rootfs.get(path);
    if (!entry) continue;
    if (entry.type === "directory") {
      files.makeDirectories(path);
      files.chmod(path, entry.mode);
    } else if (!files.list(dirname(path)).includes(path.slice(path.lastIndexOf("/") + 1))) {
      if (entry.type === "symlink") files.symlink(entry.target, path);
      else {
        files.writeWithMode(path, entry.bytes, entry.mode);
        files.setTime(path, entry.mtime);
      }
    }
    if (entry.uid !== 0 || entry.gid !== 0) files.chown(path, entry.uid, entry.gid, false);
  }
}
