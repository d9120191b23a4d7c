import { describe, expect, it } from "vitest";
import { decodeProtobuf } from "../../../../src/backends/embedded/cluster/api-server/protobuf.ts";
import {
  KubeconfigError,
  clientConfig,
  parseKubeconfig,
} from "../../../../src/backends/embedded/cluster/clients/index.ts";
import { at, objectsAt } from "../../../../src/backends/embedded/cluster/json.ts";
import { FileSystem, root } from "../../../../src/backends/embedded/machine/files/file-system.ts";
import { realClock } from "../fakes/machine.ts";
import { send, type Answer } from "./send.ts";
import { testServer } from "./test-server.ts";

const path = "/apis/apps/v1/namespaces/default/deployments/d";
const deployment = (spec: object, env: object[] = []): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "d" },
  spec: {
    selector: { matchLabels: { app: "a" } },
    template: { metadata: { labels: { app: "a" } }, spec: { containers: [{ name: "c", image: "i", env }] } },
    ...spec,
  },
});

describe("server-side apply", () => {
  const headers = { "content-type": "application/apply-patch+yaml" };
  const apply = async (
    lab: Awaited<ReturnType<typeof testServer>>,
    owner: string,
    object: object,
    query = "",
  ): Promise<Answer> => send(lab.server, "PATCH", `${path}?fieldManager=${owner}${query}`, object, headers);
  const env = (answer: Answer): unknown[] =>
    objectsAt(answer.body, "spec", "template", "spec", "containers").map((container) => container["env"]);

  it("makes what is not there and owns what it names", async () => {
    const lab = await testServer();
    const made = await apply(lab, "one", deployment({ replicas: 3 }));
    expect(made.status).toBe(201);
    expect(objectsAt(made.body, "metadata", "managedFields")).toMatchObject([
      {
        manager: "one",
        operation: "Apply",
        fieldsV1: {
          "f:spec": {
            "f:replicas": {},
            "f:selector": {},
            "f:template": {
              "f:spec": { "f:containers": { 'k:{"name":"c"}': { ".": {}, "f:image": {}, "f:name": {} } } },
            },
          },
        },
      },
    ]);
  });

  it("refuses to take a field from another owner, unless forced", async () => {
    const lab = await testServer();
    await apply(lab, "one", deployment({ replicas: 3 }));
    const refused = await apply(lab, "two", deployment({ replicas: 4 }));
    expect(refused.body).toMatchObject({
      code: 409,
      message: 'Apply failed with 1 conflict: conflict with "one": .spec.replicas',
      details: { causes: [{ reason: "FieldManagerConflict", field: ".spec.replicas" }] },
    });
    const forced = await apply(lab, "two", deployment({ replicas: 4 }), "&force=true");
    expect(at(forced.body, "spec", "replicas")).toBe(4);
    const again = await apply(lab, "one", deployment({ replicas: 5 }));
    expect(again.body).toMatchObject({ message: 'Apply failed with 1 conflict: conflict with "two": .spec.replicas' });
  });

  it("takes away what its owner no longer names, and nothing of others", async () => {
    const lab = await testServer();
    await apply(
      lab,
      "one",
      deployment({}, [
        { name: "A", value: "1" },
        { name: "B", value: "2" },
      ]),
    );
    await apply(lab, "two", deployment({}, [{ name: "C", value: "3" }]));
    const fewer = await apply(lab, "one", deployment({}, [{ name: "A", value: "1" }]));
    expect(env(fewer)).toEqual([
      [
        { name: "A", value: "1" },
        { name: "C", value: "3" },
      ],
    ]);
  });

  it("meets what others changed by update", async () => {
    const lab = await testServer();
    await apply(lab, "one", deployment({ replicas: 3 }));
    const merge = { "content-type": "application/merge-patch+json" };
    await send(lab.server, "PATCH", `${path}?fieldManager=kubectl-edit`, { spec: { replicas: 7 } }, merge);
    const refused = await apply(lab, "one", deployment({ replicas: 3 }));
    expect(refused.body).toMatchObject({
      message: 'Apply failed with 1 conflict: conflict with "kubectl-edit" using apps/v1: .spec.replicas',
    });
  });

  it("changes nothing the second time", async () => {
    const lab = await testServer();
    await apply(lab, "one", deployment({ replicas: 3 }));
    const before = lab.store.revision;
    expect((await apply(lab, "one", deployment({ replicas: 3 }))).status).toBe(200);
    expect(lab.store.revision).toBe(before);
  });
});

describe("protobuf", () => {
  const field = (number: number, bytes: readonly number[] | string): number[] => {
    const content = typeof bytes === "string" ? [...Buffer.from(bytes)] : bytes;
    return [number * 8 + 2, content.length, ...content];
  };
  const magic = [...Buffer.from("k8s\0")];
  const type = field(1, [...field(1, "v1"), ...field(2, "ConfigMap")]);

  it("is read by the table of messages", () => {
    const pair = field(2, [...field(1, "key"), ...field(2, "value")]);
    const raw = field(2, [...field(1, field(1, "name")), ...pair]);
    expect(decodeProtobuf(Uint8Array.from([...magic, ...type, ...raw]), "ConfigMap")).toEqual({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "name" },
      data: { key: "value" },
    });
  });

  it("that is cut off is refused", () => {
    expect(decodeProtobuf(Uint8Array.from([...magic, ...type, 18, 200]), "ConfigMap")).toBeUndefined();
  });
});

describe("a kubeconfig", () => {
  const files = new FileSystem(realClock()).as(root);
  files.makeDirectories("/etc/k");
  files.write("/etc/k/ca.crt", "AUTHORITY");
  const text = `apiVersion: v1
clusters: [{name: c, cluster: {server: "https://10.0.0.182:6443", certificate-authority: ca.crt, tls-server-name: kubernetes}}]
users: [{name: u, user: {token: abc}}]
contexts: [{name: x, context: {cluster: c, user: u, namespace: lab}}]
current-context: x
`;

  it("is read with files beside it", () => {
    expect(clientConfig(parseKubeconfig(text, "/etc/k/conf"), files, "/etc/k/conf")).toEqual({
      server: "https://10.0.0.182:6443",
      authority: "AUTHORITY",
      serverName: "kubernetes",
      token: "abc",
      namespace: "lab",
    });
  });

  it("that names nothing is refused", () => {
    expect(() => clientConfig({}, files, "/etc/k/conf")).toThrow(KubeconfigError);
    expect(() => clientConfig(parseKubeconfig(text, "p"), files, "/etc/k/conf", "other")).toThrow(
      'context "other" does not exist',
    );
    expect(() => parseKubeconfig("just text", "/p")).toThrow('error loading config file "/p"');
  });
});
