import type { RecipeCatalog } from "./catalog.ts";

const begin = "# Pins: written from vm-images/catalog.yaml by scripts/setup-pins.ts.\n";
const end = "# End of the pins.\n";

/**
 * The lines of setup.sh that say what it downloads: profile, id, version, address, file of digests (`-`: nobody
 * publishes one; `?` before it: there may be none), then what is other than in the thesis where this one is used.
 */
function pinsOf(catalog: RecipeCatalog): string {
  return (["thesis", "current"] as const)
    .flatMap((profile) => {
      const { components, downloads } = catalog.profiles[profile];
      return Object.entries(downloads)
        .filter(([id, { kind }]) => kind === "file" || kind === "key" || kind === "apt" || id === "image-pause")
        .map(([id, download]) => {
          const version = download.version ?? components[download.component]?.version ?? "-";
          const optional = download.unverified === undefined ? "" : "?";
          const sums = download.checksumUrl === undefined ? "-" : optional + download.checksumUrl;
          return [profile, id, version, download.url, sums, download.deviation ?? ""].join(" ").trimEnd();
        });
    })
    .map((line) => `${line}\n`)
    .join("");
}

/** setup.sh with the catalogue's pins in place of those that it has. Throws where it has no place for them. */
export function withPins(script: string, catalog: RecipeCatalog): string {
  const from = script.indexOf(begin);
  const to = script.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`setup.sh has lost the line "${(from < 0 ? begin : end).trim()}"`);
  const block = `pins() {\n  cat << 'PINS'\n${pinsOf(catalog)}PINS\n}\n`;
  return script.slice(0, from + begin.length) + block + script.slice(to);
}
