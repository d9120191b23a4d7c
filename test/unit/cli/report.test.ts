import { lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { writeWhole } from "../../../src/cli/commands/report.ts";

let folder: string;
const at = (name: string): string => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "report-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("writes a file that everybody can read, and replaces the one that was there", () => {
  writeWhole(at("report.xml"), "one, a longer one");
  writeWhole(at("report.xml"), "twö");
  expect(readFileSync(at("report.xml"), "utf8")).toBe("twö");
  expect(statSync(at("report.xml")).mode & 0o777).toBe(0o644);
  expect(readdirSync(folder)).toEqual(["report.xml"]);
});

it("writes to where a link points, and keeps the link", () => {
  writeWhole(at("report.xml"), "one");
  symlinkSync("report.xml", at("link"));
  writeWhole(at("link"), "two");
  expect(lstatSync(at("link")).isSymbolicLink()).toBe(true);
  expect(readFileSync(at("report.xml"), "utf8")).toBe("two");
});

it("says that a file cannot be written, and leaves nothing behind", () => {
  mkdirSync(at("there"));
  for (const name of ["there", "missing/report.xml"]) {
    expect(() => writeWhole(at(name), "")).toThrow(expect.objectContaining({ code: "report-not-written" }));
  }
  expect(readdirSync(folder)).toEqual(["there"]);
});
