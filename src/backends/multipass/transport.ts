import { LabError } from "../../domain/errors.ts";
import type { RemoteProcess, Transport, TransportOptions } from "../../remote/transport.ts";
import { type Multipass, MultipassError } from "./client/index.ts";
import { labErrorOf } from "./failures.ts";

/** Runs programs on a machine by `multipass exec`. */
export function multipassTransport(client: Multipass, machine: string, instance: string): Transport {
  return {
    machine,
    start(argv: readonly string[], { onOutput }: TransportOptions): RemoteProcess {
      const running = client.startExec(instance, argv, { onOutput });
      return {
        write: (bytes) => running.write(bytes),
        end: () => running.end(),
        kill: () => running.kill(),
        ended: running.ended.catch((error: unknown) => {
          throw unreachable(error, machine);
        }),
      };
    },
  };
}

function unreachable(error: unknown, machine: string): unknown {
  const known = labErrorOf(error, machine);
  if (!(known instanceof LabError && error instanceof MultipassError)) return known;
  return new LabError("machine-unreachable", known.message, {
    remedy: known.remedy,
    exitCode: known.exitCode,
    cause: error,
  });
}
