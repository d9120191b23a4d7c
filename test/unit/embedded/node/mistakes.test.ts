import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addMatrixImages, clusterOf, deployment, openCluster, type TestCluster, untilPod } from "./cluster.ts";
import { bridgeNetwork, furnish, openLab, until } from "./lab.ts";

const failedScheduling =
  "0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling..";

describe("method 1 on a node with CRI-O and a Wasm-enabled crun", () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await openCluster({ runtime: "crio", crun: { wasm: "wasmedge" } });
    addMatrixImages(cluster.lab, "crio");
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  const curl = async (target: string): Promise<string> => {
    const ran = await cluster.lab.run("master", `curl -sS -m 2 ${target}`);
    return ran.stdout + ran.stderr;
  };
  const ready = (count: string) => async (): Promise<boolean> =>
    new RegExp(`${count} `).test(await cluster.kubectl("get deployment wasmedge-deploy"));

  it("keeps pods pending without the label, in the scheduler's words (5007)", async () => {
    await cluster.apply(deployment());
    await until(async () => (await cluster.kubectl("get events")).includes("FailedScheduling"));
    const events = await cluster.kubectl("get events");
    expect(events).toContain(failedScheduling);
    expect(await cluster.kubectl("get pods")).toMatch(/Pending/);
  });

  it("runs three replicas once the node has the label", async () => {
    await cluster.kubectl("label nodes worker1 wasmedge=true");
    await until(ready("3/3"), () => cluster.kubectl("get pods -o wide"));
    await until(
      async () => (await curl("10.0.0.177:31001")) === "Hello HAW!! from WasmEdge App",
      () => curl("10.0.0.177:31001"),
    );
    expect(await cluster.kubectl("get events")).toMatch(/Started container wasmedge-http-server/);
  });

  it("does not reach pods of the duplicate range from another node (facts 3)", async () => {
    expect(await curl("10.0.0.182:31001")).not.toContain("Hello");
  });

  it("refuses the connection with a wrong targetPort", async () => {
    await cluster.kubectl(
      `patch service wasmedge-service --type merge -p '{"spec":{"ports":[{"port":1234,"targetPort":4321,"nodePort":31001}]}}'`,
    );
    await until(
      async () => (await curl("10.0.0.177:31001")).includes("Connection refused"),
      () => curl("10.0.0.177:31001"),
    );
  });

  it("has no endpoints with a wrong selector", async () => {
    await cluster.apply(deployment(undefined, undefined, "app-typo"));
    await until(async () => (await cluster.kubectl("get endpoints wasmedge-service")).includes("<none>"));
    expect(await curl("10.0.0.177:31001")).toContain("Connection refused");
    await cluster.apply(deployment());
    await until(async () => (await curl("10.0.0.177:31001")).includes("Hello"));
  });

  it("scales, replaces deleted pods and rolls out", async () => {
    await cluster.kubectl("scale deployment wasmedge-deploy --replicas=5");
    await until(ready("5/5"));
    await cluster.kubectl("scale deployment wasmedge-deploy --replicas=2");
    await until(async () => (await cluster.kubectl("get pods --no-headers")).trim().split("\n").length === 2);
    await cluster.kubectl("delete pod -l app=app-wasmedge --wait=false");
    await until(ready("2/2"));
    await cluster.apply(deployment("docker.io/wasmedge/example-wasi-http:compat-smart"));
    await until(ready("3/3"), () => cluster.kubectl("get deploy,rs,pods"));
    const sets = await cluster.kubectl("get rs --no-headers");
    expect(sets.trim().split("\n")).toHaveLength(2);
  });

  it("reports a wrong image name and leaves the old pods alone (h)", async () => {
    await cluster.apply(deployment("registry.lab:5000/haw/wrong:v1"));
    await until(async () => /ErrImagePull|ImagePullBackOff/.test(await cluster.kubectl("get pods")));
    const events = await cluster.kubectl("get events");
    expect(events).toContain('Failed to pull image "registry.lab:5000/haw/wrong:v1"');
    expect(events).toContain("Error: ErrImagePull");
    await cluster.apply(deployment());
    await until(ready("3/3"));
  });

  it("wakes up with the same pods, addresses and restart counts", async () => {
    await until(async () => (await cluster.kubectl("get pods --no-headers")).trim().split("\n").length === 3);
    const state = (): Promise<string> =>
      cluster.kubectl(
        "get pods -A -o custom-columns=N:.metadata.name,U:.metadata.uid,I:.status.podIP,R:.status.containerStatuses[0].restartCount,C:.status.containerStatuses[0].containerID",
      );
    await until(async () => !(await cluster.kubectl("get pods -A --no-headers")).includes("0/1"));
    const before = await state();
    cluster = clusterOf(await cluster.lab.wake());
    await until(
      async () => (await curl("10.0.0.177:31001")) === "Hello HAW!! from WasmEdge App",
      () => curl("10.0.0.177:31001"),
    );
    expect(await state()).toBe(before);
    const nodes = await cluster.kubectl("get nodes --no-headers");
    expect(nodes).not.toContain("NotReady");
  });

  it("keeps containers running while CRI-O is stopped, and says that the node is not ready", async () => {
    await cluster.lab.run("worker1", "systemctl stop crio");
    expect(await curl("10.0.0.177:31001")).toContain("Hello");
    await until(async () => /worker1 +NotReady/.test(await cluster.kubectl("get nodes")));
    const restarts = await cluster.kubectl("get pods -o custom-columns=R:.status.containerStatuses[0].restartCount");
    await cluster.lab.run("worker1", "systemctl start crio");
    await until(async () => /worker1 +Ready/.test(await cluster.kubectl("get nodes")));
    await until(ready("3/3"));
    expect(await cluster.kubectl("get pods -o custom-columns=R:.status.containerStatuses[0].restartCount")).toBe(
      restarts,
    );
  });

  it("deletes everything that belongs to the deployment", async () => {
    await cluster.kubectl("delete deployment wasmedge-deploy");
    await until(
      async () => (await cluster.kubectl("get rs,pods")).includes("No resources found"),
      () => cluster.kubectl("get rs,pods"),
    );
    await until(
      async () => (await cluster.lab.run("worker1", "crictl ps -q 2>/dev/null")).stdout.trim().split("\n").length === 1,
    );
  });
});

describe("a node that is not right", () => {
  it("restarts a module over and over where crun has no WasmEdge (b)", async () => {
    await using cluster = await openCluster({ runtime: "crio", crun: {} });
    addMatrixImages(cluster.lab, "crio");
    await cluster.kubectl("label nodes worker1 wasmedge=true");
    await cluster.apply(deployment());
    await until(
      async () => (await cluster.kubectl("get pods")).includes("CrashLoopBackOff"),
      () => cluster.kubectl("get pods"),
    );
    expect(await cluster.kubectl("logs deploy/wasmedge-deploy")).toContain(
      "exec container process `/http_server.wasm`: Exec format error",
    );
    expect(await cluster.kubectl("get events")).toMatch(
      /BackOff.*Back-off restarting failed container wasmedge-http-server in pod/,
    );
  });

  it("cannot create containers where libwasmedge is missing (crun#1046)", async () => {
    await using cluster = await openCluster({ runtime: "crio", crun: { wasm: "wasmedge" }, library: false });
    addMatrixImages(cluster.lab, "crio");
    await cluster.kubectl("label nodes worker1 wasmedge=true");
    await cluster.apply(deployment());
    await until(async () => (await cluster.kubectl("get events")).includes("could not load `libwasmedge.so.0`"));
    expect(await cluster.kubectl("get pods")).toContain("CreateContainerError");
  });

  it("ends modules that need WasmEdge's sockets where crun was built for Wasmtime (wasmtime.c of crun)", async () => {
    await using cluster = await openCluster({ runtime: "crio", crun: { wasm: "wasmtime" } });
    addMatrixImages(cluster.lab, "crio");
    await cluster.kubectl("label nodes worker1 wasmedge=true");
    await cluster.apply(deployment());
    await until(async () => (await cluster.kubectl("get events")).includes("could not load `libwasmtime.so`"));
    const files = cluster.lab.machine("worker1").rootFiles;
    files.write("/usr/local/lib/libwasmtime.so", "library");
    await until(async () =>
      (await cluster.kubectl("logs deploy/wasmedge-deploy")).includes(
        "failed to instantiate module: unknown import: `wasi_snapshot_preview1::sock_",
      ),
    );
  });

  it("creates no sandbox where kubelet and CRI-O differ about control groups (cgroupfs.go of CRI-O)", async () => {
    const configuration = `[crio.runtime]
default_runtime = "crun"
cgroup_manager = "cgroupfs"
conmon_cgroup = "pod"
[crio.runtime.runtimes.crun]
runtime_path = "/usr/local/bin/crun"
`;
    await using cluster = await openCluster({ runtime: "crio", crun: { wasm: "wasmedge" }, configuration });
    addMatrixImages(cluster.lab, "crio");
    await cluster.kubectl("label nodes worker1 wasmedge=true");
    await cluster.apply(deployment());
    await until(async () =>
      (await cluster.kubectl("get events")).includes(
        "cri-o configured with cgroupfs cgroup manager, but received systemd slice as parent: /kubepods.slice/",
      ),
    );
    expect(await cluster.kubectl("get pods")).toContain("ContainerCreating");
  });

  it("is not ready without a CNI configuration, until there is one (c)", async () => {
    await using cluster = await openCluster({ runtime: "crio", crun: { wasm: "wasmedge" }, network: false });
    await until(async () => /worker1 +NotReady/.test(await cluster.kubectl("get nodes")));
    const node = await cluster.get("node", "worker1");
    const ready = node?.status.conditions?.find(({ type }) => type === "Ready");
    expect(ready?.message).toBe(
      "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: No CNI configuration file in /etc/cni/net.d/. Has your network provider started?",
    );
    const files = cluster.lab.machine("worker1").rootFiles;
    files.makeDirectories("/etc/cni/net.d");
    files.write("/etc/cni/net.d/10-mynet.conf", bridgeNetwork);
    await until(async () => /worker1 +Ready/.test(await cluster.kubectl("get nodes")));
  });

  it("filters Wasm annotations from CRI-O 1.28.6 on (facts 1.1)", async () => {
    await using cluster = await openCluster({ runtime: "crio", crun: { wasm: "wasmedge" }, crioVersion: "1.28.6" });
    addMatrixImages(cluster.lab, "crio");
    await cluster.kubectl("label nodes worker1 wasmedge=true");
    await cluster.apply(deployment());
    await until(async () => (await cluster.kubectl("get pods")).includes("CrashLoopBackOff"));
    expect(await cluster.kubectl("logs deploy/wasmedge-deploy")).toContain("Exec format error");
  });

  it("becomes unknown when its kubelet is silent, and its pods move away", async () => {
    await using cluster = await openCluster({ runtime: "crio", crun: { wasm: "wasmedge" } });
    addMatrixImages(cluster.lab, "crio");
    await cluster.kubectl("label nodes worker1 wasmedge=true");
    await cluster.apply(deployment());
    await until(async () => (await cluster.kubectl("get deploy")).includes("3/3"));
    await cluster.lab.run("worker1", "systemctl stop kubelet");
    await until(async () => /worker1 +NotReady/.test(await cluster.kubectl("get nodes")));
    expect(await cluster.kubectl("describe node worker1")).toContain("Kubelet stopped posting node status.");
    await until(async () => (await cluster.kubectl("get events")).includes("TaintManagerEviction"), undefined, 12_000);
    await cluster.lab.run("worker1", "systemctl start kubelet");
    await until(async () => (await cluster.kubectl("get deploy")).includes("3/3"));
  });
});

describe("daemons that cannot start", () => {
  const journal = async (unit: string, prepare: Parameters<typeof furnish>[1], command: string): Promise<string> => {
    await using lab = await openLab(["worker1"]);
    await furnish(lab.machine("worker1"), prepare).catch(() => undefined);
    await lab.run("worker1", command);
    await new Promise((resolve) => setTimeout(resolve, 50));
    return (await lab.run("worker1", `journalctl -u ${unit} --no-pager`)).stdout;
  };
  const kubelet =
    "mkdir -p /var/lib/kubelet; printf 'kind: KubeletConfiguration\\nfailSwapOn: true\\n' > /var/lib/kubelet/config.yaml; systemctl start kubelet";
  const flags =
    "echo 'KUBELET_KUBEADM_ARGS=\"--container-runtime-endpoint=unix:///var/run/crio/crio.sock\"' > /var/lib/kubelet/kubeadm-flags.env; touch /etc/kubernetes/kubelet.conf;";

  it("the kubelet without its configuration", async () => {
    expect(await journal("kubelet", { runtime: "crio" }, "systemctl start kubelet")).toContain(
      "failed to load kubelet config file, path: /var/lib/kubelet/config.yaml, error: failed to load Kubelet config file /var/lib/kubelet/config.yaml, error failed to read kubelet config file",
    );
  });

  it("the kubelet with swap (d)", async () => {
    expect(
      await journal("kubelet", { runtime: "crio", swap: true }, `mkdir -p /var/lib/kubelet; ${flags} ${kubelet}`),
    ).toContain(
      "running with swap on is not supported, please disable swap! or set --fail-swap-on flag to false. /proc/swaps contained: [Filename",
    );
  });

  it("the kubelet without a container runtime (e)", async () => {
    expect(
      await journal(
        "kubelet",
        { runtime: "crio", crun: { wasm: "wasmedge" } },
        `systemctl stop crio; mkdir -p /var/lib/kubelet; ${flags} ${kubelet}`,
      ),
    ).toContain("dial unix /var/run/crio/crio.sock: connect: no such file or directory");
  });

  it("CRI-O with a wrong runtime_path (l)", async () => {
    const configuration = `[crio.runtime]\ndefault_runtime = "crun"\n[crio.runtime.runtimes.crun]\nruntime_path = "/path/to/crun"\n`;
    expect(await journal("crio", { runtime: "crio", configuration }, "true")).toContain(
      `level=fatal msg="validating runtime config: invalid runtime_path for runtime 'crun': \\"stat /path/to/crun: no such file or directory\\""`,
    );
  });

  it("CRI-O whose default runtime has no table", async () => {
    expect(
      await journal("crio", { runtime: "crio", configuration: `[crio.runtime]\ndefault_runtime = "crun"\n` }, "true"),
    ).toContain('default_runtime set to \\"crun\\", but no runtime entry table [crio.runtime.runtimes.crun] was found');
  });

  it("CRI-O with a file that is no TOML", async () => {
    const text = await journal(
      "crio",
      { runtime: "crio", configuration: `[crio.runtime\ndefault_runtime = "crun"\n` },
      "true",
    );
    expect(text).toMatch(/level=fatal msg="unable to decode configuration \/etc\/crio\/crio.conf: toml: line \d/);
  });
});

it("a pod with a wrong command is explained by its events", async () => {
  await using cluster = await openCluster({ runtime: "crio", crun: { wasm: "wasmedge" } });
  addMatrixImages(cluster.lab, "crio");
  await cluster.apply(`apiVersion: v1
kind: Pod
metadata: {name: probed}
spec:
  nodeSelector: {kubernetes.io/hostname: worker1}
  containers:
    - name: c
      image: docker.io/library/busybox:1.38
      command: ["/bin/sleep", "3600"]
      readinessProbe: {httpGet: {port: 9999}, periodSeconds: 1}
      livenessProbe: {tcpSocket: {port: 9998}, periodSeconds: 2, failureThreshold: 2}
`);
  const pod = await untilPod(
    cluster,
    "probed",
    (found) => (found.status.containerStatuses?.[0]?.restartCount ?? 0) > 0,
  );
  const events = await cluster.kubectl("get events");
  expect(events).toContain(
    `Readiness probe failed: Get "http://${pod.status.podIP}:9999/": dial tcp ${pod.status.podIP}:9999: connect: connection refused`,
  );
  expect(events).toContain("Container c failed liveness probe, will be restarted");
});
