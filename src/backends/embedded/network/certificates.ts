import { createPrivateKey, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { CertificateError } from "./network.ts";

const parsed = new Map<string, readonly X509Certificate[]>();
const parsedLimit = 64;

/** All certificates of a PEM text, in order; an unreadable block ends the list. */
function certificatesOf(pem: string): readonly X509Certificate[] {
  const known = parsed.get(pem);
  if (known) return known;
  const found: X509Certificate[] = [];
  for (const [block] of pem.matchAll(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g)) {
    try {
      found.push(new X509Certificate(block));
    } catch {
      break;
    }
  }
  if (parsed.size >= parsedLimit) parsed.clear();
  parsed.set(pem, found);
  return found;
}

const signed = new WeakMap<X509Certificate, WeakMap<X509Certificate, boolean>>();

/** Remembered, because every request of a client asks the same again. */
function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  const known = signed.get(certificate) ?? new WeakMap<X509Certificate, boolean>();
  signed.set(certificate, known);
  const before = known.get(issuer);
  if (before !== undefined) return before;
  const result = certificate.verify(issuer.publicKey);
  known.set(issuer, result);
  return result;
}

/** RFC 3339 without fractions, as Go prints times. */
const goTime = (milliseconds: number): string => `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;

const validities = new WeakMap<X509Certificate, { from: number; to: number }>();

function checkValidity(certificate: X509Certificate, now: number): void {
  const words = "x509: certificate has expired or is not yet valid: current time";
  const validity = validities.get(certificate) ?? {
    from: Date.parse(certificate.validFrom),
    to: Date.parse(certificate.validTo),
  };
  validities.set(certificate, validity);
  const { from, to } = validity;
  if (now < from) throw new CertificateError(`${words} ${goTime(now)} is before ${goTime(from)}`);
  if (now > to) throw new CertificateError(`${words} ${goTime(now)} is after ${goTime(to)}`);
}

function alternativeNames(certificate: X509Certificate): { names: string[]; addresses: string[] } {
  const names: string[] = [];
  const addresses: string[] = [];
  for (const entry of (certificate.subjectAltName ?? "").split(", ")) {
    if (entry.startsWith("DNS:")) names.push(entry.slice(4));
    else if (entry.startsWith("IP Address:")) addresses.push(entry.slice(11));
  }
  return { names, addresses };
}

/** The hosts that a certificate was found to be good for. */
const goodNames = new WeakMap<X509Certificate, Set<string>>();

function checkName(certificate: X509Certificate, host: string): void {
  const known = goodNames.get(certificate) ?? new Set();
  if (known.has(host)) return;
  checkNewName(certificate, host);
  goodNames.set(certificate, known.add(host));
}

function checkNewName(certificate: X509Certificate, host: string): void {
  const { names, addresses } = alternativeNames(certificate);
  if (isIP(host) !== 0) {
    if (certificate.checkIP(host) !== undefined) return;
    if (addresses.length === 0) {
      throw new CertificateError(
        `x509: cannot validate certificate for ${host} because it doesn't contain any IP SANs`,
      );
    }
    throw new CertificateError(`x509: certificate is valid for ${addresses.join(", ")}, not ${host}`);
  }
  if (names.length > 0 && certificate.checkHost(host, { subject: "never" }) !== undefined) return;
  if (names.length === 0) {
    throw new CertificateError(`x509: certificate is not valid for any names, but wanted to match ${host}`);
  }
  throw new CertificateError(`x509: certificate is valid for ${names.join(", ")}, not ${host}`);
}

/** Searches a chain from `leaf` to one of `authorities`; the error names a candidate that did not verify. */
function checkChain(chain: readonly X509Certificate[], authorities: readonly X509Certificate[], now: number): void {
  let candidate: { certificate: X509Certificate; cause: string } | undefined;
  const [leaf, ...intermediates] = chain;
  const visit = (certificate: X509Certificate, depth: number): boolean => {
    if (authorities.some((authority) => authority.fingerprint256 === certificate.fingerprint256)) return true;
    if (depth > 8) return false;
    for (const issuer of [...authorities, ...intermediates]) {
      if (issuer.subject !== certificate.issuer) continue;
      if (!issuer.ca || !isSignedBy(certificate, issuer)) {
        const kind = issuer.publicKey.asymmetricKeyType;
        candidate = {
          certificate: issuer,
          cause: kind === "rsa" ? "crypto/rsa: verification error" : "x509: ECDSA verification failure",
        };
        continue;
      }
      try {
        checkValidity(issuer, now);
      } catch {
        continue;
      }
      if (authorities.includes(issuer) || visit(issuer, depth + 1)) return true;
    }
    return false;
  };
  if (leaf && visit(leaf, 0)) return;
  const words = "x509: certificate signed by unknown authority";
  if (!candidate) throw new CertificateError(words);
  const name = /(?:^|\n)CN=([^\n]*)/.exec(candidate.certificate.subject)?.[1] ?? "";
  throw new CertificateError(
    `${words} (possibly because of ${JSON.stringify(candidate.cause)} while trying to verify candidate authority certificate ${JSON.stringify(name)})`,
  );
}

/** Throws CertificateError unless `certificate` (PEM, leaf first) is good for `host` under `authority` at `now`. */
export function checkServerCertificate(
  certificate: string,
  host: string,
  authority: string | undefined,
  now: number,
): void {
  const chain = certificatesOf(certificate);
  const [leaf] = chain;
  if (!leaf) throw new CertificateError("tls: failed to parse certificate from server: x509: malformed certificate");
  checkValidity(leaf, now);
  checkName(leaf, host);
  checkChain(chain, authority === undefined ? [] : certificatesOf(authority), now);
}

const texts = new WeakMap<X509Certificate, string>();

/** PEM of the client's leaf certificate when `authority` has signed it and it is valid at `now`; else undefined. */
export function acceptedClientCertificate(
  certificate: string,
  authority: string | undefined,
  now: number,
): string | undefined {
  if (authority === undefined) return undefined;
  const chain = certificatesOf(certificate);
  const [leaf] = chain;
  if (!leaf) return undefined;
  try {
    checkValidity(leaf, now);
    checkChain(chain, certificatesOf(authority), now);
    const text = texts.get(leaf) ?? leaf.toString();
    texts.set(leaf, text);
    return text;
  } catch (error) {
    if (error instanceof CertificateError) return undefined;
    throw error;
  }
}

/** The key that was last seen to belong to a certificate, as PEM. */
const matchingKeys = new WeakMap<X509Certificate, string>();

/** Throws CertificateError unless `key` (PEM) belongs to the leaf of `certificate` (PEM). */
export function checkKeyPair(certificate: string, key: string): void {
  const [leaf] = certificatesOf(certificate);
  if (!leaf) throw new CertificateError("tls: failed to find any PEM data in certificate input");
  if (matchingKeys.get(leaf) === key) return;
  let matches: boolean;
  try {
    matches = leaf.checkPrivateKey(createPrivateKey(key));
  } catch {
    throw new CertificateError("tls: failed to find any PEM data in key input");
  }
  if (!matches) throw new CertificateError("tls: private key does not match public key");
  matchingKeys.set(leaf, key);
}
