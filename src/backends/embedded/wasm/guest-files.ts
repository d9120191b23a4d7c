import { FileError } from "../machine/files/errors.ts";
import type { FileErrorCode } from "../machine/files/errors.ts";
import type { FileView, Stat } from "../machine/files/file-system.ts";
import { dataBytes, errno } from "./calls.ts";
import type { CallMessage, FileFacts, FileRequest } from "./calls.ts";
import type { CallResult } from "./guest-sockets.ts";

/** A folder of a machine that a module may reach, and nothing beside it. */
export interface GuestFolder {
  /** Its name for the module. */
  guest: string;
  /** Absolute path on the machine. */
  path: string;
  readOnly: boolean;
  /** The machine's files with the rights of whoever runs the module. */
  files: FileView;
}

const errnoOf: Readonly<Record<FileErrorCode, number>> = {
  EACCES: errno.accessDenied,
  EBUSY: errno.busy,
  EEXIST: errno.exists,
  EINVAL: errno.invalid,
  EISDIR: errno.isDirectory,
  ELOOP: errno.loop,
  ENAMETOOLONG: errno.nameTooLong,
  ENOENT: errno.noEntry,
  ENOEXEC: errno.invalid,
  ENOSPC: errno.noSpace,
  ENOTDIR: errno.notDirectory,
  ENOTEMPTY: errno.notEmpty,
  ENXIO: errno.noEntry,
  EPERM: errno.notPermitted,
  EROFS: errno.readOnly,
  EXDEV: errno.crossDevice,
};

const maxSymlinks = 40;

/** Answers a module's requests for files: every path is walked by hand, and none leads out of its folder. */
export class GuestFiles {
  #folders: readonly GuestFolder[];

  constructor(folders: readonly GuestFolder[]) {
    this.#folders = folders;
  }

  handle(call: CallMessage): CallResult {
    const { request } = call;
    if (!request) return { errno: errno.invalid };
    try {
      return this.#answer(request, call.data ?? new Uint8Array());
    } catch (error) {
      if (error instanceof FileError) return { errno: errnoOf[error.code] };
      throw error;
    }
  }

  #answer(request: FileRequest, data: Uint8Array): CallResult {
    switch (request.kind) {
      case "resolve":
        return this.#resolve(request);
      case "open":
        return this.#open(request);
      case "stat": {
        const { files } = this.#any();
        return facts(request.path.slice(request.path.lastIndexOf("/") + 1), files.lstat(request.path));
      }
      case "entry": {
        const { files } = this.#any();
        const name = files.list(request.path).sort()[request.index];
        if (name === undefined) return { errno: errno.success, value: 0 };
        return { ...facts(name, files.lstat(`${request.path}/${name}`)), value: 1 };
      }
      case "read": {
        const end = request.offset + Math.min(request.size, dataBytes);
        return { errno: errno.success, data: this.#any().files.readBytes(request.path).slice(request.offset, end) };
      }
      case "write": {
        const { files } = this.#writable(request.folder);
        const before = files.readBytes(request.path);
        const after = new Uint8Array(Math.max(before.length, request.offset + data.length));
        after.set(before);
        after.set(data, request.offset);
        files.write(request.path, after);
        return { errno: errno.success, value: data.length };
      }
      case "resize": {
        const { files } = this.#writable(request.folder);
        const after = new Uint8Array(request.size);
        after.set(files.readBytes(request.path).subarray(0, request.size));
        files.write(request.path, after);
        return { errno: errno.success };
      }
      case "make-directory":
        this.#writable(request.folder).files.makeDirectory(request.path);
        return { errno: errno.success };
      case "remove-directory":
        this.#writable(request.folder).files.removeDirectory(request.path);
        return { errno: errno.success };
      case "unlink":
        this.#writable(request.folder).files.unlink(request.path);
        return { errno: errno.success };
    }
  }

  #resolve(request: Extract<FileRequest, { kind: "resolve" }>): CallResult {
    const folder = this.#folder(request.folder);
    return text(walk(folder, request.base === "" ? folder.path : request.base, request.path, request.follow));
  }

  #open(request: Extract<FileRequest, { kind: "open" }>): CallResult {
    const { path } = request;
    const { files, readOnly } = this.#folder(request.folder);
    if (!files.exists(path) && !request.create) return { errno: errno.noEntry };
    if (files.exists(path) && request.exclusive) return { errno: errno.exists };
    if (files.isDirectory(path)) {
      if (request.writes) return { errno: errno.isDirectory };
      return facts("", files.stat(path));
    }
    if (request.writes || request.create || request.truncate) {
      if (readOnly) return { errno: errno.notCapable };
      if (!files.exists(path) || request.truncate) files.write(path, "");
      else if (!files.access(path, 2)) return { errno: errno.accessDenied };
    } else if (!files.access(path, 4)) return { errno: errno.accessDenied };
    return facts("", files.stat(path));
  }

  #folder(number: number): GuestFolder {
    const folder = this.#folders[number];
    if (!folder) throw new FileError("EINVAL", "");
    return folder;
  }

  /** Any folder's view: all are of one user and one machine. */
  #any(): GuestFolder {
    return this.#folder(0);
  }

  #writable(number: number): GuestFolder {
    const folder = this.#folder(number);
    if (folder.readOnly) throw new FileError("EROFS", folder.path);
    return folder;
  }
}

/** The machine's path for `path` below `base`. Throws FileError EPERM for what leads out of the folder. */
function walk(folder: GuestFolder, base: string, path: string, follow: boolean): string {
  if (path.startsWith("/")) throw new FileError("EPERM", path);
  let here = base;
  let links = 0;
  const left = path.split("/").filter((part) => part !== "" && part !== ".");
  while (left.length > 0) {
    const part = left.shift() ?? "";
    if (part === "..") {
      if (here === folder.path) throw new FileError("EPERM", path);
      here = here.slice(0, here.lastIndexOf("/")) || "/";
      continue;
    }
    const next = here === "/" ? `/${part}` : `${here}/${part}`;
    const isLink = isSymlink(folder.files, next);
    if (!isLink || (left.length === 0 && !follow)) {
      here = next;
      continue;
    }
    links += 1;
    if (links > maxSymlinks) throw new FileError("ELOOP", path);
    const target = folder.files.readLink(next);
    if (target.startsWith("/")) throw new FileError("EPERM", path);
    left.unshift(...target.split("/").filter((piece) => piece !== "" && piece !== "."));
  }
  return here;
}

function isSymlink(files: FileView, path: string): boolean {
  try {
    return files.lstat(path).type === "symlink";
  } catch (error) {
    if (error instanceof FileError && error.code === "ENOENT") return false;
    throw error;
  }
}

const text = (value: string): CallResult => ({ errno: errno.success, data: new TextEncoder().encode(value) });

function facts(name: string, stat: Stat): CallResult {
  const { type, size, inode, mtime } = stat;
  const known = type === "file" || type === "directory" || type === "symlink" ? type : "other";
  const answer: FileFacts = { name, type: known, size, inode, mtime };
  return text(JSON.stringify(answer));
}
