import { elementType, fieldType, listKeysOf, type FieldType } from "../openapi/fields.ts";
import { copy, equal, isObject, isUnsafeKey, type JsonObject } from "../json.ts";
import { badRequest, failure } from "./errors.ts";

/** RFC 7396. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return copy(patch);
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (isUnsafeKey(field)) continue;
    if (value === null) delete result[field];
    else result[field] = mergePatch(result[field], value);
  }
  return result;
}

/** RFC 6902; throws ApiError Invalid with the server's words when an operation does not fit. */
export function jsonPatch(target: JsonObject, operations: unknown): JsonObject {
  if (!Array.isArray(operations)) {
    throw badRequest("error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch");
  }
  let document: unknown = copy(target);
  for (const operation of operations) {
    if (!isObject(operation)) throw badRequest("error decoding patch: operation is not an object");
    document = applyOperation(document, operation);
  }
  if (!isObject(document)) throw refused("the patched document is not an object");
  return document;
}

const refused = (message: string): Error =>
  failure(422, "Invalid", `the server rejected our request due to an error in our request: ${message}`, {});

const pointer = (text: unknown): string[] => {
  if (typeof text !== "string" || (text !== "" && !text.startsWith("/"))) throw refused("invalid path");
  return text === ""
    ? []
    : text
        .slice(1)
        .split("/")
        .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
};

function applyOperation(document: unknown, operation: JsonObject): unknown {
  const path = pointer(operation["path"]);
  switch (operation["op"]) {
    case "add":
      return change(document, path, "add", copy(operation["value"]));
    case "replace":
      return change(document, path, "replace", copy(operation["value"]));
    case "remove":
      return change(document, path, "remove");
    case "test":
      if (!equal(find(document, path), operation["value"]))
        throw refused(`testing value ${String(operation["path"])} failed`);
      return document;
    case "copy":
      return change(document, path, "add", copy(find(document, pointer(operation["from"]))));
    case "move": {
      const from = pointer(operation["from"]);
      const moved = copy(find(document, from));
      return change(change(document, from, "remove"), path, "add", moved);
    }
    default:
      throw refused(`Unexpected kind: ${String(operation["op"])}`);
  }
}

function find(document: unknown, path: readonly string[]): unknown {
  let current = document;
  for (const part of path) {
    if (Array.isArray(current)) current = current[Number(part)];
    else if (isObject(current) && Object.hasOwn(current, part)) current = current[part];
    else return undefined;
  }
  return current;
}

function change(
  document: unknown,
  path: readonly string[],
  how: "add" | "replace" | "remove",
  value?: unknown,
): unknown {
  const last = path.at(-1);
  if (last === undefined) return how === "remove" ? {} : value;
  const parent = find(document, path.slice(0, -1));
  const missing = (): Error =>
    refused(
      `${how} operation does not apply: doc is missing ${how === "add" ? "path" : "key"}: /${path.join("/")}: missing value`,
    );
  if (Array.isArray(parent)) {
    const index = last === "-" ? parent.length : Number(last);
    if (!Number.isInteger(index) || index < 0 || index > parent.length || (how !== "add" && index === parent.length)) {
      throw missing();
    }
    if (how === "add") parent.splice(index, 0, value);
    else if (how === "remove") parent.splice(index, 1);
    else parent[index] = value;
  } else if (isObject(parent) && !isUnsafeKey(last)) {
    if (how !== "add" && !Object.hasOwn(parent, last)) throw missing();
    if (how === "remove") delete parent[last];
    else parent[last] = value;
  } else throw missing();
  return document;
}

const elementOrder = "$setElementOrder/";
const deleteFromPrimitives = "$deleteFromPrimitiveList/";

/** A strategic merge patch over an object of model type `type`; lists with a known key are merged element by element. */
export function strategicMerge(target: JsonObject, patch: JsonObject, type: FieldType | undefined): JsonObject {
  if (patch["$patch"] === "replace") return withoutDirectives(patch);
  if (patch["$patch"] === "delete") return {};
  const result: JsonObject = { ...target };
  const retain = patch["$retainKeys"];
  if (Array.isArray(retain)) for (const field of Object.keys(result)) if (!retain.includes(field)) delete result[field];
  for (const [field, value] of Object.entries(patch)) {
    if (isUnsafeKey(field) || field === "$retainKeys" || field === "$patch" || field.startsWith(elementOrder)) continue;
    if (field.startsWith(deleteFromPrimitives)) {
      const name = field.slice(deleteFromPrimitives.length);
      const kept = result[name];
      if (Array.isArray(kept) && Array.isArray(value)) result[name] = kept.filter((item) => !value.includes(item));
    } else if (value === null) delete result[field];
    else result[field] = mergeField(result[field], value, type, field, patch[elementOrder + field]);
  }
  for (const [field, order] of Object.entries(patch)) {
    const name = field.startsWith(elementOrder) ? field.slice(elementOrder.length) : "";
    if (name !== "" && !Object.hasOwn(patch, name)) {
      const keys = listKeysOf(type, name);
      const list = result[name];
      if (keys && Array.isArray(list)) result[name] = ordered(list, order, keys.patch, list);
    }
  }
  return result;
}

function mergeField(old: unknown, value: unknown, type: FieldType | undefined, field: string, order: unknown): unknown {
  const wanted = fieldType(type, field);
  if (Array.isArray(value)) {
    const keys = listKeysOf(type, field);
    if (!keys) return copy(value);
    const list = Array.isArray(old) ? old : [];
    const merged =
      keys.patch === ""
        ? [...list, ...value.filter((item) => !list.some((known) => equal(known, item)))]
        : mergeList(list, value, keys.patch, elementType(wanted));
    return ordered(merged, order ?? value, keys.patch, list);
  }
  if (isObject(value)) {
    const inner = wanted?.startsWith("{}") ? elementType(wanted) : wanted;
    return strategicMerge(isObject(old) ? old : {}, value, inner);
  }
  return value;
}

function mergeList(
  list: readonly unknown[],
  patches: readonly unknown[],
  key: string,
  type: FieldType | undefined,
): unknown[] {
  if (patches.some((item) => isObject(item) && item["$patch"] === "replace" && item[key] === undefined)) {
    return patches.filter((item) => !(isObject(item) && item["$patch"] === "replace")).map((item) => copy(item));
  }
  const result = [...list];
  for (const item of patches) {
    if (!isObject(item)) continue;
    const id = item[key];
    if (id === undefined) {
      throw failure(500, "", `map: ${goMap(item)} does not contain declared merge key: ${key}`);
    }
    const index = result.findIndex((known) => isObject(known) && equal(known[key], id));
    const known = result[index];
    if (item["$patch"] === "delete") {
      if (index >= 0) result.splice(index, 1);
    } else if (index >= 0 && isObject(known)) result[index] = strategicMerge(known, item, type);
    else result.push(strategicMerge({}, item, type));
  }
  return result;
}

const goMap = (item: JsonObject): string =>
  `map[${Object.entries(item)
    .map(([field, value]) => `${field}:${String(value)}`)
    .join(" ")}]`;

/**
 * Elements that the patch names come in its order; the server's own keep theirs. Where the two meet, an element of the
 * server's comes first only when it already stood before the other.
 */
function ordered(list: readonly unknown[], order: unknown, key: string, before: readonly unknown[]): unknown[] {
  if (!Array.isArray(order)) return [...list];
  const idOf = (item: unknown): unknown => (key !== "" && isObject(item) ? item[key] : item);
  const place = (items: readonly unknown[], item: unknown): number =>
    items.findIndex((other) => equal(idOf(other), idOf(item)));
  const named = list.filter((item) => place(order, item) >= 0).sort((a, b) => place(order, a) - place(order, b));
  const others = list.filter((item) => place(order, item) < 0);
  const result: unknown[] = [];
  for (const item of others) {
    const own = place(before, item);
    while (named.length > 0) {
      const other = place(before, named[0]);
      if (own >= 0 && other >= 0 && own < other) break;
      result.push(named.shift());
    }
    result.push(item);
  }
  return [...result, ...named];
}

function withoutDirectives(patch: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const [field, value] of Object.entries(patch)) if (!field.startsWith("$")) result[field] = copy(value);
  return result;
}
