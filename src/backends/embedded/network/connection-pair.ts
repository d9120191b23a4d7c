import { Duplex } from "node:stream";

/** One end of an in-memory byte stream that behaves like a connected TCP socket. */
class ConnectionEnd extends Duplex {
  #peer: ConnectionEnd | undefined;
  #resume: (() => void) | undefined;
  #onWrite: ((chunk: Buffer) => void) | undefined;

  constructor(onWrite?: (chunk: Buffer) => void) {
    super({ allowHalfOpen: true });
    this.#onWrite = onWrite;
    // Whoever holds this end learns of a reset from its next read or write; an unwatched end must not end the lab.
    this.on("error", () => {});
  }

  join(peer: ConnectionEnd): void {
    this.#peer = peer;
  }

  override _read(): void {
    this.#peer?.drain();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    const peer = this.#peer;
    this.#onWrite?.(chunk);
    // Simplified: a real peer that closed answers late bytes with a reset; here they vanish, so no answer is lost.
    if (!peer || peer.destroyed || peer.readableEnded) return callback();
    if (peer.push(chunk)) return callback();
    this.#resume = callback;
  }

  override _final(callback: (error?: Error | null) => void): void {
    if (this.#peer && !this.#peer.destroyed) this.#peer.push(null);
    callback();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const peer = this.#peer;
    this.#peer = undefined;
    this.drain();
    if (peer && !peer.destroyed) peer.#left(error);
    callback(error);
  }

  drain(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }

  #left(error: Error | null): void {
    this.drain();
    if (error) this.destroy(error);
    else if (!this.readableEnded) this.push(null);
  }
}

/** What passes over a connection, for who looks on. */
export interface Listening {
  asked(chunk: Buffer): void;
  answered(chunk: Buffer): void;
}

/** Two connected ends: what one writes the other reads; an end destroyed with an error resets the other. */
export function connectionPair(listening?: Listening): [Duplex, Duplex] {
  const client = new ConnectionEnd(listening && ((chunk) => listening.asked(chunk)));
  const server = new ConnectionEnd(listening && ((chunk) => listening.answered(chunk)));
  client.join(server);
  server.join(client);
  return [client, server];
}
