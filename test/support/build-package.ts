import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

const root = join(import.meta.dirname, "../..");

declare module "vitest" {
  interface ProvidedContext {
    /** Folder of the built package, as npm would unpack it; files that a test run shares are beside it. */
    packageFolder: string;
  }
}

/** Builds the package once per run, apart from the checkout's own `dist/`, which somebody may be using. */
export default function setup(project: TestProject): () => void {
  mkdirSync(join(root, ".build"), { recursive: true });
  const run = mkdtempSync(join(root, ".build", "e2e-"));
  const folder = join(run, "package");
  for (const name of ["package.json", "bin", "labs", "vm-images", "CHANGELOG.md", "LICENSE", "README.md"]) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  execFileSync(process.execPath, [join(root, "scripts/build.ts"), folder], { cwd: root, stdio: "inherit" });
  project.provide("packageFolder", folder);
  return () => rmSync(run, { recursive: true, force: true });
}
