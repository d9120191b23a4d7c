import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import type { MachineRole, Profile } from "../../../src/domain/backend.ts";
import { openLab, type TestLab } from "../embedded/node/lab.ts";

const script = readFileSync(new URL("../../../labs/shared/setup.sh", import.meta.url));
const runcUrl = "https://github.com/opencontainers/runc/releases/download/v1.4.3/runc.amd64";
const opened: TestLab[] = [];
afterEach(async () => {
  for (const lab of opened.splice(0)) await lab[Symbol.asyncDispose]();
});

/** A machine with the script, whose file of sources has these lines, and a way to type on it as root. */
async function machine(role: MachineRole, profile: Profile, sources: string) {
  const lab = await openLab([role], { profile });
  opened.push(lab);
  const files = lab.machine(role).rootFiles;
  files.writeWithMode("/root/setup.sh", script, 0o755);
  files.write("/etc/wasm-k8s-lab/sources", sources);
  return async (line: string) => {
    const { exitCode, stdout, stderr } = await lab.run(role, line);
    return { exitCode, text: stdout + stderr };
  };
}

describe("what setup.sh downloads is checked", () => {
  test("against the machine's own digests first: another file is refused, named, and not installed", async () => {
    const type = await machine("worker2", "current", `network bridge\nsha256 ${"0".repeat(64)} ${runcUrl}\n`);
    const refused = await type("./setup.sh method2");
    expect(refused.exitCode).toBe(1);
    expect(refused.text).toContain(`step 'runc 1.4.3': ${runcUrl} is not what the catalogue says`);
    expect(refused.text).toContain("what to do: ");
    expect((await type("ls /usr/local/sbin/runc")).exitCode).not.toBe(0);
    const [digest = ""] = /[0-9a-f]{64}/.exec((await type(`curl -fsSL ${runcUrl} | sha256sum`)).text) ?? [];
    await type(`printf 'network bridge\\nsha256 ${digest} ${runcUrl}\\n' > /etc/wasm-k8s-lab/sources`);
    expect((await type("./setup.sh method2")).text).toContain("verified by the catalogue: runc.amd64");
  });

  test("then against what upstream publishes; and where nobody does, it says so", async () => {
    const type = await machine("worker2", "current", "network bridge\n");
    const { exitCode, text } = await type("./setup.sh method2");
    expect(exitCode).toBe(0);
    expect(text).toContain(`verified by ${runcUrl.replace("runc.amd64", "runc.sha256sum")}: runc.amd64`);
    expect(text).toMatch(/verified by \S+\.sha256sum: containerd-2\.3\.4-linux-amd64\.tar\.gz/);
    expect(text).toMatch(
      /unverified: nobody publishes a digest of \S+containerd-shim-spin-v2-linux-x86_64\.tar\.gz; it came with sha256 [0-9a-f]{64}/,
    );
    // What came once is not asked for again, even when the internet has gone.
    await type(
      "echo 'offline http://192.0.2.1:9' >> /etc/wasm-k8s-lab/sources; rm /usr/local/sbin/runc /usr/local/bin/containerd",
    );
    expect(await type("./setup.sh method2")).toMatchObject({ exitCode: 0 });
  });

  test("an offline server is the only one asked; without it the address is named", async () => {
    const type = await machine("worker2", "current", "network bridge\noffline http://192.0.2.1:9\n");
    const { exitCode, text } = await type("./setup.sh method2");
    expect(exitCode).toBe(1);
    expect(text).toContain("everything comes from http://192.0.2.1:9");
    expect(text).toContain("could not download http://192.0.2.1:9/github.com/opencontainers/runc/");
    expect(text).not.toContain("https://github.com");
  });
});

test("the thesis's control plane is made from what is left of its sources, and each deviation is said", async () => {
  const type = await machine("master", "current", "network bridge\n");
  const { exitCode, text } = await type("./setup.sh --profile=thesis master");
  expect(exitCode).toBe(0);
  const [, summary = ""] = text.split("==> other than in the thesis:\n");
  expect(summary).toContain("Ubuntu 24.04 instead of 20.04");
  expect(summary).toContain("apt.kubernetes.io was shut down on 2024-03-04");
  expect((await type("dpkg-query -W -f='${Version}' kubelet; kubeadm version -o short")).text).toContain(
    "1.28.2-1.1v1.28.2",
  );
  // The cluster has no ranges for flannel; its network stays as it is.
  const refused = await type("./setup.sh --profile=thesis --network=flannel master");
  expect(refused.exitCode).toBe(1);
  expect(refused.text).toContain("was made without --pod-network-cidr");
  expect((await type("ls /etc/cni/net.d")).text).toContain("10-mynet.conf");
});

test("what has gone without a successor ends the run, with every place that was tried", async () => {
  const type = await machine("worker1", "current", "network bridge\n");
  const { exitCode, text } = await type("./setup.sh --profile=thesis method1");
  expect(exitCode).toBe(1);
  expect(text).toContain("CRI-O 1.24 is gone, from https://download.opensuse.org/");
  expect((await type("./setup.sh --profile=thesis --deviations")).text).toContain("CRI-O 1.28.5 instead of 1.24.6");
});
