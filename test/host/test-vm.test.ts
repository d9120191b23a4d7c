import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDouble } from "../support/multipass/double.ts";

const program = join(import.meta.dirname, "../../scripts/test-vm.ts");

function testVm(env: Record<string, string>, ...argv: string[]): { status: number | null; stderr: string } {
  return spawnSync(process.execPath, [program, ...argv], { env: { ...process.env, ...env }, encoding: "utf8" });
}

test("test:vm says what to do where there is no Multipass", () => {
  const { status, stderr } = testVm({ WASM_K8S_LAB_MULTIPASS: "/nowhere/multipass" });
  expect(stderr).toContain("there is no Multipass here (/nowhere/multipass)");
  expect(stderr).toContain("npm run test:host");
  expect(status).toBe(5);
});

test("test:vm says so where Multipass's daemon does not answer", async () => {
  const double = openDouble({ faults: [{ command: "*", daemon: "no-socket" }] });
  try {
    const { status, stderr } = testVm(double.env);
    expect(stderr).toContain("its daemon does not answer");
    expect(status).toBe(5);
  } finally {
    await double.dispose();
  }
});
