import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { LabError } from "../domain/errors.ts";

/** Longest path that a unix socket takes on every system, in bytes. */
const longestSocketPath = 100;

/** The state folder: everything this program writes is below it. */
export interface Home {
  path: string;
  lock: string;
  progress: string;
  socket: string;
}

/** Opens (and makes, 0700) the state folder: WASM_K8S_LAB_HOME or ~/.wasm-k8s-lab. Throws LabError `home`. */
export function openHome(env: Readonly<Record<string, string | undefined>>): Home {
  const path = env["WASM_K8S_LAB_HOME"] || join(homedir(), ".wasm-k8s-lab");
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : "an error";
    throw new LabError("home", `${path}: the state folder cannot be made, got ${reason}`, {
      remedy: "Set WASM_K8S_LAB_HOME to a folder you can write to.",
      cause: error,
    });
  }
  return { path, lock: join(path, "lock"), progress: join(path, "progress.json"), socket: socketPath(path) };
}

function socketPath(home: string): string {
  const path = join(home, "control.sock");
  if (Buffer.byteLength(path) <= longestSocketPath) return path;
  const folder = join(tmpdir(), `wasm-k8s-lab-${createHash("sha256").update(home).digest("hex").slice(0, 16)}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  return join(folder, "control.sock");
}

/** The installed package's own folder, which holds `labs/`; the same from source and from the bundle. */
export function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json")) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}
