import type { Clock, Random } from "../../../../domain/clock.ts";
import type { Pacing } from "../../pacing.ts";
import type { ApiClient } from "../api.ts";
import { ApiError } from "../api.ts";
import { EventRecorder } from "./events.ts";
import { Informer } from "./informer.ts";
import type { ApiObject } from "./types.ts";

/** What every controller works with. */
export interface ControllerContext {
  client: ApiClient;
  clock: Clock;
  random: Random;
  pacing: Pacing;
  signal: AbortSignal;
  /** The machine that the component runs on. */
  hostname: string;
  /** The component's own, e.g. `1.28.2`. */
  version?: string;
  /** The component goes on after the lab woke up: what it finds at first is not new to it. */
  resumed?: boolean;
  log(line: string): void;
  /** One shared cache per kind; started by `startInformers`. */
  informer<T extends ApiObject>(apiVersion: string, resource: string, namespace?: string): Informer<T>;
  recorder(component: string): EventRecorder;
}

export interface ContextOptions {
  client: ApiClient;
  clock: Clock;
  random: Random;
  pacing: Pacing;
  signal: AbortSignal;
  hostname: string;
  /** The component's own, e.g. `1.28.2`. */
  version?: string;
  resumed?: boolean;
  log(line: string): void;
}

export function createContext(options: ContextOptions): ControllerContext & { startInformers(): Promise<void> } {
  const informers = new Map<string, Informer<ApiObject>>();
  return {
    ...options,
    informer<T extends ApiObject>(apiVersion: string, resource: string, namespace = ""): Informer<T> {
      const key = `${apiVersion}/${resource}/${namespace}`;
      let informer = informers.get(key);
      if (!informer) {
        informer = new Informer<ApiObject>(
          options.client,
          options.clock,
          { apiVersion, resource, ...(namespace === "" ? {} : { namespace }) },
          options.signal,
        );
        informers.set(key, informer);
      }
      return informer as unknown as Informer<T>;
    },
    recorder: (component) => new EventRecorder(options.client, options.clock, { component }),
    async startInformers() {
      for (const informer of informers.values()) informer.start();
      await Promise.all(Array.from(informers.values(), (informer) => informer.synced()));
    },
  };
}

/** True for an answer with that reason, e.g. `NotFound`, `Conflict`, `AlreadyExists`. */
export const hasReason = (error: unknown, reason: string): boolean =>
  error instanceof ApiError && error.status.reason === reason;

/** Ignores that the object is gone. */
export async function ignoreNotFound(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!hasReason(error, "NotFound")) throw error;
  }
}
