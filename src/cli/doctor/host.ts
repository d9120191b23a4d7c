import { accessSync, constants, existsSync, openSync, closeSync, readFileSync, statfsSync } from "node:fs";
import { createServer } from "node:net";
import { freemem, homedir, networkInterfaces, release, totalmem } from "node:os";
import { dirname } from "node:path";
import { runChild } from "../../process/child.ts";
import { systemClock } from "../system-clock.ts";

/** How a program ended that was asked something. */
export interface Answer {
  /** Undefined when it could not be started or did not end in time. */
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
  /** There is no such program. */
  missing: boolean;
  /** It was ended because it took too long. */
  late: boolean;
}

/** All that the doctor looks at. Nothing of it throws or waits for ever. */
export interface Host {
  platform: NodeJS.Platform;
  /** As Node names it, e.g. `x64`. */
  arch: string;
  /** Version of the kernel. */
  release: string;
  nodeVersion: string;
  env: Readonly<Record<string, string | undefined>>;
  folder: string;
  homeFolder: string;
  /** Undefined when standard output is no terminal. */
  terminal: { columns: number; rows: number; colors: number } | undefined;
  now(): Date;
  memory(): { totalMiB: number; freeMiB: number | undefined };
  /** Addresses of version 4 of the interfaces that are up. */
  interfaces(): { name: string; address: string; netmask: string }[];
  exists(path: string): boolean;
  /** Undefined where it cannot be read. */
  readFile(path: string): string | undefined;
  canWrite(path: string): boolean;
  /** Whether this user can open a device for reading and writing. */
  canOpen(path: string): boolean;
  /** Of the file system that holds the path, or the nearest folder above it that there is. */
  freeBytes(path: string): number | undefined;
  isPortFree(port: number): Promise<boolean>;
  /** Runs a program without a shell and without input; ends it after `timeoutMs` (default 5000). */
  run(file: string, argv: readonly string[], timeoutMs?: number): Promise<Answer>;
}

const mebibyte = 1024 * 1024;

/** This computer. */
export function thisComputer(): Host {
  const { stdout } = process;
  return {
    platform: process.platform,
    arch: process.arch,
    release: release(),
    nodeVersion: process.versions.node,
    env: process.env,
    folder: process.cwd(),
    homeFolder: homedir(),
    terminal: stdout.isTTY
      ? { columns: stdout.columns, rows: stdout.rows, colors: 2 ** stdout.getColorDepth() }
      : undefined,
    now: () => new Date(systemClock.now()),
    memory: () => ({
      totalMiB: Math.floor(totalmem() / mebibyte),
      // macOS counts what it would give away at once as used.
      freeMiB: process.platform === "darwin" ? undefined : Math.floor(freemem() / mebibyte),
    }),
    interfaces: () =>
      Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
        addresses.flatMap(({ family, internal, address, netmask }) =>
          family === "IPv4" && !internal ? [{ name, address, netmask }] : [],
        ),
      ),
    exists: existsSync,
    readFile: (path) => orUndefined(() => readFileSync(path, "utf8")),
    canWrite: (path) => orUndefined(() => (accessSync(path, constants.W_OK), true)) ?? false,
    canOpen: (path) => orUndefined(() => (closeSync(openSync(path, "r+")), true)) ?? false,
    freeBytes,
    isPortFree,
    run,
  };
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function freeBytes(path: string): number | undefined {
  for (let folder = path; ; folder = dirname(folder)) {
    const found = orUndefined(() => statfsSync(folder));
    if (found) return found.bavail * found.bsize;
    if (dirname(folder) === folder) return undefined;
  }
}

const isPortFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });

async function run(file: string, argv: readonly string[], timeoutMs = 5000): Promise<Answer> {
  const abort = new AbortController();
  const late: Answer = { exitCode: undefined, stdout: "", stderr: "", missing: false, late: true };
  let cancel = (): void => undefined;
  const timeout = new Promise<Answer>((resolve) => {
    cancel = systemClock.after(timeoutMs, () => {
      abort.abort();
      // A program that holds on to its pipes is not waited for.
      resolve(late);
    });
  });
  const decoder = new TextDecoder();
  const answer = runChild(file, argv, { signal: abort.signal }).then((result): Answer => ({
    exitCode: result.exitCode,
    stdout: decoder.decode(result.stdout),
    stderr: decoder.decode(result.stderr),
    missing: result.notStarted !== undefined && !result.aborted,
    late: result.aborted,
  }));
  try {
    return await Promise.race([answer, timeout]);
  } finally {
    cancel();
  }
}
