import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Call, chosen, exits, fail, wrong } from "../call.ts";
import { userDataFile } from "../daemon/launch.ts";
import { makeSpinner } from "../spinner.ts";
import type { Instance } from "../store.ts";

const diskOf = (call: Call, instance: string, snapshot: string): string =>
  join(call.settings.folder, "snapshots", instance, snapshot);

/** `multipass snapshot` */
export async function snapshot(call: Call): Promise<number> {
  const instance = onlyStopped(call, call.positionals, "Multipass can only take snapshots of stopped instances.");
  if (!instance) return exits.failed;
  const { cpus, memory, disk, snapshots } = instance;
  const name = call.value("name") ?? `snapshot${instance.snapshotsTaken + 1}`;
  if (!/^[a-zA-Z][a-zA-Z0-9-]*$/.test(name)) return fail(call, `Invalid snapshot name: "${name}".`);
  if (snapshots.some((other) => other.name === name))
    return fail(call, `Snapshot already exists: ${instance.name}.${name}`);
  const spinner = makeSpinner((text) => call.out(text));
  spinner.say("Taking snapshot");
  mkdirSync(join(call.settings.folder, "snapshots", instance.name), { recursive: true });
  await (await call.machines()).save(instance.name, diskOf(call, instance.name, name));
  const comment = call.value("comment") ?? "";
  const created = new Date().toISOString();
  edit(call, instance.name, (it) => {
    it.snapshots.push({ name, comment, parent: it.head, created, cpus, memory, disk });
    it.head = name;
    it.snapshotsTaken += 1;
  });
  spinner.stop();
  call.out(`Snapshot taken: ${instance.name}.${name}\n`);
  return exits.ok;
}

/** `multipass restore` */
export async function restore(call: Call): Promise<number> {
  const [name = "", wanted = ""] = (call.positionals[0] ?? "").split(".");
  const instance = onlyStopped(call, [name], "Multipass can only restore snapshots of stopped instances.");
  if (!instance) return exits.failed;
  const found = instance.snapshots.find((snapshot) => snapshot.name === wanted);
  if (!found) return fail(call, `No such snapshot: ${name}.${wanted}`);
  if (!call.has("destructive")) {
    const moment = new Date().toISOString().replace("Z", "");
    const what =
      "Unable to query client for confirmation. Use '--destructive' to automatically discard current machine state.";
    return wrong(call, `[${moment}] [error] [client] Caught an unhandled exception: ${what}`);
  }
  const spinner = makeSpinner((text) => call.out(text));
  spinner.say("Restoring snapshot");
  await (await call.machines()).restore(name, diskOf(call, name, wanted));
  edit(call, name, (it) => {
    it.head = wanted;
    it.cpus = found.cpus;
    it.memory = found.memory;
    it.disk = found.disk;
  });
  spinner.stop();
  call.out(`Snapshot restored: ${name}.${wanted}\n`);
  return exits.ok;
}

/** `multipass clone` */
export async function clone(call: Call): Promise<number> {
  const source = onlyStopped(call, call.positionals, "Multipass can only clone stopped instances.");
  if (!source) return exits.failed;
  const { instances } = call.store().read();
  let number = 1;
  while (instances[`${source.name}-clone${number}`]) number += 1;
  const name = call.value("name") ?? `${source.name}-clone${number}`;
  if (instances[name]) return fail(call, `instance "${name}" already exists`);
  const { folder } = call.settings;
  const machines = await call.machines();
  const between = join(folder, `clone-of-${source.name}`);
  await machines.save(source.name, between);
  await machines.create(name);
  await machines.restore(name, between);
  rmSync(between, { recursive: true, force: true });
  if (existsSync(userDataFile(folder, source.name))) {
    cpSync(userDataFile(folder, source.name), userDataFile(folder, name));
  }
  call.store().change(({ instances }) => {
    instances[name] = { ...source, name, snapshots: [], head: "", snapshotsTaken: 0 };
  });
  call.out(`Cloned from ${source.name} to ${name}.\n`);
  return exits.ok;
}

/** `multipass delete INSTANCE.SNAPSHOT`; what was on top of it is then on top of what it was on. */
export function removeSnapshot(call: Call, text: string): number {
  const [name = "", wanted = ""] = text.split(".");
  const found = call
    .store()
    .read()
    .instances[name]?.snapshots.find((snapshot) => snapshot.name === wanted);
  if (!found) return fail(call, `No such snapshot: ${name}.${wanted}`);
  rmSync(diskOf(call, name, wanted), { recursive: true, force: true });
  edit(call, name, (it) => {
    it.snapshots = it.snapshots.filter((snapshot) => snapshot.name !== wanted);
    for (const snapshot of it.snapshots) if (snapshot.parent === wanted) snapshot.parent = found.parent;
    if (it.head === wanted) it.head = found.parent;
  });
  return exits.ok;
}

function onlyStopped(call: Call, names: readonly string[], reason: string): Instance | undefined {
  const [instance] = chosen({ ...call, positionals: names }) ?? [];
  if (!instance) return undefined;
  if (instance.state === "Stopped") return instance;
  fail(call, reason);
  return undefined;
}

function edit(call: Call, name: string, change: (instance: Instance) => void): void {
  call.store().change(({ instances: { [name]: instance } }) => {
    if (instance) change(instance);
  });
}
