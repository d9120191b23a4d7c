import { expect, test } from "vitest";
import { createBuildLab, placePackage } from "./lab.ts";

const dockerfile = `FROM docker.io/library/rust:1.75.0-slim AS builder
RUN rustup target add wasm32-wasi
WORKDIR /app
COPY ./src ./src
COPY ./Cargo.toml ./Cargo.toml
RUN cargo build --target=wasm32-wasi --release
FROM scratch AS final
COPY --from=builder /app/target/wasm32-wasi/release/http_server.wasm /http_server.wasm
ENTRYPOINT ["/http_server.wasm"]
`;

test("the toolchain of the Rust image builds the server inside a container", async () => {
  const lab = createBuildLab();
  lab.provide(["/usr/bin/buildah", "buildah", "1.32.2"]);
  placePackage(lab, "/home/ubuntu/app", (source) => source.replace("Hello HAW!!", "Hello from the image"));
  lab.machine.rootFiles.write("/home/ubuntu/app/Dockerfile", dockerfile);
  const result = await lab.sh("cd ~/app && sudo buildah bud -t server:1 .");
  expect(result.stdout + result.stderr).toContain("info: installing component 'rust-std' for 'wasm32-wasi'");
  expect(result.stdout + result.stderr).toContain("was patched");
  expect(result.exitCode).toBe(0);
  expect((await lab.sh("sudo buildah images")).stdout).toContain("localhost/server");
});

test("without the target the image cannot be built", async () => {
  const lab = createBuildLab();
  lab.provide(["/usr/bin/buildah", "buildah", "1.32.2"]);
  placePackage(lab, "/home/ubuntu/app");
  lab.machine.rootFiles.write("/home/ubuntu/app/Dockerfile", dockerfile.replace(/^RUN rustup.*\n/m, ""));
  const result = await lab.sh("cd ~/app && sudo buildah bud -t server:1 .");
  expect(result.stdout + result.stderr).toContain("the `wasm32-wasi` target may not be installed");
  expect(result.exitCode).not.toBe(0);
});
