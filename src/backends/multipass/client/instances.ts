import { chooseAddress, routeCommand, routedAddress } from "./address.ts";
import { type Calls, checkName, decoded } from "./calls.ts";
import { MultipassError, type MultipassErrorCode } from "./errors.ts";
import { Execs } from "./exec.ts";
import { parseInfo, parseList } from "./parse.ts";
import type { Support } from "./support.ts";
import type { CallOptions, InstanceInfo, InstanceState, ListedInstance } from "./types.ts";

/** How long an instance that was seen running is taken to run. */
const seenForMs = 10_000;

/** What a command in an instance of that state is refused with; in the others it can run. */
const refusals: Readonly<Partial<Record<InstanceState, MultipassErrorCode>>> = {
  Stopped: "not-running",
  Suspended: "not-running",
  Deleted: "soft-deleted",
  Starting: "wrong-state",
  Restarting: "wrong-state",
  Suspending: "wrong-state",
  Unavailable: "zone-unavailable",
  Unknown: "unknown-state",
};

/** What instances there are, and commands in those that run. */
export class Instances {
  readonly execs: Execs;
  readonly #calls: Calls;
  readonly #support: Support;
  /** When an instance was last seen running. */
  readonly #seen = new Map<string, number>();

  constructor(calls: Calls, support: Support) {
    this.#calls = calls;
    this.#support = support;
    this.execs = new Execs(
      calls,
      (name, signal) => this.#reachable(name, signal ? { signal } : {}),
      (name) => this.forget(name),
    );
  }

  /** Its state is asked again before the next command. */
  forget(name: string): void {
    this.#seen.delete(name);
  }

  async list(options: CallOptions & { addresses?: boolean } = {}): Promise<ListedInstance[]> {
    await this.#support.check();
    const argv = ["list", "--format", "json"];
    const text = await (options.addresses === false
      ? this.#support.askHidden(argv, "--no-ipv4", options)
      : this.#calls.ask(argv, options));
    const instances = parseList(text);
    this.#seen.clear();
    for (const { name, state } of instances) {
      if (state === "Running") this.#seen.set(name, this.#calls.system.now());
    }
    return instances;
  }

  async state(name: string, options: CallOptions = {}): Promise<InstanceState | undefined> {
    checkName("list", name);
    const instances = await this.list({ ...options, addresses: false });
    return instances.find((instance) => instance.name === name)?.state;
  }

  async info(name: string, options: CallOptions & { runtime?: boolean } = {}): Promise<InstanceInfo> {
    checkName("info", name);
    await this.#support.check();
    const argv = ["info", name, "--format", "json"];
    const text = await (options.runtime === false
      ? this.#support.askHidden(argv, "--no-runtime-information", options)
      : this.#calls.ask(argv, options));
    const info = parseInfo(text, name);
    if (!info) {
      throw new MultipassError("unexpected-output", `output: expected an instance ${name}, got none`, {
        command: "info",
        exitCode: 0,
      });
    }
    return info;
  }

  async address(name: string, options: CallOptions & { recorded?: string } = {}): Promise<string | undefined> {
    checkName("list", name);
    const { recorded, ...call } = options;
    const instances = await this.list(call);
    const found = instances.find((instance) => instance.name === name);
    if (!found) throw unknownInstance("list", name);
    const { addresses, state } = found;
    const sure = recorded === undefined ? addresses.length === 1 : addresses.includes(recorded);
    if (sure || state !== "Running") return chooseAddress(addresses, { recorded });
    return chooseAddress(addresses, { recorded, routed: await this.#routed(name, call) });
  }

  async #routed(name: string, options: CallOptions): Promise<string | undefined> {
    try {
      const { exitCode, stdout } = await this.execs.run(name, routeCommand, options);
      return exitCode === 0 ? routedAddress(decoded(stdout)) : undefined;
    } catch (error) {
      if (error instanceof MultipassError) return undefined;
      throw error;
    }
  }

  async #reachable(name: string, options: CallOptions): Promise<void> {
    await this.#support.check();
    const seen = this.#seen.get(name);
    if (seen !== undefined && this.#calls.system.now() - seen < seenForMs) return;
    const state = await this.state(name, options);
    if (state === undefined) throw unknownInstance("exec", name);
    const refusal = refusals[state];
    if (refusal)
      throw new MultipassError(refusal, `expected a running instance, got ${name} (${state})`, { command: "exec" });
  }
}

export function unknownInstance(command: string, name: string): MultipassError {
  return new MultipassError("unknown-instance", `there is no such instance, got ${name}`, { command });
}
