import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openMultipassBackend } from "../../src/backends/multipass/backend.ts";
import { systemClock, systemRandom } from "../../src/cli/system-clock.ts";
import type { Backend } from "../../src/domain/backend.ts";
import type { Machine } from "../../src/domain/machine.ts";
import { createBundle } from "../../src/offline/create.ts";
import { inspectBundle } from "../../src/offline/inspect.ts";
import { type BundleServer, serveBundle } from "../../src/offline/serve.ts";
import { Upstream } from "../../src/offline/upstream.ts";
import { readCatalog } from "../../src/recipes/catalog.ts";
import { readRecipe } from "../../src/recipes/recipe.ts";
import { sourcesOf } from "../../src/recipes/sources.ts";
import { guestSupport, openGuests } from "../support/guests/guests.ts";
import { type Double, openDouble } from "../support/multipass/double.ts";
import { baseTree } from "./base-tree.ts";
import { bash, copyRecipes, setUp } from "./machines.ts";
import { HostReport } from "./report.ts";
import { serveUpstream } from "./upstream/server.ts";
import { openUpstream } from "./upstream/upstream.ts";

const repository = join(import.meta.dirname, "../..");
const report = new HostReport("offline-report");
const folder = mkdtempSync(join(tmpdir(), "wkl-host-offline-"));
const recipes = join(folder, "vm-images");
const asked: string[] = [];
/** What this computer cannot play for the bundle to collect; by the download's id. */
const absent = new Set(["ubuntu-image"]);
let double: Double;
let server: BundleServer;
let backend: Backend;
let worker: Machine;

beforeAll(() => {
  const support = guestSupport();
  if (!support.possible) throw new Error(`test:host needs Linux and root: ${support.reason}`);
});

afterAll(async () => {
  report.print();
  await backend?.close();
  await server?.close();
  await double?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

test("a bundle is made of what plays upstream, and the rest is named", async () => {
  const upstream = await openUpstream();
  copyRecipes(recipes, upstream.digests);
  for (const { id, served } of upstream.substitutions) if (served.startsWith("absent")) absent.add(id);
  if (absent.has("kubernetes")) absent.add("kubernetes-key").add("kubernetes-key-own");
  const played = await serveUpstream("127.0.0.1", upstream.sites);
  await report.step("bundle", "made", async () => {
    const manifest = await createBundle({
      folder: join(folder, "bundle"),
      sources: sourcesOf(readCatalog(recipes), "current", "amd64"),
      upstream: new Upstream({ clock: systemClock, server: played.url, attempts: 1 }),
      profile: "current",
      architecture: "amd64",
      release: "24.04",
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
    await played.close();
    expect(manifest.missing.filter(({ source }) => !absent.has(source))).toEqual([]);
    const bytes = manifest.files.reduce((sum, { size }) => sum + size, 0);
    return `${manifest.files.length} files, ${Math.round(bytes / 2 ** 20)} MiB; missing here: ${manifest.missing.length}`;
  });
  const { problems } = await inspectBundle(join(folder, "bundle"));
  expect(problems.filter(({ kind }) => kind !== "incomplete")).toEqual([]);
});

test("a machine prepares itself and runs setup.sh from that bundle alone", async () => {
  double = openDouble({ guests: "system", tree: await baseTree(), clockScale: 1 });
  const address = await openGuests({ folder: join(double.state, "guests") }).gateway();
  server = await serveBundle({
    folder: join(folder, "bundle"),
    address,
    port: 0,
    onAnswer: (line) => asked.push(line),
  });
  const offline = `http://${address}:${server.port}`;
  backend = await openMultipassBackend({
    folder: join(folder, "home"),
    clock: systemClock,
    random: systemRandom,
    executable: double.path,
    env: double.env,
    recipe: () => readRecipe({ folder: recipes, profile: "current", offline }),
    onNotice: () => undefined,
    onProgress: () => undefined,
  });
  await report.step("worker1", "prepared", async () => {
    worker = await backend.ensure({ name: "worker1", role: "worker1" });
    return `${asked.length} answers of the bundle`;
  });
  const script = readFileSync(join(repository, "labs/shared/setup.sh"));
  await worker.writeFile("/home/ubuntu/setup.sh", script, { owner: "ubuntu:ubuntu", mode: 0o755 });
  // The command that needs no package of Kubernetes, which takes half an hour to build here, and goes through to its end.
  await report.step("worker1", "setup.sh containers", async () => {
    const { result, stopped } = await setUp(worker, "containers");
    expect(stopped, result.stderr).toBeUndefined();
    return bash(worker, "containerd --version; crictl --version; skopeo --version");
  });
});

test("images come from the bundle, for containerd and for the tools", async () => {
  const pause = sourcesOf(readCatalog(recipes), "current", "amd64").find(({ id }) => id === "image-pause");
  const image = (pause?.url ?? "").replace("docker://", "");
  const before = asked.length;
  await report.step("worker1", `crictl pull ${image}`, () => bash(worker, `sudo crictl pull ${image}`));
  await report.step("worker1", `skopeo copy ${image}`, () =>
    bash(worker, `skopeo copy --quiet docker://${image} oci:pause && ls pause`),
  );
  expect(asked.slice(before).filter((line) => line.includes("/v2/registry.k8s.io/pause/")).length).toBeGreaterThan(2);
});

test("nobody else was asked, and could not have been", async () => {
  await report.step("worker1", "no other network", async () => {
    const other = await bash(worker, "curl -sS --max-time 5 http://deb.debian.org/ 2>&1 || true");
    expect(other).toMatch(/Could not resolve host|Failed to connect|timed out|No route/i);
    const sources = await bash(worker, "cat /etc/apt/sources.list.d/*.list | grep -o 'http[^ ]*' | sort -u");
    for (const source of sources.split("\n")) expect(source).toContain(`:${server.port}/`);
    return sources.replaceAll("\n", " ");
  });
  const refused = asked.filter((line) => !/^(?:200|206|304) /.test(line));
  const expected = /Translation-|\/cnf\/|\/dep11\/|Contents-|pkgs\.k8s\.io|dl\.k8s\.io|binary-all|Release\.key/;
  expect(refused.filter((line) => !expected.test(line))).toEqual([]);
});
