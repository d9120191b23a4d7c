import type { Process } from "../../../process.ts";

/** A limit of time ran out; `ms` is the limit. */
export class DeadlinePassed extends Error {
  override readonly name = "DeadlinePassed";
  readonly ms: number;
  readonly connecting: boolean;
  constructor(ms: number, connecting: boolean) {
    super("deadline passed");
    this.ms = ms;
    this.connecting = connecting;
  }
}

/** Aborts with DeadlinePassed after the limits, or with the process's own end. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** The limit on connecting no longer counts. */
  connected(): void;
  /** Nothing counts any more. */
  done(): void;
}

/** Undefined limits never pass. Milliseconds. */
export function startDeadline(process: Process, total: number | undefined, connect: number | undefined): Deadline {
  const abort = new AbortController();
  const { clock } = process.machine.environment;
  const end =
    total === undefined ? () => undefined : clock.after(total, () => abort.abort(new DeadlinePassed(total, false)));
  const endConnect =
    connect === undefined
      ? () => undefined
      : clock.after(connect, () => abort.abort(new DeadlinePassed(connect, true)));
  return {
    signal: AbortSignal.any([process.signal, abort.signal]),
    connected: endConnect,
    done() {
      end();
      endConnect();
    },
  };
}
