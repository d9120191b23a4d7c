import { mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LabError } from "../../../../src/domain/errors.ts";
import { StateFolder } from "../../../../src/backends/embedded/persistence/state-folder.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "state-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("the saved lab", () => {
  it("is nothing before the first save", () => {
    expect(new StateFolder(folder).load()).toBeUndefined();
  });

  it("comes back with its components and blobs", () => {
    const first = new StateFolder(folder);
    const blob = first.put(bytes("a module"));
    first.save(() => ({ lab: { random: [1, 2] }, machine: { file: blob } }));
    const second = new StateFolder(folder);
    expect(second.load()).toEqual({ components: { lab: { random: [1, 2] }, machine: { file: blob } }, notices: [] });
    expect(new TextDecoder().decode(second.get(blob))).toBe("a module");
  });

  it("keeps blobs that only another blob names, as an image's manifest names its layers", () => {
    const first = new StateFolder(folder);
    const layer = first.put(bytes("a layer"));
    const manifest = first.put(bytes(JSON.stringify({ layers: [`sha256:${layer}`] })));
    first.save(() => ({ store: { image: `sha256:${manifest}` } }));
    const second = new StateFolder(folder);
    second.load();
    second.collectGarbage();
    expect(new TextDecoder().decode(second.get(layer))).toBe("a layer");
  });

  it("forgets blobs that nothing names any more", () => {
    const state = new StateFolder(folder);
    const blob = state.put(bytes("old"));
    state.save(() => ({ a: blob }));
    state.save(() => ({ a: "1" }));
    state.save(() => ({ a: "2" }));
    state.collectGarbage();
    expect(new StateFolder(folder).has(blob)).toBe(false);
  });

  it("keeps no objects of superseded saves, but those of the two newest and of snapshots", () => {
    const state = new StateFolder(folder);
    const objects = (): number => readdirSync(join(folder, "objects")).length;
    const content = (version: number): string => state.put(bytes(`content ${version}`));
    state.saveSnapshot("begin", () => ({ version: 0, blob: content(0) }));
    for (let version = 1; version <= 9; version += 1) state.save(() => ({ version, blob: content(version) }));
    // Two components and one blob of each.
    expect(objects()).toBe(9);
    expect(new StateFolder(folder).loadSnapshot("begin")).toMatchObject({ version: 0 });
    expect(new StateFolder(folder).load()?.components).toMatchObject({ version: 9 });
  });

  it("writes again what was superseded and comes back", () => {
    const state = new StateFolder(folder);
    for (const version of [1, 2, 3, 1]) state.save(() => ({ version, blob: state.put(bytes(`content ${version}`)) }));
    expect(new StateFolder(folder).load()).toMatchObject({ components: { version: 1 }, notices: [] });
  });

  it("survives a file torn anywhere: the older copy is used and the damage is told", () => {
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: 0, max: 0.99, noNaN: true }), (pick, keep) => {
        const path = mkdtempSync(join(folder, "torn-"));
        const state = new StateFolder(path);
        const blob = state.put(bytes("x".repeat(9_000)));
        state.save(() => ({ version: 1, blob }));
        const before = new Set(readdirSync(join(path, "objects")));
        state.save(() => ({ version: 2, blob }));
        const fresh = readdirSync(join(path, "objects")).filter((name) => !before.has(name));
        const files = [join(path, "state.json"), ...fresh.map((name) => join(path, "objects", name))];
        const victim = files[pick % files.length] ?? "";
        truncateSync(victim, Math.floor(readFileSync(victim).length * keep));
        const loaded = new StateFolder(path).load();
        expect(loaded?.components["version"]).toBe(1);
        expect(loaded?.notices).toHaveLength(1);
        expect(loaded?.notices[0]).toContain("set aside");
      }),
      { numRuns: 40 },
    );
  });

  it("says so when both copies are damaged, and begins anew without losing them", () => {
    const state = new StateFolder(folder);
    state.save(() => ({ version: 1 }));
    state.save(() => ({ version: 2 }));
    for (const name of ["state.json", "state.previous.json"]) writeFileSync(join(folder, name), "{");
    expect(new StateFolder(folder).load()).toMatchObject({
      components: {},
      notices: [expect.anything(), expect.anything()],
    });
    expect(readdirSync(folder).filter((name) => name.includes("damaged"))).toHaveLength(2);
  });

  it("refuses a state of a newer version instead of misreading it", () => {
    new StateFolder(folder).save(() => ({ version: 1 }));
    const path = join(folder, "state.json");
    writeFileSync(path, readFileSync(path, "utf8").replace('"formatVersion":1', '"formatVersion":9'));
    expect(() => new StateFolder(folder).load()).toThrow(LabError);
  });

  it("keeps named snapshots beside the current state", () => {
    const state = new StateFolder(folder);
    const blob = state.put(bytes("kept"));
    state.saveSnapshot("lab/step", () => ({ at: "start", blob }));
    state.save(() => ({ at: "end" }));
    state.save(() => ({ at: "later" }));
    state.collectGarbage();
    const again = new StateFolder(folder);
    expect(again.snapshots()).toEqual(["lab/step"]);
    expect(again.loadSnapshot("lab/step")).toEqual({ at: "start", blob });
    expect(again.has(blob)).toBe(true);
    again.removeSnapshot("lab/step");
    expect(again.snapshots()).toEqual([]);
  });
});
