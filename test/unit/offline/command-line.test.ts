import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { main } from "../../../src/cli/main.ts";
import { readCatalog } from "../../../src/recipes/catalog.ts";
import { sourcesOf } from "../../../src/recipes/sources.ts";
import { playUpstream, temporaryFolder } from "./playing.ts";

const sources = sourcesOf(readCatalog(join(import.meta.dirname, "../../../vm-images")), "current", "amd64");
const sourceNamed = (id: string) => sources.find((source) => source.id === id);
const placeNamed = (id: string): string => (sourceNamed(id)?.url ?? "").replace("https://", "");
let printed: string;
let told: string;

beforeEach(() => {
  [printed, told] = ["", ""];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => Boolean((printed += String(text))));
  vi.spyOn(process.stderr, "write").mockImplementation((text) => Boolean((told += String(text))));
  vi.stubEnv("WASM_K8S_LAB_HOME", temporaryFolder());
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

test("bundle create says what is gone, and bundle verify that it is not complete", async () => {
  const played = await playUpstream({ [placeNamed("runc")]: "other" });
  const folder = join(temporaryFolder(), "bundle");
  const target = ["--profile", "current", "--architecture", "amd64", "--offline", played.url];
  expect(await main(["bundle", "create", ...target, "--output", folder])).toBe(4);
  expect(told).toMatch(/^collecting \d+ sources of current into /);
  const digest = sourceNamed("runc")?.sha256;
  expect(printed).toContain(
    `could not be had: runc: ${sourceNamed("runc")?.url} has another content: expected sha256 ${digest}`,
  );
  expect(printed).toMatch(/could not be had: image-pause: \S+ is not there \(404\)/);
  printed = "";
  expect(await main(["bundle", "verify", folder])).toBe(1);
  expect(printed).toMatch(/^incomplete: /m);
  expect(await main(["bundle", "create", "--profile", "thesis", "--offline", played.url, "--output", folder])).toBe(4);
  expect(told).toContain("holds a bundle of current for amd64 on Ubuntu 24.04");
});

test("drift tells one vanished source by its exit code, and a network that is down by another", async () => {
  const image = `ghcr.io/v2/flannel-io/flannel/manifests/v${sourceNamed("image-flannel")?.version}`;
  const played = await playUpstream({ [image]: "{}" });
  const drift = ["drift", "--profile", "current", "--architecture", "amd64", "--offline", played.url];
  expect(await main([...drift, "--json"])).toBe(1);
  const { formatVersion, profiles } = JSON.parse(printed) as {
    formatVersion: number;
    profiles: { network: boolean; sources: { source: string; finding: string }[] }[];
  };
  expect([formatVersion, profiles.length, profiles[0]?.network]).toEqual([1, 1, true]);
  const found = new Map(profiles[0]?.sources.map(({ source, finding }) => [source, finding]));
  expect([found.get("runc"), found.get("image-flannel")]).toEqual(["vanished", "changed"]);
  printed = "";
  expect(await main(drift)).toBe(1);
  expect(printed).toMatch(/^ {2}VANISHED +runc +[\d.]+ +is not there \(404\)$/m);
});

test("wrong use is told as such", async () => {
  expect(await main(["bundle", "serve", temporaryFolder(), "--port", "http"])).toBe(2);
  expect(await main(["bundle", "create", "--release", "19.04"])).toBe(2);
  expect(await main(["drift", "--offline", "10.0.0.5:8080"])).toBe(2);
  expect(told).toContain('--offline: is no address of a server, got "10.0.0.5:8080"');
  expect(await main(["bundle", "verify", temporaryFolder()])).toBe(4);
});
