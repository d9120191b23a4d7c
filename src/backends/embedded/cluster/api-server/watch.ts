import { encode } from "../../machine/io.ts";
import { ApiError, type UserInfo } from "../api.ts";
import { at, equal, isObject, mapAt, textAt, type JsonObject } from "../json.ts";
import { apiVersionOf, type ResourceKind } from "../resources/kinds.ts";
import type { StoredEvent } from "../store/store.ts";
import type { ServerContext } from "./context.ts";
import type { Selection } from "./objects.ts";
import { fieldsSelect, selects } from "./selectors.ts";

/** One change as a watcher with a selection sees it. */
interface SeenEvent {
  type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  object: JsonObject;
  /** Only its status changed, which is no news to who acts on what is wanted. */
  onlyStatus?: boolean;
}

function isSelected(object: JsonObject, kind: ResourceKind, selection: Selection): boolean {
  if (
    kind.namespaced &&
    selection.namespace !== "" &&
    textAt(object, "metadata", "namespace") !== selection.namespace
  ) {
    return false;
  }
  return selects(selection.labels, mapAt(object, "metadata", "labels")) && fieldsSelect(selection.fields, object);
}

function seen(event: StoredEvent, kind: ResourceKind, selection: Selection): SeenEvent | undefined {
  const now = event.type !== "DELETED" && isSelected(event.object, kind, selection);
  const before = event.previous !== undefined && isSelected(event.previous, kind, selection);
  if (now && before) return { type: "MODIFIED", object: event.object, onlyStatus: isOnlyStatus(event) };
  if (now) return { type: "ADDED", object: event.object };
  return before ? { type: "DELETED", object: event.object } : undefined;
}

const isOnlyStatus = ({ object, previous }: StoredEvent): boolean =>
  isObject(object["spec"]) &&
  equal(object["spec"], at(previous, "spec")) &&
  equal(at(object, "metadata", "labels"), at(previous, "metadata", "labels")) &&
  textAt(object, "metadata", "deletionTimestamp") === textAt(previous, "metadata", "deletionTimestamp");

interface WatchOptions {
  selection: Selection;
  /** Empty or `0` begins with what exists. */
  resourceVersion: string;
  bookmarks: boolean;
  /** Milliseconds after which the watch ends. */
  timeout: number;
  signal: AbortSignal;
  user: UserInfo;
  /** First word of the watcher's user agent. */
  agent?: string;
}

/** Changes of a kind until the time is over or the signal aborts; objects are shared. A store that went away ends it. */
export async function* watchObjects(
  context: ServerContext,
  kind: ResourceKind,
  options: WatchOptions,
): AsyncGenerator<SeenEvent> {
  const store = context.store();
  const queue: SeenEvent[] = [];
  let wake: () => void = () => undefined;
  let over = options.signal.aborted;
  const end = (): void => {
    over = true;
    wake();
  };
  const add = (event: StoredEvent): void => {
    const visible = seen(event, kind, options.selection);
    if (visible) queue.push(visible);
    wake();
  };
  let start = Number(options.resourceVersion);
  if (!Number.isSafeInteger(start) || start <= 0) {
    start = store.revision;
    const prefix = kind.namespaced && options.selection.namespace !== "" ? `${options.selection.namespace}/` : "";
    for (const object of store.list(kind.storage, prefix)) {
      if (isSelected(object, kind, options.selection)) queue.push({ type: "ADDED", object });
    }
  }
  let stop: () => void;
  try {
    stop = store.watch(kind.storage, start, add);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    yield { type: "ERROR", object: { ...error.status } };
    return;
  }
  const cancel = context.clock.after(options.timeout, end);
  options.signal.addEventListener("abort", end, { once: true });
  const detach = store.onClose(end);
  try {
    for (;;) {
      for (let event = queue.shift(); event; event = queue.shift()) {
        if (event.onlyStatus !== true) {
          const name = textAt(event.object, "metadata", "name");
          const { user, agent = "" } = options;
          context.observe?.({ action: "watch", user, agent, kind: kind.kind, part: "", name });
        }
        yield event;
      }
      if (over) break;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (over || queue.length > 0) resolve();
      });
    }
    if (options.bookmarks && !options.signal.aborted) {
      const metadata = { resourceVersion: String(store.revision), creationTimestamp: null };
      yield { type: "BOOKMARK", object: { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata } };
    }
  } finally {
    stop();
    detach();
    cancel();
    options.signal.removeEventListener("abort", end);
  }
}

/** Watch events as a response's body, one JSON document per line. */
export async function* watchBody(
  events: AsyncIterable<SeenEvent>,
  show: (event: SeenEvent) => string,
): AsyncGenerator<Uint8Array> {
  for await (const event of events) yield encode(`{"type":"${event.type}","object":${show(event)}}\n`);
}
