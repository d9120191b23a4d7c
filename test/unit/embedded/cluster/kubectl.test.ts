import { execFile } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serve, type Served } from "./serve.ts";
import { testServer, type TestServer } from "./test-server.ts";

const run = promisify(execFile);

/** Whether this computer has a real kubectl. */
const hasKubectl = (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
  try {
    accessSync(join(folder, "kubectl"), constants.X_OK);
    return true;
  } catch {
    return false;
  }
});

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
    - protocol: TCP
      port: 1234
      targetPort: 1234
      nodePort: 31001
`;

let lab: TestServer;
let served: Served;
let folder: string;

interface Output {
  stdout: string;
  stderr: string;
}

async function kubectl(...args: string[]): Promise<Output> {
  const environment = {
    ...process.env,
    KUBECONFIG: join(folder, "config"),
    HOME: folder,
    KUBECTL_EXTERNAL_DIFF: "diff -u",
  };
  try {
    return await run("kubectl", args, { env: environment, cwd: folder, timeout: 30_000 });
  } catch (error) {
    if (error instanceof Error && "stdout" in error && "stderr" in error) {
      return { stdout: String(error.stdout), stderr: String(error.stderr) };
    }
    throw error;
  }
}

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return name;
};

describe.skipIf(!hasKubectl)("the real kubectl", { timeout: 60_000 }, () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "lab-kubectl-"));
    lab = await testServer();
    await lab.client.create(
      { apiVersion: "v1", resource: "nodes", namespace: "" },
      {
        metadata: { name: "worker1", labels: { "kubernetes.io/hostname": "worker1" } },
        status: {
          conditions: [{ type: "Ready", status: "True" }],
          addresses: [{ type: "InternalIP", address: "10.0.0.177" }],
          nodeInfo: {
            kubeletVersion: "v1.28.2",
            osImage: "Ubuntu 20.04.6 LTS",
            kernelVersion: "5.4.0-172-generic",
            containerRuntimeVersion: "cri-o://1.24.6",
          },
        },
      },
    );
    served = await serve(lab.server);
    writeFileSync(join(folder, "config"), served.kubeconfig, { mode: 0o600 });
    file("m.yml", manifest);
  });

  afterAll(async () => {
    await served.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("applies the manifest of method 1, and finds nothing to do the second time", async () => {
    expect(await kubectl("apply", "-f", "m.yml")).toEqual({
      stdout: "deployment.apps/wasmedge-deploy created\nservice/wasmedge-service created\n",
      stderr: "",
    });
    expect((await kubectl("apply", "-f", "m.yml")).stdout).toBe(
      "deployment.apps/wasmedge-deploy unchanged\nservice/wasmedge-service unchanged\n",
    );
  });

  it("shows tables", async () => {
    const nodes = (await kubectl("get", "nodes", "-o", "wide")).stdout;
    expect(nodes).toMatch(/^NAME\s+STATUS\s+ROLES\s+AGE\s+VERSION\s+INTERNAL-IP\s+EXTERNAL-IP\s+OS-IMAGE/);
    expect(nodes).toMatch(
      /worker1\s+Ready\s+<none>\s+\d+s\s+v1\.28\.2\s+10\.0\.0\.177\s+<none>\s+Ubuntu 20\.04\.6 LTS/,
    );
    const all = (await kubectl("get", "all")).stdout;
    expect(all).toMatch(/deployment\.apps\/wasmedge-deploy\s+0\/3\s+0\s+0\s+\d+s/);
    expect(all).toMatch(/service\/wasmedge-service\s+NodePort\s+10\.\d+\.\d+\.\d+\s+<none>\s+1234:31001\/TCP/);
  });

  it("takes a node port away with the type that had it, and refuses one that is asked for", async () => {
    const service = ["service", "wasmedge-service"];
    const patch = (spec: unknown) => kubectl("patch", ...service, "-p", JSON.stringify({ spec }));
    await patch({ type: "ClusterIP" });
    expect((await kubectl("get", ...service)).stdout).toMatch(/ClusterIP .* 1234\/TCP /);
    const asked = await patch({ type: "ClusterIP", ports: [{ port: 1234, nodePort: 31_005 }] });
    expect(asked.stderr).toContain("spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'");
    await patch({ type: "NodePort", ports: [{ port: 1234, nodePort: 31_001 }] });
  });

  it("prints fields and selections", async () => {
    const path = "-o=jsonpath={.items[*].spec.template.spec.nodeSelector.wasmedge}";
    expect((await kubectl("get", "deploy", path)).stdout).toBe("true");
    const columns = "-o=custom-columns=N:.metadata.name,R:.spec.replicas";
    expect((await kubectl("get", "deploy", columns)).stdout).toMatch(/N\s+R\nwasmedge-deploy\s+3\n/);
    expect((await kubectl("get", "nodes", "-l", "wasmedge=true")).stderr).toBe("No resources found\n");
  });

  it("labels, annotates, taints and cordons", async () => {
    expect((await kubectl("label", "nodes", "worker1", "wasmedge=true")).stdout).toBe("node/worker1 labeled\n");
    expect((await kubectl("label", "nodes", "worker1", "wasmedge=false")).stderr).toContain(
      "already has a value (true)",
    );
    expect((await kubectl("label", "nodes", "worker1", "wasmedge-")).stdout).toBe("node/worker1 unlabeled\n");
    expect((await kubectl("annotate", "deploy", "wasmedge-deploy", "note=hello")).stdout).toContain("annotated");
    expect((await kubectl("taint", "nodes", "worker1", "wasm=only:NoSchedule")).stdout).toBe("node/worker1 tainted\n");
    expect((await kubectl("taint", "nodes", "worker1", "wasm-")).stdout).toBe("node/worker1 untainted\n");
    expect((await kubectl("cordon", "worker1")).stdout).toBe("node/worker1 cordoned\n");
    expect((await kubectl("get", "nodes")).stdout).toContain("Ready,SchedulingDisabled");
    expect((await kubectl("uncordon", "worker1")).stdout).toBe("node/worker1 uncordoned\n");
  });

  it("creates what it sends as protobuf", async () => {
    expect((await kubectl("create", "ns", "lab")).stdout).toBe("namespace/lab created\n");
    expect((await kubectl("create", "configmap", "c", "--from-literal=a=b")).stdout).toBe("configmap/c created\n");
    expect((await kubectl("get", "cm", "c", "-o=jsonpath={.data.a}")).stdout).toBe("b");
    expect((await kubectl("create", "secret", "generic", "s", "--from-literal=a=b")).stdout).toBe("secret/s created\n");
    expect((await kubectl("get", "secret", "s", "-o=jsonpath={.data.a}")).stdout).toBe("Yg==");
    await kubectl("create", "deployment", "hello", "--image=docker.io/haw/hello:v1", "--replicas=2", "--port=80");
    const hello = (
      await kubectl("get", "deploy", "hello", "-o=jsonpath={.spec.replicas} {.spec.template.spec.containers[0]}")
    ).stdout;
    expect(hello).toMatch(
      /^2 \{"image":"docker\.io\/haw\/hello:v1".*"ports":\[\{"containerPort":80,"protocol":"TCP"\}\]/,
    );
    expect((await kubectl("create", "service", "nodeport", "n", "--tcp=80:8080")).stdout).toBe("service/n created\n");
    expect((await kubectl("get", "svc", "n", "-o=jsonpath={.spec.ports[0].targetPort}")).stdout).toBe("8080");
  });

  it("scales, sets images, restarts and deletes", async () => {
    expect((await kubectl("scale", "deploy", "wasmedge-deploy", "--replicas=5")).stdout).toBe(
      "deployment.apps/wasmedge-deploy scaled\n",
    );
    expect((await kubectl("set", "image", "deploy/hello", "hello=haw/hello:v2")).stdout).toBe(
      "deployment.apps/hello image updated\n",
    );
    expect((await kubectl("rollout", "restart", "deploy/hello")).stdout).toBe("deployment.apps/hello restarted\n");
    expect((await kubectl("patch", "deploy", "hello", "-p", '{"spec":{"replicas":1}}')).stdout).toBe(
      "deployment.apps/hello patched\n",
    );
    expect((await kubectl("delete", "deploy", "hello")).stdout).toContain('deployment.apps "hello" deleted');
    expect((await kubectl("get", "deploy", "hello")).stderr).toBe(
      'Error from server (NotFound): deployments.apps "hello" not found\n',
    );
  });

  it("is told about mistakes in the server's words", async () => {
    file("unknown.yml", manifest.replace("image:", "imagee:").replaceAll("wasmedge-deploy", "other"));
    expect((await kubectl("apply", "-f", "unknown.yml")).stderr).toContain(
      'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.template.spec.containers[0].imagee"',
    );
    file(
      "mismatch.yml",
      manifest.replace(/(labels:\n\s+app: )app-wasmedge/, "$1other").replaceAll("wasmedge-deploy", "other"),
    );
    expect((await kubectl("apply", "-f", "mismatch.yml")).stderr).toBe(
      'The Deployment "other" is invalid: spec.template.metadata.labels: Invalid value: map[string]string{"app":"other"}: `selector` does not match template `labels`\n',
    );
    file("kind.yml", manifest.replace("Deployment", "Deploymnt"));
    expect((await kubectl("apply", "-f", "kind.yml")).stderr).toContain(
      'no matches for kind "Deploymnt" in version "apps/v1"',
    );
  });

  it("replaces a service without its addresses, and drains a node of what it evicts", async () => {
    const address = "-o=jsonpath={.spec.clusterIP}";
    const before = (await kubectl("get", "svc", "wasmedge-service", address)).stdout;
    expect((await kubectl("replace", "-f", "m.yml")).stdout).toContain("service/wasmedge-service replaced");
    expect((await kubectl("get", "svc", "wasmedge-service", address)).stdout).toBe(before);
    await kubectl("scale", "deploy", "wasmedge-deploy", "--replicas=5");
    await kubectl("run", "here", "--image=x", '--overrides={"spec":{"nodeName":"worker1"}}');
    expect((await kubectl("drain", "worker1", "--force", "--timeout=1s")).stdout).toContain(
      "evicting pod default/here",
    );
    expect((await kubectl("get", "pods", "here")).stdout).toContain("Terminating");
    await kubectl("uncordon", "worker1");
  });

  it("shows a difference, explains fields and asks what it may", async () => {
    expect((await kubectl("diff", "-f", "m.yml")).stdout).toMatch(/-\s+replicas: 5\n\+\s+replicas: 3/);
    expect((await kubectl("explain", "pod.spec.containers.ports")).stdout).toMatch(
      /containerPort\s+<integer> -required-/,
    );
    expect((await kubectl("auth", "can-i", "create", "deployments")).stdout).toBe("yes\n");
    expect((await kubectl("auth", "can-i", "create", "deployments", "--as=alice")).stdout).toBe("no\n");
    expect((await kubectl("auth", "whoami")).stdout).toMatch(/Username\s+kubernetes-admin/);
    expect((await kubectl("api-resources", "--api-group=apps")).stdout).toMatch(
      /deployments\s+deploy\s+apps\/v1\s+true\s+Deployment/,
    );
  });

  it("applies on the server's side, and hears of conflicts", async () => {
    await kubectl("delete", "-f", "m.yml");
    expect((await kubectl("apply", "--server-side", "-f", "m.yml")).stdout).toBe(
      "deployment.apps/wasmedge-deploy serverside-applied\nservice/wasmedge-service serverside-applied\n",
    );
    file("four.yml", manifest.replace("replicas: 3", "replicas: 4"));
    expect((await kubectl("apply", "--server-side", "--field-manager=other", "-f", "four.yml")).stderr).toContain(
      'Apply failed with 1 conflict: conflict with "kubectl": .spec.replicas',
    );
    const forced = ["apply", "--server-side", "--force-conflicts", "--field-manager=other", "-f", "four.yml"];
    expect((await kubectl(...forced)).stdout).toContain("serverside-applied");
    expect((await kubectl("get", "deploy", "wasmedge-deploy", "-o=jsonpath={.spec.replicas}")).stdout).toBe("4");
  });

  it("watches", async () => {
    await kubectl("create", "configmap", "w", "--from-literal=n=1");
    const watched = await kubectl("get", "cm", "-w", "-o=jsonpath={.metadata.name} ", "--request-timeout=1s");
    expect(watched.stdout).toContain("w ");
  });

  it("runs and describes a pod", async () => {
    expect((await kubectl("run", "p", "--image=nginx")).stdout).toBe("pod/p created\n");
    const described = (await kubectl("describe", "pod", "p")).stdout;
    expect(described).toMatch(/QoS Class:\s+BestEffort/);
    expect(described).toMatch(/node\.kubernetes\.io\/not-ready:NoExecute op=Exists for 300s/);
    expect((await kubectl("delete", "pod", "p", "--now")).stdout).toContain('pod "p" deleted');
  });
});
