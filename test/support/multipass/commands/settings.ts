import { type Call, exits, fail, wrong } from "../call.ts";
import { parseSize } from "../format.ts";
import type { Instance } from "../store.ts";

const defaults: Readonly<Record<string, string>> = {
  "client.apps.windows-terminal.profiles": "primary",
  "client.primary-name": "primary",
  "local.bridged-network": "",
  "local.driver": "qemu",
  "local.image.mirror": "",
  "local.passphrase": "false",
  "local.privileged-mounts": "true",
};

/** `multipass get` */
export function get(call: Call): number {
  const { settings, instances } = call.store().read();
  if (call.has("keys")) {
    const own = Object.keys(instances).flatMap((name) =>
      ["bridged", "cpus", "disk", "memory"].map((key) => `local.${name}.${key}`),
    );
    call.out(
      [...Object.keys(defaults), ...own]
        .sort()
        .map((key) => `${key}\n`)
        .join(""),
    );
    return exits.ok;
  }
  const [key = ""] = call.positionals;
  const [instance, field] = partsOf(key, instances);
  const value = instance ? valueOf(instance, field) : (settings[key] ?? defaults[key]);
  if (value === undefined) return unrecognized(call, key);
  call.out(`${value === "" && !call.has("raw") ? "<empty>" : value}\n`);
  return exits.ok;
}

/** `multipass set` */
export function set(call: Call): number {
  const [, key = "", value = ""] = /^([^=]*)=(.*)$/s.exec(call.positionals[0] ?? "") ?? [];
  if (key === "") return wrong(call, `Bad key-value format '${call.positionals[0] ?? ""}'`);
  const { instances } = call.store().read();
  const [instance, field] = partsOf(key, instances);
  if (!instance) {
    if (defaults[key] === undefined) return unrecognized(call, key);
    call.store().change(({ settings }) => {
      settings[key] = key === "local.passphrase" ? String(value !== "") : value;
    });
    return exits.ok;
  }
  if (instance.state !== "Stopped") {
    const why = "Instance must be stopped for modification";
    return fail(call, `Cannot update instance settings; instance: ${instance.name}; reason: ${why}`);
  }
  const number = field === "cpus" ? Number(value) : parseSize(value);
  if (number === undefined || !(number > 0) || (field === "disk" && number < instance.disk)) {
    return fail(
      call,
      `Invalid setting '${key}=${value}': ${field === "disk" ? "Disk can only be expanded" : "Need a positive integer"}`,
    );
  }
  call.store().change(({ instances: { [instance.name]: kept } }) => {
    if (kept && (field === "cpus" || field === "memory" || field === "disk")) kept[field] = number;
  });
  return exits.ok;
}

/** `multipass authenticate` */
export function authenticate(call: Call): number {
  const { settings } = call.store().read();
  if (settings["local.passphrase"] !== "true") {
    return fail(call, "Passphrase is not set. Please `multipass set local.passphrase` with a trusted client.");
  }
  return call.positionals[0] === "correct" ? exits.ok : fail(call, "Passphrase is not correct. Please try again.");
}

function partsOf(key: string, instances: Readonly<Record<string, Instance>>): [Instance | undefined, string] {
  const [, name = "", field = ""] = /^local\.([^.]+)\.([^.]+)$/.exec(key) ?? [];
  return [["cpus", "memory", "disk", "bridged"].includes(field) ? instances[name] : undefined, field];
}

function valueOf(instance: Instance, field: string): string {
  if (field === "cpus") return String(instance.cpus);
  if (field === "bridged") return "false";
  return `${((field === "disk" ? instance.disk : instance.memory) / 1024 ** 3).toFixed(1)}GiB`;
}

function unrecognized(call: Call, key: string): number {
  if (key.startsWith("client.")) return wrong(call, `Unrecognized settings key: '${key}'`);
  return fail(call, `Unrecognized settings key: '${key}'`);
}
