import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, systemRandom } from "../../src/cli/system-clock.ts";
import type { LabError } from "../../src/domain/errors.ts";
import { type Child, startChild } from "../../src/process/child.ts";
import { RemoteMachine } from "../../src/remote/remote-machine.ts";
import type { Transport } from "../../src/remote/transport.ts";

/** This computer behind a transport, with a home folder of its own and a sudo that changes nothing. */
export interface LocalPlace {
  home: string;
  transport: Transport;
  /** Another object for the same machine, as another process would have it. */
  machine(): RemoteMachine;
  /** Ends the local side of everything that runs, as a lost connection does; `error` is what is told then. */
  cut(error: LabError): void;
  dispose(): void;
}

export function openLocalPlace(): LocalPlace {
  const folder = mkdtempSync(join(tmpdir(), "wkl-remote-"));
  const home = join(folder, "home");
  const bin = join(folder, "bin");
  mkdirSync(home);
  mkdirSync(bin);
  const program = (name: string, text: string): void => {
    writeFileSync(join(bin, name), `#!/bin/bash\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  program("getent", `echo "tester:x:$(id -u):$(id -g)::${home}:/bin/bash"`);
  program("sudo", 'while [[ $1 == -* ]]; do [ "$1" = -u ] && shift; shift; done; exec "$@"');
  writeFileSync(join(home, ".profile"), `PATH='${bin}':"$PATH"\n`);
  const lost = new Map<Child, LabError>();
  const running = new Set<Child>();
  const transport: Transport = {
    machine: "here",
    start(argv, { onOutput }) {
      const [file = "", ...rest] = argv;
      const child = startChild(file, rest, { onOutput, env: { PATH: `${bin}:${process.env["PATH"]}` } });
      running.add(child);
      return {
        write: (bytes) => child.write(bytes),
        end: () => child.end(),
        kill: () => child.kill("SIGKILL"),
        ended: child.ended.then(({ exitCode }) => {
          running.delete(child);
          const error = lost.get(child);
          if (error) throw error;
          if (exitCode === undefined) throw new Error(`${file} did not end by itself`);
          return { exitCode };
        }),
      };
    },
  };
  return {
    home,
    transport,
    machine: () =>
      new RemoteMachine({
        name: "here",
        transport,
        address: () => Promise.resolve("127.0.0.1"),
        state: () => Promise.resolve("running"),
        clock: systemClock,
        random: systemRandom,
      }),
    cut(error) {
      for (const child of running) {
        lost.set(child, error);
        // Its input ends, which is what the other side of a connection sees.
        child.end();
      }
    },
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}
