import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { GreetingSlots } from "./greeting.ts";

export type WorkloadName =
  | "http-server"
  | "echo-server"
  | "explorer"
  | "spin-http-server/thesis"
  | "spin-http-server/current"
  | "spin-hello";

interface Artefact {
  greeting?: GreetingSlots & { text: string };
}

/** The folder of the workloads, which lies in the package above the source and above the bundle alike. */
function workloadsFolder(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const candidate = join(folder, "labs", "workloads");
    if (existsSync(candidate)) return candidate;
    if (folder === dirname(folder)) throw new Error("labs/workloads is missing from the package");
  }
}

/** A text file of a workload's source, such as `src/main.rs`, by its path from the manifest's folder. */
export const workloadSource = (name: WorkloadName, path: string): string =>
  readFileSync(join(workloadsFolder(), name, path), "utf8");

/** The module that the repository's build script made from the workload's source. */
export const workloadModule = (name: WorkloadName): Uint8Array =>
  Uint8Array.from(readFileSync(join(workloadsFolder(), name, `${name.replace(/\/.*/, "").replaceAll("-", "_")}.wasm`)));

/** Where a server's module keeps its greeting, and what it is. */
export function workloadGreeting(name: WorkloadName): GreetingSlots & { text: string } {
  const artefact: Artefact = JSON.parse(workloadSource(name, "artefact.json"));
  if (!artefact.greeting) throw new Error(`labs/workloads/${name}/artefact.json has no greeting`);
  return artefact.greeting;
}
