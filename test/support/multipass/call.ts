import type { Fault } from "./faults.ts";
import type { Machines } from "./machines/machines.ts";
import type { Settings } from "./settings.ts";
import type { Instance, Store } from "./store.ts";

/** One call of the client. */
export interface Call {
  /** The command's own name, not the alias that was typed. */
  command: string;
  positionals: readonly string[];
  has(option: string): boolean;
  value(option: string): string | undefined;
  values(option: string): readonly string[];
  settings: Settings;
  /** The daemon's side. */
  store(): Store;
  machines(): Promise<Machines>;
  out(text: string | Uint8Array): void;
  err(text: string | Uint8Array): void;
  /** What is to go wrong in the middle. */
  fault?: Fault;
}

export type Command = (call: Call) => Promise<number> | number;

/** Exit codes of the client. */
export const exits = { ok: 0, wrongUse: 1, failed: 2, timedOut: 5 };

/** Prints why the daemon refused. */
export function fail(call: Pick<Call, "command" | "err">, message: string, details = ""): number {
  call.err(`${call.command} failed: ${message}\n${details ? `${details}\n` : ""}`);
  return exits.failed;
}

/** Prints that the command line makes no sense. */
export function wrong(call: Pick<Call, "err">, message: string): number {
  call.err(`${message}\n`);
  return exits.wrongUse;
}

/** Prints what is wrong with the names of a command that needs some, or `--all`; undefined when nothing is. */
export function nameless(call: Call): number | undefined {
  if (call.has("all") && call.positionals.length > 0) return wrong(call, "Cannot specify name when --all option set");
  if (!call.has("all") && call.positionals.length === 0) return wrong(call, "Name argument or --all is required");
  return undefined;
}

/** A call that means the primary instance where it names none. */
export function orPrimary(call: Call): Call {
  return call.has("all") || call.positionals.length > 0 ? call : { ...call, positionals: ["primary"] };
}

/** The instances that are named, or every one with `--all`; undefined, and the reason printed, when one is missing. */
export function chosen(call: Call, { deleted = false } = {}): Instance[] | undefined {
  const { instances } = call.store().read();
  const known = Object.values(instances).filter(({ preparing }) => !preparing);
  if (call.has("all")) return known.filter(({ state }) => deleted || state !== "Deleted");
  const errors: string[] = [];
  const found: Instance[] = [];
  for (const name of new Set(call.positionals)) {
    const instance = known.find((each) => each.name === name);
    if (!instance) errors.push(`instance "${name}" does not exist`);
    else if (instance.state === "Deleted" && !deleted) errors.push(`instance "${name}" is deleted`);
    else found.push(instance);
  }
  if (errors.length === 0) return found;
  fail(call, `The following errors occurred:\n${errors.join("\n")}`);
  return undefined;
}
