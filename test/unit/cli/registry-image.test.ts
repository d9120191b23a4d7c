import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { packTarGzip, tarFile } from "../../../src/backends/embedded/runtime/images/tar.ts";
import { readModuleImage } from "../../../src/cli/registry-image.ts";
import type { Session } from "../../../src/runner/session.ts";

const module = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
const digestOf = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** A machine whose curl reaches a registry with these layers as `app:v1`. */
function registryWith(layers: readonly Uint8Array[]): Pick<Session, "exec"> {
  const blobs = new Map(layers.map((bytes) => [`/v2/app/blobs/${digestOf(bytes)}`, bytes]));
  const list = layers.map((bytes) => ({ mediaType: "any", digest: digestOf(bytes), size: bytes.length }));
  blobs.set("/v2/app/manifests/v1", Buffer.from(JSON.stringify({ schemaVersion: 2, layers: list })));
  return {
    exec: (_machine, argv, options) => {
      const bytes = blobs.get(new URL(argv.at(-1) ?? "").pathname);
      if (bytes) options?.onOutput?.({ stream: "stdout", bytes });
      const stderr = bytes ? "" : "curl: (22) The requested URL returned error: 404";
      return Promise.resolve({ exitCode: bytes ? 0 : 22, stdout: "", stderr, durationMs: 1 });
    },
  };
}

test("a module is found in an archive and as a layer of its own, and all layers count", async () => {
  const notes = packTarGzip([tarFile("etc/notes", "x")]);
  const packed = packTarGzip([tarFile("spin.toml", "x"), tarFile("app.wasm", module)]);
  for (const layers of [
    [notes, packed],
    [notes, module],
  ]) {
    const found = await readModuleImage(registryWith(layers), "registry.lab:5000/app:v1");
    expect(Buffer.from(found?.module ?? [])).toEqual(Buffer.from(module));
    expect(found?.layerBytes).toBe(layers.reduce((sum, { length }) => sum + length, 0));
  }
  expect(await readModuleImage(registryWith([notes]), "registry.lab:5000/app:v1")).toBeUndefined();
});

test("what the registry does not have, or no registry can be asked for, is said", async () => {
  const machines = registryWith([]);
  await expect(readModuleImage(machines, "registry.lab:5000/app:v2")).rejects.toThrow(/app:v2: .*404/);
  await expect(readModuleImage(machines, "nginx")).rejects.toMatchObject({ code: "image-not-read" });
});
