import type { Clock } from "../../../../domain/clock.ts";
import { FileError, type FileErrorCode } from "./errors.ts";

/** Who acts: the process's effective user and groups. */
export interface Credentials {
  uid: number;
  gid: number;
  groups: readonly number[];
}

export const root: Credentials = { uid: 0, gid: 0, groups: [0] };

export type FileType = "file" | "directory" | "symlink" | "socket" | "device";

export interface Stat {
  inode: number;
  type: FileType;
  /** Permission bits, 0 to 0o7777. */
  mode: number;
  uid: number;
  gid: number;
  /** Bytes. */
  size: number;
  links: number;
  /** Milliseconds since the epoch. */
  mtime: number;
  /** Counts the changes of this inode's content; for `tail -f` and caches. */
  version: number;
}

/** A file whose content is computed when read, as below /proc; `write` undefined means read-only. */
export interface VirtualFile {
  read(): string;
  write?(text: string): void;
}

/** A character device such as /dev/null. */
export interface Device {
  read(): Uint8Array;
  write(bytes: Uint8Array): void;
}

/** A folder whose children are computed when looked at, as /proc's folders of processes; what is stored in it comes first. */
export interface ComputedFolder {
  names(): readonly string[];
  child(name: string): ComputedChild | undefined;
}

export type ComputedChild =
  | { type: "directory"; folder: ComputedFolder }
  | { type: "file"; file: VirtualFile; mode?: number }
  | { type: "symlink"; target: string };

interface Inode {
  id: number;
  type: FileType;
  mode: number;
  uid: number;
  gid: number;
  mtime: number;
  links: number;
  version: number;
  /** Capacity may exceed `size`. */
  bytes: Uint8Array;
  size: number;
  entries: Map<string, Inode>;
  target: string;
  virtual: VirtualFile | undefined;
  device: Device | undefined;
  computed: ComputedFolder | undefined;
  /** How the content was saved last, and the version that was. */
  saved: { version: number; text?: string; blob?: string } | undefined;
}

/** One inode as saved; content is inline UTF-8, inline base64, or the SHA-256 of a blob. */
export interface SavedInode {
  id: number;
  type: FileType;
  mode: number;
  uid: number;
  gid: number;
  mtime: number;
  text?: string;
  blob?: string;
  entries?: Record<string, number>;
  target?: string;
}

export interface FilesSnapshot {
  nextId: number;
  inodes: SavedInode[];
}

/** Content too large or too binary to keep inline, by its SHA-256 in hex. */
export interface BlobStore {
  /** `known` is the digest when the caller has it already. */
  put(bytes: Uint8Array, known?: string): string;
  get(digest: string): Uint8Array;
}

const inlineLimit = 4096;
const maxSymlinks = 40;
/** Number of every inode that is computed. */
const computedInode = 0;
const empty = new Uint8Array();

/** The files of one modelled machine, in memory: owners, modes, links, devices and computed files. */
export class FileSystem {
  #clock: Clock;
  #nextId = 1;
  #root: Inode;
  #changes = 0;
  #listeners = new Set<() => void>();
  /** The file system whose folder is this one's root, as after chroot. */
  #outer: FileSystem | undefined;
  /** What a mount has laid over a folder or file. */
  readonly #mounts = new Map<Inode, Inode>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#root = this.#inode("directory", 0o755, root);
    this.#root.links = 2;
  }

  /**
   * The same files with `path` as root, as a mount namespace sees them: changes are seen on both sides, mounts only
   * on this one.
   */
  below(path: string): FileSystem {
    const inside = new FileSystem(this.#clock);
    inside.#root = this.#find(path, root, true);
    inside.#outer = this;
    return inside;
  }

  /** Lays a file or folder of `from` over what is at `path`, which must exist. */
  mount(path: string, from: FileSystem, fromPath: string): void {
    this.#mounts.set(this.#find(path, root, true), from.#find(fromPath, root, true));
  }

  /** Grows with every change of anything that is saved. */
  get changes(): number {
    return this.#changes;
  }

  /** Calls `listener` after every change of content; returns how to stop. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The same files as `who` may see and change them. Paths are absolute. */
  as(who: Credentials): FileView {
    return new FileView(this, who);
  }

  stat(path: string, who: Credentials, follow = true): Stat {
    const node = this.#find(path, who, follow);
    return this.#statOf(node);
  }

  access(path: string, who: Credentials, wanted: number): boolean {
    const node = this.#seek(path, who, true);
    return typeof node !== "string" && this.#allowed(node, who, wanted);
  }

  exists(path: string, who: Credentials): boolean {
    return typeof this.#seek(path, who, true) !== "string";
  }

  read(path: string, who: Credentials): Uint8Array {
    const node = this.#find(path, who, true);
    if (node.type === "directory") throw new FileError("EISDIR", path);
    if (node.type === "socket") throw new FileError("ENXIO", path);
    if (!this.#allowed(node, who, 4)) throw new FileError("EACCES", path);
    if (node.virtual) return new TextEncoder().encode(node.virtual.read());
    if (node.device) return node.device.read();
    return node.bytes.subarray(0, node.size);
  }

  /** Opens for writing, creating with `mode` (already masked); every `write` of the handle appends at its position. */
  open(path: string, who: Credentials, options: OpenOptions = {}): FileHandle {
    const node = this.#seek(path, who, true);
    if (typeof node === "string" && node !== "ENOENT") throw new FileError(node, path);
    let target: Inode;
    if (typeof node === "string") {
      const { parent, name } = this.#parentOf(this.#resolveDangling(path, who), who);
      if (!this.#allowed(parent, who, 3)) throw new FileError("EACCES", path);
      target = this.#inode("file", (options.mode ?? 0o644) & 0o7777, who);
      this.#attach(parent, name, target);
    } else {
      target = node;
      if (options.exclusive) throw new FileError("EEXIST", path);
      if (node.type === "directory") throw new FileError("EISDIR", path);
      if (node.type === "socket") throw new FileError("ENXIO", path);
      if (!this.#allowed(node, who, 2)) throw new FileError("EACCES", path);
      if (node.virtual && !node.virtual.write) throw new FileError("EACCES", path);
      if (!options.append && !node.virtual && !node.device) this.#setContent(node, empty);
    }
    if (target.device) {
      const device = target.device;
      return { write: (bytes) => device.write(bytes) };
    }
    if (target.virtual) {
      const virtual = target.virtual;
      return { write: (bytes) => virtual.write?.(new TextDecoder().decode(bytes)) };
    }
    let position = options.append ? -1 : 0;
    return {
      write: (bytes) => {
        const at = position < 0 ? target.size : Math.min(position, target.size);
        this.#writeAt(target, at, bytes);
        if (position >= 0) position = at + bytes.length;
      },
    };
  }

  write(path: string, data: Uint8Array, who: Credentials, options: OpenOptions = {}): void {
    this.open(path, who, options).write(data);
  }

  makeDirectory(path: string, who: Credentials, mode: number): void {
    const { parent, name } = this.#parentOf(path, who);
    if (name === "" || parent.entries.has(name)) throw new FileError("EEXIST", path);
    if (!this.#allowed(parent, who, 3)) throw new FileError("EACCES", path);
    const node = this.#inode("directory", mode & 0o7777, who);
    node.links = 2;
    parent.links += 1;
    if (parent.mode & 0o2000) {
      node.gid = parent.gid;
      node.mode |= 0o2000;
    }
    this.#attach(parent, name, node);
  }

  removeDirectory(path: string, who: Credentials): void {
    const { parent, name } = this.#parentOf(path, who);
    const node = parent.entries.get(name);
    if (name === "") throw new FileError("EBUSY", path);
    if (!node) throw new FileError("ENOENT", path);
    if (node.type !== "directory") throw new FileError("ENOTDIR", path);
    if (node.entries.size > 0) throw new FileError("ENOTEMPTY", path);
    this.#mayRemove(parent, node, who, path);
    parent.links -= 1;
    this.#detach(parent, name);
  }

  unlink(path: string, who: Credentials): void {
    const { parent, name } = this.#parentOf(path, who);
    const node = parent.entries.get(name);
    if (!node) throw new FileError("ENOENT", path);
    if (node.type === "directory") throw new FileError("EISDIR", path);
    this.#mayRemove(parent, node, who, path);
    this.#detach(parent, name);
  }

  rename(from: string, to: string, who: Credentials): void {
    const source = this.#parentOf(from, who);
    const node = source.parent.entries.get(source.name);
    if (!node) throw new FileError("ENOENT", from);
    const target = this.#parentOf(to, who);
    const existing = target.parent.entries.get(target.name);
    if (existing === node) return;
    this.#mayRemove(source.parent, node, who, from);
    if (!this.#allowed(target.parent, who, 3)) throw new FileError("EACCES", to);
    if (node.type === "directory" && (to === from || to.startsWith(`${from}/`))) throw new FileError("EINVAL", to);
    if (existing) {
      if (existing.type === "directory") {
        if (node.type !== "directory") throw new FileError("EISDIR", to);
        if (existing.entries.size > 0) throw new FileError("ENOTEMPTY", to);
      } else if (node.type === "directory") throw new FileError("ENOTDIR", to);
      this.#mayRemove(target.parent, existing, who, to);
      this.#detach(target.parent, target.name);
      if (existing.type === "directory") target.parent.links -= 1;
    }
    source.parent.entries.delete(source.name);
    target.parent.entries.set(target.name, node);
    if (node.type === "directory") {
      source.parent.links -= 1;
      target.parent.links += 1;
    }
    this.#touch(source.parent);
    this.#touch(target.parent);
  }

  link(existing: string, path: string, who: Credentials): void {
    const node = this.#find(existing, who, false);
    if (node.type === "directory") throw new FileError("EPERM", path);
    const { parent, name } = this.#parentOf(path, who);
    if (parent.entries.has(name)) throw new FileError("EEXIST", path);
    if (!this.#allowed(parent, who, 3)) throw new FileError("EACCES", path);
    node.links += 1;
    parent.entries.set(name, node);
    this.#touch(parent);
  }

  symlink(target: string, path: string, who: Credentials): void {
    const { parent, name } = this.#parentOf(path, who);
    if (name === "" || parent.entries.has(name)) throw new FileError("EEXIST", path);
    if (!this.#allowed(parent, who, 3)) throw new FileError("EACCES", path);
    const node = this.#inode("symlink", 0o777, who);
    node.target = target;
    this.#attach(parent, name, node);
  }

  /** A socket's file, as a daemon makes when it listens; replaces an old socket. */
  makeSocket(path: string, who: Credentials, mode: number): void {
    const { parent, name } = this.#parentOf(path, who);
    const node = this.#inode("socket", mode, who);
    if (parent.entries.has(name)) this.#detach(parent, name);
    this.#attach(parent, name, node);
  }

  readLink(path: string, who: Credentials): string {
    const node = this.#find(path, who, false);
    if (node.type !== "symlink") throw new FileError("EINVAL", path);
    return node.target;
  }

  /** Names without `.` and `..`, in byte order. */
  list(path: string, who: Credentials): string[] {
    const node = this.#find(path, who, true);
    if (node.type !== "directory") throw new FileError("ENOTDIR", path);
    if (!this.#allowed(node, who, 4)) throw new FileError("EACCES", path);
    const names = node.computed ? new Set([...node.entries.keys(), ...node.computed.names()]) : node.entries.keys();
    return [...names].sort((a, b) => (a < b ? -1 : 1));
  }

  changeMode(path: string, who: Credentials, mode: number): void {
    const node = this.#find(path, who, true);
    if (who.uid !== 0 && who.uid !== node.uid) throw new FileError("EPERM", path);
    node.mode = mode & 0o7777;
    this.#changed();
  }

  changeOwner(path: string, who: Credentials, uid: number, gid: number, follow = true): void {
    const node = this.#find(path, who, follow);
    if (who.uid !== 0) {
      const groupOnly = uid === node.uid && who.uid === node.uid && who.groups.includes(gid);
      if (!groupOnly) throw new FileError("EPERM", path);
    }
    node.uid = uid;
    node.gid = gid;
    this.#changed();
  }

  setTime(path: string, who: Credentials, mtime: number): void {
    const node = this.#find(path, who, true);
    if (who.uid !== node.uid && !this.#allowed(node, who, 2)) throw new FileError("EACCES", path);
    node.mtime = mtime;
    this.#changed();
  }

  /** Every symlink resolved. Throws when a part is missing. */
  realPath(path: string, who: Credentials): string {
    let done = "";
    let rest = path.split("/").filter(Boolean);
    let hops = 0;
    let node = this.#root;
    const trail: Inode[] = [];
    while (rest.length > 0) {
      const [part = "", ...tail] = rest;
      rest = tail;
      if (part === ".") continue;
      if (part === "..") {
        done = done.slice(0, Math.max(0, done.lastIndexOf("/")));
        node = trail.pop() ?? this.#root;
        continue;
      }
      if (node.type !== "directory") throw new FileError("ENOTDIR", path);
      if (!this.#allowed(node, who, 1)) throw new FileError("EACCES", path);
      const next = this.#child(node, part);
      if (!next) throw new FileError("ENOENT", path);
      if (next.type === "symlink") {
        if (++hops > maxSymlinks) throw new FileError("ELOOP", path);
        const target = next.target.split("/").filter(Boolean);
        if (next.target.startsWith("/")) {
          done = "";
          node = this.#root;
          trail.length = 0;
        }
        rest = [...target, ...rest];
        continue;
      }
      trail.push(node);
      node = next;
      done += `/${part}`;
    }
    return done === "" ? "/" : done;
  }

  /** Makes `path` (and its folders) a computed file; not saved, so set up again when the machine wakes. */
  defineVirtual(path: string, file: VirtualFile, mode: number): void {
    const node = this.#define(path, mode);
    node.virtual = file;
  }

  defineDevice(path: string, device: Device): void {
    const node = this.#define(path, 0o666);
    node.type = "device";
    node.device = device;
  }

  /** Computes children of the folder `path` beside those that are stored in it; not saved. */
  defineFolder(path: string, folder: ComputedFolder): void {
    this.as(root).makeDirectories(path);
    this.#find(path, root, true).computed = folder;
  }

  #child(node: Inode, name: string): Inode | undefined {
    const next = node.entries.get(name) ?? this.#computedChild(node, name);
    return next && (this.#mounts.get(next) ?? next);
  }

  #computedChild(node: Inode, name: string): Inode | undefined {
    const child = node.computed?.child(name);
    if (!child) return undefined;
    // Its number is not taken from the counter, so that looking at /proc changes nothing that is saved.
    const type = child.type;
    const mode = type === "symlink" ? 0o777 : type === "directory" ? 0o555 : (child.mode ?? 0o444);
    const made = this.#inode(type, mode, root, computedInode);
    if (child.type === "directory") Object.assign(made, { computed: child.folder, links: 2 });
    else if (child.type === "file") made.virtual = child.file;
    else made.target = child.target;
    return made;
  }

  #define(path: string, mode: number): Inode {
    this.as(root).makeDirectories(path.slice(0, path.lastIndexOf("/")) || "/");
    const { parent, name } = this.#parentOf(path, root);
    const node = this.#inode("file", mode, root);
    parent.entries.set(name, node);
    return node;
  }

  snapshot(blobs: BlobStore): FilesSnapshot {
    const saved = new Map<number, SavedInode>();
    const visit = (node: Inode): void => {
      if (saved.has(node.id)) return;
      const item: SavedInode = {
        id: node.id,
        type: node.type,
        mode: node.mode,
        uid: node.uid,
        gid: node.gid,
        mtime: node.mtime,
      };
      saved.set(node.id, item);
      if (node.type === "symlink") item.target = node.target;
      if (node.type === "file" && node.size > 0) {
        const bytes = node.bytes.subarray(0, node.size);
        const before = node.saved?.version === node.version ? node.saved : undefined;
        const text = before ? before.text : node.size <= inlineLimit ? asUtf8(bytes) : undefined;
        const content = text === undefined ? { blob: blobs.put(bytes, before?.blob) } : { text };
        Object.assign(item, content);
        if (!before) node.saved = { version: node.version, ...content };
      }
      if (node.type === "directory") {
        item.entries = {};
        for (const [name, child] of node.entries) {
          if (child.virtual || child.device) continue;
          item.entries[name] = child.id;
          visit(child);
        }
      }
    };
    visit(this.#root);
    return { nextId: this.#nextId, inodes: [...saved.values()] };
  }

  /** Replaces everything but computed files and devices, which the machine defines again. */
  restore(snapshot: FilesSnapshot, blobs: BlobStore): void {
    const nodes = new Map<number, Inode>();
    for (const item of snapshot.inodes) {
      const node = this.#inode(item.type, item.mode, { uid: item.uid, gid: item.gid, groups: [] });
      node.id = item.id;
      node.mtime = item.mtime;
      node.target = item.target ?? "";
      const bytes = item.blob === undefined ? new TextEncoder().encode(item.text ?? "") : blobs.get(item.blob);
      node.bytes = bytes;
      node.size = bytes.length;
      if (item.blob !== undefined) node.saved = { version: node.version, blob: item.blob };
      nodes.set(item.id, node);
    }
    for (const item of snapshot.inodes) {
      const node = nodes.get(item.id);
      if (!node || !item.entries) continue;
      node.links = 2;
      for (const [name, id] of Object.entries(item.entries)) {
        const child = nodes.get(id);
        if (!child) throw new FileError("EINVAL", name);
        node.entries.set(name, child);
        if (child.type === "directory") node.links += 1;
        else child.links += 1;
      }
    }
    const first = snapshot.inodes[0];
    const newRoot = first && nodes.get(first.id);
    if (!newRoot) throw new FileError("EINVAL", "/");
    this.#root = newRoot;
    this.#nextId = snapshot.nextId;
    this.#changed();
  }

  #takeId(): number {
    return this.#outer === undefined ? this.#nextId++ : this.#outer.#takeId();
  }

  #inode(type: FileType, mode: number, owner: Credentials, id = this.#takeId()): Inode {
    return {
      id,
      type,
      mode,
      uid: owner.uid,
      gid: owner.gid,
      mtime: this.#clock.now(),
      links: 0,
      version: 0,
      bytes: empty,
      size: 0,
      entries: new Map(),
      target: "",
      virtual: undefined,
      device: undefined,
      computed: undefined,
      saved: undefined,
    };
  }

  #attach(parent: Inode, name: string, node: Inode): void {
    if (name.length > 255) throw new FileError("ENAMETOOLONG", name);
    parent.entries.set(name, node);
    if (node.type !== "directory") node.links += 1;
    this.#touch(parent);
  }

  #detach(parent: Inode, name: string): void {
    const node = parent.entries.get(name);
    parent.entries.delete(name);
    if (node) node.links -= 1;
    this.#touch(parent);
  }

  #mayRemove(parent: Inode, node: Inode, who: Credentials, path: string): void {
    if (!this.#allowed(parent, who, 3)) throw new FileError("EACCES", path);
    const sticky = (parent.mode & 0o1000) !== 0;
    if (sticky && who.uid !== 0 && who.uid !== node.uid && who.uid !== parent.uid) throw new FileError("EPERM", path);
  }

  #touch(node: Inode): void {
    node.mtime = this.#clock.now();
    this.#changed();
  }

  #changed(): void {
    if (this.#outer !== undefined) this.#outer.#changed();
    this.#changes += 1;
    for (const listener of this.#listeners) listener();
  }

  #setContent(node: Inode, bytes: Uint8Array): void {
    node.bytes = bytes;
    node.size = bytes.length;
    node.version += 1;
    this.#touch(node);
  }

  #writeAt(node: Inode, at: number, bytes: Uint8Array): void {
    const end = at + bytes.length;
    if (end > node.bytes.length) {
      const grown = new Uint8Array(Math.max(end, Math.min(node.bytes.length * 2, node.bytes.length + 1_048_576)));
      grown.set(node.bytes.subarray(0, node.size));
      node.bytes = grown;
    } else if (at < node.size) {
      // Readers hold views of the old content, so overwriting happens in a copy.
      node.bytes = node.bytes.slice();
    }
    node.bytes.set(bytes, at);
    node.size = Math.max(node.size, end);
    node.version += 1;
    this.#touch(node);
  }

  #statOf(node: Inode): Stat {
    const size =
      node.type === "symlink" ? node.target.length : node.type === "directory" ? 4096 : node.virtual ? 0 : node.size;
    return {
      inode: node.id,
      type: node.type,
      mode: node.mode,
      uid: node.uid,
      gid: node.gid,
      size,
      links: Math.max(1, node.links),
      mtime: node.mtime,
      version: node.version,
    };
  }

  #allowed(node: Inode, who: Credentials, wanted: number): boolean {
    if (who.uid === 0) return (wanted & 1) === 0 || node.type === "directory" || (node.mode & 0o111) !== 0;
    const shift = who.uid === node.uid ? 6 : who.gid === node.gid || who.groups.includes(node.gid) ? 3 : 0;
    return ((node.mode >> shift) & wanted) === wanted;
  }

  #parentOf(path: string, who: Credentials): { parent: Inode; name: string } {
    const trimmed = path.replace(/\/+$/, "");
    const at = trimmed.lastIndexOf("/");
    const parent = this.#find(trimmed.slice(0, Math.max(0, at)) || "/", who, true);
    if (parent.type !== "directory") throw new FileError("ENOTDIR", path);
    if (!this.#allowed(parent, who, 1)) throw new FileError("EACCES", path);
    return { parent, name: trimmed.slice(at + 1) };
  }

  /** Where a create through a dangling symlink lands. */
  #resolveDangling(path: string, who: Credentials): string {
    for (let hops = 0, current = path; hops < maxSymlinks; hops += 1) {
      const { parent, name } = this.#parentOf(current, who);
      const node = parent.entries.get(name);
      if (!node || node.type !== "symlink") return current;
      const folder = this.realPath(current.slice(0, current.lastIndexOf("/")) || "/", who);
      current = node.target.startsWith("/") ? node.target : `${folder}/${node.target}`;
    }
    throw new FileError("ELOOP", path);
  }

  #find(path: string, who: Credentials, follow: boolean): Inode {
    const found = this.#seek(path, who, follow);
    if (typeof found === "string") throw new FileError(found, path);
    return found;
  }

  /** The file, or the code of why it is not reached. */
  #seek(path: string, who: Credentials, follow: boolean): Inode | FileErrorCode {
    let hops = 0;
    let rest = path.split("/").filter(Boolean);
    let node = this.#root;
    const trail: Inode[] = [];
    for (let at = 0; at < rest.length;) {
      const part = rest[at] ?? "";
      at += 1;
      if (node.type !== "directory") return "ENOTDIR";
      if (part === ".") continue;
      if (part === "..") {
        node = trail.pop() ?? this.#root;
        continue;
      }
      if (!this.#allowed(node, who, 1)) return "EACCES";
      const next = this.#child(node, part);
      if (!next) return "ENOENT";
      if (next.type === "symlink" && (follow || at < rest.length)) {
        if (++hops > maxSymlinks) return "ELOOP";
        rest = [...next.target.split("/").filter(Boolean), ...rest.slice(at)];
        at = 0;
        if (next.target.startsWith("/")) {
          node = this.#root;
          trail.length = 0;
        }
        continue;
      }
      trail.push(node);
      node = next;
    }
    if (path.endsWith("/") && path !== "/" && node.type !== "directory" && node.type !== "symlink") {
      return "ENOTDIR";
    }
    return node;
  }
}

export interface OpenOptions {
  append?: boolean;
  /** Fail with EEXIST when the file is there. */
  exclusive?: boolean;
  /** Permission bits of a new file, umask already applied; default 0o644. */
  mode?: number;
}

export interface FileHandle {
  write(bytes: Uint8Array): void;
}

function asUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** A file system seen with one user's permissions. */
export class FileView {
  readonly files: FileSystem;
  readonly who: Credentials;
  constructor(files: FileSystem, who: Credentials) {
    this.files = files;
    this.who = who;
  }
  stat(path: string): Stat {
    return this.files.stat(path, this.who);
  }
  /** Like stat, but of the symlink itself. */
  lstat(path: string): Stat {
    return this.files.stat(path, this.who, false);
  }
  exists(path: string): boolean {
    return this.files.exists(path, this.who);
  }
  isDirectory(path: string): boolean {
    return this.exists(path) && this.stat(path).type === "directory";
  }
  /** `wanted` is the sum of 4 read, 2 write, 1 execute. */
  access(path: string, wanted: number): boolean {
    return this.files.access(path, this.who, wanted);
  }
  readBytes(path: string): Uint8Array {
    return this.files.read(path, this.who);
  }
  readText(path: string): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.readBytes(path));
  }
  open(path: string, options?: OpenOptions): FileHandle {
    return this.files.open(path, this.who, options);
  }
  write(path: string, data: string | Uint8Array, options?: OpenOptions): void {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    this.files.write(path, bytes, this.who, options);
  }
  /** Writes with exactly these permissions, also over an existing file. */
  writeWithMode(path: string, data: string | Uint8Array, mode: number): void {
    this.write(path, data, { mode });
    this.chmod(path, mode);
  }
  makeDirectory(path: string, mode = 0o755): void {
    this.files.makeDirectory(path, this.who, mode);
  }
  /** Like `mkdir -p`: missing folders are made, existing ones are left as they are. */
  makeDirectories(path: string, mode = 0o755): void {
    let made = "";
    for (const part of path.split("/").filter(Boolean)) {
      made += `/${part}`;
      if (!this.exists(made)) this.makeDirectory(made, mode);
      else if (!this.isDirectory(made)) throw new FileError("ENOTDIR", made);
    }
  }
  removeDirectory(path: string): void {
    this.files.removeDirectory(path, this.who);
  }
  unlink(path: string): void {
    this.files.unlink(path, this.who);
  }
  /** Removes a file or a whole folder; a missing one is no error. */
  removeTree(path: string): void {
    let stat: Stat;
    try {
      stat = this.lstat(path);
    } catch (error) {
      if (error instanceof FileError && error.code === "ENOENT") return;
      throw error;
    }
    if (stat.type !== "directory") return this.unlink(path);
    for (const name of this.list(path)) this.removeTree(path === "/" ? `/${name}` : `${path}/${name}`);
    this.removeDirectory(path);
  }
  rename(from: string, to: string): void {
    this.files.rename(from, to, this.who);
  }
  link(existing: string, path: string): void {
    this.files.link(existing, path, this.who);
  }
  symlink(target: string, path: string): void {
    this.files.symlink(target, path, this.who);
  }
  readLink(path: string): string {
    return this.files.readLink(path, this.who);
  }
  list(path: string): string[] {
    return this.files.list(path, this.who);
  }
  chmod(path: string, mode: number): void {
    this.files.changeMode(path, this.who, mode);
  }
  chown(path: string, uid: number, gid: number, follow = true): void {
    this.files.changeOwner(path, this.who, uid, gid, follow);
  }
  setTime(path: string, mtime: number): void {
    this.files.setTime(path, this.who, mtime);
  }
  realPath(path: string): string {
    return this.files.realPath(path, this.who);
  }
}
