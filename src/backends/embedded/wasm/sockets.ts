import { Fd, wasi } from "@bjorn3/browser_wasi_shim";
import type { WASI } from "@bjorn3/browser_wasi_shim";
import { errno } from "./calls.ts";
import type { CallName, FileRequest } from "./calls.ts";

/** The host's answer to a blocking call. */
interface Reply {
  errno: number;
  value: number;
  /** A copy. */
  data: Uint8Array;
}

/** Asks the host and blocks until it answers. */
export type Call = (
  name: CallName,
  socket: number,
  options?: { argument?: number; data?: Uint8Array; nonBlocking?: boolean; request?: FileRequest },
) => Reply;

type Import = (...args: number[]) => number;

const nonBlockingFlag = 4;
const internet4 = 1;
const stream = 2;
const maximumTransfer = 65_536;

/** A socket as the module sees it: a file descriptor. */
class SocketDescriptor extends Fd {
  readonly socket: number;
  readonly #call: Call;
  port = 0;
  nonBlocking = false;

  constructor(socket: number, call: Call) {
    super();
    this.socket = socket;
    this.#call = call;
  }

  override fd_close(): number {
    this.#call("close", this.socket);
    return errno.success;
  }

  override fd_fdstat_get(): { ret: number; fdstat: wasi.Fdstat } {
    const fdstat = new wasi.Fdstat(wasi.FILETYPE_SOCKET_STREAM, this.nonBlocking ? nonBlockingFlag : 0);
    return { ret: errno.success, fdstat };
  }

  override fd_fdstat_set_flags(flags: number): number {
    this.nonBlocking = (flags & nonBlockingFlag) !== 0;
    return errno.success;
  }

  override fd_read(size: number): { ret: number; data: Uint8Array } {
    const reply = this.receive(size);
    return { ret: reply.errno, data: reply.data };
  }

  override fd_write(data: Uint8Array): { ret: number; nwritten: number } {
    const reply = this.send(data);
    return { ret: reply.errno, nwritten: reply.value };
  }

  receive(size: number): Reply {
    return this.#call("receive", this.socket, {
      argument: Math.min(size, maximumTransfer),
      nonBlocking: this.nonBlocking,
    });
  }

  /** Sends at most 64 KiB; the reply's value is how much. */
  send(data: Uint8Array): Reply {
    return this.#call("send", this.socket, { data: data.slice(0, maximumTransfer) });
  }
}

/**
 * WasmEdge's socket extension of `wasi_snapshot_preview1`. Where two versions of a function exist, the number of
 * arguments tells which one the module was built for.
 */
export function socketImports(system: WASI, call: Call): Record<string, Import> {
  const view = (): DataView => new DataView(system.inst.exports.memory.buffer);
  const memory = (): Uint8Array => new Uint8Array(system.inst.exports.memory.buffer);
  const descriptor = (fd: number): SocketDescriptor | undefined => {
    const found = system.fds[fd];
    return found instanceof SocketDescriptor ? found : undefined;
  };
  const add = (socket: number): { fd: number; descriptor: SocketDescriptor } => {
    const added = new SocketDescriptor(socket, call);
    let fd = 3;
    while (system.fds[fd] !== undefined) fd += 1;
    system.fds[fd] = added;
    return { fd, descriptor: added };
  };
  const gather = (vectors: number, count: number): Uint8Array => {
    const parts: number[] = [];
    for (let index = 0; index < count && parts.length < maximumTransfer; index += 1) {
      const at = view().getUint32(vectors + index * 8, true);
      const length = Math.min(view().getUint32(vectors + index * 8 + 4, true), maximumTransfer - parts.length);
      for (const byte of memory().subarray(at, at + length)) parts.push(byte);
    }
    return Uint8Array.from(parts);
  };
  const scatter = (vectors: number, count: number, data: Uint8Array): void => {
    let done = 0;
    for (let index = 0; index < count && done < data.length; index += 1) {
      const at = view().getUint32(vectors + index * 8, true);
      const length = Math.min(view().getUint32(vectors + index * 8 + 4, true), data.length - done);
      memory().set(data.subarray(done, done + length), at);
      done += length;
    }
  };
  const capacity = (vectors: number, count: number): number => {
    let size = 0;
    for (let index = 0; index < count; index += 1) size += view().getUint32(vectors + index * 8 + 4, true);
    return size;
  };
  const isAnyAddress = (address: number): boolean => {
    const at = view().getUint32(address, true);
    const size = view().getUint32(address + 4, true);
    const octets = memory().subarray(at, at + size);
    return size >= 16 || octets.every((octet) => octet === 0) || octets[0] === 127;
  };
  /** Simplified: peers and local ends are reported as 127.0.0.1; a real socket knows the address of its pod and client. */
  const nameEnd = (args: number[], port: (socket: SocketDescriptor) => number): number => {
    const [fd = -1, address = 0, third = 0, fourth = 0] = args;
    const socket = descriptor(fd);
    if (!socket) return errno.badDescriptor;
    const at = view().getUint32(address, true);
    const octets = [127, 0, 0, 1];
    if (args.length >= 4) {
      memory().set(octets, at);
      view().setUint32(third, 4, true);
      view().setUint32(fourth, port(socket), true);
    } else {
      view().setUint16(at, internet4, true);
      memory().set(octets, at + 2);
      view().setUint32(third, port(socket), true);
    }
    return errno.success;
  };
  const unsupported: Import = () => errno.notSupported;

  return {
    sock_open(family = 0, type = 0, result = 0) {
      if (family !== internet4 || type !== stream) return errno.notSupported;
      const reply = call("open", 0);
      view().setUint32(result, add(reply.value).fd, true);
      return errno.success;
    },
    sock_setsockopt: (fd = -1) => (descriptor(fd) ? errno.success : errno.badDescriptor),
    sock_getsockopt(fd = -1, _level, _name, value = 0, length = 0) {
      if (!descriptor(fd)) return errno.badDescriptor;
      const size = Math.min(view().getUint32(length, true), 4);
      memory().fill(0, value, value + size);
      view().setUint32(length, size, true);
      return errno.success;
    },
    sock_bind(fd = -1, address = 0, port = 0) {
      const socket = descriptor(fd);
      if (!socket) return errno.badDescriptor;
      if (!isAnyAddress(address)) return errno.addressNotAvailable;
      const reply = call("bind", socket.socket, { argument: port });
      if (reply.errno === errno.success) socket.port = port;
      return reply.errno;
    },
    sock_listen(fd = -1) {
      const socket = descriptor(fd);
      return socket ? call("listen", socket.socket).errno : errno.badDescriptor;
    },
    sock_accept(...args) {
      const [fd = -1] = args;
      const result = args[args.length >= 3 ? 2 : 1] ?? 0;
      const socket = descriptor(fd);
      if (!socket) return errno.badDescriptor;
      const reply = call("accept", socket.socket, { nonBlocking: socket.nonBlocking });
      if (reply.errno !== errno.success) return reply.errno;
      const accepted = add(reply.value);
      accepted.descriptor.port = socket.port;
      if (args.length >= 3) accepted.descriptor.fd_fdstat_set_flags(args[1] ?? 0);
      view().setUint32(result, accepted.fd, true);
      return errno.success;
    },
    sock_recv(fd = -1, vectors = 0, count = 0, _flags, received = 0, flagsOut = 0) {
      const socket = descriptor(fd);
      if (!socket) return errno.badDescriptor;
      const reply = socket.receive(capacity(vectors, count));
      if (reply.errno !== errno.success) return reply.errno;
      scatter(vectors, count, reply.data);
      view().setUint32(received, reply.data.length, true);
      view().setUint16(flagsOut, 0, true);
      return errno.success;
    },
    sock_recv_from(...args) {
      const [fd = -1, vectors = 0, count = 0] = args;
      const socket = descriptor(fd);
      if (!socket) return errno.badDescriptor;
      const reply = socket.receive(capacity(vectors, count));
      if (reply.errno !== errno.success) return reply.errno;
      scatter(vectors, count, reply.data);
      const [port, received = 0, flagsOut = 0] = args.length >= 8 ? args.slice(5) : [undefined, ...args.slice(5)];
      if (port !== undefined) view().setUint32(port, 0, true);
      view().setUint32(received, reply.data.length, true);
      view().setUint16(flagsOut, 0, true);
      return errno.success;
    },
    sock_send(fd = -1, vectors = 0, count = 0, _flags, sent = 0) {
      const socket = descriptor(fd);
      if (!socket) return errno.badDescriptor;
      const reply = socket.send(gather(vectors, count));
      if (reply.errno === errno.success) view().setUint32(sent, reply.value, true);
      return reply.errno;
    },
    sock_send_to(fd = -1, vectors = 0, count = 0, _address, _port, _flags, sent = 0) {
      const socket = descriptor(fd);
      if (!socket) return errno.badDescriptor;
      const reply = socket.send(gather(vectors, count));
      if (reply.errno === errno.success) view().setUint32(sent, reply.value, true);
      return reply.errno;
    },
    sock_shutdown(fd = -1, how = 0) {
      const socket = descriptor(fd);
      return socket ? call("shutdown", socket.socket, { argument: how }).errno : errno.badDescriptor;
    },
    sock_getpeeraddr: (...args) => nameEnd(args, () => 40_000),
    sock_getlocaladdr: (...args) => nameEnd(args, (socket) => socket.port),
    sock_connect: unsupported,
    sock_getaddrinfo: unsupported,
  };
}
