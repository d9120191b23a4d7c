import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { execOnMachine } from "../../../../src/backends/embedded/machine/session.ts";
import type { ComputerHandle } from "../../../../src/backends/embedded/machine/system/modelled-machine.ts";
import type { MachineRole } from "../../../../src/domain/backend.ts";
import { createWholeLab } from "./whole-lab.ts";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const ownScript = read("../../../../labs/shared/setup.sh");
const thesisScript = read("../../../fixtures/thesis/setup.sh");

/** The lines of a recording without its command and its exit code, and without what differs from run to run. */
const recording = (name: string): string[] =>
  normal(read(`../../../fixtures/recordings/${name}.txt`).replace(/^\$ .*\n/, "")).filter(
    (line) => !line.startsWith("# exit") && !line.includes("KubeProxyConfiguration"),
  );

const normal = (text: string): string[] =>
  text
    .replaceAll(/[a-z0-9]{6}\.[a-z0-9]{16}/g, "TOKEN")
    .replaceAll(/sha256:[0-9a-f]{64}/g, "sha256:HASH")
    .replaceAll(/healthy after \S+/g, "healthy after TIME")
    .replaceAll(/v1\.36\.\d/g, "v1.36.x")
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "");

let machines: Map<MachineRole, ComputerHandle>;
const machine = (role: MachineRole): ComputerHandle => {
  const found = machines.get(role);
  if (!found) throw new Error(`no ${role}`);
  return found;
};
const sh = (role: MachineRole, line: string) => execOnMachine(machine(role), ["bash", "-lc", `cd ~; ${line}`], {});
const printed = async (role: MachineRole, line: string): Promise<string> => (await sh(role, line)).stdout;

/** Asks until the answer has the words; the last answer when it never does. */
async function until(role: MachineRole, line: string, words: string): Promise<string> {
  let answer = "";
  for (let attempt = 0; attempt < 80; attempt += 1) {
    answer = await printed(role, line);
    if (answer.includes(words)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return answer;
}

const pod = (image: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: { name: app, annotations: { module.wasm.image/variant: compat-smart } }\nspec: { nodeName: worker1, containers: [{ name: app, image: "${image}" }] }\n`;

beforeAll(async () => {
  machines = await createWholeLab(["master", "worker1"], "current");
  for (const role of ["master", "worker1"] as const)
    machine(role).rootFiles.writeWithMode("/home/ubuntu/setup.sh", ownScript, 0o755);
});

afterAll(async () => {
  for (const each of machines.values()) await each.shutdown();
});

describe("machines of today", () => {
  test("the thesis's script stops where its sources have gone, and says that it went well", async () => {
    const old = await createWholeLab(["master", "worker1"], "current");
    for (const [role, command, words] of [
      [
        "master",
        "master",
        "E: The repository 'https://apt.kubernetes.io kubernetes-xenial Release' does not have a Release file.",
      ],
      ["worker1", "method1", "Exception: Version not supported. Min Version: 0.13.0"],
    ] as const) {
      const computer = old.get(role);
      if (!computer) throw new Error(`no ${role}`);
      computer.rootFiles.writeWithMode("/home/ubuntu/setup.sh", thesisScript, 0o755);
      const result = await execOnMachine(computer, ["bash", "-c", `cd ~; sudo ./setup.sh ${command} 2>&1`], {});
      expect(result.stdout).toContain(words);
      expect(result.stdout).not.toContain("Finished Installation");
      expect(computer.packages.get("kubeadm")).toBeUndefined();
      await computer.shutdown();
    }
  });

  test("kubeadm init and join print what a real 1.36 printed", async () => {
    const made = await sh("master", "sudo ./setup.sh master");
    expect(made.stderr).not.toContain("apt-key");
    const text = made.stdout;
    const init = text.slice(text.indexOf("[init]"), text.indexOf("==> kubectl for"));
    expect(normal(init)).toEqual(recording("2001-kubeadm-init"));
    expect(normal(await printed("master", "kubeadm config images list --kubernetes-version v1.36.4"))).toEqual(
      recording("0005-kubeadm-config-images-list"),
    );
    expect((await printed("master", "kubeadm version")).replace(/GitVersion[^]*/, "")).toBe(
      recording("0001-kubeadm-version")[0]?.replace(/GitVersion.*/, ""),
    );
    expect((await sh("worker1", "sudo ./setup.sh method1")).exitCode).toBe(0);
    const joined = await printed(
      "worker1",
      `sudo ${await printed("master", "sudo kubeadm token create --print-join-command")}`,
    );
    expect(normal(joined)).toEqual(recording("2017-real-join-worker1"));
    const nodes = await until("master", "kubectl get nodes -o wide --no-headers", "cri-o://1.36.4");
    expect(nodes).toMatch(/^master +Ready +control-plane .*Ubuntu 24\.04.* containerd:\/\/2\.3\.4$/m);
    // The runtime's socket is a matter of each node's own kubelet now.
    expect(await printed("worker1", "cat /var/lib/kubelet/kubeadm-flags.env")).toBe('KUBELET_KUBEADM_ARGS=""\n');
    expect(await printed("worker1", "sudo cat /var/lib/kubelet/config.yaml")).toContain(
      "containerRuntimeEndpoint: unix:///var/run/crio/crio.sock",
    );
  });

  test("CRI-O brings a crun of its own, which knows no WebAssembly", async () => {
    expect(await printed("worker1", "/usr/libexec/crio/crun --version")).not.toContain("WASM");
    expect(await printed("worker1", "crun --version")).toContain("+WASM:wasmedge");
    expect(await printed("worker1", "cat /etc/crio/crio.conf.d/10-crio.conf")).toContain('default_runtime = "crun"');
    expect(await printed("worker1", "ls /etc/cni/net.d")).toContain("10-crio-bridge.conflist.disabled");
  });

  test("a short name is refused where several registries could be meant", async () => {
    machine("master").rootFiles.write("/tmp/app.yml", pod("wasmedge/example-wasi-http:compat-smart"));
    await sh("master", "kubectl apply -f /tmp/app.yml");
    expect(await until("master", "kubectl get pod app --no-headers", "ImageInspectError")).toContain("0/1");
    expect(await printed("master", "kubectl describe pod app")).toContain(
      'Failed to inspect image "": rpc error: code = Unknown desc = short name mode is enforcing, but image name wasmedge/example-wasi-http:compat-smart returns ambiguous list',
    );
    await sh("master", "kubectl delete pod app --now");
  });

  test("the annotation reaches crun only where the default runtime allows it", async () => {
    const settings = "/etc/crio/crio.conf.d/99-crun-wasm.conf";
    machine("master").rootFiles.write("/tmp/app.yml", pod("docker.io/wasmedge/example-wasi-http:compat-smart"));
    await sh("worker1", `sudo sed -i 's/^allowed/# allowed/' ${settings}; sudo systemctl restart crio`);
    await sh("master", "kubectl apply -f /tmp/app.yml");
    expect(await until("master", "kubectl logs app", "Exec format error")).toContain("/wasi_http_server.wasm");
    await sh("worker1", `sudo sed -i 's/^# allowed/allowed/' ${settings}; sudo systemctl restart crio`);
    await sh("master", "kubectl delete pod app --now; kubectl apply -f /tmp/app.yml");
    expect(await until("master", "kubectl get pod app --no-headers", "1/1")).toContain("Running");
    await sh("master", "kubectl delete pod app --now");
    await sh("worker1", `sudo sed -i 's#image/variant#image/varient#' ${settings}`);
    expect((await sh("worker1", "sudo systemctl restart crio")).exitCode).toBe(1);
    expect(await printed("worker1", "sudo journalctl -u crio --no-pager")).toContain(
      "invalid allowed_annotation: module.wasm.image/varient",
    );
    await sh("worker1", `sudo sed -i 's#image/varient#image/variant#' ${settings}; sudo systemctl restart crio`);
  });

  test("why an image cannot be pulled is said once, and the pod's status comes to rest", async () => {
    machine("master").rootFiles.write("/tmp/app.yml", pod("registry.k8s.io/nothing:v1"));
    await sh("master", "kubectl apply -f /tmp/app.yml");
    const path = "{.status.containerStatuses[0].state.waiting.message}";
    const message = await until("master", `kubectl get pod app -o jsonpath='${path}'`, "Back-off");
    expect(message).toMatch(/^Back-off pulling image "registry\.k8s\.io\/nothing:v1": ErrImagePull: [^"]/);
    expect(message.match(/Back-off/g)).toHaveLength(1);
    await sh("master", "kubectl delete pod app --now");
  });

  test("a node that was deleted comes back with its kubelet's next start", async () => {
    await sh("master", "kubectl delete node worker1; sleep 0.3");
    expect((await sh("master", "kubectl get node worker1")).stderr).toContain('nodes "worker1" not found');
    await sh("worker1", "sudo systemctl restart kubelet");
    expect(await until("master", "kubectl get nodes --no-headers", "worker1")).toContain("worker1");
  });

  test("kubeadm reset prints what a real 1.36 printed", async () => {
    expect(normal(await printed("master", "sudo kubeadm reset -f"))).toEqual(
      recording("6064-kubeadm-reset-control-plane"),
    );
  });
});
