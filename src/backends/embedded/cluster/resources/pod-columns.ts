import { at, listAt, numberAt, objectAt, objectsAt, textAt, type JsonObject } from "../json.ts";
import { since } from "./age.ts";

interface Restarts {
  count: number;
  last: string;
}

const orNone = (text: string): string => text || "<none>";

/** The cells of a pod's row: what its phase, conditions and containers add up to. */
export function podCells(object: JsonObject, now: number): readonly unknown[] {
  const spec = objectAt(object, "spec");
  const statuses = objectsAt(object, "status", "containerStatuses");
  const restarts: Restarts = { count: 0, last: "" };
  const initial = initReason(object, restarts);
  let reason = textAt(object, "status", "reason") || textAt(object, "status", "phase");
  let ready = 0;
  if (initial !== undefined) reason = initial;
  else {
    restarts.count = 0;
    restarts.last = "";
    const summary = containerReason(statuses, reason, restarts);
    ready = summary.ready;
    reason = summary.reason;
    if (reason === "Completed" && summary.running) reason = hasReadyCondition(object) ? "Running" : "NotReady";
  }
  if (textAt(object, "metadata", "deletionTimestamp") !== "") {
    reason = textAt(object, "status", "reason") === "NodeLost" ? "Unknown" : "Terminating";
  }
  const total = listAt(spec, "containers").length;
  const gates = objectsAt(spec, "readinessGates");
  const met = gates.filter((gate) =>
    objectsAt(object, "status", "conditions").some(
      (condition) => condition["type"] === gate["conditionType"] && condition["status"] === "True",
    ),
  );
  return [
    textAt(object, "metadata", "name"),
    `${ready}/${total}`,
    reason,
    restarts.count > 0 && restarts.last !== ""
      ? `${restarts.count} (${since(restarts.last, now)} ago)`
      : String(restarts.count),
    since(at(object, "metadata", "creationTimestamp"), now),
    orNone(textAt(objectsAt(object, "status", "podIPs")[0], "ip") || textAt(object, "status", "podIP")),
    orNone(textAt(spec, "nodeName")),
    orNone(textAt(object, "status", "nominatedNodeName")),
    gates.length === 0 ? "<none>" : `${met.length}/${gates.length}`,
  ];
}

function noteRestarts(status: JsonObject, restarts: Restarts): void {
  restarts.count += numberAt(status, "restartCount") ?? 0;
  const finished = textAt(status, "lastState", "terminated", "finishedAt");
  if (finished > restarts.last) restarts.last = finished;
}

/** What the init containers say while they are not all done. */
function initReason(object: JsonObject, restarts: Restarts): string | undefined {
  const total = listAt(object, "spec", "initContainers").length;
  for (const [index, status] of objectsAt(object, "status", "initContainerStatuses").entries()) {
    noteRestarts(status, restarts);
    const terminated = objectAt(status, "state", "terminated");
    if (terminated && numberAt(terminated, "exitCode") === 0) continue;
    if (terminated) return `Init:${terminatedReason(terminated)}`;
    const waiting = textAt(status, "state", "waiting", "reason");
    if (waiting !== "" && waiting !== "PodInitializing") return `Init:${waiting}`;
    return `Init:${index}/${total}`;
  }
  return undefined;
}

function terminatedReason(terminated: JsonObject): string {
  const reason = textAt(terminated, "reason");
  if (reason !== "") return reason;
  const signal = numberAt(terminated, "signal") ?? 0;
  return signal !== 0 ? `Signal:${signal}` : `ExitCode:${numberAt(terminated, "exitCode") ?? 0}`;
}

interface Summary {
  reason: string;
  ready: number;
  running: boolean;
}

function containerReason(statuses: readonly JsonObject[], phase: string, restarts: Restarts): Summary {
  let reason = phase;
  let ready = 0;
  let running = false;
  for (const status of statuses.toReversed()) {
    noteRestarts(status, restarts);
    const waiting = textAt(status, "state", "waiting", "reason");
    const terminated = objectAt(status, "state", "terminated");
    if (waiting !== "") reason = waiting;
    else if (terminated) reason = terminatedReason(terminated);
    else if (status["ready"] === true && objectAt(status, "state", "running")) {
      running = true;
      ready += 1;
    }
  }
  return { reason, ready, running };
}

const hasReadyCondition = (object: JsonObject): boolean =>
  objectsAt(object, "status", "conditions").some(
    (condition) => condition["type"] === "Ready" && condition["status"] === "True",
  );
