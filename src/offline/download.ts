import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { LabError } from "../domain/errors.ts";
import { type Assurance, type BundleFile, digestOf, partialName } from "./manifest.ts";
import { placeOf } from "./places.ts";
import { type Answer, type Upstream, UpstreamError } from "./upstream.ts";

/** One file that a bundle shall hold. */
export interface Wanted {
  url: string;
  /** Where it is kept, when not at its own address. */
  place?: string;
  sha256?: string;
  /** Bytes. */
  size?: number;
  verified: Assurance;
  /** Id of the source that wants it. */
  source: string;
  headers?: Readonly<Record<string, string>>;
  /** The content, when it has been read already. */
  bytes?: Uint8Array;
}

/** A file that is being written. */
export interface Sink {
  write(bytes: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a file to append to it, or to begin it anew. */
export type OpenSink = (path: string, flags: "a" | "w") => Promise<Sink>;

export interface DownloadOptions {
  /** The bundle's folder. */
  folder: string;
  upstream: Upstream;
  signal?: AbortSignal;
  /** Called with the number of bytes that came. */
  onBytes?: (count: number) => void;
  openSink?: OpenSink;
}

const openFile: OpenSink = async (path, flags) => {
  const file = await open(path, flags);
  // `write` may take a part only; `writeFile` goes on at the current position until all is written.
  return { write: (bytes) => file.writeFile(bytes), sync: () => file.sync(), close: () => file.close() };
};

/**
 * Brings one file into the bundle, going on where an earlier attempt ended when the digest is known, and moves it into
 * its place once it is whole and right. Throws UpstreamError, or LabError `bundle-disk` when it cannot be written.
 */
export async function download(wanted: Wanted, options: DownloadOptions): Promise<BundleFile> {
  const { folder } = options;
  const path = wanted.place ?? placeOf(wanted.url);
  const target = join(folder, ...path.split("/"));
  const partial = join(folder, partialName, ...path.split("/"));
  try {
    const there = await whatIsThere(target, wanted);
    const digest = there ?? (await fetchInto(partial, wanted, options));
    if (!there) {
      await mkdir(dirname(target), { recursive: true });
      await rename(partial, target);
    }
    const { url, verified, source } = wanted;
    return { path, url, ...digest, verified, source };
  } catch (error) {
    throw diskTrouble(folder, error) ?? error;
  }
}

type Digest = Awaited<ReturnType<typeof digestOf>>;

/** A file that is in its place is whole; it stays when its digest is right, or when nobody knows a digest. */
async function whatIsThere(target: string, { sha256, bytes }: Wanted): Promise<Digest | undefined> {
  if (!(await isFile(target))) return undefined;
  const digest = await digestOf(target);
  const right = bytes ? createHash("sha256").update(bytes).digest("hex") : sha256;
  if (right === undefined || right === digest.sha256) return digest;
  await rm(target);
  return undefined;
}

const isFile = async (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

async function fetchInto(partial: string, wanted: Wanted, options: DownloadOptions): Promise<Digest> {
  await mkdir(dirname(partial), { recursive: true });
  const { bytes } = wanted;
  if (bytes) {
    await writeAll(partial, bytes, options.openSink ?? openFile);
    return { sha256: createHash("sha256").update(bytes).digest("hex"), size: bytes.length };
  }
  // What an earlier process left can only be gone on with when its digest will tell whether the two parts fit.
  if (wanted.sha256 === undefined) await rm(partial, { force: true });
  // What this process began may be gone on with while the server says that it is the same file.
  const began: { tag?: string } = {};
  for (let again = false; ; again = true) {
    const digest = await options.upstream.retry(() => fetchOnce(partial, wanted, options, began), options.signal);
    const problem = mismatch(wanted, digest);
    if (problem === undefined) return digest;
    await rm(partial, { force: true });
    delete began.tag;
    // Two parts of different files make a third; from the beginning it may be the right one.
    if (again) throw new UpstreamError("wrong", wanted.url, problem);
  }
}

function mismatch({ sha256, size }: Wanted, digest: Digest): string | undefined {
  if (sha256 !== undefined && sha256 !== digest.sha256) {
    return `has another content: expected sha256 ${sha256}, got ${digest.sha256}`;
  }
  return size !== undefined && size !== digest.size
    ? `has another size: expected ${size} bytes, got ${digest.size}`
    : undefined;
}

async function fetchOnce(
  partial: string,
  wanted: Wanted,
  options: DownloadOptions,
  began: { tag?: string },
): Promise<Digest> {
  const { url, sha256 } = wanted;
  const had = sha256 !== undefined || began.tag !== undefined ? await sizeOf(partial) : 0;
  const headers = {
    ...wanted.headers,
    ...(had > 0 ? { range: `bytes=${had}-` } : {}),
    ...(had > 0 && sha256 === undefined && began.tag !== undefined ? { "if-range": began.tag } : {}),
  };
  const { signal } = options;
  const answer = await options.upstream.open(url, { headers, ...(signal ? { signal } : {}) });
  const goesOn =
    had > 0 && answer.status === 206 && answer.header("content-range")?.startsWith(`bytes ${had}-`) === true;
  if (answer.status === 416) {
    answer.close();
    if (had === 0) throw new UpstreamError("wrong", url, "was answered with status 416");
    return digestOf(partial);
  }
  const tag = answer.header("etag");
  // A weak tag says that two files mean the same, not that they are.
  if (tag !== undefined && !tag.startsWith("W/")) began.tag = tag;
  const hash = createHash("sha256");
  if (goesOn) for await (const chunk of createReadStream(partial) as AsyncIterable<Uint8Array>) hash.update(chunk);
  const size = await append(partial, goesOn ? had : 0, answer, options, (chunk) => hash.update(chunk));
  return { sha256: hash.digest("hex"), size };
}

async function append(
  partial: string,
  from: number,
  answer: Answer,
  options: DownloadOptions,
  onChunk: (chunk: Uint8Array) => void,
): Promise<number> {
  let size = from;
  try {
    const sink = await (options.openSink ?? openFile)(partial, from > 0 ? "a" : "w");
    try {
      for await (const chunk of answer.body()) {
        await sink.write(chunk);
        onChunk(chunk);
        size += chunk.length;
        options.onBytes?.(chunk.length);
      }
      await sink.sync();
    } finally {
      await sink.close();
    }
  } finally {
    answer.close();
  }
  return size;
}

async function writeAll(path: string, bytes: Uint8Array, openSink: OpenSink): Promise<void> {
  const sink = await openSink(path, "w");
  try {
    await sink.write(bytes);
    await sink.sync();
  } finally {
    await sink.close();
  }
}

const sizeOf = async (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

const writeTroubles: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "your share of the disk is full",
  EROFS: "nothing can be written there",
  EACCES: "nothing can be written there",
  EPERM: "nothing can be written there",
  ENAMETOOLONG: "the file system takes no names as long as these",
  ENOTDIR: "a file is where a folder should be",
  EISDIR: "a folder is where a file should be",
};

/** What an error of the file system means to who makes a bundle; undefined for any other error. */
export function diskTrouble(folder: string, error: unknown): LabError | undefined {
  const code = error instanceof Error && !(error instanceof UpstreamError) && "code" in error ? String(error.code) : "";
  const what = writeTroubles[code];
  if (what === undefined) return undefined;
  return new LabError("bundle-disk", `${folder}: ${what}, got ${code}`, {
    remedy: "Make room or name another --output, then run the same command again: what is there already stays.",
    cause: error,
  });
}
