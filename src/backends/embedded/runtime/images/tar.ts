import { gunzipSync, gzipSync } from "node:zlib";
import { concat, decode, encode } from "../../machine/io.ts";

/** One member of a tar archive; `path` has no leading slash, folders no trailing one. */
export interface TarEntry {
  path: string;
  type: "file" | "directory" | "symlink" | "link";
  mode: number;
  uid: number;
  gid: number;
  /** Milliseconds since the epoch. */
  mtime: number;
  bytes: Uint8Array;
  /** Where a link leads; empty for others. */
  target: string;
}

const block = 512;
const none = new Uint8Array();
const flags = { file: "0", link: "1", symlink: "2", directory: "5" } as const;

/** A member with the usual owner and permissions. */
export function tarFile(path: string, content: string | Uint8Array, mode = 0o644, mtime = 0): TarEntry {
  const bytes = typeof content === "string" ? encode(content) : content;
  return { path, type: "file", mode, uid: 0, gid: 0, mtime, bytes, target: "" };
}

export function tarDirectory(path: string, mode = 0o755, mtime = 0): TarEntry {
  return { path, type: "directory", mode, uid: 0, gid: 0, mtime, bytes: none, target: "" };
}

export function tarSymlink(path: string, target: string, mtime = 0): TarEntry {
  return { path, type: "symlink", mode: 0o777, uid: 0, gid: 0, mtime, bytes: none, target };
}

/** An archive in ustar format, with pax headers for long names. */
export function packTar(entries: readonly TarEntry[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  for (const entry of entries) {
    const path = entry.type === "directory" ? `${entry.path}/` : entry.path;
    const pax: Record<string, string> = {};
    if (encode(path).length > 100) pax["path"] = path;
    if (encode(entry.target).length > 100) pax["linkpath"] = entry.target;
    if (Object.keys(pax).length > 0) {
      const records = Object.entries(pax).map(([key, value]) => paxRecord(key, value));
      chunks.push(
        ...member(header("PaxHeaders/entry", "x", entry, encode(records.join("")).length), encode(records.join(""))),
      );
    }
    const bytes = entry.type === "file" ? entry.bytes : none;
    chunks.push(...member(header(path, flags[entry.type], entry, bytes.length), bytes));
  }
  chunks.push(new Uint8Array(block * 2));
  return concat(chunks);
}

/** Compressed without a time stamp, so that equal content has an equal digest. */
export const packTarGzip = (entries: readonly TarEntry[]): Uint8Array => new Uint8Array(gzipSync(packTar(entries)));

/** Members in order; gzip is recognised. Throws RangeError for what is no archive. */
export function unpackTar(archive: Uint8Array): TarEntry[] {
  const bytes = archive[0] === 0x1f && archive[1] === 0x8b ? new Uint8Array(gunzipSync(archive)) : archive;
  const entries: TarEntry[] = [];
  let long: Record<string, string> = {};
  for (let offset = 0; offset + block <= bytes.length;) {
    const head = bytes.subarray(offset, offset + block);
    if (head.every((byte) => byte === 0)) break;
    if (text(head, 257, 5) !== "ustar") throw new RangeError("This does not look like a tar archive");
    const size = octal(head, 124, 12);
    const content = bytes.subarray(offset + block, offset + block + size);
    offset += block + Math.ceil(size / block) * block;
    const flag = text(head, 156, 1) || "0";
    if (flag === "x" || flag === "g") {
      if (flag === "x") long = readPax(content);
      continue;
    }
    if (flag === "L" || flag === "K") {
      long[flag === "L" ? "path" : "linkpath"] = decode(content).replace(/\0.*$/s, "");
      continue;
    }
    const prefix = text(head, 345, 155);
    const path = (long["path"] ?? (prefix ? `${prefix}/` : "") + text(head, 0, 100)).replace(/^(\.?\/)+/, "");
    const target = long["linkpath"] ?? text(head, 157, 100);
    long = {};
    entries.push({
      path: path.replace(/\/+$/, ""),
      type: flag === "5" ? "directory" : flag === "2" ? "symlink" : flag === "1" ? "link" : "file",
      mode: octal(head, 100, 8) & 0o7777,
      uid: octal(head, 108, 8),
      gid: octal(head, 116, 8),
      mtime: octal(head, 136, 12) * 1000,
      bytes: content,
      target,
    });
  }
  return entries;
}

function header(path: string, flag: string, entry: TarEntry, size: number): Uint8Array {
  const head = new Uint8Array(block);
  const put = (at: number, length: number, value: string): void => head.set(encode(value).subarray(0, length), at);
  put(0, 100, path);
  put(100, 8, `${entry.mode.toString(8).padStart(7, "0")}\0`);
  put(108, 8, `${entry.uid.toString(8).padStart(7, "0")}\0`);
  put(116, 8, `${entry.gid.toString(8).padStart(7, "0")}\0`);
  put(124, 12, `${size.toString(8).padStart(11, "0")}\0`);
  put(
    136,
    12,
    `${Math.floor(entry.mtime / 1000)
      .toString(8)
      .padStart(11, "0")}\0`,
  );
  put(148, 8, "        ");
  put(156, 1, flag);
  put(157, 100, entry.target);
  put(257, 8, "ustar\x0000");
  const sum = head.reduce((total, byte) => total + byte, 0);
  put(148, 8, `${sum.toString(8).padStart(6, "0")}\0 `);
  return head;
}

function member(head: Uint8Array, bytes: Uint8Array): Uint8Array[] {
  const rest = bytes.length % block;
  return rest === 0 ? [head, bytes] : [head, bytes, new Uint8Array(block - rest)];
}

function paxRecord(key: string, value: string): string {
  const body = ` ${key}=${value}\n`;
  const bare = encode(body).length;
  let length = bare + String(bare).length;
  if (String(length).length !== String(bare).length) length = bare + String(length).length;
  return length + body;
}

function readPax(content: Uint8Array): Record<string, string> {
  const records: Record<string, string> = {};
  for (let offset = 0; offset < content.length;) {
    const space = content.indexOf(0x20, offset);
    const length = Number(decode(content.subarray(offset, space)));
    if (!(length > 0)) break;
    const record = decode(content.subarray(space + 1, offset + length - 1));
    const equals = record.indexOf("=");
    records[record.slice(0, equals)] = record.slice(equals + 1);
    offset += length;
  }
  return records;
}

const text = (head: Uint8Array, at: number, length: number): string => {
  const field = head.subarray(at, at + length);
  const end = field.indexOf(0);
  return decode(end < 0 ? field : field.subarray(0, end));
};

const octal = (head: Uint8Array, at: number, length: number): number =>
  Number.parseInt(text(head, at, length).trim() || "0", 8);
