import { type ImageContent, isFileSystemLayer } from "./oci.ts";
import type { TarEntry } from "./tar.ts";
import { unpackTar } from "./tar.ts";

/** One path of a container's root file system. */
export type RootfsEntry =
  | { type: "file"; mode: number; uid: number; gid: number; mtime: number; bytes: Uint8Array }
  | { type: "directory"; mode: number; uid: number; gid: number; mtime: number }
  | { type: "symlink"; mode: number; uid: number; gid: number; mtime: number; target: string };

/** The merged layers of an image by absolute path, folders included. */
export type Rootfs = ReadonlyMap<string, RootfsEntry>;

const whiteout = ".wh.";
const opaque = ".wh..wh..opq";

/** Lays the layers over each other, bottom first. */
export function mergeLayers(layers: readonly Uint8Array[]): Map<string, RootfsEntry> {
  const merged = new Map<string, RootfsEntry>();
  for (const layer of layers) applyLayer(merged, unpackTar(layer));
  return merged;
}

/** An artifact's other layers, such as a bare module, are no part of a file system. */
export const imageRootfs = (image: ImageContent): Map<string, RootfsEntry> =>
  mergeLayers(image.layers.filter((layer) => isFileSystemLayer(layer.descriptor)).map((layer) => layer.bytes));

function applyLayer(merged: Map<string, RootfsEntry>, entries: readonly TarEntry[]): void {
  // Whiteouts hide what lower layers have, never what this layer adds.
  for (const entry of entries) {
    const slash = entry.path.lastIndexOf("/");
    const name = entry.path.slice(slash + 1);
    if (!name.startsWith(whiteout)) continue;
    const folder = slash < 0 ? "" : `/${entry.path.slice(0, slash)}`;
    if (name === opaque) removeBelow(merged, folder);
    else removeTree(merged, `${folder}/${name.slice(whiteout.length)}`);
  }
  for (const entry of entries) {
    const path = `/${entry.path}`;
    if (entry.path === "" || path.slice(path.lastIndexOf("/") + 1).startsWith(whiteout)) continue;
    addParents(merged, path);
    if (entry.type !== "directory") removeTree(merged, path);
    const { mode, uid, gid, mtime } = entry;
    if (entry.type === "directory") merged.set(path, { type: "directory", mode, uid, gid, mtime });
    else if (entry.type === "symlink")
      merged.set(path, { type: "symlink", mode, uid, gid, mtime, target: entry.target });
    else if (entry.type === "file") merged.set(path, { type: "file", mode, uid, gid, mtime, bytes: entry.bytes });
    else {
      const linked = merged.get(`/${entry.target.replace(/^(\.?\/)+/, "")}`);
      if (linked) merged.set(path, linked);
    }
  }
}

function addParents(merged: Map<string, RootfsEntry>, path: string): void {
  for (let slash = path.indexOf("/", 1); slash > 0; slash = path.indexOf("/", slash + 1)) {
    const parent = path.slice(0, slash);
    const existing = merged.get(parent);
    if (!existing) merged.set(parent, { type: "directory", mode: 0o755, uid: 0, gid: 0, mtime: 0 });
  }
}

function removeTree(merged: Map<string, RootfsEntry>, path: string): void {
  merged.delete(path);
  removeBelow(merged, path);
}

function removeBelow(merged: Map<string, RootfsEntry>, folder: string): void {
  for (const path of merged.keys()) if (path.startsWith(`${folder}/`)) merged.delete(path);
}

/** Follows symlinks inside the root file system; undefined when there is nothing at `path`. */
export function resolveInRootfs(rootfs: Rootfs, path: string): { path: string; entry: RootfsEntry } | undefined {
  let rest = path.split("/").filter(Boolean);
  let done: string[] = [];
  for (let hops = 0; hops < 40;) {
    const [part, ...tail] = rest;
    if (part === undefined) {
      const at = `/${done.join("/")}`;
      const entry: RootfsEntry | undefined =
        at === "/" ? { type: "directory", mode: 0o755, uid: 0, gid: 0, mtime: 0 } : rootfs.get(at);
      return entry ? { path: at, entry } : undefined;
    }
    rest = tail;
    if (part === ".") continue;
    if (part === "..") {
      done.pop();
      continue;
    }
    const entry = rootfs.get(`/${[...done, part].join("/")}`);
    if (!entry) return undefined;
    if (entry.type === "symlink") {
      hops += 1;
      if (entry.target.startsWith("/")) done = [];
      rest = [...entry.target.split("/").filter(Boolean), ...rest];
      continue;
    }
    if (entry.type !== "directory" && rest.length > 0) return undefined;
    done.push(part);
  }
  return undefined;
}
