import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import type { ExecResult } from "../../../../../../domain/machine.ts";
import { decode } from "../../../io.ts";
import type { HostBuild } from "../../../machine.ts";

/** Runs one line in this computer's own shell; src/process has it. */
type RunOnHost = (line: string, options: { signal?: AbortSignal; timeoutMs?: number }) => Promise<ExecResult>;

const target = "wasm32-wasip1";
const longestBuildMs = 600_000;

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * Builds with this computer's cargo in a temporary folder, with the course's lock file, so that no other crate can come
 * in. A package with a build script of its own is refused: it would run here, outside the lab.
 */
export function createHostBuild(run: RunOnHost): HostBuild {
  return {
    async build({ files, release, onLine, signal }) {
      const manifest = decode(files["Cargo.toml"] ?? new Uint8Array());
      if (files["build.rs"] !== undefined || /^\s*build\s*=/m.test(manifest) || /^\s*proc-macro\s*=/m.test(manifest)) {
        onLine("error: this package has a build script, which the lab does not run on this computer");
        return { ok: false, exitCode: 101 };
      }
      const folder = await mkdtemp(join(tmpdir(), "wasm-k8s-lab-cargo-"));
      try {
        await place(folder, files);
        const line = `cd ${quoted(folder)} && cargo build --locked --target ${target}${release ? " --release" : ""} 2>&1`;
        const result = await run(line, { signal, timeoutMs: longestBuildMs });
        for (const text of result.stdout.split("\n")) if (text !== "") onLine(text.replaceAll(folder, "."));
        if (result.exitCode !== 0) return { ok: false, exitCode: result.exitCode };
        const output = join(folder, "target", target, release ? "release" : "debug");
        const name = (await readdir(output)).find((entry) => entry.endsWith(".wasm"));
        if (name === undefined) return { ok: false, exitCode: 101 };
        return { ok: true, module: Uint8Array.from(await readFile(join(output, name))) };
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

async function place(folder: string, files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, normalize(`/${name}`));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
}
