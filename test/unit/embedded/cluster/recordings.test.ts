import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { UserInfo } from "../../../../src/backends/embedded/cluster/api.ts";
import { testServer, type TestServer } from "./test-server.ts";
import { send } from "./send.ts";

interface Recording {
  request: string;
  requestHeaders: Record<string, string>;
  requestBody: unknown;
  status: string;
  responseHeaders: Record<string, string>;
  body: unknown;
}

const folder = join(import.meta.dirname, "../../../fixtures/recordings");
const read = (name: string): Recording => JSON.parse(readFileSync(join(folder, `${name}.http.json`), "utf8"));

const admin: UserInfo = { name: "kubernetes-admin", groups: ["system:masters", "system:authenticated"] };
const anonymous: UserInfo = { name: "system:anonymous", groups: ["system:unauthenticated"] };

/** Fields that differ from run to run. */
const volatile = new Set([
  "uid",
  "resourceVersion",
  "creationTimestamp",
  "managedFields",
  "storageVersionHash",
  "clusterIP",
]);

function normalise(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normalise);
  if (typeof value === "string") {
    return value
      .replace(/kube-api-access-[a-z0-9]{5}/, "kube-api-access-00000")
      .replace(/gen-[a-z0-9]{5}/, "gen-00000")
      .replace(/record \([-0-9a-f]{36}\)/, "record (uid)");
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !volatile.has(key))
      .map(([key, item]) => [key, normalise(item)]),
  );
}

let lab: TestServer;

const pod = { metadata: { name: "evicted" }, spec: { containers: [{ name: "c", image: "x" }] } };
const deployment = {
  metadata: { name: "wasmedge-deploy" },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: "app-wasmedge" } },
    template: {
      metadata: { labels: { app: "app-wasmedge" } },
      spec: { containers: [{ name: "wasmedge-http-server", image: "wasmedge/example-wasi-http:compat-smart" }] },
    },
  },
};

beforeAll(async () => {
  lab = await testServer();
  const { client } = lab;
  await client.create({ apiVersion: "v1", resource: "nodes", namespace: "" }, { metadata: { name: "worker1" } });
  await client.create({ apiVersion: "apps/v1", resource: "deployments", namespace: "default" }, deployment);
  await client.create(
    { apiVersion: "node.k8s.io/v1", resource: "runtimeclasses", namespace: "" },
    { metadata: { name: "wasmtime-spin-v2" }, handler: "spin", scheduling: { nodeSelector: { spin: "true" } } },
  );
  await client.create(
    { apiVersion: "v1", resource: "services", namespace: "default" },
    {
      metadata: { name: "taken" },
      spec: { type: "NodePort", selector: { a: "b" }, ports: [{ port: 80, nodePort: 31_001 }] },
    },
  );
  await client.create({ apiVersion: "v1", resource: "pods", namespace: "default" }, pod);
});

describe("answers as the recorded server does", () => {
  it.each([
    "4005-http-apis-apps-v1",
    "4007-http-apis-node-v1",
    "4009-http-apis-coordination-v1",
    "4010-http-apis-discovery-v1",
    "4011-http-apis-batch-v1",
    "4012-http-apis-rbac-v1",
    "4003-http-apis",
    "4004-http-api-v1",
    "4006-http-apis-apps",
    "4013-http-aggregated-api",
    "4014-http-aggregated-apis",
    "4248-err-404-pod",
    "4251-err-404-group",
    "4252-err-404-path",
    "4255-err-409-exists",
    "4256-err-409-conflict",
    "4258-err-422-deployment-empty",
    "4259-err-422-deployment-badname",
    "4261-err-422-pod-nocontainers",
    "4262-err-422-runtimeclass",
    "4265-err-422-nodeport-range",
    "4266-err-422-nodeport-taken",
    "4267-err-422-label",
    "4270-err-403-rc-conflict",
    "4271-err-400-json",
    "4272-err-400-type",
    "4275-err-400-strict-unknown",
    "4276-warn-unknown-field",
    "4278-err-400-fieldselector",
    "4279-err-400-continue",
    "4280-err-405",
    "4281-err-406",
    "4282-err-415",
    "4283-err-415-patch",
    "4287-err-403-impersonate",
    "4291-create-generateName",
    "4293-create-pod-dryrun-defaults",
    "4300-err-ssa-no-manager",
    "4305-err-delete-precondition",
  ])("%s", async (name) => {
    const recording = read(name);
    const answer = await replay(recording, admin);
    expect(normalise(answer.body)).toEqual(normalise(recording.body));
    expect(`${answer.status}`).toBe(recording.status.split(" ")[0]);
    expect(answer.headers["warning"]).toBe(recording.responseHeaders["Warning"]);
    expect(answer.headers["content-type"]).toBe(recording.responseHeaders["Content-Type"]);
  });

  it("refuses the anonymous user", async () => {
    const recording = read("4284-err-403-anonymous");
    const answer = await replay(recording, anonymous);
    expect(answer.body).toEqual(recording.body);
  });

  it("evicts a pod", async () => {
    const recording = read("4306-pod-eviction");
    const path = "/api/v1/namespaces/default/pods/evicted/eviction";
    const answer = await send(lab.server, "POST", path, recording.requestBody, { "content-type": "application/json" });
    expect(answer.body).toEqual(recording.body);
  });
});

function replay(recording: Recording, user: UserInfo): ReturnType<typeof send> {
  const [method = "", target = ""] = recording.request.split(" ");
  const headers = Object.fromEntries(
    Object.entries(recording.requestHeaders).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return send(lab.server, method, target, recording.requestBody, headers, user);
}
