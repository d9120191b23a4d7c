import { parseExecutable } from "../../machine/executable.ts";
import type { FileView } from "../../machine/files/file-system.ts";
import { createCrun } from "./crun.ts";
import type { OciRuntime } from "./oci.ts";
import { createRunc } from "./runc.ts";

/** The OCI runtime whose binary is at `path`; undefined when there is none that runs. */
export function openRuntime(files: FileView, path: string): OciRuntime | undefined {
  if (!files.exists(path) || files.isDirectory(path)) return undefined;
  const executable = parseExecutable(files.readBytes(path));
  if (executable?.program === "crun") return createCrun(path, executable);
  if (executable?.program === "runc") return createRunc(path, executable);
  return undefined;
}

/** Looks a binary up as execvp does. */
export function lookUp(files: FileView, name: string, path: string): string | undefined {
  if (name.startsWith("/")) return files.exists(name) ? name : undefined;
  return path
    .split(":")
    .map((folder) => `${folder}/${name}`)
    .find((candidate) => files.exists(candidate) && !files.isDirectory(candidate));
}
