import { connect } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Clock } from "../../../domain/clock.ts";
import { kindOf, type Served, type ServerKind, serve } from "./serve.ts";
import { quantile, type Spread, spreadOf } from "./statistics.ts";

/** What a module did in this process's Wasm engine. Durations are milliseconds, sizes bytes. */
export interface ModuleMeasurement {
  kind: ServerKind;
  moduleBytes: number;
  /** From the module's bytes, compiled anew each time, to its first whole answer. */
  start: Spread;
  /** What the process grew by for each replica after the first, which also brings what all share. */
  replicaMemory: Spread;
  /** One request after another, each on a connection of its own. */
  latency: Spread;
  /** The time that 99 of 100 requests stay below, by rounds. */
  slowLatency: Spread;
  requestsPerSecond: Spread;
  /** With several requests under way at once. */
  requestsPerSecondAtOnce: Spread;
  requests: number;
  /** Requests without an answer 200; they count in no other number. */
  failed: number;
}

export interface MeasureOptions {
  clock: Clock;
  /** How much is done; the usual amounts take about four seconds. */
  amounts?: Partial<Amounts>;
}

interface Amounts {
  starts: number;
  replicas: number;
  rounds: number;
  /** Milliseconds of each round. */
  roundMs: number;
  atOnce: number;
}

const usual: Amounts = { starts: 7, replicas: 5, rounds: 5, roundMs: 250, atOnce: 4 };

/**
 * Measures a module that answers HTTP, on loopback, in this process: meant for a process of its own, since the memory
 * is the process's. Throws LabError `not-a-server`.
 */
export async function measureModule(bytes: Uint8Array, options: MeasureOptions): Promise<ModuleMeasurement> {
  const { clock } = options;
  const amounts = { ...usual, ...options.amounts };
  const kind = kindOf(bytes);
  const asked = { requests: 0, failed: 0 };
  // The first run of everything also loads and compiles this program's own code.
  await startOnce(kind, marked(bytes, 0), clock, asked);
  const starts: number[] = [];
  for (let round = 1; round <= amounts.starts; round += 1) {
    starts.push(await startOnce(kind, marked(bytes, round), clock, asked));
  }
  const { served, grown } = await startReplicas(kind, bytes, clock, amounts.replicas, asked);
  try {
    const [first] = served;
    if (!first) throw new RangeError("there is at least one replica");
    const single: number[][] = [];
    const rates: number[] = [];
    const ratesAtOnce: number[] = [];
    for (let round = 0; round < amounts.rounds; round += 1) {
      const one = await load(first.port, 1, amounts.roundMs, clock, asked);
      single.push(one.durations);
      rates.push(one.perSecond);
      ratesAtOnce.push((await load(first.port, amounts.atOnce, amounts.roundMs, clock, asked)).perSecond);
    }
    const sorted = single.map((durations) => durations.toSorted((a, b) => a - b)).filter(({ length }) => length > 0);
    return {
      kind,
      moduleBytes: bytes.length,
      start: spreadOf(starts),
      replicaMemory: spreadOf(grown),
      latency: spreadOf(sorted.map((durations) => quantile(durations, 0.5))),
      slowLatency: spreadOf(sorted.map((durations) => quantile(durations, 0.99))),
      requestsPerSecond: spreadOf(rates),
      requestsPerSecondAtOnce: spreadOf(ratesAtOnce),
      ...asked,
    };
  } finally {
    for (const each of served) await each.stop();
  }
}

interface Asked {
  requests: number;
  failed: number;
}

async function startOnce(kind: ServerKind, bytes: Uint8Array, clock: Clock, asked: Asked): Promise<number> {
  const begin = clock.monotonic();
  const served = await serve(kind, bytes, clock);
  try {
    await ask(served.port, asked);
    return clock.monotonic() - begin;
  } finally {
    await served.stop();
  }
}

/** Replicas that have each answered once, and what the process grew by for each after the first. */
async function startReplicas(
  kind: ServerKind,
  bytes: Uint8Array,
  clock: Clock,
  count: number,
  asked: Asked,
): Promise<{ served: Served[]; grown: number[] }> {
  const served: Served[] = [];
  const grown: number[] = [];
  for (let replica = 0; replica <= count; replica += 1) {
    const before = memory();
    const each = await serve(kind, bytes, clock);
    served.push(each);
    await ask(each.port, asked);
    if (replica > 0) grown.push(Math.max(0, memory() - before));
  }
  return { served, grown };
}

/** Resident memory of this process after its garbage is collected. */
function memory(): number {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") collect();
  return process.memoryUsage.rss();
}

/** Requests for so long, with so many under way at once. */
async function load(
  port: number,
  atOnce: number,
  ms: number,
  clock: Clock,
  asked: Asked,
): Promise<{ durations: number[]; perSecond: number }> {
  const durations: number[] = [];
  const begin = clock.monotonic();
  const client = async (): Promise<void> => {
    while (clock.monotonic() - begin < ms) {
      const sent = clock.monotonic();
      if (await ask(port, asked)) durations.push(clock.monotonic() - sent);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, client));
  return { durations, perSecond: (durations.length / (clock.monotonic() - begin)) * 1000 };
}

/** One request on a connection of its own; true when the answer is 200. */
function ask(port: number, asked: Asked): Promise<boolean> {
  asked.requests += 1;
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    let text = "";
    const end = (): void => {
      const answered = /^HTTP\/1\.[01] 200\b/.test(text);
      if (!answered) asked.failed += 1;
      socket.destroy();
      resolve(answered);
    };
    socket.setEncoding("latin1");
    socket.once("connect", () => socket.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    socket.on("data", (chunk: string) => (text += chunk));
    socket.once("end", () => socket.end());
    // A server that never reads its request resets the connection after its answer, so the answer alone counts.
    socket.once("error", () => undefined);
    socket.once("close", end);
  });
}

/** The module with an empty section of its own more, so that no engine takes it for one that it has compiled before. */
function marked(bytes: Uint8Array, round: number): Uint8Array {
  const name = new TextEncoder().encode(`measured ${round}`);
  return Uint8Array.from([...bytes, 0, name.length + 1, name.length, ...name]);
}
