import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readCatalog } from "../../../src/recipes/catalog.ts";
import { withPins } from "../../../src/recipes/pins.ts";

const root = join(import.meta.dirname, "../../..");
const scripts = ["labs/shared/setup.sh", "vm-images/prepare.sh"].map((path) => join(root, path));
const shellcheck = spawnSync("shellcheck", ["--version"]);

test("setup.sh downloads what the catalogue says (else: node scripts/setup-pins.ts)", () => {
  const script = readFileSync(join(root, "labs/shared/setup.sh"), "utf8");
  expect(withPins(script, readCatalog(join(root, "vm-images")))).toBe(script);
});

test.skipIf(shellcheck.error)("shellcheck has nothing to say of the scripts that real machines run", () => {
  const { stdout, status } = spawnSync("shellcheck", ["-x", ...scripts], { encoding: "utf8" });
  expect(stdout).toBe("");
  expect(status).toBe(0);
});
