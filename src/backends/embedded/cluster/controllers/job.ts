import type { ControllerContext } from "./context.ts";
import { ignoreNotFound } from "./context.ts";
import { createPodControl } from "./pod-control.ts";
import type { Condition, Job, Pod } from "./types.ts";
import { controllerOf, keyOf, podIsReady, sameJson, splitKey, timestamp } from "./types.ts";
import { WorkQueue } from "./work-queue.ts";

/** Runs Jobs to their end. Simplified: without indexes, deadlines and back-off between pods. */
export function startJobController(context: ControllerContext): void {
  const jobs = context.informer<Job>("batch/v1", "jobs");
  const pods = context.informer<Pod>("v1", "pods");
  const recorder = context.recorder("job-controller");
  const control = createPodControl(context, recorder, pods, "batch/v1", "Job");
  const queue = new WorkQueue({
    clock: context.clock,
    signal: context.signal,
    reconcile,
    onError: (key, error) => context.log(`job ${key}: ${String(error)}`),
  });
  jobs.onChange((job) => queue.add(keyOf(job)));
  pods.onChange((pod) => {
    const owner = controllerOf(pod);
    if (owner?.kind === "Job") queue.add(`${pod.metadata.namespace ?? ""}/${owner.name}`);
  });

  async function reconcile(key: string): Promise<void> {
    const job = jobs.get(key);
    if (!job || job.metadata.deletionTimestamp !== undefined) return;
    const isOver = job.status?.conditions?.some((condition) => condition.status === "True");
    if (isOver) return;
    const owned = pods.list(job.metadata.namespace).filter((pod) => controllerOf(pod)?.uid === job.metadata.uid);
    const succeeded = owned.filter((pod) => pod.status?.phase === "Succeeded").length;
    const failed = owned.filter((pod) => pod.status?.phase === "Failed").length;
    const active = owned.filter((pod) => !["Succeeded", "Failed"].includes(pod.status?.phase ?? "Pending"));
    const wanted = job.spec.completions ?? 1;
    const at = timestamp(context.clock.now());
    const conditions: Condition[] = [];
    const subject = { object: job, apiVersion: "batch/v1", kind: "Job" };
    const condition = (type: string, more: Partial<Condition>): Condition => ({
      type,
      status: "True",
      lastProbeTime: null,
      lastTransitionTime: at,
      ...more,
    });
    let created = 0;
    if (succeeded >= wanted) {
      conditions.push(condition("Complete", {}));
      recorder.record(subject, "Normal", "Completed", "Job completed");
    } else if (failed > (job.spec.backoffLimit ?? 6)) {
      const message = "Job has reached the specified backoff limit";
      conditions.push(condition("Failed", { reason: "BackoffLimitExceeded", message }));
      recorder.record(subject, "Warning", "BackoffLimitExceeded", message);
      await Promise.all(active.map((pod) => control.remove(job, pod)));
    } else if (job.spec.suspend !== true) {
      created = Math.min(job.spec.parallelism ?? 1, wanted - succeeded) - active.length;
      for (let index = 0; index < created; index += 1) await control.create(job, job.spec.template);
    }
    const running = active.length + Math.max(created, 0);
    const ready = active.filter((pod) => podIsReady(pod)).length;
    const status = {
      ...(conditions.length > 0 ? { conditions, completionTime: at } : {}),
      ...(running > 0 && conditions.length === 0 ? { active: running, ready } : { ready: 0 }),
      ...(succeeded > 0 ? { succeeded } : {}),
      ...(failed > 0 ? { failed } : {}),
      startTime: job.status?.["startTime"] ?? at,
    };
    if (sameJson(status, job.status)) return;
    const { namespace, name } = splitKey(key);
    const location = { apiVersion: "batch/v1", resource: "jobs", namespace, name };
    await ignoreNotFound(
      context.client.updateStatus(location, { ...job, status }).then((updated) => jobs.learn(updated)),
    );
  }
}
