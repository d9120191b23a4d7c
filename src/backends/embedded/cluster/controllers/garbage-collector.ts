import type { ControllerContext } from "./context.ts";
import { hasReason, ignoreNotFound } from "./context.ts";
import type { Informer } from "./informer.ts";
import type { ApiObject, OwnerReference } from "./types.ts";
import { keyOf } from "./types.ts";
import { WorkQueue } from "./work-queue.ts";

/** Kinds that own or are owned. Events have no owners and are left out for their number. */
const kinds: readonly (readonly [string, string, string])[] = [
  ["v1", "pods", "Pod"],
  ["apps/v1", "replicasets", "ReplicaSet"],
  ["apps/v1", "deployments", "Deployment"],
  ["apps/v1", "daemonsets", "DaemonSet"],
  ["apps/v1", "statefulsets", "StatefulSet"],
  ["batch/v1", "jobs", "Job"],
  ["batch/v1", "cronjobs", "CronJob"],
  ["v1", "services", "Service"],
  ["discovery.k8s.io/v1", "endpointslices", "EndpointSlice"],
  ["v1", "configmaps", "ConfigMap"],
  ["v1", "secrets", "Secret"],
  ["v1", "nodes", "Node"],
];

const foreground = "foregroundDeletion";
const orphan = "orphan";

/** Deletes what has lost its last owner, in the background, in the foreground, or not at all, as the deletion asked. */
export function startGarbageCollector(context: ControllerContext): void {
  const informers = new Map<string, Informer<ApiObject>>();
  /** uid of an owner to the keys (`index key`) of what it owns. */
  const dependents = new Map<string, Set<string>>();
  const queue = new WorkQueue({
    clock: context.clock,
    signal: context.signal,
    reconcile,
    onError: (key, error) => context.log(`garbage collector ${key}: ${String(error)}`),
  });
  for (const [index, [apiVersion, resource]] of kinds.entries()) {
    const informer = context.informer<ApiObject>(apiVersion, resource);
    informers.set(String(index), informer);
    informer.onChange((object, before, deleted) => onChange(`${index} ${keyOf(object)}`, object, before, deleted));
  }

  function onChange(key: string, object: ApiObject, before: ApiObject | undefined, deleted: boolean): void {
    for (const owner of before?.metadata.ownerReferences ?? []) dependents.get(owner.uid)?.delete(key);
    const uid = object.metadata.uid ?? "";
    if (deleted) {
      for (const dependent of dependents.get(uid) ?? []) queue.add(dependent);
      dependents.delete(uid);
      // An owner that waits for this one to be gone.
      for (const owner of object.metadata.ownerReferences ?? []) wakeOwner(owner, object);
      return;
    }
    for (const owner of object.metadata.ownerReferences ?? []) {
      const set = dependents.get(owner.uid) ?? new Set();
      set.add(key);
      dependents.set(owner.uid, set);
    }
    const isWaiting = object.metadata.finalizers?.some((name) => name === foreground || name === orphan);
    if (isWaiting && object.metadata.deletionTimestamp !== undefined) queue.add(key);
    else if ((object.metadata.ownerReferences?.length ?? 0) > 0 && !before) queue.add(key);
  }

  function wakeOwner(owner: OwnerReference, object: ApiObject): void {
    for (const [index, [, , kind]] of kinds.entries()) {
      if (kind === owner.kind) queue.add(`${index} ${ownerKey(owner, object)}`);
    }
  }

  const ownerKey = (owner: OwnerReference, object: ApiObject): string =>
    owner.kind === "Node" ? owner.name : `${object.metadata.namespace ?? ""}/${owner.name}`;

  async function reconcile(key: string): Promise<void> {
    const at = key.indexOf(" ");
    const index = key.slice(0, at);
    const object = informers.get(index)?.get(key.slice(at + 1));
    const kind = kinds[Number(index)];
    if (!object || !kind) return;
    const location = {
      apiVersion: kind[0],
      resource: kind[1],
      namespace: object.metadata.namespace ?? "",
      name: object.metadata.name,
    };
    const finalizers = object.metadata.finalizers ?? [];
    if (object.metadata.deletionTimestamp !== undefined) {
      if (finalizers.includes(orphan)) return releaseAll(object, location, finalizers);
      if (finalizers.includes(foreground)) return deleteBelow(object, location, finalizers);
      return;
    }
    const owners = object.metadata.ownerReferences ?? [];
    if (owners.length === 0) return;
    for (const owner of owners) if (await exists(owner, object)) return;
    await ignoreNotFound(
      context.client.delete(location, {
        propagationPolicy: "Background",
        ...(object.metadata.uid === undefined ? {} : { uid: object.metadata.uid }),
      }),
    );
  }

  async function exists(owner: OwnerReference, object: ApiObject): Promise<boolean> {
    const known = kinds.findIndex(([, , kind]) => kind === owner.kind);
    const kind = kinds[known];
    if (!kind) return true;
    const cached = informers.get(String(known))?.get(ownerKey(owner, object));
    if (cached?.metadata.uid === owner.uid) {
      // An owner that is deleted in the foreground takes its dependents along itself.
      return true;
    }
    const live = await context.client.get({
      apiVersion: kind[0],
      resource: kind[1],
      namespace: owner.kind === "Node" ? "" : (object.metadata.namespace ?? ""),
      name: owner.name,
    });
    return live?.metadata.uid === owner.uid;
  }

  type Location = { apiVersion: string; resource: string; namespace: string; name: string };

  function below(object: ApiObject): { object: ApiObject; location: Location }[] {
    return [...(dependents.get(object.metadata.uid ?? "") ?? [])].flatMap((key) => {
      const at = key.indexOf(" ");
      const found = informers.get(key.slice(0, at))?.get(key.slice(at + 1));
      const kind = kinds[Number(key.slice(0, at))];
      if (!found || !kind) return [];
      const { namespace = "", name } = found.metadata;
      return [{ object: found, location: { apiVersion: kind[0], resource: kind[1], namespace, name } }];
    });
  }

  async function deleteBelow(object: ApiObject, location: Location, finalizers: string[]): Promise<void> {
    const blocking = below(object).filter(({ object: dependent }) =>
      dependent.metadata.ownerReferences?.some(
        (owner) => owner.uid === object.metadata.uid && owner.blockOwnerDeletion,
      ),
    );
    for (const dependent of below(object)) {
      if (dependent.object.metadata.deletionTimestamp !== undefined) continue;
      const propagationPolicy = dependent.location.resource === "pods" ? "Background" : "Foreground";
      await ignoreNotFound(context.client.delete(dependent.location, { propagationPolicy }));
    }
    if (blocking.length > 0) return;
    await dropFinalizer(location, finalizers, foreground);
  }

  async function releaseAll(object: ApiObject, location: Location, finalizers: string[]): Promise<void> {
    for (const dependent of below(object)) {
      const rest =
        dependent.object.metadata.ownerReferences?.filter((owner) => owner.uid !== object.metadata.uid) ?? [];
      await ignoreNotFound(
        context.client.patch(dependent.location, { metadata: { ownerReferences: rest.length > 0 ? rest : null } }),
      );
    }
    await dropFinalizer(location, finalizers, orphan);
  }

  async function dropFinalizer(location: Location, finalizers: string[], name: string): Promise<void> {
    const rest = finalizers.filter((other) => other !== name);
    try {
      await context.client.patch(location, { metadata: { finalizers: rest.length > 0 ? rest : null } });
    } catch (error) {
      if (!hasReason(error, "NotFound")) throw error;
    }
  }
}
