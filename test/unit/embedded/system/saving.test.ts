import { expect, test } from "vitest";
import { executableBytes } from "../../../../src/backends/embedded/machine/executable.ts";
import type { Program } from "../../../../src/backends/embedded/machine/process.ts";
import { createTestMachine, run } from "./lab.ts";

const daemon: Program = async (process) => {
  await process.out(process.resumed ? "resumed\n" : "started\n");
  process.notifyReady();
  await new Promise<void>((resolve) => process.signal.addEventListener("abort", () => resolve(), { once: true }));
  return 0;
};

const programs = { webd: daemon };
const unit =
  "[Service]\nType=notify\nExecStart=/usr/local/bin/webd\nRestart=always\n[Install]\nWantedBy=multi-user.target\n";

async function prepared() {
  const lab = createTestMachine({ programs });
  await lab.machine.boot();
  lab.machine.rootFiles.writeWithMode("/usr/local/bin/webd", executableBytes({ program: "webd", version: "1" }), 0o755);
  lab.machine.rootFiles.write("/etc/systemd/system/webd.service", unit);
  return lab.machine;
}

test("a machine comes back as it was saved, and its daemons carry on", async () => {
  const machine = await prepared();
  await run(machine, "systemctl enable --now webd");
  await run(machine, "swapoff -a");
  await run(machine, "modprobe br_netfilter");
  await run(machine, "sysctl -w net.ipv4.ip_forward=1");
  await run(machine, "crontab -", { stdin: "@reboot /sbin/swapoff -a\n" });
  machine.durable<{ pods: number }>("test", () => ({ pods: 3 }));
  const before = machine.units.status("webd").since;
  const text = JSON.stringify(machine.snapshot());
  await machine.shutdown();
  expect(JSON.stringify(machine.snapshot().units)).toContain('"webd.service":{"active":"active"');

  const { machine: woken } = createTestMachine({ programs, saved: JSON.parse(text) });
  await woken.resume();
  expect(woken.units.status("webd")).toMatchObject({
    active: "active",
    restarts: 0,
    since: before,
    enabled: "enabled",
  });
  expect(woken.kernel.swaps()).toEqual([]);
  expect(woken.kernel.parameter("net.ipv4.ip_forward")).toBe("1");
  expect(woken.rootFiles.readText("/proc/sys/net/bridge/bridge-nf-call-iptables")).toBe("1\n");
  expect(woken.durable("test", () => ({ pods: 0 }))).toEqual({ pods: 3 });
  expect(woken.journal.entries("webd.service").map((entry) => entry.message)).toContain("resumed");
  expect((await run(woken, "systemctl is-active cron")).stdout).toBe("active\n");
  await woken.shutdown();
});

test("a reboot starts the kernel anew, swap from fstab, and then what the files configure", async () => {
  const machine = await prepared();
  await run(machine, "systemctl enable --now webd");
  await run(machine, "swapoff -a");
  await run(machine, "modprobe br_netfilter");
  machine.rootFiles.write("/etc/modules-load.d/k8s.conf", "overlay\n");
  machine.rootFiles.write("/etc/sysctl.d/k8s.conf", "net.ipv4.ip_forward = 1\n");
  machine.rootFiles.write("/tmp/gone", "x");
  await machine.reboot();
  expect(machine.kernel.modules()).toContain("overlay");
  expect(machine.kernel.modules()).not.toContain("br_netfilter");
  expect(machine.kernel.parameter("net.ipv4.ip_forward")).toBe("1");
  expect(machine.kernel.swaps()).toHaveLength(1);
  expect(machine.rootFiles.exists("/tmp/gone")).toBe(false);
  expect(machine.units.status("webd").active).toBe("active");
});

test("cron runs its @reboot lines after a reboot, and not when the lab wakes up", async () => {
  const machine = await prepared();
  await run(machine, "crontab -", { stdin: "@reboot /sbin/swapoff -a\n" });
  const { machine: woken } = createTestMachine({ programs, saved: machine.snapshot() });
  await woken.resume();
  expect(woken.kernel.swaps()).toHaveLength(1);
  await woken.reboot();
  for (let turn = 0; turn < 200 && woken.kernel.swaps().length > 0; turn += 1)
    await new Promise((resolve) => setTimeout(resolve, 5));
  expect(woken.kernel.swaps()).toEqual([]);
});

test("without its fstab line swap stays off after a reboot", async () => {
  const machine = await prepared();
  const fstab = machine.rootFiles.readText("/etc/fstab");
  machine.rootFiles.write("/etc/fstab", fstab.replace("/swap.img", "#/swap.img"));
  await machine.reboot();
  expect(machine.kernel.swaps()).toEqual([]);
  expect((await run(machine, "free")).stdout).toMatch(/Swap:\s+0\s+0\s+0\n/);
});
