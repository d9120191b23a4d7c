import { beforeAll, expect, test } from "vitest";
import { createModuleRunner } from "../../../../src/backends/embedded/wasm/worker-runner.ts";
import { webAssembly } from "../../../../src/backends/embedded/wasm/web-assembly.ts";
import { decode } from "../../../../src/backends/embedded/machine/io.ts";
import { textOf } from "../network/lab.ts";
import { workload } from "../wasm/workloads.ts";
import { createBuildLab, placePackage } from "./lab.ts";
import type { BuildLab } from "./lab.ts";

const app = "/home/ubuntu/wasmedge-app";
const module = `${app}/target/wasm32-wasi/release/http_server.wasm`;
const install = "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --default-toolchain 1.75.0";

let lab: BuildLab;
beforeAll(async () => {
  lab = createBuildLab();
  const result = await lab.sh(install);
  expect(result.stderr).toContain("info: default toolchain set to '1.75.0-x86_64-unknown-linux-gnu'");
  expect(result.exitCode).toBe(0);
});

test("before the installer ran there is no cargo, and without the internet it cannot run", async () => {
  const bare = createBuildLab();
  expect((await bare.sh("cargo --version")).exitCode).toBe(127);
  bare.network.setReachable("master", false);
  const result = await bare.sh(`set -o pipefail; ${install}`);
  expect(result.exitCode).not.toBe(0);
});

test("the installer leaves a toolchain that the login shell finds", async () => {
  expect((await lab.sh("cargo --version && rustc --version")).stdout).toBe(
    "cargo 1.75.0 (1d8b05cdd 2023-11-20)\nrustc 1.75.0 (82e1608df 2023-12-21)\n",
  );
  expect((await lab.sh("rustup toolchain list")).stdout).toBe("1.75.0-x86_64-unknown-linux-gnu (default)\n");
  expect((await lab.sh("rustup target list --installed")).stdout).toBe("x86_64-unknown-linux-gnu\n");
});

test("the target is wasm32-wasi in this release; a newer name is refused", async () => {
  const fresh = createBuildLab();
  await fresh.sh(install);
  const newer = await fresh.sh("rustup target add wasm32-wasip1");
  expect(newer.exitCode).toBe(1);
  expect(newer.stderr).toContain(
    "error: toolchain '1.75.0-x86_64-unknown-linux-gnu' does not support target 'wasm32-wasip1'",
  );
  placePackage(fresh, app);
  const without = await fresh.sh(`cd ${app} && cargo build --target wasm32-wasi --release`);
  expect(without.exitCode).toBe(101);
  expect(without.stderr).toContain("error[E0463]: can't find crate for `std`");
  expect(without.stderr).toContain("consider downloading the target with `rustup target add wasm32-wasi`");
  const unknown = await fresh.sh(`cd ${app} && cargo build --target wasm32-wasip1`);
  expect(unknown.stderr).toContain('Could not find specification for target "wasm32-wasip1"');
  expect((await fresh.sh("rustup target add wasm32-wasi")).stderr).toBe(
    "info: downloading component 'rust-std' for 'wasm32-wasi'\ninfo: installing component 'rust-std' for 'wasm32-wasi'\n",
  );
  expect((await fresh.sh("rustup target add wasm32-wasi")).stderr).toContain("is up to date");
});

async function build(change?: (source: string) => string, command = "cargo build --target wasm32-wasi --release") {
  await lab.sh("rustup target add wasm32-wasi");
  lab.machine.rootFiles.removeTree(app);
  placePackage(lab, app, change);
  return lab.sh(`cd ${app} && ${command}`);
}

test("the unchanged source gives the shipped module, with comments and layout as one likes", async () => {
  const result = await build((source) => `// mine\n${source.replace("fn main()", "/* the\n entry */ fn main ( )")}`);
  expect(result.stderr).toMatch(/ {3}Compiling httpcodec v0\.2\.3\n/);
  expect(result.stderr).toMatch(/ {3}Compiling http_server v1\.0\.0 \(\/home\/ubuntu\/wasmedge-app\)\n/);
  expect(result.stderr).toMatch(/ {4}Finished release \[optimized\] target\(s\) in \d+\.\d\ds\n$/);
  expect(result.exitCode).toBe(0);
  expect(lab.machine.rootFiles.readBytes(module)).toEqual(workload("http-server"));
  expect((await lab.sh(`cd ${app} && cargo build --target wasm32-wasi --release`)).stderr).not.toContain("Compiling");
  expect((await lab.sh(`cd ${app} && cargo build --target=wasm32-wasi`)).stderr).toContain(
    "dev [unoptimized + debuginfo]",
  );
  expect(webAssembly.validate(lab.machine.rootFiles.readBytes(module.replace("release", "debug")).slice())).toBe(true);
  const cleaned = await lab.sh(`cd ${app} && cargo clean && ls target`);
  expect(cleaned.stderr).toContain("Removed");
  expect(cleaned.exitCode).toBe(2);
});

test.each([
  ["a shorter one", "Hi", "Hi"],
  ["a longer one with escapes", 'Grüße \\u{2693} \\"x\\"', 'Grüße ⚓ "x"'],
  ["a very long one", "a".repeat(5000), "a".repeat(5000)],
])("another greeting patches the module and says so: %s", async (_name, written, served) => {
  const result = await build((source) => source.replace("Hello HAW!! from WasmEdge App", written));
  expect(result.stderr).toMatch(/note: src\/main\.rs:\d+:\d+: the greeting has changed: .* was patched/);
  expect(result.exitCode).toBe(0);
  const listens = Promise.withResolvers<void>();
  const running = createModuleRunner().start({
    bytes: lab.machine.rootFiles.readBytes(module).slice(),
    args: [],
    env: {},
    onStdout: () => {},
    onStderr: (bytes) => listens.reject(new Error(decode(bytes))),
    listen: (port, accept) => {
      const stop = lab.network.listen({ machine: "master" }, port, { process: "wasmedge", accept });
      listens.resolve();
      return stop;
    },
  });
  await listens.promise;
  expect(await textOf(await lab.network.fetch({ machine: "master" }, "http://localhost:1234/"))).toBe(served);
  await running.kill();
});

test("any other change is refused at its place, with the line and the remedy", async () => {
  const result = await build((source) => source.replace("StatusCode::new(200)", "StatusCode::new(201)"));
  expect(result.exitCode).toBe(101);
  expect(result.stderr).toMatch(/ --> src\/main\.rs:11:25\n/);
  expect(result.stderr).toContain("StatusCode::new(201)");
  expect(result.stderr).toContain("--host-cargo");
  expect(result.stderr).toContain('error: could not compile `http_server` (bin "http_server") due to previous error');
});

test.each([
  ["a missing brace", (s: string) => s.replace(/\}\s*$/, ""), "this file contains an unclosed delimiter"],
  ["a brace too many", (s: string) => `${s}}\n`, "unexpected closing delimiter: `}`"],
  [
    "a wrong bracket",
    (s: string) => s.replace("unwrap_or(1234)", "unwrap_or(1234]"),
    "mismatched closing delimiter: `]`",
  ],
  [
    "a missing semicolon",
    (s: string) => s.replace("client.flush()?;", "client.flush()?"),
    "expected `;`, found `client`",
  ],
  ["an unfinished text", (s: string) => s.replace('bound to {}"', "bound to {}"), "error"],
])("%s is reported as the compiler does", async (_name, change, words) => {
  const result = await build(change);
  expect(result.exitCode).toBe(101);
  expect(result.stderr).toContain(words);
  expect(result.stderr).toMatch(/--> src\/main\.rs:\d+:\d+/);
});

test.each([
  ["no name", (t: string) => t.replace(/^name.*$/m, ""), "missing field `name`"],
  ["no version", (t: string) => t.replace(/^version.*$/m, ""), "missing field `version`"],
  ["no quotes", (t: string) => t.replace('"1.0.0"', "one"), "could not parse input as TOML"],
  ["no package", () => "[dependencies]\n", "manifest is missing either a `[package]` or a `[workspace]`"],
  ["an unknown crate", (t: string) => `${t}nonsense = "1"\n`, "error: no matching package named `nonsense` found"],
  [
    "a version that does not exist",
    (t: string) => t.replace('"0.2.3"', '"9.1"'),
    'failed to select a version for the requirement `httpcodec = "^9.1"`',
  ],
  ["a forgotten crate", (t: string) => t.replace(/^httpcodec.*$/m, ""), "error[E0432]: unresolved import `httpcodec`"],
  ["an unknown edition", (t: string) => t.replace('"2018"', '"2019"'), "supported edition values are"],
])("a manifest with %s is refused in cargo's words", async (_name, change, words) => {
  await lab.sh("rustup target add wasm32-wasi");
  lab.machine.rootFiles.removeTree(app);
  placePackage(lab, app);
  lab.machine.rootFiles.write(`${app}/Cargo.toml`, change(lab.machine.rootFiles.readText(`${app}/Cargo.toml`)));
  const result = await lab.sh(`cd ${app} && cargo build --target wasm32-wasi --release`);
  expect(result.stderr).toContain(words);
  expect(result.exitCode).toBe(101);
});

test("cargo names what it misses", async () => {
  expect((await lab.sh("cd /tmp && cargo build")).stderr).toBe(
    "error: could not find `Cargo.toml` in `/tmp` or any parent directory\n",
  );
  expect((await lab.sh("cargo frobnicate")).stderr).toContain("error: no such command: `frobnicate`");
  expect((await lab.sh("cargo build --frob")).stderr).toContain("error: unexpected argument '--frob' found");
  expect((await build((s) => s, "cargo build --release")).stderr).toContain("linker `cc` not found");
});

test("with --host-cargo this computer's cargo gets the source that the lab refuses", async () => {
  const asked: string[][] = [];
  const own = createBuildLab({
    hostCargo: true,
    hostBuild: {
      build: (request) => {
        asked.push(Object.keys(request.files).sort());
        request.onLine("   Compiling http_server v1.0.0");
        return Promise.resolve({ ok: true, module: workload("echo-server") });
      },
    },
  });
  await own.sh(install);
  await own.sh("rustup target add wasm32-wasi");
  placePackage(own, app, (source) => source.replace("200", "201"));
  const result = await own.sh(`cd ${app} && cargo build --target wasm32-wasi --release`);
  expect(result.exitCode).toBe(0);
  expect(asked).toEqual([["Cargo.lock", "Cargo.toml", "src/main.rs"]]);
  expect(own.machine.rootFiles.readBytes(module)).toEqual(workload("echo-server"));
});

test("a toolchain of today knows the target by its new name only, and says so", async () => {
  const today = createBuildLab({ profile: "current" });
  await today.sh(install.replace("1.75.0", "1.93.0"));
  const refused = await today.sh("~/.cargo/bin/rustup target add wasm32-wasi");
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain(
    "error: toolchain '1.93.0-x86_64-unknown-linux-gnu' does not support target 'wasm32-wasi'; did you mean 'wasm32-wasip1'?\n",
  );
  expect((await today.sh("~/.cargo/bin/rustup target add wasm32-wasip1")).exitCode).toBe(0);
  expect((await today.sh("~/.cargo/bin/rustup --version")).stdout).toBe("rustup 1.28.2 (e4f3ad6f8 2025-04-28)\n");
  placePackage(today, app, (source) => source);
  const built = await today.sh(`cd ${app} && ~/.cargo/bin/cargo build --target wasm32-wasip1 --release`);
  expect(built.stderr).toContain("Finished `release` profile [optimized] target(s)");
  const path = `${app}/target/wasm32-wasip1/release/http_server.wasm`;
  expect(today.machine.rootFiles.readBytes(path)).toEqual(workload("http-server"));
});
