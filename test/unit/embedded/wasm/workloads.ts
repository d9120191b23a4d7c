import { readFileSync } from "node:fs";
import type { GreetingSlots } from "../../../../src/backends/embedded/wasm/greeting.ts";

const at = (path: string): URL => new URL(`../../../../labs/workloads/${path}`, import.meta.url);

export interface Artefact {
  sha256: Record<string, string>;
  greeting?: GreetingSlots & { text: string };
}

/** A committed file of a workload. */
export const fileOf = (name: string, path: string): Uint8Array => Uint8Array.from(readFileSync(at(`${name}/${path}`)));

export const artefact = (name: string): Artefact => JSON.parse(Buffer.from(fileOf(name, "artefact.json")).toString());

/** The committed module. */
export const workload = (name: "http-server" | "echo-server" | "explorer"): Uint8Array =>
  fileOf(name, `${name.replace("-", "_")}.wasm`);

export function greetingSlots(): GreetingSlots {
  const { greeting } = artefact("http-server");
  if (!greeting) throw new Error("the artefact does not say where its greeting is");
  return greeting;
}
