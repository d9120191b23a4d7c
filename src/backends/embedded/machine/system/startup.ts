import type { ModelledMachine } from "../machine.ts";
import { fileLines } from "./users.ts";

const sysctlFolders = [
  "/etc/sysctl.d",
  "/run/sysctl.d",
  "/usr/local/lib/sysctl.d",
  "/usr/lib/sysctl.d",
  "/lib/sysctl.d",
];

/** The files that `sysctl --system` reads, in its order: by name, the first folder that has a name wins, /etc/sysctl.conf last. */
export function sysctlFiles(machine: ModelledMachine): string[] {
  const byName = new Map<string, string>();
  for (const folder of sysctlFolders) {
    if (!machine.rootFiles.isDirectory(folder)) continue;
    for (const name of machine.rootFiles.list(folder)) {
      if (name.endsWith(".conf") && !byName.has(name)) byName.set(name, `${folder}/${name}`);
    }
  }
  const paths = [...byName.keys()].sort().map((name) => byName.get(name) ?? "");
  return machine.rootFiles.exists("/etc/sysctl.conf") ? [...paths, "/etc/sysctl.conf"] : paths;
}

interface SysctlLine {
  key: string;
  value: string;
  /** `-key`: errors are ignored. */
  quiet: boolean;
}

export type SysctlEntry = SysctlLine | { invalid: string; line: number };

/** Assignments of one file, and the lines that are none. */
export function sysctlLines(machine: ModelledMachine, path: string): SysctlEntry[] {
  const text = machine.rootFiles.readText(path).split("\n");
  return text.flatMap((raw, index): SysctlEntry[] => {
    const line = raw.trim();
    if (line === "" || /^[#;]/.test(line)) return [];
    const at = line.indexOf("=");
    if (at < 1) return [{ invalid: line, line: index + 1 }];
    const name = line.slice(0, at).trim();
    return [
      {
        key: name.replace(/^-/, "").replaceAll("/", "."),
        value: line.slice(at + 1).trim(),
        quiet: name.startsWith("-"),
      },
    ];
  });
}

/** systemd-sysctl at boot. */
export function applySysctlFiles(machine: ModelledMachine): void {
  for (const path of sysctlFiles(machine)) {
    for (const item of sysctlLines(machine, path)) {
      if ("invalid" in item || machine.kernel.setParameter(item.key, item.value) || item.quiet) continue;
      machine.journal.append({
        unit: "systemd-sysctl.service",
        identifier: "systemd-sysctl",
        pid: undefined,
        message: `Couldn't write '${item.value}' to '${item.key.replaceAll(".", "/")}', ignoring: No such file or directory`,
      });
    }
  }
}

/** systemd-modules-load at boot. */
export function loadConfiguredModules(machine: ModelledMachine): void {
  const paths = ["/etc/modules"];
  for (const folder of ["/usr/lib/modules-load.d", "/etc/modules-load.d"]) {
    if (!machine.rootFiles.isDirectory(folder)) continue;
    for (const name of machine.rootFiles.list(folder)) if (name.endsWith(".conf")) paths.push(`${folder}/${name}`);
  }
  for (const path of paths) {
    for (const line of fileLines(machine.rootFiles, path)) {
      const name = line.trim();
      if (/^[#;]/.test(name)) continue;
      const loaded = machine.kernel.loadModule(name);
      machine.journal.append({
        unit: "systemd-modules-load.service",
        identifier: "systemd-modules-load",
        pid: undefined,
        message: loaded ? `Inserted module '${name}'` : `Failed to find module '${name}'`,
      });
    }
  }
}

/** Swap files and partitions of /etc/fstab that exist. */
export function fstabSwaps(machine: ModelledMachine): string[] {
  return fileLines(machine.rootFiles, "/etc/fstab").flatMap((line) => {
    const [source = "", , type = ""] = line.trim().split(/\s+/);
    return !source.startsWith("#") && type === "swap" ? [source] : [];
  });
}

export const swapKilobytes = 2_097_148;

export function swapOnFromFstab(machine: ModelledMachine): void {
  for (const path of fstabSwaps(machine)) {
    if (machine.rootFiles.exists(path)) machine.kernel.setSwap(path, swapKilobytes);
  }
}
