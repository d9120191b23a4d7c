import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonPatch, mergePatch, strategicMerge } from "../../../../src/backends/embedded/cluster/api-server/patch.ts";
import { parseLabelSelector, selects } from "../../../../src/backends/embedded/cluster/api-server/selectors.ts";
import { equal, isObject, textAt } from "../../../../src/backends/embedded/cluster/json.ts";
import { kinds } from "../../../../src/backends/embedded/cluster/resources/kinds.ts";
import { send } from "./send.ts";
import { testServer } from "./test-server.ts";

const { server } = await testServer();

const contentTypes = [
  "application/json",
  "application/yaml",
  "application/vnd.kubernetes.protobuf",
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
  "text/plain",
];
const methods = fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD");
const collection = fc.constantFrom(
  ...kinds.map((kind) => {
    const root = kind.group ? `/apis/${kind.group}/${kind.version}` : `/api/${kind.version}`;
    return `${root}${kind.namespaced ? "/namespaces/default" : ""}/${kind.plural}`;
  }),
);
const tail = fc.oneof(
  fc.constant(""),
  fc.constantFrom(
    "/x",
    "/x/status",
    "/x/scale",
    "/x/log",
    "/x/binding",
    "/x/eviction",
    "/x/token",
    "/kubernetes",
    "//",
    "/%zz",
  ),
  fc.webPath(),
);
const query = fc.constantFrom(
  "",
  "?limit=1",
  "?continue=x",
  "?fieldValidation=Strict&fieldManager=a",
  "?dryRun=All",
  "?labelSelector=a in (",
  "?fieldSelector==",
  "?gracePeriodSeconds=x",
);
const fields = fc.constantFrom(
  "metadata",
  "spec",
  "status",
  "data",
  "name",
  "labels",
  "containers",
  "template",
  "selector",
  "matchLabels",
  "ports",
  "__proto__",
  "constructor",
  "rules",
  "subjects",
  "roleRef",
  "finalizers",
  "annotations",
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("tree"), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fields, fc.string()), tie("tree"), { maxKeys: 5 }),
  ),
}));
const body = fc.oneof(
  fc.json(),
  fc.string(),
  tree.map((value) => JSON.stringify(value)),
  fc.uint8Array({ maxLength: 200 }),
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.concat([Buffer.from("k8s\0"), bytes])),
);

describe("whatever is sent", () => {
  it("is answered, and never with an internal error", async () => {
    await fc.assert(
      fc.asyncProperty(
        methods,
        collection,
        tail,
        query,
        fc.constantFrom(...contentTypes),
        body,
        async (method, path, rest, search, type, content) => {
          const answer = await send(server, method, `${path}${rest}${search}`, content, { "content-type": type });
          expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(500);
        },
      ),
      { numRuns: 1500, seed: 11 },
    );
  });

  it("is answered when one part of a valid object is anything", async () => {
    const podSpec = {
      containers: [
        {
          name: "c",
          image: "x",
          ports: [{ containerPort: 80 }],
          env: [{ name: "A", value: "b" }],
          resources: { limits: { cpu: "1" } },
          volumeMounts: [{ name: "v", mountPath: "/v" }],
          livenessProbe: { httpGet: { port: 80 } },
        },
      ],
      volumes: [{ name: "v", emptyDir: {} }],
      tolerations: [{ operator: "Exists" }],
      nodeSelector: { a: "b" },
    };
    const labels = { a: "b" };
    const template = { metadata: { labels }, spec: podSpec };
    const valid: readonly (readonly [string, unknown])[] = [
      [
        "/apis/apps/v1/namespaces/default/deployments",
        {
          metadata: { name: "d" },
          spec: {
            replicas: 1,
            selector: { matchLabels: labels },
            template,
            strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } },
          },
        },
      ],
      [
        "/api/v1/namespaces/default/pods",
        {
          metadata: { name: "p", labels, ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: "x", uid: "y" }] },
          spec: podSpec,
        },
      ],
      [
        "/api/v1/namespaces/default/services",
        {
          metadata: { name: "s" },
          spec: {
            type: "NodePort",
            selector: labels,
            clusterIP: "10.96.0.9",
            ports: [{ name: "p", port: 80, targetPort: "web", nodePort: 31_555 }],
          },
        },
      ],
      [
        "/api/v1/nodes",
        {
          metadata: { name: "n" },
          spec: { taints: [{ key: "a", effect: "NoSchedule" }] },
          status: {
            conditions: [{ type: "Ready", status: "True" }],
            addresses: [{ type: "InternalIP", address: "10.0.0.1" }],
          },
        },
      ],
      [
        "/apis/batch/v1/namespaces/default/jobs",
        { metadata: { name: "j" }, spec: { template: { spec: { ...podSpec, restartPolicy: "Never" } } } },
      ],
      [
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
        {
          metadata: { name: "b" },
          roleRef: { kind: "ClusterRole", name: "x" },
          subjects: [{ kind: "User", name: "u" }],
        },
      ],
      ["/api/v1/namespaces/default/secrets", { metadata: { name: "s" }, data: { a: "Yg==" }, stringData: { c: "d" } }],
      [
        "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices",
        {
          metadata: { name: "e" },
          addressType: "IPv4",
          endpoints: [{ addresses: ["10.0.0.1"] }],
          ports: [{ port: 80 }],
        },
      ],
      [
        "/api/v1/namespaces/default/events",
        { metadata: { name: "e" }, involvedObject: { kind: "Pod", name: "p" }, count: 1, message: "m" },
      ],
    ];
    const table = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" };
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...valid),
        fc.array(fc.nat(), { minLength: 1, maxLength: 6 }),
        tree,
        fc.boolean(),
        async ([path, object], way, anything, apply) => {
          const changed = replaceAt(object, way, anything);
          const headers = { "content-type": apply ? "application/apply-patch+yaml" : "application/json", ...table };
          const name = textAt(object, "metadata", "name");
          const answer = apply
            ? await send(server, "PATCH", `${path}/${name}?fieldManager=fuzz&force=true`, changed, headers)
            : await send(server, "POST", path, changed, headers);
          expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(500);
          const list = await send(server, "GET", path, undefined, table);
          expect(list.status, JSON.stringify(list.body)).toBe(200);
          await send(server, "DELETE", `${path}/${name}?gracePeriodSeconds=0`);
        },
      ),
      { numRuns: 1500, seed: 18 },
    );
  });

  it("is answered on any path", async () => {
    await fc.assert(
      fc.asyncProperty(fc.webPath(), fc.webQueryParameters(), async (path, search) => {
        const answer = await send(server, "GET", `/${path}?${search}`);
        expect(answer.status).toBeLessThan(500);
      }),
      { numRuns: 300, seed: 12 },
    );
  });

  it("leaves the server's own objects readable", async () => {
    const answer = await send(server, "GET", "/api/v1/services");
    expect(answer.status).toBe(200);
  });
});

/** Puts a value where the numbers lead, each choosing one field or element. */
function replaceAt(value: unknown, way: readonly number[], put: unknown): unknown {
  const [step, ...rest] = way;
  if (step === undefined || typeof value !== "object" || value === null) return put;
  if (Array.isArray(value))
    return value.map((item, index) => (index === step % value.length ? replaceAt(item, rest, put) : item));
  const chosen = Object.keys(value)[step % Object.keys(value).length];
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, key === chosen ? replaceAt(item, rest, put) : item]),
  );
}

const object = fc
  .dictionary(
    fc.string({ minLength: 1 }).filter((key) => key !== "__proto__" && !key.startsWith("$")),
    tree,
  )
  .map((value) => JSON.parse(JSON.stringify(value)));
const clean = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(clean);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, item]) => key !== "__proto__" && item !== null)
      .map(([key, item]) => [key, clean(item)]),
  );
};

describe("patches", () => {
  it("of a merge are idempotent and leave the original alone", () => {
    fc.assert(
      fc.property(object, object, (target, patch) => {
        const before = JSON.stringify(target);
        const once = mergePatch(target, patch);
        expect(equal(mergePatch(once, patch), once)).toBe(true);
        expect(JSON.stringify(target)).toBe(before);
      }),
      { seed: 13 },
    );
  });

  it("of a strategic merge with nothing in them change nothing", () => {
    fc.assert(
      fc.property(object, (target) => {
        expect(strategicMerge(target, {}, "V1Deployment")).toEqual(target);
      }),
      { seed: 14 },
    );
  });

  it("of a strategic merge find containers by name, whatever their order", () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,5}$/), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(names, fc.nat(), (all, pick) => {
        const chosen = all[pick % all.length] ?? "";
        const target = { containers: all.map((name) => ({ name, image: "old", env: [{ name: "A", value: "1" }] })) };
        const patch = { containers: [{ name: chosen, image: "new", env: [{ name: "B", value: "2" }] }] };
        const result = strategicMerge(target, patch, "V1PodSpec");
        expect(result["containers"]).toEqual(
          all.map((name) =>
            name === chosen
              ? {
                  name,
                  image: "new",
                  // What the patch brings comes before what only the server has.
                  env: [
                    { name: "B", value: "2" },
                    { name: "A", value: "1" },
                  ],
                }
              : { name, image: "old", env: [{ name: "A", value: "1" }] },
          ),
        );
      }),
      { seed: 15 },
    );
  });

  it("of a strategic merge delete by name and replace as a whole when told so", () => {
    const target = {
      containers: [
        { name: "a", image: "1" },
        { name: "b", image: "2" },
      ],
    };
    expect(strategicMerge(target, { containers: [{ $patch: "delete", name: "a" }] }, "V1PodSpec")).toEqual({
      containers: [{ name: "b", image: "2" }],
    });
    expect(
      strategicMerge(target, { containers: [{ $patch: "replace" }, { name: "c", image: "3" }] }, "V1PodSpec"),
    ).toEqual({
      containers: [{ name: "c", image: "3" }],
    });
  });

  it("of JSON are undone by their opposite", () => {
    fc.assert(
      fc.property(object, fc.string(), (target, value) => {
        const start = clean(target);
        if (!isObject(start)) return;
        const added = jsonPatch(start, [{ op: "add", path: "/~0new~1field", value }]);
        expect(added["~new/field"]).toBe(value);
        const { "~new/field": _old, ...rest } = start;
        expect(jsonPatch(added, [{ op: "remove", path: "/~0new~1field" }])).toEqual(rest);
      }),
      { seed: 16 },
    );
  });
});

it("reads label selectors as it writes them", () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
  fc.assert(
    fc.property(name, fc.uniqueArray(name, { minLength: 1, maxLength: 3 }), name, (key, values, other) => {
      const labels = { [key]: other };
      expect(selects(parseLabelSelector(`${key} in (${values.join(", ")})`), labels)).toBe(values.includes(other));
      expect(selects(parseLabelSelector(`${key} notin (${values.join(",")})`), labels)).toBe(!values.includes(other));
      expect(selects(parseLabelSelector(`${key}==${other},!missing`), labels)).toBe(key !== "missing");
    }),
    { seed: 17 },
  );
});
