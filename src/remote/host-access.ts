import { courseNodePorts, type HostAccess, type MachineRole } from "../domain/backend.ts";
import { LabError } from "../domain/errors.ts";

export interface HostAccessOptions {
  /** Where this computer reaches a machine; undefined while it cannot. */
  addressOf: (machine: MachineRole) => Promise<string | undefined> | string | undefined;
  /** Path of the kubeconfig. */
  kubeconfig: string;
  /** Brings the kubeconfig; undefined where there is no cluster. Not asked for when there is no master to ask. */
  fetch: (() => Promise<{ clusterId: string } | undefined>) | undefined;
}

/** How this computer reaches real machines: node ports at their own addresses, the API through their kubeconfig. */
export async function hostAccessOf({ addressOf, kubeconfig, fetch }: HostAccessOptions): Promise<HostAccess> {
  const nodePorts: Record<number, { address: string; port: number }> = {};
  for (const { machine, port } of courseNodePorts) {
    const address = await addressOf(machine);
    if (address !== undefined) nodePorts[port] = { address, port };
  }
  const fetched = await fetch?.().catch((error: unknown) => {
    // A master that does not answer tells of itself when it is used.
    if (error instanceof LabError) return undefined;
    throw error;
  });
  return fetched ? { nodePorts, kubeconfig, clusterId: fetched.clusterId } : { nodePorts };
}
