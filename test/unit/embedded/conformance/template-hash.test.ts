import { describe, expect, it } from "vitest";
import { podTemplateHash } from "../../../../src/backends/embedded/cluster/controllers/template-hash.ts";
import { applyDefaults } from "../../../../src/backends/embedded/cluster/resources/defaults.ts";

const wasmedge = {
  metadata: { labels: { app: "app-wasmedge" }, annotations: { "module.wasm.image/variant": "compat-smart" } },
  spec: {
    nodeSelector: { wasmedge: "true" },
    containers: [{ name: "wasmedge-http-server", image: "wasmedge/example-wasi-http:compat-smart" }],
  },
};

const spin = {
  metadata: { labels: { app: "app-spin" } },
  spec: {
    runtimeClassName: "wasmtime-spin-v2",
    containers: [
      {
        name: "spin-http-server",
        image: "ghcr.io/deislabs/containerd-wasm-shims/examples/spin-rust-hello:latest",
        command: ["/"],
      },
    ],
  },
};

function hashOf(template: typeof wasmedge | typeof spin, version: string): string {
  const deployment = { spec: { template: structuredClone(template) } };
  applyDefaults("Deployment", deployment);
  return podTemplateHash(deployment.spec.template, undefined, version);
}

describe("the hash of a pod template", () => {
  it.each([
    ["recording 4047", wasmedge, "1.28.15", "76b454d778"],
    ["recording 4156", spin, "1.28.15", "559bffcdcd"],
    ["recording 1047", wasmedge, "1.36.2", "666b489c97"],
  ])("is as in %s", (_name, template, version, hash) => {
    expect(hashOf(template, version)).toBe(hash);
  });

  it("differs after a collision", () => {
    const deployment = { spec: { template: structuredClone(wasmedge) } };
    applyDefaults("Deployment", deployment);
    expect(podTemplateHash(deployment.spec.template, 1)).not.toBe(podTemplateHash(deployment.spec.template));
  });
});
