import { createHash, createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import {
  certificatePem,
  distinguishedName,
  extensions,
  newKeys,
  privatePem,
  publicKeyInfo,
  subjectOf,
} from "../../../../pki/x509.ts";
import type { Process } from "../../../process.ts";

// Simplified: a real kubeadm makes RSA keys of 2048 bits; elliptic curves take a hundredth of the time.

const day = 86_400_000;

/** A certificate with its private key. */
export interface KeyPair {
  certificatePem: string;
  /** PEM, PKCS #8. */
  keyPem: string;
  key: KeyObject;
}

export interface LeafRequest {
  commonName: string;
  organizations?: readonly string[];
  dnsNames?: readonly string[];
  addresses?: readonly string[];
  usages: readonly ("server" | "client")[];
}

function serialNumber(process: Process): Uint8Array {
  const bytes = process.machine.environment.random.bytes(8).slice();
  bytes[0] = (bytes[0] ?? 0) & 0x0f;
  return bytes;
}

/** A self-signed authority, good for ten years. */
export async function createAuthority(process: Process, commonName: string): Promise<KeyPair> {
  const { publicKey, privateKey } = await newKeys();
  const now = process.machine.environment.clock.now();
  const name = distinguishedName([["commonName", commonName]]);
  const certificate = certificatePem(
    {
      serial: serialNumber(process),
      subject: name,
      issuer: name,
      notBefore: now - 300_000,
      notAfter: now + 3650 * day,
      publicKey: publicKeyInfo(publicKey),
      extensions: [
        extensions.keyUsage(true),
        extensions.basicConstraints(true),
        extensions.subjectKey(publicKey),
        extensions.alternativeNames([commonName], []),
      ],
    },
    privateKey,
  );
  return { certificatePem: certificate, key: privateKey, keyPem: privatePem(privateKey) };
}

/** A certificate signed by `authority`, good for one year. */
export async function issue(process: Process, authority: KeyPair, request: LeafRequest): Promise<KeyPair> {
  const { publicKey, privateKey } = await newKeys();
  const now = process.machine.environment.clock.now();
  const { organizations = [], dnsNames = [], addresses = [] } = request;
  const issuer = new X509Certificate(authority.certificatePem);
  const certificate = certificatePem(
    {
      serial: serialNumber(process),
      subject: distinguishedName([
        ...organizations.map((name) => ["organization", name] as const),
        ["commonName", request.commonName],
      ]),
      issuer: subjectOf(issuer).subject,
      notBefore: now - 300_000,
      notAfter: now + 365 * day,
      publicKey: publicKeyInfo(publicKey),
      extensions: [
        extensions.keyUsage(false),
        extensions.extendedKeyUsage(request.usages),
        extensions.basicConstraints(false),
        extensions.authorityKey(issuer.publicKey),
        ...(dnsNames.length + addresses.length > 0 ? [extensions.alternativeNames(dnsNames, addresses)] : []),
      ],
    },
    authority.key,
  );
  return { certificatePem: certificate, key: privateKey, keyPem: privatePem(privateKey) };
}

/** A key pair for service account tokens, as PEM. */
export async function createSigningKeys(): Promise<{ privatePem: string; publicPem: string }> {
  const { publicKey, privateKey } = await newKeys();
  return {
    privatePem: privatePem(privateKey),
    publicPem: String(publicKey.export({ type: "spki", format: "pem" })),
  };
}

/** Reads a pair that was written before. Throws for what is none. */
export function loadPair(certificateText: string, keyText: string): KeyPair {
  createPublicKey(certificateText);
  return { certificatePem: certificateText, key: createPrivateKey(keyText), keyPem: keyText };
}

export const parseCertificate = (text: string): X509Certificate => new X509Certificate(text);

/** The pin of a certificate's public key, `sha256:` and hex, as `--discovery-token-ca-cert-hash` takes it. */
export const publicKeyPin = (certificateText: string): string =>
  `sha256:${createHash("sha256")
    .update(subjectOf(parseCertificate(certificateText)).publicKey)
    .digest("hex")}`;
