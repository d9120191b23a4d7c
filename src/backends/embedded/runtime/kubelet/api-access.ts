import type { ApiClient } from "../../cluster/api.ts";
import { type ClientConfig, createNetworkClient, loadKubeconfig } from "../../cluster/clients/index.ts";
import type { FileView } from "../../machine/files/file-system.ts";
import type { Process } from "../../machine/process.ts";

/** What a kubeconfig of the machine says. Throws KubeconfigError or FileError. */
export const readKubeconfig = (process: Process, path: string): ClientConfig => loadKubeconfig(process.files, path);

/** A client that uses a kubeconfig, from where the process runs. */
export function connectFromKubeconfig(process: Process, path: string, files: FileView = process.files): ApiClient {
  const { name } = process.machine;
  const agent = `${process.executable.program}/v${process.executable.version} (linux/amd64) kubernetes`;
  return createNetworkClient(
    process.machine.environment.network,
    { machine: name },
    loadKubeconfig(files, path),
    agent,
  );
}
