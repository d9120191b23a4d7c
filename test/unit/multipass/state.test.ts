import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { StateFile } from "../../../src/backends/multipass/state.ts";
import { systemRandom } from "../../../src/cli/system-clock.ts";

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "wasm-k8s-lab-multipass-"));
  folders.push(folder);
  return folder;
}

test("the name of what is ours is on disk before anything is made, and stays", () => {
  const folder = newFolder();
  const state = new StateFile(folder, systemRandom);
  expect(state.instance("master")).toMatch(/^wasm-k8s-lab-[0-9a-f]{4}-master$/);
  expect(state.machine(state.instance("worker1"))).toBe("worker1");
  expect(state.machine("wasm-k8s-lab-master")).toBeUndefined();
  expect(statSync(state.path).mode & 0o777).toBe(0o600);
  state.change(({ machines }) => void (machines["master"] = { role: "master", stage: "launching" }));
  const again = new StateFile(folder, systemRandom);
  expect(again.prefix).toBe(state.prefix);
  expect(again.data.machines).toEqual({ master: { role: "master", stage: "launching" } });
});

test("two folders do not share names", () => {
  const prefixes = new Set(Array.from({ length: 4 }, () => new StateFile(newFolder(), systemRandom).prefix));
  expect(prefixes.size).toBeGreaterThan(1);
});

test("a half-written change leaves what was known", () => {
  const folder = newFolder();
  const state = new StateFile(folder, systemRandom);
  writeFileSync(`${state.path}.next`, '{"formatVersion": 1, "id": "00');
  expect(new StateFile(folder, systemRandom).prefix).toBe(state.prefix);
});

test("a damaged file is never replaced: it names machines that cost a learner's memory and disk", () => {
  const folder = newFolder();
  const { path } = new StateFile(folder, systemRandom);
  for (const text of ["", "{", "[]", '{"formatVersion":1,"id":"../x","machines":{},"durations":{}}']) {
    writeFileSync(path, text);
    expect(() => new StateFile(folder, systemRandom)).toThrow(
      expect.objectContaining({ name: "LabError", code: "state-damaged" }) as Error,
    );
    expect(readFileSync(path, "utf8")).toBe(text);
  }
});
