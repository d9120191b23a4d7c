import type { ModelledMachine } from "../../../../src/backends/embedded/machine/machine.ts";
import { Collector, sourceOf } from "../../../../src/backends/embedded/machine/io.ts";
import { executableBytes } from "../../../../src/backends/embedded/machine/executable.ts";
import type { ProgramTable } from "../../../../src/backends/embedded/machine/process.ts";
import { createInternet } from "../../../../src/backends/embedded/network/internet/create-internet.ts";
import type { EmbeddedNetwork } from "../../../../src/backends/embedded/network/lab-network.ts";
import { createLabNetwork } from "../../../../src/backends/embedded/network/lab-network.ts";
import { createFakeMachine, realClock } from "../fakes/machine.ts";

export interface RunResult {
  code: number;
  out: string;
  err: string;
}

export interface Lab {
  machine: ModelledMachine;
  network: EmbeddedNetwork;
  /** Runs a program and collects what it writes; standard output is no terminal. */
  run(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
}

interface RunOptions {
  user?: "root" | "ubuntu";
  stdin?: string;
  cwd?: string;
  env?: Record<string, string>;
  terminal?: boolean;
  signal?: AbortSignal;
}

/** One machine on a real lab network with the modelled internet of a profile. */
export function createLab(programs: ProgramTable, versions: Readonly<Record<string, string>> = {}): Lab {
  const machine = createFakeMachine({ programs });
  const { environment } = machine;
  const internet = createInternet({ profile: "thesis", clock: realClock(), blobs: environment.blobs });
  const network = createLabNetwork({
    machine: environment.machine,
    machines: environment.machines,
    internet,
    clock: environment.clock,
  });
  Object.assign(environment, { network });
  for (const [program, version] of Object.entries(versions)) {
    machine.rootFiles.writeWithMode(`/usr/bin/${program}`, executableBytes({ program, version }), 0o755);
  }
  return {
    machine,
    network,
    async run(argv, options = {}) {
      const user = options.user ?? "root";
      const credentials = machine.users.credentials(user);
      if (!credentials) throw new Error(`no user ${user}`);
      const stdout = new Collector();
      const stderr = new Collector();
      const home = user === "root" ? "/root" : `/home/${user}`;
      const code = await machine.processes.spawn({
        argv,
        env: { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: home, USER: user, ...options.env },
        cwd: options.cwd ?? home,
        credentials,
        ...(options.stdin === undefined ? {} : { stdin: sourceOf(options.stdin) }),
        stdout: options.terminal ? { write: (bytes) => stdout.write(bytes), isTerminal: true } : stdout,
        stderr,
        ...(options.signal ? { signal: options.signal } : {}),
      }).exit;
      return { code, out: stdout.text(), err: stderr.text() };
    },
  };
}
