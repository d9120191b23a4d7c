import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, inject, it } from "vitest";

const largestBytes = 8_000_000;

let folder = "";
let archive = "";
/** The package as somebody has it after unpacking: nothing beside it. */
const unpacked = (): string => join(folder, "package");

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "wasm-k8s-lab-package-"));
  const packed = execFileSync("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], {
    cwd: inject("packageFolder"),
    encoding: "utf8",
    env: { ...process.env, npm_config_cache: join(folder, "cache"), npm_config_update_notifier: "false" },
  });
  archive = join(folder, archiveName(packed));
  execFileSync("tar", ["-xzf", archive, "-C", folder]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("is no larger than a download should be", () => {
  expect(statSync(archive).size).toBeLessThanOrEqual(largestBytes);
});

it("carries its licence and those of what is bundled", () => {
  expect(readFileSync(join(unpacked(), "LICENSE"), "utf8")).toContain("Apache License");
  const others = readFileSync(join(unpacked(), "THIRD-PARTY-LICENSES.txt"), "utf8");
  for (const name of ["commander", "ink", "yaml", "zod"]) expect(others).toContain(name);
});

it("carries the labs, the machines' images and a program that can be run", () => {
  for (const name of [
    "README.md",
    "CHANGELOG.md",
    "labs/course.yaml",
    "dist/cli.js",
    "dist/wasm-worker.js",
    "dist/spin-worker.js",
  ]) {
    expect(existsSync(join(unpacked(), name)), name).toBe(true);
  }
  for (const name of ["src", "test", "node_modules", ".build"]) {
    expect(existsSync(join(unpacked(), name)), name).toBe(false);
  }
});

it("installs nothing else and runs nothing when it is installed", () => {
  const manifest = JSON.parse(readFileSync(join(unpacked(), "package.json"), "utf8")) as Record<string, unknown>;
  for (const field of ["dependencies", "optionalDependencies", "peerDependencies", "bundleDependencies"]) {
    expect(Object.keys(manifest[field] ?? {}), field).toEqual([]);
  }
  const scripts = Object.keys(manifest["scripts"] ?? {});
  expect(scripts.filter((name) => ["preinstall", "install", "postinstall"].includes(name))).toEqual([]);
});

it("runs from where it was unpacked", () => {
  const listed = run(process.execPath, ["list", "--json"]);
  expect(listed.stderr).toBe("");
  expect(listed.status).toBe(0);
  const labs = JSON.parse(listed.stdout) as { id: string }[];
  expect(labs.map((lab) => lab.id)).toContain("control-plane");
});

it("tells an older Node what to run instead", ({ skip }) => {
  const node = olderNode();
  if (node === undefined) console.warn("SKIPPED: no Node older than 22.18 on the PATH to be told to upgrade");
  skip(node === undefined);
  const refused = run(node ?? "", ["list", "--json"]);
  expect(refused.stdout).toBe("");
  expect(refused.stderr).toMatch(/^wasm-k8s-lab needs Node 22\.18 or newer, this is \d+\.\d+\.\d+\. Run: npx .+\n$/);
  expect(refused.stderr).toContain("npx -p node@24 -p wasm-k8s-lab wasm-k8s-lab list --json\n");
  expect(refused.stderr.split("\n")).toHaveLength(2);
  expect(refused.status).toBe(4);
});

function run(node: string, argv: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(node, [join(unpacked(), "bin/wasm-k8s-lab.cjs"), ...argv], {
    cwd: unpacked(),
    encoding: "utf8",
    env: { ...process.env, WASM_K8S_LAB_HOME: join(folder, "home") },
  });
}

/** File name in what `npm pack --json` prints: a list, or by package name from npm 12 on. */
function archiveName(printed: string): string {
  const value = JSON.parse(printed) as { filename: string }[] | Record<string, { filename: string }>;
  const name = Object.values(value)[0]?.filename;
  if (name === undefined) throw new Error(`npm pack named no file: ${printed}`);
  return name;
}

/** A Node on the PATH that is too old for the program; the newest ones are those that npm put there. */
function olderNode(): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((each) => join(each, "node"))
    .filter((path) => existsSync(path))
    .find((path) => {
      const [, major = 0, minor = 0] =
        /^v(\d+)\.(\d+)/.exec(spawnSync(path, ["--version"], { encoding: "utf8" }).stdout)?.map(Number) ?? [];
      return major > 0 && (major < 22 || (major === 22 && minor < 18));
    });
}
