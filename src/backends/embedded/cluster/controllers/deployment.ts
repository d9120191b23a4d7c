import type { ControllerContext } from "./context.ts";
import { hasReason, ignoreNotFound } from "./context.ts";
import { deploymentStatus, withNewSet } from "./deployment-status.ts";
import {
  desiredAnnotation,
  hashLabel,
  maxAnnotation,
  newReplicaCount,
  replicasOf,
  revisionAnnotation,
  revisionOf,
  rolloutLimits,
  sumReplicas,
  sumStatus,
} from "./deployment-rollout.ts";
import { podTemplateHash } from "./template-hash.ts";
import type { Deployment, Pod, PodTemplate, ReplicaSet } from "./types.ts";
import { controllerOf, keyOf, ownerReference, podIsTerminal, sameJson, splitKey } from "./types.ts";
import { WorkQueue } from "./work-queue.ts";

/** Rolls Deployments out by scaling their ReplicaSets. */
export function startDeploymentController(context: ControllerContext): void {
  const deployments = context.informer<Deployment>("apps/v1", "deployments");
  const sets = context.informer<ReplicaSet>("apps/v1", "replicasets");
  const pods = context.informer<Pod>("v1", "pods");
  const recorder = context.recorder("deployment-controller");
  const queue = new WorkQueue({
    clock: context.clock,
    signal: context.signal,
    reconcile,
    onError: (key, error) => context.log(`deployment ${key}: ${String(error)}`),
  });

  deployments.onChange((deployment) => queue.add(keyOf(deployment)));
  sets.onChange((set) => {
    const owner = controllerOf(set);
    if (owner?.kind === "Deployment") queue.add(`${set.metadata.namespace ?? ""}/${owner.name}`);
  });
  pods.onChange((pod, _before, deleted) => {
    if (!deleted) return;
    const owner = controllerOf(pod);
    const set = owner && sets.get(`${pod.metadata.namespace ?? ""}/${owner.name}`);
    const deployment = set && controllerOf(set);
    if (deployment) queue.add(`${pod.metadata.namespace ?? ""}/${deployment.name}`);
  });

  async function reconcile(key: string): Promise<void> {
    const deployment = deployments.get(key);
    if (!deployment) return;
    const owned = sets
      .list(deployment.metadata.namespace)
      .filter((set) => controllerOf(set)?.uid === deployment.metadata.uid);
    if (deployment.metadata.deletionTimestamp !== undefined)
      return writeStatus(deployment, owned, find(deployment, owned));
    if (deployment.spec.paused) {
      const current = find(deployment, owned);
      await scaleProportionally(deployment, owned);
      return writeStatus(deployment, current ? owned : owned, current);
    }
    const existing = find(deployment, owned);
    const isScaling = owned.some(
      (set) =>
        replicasOf(set) > 0 &&
        set.metadata.annotations?.[desiredAnnotation] !== undefined &&
        Number(set.metadata.annotations[desiredAnnotation]) !== (deployment.spec.replicas ?? 1),
    );
    if (isScaling) {
      await scaleProportionally(deployment, owned);
      const now = refreshed(owned);
      return writeStatus(deployment, now, find(deployment, now));
    }
    const old = owned.filter((set) => set !== existing);
    if (deployment.spec.strategy?.type === "Recreate") return recreate(deployment, old, existing);
    const current = existing ?? (await createSet(deployment, old));
    await keepRevision(deployment, current, old, existing === undefined);
    await rollingUpdate(deployment, old, current);
    const now = refreshed([...old, current]);
    await writeStatus(deployment, now, find(deployment, now) ?? current);
    await cleanUp(deployment, old, current);
  }

  const refreshed = (list: readonly ReplicaSet[]): ReplicaSet[] => list.map((set) => sets.get(keyOf(set)) ?? set);

  /** The oldest ReplicaSet with the Deployment's template. */
  function find(deployment: Deployment, owned: readonly ReplicaSet[]): ReplicaSet | undefined {
    const wanted = withoutHash(deployment.spec.template);
    return [...owned]
      .sort((a, b) => String(a.metadata.creationTimestamp).localeCompare(String(b.metadata.creationTimestamp)))
      .find((set) => sameJson(withoutHash(set.spec.template), wanted));
  }

  async function createSet(deployment: Deployment, old: ReplicaSet[]): Promise<ReplicaSet> {
    const namespace = deployment.metadata.namespace ?? "default";
    const hash = podTemplateHash(deployment.spec.template, deployment.status?.collisionCount, context.version);
    const template = withLabel(deployment.spec.template, hash);
    const name = `${deployment.metadata.name}-${hash}`;
    const revision = String(Math.max(0, ...old.map((set) => revisionOf(set))) + 1);
    const draft: ReplicaSet = {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: {
        name,
        namespace,
        labels: { ...deployment.spec.template.metadata?.labels, [hashLabel]: hash },
        annotations: { ...inherited(deployment), ...scaleAnnotations(deployment), [revisionAnnotation]: revision },
        ownerReferences: [ownerReference(deployment, "apps/v1", "Deployment")],
      },
      spec: {
        replicas: 0,
        ...(deployment.spec.minReadySeconds ? { minReadySeconds: deployment.spec.minReadySeconds } : {}),
        selector: {
          ...deployment.spec.selector,
          matchLabels: { ...deployment.spec.selector.matchLabels, [hashLabel]: hash },
        },
        template,
      },
    };
    draft.spec.replicas = newReplicaCount(deployment, [...old, draft], draft);
    const location = { apiVersion: "apps/v1", resource: "replicasets", namespace };
    try {
      const created = (await context.client.create(location, draft)) as ReplicaSet;
      sets.learn(created);
      if ((draft.spec.replicas ?? 0) > 0) event(deployment, `Scaled up replica set ${name} to ${draft.spec.replicas}`);
      return created;
    } catch (error) {
      if (!hasReason(error, "AlreadyExists")) throw error;
      const taken = (await context.client.get({ ...location, name })) as ReplicaSet | undefined;
      if (taken && controllerOf(taken)?.uid === deployment.metadata.uid) {
        sets.learn(taken);
        return taken;
      }
      const status = { ...deployment.status, collisionCount: (deployment.status?.collisionCount ?? 0) + 1 };
      deployments.learn(
        await context.client.updateStatus(
          { apiVersion: "apps/v1", resource: "deployments", namespace, name: deployment.metadata.name },
          { ...deployment, status },
        ),
      );
      throw error;
    }
  }

  /** The newest ReplicaSet has the highest revision; the Deployment names it, and tells when it is new. */
  async function keepRevision(
    deployment: Deployment,
    current: ReplicaSet,
    old: ReplicaSet[],
    isNew: boolean,
  ): Promise<void> {
    const highest = Math.max(0, ...old.map((set) => revisionOf(set)));
    let revision = revisionOf(current);
    if (revision <= highest) {
      revision = highest + 1;
      sets.learn(await patchSet(current, { metadata: { annotations: { [revisionAnnotation]: String(revision) } } }));
    }
    if (deployment.metadata.annotations?.[revisionAnnotation] !== String(revision)) {
      const { namespace, name } = splitKey(keyOf(deployment));
      const conditions = isNew ? withNewSet(deployment.status?.conditions, current, context.clock.now()) : undefined;
      deployments.learn(
        await context.client.patch(
          { apiVersion: "apps/v1", resource: "deployments", namespace, name },
          {
            metadata: { annotations: { [revisionAnnotation]: String(revision) } },
            ...(conditions ? { status: { conditions } } : {}),
          },
          "status",
        ),
      );
    }
  }

  async function rollingUpdate(deployment: Deployment, old: ReplicaSet[], current: ReplicaSet): Promise<void> {
    const wanted = deployment.spec.replicas ?? 1;
    const all = [...old, current];
    const next = replicasOf(current) > wanted ? wanted : newReplicaCount(deployment, all, current);
    if (next !== replicasOf(current)) return scaleSet(deployment, current, next);
    const active = old.filter((set) => replicasOf(set) > 0);
    if (active.length === 0) return;
    const least = wanted - rolloutLimits(deployment).maxUnavailable;
    const newUnavailable = replicasOf(current) - (current.status?.availableReplicas ?? 0);
    let removable = sumReplicas(all) - least - newUnavailable;
    for (const set of [...active].sort((a, b) => revisionOf(a) - revisionOf(b))) {
      if (removable <= 0) break;
      const unhealthy = replicasOf(set) - (set.status?.availableReplicas ?? 0);
      if (unhealthy <= 0) continue;
      const count = Math.min(removable, unhealthy);
      await scaleSet(deployment, set, replicasOf(set) - count);
      removable -= count;
    }
    let spare = sumStatus(refreshed(all), "availableReplicas") - least;
    for (const stale of [...active].sort((a, b) => revisionOf(a) - revisionOf(b))) {
      if (spare <= 0) break;
      const set = sets.get(keyOf(stale)) ?? stale;
      const count = Math.min(spare, replicasOf(set));
      if (count <= 0) continue;
      await scaleSet(deployment, set, replicasOf(set) - count);
      spare -= count;
    }
  }

  async function recreate(deployment: Deployment, old: ReplicaSet[], existing: ReplicaSet | undefined): Promise<void> {
    for (const set of old) if (replicasOf(set) > 0) await scaleSet(deployment, set, 0);
    const uids = new Set(old.map((set) => set.metadata.uid));
    const remaining = pods
      .list(deployment.metadata.namespace)
      .some((pod) => uids.has(controllerOf(pod)?.uid) && !podIsTerminal(pod));
    if (remaining) return writeStatus(deployment, refreshed(old), existing);
    const current = existing ?? (await createSet(deployment, old));
    await keepRevision(deployment, current, old, existing === undefined);
    const wanted = deployment.spec.replicas ?? 1;
    if (replicasOf(current) !== wanted) await scaleSet(deployment, current, wanted);
    const now = refreshed([...old, current]);
    await writeStatus(deployment, now, find(deployment, now) ?? current);
    await cleanUp(deployment, old, current);
  }

  /** A change of `replicas` in the middle of a rollout is spread over all active ReplicaSets. */
  async function scaleProportionally(deployment: Deployment, owned: ReplicaSet[]): Promise<void> {
    const wanted = deployment.spec.replicas ?? 1;
    const active = owned.filter((set) => replicasOf(set) > 0);
    if (active.length <= 1) {
      const only = active[0] ?? find(deployment, owned);
      if (only) await scaleSet(deployment, only, wanted);
      return;
    }
    const allowed = wanted > 0 ? wanted + rolloutLimits(deployment).maxSurge : 0;
    let left = allowed - sumReplicas(active);
    const total = sumReplicas(active);
    const byOrder = [...active].sort((a, b) => replicasOf(b) - replicasOf(a));
    for (const [index, set] of byOrder.entries()) {
      const share = index === byOrder.length - 1 ? left : Math.round((replicasOf(set) * (allowed - total)) / total);
      const change = left >= 0 ? Math.min(share, left) : Math.max(share, left);
      left -= change;
      await scaleSet(deployment, set, Math.max(0, replicasOf(set) + change));
    }
  }

  async function scaleSet(deployment: Deployment, set: ReplicaSet, replicas: number): Promise<void> {
    const before = replicasOf(set);
    const annotations = scaleAnnotations(deployment);
    const stale = Object.entries(annotations).some(([name, value]) => set.metadata.annotations?.[name] !== value);
    if (before === replicas && !stale) return;
    sets.learn(await patchSet(set, { metadata: { annotations }, spec: { replicas } }));
    if (before === replicas) return;
    const direction = replicas > before ? "up" : "down";
    event(deployment, `Scaled ${direction} replica set ${set.metadata.name} to ${replicas} from ${before}`);
  }

  const patchSet = (set: ReplicaSet, patch: unknown) =>
    context.client.patch(
      {
        apiVersion: "apps/v1",
        resource: "replicasets",
        namespace: set.metadata.namespace ?? "",
        name: set.metadata.name,
      },
      patch,
    );

  async function writeStatus(
    deployment: Deployment,
    owned: ReplicaSet[],
    current: ReplicaSet | undefined,
  ): Promise<void> {
    const latest = deployments.get(keyOf(deployment)) ?? deployment;
    const { status, progressDueInMs } = deploymentStatus(latest, owned, current, context.clock.now());
    if (progressDueInMs !== undefined) queue.addAfter(keyOf(deployment), progressDueInMs);
    if (sameJson(status, latest.status)) return;
    const { namespace, name } = splitKey(keyOf(deployment));
    const location = { apiVersion: "apps/v1", resource: "deployments", namespace, name };
    await ignoreNotFound(
      context.client.updateStatus(location, { ...latest, status }).then((updated) => deployments.learn(updated)),
    );
  }

  async function cleanUp(deployment: Deployment, old: ReplicaSet[], current: ReplicaSet): Promise<void> {
    const wanted = deployment.spec.replicas ?? 1;
    if ((sets.get(keyOf(current))?.status?.availableReplicas ?? 0) < wanted) return;
    const gone = old.filter(
      (set) =>
        replicasOf(set) === 0 && (set.status?.replicas ?? 0) === 0 && set.metadata.deletionTimestamp === undefined,
    );
    const surplus = gone.length - (deployment.spec.revisionHistoryLimit ?? 10);
    for (const set of gone.sort((a, b) => revisionOf(a) - revisionOf(b)).slice(0, Math.max(0, surplus))) {
      const { namespace, name } = splitKey(keyOf(set));
      await ignoreNotFound(context.client.delete({ apiVersion: "apps/v1", resource: "replicasets", namespace, name }));
    }
  }

  const event = (deployment: Deployment, message: string): void =>
    recorder.record(
      { object: deployment, apiVersion: "apps/v1", kind: "Deployment" },
      "Normal",
      "ScalingReplicaSet",
      message,
    );
}

function scaleAnnotations(deployment: Deployment): Record<string, string> {
  const wanted = deployment.spec.replicas ?? 1;
  return { [desiredAnnotation]: String(wanted), [maxAnnotation]: String(wanted + rolloutLimits(deployment).maxSurge) };
}

/** The Deployment's annotations that its ReplicaSets carry as well. */
function inherited(deployment: Deployment): Record<string, string> {
  const own = new Set([
    "kubectl.kubernetes.io/last-applied-configuration",
    revisionAnnotation,
    "deployment.kubernetes.io/revision-history",
    desiredAnnotation,
    maxAnnotation,
    "deprecated.deployment.rollback.to",
  ]);
  return Object.fromEntries(Object.entries(deployment.metadata.annotations ?? {}).filter(([name]) => !own.has(name)));
}

function withoutHash(template: PodTemplate): PodTemplate {
  const { [hashLabel]: _, ...labels } = template.metadata?.labels ?? {};
  const { creationTimestamp: __, ...metadata } = template.metadata ?? {};
  return { ...template, metadata: { ...metadata, labels } };
}

function withLabel(template: PodTemplate, hash: string): PodTemplate {
  const copy = structuredClone(template);
  copy.metadata = { ...copy.metadata, labels: { ...copy.metadata?.labels, [hashLabel]: hash } };
  return copy;
}
