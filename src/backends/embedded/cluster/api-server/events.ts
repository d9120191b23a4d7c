import { at, isObject, type JsonObject } from "../json.ts";

const pairs: readonly (readonly [string, string])[] = [
  ["involvedObject", "regarding"],
  ["message", "note"],
  ["source", "deprecatedSource"],
  ["firstTimestamp", "deprecatedFirstTimestamp"],
  ["lastTimestamp", "deprecatedLastTimestamp"],
  ["count", "deprecatedCount"],
  ["reportingComponent", "reportingController"],
];

function renamed(object: JsonObject, apiVersion: string, from: 0 | 1): JsonObject {
  const result: JsonObject = { ...object, apiVersion };
  for (const pair of pairs) {
    const own = pair[from];
    const other = pair[1 - from] ?? "";
    if (result[own] !== undefined) result[other] = result[own];
    delete result[own];
  }
  return result;
}

/** A stored event as `events.k8s.io/v1` shows it. */
export function eventForGroup(object: JsonObject): JsonObject {
  const result = renamed(object, "events.k8s.io/v1", 0);
  for (const field of ["reportingController", "reportingInstance"]) if (result[field] === "") delete result[field];
  return result;
}

/** An event of `events.k8s.io/v1` as it is stored. */
export function eventFromGroup(object: JsonObject): JsonObject {
  const result = renamed(object, "v1", 1);
  if (!isObject(result["involvedObject"]))
    result["involvedObject"] = { namespace: at(object, "metadata", "namespace") };
  result["source"] ??= {};
  for (const field of ["firstTimestamp", "lastTimestamp"]) result[field] ??= null;
  return result;
}
