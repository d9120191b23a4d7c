import { MultipassError } from "./errors.ts";
import { Json } from "./json.ts";
import type {
  Image,
  InstanceInfo,
  InstanceState,
  ListedInstance,
  Network,
  Snapshot,
  Usage,
  Version,
  Versions,
  Zone,
} from "./types.ts";

const states: ReadonlySet<string> = new Set<InstanceState>([
  "Running",
  "Stopped",
  "Deleted",
  "Starting",
  "Restarting",
  "Delayed Shutdown",
  "Suspending",
  "Suspended",
  "Unavailable",
  "Unknown",
]);

const stateOf = (text: string): InstanceState => (states.has(text) ? (text as InstanceState) : "Unknown");

/** `1.16.3`, `1.16.3+win`, `1.17.0-dev.2929.pr661+gc67ef6641.mac`. Throws `unexpected-output`. */
function parseVersion(text: string): Version {
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)(?![\d.])/.exec(text) ?? [];
  if (patch === undefined) {
    throw new MultipassError("unexpected-output", `version: expected one such as 1.16.3, got ${text || "nothing"}`, {
      command: "version",
      exitCode: 0,
    });
  }
  return { text, major: Number(major), minor: Number(minor), patch: Number(patch) };
}

export function parseVersions(text: string): Versions {
  const document = Json.parse("version", text);
  const daemon = document.at("multipassd").textIfAny();
  return {
    client: parseVersion(document.at("multipass").text()),
    ...(daemon === undefined ? {} : { daemon: parseVersion(daemon) }),
  };
}

const address = /^(\d{1,3}\.){3}\d{1,3}$/;

/** What `list` and `info` say in the same words; `N/A` stands for what is not known. */
function listed(name: string, entry: Json): ListedInstance {
  const release = entry.at("release").textIfAny();
  const zone = entry.at("zone");
  return {
    name,
    state: stateOf(entry.at("state").text()),
    addresses: entry
      .at("ipv4")
      .itemsIfAny()
      .map((item) => item.text())
      .filter((text) => address.test(text)),
    ...(release === undefined || release === "Not Available" ? {} : { release }),
    ...(zone.missing ? {} : { zone: { name: zone.at("name").text(), available: zone.at("available").flag() } }),
  };
}

export function parseList(text: string): ListedInstance[] {
  return Json.parse("list", text)
    .at("list")
    .items()
    .map((entry) => listed(entry.at("name").text(), entry));
}

function usage(entry: Json): Usage | undefined {
  if (entry.missing) return undefined;
  const used = entry.at("used").numberIfAny();
  const total = entry.at("total").numberIfAny();
  return used === undefined || total === undefined ? undefined : { used, total };
}

const given = <Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } =>
  value === undefined ? {} : ({ [key]: value } as { [K in Key]: Value });

/** Undefined when the document does not name the instance. */
export function parseInfo(text: string, name: string): InstanceInfo | undefined {
  const entry = Json.parse("info", text).at("info").at(name);
  if (entry.missing) return undefined;
  // The daemon calls every first disk `sda1`.
  const disk = entry.at("disks").entries()[0]?.[1];
  return {
    ...listed(name, entry),
    ...given("imageRelease", entry.at("image_release").textIfAny()),
    ...given("imageHash", entry.at("image_hash").textIfAny()),
    ...given("cpus", entry.at("cpu_count").numberIfAny()),
    ...given("snapshotCount", entry.at("snapshot_count").numberIfAny()),
    load: entry
      .at("load")
      .itemsIfAny()
      .flatMap((item) => item.numberIfAny() ?? []),
    ...given("disk", disk && usage(disk)),
    ...given("memory", usage(entry.at("memory"))),
    mounts: entry
      .at("mounts")
      .entries()
      .map(([target, mount]) => ({ target, source: mount.at("source_path").text() })),
  };
}

export function parseSnapshots(text: string, name: string): Snapshot[] {
  return Json.parse("list", text)
    .at("info")
    .at(name)
    .entries()
    .map(([snapshot, entry]) => ({
      name: snapshot,
      comment: entry.at("comment").textIfAny() ?? "",
      ...given("parent", entry.at("parent").textIfAny()),
    }));
}

export function parseImages(text: string): Image[] {
  return Json.parse("find", text)
    .at("images")
    .entries()
    .map(([name, entry]) => ({
      name,
      aliases: entry
        .at("aliases")
        .itemsIfAny()
        .map((alias) => alias.text()),
      os: entry.at("os").text(),
      release: entry.at("release").text(),
      remote: entry.at("remote").text(),
      version: entry.at("version").text(),
    }));
}

export function parseNetworks(text: string): Network[] {
  return Json.parse("networks", text)
    .at("list")
    .items()
    .map((entry) => ({
      name: entry.at("name").text(),
      type: entry.at("type").text(),
      description: entry.at("description").text(),
    }));
}

export function parseZones(text: string): Zone[] {
  return Json.parse("zones", text)
    .entries()
    .map(([name, entry]) => ({
      name,
      available: entry.at("available").flag(),
      ...given("subnet", entry.at("subnet").textIfAny()),
    }));
}
