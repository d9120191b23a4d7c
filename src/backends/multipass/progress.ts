import type { Provisioning } from "../../domain/backend.ts";
import type { Clock } from "../../domain/clock.ts";

type Phase = Provisioning["phase"];

/** Milliseconds a phase takes on a usual laptop, until this computer has told its own. */
const usual: Readonly<Record<Phase, number>> = {
  download: 90_000,
  create: 10_000,
  boot: 40_000,
  prepare: 180_000,
  ready: 0,
};

const order: readonly Phase[] = ["download", "create", "boot", "prepare", "ready"];

interface Going {
  phase: Phase;
  since: number;
  percent?: number;
}

export interface ProgressOptions {
  clock: Clock;
  onProgress: (provisioning: Provisioning) => void;
  /** Milliseconds that each phase took the last time on this computer. */
  durations: () => Readonly<Record<string, number>>;
  /** Told when a phase has ended that was seen from its beginning. */
  onMeasured: (phase: Phase, ms: number) => void;
}

/** Tells how far the machines are, and guesses how long the rest takes from how long it took before. */
export class ProvisioningProgress {
  #options: ProgressOptions;
  #going = new Map<string, Going>();

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  /** A machine has been asked for. */
  begin(machine: string, phase: Phase = "create"): void {
    if (!this.#going.has(machine)) this.#enter(machine, phase);
  }

  /** A machine is in a phase; the phase before it has ended. */
  at(machine: string, phase: Phase, percent?: number): void {
    const known = this.#going.get(machine);
    if (known?.phase === phase) {
      if (percent === undefined || percent === known.percent) return;
      known.percent = percent;
      this.#tell(machine, known);
      return;
    }
    if (known && order.indexOf(phase) > order.indexOf(known.phase)) {
      this.#options.onMeasured(known.phase, this.#options.clock.monotonic() - known.since);
    }
    this.#enter(machine, phase, percent);
  }

  /** A machine is ready, or is not waited for any more. */
  end(machine: string, ready: boolean): void {
    if (ready && this.#going.has(machine)) this.at(machine, "ready");
    this.#going.delete(machine);
  }

  #enter(machine: string, phase: Phase, percent?: number): void {
    const going: Going = {
      phase,
      since: this.#options.clock.monotonic(),
      ...(percent === undefined ? {} : { percent }),
    };
    this.#going.set(machine, going);
    this.#tell(machine, going);
  }

  #tell(machine: string, { phase, percent }: Going): void {
    this.#options.onProgress({
      machine,
      phase,
      ...(percent === undefined ? {} : { percent }),
      remainingMs: this.#remaining(),
    });
  }

  /** Machines wait for each other while they are made, so that their times add up. */
  #remaining(): number {
    const durations = this.#options.durations();
    const now = this.#options.clock.monotonic();
    let sum = 0;
    for (const { phase, since, percent } of this.#going.values()) {
      for (const each of order.slice(order.indexOf(phase))) {
        const whole = durations[each] ?? usual[each];
        const done = percent === undefined ? now - since : (whole * percent) / 100;
        sum += each === phase ? Math.max(0, whole - done) : whole;
      }
    }
    return Math.round(sum);
  }
}
