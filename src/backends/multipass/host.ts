import { statfs } from "node:fs/promises";
import { arch, freemem, totalmem } from "node:os";

/** What this computer has to give to machines. */
export interface HostResources {
  /** As dpkg names it. */
  architecture: string;
  totalMemoryMiB: number;
  /** What programs could have now without swapping; undefined where the system does not say it in one number. */
  freeMemoryMiB: number | undefined;
  /** On the disk that keeps the machines. */
  freeDiskGiB: number;
}

/** Where the daemon keeps its machines, by platform; the first that is there counts. */
const vaults: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  linux: ["/var/snap/multipass/common/data/multipassd", "/var/snap", "/var"],
  darwin: ["/var/root/Library/Application Support/multipassd", "/var/root", "/"],
  win32: ["C:\\ProgramData\\Multipass", "C:\\"],
};

const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

export async function readHostResources(): Promise<HostResources> {
  const mebibyte = 1024 * 1024;
  return {
    architecture: architectures[arch()] ?? arch(),
    totalMemoryMiB: Math.floor(totalmem() / mebibyte),
    // macOS counts what it would give away at once as used.
    freeMemoryMiB: process.platform === "darwin" ? undefined : Math.floor(freemem() / mebibyte),
    freeDiskGiB: Math.floor((await freeBytes(vaults[process.platform] ?? ["/"])) / (mebibyte * 1024)),
  };
}

async function freeBytes(folders: readonly string[]): Promise<number> {
  for (const folder of folders) {
    try {
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize;
    } catch {
      // A folder that is not there, or not for us, says nothing; the next one is on the same disk most of the time.
    }
  }
  return Number.POSITIVE_INFINITY;
}
