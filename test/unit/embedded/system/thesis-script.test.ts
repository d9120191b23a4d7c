import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { execOnMachine } from "../../../../src/backends/embedded/machine/session.ts";
import { createWholeLab } from "./whole-lab.ts";

const script = readFileSync(new URL("../../../fixtures/thesis/setup.sh", import.meta.url), "utf8");

test("the thesis's script turns a fresh machine into a worker for method 1", async () => {
  const machine = (await createWholeLab(["worker1"])).get("worker1");
  if (!machine) throw new Error("no machine");
  machine.rootFiles.writeWithMode("/home/ubuntu/setup.sh", script, 0o755);
  const result = await execOnMachine(machine, ["bash", "-c", "cd ~ && sudo ./setup.sh method1"], {});
  expect(result.stdout.endsWith("Finished Installation\n")).toBe(true);
  expect(machine.units.status("crio")).toMatchObject({ active: "active", enabled: "enabled" });
  expect(machine.units.status("kubelet").enabled).toBe("enabled");
  expect(machine.rootFiles.readText("/etc/crio/crio.conf")).toContain('\ndefault_runtime = "crun"\n');
  expect(machine.rootFiles.readText("/etc/crio/crio.conf")).toContain(
    '\n[crio.runtime.runtimes.crun]\nruntime_path = "/usr/local/bin/crun"\n',
  );
  expect(machine.packages.get("cri-o")?.version).toBe("1.24.6~0");
  expect(machine.packages.get("kubelet")).toMatchObject({ version: "1.28.2-00", held: true });
  expect(machine.packages.get("kubeadm")).toMatchObject({ version: "1.28.2-00", held: true });
  expect(machine.packages.get("kubectl")?.held).toBe(false);
  expect(machine.kernel.swaps()).toEqual([]);
  expect(machine.kernel.parameter("net.ipv4.ip_forward")).toBe("1");
  expect(machine.rootFiles.readText("/var/spool/cron/crontabs/root")).toBe("@reboot /sbin/swapoff -a\n");
  expect(machine.rootFiles.list("/etc/cni/net.d")).toEqual([
    "10-mynet.conf",
    "100-crio-bridge.conf",
    "200-loopback.conf",
    "99-loopback.conf",
  ]);
  await machine.shutdown();
});
