import {
  elementType,
  emptyValueOf,
  fieldType,
  isAtomic,
  listKeysOf,
  rootType,
  type FieldType,
} from "../openapi/fields.ts";
import { childOf, copy, equal, isObject, objectAt, objectsAt, textAt, type JsonObject } from "../json.ts";
import { failure } from "./errors.ts";

/** A tree of owned fields as `fieldsV1` writes it: `f:name`, `k:{...}`, `v:...` and `.` for the thing itself. */
type FieldTree = JsonObject;

const ignoredMetadata = new Set([
  "name",
  "namespace",
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "managedFields",
  "selfLink",
]);

/** The fields of an object as a tree; what the server itself writes is left out. */
function fieldTree(object: JsonObject, type: FieldType | undefined): FieldTree {
  const tree: FieldTree = {};
  for (const [field, value] of Object.entries(object)) {
    if (field === "apiVersion" || field === "kind" || value === undefined) continue;
    if (field === "metadata" && isObject(value)) {
      const inner = treeOf(
        Object.fromEntries(Object.entries(value).filter(([name]) => !ignoredMetadata.has(name))),
        "V1ObjectMeta",
      );
      if (Object.keys(inner).length > 0) tree["f:metadata"] = inner;
    } else tree[`f:${field}`] = valueTree(value, type, field);
  }
  return tree;
}

function treeOf(object: JsonObject, type: FieldType | undefined): FieldTree {
  const tree: FieldTree = {};
  for (const [field, value] of Object.entries(object)) {
    if (value !== undefined) tree[`f:${field}`] = valueTree(value, type, field);
  }
  return tree;
}

function valueTree(value: unknown, type: FieldType | undefined, field: string): FieldTree {
  if (isAtomic(type, field)) return {};
  const wanted = fieldType(type, field);
  if (isObject(value)) return treeOf(value, wanted?.startsWith("{}") ? elementType(wanted) : wanted);
  const keys = Array.isArray(value) ? listKeysOf(type, field) : undefined;
  if (!keys || !Array.isArray(value)) return {};
  const tree: FieldTree = {};
  for (const item of value) {
    if (!isObject(item)) tree[`v:${JSON.stringify(item)}`] = {};
    else if (field === "ownerReferences") tree[elementKey(item, keys.apply)] = {};
    else tree[elementKey(item, keys.apply)] = { ".": {}, ...treeOf(item, elementType(wanted)) };
  }
  return tree;
}

const keyDefaults: Readonly<Record<string, unknown>> = { protocol: "TCP" };

function elementKey(item: JsonObject, keys: readonly string[]): string {
  return `k:${JSON.stringify(Object.fromEntries(keys.toSorted().map((key) => [key, item[key] ?? keyDefaults[key]])))}`;
}

/** What is in `tree` and its value differs between two objects, or is only in the newer one. */
function changedTree(
  before: unknown,
  after: unknown,
  type: FieldType | undefined,
  field: string,
): FieldTree | undefined {
  if (equal(before, after)) return undefined;
  if (isAtomic(type, field)) return {};
  const wanted = fieldType(type, field);
  if (isObject(after)) {
    const inner = wanted?.startsWith("{}") ? elementType(wanted) : wanted;
    const known = isObject(before);
    const tree: FieldTree = known || Object.keys(after).length === 0 ? {} : { ".": {} };
    for (const [name, value] of Object.entries(after)) {
      // Of a thing that was there, a field without a value is as it was.
      if (value === undefined || (known && value === null)) continue;
      const changed = changedTree(known ? valueBefore(before, inner, name) : undefined, value, inner, name);
      if (changed) tree[`f:${name}`] = changed;
    }
    return Object.keys(tree).length > 0 || !isObject(before) ? tree : undefined;
  }
  const keys = Array.isArray(after) ? listKeysOf(type, field) : undefined;
  if (!keys || !Array.isArray(after)) return {};
  const old = Array.isArray(before) ? before : [];
  const tree: FieldTree = Array.isArray(before) ? {} : { ".": {} };
  for (const item of after) {
    if (!isObject(item)) {
      if (!old.includes(item)) tree[`v:${JSON.stringify(item)}`] = {};
      continue;
    }
    const key = elementKey(item, keys.apply);
    const known = old.filter(isObject).find((other) => elementKey(other, keys.apply) === key);
    const isWhole = field === "ownerReferences";
    const inner = isWhole && !equal(known, item) ? {} : changedElement(known, item, elementType(wanted));
    if (inner) tree[key] = inner;
  }
  return Object.keys(tree).length > 0 ? tree : undefined;
}

function changedElement(
  known: JsonObject | undefined,
  item: JsonObject,
  type: FieldType | undefined,
): FieldTree | undefined {
  const tree: FieldTree = known ? {} : { ".": {} };
  for (const [name, value] of Object.entries(item)) {
    if (known && value === null) continue;
    const changed = changedTree(known ? valueBefore(known, type, name) : undefined, value, type, name);
    if (changed) tree[`f:${name}`] = changed;
  }
  return Object.keys(tree).length > 0 ? tree : undefined;
}

/** What a field of an existing thing held: Go structs always hold their parts that are no pointers, if empty ones. */
function valueBefore(owner: JsonObject, type: FieldType | undefined, field: string): unknown {
  return owner[field] ?? emptyValueOf(type, field);
}

function merge(into: FieldTree, from: FieldTree): FieldTree {
  for (const [key, value] of Object.entries(from)) if (isObject(value)) merge(childOf(into, key), value);
  return into;
}

/** Takes the leaves of `gone` out of a tree; branches that become empty go too. */
function subtract(tree: FieldTree, gone: FieldTree): FieldTree {
  for (const [key, value] of Object.entries(gone)) {
    const own = tree[key];
    if (!isObject(own) || !isObject(value)) continue;
    if (Object.keys(value).length === 0) {
      if (Object.keys(own).length === 0) delete tree[key];
    } else {
      subtract(own, value);
      if (Object.keys(own).length === 0) delete tree[key];
    }
  }
  return tree;
}

/** Keeps of a tree only what still exists in the object's own tree. */
function intersect(tree: FieldTree, existing: FieldTree): FieldTree {
  const result: FieldTree = {};
  for (const [key, value] of Object.entries(tree)) {
    if (key === ".") result[key] = {};
    else if (isObject(value) && isObject(existing[key])) {
      const inner = intersect(value, existing[key]);
      if (Object.keys(value).length === 0 || Object.keys(inner).length > 0) result[key] = inner;
    }
  }
  return result;
}

interface FieldOwner {
  name: string;
  operation: "Apply" | "Update";
  subresource?: string;
  apiVersion: string;
  time: string;
}

const isOwn = (entry: JsonObject, owner: FieldOwner): boolean =>
  entry["manager"] === owner.name &&
  entry["operation"] === owner.operation &&
  textAt(entry, "subresource") === (owner.subresource ?? "");

/** Notes in `object.metadata.managedFields` who changed what, after an update or creation. */
export function noteUpdate(kind: string, object: JsonObject, old: JsonObject | undefined, owner: FieldOwner): void {
  const type = rootType(owner.apiVersion, kind);
  const clean = (value: JsonObject): JsonObject => {
    const { apiVersion: _version, kind: _kind, metadata, ...rest } = value;
    const kept = Object.entries(isObject(metadata) ? metadata : {}).filter(([name]) => !ignoredMetadata.has(name));
    return { metadata: Object.fromEntries(kept), ...rest };
  };
  const after = clean(object);
  const before: JsonObject = { metadata: {}, spec: {}, status: {}, ...(old ? clean(old) : {}) };
  const changed: FieldTree = {};
  for (const [field, value] of Object.entries(after)) {
    if (value === null && before[field] === undefined) continue;
    const inner = changedTree(valueBefore(before, type, field), value, type, field);
    if (inner && (Object.keys(inner).length > 0 || !isObject(value) || isAtomic(type, field)))
      changed[`f:${field}`] = inner;
  }
  if (!old && owner.subresource !== "status") delete changed["f:status"];
  writeEntries(kind, object, owner, changed, true);
}

function writeEntries(kind: string, object: JsonObject, owner: FieldOwner, changed: FieldTree, add: boolean): void {
  const metadata = childOf(object, "metadata");
  const existing = fieldTree(object, rootType(owner.apiVersion, kind));
  const entries: JsonObject[] = [];
  let found = false;
  for (const entry of objectsAt(metadata, "managedFields")) {
    if (textAt(entry, "apiVersion") !== owner.apiVersion) {
      // Simplified: what was noted in another version is kept as it is, not translated.
      entries.push(entry);
      continue;
    }
    const fields = intersect(copy(objectAt(entry, "fieldsV1") ?? {}), existing);
    const next: JsonObject = { ...entry };
    if (isOwn(entry, owner)) {
      found = true;
      next["fieldsV1"] = add ? merge(fields, copy(changed)) : copy(changed);
      if (!equal(next["fieldsV1"], entry["fieldsV1"])) next["time"] = owner.time;
    } else next["fieldsV1"] = subtract(fields, add ? changed : {});
    if (Object.keys(objectAt(next, "fieldsV1") ?? {}).length > 0) entries.push(next);
  }
  if (!found && Object.keys(changed).length > 0) {
    entries.push({
      manager: owner.name,
      operation: owner.operation,
      apiVersion: owner.apiVersion,
      time: owner.time,
      fieldsType: "FieldsV1",
      fieldsV1: copy(changed),
      ...(owner.subresource ? { subresource: owner.subresource } : {}),
    });
  }
  if (entries.length > 0) metadata["managedFields"] = entries.toSorted(byOperationAndTime).map(withSortedFields);
  else delete metadata["managedFields"];
}

function byOperationAndTime(a: JsonObject, b: JsonObject): number {
  for (const field of ["operation", "time", "manager", "apiVersion", "subresource"]) {
    const order = textAt(a, field) < textAt(b, field) ? -1 : Number(textAt(a, field) > textAt(b, field));
    if (order !== 0) return order;
  }
  return 0;
}

function withSortedFields(entry: JsonObject): JsonObject {
  const { subresource, fieldsV1, ...rest } = entry;
  return { ...rest, fieldsV1: sortedTree(fieldsV1), ...(subresource === undefined ? {} : { subresource }) };
}

function sortedTree(tree: unknown): FieldTree {
  if (!isObject(tree)) return {};
  const result: FieldTree = {};
  for (const key of Object.keys(tree).toSorted()) result[key] = sortedTree(tree[key]);
  return result;
}

interface ApplyRequest {
  kind: string;
  group: string;
  plural: string;
  owner: FieldOwner;
  force: boolean;
}

/** The object that an apply leads to: what the owner no longer names goes, what it names comes. Throws ApiError Conflict. */
export function applyFields(request: ApplyRequest, live: JsonObject | undefined, wanted: JsonObject): JsonObject {
  const { kind, owner } = request;
  const type = rootType(owner.apiVersion, kind);
  const tree = fieldTree(wanted, type);
  if (!live) {
    const made = copy(wanted);
    writeEntries(kind, made, owner, tree, false);
    return made;
  }
  const result = copy(live);
  const entries = objectsAt(result, "metadata", "managedFields");
  if (!request.force) refuseConflicts(request, live, wanted, tree, entries, type);
  const mine = entries.find((entry) => isOwn(entry, owner));
  const othersOwn: FieldTree = {};
  for (const entry of entries) if (!isOwn(entry, owner)) merge(othersOwn, copy(objectAt(entry, "fieldsV1") ?? {}));
  if (mine) {
    const dropped = withoutTree(copy(objectAt(mine, "fieldsV1") ?? {}), tree);
    removeFields(result, withoutTree(dropped, othersOwn), type);
  }
  mergeApplied(result, wanted, type);
  if (request.force) {
    for (const entry of objectsAt(result, "metadata", "managedFields")) {
      if (!isOwn(entry, owner))
        entry["fieldsV1"] = subtract(objectAt(entry, "fieldsV1") ?? {}, changedLeaves(live, wanted, type));
    }
  }
  writeEntries(kind, result, owner, tree, false);
  return result;
}

function changedLeaves(live: JsonObject, wanted: JsonObject, type: FieldType | undefined): FieldTree {
  const tree: FieldTree = {};
  for (const field of Object.keys(wanted)) {
    if (field === "apiVersion" || field === "kind") continue;
    const changed = changedTree(live[field], wanted[field], type, field);
    if (changed) tree[`f:${field}`] = changed;
  }
  return tree;
}

/** Leaves of `tree` that are not in `other`. */
function withoutTree(tree: FieldTree, other: FieldTree): FieldTree {
  const result: FieldTree = {};
  for (const [key, value] of Object.entries(tree)) {
    const there = other[key];
    if (there === undefined) result[key] = value;
    else if (isObject(value) && isObject(there) && Object.keys(value).length > 0) {
      const inner = withoutTree(value, there);
      if (Object.keys(inner).length > 0) result[key] = inner;
    }
  }
  return result;
}

function refuseConflicts(
  request: ApplyRequest,
  live: JsonObject,
  wanted: JsonObject,
  tree: FieldTree,
  entries: readonly JsonObject[],
  type: FieldType | undefined,
): void {
  const changed = changedLeaves(live, wanted, type);
  const clashes: { owner: string; paths: string[] }[] = [];
  for (const entry of entries) {
    if (isOwn(entry, request.owner)) continue;
    const paths = common(objectAt(entry, "fieldsV1") ?? {}, changed, tree, "");
    if (paths.length === 0) continue;
    const name = textAt(entry, "manager");
    const using = textAt(entry, "operation") === "Apply" ? "" : ` using ${textAt(entry, "apiVersion")}`;
    clashes.push({ owner: `${JSON.stringify(name)}${using}`, paths });
  }
  if (clashes.length === 0) return;
  const total = clashes.flatMap((clash) => clash.paths);
  const message =
    total.length === 1
      ? `Apply failed with 1 conflict: conflict with ${clashes[0]?.owner ?? ""}: ${total[0] ?? ""}`
      : `Apply failed with ${total.length} conflicts: ${clashes
          .map((clash) => `conflicts with ${clash.owner}:\n${clash.paths.map((path) => `- ${path}`).join("\n")}`)
          .join("\n")}`;
  const error = failure(409, "Conflict", message, {
    causes: clashes.flatMap((clash) =>
      clash.paths.map((field) => ({ reason: "FieldManagerConflict", message: `conflict with ${clash.owner}`, field })),
    ),
  });
  throw error;
}

/** Paths of leaves that are owned, changed and applied, as error texts write them. */
function common(owned: FieldTree, changed: FieldTree, applied: FieldTree, path: string): string[] {
  const found: string[] = [];
  for (const [key, value] of Object.entries(owned)) {
    const other = changed[key];
    const wanted = applied[key];
    if (key === "." || !isObject(value) || !isObject(other) || !isObject(wanted)) continue;
    const here = path + segment(key);
    const inner = common(value, other, wanted, here);
    if (inner.length > 0) found.push(...inner);
    else if (Object.keys(value).length === 0) found.push(here);
  }
  return found;
}

function segment(key: string): string {
  if (key.startsWith("f:")) return `.${key.slice(2)}`;
  if (!key.startsWith("k:")) return `[=${key.slice(2)}]`;
  const keys: unknown = JSON.parse(key.slice(2));
  const parts = Object.entries(isObject(keys) ? keys : {}).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `[${parts.join(",")}]`;
}

function removeFields(object: JsonObject, tree: FieldTree, type: FieldType | undefined): void {
  for (const [key, value] of Object.entries(tree)) {
    if (!key.startsWith("f:") || !isObject(value)) continue;
    const field = key.slice(2);
    const own = object[field];
    const wanted = fieldType(type, field);
    if (Object.keys(value).length === 0) delete object[field];
    else if (isObject(own)) removeFields(own, value, wanted?.startsWith("{}") ? elementType(wanted) : wanted);
    else if (Array.isArray(own)) object[field] = removeElements(own, value, type, field);
  }
}

function removeElements(
  list: readonly unknown[],
  tree: FieldTree,
  type: FieldType | undefined,
  field: string,
): unknown[] {
  const keys = listKeysOf(type, field)?.apply ?? [];
  return list.filter((item) => {
    if (!isObject(item)) return tree[`v:${JSON.stringify(item)}`] === undefined;
    const inner = tree[elementKey(item, keys)];
    if (!isObject(inner)) return true;
    if (inner["."] !== undefined) return false;
    removeFields(item, inner, elementType(fieldType(type, field)));
    return true;
  });
}

function mergeApplied(object: JsonObject, wanted: JsonObject, type: FieldType | undefined): void {
  for (const [field, value] of Object.entries(wanted)) {
    if (value === null || value === undefined) continue;
    const own = object[field];
    const inner = fieldType(type, field);
    const keys = Array.isArray(value) ? listKeysOf(type, field) : undefined;
    if (isAtomic(type, field)) object[field] = copy(value);
    else if (isObject(value) && isObject(own)) {
      mergeApplied(
        own,
        value,
        inner?.startsWith("{}") ? elementType(inner) : (inner ?? (field === "metadata" ? "V1ObjectMeta" : undefined)),
      );
    } else if (keys && Array.isArray(value) && Array.isArray(own)) {
      object[field] = mergeElements(own, value, keys.apply, elementType(inner));
    } else object[field] = copy(value);
  }
}

function mergeElements(
  list: readonly unknown[],
  wanted: readonly unknown[],
  keys: readonly string[],
  type: FieldType | undefined,
): unknown[] {
  const result = [...list];
  for (const item of wanted) {
    if (!isObject(item)) {
      if (!result.includes(item)) result.push(item);
      continue;
    }
    const key = elementKey(item, keys);
    const own = result.filter(isObject).find((other) => elementKey(other, keys) === key);
    if (own) mergeApplied(own, item, type);
    else result.push(copy(item));
  }
  return result;
}
