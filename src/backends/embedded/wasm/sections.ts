/** One section of a module: `start` is its id's offset, the body lies between `bodyStart` and `end`. */
export interface Section {
  id: number;
  start: number;
  bodyStart: number;
  end: number;
}

export const sectionIds = { memory: 5, code: 10, data: 11, dataCount: 12 } as const;

/** True for the first bytes of a core module, version 1. */
export const isModule = (bytes: Uint8Array): boolean =>
  bytes.length >= 8 && [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00].every((byte, index) => bytes[index] === byte);

/** An unsigned LEB128 number at `at`, and the offset behind it. Throws RangeError when cut off. */
export function readUnsigned(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0;
  let factor = 1;
  for (let position = at; ; position += 1) {
    const byte = bytes[position];
    if (byte === undefined || position - at > 4) throw new RangeError("malformed number");
    value += (byte & 0x7f) * factor;
    if ((byte & 0x80) === 0) return { value, next: position + 1 };
    factor *= 128;
  }
}

/** A signed 32-bit LEB128 number at `at`, and the offset behind it. */
export function readSigned(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0;
  let shift = 0;
  for (let position = at; ; position += 1) {
    const byte = bytes[position];
    if (byte === undefined || position - at > 4) throw new RangeError("malformed number");
    if (shift < 32) value |= (byte & 0x7f) << shift;
    shift += 7;
    if ((byte & 0x80) !== 0) continue;
    if (shift < 32 && (byte & 0x40) !== 0) value |= -1 << shift;
    return { value, next: position + 1 };
  }
}

export function unsigned(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return Uint8Array.from(bytes);
}

export function signed(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value | 0; ; rest >>= 7) {
    const low = rest & 0x7f;
    const next = rest >> 7;
    if ((next === 0 && (low & 0x40) === 0) || (next === -1 && (low & 0x40) !== 0)) {
      bytes.push(low);
      return Uint8Array.from(bytes);
    }
    bytes.push(low | 0x80);
  }
}

/** The sections of a module in order. Throws RangeError when the module is malformed. */
export function sectionsOf(bytes: Uint8Array): Section[] {
  const sections: Section[] = [];
  for (let at = 8; at < bytes.length;) {
    const size = readUnsigned(bytes, at + 1);
    const end = size.next + size.value;
    if (end > bytes.length) throw new RangeError("section reaches beyond the module");
    sections.push({ id: bytes[at] ?? 0, start: at, bodyStart: size.next, end });
    at = end;
  }
  return sections;
}

/** A whole section around a new body. */
export function sectionWith(id: number, body: Uint8Array): Uint8Array {
  return Uint8Array.from([id, ...unsigned(body.length), ...body]);
}

/** A custom section, which engines pass over. */
export function customSection(name: string, content: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(name);
  return sectionWith(0, concatenated([unsigned(text.length), text, content]));
}

/**
 * The module with the maximum of its own memory lowered to `pages` of 64 KiB; undefined when it asks for more at the
 * start. A module without a memory of its own is returned as it is.
 */
export function withMemoryLimit(bytes: Uint8Array, pages: number): Uint8Array | undefined {
  const section = sectionsOf(bytes).find(({ id }) => id === sectionIds.memory);
  if (!section) return bytes;
  const count = readUnsigned(bytes, section.bodyStart);
  if (count.value !== 1) return bytes;
  const flags = bytes[count.next] ?? 0;
  const minimum = readUnsigned(bytes, count.next + 1);
  if (minimum.value > pages) return undefined;
  if ((flags & 1) !== 0 && readUnsigned(bytes, minimum.next).value <= pages) return bytes;
  const body = Uint8Array.from([1, flags | 1, ...unsigned(minimum.value), ...unsigned(pages)]);
  return concatenated([bytes.subarray(0, section.start), sectionWith(section.id, body), bytes.subarray(section.end)]);
}

export function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
