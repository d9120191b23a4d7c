import { crc32 } from "node:zlib";
import { concat } from "../../machine/io.ts";

const magic = Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00);
/** The check of the content is a CRC32. */
const streamFlags = Uint8Array.of(0x00, 0x01);
const lzma2 = 0x21;
const largestDictionary = 40;
const chunkSize = 65_536;
const firstChunk = 1;
const nextChunk = 2;

const number32 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
};

const padding = (length: number): Uint8Array => new Uint8Array((4 - (length % 4)) % 4);

function variable(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 0x80);
  }
}

export const isXz = (bytes: Uint8Array): boolean => magic.every((byte, index) => bytes[index] === byte);

/** An .xz stream that every xz can read. Simplified: a real one compresses; this stores. */
export function packXz(content: Uint8Array): Uint8Array {
  const header = Uint8Array.of(2, 0, lzma2, 1, largestDictionary, 0, 0, 0);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < content.length; at += chunkSize) {
    const chunk = content.subarray(at, at + chunkSize);
    const size = chunk.length - 1;
    chunks.push(Uint8Array.of(at === 0 ? firstChunk : nextChunk, size >> 8, size & 0xff), chunk);
  }
  const data = concat([...chunks, Uint8Array.of(0)]);
  const block = concat([header, number32(crc32(header)), data]);
  const check = number32(crc32(content));
  const records = Uint8Array.of(0, 1, ...variable(block.length + check.length), ...variable(content.length));
  const index = concat([records, padding(records.length)]);
  const footer = concat([number32((index.length + 4) / 4 - 1), streamFlags]);
  return concat([
    magic,
    streamFlags,
    number32(crc32(streamFlags)),
    block,
    padding(block.length),
    check,
    index,
    number32(crc32(index)),
    number32(crc32(footer)),
    footer,
    Uint8Array.of(0x59, 0x5a),
  ]);
}

/** The content of a stream that `packXz` wrote. Throws RangeError for any other. */
export function unpackXz(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 24; ;) {
    const control = bytes[at];
    if (control === 0) return concat(parts);
    if (control !== firstChunk && control !== nextChunk) throw new RangeError("not a stored xz stream");
    const size = (((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)) + 1;
    if (at + 3 + size > bytes.length) throw new RangeError("the xz stream is cut off");
    parts.push(bytes.subarray(at + 3, at + 3 + size));
    at += 3 + size;
  }
}
