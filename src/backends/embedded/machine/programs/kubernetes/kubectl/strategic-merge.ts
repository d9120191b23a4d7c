import { clone, equal, isObject, type Json } from "../client/json.ts";

interface ListRule {
  /** Field that identifies an item; empty for lists of plain values merged as sets. */
  key: string;
  /** Patches of an item name the fields to keep. */
  retain?: boolean;
}

/** Lists that merge item by item, by field name; what is not here is replaced as a whole. */
const mergedLists: Readonly<Record<string, ListRule>> = {
  containers: { key: "name" },
  initContainers: { key: "name" },
  ephemeralContainers: { key: "name" },
  env: { key: "name" },
  volumeMounts: { key: "mountPath" },
  volumeDevices: { key: "devicePath" },
  volumes: { key: "name", retain: true },
  imagePullSecrets: { key: "name" },
  secrets: { key: "name" },
  hostAliases: { key: "ip" },
  topologySpreadConstraints: { key: "topologyKey" },
  ownerReferences: { key: "uid" },
  conditions: { key: "type" },
  addresses: { key: "type" },
  podIPs: { key: "ip" },
  finalizers: { key: "" },
};

function ruleOf(field: string, items: readonly unknown[]): ListRule | undefined {
  const rule = Object.hasOwn(mergedLists, field) ? mergedLists[field] : undefined;
  if (rule) return rule;
  if (field !== "ports") return undefined;
  // Both kinds of ports have `name` and `protocol`; only a container's has `containerPort`.
  const first = items.find(isObject);
  return { key: first !== undefined && "containerPort" in first ? "containerPort" : "port" };
}

/** Maps of which a patch keeps only the named fields. */
const retained = new Set(["strategy"]);

interface Mode {
  /** Leave out what was added or changed. */
  onlyDeletions: boolean;
  /** Leave out what was removed. */
  ignoreDeletions: boolean;
}

/**
 * The strategic merge patch that brings `current` to `modified`, removing what `original` (the last applied
 * configuration) had and `modified` has no more.
 */
export function threeWayPatch(original: Json, modified: Json, current: Json): Json {
  const changes = diffMaps(current, modified, { onlyDeletions: false, ignoreDeletions: true });
  const deletions = diffMaps(original, modified, { onlyDeletions: true, ignoreDeletions: false });
  return mergePatches(deletions, changes);
}

/** The patch between two objects, for an edited one. */
export const twoWayPatch = (original: Json, modified: Json): Json =>
  diffMaps(original, modified, { onlyDeletions: false, ignoreDeletions: false });

function diffMaps(from: Json, to: Json, mode: Mode, name = ""): Json {
  const patch: Json = {};
  for (const key of Object.keys(to)) {
    const before = from[key];
    const after = to[key];
    if (!(key in from)) {
      if (!mode.onlyDeletions) patch[key] = clone(after);
      continue;
    }
    if (equal(before, after)) continue;
    if (isObject(before) && isObject(after)) {
      const inner = diffMaps(before, after, mode, key);
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (Array.isArray(before) && Array.isArray(after)) diffLists(patch, key, before, after, mode);
    else if (!mode.onlyDeletions) patch[key] = clone(after);
  }
  if (!mode.ignoreDeletions) for (const key of Object.keys(from)) if (!(key in to)) patch[key] = null;
  if (retained.has(name) && Object.keys(patch).length > 0) patch["$retainKeys"] = Object.keys(to).sort();
  return patch;
}

function diffLists(
  patch: Json,
  field: string,
  before: readonly unknown[],
  after: readonly unknown[],
  mode: Mode,
): void {
  const rule = ruleOf(field, [...after, ...before]);
  if (!rule) {
    if (!mode.onlyDeletions) patch[field] = clone([...after]);
    return;
  }
  if (rule.key === "") {
    const added = after.filter((item) => !before.includes(item));
    const removed = before.filter((item) => !after.includes(item));
    if (added.length > 0 && !mode.onlyDeletions) patch[field] = added;
    if (removed.length > 0 && !mode.ignoreDeletions) patch[`$deleteFromPrimitiveList/${field}`] = removed;
    if (patch[field] !== undefined || patch[`$deleteFromPrimitiveList/${field}`] !== undefined)
      patch[`$setElementOrder/${field}`] = [...after];
    return;
  }
  const { key } = rule;
  const identified = (items: readonly unknown[]): Json[] => items.filter(isObject).filter((item) => key in item);
  const old = new Map(identified(before).map((item) => [item[key], item]));
  const wanted = identified(after);
  const items: Json[] = [];
  for (const item of wanted) {
    const existing = old.get(item[key]);
    if (!existing) {
      if (!mode.onlyDeletions) items.push(clone(item));
      continue;
    }
    const inner = diffMaps(existing, item, mode);
    if (Object.keys(inner).length === 0) continue;
    if (rule.retain === true) inner["$retainKeys"] = Object.keys(item).sort();
    items.push({ ...inner, [key]: item[key] });
  }
  if (!mode.ignoreDeletions) {
    const kept = new Set(wanted.map((item) => item[key]));
    for (const item of identified(before)) if (!kept.has(item[key])) items.push({ $patch: "delete", [key]: item[key] });
  }
  const order = wanted.map((item) => ({ [key]: item[key] }));
  const reordered =
    !mode.onlyDeletions &&
    !equal(
      order,
      identified(before)
        .map((item) => ({ [key]: item[key] }))
        .filter((item) => order.some((other) => equal(item, other))),
    );
  if (items.length === 0 && !reordered) return;
  if (items.length > 0) patch[field] = items;
  patch[`$setElementOrder/${field}`] = order;
}

/** Puts the deletions and the changes together; they never touch the same value differently. */
function mergePatches(first: Json, second: Json): Json {
  const merged = clone(first);
  for (const [key, value] of Object.entries(second)) {
    const existing = merged[key];
    if (isObject(existing) && isObject(value)) merged[key] = mergePatches(existing, value);
    else if (Array.isArray(existing) && Array.isArray(value) && !key.startsWith("$"))
      merged[key] = mergeItems(key, existing, value);
    else merged[key] = clone(value);
  }
  return merged;
}

function mergeItems(field: string, first: readonly unknown[], second: readonly unknown[]): unknown[] {
  const rule = ruleOf(field, [...second, ...first]);
  if (!rule || rule.key === "") return [...second];
  const items = [...first];
  for (const item of second) {
    const at = items.findIndex((other) => isObject(other) && isObject(item) && other[rule.key] === item[rule.key]);
    const existing = items[at];
    if (at < 0) items.push(item);
    else if (isObject(existing) && isObject(item)) items[at] = mergePatches(existing, item);
  }
  return items;
}

/** The three-way JSON merge patch for kinds without merge rules. */
export function threeWayMergePatch(original: Json, modified: Json, current: Json): Json {
  const patch: Json = {};
  for (const key of Object.keys(modified)) {
    const before = current[key];
    const after = modified[key];
    if (isObject(before) && isObject(after)) {
      const last = original[key];
      const inner = threeWayMergePatch(isObject(last) ? last : {}, after, before);
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (!equal(before, after)) patch[key] = clone(after);
  }
  for (const key of Object.keys(original)) if (!(key in modified) && key in current) patch[key] = null;
  return patch;
}
