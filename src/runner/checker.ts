import { type BoundCheck, bindCheck } from "../checks/registry.ts";
import type { Backend, Language, Profile } from "../domain/backend.ts";
import type { CheckContext, KubeReader, Outcome } from "../domain/check.ts";
import type { Clock } from "../domain/clock.ts";
import type { CheckSpec, Step } from "../domain/course.ts";
import { LabError } from "../domain/errors.ts";
import type { CheckReport } from "../domain/report.ts";

/** Milliseconds a single check may take before it counts as not answered. */
const checkTimeoutMs = 30_000;

export interface CheckerOptions {
  backend: Backend;
  clock: Clock;
  profile: Profile;
  language: Language;
  /** Opens the library that reads the cluster only when a check needs it. */
  openKube: (kubeconfig: string) => Promise<KubeReader>;
}

/** Asks the checks of a step; owns timeouts and retries, so that the checks do not. */
export class Checker {
  #options: CheckerOptions;
  #bound = new Map<CheckSpec, BoundCheck>();
  #reader: { cluster: string; reader: Promise<KubeReader> } | undefined;

  constructor(options: CheckerOptions) {
    this.#options = options;
  }

  /** Every check of the step once. Never rejects for what a check finds, only when aborted. */
  async check(step: Step, signal: AbortSignal, language = this.#options.language): Promise<CheckReport[]> {
    const reports: CheckReport[] = [];
    for (const spec of step.checks) {
      const outcome = await this.#ask(spec, signal, language);
      reports.push({ id: spec.id, outcome, ...(spec.precondition ? { precondition: true } : {}) });
    }
    return reports;
  }

  /** Asks again, waiting a little longer each time, until all pass or `patienceMs` are over. */
  async checkUntilPassed(step: Step, patienceMs: number, signal: AbortSignal): Promise<CheckReport[]> {
    const { clock } = this.#options;
    const end = clock.monotonic() + patienceMs;
    for (let pause = 20; ; pause = Math.min(pause * 1.5, 1_000)) {
      const reports = await this.check(step, signal);
      const done = reports.every((report) => report.outcome.status === "passed");
      if (done || clock.monotonic() >= end) return reports;
      await clock.sleep(pause, signal);
    }
  }

  /** Only the checks marked as preconditions. */
  async preconditionsHold(step: Step, signal: AbortSignal): Promise<boolean> {
    for (const spec of step.checks) {
      if (spec.precondition && (await this.#ask(spec, signal, this.#options.language)).status !== "passed")
        return false;
    }
    return true;
  }

  async #ask(spec: CheckSpec, signal: AbortSignal, language: Language): Promise<Outcome> {
    const bound = this.#bind(spec);
    const timeout = new AbortController();
    const cancel = this.#options.clock.after(checkTimeoutMs, () => timeout.abort(new Error("no answer in time")));
    try {
      const outcome = await bound.run(this.#context(AbortSignal.any([signal, timeout.signal]), language));
      return outcome.status === "failed" ? inLanguage(spec, outcome, language) : outcome;
    } catch (error) {
      signal.throwIfAborted();
      return { status: "errored", error: error instanceof Error ? error.message : String(error) };
    } finally {
      cancel();
    }
  }

  #bind(spec: CheckSpec): BoundCheck {
    let bound = this.#bound.get(spec);
    if (!bound) {
      bound = bindCheck(spec.kind, spec.params, spec.id);
      this.#bound.set(spec, bound);
    }
    return bound;
  }

  #context(signal: AbortSignal, language: Language): CheckContext {
    const { backend, profile } = this.#options;
    return {
      machine: (name) => backend.machine(name),
      kube: () => this.#kube(),
      host: () => backend.hostAccess(),
      profile,
      language,
      signal,
    };
  }

  async #kube(): Promise<KubeReader> {
    const { kubeconfig, clusterId } = await this.#options.backend.hostAccess();
    if (kubeconfig === undefined) return emptyCluster;
    const cluster = `${kubeconfig} ${clusterId ?? ""}`;
    if (this.#reader?.cluster !== cluster) this.#reader = { cluster, reader: this.#options.openKube(kubeconfig) };
    return this.#reader.reader;
  }
}

/** The outcome with what the prose says of this check. */
function inLanguage(spec: CheckSpec, outcome: Outcome & { status: "failed" }, language: Language): Outcome {
  const words = (key: string): string | undefined => spec.causes[key]?.[language] || spec.causes[key]?.en || undefined;
  const { id, cause, expected } = outcome;
  return { ...outcome, cause: words(id) ?? words("cause") ?? cause, expected: words("expected") ?? expected };
}

/** Before `kubeadm init` nothing exists: that is an observation, not an error. */
const emptyCluster: KubeReader = {
  get: () => Promise.resolve(undefined),
  list: () => Promise.resolve([]),
};

/** The step of that id. Throws LabError `step-unknown`. */
export function findStep(steps: readonly Step[], lab: string, id: string): Step {
  const step = steps.find((each) => each.id === id);
  if (step) return step;
  throw new LabError("step-unknown", `${lab}: no such step, got "${id}"`, {
    remedy: `Use one of ${steps.map((each) => each.id).join(", ")}.`,
    exitCode: 2,
  });
}
