import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openMultipassBackend } from "../../src/backends/multipass/backend.ts";
import { systemClock, systemRandom } from "../../src/cli/system-clock.ts";
import type { Backend } from "../../src/domain/backend.ts";
import type { ExecResult, Machine } from "../../src/domain/machine.ts";
import { readRecipe } from "../../src/recipes/recipe.ts";
import { openGuests } from "../support/guests/guests.ts";
import { type Double, openDouble } from "../support/multipass/double.ts";
import { createBundle } from "../../src/offline/create.ts";
import type { BundleManifest } from "../../src/offline/manifest.ts";
import { serveBundle } from "../../src/offline/serve.ts";
import { Upstream as Downloads } from "../../src/offline/upstream.ts";
import { readCatalog } from "../../src/recipes/catalog.ts";
import { sourcesOf } from "../../src/recipes/sources.ts";
import { baseTree } from "./base-tree.ts";
import { serveUpstream } from "./upstream/server.ts";
import { openUpstream, type Upstream } from "./upstream/upstream.ts";

const roles = ["master", "worker1", "worker2"] as const;
export type Role = (typeof roles)[number];

export interface HostLab {
  double: Double;
  backend: Backend;
  upstream: Upstream;
  /** What the machines get: a bundle of all that upstream has, served to them. */
  bundle: BundleManifest;
  /** How many answers the bundle's server gave. */
  answers(): number;
  /** What the backend said while it made machines. */
  phases: string[];
  /** Makes all three and answers when they are prepared. */
  ensureAll(): Promise<Record<Role, Machine>>;
  dispose(): Promise<void>;
}

/** Our Multipass backend on the double, with machines that boot Debian's systemd and see only what plays upstream. */
export async function openHostLab(): Promise<HostLab> {
  const tree = await baseTree();
  const upstream = await openUpstream();
  const double = openDouble({ guests: "system", tree, clockScale: 1 });
  const folder = mkdtempSync(join(tmpdir(), "wkl-host-"));
  copyRecipes(join(folder, "vm-images"), upstream.digests);
  const bundle = await collect(folder, upstream);
  let answers = 0;
  const server = await serveBundle({
    folder: join(folder, "bundle"),
    address: await openGuests({ folder: join(double.state, "guests") }).gateway(),
    port: 0,
    onAnswer: () => (answers += 1),
  });
  const offline = `http://${server.address}:${server.port}`;
  const phases: string[] = [];
  const backend = await openMultipassBackend({
    folder,
    clock: systemClock,
    random: systemRandom,
    executable: double.path,
    env: double.env,
    recipe: () => readRecipe({ folder: join(folder, "vm-images"), profile: "current", offline }),
    onNotice: (text) => phases.push(text),
    onProgress: ({ machine, phase }) => phases.push(`${machine} ${phase}`),
  });
  return {
    double,
    backend,
    upstream,
    bundle,
    answers: () => answers,
    phases,
    async ensureAll() {
      const [master, worker1, worker2] = await Promise.all(roles.map((role) => backend.ensure({ name: role, role })));
      if (!master || !worker1 || !worker2) throw new Error("a machine is missing");
      return { master, worker1, worker2 };
    },
    async dispose() {
      await backend.close();
      await server.close();
      await double.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A bundle of everything that upstream has, as a person makes one. */
async function collect(folder: string, { sites }: Upstream): Promise<BundleManifest> {
  const server = await serveUpstream("127.0.0.1", sites);
  try {
    const catalog = readCatalog(join(folder, "vm-images"));
    const target = { profile: "current", architecture: "amd64", release: "24.04" } as const;
    return await createBundle({
      ...target,
      folder: join(folder, "bundle"),
      sources: sourcesOf(catalog, target.profile, target.architecture, target.release),
      upstream: new Downloads({ clock: systemClock, server: server.url }),
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
  } finally {
    await server.close();
  }
}

/** vm-images with the digests of what was built here in place of those that upstream's own builds have. */
export function copyRecipes(to: string, digests: ReadonlyMap<string, string>): void {
  cpSync(join(import.meta.dirname, "../../vm-images"), to, { recursive: true });
  const file = join(to, "catalog.yaml");
  let text = readFileSync(file, "utf8");
  for (const [pinned, own] of digests) text = text.replaceAll(pinned, own);
  writeFileSync(file, text);
}

/** What a bash script printed, run as `ubuntu`. Throws with its last lines unless it exits 0. */
export async function bash(machine: Machine, script: string, timeoutMs = 600_000): Promise<string> {
  const { exitCode, stdout, stderr } = await machine.exec(["bash", "-ec", script], { timeoutMs });
  if (exitCode === 0) return stdout.trim();
  const said = `${stdout}\n${stderr}`.trim().split("\n").slice(-15).join("\n");
  throw new Error(`${machine.name}: exit ${exitCode}\n${said}`);
}

/** setup.sh as a learner types it; the step it stopped at and the reason, when it stopped. */
export async function setUp(
  machine: Machine,
  command: string,
): Promise<{ result: ExecResult; stopped?: { step: string; reason: string } }> {
  const result = await machine.exec(["sudo", "./setup.sh", "--profile=current", command], { timeoutMs: 1_200_000 });
  if (result.exitCode === 0) return { result };
  const [, step = "?", reason = ""] = /^setup\.sh: step '([^']+)':? (.*)$/m.exec(result.stderr) ?? [];
  return { result, stopped: { step, reason: reason || (result.stderr.trim().split("\n").at(-1) ?? "") } };
}
