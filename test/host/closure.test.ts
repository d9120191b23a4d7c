import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { closureOf, type Offer } from "../../src/offline/apt/closure.ts";
import { readPackages } from "../../src/offline/apt/index-files.ts";
import { readCatalog } from "../../src/recipes/catalog.ts";
import { sourcesOf } from "../../src/recipes/sources.ts";
import { run } from "./run.ts";

/** What apt itself downloaded of this computer's repositories; `apt-get update` makes them. */
const lists = "/var/lib/apt/lists";
const folder = mkdtempSync(join(tmpdir(), "wkl-host-closure-"));
let offers: Offer[];
let asked: string[];

beforeAll(async () => {
  const names = readdirSync(lists).filter((name) => /_binary-amd64_Packages(?:\.\w+)?$/.test(name));
  const texts = await Promise.all(names.map((name) => run("/usr/lib/apt/apt-helper", ["cat-file", join(lists, name)])));
  offers = texts.flatMap(readPackages).map((each) => ({ package: each, base: "", source: "" }));
  const known = new Set(offers.map((offer) => offer.package.name));
  const sources = sourcesOf(readCatalog(join(import.meta.dirname, "../../vm-images")), "thesis", "amd64");
  asked = sources.flatMap(({ apt }) => apt?.packages ?? []).filter((name) => known.has(name));
  expect(asked.length, "run apt-get update first").toBeGreaterThan(30);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Names of the files that apt would download onto a machine that has what a dpkg status file says. */
async function chosenByApt(status: string): Promise<string[]> {
  const archives = join(folder, "archives");
  mkdirSync(join(archives, "partial"), { recursive: true });
  writeFileSync(join(folder, "status"), status);
  const settings = [`Dir::State::status=${join(folder, "status")}`, `Dir::Cache::archives=${archives}`];
  const options = [...settings, "Debug::NoLocking=true"].flatMap((setting) => ["-o", setting]);
  const said = await run("apt-get", [...options, "install", "--yes", "--print-uris", ...asked]);
  return [...said.matchAll(/^'[^']*\/([^/']+)' /gm)].map(([, name = ""]) => decodeURIComponent(name));
}

const filesOf = (installed: readonly string[]): Set<string> =>
  new Set(closureOf(offers, asked, installed).offers.map((offer) => offer.package.filename.split("/").at(-1) ?? ""));

test("on an empty machine apt wants nothing that a bundle has not got", async () => {
  const wanted = await chosenByApt("");
  const files = filesOf([]);
  process.stdout.write(`apt wants ${wanted.length} packages, the bundle has ${files.size}\n`);
  expect(wanted.length).toBeGreaterThan(100);
  expect(wanted.filter((name) => !files.has(name))).toEqual([]);
});

test("nor on one with everything that is installed here", async () => {
  const wanted = await chosenByApt(readFileSync("/var/lib/dpkg/status", "utf8"));
  const files = filesOf((await run("dpkg-query", ["-W", "-f=${Package}\\n"])).trim().split("\n"));
  process.stdout.write(`apt wants ${wanted.length} packages, the bundle has ${files.size}\n`);
  expect(wanted.filter((name) => !files.has(name))).toEqual([]);
});
