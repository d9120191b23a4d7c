import type { FileView } from "../../machine/files/file-system.ts";
import { decode, encode } from "../../machine/io.ts";
import type { Descriptor, ImageContent } from "./oci.ts";
import { mediaTypes, parseConfig, parseManifest, sha256 } from "./oci.ts";

/** What is wrong with an image on disk, in the words of containers/image. */
export class LayoutError extends Error {
  override readonly name = "LayoutError";
}

const refName = "org.opencontainers.image.ref.name";

interface Index {
  schemaVersion: 2;
  manifests: Descriptor[];
}

/** Reads a blob by its digest; undefined when it is not there. */
type ReadBlob = (digest: string) => Uint8Array | undefined;

const pathOf = (folder: string, digest: string): string => `${folder}/blobs/${digest.replace(":", "/")}`;

/** Puts an image into an OCI image layout; a manifest that had the tag loses its place in the index. */
export function writeLayout(files: FileView, folder: string, tag: string | undefined, content: ImageContent): void {
  files.makeDirectories(`${folder}/blobs/sha256`);
  const put = (digest: string, bytes: Uint8Array): void => {
    if (!files.exists(pathOf(folder, digest))) files.write(pathOf(folder, digest), bytes);
  };
  for (const layer of content.layers) put(layer.descriptor.digest, layer.bytes);
  put(content.manifest.config.digest, content.configBytes);
  put(content.manifestDigest, content.manifestBytes);
  const index = readIndex(files, folder) ?? { schemaVersion: 2, manifests: [] };
  const manifests = index.manifests.filter(
    (entry) => entry.annotations?.[refName] !== tag && entry.digest !== content.manifestDigest,
  );
  manifests.push({
    mediaType: mediaTypes.ociManifest,
    digest: content.manifestDigest,
    size: content.manifestBytes.length,
    ...(tag === undefined ? {} : { annotations: { [refName]: tag } }),
  });
  files.write(`${folder}/oci-layout`, JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  files.write(`${folder}/index.json`, JSON.stringify({ schemaVersion: 2, manifests }));
}

function readIndex(files: FileView, folder: string): Index | undefined {
  const path = `${folder}/index.json`;
  return files.exists(path) ? parseIndex(files.readText(path)) : undefined;
}

function parseIndex(text: string): Index {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new LayoutError("invalid character in index.json");
  }
  const listed: unknown =
    typeof value === "object" && value !== null && "manifests" in value ? value.manifests : undefined;
  return { schemaVersion: 2, manifests: Array.isArray(listed) ? listed.filter(isDescriptor) : [] };
}

const isDescriptor = (value: unknown): value is Descriptor =>
  typeof value === "object" && value !== null && "digest" in value && typeof value.digest === "string";

/** Takes an image out of an OCI image layout. Throws LayoutError. */
export function readLayout(files: FileView, folder: string, tag: string | undefined): ImageContent {
  const index = readIndex(files, folder);
  if (!index) throw new LayoutError(`open ${folder}/index.json: no such file or directory`);
  const found =
    tag === undefined
      ? index.manifests.length === 1
        ? index.manifests[0]
        : undefined
      : index.manifests.find((entry) => entry.annotations?.[refName] === tag);
  if (!found) {
    throw new LayoutError(
      tag === undefined
        ? "more than one image in oci, choose an image"
        : `no descriptor found for reference ${JSON.stringify(tag)}`,
    );
  }
  const read: ReadBlob = (digest) => {
    const path = pathOf(folder, digest);
    return files.exists(path) ? files.readBytes(path) : undefined;
  };
  return readImage(found.digest, read, folder);
}

/** Images of a tar archive of an OCI image layout, each with the name that its index gives it. */
export function readLayoutArchive(
  entries: ReadonlyMap<string, Uint8Array>,
): { name: string | undefined; tag: string | undefined; content: ImageContent }[] {
  const text = entries.get("index.json");
  if (!text) throw new LayoutError("unrecognized image format");
  return parseIndex(decode(text)).manifests.map((entry) => ({
    name: entry.annotations?.["io.containerd.image.name"],
    tag: entry.annotations?.[refName],
    content: readImage(entry.digest, (digest) => entries.get(`blobs/${digest.replace(":", "/")}`), ""),
  }));
}

function readImage(digest: string, read: ReadBlob, folder: string): ImageContent {
  const need = (wanted: string): Uint8Array => {
    const bytes = read(wanted);
    if (!bytes) throw new LayoutError(`open ${pathOf(folder, wanted)}: no such file or directory`);
    // The name is the checksum: content that was changed is found out here.
    const got = sha256(bytes);
    if (got !== wanted) throw new LayoutError(`Digest did not match, expected ${wanted}, got ${got}`);
    return bytes;
  };
  const manifestBytes = need(digest);
  const manifest = parseManifest(manifestBytes);
  if (!manifest) throw new LayoutError("unsupported manifest media type and couldn't parse manifest");
  const configBytes = need(manifest.config.digest);
  const config = parseConfig(configBytes);
  if (!config) throw new LayoutError("unmarshalling image configuration");
  const layers = manifest.layers.map((descriptor) => ({ descriptor, bytes: need(descriptor.digest) }));
  return { manifestBytes, manifest, manifestDigest: digest, configBytes, config, layers };
}

/** Writes an image as skopeo's `dir:` transport does: a manifest and its blobs, each by its digest. */
export function writeFolder(files: FileView, folder: string, content: ImageContent): void {
  files.makeDirectories(folder);
  files.write(`${folder}/version`, encode("Directory Transport Version: 1.1\n"));
  files.write(`${folder}/manifest.json`, content.manifestBytes);
  const bare = (digest: string): string => digest.slice("sha256:".length);
  for (const layer of content.layers) files.write(`${folder}/${bare(layer.descriptor.digest)}`, layer.bytes);
  files.write(`${folder}/${bare(content.manifest.config.digest)}`, content.configBytes);
}

/** Reads what `writeFolder` wrote. Throws LayoutError. */
export function readFolder(files: FileView, folder: string): ImageContent {
  const path = `${folder}/manifest.json`;
  if (!files.exists(path)) {
    throw new LayoutError(`determining manifest MIME type for dir:${folder}: open ${path}: no such file or directory`);
  }
  const manifestBytes = files.readBytes(path);
  const digest = sha256(manifestBytes);
  const read: ReadBlob = (wanted) => {
    if (wanted === digest) return manifestBytes;
    const blob = `${folder}/${wanted.slice("sha256:".length)}`;
    return files.exists(blob) ? files.readBytes(blob) : undefined;
  };
  return readImage(digest, read, folder);
}
