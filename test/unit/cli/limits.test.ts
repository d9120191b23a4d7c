import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { gatherLimits, readLimits } from "../../../src/cli/limits.ts";

describe("what the embedded machines simplify", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "limits-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("is found in the comments of every file, in their order", () => {
    mkdirSync(join(folder, "b/c"), { recursive: true });
    writeFileSync(join(folder, "b/c/two.ts"), "\n  // Simplified: a real one asks twice.\n");
    writeFileSync(join(folder, "a.tsx"), "const a = 1; // Simplified: a real one counts.\n");
    writeFileSync(join(folder, "notes.md"), "// Simplified: no source.\n");
    expect(gatherLimits(folder)).toEqual([
      { file: "a.tsx", line: 1, text: "a real one counts." },
      { file: "b/c/two.ts", line: 2, text: "a real one asks twice." },
    ]);
  });

  it.each([
    ["a comment of several lines", "// Simplified: a real one\n// waits.\ncode();", ["a real one waits."]],
    ["a docstring", "/** Simplified: a real one waits. */", ["a real one waits."]],
    ["a docstring's middle", "/**\n * Does it. Simplified: a real\n * one waits.\n */\ncode();", ["a real one waits."]],
    ["a docstring with a paragraph after it", "/**\n * Simplified: one.\n *\n * More.\n */", ["one."]],
    ["two after each other", "// Simplified: one.\n// Simplified: two.", ["one.", "two."]],
    ["code that only says so", 'const text = "Simplified: no";', []],
  ])("is read whole from %s", (_name, source, texts) => {
    writeFileSync(join(folder, "source.ts"), source);
    expect(gatherLimits(folder).map(({ text }) => text)).toEqual(texts);
  });

  it("is listed for this program", () => {
    const limits = readLimits().filter(({ file }) => file.startsWith("backends/embedded/"));
    expect(limits.length).toBeGreaterThan(20);
    for (const { text } of limits) {
      expect(text).not.toBe("");
      expect(text).not.toMatch(/Simplified:|\*\/|^[/*\s]/);
    }
  });
});
