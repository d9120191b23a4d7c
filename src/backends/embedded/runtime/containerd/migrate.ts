import { parse, stringify, type TomlTable } from "smol-toml";
import { atLeast, newestFormat } from "./versions.ts";

const isTable = (value: unknown): value is TomlTable =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);

const tableAt = (table: TomlTable, key: string): TomlTable => {
  const value = table[key];
  return isTable(value) ? value : {};
};

/** Where containerd 2 keeps what was one table of the CRI; other keys stay behind. */
const newPlaces: Readonly<Record<string, "runtime" | "images">> = {
  containerd: "runtime",
  cni: "runtime",
  registry: "images",
};

/**
 * What `containerd config migrate` prints for a file that this version reads.
 * Simplified: settings that nothing in the lab reads keep their old names.
 */
export function migratedText(text: string, version: string): string {
  const file = parse(text);
  const isTwo = atLeast(version, "2.0.0");
  const before = typeof file["version"] === "number" ? file["version"] : 1;
  const plugins = { ...tableAt(file, "plugins") };
  if (before < 2 && isTable(plugins["cri"])) {
    plugins["io.containerd.grpc.v1.cri"] = plugins["cri"];
    delete plugins["cri"];
  }
  if (isTwo && before < 3) split(plugins);
  return stringify({ ...file, version: isTwo ? newestFormat(version) : Math.max(before, 2), plugins });
}

function split(plugins: TomlTable): void {
  const old = plugins["io.containerd.grpc.v1.cri"];
  if (!isTable(old)) return;
  const rest: TomlTable = {};
  const moved = {
    runtime: { ...tableAt(plugins, "io.containerd.cri.v1.runtime") },
    images: { ...tableAt(plugins, "io.containerd.cri.v1.images") },
  };
  for (const [key, value] of Object.entries(old)) {
    const place = newPlaces[key];
    if (place) moved[place][key] = value;
    else if (key === "sandbox_image") moved.images["pinned_images"] = { sandbox: value };
    else rest[key] = value;
  }
  plugins["io.containerd.grpc.v1.cri"] = rest;
  plugins["io.containerd.cri.v1.runtime"] = moved.runtime;
  plugins["io.containerd.cri.v1.images"] = moved.images;
}
