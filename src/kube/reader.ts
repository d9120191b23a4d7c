import { ApiException, KubeConfig, KubernetesObjectApi } from "@kubernetes/client-node";
import type { KubeObject, KubeReader } from "../domain/check.ts";
import { LabError } from "../domain/errors.ts";

/** Opens a read-only view of the cluster that a kubeconfig names. Throws LabError `kubeconfig` when it cannot be read. */
export function openKubeReader(kubeconfig: string): KubeReader {
  const config = new KubeConfig();
  try {
    config.loadFromFile(kubeconfig);
  } catch (error) {
    throw new LabError("kubeconfig", `${kubeconfig}: not a kubeconfig`, {
      remedy: "Run the step that makes the control plane again.",
      cause: error,
    });
  }
  const api = KubernetesObjectApi.makeApiClient(config);
  return {
    async get(apiVersion, kind, name, namespace) {
      try {
        const metadata = namespace === undefined ? { name } : { name, namespace };
        return toPlain(await api.read({ apiVersion, kind, metadata }));
      } catch (error) {
        if (error instanceof ApiException && error.code === 404) return undefined;
        throw error;
      }
    },
    async list(apiVersion, kind, options = {}) {
      const { namespace, labelSelector } = options;
      const found = await api.list(
        apiVersion,
        kind,
        namespace,
        undefined,
        undefined,
        undefined,
        undefined,
        labelSelector,
      );
      return found.items.map(toPlain);
    },
  };
}

/** The object as JSON: dates as text, so that checks never see the library's types. */
function toPlain(object: object): KubeObject {
  const plain: unknown = JSON.parse(JSON.stringify(object));
  if (!isKubeObject(plain)) throw new TypeError("the API answered something that is no Kubernetes object");
  return plain;
}

function isKubeObject(value: unknown): value is KubeObject {
  return typeof value === "object" && value !== null && "metadata" in value && typeof value.metadata === "object";
}
