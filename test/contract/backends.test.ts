import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbeddedBackend } from "../../src/backends/embedded/backend.ts";
import { systemClock, systemRandom } from "../../src/cli/system-clock.ts";
import { type BackendPlace, describeBackend } from "./suite.ts";

const features = { lifecycle: true, snapshots: true, interactiveShell: true, hostPorts: true, simulated: true };

describeBackend("embedded", features, (): BackendPlace => {
  const folder = mkdtempSync(join(tmpdir(), "wasm-k8s-lab-contract-"));
  return {
    open: () =>
      openEmbeddedBackend({ folder, profile: "thesis", pace: "instant", clock: systemClock, random: systemRandom }),
    dispose: () => Promise.resolve(rmSync(folder, { recursive: true, force: true })),
  };
});
