import type { Duplex } from "node:stream";
import { constants, createDeflate, createInflate, type Deflate, type Inflate } from "node:zlib";
import { concat } from "../../machine/io.ts";
import { spdyDictionary } from "./spdy-dictionary.ts";

const version = 3;
const frames = { synStream: 1, synReply: 2, reset: 3, ping: 6, goAway: 7 } as const;
const finished = 1;

/** One stream of a connection. */
export interface SpdyStream {
  readonly id: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** What the client sends, until it closes its half. */
  readonly input: AsyncIterable<Uint8Array>;
  write(bytes: Uint8Array): void;
  /** Closes our half. */
  end(): void;
}

class Stream implements SpdyStream {
  readonly id: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly input: AsyncIterable<Uint8Array>;
  readonly #connection: SpdyConnection;
  #chunks: Uint8Array[] = [];
  #isOver = false;
  #wake: () => void = () => undefined;
  #hasEnded = false;

  constructor(connection: SpdyConnection, id: number, headers: Readonly<Record<string, string>>) {
    this.#connection = connection;
    this.id = id;
    this.headers = headers;
    this.input = this.#read();
  }

  receive(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#chunks.push(bytes);
    this.#wake();
  }

  close(): void {
    this.#isOver = true;
    this.#wake();
  }

  write(bytes: Uint8Array): void {
    if (!this.#hasEnded && bytes.length > 0) this.#connection.send(this.id, 0, bytes);
  }

  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#connection.send(this.id, finished, new Uint8Array());
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const next = this.#chunks.shift();
      if (next) yield next;
      else if (this.#isOver) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/**
 * The server's end of a SPDY/3.1 connection, which kubectl's exec and port-forward speak after their upgrade.
 * Simplified: no flow control and no priorities, as the library that kubectl uses.
 */
export class SpdyConnection {
  readonly #socket: Duplex;
  readonly #onStream: (stream: SpdyStream) => void;
  readonly #streams = new Map<number, Stream>();
  readonly #inflate: Inflate = createInflate({ dictionary: spdyDictionary() });
  readonly #deflate: Deflate = createDeflate({ dictionary: spdyDictionary() });

  constructor(socket: Duplex, onStream: (stream: SpdyStream) => void) {
    this.#socket = socket;
    this.#onStream = onStream;
    socket.on("error", () => undefined);
    void this.#serve()
      .catch(() => socket.destroy())
      .finally(() => {
        for (const stream of this.#streams.values()) stream.close();
        this.#inflate.close();
        this.#deflate.close();
      });
  }

  /** Sends one data frame. */
  send(id: number, flags: number, bytes: Uint8Array): void {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(id);
    head.writeUInt32BE(bytes.length, 4);
    head.writeUInt8(flags, 4);
    this.#write(concat([head, bytes]));
  }

  /** Ends the connection after what was sent. */
  close(): void {
    if (!this.#socket.destroyed) this.#socket.end();
  }

  #write(bytes: Uint8Array): void {
    if (!this.#socket.destroyed && this.#socket.writable) this.#socket.write(bytes);
  }

  #control(type: number, flags: number, body: Uint8Array): void {
    const head = Buffer.alloc(8);
    head.writeUInt16BE(0x8000 | version);
    head.writeUInt16BE(type, 2);
    head.writeUInt32BE(body.length, 4);
    head.writeUInt8(flags, 4);
    this.#write(concat([head, body]));
  }

  async #serve(): Promise<void> {
    let rest = Buffer.alloc(0);
    for await (const chunk of this.#socket) {
      if (!(chunk instanceof Uint8Array)) continue;
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 8) {
        const length = rest.readUIntBE(5, 3);
        if (rest.length < 8 + length) break;
        await this.#frame(rest.subarray(0, 8), Buffer.from(rest.subarray(8, 8 + length)));
        rest = rest.subarray(8 + length);
      }
    }
  }

  async #frame(head: Buffer, body: Buffer): Promise<void> {
    const flags = head.readUInt8(4);
    if ((head.readUInt8(0) & 0x80) === 0) {
      const stream = this.#streams.get(head.readUInt32BE(0));
      stream?.receive(body);
      if (flags & finished) stream?.close();
      return;
    }
    switch (head.readUInt16BE(2)) {
      case frames.synStream: {
        const id = body.readUInt32BE(0);
        const stream = new Stream(this, id, await this.#headers(body.subarray(10)));
        this.#streams.set(id, stream);
        if (flags & finished) stream.close();
        const reply = Buffer.alloc(4);
        reply.writeUInt32BE(id);
        this.#control(frames.synReply, 0, concat([reply, await this.#noHeaders()]));
        this.#onStream(stream);
        return;
      }
      case frames.reset: {
        const stream = this.#streams.get(body.readUInt32BE(0));
        stream?.close();
        return;
      }
      case frames.ping:
        return this.#control(frames.ping, 0, body);
      case frames.goAway:
        return this.close();
      default:
    }
  }

  /** Header blocks of one direction share one zlib stream. */
  async #headers(block: Buffer): Promise<Record<string, string>> {
    const text = await through(this.#inflate, block);
    const headers: Record<string, string> = {};
    let position = 4;
    const word = (): string => {
      const length = text.readUInt32BE(position);
      const value = text.toString("utf8", position + 4, position + 4 + length);
      position += 4 + length;
      return value;
    };
    for (let left = text.length >= 4 ? text.readUInt32BE(0) : 0; left > 0; left -= 1)
      headers[word().toLowerCase()] = word();
    return headers;
  }

  #noHeaders(): Promise<Buffer> {
    return through(this.#deflate, Buffer.alloc(4));
  }
}

/** Gives bytes to a zlib stream that goes on, and takes what comes out for them. */
function through(stream: Inflate | Deflate, bytes: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const onData = (chunk: Buffer): void => void chunks.push(chunk);
    const onError = (error: Error): void => reject(error);
    stream.on("data", onData);
    stream.once("error", onError);
    stream.write(bytes);
    stream.flush(constants.Z_SYNC_FLUSH, () => {
      stream.off("data", onData);
      stream.off("error", onError);
      resolve(Buffer.concat(chunks));
    });
  });
}
