/** JSON as Go's encoder writes a map: sorted keys, `<`, `>` and `&` escaped. `indent` empty prints one line. */
export function toJson(value: unknown, indent = ""): string {
  const text = indent === "" ? JSON.stringify(sorted(value)) : JSON.stringify(sorted(value), undefined, indent);
  return (text ?? "null").replaceAll("<", "\\u003c").replaceAll(">", "\\u003e").replaceAll("&", "\\u0026");
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  // Object.fromEntries would reorder integer-like keys; JSON.stringify follows the same order, which Go sorts as text.
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([k, v]) => [k, sorted(v)]));
}
