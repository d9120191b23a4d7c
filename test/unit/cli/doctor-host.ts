import type { Answer, Host } from "../../../src/cli/doctor/host.ts";

/** What a computer of the tests answers to a program and its arguments: output, or an exit code and an error. */
type Reply = string | { exitCode: number; stderr?: string; stdout?: string } | { late: true };

export interface Computer extends Partial<Omit<Host, "run" | "readFile" | "exists" | "freeBytes" | "memory">> {
  /** By the whole command line; what is not there is not installed. */
  programs?: Readonly<Record<string, Reply>>;
  files?: Readonly<Record<string, string>>;
  freeGiB?: number;
  memoryMiB?: { totalMiB: number; freeMiB: number | undefined };
}

const notInstalled: Answer = { exitCode: undefined, stdout: "", stderr: "", missing: true, late: false };

/** A computer in memory; without more, a Linux desktop where everything is in order. */
export function computer(given: Computer = {}): Host {
  const { programs = {}, files = {}, freeGiB = 100, memoryMiB = { totalMiB: 16_000, freeMiB: 12_000 } } = given;
  return {
    platform: "linux",
    arch: "x64",
    release: "6.8.0-40-generic",
    nodeVersion: "24.1.0",
    env: { LANG: "en_US.UTF-8", TERM: "xterm-256color" },
    folder: "/home/ada/course",
    homeFolder: "/home/ada",
    terminal: { columns: 120, rows: 40, colors: 256 },
    now: () => new Date("2026-12-01T10:00:00Z"),
    interfaces: () => [{ name: "wlp2s0", address: "192.168.1.7", netmask: "255.255.255.0" }],
    canWrite: () => true,
    canOpen: () => true,
    isPortFree: () => Promise.resolve(true),
    ...given,
    memory: () => memoryMiB,
    exists: (path) => path in files,
    readFile: (path) => files[path],
    freeBytes: () => freeGiB * 1024 ** 3,
    run: (file, argv) => {
      const reply = programs[[file, ...argv].join(" ")] ?? programs[file];
      if (reply === undefined) return Promise.resolve(notInstalled);
      if (typeof reply === "object" && "late" in reply)
        return Promise.resolve({ ...notInstalled, missing: false, late: true });
      const answer = typeof reply === "string" ? { exitCode: 0, stdout: reply } : reply;
      return Promise.resolve({ stdout: "", stderr: "", missing: false, late: false, ...answer });
    },
  };
}

/** Multipass as its client answers, of that version. */
export const multipassPrograms = (version: string, driver = "qemu"): Record<string, Reply> => ({
  "multipass version --format json": `{\n    "multipass": "${version}",\n    "multipassd": "${version}"\n}\n`,
  "multipass list --format json --no-ipv4": '{\n    "list": [\n    ]\n}\n',
  "multipass get local.driver": `${driver}\n`,
});

const tools = {
  kubectl: "Client Version: v1.36.1",
  curl: "curl 8.5.0",
  ssh: "",
  "ssh-add -l": "256 SHA256:x ada (ED25519)",
};

/** Linux on a desk, with Multipass as a snap. */
export const linux = {
  programs: { ...tools, ...multipassPrograms("1.16.3") },
  files: { "/dev/kvm": "", "/snap/multipass": "", "/proc/mounts": "/dev/sda1 / ext4 rw 0 0\n" },
} satisfies Computer;

/** A Mac with Apple silicon. */
export const mac = {
  platform: "darwin",
  arch: "arm64",
  release: "24.5.0",
  homeFolder: "/Users/ada",
  folder: "/Users/ada",
  memoryMiB: { totalMiB: 16_384, freeMiB: undefined },
  programs: {
    ...tools,
    ...multipassPrograms("1.16.3+mac"),
    "sysctl -n kern.hv_support": "1\n",
    "sysctl -n sysctl.proc_translated": "0\n",
    "netstat -rn -f inet": "Internet:\nDestination Gateway Flags Netif Expire\ndefault 192.168.1.1 UGScg en0\n",
  },
} satisfies Computer;

/** Windows Pro with Hyper-V. */
export const windows = {
  platform: "win32",
  release: "10.0.26100",
  homeFolder: "C:\\Users\\ada",
  folder: "C:\\Users\\ada",
  env: { WT_SESSION: "1" },
  programs: {
    ...tools,
    ...multipassPrograms("1.16.3+win", "hyperv"),
    powershell: "True False 48\r\n",
  },
} satisfies Computer;
