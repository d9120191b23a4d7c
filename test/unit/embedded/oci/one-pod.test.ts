import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openLab, type TestLab } from "../node/lab.ts";

const script = readFileSync(new URL("../../../../labs/shared/setup.sh", import.meta.url));
const certificates = "--cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/server.crt";
const etcdctl = `kubectl exec -n kube-system etcd-master -- etcdctl ${certificates} --key /etc/kubernetes/pki/etcd/server.key`;

describe("one pod as each part of the cluster knows it", () => {
  let lab: TestLab;
  const sh = async (line: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await lab.run("master", line);
    expect(exitCode, `${line}\n${stdout}${stderr}`).toBe(0);
    return stdout.trim();
  };

  beforeAll(async () => {
    lab = await openLab(["master"]);
    lab.machine("master").rootFiles.writeWithMode("/root/setup.sh", script, 0o755);
    await sh("/root/setup.sh master && apt-get install -y jq");
    await sh("kubectl taint node master node-role.kubernetes.io/control-plane-");
    await sh("kubectl run one --image=nginx -v=8 2> /root/log && kubectl wait --for=condition=Ready pod/one");
    await sh("echo 'runtime-endpoint: unix:///run/containerd/containerd.sock' > /etc/crictl.yaml");
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  it("goes to the API server as a POST with the object in its body", async () => {
    const log = await sh("cat /root/log");
    expect(log).toMatch(
      /round_trippers\.go:463\] POST https:\/\/10\.0\.0\.182:6443\/api\/v1\/namespaces\/default\/pods\?/,
    );
    expect(log).toMatch(/request\.go:1212\] Request Body: \{"apiVersion":"v1","kind":"Pod"/);
    expect(log).toMatch(/round_trippers\.go:574\] Response Status: 201 Created in \d+ milliseconds/);
  });

  it("is kept by etcd under its key, with the revision that the API shows", async () => {
    const uid = await sh("kubectl get pod one -o jsonpath='{.metadata.uid}'");
    expect(await sh(`${etcdctl} get /registry/pods/default/one --print-value-only | jq -r .metadata.uid`)).toBe(uid);
    const revision = await sh("kubectl get pod one -o jsonpath='{.metadata.resourceVersion}'");
    expect(await sh(`${etcdctl} get /registry/pods/default/one -w json | jq .kvs[0].mod_revision`)).toBe(revision);
    await sh("kubectl label pod one seen=yes");
    expect(
      Number(await sh(`${etcdctl} get /registry/pods/default/one -w json | jq .kvs[0].mod_revision`)),
    ).toBeGreaterThan(Number(revision));
    expect(await sh(`${etcdctl} get /registry/minions --prefix --keys-only`)).toBe("/registry/minions/master");
  });

  it("is shown by etcd only to who has a certificate of its authority", async () => {
    const { exitCode, stderr } = await lab.run(
      "master",
      "kubectl exec -n kube-system etcd-master -- etcdctl get / --prefix",
    );
    expect(exitCode).toBe(1);
    expect(stderr).toContain("Error: context deadline exceeded");
  });

  it("has one uid in the API, the CRI, the bundle and the control group", async () => {
    const uid = await sh("kubectl get pod one -o jsonpath='{.metadata.uid}'");
    const container = await sh("crictl ps -q --name one");
    expect(await sh("crictl inspectp $(crictl pods -q --name one) | jq -r .status.metadata.uid")).toBe(uid);
    const config = `/run/containerd/io.containerd.runtime.v2.task/k8s.io/${container}/config.json`;
    expect(await sh(`jq -r '.annotations["io.kubernetes.cri.sandbox-uid"]' ${config}`)).toBe(uid);
    const pid = await sh(`runc --root /run/containerd/runc/k8s.io state ${container} | jq .pid`);
    expect(await sh(`cat /proc/${pid}/cgroup`)).toContain(
      `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${uid.replaceAll("-", "_")}.slice/cri-containerd-${container}.scope`,
    );
    expect(await sh("crictl inspectp $(crictl pods -q --name one) | jq .info.pid")).toBe(
      await sh(`ps -o pid= --no-headers -p $(pgrep -P $(ps -o ppid= -p ${pid}) -f pause)`),
    );
  });

  it("shares its network with its sandbox, and nothing with the machine but user and control groups", async () => {
    const pid = await sh("crictl inspect $(crictl ps -q --name one) | jq .info.pid");
    const pause = await sh("crictl inspectp $(crictl pods -q --name one) | jq .info.pid");
    const number = (of: string, type: string): Promise<string> => sh(`readlink /proc/${of}/ns/${type}`);
    for (const type of ["net", "ipc", "uts"]) expect(await number(pid, type), type).toBe(await number(pause, type));
    for (const type of ["mnt", "pid"]) expect(await number(pid, type), type).not.toBe(await number(pause, type));
    for (const type of ["user", "cgroup"]) expect(await number(pid, type), type).toBe(await number("1", type));
    for (const type of ["net", "uts"]) expect(await number(pid, type), type).not.toBe(await number("1", type));
  });

  it("gets a new sandbox when the process that holds its namespaces is killed", async () => {
    const before = await sh("crictl pods -q --name one");
    await sh("kill -9 $(crictl inspectp $(crictl pods -q --name one) | jq .info.pid)");
    await sh(
      'for i in $(seq 100); do test "$(crictl pods -q --name one | head -n 1)" != ' +
        before +
        " && break; sleep 0.1; done",
    );
    expect(await sh("crictl pods -q --name one | head -n 1")).not.toBe(before);
  });

  it("is what its overrides say", async () => {
    const overrides = '{"spec":{"nodeName":"master","restartPolicy":"Never"}}';
    const spec = await sh(`kubectl run two --image=nginx --overrides='${overrides}' --dry-run=client -o json`);
    expect(JSON.parse(spec)).toMatchObject({ spec: { nodeName: "master", restartPolicy: "Never" } });
  });
});
