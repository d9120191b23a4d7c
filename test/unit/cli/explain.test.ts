import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { main } from "../../../src/cli/main.ts";

let folder = "";
let printed = "";
let complained = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "wasm-k8s-lab-explain-"));
  printed = complained = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((printed += String(text)), true));
  vi.spyOn(process.stderr, "write").mockImplementation((text) => ((complained += String(text)), true));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const output = (text: string): string => {
  const path = join(folder, "output");
  writeFileSync(path, text);
  return path;
};

it("says what it means, what helps and where it is discussed, in the language that is asked for", async () => {
  const file = output('failed to get sandbox runtime: no runtime for "spin" is configured\n');
  expect(await main(["explain", file])).toBe(0);
  expect(printed).toContain("containerd-handler-unknown");
  expect(printed).toContain("known: The pod's RuntimeClass asks for the handler `spin`");
  expect(printed).toContain("what helps: ");
  expect(printed).toContain("discussed at: https://github.com/spinframework/spin-operator/issues/209");
  printed = "";
  expect(await main(["explain", file, "--lang", "de"])).toBe(0);
  expect(printed).toContain("bekannt: Die RuntimeClass des Pods verlangt den Handler `spin`");
});

it("answers in JSON", async () => {
  expect(
    await main(["explain", output("cgroup v1: kubelet is configured to not run on a host using cgroup v1"), "--json"]),
  ).toBe(0);
  expect(JSON.parse(printed)).toMatchObject({
    formatVersion: 1,
    failures: [{ id: "kubelet-cgroup-v1", component: "kubelet", since: "Kubernetes 1.35" }],
  });
});

it("ends with 1 where nothing is known, and with 2 where there is nothing to read", async () => {
  expect(await main(["explain", output("all is well\n")])).toBe(1);
  expect(printed).toBe("Nothing is known about this output.\n");
  expect(await main(["explain", join(folder, "nowhere")])).toBe(2);
  expect(complained).toContain("cannot be read, got ENOENT");
});
