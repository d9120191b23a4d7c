import { addressesOf } from "../addresses.ts";
import { type Call, chosen, exits, fail, wrong } from "../call.ts";
import { humanSize, json } from "../format.ts";
import type { Instance, Snapshot } from "../store.ts";

type Value = string | number | readonly Value[] | { readonly [key: string]: Value };

/** `multipass info` */
export async function run(call: Call): Promise<number> {
  const { settings } = call;
  const format = call.value("format") ?? "table";
  if (!["table", "json", "csv", "yaml"].includes(format)) return wrong(call, "Invalid format type given.");
  if (call.has("all"))
    call.err(
      "Warning: the `--all` flag for the `info` command is deprecated. Please use `info` with no positional arguments for the same effect.\n",
    );
  const names = call.positionals.map((text) => text.split("."));
  const listed = { ...call, positionals: names.map(([name = ""]) => name) };
  const everything = call.positionals.length === 0;
  const found = everything
    ? Object.values(call.store().read().instances).filter(({ preparing }) => !preparing)
    : chosen(listed, { deleted: true });
  if (!found) return exits.failed;
  const info: Record<string, Value> = {};
  for (const instance of found) {
    const wanted = names.flatMap(([name, snapshot]) => (name === instance.name && snapshot ? [snapshot] : []));
    const unknown = wanted.find((name) => instance.snapshots.every((snapshot) => snapshot.name !== name));
    if (unknown !== undefined) return fail(call, `No such snapshot: ${instance.name}.${unknown}`);
    const all = call.has("snapshots");
    const shown = instance.snapshots.filter(({ name }) => all || wanted.includes(name));
    const snapshots = Object.fromEntries(shown.map((snapshot) => [snapshot.name, snapshotInfo(snapshot, instance)]));
    const itself = everything
      ? !all
      : names.some(([name, snapshot]) => name === instance.name && snapshot === undefined) && !all;
    if (!itself && shown.length === 0) continue;
    info[instance.name] = {
      ...(itself ? await instanceInfo(call, instance) : {}),
      ...(shown.length > 0 ? { snapshots } : {}),
    };
  }
  if (format === "json") call.out(json({ errors: [], info }, !settings.atLeast("1.17")));
  else call.out(blocks(info));
  return exits.ok;
}

async function instanceInfo(call: Call, instance: Instance): Promise<Record<string, Value>> {
  const { settings } = call;
  const runs = instance.state === "Running" || instance.state === "Delayed Shutdown";
  const asked = runs && !call.has("no-runtime-information");
  return {
    state: instance.state,
    ...(settings.atLeast("1.17") ? { zone: { name: instance.zone, available: "true" } } : {}),
    image_hash: instance.hash,
    image_release: instance.release,
    release: asked ? instance.title : "",
    cpu_count: asked ? String(instance.cpus) : "",
    ...(settings.atLeast("1.13") ? { snapshot_count: String(instance.snapshots.length) } : {}),
    load: asked ? [0.12, 0.08, 0.02] : [],
    disks: { sda1: asked ? { used: "1845493760", total: String(instance.disk) } : {} },
    memory: asked ? { used: Math.floor(instance.memory / 5), total: instance.memory } : {},
    ipv4: await addressesOf(call, instance),
    mounts: {},
  };
}

function snapshotInfo(snapshot: Snapshot, { snapshots }: Instance): Record<string, Value> {
  return {
    size: "",
    cpu_count: String(snapshot.cpus),
    disk_space: humanSize(snapshot.disk),
    memory_size: humanSize(snapshot.memory),
    mounts: {},
    created: snapshot.created,
    parent: snapshot.parent,
    children: snapshots.filter(({ parent }) => parent === snapshot.name).map(({ name }) => name),
    comment: snapshot.comment,
  };
}

/** The table for people. */
function blocks(info: Readonly<Record<string, Value>>): string {
  const line = (title: string, value: Value | undefined): string => {
    const text = Array.isArray(value) ? value.join(`\n${" ".repeat(16)}`) : String(value ?? "");
    return `${`${title}:`.padEnd(16)}${text === "" ? "--" : text}\n`;
  };
  return Object.entries(info)
    .map(([name, fields]) => {
      const { state, ipv4, release, cpu_count: cpus } = fields as Record<string, Value>;
      return (
        line("Name", name) + line("State", state) + line("IPv4", ipv4) + line("Release", release) + line("CPU(s)", cpus)
      );
    })
    .join("\n");
}
