import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { detachedSignature } from "../../../../src/backends/embedded/cluster/controllers/bootstrap-tokens.ts";
import { scaledValue } from "../../../../src/backends/embedded/cluster/controllers/deployment-rollout.ts";
import { quantity } from "../../../../src/backends/embedded/cluster/controllers/quantities.ts";
import { failureMessage, findNodes } from "../../../../src/backends/embedded/cluster/controllers/scheduling.ts";
import { podTemplateHash } from "../../../../src/backends/embedded/cluster/controllers/template-hash.ts";
import type { Node, Pod, Taint } from "../../../../src/backends/embedded/cluster/controllers/types.ts";
import { sameJson } from "../../../../src/backends/embedded/cluster/controllers/types.ts";
import { wantsWasm } from "../../../../src/backends/embedded/runtime/containers/crun.ts";
import { initialMemory } from "../../../../src/backends/embedded/runtime/containers/wasm-process.ts";
import { filtersWasmAnnotations } from "../../../../src/backends/embedded/runtime/crio/configuration.ts";
import { shimName } from "../../../../src/backends/embedded/runtime/containerd/configuration.ts";

const node = (name: string, labels: Record<string, string> = {}, taints: Taint[] = []): Node => ({
  metadata: { name, labels: { "kubernetes.io/hostname": name, ...labels } },
  spec: { taints },
  status: { allocatable: { cpu: "2", memory: "4Gi", pods: "110" } },
});

const pod = (name: string, spec: Partial<Pod["spec"]> = {}): Pod => ({
  metadata: { name, namespace: "default", labels: { app: "a" } },
  spec: { containers: [{ name: "c", image: "i" }], ...spec },
});

const controlPlane: Taint = { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" };
const words = (subject: Pod, nodes: Node[], version = "1.28.2"): string =>
  failureMessage(findNodes(subject, nodes, []), version);

describe("the scheduler says why (recordings 5007, 4067, MATRIX F and C)", () => {
  it("one node without the label", () => {
    expect(words(pod("p", { nodeSelector: { wasmedge: "true" } }), [node("worker1")])).toBe(
      "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling..",
    );
  });

  it("a tainted master and two workers", () => {
    const nodes = [node("master", {}, [controlPlane]), node("worker1"), node("worker2")];
    const subject = pod("p", { nodeSelector: { wasmedge: "true" } });
    expect(words(subject, nodes)).toBe(
      "0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 node(s) didn't match Pod's node affinity/selector. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling..",
    );
    expect(words(subject, nodes, "1.36.2")).toBe(
      "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 node(s) didn't match Pod's node affinity/selector. no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
    );
  });

  it("too much cpu", () => {
    const subject = pod("p", { containers: [{ name: "c", image: "i", resources: { requests: { cpu: "64" } } }] });
    expect(words(subject, [node("worker1")])).toBe(
      "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod..",
    );
  });

  it("spreads siblings over equal nodes", () => {
    const nodes = [node("worker1"), node("worker2")];
    const first = pod("one", { nodeName: "worker1" });
    expect(findNodes(pod("two"), nodes, [first]).best).toBe("worker2");
  });
});

describe("crun decides what is Wasm (facts 4)", () => {
  it.each([
    [["/http_server.wasm"], { "module.wasm.image/variant": "compat-smart" }, true],
    [["/bin/sh"], { "module.wasm.image/variant": "compat-smart" }, false],
    [["/bin/sh"], { "module.wasm.image/variant": "compat" }, true],
    [["/http_server.wasm"], {}, false],
    [["/x"], { "run.oci.handler": "wasm" }, true],
    [["/x"], { "run.oci.handler": "wasm-smart" }, false],
    [["/x.wat"], { "run.oci.handler": "wasm-smart" }, true],
    [["/x.wasm"], { "run.oci.handler": "bogus", "module.wasm.image/variant": "compat" }, false],
    [["/x.wasm"], { "io.kubernetes.cri.container-type": "sandbox", "module.wasm.image/variant": "compat" }, false],
  ] as const)("%j %j", (argv, annotations, expected) => {
    expect(wantsWasm(argv, annotations)).toBe(expected);
  });

  it("never throws on a damaged module", () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => initialMemory(bytes) >= 0));
  });
});

it("CRI-O filters Wasm annotations from 1.28.6, 1.29.4 and 1.30 on (facts 1.1)", () => {
  const filtering = ["1.24.6", "1.28.5", "1.28.6", "1.29.3", "1.29.4", "1.30.0", "1.36.3"].filter(
    filtersWasmAnnotations,
  );
  expect(filtering).toEqual(["1.28.6", "1.29.4", "1.30.0", "1.36.3"]);
});

it("a runtime type names its shim", () => {
  expect(shimName("io.containerd.spin.v2")).toBe("containerd-shim-spin-v2");
});

it("cluster-info is signed with the token's secret", () => {
  const [header = "", payload, signature] = detachedSignature("content", "abcdef", "0123456789abcdef").split(".");
  expect(JSON.parse(Buffer.from(header, "base64url").toString())).toEqual({ alg: "HS256", kid: "abcdef" });
  expect(payload).toBe("");
  const signed = `${header}.${Buffer.from("content").toString("base64url")}`;
  expect(signature).toBe(createHmac("sha256", "0123456789abcdef").update(signed).digest("base64url"));
});

it("a template's hash does not depend on the order of its keys", () => {
  const template = { metadata: { labels: { a: "1", b: "2" } }, spec: { containers: [{ name: "c", image: "i" }] } };
  const turned = { spec: { containers: [{ image: "i", name: "c" }] }, metadata: { labels: { b: "2", a: "1" } } };
  expect(podTemplateHash(template)).toBe(podTemplateHash(turned));
  expect(podTemplateHash(template)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]+$/);
  expect(podTemplateHash(template, 1)).not.toBe(podTemplateHash(template));
});

it("percentages round as rolling updates need", () => {
  expect([scaledValue("25%", 3, true), scaledValue("25%", 3, false), scaledValue(2, 3, true)]).toEqual([1, 0, 2]);
});

it("quantities", () => {
  expect(["100m", "2", "16Mi", "1k", "nonsense"].map((text) => quantity(text))).toEqual([0.1, 2, 16_777_216, 1_000, 0]);
});

it("JSON is the same whatever the order of its members", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => sameJson(value, structuredClone(value))),
    { numRuns: 50 },
  );
  expect(sameJson({ a: 1, b: undefined }, { a: 1 })).toBe(true);
  expect(sameJson({ a: [1, 2] }, { a: [2, 1] })).toBe(false);
});
