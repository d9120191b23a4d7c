import { expect, test } from "vitest";
import { createTestMachine, run } from "./lab.ts";

test("bridge parameters exist only while br_netfilter is loaded, in sysctl and in /proc alike", async () => {
  const { machine } = createTestMachine();
  await machine.boot();
  const path = "/proc/sys/net/bridge/bridge-nf-call-iptables";
  expect(machine.rootFiles.exists(path)).toBe(false);
  expect(await run(machine, "sysctl net.bridge.bridge-nf-call-iptables")).toEqual({
    exitCode: 255,
    stdout: "",
    stderr: "sysctl: cannot stat /proc/sys/net/bridge/bridge-nf-call-iptables: No such file or directory\n",
  });
  await run(machine, "modprobe br_netfilter");
  expect((await run(machine, "lsmod")).stdout).toMatch(/^bridge .* 1 br_netfilter$/m);
  expect((await run(machine, "sysctl -w net.bridge.bridge-nf-call-iptables=0")).stdout).toBe(
    "net.bridge.bridge-nf-call-iptables = 0\n",
  );
  expect(machine.rootFiles.readText(path)).toBe("0\n");
  machine.rootFiles.write(path, "1\n");
  expect(machine.kernel.parameter("net.bridge.bridge-nf-call-iptables")).toBe("1");
  await run(machine, "modprobe -r br_netfilter");
  expect(machine.rootFiles.exists(path)).toBe(false);
});

test("ip_forward is off by default; only root changes it", async () => {
  const { machine } = createTestMachine();
  expect(machine.rootFiles.readText("/proc/sys/net/ipv4/ip_forward")).toBe("0\n");
  expect((await run(machine, "sysctl -w net.ipv4.ip_forward=1", { user: "ubuntu" })).stderr).toBe(
    "sysctl: permission denied on key 'net.ipv4.ip_forward'\n",
  );
  machine.rootFiles.write("/proc/sys/net/ipv4/ip_forward", "1");
  expect((await run(machine, "sysctl -n net.ipv4.ip_forward")).stdout).toBe("1\n");
});

test("an unknown module is refused as modprobe does", async () => {
  const { machine } = createTestMachine();
  expect((await run(machine, "modprobe no_such")).stderr).toBe(
    "modprobe: FATAL: Module no_such not found in directory /lib/modules/5.4.0-172-generic\n",
  );
  expect((await run(machine, "modprobe overlay", { user: "ubuntu" })).stderr).toBe(
    "modprobe: ERROR: could not insert 'overlay': Operation not permitted\n",
  );
});

test("swap is on until swapoff, in free, swapon and /proc", async () => {
  const { machine } = createTestMachine();
  await machine.boot();
  expect((await run(machine, "swapon --show")).stdout).toContain("/swap.img");
  expect(machine.rootFiles.readText("/proc/swaps")).toContain("/swap.img");
  expect((await run(machine, "swapoff -a", { user: "ubuntu" })).exitCode).not.toBe(0);
  await run(machine, "swapoff -a");
  expect(await run(machine, "swapon --show")).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  expect(machine.rootFiles.readText("/proc/swaps").trim().split("\n")).toHaveLength(1);
  expect(machine.rootFiles.readText("/proc/meminfo")).toMatch(/SwapTotal:\s+0 kB/);
});

test("accounts are what the files say", async () => {
  const { machine } = createTestMachine();
  expect(machine.users.maySudo("ubuntu")).toBe(true);
  expect(machine.users.credentials("ubuntu")).toMatchObject({ uid: 1000, gid: 1000 });
  await run(machine, "useradd -m -s /bin/bash alice");
  expect(machine.users.maySudo("alice")).toBe(false);
  await run(machine, "usermod -aG sudo alice");
  expect(machine.users.credentials("alice")?.groups).toContain(27);
  expect(machine.users.maySudo("alice")).toBe(false);
  machine.rootFiles.write("/etc/sudoers.d/alice", "alice ALL=(ALL) NOPASSWD: ALL\n");
  expect(machine.users.maySudo("alice")).toBe(true);
  expect((await run(machine, "getent passwd alice")).stdout).toBe("alice:x:1001:1001::/home/alice:/bin/bash\n");
});

test("a socket is reachable while its daemon holds it and its file is there", () => {
  const { machine } = createTestMachine();
  const service = {};
  const close = machine.sockets.provide("/var/run/crio/crio.sock", service);
  expect(machine.sockets.connect("/run/crio/crio.sock")).toBe(service);
  machine.rootFiles.unlink("/run/crio/crio.sock");
  expect(machine.sockets.connect("/var/run/crio/crio.sock")).toBeUndefined();
  close();
  const again = machine.sockets.provide("/run/crio/crio.sock", service);
  again();
  expect(machine.rootFiles.exists("/run/crio/crio.sock")).toBe(false);
});

test("the machines of profile current are Ubuntu 24.04 with the unified hierarchy", async () => {
  const { machine } = createTestMachine({ profile: "current" });
  expect(machine.kernel.cgroupVersion).toBe(2);
  expect(machine.rootFiles.exists("/sys/fs/cgroup/cgroup.controllers")).toBe(true);
  expect((await run(machine, "lsb_release -cs")).stdout).toBe("noble\n");
});
