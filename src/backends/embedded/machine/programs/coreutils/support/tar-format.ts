import { decodeText, encodeText } from "./text.ts";

export interface TarEntry {
  name: string;
  type: "file" | "directory" | "symlink" | "link";
  /** Permission bits. */
  mode: number;
  uid: number;
  gid: number;
  /** Seconds since the epoch. */
  mtime: number;
  user: string;
  group: string;
  /** Target of a link. */
  link: string;
  data: Uint8Array;
}

const blockSize = 512;
const recordSize = 20 * blockSize;

const typeFlags = { file: "0", link: "1", symlink: "2", directory: "5" } as const;

function header(entry: Omit<TarEntry, "type" | "data">, flag: string, size: number): Uint8Array {
  const block = new Uint8Array(blockSize);
  const put = (at: number, bytes: Uint8Array, length: number): void => block.set(bytes.subarray(0, length), at);
  const octal = (at: number, value: number, digits: number): void =>
    put(at, encodeText(`${Math.max(0, Math.floor(value)).toString(8).padStart(digits, "0")}\0`), digits + 1);
  put(0, encodeText(entry.name), 100);
  octal(100, entry.mode & 0o7777, 7);
  octal(108, entry.uid, 7);
  octal(116, entry.gid, 7);
  octal(124, size, 11);
  octal(136, entry.mtime, 11);
  put(148, encodeText("        "), 8);
  put(156, encodeText(flag), 1);
  put(157, encodeText(entry.link), 100);
  put(257, encodeText("ustar  \0"), 8);
  put(265, encodeText(entry.user), 31);
  put(297, encodeText(entry.group), 31);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(148, encodeText(`${sum.toString(8).padStart(6, "0")}\0 `), 8);
  return block;
}

const padded = (bytes: Uint8Array): Uint8Array => {
  const result = new Uint8Array(Math.ceil(bytes.length / blockSize) * blockSize);
  result.set(bytes);
  return result;
};

/** A name or target over 100 bytes goes before its entry, as GNU tar does it. */
function longName(text: string, flag: "L" | "K"): Uint8Array[] {
  const bytes = encodeText(`${text}\0`);
  if (bytes.length <= 101) return [];
  const fields = {
    name: "././@LongLink",
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: 0,
    user: "root",
    group: "root",
    link: "",
  };
  return [header(fields, flag, bytes.length), padded(bytes)];
}

/** The bytes of an archive in GNU's format. */
export function packTar(entries: readonly TarEntry[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const entry of entries) {
    const data = entry.type === "file" ? entry.data : new Uint8Array();
    parts.push(
      ...longName(entry.link, "K"),
      ...longName(entry.name, "L"),
      header(entry, typeFlags[entry.type], data.length),
      padded(data),
    );
  }
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const total = Math.ceil((size + 2 * blockSize) / recordSize) * recordSize;
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export interface TarContent {
  entries: TarEntry[];
  damaged: "no" | "truncated" | "not-tar";
}

/** Reads ustar, GNU and pax archives. */
export function readTar(bytes: Uint8Array): TarContent {
  const entries: TarEntry[] = [];
  let at = 0;
  let name: string | undefined;
  let link: string | undefined;
  let pax: Record<string, string> = {};
  const text = (from: number, length: number): string => {
    const field = bytes.subarray(from, from + length);
    const end = field.indexOf(0);
    return decodeText(end < 0 ? field : field.subarray(0, end));
  };
  const number = (from: number, length: number): number => {
    if (((bytes[from] ?? 0) & 0x80) !== 0)
      return bytes.subarray(from + 1, from + length).reduce((value, byte) => value * 256 + byte, 0);
    return Number.parseInt(text(from, length).trim() || "0", 8) || 0;
  };
  while (at + blockSize <= bytes.length) {
    const block = bytes.subarray(at, at + blockSize);
    if (block.every((byte) => byte === 0)) return { entries, damaged: "no" };
    const sum = block.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
    if (sum !== number(at + 148, 8)) return { entries, damaged: "not-tar" };
    const size = number(at + 124, 12);
    const flag = String.fromCharCode(bytes[at + 156] ?? 48);
    const from = at + blockSize;
    const data = bytes.subarray(from, from + size);
    const isPosix = text(at + 257, 8) === "ustar";
    const prefix = isPosix ? text(at + 345, 155) : "";
    const own = text(at, 100);
    const fields = {
      name: name ?? pax["path"] ?? (prefix === "" ? own : `${prefix}/${own}`),
      link: link ?? pax["linkpath"] ?? text(at + 157, 100),
    };
    at = from + Math.ceil(size / blockSize) * blockSize;
    if (flag === "L" || flag === "K") {
      const long = decodeText(data).replace(/\0+$/, "");
      if (flag === "L") name = long;
      else link = long;
      continue;
    }
    if (flag === "x" || flag === "g") {
      if (flag === "x") pax = paxFields(data);
      continue;
    }
    const base = at - Math.ceil(size / blockSize) * blockSize - blockSize;
    const type =
      flag === "5" || (flag === "\0" && fields.name.endsWith("/"))
        ? "directory"
        : flag === "2"
          ? "symlink"
          : flag === "1"
            ? "link"
            : "file";
    entries.push({
      ...fields,
      type,
      mode: number(base + 100, 8) & 0o7777,
      uid: Number(pax["uid"] ?? number(base + 108, 8)),
      gid: Number(pax["gid"] ?? number(base + 116, 8)),
      mtime: Math.floor(Number(pax["mtime"] ?? number(base + 136, 12))),
      user: text(base + 265, 32),
      group: text(base + 297, 32),
      data: type === "file" ? data.slice() : new Uint8Array(),
    });
    if (data.length < size) return { entries, damaged: "truncated" };
    name = undefined;
    link = undefined;
    pax = {};
  }
  if (bytes.length === 0) return { entries, damaged: "no" };
  return { entries, damaged: entries.length === 0 ? "not-tar" : "truncated" };
}

function paxFields(data: Uint8Array): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let at = 0; at < data.length;) {
    const space = data.indexOf(32, at);
    const length = Number(decodeText(data.subarray(at, space)));
    if (space < 0 || !(length > 0)) break;
    const record = decodeText(data.subarray(space + 1, at + length - 1));
    const equals = record.indexOf("=");
    fields[record.slice(0, equals)] = record.slice(equals + 1);
    at += length;
  }
  return fields;
}
