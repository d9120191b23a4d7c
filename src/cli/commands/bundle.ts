import { networkInterfaces } from "node:os";
import { join, resolve } from "node:path";
import type { Profile } from "../../domain/backend.ts";
import { exitCodes, LabError } from "../../domain/errors.ts";
import { type CreateProgress, createBundle } from "../../offline/create.ts";
import { inspectBundle } from "../../offline/inspect.ts";
import type { BundleManifest } from "../../offline/manifest.ts";
import { serveBundle } from "../../offline/serve.ts";
import { Upstream } from "../../offline/upstream.ts";
import { type Architecture, readCatalog } from "../../recipes/catalog.ts";
import { type Source, sourcesOf } from "../../recipes/sources.ts";
import { packageFolder } from "../home.ts";
import { profileOf } from "../open-session.ts";
import { print, printJson } from "../output.ts";
import { systemClock } from "../system-clock.ts";

/** For which machines; what is left away is what new machines on this computer are. */
export interface TargetArguments {
  profile?: Profile;
  architecture?: Architecture;
  /** Of Ubuntu, e.g. `24.04`. */
  release?: string;
  /** Address of a bundle's server to read from instead of the internet. */
  offline?: string;
}

export interface Target {
  profile: Profile;
  architecture: Architecture;
  release: string;
  sources: Source[];
}

/**
 * What a profile's machines download. Throws LabError `catalog-invalid`, `bundle-release` or `bundle-server`.
 */
export function targetOf(profile: Profile, given: TargetArguments): Target {
  const catalog = readCatalog(join(packageFolder(), "vm-images"));
  const { releases } = catalog.profiles[profile].machines;
  const release = given.release ?? releases[0] ?? "";
  if (!releases.includes(release)) {
    throw new LabError("bundle-release", `--release: not one of profile ${profile}, got "${release}"`, {
      remedy: `Use one of ${releases.join(", ")}.`,
      exitCode: exitCodes.wrongUse,
    });
  }
  const { protocol } = URL.parse(given.offline ?? "http://localhost") ?? {};
  if (protocol !== "http:" && protocol !== "https:") {
    throw new LabError("bundle-server", `--offline: is no address of a server, got ${JSON.stringify(given.offline)}`, {
      remedy: "Give the address that `bundle serve` prints, such as http://192.168.1.20:8080.",
      exitCode: exitCodes.wrongUse,
    });
  }
  const architecture = given.architecture ?? (process.arch === "arm64" ? "arm64" : "amd64");
  return { profile, architecture, release, sources: sourcesOf(catalog, profile, architecture, release) };
}

export interface CreateArguments extends TargetArguments {
  output?: string;
}

/** Collects a bundle; resolves with 0, with 3 when asking again may bring the rest, with 4 when it will not. */
export async function create(given: CreateArguments): Promise<number> {
  const { sources, ...target } = targetOf(profileOf(given.profile), given);
  const { profile, architecture, release } = target;
  const folder = resolve(given.output ?? `wasm-k8s-lab-${profile}-${release}-${architecture}`);
  const abort = new AbortController();
  const interrupt = (): void =>
    abort.abort(
      new LabError("bundle-interrupted", "interrupted", {
        remedy: "Run the same command again; it goes on where it was.",
        exitCode: exitCodes.interrupted,
      }),
    );
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  process.stderr.write(`collecting ${sources.length} sources of ${profile} into ${folder}\n`);
  const progress = new ProgressLine();
  try {
    const upstream = new Upstream({ clock: systemClock, ...(given.offline ? { server: given.offline } : {}) });
    const manifest = await createBundle({
      ...target,
      folder,
      sources,
      upstream,
      signal: abort.signal,
      onProgress: (made) => progress.show(made),
    });
    progress.end();
    return summary(folder, manifest);
  } finally {
    progress.end();
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

function summary(folder: string, { files, missing, complete }: BundleManifest): number {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  print(`${folder}: ${files.length} files, ${mebibytes(bytes)}`);
  for (const [how, what] of [
    ["pinned", "compared with the catalogue"],
    ["published", "compared with what upstream publishes"],
    ["first-contact", "as they came: nobody publishes their digests beforehand"],
  ]) {
    print(`  ${String(files.filter(({ verified }) => verified === how).length).padStart(5)} ${what}`);
  }
  for (const { source, url, reason } of missing) print(`could not be had: ${source}: ${url} ${reason}`);
  if (complete) {
    print(`Serve it with: wasm-k8s-lab bundle serve ${folder} --listen ADDRESS`);
    return exitCodes.passed;
  }
  const passing = missing.every((each) => each.passing);
  print(
    passing
      ? "Look at the network, then run the same command again: what is there already stays."
      : "Sources have gone or changed: mend vm-images/catalog.yaml, then run the same command again.",
  );
  return passing ? exitCodes.couldNotCheck : exitCodes.environmentFixable;
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** One line that is written anew on a terminal, and a line every ten seconds elsewhere. */
class ProgressLine {
  readonly #terminal = process.stderr.isTTY;
  #shownAt = 0;
  #open = false;

  show({ files, bytes, last }: CreateProgress): void {
    const now = systemClock.monotonic();
    if (now - this.#shownAt < (this.#terminal ? 100 : 10_000)) return;
    this.#shownAt = now;
    const text = `${files} files, ${mebibytes(bytes)}: ${last}`;
    if (this.#terminal) process.stderr.write(`\r${text.slice(0, (process.stderr.columns || 80) - 1)}\u001B[K`);
    else process.stderr.write(`${text}\n`);
    this.#open = this.#terminal;
  }

  end(): void {
    if (this.#open) process.stderr.write("\n");
    this.#open = false;
  }
}

/** Compares a bundle with its manifest, one line for each problem; resolves with 1 when there is one. */
export async function inspect(folder: string, given: { json?: boolean }): Promise<number> {
  const { manifest, problems } = await inspectBundle(resolve(folder));
  if (given.json) printJson({ formatVersion: 1, files: manifest.files.length, problems });
  else {
    for (const { kind, path, detail } of problems) print(`${kind}: ${path}: ${detail}`);
    print(`${manifest.files.length} files, ${problems.length === 0 ? "no problems" : `${problems.length} problems`}`);
  }
  return problems.length === 0 ? exitCodes.passed : exitCodes.checkFailed;
}

export interface ServeArguments {
  listen?: string;
  port: number;
  quiet?: boolean;
}

const loopback = "127.0.0.1";

/** Serves a bundle until it is interrupted. */
export async function serve(folder: string, given: ServeArguments): Promise<number> {
  const address = given.listen ?? loopback;
  const server = await serveBundle({
    folder: resolve(folder),
    address,
    port: given.port,
    onAnswer: (line) => (given.quiet ? undefined : process.stderr.write(`${line}\n`)),
  });
  const urls = reachableAddresses(address).map(
    (each) => `http://${each.includes(":") ? `[${each}]` : each}:${server.port}`,
  );
  const { profile, release, architecture, complete } = server.manifest;
  print(`serving ${profile} for Ubuntu ${release} on ${architecture}, read-only, at ${urls.join(", ")}`);
  if (!complete) print("This bundle is not complete: `wasm-k8s-lab bundle verify` names what it lacks.");
  if (isLoopback(address))
    print("Only this computer reaches it; machines need --listen with an address of this computer.");
  else print("Everybody on that network can read it.");
  print(
    `wasm-k8s-lab start --backend multipass --profile ${profile} --offline ${urls.find((url) => !url.includes(loopback)) ?? urls[0]}`,
  );
  await new Promise<void>((ended) => {
    process.once("SIGINT", () => ended()).once("SIGTERM", () => ended());
  });
  await server.close();
  return exitCodes.passed;
}

const isLoopback = (address: string): boolean => /^(?:127\.|::1$|localhost$)/.test(address);

/** Where others find what listens on an address: itself, or each address of this computer. */
function reachableAddresses(address: string): string[] {
  if (address !== "0.0.0.0" && address !== "::") return [address];
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const outer = all.filter(({ family, internal }) => !internal && (family === "IPv4" || address === "::"));
  const usable = outer.map((each) => each.address).filter((each) => !each.startsWith("fe80:"));
  return usable.length > 0 ? usable : [loopback];
}
