/** A JSON object whose fields are looked at before they are believed. */
export type JsonObject = { [field: string]: unknown };

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Names that must never be used as keys of a plain object. */
export const isUnsafeKey = (key: string): boolean => key === "__proto__";

/** The value at a path of fields; undefined where the path ends early. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let current = value;
  for (const field of path) {
    if (!isObject(current) || !Object.hasOwn(current, field)) return undefined;
    current = current[field];
  }
  return current;
}

export function objectAt(value: unknown, ...path: readonly string[]): JsonObject | undefined {
  const found = at(value, ...path);
  return isObject(found) ? found : undefined;
}

export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The objects of a list; anything else in it is passed over. */
export function objectsAt(value: unknown, ...path: readonly string[]): readonly JsonObject[] {
  return listAt(value, ...path).filter(isObject);
}

export function textAt(value: unknown, ...path: readonly string[]): string {
  const found = at(value, ...path);
  return typeof found === "string" ? found : "";
}

export function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = at(value, ...path);
  return typeof found === "number" ? found : undefined;
}

/** The strings of a map, such as labels. */
export function mapAt(value: unknown, ...path: readonly string[]): Record<string, string> {
  const found = objectAt(value, ...path);
  const result: Record<string, string> = {};
  for (const [key, item] of Object.entries(found ?? {})) if (typeof item === "string") result[key] = item;
  return result;
}

/** The object in a field, made when there is none. */
export function childOf(parent: JsonObject, field: string): JsonObject {
  const found = parent[field];
  if (isObject(found)) return found;
  const made: JsonObject = {};
  parent[field] = made;
  return made;
}

/** Sets a field that is absent or null. */
export function setDefault(parent: JsonObject, field: string, value: unknown): void {
  if (parent[field] === undefined || parent[field] === null) parent[field] = value;
}

/** A deep copy of JSON. */
export function copy<T>(value: T): T;
export function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => copy(item));
  if (!isObject(value)) return value;
  const result: JsonObject = {};
  for (const key in value) if (!isUnsafeKey(key)) result[key] = copy(value[key]);
  return result;
}

/** Deep equality of JSON; a field that is undefined counts as absent. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => equal(item, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  for (const key in a) if (!equal(a[key], b[key])) return false;
  for (const key in b) if (b[key] !== undefined && a[key] === undefined) return false;
  return true;
}
