import { createHash } from "node:crypto";
import type { Source } from "../recipes/sources.ts";
import type { Collecting } from "./collect-files.ts";
import { type ImageManifest, imageOf, manifestTypes, readImageManifest, registryHost } from "./image.ts";
import { UpstreamError } from "./upstream.ts";

const largestManifest = 4 * 1024 * 1024;

/**
 * Collects an image as its registry's files: the manifest by tag and by digest, those of this architecture and of Wasm
 * that it lists, their configurations and layers. Throws UpstreamError.
 */
export async function collectImage(source: Source, collecting: Collecting): Promise<void> {
  const { registry, name, reference } = imageOf(source.url);
  const base = `https://${registryHost(registry)}/v2/${name}`;
  const verified = source.sha256 === undefined ? "first-contact" : "pinned";
  const first = await manifestOf(`${base}/manifests/${reference}`, source.sha256, collecting);
  const { bytes, digest } = first;
  const described = { bytes, verified, source: source.id } as const;
  if (!reference.startsWith("sha256:")) await collecting.fetch({ url: `${base}/manifests/${reference}`, ...described });
  await collecting.fetch({ url: `${base}/manifests/sha256:${digest}`, ...described });
  const chosen = first.manifest.manifests?.filter((each) => runsHere(each.platform, collecting.architecture));
  if (chosen?.length === 0) {
    throw new UpstreamError("gone", source.url, `has no image for ${collecting.architecture}`);
  }
  const manifests = await Promise.all(
    (chosen ?? []).map((each) => collectListed(base, each.digest, source, collecting)),
  );
  await Promise.all(
    [first.manifest, ...manifests].flatMap((manifest) =>
      [...(manifest.config ? [manifest.config] : []), ...(manifest.layers ?? [])].map((blob) =>
        collecting.fetch({
          url: `${base}/blobs/${blob.digest}`,
          sha256: blob.digest.slice("sha256:".length),
          size: blob.size,
          verified: "published",
          source: source.id,
        }),
      ),
    ),
  );
}

async function collectListed(
  base: string,
  digest: string,
  source: Source,
  collecting: Collecting,
): Promise<ImageManifest> {
  const url = `${base}/manifests/${digest}`;
  const { bytes, manifest } = await manifestOf(url, digest.slice("sha256:".length), collecting);
  await collecting.fetch({ url, bytes, verified: "published", source: source.id });
  return manifest;
}

async function manifestOf(
  url: string,
  sha256: string | undefined,
  { upstream, signal }: Collecting,
): Promise<{ bytes: Buffer; digest: string; manifest: ImageManifest }> {
  const headers = { accept: manifestTypes.join(", ") };
  const { bytes } = await upstream.bytes(url, { headers, ...(signal ? { signal } : {}) }, largestManifest);
  const digest = createHash("sha256").update(bytes).digest("hex");
  if (sha256 !== undefined && sha256 !== digest) {
    throw new UpstreamError("wrong", url, `has another content: expected sha256 ${sha256}, got ${digest}`);
  }
  const manifest = readImageManifest(bytes);
  if (!manifest) throw new UpstreamError("wrong", url, "is no manifest of an image");
  return { bytes, digest, manifest };
}

type Platform = NonNullable<ImageManifest["manifests"]>[number]["platform"];

const runsHere = (platform: Platform, architecture: string): boolean =>
  platform?.architecture.startsWith("wasm") === true ||
  platform?.os.startsWith("wasi") === true ||
  (platform?.os === "linux" && platform.architecture === architecture);
