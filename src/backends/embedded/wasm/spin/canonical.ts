/**
 * The part of the component model's canonical ABI that a core module's imports need: values of WIT types to and from
 * flat core values and the guest's memory.
 */
export type Type =
  | "bool"
  | "u8"
  | "u16"
  | "u32"
  | "u64"
  | "string"
  /** A resource's handle: taken over (`own`) or lent (`borrow`). */
  | "own"
  | "borrow"
  | { kind: "list"; of: Type }
  /** Tuples and records alike. */
  | { kind: "tuple"; of: readonly Type[] }
  | { kind: "variant"; cases: readonly (readonly [name: string, of: Type | undefined])[] };

/** A variant's value; `value` is absent where the case carries none. */
export interface Case {
  case: string;
  value?: unknown;
}

export const list = (of: Type): Type => ({ kind: "list", of });
export const tuple = (...of: readonly Type[]): Type => ({ kind: "tuple", of });
export const variant = (...cases: readonly (readonly [string, Type?])[]): Type => ({
  kind: "variant",
  cases: cases.map(([name, of]) => [name, of]),
});
export const option = (of: Type): Type => variant(["none"], ["some", of]);
export const result = (ok?: Type, error?: Type): Type => ({
  kind: "variant",
  cases: [
    ["ok", ok],
    ["error", error],
  ],
});

export const none: Case = { case: "none" };
export const some = (value: unknown): Case => ({ case: "some", value });
export const ok = (value?: unknown): Case => ({ case: "ok", value });
export const failed = (value?: unknown): Case => ({ case: "error", value });

/** A guest that breaks the ABI, such as a handle that it does not have; it ends like any other trap. */
export class GuestError extends Error {
  override readonly name = "GuestError";
}

export interface FunctionType {
  parameters: readonly Type[];
  result: Type | undefined;
}

/** What the ABI needs of a module's instance. */
export interface Guest {
  memory(): ArrayBuffer;
  /** Space in the guest's memory for `size` bytes. */
  allocate(alignment: number, size: number): number;
}

type CoreType = "i32" | "i64";

const maximumParameters = 16;

/** A host function as a core module imports it. */
export function lowered(
  guest: Guest,
  type: FunctionType,
  run: (...values: readonly unknown[]) => unknown,
): (...core: readonly (number | bigint)[]) => number | bigint | undefined {
  const isIndirect = type.parameters.flatMap(flattened).length > maximumParameters;
  const inMemory = type.result !== undefined && flattened(type.result).length > 1;
  return (...core) => {
    const values = core.values();
    const parameters = tuple(...type.parameters);
    const given = isIndirect
      ? load(new View(guest), Number(values.next().value) >>> 0, parameters)
      : lift(new View(guest), parameters, values);
    const returned = run(...(Array.isArray(given) ? given : []));
    if (type.result === undefined) return undefined;
    if (inMemory) {
      store(guest, Number(core.at(-1)) >>> 0, type.result, returned);
      return undefined;
    }
    return lowerOne(type.result, returned);
  };
}

function flattened(type: Type): CoreType[] {
  if (typeof type === "string") return type === "u64" ? ["i64"] : type === "string" ? ["i32", "i32"] : ["i32"];
  if (type.kind === "list") return ["i32", "i32"];
  if (type.kind === "tuple") return type.of.flatMap(flattened);
  const payload: CoreType[] = [];
  for (const [, of] of type.cases) {
    for (const [index, core] of (of === undefined ? [] : flattened(of)).entries()) {
      payload[index] = payload[index] === undefined || payload[index] === core ? core : "i64";
    }
  }
  return ["i32", ...payload];
}

function alignment(type: Type): number {
  if (typeof type === "string") {
    if (type === "bool" || type === "u8") return 1;
    return type === "u16" ? 2 : type === "u64" ? 8 : 4;
  }
  if (type.kind === "list") return 4;
  const parts = type.kind === "tuple" ? type.of : type.cases.flatMap(([, of]) => (of === undefined ? [] : [of]));
  return Math.max(1, ...parts.map(alignment));
}

const aligned = (offset: number, to: number): number => Math.ceil(offset / to) * to;

function sizeOf(type: Type): number {
  if (typeof type === "string") return type === "string" ? 8 : alignment(type);
  if (type.kind === "list") return 8;
  if (type.kind === "tuple") {
    let size = 0;
    for (const part of type.of) size = aligned(size, alignment(part)) + sizeOf(part);
    return aligned(size, alignment(type));
  }
  const payload = type.cases.map(([, of]) => (of === undefined ? 0 : sizeOf(of)));
  return aligned(payloadOffset(type) + Math.max(0, ...payload), alignment(type));
}

/** Variants here have at most 256 cases, so that the number of the case is one byte. */
function payloadOffset(type: Extract<Type, { kind: "variant" }>): number {
  return aligned(1, Math.max(1, ...type.cases.map(([, of]) => (of === undefined ? 1 : alignment(of)))));
}

/** The guest's memory at this moment; an allocation may replace it. */
class View {
  readonly data: DataView;
  constructor(guest: Guest) {
    this.data = new DataView(guest.memory());
  }
  bytes(at: number, length: number): Uint8Array {
    if (at + length > this.data.byteLength) throw new GuestError("pointer out of bounds of memory");
    return new Uint8Array(this.data.buffer, at, length).slice();
  }
  text(at: number, length: number): string {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.bytes(at, length));
    } catch (error) {
      if (error instanceof TypeError) throw new GuestError("invalid utf-8 in a string");
      throw error;
    }
  }
}

function lift(view: View, type: Type, core: IterableIterator<number | bigint>): unknown {
  const number = (): number => Number(BigInt.asUintN(32, BigInt(core.next().value ?? 0)));
  if (typeof type === "string") {
    if (type === "u64") return BigInt.asUintN(64, BigInt(core.next().value ?? 0));
    if (type !== "string") return scalar(type, number());
    const at = number();
    return view.text(at, number());
  }
  if (type.kind === "list") {
    const at = number();
    return loadList(view, at, number(), type.of);
  }
  if (type.kind === "tuple") return type.of.map((part) => lift(view, part, core));
  const slots = flattened(type).length - 1;
  const [name, of] = caseAt(type, number());
  const payload = Array.from({ length: slots }, () => core.next().value ?? 0);
  return of === undefined ? { case: name } : { case: name, value: lift(view, of, payload.values()) };
}

const scalar = (type: string, value: number): unknown =>
  type === "bool" ? value !== 0 : type === "u8" ? value & 0xff : type === "u16" ? value & 0xffff : value;

function caseAt(
  type: Extract<Type, { kind: "variant" }>,
  index: number,
): readonly [name: string, of: Type | undefined] {
  const found = type.cases[index];
  if (!found) throw new GuestError("unexpected discriminant");
  return found;
}

function loadList(view: View, at: number, length: number, of: Type): unknown {
  if (of === "u8") return view.bytes(at, length);
  const size = sizeOf(of);
  if (at + length * size > view.data.byteLength) throw new GuestError("list out of bounds of memory");
  return Array.from({ length }, (_none, index) => load(view, at + index * size, of));
}

function load(view: View, at: number, type: Type): unknown {
  const { data } = view;
  if (at + sizeOf(type) > data.byteLength) throw new GuestError("pointer out of bounds of memory");
  if (typeof type === "string") {
    if (type === "u64") return data.getBigUint64(at, true);
    if (type === "string") return view.text(data.getUint32(at, true), data.getUint32(at + 4, true));
    const size = sizeOf(type);
    const value = size === 1 ? data.getUint8(at) : size === 2 ? data.getUint16(at, true) : data.getUint32(at, true);
    return scalar(type, value);
  }
  if (type.kind === "list") return loadList(view, data.getUint32(at, true), data.getUint32(at + 4, true), type.of);
  if (type.kind === "tuple") {
    let offset = at;
    return type.of.map((part) => {
      offset = aligned(offset, alignment(part));
      const value = load(view, offset, part);
      offset += sizeOf(part);
      return value;
    });
  }
  const [name, of] = caseAt(type, data.getUint8(at));
  return of === undefined ? { case: name } : { case: name, value: load(view, at + payloadOffset(type), of) };
}

/** The one core value of a result that has only one. */
function lowerOne(type: Type, value: unknown): number | bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "number") return value;
  if (typeof type !== "string" && type.kind === "variant") return caseIndex(type, value).index;
  throw new TypeError("a host function returned a value of another type");
}

function caseIndex(
  type: Extract<Type, { kind: "variant" }>,
  value: unknown,
): { index: number; of: Type | undefined; value: unknown } {
  const name = typeof value === "object" && value !== null && "case" in value ? value.case : undefined;
  const index = type.cases.findIndex(([known]) => known === name);
  const found = type.cases[index];
  if (!found) throw new TypeError(`a host function returned the unknown case ${String(name)}`);
  return { index, of: found[1], value: Object(value).value };
}

function store(guest: Guest, at: number, type: Type, value: unknown): void {
  if (at + sizeOf(type) > guest.memory().byteLength) throw new GuestError("pointer out of bounds of memory");
  if (typeof type === "string") return storeScalar(guest, at, type, value);
  if (type.kind === "list") {
    if (type.of === "u8" && value instanceof Uint8Array) return storeBytes(guest, at, value);
    const items = Array.isArray(value) ? value : [];
    const size = sizeOf(type.of);
    const place = guest.allocate(alignment(type.of), size * items.length);
    for (const [index, item] of items.entries()) store(guest, place + index * size, type.of, item);
    storePair(guest, at, place, items.length);
    return;
  }
  if (type.kind === "tuple") {
    const parts = Array.isArray(value) ? value : [];
    let offset = at;
    for (const [index, part] of type.of.entries()) {
      offset = aligned(offset, alignment(part));
      store(guest, offset, part, parts[index]);
      offset += sizeOf(part);
    }
    return;
  }
  const chosen = caseIndex(type, value);
  new DataView(guest.memory()).setUint8(at, chosen.index);
  if (chosen.of !== undefined) store(guest, at + payloadOffset(type), chosen.of, chosen.value);
}

function storeScalar(guest: Guest, at: number, type: string, value: unknown): void {
  if (type === "string") return storeBytes(guest, at, new TextEncoder().encode(String(value)));
  const data = new DataView(guest.memory());
  if (type === "u64")
    data.setBigUint64(at, BigInt.asUintN(64, typeof value === "bigint" ? value : BigInt(Number(value))), true);
  else if (type === "bool" || type === "u8") data.setUint8(at, Number(value));
  else if (type === "u16") data.setUint16(at, Number(value), true);
  else data.setUint32(at, Number(value), true);
}

function storeBytes(guest: Guest, at: number, bytes: Uint8Array): void {
  const place = guest.allocate(1, bytes.length);
  if (place + bytes.length > guest.memory().byteLength) throw new GuestError("realloc return: beyond end of memory");
  new Uint8Array(guest.memory(), place, bytes.length).set(bytes);
  storePair(guest, at, place, bytes.length);
}

function storePair(guest: Guest, at: number, first: number, second: number): void {
  const data = new DataView(guest.memory());
  data.setUint32(at, first, true);
  data.setUint32(at + 4, second, true);
}
