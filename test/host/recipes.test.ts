import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Machine } from "../../src/domain/machine.ts";
import { guestSupport } from "../support/guests/guests.ts";
import { bash, type HostLab, openHostLab, type Role, setUp } from "./machines.ts";
import { HostReport } from "./report.ts";

const repository = join(import.meta.dirname, "../..");
const greeting = "Hello HAW!! from WasmEdge App";
const report = new HostReport();
let lab: HostLab;
let machines: Record<Role, Machine>;

beforeAll(async () => {
  const support = guestSupport();
  if (!support.possible) throw new Error(`test:host needs Linux and root: ${support.reason}`);
  process.stdout.write("the first run makes a root file system and builds programs: up to half an hour\n");
  lab = await openHostLab();
  for (const { id, version, served } of lab.upstream.substitutions) {
    const absent = served.startsWith("absent");
    report.add({
      machine: "upstream",
      step: `${id} ${version}`,
      outcome: absent ? "limit" : "reached",
      detail: served,
    });
  }
});

afterAll(async () => {
  report.print();
  await lab.dispose();
});

test("a bundle holds all that upstream has", async () => {
  await report.step("bundle", "made and served", async () => {
    const { files, missing } = lab.bundle;
    const absent = lab.upstream.substitutions.filter(({ served }) => served.startsWith("absent")).map(({ id }) => id);
    // A repository that is absent is missed by its key.
    const missed = new Set(missing.map(({ source }) => source.replace(/-key.*$/, "")));
    expect([...missed].toSorted()).toEqual(absent.toSorted());
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    return `${files.length} files, ${Math.round(bytes / 2 ** 20)} MiB; absent: ${absent.length}`;
  });
});

test("the backend makes three machines, which prepare themselves", async () => {
  await report.step("all", "made and prepared", async () => {
    machines = await lab.ensureAll();
    expect(lab.double.instances().map(({ state }) => state)).toEqual(["Running", "Running", "Running"]);
    return `${lab.answers()} answers of the bundle's server`;
  });
  for (const machine of Object.values(machines)) {
    await report.step(machine.name, "names", async () => {
      expect(await bash(machine, "hostname")).toBe(machine.name);
      return bash(machine, "getent hosts master worker1 worker2 registry.lab | tr -s ' \\n' ' '");
    });
    expect(await bash(machine, "cat /var/lib/wasm-k8s-lab/prepared")).toMatch(/^[0-9a-f]{64}$/);
  }
});

/** Files that recipes leave behind, and the packages that are installed. */
const trace =
  "sudo find /etc /opt /usr/local -type f ! -path '/etc/ld.so.cache' ! -path '/etc/*-' -print0 | sort -z | " +
  "sudo xargs -0 sha256sum; dpkg -l";

/** Where each recipe ends on this computer, when it ends early. */
const limits: Record<string, { step: RegExp; why: string } | undefined> = {
  master: {
    step: /^kubeadm init/,
    why: "cgroup v2 has no controllers for a kubelet here, and nobody builds the control plane's images:",
  },
  method2: { step: /^containerd-shim-spin /, why: "the shim is a Rust program in no registry that is to be had here" },
};

test("a download that is not what the catalogue says is refused", async () => {
  const { worker2 } = machines;
  const [[pinned = "", own = ""] = []] = lab.upstream.digests;
  const swap = (from: string, to: string): Promise<string> =>
    bash(worker2, `sudo sed -i 's/${from}/${to}/' /etc/wasm-k8s-lab/sources; grep -c ${to} /etc/wasm-k8s-lab/sources`);
  await copyScript(worker2);
  await report.step("worker2", "another runc is refused", async () => {
    await swap(own, pinned);
    const { stopped, result } = await setUp(worker2, "worker");
    expect(stopped?.step, result.stderr).toMatch(/^runc /);
    expect(stopped?.reason).toContain("is not what the catalogue says");
    await bash(worker2, "test ! -e /usr/local/sbin/runc");
    await swap(pinned, own);
    return stopped?.reason ?? "";
  });
});

const copyScript = (machine: Machine): Promise<void> =>
  machine.writeFile("/home/ubuntu/setup.sh", readFileSync(join(repository, "labs/shared/setup.sh")), {
    owner: "ubuntu:ubuntu",
    mode: 0o755,
  });

const recipes: [Role, string][] = [
  ["master", "master"],
  ["worker1", "method1"],
  ["worker2", "method2"],
  ["worker2", "worker"],
  ["worker1", "containers"],
];
for (const [role, command] of recipes) {
  test(`setup.sh ${command} on ${role}, twice`, async () => {
    const machine = machines[role];
    await copyScript(machine);
    const before = Date.now();
    const first = await setUp(machine, command);
    const seconds = Math.round((Date.now() - before) / 1000);
    const passed = [...first.result.stdout.matchAll(/^==> (.+)$/gm)].map(([, step = ""]) => step);
    for (const step of first.stopped ? passed.slice(0, -1) : passed) {
      report.add({ machine: role, step: `${command}: ${step}`, outcome: "reached", detail: "" });
    }
    const kubernetes = lab.upstream.substitutions.find(({ id }) => id === "kubernetes");
    const absent = kubernetes?.served.startsWith("absent") === true;
    const limit =
      absent && command !== "method2" && command !== "containers"
        ? { step: /^Kubernetes packages/, why: `its packages are ${kubernetes.served}` }
        : limits[command];
    if (first.stopped) {
      const expected = limit?.step.test(first.stopped.step) === true;
      const errors = `${first.result.stdout}\n${first.result.stderr}`.match(/\[ERROR .*$/gm) ?? [];
      const detail = expected
        ? `${limit.why} ${[...new Set(errors)].join(" ")}`
        : `${first.stopped.reason} ${first.result.stderr.trim().slice(-400)}`;
      report.add({
        machine: role,
        step: `${command}: ${first.stopped.step}`,
        outcome: expected ? "limit" : "failed",
        detail,
        seconds,
      });
      expect(first.stopped.step, first.result.stderr).toMatch(limit?.step ?? /^$/);
    }
    await report.step(role, `${command} again`, async () => {
      const left = await bash(machine, trace);
      const second = await setUp(machine, command);
      expect(second.stopped?.step).toBe(first.stopped?.step);
      expect(await bash(machine, trace)).toBe(left);
      return "changes no file and no package";
    });
  });
}

test("containerd of the catalogue's version runs on the master", async () => {
  await report.step("master", "containerd answers", async () => {
    expect(await bash(machines.master, "systemctl is-active containerd")).toBe("active");
    return bash(
      machines.master,
      "sudo ctr version | grep -m1 -A1 Server: | tr -s ' \\n' ' '; runc --version | head -1",
    );
  });
});

test("WasmEdge runs the module, and curl is answered", async () => {
  const module = readFileSync(join(repository, "labs/workloads/http-server/http_server.wasm"));
  await machines.worker1.writeFile("/home/ubuntu/http_server.wasm", module, { owner: "ubuntu:ubuntu" });
  await report.step("worker1", "wasmedge http_server.wasm", async () => {
    const said = await bash(
      machines.worker1,
      `wasmedge http_server.wasm >wasmedge.log 2>&1 & server=$!
      curl -s --retry 20 --retry-delay 1 --retry-connrefused http://127.0.0.1:1234/
      kill $server`,
    );
    expect(said).toBe(greeting);
    return `curl: ${said} (${await bash(machines.worker1, "wasmedge --version | head -1")})`;
  });
});

test("Buildah packs the module and pushes it to the lab's registry", async () => {
  const { master } = machines;
  const module = readFileSync(join(repository, "labs/workloads/http-server/http_server.wasm"));
  // As Cargo leaves it: executable.
  await master.writeFile("/home/ubuntu/app/http_server.wasm", module, { owner: "ubuntu:ubuntu", mode: 0o755 });
  await report.step("master", "registry and Buildah", async () => {
    await bash(
      master,
      `sudo apt-get update -q >/dev/null
      sudo DEBIAN_FRONTEND=noninteractive apt-get install -y -q buildah docker-registry >/dev/null
      printf '[[registry]]\\nlocation = "registry.lab:5000"\\ninsecure = true\\n' | sudo tee /etc/containers/registries.conf.d/50-lab.conf
      printf 'FROM scratch\\nCOPY http_server.wasm /\\nENTRYPOINT ["/http_server.wasm"]\\n' >app/Containerfile`,
    );
    return bash(
      master,
      "buildah --version; curl -s -o /dev/null -w 'registry answers %{http_code}' http://registry.lab:5000/v2/",
    );
  });
  await report.step("master", "image pushed, without root", async () => {
    await bash(
      master,
      "buildah bud -t registry.lab:5000/http-server:v1 app && buildah push registry.lab:5000/http-server:v1",
    );
    const layers = "http://registry.lab:5000/v2/http-server/tags/list";
    return bash(master, `curl -s ${layers}`);
  });
});

test("crun's WasmEdge handler runs the pulled image in a container with a network of its own, and curl is answered", async () => {
  const { worker1 } = machines;
  await report.step("worker1", "image pulled from registry.lab", async () => {
    await bash(
      worker1,
      `sudo apt-get install -y -q skopeo jq >/dev/null 2>&1
      skopeo copy -q --src-tls-verify=false docker://registry.lab:5000/http-server:v1 dir:image
      mkdir -p bundle/rootfs
      for layer in $(jq -r '.layers[].digest | ltrimstr("sha256:")' image/manifest.json); do
        tar -xf "image/$layer" -C bundle/rootfs
      done
      cd bundle && crun spec`,
    );
    return bash(worker1, "sudo ls bundle/rootfs");
  });
  await report.step("worker1", "crun, annotation compat-smart", async () => {
    const said = await bash(
      worker1,
      `sudo ip netns add pod
      sudo ip link add pod0 type veth peer name eth0 netns pod
      sudo ip address add 10.88.0.1/24 dev pod0; sudo ip link set pod0 up
      sudo ip -n pod address add 10.88.0.2/24 dev eth0; sudo ip -n pod link set eth0 up; sudo ip -n pod link set lo up
      jq '.annotations["module.wasm.image/variant"] = "compat-smart" | .process.terminal = false
        | .process.args = ["/http_server.wasm"] | .root.readonly = false | .process.user = {uid: 0, gid: 0}
        | (.linux.namespaces[] | select(.type == "network")).path = "/run/netns/pod"' bundle/config.json >config.json
      cp config.json bundle/config.json
      sudo crun --systemd-cgroup run --bundle bundle -d pod </dev/null >crun.log 2>&1
      curl -s --retry 20 --retry-delay 1 --retry-connrefused http://10.88.0.2:1234/`,
    );
    expect(said).toBe(greeting);
    const libraries = await bash(
      worker1,
      "sudo grep -o 'libwasmedge.so[.0-9]*' /proc/$(sudo crun state pod | jq .pid)/maps | sort -u",
    );
    expect(libraries).toContain("libwasmedge.so.0");
    return `curl: ${said} (in that process: ${libraries})`;
  });
  await report.step("worker1", "crun, no annotation", async () => {
    const said = await bash(
      worker1,
      `sudo crun delete -f pod
      jq 'del(.annotations["module.wasm.image/variant"])' bundle/config.json >config.json
      cp config.json bundle/config.json
      ! sudo crun run --bundle bundle plain </dev/null 2>&1`,
    );
    expect(said).toMatch(/Exec format error/i);
    return said;
  });
});

test("a pod of the CRI runs the module from the lab's registry, and curl is answered", async () => {
  const { worker1 } = machines;
  const annotations = { "module.wasm.image/variant": "compat-smart" };
  const pod = {
    metadata: { name: "wasm", namespace: "default", uid: "1", attempt: 0 },
    log_directory: "/tmp/pod",
    // The machine's own network: pods get one of their own from flannel, which needs a cluster.
    linux: { cgroup_parent: "kubepods.slice", security_context: { namespace_options: { network: 2 } } },
    annotations,
  };
  const container = {
    metadata: { name: "server" },
    image: { image: "registry.lab:5000/http-server:v1" },
    log_path: "server.log",
    linux: {},
    annotations,
  };
  await worker1.writeFile("/home/ubuntu/pod.json", JSON.stringify(pod));
  await worker1.writeFile("/home/ubuntu/container.json", JSON.stringify(container));
  const socket = "unix:///run/crio/crio.sock";
  const crictl = `sudo crictl --runtime-endpoint ${socket} --image-endpoint ${socket}`;
  await report.step("worker1", "image pulled through the CRI", async () => {
    await bash(worker1, `${crictl} pull registry.lab:5000/http-server:v1`);
    return bash(worker1, `${crictl} images | tr -s ' '`);
  });
  await report.step("worker1", "pod, containerd with crun", async () => {
    const said = await bash(
      worker1,
      `pod=$(${crictl} runp pod.json)
      container=$(${crictl} create $pod container.json pod.json)
      ${crictl} start $container >/dev/null
      curl -s --retry 20 --retry-delay 1 --retry-connrefused http://127.0.0.1:1234/`,
    );
    expect(said).toBe(greeting);
    return `curl: ${said} (limits of cgroups are left out: this computer has no controllers for them)`;
  });
});

test("nothing is left when the lab is removed", async () => {
  await report.step("all", "removed", async () => {
    await lab.backend.removeAll?.();
    expect(lab.double.instances()).toEqual([]);
    return "no instance is left";
  });
});
