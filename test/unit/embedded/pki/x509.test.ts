import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { elementsOf, integer, objectIdentifier, time } from "../../../../src/backends/embedded/pki/der.ts";
import {
  certificatePem,
  distinguishedName,
  extensions,
  newKeys,
  privatePem,
  publicKeyInfo,
  readRequest,
  requestPem,
  subjectOf,
} from "../../../../src/backends/embedded/pki/x509.ts";

const day = 86_400_000;
const begin = Date.UTC(2024, 1, 28);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

async function authorityAndLeaf(signer: { publicKey: KeyObject; privateKey: KeyObject }) {
  const name = distinguishedName([["commonName", "kubernetes"]]);
  const authority = certificatePem(
    {
      serial: Uint8Array.of(0, 0xff),
      subject: name,
      issuer: name,
      notBefore: begin,
      notAfter: begin + 3650 * day,
      publicKey: publicKeyInfo(signer.publicKey),
      extensions: [
        extensions.keyUsage(true),
        extensions.basicConstraints(true),
        extensions.subjectKey(signer.publicKey),
      ],
    },
    signer.privateKey,
  );
  const keys = await newKeys();
  const leaf = certificatePem(
    {
      serial: Uint8Array.of(7),
      subject: distinguishedName([
        ["organization", "system:nodes"],
        ["commonName", "system:node:wörker"],
      ]),
      issuer: subjectOf(new X509Certificate(authority)).subject,
      notBefore: begin,
      notAfter: Date.UTC(2051, 0, 1),
      publicKey: publicKeyInfo(keys.publicKey),
      extensions: [
        extensions.keyUsage(false),
        extensions.extendedKeyUsage(["server", "client"]),
        extensions.basicConstraints(false),
        extensions.authorityKey(signer.publicKey),
        extensions.alternativeNames(["kubernetes", "kubernetes.default"], ["10.96.0.1", "10.0.0.182"]),
      ],
    },
    signer.privateKey,
  );
  return { authority: new X509Certificate(authority), leaf: new X509Certificate(leaf), keys };
}

describe("certificates", () => {
  it.each([
    ["an EC", () => generateKeyPairSync("ec", { namedCurve: "P-256" })],
    ["an RSA", () => generateKeyPairSync("rsa", { modulusLength: 2048 })],
  ])("are signed by %s authority and read as they were meant", async (_what, make) => {
    const { authority, leaf, keys } = await authorityAndLeaf(make());
    expect(authority.ca).toBe(true);
    expect(authority.serialNumber).toBe("FF");
    expect(authority.verify(authority.publicKey)).toBe(true);
    expect(leaf.ca).toBe(false);
    expect(leaf.verify(authority.publicKey)).toBe(true);
    expect(leaf.checkIssued(authority)).toBe(true);
    expect(leaf.subject).toBe("O=system:nodes\nCN=system:node:wörker");
    expect(leaf.issuer).toBe("CN=kubernetes");
    expect(leaf.subjectAltName).toBe(
      "DNS:kubernetes, DNS:kubernetes.default, IP Address:10.96.0.1, IP Address:10.0.0.182",
    );
    expect(leaf.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
    expect(Date.parse(leaf.validFrom)).toBe(begin);
    expect(Date.parse(leaf.validTo)).toBe(Date.UTC(2051, 0, 1));
    expect(leaf.checkPrivateKey(createPrivateKey(privatePem(keys.privateKey)))).toBe(true);
  });

  it("are asked for by requests that say who and for which key", async () => {
    const keys = await newKeys();
    const name = distinguishedName([["commonName", "system:node:worker1"]]);
    const request = readRequest(requestPem(name, keys));
    expect(hex(request.subject)).toBe(hex(name));
    expect(hex(request.publicKey)).toBe(hex(publicKeyInfo(keys.publicKey)));
  });

  it("are never read out of anything else", () => {
    fc.assert(
      fc.property(fc.base64String(), (text) => {
        try {
          readRequest(text);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});

describe("DER", () => {
  it("writes numbers in the fewest bytes, and never negative", () => {
    expect(hex(integer(Uint8Array.of(0)))).toBe("020100");
    expect(hex(integer(Uint8Array.of(0, 0, 5)))).toBe("020105");
    expect(hex(integer(Uint8Array.of(0x80)))).toBe("02020080");
  });

  it("writes identifiers and times as the standard has them", () => {
    expect(hex(objectIdentifier("1.2.840.113549.1.1.11"))).toBe("06092a864886f70d01010b");
    expect(Buffer.from(time(begin)).toString("latin1", 2)).toBe("240228000000Z");
    expect(Buffer.from(time(Date.UTC(2050, 0, 1))).toString("latin1", 2)).toBe("20500101000000Z");
  });

  it("reads what it wrote, however long", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 70_000 }), (bytes) => {
        const [element] = elementsOf(integer(bytes));
        expect(BigInt(`0x${hex(element?.content ?? new Uint8Array())}`)).toBe(BigInt(`0x${hex(bytes)}`));
      }),
      { numRuns: 30 },
    );
  });
});
