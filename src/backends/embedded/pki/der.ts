/** DER: the encoding of certificates. Only what the certificates of a cluster need. */

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  nothing: 0x05,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One element: tag, length and contents. */
export function element(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(contents);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Uint8Array.of(tag, length), content]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.concat([Uint8Array.of(tag, 0x80 | bytes.length, ...bytes), content]);
}

export const sequence = (...contents: readonly Uint8Array[]): Uint8Array => element(tags.sequence, ...contents);

/** A number of any size that is not negative, big end first. */
export function integer(bytes: Uint8Array): Uint8Array {
  let begin = 0;
  while (begin < bytes.length - 1 && bytes[begin] === 0) begin += 1;
  const sign = (bytes[begin] ?? 0) >= 0x80 ? Uint8Array.of(0) : new Uint8Array();
  return element(tags.integer, sign, bytes.subarray(begin));
}

export const bitString = (bytes: Uint8Array, unusedBits = 0): Uint8Array =>
  element(tags.bitString, Uint8Array.of(unusedBits), bytes);

/** An object identifier from its dotted form. */
export function objectIdentifier(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes: number[] = [];
  for (const part of [first * 40 + second, ...rest]) {
    const groups = [part % 128];
    for (let left = Math.floor(part / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left % 128) + 128);
    bytes.push(...groups);
  }
  return element(tags.objectIdentifier, Uint8Array.from(bytes));
}

/** PrintableString where its few characters suffice, else UTF8String. */
export function text(value: string): Uint8Array {
  const isPrintable = /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value);
  return element(isPrintable ? tags.printableString : tags.utf8String, Buffer.from(value));
}

/** A moment in whole seconds, as certificates write it. */
export function time(milliseconds: number): Uint8Array {
  const date = new Date(milliseconds);
  const digits = date.toISOString().slice(0, 19).replaceAll(/[-:T]/g, "");
  const isShort = date.getUTCFullYear() < 2050;
  return element(isShort ? tags.utcTime : tags.generalizedTime, Buffer.from(`${isShort ? digits.slice(2) : digits}Z`));
}

interface Element {
  tag: number;
  content: Uint8Array;
  /** With tag and length. */
  whole: Uint8Array;
}

/** The elements that stand one after the other in `bytes`. Throws RangeError when they do not fill it. */
export function elementsOf(bytes: Uint8Array): Element[] {
  const found: Element[] = [];
  let at = 0;
  while (at < bytes.length) {
    const begin = at;
    const tag = bytes[at] ?? 0;
    let length = bytes[at + 1] ?? 0;
    at += 2;
    if (length >= 0x80) {
      const count = length & 0x7f;
      length = 0;
      for (const byte of bytes.subarray(at, at + count)) length = length * 256 + byte;
      at += count;
    }
    if (at + length > bytes.length) throw new RangeError("the element is longer than what holds it");
    found.push({ tag, content: bytes.subarray(at, at + length), whole: bytes.subarray(begin, at + length) });
    at += length;
  }
  return found;
}
