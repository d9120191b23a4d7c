import type { Calls } from "./calls.ts";
import { checkName, decoded } from "./calls.ts";
import { MultipassError, type MultipassErrorCode } from "./errors.ts";
import { type Instances, unknownInstance } from "./instances.ts";
import type { Support } from "./support.ts";
import type { BootOptions, CloudInitStatus, InstanceState } from "./types.ts";

const defaultTimeoutMs = 1_200_000;
const pollMs = 2_000;
/** How long an instance may be in a state that Multipass cannot tell before it is started again. */
const unknownForMs = 60_000;

/** Between two looks, what is then said counts as "not yet". */
const passing: ReadonlySet<MultipassErrorCode> = new Set([
  "ssh-failed",
  "connection-lost",
  "unknown-state",
  "wrong-state",
  "not-running",
  "daemon-unreachable",
  "no-answer",
]);

/** The daemon goes on, or the instance came up too late: it may still be well. */
const timeouts: ReadonlySet<MultipassErrorCode> = new Set<MultipassErrorCode>([
  "client-timeout",
  "client-killed",
  "launch-timeout-ssh",
  "launch-timeout-cloud-init",
]);

/** A point in time by which something must be true. */
export class Deadline {
  readonly #calls: Calls;
  readonly #end: number;

  constructor(calls: Calls, timeoutMs = defaultTimeoutMs) {
    this.#calls = calls;
    this.#end = calls.system.now() + timeoutMs;
  }

  get leftMs(): number {
    return Math.max(0, this.#end - this.#calls.system.now());
  }

  /** For `--timeout`: whole seconds, at least one. */
  get leftSeconds(): number {
    return Math.max(1, Math.ceil(this.leftMs / 1000));
  }

  get over(): boolean {
    return this.leftMs <= 0;
  }

  /** Waits until the next look is due. */
  pause(signal?: AbortSignal, ms = pollMs): Promise<void> {
    return this.#calls.system.sleep(Math.min(ms, Math.max(1, this.leftMs)), signal);
  }
}

/** Brings instances up and looks whether they have come up, whatever the command that started them said. */
export class Boots {
  readonly #calls: Calls;
  readonly #support: Support;
  readonly #instances: Instances;

  constructor(calls: Calls, support: Support, instances: Instances) {
    this.#calls = calls;
    this.#support = support;
    this.#instances = instances;
  }

  async start(name: string, options: BootOptions = {}): Promise<void> {
    checkName("start", name);
    await this.#support.check();
    const deadline = new Deadline(this.#calls, options.timeoutMs);
    this.#instances.forget(name);
    try {
      await this.#startOnce(name, deadline, options);
    } catch (error) {
      if (!(error instanceof MultipassError && timeouts.has(error.code))) throw error;
      await this.#until(name, deadline, options, error, () => this.#succeeds(name, ["true"], options));
    }
  }

  async #startOnce(name: string, deadline: Deadline, options: BootOptions): Promise<void> {
    await this.#calls.follow(["start", name, "--timeout", String(deadline.leftSeconds)], options);
  }

  async finish(name: string, options: BootOptions = {}, failed?: MultipassError): Promise<CloudInitStatus> {
    checkName("start", name);
    await this.#support.check();
    const deadline = new Deadline(this.#calls, options.timeoutMs);
    await this.booted(name, deadline, options, failed);
    return this.cloudInit(name, deadline, options);
  }

  /** Resolves when the instance has finished its first boot; `failed` is what it rejects with when it does not. */
  async booted(name: string, deadline: Deadline, options: BootOptions, failed?: MultipassError): Promise<void> {
    options.onProgress?.({ stage: "waiting", text: "Waiting for initialization to complete" });
    await this.#until(name, deadline, options, failed, () =>
      this.#succeeds(name, ["test", "-e", "/var/lib/cloud/instance/boot-finished"], options),
    );
  }

  /** What cloud-init says of itself at its end: Multipass calls a boot successful when that failed. */
  async cloudInit(name: string, deadline: Deadline, options: BootOptions): Promise<CloudInitStatus> {
    options.onProgress?.({ stage: "cloud-init", text: "Waiting for cloud-init" });
    const argv = ["timeout", "-k", "5", String(deadline.leftSeconds), "cloud-init", "status", "--wait", "--long"];
    for (let triesLeft = 3; ; triesLeft -= 1) {
      try {
        const { exitCode, stdout, stderr } = await this.#instances.execs.run(name, argv, call(options));
        // While it waits it prints dots.
        const text = `${decoded(stdout)}${decoded(stderr)}`.replace(/^\.+\s*/, "").trim();
        const outcome = (["done", "error", "degraded"] as const)[exitCode] ?? "unknown";
        return { outcome, text };
      } catch (error) {
        if (!(error instanceof MultipassError)) throw error;
        // A document may restart the machine at its end.
        if (triesLeft <= 1 || deadline.over || !passing.has(error.code))
          return { outcome: "unknown", text: error.message };
        await deadline.pause(options.signal);
      }
    }
  }

  /** Looks again and again until `reached`; starts what has stopped and, once, what Multipass has lost sight of. */
  async #until(
    name: string,
    deadline: Deadline,
    options: BootOptions,
    failed: MultipassError | undefined,
    reached: () => Promise<boolean>,
  ): Promise<void> {
    let startsLeft = 1;
    let unknownSince: number | undefined;
    let last = failed;
    do {
      let state: InstanceState | undefined;
      try {
        state = await this.#instances.state(name, call(options));
        if (state === undefined) throw failed ?? unknownInstance("start", name);
        if (state === "Deleted") throw softDeleted("start", name);
        if ((state === "Running" || state === "Delayed Shutdown") && (await reached())) return;
        unknownSince = state === "Unknown" ? (unknownSince ?? this.#calls.system.now()) : undefined;
        const lost = unknownSince !== undefined && this.#calls.system.now() - unknownSince >= unknownForMs;
        if (startsLeft > 0 && (state === "Stopped" || state === "Suspended" || lost)) {
          startsLeft -= 1;
          unknownSince = undefined;
          await this.#startAgain(name, lost, deadline, options);
        }
      } catch (error) {
        if (!(error instanceof MultipassError) || error === failed || !passing.has(error.code)) throw error;
        last = error;
      }
      await deadline.pause(options.signal);
    } while (!deadline.over);
    throw (
      failed ??
      last ??
      new MultipassError("launch-timeout-cloud-init", `has not finished its boot, got ${name}`, { command: "start" })
    );
  }

  async #startAgain(name: string, lost: boolean, deadline: Deadline, options: BootOptions): Promise<void> {
    if (lost && (await this.#support.forcedStop())) {
      await this.#calls.follow(["stop", name, "--force"], options);
    }
    try {
      await this.#startOnce(name, deadline, options);
    } catch (error) {
      if (!(error instanceof MultipassError && (timeouts.has(error.code) || passing.has(error.code)))) throw error;
    }
  }

  async #succeeds(name: string, argv: readonly string[], options: BootOptions): Promise<boolean> {
    const { exitCode } = await this.#instances.execs.run(name, argv, call(options));
    return exitCode === 0;
  }
}

export function softDeleted(command: string, name: string): MultipassError {
  return new MultipassError("soft-deleted", `it is deleted and waits to be purged or recovered, got ${name}`, {
    command,
  });
}

function call(options: BootOptions): { signal?: AbortSignal } {
  return options.signal ? { signal: options.signal } : {};
}
