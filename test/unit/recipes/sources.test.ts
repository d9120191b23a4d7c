import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readCatalog } from "../../../src/recipes/catalog.ts";
import { sourcesOf } from "../../../src/recipes/sources.ts";

const root = join(import.meta.dirname, "../../..");
const catalog = readCatalog(join(root, "vm-images"));
const everything = (["thesis", "current"] as const).flatMap((profile) =>
  (["amd64", "arm64"] as const).flatMap((architecture) =>
    catalog.profiles[profile].machines.releases.map((release) => ({
      name: `${profile} on Ubuntu ${release}, ${architecture}`,
      profile,
      release,
      sources: sourcesOf(catalog, profile, architecture, release),
    })),
  ),
);

describe.each(everything)("$name", ({ profile, sources }) => {
  test("every address is whole, and no two downloads share an id or an address", () => {
    for (const { id, url } of sources) expect(url, id).toMatch(/^(?:https?|docker):\/\/[^{}\s]+$/);
    expect(new Set(sources.map(({ id }) => id)).size).toBe(sources.length);
    const files = sources.filter(({ kind }) => kind === "file").map(({ url }) => url);
    expect(new Set(files).size).toBe(files.length);
  });

  test("every file has a digest, a place where upstream publishes it, or a reason", () => {
    for (const source of sources.filter(({ kind }) => kind === "file"))
      expect(source.sha256 ?? source.checksumUrl ?? source.unverified, source.id).toBeTruthy();
  });

  test("what takes another's place stands after it, and what differs from the thesis is said", () => {
    for (const [index, { id, insteadOf }] of sources.entries()) {
      if (insteadOf === undefined) continue;
      expect(
        sources.slice(0, index).map((source) => source.id),
        id,
      ).toContain(insteadOf);
    }
    for (const { id, deviation, kind, insteadOf } of sources)
      if (profile === "thesis" && insteadOf !== undefined && kind !== "key") expect(deviation, id).toBeTruthy();
  });

  test("every repository has its key among the downloads, unless Ubuntu brings it", () => {
    for (const { id, apt, component } of sources.filter(({ kind }) => kind === "apt")) {
      expect(apt?.packages.length, id).toBeGreaterThan(0);
      if (apt?.key === undefined) expect(["ubuntu", "buildah"]).toContain(component);
      else expect(sources.map((source) => source.id)).toContain(apt.key);
    }
  });

  test("a bundle has every package that the machines are given", () => {
    const packages = sources.flatMap(({ apt }) => apt?.packages ?? []).map((asked) => asked.split("=", 1)[0]);
    for (const tool of catalog.profiles[profile].machines.tools) expect(packages).toContain(tool);
  });
});

test("a bundle has every package that setup.sh installs by name", () => {
  const script = readFileSync(join(root, "labs/shared/setup.sh"), "utf8");
  const named = script
    .split("\n")
    .filter((line) => !line.includes("#"))
    .flatMap((line) => /^(?: +| .*\) )packages ([a-z][a-z0-9 +.-]+)/.exec(line)?.[1]?.trim().split(" ") ?? []);
  expect(named).toContain("libjson-c-dev");
  const known = everything.flatMap(({ sources }) => sources.flatMap(({ apt }) => apt?.packages ?? []));
  expect(named.filter((name) => !known.some((each) => each.split("=", 1)[0] === name))).toEqual([]);
});
