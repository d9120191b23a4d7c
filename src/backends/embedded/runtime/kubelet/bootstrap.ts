import { stringify } from "yaml";
import type { Process } from "../../machine/process.ts";
import type { ApiClient } from "../../cluster/api.ts";
import type { ApiObject } from "../../cluster/controllers/types.ts";
import { randomSuffix } from "../../cluster/controllers/types.ts";
import { distinguishedName, newKeys, privatePem, requestPem } from "../../pki/x509.ts";
import { connectFromKubeconfig, readKubeconfig } from "./api-access.ts";
import type { KubeletConfiguration } from "./configuration.ts";
import type { KubeletOptions } from "./kubelet.ts";

const folder = "/var/lib/kubelet/pki";

/** TLS bootstrap: asks for a client certificate with the bootstrap token and writes the kubeconfig that uses it. */
export async function bootstrapKubeconfig(
  process: Process,
  configuration: KubeletConfiguration,
  log: KubeletOptions["log"],
): Promise<void> {
  const { clock, random } = process.machine.environment;
  const bootstrap = readKubeconfig(process, configuration.bootstrapKubeconfig);
  const keys = await newKeys();
  const request = requestPem(
    distinguishedName([
      ["organization", "system:nodes"],
      ["commonName", `system:node:${configuration.nodeName}`],
    ]),
    keys,
  );
  const name = `csr-${randomSuffix(random)}`;
  const object: ApiObject = {
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { name, generateName: "csr-" },
    spec: {
      request: Buffer.from(request).toString("base64"),
      signerName: "kubernetes.io/kube-apiserver-client-kubelet",
      usages: ["digital signature", "client auth"],
    },
  };
  let delay = 50;
  for (;;) {
    try {
      const client = connectFromKubeconfig(process, configuration.bootstrapKubeconfig);
      const certificate = await obtain(process, client, object);
      writeCredentials(process, configuration, bootstrap, certificate + privatePem(keys.privateKey));
      log("I", "certificate_manager.go:356", "Certificate rotation is enabled");
      return;
    } catch (error) {
      process.signal.throwIfAborted();
      log("E", "bootstrap.go:266", "Failed to request a client certificate", { err: String(error) });
    }
    await clock.sleep(delay, process.signal);
    delay = Math.min(delay * 2, 2_000);
  }
}

/** Resolves with the signed certificate as PEM. */
async function obtain(process: Process, client: ApiClient, object: ApiObject): Promise<string> {
  const location = { apiVersion: "certificates.k8s.io/v1", resource: "certificatesigningrequests", namespace: "" };
  const key = { ...location, name: object.metadata.name };
  if (!(await client.get(key))) await client.create(location, object);
  const { clock } = process.machine.environment;
  for (;;) {
    const current = await client.get(key);
    const status = current?.["status"];
    const certificate = typeof status === "object" && status !== null && "certificate" in status && status.certificate;
    if (typeof certificate === "string") return Buffer.from(certificate, "base64").toString("utf8");
    await clock.sleep(10, process.signal);
  }
}

function writeCredentials(
  process: Process,
  configuration: KubeletConfiguration,
  bootstrap: ReturnType<typeof readKubeconfig>,
  pem: string,
): void {
  const { files } = process;
  const { clock } = process.machine.environment;
  const stamp = new Date(clock.now()).toISOString().slice(0, 19).replaceAll(":", "-").replace("T", "-");
  const path = `${folder}/kubelet-client-${stamp}.pem`;
  const current = `${folder}/kubelet-client-current.pem`;
  files.makeDirectories(folder);
  files.writeWithMode(path, pem, 0o600);
  files.removeTree(current);
  files.symlink(path, current);
  const kubeconfig = {
    apiVersion: "v1",
    clusters: [
      {
        cluster: {
          "certificate-authority-data": Buffer.from(bootstrap.authority ?? "").toString("base64"),
          server: bootstrap.server,
        },
        name: "default-cluster",
      },
    ],
    contexts: [
      { context: { cluster: "default-cluster", namespace: "default", user: "default-auth" }, name: "default-context" },
    ],
    "current-context": "default-context",
    kind: "Config",
    preferences: {},
    users: [{ name: "default-auth", user: { "client-certificate": current, "client-key": current } }],
  };
  files.makeDirectories(configuration.kubeconfig.slice(0, configuration.kubeconfig.lastIndexOf("/")));
  files.writeWithMode(configuration.kubeconfig, stringify(kubeconfig), 0o600);
}
