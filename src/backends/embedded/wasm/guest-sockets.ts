import type { Duplex } from "node:stream";
import type { Clock } from "../../../domain/clock.ts";
import { NetworkError } from "../network/network.ts";
import { errno } from "./calls.ts";
import type { CallMessage } from "./calls.ts";
import type { ModuleRun } from "./module-runner.ts";

/** What the host answers to one call of the module. */
export interface CallResult {
  errno: number;
  value?: number;
  data?: Uint8Array;
}

/** How long a client that says nothing is held back from the module, milliseconds. */
const silentClientMs = 40;
/** The same without a clock, in turns of the event loop. */
const turnsWithoutClock = 100;
/** Bytes of a client's that wait for the module; more stay with the sender. */
const receiveBuffer = 262_144;
const readSide = 1;

const ok: CallResult = { errno: errno.success };
const failed = (code: number): CallResult => ({ errno: code });

/** A client's connection as the module's host sees it. */
class GuestConnection {
  readonly stream: Duplex;
  #chunks: Uint8Array[] = [];
  #size = 0;
  #received = 0;
  #ended = false;
  #reset = false;
  #waiting = new Set<() => void>();

  constructor(stream: Duplex) {
    this.stream = stream;
    stream.on("data", (chunk: Uint8Array) => {
      this.#chunks.push(chunk);
      this.#size += chunk.length;
      this.#received += chunk.length;
      if (this.#size > receiveBuffer) stream.pause();
      this.#wake();
    });
    stream.on("end", () => this.#finish());
    stream.on("close", () => this.#finish());
    stream.on("error", () => {
      this.#reset = true;
      this.#finish();
    });
  }

  /** True when the client closed and never said anything, as a TCP probe does. */
  get leftSilently(): boolean {
    return this.#ended && this.#received === 0;
  }

  /** Resolves when the client has said something or gone. */
  async firstSign(): Promise<void> {
    while (this.#received === 0 && !this.#ended) await this.#change();
  }

  async receive(size: number, nonBlocking: boolean): Promise<CallResult> {
    for (;;) {
      const chunk = this.#chunks[0];
      if (chunk) {
        const data = chunk.subarray(0, size);
        if (data.length === chunk.length) this.#chunks.shift();
        else this.#chunks[0] = chunk.subarray(size);
        this.#size -= data.length;
        if (this.#size <= receiveBuffer) this.stream.resume();
        return { errno: errno.success, data };
      }
      if (this.#reset) return failed(errno.connectionReset);
      if (this.#ended) return ok;
      if (nonBlocking) return failed(errno.again);
      await this.#change();
    }
  }

  async send(data: Uint8Array): Promise<CallResult> {
    // The first bytes to a client that is gone vanish without an error, as TCP learns of it from the answer only.
    if (this.leftSilently) return { errno: errno.success, value: data.length };
    if (this.#reset || this.stream.destroyed) return failed(errno.brokenPipe);
    if (this.stream.writableEnded) return failed(errno.brokenPipe);
    if (!this.stream.write(data)) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.stream.off("drain", done);
          this.stream.off("close", done);
          resolve();
        };
        this.stream.on("drain", done);
        this.stream.on("close", done);
      });
    }
    return { errno: errno.success, value: data.length };
  }

  shutdown(how: number): CallResult {
    if (this.leftSilently || this.#reset) return failed(errno.notConnected);
    if (how !== readSide) this.stream.end();
    return ok;
  }

  close(): void {
    if (this.stream.writableEnded) {
      // What was sent still has to arrive; the stream is let go when the client has it all.
      this.stream.resume();
      this.stream.once("finish", () => this.stream.destroy());
      if (this.stream.writableFinished) this.stream.destroy();
    } else {
      this.stream.end(() => this.stream.destroy());
    }
  }

  destroy(): void {
    this.stream.destroy();
  }

  #finish(): void {
    this.#ended = true;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      const woken = (): void => {
        this.#waiting.delete(woken);
        resolve();
      };
      this.#waiting.add(woken);
    });
  }
}

interface GuestListener {
  port: number;
  stop: (() => void) | undefined;
  queue: GuestConnection[];
  accepting: ((connection: GuestConnection) => void) | undefined;
}

/** The sockets of one module, kept on the host's side. */
export class GuestSockets {
  #run: ModuleRun;
  #clock: Clock | undefined;
  #next = 1;
  #listeners = new Map<number, GuestListener>();
  #connections = new Map<number, GuestConnection>();
  #held = new Set<GuestConnection>();

  constructor(run: ModuleRun, clock: Clock | undefined) {
    this.#run = run;
    this.#clock = clock;
  }

  async handle(call: CallMessage): Promise<CallResult> {
    const connection = this.#connections.get(call.socket);
    switch (call.name) {
      case "open": {
        const number = this.#next;
        this.#next += 1;
        this.#listeners.set(number, { port: 0, stop: undefined, queue: [], accepting: undefined });
        return { errno: errno.success, value: number };
      }
      case "bind": {
        const socket = this.#listeners.get(call.socket);
        if (!socket) return failed(errno.badDescriptor);
        if (call.argument <= 0 || call.argument > 65_535) return failed(errno.addressNotAvailable);
        socket.port = call.argument;
        return ok;
      }
      case "listen":
        return this.#listen(call.socket);
      case "accept":
        return this.#accept(call.socket, call.nonBlocking);
      case "receive":
        return connection ? connection.receive(call.argument, call.nonBlocking) : failed(errno.notConnected);
      case "send":
        return connection ? connection.send(call.data ?? new Uint8Array()) : failed(errno.notConnected);
      case "shutdown":
        return connection ? connection.shutdown(call.argument) : failed(errno.notConnected);
      case "close":
        this.#close(call.socket);
        return ok;
      case "write":
      case "files":
        return failed(errno.badDescriptor);
    }
  }

  /** Stops listening and breaks every connection. */
  closeAll(): void {
    for (const number of this.#listeners.keys()) this.#close(number);
    for (const connection of this.#connections.values()) connection.destroy();
    this.#connections.clear();
    for (const connection of this.#held) connection.destroy();
    this.#held.clear();
  }

  /** The module ended by itself: what it sent is delivered, then everything closes. */
  finish(): void {
    for (const number of this.#connections.keys()) this.#close(number);
    this.closeAll();
  }

  #listen(number: number): CallResult {
    const listener = this.#listeners.get(number);
    if (!listener) return failed(errno.badDescriptor);
    if (listener.port === 0) return failed(errno.invalid);
    if (listener.stop) return ok;
    try {
      listener.stop = this.#run.listen(listener.port, (stream) => void this.#arrive(listener, stream));
      return ok;
    } catch (error) {
      if (error instanceof NetworkError) return failed(errno.addressInUse);
      throw error;
    }
  }

  /**
   * A connection waits until its client has said something or gone, so that a bare connect is always seen as one,
   * whatever the order of events; a client that waits for the server to speak first gets its turn after a moment.
   */
  async #arrive(listener: GuestListener, stream: Duplex): Promise<void> {
    const connection = new GuestConnection(stream);
    this.#held.add(connection);
    await Promise.race([connection.firstSign(), this.#moment()]);
    this.#held.delete(connection);
    if (!listener.stop) return connection.destroy();
    const accept = listener.accepting;
    listener.accepting = undefined;
    if (accept) accept(connection);
    else listener.queue.push(connection);
  }

  async #moment(): Promise<void> {
    const clock = this.#clock;
    if (clock) return new Promise((resolve) => void clock.after(silentClientMs, resolve));
    for (let turn = 0; turn < turnsWithoutClock; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  async #accept(number: number, nonBlocking: boolean): Promise<CallResult> {
    const listener = this.#listeners.get(number);
    if (!listener?.stop) return failed(errno.invalid);
    let connection = listener.queue.shift();
    if (!connection) {
      if (nonBlocking) return failed(errno.again);
      connection = await new Promise<GuestConnection>((resolve) => {
        listener.accepting = resolve;
      });
    }
    const accepted = this.#next;
    this.#next += 1;
    this.#connections.set(accepted, connection);
    return { errno: errno.success, value: accepted };
  }

  #close(number: number): void {
    const listener = this.#listeners.get(number);
    if (listener) {
      listener.stop?.();
      listener.stop = undefined;
      for (const connection of listener.queue.splice(0)) connection.destroy();
      this.#listeners.delete(number);
    }
    const connection = this.#connections.get(number);
    this.#connections.delete(number);
    connection?.close();
  }
}
