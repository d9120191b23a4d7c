import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import { execa } from "execa";

const target = "wasm32-wasip1";
const longestBuildMs = 600_000;

interface BuildRequest {
  files: Readonly<Record<string, Uint8Array>>;
  release: boolean;
  onLine(line: string): void;
  signal: AbortSignal;
}

/** Builds a package with this computer's own cargo, in a temporary folder. */
export interface HostCargo {
  build(request: BuildRequest): Promise<{ ok: true; module: Uint8Array } | { ok: false; exitCode: number }>;
}

/** This computer's cargo; undefined where there is none, or none that can build for WebAssembly. */
export async function findHostCargo(): Promise<HostCargo | undefined> {
  const options = { reject: false, stdin: "ignore" } as const;
  const cargo = await execa("cargo", ["--version"], options);
  const library = await execa("rustc", ["--print", "target-libdir", "--target", target], options);
  if (cargo.exitCode !== 0 || library.exitCode !== 0 || !existsSync(library.stdout.trim())) return undefined;
  return { build };
}

async function build({ files, release, onLine, signal }: BuildRequest): ReturnType<HostCargo["build"]> {
  const script = buildScriptIn(files);
  if (script !== undefined) {
    onLine(`error: ${script}: build scripts run programs on this computer and are not allowed`);
    return { ok: false, exitCode: 101 };
  }
  const folder = mkdtempSync(join(tmpdir(), "wasm-k8s-lab-cargo-"));
  try {
    for (const [name, bytes] of Object.entries(files)) {
      const path = join(folder, normalize(`/${name}`));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
    }
    // The lock file is ours, so that no other crate and none of its code comes in.
    const argv = ["build", "--locked", "--target", target, ...(release ? ["--release"] : [])];
    const run = execa("cargo", argv, {
      cwd: folder,
      reject: false,
      stdin: "ignore",
      cancelSignal: signal,
      timeout: longestBuildMs,
      env: { CARGO_TERM_COLOR: "never", RUSTC_WRAPPER: "", RUSTFLAGS: "" },
      all: true,
    });
    for await (const line of run.iterable({ from: "all" })) onLine(line.replaceAll(folder, "."));
    const { exitCode = 101 } = await run;
    if (exitCode !== 0) return { ok: false, exitCode };
    const output = join(folder, "target", target, release ? "release" : "debug");
    const module = readdirSync(output).find((name) => name.endsWith(".wasm"));
    return module === undefined
      ? { ok: false, exitCode: 101 }
      : { ok: true, module: new Uint8Array(readFileSync(join(output, module))) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Where the package, or one inside it, asks cargo to run a program while it builds. */
function buildScriptIn(files: Readonly<Record<string, Uint8Array>>): string | undefined {
  for (const [name, bytes] of Object.entries(files)) {
    if (!/(^|\/)Cargo\.toml$/.test(name)) continue;
    const script = name.replace(/Cargo\.toml$/, "build.rs");
    if (script in files) return script;
    const manifest = new TextDecoder().decode(bytes);
    if (asksToRun.some((pattern) => pattern.test(manifest))) return name;
  }
  return undefined;
}

/** Keys of a manifest that make cargo run a program; an escaped key could be any of them. */
const asksToRun = [/(^|[\s.{,"'])(build|links|proc[-_]macro)["']?\s*=/m, /build[-_]dependencies/, /^[^#=]*"[^"\n]*\\/m];
