import "../../machine/programs/kubernetes/kubeadm/reflect.ts";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { ModelledMachine } from "../../machine/machine.ts";

const folder = "/var/lib/kubelet/pki";
const yearMs = 365 * 24 * 3_600_000;

/** The certificate that a kubelet signs for itself when it has none; PEM. */
export async function servingCertificate(machine: ModelledMachine): Promise<{ certificate: string; key: string }> {
  const files = machine.rootFiles;
  const paths = { certificate: `${folder}/kubelet.crt`, key: `${folder}/kubelet.key` };
  if (files.exists(paths.certificate) && files.exists(paths.key)) {
    return { certificate: files.readText(paths.certificate), key: files.readText(paths.key) };
  }
  x509.cryptoProvider.set(webcrypto);
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const now = machine.environment.clock.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: "02",
    name: `CN=${machine.name}@${Math.floor(now / 1_000)}`,
    notBefore: new Date(now - 3_600_000),
    notAfter: new Date(now + yearMs),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.SubjectAlternativeNameExtension([
        { type: "dns", value: machine.name },
        { type: "ip", value: machine.address },
      ]),
    ],
  });
  const exported = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  const key = `-----BEGIN PRIVATE KEY-----\n${(exported.match(/.{1,64}/g) ?? []).join("\n")}\n-----END PRIVATE KEY-----\n`;
  const pem = `${certificate.toString("pem")}\n`;
  files.makeDirectories(folder);
  files.writeWithMode(paths.certificate, pem, 0o644);
  files.writeWithMode(paths.key, key, 0o600);
  return { certificate: pem, key };
}
