import { setTimeout as sleep } from "node:timers/promises";
import { faultFor, type Fault, type Phase } from "../faults.ts";
import type { Machines } from "../machines/machines.ts";
import type { Settings } from "../settings.ts";
import type { Instance, State, Store } from "../store.ts";
import { defaultWait, type Message } from "./messages.ts";

/** A failure that the client is told of. */
export class Failure extends Error {
  readonly rollBack: boolean;
  constructor(message: string, { rollBack }: { rollBack: boolean }) {
    super(message);
    this.rollBack = rollBack;
  }
}

/** Modelled milliseconds of each phase. */
const usual: Readonly<Record<Phase, number>> = { download: 20_000, create: 2000, boot: 12_000, "cloud-init": 20_000 };

/** What the daemon does when a phase takes longer than it waits. */
interface TimedOut {
  message: string;
  /** State of the instance from then on. */
  state?: Instance["state"];
  /** The client is told, and the phase ends in its own time. */
  goesOn?: boolean;
}

/** One request to the daemon: its modelled clock, its faults, and the client that listens, or has gone. */
export interface Session {
  settings: Settings;
  store: Store;
  machines: Machines;
  tell(message: Message): void;
  /** Lets the time of a phase pass. Throws `Failure` where a fault makes it fail. */
  pass(phase: Phase, name: string, timedOut?: TimedOut): Promise<void>;
  /** Changes an instance; false when there is none any more. */
  update(name: string, change: (instance: Instance, state: State) => void): boolean;
}

export function openSession(
  base: Pick<Session, "settings" | "store" | "machines" | "tell">,
  request: { operation: string; timeout?: number },
): Session {
  const { settings, store, tell } = base;
  const limit = (request.timeout ?? defaultWait) * 1000;
  let elapsed = 0;
  // The client's own timer runs on the same modelled clock, so that no slow computer decides a race.
  const wait = async (ms: number): Promise<void> => {
    const left = limit - elapsed;
    elapsed += ms;
    if (request.timeout !== undefined && left >= 0 && ms > left) {
      await sleep(settings.scaled(left));
      tell({ timeout: true });
      await sleep(settings.scaled(ms - left));
    } else {
      await sleep(settings.scaled(ms));
    }
  };
  const update: Session["update"] = (name, change) =>
    store.change((state) => {
      const instance = state.instances[name];
      if (instance) change(instance, state);
      return instance !== undefined;
    });
  const strike = (fault: Fault, name: string): void => {
    const { state, signal, stderr } = fault;
    if (state) update(name, (instance) => void (instance.state = state));
    if (signal) tell({ kill: signal });
    if (stderr !== undefined) throw new Failure(stderr.replace(/\n$/, ""), { rollBack: state === undefined });
  };
  return {
    ...base,
    update,
    async pass(phase, name, timedOut) {
      const fault = faultFor(settings, store, { command: request.operation, instance: name, phase });
      const ms = fault?.never === true ? Number.POSITIVE_INFINITY : (fault?.delayMs ?? usual[phase]);
      if (phase === "download") await download(tell, wait, ms, fault);
      else await wait(timedOut && ms > limit ? limit : ms);
      if (timedOut && ms > limit) {
        const { state, goesOn } = timedOut;
        if (state) update(name, (instance) => void (instance.state = state));
        const message = `The following errors occurred:\n${timedOut.message}`;
        if (goesOn !== true || ms === Number.POSITIVE_INFINITY) throw new Failure(message, { rollBack: false });
        tell({ done: { code: 2, stdout: "", stderr: `${request.operation} failed: ${message}\n` } });
        await wait(ms - limit);
      }
      if (fault) strike(fault, name);
    },
  };
}

async function download(
  tell: Session["tell"],
  wait: (ms: number) => Promise<void>,
  ms: number,
  fault?: Fault,
): Promise<void> {
  const last = fault?.stderr === undefined && fault?.signal === undefined ? 100 : 37;
  for (let percent = 0; percent <= last; percent += percent < 37 ? 37 : 21) {
    tell({ progress: `Retrieving image: ${percent}%` });
    await wait(ms / 4);
  }
}
