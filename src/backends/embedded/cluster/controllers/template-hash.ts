import { isObject } from "../json.ts";
import { structs } from "./pod-template-structs.ts";
import type { PodTemplate } from "./types.ts";

const alphabet = "bcdfghjklmnpqrstvwxz2456789";

/**
 * The label that tells the pods of one template from those of another: FNV-1a over a dump of the template's Go structs.
 * Simplified: parts that labs do not use (projected volumes, storage of clouds) are dumped as JSON.
 */
export function podTemplateHash(template: PodTemplate, collisionCount?: number, version = "1.28"): string {
  const minor = Number(/^v?1\.(\d+)/.exec(version)?.[1] ?? 28);
  const bytes = [...new TextEncoder().encode(dump("v1.PodTemplateSpec", template, minor, true))];
  if (collisionCount !== undefined) {
    for (let byte = 0; byte < 8; byte += 1) bytes.push(byte < 4 ? (collisionCount >>> (8 * byte)) & 0xff : 0);
  }
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return Array.from(String(hash), (digit) => alphabet[digit.charCodeAt(0) % alphabet.length]).join("");
}

const zeroTime = "{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}";

/** A value as Go's spew writes it with `%#v`; elements of lists and maps go without their type. */
function dump(type: string, value: unknown, minor: number, typed: boolean): string {
  if (type.startsWith("*")) {
    if (value === undefined || value === null) return typed ? `(${type})<nil>` : "<nil>";
    return `${typed ? `(${type})` : "<*>"}${dump(type.slice(1), value, minor, false)}`;
  }
  const head = typed ? `(${type})` : "";
  if (type.startsWith("[]")) {
    if (!Array.isArray(value)) return `${head}<nil>`;
    return `${head}[${value.map((item) => dump(type.slice(2), item, minor, false)).join(" ")}]`;
  }
  if (type.startsWith("map[") || type === "v1.ResourceList") {
    if (!isObject(value)) return `${head}<nil>`;
    const inner = type === "v1.ResourceList" ? "resource.Quantity" : "string";
    const entries = Object.keys(value)
      .toSorted()
      .map((key) => `${key}:${dump(inner, value[key], minor, false)}`);
    return `${head}map[${entries.join(" ")}]`;
  }
  if (type === "v1.Time") return head + zeroTime;
  if (type === "resource.Quantity") return head + quantity(value);
  if (type === "intstr.IntOrString") {
    const isText = typeof value === "string";
    const number = typeof value === "number" ? value : 0;
    return `${head}{Type:(intstr.Type)${isText ? 1 : 0} IntVal:(int32)${number} StrVal:(string)${isText ? value : ""}}`;
  }
  const fields = structs[type];
  if (fields !== undefined) return head + dumpStruct(fields, value, minor);
  if (type === "bool") return head + String(value === true);
  if (/^int\d+$/.test(type)) return head + String(typeof value === "number" ? value : 0);
  return head + (isObject(value) ? JSON.stringify(value) : typeof value === "string" ? value : "");
}

function dumpStruct(fields: string, value: unknown, minor: number): string {
  const parts: string[] = [];
  for (const field of fields.split(" ")) {
    const match = /^(\w+)(?:=(\w+))?(\^)?(?::([^@]+))?(?:@(\d+))?$/.exec(field);
    if (!match || Number(match[5] ?? 0) > minor) continue;
    const [, name = "", given, isEmbedded, type = "string"] = match;
    const key = given ?? name.charAt(0).toLowerCase() + name.slice(1);
    const inner = isEmbedded ? value : isObject(value) ? value[key] : undefined;
    parts.push(`${name}:${dump(type, inner, minor, true)}`);
  }
  return `{${parts.join(" ")}}`;
}

const binary: Readonly<Record<string, number>> = { Ki: 1, Mi: 2, Gi: 3, Ti: 4, Pi: 5, Ei: 6 };
const decimal: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };

/** A quantity's struct: an amount as written, binary ones multiplied out. */
function quantity(value: unknown): string {
  const text = typeof value === "number" ? String(value) : typeof value === "string" ? value : "0";
  const [, whole = "0", fraction = "", suffix = ""] = /^([-+]?\d+)(?:\.(\d+))?([a-zA-Z]*)$/.exec(text) ?? [];
  const power = binary[suffix];
  const amount = BigInt(whole + fraction) * (power === undefined ? 1n : 1024n ** BigInt(power));
  const scale = (decimal[suffix] ?? 0) - fraction.length;
  const format = power === undefined ? "DecimalSI" : "BinarySI";
  return `{i:(resource.int64Amount){value:(int64)${amount} scale:(resource.Scale)${scale}} d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>} s:(string)${text} Format:(resource.Format)${format}}`;
}
