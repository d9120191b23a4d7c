import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { openScene, type Scene } from "../support/scene.ts";

/** Ways that learners leave the path on a finished lab, and what a real cluster answers them. */
let scene: Scene;
const manifest = "~/wasmedge-app-manifest.yml";
const greeting = "Hello HAW!! from WasmEdge App";
const ask = "curl -sS 10.0.0.177:31001";

beforeAll(async () => {
  scene = await openScene();
  await scene.solve("control-plane");
  await scene.solve("crun-build");
  await scene.solve("crun-node");
  await scene.solve("crun-deploy", { until: "greeting" });
  // Three pods are also there before a rollout begins.
  await scene.type("master", "kubectl rollout status deployment/wasmedge-deploy");
  await scene.see("master", "kubectl get pods --no-headers | wc -l", /^3$/m);
  await scene.save("finished");
});
afterAll(() => scene.close());
beforeEach(() => scene.restore("finished"));

const master = async (lines: string): Promise<string> => (await scene.type("master", lines)).text;
const worker = async (lines: string): Promise<string> => (await scene.type("worker1", lines)).text;
const rolledOut = (): Promise<string> => scene.see("master", "kubectl get deployment wasmedge-deploy", "3/3");

it("waking up: what ran answers at once, and nothing was started anew", async () => {
  expect(await master(ask)).toBe(greeting);
  expect(await master("kubectl get nodes")).not.toContain("NotReady");
  const state =
    "kubectl get pods -A --no-headers -o custom-columns=:.metadata.uid,:.status.containerStatuses[0].restartCount";
  const look = `${state}; kubectl logs -l app=app-wasmedge; kubectl get events --no-headers | wc -l`;
  await scene.see("master", "kubectl get pods -l app=app-wasmedge --no-headers | wc -l", /^3$/m);
  // Events are written beside what they tell of, so the last ones may still be on their way.
  let before = await master(look);
  for (let next = await master(look); next !== before; next = await master(look)) before = next;
  await scene.save("once more");
  await scene.restore("once more");
  expect(await master(look)).toBe(before);
  expect(before.match(/Http server bound to 1234/g)).toHaveLength(3);
});

it("a rolling restart fails no client: a pod leaves the endpoints before it ends", async () => {
  const asked = await master(
    `kubectl rollout restart deployment/wasmedge-deploy; for i in $(seq 150); do ${ask} || echo FAILED; sleep 0.01; done; kubectl rollout status deployment/wasmedge-deploy; for i in $(seq 20); do ${ask} || echo FAILED; done`,
  );
  expect(asked).not.toMatch(/FAILED|curl:/);
  expect(asked).toContain("successfully rolled out");
});

it("a tag pushed again is not pulled again, unless the policy is Always, as it is for :latest", async () => {
  await master("cd ~/wasmedge-app && sed -i 's/Hello HAW!! from WasmEdge App/One/' src/main.rs");
  await master("buildah bud -t registry.lab:5000/http-server:v1 . && buildah push registry.lab:5000/http-server:v1");
  await master(
    "kubectl rollout restart deployment/wasmedge-deploy && kubectl rollout status deployment/wasmedge-deploy",
  );
  await scene.see("master", "kubectl get pods --no-headers | wc -l", /^3$/m);
  expect(await master(ask)).toBe(greeting);
  await master("buildah tag registry.lab:5000/http-server:v1 registry.lab:5000/http-server:latest");
  await master("buildah push registry.lab:5000/http-server:latest");
  await master(
    `kubectl delete -f ${manifest}; sed 's/http-server:v1/http-server:latest/' ${manifest} | kubectl apply -f -`,
  );
  expect(await master("kubectl get deploy wasmedge-deploy -o jsonpath='{..imagePullPolicy}'")).toBe("Always");
  await scene.see("master", ask, "One");
  await master("sed -i 's/One/Two/' src/main.rs && buildah bud -t registry.lab:5000/http-server:latest .");
  await master(
    "buildah push registry.lab:5000/http-server:latest && kubectl rollout restart deployment/wasmedge-deploy",
  );
  await scene.see("master", ask, "Two");
});

it("a Dockerfile's mistakes have their consequences: COPY at once, ENTRYPOINT on the node", async () => {
  const build = "buildah bud -t registry.lab:5000/http-server:v2 . && buildah push registry.lab:5000/http-server:v2";
  await master("cd ~/wasmedge-app && cp Dockerfile /tmp && sed -i 's#COPY ./src#COPY ./source#' Dockerfile");
  const copied = await scene.type("master", build);
  expect(copied.exitCode).toBe(125);
  expect(copied.text).toContain('copier: stat: "/source": no such file or directory');
  await master(`sed 's#"/http_server.wasm"#"/server.wasm"#' /tmp/Dockerfile > Dockerfile; ${build}`);
  await master("kubectl set image deployment/wasmedge-deploy wasmedge-http-server=registry.lab:5000/http-server:v2");
  const pods = await scene.see("master", "kubectl get pods", "CrashLoopBackOff");
  expect(await master(`kubectl logs ${/^(\S+) +0\/1/m.exec(pods)?.[1] ?? ""}`)).toContain(
    "could not get wasmedge result from VM",
  );
  await master(`cp /tmp/Dockerfile . && ${build.replaceAll("v2", "v3")}`);
  await master("kubectl set image deployment/wasmedge-deploy wasmedge-http-server=registry.lab:5000/http-server:v3");
  await rolledOut();
});

it("cargo: outside the folder, with an edit beyond the greeting, and with greetings of any length", async () => {
  await master("source ~/.cargo/env");
  const cargo = "cargo build --target wasm32-wasi --release";
  expect(await master(cargo)).toContain("error: could not find `Cargo.toml` in `/home/ubuntu` or any parent directory");
  await master("cd ~/wasmedge-app && cp src/main.rs /tmp && sed -i 's/0.0.0.0:1234/0.0.0.0:4321/' src/main.rs");
  const refused = await scene.type("master", cargo);
  expect(refused.exitCode).toBe(101);
  expect(refused.text).toMatch(/--> src\/main\.rs:\d+:\d+/);
  expect(refused.text).toContain("--host-cargo");
  for (const words of ["", "Grüße", "x".repeat(3_000)]) {
    await master(`sed 's/Hello HAW!! from WasmEdge App/${words}/' /tmp/main.rs > src/main.rs; ${cargo}`);
    await master("wasmedge target/wasm32-wasi/release/http_server.wasm &");
    await scene.see("master", "curl -sS localhost:1234 && echo '|'", `${words}|`);
    await master("kill %1; wait");
  }
});

it("a reboot of the worker: everything comes back by itself", async () => {
  await worker("sudo reboot");
  await scene.see("master", "kubectl get pods", /(?:1\/1 +Running +1 [^]*){3}/);
  expect(await master(ask)).toBe(greeting);
  await worker("true");
  expect(await worker("systemctl is-active crio kubelet; swapon --show; cat /proc/sys/net/ipv4/ip_forward")).toBe(
    "active\nactive\n1\n",
  );
});

it("a broken manifest of the API server: no API, but the repaired one brings it back", async () => {
  const file = "/etc/kubernetes/manifests/kube-apiserver.yaml";
  await master(`sudo sed -i 's/etcd-servers=https/etcd-server=https/' ${file}`);
  await scene.see("master", "kubectl get nodes", "was refused - did you specify the right host or port?");
  expect(await worker(ask.replace("10.0.0.177", "localhost"))).toBe(greeting);
  await master(`sudo sed -i 's/etcd-server=https/etcd-servers=https/' ${file}`);
  await scene.see("master", "kubectl get nodes", /^worker1 +Ready/m);
});

it("a killed CRI-O comes back, and its containers never stopped", async () => {
  await worker("sudo pkill -9 -x crio");
  expect(await master(ask)).toBe(greeting);
  await scene.see("worker1", "systemctl is-active crio", /^active$/m);
  await scene.see("master", "kubectl get pods", /(?:1\/1 +Running +0 [^]*){3}/);
});

it("drain and uncordon", async () => {
  expect(await master("kubectl drain worker1")).toContain("(use --ignore-daemonsets to ignore)");
  expect(await master("kubectl drain worker1 --ignore-daemonsets")).toContain("node/worker1 drained");
  expect(await master("kubectl get nodes")).toMatch(/worker1 +Ready,SchedulingDisabled/);
  await scene.see("master", "kubectl get pods", /(?:0\/1 +Pending[^]*){3}/);
  await master("kubectl uncordon worker1");
  await rolledOut();
});

it("join twice, then reset, delete the node and join again; kubectl on the worker knows no cluster", async () => {
  const join = (await master("sudo kubeadm token create --print-join-command")).trim();
  const again = await worker(`sudo ${join}`);
  expect(again).toContain(
    "[ERROR FileAvailable--etc-kubernetes-kubelet.conf]: /etc/kubernetes/kubelet.conf already exists",
  );
  expect(again).toContain("[ERROR Port-10250]: Port 10250 is in use");
  expect(await worker("sudo apt-get install -y kubectl=1.28.2-00 > /dev/null; kubectl get nodes")).toContain(
    "The connection to the server localhost:8080 was refused - did you specify the right host or port?",
  );
  await worker("sudo kubeadm reset -f");
  await master("kubectl delete node worker1");
  expect(await worker(`sudo ${join}`)).toContain("This node has joined the cluster:");
  await master("kubectl label nodes worker1 wasmedge=true");
  await rolledOut();
  await scene.see("master", ask, greeting);
});

it("kubeadm reset and init again: another authority, so the old kubeconfig is refused", async () => {
  await master("sudo kubeadm reset -f && sudo kubeadm init --kubernetes-version v1.28.2");
  expect(await master("kubectl get nodes")).toContain("x509: certificate signed by unknown authority");
  await master("sudo cp /etc/kubernetes/admin.conf ~/.kube/config && sudo chown ubuntu: ~/.kube/config");
  expect(await master("kubectl get nodes")).toMatch(/^master +\S*Ready +control-plane/m);
  expect(await master("kubectl get pods")).toBe("No resources found in default namespace.\n");
});
