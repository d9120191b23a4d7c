import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { observe } from "../../../../src/backends/embedded/picture/observe.ts";
import type { ComponentId, Pass, Picture, PictureMachine } from "../../../../src/domain/picture.ts";
import { addMatrixImages, clusterOf, deployment, type TestCluster } from "../node/cluster.ts";
import { furnish, openLab, type TestLab, until } from "../node/lab.ts";

const pictureOf = ({ lab }: TestLab): Picture => observe(lab.machines(), lab.traffic);

function machineOf(picture: Picture, name: string): PictureMachine {
  const found = picture.machines.find((machine) => machine.name === name);
  if (!found) throw new Error(`no machine ${name}`);
  return found;
}

const stateOf = (picture: Picture, machine: string, id: ComponentId): string | undefined =>
  machineOf(picture, machine).components.find((component) => component.id === id)?.state;

/** The hops of the passes that an object took, as `from > to`. */
const hopsOf = (passes: readonly Pass[], wanted: (pass: Pass) => boolean): Set<string> =>
  new Set(passes.filter(wanted).map(({ from, to }) => `${from.component} > ${to.component}`));

describe("the picture of an embedded lab", () => {
  let lab: TestLab;
  let cluster: TestCluster;
  beforeAll(async () => {
    lab = await openLab(["master", "worker1"]);
    cluster = clusterOf(lab);
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  it("shows bare machines before anything is installed", () => {
    const picture = pictureOf(lab);
    expect(picture.machines.map(({ name, role, node }) => ({ name, role, node }))).toEqual([
      { name: "master", role: "master", node: undefined },
      { name: "worker1", role: "worker1", node: undefined },
    ]);
    for (const { components } of picture.machines) {
      expect(components.filter(({ state }) => state !== "absent")).toEqual([]);
    }
    expect([picture.pods, picture.services, picture.passes]).toEqual([[], [], []]);
  });

  it("shows components as they are installed, with their versions, and daemons that run or fail", async () => {
    await furnish(lab.machine("master"), { runtime: "containerd" });
    await furnish(lab.machine("worker1"), { runtime: "crio", crun: { wasm: "wasmedge" } });
    const picture = pictureOf(lab);
    const crun = machineOf(picture, "worker1").components.find(({ id }) => id === "crun");
    expect(crun).toEqual({ id: "crun", state: "installed", version: "1.8.4", detail: "+WasmEdge" });
    expect(stateOf(picture, "worker1", "cri-o")).toBe("running");
    expect(stateOf(picture, "worker1", "wasmedge")).toBe("installed");
    expect(stateOf(picture, "worker1", "kubelet")).toBe("installed");
    expect(stateOf(picture, "worker1", "containerd")).toBe("absent");
    expect(stateOf(picture, "master", "containerd")).toBe("running");
    expect(stateOf(picture, "master", "kube-apiserver")).toBe("absent");
    // A kubelet without a configuration ends at once, and systemd tries again and again.
    void lab.machine("worker1").units.start("kubelet.service");
    await until(async () => stateOf(pictureOf(lab), "worker1", "kubelet") === "failed");
    await lab.machine("worker1").units.stop("kubelet.service");
    await lab.machine("worker1").units.stop("crio.service");
    expect(stateOf(pictureOf(lab), "worker1", "cri-o")).toBe("installed");
    await lab.machine("worker1").units.start("crio.service");
  });

  it("shows the control plane after kubeadm init, and a node once a machine has joined", async () => {
    const init = await lab.run("master", "kubeadm init 2>&1");
    const join = /kubeadm join[^\n]*\\\n[^\n]*/.exec(init.stdout)?.[0] ?? "";
    const before = pictureOf(lab);
    for (const id of ["kube-apiserver", "etcd", "kube-scheduler", "kube-controller-manager", "kubelet"] as const) {
      expect([id, stateOf(before, "master", id)]).toEqual([id, "running"]);
    }
    expect(machineOf(before, "master").node).toMatchObject({ name: "master", version: "1.28.2" });
    expect(machineOf(before, "worker1").node).toBeUndefined();
    expect((await lab.run("worker1", `${join} 2>&1`)).exitCode).toBe(0);
    await until(async () => machineOf(pictureOf(lab), "worker1").node?.ready === true);
    await until(async () => stateOf(pictureOf(lab), "worker1", "kube-proxy") === "running");
    expect(stateOf(pictureOf(lab), "worker1", "kube-apiserver")).toBe("absent");
  });

  it("shows pods in their node, by which way they run, and what passed on their way there", async () => {
    addMatrixImages(lab, "crio");
    await cluster.apply(deployment());
    await until(async () => pictureOf(lab).pods.filter(({ system }) => !system).length === 3);
    expect(pictureOf(lab).pods.every(({ system, node }) => system || node === undefined)).toBe(true);
    await cluster.kubectl("label nodes worker1 wasmedge=true");
    await until(
      async () => pictureOf(lab).pods.every(({ ready }) => ready),
      () => JSON.stringify(pictureOf(lab).pods),
    );
    const { machines, pods, services, passes } = pictureOf(lab);
    expect(machines.find(({ name }) => name === "worker1")?.node?.labels).toEqual({ wasmedge: "true" });
    for (const pod of pods.filter(({ system }) => !system)) {
      expect(pod).toMatchObject({
        node: "worker1",
        phase: "Running",
        path: ["cri-o", "crun", "wasmedge"],
        requests: 0,
      });
    }
    expect(pods.find(({ name }) => name.startsWith("etcd"))?.path).toEqual(["containerd", "shim-runc", "runc"]);
    expect(services).toEqual([
      { namespace: "default", name: "wasmedge-service", port: 1234, nodePort: 31_001, endpoints: 3, requests: 0 },
    ]);
    expect(passes.length).toBeLessThanOrEqual(200);
    expect(passes.map(({ sequence }) => sequence)).toEqual(
      passes.map(({ sequence }) => sequence).toSorted((a, b) => a - b),
    );
    const own = hopsOf(passes, ({ name }) => name.startsWith("wasmedge-deploy-"));
    for (const hop of [
      "kube-scheduler > kube-apiserver",
      "kube-apiserver > etcd",
      "kube-apiserver > kubelet",
      "kubelet > cri-o",
      "cri-o > crun",
      "crun > wasmedge",
    ]) {
      expect(own).toContain(hop);
    }
    expect(stateOf(pictureOf(lab), "worker1", "wasmedge")).toBe("running");
  });

  it("counts the requests that pods answered, and not the kubelet's probes", async () => {
    for (let count = 0; count < 4; count += 1) {
      await until(async () => (await lab.run("worker1", "curl -sS 10.0.0.177:31001")).stdout.includes("Hello"));
    }
    const { pods, services, passes } = pictureOf(lab);
    const answered = pods.reduce((sum, { requests }) => sum + requests, 0);
    expect(answered).toBeGreaterThanOrEqual(4);
    expect(services[0]?.requests).toBe(answered);
    expect(pods.filter(({ system, requests }) => system && requests > 0)).toEqual([]);
    const request = passes.findLast(({ action }) => action === "request");
    expect(request).toMatchObject({ from: { component: "client", machine: "worker1" }, what: "GET / :31001" });
    expect(pods.map(({ name }) => name)).toContain(request?.name);
  });

  it("tells those who listen, until they stop", async () => {
    let told = 0;
    const stop = lab.lab.traffic.onChange(() => (told += 1));
    await cluster.kubectl("get pods");
    expect(told).toBeGreaterThan(0);
    expect(pictureOf(lab).passes.at(-1)).toMatchObject({ to: { component: "kubectl" }, action: "read", what: "Pod" });
    stop();
    told = 0;
    await cluster.kubectl("get pods");
    expect(told).toBe(0);
  });

  it("shows what is broken, and changes nothing by looking", async () => {
    const saved = (): string => JSON.stringify(lab.lab.collect()["machine-worker1"]);
    const before = saved();
    pictureOf(lab);
    expect(saved() === before).toBe(true);
    await lab.machine("worker1").units.stop("kubelet.service");
    expect(stateOf(pictureOf(lab), "worker1", "kubelet")).toBe("installed");
    // Without its API the cluster is what its machines know.
    lab.machine("master").rootFiles.unlink("/etc/kubernetes/manifests/etcd.yaml");
    await until(async () => stateOf(pictureOf(lab), "master", "etcd") === "absent");
    const alone = pictureOf(lab);
    expect(machineOf(alone, "worker1").node).toBeUndefined();
    expect(
      alone.pods.filter(({ system, node, path }) => !system && node === "worker1" && path?.[2] === "wasmedge").length,
    ).toBe(3);
    lab.machine("master").rootFiles.unlink("/etc/kubernetes/manifests/kube-scheduler.yaml");
    await until(async () => stateOf(pictureOf(lab), "master", "kube-scheduler") === "absent");
  });
});
