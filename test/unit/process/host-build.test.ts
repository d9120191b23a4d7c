import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { findHostCargo } from "../../../src/process/host-build.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const manifest = '[package]\nname = "app"\nversion = "1.0.0"\n';

let folder: string;
const at = (name: string): string => join(folder, name);

/** A cargo that notes what it was asked, and says where it works. */
const cargo = `#!/bin/sh
if [ "$1" = --version ]; then echo cargo 1.80.0; exit 0; fi
echo "$@" >> "$ASKED"
echo "Compiling app ($(pwd -P))" >&2
[ -e src/broken.rs ] && exit 101
mkdir -p target/wasm32-wasip1/release && printf wasm > target/wasm32-wasip1/release/app.wasm
`;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "host-build-"));
  for (const name of ["bin", "tmp", "lib"]) mkdirSync(at(name));
  writeFileSync(at("bin/cargo"), cargo, { mode: 0o755 });
  writeFileSync(at("bin/rustc"), `#!/bin/sh\necho '${at("lib")}'\n`, { mode: 0o755 });
  vi.stubEnv("PATH", `${at("bin")}${delimiter}/usr/bin${delimiter}/bin`);
  vi.stubEnv("TMPDIR", at("tmp"));
  vi.stubEnv("ASKED", at("asked"));
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

async function build(files: Record<string, string>) {
  const lines: string[] = [];
  const found = await findHostCargo();
  const result = await found?.build({
    files: Object.fromEntries(Object.entries(files).map(([name, text]) => [name, bytes(text)])),
    release: true,
    onLine: (line) => lines.push(line),
    signal: new AbortController().signal,
  });
  return { result, lines };
}

describe("building with this computer's cargo", () => {
  it("gives the module, names no folder of this computer, and leaves nothing behind", async () => {
    const { result, lines } = await build({ "Cargo.toml": manifest, "src/main.rs": "fn main() {}" });
    expect(result).toEqual({ ok: true, module: bytes("wasm") });
    expect(lines).toEqual(["Compiling app (.)"]);
    expect(readdirSync(at("tmp"))).toEqual([]);
  });

  it("passes cargo's exit code on, and leaves nothing behind", async () => {
    const { result } = await build({ "Cargo.toml": manifest, "src/broken.rs": "" });
    expect(result).toEqual({ ok: false, exitCode: 101 });
    expect(readdirSync(at("tmp"))).toEqual([]);
  });

  it("writes no file outside its folder", async () => {
    const { result } = await build({ "Cargo.toml": manifest, "../../outside": "" });
    expect(result?.ok).toBe(true);
    expect(existsSync(at("outside"))).toBe(false);
  });

  it.each<[string, Record<string, string>]>([
    ["build.rs", { "Cargo.toml": manifest, "build.rs": "fn main() {}" }],
    ["build =", { "Cargo.toml": `${manifest}build = "src/other.rs"\n` }],
    ["a quoted key", { "Cargo.toml": `${manifest}"build"="src/other.rs"\n` }],
    ["an escaped key", { "Cargo.toml": `${manifest}"b\\u0075ild" = "src/other.rs"\n` }],
    ["an inline table", { "Cargo.toml": 'package = { name = "app", build = "src/other.rs" }' }],
    ["a dotted key", { "Cargo.toml": 'package.name = "app"\npackage.build = "src/other.rs"' }],
    ["[build-dependencies]", { "Cargo.toml": `${manifest}[build-dependencies]\ncc = "1"\n` }],
    ["a target's", { "Cargo.toml": `${manifest}[target.'cfg(unix)'.build-dependencies]\ncc = "1"\n` }],
    ["a procedural macro", { "Cargo.toml": `${manifest}[lib]\nproc-macro = true\n` }],
    ["a package inside", { "Cargo.toml": manifest, "src/in/Cargo.toml": manifest, "src/in/build.rs": "" }],
  ])("refuses what would run a program here, without running cargo: %s", async (_name, files) => {
    const { result, lines } = await build(files);
    expect(result).toEqual({ ok: false, exitCode: 101 });
    expect(lines.join("\n")).toContain("not allowed");
    expect(existsSync(at("asked"))).toBe(false);
    expect(readdirSync(at("tmp"))).toEqual([]);
  });

  it("is not there without cargo, or without the standard library for WebAssembly", async () => {
    rmSync(at("lib"), { recursive: true });
    expect(await findHostCargo()).toBeUndefined();
    rmSync(at("bin"), { recursive: true });
    vi.stubEnv("PATH", at("bin"));
    expect(await findHostCargo()).toBeUndefined();
  });
});
