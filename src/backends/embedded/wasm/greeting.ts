import {
  concatenated,
  readSigned,
  readUnsigned,
  sectionIds,
  sectionsOf,
  sectionWith,
  signed,
  unsigned,
} from "./sections.ts";
import type { Section } from "./sections.ts";

/** Where a module keeps its greeting; offsets are in the file, operands of constants, written with five bytes. */
export interface GreetingSlots {
  /** Address in the module's memory. */
  address: number;
  /** Bytes reserved there. */
  capacity: number;
  dataOffset: number;
  pointers: number[];
  lengths: number[];
}

const constant = 0x41;
const longConstant = 0x42;
const operandBytes = 5;
const page = 65_536;

/**
 * Makes the module's greeting replaceable: finds the code that refers to `placeholder` and gives its length operands
 * room for any number. Throws RangeError when the placeholder is not found exactly once.
 */
export function makeReplaceable(bytes: Uint8Array, placeholder: string): { bytes: Uint8Array; slots: GreetingSlots } {
  const text = new TextEncoder().encode(placeholder);
  const before = sectionsOf(bytes);
  const code = sectionNamed(before, sectionIds.code);
  const address = addressOf(bytes, sectionNamed(before, sectionIds.data), text);
  const functions: Uint8Array[] = [];
  let found = 0;
  const count = readUnsigned(bytes, code.bodyStart);
  for (let at = count.next, index = 0; index < count.value; index += 1) {
    const size = readUnsigned(bytes, at);
    const body = bytes.subarray(size.next, size.next + size.value);
    at = size.next + size.value;
    if (operandsOf(body, address).length === 0) {
      functions.push(unsigned(body.length), body);
      continue;
    }
    found += 1;
    const wide = widened(widened(body, address), text.length);
    functions.push(unsigned(wide.length), wide);
  }
  if (found !== 1) throw new RangeError(`the greeting's address is used in ${found} functions`);
  const newCode = sectionWith(code.id, concatenated([unsigned(count.value), ...functions]));
  const result = concatenated([bytes.subarray(0, code.start), newCode, bytes.subarray(code.end)]);

  const after = sectionsOf(result);
  const codeAfter = sectionNamed(after, sectionIds.code);
  const data = sectionNamed(after, sectionIds.data);
  const owner = functionWith(result, codeAfter, address);
  const slots = {
    address,
    capacity: text.length,
    dataOffset: indexOfBytes(result, text, data.bodyStart, data.end),
    pointers: operandsOf(result.subarray(owner.start, owner.end), address).map((offset) => offset + owner.start),
    lengths: operandsOf(result.subarray(owner.start, owner.end), text.length).map((offset) => offset + owner.start),
  };
  return { bytes: result, slots };
}

/** The module with another greeting, of any length. */
export function withGreeting(bytes: Uint8Array, slots: GreetingSlots, greeting: string): Uint8Array {
  const text = new TextEncoder().encode(greeting);
  const patched = bytes.slice();
  for (const offset of slots.lengths) patched.set(wideOperand(text.length), offset);
  if (text.length <= slots.capacity) {
    patched.fill(0, slots.dataOffset, slots.dataOffset + slots.capacity);
    patched.set(text, slots.dataOffset);
    for (const offset of slots.pointers) patched.set(wideOperand(slots.address), offset);
    return patched;
  }
  const sections = sectionsOf(patched);
  const memory = sectionNamed(sections, sectionIds.memory);
  const flags = patched[memory.bodyStart + 1] ?? 0;
  const minimum = readUnsigned(patched, memory.bodyStart + 2);
  // New pages at the end of the initial memory: the allocator's heap ends below them.
  const address = minimum.value * page;
  for (const offset of slots.pointers) patched.set(wideOperand(address), offset);
  const pages = minimum.value + Math.ceil(text.length / page);
  const maximum = (flags & 1) === 0 ? [] : [...unsigned(Math.max(pages, readUnsigned(patched, minimum.next).value))];
  return concatenated([
    patched.subarray(0, 8),
    ...sections.map((section) => {
      if (section.id === sectionIds.memory) {
        return sectionWith(section.id, Uint8Array.from([1, flags, ...unsigned(pages), ...maximum]));
      }
      if (section.id === sectionIds.dataCount) {
        return sectionWith(section.id, unsigned(readUnsigned(patched, section.bodyStart).value + 1));
      }
      if (section.id !== sectionIds.data) return patched.subarray(section.start, section.end);
      const count = readUnsigned(patched, section.bodyStart);
      const segment = Uint8Array.from([0, constant, ...signed(address), 0x0b, ...unsigned(text.length)]);
      const others = patched.subarray(count.next, section.end);
      return sectionWith(section.id, concatenated([unsigned(count.value + 1), others, segment, text]));
    }),
  ]);
}

function sectionNamed(sections: readonly Section[], id: number): Section {
  const section = sections.find((candidate) => candidate.id === id);
  if (!section) throw new RangeError(`the module has no section ${id}`);
  return section;
}

/** The address of `text` in memory, from the active data segment that holds it. */
function addressOf(bytes: Uint8Array, section: Section, text: Uint8Array): number {
  const count = readUnsigned(bytes, section.bodyStart);
  const addresses: number[] = [];
  for (let at = count.next, index = 0; index < count.value; index += 1) {
    if (bytes[at] !== 0 || bytes[at + 1] !== constant) throw new RangeError("a data segment has no constant address");
    const offset = readSigned(bytes, at + 2);
    const size = readUnsigned(bytes, offset.next + 1);
    const found = indexOfBytes(bytes, text, size.next, size.next + size.value);
    if (found >= 0) addresses.push(offset.value + found - size.next);
    at = size.next + size.value;
  }
  const [address] = addresses;
  if (address === undefined || addresses.length > 1) throw new RangeError("the greeting is not in exactly one segment");
  return address;
}

/** Offsets of the operands of `i32.const value` and `i64.const value` in a function's body. */
function operandsOf(body: Uint8Array, value: number): number[] {
  const offsets: number[] = [];
  for (const [index, byte] of body.entries()) {
    if (byte !== constant && byte !== longConstant) continue;
    try {
      if (readSigned(body, index + 1).value === value) offsets.push(index + 1);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  return offsets;
}

function widened(body: Uint8Array, value: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let done = 0;
  for (const offset of operandsOf(body, value)) {
    parts.push(body.subarray(done, offset), wideOperand(value));
    done = readSigned(body, offset).next;
  }
  return concatenated([...parts, body.subarray(done)]);
}

function wideOperand(value: number): Uint8Array {
  const bytes = new Uint8Array(operandBytes);
  for (let index = 0; index < operandBytes; index += 1) {
    bytes[index] = ((value >> (7 * index)) & 0x7f) | (index < operandBytes - 1 ? 0x80 : 0);
  }
  return bytes;
}

function functionWith(bytes: Uint8Array, code: Section, address: number): { start: number; end: number } {
  const count = readUnsigned(bytes, code.bodyStart);
  for (let at = count.next, index = 0; index < count.value; index += 1) {
    const size = readUnsigned(bytes, at);
    const end = size.next + size.value;
    if (operandsOf(bytes.subarray(size.next, end), address).length > 0) return { start: size.next, end };
    at = end;
  }
  throw new RangeError("no function refers to the greeting");
}

function indexOfBytes(bytes: Uint8Array, wanted: Uint8Array, from: number, to: number): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, to).indexOf(wanted, from);
}
