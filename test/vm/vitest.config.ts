import { join } from "node:path";
import { defineConfig } from "vitest/config";

/** On virtual machines of the installed Multipass; `npm run test:vm` runs it before the course. */
export default defineConfig({
  root: join(import.meta.dirname, "../.."),
  test: {
    include: ["test/vm/**/*.test.ts"],
    testTimeout: 1_800_000,
    hookTimeout: 1_800_000,
    maxWorkers: 1,
    reporters: ["verbose"],
  },
});
