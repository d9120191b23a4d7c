import type { Clock, Random } from "../../../../src/domain/clock.ts";
import { executableBytes } from "../../../../src/backends/embedded/machine/executable.ts";
import {
  type BlobStore,
  type Credentials,
  FileSystem,
  root,
} from "../../../../src/backends/embedded/machine/files/file-system.ts";
import type {
  Environment,
  ModelledMachine,
  Processes,
  User,
  Users,
} from "../../../../src/backends/embedded/machine/machine.ts";
import type { ProgramTable } from "../../../../src/backends/embedded/machine/process.ts";
import { createProcesses } from "../../../../src/backends/embedded/machine/processes.ts";
import { createPacing } from "../../../../src/backends/embedded/pacing.ts";

/** A clock that really passes, for tests whose programs sleep a little. */
export function realClock(): Clock {
  const started = performance.now();
  return {
    now: () => Date.now(),
    monotonic: () => performance.now() - started,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const onAbort = () => {
          clearTimeout(timer);
          reject(signal?.reason);
        };
        const timer = setTimeout(() => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        }, ms);
        signal?.addEventListener("abort", onAbort, { once: true });
      }),
    after: (ms, callback) => {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
  };
}

export interface FakeClock extends Clock {
  /** Lets `ms` milliseconds pass; callbacks due by then run in order. */
  advance(ms: number): Promise<void>;
}

/** A clock that stands still until told. */
export function fakeClock(start = Date.UTC(2024, 1, 28, 12, 0, 0)): FakeClock {
  let elapsed = 0;
  let waiting: { at: number; callback: () => void }[] = [];
  const after = (ms: number, callback: () => void) => {
    const item = { at: elapsed + ms, callback };
    waiting.push(item);
    return () => {
      waiting = waiting.filter((other) => other !== item);
    };
  };
  return {
    now: () => start + elapsed,
    monotonic: () => elapsed,
    after,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const cancel = after(ms, resolve);
        signal?.addEventListener(
          "abort",
          () => {
            cancel();
            reject(signal.reason);
          },
          { once: true },
        );
      }),
    async advance(ms) {
      const until = elapsed + ms;
      for (;;) {
        const next = waiting.filter((item) => item.at <= until).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        waiting = waiting.filter((item) => item !== next);
        elapsed = Math.max(elapsed, next.at);
        next.callback();
        for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      }
      elapsed = until;
    },
  };
}

/** A small seeded generator (mulberry32). */
export function seededRandom(seed = 1): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return { next, bytes: (length) => Uint8Array.from({ length }, () => Math.floor(next() * 256)) };
}

export function memoryBlobs(): BlobStore {
  const blobs = new Map<string, Uint8Array>();
  return {
    put(bytes) {
      const digest = `blob${blobs.size}`;
      blobs.set(digest, bytes.slice());
      return digest;
    },
    get(digest) {
      return blobs.get(digest) ?? new Uint8Array();
    },
  };
}

export interface FakeMachineOptions {
  /** Every program gets a binary in /usr/bin (and /bin is a symlink to it). */
  programs?: ProgramTable;
  name?: string;
  clock?: Clock;
  seed?: number;
  /** Parts of the machine that the test brings itself. */
  parts?: Partial<ModelledMachine>;
}

const absent = (part: string): never =>
  new Proxy({} as never, {
    get(_target, member) {
      throw new Error(`the fake machine has no ${part}.${String(member)}`);
    },
  });

/** A machine with files, users and processes, and nothing else: what shells and plain programs need. */
export function createFakeMachine(options: FakeMachineOptions = {}): ModelledMachine {
  const clock = options.clock ?? realClock();
  const random = seededRandom(options.seed);
  const name = options.name ?? "master";
  const files = new FileSystem(clock);
  const rootFiles = files.as(root);
  const programs = options.programs ?? {};
  furnish(rootFiles, name, Object.keys(programs));
  files.defineDevice("/dev/null", { read: () => new Uint8Array(), write: () => undefined });
  files.defineDevice("/dev/zero", { read: () => new Uint8Array(4096), write: () => undefined });
  files.defineDevice("/dev/urandom", { read: () => random.bytes(4096), write: () => undefined });
  files.defineVirtual("/proc/version", { read: () => "Linux version 5.4.0-172-generic\n" }, 0o444);
  files.defineVirtual("/proc/uptime", { read: () => `${(clock.monotonic() / 1000).toFixed(2)} 0.00\n` }, 0o444);
  const environment: Environment = {
    profile: "thesis",
    clock,
    random,
    pacing: createPacing("instant", clock),
    network: absent("network"),
    blobs: memoryBlobs(),
    options: { hostCargo: false },
    machine: (wanted) => (wanted === name ? machine : undefined),
    machines: () => [machine],
    persist: () => Promise.resolve(),
    touch: () => undefined,
  };
  const durable = new Map<string, object>();
  let processes: Processes | undefined;
  const machine: ModelledMachine = {
    name,
    role: "master",
    address: "10.0.0.182",
    environment,
    files,
    rootFiles,
    users: fileUsers(rootFiles),
    get processes() {
      processes ??= createProcesses(machine, programs);
      return processes;
    },
    packages: { get: () => undefined, list: () => [] },
    units: absent("units"),
    kernel: absent("kernel"),
    journal: { append: () => undefined, entries: () => [], onAppend: () => () => undefined },
    sockets: { provide: () => () => undefined, connect: () => undefined },
    hardware: { cpus: 2, memoryMegabytes: 4096, diskGigabytes: 20, architecture: "amd64" },
    bootedAt: clock.now(),
    durable<T extends object>(key: string, initial: () => T): T {
      if (!durable.has(key)) durable.set(key, initial());
      return durable.get(key) as T;
    },
    forget: (key) => void durable.delete(key),
    ...options.parts,
  };
  return machine;
}

function furnish(files: ReturnType<FileSystem["as"]>, name: string, programs: readonly string[]): void {
  for (const folder of [
    "/usr/bin",
    "/usr/sbin",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/etc",
    "/var/log",
    "/run",
    "/proc",
  ]) {
    files.makeDirectories(folder);
  }
  files.symlink("usr/bin", "/bin");
  files.symlink("usr/sbin", "/sbin");
  files.makeDirectory("/root", 0o700);
  files.makeDirectories("/home/ubuntu");
  files.chown("/home/ubuntu", 1000, 1000);
  files.makeDirectory("/tmp");
  files.chmod("/tmp", 0o1777);
  files.write("/etc/hostname", `${name}\n`);
  files.write("/etc/hosts", `127.0.0.1 localhost\n10.0.0.182 master\n`);
  files.write(
    "/etc/passwd",
    "root:x:0:0:root:/root:/bin/bash\nubuntu:x:1000:1000:Ubuntu:/home/ubuntu:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
  );
  files.write("/etc/group", "root:x:0:\nsudo:x:27:ubuntu\nubuntu:x:1000:\nnogroup:x:65534:\n");
  files.writeWithMode("/etc/sudoers", "root ALL=(ALL:ALL) ALL\nubuntu ALL=(ALL) NOPASSWD:ALL\n", 0o440);
  for (const program of programs) {
    files.writeWithMode(`/usr/bin/${program}`, executableBytes({ program, version: "1" }), 0o755);
  }
}

/** Reads /etc/passwd and /etc/group; ubuntu and root may sudo. */
function fileUsers(files: ReturnType<FileSystem["as"]>): Users {
  const rows = (path: string) =>
    files
      .readText(path)
      .split("\n")
      .filter(Boolean)
      .map((line) => line.split(":"));
  const all = (): User[] =>
    rows("/etc/passwd").map(([user = "", , uid = "", gid = "", gecos = "", home = "", shell = ""]) => ({
      name: user,
      uid: Number(uid),
      gid: Number(gid),
      gecos,
      home,
      shell,
    }));
  const byName = (user: string) => all().find((candidate) => candidate.name === user);
  return {
    byName,
    byId: (uid) => all().find((user) => user.uid === uid),
    groupName: (gid) => rows("/etc/group").find((row) => Number(row[2]) === gid)?.[0],
    groupId: (group) => {
      const row = rows("/etc/group").find(([candidate]) => candidate === group);
      return row ? Number(row[2]) : undefined;
    },
    credentials(user): Credentials | undefined {
      const found = byName(user);
      if (!found) return undefined;
      const extra = rows("/etc/group").filter((row) => (row[3] ?? "").split(",").includes(user));
      return { uid: found.uid, gid: found.gid, groups: [found.gid, ...extra.map((row) => Number(row[2]))] };
    },
    maySudo: (user) => user === "root" || user === "ubuntu",
  };
}
