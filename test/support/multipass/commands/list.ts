import { addressesOf } from "../addresses.ts";
import { type Call, exits, wrong } from "../call.ts";
import { json, table } from "../format.ts";
import type { Instance } from "../store.ts";

const formats = ["table", "json", "csv", "yaml"];

/** `multipass list` */
export async function run(call: Call): Promise<number> {
  const { settings } = call;
  if (call.positionals.length > 0) return wrong(call, "This command takes no arguments");
  const format = call.value("format") ?? "table";
  if (!formats.includes(format)) return wrong(call, "Invalid format type given.");
  const sorted = !settings.atLeast("1.17");
  // The daemon has nothing to list until an image is there to make a machine of.
  const instances = Object.values(call.store().read().instances)
    .filter(({ preparing }) => !preparing)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  if (call.has("snapshots")) {
    call.out(
      format === "json" ? json({ errors: [], info: snapshotOverview(instances) }, sorted) : snapshotTable(instances),
    );
    return exits.ok;
  }
  const rows = [];
  for (const instance of instances) {
    const { name, state, zone, release } = instance;
    const ipv4 = call.has("no-ipv4") ? [] : await addressesOf(call, instance);
    const shown = release ? `Ubuntu ${release}` : "Not Available";
    const inZone = sorted ? {} : { zone: { name: zone, available: true } };
    rows.push({ name, state, ipv4, release: shown, ...inZone });
  }
  if (format === "json") call.out(json({ list: rows }, sorted));
  else if (format === "csv") call.out(csv(rows));
  else if (format === "yaml") call.out(yaml(rows));
  else call.out(rows.length === 0 ? "No instances found.\n" : instanceTable(rows, sorted));
  return exits.ok;
}

interface Row {
  name: string;
  state: string;
  ipv4: string[];
  release: string;
  zone?: { name: string; available: boolean };
}

function instanceTable(rows: readonly Row[], zoneless: boolean): string {
  const width = Math.max(24, ...rows.map(({ name }) => name.length + 2));
  const cells = rows.flatMap(({ name, state, ipv4, release, zone }) => [
    [name, state, ipv4[0] ?? "--", release, ...(zone ? [`${zone.name}(a)`] : [])],
    ...ipv4.slice(1).map((address) => ["", "", address, ""]),
  ]);
  const header = ["Name", "State", "IPv4", "Image", ...(zoneless ? [] : ["Zone"])];
  return table([width, 18, 17, ...(zoneless ? [] : [20])], [header, ...cells]);
}

function csv(rows: readonly Row[]): string {
  const lines = rows.map(
    ({ name, state, ipv4, release }) => `${name},${state},${ipv4[0] ?? ""},,${release},"${ipv4.join(",")}"\n`,
  );
  return `Name,State,IPv4,IPv6,Release,AllIPv4\n${lines.join("")}`;
}

function yaml(rows: readonly Row[]): string {
  if (rows.length === 0) return "{}\n";
  return rows
    .map(({ name, state, ipv4, release }) => {
      const addresses = ipv4.map((address) => `      - ${address}\n`).join("");
      return `${name}:\n  - state: ${state}\n    ipv4:\n${addresses}    release: ${release}\n`;
    })
    .join("");
}

function snapshotOverview(instances: readonly Instance[]): Record<string, Record<string, Record<string, string>>> {
  const taken = instances.filter(({ snapshots }) => snapshots.length > 0);
  return Object.fromEntries(
    taken.map(({ name, snapshots }) => [
      name,
      Object.fromEntries(snapshots.map(({ name, comment, parent }) => [name, { comment, parent }])),
    ]),
  );
}

function snapshotTable(instances: readonly Instance[]): string {
  const rows = instances.flatMap(({ name, snapshots }) =>
    snapshots.map((snapshot) => [name, snapshot.name, snapshot.parent || "--", snapshot.comment || "--"]),
  );
  if (rows.length === 0) return "No snapshots found.\n";
  const header = ["Instance", "Snapshot", "Parent", "Comment"];
  const widths = [0, 1, 2].map((at) => 2 + Math.max(...[header, ...rows].map((row) => row[at]?.length ?? 0)));
  return table(widths, [header, ...rows]);
}
