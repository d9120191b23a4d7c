import { fieldError, parsedToml } from "./spin/manifest/toml.ts";
import { readVersion1 } from "./spin/manifest/version-1.ts";
import { readVersion2 } from "./spin/manifest/version-2.ts";
import { SpinManifestError } from "./spin/manifest/model.ts";
import type { SpinManifest } from "./spin/manifest/model.ts";

export { lockedApplication, parseLockedApplication } from "./spin/manifest/locked.ts";
export { SpinManifestError } from "./spin/manifest/model.ts";
export type { SpinComponent, SpinManifest, SpinSource } from "./spin/manifest/model.ts";

/** Reads a spin.toml of either version. Throws SpinManifestError. */
export function parseSpinManifest(text: string): SpinManifest {
  const table = parsedToml(text);
  const version = table["spin_manifest_version"] ?? table["spin_version"];
  if (version === undefined) throw fieldError(text, "missing field `spin_manifest_version`");
  if (version === "1") return readVersion1(text, table);
  if (version === 2 || version === 2n) return readVersion2(text, table);
  const shown = typeof version === "string" ? JSON.stringify(version) : String(version);
  throw new SpinManifestError(`invalid spin manifest version ${shown}`);
}
