import { webcrypto } from "node:crypto";

// The library's container of services asks for the metadata API when it is loaded and never uses it for what we make.
Object.assign(Reflect, {
  getMetadata: () => undefined,
  getOwnMetadata: () => undefined,
  hasOwnMetadata: () => false,
  defineMetadata: () => undefined,
  metadata: () => () => undefined,
});
const x509 = await import("@peculiar/x509");

const algorithm = {
  name: "RSASSA-PKCS1-v1_5",
  hash: "SHA-256",
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
} as const;

export interface Issued {
  certificate: string;
  key: string;
}

interface Authority extends Issued {
  keys: webcrypto.CryptoKeyPair;
  name: string;
}

const validity = { notBefore: new Date("2024-02-01T00:00:00Z"), notAfter: new Date("2030-02-01T00:00:00Z") };

async function pem(key: webcrypto.CryptoKey): Promise<string> {
  const bytes = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", key)).toString("base64");
  return `-----BEGIN PRIVATE KEY-----\n${bytes.replace(/.{64}/g, "$&\n")}\n-----END PRIVATE KEY-----\n`;
}

/** A new self-signed authority with that common name. */
export async function authority(name: string): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    name: `CN=${name}`,
    keys,
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  return { certificate: certificate.toString("pem"), key: await pem(keys.privateKey), keys, name };
}

/** A certificate for those DNS names and addresses, signed by the authority. */
export async function leaf(issuer: Authority, name: string, hosts: readonly string[]): Promise<Issued> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.create({
    ...validity,
    subject: `CN=${name}`,
    issuer: `CN=${issuer.name}`,
    publicKey: keys.publicKey,
    signingKey: issuer.keys.privateKey,
    signingAlgorithm: algorithm,
    extensions:
      hosts.length === 0
        ? []
        : [
            new x509.SubjectAlternativeNameExtension(
              hosts.map((value) => ({ type: /^[\d.]+$/.test(value) ? "ip" : "dns", value })),
            ),
          ],
  });
  return { certificate: certificate.toString("pem"), key: await pem(keys.privateKey) };
}
