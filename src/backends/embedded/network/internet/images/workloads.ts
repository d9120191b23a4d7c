import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The smallest valid module, where a workload has no built one: it exports nothing and cannot be started. */
const emptyModule = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** Built modules below labs/workloads, by the workload they belong to. */
export function workloadModule(name: string): Uint8Array {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const path = join(folder, "labs", "workloads", name, `${name}.wasm`);
    if (existsSync(path)) return new Uint8Array(readFileSync(path));
    if (folder === dirname(folder)) return emptyModule;
  }
}
