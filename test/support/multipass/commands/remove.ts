import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Call, chosen, exits, fail, nameless, wrong } from "../call.ts";
import type { Instance } from "../store.ts";
import { cannotStop } from "./power.ts";
import { removeSnapshot } from "./snapshots.ts";

/** `multipass delete` */
export async function run(call: Call): Promise<number> {
  const refused = nameless(call);
  if (refused !== undefined) return refused;
  const snapshots = call.positionals.filter((text) => text.includes("."));
  if (snapshots.length > 0 && !call.has("purge")) {
    const why = "Snapshots can only be purged (after deletion, they cannot be recovered).";
    return wrong(call, `${why} Please use the \`--purge\` flag if that is what you want.`);
  }
  const found = chosen(
    { ...call, positionals: call.positionals.filter((text) => !text.includes(".")) },
    { deleted: true },
  );
  if (!found) return exits.failed;
  const purge = call.has("purge");
  for (const { name, state } of purge ? [] : found) {
    const refused = cannotStop(name, state);
    if (refused) return fail(call, `${refused.message}\nUse --purge to forcefully delete it.`);
  }
  for (const snapshot of snapshots) {
    const code = removeSnapshot(call, snapshot);
    if (code !== exits.ok) return code;
  }
  for (const { name } of found) {
    if (purge) await remove(call, name);
    else await (await call.machines()).stop(name);
    call.store().change(({ instances }) => {
      const instance = instances[name];
      if (purge) delete instances[name];
      else if (instance) instance.state = "Deleted";
    });
  }
  return exits.ok;
}

/** `multipass recover` */
export function recover(call: Call): number {
  const refused = nameless(call);
  if (refused !== undefined) return refused;
  const found = chosen(call, { deleted: true });
  if (!found) return exits.failed;
  call.store().change(({ instances }) => {
    for (const { name, state } of found) {
      const instance: Instance | undefined = instances[name];
      if (instance && state === "Deleted") instance.state = "Stopped";
    }
  });
  return exits.ok;
}

/** `multipass purge` */
export async function purge(call: Call): Promise<number> {
  const deleted = Object.values(call.store().read().instances).filter(({ state }) => state === "Deleted");
  for (const { name } of deleted) await remove(call, name);
  call.store().change(({ instances }) => {
    for (const { name } of deleted) delete instances[name];
  });
  return exits.ok;
}

async function remove(call: Call, name: string): Promise<void> {
  await (await call.machines()).remove(name);
  rmSync(join(call.settings.folder, "snapshots", name), { recursive: true, force: true });
  rmSync(join(call.settings.folder, "user-data", `${name}.yaml`), { force: true });
}
