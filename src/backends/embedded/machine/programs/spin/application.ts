import { FileError } from "../../files/errors.ts";
import type { Process } from "../../process.ts";
import { parseSpinManifest, SpinManifestError } from "../../../wasm/spin-manifest.ts";
import type { SpinManifest } from "../../../wasm/spin-manifest.ts";
import { SpinFailure } from "./failure.ts";

/** An application in a folder of the machine. */
export interface LocalApplication {
  manifest: SpinManifest;
  /** Path of the manifest, and its folder. */
  path: string;
  folder: string;
}

/** The manifest that `given` names, or the nearest one from the working directory upwards. Throws SpinFailure. */
export function findManifest(process: Process, given: string | undefined): string {
  const { files } = process;
  if (given === undefined) {
    for (let folder = process.cwd; ; folder = folder.slice(0, folder.lastIndexOf("/"))) {
      const candidate = `${folder === "/" ? "" : folder}/spin.toml`;
      if (isFile(process, candidate)) return candidate;
      if (folder === "" || folder === "/") throw new SpinFailure('"spin.toml" not found');
    }
  }
  const path = process.resolve(given);
  if (isFile(process, path)) return path;
  if (!files.isDirectory(path)) throw new SpinFailure(`No such file or directory '${given}'`);
  if (isFile(process, `${path}/spin.toml`)) return `${path}/spin.toml`;
  throw new SpinFailure(`Directory ${given} does not contain a file named 'spin.toml'`);
}

const isFile = (process: Process, path: string): boolean =>
  process.files.exists(path) && !process.files.isDirectory(path);

/** Reads an application's manifest. Throws SpinFailure. */
export function readApplication(process: Process, path: string): LocalApplication {
  try {
    const manifest = parseSpinManifest(process.files.readText(path));
    return { manifest, path, folder: path.slice(0, path.lastIndexOf("/")) || "/" };
  } catch (error) {
    if (error instanceof SpinManifestError) throw new SpinFailure(error.message, error.causes);
    if (error instanceof FileError) throw new SpinFailure(`${error.message} (os error 13)`);
    throw error;
  }
}

/** The modules of all components by their ids. Throws SpinFailure. */
export function localModules(process: Process, { manifest, folder }: LocalApplication): Map<string, Uint8Array> {
  const modules = new Map<string, Uint8Array>();
  for (const { id, source } of manifest.components) {
    const failed = `Failed to load component \`${id}\``;
    if (source.kind !== "file") {
      const from = source.kind === "url" ? source.url : source.digest;
      // Simplified: Spin downloads a module from the address that its manifest names.
      throw new SpinFailure(failed, [`Failed to load Wasm source ${from}`, "the lab's Spin fetches no modules"]);
    }
    const path = source.path.startsWith("/") ? source.path : `${folder}/${source.path}`;
    try {
      modules.set(id, process.files.readBytes(path));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      const words = error.code === "ENOENT" ? "No such file or directory (os error 2)" : error.message;
      throw new SpinFailure(failed, [
        `Failed to load Wasm source "${source.path}"`,
        `Couldn't resolve \`${path}\``,
        words,
      ]);
    }
  }
  return modules;
}
