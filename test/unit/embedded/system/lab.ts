import { Collector, sourceOf } from "../../../../src/backends/embedded/machine/io.ts";
import type { Environment } from "../../../../src/backends/embedded/machine/machine.ts";
import type { Program, ProgramTable } from "../../../../src/backends/embedded/machine/process.ts";
import { createProcesses } from "../../../../src/backends/embedded/machine/processes.ts";
import { systemPrograms } from "../../../../src/backends/embedded/machine/programs/system/index.ts";
import { createMachine } from "../../../../src/backends/embedded/machine/system/modelled-machine.ts";
import type {
  ComputerHandle,
  SavedMachine,
} from "../../../../src/backends/embedded/machine/system/modelled-machine.ts";
import type { LabNetwork } from "../../../../src/backends/embedded/network/network.ts";
import { NetworkError } from "../../../../src/backends/embedded/network/network.ts";
import { aptHosts } from "../../../../src/backends/embedded/network/internet/hosts/apt-index.ts";
import { createPacing } from "../../../../src/backends/embedded/pacing.ts";
import type { Profile } from "../../../../src/domain/backend.ts";
import type { Clock } from "../../../../src/domain/clock.ts";
import { memoryBlobs, realClock, seededRandom } from "../fakes/machine.ts";

/** `/bin/sh -c 'PROGRAM ARGUMENTS'`, without any syntax. */
const plainShell: Program = (process) => process.run((process.argv[2] ?? "true").split(" "));

/** `kill`, as ExecReload lines use it. */
const kill: Program = (process) =>
  Promise.resolve(process.machine.processes.kill(Number(process.argv.at(-1)), "SIGHUP") ? 0 : 1);

export interface LabOptions {
  programs?: ProgramTable;
  profile?: Profile;
  clock?: Clock;
  saved?: SavedMachine;
  /** Answers of the internet that come before the package repositories'. */
  unreachable?: readonly string[];
}

/** A real machine with the system's programs, package repositories as its internet, and a shell that only runs words. */
export function createTestMachine(options: LabOptions = {}): { machine: ComputerHandle; environment: Environment } {
  const clock = options.clock ?? { ...realClock(), now: () => Date.UTC(2024, 1, 28, 12, 0, 0) };
  const hosts = aptHosts(options.profile ?? "thesis");
  const network = {
    fetch: async (_from: unknown, url: string) => {
      const { hostname, pathname, protocol, search } = new URL(url);
      const host = hosts.find((candidate) => candidate.names.includes(hostname));
      if (!host || options.unreachable?.includes(hostname)) throw new NetworkError("ENOTFOUND", hostname, 443);
      return host.handle({
        method: "GET",
        target: pathname + search,
        headers: {},
        body: new Uint8Array(),
        signal: new AbortController().signal,
        host: hostname,
        secure: protocol === "https:",
      });
    },
    lookup: () => Promise.resolve("203.0.113.7"),
    listening: () => [],
  };
  const environment: Environment = {
    profile: options.profile ?? "thesis",
    clock,
    random: seededRandom(),
    pacing: createPacing("instant", clock),
    network: network as unknown as LabNetwork,
    blobs: memoryBlobs(),
    options: { hostCargo: false },
    machine: (name) => (name === "worker1" ? machine : undefined),
    machines: () => [machine],
    persist: () => Promise.resolve(),
    touch: () => undefined,
  };
  const machine = createMachine({
    name: "worker1",
    role: "worker1",
    address: "10.0.0.177",
    environment,
    programs: { sh: plainShell, kill, ...systemPrograms, ...options.programs },
    createProcesses,
    ...(options.saved ? { saved: options.saved } : {}),
  });
  return { machine, environment };
}

export interface RunOptions {
  user?: string;
  stdin?: string;
  signal?: AbortSignal;
}

/** Runs one command line of plain words. */
export async function run(machine: ComputerHandle, line: string | readonly string[], options: RunOptions = {}) {
  const argv = typeof line === "string" ? line.split(" ") : line;
  const stdout = new Collector();
  const stderr = new Collector();
  const credentials = machine.users.credentials(options.user ?? "root");
  if (!credentials) throw new Error("no such user");
  const running = machine.processes.spawn({
    argv,
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
    cwd: "/",
    credentials,
    stdin: sourceOf(options.stdin ?? ""),
    stdout,
    stderr,
    signal: options.signal,
  });
  const exitCode = await running.exit;
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
}
