import { certificatePem, distinguishedName, extensions, newKeys, privatePem, publicKeyInfo } from "../../pki/x509.ts";
import type { ModelledMachine } from "../../machine/machine.ts";

const folder = "/var/lib/kubelet/pki";
const yearMs = 365 * 24 * 3_600_000;

interface ServingPair {
  certificate: string;
  key: string;
}

/** A certificate that a component of the machine signs for itself; PEM. */
export async function selfSigned(machine: ModelledMachine): Promise<ServingPair> {
  const { publicKey, privateKey } = await newKeys();
  const now = machine.environment.clock.now();
  const name = distinguishedName([["commonName", `${machine.name}@${Math.floor(now / 1_000)}`]]);
  const certificate = certificatePem(
    {
      serial: Uint8Array.of(2),
      subject: name,
      issuer: name,
      notBefore: now - 3_600_000,
      notAfter: now + yearMs,
      publicKey: publicKeyInfo(publicKey),
      extensions: [extensions.alternativeNames([machine.name], [machine.address])],
    },
    privateKey,
  );
  return { certificate, key: privatePem(privateKey) };
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
