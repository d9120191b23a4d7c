import { FileError } from "../../../files/errors.ts";
import type { Process } from "../../../process.ts";
import { Connection } from "../client/connection.ts";
import { isApiError } from "../client/errors.ts";
import { clusterAccess, loadKubeconfig } from "../client/kubeconfig.ts";
import type { ClusterAccess } from "../client/kubeconfig.ts";
import { textAt } from "../client/json.ts";
import type { PlannedObject } from "./cluster-objects.ts";
import { KubeadmError } from "./errors.ts";

export const adminConfigPath = "/etc/kubernetes/admin.conf";

export const connect = (process: Process, access: ClusterAccess): Connection =>
  new Connection(access, {
    network: process.machine.environment.network,
    place: process.place,
    signal: process.signal,
    userAgent: `kubeadm/${process.executable.version}`,
  });

/** A connection as the user of a kubeconfig file. Throws KubeadmError naming the file. */
export function connectionFrom(process: Process, path: string): Connection {
  try {
    process.files.readText(path);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new KubeadmError(`failed to load admin kubeconfig: open ${path}: ${error.message.toLowerCase()}`);
  }
  return connect(process, clusterAccess(process, loadKubeconfig(process, path), {}));
}

/** The kubeconfig that kubeadm's cluster commands use: the flag's, $KUBECONFIG, admin.conf, else ~/.kube/config. */
export function clusterConfigPath(process: Process, flag: string | undefined): string {
  if (flag !== undefined) return process.resolve(flag);
  const fromEnvironment = process.env["KUBECONFIG"];
  if (fromEnvironment !== undefined && fromEnvironment !== "") return process.resolve(fromEnvironment);
  if (process.machine.rootFiles.exists(adminConfigPath)) return adminConfigPath;
  return `${process.env["HOME"] ?? "/root"}/.kube/config`;
}

/** Creates what is planned, replacing what exists already. */
export async function putObjects(connection: Connection, objects: readonly PlannedObject[]): Promise<void> {
  for (const { collection, object } of objects) {
    try {
      await connection.json("POST", collection, { body: object });
    } catch (error) {
      if (!isApiError(error, "AlreadyExists")) throw error;
      const path = `${collection}/${textAt(object, "metadata", "name")}`;
      const existing = await connection.json("GET", path);
      const clusterIp = textAt(existing, "spec", "clusterIP");
      // A service keeps its address; everything else is replaced as a whole.
      if (clusterIp !== "") continue;
      await connection.json("PUT", path, { body: object });
    }
  }
}
