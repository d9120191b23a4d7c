import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";

const target = "wasm32-wasip1";

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
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), bytes);
    }
    // The lock file is ours, so that no other crate and none of its code comes in.
    const argv = ["build", "--locked", "--target", target, ...(release ? ["--release"] : [])];
    const run = execa("cargo", argv, {
      cwd: folder,
      reject: false,
      stdin: "ignore",
      cancelSignal: signal,
      env: { CARGO_TERM_COLOR: "never", RUSTC_WRAPPER: "", RUSTFLAGS: "" },
      all: true,
    });
    for await (const line of run.iterable({ from: "all" })) onLine(line);
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

/** Where the package asks cargo to run a program while it builds. */
function buildScriptIn(files: Readonly<Record<string, Uint8Array>>): string | undefined {
  if ("build.rs" in files) return "build.rs";
  const manifest = new TextDecoder().decode(files["Cargo.toml"]);
  return /^\s*(build\s*=|\[build-dependencies|links\s*=|proc-macro\s*=\s*true)/m.test(manifest)
    ? "Cargo.toml"
    : undefined;
}
