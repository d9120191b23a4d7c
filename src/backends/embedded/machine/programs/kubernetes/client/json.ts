/** Reads fields of JSON whose shape nobody promised. */
export type Json = Record<string, unknown>;

export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The object at a path; empty when something on the way is missing. */
export function objectAt(value: unknown, ...path: string[]): Json {
  const found = at(value, ...path);
  return isObject(found) ? found : {};
}

function at(value: unknown, ...path: string[]): unknown {
  let current = value;
  for (const key of path) {
    if (!isObject(current)) return undefined;
    current = current[key];
  }
  return current;
}

/** The text at a path; numbers and booleans as text, anything else empty. */
export function textAt(value: unknown, ...path: string[]): string {
  const found = at(value, ...path);
  return typeof found === "string"
    ? found
    : typeof found === "number" || typeof found === "boolean"
      ? String(found)
      : "";
}

export function numberAt(value: unknown, ...path: string[]): number | undefined {
  const found = at(value, ...path);
  return typeof found === "number" ? found : undefined;
}

export function listAt(value: unknown, ...path: string[]): unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

export const objectsAt = (value: unknown, ...path: string[]): Json[] => listAt(value, ...path).filter(isObject);

/** String values of the map at a path, by sorted key. */
export function mapAt(value: unknown, ...path: string[]): [string, string][] {
  return Object.entries(objectAt(value, ...path))
    .map(([key, item]): [string, string] => [key, typeof item === "string" ? item : JSON.stringify(item)])
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

export const clone = <T>(value: T): T => structuredClone(value);

export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => equal(item, b[i]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => key in b && equal(a[key], b[key]));
}
