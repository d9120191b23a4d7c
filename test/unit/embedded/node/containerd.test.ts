import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { executableBytes } from "../../../../src/backends/embedded/machine/executable.ts";
import type { ModelledMachine } from "../../../../src/backends/embedded/machine/machine.ts";
import {
  ContainerdConfigurationError,
  readContainerdConfiguration,
} from "../../../../src/backends/embedded/runtime/containerd/configuration.ts";
import { defaultConfigurationText } from "../../../../src/backends/embedded/runtime/containerd/default-configuration.ts";
import { migratedText } from "../../../../src/backends/embedded/runtime/containerd/migrate.ts";
import { atLeast } from "../../../../src/backends/embedded/runtime/containerd/versions.ts";
import { ImageStore, storageRoots } from "../../../../src/backends/embedded/runtime/images/image-store.ts";
import { tarFile } from "../../../../src/backends/embedded/runtime/images/tar.ts";
import { clusterOf, type TestCluster } from "./cluster.ts";
import { addImage, furnish, openLab, type TestLab, until } from "./lab.ts";

const oldTable = '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.spin]';
const newTable = "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.spin]";
const type = 'runtime_type = "io.containerd.spin.v2"\n';

describe("config.toml as each containerd reads it", () => {
  let lab: TestLab;
  beforeAll(async () => {
    lab = await openLab(["worker2"]);
  });
  afterAll(() => lab[Symbol.asyncDispose]());
  const read = (version: string, text: string) => {
    const files = lab.machine("worker2").rootFiles;
    files.makeDirectories("/etc/containerd");
    files.write("/etc/containerd/config.toml", text);
    return readContainerdConfiguration(files, version);
  };

  it.each([
    ["1.7.12", 2, oldTable, true],
    ["1.7.12", 2, newTable, false],
    ["1.7.12", 3, newTable, false],
    ["2.2.7", 3, newTable, true],
    ["2.3.4", 3, newTable, true],
    ["2.3.4", 4, newTable, true],
    // Finding 3: ignored in silence. A file of version 2 is migrated.
    ["2.3.4", 3, oldTable, false],
    ["2.3.4", 2, oldTable, true],
    ["2.3.4", 2, newTable, true],
  ])("containerd %s, version = %i, %s: %s", (version, format, table, known) => {
    const configuration = read(version, `version = ${format}\n${table}\n${type}`);
    expect(configuration.handlers.get("spin")?.runtimeType).toBe(known ? "io.containerd.spin.v2" : undefined);
    expect(configuration.handlers.get("runc")?.runtimeType).toBe("io.containerd.runc.v2");
    const ignored = version === "2.3.4" && format === 3 && table === oldTable;
    expect(configuration.ignoredKeys).toEqual(ignored ? ["containerd runtimes spin runtime_type"] : []);
  });

  it.each([
    ["2.2.7", "version = 4\n", "expected containerd config version equal to or less than `3`, got `4`"],
    ["1.7.12", "version = 2\n[plugins.cri]\n", 'invalid plugin key URI "cri" expect io.containerd.x.vx'],
    ["1.7.12", 'version = 2\ndisabled_plugins = ["cri"]\n', 'invalid disabled plugin URI "cri" expect'],
    ["2.3.4", 'version = 3\ndisabled_plugins = ["cri"]\n', 'invalid disabled plugin URI "cri" expect'],
    ["1.7.12", "[plugins\n", "failed to load TOML: /etc/containerd/config.toml: (1, "],
    ["2.3.4", "[plugins\n", "failed to load TOML from /etc/containerd/config.toml: "],
  ])("containerd %s refuses %j", (version, text, words) => {
    expect(() => read(version, text)).toThrow(ContainerdConfigurationError);
    expect(() => read(version, text)).toThrow(words);
  });

  it.each(["1.7.12", "2.2.7", "2.3.4"])("reads its own default again: %s", (version) => {
    const text = defaultConfigurationText(version);
    const absent = readContainerdConfiguration(lab.machine("worker2").rootFiles, version, "/none");
    const configuration = read(version, text);
    expect(configuration).toEqual({ ...absent, format: configuration.format, registry: configuration.registry });
    expect(configuration.handlers.get("runc")?.systemdCgroup).toBe(false);
    const changed = read(version, text.replace("SystemdCgroup = false", "SystemdCgroup = true"));
    expect(changed.handlers.get("runc")?.systemdCgroup).toBe(true);
    expect(text.match(/^\[plugins\]$/gm)).toHaveLength(1);
  });

  it("keeps the table without its type, as the thesis's script leaves it in its printed form", () => {
    expect(read("1.7.12", `version = 2\n${oldTable}\n`).handlers.get("spin")?.runtimeType).toBe("");
  });

  it.each([
    ["2.3.4", `version = 2\n${oldTable}\n${type}`, 4],
    ["2.2.7", `[plugins.cri.containerd.runtimes.spin]\n${type}`, 3],
    ["2.3.4", `version = 3\n${newTable}\n${type}`, 4],
    ["1.7.12", `[plugins.cri.containerd.runtimes.spin]\n${type}`, 2],
  ])("containerd %s prints a file migrated that means the same: %j", (version, text, format) => {
    const migrated = migratedText(text, version);
    expect(read(version, migrated)).toEqual({ ...read(version, text), format });
    expect(migratedText(migrated, version)).toBe(migrated);
  });

  it("never throws anything else, whatever stands in the file", () => {
    const line = fc.oneof(
      fc.constantFrom(
        "version = 2",
        "version = 3",
        "version = 9",
        oldTable,
        newTable,
        type,
        "[plugins]",
        "imports = []",
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(line), fc.constantFrom("1.6.28", "1.7.12", "2.0.0", "2.3.4"), (lines, version) => {
        try {
          read(version, lines.join("\n"));
        } catch (error) {
          expect(error).toBeInstanceOf(ContainerdConfigurationError);
        }
      }),
      { numRuns: 60 },
    );
  });
});

it("versions compare by their numbers", () => {
  expect([atLeast("1.7.12", "1.7.7"), atLeast("1.7.2-0ubuntu1", "1.7.7"), atLeast("v2.3.4", "2.3.0")]).toEqual([
    true,
    false,
    true,
  ]);
});

const workload = (path: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../../../labs/workloads/${path}`, import.meta.url)));
const modules = {
  thesis: workload("spin-http-server/thesis/spin_http_server.wasm"),
  current: workload("spin-http-server/current/spin_http_server.wasm"),
};

const spinToml = `spin_manifest_version = 2
[application]
name = "http_server"
version = "0.0.1"
[[trigger.http]]
route = "/"
component = "hello"
[component.hello]
source = "http_server.wasm"
`;

const image = "docker.io/haw/spin-app:v1";
// Each image has a configuration of its own, for its digest is the image's id.
const addApplication = (machine: ModelledMachine, module: Uint8Array, name = image): void =>
  addImage(machine, "containerd", name, [tarFile("spin.toml", spinToml), tarFile("http_server.wasm", module)], {
    Entrypoint: ["/"],
    Env: [`NAME=${name}`],
  });

const pod = (name: string, container: string): string => `
apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  labels: { app: ${name} }
spec:
  nodeSelector: { kubernetes.io/hostname: worker2 }
${container}
`;
const spinPod = (name: string, from = image): string =>
  pod(
    name,
    `  runtimeClassName: spin\n  containers: [{ name: c, image: "${from}", imagePullPolicy: Never, command: ["/"] }]`,
  );
const nginxPod = pod(
  "nginx-pod",
  '  containers: [{ name: nginx, image: "docker.io/library/nginx:latest", imagePullPolicy: Never }]',
);
const runtimeClass = "apiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata: { name: spin }\nhandler: spin\n";

interface NodeVersions {
  containerd: string;
  shim: string | undefined;
  /** The Spin linked into the shim. */
  spin: string;
  configuration: string;
}
const today: NodeVersions = {
  containerd: "1.7.12",
  shim: "0.10.0",
  spin: "2.0.1",
  configuration: `version = 2\n${oldTable}\n${type}`,
};

async function furnishSpin(machine: ModelledMachine, versions: NodeVersions): Promise<void> {
  await furnish(machine, { runtime: "containerd", configuration: versions.configuration });
  const put = (name: string, version: string, facts: Readonly<Record<string, string>> = {}): void =>
    machine.rootFiles.writeWithMode(
      `/usr/local/bin/${name}`,
      executableBytes({ program: name, version, facts }),
      0o755,
    );
  put("containerd", versions.containerd);
  put("ctr", versions.containerd);
  if (versions.shim !== undefined) put("containerd-shim-spin-v2", versions.shim, { spin: versions.spin });
  await machine.units.restart("containerd.service");
}

async function openSpinCluster(versions: NodeVersions = today): Promise<TestCluster> {
  const lab = await openLab(["master", "worker2"]);
  await furnish(lab.machine("master"), { runtime: "containerd" });
  const init = await lab.run("master", "kubeadm init 2>&1");
  await furnishSpin(lab.machine("worker2"), versions);
  const join = /kubeadm join[^\n]*\\\n[^\n]*/.exec(init.stdout)?.[0] ?? "";
  const joined = await lab.run("worker2", `${join} 2>&1`);
  if (joined.exitCode !== 0) throw new Error(init.stdout + joined.stdout);
  const cluster = clusterOf(lab);
  await cluster.apply(runtimeClass);
  return cluster;
}

const curlPod = async (cluster: TestCluster, name: string): Promise<string> => {
  const address = (await cluster.get("pod", name))?.status.podIP ?? "";
  const ran = await cluster.lab.run("worker2", `curl -sS -m 3 http://${address}`);
  return ran.stdout + ran.stderr;
};
const running = async (cluster: TestCluster, name: string): Promise<boolean> =>
  /1\/1 +Running/.test(await cluster.kubectl(`get pod ${name}`));
const untilRunning = (cluster: TestCluster, name: string): Promise<void> =>
  until(
    () => running(cluster, name),
    async () => (await cluster.kubectl(`describe pod ${name}`)) + (await journal(cluster)),
  );
const journal = async (cluster: TestCluster): Promise<string> =>
  (await cluster.lab.run("worker2", "journalctl -u containerd --no-pager -n 20")).stdout;
const untilEvent = (cluster: TestCluster, words: string): Promise<void> =>
  until(
    async () => (await cluster.kubectl("get events")).includes(words),
    () => cluster.kubectl("get events"),
  );

describe("method 2 on a node with containerd and the shim", () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await openSpinCluster();
    addApplication(cluster.lab.machine("worker2"), modules.thesis);
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  it("runs the application beside an ordinary container, each through its own shim", async () => {
    const nginx = executableBytes({ program: "nginx", version: "1.25.4" });
    addImage(
      cluster.lab.machine("worker2"),
      "containerd",
      "docker.io/library/nginx:latest",
      [tarFile("usr/sbin/nginx", nginx, 0o755), tarFile("usr/share/nginx/html/index.html", "Welcome to nginx!")],
      { Cmd: ["/usr/sbin/nginx"] },
    );
    await cluster.apply(`${spinPod("app")}---${nginxPod}`);
    await untilRunning(cluster, "app");
    await untilRunning(cluster, "nginx-pod");
    expect(await curlPod(cluster, "app")).toBe("Hello HAW!! from Fermyon Spin App");
    expect(await curlPod(cluster, "nginx-pod")).toContain("Welcome to nginx!");
    expect(await cluster.kubectl("logs app")).toContain("Serving http://0.0.0.0:80");
    const containers = (await cluster.lab.run("worker2", "ctr -n k8s.io containers ls")).stdout;
    expect(containers).toMatch(/haw\/spin-app:v1 +io\.containerd\.spin\.v2/);
    expect(containers).toMatch(/library\/nginx:latest +io\.containerd\.runc\.v2/);
    const processes = (await cluster.lab.run("worker2", "ps -eo args")).stdout;
    expect(processes).toContain("containerd-shim-spin-v2 -namespace k8s.io -id");
    expect(processes).toContain("containerd-shim-runc-v2 -namespace k8s.io -id");
    expect((await cluster.lab.run("worker2", "ctr tasks ls")).stdout.trim().split("\n")).toHaveLength(1);
    expect((await cluster.lab.run("worker2", "crictl ps")).stdout).toMatch(/spin-app:v1 .*Running +c /);
  });

  it("wakes up with the same container, address and restart count", async () => {
    const seen = async (): Promise<unknown> => {
      const { status } = (await cluster.get("pod", "app")) ?? {};
      return [status?.podIP, status?.containerStatuses?.map(({ restartCount }) => restartCount)];
    };
    const before = await seen();
    const ids = (await cluster.lab.run("worker2", "crictl ps -q")).stdout;
    cluster = clusterOf(await cluster.lab.wake());
    await untilRunning(cluster, "app");
    expect(await seen()).toEqual(before);
    expect((await cluster.lab.run("worker2", "crictl ps -q")).stdout).toBe(ids);
    expect(await curlPod(cluster, "app")).toBe("Hello HAW!! from Fermyon Spin App");
    expect((await cluster.kubectl("logs app")).match(/Serving/g)).toHaveLength(1);
  });

  it("loses the pod's containers with their shim, and the kubelet starts them again", async () => {
    const shim = "pgrep -f 'containerd-shim-spin-v2 -namespace' | head -n 1";
    await cluster.lab.run("worker2", `kill -9 $(${shim})`);
    await until(
      async () => ((await cluster.get("pod", "app"))?.status.containerStatuses?.[0]?.restartCount ?? 0) === 1,
      () => cluster.kubectl("describe pod app"),
    );
    await untilRunning(cluster, "app");
    expect(await curlPod(cluster, "app")).toBe("Hello HAW!! from Fermyon Spin App");
  });

  it("keeps the containers while containerd is restarted", async () => {
    const before = (await cluster.lab.run("worker2", "crictl ps -q")).stdout;
    await cluster.lab.run("worker2", "systemctl restart containerd");
    expect((await cluster.lab.run("worker2", "crictl ps -q")).stdout).toBe(before);
    expect(await curlPod(cluster, "app")).toBe("Hello HAW!! from Fermyon Spin App");
  });

  it("says in containerd's journal, and not in the pod's log, what Spin could not load", async () => {
    const machine = cluster.lab.machine("worker2");
    addImage(machine, "containerd", "docker.io/haw/empty:v1", [tarFile("readme", "")], {
      Entrypoint: ["/"],
    });
    addApplication(machine, modules.current, "docker.io/haw/newer:v1");
    await cluster.apply(
      `${spinPod("empty", "docker.io/haw/empty:v1")}---${spinPod("newer", "docker.io/haw/newer:v1")}`,
    );
    for (const name of ["empty", "newer"]) {
      await until(
        async () => ((await cluster.get("pod", name))?.status.containerStatuses?.[0]?.restartCount ?? 0) > 0,
        () => cluster.kubectl(`describe pod ${name}`),
      );
      expect(await cluster.kubectl(`logs ${name}`)).not.toContain("Serving");
    }
    const told = await journal(cluster);
    expect(told).toMatch(/run_wasi ERROR >>> {2}failed: .*spin\.toml/);
    // The shim's Spin 2.0.1 does not know WASI 0.2.0, which newer SDKs import.
    expect(told).toMatch(/import `wasi:\S+@0\.2\.0`/);
  });

  it("cannot run a command in an application, for there is nothing but a module", async () => {
    expect(await cluster.kubectl("exec app -- ls")).toContain("exec is not supported");
  });
});

describe("a node that is not right", () => {
  const atSandbox = "Failed to create pod sandbox: rpc error: code = ";
  it.each([
    [
      "containerd 1 without the handler",
      { ...today, configuration: "version = 2\n" },
      `${atSandbox}Unknown desc = failed to get sandbox runtime: no runtime for "spin" is configured`,
    ],
    [
      "containerd 2 with the table of containerd 1",
      { ...today, containerd: "2.3.4", configuration: `version = 3\n${oldTable}\n${type}` },
      ': no runtime for "spin" is configured',
    ],
    [
      "no shim",
      { ...today, shim: undefined },
      'failed to start shim: failed to resolve runtime path: runtime "io.containerd.spin.v2" binary not installed "containerd-shim-spin-v2": file does not exist',
    ],
    [
      "a table without its type",
      { ...today, configuration: `version = 2\n${oldTable}\n` },
      `${atSandbox}InvalidArgument desc = failed to create containerd container: create container failed validation: container.Runtime.Name must be set: invalid argument`,
    ],
  ])("%s", async (_, versions, words) => {
    await using cluster = await openSpinCluster(versions);
    addApplication(cluster.lab.machine("worker2"), modules.thesis);
    await cluster.apply(spinPod("app"));
    await untilEvent(cluster, words);
  });
});

it("containerd 2 with a newer shim runs modules of both SDKs, but none from an image that stayed packed", async () => {
  await using cluster = await openSpinCluster({
    containerd: "2.3.4",
    shim: "0.24.0",
    spin: "3.6.3",
    configuration: `version = 3\n${newTable}\n${type}`,
  });
  const machine = cluster.lab.machine("worker2");
  addApplication(machine, modules.thesis);
  addApplication(machine, modules.current, "docker.io/haw/newer:v1");
  addApplication(machine, modules.current, "docker.io/haw/packed:v1");
  const store = new ImageStore(machine, storageRoots.containerd);
  const packed = store.find("docker.io/haw/packed:v1");
  const content = packed && store.content(packed);
  if (content) store.add(content, ["docker.io/haw/packed:v1"], [], false);
  await cluster.apply(`${spinPod("app")}---${spinPod("packed", "docker.io/haw/packed:v1")}`);
  await untilRunning(cluster, "app");
  expect(await curlPod(cluster, "app")).toBe("Hello HAW!! from Fermyon Spin App");
  await untilEvent(cluster, "does not exist: not found");
  if (content) store.add(content, ["docker.io/haw/packed:v1", "docker.io/haw/newer:v1"]);
  await cluster.apply(spinPod("newer", "docker.io/haw/newer:v1"));
  await untilRunning(cluster, "newer");
  expect(await curlPod(cluster, "newer")).toBe("Hello HAW!! from Fermyon Spin App");
});
