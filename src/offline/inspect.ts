import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { LabError } from "../domain/errors.ts";
import { type BundleFile, type BundleManifest, digestOf, manifestName, partialName, readManifest } from "./manifest.ts";
import { Slots } from "./slots.ts";

/** `kind` is the first word of its line: a file that is not there, has another content, or is no part of the bundle. */
export interface BundleProblem {
  kind: "missing" | "damaged" | "extra" | "incomplete";
  path: string;
  detail: string;
}

/** Reads the manifest of a bundle. Throws LabError `bundle-invalid` when there is none. */
export async function openBundle(folder: string): Promise<BundleManifest> {
  const manifest = await readManifest(folder);
  if (manifest) return manifest;
  throw new LabError("bundle-invalid", `${folder}: is no bundle, it has no ${manifestName}`, {
    remedy: "Make one with `wasm-k8s-lab bundle create --output FOLDER`.",
  });
}

/** Reads every file of a bundle and compares it with the manifest. Throws LabError `bundle-invalid`. */
export async function inspectBundle(
  folder: string,
  onFile: (done: number, total: number) => void = () => undefined,
): Promise<{ manifest: BundleManifest; problems: BundleProblem[] }> {
  const manifest = await openBundle(folder);
  const slots = new Slots(2);
  let done = 0;
  const problems = await Promise.all(
    manifest.files.map((file) =>
      slots.run(async () => {
        const problem = await problemWith(folder, file);
        onFile((done += 1), manifest.files.length);
        return problem ?? [];
      }),
    ),
  );
  const known = new Set([manifestName, ...manifest.files.map(({ path }) => path)]);
  const extra = (await filesBelow(folder)).filter((path) => !known.has(path));
  return {
    manifest,
    problems: [
      ...problems.flat(),
      ...extra.map((path) => ({ kind: "extra" as const, path, detail: "is not in the manifest" })),
      ...manifest.missing.map(({ source, url, reason }) => ({
        kind: "incomplete" as const,
        path: source,
        detail: `${url} ${reason} when the bundle was made`,
      })),
      ...(manifest.complete || manifest.missing.length > 0
        ? []
        : [
            {
              kind: "incomplete" as const,
              path: manifestName,
              detail: "the bundle was never finished; create it again",
            },
          ]),
    ],
  };
}

async function problemWith(folder: string, file: BundleFile): Promise<BundleProblem | undefined> {
  const { path, size, sha256 } = file;
  const target = join(folder, ...path.split("/"));
  try {
    const found = await stat(target);
    if (!found.isFile()) return { kind: "damaged", path, detail: "is no file" };
    if (found.size !== size) return { kind: "damaged", path, detail: `expected ${size} bytes, got ${found.size}` };
    const digest = await digestOf(target);
    if (digest.sha256 === sha256) return undefined;
    return { kind: "damaged", path, detail: `expected sha256 ${sha256}, got ${digest.sha256}` };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "an error";
    if (code === "ENOENT" || code === "ENOTDIR") return { kind: "missing", path, detail: "is not there" };
    return { kind: "damaged", path, detail: `could not be read, got ${code}` };
  }
}

/** Every file below a folder, with slashes, but for what is still being downloaded. */
async function filesBelow(folder: string, below = ""): Promise<string[]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true });
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (path === partialName) return [];
      return entry.isDirectory() ? filesBelow(folder, path) : [path];
    }),
  );
  return found.flat().sort();
}
