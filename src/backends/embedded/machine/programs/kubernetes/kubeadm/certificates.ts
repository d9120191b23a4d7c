import "./reflect.ts";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { Process } from "../../../process.ts";

// Simplified: a real kubeadm makes RSA keys of 2048 bits; elliptic curves take a hundredth of the time.
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const day = 86_400_000;

/** A certificate with its private key. */
export interface KeyPair {
  certificate: x509.X509Certificate;
  /** PEM. */
  certificatePem: string;
  /** PEM, PKCS #8. */
  keyPem: string;
  key: webcrypto.CryptoKey;
}

export interface LeafRequest {
  commonName: string;
  organizations?: readonly string[];
  dnsNames?: readonly string[];
  addresses?: readonly string[];
  usages: readonly ("server" | "client")[];
}

const pem = (label: string, bytes: ArrayBuffer): string =>
  `-----BEGIN ${label}-----\n${(
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,64}/g) ?? []
  ).join("\n")}\n-----END ${label}-----\n`;

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  return keys;
}

const privatePem = async (key: webcrypto.CryptoKey): Promise<string> =>
  pem("PRIVATE KEY", await webcrypto.subtle.exportKey("pkcs8", key));

function serialNumber(process: Process): string {
  const bytes = process.machine.environment.random.bytes(8);
  return `0${Buffer.from(bytes).toString("hex").slice(1)}`;
}

const certificatePem = (certificate: x509.X509Certificate): string => pem("CERTIFICATE", certificate.rawData);

/** A self-signed authority, good for ten years. */
export async function createAuthority(process: Process, commonName: string): Promise<KeyPair> {
  const keys = await newKeys();
  const now = process.machine.environment.clock.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(process),
    name: [{ CN: [commonName] }],
    notBefore: new Date(now - 300_000),
    notAfter: new Date(now + 3650 * day),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment | x509.KeyUsageFlags.keyCertSign,
        true,
      ),
      new x509.BasicConstraintsExtension(true, undefined, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      new x509.SubjectAlternativeNameExtension([{ type: "dns", value: commonName }]),
    ],
  });
  return {
    certificate,
    certificatePem: certificatePem(certificate),
    key: keys.privateKey,
    keyPem: await privatePem(keys.privateKey),
  };
}

/** A certificate signed by `authority`, good for one year. */
export async function issue(process: Process, authority: KeyPair, request: LeafRequest): Promise<KeyPair> {
  const keys = await newKeys();
  const now = process.machine.environment.clock.now();
  const names: x509.JsonGeneralNames = [
    ...(request.dnsNames ?? []).map((value) => ({ type: "dns" as const, value })),
    ...(request.addresses ?? []).map((value) => ({ type: "ip" as const, value })),
  ];
  const usages = request.usages.map((usage) =>
    usage === "server" ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth,
  );
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(process),
    subject: [...(request.organizations ?? []).map((name) => ({ O: [name] })), { CN: [request.commonName] }],
    issuer: authority.certificate.subject,
    notBefore: new Date(now - 300_000),
    notAfter: new Date(now + 365 * day),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: authority.key,
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
      new x509.ExtendedKeyUsageExtension(usages),
      new x509.BasicConstraintsExtension(false, undefined, true),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  return {
    certificate,
    certificatePem: certificatePem(certificate),
    key: keys.privateKey,
    keyPem: await privatePem(keys.privateKey),
  };
}

/** A key pair for service account tokens, as PEM. */
export async function createSigningKeys(): Promise<{ privatePem: string; publicPem: string }> {
  const keys = await newKeys();
  return {
    privatePem: await privatePem(keys.privateKey),
    publicPem: pem("PUBLIC KEY", await webcrypto.subtle.exportKey("spki", keys.publicKey)),
  };
}

/** Reads a pair that was written before. */
export async function loadPair(certificateText: string, keyText: string): Promise<KeyPair> {
  const certificate = new x509.X509Certificate(certificateText);
  const der = Buffer.from(keyText.replaceAll(/-----[^-]+-----|\s/g, ""), "base64");
  const key = await webcrypto.subtle.importKey("pkcs8", der, algorithm, true, ["sign"]);
  return { certificate, certificatePem: certificateText, key, keyPem: keyText };
}

export const parseCertificate = (text: string): x509.X509Certificate => new x509.X509Certificate(text);

/** The pin of a certificate's public key, `sha256:` and hex, as `--discovery-token-ca-cert-hash` takes it. */
export async function publicKeyPin(certificateText: string): Promise<string> {
  const digest = await webcrypto.subtle.digest("SHA-256", new x509.X509Certificate(certificateText).publicKey.rawData);
  return `sha256:${Buffer.from(digest).toString("hex")}`;
}
