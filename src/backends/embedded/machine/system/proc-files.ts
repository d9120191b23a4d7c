import type { Clock, Random } from "../../../../domain/clock.ts";
import type { FileSystem } from "../files/file-system.ts";
import { root } from "../files/file-system.ts";
import type { Hardware } from "../machine.ts";
import { FileError } from "../files/errors.ts";
import type { ModelledKernel } from "./kernel.ts";

const sysPath = (key: string): string => `/proc/sys/${key.replaceAll(".", "/")}`;

/** Memory as /proc/meminfo and free show it, in kilobytes. Simplified: use does not follow the processes. */
export function memoryOf(hardware: Hardware): {
  total: number;
  free: number;
  available: number;
  buffers: number;
  cached: number;
} {
  const total = Math.round(hardware.memoryMegabytes * 1024 * 0.967);
  return {
    total,
    free: Math.round(total * 0.62),
    available: Math.round(total * 0.84),
    buffers: Math.round(total * 0.02),
    cached: Math.round(total * 0.21),
  };
}

/** Defines /dev, /proc and /sys: computed from the kernel at every read, never saved. */
export function defineKernelFiles(options: {
  files: FileSystem;
  kernel: ModelledKernel;
  hardware: Hardware;
  clock: Clock;
  random: Random;
  profile: "thesis" | "current";
  bootedAt: () => number;
  processCount: () => number;
}): void {
  const { files, kernel, hardware } = options;
  const rootFiles = files.as(root);
  const readOnly = (path: string, read: () => string): void => files.defineVirtual(path, { read }, 0o444);

  const shown = new Set<string>();
  const showParameters = (): void => {
    const present = new Set(kernel.parameters());
    for (const key of present) {
      if (shown.has(key)) continue;
      const read = (): string => `${kernel.parameter(key) ?? ""}\n`;
      if (!kernel.writable(key)) readOnly(sysPath(key), read);
      else {
        const write = (text: string): void => {
          if (!kernel.setParameter(key, text)) throw new FileError("EINVAL", sysPath(key));
        };
        files.defineVirtual(sysPath(key), { read, write }, 0o644);
      }
      shown.add(key);
    }
    for (const key of shown) {
      if (present.has(key)) continue;
      shown.delete(key);
      rootFiles.removeTree(sysPath(key));
    }
    if (!present.has("net.bridge.bridge-nf-call-iptables")) rootFiles.removeTree("/proc/sys/net/bridge");
  };
  rootFiles.removeTree("/proc/sys/net/bridge");
  showParameters();
  kernel.onParameters(showParameters);

  const uptime = (): number => Math.max(0, (options.clock.now() - options.bootedAt()) / 1000);
  readOnly("/proc/swaps", () => {
    const rows = kernel.swaps().map((swap) => `${swap.path.padEnd(40)}file\t\t${swap.kilobytes}\t\t0\t\t-2\n`);
    return `Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n${rows.join("")}`;
  });
  readOnly("/proc/meminfo", () => {
    const memory = memoryOf(hardware);
    const swap = kernel.swaps().reduce((sum, item) => sum + item.kilobytes, 0);
    const row = (name: string, value: number): string => `${`${name}:`.padEnd(16)}${String(value).padStart(8)} kB\n`;
    return (
      row("MemTotal", memory.total) +
      row("MemFree", memory.free) +
      row("MemAvailable", memory.available) +
      row("Buffers", memory.buffers) +
      row("Cached", memory.cached) +
      row("SwapCached", 0) +
      row("SwapTotal", swap) +
      row("SwapFree", swap)
    );
  });
  readOnly("/proc/cpuinfo", () =>
    Array.from(
      { length: hardware.cpus },
      (_, cpu) =>
        `processor\t: ${cpu}\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel name\t: Virtual CPU\ncpu MHz\t\t: 2400.000\n` +
        `cpu cores\t: ${hardware.cpus}\nflags\t\t: fpu sse sse2 ssse3 sse4_1 sse4_2 avx avx2 hypervisor\nbogomips\t: 4800.00\n\n`,
    ).join(""),
  );
  readOnly("/proc/modules", () =>
    kernel
      .modules()
      .map((name) => `${name} 32768 0 - Live 0x0000000000000000\n`)
      .join(""),
  );
  readOnly(
    "/proc/cmdline",
    () => `BOOT_IMAGE=/boot/vmlinuz-${kernel.release} root=LABEL=cloudimg-rootfs ro console=tty1 console=ttyS0\n`,
  );
  readOnly("/proc/uptime", () => `${uptime().toFixed(2)} ${(uptime() * hardware.cpus * 0.95).toFixed(2)}\n`);
  readOnly("/proc/loadavg", () => `0.08 0.12 0.09 1/${options.processCount() + 90} ${options.processCount() + 1200}\n`);
  readOnly("/proc/version", () =>
    options.profile === "thesis"
      ? `Linux version ${kernel.release} (buildd@lcy02-amd64-010) (gcc version 9.4.0 (Ubuntu 9.4.0-1ubuntu1~20.04.2)) #190-Ubuntu SMP Fri Feb 2 23:24:22 UTC 2024\n`
      : `Linux version ${kernel.release} (buildd@lcy02-amd64-075) (x86_64-linux-gnu-gcc-13 (Ubuntu 13.2.0-23ubuntu4) 13.2.0) #45-Ubuntu SMP PREEMPT_DYNAMIC Fri Aug 30 12:02:04 UTC 2024\n`,
  );
  readOnly(
    "/proc/filesystems",
    () => "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tcgroup\nnodev\tcgroup2\n\text4\n\tvfat\nnodev\toverlay\n",
  );
  rootFiles.removeTree("/proc/1");
  readOnly("/proc/sys/kernel/random/boot_id", () => "5b0e7c1e-3c1f-4a53-9d76-2f3f3f5f6a11\n");
  readOnly("/proc/mounts", () =>
    mountTable(kernel)
      .map((mount) => `${mount.source} ${mount.path} ${mount.type} ${mount.options} 0 0\n`)
      .join(""),
  );
  readOnly("/proc/self/mounts", () =>
    mountTable(kernel)
      .map((mount) => `${mount.source} ${mount.path} ${mount.type} ${mount.options} 0 0\n`)
      .join(""),
  );
  readOnly("/proc/cgroups", () =>
    [
      "#subsys_name\thierarchy\tnum_cgroups\tenabled",
      ...cgroupControllers.map((name, index) => `${name}\t${kernel.cgroupVersion === 1 ? index + 2 : 0}\t80\t1`),
      "",
    ].join("\n"),
  );
  if (kernel.cgroupVersion === 2)
    readOnly("/sys/fs/cgroup/cgroup.controllers", () => "cpuset cpu io memory hugetlb pids rdma misc\n");
  else for (const name of cgroupControllers) rootFiles.makeDirectories(`/sys/fs/cgroup/${name}`);
  readOnly("/sys/class/dmi/id/product_uuid", () =>
    productUuid(rootFiles.exists("/etc/machine-id") ? rootFiles.readText("/etc/machine-id") : ""),
  );
  readOnly("/sys/class/net/lo/address", () => "00:00:00:00:00:00\n");

  const devNull = { read: () => new Uint8Array(), write: () => undefined };
  files.defineDevice("/dev/null", devNull);
  files.defineDevice("/dev/tty", devNull);
  files.defineDevice("/dev/full", {
    read: () => new Uint8Array(4096),
    write: () => {
      throw new FileError("ENOSPC", "/dev/full");
    },
  });
  files.defineDevice("/dev/zero", { read: () => new Uint8Array(65_536), write: () => undefined });
  const noise = { read: () => options.random.bytes(4096), write: () => undefined };
  files.defineDevice("/dev/urandom", noise);
  files.defineDevice("/dev/random", noise);
}

/** Version 1 has a hierarchy for each. */
export const cgroupControllers = [
  "cpuset",
  "cpu",
  "cpuacct",
  "blkio",
  "memory",
  "devices",
  "freezer",
  "net_cls",
  "perf_event",
  "net_prio",
  "hugetlb",
  "pids",
];

function productUuid(machineId: string): string {
  const hex = machineId.trim().padEnd(32, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}\n`;
}

export interface Mount {
  source: string;
  path: string;
  type: string;
  options: string;
}

/** What is mounted. Simplified: containers' mounts are not listed. */
export function mountTable(kernel: { cgroupVersion: 1 | 2 }): Mount[] {
  const mounts: Mount[] = [
    { source: "sysfs", path: "/sys", type: "sysfs", options: "rw,nosuid,nodev,noexec,relatime" },
    { source: "proc", path: "/proc", type: "proc", options: "rw,nosuid,nodev,noexec,relatime" },
    { source: "udev", path: "/dev", type: "devtmpfs", options: "rw,nosuid,noexec,relatime,size=1970820k,mode=755" },
    { source: "tmpfs", path: "/run", type: "tmpfs", options: "rw,nosuid,nodev,noexec,relatime,size=401020k,mode=755" },
    { source: "/dev/vda1", path: "/", type: "ext4", options: "rw,relatime" },
  ];
  if (kernel.cgroupVersion === 2) {
    mounts.push({
      source: "cgroup2",
      path: "/sys/fs/cgroup",
      type: "cgroup2",
      options: "rw,nosuid,nodev,noexec,relatime",
    });
    return mounts;
  }
  mounts.push({ source: "tmpfs", path: "/sys/fs/cgroup", type: "tmpfs", options: "ro,nosuid,nodev,noexec,mode=755" });
  for (const name of cgroupControllers) {
    mounts.push({
      source: "cgroup",
      path: `/sys/fs/cgroup/${name}`,
      type: "cgroup",
      options: `rw,nosuid,nodev,noexec,relatime,${name}`,
    });
  }
  return mounts;
}
