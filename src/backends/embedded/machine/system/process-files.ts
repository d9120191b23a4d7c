import { cgroupOf, namespacesOf } from "../isolation.ts";
import type { ComputedChild, ComputedFolder } from "../files/file-system.ts";
import { basename } from "../files/paths.ts";
import type { ModelledMachine, ProcessEntry } from "../machine.ts";
import { cgroupControllers } from "./proc-files.ts";

/** Limits of a control group, in bytes and in processes. */
export interface CgroupLimits {
  memory?: number;
  pids?: number;
}

const limitsByMachine = new WeakMap<ModelledMachine, Map<string, CgroupLimits>>();

/** Sets what a control group may use; its files show it. Simplified: only memory at start is enforced, see crun. */
export function setCgroupLimits(machine: ModelledMachine, cgroup: string, limits: CgroupLimits): void {
  const known = limitsByMachine.get(machine) ?? new Map<string, CgroupLimits>();
  limitsByMachine.set(machine, known);
  known.set(cgroup, limits);
}

const file = (read: () => string, mode = 0o444): ComputedChild => ({ type: "file", file: { read }, mode });

const folder = (children: Readonly<Record<string, ComputedChild>>): ComputedFolder => ({
  names: () => Object.keys(children),
  child: (name) => children[name],
});

/** Gives /proc a folder for every process, and the control groups the processes that are in them. */
export function defineProcessFiles(machine: ModelledMachine): void {
  machine.files.defineFolder("/proc", processFolders(machine, machine.kernel.cgroupVersion));
  if (machine.kernel.cgroupVersion === 2) machine.files.defineFolder("/sys/fs/cgroup", cgroupFolder(machine, "", ""));
  else {
    for (const name of [...cgroupControllers, "systemd"]) {
      machine.files.defineFolder(`/sys/fs/cgroup/${name}`, cgroupFolder(machine, "", name));
    }
  }
}

/** The folders of a machine's processes, as below /proc; in a container (`isInside`) they all have its root. */
export function processFolders(machine: ModelledMachine, version: 1 | 2, isInside = false): ComputedFolder {
  const find = (name: string): ProcessEntry | undefined =>
    /^[1-9]\d*$/.test(name) ? machine.processes.list().find((entry) => entry.pid === Number(name)) : undefined;
  return {
    names: () => machine.processes.list().map((entry) => String(entry.pid)),
    child(name) {
      const entry = find(name);
      return entry && { type: "directory", folder: processFolder(machine, entry, version, isInside) };
    },
  };
}

function processFolder(
  machine: ModelledMachine,
  entry: ProcessEntry,
  version: 1 | 2,
  isInside: boolean,
): ComputedFolder {
  const name = basename(entry.argv[0] ?? "").slice(0, 15);
  return folder({
    cgroup: file(() => cgroupLines(cgroupOf(machine, entry), version)),
    cmdline: file(() => entry.argv.map((word) => `${word}\0`).join("")),
    comm: file(() => `${entry.pid === 1 && entry.parent === 0 && name === "init" ? "systemd" : name}\n`),
    mounts: file(() => machine.rootFiles.readText("/proc/mounts")),
    ns: {
      type: "directory",
      folder: folder(
        Object.fromEntries(
          Object.entries(namespacesOf(entry)).map(([type, inode]) => [
            type,
            { type: "symlink", target: `${type}:[${inode}]` } as const,
          ]),
        ),
      ),
    },
    root: { type: "symlink", target: isInside ? "/" : (entry.isolation?.root ?? "/") },
    status: file(() => statusLines(entry, name)),
  });
}

function statusLines(entry: ProcessEntry, name: string): string {
  const numbers = entry.innerPid === undefined ? String(entry.pid) : `${entry.pid}\t${entry.innerPid}`;
  return [
    `Name:\t${name}`,
    "State:\tS (sleeping)",
    `Tgid:\t${entry.pid}`,
    `Pid:\t${entry.pid}`,
    `PPid:\t${entry.parent}`,
    `Uid:\t${entry.uid}\t${entry.uid}\t${entry.uid}\t${entry.uid}`,
    `NStgid:\t${numbers}`,
    `NSpid:\t${numbers}`,
    "",
  ].join("\n");
}

function cgroupLines(path: string, version: 1 | 2): string {
  if (version === 2) return `0::${path}\n`;
  const rows = cgroupControllers.map((name, index) => `${cgroupControllers.length + 1 - index}:${name}:${path}`);
  return `${[...rows, `1:name=systemd:${path}`, `0::${path}`].join("\n")}\n`;
}

/** One control group: its limits, its processes, and the groups inside it. */
function cgroupFolder(machine: ModelledMachine, path: string, controller: string): ComputedFolder {
  const groups = (): { entry: ProcessEntry; path: string }[] =>
    machine.processes.list().map((entry) => ({ entry, path: cgroupOf(machine, entry) }));
  const inside = (): string[] => [
    ...new Set(
      groups()
        .filter((group) => group.path.startsWith(`${path}/`))
        .map((group) => group.path.slice(path.length + 1).split("/")[0] ?? ""),
    ),
  ];
  const members = (): string =>
    groups()
      .filter((group) => group.path === path)
      .map((group) => `${group.entry.pid}\n`)
      .join("");
  const limit = (): CgroupLimits => limitsByMachine.get(machine)?.get(path) ?? {};
  const files: Record<string, ComputedChild> = { "cgroup.procs": file(members, 0o644) };
  if (path !== "" && controller === "") {
    files["memory.max"] = file(() => `${limit().memory ?? "max"}\n`, 0o644);
    files["pids.max"] = file(() => `${limit().pids ?? "max"}\n`, 0o644);
  }
  if (controller === "memory") files["memory.limit_in_bytes"] = file(() => `${limit().memory ?? unlimited}\n`, 0o644);
  if (controller === "pids" && path !== "") files["pids.max"] = file(() => `${limit().pids ?? "max"}\n`, 0o644);
  return {
    names: () => [...Object.keys(files), ...inside()],
    child(name) {
      const known = files[name];
      if (known) return known;
      if (!inside().includes(name)) return undefined;
      return { type: "directory", folder: cgroupFolder(machine, `${path}/${name}`, controller) };
    },
  };
}

/** What version 1 shows for no limit: the largest number of pages in bytes. */
const unlimited = "9223372036854771712";
