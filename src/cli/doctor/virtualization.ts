import type { Texts } from "../../texts/en.ts";
import { type Finding, found, ok } from "./finding.ts";
import type { Host } from "./host.ts";

type Words = Texts["doctor"];

const id = "virtualization";
const backends = ["multipass"] as const;
const needsOther = true;

/** Can this computer run virtual machines? */
export function lookAtVirtualization(host: Host, driver: string | undefined, words: Words): Promise<Finding[]> {
  switch (host.platform) {
    case "linux":
      return Promise.resolve([linux(host, words)]);
    case "darwin":
      return macOs(host, words);
    case "win32":
      return windows(host, driver, words);
    default:
      return Promise.resolve([found("fail", id, words.noMultipassHere(host.platform), { backends, needsOther })]);
  }
}

function linux(host: Host, words: Words): Finding {
  const windowsInside = /microsoft/i.test(host.release);
  if (host.exists("/dev/kvm")) {
    if (windowsInside) return found("warn", id, words.insideWindows, { backends });
    return ok(id, host.canOpen("/dev/kvm") ? "/dev/kvm" : words.kvmForService, { backends });
  }
  if (windowsInside) return found("fail", id, words.insideWindows, { backends });
  if (host.exists("/dev/.cros_milestone")) return found("fail", id, words.chromebook, { backends, needsOther });
  if (isContainer(host)) return found("fail", id, words.container, { backends, needsOther });
  const flags = host.readFile("/proc/cpuinfo") ?? "";
  if (/^flags\s*:.*\b(?:vmx|svm)\b/m.test(flags)) {
    return found("fail", id, words.noKvmModule(/\bsvm\b/.test(flags) ? "kvm_amd" : "kvm_intel"), { backends });
  }
  const virtual = /^flags\s*:.*\bhypervisor\b/m.test(flags);
  return found("fail", id, virtual ? words.virtualMachine : words.noVirtualization, { backends, needsOther });
}

function isContainer(host: Host): boolean {
  if (host.exists("/.dockerenv") || host.exists("/run/.containerenv") || host.exists("/run/systemd/container"))
    return true;
  return /\b(?:docker|kubepods|containerd|lxc|libpod)\b/.test(host.readFile("/proc/1/cgroup") ?? "");
}

async function macOs(host: Host, words: Words): Promise<Finding[]> {
  const [support, translated] = await Promise.all([
    host.run("sysctl", ["-n", "kern.hv_support"]),
    host.run("sysctl", ["-n", "sysctl.proc_translated"]),
  ]);
  const findings: Finding[] = [];
  if (support.stdout.trim() === "1") findings.push(ok(id, "Hypervisor.framework", { backends }));
  else if (support.exitCode === 0) findings.push(found("fail", id, words.oldMac, { backends, needsOther }));
  else findings.push(found("unknown", id, words.unknownMac, { backends }));
  if (translated.stdout.trim() === "1") findings.push(found("warn", "rosetta", words.rosetta));
  return findings;
}

/** Editions of Windows without Hyper-V: Home in its forms. */
const homeEditions = new Set([98, 99, 100, 101]);

async function windows(host: Host, driver: string | undefined, words: Words): Promise<Finding[]> {
  const script = [
    "$c = Get-CimInstance Win32_ComputerSystem",
    "$o = Get-CimInstance Win32_OperatingSystem",
    "$p = Get-CimInstance Win32_Processor | Select-Object -First 1",
    '"$($c.HypervisorPresent) $($p.VirtualizationFirmwareEnabled) $($o.OperatingSystemSKU)"',
  ].join("; ");
  const { stdout, exitCode } = await host.run(
    "powershell",
    ["-NoProfile", "-NonInteractive", "-Command", script],
    15_000,
  );
  const [present, firmware, edition] = stdout.trim().split(/\s+/);
  if (exitCode !== 0 || edition === undefined) return [found("unknown", id, words.unknownWindows, { backends })];
  const home = homeEditions.has(Number(edition));
  // While a hypervisor runs, the processor's own answer is hidden.
  if (present !== "True" && firmware !== "True") {
    return [found("fail", id, words.firmwareOff, { backends, needsOther })];
  }
  if (home && driver !== "virtualbox") return [found("fail", id, words.windowsHome, { backends })];
  if (!home && present !== "True" && driver !== "virtualbox") {
    return [found("fail", id, words.hyperVOff, { backends, needsOther })];
  }
  return [ok(id, driver === "virtualbox" ? "VirtualBox" : "Hyper-V", { backends })];
}
