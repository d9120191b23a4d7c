import type { Clock } from "../../../../domain/clock.ts";
import type { KubeObject } from "../../../../domain/check.ts";
import type { ApiClient } from "../api.ts";
import type { ApiObject } from "./types.ts";
import { microTimestamp, timestamp } from "./types.ts";

export interface EventSubject {
  object: ApiObject;
  apiVersion: string;
  kind: string;
  /** e.g. `spec.containers{c}`. */
  fieldPath?: string;
}

interface Known {
  name: string;
  namespace: string;
  count: number;
}

interface Similar {
  messages: Set<string>;
  lastAt: number;
}

interface Budget {
  tokens: number;
  at: number;
}

/** More than this many different messages of one kind within the window are combined into one event. */
const similarLimit = 10;
const similarWindowMs = 600_000;
/** Events of one source about one object: a burst, then one per five minutes. */
const burst = 25;
const refillMs = 300_000;

/** Writes events as client-go does: repeated ones count up, floods are combined and then dropped. */
export class EventRecorder {
  #client: ApiClient;
  #clock: Clock;
  #source: { component: string; host?: string };
  #known = new Map<string, Known>();
  #similar = new Map<string, Similar>();
  #budgets = new Map<string, Budget>();
  #sequence = 0;
  #tail: Promise<void> = Promise.resolve();

  constructor(client: ApiClient, clock: Clock, source: { component: string; host?: string }) {
    this.#client = client;
    this.#clock = clock;
    this.#source = source;
  }

  /** Queues an event; never rejects, for an event that cannot be written is lost, as in reality. */
  record(subject: EventSubject, type: "Normal" | "Warning", reason: string, message: string): void {
    const { object } = subject;
    const about = `${subject.kind}/${object.metadata.namespace ?? ""}/${object.metadata.name}/${object.metadata.uid ?? ""}`;
    if (!this.#spend(about)) return;
    const combined = this.#combine(`${about}/${subject.fieldPath ?? ""}/${type}/${reason}`, message);
    const key = `${about}/${subject.fieldPath ?? ""}/${type}/${reason}/${combined ? "" : message}`;
    const text = combined ? `(combined from similar events): ${message}` : message;
    this.#tail = this.#tail.then(() => this.#write(key, subject, type, reason, text)).catch(() => undefined);
  }

  /** An event as events.k8s.io/v1 has it: the scheduler's, with action and eventTime and without counting. */
  recordSeries(subject: EventSubject, type: "Normal" | "Warning", reason: string, action: string, note: string): void {
    const { object } = subject;
    const { involvedObject, message, ...rest } = this.#base(subject, type, reason, note);
    const event: KubeObject = {
      ...rest,
      apiVersion: "events.k8s.io/v1",
      regarding: involvedObject,
      note: message,
      eventTime: microTimestamp(this.#clock.now()),
      action,
      reportingController: this.#source.component,
      reportingInstance: `${this.#source.component}-${this.#source.host ?? ""}`,
    };
    const namespace = object.metadata.namespace ?? "default";
    this.#tail = this.#tail
      .then(() => this.#client.create({ apiVersion: "events.k8s.io/v1", resource: "events", namespace }, event))
      .then(
        () => undefined,
        () => undefined,
      );
  }

  /** Resolves when everything recorded so far has been written or given up. */
  flushed(): Promise<void> {
    return this.#tail;
  }

  #spend(about: string): boolean {
    const now = this.#clock.monotonic();
    const budget = this.#budgets.get(about) ?? { tokens: burst, at: now };
    budget.tokens = Math.min(burst, budget.tokens + (now - budget.at) / refillMs);
    budget.at = now;
    if (this.#budgets.size > 2_000) this.#budgets.clear();
    this.#budgets.set(about, budget);
    if (budget.tokens < 1) return false;
    budget.tokens -= 1;
    return true;
  }

  #combine(key: string, message: string): boolean {
    const now = this.#clock.monotonic();
    let similar = this.#similar.get(key);
    if (!similar || now - similar.lastAt > similarWindowMs) similar = { messages: new Set(), lastAt: now };
    similar.lastAt = now;
    if (this.#similar.size > 2_000) this.#similar.clear();
    this.#similar.set(key, similar);
    if (similar.messages.has(message)) return false;
    if (similar.messages.size >= similarLimit) return true;
    similar.messages.add(message);
    return false;
  }

  #base(subject: EventSubject, type: string, reason: string, message: string): KubeObject {
    const { object } = subject;
    this.#sequence += 1;
    const nanos = BigInt(Math.floor(this.#clock.now())) * 1_000_000n + BigInt(this.#sequence % 1_000_000);
    return {
      apiVersion: "v1",
      kind: "Event",
      metadata: {
        name: `${object.metadata.name}.${nanos.toString(16)}`,
        namespace: object.metadata.namespace ?? "default",
      },
      involvedObject: {
        kind: subject.kind,
        ...(object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
        name: object.metadata.name,
        ...(object.metadata.uid === undefined ? {} : { uid: object.metadata.uid }),
        apiVersion: subject.apiVersion,
        ...(object.metadata.resourceVersion === undefined || subject.kind === "Node"
          ? {}
          : { resourceVersion: object.metadata.resourceVersion }),
        ...(subject.fieldPath === undefined ? {} : { fieldPath: subject.fieldPath }),
      },
      reason,
      message,
      type,
    };
  }

  async #write(key: string, subject: EventSubject, type: string, reason: string, message: string): Promise<void> {
    const now = timestamp(this.#clock.now());
    const known = this.#known.get(key);
    if (known) {
      known.count += 1;
      try {
        await this.#client.patch(
          { apiVersion: "v1", resource: "events", namespace: known.namespace, name: known.name },
          { count: known.count, lastTimestamp: now, message },
        );
        return;
      } catch {
        // The event has expired or was deleted: begin a new one, as client-go does.
        this.#known.delete(key);
      }
    }
    const event: KubeObject = {
      ...this.#base(subject, type, reason, message),
      source: this.#source,
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      eventTime: null,
      reportingComponent: this.#source.component,
      reportingInstance: this.#source.host ?? "",
    };
    const namespace = subject.object.metadata.namespace ?? "default";
    await this.#client.create({ apiVersion: "v1", resource: "events", namespace }, event);
    if (this.#known.size > 4_000) this.#known.clear();
    this.#known.set(key, { name: event.metadata.name, namespace, count: 1 });
  }
}
