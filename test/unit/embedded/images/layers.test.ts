import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assembleImage, mediaTypes, sha256 } from "../../../../src/backends/embedded/runtime/images/oci.ts";
import { mergeLayers, resolveInRootfs } from "../../../../src/backends/embedded/runtime/images/rootfs.ts";
import {
  packTar,
  packTarGzip,
  tarDirectory,
  tarFile,
  tarSymlink,
  unpackTar,
} from "../../../../src/backends/embedded/runtime/images/tar.ts";

describe("layers", () => {
  test("the real tar reads an archive, long names included", () => {
    const long = `${"deep/".repeat(30)}file.txt`;
    const archive = packTarGzip([
      tarDirectory("bin"),
      tarFile("bin/x", "hello", 0o755),
      tarSymlink("y", "bin/x"),
      tarFile(long, "1"),
    ]);
    const listing = execFileSync("tar", ["-tzf", "-"], { input: archive, encoding: "utf8" });
    expect(listing.trim().split("\n")).toEqual(["bin/", "bin/x", "y", long]);
    expect(execFileSync("tar", ["-xzOf", "-", "bin/x"], { input: archive, encoding: "utf8" })).toBe("hello");
  });

  test("an archive of the real tar is read", () => {
    const archive = execFileSync("tar", ["-czf", "-", "-C", "labs/workloads/http-server", "src"]);
    const entries = unpackTar(archive);
    expect(entries.map((entry) => entry.path)).toContain("src/main.rs");
    expect(entries.find((entry) => entry.path === "src/main.rs")?.bytes.length).toBeGreaterThan(100);
  });

  test("what is packed comes out again", () => {
    const file = fc.record({
      path: fc.stringMatching(/^[a-z]{1,8}(\/[a-zA-Zäé ._-]{1,60}){0,3}[a-z]$/),
      content: fc.uint8Array({ maxLength: 1500 }),
      mode: fc.integer({ min: 0, max: 0o7777 }),
    });
    fc.assert(
      fc.property(fc.uniqueArray(file, { selector: (entry) => entry.path }), (files) => {
        const entries = unpackTar(packTar(files.map(({ path, content, mode }) => tarFile(path, content, mode))));
        expect(entries.map(({ path, mode, bytes }) => ({ path, mode, content: Uint8Array.from(bytes) }))).toEqual(
          files.map(({ path, content, mode }) => ({ path, mode, content })),
        );
      }),
      { numRuns: 60 },
    );
  });

  test("upper layers replace, hide and empty what is below", () => {
    const lower = packTar([
      tarDirectory("etc"),
      tarFile("etc/a", "1"),
      tarFile("etc/b", "2"),
      tarDirectory("opt"),
      tarFile("opt/c", "3"),
    ]);
    const upper = packTar([
      tarFile("etc/.wh.a", ""),
      tarFile("etc/b", "new", 0o600),
      tarFile("opt/.wh..wh..opq", ""),
      tarFile("opt/d", "4"),
    ]);
    const rootfs = mergeLayers([lower, upper]);
    expect([...rootfs.keys()].sort()).toEqual(["/etc", "/etc/b", "/opt", "/opt/d"]);
    expect(rootfs.get("/etc/b")).toMatchObject({ type: "file", mode: 0o600 });
  });

  test("symlinks are followed inside the root only", () => {
    const rootfs = mergeLayers([
      packTar([
        tarSymlink("bin", "usr/bin"),
        tarFile("usr/bin/sh", "x"),
        tarSymlink("loop", "loop"),
        tarSymlink("up", "../../usr/bin/sh"),
      ]),
    ]);
    expect(resolveInRootfs(rootfs, "/bin/sh")?.path).toBe("/usr/bin/sh");
    expect(resolveInRootfs(rootfs, "/up")?.path).toBe("/usr/bin/sh");
    expect(resolveInRootfs(rootfs, "/loop")).toBeUndefined();
    expect(resolveInRootfs(rootfs, "/nothing")).toBeUndefined();
  });

  test("digests, sizes and media types of an image are those of its bytes", () => {
    const archive = packTar([tarFile("m.wasm", "x")]);
    const layer = packTarGzip([tarFile("m.wasm", "x")]);
    const image = assembleImage(
      { architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [sha256(archive)] } },
      [layer],
      { "module.wasm.image/variant": "compat" },
    );
    const hex = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    expect(image.manifest).toEqual({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: { mediaType: mediaTypes.ociConfig, digest: hex(image.configBytes), size: image.configBytes.length },
      layers: [{ mediaType: mediaTypes.ociLayer, digest: hex(layer), size: layer.length }],
      annotations: { "module.wasm.image/variant": "compat" },
    });
    expect(image.manifestDigest).toBe(hex(image.manifestBytes));
    expect(image.config.rootfs.diff_ids).toEqual([hex(new Uint8Array(gunzipSync(layer)))]);
  });
});
