import { mkdirSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { createBundle } from "../../../src/offline/create.ts";
import { imageOf } from "../../../src/offline/image.ts";
import { type BundleServer, serveBundle } from "../../../src/offline/serve.ts";
import type { Source } from "../../../src/recipes/sources.ts";
import { playUpstream, sha256, sourceOf, temporaryFolder, upstreamOf } from "./playing.ts";

const oci = "application/vnd.oci.image";
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const described = (bytes: Buffer, mediaType: string) => ({
  mediaType,
  digest: `sha256:${sha256(bytes)}`,
  size: bytes.length,
});

/** An image for two architectures and for Wasm as a registry holds it, by paths below `https://host/v2/name/`. */
function imageFiles(host: string, name: string, tag: string): Record<string, Buffer> {
  const files: Record<string, Buffer> = {};
  const put = (kind: string, bytes: Buffer): void =>
    void (files[`${host}/v2/${name}/${kind}/sha256:${sha256(bytes)}`] = bytes);
  const manifests = [
    { os: "linux", architecture: "amd64" },
    { os: "linux", architecture: "arm64" },
    { os: "wasi", architecture: "wasm" },
    { os: "unknown", architecture: "unknown" },
  ].map((platform) => {
    const config = json({ ...platform, rootfs: { type: "layers", diff_ids: [] } });
    const layer = Buffer.from(`layer of ${platform.architecture}`);
    const manifest = json({
      schemaVersion: 2,
      mediaType: `${oci}.manifest.v1+json`,
      config: described(config, `${oci}.config.v1+json`),
      layers: [described(layer, `${oci}.layer.v1.tar+gzip`)],
    });
    put("blobs", config);
    put("blobs", layer);
    put("manifests", manifest);
    return { ...described(manifest, `${oci}.manifest.v1+json`), platform };
  });
  const index = json({ schemaVersion: 2, mediaType: `${oci}.index.v1+json`, manifests });
  put("manifests", index);
  files[`${host}/v2/${name}/manifests/${tag}`] = index;
  return files;
}

async function bundleOf(files: Record<string, Buffer | string>, sources: readonly Source[]): Promise<string> {
  const folder = temporaryFolder();
  const played = await playUpstream(files);
  const manifest = await createBundle({
    folder,
    sources,
    upstream: upstreamOf(played),
    profile: "current",
    architecture: "amd64",
    release: "24.04",
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  expect(manifest.missing).toEqual([]);
  await played.close();
  return folder;
}

async function serve(folder: string): Promise<BundleServer & { url: string }> {
  const server = await serveBundle({ folder, address: "127.0.0.1", port: 0 });
  onTestFinished(() => server.close());
  return { ...server, url: `http://127.0.0.1:${server.port}` };
}

/** A request whose path is sent as it is written. */
const raw = (server: BundleServer, path: string, method = "GET"): Promise<number> =>
  new Promise((resolve, reject) => {
    request({ host: server.address, port: server.port, path, method }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
  });

const twoImages = (): Promise<string> =>
  bundleOf(
    {
      ...imageFiles("registry.k8s.io", "coredns/coredns", "v1.14.2"),
      ...imageFiles("registry-1.docker.io", "library/rust", "1.93.0-slim"),
    },
    [
      sourceOf("coredns", "docker://registry.k8s.io/coredns/coredns:v1.14.2", { kind: "image" }),
      sourceOf("rust", "docker://docker.io/library/rust:1.93.0-slim", { kind: "image" }),
    ],
  );

test("names of images are read", () => {
  expect(imageOf("docker://registry.k8s.io/coredns/coredns:v1")).toEqual({
    registry: "registry.k8s.io",
    name: "coredns/coredns",
    reference: "v1",
  });
  expect(imageOf("docker://h:5000/a/b")).toEqual({ registry: "h:5000", name: "a/b", reference: "latest" });
  expect(imageOf("docker://h/a@sha256:12").reference).toBe("sha256:12");
});

test("nodes pull from it by either way of writing mirrors", async () => {
  const server = await serve(await twoImages());
  const bases = [
    "/v2/registry.k8s.io/coredns/coredns/manifests/v1.14.2",
    "/v2/coredns/coredns/manifests/v1.14.2?ns=registry.k8s.io",
    "/registry.k8s.io/v2/coredns/coredns/manifests/v1.14.2",
    "/v2/docker.io/library/rust/manifests/1.93.0-slim",
    "/v2/library/rust/manifests/1.93.0-slim?ns=docker.io",
    "/docker.io/v2/library/rust/manifests/1.93.0-slim",
  ];
  expect((await fetch(`${server.url}/v2/`)).status).toBe(200);
  for (const base of bases) {
    const answer = await fetch(server.url + base);
    expect(answer.status, base).toBe(200);
    expect(answer.headers.get("content-type")).toBe(`${oci}.index.v1+json`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(answer.headers.get("docker-content-digest")).toBe(`sha256:${sha256(bytes)}`);
    const { manifests } = JSON.parse(bytes.toString()) as {
      manifests: { digest: string; platform: { architecture: string } }[];
    };
    const statuses = await Promise.all(
      manifests.map(async ({ digest, platform }) => {
        const found = await fetch(server.url + base.replace(/manifests\/[^?]+/, `manifests/${digest}`), {
          method: "HEAD",
        });
        return `${platform.architecture} ${found.status}`;
      }),
    );
    expect(statuses).toEqual(["amd64 200", "arm64 404", "wasm 200", "unknown 404"]);
  }
});

const skopeo = spawnSync("skopeo", ["--version"]).status === 0;
if (!skopeo) process.stderr.write("serve.test.ts: skips pulling with skopeo, which is not on this computer\n");

test.skipIf(!skopeo)("a real client pulls a whole image", async () => {
  const server = await serve(await twoImages());
  const target = join(temporaryFolder(), "image");
  const image = `docker://127.0.0.1:${server.port}/registry.k8s.io/coredns/coredns:v1.14.2`;
  const options = ["--override-arch", "amd64", "--override-os", "linux", "--src-tls-verify=false", "--insecure-policy"];
  await promisify(execFile)("skopeo", ["copy", "--quiet", ...options, image, `dir:${target}`]);
});

test("it serves ranges, answers HEAD, and nothing can be written", async () => {
  const folder = await bundleOf({ "h.example/a b": "0123456789" }, [sourceOf("a", "https://h.example/a%20b")]);
  const server = await serve(folder);
  const url = `${server.url}/h.example/a%20b`;
  const part = async (headers: Record<string, string>) => {
    const answer = await fetch(url, { headers });
    return [answer.status, answer.headers.get("content-range"), await answer.text()];
  };
  expect(await part({ range: "bytes=4-" })).toEqual([206, "bytes 4-9/10", "456789"]);
  expect(await part({ range: "bytes=2-3" })).toEqual([206, "bytes 2-3/10", "23"]);
  expect(await part({ range: "bytes=-3" })).toEqual([206, "bytes 7-9/10", "789"]);
  expect(await part({ range: "bytes=4-", "if-range": '"other"' })).toEqual([200, null, "0123456789"]);
  expect((await part({ range: "bytes=10-" })).slice(0, 2)).toEqual([416, "bytes */10"]);
  const head = await fetch(url, { method: "HEAD" });
  expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "10", ""]);
  for (const method of ["PUT", "POST", "DELETE", "PATCH"])
    expect(await raw(server, "/h.example/a%20b", method)).toBe(405);
  expect(await (await fetch(server.url)).text()).toContain("h.example");
});

test("no path leads to another file than those of the bundle", async () => {
  const folder = await bundleOf({ "h.example/a": "a" }, [sourceOf("a", "https://h.example/a")]);
  writeFileSync(join(folder, "secret"), "secret");
  mkdirSync(join(folder, "other.example"));
  writeFileSync(join(folder, "other.example/put-there"), "x");
  const server = await serve(folder);
  for (const path of [
    "/../etc/passwd",
    "/h.example/../../secret",
    "/h.example/%2e%2e/secret",
    "/h.example/..%2f..%2fetc%2fpasswd",
    "//etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/other.example/put-there",
    "/manifest.json",
    "/secret",
    "/h.example",
    "/h.example/",
    "/v2/../h.example/x",
    "/v2/_catalog",
    "/%zz/x",
    "/h.example/%00",
  ]) {
    expect(await raw(server, path), path).toBe(404);
  }
  expect(await raw(server, "/h.example/a")).toBe(200);
  expect(await raw(server, "//h.example//a")).toBe(200);
  unlinkSync(join(folder, "h.example/a"));
  symlinkSync("/etc/hostname", join(folder, "h.example/a"));
  expect(await raw(server, "/h.example/a")).toBe(500);
});

test("an address that cannot be taken is said", async () => {
  const folder = await bundleOf({ "h.example/a": "a" }, [sourceOf("a", "https://h.example/a")]);
  const { port } = await serve(folder);
  await expect(serveBundle({ folder, address: "127.0.0.1", port })).rejects.toMatchObject({
    code: "bundle-listen",
    message: `127.0.0.1:${port}: cannot listen there, got EADDRINUSE`,
  });
});

test("registries that hand out tokens are read with one", async () => {
  const files = imageFiles("registry-1.docker.io", "library/rust", "1.93.0-slim");
  const played = await playUpstream(files);
  const manifest = `registry-1.docker.io/v2/library/rust/manifests/1.93.0-slim`;
  played.files.set("auth.example/token", json({ token: "t0" }));
  played.faults.set(manifest, [
    (_, response) =>
      void response
        .writeHead(401, {
          "www-authenticate": `Bearer realm="${played.url}/auth.example/token",service="registry.docker.io",scope="repository:library/rust:pull"`,
        })
        .end(),
    (request, response) => {
      response.writeHead(request.headers.authorization === "Bearer t0" ? 200 : 403);
      response.end(played.files.get(manifest));
    },
  ]);
  const answer = await upstreamOf(played).bytes(`https://${manifest}`);
  expect(answer.bytes).toEqual(played.files.get(manifest));
  expect(played.asked).toContain("GET auth.example/token");
});
