import { defineConfig } from "vitest/config";

const project = (name: string, include: string[], timeoutMs: number, globalSetup: string[] = []) => ({
  test: {
    name,
    include,
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    globalSetup,
    setupFiles: name === "unit" ? ["test/support/property-seed.ts"] : [],
  },
});

export default defineConfig({
  test: {
    // Two cores: more workers only make the embedded clusters of parallel test files starve each other.
    maxWorkers: 2,
    reporters: process.env["CI"] ? ["default", ["json", { outputFile: ".build/tests.json" }]] : ["default"],
    projects: [
      project("unit", ["test/unit/**/*.test.{ts,tsx}"], 30_000),
      project("contract", ["test/contract/**/*.test.ts"], 60_000),
      project("content", ["test/content/**/*.test.ts"], 600_000),
      project("ui", ["test/ui/**/*.test.{ts,tsx}"], 60_000),
      project("e2e", ["test/e2e/**/*.test.ts"], 240_000, ["test/support/build-package.ts"]),
    ],
  },
});
