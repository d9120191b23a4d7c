import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test, vi } from "vitest";
import { createBundle, type CreateOptions } from "../../../src/offline/create.ts";
import { inspectBundle } from "../../../src/offline/inspect.ts";
import type { Source } from "../../../src/recipes/sources.ts";
import { faults, playUpstream, sha256, sourceOf, temporaryFolder, upstreamOf } from "./playing.ts";

const big = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 31) % 251));
const tool = "https://tools.example/v1/tool";

const optionsFor = (
  folder: string,
  upstream: ReturnType<typeof upstreamOf>,
  sources: readonly Source[],
  more: Partial<CreateOptions> = {},
): CreateOptions => ({
  folder,
  sources,
  upstream,
  profile: "current",
  architecture: "amd64",
  release: "24.04",
  signal: new AbortController().signal,
  onProgress: () => undefined,
  ...more,
});

test("files come with their digests, and the manifest says who vouches for each", async () => {
  const played = await playUpstream({
    "tools.example/v1/tool": big,
    "tools.example/v1/tool.sha256": `${sha256("other")}  other\n${sha256(big)} *tool\n`,
    "tools.example/pinned": "pinned",
    "tools.example/free": "free",
  });
  const folder = temporaryFolder();
  const manifest = await createBundle(
    optionsFor(folder, upstreamOf(played), [
      sourceOf("tool", tool, { checksumUrl: `${tool}.sha256` }),
      sourceOf("pinned", "https://tools.example/pinned", { sha256: sha256("pinned") }),
      sourceOf("free", "https://tools.example/free", { unverified: "nobody says" }),
      sourceOf("perhaps", "https://tools.example/free", {
        unverified: "perhaps nobody says",
        checksumUrl: "https://tools.example/SUMS",
      }),
    ]),
  );
  expect(manifest).toMatchObject({ complete: true, missing: [], profile: "current", architecture: "amd64" });
  expect(manifest.files.map(({ path, verified }) => `${verified} ${path}`)).toEqual([
    "first-contact tools.example/free",
    "pinned tools.example/pinned",
    "published tools.example/v1/tool",
    "first-contact tools.example/v1/tool.sha256",
  ]);
  expect(readFileSync(join(folder, "tools.example/v1/tool"))).toEqual(big);
  expect((await inspectBundle(folder)).problems).toEqual([]);
  expect(existsSync(join(folder, ".partial"))).toBe(false);
});

test("what breaks off or is refused for a moment is had in the end", async () => {
  const played = await playUpstream({ "tools.example/v1/tool": big });
  played.faults.set("tools.example/v1/tool", [faults.status(503), faults.truncate(100_000), faults.status(429)]);
  const folder = temporaryFolder();
  const source = sourceOf("tool", tool, { sha256: sha256(big) });
  const manifest = await createBundle(optionsFor(folder, upstreamOf(played), [source]));
  expect(manifest.complete).toBe(true);
  expect(played.asked).toHaveLength(4);
  expect(sha256(readFileSync(join(folder, "tools.example/v1/tool")))).toBe(sha256(big));
});

test("a file that nobody vouches for is gone on with only while the server says it is the same", async () => {
  const played = await playUpstream({ "tools.example/v1/tool": big });
  played.faults.set("tools.example/v1/tool", [faults.truncate(100_000)]);
  const folder = temporaryFolder();
  // Left by another process: of which file is unknown.
  mkdirSync(join(folder, ".partial/tools.example/v1"), { recursive: true });
  writeFileSync(join(folder, ".partial/tools.example/v1/tool"), "older");
  const manifest = await createBundle(optionsFor(folder, upstreamOf(played), [sourceOf("tool", tool)]));
  expect(manifest.files[0]?.sha256).toBe(sha256(big));
  expect(played.asked[0]).toBe("GET tools.example/v1/tool");
});

test("a body that only drips is given up, and told as what may pass", async () => {
  const played = await playUpstream({ "tools.example/v1/tool": big });
  played.faults.set(
    "tools.example/v1/tool",
    Array.from({ length: 9 }, () => faults.stall(500)),
  );
  const upstream = upstreamOf(played, { patienceMs: 1000, attempts: 1 });
  const manifest = await createBundle(optionsFor(temporaryFolder(), upstream, [sourceOf("tool", tool)]));
  expect(manifest).toMatchObject({
    complete: false,
    files: [],
    missing: [{ source: "tool", url: tool, passing: true, reason: "sent too little in 1 s" }],
  });
});

test("another content than the one promised is never kept", async () => {
  const played = await playUpstream({ "tools.example/v1/tool": "forged" });
  const folder = temporaryFolder();
  const source = sourceOf("tool", tool, { sha256: sha256(big) });
  const manifest = await createBundle(optionsFor(folder, upstreamOf(played), [source]));
  expect(manifest.missing).toMatchObject([{ source: "tool", passing: false }]);
  expect(manifest.missing[0]?.reason).toContain(`expected sha256 ${sha256(big)}, got ${sha256("forged")}`);
  expect(existsSync(join(folder, "tools.example/v1/tool"))).toBe(false);
  expect(played.asked.length).toBe(2);
});

test("redirects to other hosts are followed, as GitHub's are", async () => {
  const played = await playUpstream({ "assets.example/tool": big });
  played.faults.set("tools.example/v1/tool", [faults.redirect(`${played.url}/assets.example/tool`)]);
  const source = sourceOf("tool", tool, { sha256: sha256(big) });
  const manifest = await createBundle(optionsFor(temporaryFolder(), upstreamOf(played), [source]));
  expect(manifest.files).toMatchObject([{ path: "tools.example/v1/tool", url: tool }]);
});

test("of sources that take each other's place the first that is there is enough", async () => {
  const played = await playUpstream({ "new.example/tool": "new" });
  const sources = [
    sourceOf("old", "https://old.example/tool"),
    sourceOf("new", "https://new.example/tool", { insteadOf: "old" }),
    sourceOf("newer", "https://newer.example/tool", { insteadOf: "old" }),
    sourceOf("alone", "https://old.example/alone"),
  ];
  const manifest = await createBundle(optionsFor(temporaryFolder(), upstreamOf(played), sources));
  expect(manifest.files.map(({ source }) => source)).toEqual(["new"]);
  expect(manifest.missing).toEqual([
    { source: "alone", url: "https://old.example/alone", reason: "is not there (404)", passing: false },
  ]);
  expect(played.asked).not.toContain("GET newer.example/tool");
});

test("four at a time", async () => {
  const names = Array.from({ length: 12 }, (_, index) => `f${index}`);
  const played = await playUpstream(Object.fromEntries(names.map((each) => [`h.example/${each}`, each])));
  const sources = names.map((each) => sourceOf(each, `https://h.example/${each}`));
  const manifest = await createBundle(optionsFor(temporaryFolder(), upstreamOf(played), sources));
  expect(manifest.files).toHaveLength(12);
  expect(played.most).toBeLessThanOrEqual(4);
});

test("a full disk ends it with a clear word, and loses nothing", async () => {
  const played = await playUpstream({ "tools.example/v1/tool": big, "tools.example/small": "small" });
  const folder = temporaryFolder();
  const sources = [sourceOf("small", "https://tools.example/small"), sourceOf("tool", tool, { sha256: sha256(big) })];
  let room = 120_000;
  const openSink: CreateOptions["openSink"] = async (path, flags) => {
    const file = await open(path, flags);
    return {
      write: async (bytes) => {
        await file.writeFile(bytes.subarray(0, Math.max(room, 0)));
        room -= bytes.length;
        if (room < 0) throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
      },
      sync: () => file.sync(),
      close: () => file.close(),
    };
  };
  await createBundle(optionsFor(folder, upstreamOf(played), sources.slice(0, 1)));
  const full = createBundle(optionsFor(folder, upstreamOf(played), sources, { openSink }));
  await expect(full).rejects.toMatchObject({
    code: "bundle-disk",
    message: `${folder}: the disk is full, got ENOSPC`,
    exitCode: 4,
  });
  expect(readFileSync(join(folder, "tools.example/small"), "utf8")).toBe("small");
  const manifest = await createBundle(optionsFor(folder, upstreamOf(played), sources));
  expect(manifest.complete).toBe(true);
  expect(played.asked.filter((each) => each.startsWith("GET tools.example/small"))).toHaveLength(1);
  expect(played.asked.at(-1)).toBe("GET tools.example/v1/tool bytes=120000-");
});

test("an interrupted one goes on where it was", async () => {
  const played = await playUpstream({ "tools.example/v1/tool": big, "tools.example/small": "small" });
  const folder = temporaryFolder();
  const sources = [sourceOf("small", "https://tools.example/small"), sourceOf("tool", tool, { sha256: sha256(big) })];
  played.faults.set("tools.example/v1/tool", [faults.stall(150_000)]);
  const abort = new AbortController();
  const reason = new Error("interrupted");
  const interrupted = createBundle(
    optionsFor(folder, upstreamOf(played), sources, {
      signal: abort.signal,
      onProgress: ({ bytes }) => (bytes >= 150_005 ? abort.abort(reason) : undefined),
    }),
  );
  await expect(interrupted).rejects.toBe(reason);
  expect((await inspectBundle(folder)).problems).toMatchObject([{ kind: "incomplete" }]);
  played.asked.length = 0;
  const manifest = await createBundle(optionsFor(folder, upstreamOf(played), sources));
  expect(manifest.complete).toBe(true);
  expect(played.asked).toEqual(["GET tools.example/v1/tool bytes=150000-"]);
});

test("one that was killed goes on where it was", async () => {
  const played = await playUpstream({ "tools.example/v1/tool": big });
  played.faults.set("tools.example/v1/tool", [faults.stall(150_000)]);
  const folder = temporaryFolder();
  const source = sourceOf("tool", tool, { sha256: sha256(big) });
  const module = (path: string): string => JSON.stringify(join(import.meta.dirname, "../../../src", path));
  const program = `
    const { createBundle } = await import(${module("offline/create.ts")});
    const { Upstream } = await import(${module("offline/upstream.ts")});
    const { systemClock } = await import(${module("cli/system-clock.ts")});
    await createBundle({
      ...${JSON.stringify({ folder, sources: [source], profile: "current", architecture: "amd64", release: "24.04" })},
      upstream: new Upstream({ clock: systemClock, server: ${JSON.stringify(played.url)} }),
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: "ignore" });
  const partial = join(folder, ".partial/tools.example/v1/tool");
  await vi.waitFor(() => expect(statSync(partial).size).toBe(150_000), { timeout: 20_000 });
  child.kill("SIGKILL");
  await once(child, "exit");
  const manifest = await createBundle(optionsFor(folder, upstreamOf(played), [source]));
  expect(manifest.complete).toBe(true);
  expect(played.asked.at(-1)).toBe("GET tools.example/v1/tool bytes=150000-");
  expect((await inspectBundle(folder)).problems).toEqual([]);
});

test("without a network everything is named as what may pass", async () => {
  const played = await playUpstream();
  await played.close();
  const upstream = upstreamOf(played, { attempts: 2 });
  const manifest = await createBundle(optionsFor(temporaryFolder(), upstream, [sourceOf("tool", tool)]));
  expect(manifest.missing).toMatchObject([{ passing: true, reason: "could not be reached (ECONNREFUSED)" }]);
});

test("a bundle for other machines is left alone", async () => {
  const played = await playUpstream({ "tools.example/v1/tool": big });
  const folder = temporaryFolder();
  const options = optionsFor(folder, upstreamOf(played), [sourceOf("tool", tool)]);
  await createBundle(options);
  await expect(createBundle({ ...options, architecture: "arm64" })).rejects.toThrow(
    "holds a bundle of current for amd64",
  );
});

test("what was changed, taken away or put there is found", async () => {
  const played = await playUpstream({ "h.example/a": "aaa", "h.example/b": "bbb", "h.example/c": "ccc" });
  const folder = temporaryFolder();
  const sources = ["a", "b", "c"].map((each) => sourceOf(each, `https://h.example/${each}`));
  await createBundle(optionsFor(folder, upstreamOf(played), sources));
  writeFileSync(join(folder, "h.example/a"), "aXa");
  writeFileSync(join(folder, "h.example/b"), "b");
  const extra = join(folder, "notes/mine.txt");
  mkdirSync(dirname(extra));
  writeFileSync(extra, "");
  const { problems } = await inspectBundle(folder);
  expect(problems).toEqual([
    { kind: "damaged", path: "h.example/a", detail: `expected sha256 ${sha256("aaa")}, got ${sha256("aXa")}` },
    { kind: "damaged", path: "h.example/b", detail: "expected 3 bytes, got 1" },
    { kind: "extra", path: "notes/mine.txt", detail: "is not in the manifest" },
  ]);
});

test("a manifest that leads out of its folder is refused", async () => {
  const folder = temporaryFolder();
  const file = { path: "../../etc/passwd", url: "x", size: 1, sha256: sha256(""), verified: "pinned", source: "x" };
  const manifest = {
    formatVersion: 1,
    profile: "p",
    architecture: "a",
    release: "r",
    date: "d",
    complete: true,
    missing: [],
    files: [file],
  };
  writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
  await expect(inspectBundle(folder)).rejects.toMatchObject({ code: "bundle-invalid" });
  await expect(inspectBundle(temporaryFolder())).rejects.toThrow("is no bundle");
});
