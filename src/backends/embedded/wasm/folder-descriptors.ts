import { Fd, wasi } from "@bjorn3/browser_wasi_shim";
import { dataBytes, errno } from "./calls.ts";
import type { FileFacts, FileRequest } from "./calls.ts";

/** Asks the host and waits for its answer. */
export type AskFiles = (request: FileRequest, data?: Uint8Array) => { errno: number; value: number; data: Uint8Array };

const filetypes = {
  file: wasi.FILETYPE_REGULAR_FILE,
  directory: wasi.FILETYPE_DIRECTORY,
  symlink: wasi.FILETYPE_SYMBOLIC_LINK,
  other: wasi.FILETYPE_UNKNOWN,
} as const;

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const factsOf = (bytes: Uint8Array): FileFacts => JSON.parse(textOf(bytes));

function filestat(facts: FileFacts): wasi.Filestat {
  const stat = new wasi.Filestat(BigInt(facts.inode), filetypes[facts.type], BigInt(facts.size));
  stat.mtim = stat.ctim = stat.atim = BigInt(Math.round(facts.mtime)) * 1_000_000n;
  return stat;
}

/** A folder of the machine as the module has it: a preopened one, or one below it. */
export class FolderDescriptor extends Fd {
  readonly #ask: AskFiles;
  readonly #folder: number;
  readonly #guest: string | undefined;
  #path: string | undefined;

  /** `guest` is a preopened folder's name; `path` is the machine's path of another one. */
  constructor(ask: AskFiles, folder: number, place: { guest: string } | { path: string }) {
    super();
    this.#ask = ask;
    this.#folder = folder;
    this.#guest = "guest" in place ? place.guest : undefined;
    this.#path = "path" in place ? place.path : undefined;
  }

  override fd_prestat_get(): { ret: number; prestat: wasi.Prestat | null } {
    if (this.#guest === undefined) return { ret: errno.badDescriptor, prestat: null };
    return { ret: errno.success, prestat: wasi.Prestat.dir(this.#guest) };
  }

  override fd_fdstat_get(): { ret: number; fdstat: wasi.Fdstat } {
    const fdstat = new wasi.Fdstat(wasi.FILETYPE_DIRECTORY, 0);
    fdstat.fs_rights_base = fdstat.fs_rights_inherited = 0x1fff_ffffn;
    return { ret: errno.success, fdstat };
  }

  override fd_filestat_get(): { ret: number; filestat: wasi.Filestat | null } {
    return this.#stat(this.#own());
  }

  override fd_readdir_single(cookie: bigint): { ret: number; dirent: wasi.Dirent | null } {
    const answer = this.#ask({ kind: "entry", path: this.#own(), index: Number(cookie) });
    if (answer.errno !== errno.success || answer.value === 0) return { ret: answer.errno, dirent: null };
    const facts = factsOf(answer.data);
    const dirent = new wasi.Dirent(cookie + 1n, BigInt(facts.inode), facts.name, filetypes[facts.type]);
    return { ret: errno.success, dirent };
  }

  override path_filestat_get(flags: number, path: string): { ret: number; filestat: wasi.Filestat | null } {
    const found = this.#resolve(path, (flags & 1) !== 0);
    return typeof found === "number" ? { ret: found, filestat: null } : this.#stat(found.path);
  }

  override path_open(
    dirflags: number,
    path: string,
    oflags: number,
    rights: bigint,
    _inheriting: bigint,
    fdflags: number,
  ): { ret: number; fd_obj: Fd | null } {
    const found = this.#resolve(path, (dirflags & 1) !== 0);
    if (typeof found === "number") return { ret: found, fd_obj: null };
    const writes = (rights & BigInt(wasi.RIGHTS_FD_WRITE)) !== 0n && (oflags & wasi.OFLAGS_DIRECTORY) === 0;
    const answer = this.#ask({
      kind: "open",
      folder: this.#folder,
      path: found.path,
      writes,
      create: (oflags & wasi.OFLAGS_CREAT) !== 0,
      exclusive: (oflags & wasi.OFLAGS_EXCL) !== 0,
      truncate: (oflags & wasi.OFLAGS_TRUNC) !== 0,
    });
    if (answer.errno !== errno.success) return { ret: answer.errno, fd_obj: null };
    const isDirectory = factsOf(answer.data).type === "directory";
    if (!isDirectory && (oflags & wasi.OFLAGS_DIRECTORY) !== 0) return { ret: errno.notDirectory, fd_obj: null };
    const fd = isDirectory
      ? new FolderDescriptor(this.#ask, this.#folder, found)
      : new FileDescriptor(this.#ask, this.#folder, found.path, (fdflags & wasi.FDFLAGS_APPEND) !== 0);
    return { ret: errno.success, fd_obj: fd };
  }

  override path_create_directory(path: string): number {
    return this.#change("make-directory", path);
  }
  override path_remove_directory(path: string): number {
    return this.#change("remove-directory", path);
  }
  override path_unlink_file(path: string): number {
    return this.#change("unlink", path);
  }

  #change(kind: "make-directory" | "remove-directory" | "unlink", path: string): number {
    const found = this.#resolve(path, false);
    return typeof found === "number" ? found : this.#ask({ kind, folder: this.#folder, path: found.path }).errno;
  }

  #stat(path: string): { ret: number; filestat: wasi.Filestat | null } {
    const answer = this.#ask({ kind: "stat", path });
    if (answer.errno !== errno.success) return { ret: answer.errno, filestat: null };
    return { ret: errno.success, filestat: filestat(factsOf(answer.data)) };
  }

  /** The machine's path of this folder. */
  #own(): string {
    if (this.#path === undefined) {
      const found = this.#ask({ kind: "resolve", folder: this.#folder, base: "", path: "", follow: true });
      this.#path = textOf(found.data);
    }
    return this.#path;
  }

  #resolve(path: string, follow: boolean): { path: string } | number {
    const answer = this.#ask({ kind: "resolve", folder: this.#folder, base: this.#own(), path, follow });
    return answer.errno === errno.success ? { path: textOf(answer.data) } : answer.errno;
  }
}

/** An open file of the machine. */
class FileDescriptor extends Fd {
  readonly #ask: AskFiles;
  readonly #folder: number;
  readonly #path: string;
  readonly #appends: boolean;
  #position = 0;

  constructor(ask: AskFiles, folder: number, path: string, appends: boolean) {
    super();
    this.#ask = ask;
    this.#folder = folder;
    this.#path = path;
    this.#appends = appends;
  }

  override fd_fdstat_get(): { ret: number; fdstat: wasi.Fdstat } {
    const fdstat = new wasi.Fdstat(wasi.FILETYPE_REGULAR_FILE, this.#appends ? wasi.FDFLAGS_APPEND : 0);
    fdstat.fs_rights_base = 0x1fff_ffffn;
    return { ret: errno.success, fdstat };
  }

  override fd_filestat_get(): { ret: number; filestat: wasi.Filestat | null } {
    const answer = this.#ask({ kind: "stat", path: this.#path });
    if (answer.errno !== errno.success) return { ret: answer.errno, filestat: null };
    return { ret: errno.success, filestat: filestat(factsOf(answer.data)) };
  }

  override fd_filestat_set_size(size: bigint): number {
    return this.#ask({ kind: "resize", folder: this.#folder, path: this.#path, size: Number(size) }).errno;
  }

  override fd_read(size: number): { ret: number; data: Uint8Array } {
    const answer = this.fd_pread(size, BigInt(this.#position));
    this.#position += answer.data.length;
    return answer;
  }

  override fd_pread(size: number, offset: bigint): { ret: number; data: Uint8Array } {
    const answer = this.#ask({
      kind: "read",
      path: this.#path,
      offset: Number(offset),
      size: Math.min(size, dataBytes),
    });
    return { ret: answer.errno, data: answer.data };
  }

  override fd_write(data: Uint8Array): { ret: number; nwritten: number } {
    if (this.#appends) this.#position = this.#size();
    const answer = this.fd_pwrite(data, BigInt(this.#position));
    this.#position += answer.nwritten;
    return answer;
  }

  override fd_pwrite(data: Uint8Array, offset: bigint): { ret: number; nwritten: number } {
    const request = { kind: "write", folder: this.#folder, path: this.#path, offset: Number(offset) } as const;
    const answer = this.#ask(request, data.slice());
    return { ret: answer.errno, nwritten: answer.value };
  }

  override fd_seek(offset: bigint, whence: number): { ret: number; offset: bigint } {
    let from = 0;
    if (whence === wasi.WHENCE_CUR) from = this.#position;
    if (whence === wasi.WHENCE_END) from = this.#size();
    const position = from + Number(offset);
    if (position < 0) return { ret: errno.invalid, offset: 0n };
    this.#position = position;
    return { ret: errno.success, offset: BigInt(position) };
  }

  override fd_tell(): { ret: number; offset: bigint } {
    return { ret: errno.success, offset: BigInt(this.#position) };
  }

  override fd_sync(): number {
    return errno.success;
  }

  #size(): number {
    const answer = this.#ask({ kind: "stat", path: this.#path });
    return answer.errno === errno.success ? factsOf(answer.data).size : 0;
  }
}
