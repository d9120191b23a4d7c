import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newHome, runProgram } from "../support/command-line.ts";
import { type Double, openDouble } from "../support/multipass/double.ts";

describe.skipIf(process.platform !== "linux")("a lab on machines of Multipass, played by its double", () => {
  let double: Double;
  let home = "";
  beforeAll(() => {
    double = openDouble({ guests: "modelled", profile: "current" });
    home = newHome();
  });
  afterAll(async () => {
    await double.dispose();
    rmSync(home, { recursive: true, force: true });
  });

  it("is made, solved over its client alone, and forgotten", async () => {
    const env = { ...double.env, WASM_K8S_LAB_OVERCOMMIT: "1" };
    const run = (argv: string[]) => runProgram(argv, { home, env });
    const played = await run(["run", "control-plane", "--backend", "multipass", "--profile", "current", "--json"]);
    expect(played.stderr).toContain("master: ready");
    expect(JSON.parse(played.stdout)).toMatchObject({
      backend: "multipass",
      labs: [{ id: "control-plane", grade: { verdict: "passed" } }],
    });
    expect(double.instances().map(({ name, state }) => [name.replace(/-[0-9a-f]{4}-/, "-"), state])).toEqual([
      ["wasm-k8s-lab-master", "Running"],
    ]);
    expect(
      await run(["exec", "master", "--", "sh", "-c", "kubectl get nodes --no-headers | wc -l; exit 4"]),
    ).toMatchObject({
      exitCode: 4,
      stdout: "1\n",
    });
    expect((await run(["down", "--yes"])).exitCode).toBe(0);
    expect(double.instances()).toEqual([]);
  });
});
