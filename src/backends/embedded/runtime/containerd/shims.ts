import { parseExecutable } from "../../machine/executable.ts";
import { dirname } from "../../machine/files/paths.ts";
import type { FileView } from "../../machine/files/file-system.ts";
import type { Process } from "../../machine/process.ts";
import { lookUp, openRuntime } from "../containers/low-level-runtimes.ts";
import type { OciRuntime } from "../containers/oci.ts";
import { OciError } from "../containers/oci.ts";
import { createSpinShim } from "../containers/spin-shim.ts";
import { type ContainerdHandler, shimName } from "./configuration.ts";

/** What a handler comes to on this machine: its shim, and what the shim starts containers with. */
export interface ResolvedHandler {
  /** Path of the shim's binary. */
  shim: string;
  runtime: OciRuntime;
}

/** The binary that a runtime type names: on containerd's PATH first, then beside containerd. */
function findShim(process: Process, files: FileView, handler: ContainerdHandler): string {
  const { runtimeType, runtimePath } = handler;
  const missing = (name: string): OciError =>
    new OciError(
      `failed to start shim: failed to resolve runtime path: runtime ${JSON.stringify(runtimeType)} binary not installed ${JSON.stringify(name)}: file does not exist`,
    );
  const given = runtimePath === "" && runtimeType.startsWith("/") ? runtimeType : runtimePath;
  if (given !== "") {
    if (files.exists(given)) return given;
    throw new OciError(
      `failed to start shim: failed to resolve runtime path: invalid custom binary path: stat ${given}: no such file or directory`,
    );
  }
  const name = shimName(runtimeType);
  if (name === undefined) {
    throw new OciError(
      `failed to start shim: failed to resolve runtime path: invalid runtime name ${runtimeType}, correct runtime name should be either format like \`io.containerd.runc.v2\` or a full path to the binary`,
    );
  }
  const folders = `${process.env["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}:${dirname(process.path)}`;
  const path = folders
    .split(":")
    .map((folder) => `${folder}/${name}`)
    .find((candidate) => isExecutable(files, candidate));
  if (path === undefined) throw missing(name);
  return path;
}

const isExecutable = (files: FileView, path: string): boolean =>
  files.exists(path) && !files.isDirectory(path) && (files.stat(path).mode & 0o111) !== 0;

/** Finds the shim of a handler and opens what it runs. Throws OciError in containerd's words. */
export function resolveHandler(process: Process, handler: ContainerdHandler, sandboxId: string): ResolvedHandler {
  const files = process.machine.rootFiles;
  const shim = findShim(process, files, handler);
  const executable = parseExecutable(files.readBytes(shim));
  switch (executable?.program) {
    case "containerd-shim-spin-v2":
      return { shim, runtime: createSpinShim(shim, executable) };
    case "containerd-shim-runc-v2":
    case "containerd-shim-runc-v1":
      return { shim, runtime: openRunc(process, handler, sandboxId) };
    default:
      throw new OciError(`failed to start shim: start failed: : fork/exec ${shim}: exec format error`);
  }
}

function openRunc(process: Process, handler: ContainerdHandler, sandboxId: string): OciRuntime {
  const files = process.machine.rootFiles;
  const path = `${process.env["PATH"] ?? ""}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
  const binary = handler.binaryName === "" ? "runc" : handler.binaryName;
  const found = lookUp(files, binary, path);
  const runtime = found === undefined ? undefined : openRuntime(files, found);
  if (runtime) return runtime;
  const reason = binary.startsWith("/")
    ? `fork/exec ${binary}: no such file or directory`
    : `exec: ${JSON.stringify(binary)}: executable file not found in $PATH`;
  throw new OciError(
    `failed to create shim task: OCI runtime create failed: unable to retrieve OCI runtime error (open /run/containerd/io.containerd.runtime.v2.task/k8s.io/${sandboxId}/log.json: no such file or directory): ${reason}`,
  );
}
