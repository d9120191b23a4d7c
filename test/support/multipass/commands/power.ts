import { setTimeout as sleep } from "node:timers/promises";
import { type Call, chosen, exits, fail, orPrimary } from "../call.ts";
import { askDaemon } from "../daemon/ask.ts";
import { makeSpinner } from "../spinner.ts";
import type { Instance, InstanceState } from "../store.ts";
import { timeoutOf } from "../timeout.ts";

/** `multipass start` */
export async function start(call: Call): Promise<number> {
  const timeout = timeoutOf(call);
  if (timeout === false) return exits.wrongUse;
  const { instances } = call.store().read();
  const names = call.has("all") ? notDeleted(instances) : orPrimary(call).positionals;
  const errors = names.flatMap((name) => {
    const instance = instances[name];
    if (!instance || instance.preparing) return [`Instance '${name}' does not exist.`];
    if (instance.state !== "Deleted") return [];
    return [`Instance '${name}' is deleted. Use 'recover' to recover it or 'purge' to permanently delete it.`];
  });
  if (errors.length > 0) return fail(call, "instance(s) missing", errors.join("\n"));
  return askDaemon(call, { operation: "start", names: [...names], ...(timeout === undefined ? {} : { timeout }) });
}

const notDeleted = (instances: Readonly<Record<string, Instance>>): string[] =>
  Object.values(instances).flatMap(({ name, state }) => (state === "Deleted" ? [] : [name]));

/** `multipass restart` */
export async function restart(call: Call): Promise<number> {
  const timeout = timeoutOf(call);
  if (timeout === false) return exits.wrongUse;
  const found = chosen(orPrimary(call));
  if (!found) return exits.failed;
  const { settings } = call;
  const still = found.find(({ state }) => state !== "Running" && state !== "Delayed Shutdown");
  if (still) {
    return settings.atLeast("1.17")
      ? fail(call, `Instance '${still.name}' is not running`)
      : fail(
          call,
          `Instance '${still.name}' is already running, but in an unknown state.\nTry to stop and start it instead.`,
        );
  }
  const names = found.map(({ name }) => name);
  return askDaemon(call, { operation: "restart", names, ...(timeout === undefined ? {} : { timeout }) });
}

/** `multipass stop` */
export async function stop(call: Call): Promise<number> {
  const found = chosen(orPrimary(call));
  if (!found) return exits.failed;
  const minutes = Number(call.value("time") ?? 0);
  if (call.has("cancel")) {
    for (const { name } of found) change(call, name, "Delayed Shutdown", "Running");
    return exits.ok;
  }
  const force = call.has("force");
  const spinner = makeSpinner((text) => call.out(text));
  for (const { name, state } of found) {
    if (state === "Stopped") continue;
    const refused = force ? undefined : cannotStop(name, state);
    if (refused !== undefined) return fail(call, `${refused.message}\n${refused.hint}`.trimEnd());
    if (minutes > 0) {
      change(call, name, "Running", "Delayed Shutdown");
      continue;
    }
    spinner.say(`Stopping ${name}`);
    await sleep(call.settings.scaled(force ? 0 : 4000));
    await (await call.machines()).stop(name);
    change(call, name, state, "Stopped");
    spinner.stop();
  }
  return exits.ok;
}

/** Why an instance in this state does not shut down. */
export function cannotStop(name: string, state: InstanceState): { message: string; hint: string } | undefined {
  if (state === "Suspended") return { message: `Cannot shut down suspended instance ${name}.`, hint: "" };
  if (!["Starting", "Restarting", "Suspending", "Unknown"].includes(state)) return undefined;
  const doing = state === "Unknown" ? "in an unknown state" : `while ${state.toLowerCase()}`;
  return { message: `Cannot shut down instance ${name} ${doing}.`, hint: "Use --force to power it off." };
}

/** `multipass suspend` */
export async function suspend(call: Call): Promise<number> {
  const found = chosen(orPrimary(call));
  if (!found) return exits.failed;
  const spinner = makeSpinner((text) => call.out(text));
  for (const { name, state } of found) {
    if (state !== "Running") continue;
    spinner.say(`Suspending ${name}`);
    await (await call.machines()).stop(name);
    change(call, name, "Running", "Suspended");
    spinner.stop();
  }
  return exits.ok;
}

/** Unless it is not in the state any more that was seen. */
function change(call: Call, name: string, from: InstanceState, to: InstanceState): void {
  call.store().change(({ instances: { [name]: instance } }) => {
    if (instance?.state === from) instance.state = to;
  });
}
