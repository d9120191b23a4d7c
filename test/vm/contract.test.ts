import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { openMultipassBackend } from "../../src/backends/multipass/backend.ts";
import { systemClock, systemRandom } from "../../src/cli/system-clock.ts";
import { readRecipe } from "../../src/recipes/recipe.ts";
import { type BackendPlace, describeBackend } from "../contract/suite.ts";

const executable = process.env["WASM_K8S_LAB_MULTIPASS"] ?? "multipass";
const { stdout: help } = spawnSync(executable, ["help"], { encoding: "utf8" });
const snapshots = /^\s*snapshot\s/m.test(help ?? "");
const features = { lifecycle: true, snapshots, interactiveShell: true, hostPorts: false, simulated: false };

describeBackend("multipass", features, (): BackendPlace => {
  // A snap sees nothing outside of the home folder, and nothing whose name begins with a dot.
  const folder = mkdtempSync(join(homedir(), "wasm-k8s-lab-contract-"));
  const open: BackendPlace["open"] = () =>
    openMultipassBackend({
      folder,
      clock: systemClock,
      random: systemRandom,
      recipe: () => readRecipe({ folder: join(import.meta.dirname, "../../vm-images"), profile: "current" }),
      onNotice: (text) => process.stderr.write(`${text}\n`),
      onProgress: ({ machine, phase }) => process.stderr.write(`${machine}: ${phase}\n`),
      executable,
    });
  return {
    open,
    async dispose() {
      const backend = await open();
      await backend.removeAll?.();
      await backend.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
});
