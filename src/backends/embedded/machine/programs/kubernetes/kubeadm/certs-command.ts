import type { Process } from "../../../process.ts";
import { parse } from "yaml";
import { listAt, textAt } from "../client/json.ts";
import { months, shortHumanDuration } from "../go/duration.ts";
import type { ParsedFlags } from "../go/flags.ts";
import { alignTabs } from "../go/tab-writer.ts";
import { issue, loadPair, parseCertificate } from "./certificates.ts";
import { KubeadmError } from "./errors.ts";
import { base64, kubeconfigPlans, kubeconfigText, leafPlans, writeRootFile } from "./pki.ts";
import { readConfiguration, setupOf } from "./setup.ts";

/** `kubeadm certs check-expiration|renew`. */
export async function certs(process: Process, flags: ParsedFlags): Promise<number> {
  const [verb, name] = flags.words;
  if (verb === "check-expiration") return checkExpiration(process, flags);
  if (verb === "renew") return renew(process, flags, name);
  throw new KubeadmError(
    verb === undefined
      ? 'missing subcommand; "certs" is not meant to be run on its own'
      : `unknown command ${JSON.stringify(verb)} for "kubeadm certs"`,
  );
}

const two = (value: number): string => String(value).padStart(2, "0");

function shownTime(date: Date): string {
  return `${months[date.getUTCMonth()]} ${two(date.getUTCDate())}, ${date.getUTCFullYear()} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())} UTC`;
}

async function checkExpiration(process: Process, flags: ParsedFlags): Promise<number> {
  const setup = setupOf(process, flags, readConfiguration(process, flags.text("config")));
  const { rootFiles, environment } = process.machine;
  const now = environment.clock.now();
  if (rootFiles.exists("/etc/kubernetes/admin.conf")) {
    await process.out("[check-expiration] Reading configuration from the cluster...\n");
    await process.out(
      "[check-expiration] FYI: You can look at this config file with 'kubectl -n kube-system get cm kubeadm-config -o yaml'\n\n",
    );
  }
  const row = (name: string, text: string | undefined, authority: string | undefined): string => {
    const label = authority === undefined ? "" : `${authority}\t`;
    if (text === undefined)
      return authority === undefined ? `!MISSING! ${name}\t\t\t\n` : `!MISSING! ${name}\t\t\t\t\n`;
    const end = new Date(parseCertificate(text).validTo);
    return `${name}\t${shownTime(end)}\t${shortHumanDuration(end.getTime() - now)}\t${label}no\t\n`;
  };
  const pki = setup.certificatesDir;
  const read = (path: string): string | undefined => (rootFiles.exists(path) ? rootFiles.readText(path) : undefined);
  const leaves: [string, string | undefined, string][] = leafPlans(setup).map(({ file, authority }) => [
    file.replace("/", "-"),
    read(`${pki}/${file}.crt`),
    authority.replace("/", "-"),
  ]);
  for (const { file } of kubeconfigPlans(setup).filter((plan) => plan.file !== "kubelet.conf")) {
    const text = read(`/etc/kubernetes/${file}`);
    const config: unknown = text === undefined ? undefined : parse(text);
    const data = textAt(listAt(config, "users")[0], "user", "client-certificate-data");
    leaves.push([file, data === "" ? undefined : Buffer.from(data, "base64").toString("utf8"), "ca"]);
  }
  const leafRows = leaves
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, text, authority]) => row(name, text, authority));
  const caRows = ["ca", "etcd/ca", "front-proxy-ca"].map((file) =>
    row(file.replace("/", "-"), read(`${pki}/${file}.crt`), undefined),
  );
  await process.out(
    alignTabs(`CERTIFICATE\tEXPIRES\tRESIDUAL TIME\tCERTIFICATE AUTHORITY\tEXTERNALLY MANAGED\n${leafRows.join("")}`, {
      minimum: 10,
      padding: 3,
    }).replaceAll(/no {4,}$/gm, "no      "),
  );
  await process.out("\n");
  await process.out(
    alignTabs(`CERTIFICATE AUTHORITY\tEXPIRES\tRESIDUAL TIME\tEXTERNALLY MANAGED\n${caRows.join("")}`, {
      minimum: 10,
      padding: 3,
    }).replaceAll(/no {4,}$/gm, "no      "),
  );
  return 0;
}

async function renew(process: Process, flags: ParsedFlags, wanted: string | undefined): Promise<number> {
  if (process.credentials.uid !== 0) throw new KubeadmError("user is not running as root");
  const setup = setupOf(process, flags, readConfiguration(process, flags.text("config")));
  const { rootFiles } = process.machine;
  const pki = setup.certificatesDir;
  if (wanted === undefined) throw new KubeadmError('missing subcommand; "renew" is not meant to be run on its own');
  const done = async (text: string): Promise<void> => process.out(`${text} renewed\n`);
  const authority = (file: string) =>
    loadPair(rootFiles.readText(`${pki}/${file}.crt`), rootFiles.readText(`${pki}/${file}.key`));
  let found = false;
  for (const plan of leafPlans(setup)) {
    const name = plan.file.replace("/", "-");
    if (wanted !== "all" && wanted !== name) continue;
    found = true;
    const pair = await issue(process, authority(plan.authority), plan.request);
    writeRootFile(process, `${pki}/${plan.file}.crt`, pair.certificatePem, 0o644);
    writeRootFile(process, `${pki}/${plan.file}.key`, pair.keyPem, 0o600);
    await done(`certificate ${plan.announced ? `for serving ${plan.file}` : name}`);
  }
  for (const plan of kubeconfigPlans(setup)) {
    if (plan.file === "kubelet.conf" || (wanted !== "all" && wanted !== plan.file)) continue;
    found = true;
    const ca = authority("ca");
    const pair = await issue(process, ca, {
      commonName: plan.user,
      organizations: plan.organizations,
      usages: ["client"],
    });
    const credentials = {
      "client-certificate-data": base64(pair.certificatePem),
      "client-key-data": base64(pair.keyPem),
    };
    writeRootFile(
      process,
      `/etc/kubernetes/${plan.file}`,
      kubeconfigText(setup.clusterName, plan.server, ca.certificatePem, plan.user, credentials),
      0o600,
    );
    await done(`certificate embedded in the kubeconfig file ${plan.file}`);
  }
  if (!found) throw new KubeadmError(`unknown command ${JSON.stringify(wanted)} for "kubeadm certs renew"`);
  if (wanted === "all") {
    await process.out(
      "\nDone renewing certificates. You must restart the kube-apiserver, kube-controller-manager, kube-scheduler and etcd, so that they can use the new certificates.\n",
    );
  }
  return 0;
}
