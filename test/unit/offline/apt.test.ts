import { execFile, execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { closureOf, type Offer } from "../../../src/offline/apt/closure.ts";
import { readPackages, readRelease } from "../../../src/offline/apt/index-files.ts";
import { compareVersions } from "../../../src/domain/debian.ts";
import { createBundle } from "../../../src/offline/create.ts";
import { serveBundle } from "../../../src/offline/serve.ts";
import { playUpstream, sourceOf, temporaryFolder, upstreamOf } from "./playing.ts";
import { control, repositoryOf } from "./repository.ts";

const found = (program: string): boolean => spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;
const lacking = ["dpkg", "dpkg-deb", "apt-get", "gpg"].filter((program) => !found(program));
if (lacking.length > 0)
  process.stderr.write(`apt.test.ts: skips what needs ${lacking.join(", ")}: not on this computer\n`);

const version = fc.stringMatching(/^([0-2]:)?[0-9][0-9a-z.+~]{0,6}(-[0-9a-z.+~]{1,4})?$/);

test("versions are ordered", () => {
  const inOrder = [
    "0~~",
    "0~",
    "0",
    "1.0~rc1-1",
    "1.0-1",
    "1.0-1build1",
    "1.0a",
    "1.0+dfsg-1",
    "1.9-1",
    "1.10-1",
    "1:0.1",
    "1:0.1-1",
  ];
  for (const [index, one] of inOrder.entries()) {
    for (const [other, version] of inOrder.entries()) {
      expect(Math.sign(compareVersions(one, version)), `${one} ${version}`).toBe(Math.sign(index - other));
    }
  }
});

test.skipIf(lacking.includes("dpkg"))("versions are ordered as dpkg orders them", () => {
  const pairs = fc.sample(fc.tuple(version, version), 150);
  const script = pairs.map(
    ([one, other]) =>
      `dpkg --compare-versions '${one}' gt '${other}' && echo 1 || { dpkg --compare-versions '${one}' eq '${other}' && echo 0 || echo -1; }`,
  );
  const said = execFileSync("sh", ["-c", script.join("\n")], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map(Number);
  expect(pairs.map(([one, other]) => Math.sign(compareVersions(one, other)))).toEqual(said);
});

const offers = (text: string): Offer[] =>
  readPackages(text).map((each) => ({ package: each, base: "http://h/", source: "s" }));
const stanza = (name: string, version: string, more = ""): string =>
  `Package: ${name}\nVersion: ${version}\nFilename: pool/${name}_${version}.deb\nSize: 1\nSHA256: ${"0".repeat(64)}\n${more}\n`;
const namesIn = (all: readonly Offer[]): string[] =>
  all.map(({ package: { name, version } }) => `${name}=${version}`).sort();

test("a closure follows dependencies, alternatives, virtual packages, pins and what is recommended", () => {
  const text = [
    stanza("app", "1.0", "Depends: lib (>= 2), gone | second:any (<< 3), virtual\nPre-Depends: base\nRecommends: nice"),
    stanza("app", "2.0", "Depends: nothing-of-the-kind"),
    stanza("lib", "1.0"),
    stanza("lib", "2.0"),
    stanza("lib", "3.0"),
    stanza("second", "2.9"),
    stanza("second", "3.0"),
    stanza("provider-a", "1", "Provides: virtual (= 1)\nPriority: extra"),
    stanza("provider-b", "1", "Provides: virtual\nPriority: important"),
    stanza("base", "1", "Priority: required\nSuggests: superfluous"),
    stanza("nice", "1", "Depends: app"),
    stanza("superfluous", "1"),
    stanza("other", "1"),
  ].join("\n");
  const closure = closureOf(offers(text), ["app=1.0", "lib", "absent", "other=9"]);
  expect(closure.absent).toEqual(["absent", "other=9"]);
  expect(namesIn(closure.offers)).toEqual([
    "app=1.0",
    "app=2.0",
    "base=1",
    "lib=3.0",
    "nice=1",
    "provider-b=1",
    "second=2.9",
  ]);
});

test("what is installed and has to be upgraded along comes, too", () => {
  const text = [
    stanza("lib", "2", "Breaks: old (<< 2)"),
    stanza("lib-dev", "2", "Depends: lib (= 2), tool"),
    stanza("lib-doc", "2", "Depends: lib (= 2)"),
    stanza("chain", "1", "Depends: lib-dev (= 2)"),
    stanza("tool", "1"),
    stanza("old", "3"),
    stanza("loose", "1", "Depends: lib (>= 1)"),
    stanza("sister", "2", "Source: lib (1.9)"),
  ].join("\n");
  const { offers: found } = closureOf(offers(text), ["lib"], ["chain", "lib-dev", "old", "loose", "sister", "unknown"]);
  expect(namesIn(found)).toEqual(["chain=1", "lib-dev=2", "lib=2", "old=3", "sister=2", "tool=1"]);
});

test("while a version is given to some computers only, the one before it comes, too", () => {
  const text = [stanza("a", "1"), stanza("a", "2"), stanza("a", "3", "Phased-Update-Percentage: 20")].join("\n");
  expect(namesIn(closureOf(offers(text), ["a"]).offers)).toEqual(["a=2", "a=3"]);
});

test("a signed Release is read without its signature", () => {
  const digest = "a".repeat(64);
  const text = `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nSuite: x\nSHA256:\n ${digest}  12 main/Packages.gz\n ${digest} 3 x\n-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n`;
  expect(readRelease(text).files.get("main/Packages.gz")).toEqual({ sha256: digest, size: 12 });
  expect(readRelease(`Suite: x\nSHA256:\n ${digest} 12 p\n`).files.size).toBe(1);
});

/** A key made by gpg in a folder of its own. */
function signer(folder: string): { key: string; sign: (text: string) => string } {
  const home = join(folder, "gnupg");
  mkdirSync(home);
  chmodSync(home, 0o700);
  const gpg = (argv: readonly string[], input = ""): string =>
    execFileSync("gpg", ["--homedir", home, "--batch", "--quiet", "--passphrase", "", ...argv], {
      input,
      encoding: "utf8",
      stdio: ["pipe", "pipe", "ignore"],
    });
  onTestFinished(() => void spawnSync("gpgconf", ["--homedir", home, "--kill", "all"]));
  gpg(["--quick-generate-key", "Test <test@example.org>", "ed25519", "sign", "1y"]);
  const key = join(folder, "key.asc");
  writeFileSync(key, gpg(["--armor", "--export"]));
  return { key, sign: (text) => gpg(["--clearsign"], text) };
}

/** Runs a program while this process serves it; both outputs, or an error that holds them. */
const runAside = (program: string, argv: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(program, argv, { env: { ...process.env, LC_ALL: "C" } }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${stdout}${stderr}`));
      else resolve(stdout + stderr);
    });
  });

test.skipIf(lacking.length > 0)(
  "apt installs from a served bundle, checks its signatures and asks nobody else",
  async () => {
    const folder = temporaryFolder();
    const { key, sign } = signer(folder);
    const archive = repositoryOf({
      folder,
      suite: "noble",
      sign,
      packages: [
        control("app", "1:1.0-1", { Depends: "lib (>= 2), virtual", Recommends: "nice" }),
        control("lib", "1.0"),
        control("lib", "2.0"),
        control("nice", "1"),
        control("provider", "1", { Provides: "virtual" }),
        control("lib-doc", "2.0", { Depends: "lib (= 2.0)" }),
        control("unrelated", "1"),
      ],
    });
    const flat = repositoryOf({
      folder,
      sign,
      packages: [control("tool", "1.36.4-1.1", { Depends: "app, lib" }), control("tool", "1.36.5-1.1")],
    });
    const at = (base: string, files: Record<string, Buffer>) =>
      Object.fromEntries(Object.entries(files).map(([path, bytes]) => [base + path, bytes]));
    const played = await playUpstream({
      ...at("archive.example/ubuntu/", archive),
      ...at("pkgs.example/core:/stable:/v1.36/deb/", flat),
      "images.example/noble.img": "an image",
      "images.example/noble.manifest": "lib:amd64\t1.0\nlib-doc\t1.0\nunknown\t1\n",
    });
    const bundle = join(folder, "bundle");
    const manifest = await createBundle({
      folder: bundle,
      upstream: upstreamOf(played),
      profile: "current",
      architecture: "amd64",
      release: "24.04",
      signal: new AbortController().signal,
      onProgress: () => undefined,
      sources: [
        sourceOf("ubuntu", "http://archive.example/ubuntu/", {
          kind: "apt",
          apt: { suites: ["noble"], sections: ["main"], packages: [] },
        }),
        sourceOf("image", "https://images.example/noble.img", { kind: "vm-image" }),
        sourceOf("tools", "https://pkgs.example/core:/stable:/v1.36/deb/", {
          kind: "apt",
          apt: { suites: [], sections: [], packages: ["tool=1.36.4-1.1"] },
        }),
      ],
    });
    await played.close();
    expect(manifest.missing).toEqual([]);
    expect(manifest.files.filter(({ path }) => path.includes("unrelated") || path.includes("1.36.5"))).toEqual([]);

    const asked: string[] = [];
    const server = await serveBundle({
      folder: bundle,
      address: "127.0.0.1",
      port: 0,
      onAnswer: (line) => asked.push(line),
    });
    onTestFinished(() => server.close());
    const url = `http://127.0.0.1:${server.port}`;
    const root = join(folder, "root");
    for (const each of ["state/lists/partial", "cache/archives/partial", "etc/parts"])
      mkdirSync(join(root, each), { recursive: true });
    // As on the image: both can only be upgraded together.
    const has = (name: string, more: string): string =>
      `Package: ${name}\nStatus: install ok installed\nArchitecture: all\nVersion: 1.0\n${more}Maintainer: x\nDescription: x\n`;
    writeFileSync(join(root, "status"), `${has("lib", "")}\n${has("lib-doc", "Depends: lib (= 1.0)\n")}`);
    writeFileSync(
      join(root, "sources.list"),
      `deb [arch=amd64 signed-by=${key}] ${url}/archive.example/ubuntu noble main\ndeb [arch=amd64 signed-by=${key}] ${url}/pkgs.example/core:/stable:/v1.36/deb/ /\n`,
    );
    const settings = {
      "Dir::State": join(root, "state"),
      "Dir::State::status": join(root, "status"),
      "Dir::Cache": join(root, "cache"),
      "Dir::Etc::sourcelist": join(root, "sources.list"),
      "Dir::Etc::parts": join(root, "etc/parts"),
      "Dir::Etc::sourceparts": join(root, "etc/parts"),
      "Dir::Etc::preferencesparts": join(root, "etc/parts"),
      "APT::Architecture": "amd64",
      "APT::Sandbox::User": "",
      "Acquire::http::Proxy": "false",
    };
    const options = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
    const apt = (...argv: string[]): Promise<string> => runAside("apt-get", ["-q", ...options, ...argv]);
    const updated = await apt("update");
    expect(updated).not.toMatch(/^(?:W|E|Err):?/m);
    await apt("install", "--yes", "--download-only", "tool=1.36.4-1.1");
    expect(
      readdirSync(join(root, "cache/archives"))
        .filter((name) => name.endsWith(".deb"))
        .sort(),
    ).toEqual([
      "app_1%3a1.0-1_all.deb",
      "lib-doc_2.0_all.deb",
      "lib_2.0_all.deb",
      "nice_1_all.deb",
      "provider_1_all.deb",
      "tool_1.36.4-1.1_all.deb",
    ]);
    expect(
      asked.filter((line) => !/^(?:200|206|304) /.test(line) && !/Translation|Contents|cnf|dep11/.test(line)),
    ).toEqual([]);
    expect(asked.join("\n")).toContain("/by-hash/SHA256/");

    // The same with an index that somebody changed on the way.
    const packages = manifest.files.find(({ path }) => path.endsWith("binary-amd64/Packages.gz"));
    const path = join(bundle, packages?.path ?? "");
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(7, 20, 40));
    await expect(apt("update", "-o", `Dir::State::lists=${join(root, "state/other")}`)).rejects.toThrow(
      /Hash Sum mismatch/,
    );
  },
);
