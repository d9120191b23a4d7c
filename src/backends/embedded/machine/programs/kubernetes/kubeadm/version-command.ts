import type { Process } from "../../../process.ts";
import { textAt } from "../client/json.ts";
import { parse } from "yaml";
import { toJson } from "../go/json.ts";
import { toYaml } from "../go/yaml.ts";
import type { ParsedFlags } from "../go/flags.ts";
import { clusterConfigPath, connectionFrom } from "./api.ts";
import { KubeadmError } from "./errors.ts";
import { minorOf } from "./setup.ts";

/** Commit, day of the build and Go of releases whose binaries were looked at. */
const builds: Readonly<Record<string, readonly [commit: string, date: string, go: string]>> = {
  "v1.28.2": ["89a4ea3e1e4ddd7f7572286090359983e0387b2f", "2023-09-13T09:35:49Z", "go1.20.8"],
  "v1.36.4": ["bb826b1d48562f110659e64e8ec444327433db95", "2026-09-29T20:03:31Z", "go1.27.1"],
};

/** Newer binaries print these, empty in a client. */
const emulation = ["EmulationMajor", "EmulationMinor", "MinCompatibilityMajor", "MinCompatibilityMinor"];

/** The build facts that a binary of Kubernetes prints. */
export function buildInfo(process: Process): Record<string, string> {
  const version = `v${process.executable.version.replace(/^v/, "")}`;
  const facts = process.executable.facts ?? {};
  const [commit, date, go] = builds[version] ?? ["unknown", "unknown", "unknown"];
  return {
    major: "1",
    minor: String(minorOf(version)),
    gitVersion: version,
    gitCommit: facts["gitCommit"] ?? commit,
    gitTreeState: "clean",
    buildDate: facts["buildDate"] ?? date,
    goVersion: facts["goVersion"] ?? go,
    compiler: "gc",
    platform: `linux/${process.machine.hardware.architecture}`,
  };
}

export async function version(process: Process, flags: ParsedFlags): Promise<number> {
  const info = buildInfo(process);
  const format = flags.text("output") ?? "";
  if (format === "short") await process.out(`${info["gitVersion"]}\n`);
  else if (format === "json") {
    const text = JSON.stringify({ clientVersion: info }, undefined, 2);
    await process.out(`${text}\n`);
  } else if (format === "yaml") await process.out(toYaml({ clientVersion: info }));
  else if (format === "") {
    const fields = Object.entries(info).map(
      ([key, value]) => `${key.slice(0, 1).toUpperCase()}${key.slice(1)}:${toJson(value)}`,
    );
    if (minorOf(process.executable.version) >= 34) fields.splice(2, 0, ...emulation.map((name) => `${name}:""`));
    await process.out(`kubeadm version: &version.Info{${fields.join(", ")}}\n`);
  } else throw new KubeadmError(`invalid output format: ${format}`);
  return 0;
}

/** `kubeadm upgrade plan`, as far as this lab has releases to upgrade to. */
export async function upgrade(process: Process, flags: ParsedFlags): Promise<number> {
  const [verb] = flags.words;
  if (verb !== "plan") throw new KubeadmError(`unknown command ${JSON.stringify(verb ?? "")} for "kubeadm upgrade"`);
  if (process.credentials.uid !== 0) {
    throw new KubeadmError(
      "[preflight] Some fatal errors occurred:\n\t[ERROR IsPrivilegedUser]: user is not running as root\n[preflight] If you know what you are doing, you can make a check non-fatal with `--ignore-preflight-errors=...`",
    );
  }
  const connection = connectionFrom(process, clusterConfigPath(process, flags.text("kubeconfig")));
  const newer = minorOf(process.executable.version) >= 31;
  await process.out(
    newer
      ? `[preflight] Running pre-flight checks.\n[upgrade/config] Reading configuration from the "kubeadm-config" ConfigMap in namespace "kube-system"...\n[upgrade/config] Use 'kubeadm init phase upload-config kubeadm --config your-config-file' to re-upload it.\n`
      : "[upgrade/config] Making sure the configuration is correct:\n[upgrade/config] Reading configuration from the cluster...\n[upgrade/config] FYI: You can look at this config file with 'kubectl -n kube-system get cm kubeadm-config -o yaml'\n",
  );
  const found = await connection.json("GET", "/api/v1/namespaces/kube-system/configmaps/kubeadm-config");
  const cluster = textAt(parse(textAt(found, "data", "ClusterConfiguration")), "kubernetesVersion").replace(/^v/, "");
  await process.out(
    `${newer ? "" : "[preflight] Running pre-flight checks.\n"}[upgrade] Running cluster health checks\n[upgrade] Fetching available versions to upgrade to\n`,
  );
  await process.out(
    `[upgrade/versions] Cluster version: ${newer ? "" : "v"}${cluster}\n[upgrade/versions] kubeadm version: v${process.executable.version.replace(/^v/, "")}\n`,
  );
  // Simplified: a real one lists the newer patch releases that the release server names.
  await process.out("\n");
  return 0;
}
