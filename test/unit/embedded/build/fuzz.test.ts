import fc from "fast-check";
import { expect, test } from "vitest";
import { FileSystem, root } from "../../../../src/backends/embedded/machine/files/file-system.ts";
import {
  ManifestError,
  readManifest,
  satisfies,
} from "../../../../src/backends/embedded/machine/programs/build/rust/manifest.ts";
import { compareSources } from "../../../../src/backends/embedded/machine/programs/build/rust/source.ts";
import { SourceError, tokensOf } from "../../../../src/backends/embedded/machine/programs/build/rust/tokens.ts";
import { workloadSource } from "../../../../src/backends/embedded/wasm/workloads.ts";
import { realClock } from "../fakes/machine.ts";

const source = workloadSource("http-server", "src/main.rs");
const greeting = "Hello HAW!! from WasmEdge App";
const manifest = workloadSource("http-server", "Cargo.toml");

const onlyThrows = (kind: new (...args: never[]) => Error, work: () => unknown): boolean => {
  try {
    work();
  } catch (error) {
    if (!(error instanceof kind)) throw error;
  }
  return true;
};

/** The text with a piece replaced. */
const damaged = (text: string) =>
  fc
    .tuple(fc.nat(text.length), fc.nat(20), fc.string({ maxLength: 20, unit: "grapheme" }))
    .map(([at, length, insert]) => text.slice(0, at) + insert + text.slice(at + length));

test("any text is read as tokens or refused at a place", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => onlyThrows(SourceError, () => tokensOf(text))));
  fc.assert(
    fc.property(damaged(source), (text) => onlyThrows(SourceError, () => compareSources(source, text, greeting))),
  );
});

test("a place that is named lies in the source", () => {
  fc.assert(
    fc.property(damaged(source), (text) => {
      let at: { line: number; column: number } | undefined;
      try {
        const found = compareSources(source, text, greeting);
        if (found.kind === "different") at = found;
      } catch (error) {
        if (error instanceof SourceError) at = error;
      }
      if (!at) return;
      const line = text.split("\n")[at.line - 1];
      expect(line).toBeDefined();
      expect(at.column).toBeGreaterThan(0);
      expect(at.column).toBeLessThanOrEqual((line ?? "").length + 1);
    }),
  );
});

test("every greeting that Rust can write is found as it will be served", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const escaped = [...text]
        .map((letter) => (/["\\\r\n]/.test(letter) ? `\\u{${letter.codePointAt(0)?.toString(16) ?? ""}}` : letter))
        .join("");
      const found = compareSources(
        source,
        source.replace(greeting, () => escaped),
        greeting,
      );
      expect(found.kind === "greeting" ? found.greeting : greeting).toBe(text === greeting ? greeting : text);
    }),
  );
});

test("any manifest is read or refused in cargo's form", () => {
  const files = new FileSystem(realClock()).as(root);
  files.makeDirectories("/app/src");
  files.write("/app/src/main.rs", source);
  const check = (text: string): boolean => {
    files.write("/app/Cargo.toml", text);
    return onlyThrows(ManifestError, () => readManifest(files, "/app/Cargo.toml"));
  };
  fc.assert(fc.property(damaged(manifest), check));
  fc.assert(fc.property(fc.string({ unit: "binary" }), check));
});

test.each([
  ["0.2.3", "0.2", true],
  ["0.2.3", "^0.2.4", false],
  ["0.5.3", "=0.5.3", true],
  ["0.5.3", "0.5", true],
  ["0.5.3", "0.6", false],
  ["1.4.2", "1", true],
  ["2.0.0", "1", false],
  ["1.4.2", ">=1.2, <1.4", false],
  ["1.4.2", "~1.4.1", true],
  ["1.5.0", "~1.4.1", false],
  ["0.2.3", "*", true],
  ["0.0.3", "^0.0.3", true],
  ["0.0.4", "^0.0.3", false],
])("version %s for the requirement %s: %s", (version, wanted, fits) => {
  expect(satisfies(version, wanted)).toBe(fits);
});
