import type { Source } from "../recipes/sources.ts";
import type { Wanted } from "./download.ts";
import type { Assurance, BundleFile } from "./manifest.ts";
import { type Upstream, UpstreamError } from "./upstream.ts";

/** What collecting a source needs. */
export interface Collecting {
  upstream: Upstream;
  /** As dpkg names it. */
  architecture: string;
  signal?: AbortSignal;
  /** Brings a file into the bundle. */
  fetch(wanted: Wanted): Promise<BundleFile>;
  /** What is in a file of the bundle. */
  read(file: BundleFile): Promise<Buffer>;
}

/** Collects one file and, where its digest is in a file beside it, that one too. Throws UpstreamError. */
export async function collectFile(source: Source, collecting: Collecting): Promise<void> {
  const { id, url } = source;
  const { sha256, verified } = await digestFor(source, collecting);
  await collecting.fetch({ url, verified, source: id, ...(sha256 === undefined ? {} : { sha256 }) });
}

async function digestFor(
  { id, sha256, checksumUrl, unverified, url }: Source,
  { upstream, signal, fetch }: Collecting,
): Promise<{ sha256?: string; verified: Assurance }> {
  if (sha256 !== undefined) return { sha256, verified: "pinned" };
  if (checksumUrl === undefined) return { verified: "first-contact" };
  const asked = upstream.bytes(checksumUrl, signal ? { signal } : {}, 1 << 20);
  const sums = await asked.catch((error: unknown) => {
    // Where the catalogue knows that digests may be published or not, their absence is no fault.
    if (unverified !== undefined && error instanceof UpstreamError && error.trouble === "gone") return undefined;
    throw error;
  });
  if (!sums) return { verified: "first-contact" };
  const { bytes } = sums;
  const published = publishedDigest(bytes.toString("utf8"), url);
  if (published === undefined) throw new UpstreamError("wrong", checksumUrl, `holds no sha256 of ${fileName(url)}`);
  await fetch({ url: checksumUrl, bytes, verified: "first-contact", source: id });
  return { sha256: published, verified: "published" };
}

const fileName = (url: string): string => decodeURIComponent(new URL(url).pathname.split("/").at(-1) ?? "");

/** The digest of a file in a text of lines `digest  name`, or in one that is the digest alone. */
export function publishedDigest(text: string, url: string): string | undefined {
  const name = fileName(url);
  const lines = text.split("\n").flatMap((line) => {
    const found = /^([0-9a-fA-F]{64})(?:\s+\*?(\S+))?\s*$/.exec(line.trim());
    return found ? [{ digest: (found[1] ?? "").toLowerCase(), name: found[2]?.split("/").at(-1) }] : [];
  });
  const named = lines.find((line) => line.name === name);
  if (named) return named.digest;
  return lines.length === 1 && lines[0]?.name === undefined ? lines[0]?.digest : undefined;
}
