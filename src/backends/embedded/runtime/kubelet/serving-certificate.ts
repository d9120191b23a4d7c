import "../../machine/programs/kubernetes/kubeadm/reflect.ts";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { ModelledMachine } from "../../machine/machine.ts";

const folder = "/var/lib/kubelet/pki";
const yearMs = 365 * 24 * 3_600_000;

interface ServingPair {
  certificate: string;
  key: string;
}

/** A certificate that a component of the machine signs for itself; PEM. */
export async function selfSigned(machine: ModelledMachine): Promise<ServingPair> {
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
  return { certificate: `${certificate.toString("pem")}\n`, key: await privateKeyPem(keys.privateKey) };
}

/** A private key as PKCS #8 in PEM. */
export async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  const exported = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", key)).toString("base64");
  return `-----BEGIN PRIVATE KEY-----\n${(exported.match(/.{1,64}/g) ?? []).join("\n")}\n-----END PRIVATE KEY-----\n`;
}

/** The certificate that a kubelet signs for itself when it has none; PEM. */
export async function servingCertificate(machine: ModelledMachine): Promise<ServingPair> {
  const files = machine.rootFiles;
  const paths = { certificate: `${folder}/kubelet.crt`, key: `${folder}/kubelet.key` };
  if (files.exists(paths.certificate) && files.exists(paths.key)) {
    return { certificate: files.readText(paths.certificate), key: files.readText(paths.key) };
  }
  const pair = await selfSigned(machine);
  files.makeDirectories(folder);
  files.writeWithMode(paths.certificate, pair.certificate, 0o644);
  files.writeWithMode(paths.key, pair.key, 0o600);
  return pair;
}
