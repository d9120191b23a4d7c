import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { exitCodeOfDrift, probeSources } from "../../../src/offline/drift.ts";
import { type Trouble, Upstream, UpstreamError } from "../../../src/offline/upstream.ts";
import type { Source } from "../../../src/recipes/sources.ts";
import { faults, hastyClock, type PlayedUpstream, playUpstream, sha256, sourceOf, upstreamOf } from "./playing.ts";

const day = 24 * 60 * 60 * 1000;

const probe = (played: PlayedUpstream, sources: readonly Source[], now = Date.parse("2026-11-24T00:00:00Z")) =>
  probeSources({
    sources,
    architecture: "amd64",
    upstream: upstreamOf(played, { attempts: 2, clock: { ...hastyClock, now: () => now } }),
  });

const findings = async (...given: Parameters<typeof probe>) =>
  Object.fromEntries(
    (await probe(...given)).sources.map(({ source, finding, detail }) => [source, `${finding}: ${detail}`]),
  );

/** A public key of version 4 with one self-signature, made on a day and living for some. */
function keyOf(created: number, days: number): Buffer {
  const at = Buffer.alloc(4);
  at.writeUInt32BE(created / 1000);
  const lifetime = Buffer.alloc(4);
  lifetime.writeUInt32BE(days * 24 * 60 * 60);
  const key = Buffer.concat([Buffer.from([4]), at, Buffer.from([22, 1, 0, 0])]);
  const subpackets = Buffer.concat([Buffer.from([5, 2]), at, Buffer.from([5, 9]), lifetime]);
  const signature = Buffer.concat([
    Buffer.from([4, 0x13, 22, 8, 0, subpackets.length]),
    subpackets,
    Buffer.from([0, 0]),
  ]);
  return Buffer.concat([Buffer.from([0x98, key.length]), key, Buffer.from([0x88, signature.length]), signature]);
}

const repository = (packages: Readonly<Record<string, string>>): Record<string, Buffer> => {
  const text = Object.entries(packages)
    .map(
      ([name, version]) =>
        `Package: ${name}\nVersion: ${version}\nFilename: ${name}.deb\nSize: 1\nSHA256: ${"0".repeat(64)}\n`,
    )
    .join("\n");
  const bytes = gzipSync(text);
  return {
    "pkgs.example/deb/InRelease": Buffer.from(`SHA256:\n ${sha256(bytes)} ${bytes.length} Packages.gz\n`),
    "pkgs.example/deb/Packages.gz": bytes,
  };
};
const packagesOf = (...packages: string[]): Source =>
  sourceOf("packages", "https://pkgs.example/deb/", { kind: "apt", apt: { suites: [], sections: [], packages } });

test("what is there is there, with the digest that is published still the same", async () => {
  const played = await playUpstream({
    ...repository({ kubelet: "1.36.4-1.1" }),
    "h.example/tool": "tool",
    "h.example/SUMS": `${sha256("tool")}  tool\n`,
    "registry.k8s.io/v2/pause/manifests/3.10": JSON.stringify({ manifests: [], mediaType: "x" }).replace(
      "[]",
      JSON.stringify([{ digest: `sha256:${sha256("x")}`, size: 1, platform: { os: "linux", architecture: "amd64" } }]),
    ),
    "h.example/no-head": "tool",
  });
  played.faults.set("h.example/no-head", [faults.status(405)]);
  const report = await probe(played, [
    sourceOf("tool", "https://h.example/tool", { checksumUrl: "https://h.example/SUMS", sha256: sha256("tool") }),
    sourceOf("perhaps", "https://h.example/tool", { checksumUrl: "https://h.example/no", unverified: "perhaps" }),
    sourceOf("no-head", "https://h.example/no-head"),
    sourceOf("pause", "docker://registry.k8s.io/pause:3.10", { kind: "image" }),
    packagesOf("kubelet=1.36.4-1.1", "kubelet"),
  ]);
  expect(report.sources.map(({ finding }) => finding)).toEqual(["there", "there", "there", "there", "there"]);
  expect(exitCodeOfDrift(report)).toBe(0);
  expect(played.asked).toContain("HEAD h.example/tool");
  expect(played.asked).toContain("GET h.example/no-head bytes=0-0");
});

test("what has vanished or changed is named, and one of a group is enough", async () => {
  const played = await playUpstream({
    ...repository({ kubelet: "1.36.5-1.1" }),
    "h.example/tool": "tool",
    "h.example/new": "new",
    "h.example/SUMS": `${sha256("other")}  tool\n`,
  });
  const sources = [
    sourceOf("gone", "https://h.example/gone"),
    sourceOf("tool", "https://h.example/tool", { checksumUrl: "https://h.example/SUMS", sha256: sha256("tool") }),
    sourceOf("unlisted", "https://h.example/new", { checksumUrl: "https://h.example/SUMS" }),
    sourceOf("old", "https://h.example/old"),
    sourceOf("new", "https://h.example/new", { insteadOf: "old" }),
    packagesOf("kubelet=1.36.4-1.1", "kubectl"),
  ];
  expect(await findings(played, sources)).toEqual({
    gone: "vanished: is not there (404)",
    tool: `changed: upstream publishes sha256 ${sha256("other")}, the catalogue says ${sha256("tool")}`,
    unlisted: "changed: https://h.example/SUMS holds no sha256 of it",
    old: "replaced: is not there (404)",
    new: "there: is there, 3 bytes",
    packages: "changed: has no package kubelet=1.36.4-1.1, kubectl",
  });
  expect(exitCodeOfDrift(await probe(played, sources))).toBe(1);
  expect(exitCodeOfDrift(await probe(played, sources.slice(3, 5)))).toBe(0);
});

test("keys tell their last day before it comes", async () => {
  const created = Date.parse("2026-01-01T00:00:00Z");
  const played = await playUpstream({ "h.example/key": keyOf(created, 300), "h.example/other": "no key" });
  const key = sourceOf("key", "https://h.example/key", { kind: "key" });
  const other = sourceOf("other", "https://h.example/other", { kind: "key" });
  const at = async (days: number) => {
    const { sources } = await probe(played, [key, other], created + days * day);
    return sources.map(({ finding, detail }) => `${finding} ${detail.replace(/^[0-9A-F]{16} /, "")}`);
  };
  expect(await at(100)).toEqual(["there expires on 2026-10-28, in 200 days", "changed holds no OpenPGP key"]);
  expect((await at(265))[0]).toBe("expires expires on 2026-10-28, in 35 days");
  expect((await at(301))[0]).toBe("vanished expired on 2026-10-28");
});

test("servers that are only busy or silent are not called gone", async () => {
  const played = await playUpstream({ "h.example/busy": "x", "h.example/silent": "x", "h.example/there": "x" });
  played.faults.set(
    "h.example/busy",
    Array.from({ length: 9 }, () => faults.status(503)),
  );
  played.faults.set(
    "h.example/silent",
    Array.from({ length: 9 }, () => faults.hangUp),
  );
  const sources = ["busy", "silent", "there"].map((id) => sourceOf(id, `https://h.example/${id}`));
  const report = await probe(played, sources);
  expect(report.network).toBe(true);
  expect(report.sources.map(({ source, finding }) => `${source} ${finding}`)).toEqual([
    "busy unknown",
    "silent unknown",
    "there there",
  ]);
  expect(exitCodeOfDrift(report)).toBe(3);
});

test("a network that is down is told apart from sources that are gone", async () => {
  const played = await playUpstream();
  await played.close();
  const sources = ["a", "b"].map((id) => sourceOf(id, `https://h.example/${id}`));
  const down = await probe(played, sources);
  expect(down.network).toBe(false);
  expect(down.sources.map(({ finding }) => finding)).toEqual(["unknown", "unknown"]);
  expect(exitCodeOfDrift(down)).toBe(3);
});

/** An upstream in whose network some hosts have no name, or are not allowed. */
class Barring extends Upstream {
  readonly hosts: readonly string[];

  readonly trouble: Trouble;

  constructor(url: string, hosts: readonly string[], trouble: Trouble) {
    super({ clock: hastyClock, server: url });
    this.hosts = hosts;
    this.trouble = trouble;
  }

  override open(...given: Parameters<Upstream["open"]>): ReturnType<Upstream["open"]> {
    const [url] = given;
    if (!this.hosts.includes(new URL(url).host)) return super.open(...given);
    return Promise.reject(new UpstreamError(this.trouble, url, "barred"));
  }
}

test.each(["name", "refused"] as const)(
  "a host that is barred (%s) is gone only where nearly all others answer",
  async (trouble) => {
    const hosts = ["a", "b", "c", "d"].map((id) => `${id}.example`);
    const played = await playUpstream(Object.fromEntries(hosts.map((host) => [`${host}/x`, host])));
    const sources = hosts.map((host) => sourceOf(host, `https://${host}/x`));
    const without = async (...barred: string[]) => {
      const upstream = new Barring(played.url, barred, trouble);
      const report = await probeSources({ sources, architecture: "amd64", upstream });
      return [report.network, ...report.sources.map(({ finding }) => finding)];
    };
    expect(await without("d.example")).toEqual([true, "there", "there", "there", "vanished"]);
    expect(await without("c.example", "d.example")).toEqual([true, "there", "there", "unknown", "unknown"]);
    expect(await without(...hosts)).toEqual([trouble === "refused", "unknown", "unknown", "unknown", "unknown"]);
  },
);
