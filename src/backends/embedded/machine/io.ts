/** Where a process reads bytes from. */
export interface ByteSource {
  /** The next chunk, or null at the end of input. */
  read(): Promise<Uint8Array | null>;
  /** True when reads come from a terminal. */
  readonly isTerminal?: boolean;
}

/** Where a process writes bytes to. */
export interface ByteSink {
  /** Rejects with BrokenPipe when nobody reads any more. */
  write(bytes: Uint8Array): Promise<void>;
  readonly isTerminal?: boolean;
}

/** The writer's end of a pipe whose reader is gone: the process dies of SIGPIPE unless it catches this. */
export class BrokenPipe extends Error {
  override readonly name = "BrokenPipe";
  constructor() {
    super("Broken pipe");
  }
}

const encoder = new TextEncoder();

export const encode = (text: string): Uint8Array => encoder.encode(text);

/** Bytes as text; bytes that are not UTF-8 become U+FFFD. */
export const decode = (bytes: Uint8Array): string => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

export const emptySource: ByteSource = { read: () => Promise.resolve(null) };

export const nullSink: ByteSink = { write: () => Promise.resolve() };

export function sourceOf(data: string | Uint8Array): ByteSource {
  let rest: Uint8Array | null = typeof data === "string" ? encode(data) : data;
  if (rest.length === 0) rest = null;
  return {
    read() {
      const chunk = rest;
      rest = null;
      return Promise.resolve(chunk);
    },
  };
}

/** A bounded byte queue between two processes: a full pipe makes the writer wait, a closed one breaks it. */
export class Pipe implements ByteSource, ByteSink {
  static readonly capacity = 65_536;
  #chunks: Uint8Array[] = [];
  #size = 0;
  #writerClosed = false;
  #readerClosed = false;
  #wakeReaders: (() => void)[] = [];
  #wakeWriters: (() => void)[] = [];

  async read(): Promise<Uint8Array | null> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk) {
        this.#size -= chunk.length;
        wake(this.#wakeWriters);
        return chunk;
      }
      if (this.#writerClosed || this.#readerClosed) return null;
      await new Promise<void>((resolve) => this.#wakeReaders.push(resolve));
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#readerClosed) throw new BrokenPipe();
    if (bytes.length === 0) return;
    this.#chunks.push(bytes.slice());
    this.#size += bytes.length;
    wake(this.#wakeReaders);
    while (this.#size > Pipe.capacity && !this.#readerClosed) {
      await new Promise<void>((resolve) => this.#wakeWriters.push(resolve));
    }
    if (this.#readerClosed) throw new BrokenPipe();
  }

  /** No more will be written: the reader sees the end after what is queued. */
  closeWriter(): void {
    this.#writerClosed = true;
    wake(this.#wakeReaders);
  }

  /** Nobody reads any more: writers get BrokenPipe. */
  closeReader(): void {
    this.#readerClosed = true;
    this.#chunks = [];
    wake(this.#wakeWriters);
    wake(this.#wakeReaders);
  }
}

function wake(waiting: (() => void)[]): void {
  for (const resolve of waiting.splice(0)) resolve();
}

/** Collects everything written to it. */
export class Collector implements ByteSink {
  #chunks: Uint8Array[] = [];
  write(bytes: Uint8Array): Promise<void> {
    this.#chunks.push(bytes.slice());
    return Promise.resolve();
  }
  bytes(): Uint8Array {
    return concat(this.#chunks);
  }
  text(): string {
    return decode(this.bytes());
  }
}

export function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    result.set(chunk, offset);
    offset += chunk.length;
  }
  return result;
}

export async function readAll(source: ByteSource): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let chunk = await source.read(); chunk; chunk = await source.read()) chunks.push(chunk);
  return concat(chunks);
}

export const readText = async (source: ByteSource): Promise<string> => decode(await readAll(source));

/** Lines without their newline, as they arrive; the last one also when it has none. */
export async function* lines(source: ByteSource): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let rest = "";
  for (let chunk = await source.read(); chunk; chunk = await source.read()) {
    rest += decoder.decode(chunk, { stream: true });
    const parts = rest.split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}
