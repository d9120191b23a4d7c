import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { LabError } from "../domain/errors.ts";
import { isPlace } from "./places.ts";
import { parsed } from "./upstream.ts";

/**
 * How a file's digest came to be known. `pinned`: the catalogue says it. `published`: upstream says it beside the file,
 * in its index or in an image's manifest. `first-contact`: nobody says it; it is what came when the bundle was made.
 */
export type Assurance = "pinned" | "published" | "first-contact";

export interface BundleFile {
  /** Below the bundle's folder, with slashes: `host/path`. */
  path: string;
  url: string;
  /** Bytes. */
  size: number;
  sha256: string;
  verified: Assurance;
  /** Id of the source in the catalogue that wanted it. */
  source: string;
}

/** What a profile wants and the bundle has not got. */
export interface Missing {
  source: string;
  url: string;
  reason: string;
  /** True when asking again later may help. */
  passing: boolean;
}

/** manifest.json of a bundle. */
export interface BundleManifest {
  formatVersion: 1;
  profile: string;
  architecture: string;
  /** Release of Ubuntu of the machines it is for. */
  release: string;
  /** When it was made, ISO 8601. */
  date: string;
  /** False while it is being made, and when something is missing. */
  complete: boolean;
  missing: Missing[];
  files: BundleFile[];
}

export const manifestName = "manifest.json";
/** Where downloads grow until they are whole; on the same file system, so that they can be moved into place. */
export const partialName = ".partial";

/** Writes manifest.json as a whole or not at all. */
export async function writeManifest(folder: string, manifest: BundleManifest): Promise<void> {
  const path = join(folder, manifestName);
  const file = await open(`${path}.new`, "w");
  try {
    await file.writeFile(`${JSON.stringify(manifest, undefined, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}

/** Reads manifest.json; undefined when there is none. Throws LabError `bundle-invalid`. */
export async function readManifest(folder: string): Promise<BundleManifest | undefined> {
  const path = join(folder, manifestName);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return;
    throw error;
  }
  const manifest = parsed(text);
  const problem = problemOf(manifest);
  if (problem === undefined) return manifest as BundleManifest;
  throw new LabError("bundle-invalid", `${path}: ${problem}`, {
    remedy: "Make the bundle again with `wasm-k8s-lab bundle create`, into another folder.",
  });
}

function problemOf(manifest: unknown): string | undefined {
  if (!isRecord(manifest)) return "is not JSON of a bundle";
  if (manifest["formatVersion"] !== 1) return `has another format, got ${JSON.stringify(manifest["formatVersion"])}`;
  for (const name of ["profile", "architecture", "release", "date"]) {
    if (typeof manifest[name] !== "string") return `lacks ${name}`;
  }
  if (typeof manifest["complete"] !== "boolean") return "lacks complete";
  const { missing, files } = manifest;
  if (!Array.isArray(missing) || !missing.every(isRecord)) return "lacks missing";
  if (!Array.isArray(files)) return "lacks files";
  const wrong: unknown = files.find((file) => !isBundleFile(file));
  return wrong === undefined ? undefined : `holds a wrong file, got ${JSON.stringify(wrong)}`;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function isBundleFile(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { path, size, sha256, url, source } = value;
  return (
    typeof path === "string" &&
    isPlace(path) &&
    typeof size === "number" &&
    typeof sha256 === "string" &&
    /^[0-9a-f]{64}$/.test(sha256) &&
    typeof url === "string" &&
    typeof source === "string" &&
    ["pinned", "published", "first-contact"].includes(String(value["verified"]))
  );
}

/** The digest and the size of a file on this computer. */
export async function digestOf(path: string): Promise<{ sha256: string; size: number }> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { sha256: hash.digest("hex"), size };
}
