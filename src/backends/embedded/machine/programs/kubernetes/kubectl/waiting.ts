import { pathOf, type ApiResource } from "../client/discovery.ts";
import { isApiError } from "../client/errors.ts";
import { objectAt, textAt, type Json } from "../client/json.ts";
import type { Session } from "./session.ts";

/** Thrown when a wait takes longer than the user allows. */
export class TimedOut extends Error {
  override readonly name = "TimedOut";
  constructor() {
    super("timed out waiting for the condition");
  }
}

/** A signal that aborts with the process, or with TimedOut after `ms` milliseconds (0 or less never). */
export function limited(session: Session, ms: number): { signal: AbortSignal; cancel: () => void } {
  if (ms <= 0) return { signal: session.process.signal, cancel: () => undefined };
  const controller = new AbortController();
  const cancel = session.process.machine.environment.clock.after(ms, () => controller.abort(new TimedOut()));
  return { signal: AbortSignal.any([session.process.signal, controller.signal]), cancel };
}

/**
 * Follows one object until `done` returns true for a state of it (undefined when it does not exist).
 * Rejects with TimedOut.
 */
export async function follow(
  session: Session,
  resource: ApiResource,
  namespace: string,
  name: string,
  done: (object: Json | undefined) => Promise<boolean>,
  timeoutMs = 0,
): Promise<void> {
  const { signal, cancel } = limited(session, timeoutMs);
  try {
    for (;;) {
      let object: Json | undefined;
      try {
        object = await session.connection.json("GET", pathOf(resource, namespace, name), { signal });
      } catch (error) {
        if (!isApiError(error, "NotFound")) throw error;
      }
      if (await done(object)) return;
      const version = textAt(object, "metadata", "resourceVersion");
      const stream = session.connection.lines(pathOf(resource, namespace), {
        signal,
        query: {
          watch: "true",
          fieldSelector: `metadata.name=${name}`,
          resourceVersion: version === "" ? undefined : version,
        },
      });
      for await (const event of stream) {
        const type = textAt(event, "type");
        if (type === "ERROR") break;
        if (type === "BOOKMARK") continue;
        if (await done(type === "DELETED" ? undefined : objectAt(event, "object"))) return;
      }
      signal.throwIfAborted();
      await session.process.machine.environment.clock.sleep(50, signal);
    }
  } catch (error) {
    if (signal.aborted && signal.reason instanceof TimedOut) throw signal.reason;
    throw error;
  } finally {
    cancel();
  }
}
