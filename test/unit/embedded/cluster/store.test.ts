import { describe, expect, it } from "vitest";
import { ApiError } from "../../../../src/backends/embedded/cluster/api.ts";
import { objectAt, textAt } from "../../../../src/backends/embedded/cluster/json.ts";
import { ObjectStore, type StoredEvent } from "../../../../src/backends/embedded/cluster/store/store.ts";
import { EtcdData } from "../../../../src/backends/embedded/cluster/store/etcd.ts";
import { FileSystem, root } from "../../../../src/backends/embedded/machine/files/file-system.ts";
import { fakeClock } from "../fakes/machine.ts";
import { testServer } from "./test-server.ts";
import { send } from "./send.ts";

const put = (store: ObjectStore, key: string, value: number): void =>
  void store.put("things", key, (revision) => ({ metadata: { name: key, resourceVersion: String(revision) }, value }));

describe("the store", () => {
  it("gives each change the next revision and tells watchers in order", () => {
    const store = new ObjectStore();
    const seen: string[] = [];
    put(store, "a", 1);
    const stop = store.watch("things", 0, ({ type, revision }: StoredEvent) => seen.push(`${type} ${revision}`));
    put(store, "a", 2);
    store.delete("things", "a", () => ({}));
    stop();
    put(store, "b", 1);
    expect(seen).toEqual(["ADDED 2", "MODIFIED 3", "DELETED 4"]);
  });

  it("forgets old history and says so in the server's words", () => {
    const store = new ObjectStore();
    for (let index = 0; index < 6000; index += 1) put(store, "a", index);
    expect(() => store.watch("things", 5, () => undefined)).toThrow(ApiError);
    expect(() => store.watch("things", 5, () => undefined)).toThrow(`too old resource version: 5 (${store.oldest})`);
  });

  it("comes back from its file with a revision beyond everything that was seen", () => {
    const store = new ObjectStore();
    put(store, "a", 1);
    const saved = store.serialise();
    for (let index = 0; index < 500; index += 1) put(store, "a", index);
    const again = new ObjectStore();
    again.restore(JSON.parse(saved));
    expect(again.revision).toBeGreaterThan(store.revision);
    expect(again.get("things", "a")).toMatchObject({ value: 1 });
  });
});

describe("the database file", () => {
  const etcd = () => {
    const clock = fakeClock();
    const files = new FileSystem(clock).as(root);
    const data = new EtcdData(files, "/var/lib/etcd", clock);
    const path = "/var/lib/etcd/member/snap/db";
    const savedRevision = (): number => (JSON.parse(files.readText(path)) as { revision: number }).revision;
    const renew = (): void => void data.store.put("leases.coordination.k8s.io", "kube-node-lease/a", () => ({}));
    return { data, files, clock, savedRevision, renew };
  };

  it("is not written for each renewed lease, but never falls far behind", async () => {
    const { data, files, clock, savedRevision, renew } = etcd();
    renew();
    await clock.advance(1_000);
    const { version } = files.stat("/var/lib/etcd/member/snap/db");
    for (let index = 0; index < 100; index += 1) renew();
    await clock.advance(1_000);
    expect(files.stat("/var/lib/etcd/member/snap/db").version).toBe(version);
    for (let index = 0; index < 2_000; index += 1) {
      renew();
      await clock.advance(1_000);
    }
    expect(data.store.revision - savedRevision()).toBeLessThan(1_000);
  });

  it("never counts backwards, however often it comes back without having been saved", async () => {
    const { data, files, clock } = etcd();
    put(data.store, "a", 1);
    await clock.advance(1_000);
    let seen = data.store.revision;
    for (let round = 0; round < 3; round += 1) {
      const again = new EtcdData(files, "/var/lib/etcd", clock);
      expect(again.store.revision).toBeGreaterThan(seen);
      for (let index = 0; index < 900; index += 1) {
        again.store.put("leases.coordination.k8s.io", "kube-node-lease/a", () => ({}));
        await clock.advance(1_000);
      }
      seen = again.store.revision;
    }
  });
});

const configMaps = { apiVersion: "v1", resource: "configmaps", namespace: "default" };
const podKey = { apiVersion: "v1", resource: "pods", namespace: "default" };
const container = { name: "c", image: "x" };

describe("objects", () => {
  it("refuse a change that was made against an older version", async () => {
    const { client } = await testServer();
    const made = await client.create(configMaps, { metadata: { name: "c" } });
    await client.patch({ ...configMaps, name: "c" }, { data: { a: "b" } });
    await expect(client.update({ ...configMaps, name: "c" }, { ...made, data: { a: "z" } })).rejects.toThrow(
      'Operation cannot be fulfilled on configmaps "c": the object has been modified; please apply your changes to the latest version and try again',
    );
  });

  it("do not change when nothing in them changes", async () => {
    const { client, store } = await testServer();
    const made = await client.create(configMaps, { metadata: { name: "c" }, data: { a: "b" } });
    const before = store.revision;
    const same = await client.update({ ...configMaps, name: "c" }, made);
    expect(store.revision).toBe(before);
    expect(same.metadata["resourceVersion"]).toBe(made.metadata["resourceVersion"]);
  });

  it("are the caller's own copies", async () => {
    const { client } = await testServer();
    await client.create(configMaps, { metadata: { name: "c" }, data: { a: "b" } });
    const first = await client.get({ ...configMaps, name: "c" });
    if (first) first["data"] = { a: "changed" };
    expect(await client.get({ ...configMaps, name: "c" })).toMatchObject({ data: { a: "b" } });
  });

  it("count generations of the specification, not of the status", async () => {
    const { client } = await testServer();
    const key = { apiVersion: "apps/v1", resource: "deployments", namespace: "default" };
    const labels = { a: "b" };
    const template = { metadata: { labels }, spec: { containers: [container] } };
    await client.create(key, { metadata: { name: "d" }, spec: { selector: { matchLabels: labels }, template } });
    await client.patch({ ...key, name: "d" }, { spec: { replicas: 2 } });
    const after = await client.patch(
      { ...key, name: "d" },
      { spec: { replicas: 9 }, status: { replicas: 2 } },
      "status",
    );
    expect(after).toMatchObject({ metadata: { generation: 2 }, spec: { replicas: 2 }, status: { replicas: 2 } });
    await expect(
      client.patch({ ...key, name: "d" }, { spec: { selector: { matchLabels: { a: "c" } } } }),
    ).rejects.toThrow(
      'spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string{"a":"c"}, MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: field is immutable',
    );
  });

  it("that are pods on a node end gracefully, others at once", async () => {
    const { client } = await testServer();
    await client.create(podKey, { metadata: { name: "on" }, spec: { nodeName: "worker1", containers: [container] } });
    await client.create(podKey, { metadata: { name: "off" }, spec: { containers: [container] } });
    await client.delete({ ...podKey, name: "on" });
    await client.delete({ ...podKey, name: "off" });
    const going = await client.get({ ...podKey, name: "on" });
    expect(going?.metadata).toMatchObject({ deletionGracePeriodSeconds: 30 });
    expect(await client.get({ ...podKey, name: "off" })).toBeUndefined();
    await client.delete({ ...podKey, name: "on" }, { gracePeriodSeconds: 0 });
    expect(await client.get({ ...podKey, name: "on" })).toBeUndefined();
  });

  it("wait for their finalizers", async () => {
    const { client } = await testServer();
    await client.create(configMaps, { metadata: { name: "c", finalizers: ["lab/hold"] } });
    await client.delete({ ...configMaps, name: "c" });
    expect((await client.get({ ...configMaps, name: "c" }))?.metadata["deletionTimestamp"]).toBeDefined();
    await client.patch({ ...configMaps, name: "c" }, { metadata: { finalizers: null } });
    expect(await client.get({ ...configMaps, name: "c" })).toBeUndefined();
  });

  it("are bound to a node once", async () => {
    const { client } = await testServer();
    await client.create(podKey, { metadata: { name: "p" }, spec: { containers: [container] } });
    const binding = { metadata: { name: "p" }, target: { kind: "Node", name: "worker1" } };
    await client.create({ ...podKey, resource: "pods/binding" }, binding);
    expect(await client.get({ ...podKey, name: "p" })).toMatchObject({ spec: { nodeName: "worker1" } });
    await expect(client.create({ ...podKey, resource: "pods/binding" }, binding)).rejects.toThrow(
      'Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "worker1"',
    );
  });

  it("go with their namespace only when its finalizer is gone", async () => {
    const { client, server } = await testServer();
    const key = { apiVersion: "v1", resource: "namespaces", namespace: "", name: "lab" };
    await client.create(key, { metadata: { name: "lab" } });
    await client.delete(key);
    expect(await client.get(key)).toMatchObject({ status: { phase: "Terminating" } });
    const refused = await send(server, "POST", "/api/v1/namespaces/lab/configmaps", { metadata: { name: "c" } });
    expect(textAt(refused.body, "message")).toBe(
      'configmaps "c" is forbidden: unable to create new content in namespace lab because it is being terminated',
    );
    await send(
      server,
      "PATCH",
      "/api/v1/namespaces/lab",
      { spec: { finalizers: null } },
      { "content-type": "application/merge-patch+json" },
    );
    expect(await client.get(key)).toBeDefined();
    await client.patch(key, { spec: { finalizers: null } });
    expect(await client.get(key)).toBeUndefined();
  });

  it("lose what is empty when they are read", async () => {
    const { server } = await testServer();
    const made = await send(server, "POST", "/api/v1/namespaces/default/configmaps", {
      metadata: { name: "c", labels: {}, finalizers: [] },
      data: {},
    });
    expect(Object.keys(objectAt(made.body) ?? {}).toSorted()).toEqual(["apiVersion", "kind", "metadata"]);
    expect(objectAt(made.body, "metadata", "labels")).toBeUndefined();
  });

  it("page, and say how many are left", async () => {
    const { client, server } = await testServer();
    for (const name of ["a", "b", "c"]) await client.create(configMaps, { metadata: { name } });
    const first = await send(server, "GET", "/api/v1/namespaces/default/configmaps?limit=2");
    expect(first.body).toMatchObject({ metadata: { remainingItemCount: 1 }, items: [{ metadata: { name: "a" } }, {}] });
    const token = textAt(first.body, "metadata", "continue");
    const second = await send(server, "GET", `/api/v1/namespaces/default/configmaps?limit=2&continue=${token}`);
    expect(second.body).toMatchObject({ items: [{ metadata: { name: "c" } }] });
  });

  it("are watched as a table from what exists on", async () => {
    const { server } = await testServer();
    const accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    const path = "/api/v1/namespaces/default/services?watch=1&timeoutSeconds=1";
    const answer = await send(server, "GET", path, undefined, { accept });
    expect(answer.body).toMatchObject({
      type: "ADDED",
      object: {
        kind: "Table",
        rows: [
          {
            cells: [
              "kubernetes",
              "ClusterIP",
              "10.96.0.1",
              "<none>",
              "443/TCP",
              expect.stringMatching(/^\d+s$/),
              "<none>",
            ],
          },
        ],
      },
    });
  });
});
