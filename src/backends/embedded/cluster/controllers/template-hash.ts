import type { PodTemplate } from "./types.ts";

const alphabet = "bcdfghjklmnpqrstvwxz2456789";

/**
 * The label that tells the pods of one template from those of another.
 * Simplified: the original hashes Go's dump of the template's structs; this hashes its JSON with the same function and alphabet.
 */
export function podTemplateHash(template: PodTemplate, collisionCount?: number): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(stable(template) + (collisionCount ?? ""))) {
    hash ^= byte;
    hash = Math.imul(hash, 0x01000193) >>> 0;
  }
  return Array.from(String(hash), (digit) => alphabet[digit.charCodeAt(0) % alphabet.length]).join("");
}

function stable(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => stable(item)).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, member]) => member !== undefined && member !== null);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, member]) => `${key}:${stable(member)}`).join(",")}}`;
  }
  return JSON.stringify(value) ?? "";
}
