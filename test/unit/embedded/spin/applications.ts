import { readFileSync } from "node:fs";
import type { Clock } from "../../../../src/domain/clock.ts";
import { concat, decode, encode } from "../../../../src/backends/embedded/machine/io.ts";
import type { HttpResponse } from "../../../../src/backends/embedded/network/network.ts";
import { openSpinApplication } from "../../../../src/backends/embedded/wasm/spin-app.ts";
import type { SpinApplication } from "../../../../src/backends/embedded/wasm/spin-app.ts";
import type { SpinManifest } from "../../../../src/backends/embedded/wasm/spin-manifest.ts";
import { realClock } from "../fakes/machine.ts";

/** The module of the tests on the SDK that speaks the draft of wasi:http, or the final one. */
export const probe = (sdk: "rc" | "final"): Uint8Array =>
  Uint8Array.from(readFileSync(new URL(`../../../fixtures/spin-probe/${sdk}/spin_probe.wasm`, import.meta.url)));

/** A manifest with one component behind the routes. */
export function manifestFor(routes: readonly string[], environment: Record<string, string> = {}): SpinManifest {
  return {
    version: 2,
    name: "probe",
    applicationVersion: "1.0.0",
    description: undefined,
    authors: [],
    triggers: routes.map((route) => ({ type: "http", route, component: "probe" })),
    components: [
      {
        id: "probe",
        description: undefined,
        source: { kind: "file", path: "probe.wasm" },
        environment,
        allowedOutboundHosts: [],
        wantsFiles: false,
        build: undefined,
      },
    ],
  };
}

export interface Opened {
  application: SpinApplication;
  /** Sends a request and reads the answer. */
  ask(target: string, options?: { method?: string; body?: string; headers?: Record<string, string> }): Promise<Answer>;
  output(stream: "stdout" | "stderr"): string;
  reports: string[];
}

interface Answer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
}

export interface OpenOptions {
  routes?: readonly string[];
  environment?: Record<string, string>;
  spinVersion?: string;
  clock?: Clock;
  requestLimitMs?: number;
}

const open: SpinApplication[] = [];

/** Opens an application of one module; `closeAll` closes it. */
export function openProbe(module: Uint8Array, options: OpenOptions = {}): Opened {
  const outputs = { stdout: "", stderr: "" };
  const reports: string[] = [];
  const application = openSpinApplication({
    manifest: manifestFor(options.routes ?? ["/..."], options.environment),
    modules: new Map([["probe", module]]),
    spinVersion: options.spinVersion ?? "3.6.3",
    clock: options.clock ?? realClock(),
    requestLimitMs: options.requestLimitMs ?? 60_000,
    log: (_component, stream, bytes) => (outputs[stream] += decode(bytes)),
    report: (message) => reports.push(message),
  });
  open.push(application);
  return {
    application,
    async ask(target, { method = "GET", body = "", headers = {} } = {}) {
      const answer = await application.handle({
        method,
        target,
        headers: { host: "lab:3000", ...headers },
        body: encode(body),
        signal: new AbortController().signal,
      });
      return { status: answer.status, headers: answer.headers, body: decode(await bytesOf(answer)) };
    },
    output: (stream) => outputs[stream],
    reports,
  };
}

/** Ends what the tests have opened. */
export function closeAll(): void {
  for (const application of open.splice(0)) application.close();
}

async function bytesOf(response: HttpResponse): Promise<Uint8Array> {
  if (response.body instanceof Uint8Array) return response.body;
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return concat(chunks);
}
