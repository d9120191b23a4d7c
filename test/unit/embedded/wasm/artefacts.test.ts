import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { artefact, fileOf } from "./workloads.ts";

test.each(["http-server", "echo-server", "explorer"])("the committed %s was built from the committed sources", (name) => {
  const digests = artefact(name).sha256;
  expect(Object.keys(digests).sort()).toEqual(
    ["Cargo.lock", "Cargo.toml", `${name.replace("-", "_")}.wasm`, "src/main.rs"].sort(),
  );
  for (const [path, digest] of Object.entries(digests)) {
    expect(createHash("sha256").update(fileOf(name, path)).digest("hex"), path).toBe(digest);
  }
});
