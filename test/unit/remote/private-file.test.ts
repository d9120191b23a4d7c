import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { writePrivateFile } from "../../../src/remote/private-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "private-file-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("is read by its owner alone, also where a killed process left a wider one behind", () => {
  const path = join(folder, "new", "kept.json");
  writePrivateFile(path, "one");
  writeFileSync(`${path}.next`, "half", { mode: 0o644 });
  writePrivateFile(path, "two");
  expect(readFileSync(path, "utf8")).toBe("two");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(folder, "new"))).toEqual(["kept.json"]);
});

it("leaves the old one whole when the new one cannot be written", () => {
  const path = join(folder, "kept.json");
  writePrivateFile(path, "old");
  expect(() => writePrivateFile(join(path, "below"), "new")).toThrow(/ENOTDIR|EEXIST/);
  expect(readFileSync(path, "utf8")).toBe("old");
});
