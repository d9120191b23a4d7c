import type { Process } from "../../../process.ts";

/** True when a command of that name stands in a folder of PATH and may be executed. */
export const hasCommand = (process: Process, name: string): boolean => commandPath(process, name) !== undefined;

/** Absolute path of a command in PATH. */
export const commandPath = (process: Process, name: string): string | undefined =>
  (process.env["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    .split(":")
    .map((folder) => `${folder}/${name}`)
    .find((path) => process.files.exists(path) && process.files.access(path, 1));

/** A library that a package of the distribution brings for building against it. */
export interface Library {
  package: string;
  /** Below an include folder. */
  header: string;
}

const includeFolders = ["/usr/local/include", "/usr/include", "/usr/include/x86_64-linux-gnu"];

/** True when the library's header is there, from its package or by hand. */
export const hasLibrary = (process: Process, library: Library): boolean =>
  process.machine.packages.get(library.package) !== undefined || hasHeader(process, library.header);

export const hasHeader = (process: Process, header: string): boolean =>
  includeFolders.some((folder) => process.files.exists(`${folder}/${header}`));
