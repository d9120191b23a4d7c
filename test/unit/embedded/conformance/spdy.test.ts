import { Duplex } from "node:stream";
import { createDeflate, createInflate, constants } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { ApiRequest } from "../../../../src/backends/embedded/cluster/api.ts";
import { answerExec, answerPortForward } from "../../../../src/backends/embedded/cluster/upgrade/remote-command.ts";
import { spdyDictionary } from "../../../../src/backends/embedded/cluster/upgrade/spdy-dictionary.ts";

/** The client's end: opens streams and collects what arrives on each. */
class Client {
  readonly received = new Map<number, string>();
  readonly replies: number[] = [];
  readonly socket: Duplex;
  readonly far: Duplex;
  #deflate = createDeflate({ dictionary: spdyDictionary() });
  #rest = Buffer.alloc(0);
  readonly closed: Promise<void>;

  constructor() {
    const [near, far] = pair();
    this.socket = near;
    this.far = far;
    near.on("data", (chunk: Buffer) => this.#read(chunk));
    this.closed = new Promise((resolve) => near.once("end", () => resolve()));
  }

  async open(id: number, headers: Record<string, string>): Promise<void> {
    const words = Object.entries(headers).flat();
    const parts = [number(words.length / 2)];
    for (const word of words) parts.push(number(word.length), Buffer.from(word));
    const block = await new Promise<Buffer>((resolve) => {
      const chunks: Buffer[] = [];
      const onData = (chunk: Buffer) => void chunks.push(chunk);
      this.#deflate.on("data", onData);
      this.#deflate.write(Buffer.concat(parts));
      this.#deflate.flush(constants.Z_SYNC_FLUSH, () => {
        this.#deflate.off("data", onData);
        resolve(Buffer.concat(chunks));
      });
    });
    const body = Buffer.concat([number(id), Buffer.alloc(6), block]);
    this.socket.write(Buffer.concat([Buffer.from([0x80, 3, 0, 1]), number(body.length), body]));
  }

  send(id: number, text: string): void {
    this.socket.write(Buffer.concat([number(id), number(text.length), Buffer.from(text)]));
  }

  #read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 8 && this.#rest.length >= 8 + this.#rest.readUIntBE(5, 3)) {
      const length = this.#rest.readUIntBE(5, 3);
      const body = this.#rest.subarray(8, 8 + length);
      if (this.#rest.readUInt8(0) & 0x80) this.replies.push(body.readUInt32BE(0));
      else {
        const id = this.#rest.readUInt32BE(0);
        this.received.set(id, (this.received.get(id) ?? "") + body.toString());
      }
      this.#rest = this.#rest.subarray(8 + length);
    }
  }
}

const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

function pair(): [Duplex, Duplex] {
  const make = (other: () => Duplex): Duplex =>
    new Duplex({
      read: () => undefined,
      write(chunk: Buffer, _encoding, done) {
        other().push(chunk);
        done();
      },
      final(done) {
        other().push(null);
        done();
      },
    });
  const near: Duplex = make(() => far);
  const far: Duplex = make(() => near);
  return [near, far];
}

const request = (query: string, protocol: string): ApiRequest => ({
  method: "POST",
  path: "/api/v1/namespaces/default/pods/p/exec",
  query: new URLSearchParams(query),
  headers: { upgrade: "SPDY/3.1", connection: "Upgrade", "x-stream-protocol-version": protocol },
  body: new Uint8Array(),
  user: { name: "kubernetes-admin", groups: [] },
  signal: new AbortController().signal,
});

describe("commands in containers over SPDY", () => {
  it("knows the protocol's dictionary", () => {
    expect(spdyDictionary()).toHaveLength(1423);
    expect(() => createInflate({ dictionary: spdyDictionary() })).not.toThrow();
  });

  it.each([
    [{ exitCode: 0, stdout: "bin\n", stderr: "" }, { status: "Success" }],
    [
      { exitCode: 1, stdout: "", stderr: "the handler does not support exec\n" },
      { reason: "NonZeroExitCode", details: { causes: [{ reason: "ExitCode", message: "1" }] } },
    ],
    [{ problem: "Internal error occurred: no" }, { reason: "InternalError", message: "Internal error occurred: no" }],
  ])("sends output and how it ended: %o", async (outcome, status) => {
    const answer = answerExec(request("stdout=true&stderr=true", "v4.channel.k8s.io, channel.k8s.io"), () =>
      Promise.resolve(outcome),
    );
    expect(answer.status).toBe(101);
    expect(answer.headers["x-stream-protocol-version"]).toBe("v4.channel.k8s.io");
    const client = new Client();
    answer.upgrade?.(client.far);
    await client.open(1, { streamtype: "error" });
    await client.open(3, { streamtype: "stdout" });
    await client.open(5, { streamtype: "stderr" });
    await client.closed;
    expect(client.replies).toEqual([1, 3, 5]);
    expect(JSON.parse(client.received.get(1) ?? "")).toMatchObject(status);
    if ("stdout" in outcome) {
      expect(client.received.get(3)).toBe(outcome.stdout);
      expect(client.received.get(5)).toBe(outcome.stderr);
    }
  });

  it("refuses other protocols", () => {
    const run = () => Promise.resolve({ problem: "" });
    expect(() => answerExec(request("", "v9.channel.k8s.io"), run)).toThrow("unable to negotiate protocol");
    const web = { ...request("", ""), headers: { upgrade: "websocket" } };
    expect(() => answerExec(web, run)).toThrow("only SPDY/3.1");
  });

  it("forwards a port", async () => {
    const [inside, server] = pair();
    server.on("data", (chunk: Buffer) => server.end(`heard ${chunk.toString()}`));
    const answer = answerPortForward(request("", "portforward.k8s.io"), () => Promise.resolve(inside));
    const client = new Client();
    answer.upgrade?.(client.far);
    await client.open(1, { streamtype: "error", port: "1234", requestid: "0" });
    await client.open(3, { streamtype: "data", port: "1234", requestid: "0" });
    client.send(3, "hello");
    await expect.poll(() => client.received.get(3)).toBe("heard hello");
  });
});
