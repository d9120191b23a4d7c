import { beforeEach, describe, expect, it } from "vitest";
import { adminKubeconfig, served, typist, type Typist } from "./lab.ts";
import { testServer, type TestServer } from "../cluster/test-server.ts";

const manifest = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: wasmedge-deploy
spec:
  replicas: 3
  selector:
    matchLabels:
      app: app-wasmedge
  template:
    metadata:
      labels:
        app: app-wasmedge
      annotations:
        module.wasm.image/variant: compat-smart
    spec:
      containers:
      - name: wasmedge-http-server
        image: wasmedge/example-wasi-http:compat-smart
      nodeSelector:
        wasmedge: "true"
---
apiVersion: v1
kind: Service
metadata:
  name: wasmedge-service
spec:
  type: NodePort
  selector:
    app: app-wasmedge
  ports:
  - port: 80
    targetPort: 1234
    nodePort: 31001
`;

let api: TestServer;
let lab: Typist;
const kubectl = (line: string, options: Parameters<Typist["run"]>[1] = {}) =>
  lab.run(["kubectl", ...line.split(" ")], options);

beforeEach(async () => {
  api = await testServer();
  lab = typist((url, options) => served(api.server, url, options), "1.32.3");
  lab.machine.rootFiles.makeDirectories("/root/.kube");
  lab.machine.rootFiles.write("/root/.kube/config", adminKubeconfig);
  lab.machine.rootFiles.write("/root/app.yml", manifest);
});

describe("kubectl on a cluster", () => {
  it("applies, tells changes from none, and deletes", async () => {
    expect(await kubectl("apply -f app.yml")).toMatchObject({
      exitCode: 0,
      all: "deployment.apps/wasmedge-deploy created\nservice/wasmedge-service created\n",
    });
    expect((await kubectl("apply -f app.yml")).all).toBe(
      "deployment.apps/wasmedge-deploy unchanged\nservice/wasmedge-service unchanged\n",
    );
    lab.machine.rootFiles.write("/root/app.yml", manifest.replace("replicas: 3", "replicas: 2"));
    expect((await kubectl("apply -f app.yml")).all).toBe(
      "deployment.apps/wasmedge-deploy configured\nservice/wasmedge-service unchanged\n",
    );
    expect((await kubectl("get deployments")).stdout).toMatch(
      /^NAME {14}READY {3}UP-TO-DATE {3}AVAILABLE {3}AGE\nwasmedge-deploy {3}0\/2 {5}0 {12}0 {11}\ds\n$/,
    );
    expect((await kubectl("delete -f app.yml")).all).toBe(
      'deployment.apps "wasmedge-deploy" deleted\nservice "wasmedge-service" deleted\n',
    );
    expect((await kubectl("get deployments")).all).toBe("No resources found in default namespace.\n");
  });

  it("refuses what the API refuses, in its words", async () => {
    await kubectl("apply -f app.yml");
    expect(await kubectl("create -f app.yml")).toMatchObject({
      exitCode: 1,
      stderr:
        'Error from server (AlreadyExists): error when creating "app.yml": deployments.apps "wasmedge-deploy" already exists\n' +
        'Error from server (Invalid): error when creating "app.yml": Service "wasmedge-service" is invalid: spec.ports[0].nodePort: Invalid value: 31001: provided port is already allocated\n',
    });
    lab.machine.rootFiles.write("/root/bad.yml", manifest.replace("kind: Deployment", "kind: Deploymnt"));
    expect((await kubectl("apply -f bad.yml")).all).toBe(
      'service/wasmedge-service unchanged\nerror: resource mapping not found for name: "wasmedge-deploy" namespace: "" from "bad.yml": no matches for kind "Deploymnt" in version "apps/v1"\nensure CRDs are installed first\n',
    );
    expect((await kubectl("get pod nope")).all).toBe('Error from server (NotFound): pods "nope" not found\n');
    expect((await kubectl("get deployment nope")).all).toBe(
      'Error from server (NotFound): deployments.apps "nope" not found\n',
    );
    expect((await kubectl("gett pods")).all).toBe(
      'error: unknown command "gett" for "kubectl"\n\nDid you mean this?\n\tset\n\tget\n',
    );
    expect((await kubectl("get nopes")).all).toBe('error: the server doesn\'t have a resource type "nopes"\n');
    expect((await kubectl("get pods --bogus")).all).toBe(
      "error: unknown flag: --bogus\nSee 'kubectl get --help' for usage.\n",
    );
    expect((await kubectl("scale deployment nope --replicas=2")).all).toBe(
      'error: no objects passed to scale deployments.apps "nope" not found\n',
    );
    expect((await kubectl("logs nope")).all).toBe(
      'error: error from server (NotFound): pods "nope" not found in namespace "default"\n',
    );
  });

  it("labels nodes as recorded", async () => {
    await api.client.create(
      { apiVersion: "v1", resource: "nodes", namespace: "" },
      { apiVersion: "v1", kind: "Node", metadata: { name: "worker1" } },
    );
    expect((await kubectl("label nodes worker1 wasmedge=true")).all).toBe("node/worker1 labeled\n");
    expect(await kubectl("label nodes worker1 wasmedge=false")).toMatchObject({
      exitCode: 1,
      all: "error: 'wasmedge' already has a value (true), and --overwrite is false\n",
    });
    expect((await kubectl("label nodes worker1 wasmedge=false --overwrite")).all).toBe("node/worker1 labeled\n");
    expect((await kubectl("label nodes worker1 wasmedge-")).all).toBe("node/worker1 unlabeled\n");
    expect((await kubectl("label nodes worker1 nolabel-")).all).toBe(
      'label "nolabel" not found.\nnode/worker1 not labeled\n',
    );
    expect((await kubectl("taint nodes worker1 wasm=only:NoSchedule")).all).toBe("node/worker1 tainted\n");
    expect((await kubectl("taint nodes worker1 wasm-")).all).toBe("node/worker1 untainted\n");
    expect((await kubectl("cordon worker1")).all).toBe("node/worker1 cordoned\n");
    expect((await kubectl("cordon worker1")).all).toBe("node/worker1 already cordoned\n");
  });

  it("says where it found no cluster", async () => {
    const away = typist(() => undefined);
    const outcome = await away.run(["kubectl", "get", "nodes"]);
    expect(outcome.exitCode).toBe(1);
    const lines = outcome.stderr.trimEnd().split("\n");
    expect(lines).toHaveLength(6);
    expect(lines[0]).toMatch(
      /^E\d{4} .*memcache.go:265\] couldn't get current server API group list: Get "http:\/\/localhost:8080\/api\?timeout=32s": dial tcp 127.0.0.1:8080: connect: connection refused$/,
    );
    expect(lines[5]).toBe(
      "The connection to the server localhost:8080 was refused - did you specify the right host or port?",
    );
    away.machine.rootFiles.makeDirectories("/etc/kubernetes");
    away.machine.rootFiles.writeWithMode("/etc/kubernetes/admin.conf", adminKubeconfig, 0o600);
    expect(
      (await away.run(["kubectl", "get", "nodes", "--kubeconfig", "/etc/kubernetes/admin.conf"], { user: "ubuntu" }))
        .all,
    ).toBe(
      'error: error loading config file "/etc/kubernetes/admin.conf": open /etc/kubernetes/admin.conf: permission denied\n',
    );
  });
});
