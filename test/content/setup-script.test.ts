import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { MachineRole, Profile } from "../../src/domain/backend.ts";
import { labsFolder } from "../support/embedded.ts";
import { openScene, type Scene } from "../support/scene.ts";

const scripts = {
  own: join(labsFolder, "shared/setup.sh"),
  thesis: join(import.meta.dirname, "../fixtures/thesis/setup.sh"),
};
const socket = "/run/containerd/containerd.sock";
const opened: Scene[] = [];
afterEach(async () => {
  for (const scene of opened.splice(0)) await scene.close();
});

/** A fresh machine with a script in the learner's home. */
async function machineWith(name: MachineRole, script: keyof typeof scripts, profile?: Profile): Promise<Scene> {
  const scene = await openScene(profile);
  opened.push(scene);
  const machine = await scene.backend.ensure({ name, role: name });
  const options = { owner: "ubuntu:ubuntu", mode: 0o755 };
  await machine.writeFile("/home/ubuntu/setup.sh", readFileSync(scripts[script]), options);
  return scene;
}

/** Every file that the script is responsible for, its units, its packages. */
const leavings = [
  "sudo sha256sum /etc/modules-load.d/* /etc/sysctl.d/k8s.conf /etc/cni/net.d/* /etc/fstab /etc/apt/sources.list.d/*",
  "sudo sha256sum /etc/containerd/config.toml /etc/crio/crio.conf.d/* /etc/containers/registries.conf.d/*",
  "sudo sha256sum /usr/local/bin/crun /usr/local/bin/containerd /usr/local/sbin/runc /opt/cni/bin/*",
  "sudo sha256sum /usr/local/bin/containerd-shim-spin-v2 /etc/containerd/certs.d/*/hosts.toml",
  "swapon --show; apt-mark showhold; cat /proc/sys/net/ipv4/ip_forward; ls -l ~/.kube/config; sudo crontab -l",
  "systemctl is-enabled containerd crio kubelet; systemctl is-active containerd crio",
].join("; ");

/** What both scripts have to agree on. */
const outcome = [
  "runc --version | head -1; containerd --version | cut -d ' ' -f 3; crun --version | grep -E 'version|WASM'",
  "containerd-shim-spin-v2 -v | grep Version; sudo cat /etc/containerd/config.toml 2>/dev/null | grep -c 'runtimes.spin'",
  "crio --version | head -1; wasmedge --version; kubeadm version -o short; kubelet --version",
  "swapon --show; cat /proc/sys/net/ipv4/ip_forward; lsmod | grep -oE '^(overlay|br_netfilter)' | sort",
  "systemctl is-active containerd crio; grep -ho '10.22.0.0/16' /etc/cni/net.d/10-mynet.conf; ls /opt/cni/bin",
  "sudo test -f /etc/kubernetes/admin.conf && echo control plane; stat -c %U ~/.kube/config",
].join("; ");

const runs = {
  master: ["sudo ./setup.sh --kubernetes=1.28.2-00 master --runc=1.1.11", "sudo env -u SUDO_USER ./setup.sh master"],
  method1: ["sudo ./setup.sh --crun=1.8.4 method1 --crio=1.24", "sudo env -u SUDO_USER ./setup.sh method1"],
  method2: ["sudo ./setup.sh --shim=0.10.0 method2 --containerd=1.7.12", "sudo env -u SUDO_USER ./setup.sh method2"],
};

describe.each([
  ["master", "master"],
  ["method1", "worker1"],
  ["method2", "worker2"],
] as const)("./setup.sh %s", (command, machine) => {
  it("leaves the same with options before and after the command, again, and without SUDO_USER", async () => {
    const scene = await machineWith(machine, "own");
    expect((await scene.type(machine, `sudo ./setup.sh ${command}`)).exitCode).toBe(0);
    const first = (await scene.type(machine, leavings)).text;
    for (const line of runs[command]) {
      expect(await scene.type(machine, line)).toMatchObject({ exitCode: 0 });
      expect((await scene.type(machine, leavings)).text, line).toBe(first);
    }
    for (const [line, words] of [
      [`./setup.sh ${command}`, "not root"],
      ["sudo ./setup.sh", "no command"],
      [`sudo ./setup.sh --spin=1 ${command}`, "unknown argument --spin=1"],
      [`sudo ./setup.sh ${command} --kubernetes=1.99.9-00`, "E: Version '1.99.9-00' for 'kubelet' was not found"],
    ] as const) {
      const refused = await scene.type(machine, line);
      expect(refused.exitCode, line).toBe(1);
      expect(refused.text).toContain(words);
      expect((await scene.type(machine, leavings)).text, line).toBe(first);
    }
  });

  it("comes to the same versions, units and settings as the thesis's script", async () => {
    const seen: string[] = [];
    for (const script of ["own", "thesis"] as const) {
      const scene = await machineWith(machine, script);
      await scene.type(machine, `sudo ./setup.sh ${command}`);
      seen.push((await scene.type(machine, outcome)).text);
    }
    expect(seen[0]).toBe(seen[1]);
  });
});

it.each([
  ["master", "master"],
  ["method1", "worker1"],
  ["method2", "worker2"],
] as const)(
  "./setup.sh %s leaves the same again on a machine of today, and never uses apt-key",
  async (command, machine) => {
    const scene = await machineWith(machine, "own", "current");
    const ran = await scene.type(machine, `sudo ./setup.sh ${command}`);
    expect(ran.exitCode).toBe(0);
    expect(ran.text).not.toContain("apt-key");
    const first = (await scene.type(machine, leavings)).text;
    expect(await scene.type(machine, `sudo ./setup.sh --profile=current ${command}`)).toMatchObject({ exitCode: 0 });
    expect((await scene.type(machine, leavings)).text).toBe(first);
    const refused = await scene.type(machine, `sudo ./setup.sh --profile=next ${command}`);
    expect(refused).toMatchObject({ exitCode: 1 });
    expect(refused.text).toContain("there is no profile 'next'");
  },
);

it("leaves the handler without its type where the thesis's script is taken as it is printed", async () => {
  // Its sed has lost a backslash at the end of a line, so that the next one is a command of its own to sed.
  for (const [script, typed] of [
    ["own", true],
    ["thesis", false],
  ] as const) {
    const scene = await machineWith("worker2", script);
    await scene.type("worker2", "sudo ./setup.sh method2");
    const known = await scene.type("worker2", `sudo crictl -r unix://${socket} info | grep -A2 '"spin":'`);
    expect(known.exitCode, script).toBe(0);
    expect(known.text.includes("io.containerd.spin.v2"), script).toBe(typed);
  }
});
