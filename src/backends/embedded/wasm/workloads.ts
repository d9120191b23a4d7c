import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { GreetingSlots } from "./greeting.ts";

export type WorkloadName = "http-server" | "echo-server";

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

/** A text file of a workload's source, such as `src/main.rs`. */
export const workloadSource = (name: WorkloadName, path: string): string =>
  readFileSync(join(workloadsFolder(), name, path), "utf8");

/** The module that the repository's build script made from the workload's source. */
export const workloadModule = (name: WorkloadName): Uint8Array =>
  Uint8Array.from(readFileSync(join(workloadsFolder(), name, `${name.replaceAll("-", "_")}.wasm`)));

/** Where the server's module keeps its greeting, and what it is. */
export function serverGreeting(): GreetingSlots & { text: string } {
  const artefact: Artefact = JSON.parse(workloadSource("http-server", "artefact.json"));
  if (!artefact.greeting) throw new Error("labs/workloads/http-server/artefact.json has no greeting");
  return artefact.greeting;
}
