import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "vitest";
import { openMultipassBackend } from "../../src/backends/multipass/backend.ts";
import { systemClock, systemRandom } from "../../src/cli/system-clock.ts";
import { guestSupport } from "../support/guests/guests.ts";
import { openDouble } from "../support/multipass/double.ts";
import { recipe } from "../support/multipass/recipe.ts";
import { type BackendPlace, describeBackend } from "./suite.ts";

const support = guestSupport();
const features = { lifecycle: true, snapshots: true, interactiveShell: true, hostPorts: false, simulated: false };

if (support.possible) {
  describeBackend("multipass", features, (): BackendPlace => {
    const folder = mkdtempSync(join(tmpdir(), "wasm-k8s-lab-contract-"));
    const double = openDouble({ guests: "namespace" });
    return {
      open: () =>
        openMultipassBackend({
          folder,
          clock: systemClock,
          random: systemRandom,
          recipe: () => recipe,
          onNotice: () => undefined,
          onProgress: () => undefined,
          executable: double.path,
          env: double.env,
          overcommit: true,
        }),
      async dispose() {
        await double.dispose();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  });
} else {
  describe("multipass", () => {
    it.skip(`needs machines of this computer's namespaces: ${support.reason}`, () => undefined);
  });
}
