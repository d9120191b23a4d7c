import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { MachineRole } from "../../../src/domain/backend.ts";
import { LabError } from "../../../src/domain/errors.ts";
import { readRecipe } from "../../../src/recipes/recipe.ts";

const folder = join(import.meta.dirname, "../../../vm-images");
const roles: MachineRole[] = ["master", "worker1", "worker2"];
const server = "http://192.168.1.20:8080";
const made: string[] = [];
afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true });
});

/** A copy of vm-images whose catalogue has one text in another's place. */
function catalogWith(text: string, other: string): string {
  const copy = mkdtempSync(join(tmpdir(), "wasm-k8s-lab-recipe-"));
  made.push(copy);
  cpSync(folder, copy, { recursive: true });
  const path = join(copy, "catalog.yaml");
  const before = readFileSync(path, "utf8");
  const after = before.replace(text, other);
  expect(after).not.toBe(before);
  writeFileSync(path, after);
  return copy;
}

const thrownBy = (action: () => unknown): unknown => {
  try {
    return action();
  } catch (error) {
    return error;
  }
};

describe.each(["thesis", "current"] as const)("the recipe of %s", (profile) => {
  const recipe = readRecipe({ folder, profile });

  test("boots a release that its profile is for, with what a control plane needs at least", () => {
    expect(recipe.release).toBe(profile === "thesis" ? "22.04" : "24.04");
    expect(recipe.architectures).toEqual(["amd64", "arm64"]);
    for (const role of roles) {
      const { cpus, memoryMiB, diskGiB } = recipe.size(role);
      expect(Math.min(cpus / 2, memoryMiB / 1700, diskGiB / 10)).toBeGreaterThanOrEqual(1);
    }
  });

  test.each(roles)("prepares %s by a script of its own that bash can read", (role) => {
    const script = recipe.prepare(role);
    expect(script).toContain(`\nNAME='${role}'\n`);
    expect(spawnSync("bash", ["-n"], { input: script, encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
  });

  test("user-data writes and runs the same script, under the machine's own name", () => {
    const data: unknown = parse(recipe.userData("worker1"));
    expect(data).toMatchObject({
      hostname: "worker1",
      manage_etc_hosts: false,
      write_files: [{ permissions: "0755", encoding: "b64" }],
      runcmd: [["/usr/local/sbin/wasm-k8s-lab-prepare"]],
    });
    const content = /content: "([^"]+)"/.exec(recipe.userData("worker1"))?.[1] ?? "";
    expect(Buffer.from(content, "base64").toString()).toBe(recipe.prepare("worker1"));
  });

  test("the image to boot is the release's own, and the offline server's where there is one", () => {
    expect(recipe.image).toBeUndefined();
    const { image } = readRecipe({ folder, profile, offline: `${server}/` });
    const place = `${server}/cloud-images.ubuntu.com/releases/`;
    for (const architecture of ["amd64", "arm64"]) {
      const address = image?.(architecture) ?? "";
      expect(address.startsWith(place) && address.endsWith(`-${architecture}.img`), address).toBe(true);
    }
    expect(image?.("riscv64")).toBeUndefined();
  });

  test("the script's version changes with what it is told", () => {
    const versions = [recipe, readRecipe({ folder, profile, offline: server })].flatMap(({ prepare }) =>
      roles.map((role) => /\nVERSION='([0-9a-f]{64})'\n/.exec(prepare(role))?.[1]),
    );
    expect(new Set(versions).size).toBe(6);
    expect(versions).not.toContain(undefined);
  });

  test("machines are told the catalogue's digests, and the offline server only when there is one", () => {
    expect(recipe.prepare("master")).toMatch(/^sha256 [0-9a-f]{64} https:\/\/github\.com\/opencontainers\/runc\//m);
    expect(recipe.prepare("master")).not.toMatch(/^offline /m);
    expect(readRecipe({ folder, profile, offline: server }).prepare("master")).toContain(`\noffline ${server}\n`);
  });
});

test.each([
  ['releases: ["24.04", "26.04"]', "releases: [noble]", "profiles.current.machines.releases.0", '"noble"'],
  ["cpus: 2", "cpus: none", "profiles.thesis.machines.sizes.master.cpus", '"none"'],
  ["77ae134de014", "77ae", "profiles.thesis.downloads.runc.sha256.amd64", "is not a sha256"],
  ["unverified: the project published no digests", "", "profiles.thesis.downloads.shim", "unverified"],
  ["network: bridge", "network: none", "profiles.thesis.machines.network", '"none"'],
])("a catalogue with %s changed is refused, with the place and the value", (text, other, place, words) => {
  const error = thrownBy(() => readRecipe({ folder: catalogWith(text, other), profile: "thesis" }));
  expect(error).toBeInstanceOf(LabError);
  expect(error).toMatchObject({ code: "catalog-invalid", exitCode: 4 });
  const { message } = error as LabError;
  expect(message).toContain(`catalog.yaml: ${place}: `);
  expect(message).toContain(words);
});

test("a catalogue that is no YAML or is not there is refused, too", () => {
  for (const broken of [catalogWith("formatVersion: 1", "a: [1"), join(tmpdir(), "wasm-k8s-lab-nowhere")])
    expect(thrownBy(() => readRecipe({ folder: broken, profile: "thesis" }))).toMatchObject({
      code: "catalog-invalid",
    });
});

test.each(["server", "ftp://server", "http://a b", "http://a'; rm -rf /"])(
  "%s is no address of a server",
  (offline) => {
    expect(thrownBy(() => readRecipe({ folder, profile: "thesis", offline }))).toMatchObject({
      code: "offline-address",
    });
  },
);
