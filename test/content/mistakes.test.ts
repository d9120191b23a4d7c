import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openScene, type Scene } from "../support/scene.ts";

/** The letters are those of the project's first issue, point 8; each title ends with the source of the words. */
let scene: Scene;
const manifest = "~/wasmedge-app-manifest.yml";
const greeting = "Hello HAW!! from WasmEdge App";

beforeAll(async () => {
  scene = await openScene();
  await scene.solve("control-plane", { until: "init" });
  await scene.save("before-init");
  await scene.solve("control-plane", { from: "init" });
  await scene.solve("crun-build");
  await scene.solve("crun-node", { until: "crio-config" });
  await scene.save("before-crio");
  await scene.solve("crun-node", { from: "crio-config", until: "join" });
  await scene.save("before-join");
  await scene.solve("crun-node", { from: "join" });
  await scene.solve("crun-deploy", { until: "label" });
  await scene.save("joined");
  await scene.solve("crun-deploy", { until: "greeting" });
  await scene.save("deployed");
});
afterAll(() => scene.close());

const master = async (lines: string): Promise<string> => (await scene.type("master", lines)).text;
const worker = async (lines: string): Promise<string> => (await scene.type("worker1", lines)).text;
const rolledOut = (): Promise<string> => scene.see("master", "kubectl get deployment wasmedge-deploy", "3/3");
const answers = (): Promise<string> => scene.see("master", "curl -sS 10.0.0.177:31001", greeting);
const joinCommand = async (): Promise<string> =>
  (await master("sudo kubeadm token create --print-join-command")).trim();

describe("before the control plane is there", () => {
  beforeEach(() => scene.restore("before-init"));
  const init = "sudo kubeadm init --kubernetes-version v1.28.2";

  it("(d) swap on: kubeadm warns, the kubelet ends; swapoff and a restart help (facts 5, S9; recorded 0032)", async () => {
    await master("sudo sed -i '/swap/s/^#//' /etc/fstab && sudo swapon -a");
    const tried = await master(init);
    expect(tried).toContain(
      "\t[WARNING Swap]: swap is enabled; production deployments should disable swap unless testing the NodeSwap feature gate of the kubelet\n",
    );
    expect(tried).toContain("[kubelet-check] It seems like the kubelet isn't running or healthy.\n");
    expect(tried).toContain("- 'journalctl -xeu kubelet'\n");
    expect(await master("systemctl status kubelet --no-pager")).toMatch(
      /Active: activating \(auto-restart\) \(Result: exit-code\)|code=exited, status=1\/FAILURE/,
    );
    expect(await master("sudo journalctl -u kubelet --no-pager -n 20")).toContain(
      "running with swap on is not supported, please disable swap! or set --fail-swap-on flag to false.",
    );
    await master("sudo swapoff -a && sudo systemctl restart kubelet");
    expect(await master("systemctl is-active kubelet")).toBe("active\n");
    await master("sudo kubeadm reset -f");
    expect(await master(init)).toContain("Your Kubernetes control-plane has initialized successfully!");
  });

  it("(e) no CRI socket: kubeadm names it; starting the runtime helps (recorded 0008, 0032)", async () => {
    await master("sudo systemctl stop containerd");
    const refused = await scene.type("master", init);
    expect(refused.exitCode).toBe(1);
    expect(refused.text).toMatch(
      /\t\[ERROR CRI\]: container runtime is not running: output: time="[^"]+" level=fatal msg="validate service connection: .*unix:\/\/\/var\/run\/containerd\/containerd\.sock.*connect: no such file or directory/,
    );
    await master("sudo systemctl start containerd");
    expect((await scene.type("master", init)).exitCode).toBe(0);
  });

  it("(f) ip_forward off: a preflight error; sysctl helps (recorded 0009, 0035)", async () => {
    await master("sudo sysctl -w net.ipv4.ip_forward=0");
    expect(await master(init)).toContain(
      "\t[ERROR FileContent--proc-sys-net-ipv4-ip_forward]: /proc/sys/net/ipv4/ip_forward contents are not set to 1\n" +
        "[preflight] If you know what you are doing, you can make a check non-fatal with `--ignore-preflight-errors=...`\n",
    );
    await master("sudo sysctl -w net.ipv4.ip_forward=1");
    expect((await scene.type("master", init)).exitCode).toBe(0);
  });

  it("(f) br_netfilter not loaded: its file is missing; modprobe helps (facts 6, containerd#8032)", async () => {
    await master("sudo rmmod br_netfilter");
    expect(await master(init)).toContain(
      "\t[ERROR FileContent--proc-sys-net-bridge-bridge-nf-call-iptables]: /proc/sys/net/bridge/bridge-nf-call-iptables does not exist\n",
    );
    await master("sudo modprobe br_netfilter");
    expect((await scene.type("master", init)).exitCode).toBe(0);
  });
});

describe("before CRI-O is configured", () => {
  beforeEach(() => scene.restore("before-crio"));

  it("(l) a wrong runtime_path: CRI-O does not start and says which; the right path helps (facts 6, CRI-O v1.24.6)", async () => {
    await worker(
      `printf '[crio.runtime]\\ndefault_runtime = "crun"\\n[crio.runtime.runtimes.crun]\\nruntime_path = "/usr/bin/crun"\\n' | sudo tee /etc/crio/crio.conf.d/99-crun.conf`,
    );
    const started = await worker("sudo systemctl enable crio; sudo systemctl restart crio");
    expect(started).toContain("Job for crio.service failed because the control process exited with error code.\n");
    expect(started).toContain('See "systemctl status crio.service" and "journalctl -xe" for details.\n');
    expect(await worker("systemctl status crio --no-pager")).toMatch(/Active: (failed|activating \(auto-restart\)) /);
    expect(await worker("sudo journalctl -u crio --no-pager")).toContain(
      `invalid runtime_path for runtime 'crun': \\"stat /usr/bin/crun: no such file or directory\\"`,
    );
    await worker(`sudo sed -i "s#/usr/bin/crun#$(which crun)#" /etc/crio/crio.conf.d/99-crun.conf`);
    await worker("sudo systemctl restart crio");
    expect(await worker("systemctl is-active crio")).toBe("active\n");
  });

  it("(l) no table for the default runtime (facts 6, CRI-O v1.24.6)", async () => {
    await worker(`sudo sed -i 's/^#* *default_runtime = .*/default_runtime = "crun"/' /etc/crio/crio.conf`);
    await worker("sudo systemctl restart crio");
    expect(await worker("sudo journalctl -u crio --no-pager")).toContain(
      'default_runtime set to \\"crun\\", but no runtime entry table [crio.runtime.runtimes.crun] was found',
    );
    await worker(
      `printf '[crio.runtime.runtimes.crun]\\nruntime_path = "%s"\\n' "$(which crun)" | sudo tee -a /etc/crio/crio.conf`,
    );
    expect((await scene.type("worker1", "sudo systemctl restart crio")).exitCode).toBe(0);
  });

  it("`cri-o` is a name of the unit only once crio is enabled (facts 5, S27)", async () => {
    await worker("sudo systemctl disable --now crio");
    expect(await worker("sudo systemctl restart cri-o")).toContain(
      "Failed to restart cri-o.service: Unit cri-o.service not found.",
    );
    await worker("sudo systemctl enable crio");
    expect((await scene.type("worker1", "sudo systemctl restart cri-o")).exitCode).toBe(0);
    expect(await worker("systemctl is-active crio")).toBe("active\n");
  });
});

describe("before the worker has joined", () => {
  beforeEach(() => scene.restore("before-join"));
  const workerIsReady = (): Promise<string> => scene.see("master", "kubectl get nodes", /^worker1 +Ready/m);

  it("(k) no runtime runs: kubeadm refuses; after its start the same line joins (recorded 0008)", async () => {
    await worker("sudo systemctl stop crio");
    const join = await joinCommand();
    const refused = await scene.type("worker1", `sudo ${join}`);
    expect(refused.exitCode).toBe(1);
    expect(refused.text).toMatch(
      /\t\[ERROR CRI\]: container runtime is not running: output: time=.*no such file or directory/,
    );
    expect(await master("kubectl get nodes")).not.toContain("worker1");
    await worker("sudo systemctl start crio");
    expect(await worker(`sudo ${join}`)).toContain("This node has joined the cluster:");
    await workerIsReady();
  });

  it("(g) a token that was never made, or has expired (facts 6, kind#2798)", async () => {
    const unknown = "could not find a JWS signature in the cluster-info ConfigMap for token ID";
    await master("sudo kubeadm token create 07401b.f395accd246ae52d --ttl 1s");
    await scene.see("master", "sudo kubeadm token list", /^TOKEN(?![^]*07401b)/);
    expect(
      await worker(
        "sudo kubeadm join 10.0.0.182:6443 --token 07401b.f395accd246ae52d --discovery-token-unsafe-skip-ca-verification",
      ),
    ).toContain(`${unknown} "07401b"\n`);
    const join = await joinCommand();
    expect(await worker(`sudo ${join}`)).toContain("This node has joined the cluster:");
    await workerIsReady();
  });

  it("(g) a hash of another authority (kubeadm 1.28, discovery/token)", async () => {
    const join = await joinCommand();
    const wrong = join.replace(/sha256:.*/, `sha256:${"1".repeat(64)}`);
    const refused = await scene.type("worker1", `sudo ${wrong}`);
    expect(refused.exitCode).toBe(1);
    expect(refused.text).toMatch(
      /error execution phase preflight: couldn't validate the identity of the API Server: cluster CA found in cluster-info ConfigMap is invalid: none of the public keys "sha256:[0-9a-f]{64}" are pinned\n/,
    );
    expect((await scene.type("worker1", `sudo ${join}`)).exitCode).toBe(0);
    await workerIsReady();
  });

  it("(g) dashes from a PDF are no options (facts 5, T10)", async () => {
    const join = await joinCommand();
    const refused = await scene.type("worker1", `sudo ${join.replaceAll("--", "—")}`);
    expect(refused.exitCode).not.toBe(0);
    expect(refused.text).toContain("--discovery-token-unsafe-skip-ca-verification flag to continue");
  });

  it("(c) no CNI configuration: NotReady, and why; the file helps (facts 6, microshift#635)", async () => {
    await worker("sudo mkdir /root/cni; sudo sh -c 'mv /etc/cni/net.d/* /root/cni/'");
    await worker(`sudo ${await joinCommand()}`);
    await scene.see("master", "kubectl get nodes", /^worker1 +NotReady/m);
    expect(await master("kubectl describe node worker1")).toMatch(
      /Ready +False .* KubeletNotReady +container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: No CNI configuration file in \/etc\/cni\/net\.d\/\. Has your network provider started\?/,
    );
    await worker("sudo sh -c 'mv /root/cni/* /etc/cni/net.d/'");
    await workerIsReady();
  });

  it("(d) swap on the worker: the join warns and waits in vain; swapoff and a restart help (facts 5, S9)", async () => {
    await worker("sudo sed -i '/swap/s/^#//' /etc/fstab && sudo swapon -a");
    const tried = await worker(`sudo ${await joinCommand()}`);
    expect(tried).toContain("\t[WARNING Swap]: swap is enabled;");
    expect(tried).toContain("[kubelet-check] It seems like the kubelet isn't running or healthy.\n");
    expect(await worker("sudo journalctl -u kubelet --no-pager")).toContain("running with swap on is not supported");
    await worker("sudo swapoff -a && sudo systemctl restart kubelet");
    await workerIsReady();
  });
});

describe("before the worker has its label", () => {
  beforeEach(() => scene.restore("joined"));

  it("(a) no label: Pending and FailedScheduling; the label helps (recorded 5007; facts 6, hwameistor#1448)", async () => {
    await master(`kubectl apply -f ${manifest}`);
    const words =
      "0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling..";
    await scene.see("master", "kubectl get events", `0/2 nodes`);
    expect(await master("kubectl get events")).toContain(words);
    expect((await master("kubectl get pods")).match(/0\/1 +Pending +0 /g)).toHaveLength(3);
    expect(await master("kubectl describe pod -l app=app-wasmedge")).toMatch(
      /Warning +FailedScheduling +\S+ +default-scheduler +0\/2/,
    );
    await master("kubectl label nodes worker1 wasmedge=true");
    await rolledOut();
    expect(await master("curl -sS 10.0.0.177:31001")).not.toContain("curl:");
  });

  it("(b) crun without WasmEdge: Exec format error, CrashLoopBackOff; a right build helps (facts 4; recorded 5151)", async () => {
    await worker("cd ~/crun-1.8.4 && ./configure && make && sudo make install");
    expect(await worker("crun --version")).not.toContain("WASM");
    await master(`kubectl label nodes worker1 wasmedge=true; kubectl apply -f ${manifest}`);
    const pods = await scene.see("master", "kubectl get pods", "CrashLoopBackOff");
    expect(pods).toMatch(/0\/1 +CrashLoopBackOff +\d+ \(\d+s ago\)/);
    expect(await master("kubectl logs deploy/wasmedge-deploy")).toMatch(
      /exec container process `\/\S+\.wasm`: Exec format error/,
    );
    expect(await master("kubectl get events")).toMatch(
      /Warning +BackOff .*Back-off restarting failed container wasmedge-http-server in pod/,
    );
    await worker("./configure --with-wasmedge && make && sudo make install");
    await rolledOut();
  });

  it("(b) libwasmedge not found: CreateContainerError; ldconfig helps (facts 4, crun#1046)", async () => {
    await worker("sudo mv /usr/local/lib/libwasmedge.so.0 /root/ && sudo ldconfig");
    await master(`kubectl label nodes worker1 wasmedge=true; kubectl apply -f ${manifest}`);
    await scene.see("master", "kubectl get pods", "CreateContainerError");
    expect(await master("kubectl get events")).toContain(
      "could not load `libwasmedge.so.0`: `libwasmedge.so.0: cannot open shared object file: No such file or directory`",
    );
    await worker("sudo mv /root/libwasmedge.so.0 /usr/local/lib/ && sudo ldconfig");
    await rolledOut();
  });
});

describe("when the workload is deployed", () => {
  beforeEach(() => scene.restore("deployed"));

  it("(b) no annotation: the new pod crashes, the old ones go on; the annotation helps (facts 4; recorded 5151)", async () => {
    await master(`sed '/annotations:/,+1d' ${manifest} | kubectl apply -f -`);
    const pods = await scene.see("master", "kubectl get pods", "CrashLoopBackOff");
    expect(pods.match(/1\/1 +Running/g)).toHaveLength(3);
    const name = /^(\S+) +0\/1/m.exec(pods)?.[1] ?? "";
    expect(await master(`kubectl logs ${name}`)).toContain(
      "exec container process `/http_server.wasm`: Exec format error",
    );
    expect(await master("kubectl get deployment")).toMatch(/wasmedge-deploy +3\/3 +1 +3 /);
    await answers();
    await master(`kubectl apply -f ${manifest}`);
    await scene.see("master", "kubectl get pods --no-headers | grep -vc Running", "0");
    await rolledOut();
  });

  it("(h) a tag that is not there: ErrImagePull, then ImagePullBackOff; the right one helps (recorded 5151)", async () => {
    await master("kubectl set image deployment/wasmedge-deploy wasmedge-http-server=registry.lab:5000/http-server:v9");
    await scene.see("master", "kubectl get pods", /ImagePullBackOff/);
    const events = await master("kubectl get events");
    expect(events).toMatch(/Failed to pull image "registry\.lab:5000\/http-server:v9": .*manifest unknown/);
    expect(events).toContain("Error: ErrImagePull");
    expect(events).toContain('Back-off pulling image "registry.lab:5000/http-server:v9"');
    expect(events).toContain("Error: ImagePullBackOff");
    await answers();
    await master("kubectl rollout undo deployment/wasmedge-deploy");
    expect(await master("kubectl rollout status deployment/wasmedge-deploy")).toContain("successfully rolled out");
  });

  it("(h) no registry in the name: another registry is asked, and says no (recorded 5151)", async () => {
    await master("kubectl set image deployment/wasmedge-deploy wasmedge-http-server=http-server:v1");
    await scene.see(
      "master",
      "kubectl get events",
      /Failed to pull image "http-server:v1": reading manifest v1 in \S+\/http-server: /,
    );
    await master(`kubectl apply -f ${manifest}`);
    await rolledOut();
  });

  it("(h) a name that is none: InvalidImageName (kubelet 1.28, image_manager)", async () => {
    await master("kubectl set image deployment/wasmedge-deploy wasmedge-http-server=registry.lab:5000/HTTP-server:v1");
    await scene.see("master", "kubectl get pods", "InvalidImageName");
    expect(await master("kubectl get events")).toContain("invalid reference format: repository name must be lowercase");
  });

  it("(h) the registry speaks http and is not trusted: both sides say so; the file helps (containers/image)", async () => {
    expect(
      await master(
        "sudo rm /etc/containers/registries.conf.d/50-lab.conf; buildah push registry.lab:5000/http-server:v1",
      ),
    ).toContain("http: server gave HTTP response to HTTPS client");
    await worker("sudo mv /etc/containers/registries.conf.d/50-lab.conf ~ && sudo systemctl restart crio");
    await worker("sudo crictl rmi registry.lab:5000/http-server:v1");
    await master("kubectl delete pod --all --wait=false");
    await scene.see(
      "master",
      "kubectl get events",
      /Failed to pull image .*http: server gave HTTP response to HTTPS client/,
    );
    await worker("sudo mv ~/50-lab.conf /etc/containers/registries.conf.d/ && sudo systemctl restart crio");
    await rolledOut();
    await answers();
  });

  it("(i) the Service selects nothing: no endpoints, refused; the right label helps (facts 6)", async () => {
    await master(`kubectl patch service wasmedge-service -p '{"spec":{"selector":{"app":"wasmedge-app"}}}'`);
    await scene.see("master", "kubectl get endpoints wasmedge-service", "<none>");
    expect(await master("kubectl describe service wasmedge-service")).toMatch(/^Endpoints: +<none>$/m);
    expect(await scene.see("master", "curl -sS 10.0.0.177:31001", "curl: (7)")).toContain("Connection refused");
    await master(`kubectl apply -f ${manifest}`);
    await answers();
  });

  it("(i) the Deployment's selector does not fit its template: refused by the API (apps/v1 validation)", async () => {
    await master("kubectl delete deployment wasmedge-deploy");
    const refused = await scene.type(
      "master",
      `sed '/matchLabels/,+1s/app-wasmedge/app-wasmegde/' ${manifest} | kubectl apply -f -`,
    );
    expect(refused.exitCode).toBe(1);
    expect(refused.text).toContain(
      'The Deployment "wasmedge-deploy" is invalid: spec.template.metadata.labels: Invalid value: map[string]string{"app":"app-wasmedge"}: `selector` does not match template `labels`\n',
    );
    await master(`kubectl apply -f ${manifest}`);
    await rolledOut();
    expect(
      await master(`sed '0,/^---/s/app: app-wasmedge/app: app-other/' ${manifest} | kubectl apply -f -`),
    ).toContain("field is immutable");
  });

  it("(j) a wrong targetPort: endpoints are there, but nothing listens; the right port helps (facts 6)", async () => {
    await master(`sed 's/targetPort: 1234/targetPort: 8080/' ${manifest} | kubectl apply -f -`);
    const refused = await scene.see("master", "curl -sS 10.0.0.177:31001", "curl: (7)");
    expect(refused).toBe("curl: (7) Failed to connect to 10.0.0.177 port 31001: Connection refused\n");
    expect(await master("kubectl describe service wasmedge-service")).toMatch(/^Endpoints: +10\.22\.0\.\d+:8080,/m);
    await master(`kubectl apply -f ${manifest}`);
    await answers();
  });
});
