import { createHash, generateKeyPair, type KeyObject, sign, type X509Certificate } from "node:crypto";
import { isIPv4 } from "node:net";
import { promisify } from "node:util";
import { bitString, element, elementsOf, integer, objectIdentifier, sequence, tags, text, time } from "./der.ts";

/** Keys on the curve P-256. */
export const newKeys = (): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> =>
  promisify(generateKeyPair)("ec", { namedCurve: "P-256" });

/** A private key as PKCS #8 in PEM. */
export const privatePem = (key: KeyObject): string => String(key.export({ type: "pkcs8", format: "pem" }));

const publicDer = (key: KeyObject): Uint8Array => key.export({ type: "spki", format: "der" });

/** Binary data as PEM. */
function pem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

const attributes = { commonName: "2.5.4.3", organization: "2.5.4.10" } as const;

export type NamePart = readonly [type: keyof typeof attributes, value: string];

/** A distinguished name in the order given. */
export const distinguishedName = (parts: readonly NamePart[]): Uint8Array =>
  sequence(
    ...parts.map(([type, value]) => element(tags.set, sequence(objectIdentifier(attributes[type]), text(value)))),
  );

const extension = (identifier: string, isCritical: boolean, value: Uint8Array): Uint8Array =>
  sequence(
    objectIdentifier(identifier),
    ...(isCritical ? [element(tags.boolean, Uint8Array.of(0xff))] : []),
    element(tags.octetString, value),
  );

/** SHA-1 of the key's bits, as authorities name their keys. */
function keyIdentifier(publicKey: KeyObject): Uint8Array {
  const [, bits] = elementsOf(elementsOf(publicDer(publicKey))[0]?.content ?? new Uint8Array());
  return createHash("sha1")
    .update(bits?.content.subarray(1) ?? new Uint8Array())
    .digest();
}

/** The extensions that a cluster's certificates have. */
export const extensions = {
  /** Digital signatures and key encipherment; an authority signs certificates too. */
  keyUsage: (isAuthority: boolean): Uint8Array =>
    extension("2.5.29.15", true, bitString(Uint8Array.of(isAuthority ? 0xa4 : 0xa0), isAuthority ? 2 : 5)),
  extendedKeyUsage: (usages: readonly ("server" | "client")[]): Uint8Array =>
    extension(
      "2.5.29.37",
      false,
      sequence(...usages.map((usage) => objectIdentifier(`1.3.6.1.5.5.7.3.${usage === "server" ? 1 : 2}`))),
    ),
  basicConstraints: (isAuthority: boolean): Uint8Array =>
    extension("2.5.29.19", true, isAuthority ? sequence(element(tags.boolean, Uint8Array.of(0xff))) : sequence()),
  subjectKey: (publicKey: KeyObject): Uint8Array =>
    extension("2.5.29.14", false, element(tags.octetString, keyIdentifier(publicKey))),
  authorityKey: (publicKey: KeyObject): Uint8Array =>
    extension("2.5.29.35", false, sequence(element(0x80, keyIdentifier(publicKey)))),
  /** Simplified: addresses of IPv4 only; the lab has no others. */
  alternativeNames: (names: readonly string[], addresses: readonly string[]): Uint8Array =>
    extension(
      "2.5.29.17",
      false,
      sequence(
        ...names.map((name) => element(0x82, Buffer.from(name))),
        ...addresses.filter(isIPv4).map((address) => element(0x87, Uint8Array.from(address.split("."), Number))),
      ),
    ),
};

export interface CertificateContent {
  /** Big end first; not negative. */
  serial: Uint8Array;
  subject: Uint8Array;
  issuer: Uint8Array;
  /** Milliseconds since the epoch. */
  notBefore: number;
  notAfter: number;
  publicKey: Uint8Array;
  extensions: readonly Uint8Array[];
}

const algorithmOf = (key: KeyObject): Uint8Array =>
  key.asymmetricKeyType === "rsa"
    ? sequence(objectIdentifier("1.2.840.113549.1.1.11"), element(tags.nothing))
    : sequence(objectIdentifier("1.2.840.10045.4.3.2"));

const signed = (content: Uint8Array, key: KeyObject): Uint8Array =>
  sequence(content, algorithmOf(key), bitString(sign("sha256", content, key)));

/** A certificate signed with an EC or RSA key; PEM. */
export function certificatePem(content: CertificateContent, signingKey: KeyObject): string {
  const body = sequence(
    element(0xa0, integer(Uint8Array.of(2))),
    integer(content.serial),
    algorithmOf(signingKey),
    content.issuer,
    sequence(time(content.notBefore), time(content.notAfter)),
    content.subject,
    content.publicKey,
    element(0xa3, sequence(...content.extensions)),
  );
  return pem("CERTIFICATE", signed(body, signingKey));
}

/** What signing needs of a public key. */
export const publicKeyInfo = publicDer;

/** A request for a certificate, signed with the key it is for; PEM. */
export function requestPem(subject: Uint8Array, keys: { publicKey: KeyObject; privateKey: KeyObject }): string {
  const body = sequence(integer(Uint8Array.of(0)), subject, publicDer(keys.publicKey), element(0xa0));
  return pem("CERTIFICATE REQUEST", signed(body, keys.privateKey));
}

/** Subject and public key of a request. Throws RangeError for what is none. */
export function readRequest(text: string): { subject: Uint8Array; publicKey: Uint8Array } {
  const bytes = Buffer.from(text.replaceAll(/-----[^-]+-----|\s/g, ""), "base64");
  const [whole] = elementsOf(bytes);
  const [body] = elementsOf(whole?.content ?? new Uint8Array());
  const [, subject, publicKey] = elementsOf(body?.content ?? new Uint8Array());
  if (!subject || !publicKey) throw new RangeError("malformed certificate request");
  return { subject: subject.whole, publicKey: publicKey.whole };
}

/** Subject and public key of a certificate as they stand in it. */
export function subjectOf(certificate: X509Certificate): { subject: Uint8Array; publicKey: Uint8Array } {
  const [whole] = elementsOf(certificate.raw);
  const [body] = elementsOf(whole?.content ?? new Uint8Array());
  const parts = elementsOf(body?.content ?? new Uint8Array());
  // The version comes first, but for certificates of version 1.
  const first = parts[0]?.tag === 0xa0 ? 1 : 0;
  const [subject, publicKey] = parts.slice(first + 4);
  if (!subject || !publicKey) throw new RangeError("malformed certificate");
  return { subject: subject.whole, publicKey: publicKey.whole };
}
