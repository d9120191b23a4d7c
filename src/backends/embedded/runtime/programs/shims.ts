import type { Process, Program } from "../../machine/process.ts";
import { untilStopped } from "./logrus.ts";

const isAskedForVersion = ({ argv }: Process): boolean => argv.includes("-v") || argv.includes("--version");

const namespaceOf = ({ argv }: Process): string => argv[argv.indexOf("-namespace") + 1 || argv.length] ?? "";

/** A shim as containerd starts it, one for each sandbox: it stays beside the containers, also when containerd goes. */
async function watchOver(process: Process): Promise<number> {
  process.notifyReady();
  await untilStopped(process.signal);
  return 0;
}

export const spinShim: Program = async (process) => {
  const { version } = process.executable;
  if (isAskedForVersion(process)) {
    await process.out(`containerd-shim-spin-v2:\n  Runtime: spin\n  Version: ${version}\n  Revision: unknown\n\n`);
    return 0;
  }
  if (namespaceOf(process) !== "") return watchOver(process);
  await process.err('io.containerd.spin.v2: InvalidArgument("Shim namespace cannot be empty")\n');
  return 1;
};

export const runcShim: Program = async (process) => {
  const { version, facts } = process.executable;
  if (isAskedForVersion(process)) {
    const revision = facts?.["commit"] ?? "";
    await process.out(
      `containerd-shim-runc-v2:\n  Version:  v${version}\n  Revision: ${revision === "" ? "unknown" : revision}\n  Go version: go1.20.13\n\n`,
    );
    return 0;
  }
  if (namespaceOf(process) !== "") return watchOver(process);
  await process.err("containerd-shim-runc-v2: shim namespace cannot be empty\n");
  return 1;
};
