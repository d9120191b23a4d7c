import type { Executable } from "../../machine/executable.ts";
import { execNative, failingRequest, findInContainer, isNative, nativeRequest } from "./native-process.ts";
import type { ContainerSpec, ExecOutcome, OciRuntime, PreparedProcess } from "./oci.ts";
import { OciError } from "./oci.ts";

/** The runc at `path`: it knows nothing of Wasm and executes whatever the entry point is. */
export function createRunc(path: string, executable: Executable): OciRuntime {
  return {
    kind: "runc",
    path,
    executable,
    chain: () => ["runc"],
    prepare(spec): PreparedProcess {
      const name = spec.argv[0] ?? "";
      const found = findInContainer(spec, name);
      if (found.kind === "directory") throw new OciError(initError(`exec: ${JSON.stringify(name)}: is a directory`));
      if (found.kind === "denied") throw new OciError(initError(`exec: ${JSON.stringify(name)}: permission denied`));
      if (found.kind === "missing") throw new OciError(initError(missing(name)));
      if (isNative(found.entry.bytes)) return nativeRequest(spec, found);
      return failingRequest(spec, `exec ${found.path}: exec format error`, 255);
    },
    async exec(spec: ContainerSpec, argv: readonly string[]): Promise<ExecOutcome> {
      const found = findInContainer(spec, argv[0] ?? "");
      if (found.kind !== "file" || !isNative(found.entry.bytes)) {
        throw new OciError(
          `OCI runtime exec failed: exec failed: unable to start container process: ${missing(argv[0] ?? "")}: unknown`,
        );
      }
      return execNative(spec, argv, found);
    },
  };
}

const initError = (words: string): string =>
  `runc create failed: unable to start container process: error during container init: ${words}`;

const missing = (name: string): string =>
  name.includes("/")
    ? `exec: ${JSON.stringify(name)}: stat ${name}: no such file or directory`
    : `exec: ${JSON.stringify(name)}: executable file not found in $PATH`;
