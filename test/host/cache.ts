import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where what takes minutes is kept between runs: `WASM_K8S_LAB_HOST_CACHE`, else in the user's cache. */
export function cacheFolder(): string {
  const base = process.env["XDG_CACHE_HOME"] ?? tmpdir();
  const folder = process.env["WASM_K8S_LAB_HOST_CACHE"] ?? join(base, "wasm-k8s-lab-host");
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** A short digest of what something is made from: another recipe is another place in the cache. */
export const digestOf = (...parts: readonly string[]): string =>
  createHash("sha256").update(parts.join("\0")).digest("hex").slice(0, 12);

const underWay = new Map<string, Promise<string>>();

/**
 * The path of something in the cache, made now when it is not there. `make` is given a path of its own, so that what was
 * interrupted is never taken for whole; `says`, what is printed before, is empty for what is not worth a line.
 */
export function cached(name: string, says: string, make: (path: string) => Promise<void> | void): Promise<string> {
  const path = join(cacheFolder(), name);
  if (existsSync(path)) return Promise.resolve(path);
  const making = underWay.get(path) ?? makeNow(path, name, says, make).finally(() => underWay.delete(path));
  underWay.set(path, making);
  return making;
}

async function makeNow(
  path: string,
  name: string,
  says: string,
  make: (path: string) => Promise<void> | void,
): Promise<string> {
  const unfinished = `${path}.${process.pid}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(join(path, ".."), { recursive: true });
  if (says !== "") process.stdout.write(`  making ${name}: ${says}\n`);
  const before = Date.now();
  await make(unfinished);
  renameSync(unfinished, path);
  if (says !== "") process.stdout.write(`  made ${name} in ${Math.round((Date.now() - before) / 1000)} s\n`);
  return path;
}
