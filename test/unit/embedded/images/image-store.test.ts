import { describe, expect, test } from "vitest";
import { ImageStore, storageRoots } from "../../../../src/backends/embedded/runtime/images/image-store.ts";
import type { ImageContent } from "../../../../src/backends/embedded/runtime/images/oci.ts";
import { assembleImage, sha256 } from "../../../../src/backends/embedded/runtime/images/oci.ts";
import { packTar, packTarGzip, tarFile } from "../../../../src/backends/embedded/runtime/images/tar.ts";
import { createFakeMachine } from "../fakes/machine.ts";

function image(text: string): ImageContent {
  const entries = [tarFile("m.wasm", text, 0o755)];
  const config = {
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers" as const, diff_ids: [sha256(packTar(entries))] },
  };
  return assembleImage(config, [packTarGzip(entries)]);
}

describe.each(Object.values(storageRoots))("images below %s", (root) => {
  test("an image is found by name, short name, digest, id and a part of the id", () => {
    const store = new ImageStore(createFakeMachine(), root);
    const stored = store.add(
      image("one"),
      ["docker.io/wasmedge/example-wasi-http:compat-smart"],
      ["docker.io/wasmedge/example-wasi-http@sha256:" + "a".repeat(64)],
    );
    for (const name of [
      "wasmedge/example-wasi-http:compat-smart",
      stored.id,
      stored.id.slice(7),
      stored.id.slice(7, 19),
      `wasmedge/example-wasi-http@sha256:${"a".repeat(64)}`,
    ]) {
      expect(store.find(name)?.id, name).toBe(stored.id);
    }
    expect(store.find("wasmedge/example-wasi-http")).toBeUndefined();
    expect(store.find("Bad Name")).toBeUndefined();
  });

  test("a name moves to the image that takes it", () => {
    const store = new ImageStore(createFakeMachine(), root);
    const first = store.add(image("one"), ["localhost/app:v1"]);
    const second = store.add(image("two"), ["localhost/app:v1"]);
    expect(store.find("app:v1")?.id).toBe(second.id);
    expect(store.find(first.id)?.names).toEqual([]);
  });

  test("another store object of the same machine sees the same images, and removing the files loses them", () => {
    const machine = createFakeMachine();
    const stored = new ImageStore(machine, root).add(image("one"), ["localhost/app:v1"]);
    const store = new ImageStore(machine, root);
    const entry = store.rootfs(stored).get("/m.wasm");
    expect(entry).toMatchObject({ type: "file", mode: 0o755 });
    machine.rootFiles.removeTree(root);
    expect(store.images()).toEqual([]);
    expect(store.content(stored)).toBeUndefined();
  });

  test("removing an image keeps the layers that another one uses", () => {
    const store = new ImageStore(createFakeMachine(), root);
    const base = image("shared");
    const layer = base.layers[0]?.bytes ?? new Uint8Array();
    const other = assembleImage({ ...base.config, author: "someone" }, [layer]);
    const first = store.add(base, ["localhost/a:v1"]);
    const second = store.add(other, ["localhost/b:v1"]);
    store.remove(first);
    expect(store.rootfs(second).has("/m.wasm")).toBe(true);
    store.remove(second);
    expect(store.blob(base.layers[0]?.descriptor.digest ?? "")).toBeUndefined();
  });

  test("a damaged index reads as an empty store", () => {
    const machine = createFakeMachine();
    const store = new ImageStore(machine, root);
    store.add(image("one"), ["localhost/a:v1"]);
    for (const name of ["overlay-images/images.json", "io.containerd.metadata.v1.bolt/meta.db"]) {
      if (machine.rootFiles.exists(`${root}/${name}`)) machine.rootFiles.write(`${root}/${name}`, "{broken");
    }
    expect(store.images()).toEqual([]);
  });
});
