import { expect, test } from "vitest";
import { buildPrograms } from "../../../../src/backends/embedded/machine/programs/build/index.ts";
import { imagePrograms } from "../../../../src/backends/embedded/machine/programs/images/index.ts";
import { shellPrograms } from "../../../../src/backends/embedded/machine/shell/programs/index.ts";
import { ImageStore } from "../../../../src/backends/embedded/runtime/images/image-store.ts";
import { workloadModule, workloadSource } from "../../../../src/backends/embedded/wasm/workloads.ts";
import { createLab } from "../internet/lab.ts";

const dockerfile = `FROM rust:1.75.0-slim AS builder
RUN rustup target add wasm32-wasi
WORKDIR /app
COPY ./src ./src
COPY ./Cargo.toml ./Cargo.toml
RUN cargo build --target=wasm32-wasi --release
FROM scratch AS final
COPY --from=builder /app/target/wasm32-wasi/release/http_server.wasm /http_server.wasm
ENTRYPOINT ["/http_server.wasm"]
`;

test("the course's Dockerfile runs rustup and cargo in the Rust image and keeps the module they built", async () => {
  const lab = createLab({ ...imagePrograms, ...shellPrograms, ...buildPrograms }, { buildah: "1.32.2" });
  const root = lab.machine.rootFiles;
  root.makeDirectories("/etc/containers");
  root.write("/etc/containers/registries.conf", 'unqualified-search-registries = ["docker.io"]\n');
  root.makeDirectories("/root/app/src");
  root.write("/root/app/Dockerfile", dockerfile);
  root.write("/root/app/src/main.rs", workloadSource("http-server", "src/main.rs"));
  root.write("/root/app/Cargo.toml", workloadSource("http-server", "Cargo.toml"));
  const result = await lab.run(["buildah", "bud", "-t", "registry.lab:5000/http-server:v1", "/root/app"]);
  expect(result.code, result.out + result.err).toBe(0);
  expect(result.err).toContain("Finished release [optimized] target(s)");
  const store = new ImageStore(lab.machine, "/var/lib/containers/storage");
  const stored = store.find("registry.lab:5000/http-server:v1");
  const module = stored && store.rootfs(stored).get("/http_server.wasm");
  expect(module?.type === "file" && Buffer.compare(module.bytes, workloadModule("http-server"))).toBe(0);
  // Without the target, cargo has no standard library, and the build ends there.
  root.write("/root/app/Dockerfile", dockerfile.replace("RUN rustup target add wasm32-wasi\n", ""));
  const without = await lab.run(["buildah", "bud", "/root/app"]);
  expect(without.err).toContain("error[E0463]: can't find crate for `std`");
  expect(without.code).toBe(101);
});
