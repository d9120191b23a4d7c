import type { ControllerContext } from "./context.ts";
import { hasReason, ignoreNotFound } from "./context.ts";
import type { ApiObject } from "./types.ts";
import { keyOf } from "./types.ts";
import { WorkQueue } from "./work-queue.ts";

interface Namespace extends ApiObject {
  spec?: { finalizers?: string[] };
}

/** Every namespaced kind, in the order in which a dying namespace is emptied. */
const contents: readonly (readonly [string, string])[] = [
  ["apps/v1", "deployments"],
  ["apps/v1", "daemonsets"],
  ["apps/v1", "statefulsets"],
  ["batch/v1", "cronjobs"],
  ["batch/v1", "jobs"],
  ["apps/v1", "replicasets"],
  ["v1", "services"],
  ["v1", "pods"],
  ["discovery.k8s.io/v1", "endpointslices"],
  ["v1", "endpoints"],
  ["v1", "configmaps"],
  ["v1", "secrets"],
  ["v1", "serviceaccounts"],
  ["rbac.authorization.k8s.io/v1", "rolebindings"],
  ["rbac.authorization.k8s.io/v1", "roles"],
  ["v1", "persistentvolumeclaims"],
  ["coordination.k8s.io/v1", "leases"],
  ["v1", "events"],
];

/** Empties namespaces that are being deleted, and gives every other its default service account and root certificate. */
export function startNamespaceController(context: ControllerContext, rootCertificate: string): void {
  const namespaces = context.informer<Namespace>("v1", "namespaces");
  const accounts = context.informer<ApiObject>("v1", "serviceaccounts");
  const maps = context.informer<ApiObject & { data?: Record<string, string> }>("v1", "configmaps");
  const queue = new WorkQueue({
    clock: context.clock,
    signal: context.signal,
    reconcile,
    onError: (key, error) => context.log(`namespace ${key}: ${String(error)}`),
  });
  namespaces.onChange((namespace) => queue.add(namespace.metadata.name));
  accounts.onChange((account, _before, deleted) => {
    if (deleted && account.metadata.name === "default") queue.add(account.metadata.namespace ?? "");
  });
  maps.onChange((map, _before, deleted) => {
    const isWrong = deleted || map.data?.["ca.crt"] !== rootCertificate;
    if (map.metadata.name === "kube-root-ca.crt" && isWrong) queue.add(map.metadata.namespace ?? "");
  });

  async function reconcile(name: string): Promise<void> {
    const namespace = namespaces.get(name);
    if (!namespace) return;
    if (namespace.metadata.deletionTimestamp !== undefined) return empty(namespace);
    await Promise.all([ensureAccount(name), ensureCertificate(name)]);
  }

  async function ensureAccount(namespace: string): Promise<void> {
    if (accounts.get(`${namespace}/default`)) return;
    await create({ apiVersion: "v1", resource: "serviceaccounts", namespace }, () => ({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "default", namespace },
    }));
  }

  async function ensureCertificate(namespace: string): Promise<void> {
    const existing = maps.get(`${namespace}/kube-root-ca.crt`);
    const data = { "ca.crt": rootCertificate };
    const location = { apiVersion: "v1", resource: "configmaps", namespace };
    if (existing) {
      if (existing.data?.["ca.crt"] === rootCertificate) return;
      await context.client.update({ ...location, name: "kube-root-ca.crt" }, { ...existing, data });
      return;
    }
    const description =
      "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";
    await create(location, () => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "kube-root-ca.crt", namespace, annotations: { "kubernetes.io/description": description } },
      data,
    }));
  }

  async function create(
    location: { apiVersion: string; resource: string; namespace: string },
    object: () => ApiObject,
  ): Promise<void> {
    try {
      await context.client.create(location, object());
    } catch (error) {
      if (!hasReason(error, "AlreadyExists") && !hasReason(error, "Forbidden")) throw error;
    }
  }

  async function empty(namespace: Namespace): Promise<void> {
    const { name } = namespace.metadata;
    let left = 0;
    for (const [apiVersion, resource] of contents) {
      let items: ApiObject[];
      try {
        items = (await context.client.list({ apiVersion, resource, namespace: name })).items;
      } catch (error) {
        if (hasReason(error, "NotFound")) continue;
        throw error;
      }
      left += items.length;
      for (const item of items) {
        if (item.metadata.deletionTimestamp !== undefined) continue;
        const options = { propagationPolicy: "Background" as const };
        await ignoreNotFound(
          context.client.delete({ apiVersion, resource, namespace: name, name: item.metadata.name }, options),
        );
      }
    }
    if (left > 0) return queue.addAfter(keyOf(namespace), 50);
    const key = { apiVersion: "v1", resource: "namespaces", namespace: "", name };
    await ignoreNotFound(context.client.patch(key, { spec: { finalizers: null } }));
  }
}
