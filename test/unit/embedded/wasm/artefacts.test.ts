import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { artefact, fileOf } from "./workloads.ts";

test.each([
  ["http-server", "http_server", "src/main.rs"],
  ["echo-server", "echo_server", "src/main.rs"],
  ["explorer", "explorer", "src/main.rs"],
  ["spin-http-server/thesis", "spin_http_server", "../src/lib.rs"],
  ["spin-http-server/current", "spin_http_server", "../src/lib.rs"],
  ["spin-hello", "spin_hello", "src/lib.rs"],
  ["../../test/fixtures/spin-probe/rc", "spin_probe", "../src/lib.rs"],
  ["../../test/fixtures/spin-probe/final", "spin_probe", "../src/lib.rs"],
])("the committed %s was built from the committed sources", (folder, name, source) => {
  const digests = artefact(folder).sha256;
  expect(Object.keys(digests).sort()).toEqual(["Cargo.lock", "Cargo.toml", `${name}.wasm`, source].sort());
  for (const [path, digest] of Object.entries(digests)) {
    expect(createHash("sha256").update(fileOf(folder, path)).digest("hex"), path).toBe(digest);
  }
});
