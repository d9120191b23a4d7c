import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { execOnMachine } from "../../../../src/backends/embedded/machine/session.ts";
import type { ComputerHandle } from "../../../../src/backends/embedded/machine/system/modelled-machine.ts";
import type { MachineRole } from "../../../../src/domain/backend.ts";
import { createWholeLab } from "./whole-lab.ts";

const script = readFileSync(new URL("../../../fixtures/thesis/setup.sh", import.meta.url), "utf8");

async function withScript(role: MachineRole): Promise<ComputerHandle> {
  const machine = (await createWholeLab([role])).get(role);
  if (!machine) throw new Error("no machine");
  machine.rootFiles.writeWithMode("/home/ubuntu/setup.sh", script, 0o755);
  return machine;
}

const sh = (machine: ComputerHandle, line: string) => execOnMachine(machine, ["bash", "-c", line], {});

test("the thesis's script turns a fresh machine into a worker for method 1, twice", async () => {
  const machine = await withScript("worker1");
  for (const run of [1, 2]) {
    const result = await sh(machine, "cd ~ && sudo ./setup.sh method1");
    expect(result.stdout.endsWith("Finished Installation\n")).toBe(true);
    expect(result.stdout).not.toContain("Failed to start CRI-O service");
    expect(machine.rootFiles.readText("/var/spool/cron/crontabs/root")).toBe("@reboot /sbin/swapoff -a\n".repeat(run));
  }
  expect(machine.units.status("crio")).toMatchObject({ active: "active", enabled: "enabled" });
  expect(machine.units.status("kubelet").enabled).toBe("enabled");
  const config = machine.rootFiles.readText("/etc/crio/crio.conf");
  expect(config).toContain('\ndefault_runtime = "crun"\n');
  expect(config).toContain('\n[crio.runtime.runtimes.crun]\nruntime_path = "/usr/local/bin/crun"\n');
  expect(machine.packages.get("cri-o")?.version).toBe("1.24.6~0");
  expect(machine.packages.get("kubelet")).toMatchObject({ version: "1.28.2-00", held: true });
  expect(machine.packages.get("kubeadm")).toMatchObject({ version: "1.28.2-00", held: true });
  expect(machine.packages.get("kubectl")?.held).toBe(false);
  expect(machine.kernel.swaps()).toEqual([]);
  expect(machine.kernel.parameter("net.ipv4.ip_forward")).toBe("1");
  expect(machine.rootFiles.list("/etc/cni/net.d")).toEqual([
    "10-mynet.conf",
    "100-crio-bridge.conf",
    "200-loopback.conf",
    "99-loopback.conf",
  ]);
  const wrong = await sh(
    machine,
    "sudo sed -i 's#/usr/local/bin/crun#/nowhere/crun#' /etc/crio/crio.conf; sudo systemctl restart cri-o",
  );
  expect(wrong.exitCode).toBe(1);
  expect(wrong.stderr).toBe(
    'Job for crio.service failed because the control process exited with error code.\nSee "systemctl status crio.service" and "journalctl -xe" for details.\n',
  );
  await machine.shutdown();
});

test("the thesis's script makes a control plane on the master", async () => {
  const machine = await withScript("master");
  const result = await sh(machine, "cd ~ && sudo ./setup.sh master");
  expect(result.stdout).toMatch(
    /Join token: kubeadm join 10\.0\.0\.182:6443 --token \S+ --discovery-token-ca-cert-hash sha256:\S+ ?\nFinished Installation\n$/,
  );
  expect(machine.units.status("containerd").active).toBe("active");
  expect(machine.units.status("kubelet").active).toBe("active");
  expect((await sh(machine, "kubectl get nodes --no-headers")).stdout).toMatch(
    /^master\s+(Not)?Ready\s+control-plane\s/,
  );
  await machine.shutdown();
});
