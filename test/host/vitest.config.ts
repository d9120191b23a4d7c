import { join } from "node:path";
import { defineConfig } from "vitest/config";

/** What needs root or minutes: `npm run test:host`. CI runs none of it. */
export default defineConfig({
  root: join(import.meta.dirname, "../.."),
  test: {
    include: [
      "test/host/**/*.test.ts",
      "test/contract/{multipass,ssh}.test.ts",
      "test/unit/multipass/{failures,kills}.test.ts",
      "test/unit/recipes/setup-script.test.ts",
    ],
    env: { WASM_K8S_LAB_KILLS: "50" },
    testTimeout: 900_000,
    hookTimeout: 3_600_000,
    maxWorkers: 1,
    // How long each step took is part of what is asked.
    reporters: ["verbose"],
  },
});
