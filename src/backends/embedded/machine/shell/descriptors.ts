import { FileError } from "../files/errors.ts";
import type { FileView } from "../files/file-system.ts";
import type { ByteSink, ByteSource } from "../io.ts";

/** A source that several processes read in turn: what one does not take stays for the next. */
export class SharedSource implements ByteSource {
  readonly isTerminal: boolean;
  readonly #inner: ByteSource;
  #buffer: Uint8Array[] = [];
  #ends = 0;
  #reading = false;
  #waiting: (() => void)[] = [];
  #listeners: (() => void)[] = [];

  #hasMore: () => boolean;

  /** `hasMore` tells that `inner` has something which was not read yet. */
  constructor(inner: ByteSource, hasMore: () => boolean = () => false) {
    this.#inner = inner;
    this.#hasMore = hasMore;
    this.isTerminal = inner.isTerminal ?? false;
  }

  /** Resolves with null also when `signal` aborts first; nothing is lost then. */
  async read(signal?: AbortSignal): Promise<Uint8Array | null> {
    for (;;) {
      if (signal?.aborted) return null;
      const chunk = this.#buffer.shift();
      if (chunk) return chunk;
      if (this.#ends > 0) {
        this.#ends -= 1;
        return null;
      }
      this.#fill();
      await new Promise<void>((resolve) => {
        const done = () => {
          signal?.removeEventListener("abort", done);
          this.#waiting = this.#waiting.filter((each) => each !== done);
          resolve();
        };
        this.#waiting.push(done);
        signal?.addEventListener("abort", done);
        if (!this.#hasMore()) for (const listener of this.#listeners.splice(0)) listener();
      });
    }
  }

  /** Calls back once when somebody reads and nothing is there, at once if that is so now. */
  whenAsked(callback: () => void): void {
    if (this.#waiting.length > 0 && this.#buffer.length === 0 && !this.#hasMore()) callback();
    else this.#listeners.push(callback);
  }

  /** Puts back what was read too much. */
  unread(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#buffer.unshift(bytes);
  }

  #fill(): void {
    if (this.#reading) return;
    this.#reading = true;
    void this.#inner.read().then((chunk) => {
      this.#reading = false;
      if (chunk) this.#buffer.push(chunk);
      else this.#ends += 1;
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }
}

interface OpenFileParts {
  source?: ByteSource | undefined;
  sink?: ByteSink | undefined;
  onClose?: () => void;
}

/** What one or more descriptors refer to; closed with the last of them. */
export class OpenFile {
  readonly source: SharedSource | undefined;
  readonly sink: ByteSink | undefined;
  readonly #onClose: (() => void) | undefined;
  #references = 1;

  constructor(parts: OpenFileParts) {
    this.source = parts.source instanceof SharedSource || !parts.source ? parts.source : new SharedSource(parts.source);
    this.sink = parts.sink;
    this.#onClose = parts.onClose;
  }

  retain(): this {
    this.#references += 1;
    return this;
  }

  release(): void {
    this.#references -= 1;
    if (this.#references === 0) this.#onClose?.();
  }
}

/** The open files of a shell by descriptor. */
export class Descriptors {
  #files = new Map<number, OpenFile>();

  get(descriptor: number): OpenFile | undefined {
    return this.#files.get(descriptor);
  }

  /** Takes over the caller's reference. */
  set(descriptor: number, file: OpenFile): void {
    const old = this.#files.get(descriptor);
    this.#files.set(descriptor, file);
    old?.release();
  }

  close(descriptor: number): void {
    const file = this.#files.get(descriptor);
    this.#files.delete(descriptor);
    file?.release();
  }

  closeAll(): void {
    for (const file of this.#files.values()) file.release();
    this.#files.clear();
  }

  clone(): Descriptors {
    const result = new Descriptors();
    for (const [descriptor, file] of this.#files) result.#files.set(descriptor, file.retain());
    return result;
  }

  /** The lowest free descriptor from 10 on. */
  free(): number {
    let descriptor = 10;
    while (this.#files.has(descriptor)) descriptor += 1;
    return descriptor;
  }
}

const chunkSize = 65_536;

/** The content of a file as it is when opened; a device goes on for ever. */
export function fileSource(path: string, files: FileView): ByteSource {
  const first = files.readBytes(path);
  const endless = files.stat(path).type === "device" && first.length > 0;
  let rest: Uint8Array = first;
  return {
    read() {
      if (rest.length === 0 && endless) rest = files.readBytes(path);
      if (rest.length === 0) return Promise.resolve(null);
      const chunk = rest.slice(0, chunkSize);
      rest = rest.subarray(chunk.length);
      return Promise.resolve(chunk);
    },
  };
}

/** Writes to a file opened now. Throws FileError. */
export function fileSink(
  path: string,
  files: FileView,
  options: { append?: boolean; mode: number; exclusive?: boolean },
): ByteSink {
  const handle = files.open(path, options);
  return {
    write(bytes) {
      try {
        handle.write(bytes);
        return Promise.resolve();
      } catch (error) {
        return Promise.reject(error instanceof Error ? error : new FileError("EINVAL", path));
      }
    },
  };
}
