import type { Process } from "../../../process.ts";
import { toYaml } from "../go/yaml.ts";
import { createAuthority, createSigningKeys, issue, loadPair, type KeyPair, type LeafRequest } from "./certificates.ts";
import { serviceAddress, type Setup } from "./setup.ts";

/** Root's writes: folders as needed, then the file with its mode. */
export function writeRootFile(process: Process, path: string, text: string, mode: number): void {
  const { rootFiles } = process.machine;
  rootFiles.makeDirectories(path.slice(0, path.lastIndexOf("/")), 0o755);
  rootFiles.writeWithMode(path, text, mode);
  rootFiles.chmod(path, mode);
}

/** A leaf certificate of the cluster: its file, its authority's file, and what it says. */
interface LeafPlan {
  file: string;
  authority: "ca" | "front-proxy-ca" | "etcd/ca";
  request: LeafRequest;
  announced: boolean;
}

export function leafPlans(setup: Setup): LeafPlan[] {
  const host = setup.nodeName;
  const address = setup.advertiseAddress;
  const endpoint = setup.controlPlaneEndpoint.replace(/:\d+$/, "");
  const extra = [...setup.certificateNames, ...(endpoint === "" ? [] : [endpoint])];
  const isAddress = (name: string): boolean => /^[\d.]+$|:/.test(name);
  const serving = {
    dnsNames: [
      "kubernetes",
      "kubernetes.default",
      "kubernetes.default.svc",
      `kubernetes.default.svc.${setup.dnsDomain}`,
      host,
      ...extra.filter((name) => !isAddress(name)),
    ],
    addresses: [serviceAddress(setup.serviceSubnet, 1), address, ...extra.filter(isAddress)],
  };
  const peers = { dnsNames: ["localhost", host], addresses: [address, "127.0.0.1", "::1"] };
  const both: readonly ("server" | "client")[] = ["server", "client"];
  return [
    {
      file: "apiserver",
      authority: "ca",
      announced: true,
      request: { commonName: "kube-apiserver", usages: ["server"], ...serving },
    },
    {
      file: "apiserver-kubelet-client",
      authority: "ca",
      announced: false,
      request: { commonName: "kube-apiserver-kubelet-client", organizations: [adminGroup(setup)], usages: ["client"] },
    },
    {
      file: "front-proxy-client",
      authority: "front-proxy-ca",
      announced: false,
      request: { commonName: "front-proxy-client", usages: ["client"] },
    },
    {
      file: "etcd/server",
      authority: "etcd/ca",
      announced: true,
      request: { commonName: host, usages: both, ...peers },
    },
    { file: "etcd/peer", authority: "etcd/ca", announced: true, request: { commonName: host, usages: both, ...peers } },
    {
      file: "etcd/healthcheck-client",
      authority: "etcd/ca",
      announced: false,
      request: { commonName: "kube-etcd-healthcheck-client", usages: ["client"] },
    },
    {
      file: "apiserver-etcd-client",
      authority: "etcd/ca",
      announced: false,
      request: { commonName: "kube-apiserver-etcd-client", usages: ["client"] },
    },
  ];
}

/** From 1.29 on administrators are a group of their own that RBAC binds; before, the group that RBAC does not ask about. */
const adminGroup = (setup: Setup): string => (separateAdmins(setup) ? "kubeadm:cluster-admins" : "system:masters");

export const separateAdmins = (setup: Setup): boolean => Number(setup.kubernetesVersion.split(".")[1]) >= 29;

function writePair(process: Process, folder: string, file: string, pair: KeyPair): void {
  writeRootFile(process, `${folder}/${file}.crt`, pair.certificatePem, 0o644);
  writeRootFile(process, `${folder}/${file}.key`, pair.keyPem, 0o600);
}

async function existingPair(process: Process, folder: string, file: string): Promise<KeyPair | undefined> {
  const { rootFiles } = process.machine;
  if (!rootFiles.exists(`${folder}/${file}.crt`) || !rootFiles.exists(`${folder}/${file}.key`)) return undefined;
  return loadPair(rootFiles.readText(`${folder}/${file}.crt`), rootFiles.readText(`${folder}/${file}.key`));
}

/** The phase `certs`: every authority and certificate, existing ones kept. `folder` differs only in a dry run. */
export async function createCertificates(process: Process, setup: Setup, folder: string): Promise<void> {
  await process.out(`[certs] Using certificateDir folder ${JSON.stringify(folder)}\n`);
  const authorities = new Map<string, KeyPair>();
  const names: Readonly<Record<string, string>> = {
    ca: "kubernetes",
    "front-proxy-ca": "front-proxy-ca",
    "etcd/ca": "etcd-ca",
  };
  const plans = leafPlans(setup);
  for (const file of ["ca", "front-proxy-ca", "etcd/ca"]) {
    const existing = await existingPair(process, folder, file);
    const pair = existing ?? (await createAuthority(process, names[file] ?? file));
    if (existing) await process.out(`[certs] Using existing ${file} certificate authority\n`);
    else {
      await process.out(`[certs] Generating ${JSON.stringify(file)} certificate and key\n`);
      writePair(process, folder, file, pair);
    }
    authorities.set(file, pair);
    for (const plan of plans.filter(({ authority }) => authority === file)) {
      if (await existingPair(process, folder, plan.file)) {
        await process.out(`[certs] Using existing ${plan.file} certificate and key on disk\n`);
        continue;
      }
      await process.out(`[certs] Generating ${JSON.stringify(plan.file)} certificate and key\n`);
      if (plan.announced) {
        const dns = [...(plan.request.dnsNames ?? [])].sort().join(" ");
        const shown = plan.file === "apiserver" ? (plan.request.addresses ?? []) : (plan.request.addresses ?? []);
        await process.out(
          `[certs] ${plan.file} serving cert is signed for DNS names [${dns}] and IPs [${shown.join(" ")}]\n`,
        );
      }
      writePair(process, folder, plan.file, await issue(process, pair, plan.request));
      await process.machine.environment.pacing.wait("progress", process.signal);
    }
  }
  if (process.machine.rootFiles.exists(`${folder}/sa.key`)) {
    await process.out('[certs] Using the existing "sa" key\n');
    return;
  }
  const signing = await createSigningKeys();
  writeRootFile(process, `${folder}/sa.key`, signing.privatePem, 0o600);
  writeRootFile(process, `${folder}/sa.pub`, signing.publicPem, 0o600);
  await process.out('[certs] Generating "sa" key and public key\n');
}

export interface KubeconfigPlan {
  file: string;
  user: string;
  organizations: string[];
  server: string;
}

/** The kubeconfig files of a control plane, in the order in which they are written. */
export function kubeconfigPlans(setup: Setup): KubeconfigPlan[] {
  const local = `https://${setup.advertiseAddress}:${setup.bindPort}`;
  const server =
    setup.controlPlaneEndpoint === "" ? local : `https://${withPort(setup.controlPlaneEndpoint, setup.bindPort)}`;
  const separate = separateAdmins(setup);
  return [
    { file: "admin.conf", user: "kubernetes-admin", organizations: [adminGroup(setup)], server },
    ...(separate
      ? [{ file: "super-admin.conf", user: "kubernetes-super-admin", organizations: ["system:masters"], server }]
      : []),
    { file: "kubelet.conf", user: `system:node:${setup.nodeName}`, organizations: ["system:nodes"], server },
    { file: "controller-manager.conf", user: "system:kube-controller-manager", organizations: [], server: local },
    { file: "scheduler.conf", user: "system:kube-scheduler", organizations: [], server: local },
  ];
}

export const withPort = (endpoint: string, port: number): string =>
  /:\d+$/.test(endpoint) ? endpoint : `${endpoint}:${port}`;

/** A kubeconfig for one user; `credentials` are the fields of its `user`. */
export function kubeconfigText(
  cluster: string,
  server: string,
  authorityPem: string,
  user: string,
  credentials: Record<string, string>,
): string {
  const context = `${user}@${cluster}`;
  return toYaml({
    apiVersion: "v1",
    clusters: [{ cluster: { "certificate-authority-data": base64(authorityPem), server }, name: cluster }],
    contexts: [{ context: { cluster, user }, name: context }],
    "current-context": context,
    kind: "Config",
    preferences: {},
    users: [{ name: user, user: credentials }],
  });
}

export const base64 = (text: string): string => Buffer.from(text, "utf8").toString("base64");

/** The phase `kubeconfig`. */
export async function createKubeconfigs(process: Process, setup: Setup, folder: string, pki: string): Promise<void> {
  await process.out(`[kubeconfig] Using kubeconfig folder ${JSON.stringify(folder)}\n`);
  const authority = await existingPair(process, pki, "ca");
  if (!authority) throw new Error(`couldn't load CA certificate: open ${pki}/ca.crt: no such file or directory`);
  for (const plan of kubeconfigPlans(setup)) {
    const path = `${folder}/${plan.file}`;
    if (process.machine.rootFiles.exists(path)) {
      await process.out(`[kubeconfig] Using existing kubeconfig file: ${JSON.stringify(path)}\n`);
      continue;
    }
    await process.out(`[kubeconfig] Writing ${JSON.stringify(plan.file)} kubeconfig file\n`);
    const pair = await issue(process, authority, {
      commonName: plan.user,
      organizations: plan.organizations,
      usages: ["client"],
    });
    const text = kubeconfigText(setup.clusterName, plan.server, authority.certificatePem, plan.user, {
      "client-certificate-data": base64(pair.certificatePem),
      "client-key-data": base64(pair.keyPem),
    });
    writeRootFile(process, path, text, 0o600);
    await process.machine.environment.pacing.wait("progress", process.signal);
  }
}
