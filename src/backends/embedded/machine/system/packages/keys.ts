import { concat, decode, encode } from "../../io.ts";

/** A signing key of the modelled internet. */
export interface SigningKey {
  /** Sixteen hex digits, upper case. */
  id: string;
  /** `Name <address>`. */
  user: string;
  /** Milliseconds since the epoch; absent: it never expires. */
  expires?: number;
}

export const ubuntuKey: SigningKey = {
  id: "871920D1991BC93C",
  user: "Ubuntu Archive Automatic Signing Key (2018) <ftpmaster@ubuntu.com>",
};

/** A binary keyring. Simplified: a real one holds OpenPGP packets; this one holds the keys' names after a packet's first octets. */
export function keyring(keys: readonly SigningKey[]): Uint8Array {
  return concat(
    keys.map((key) => {
      const body = encode(JSON.stringify(key));
      return concat([Uint8Array.of(0x99, body.length >> 8, body.length & 0xff), body]);
    }),
  );
}

/** The same as text between `BEGIN` and `END` lines. */
export function armored(keys: readonly SigningKey[]): string {
  const lines =
    Buffer.from(keyring(keys))
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n${lines.join("\n")}\n-----END PGP PUBLIC KEY BLOCK-----\n`;
}

export const isArmored = (bytes: Uint8Array): boolean =>
  decode(bytes.subarray(0, 64)).trimStart().startsWith("-----BEGIN PGP");

/** Keys in a binary or armored file; empty for anything else. */
export function parseKeys(bytes: Uint8Array): SigningKey[] {
  if (isArmored(bytes)) {
    const blocks = decode(bytes).matchAll(
      /-----BEGIN PGP PUBLIC KEY BLOCK-----([\s\S]*?)-----END PGP PUBLIC KEY BLOCK-----/g,
    );
    return [...blocks].flatMap((block) => {
      const body = (block[1] ?? "")
        .split("\n")
        .filter((line) => line !== "" && !line.includes(":") && !/^=\S{4}$/.test(line));
      return parseKeys(Uint8Array.from(Buffer.from(body.join(""), "base64")));
    });
  }
  const keys: SigningKey[] = [];
  let at = 0;
  while (bytes[at] === 0x99) {
    const length = ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    try {
      const value: unknown = JSON.parse(decode(bytes.subarray(at + 3, at + 3 + length)));
      if (isKey(value)) keys.push(value);
    } catch {
      return keys;
    }
    at += 3 + length;
  }
  return keys;
}

const isKey = (value: unknown): value is SigningKey =>
  typeof value === "object" &&
  value !== null &&
  "id" in value &&
  typeof value.id === "string" &&
  "user" in value &&
  typeof value.user === "string";

/** An index signed in the clear. Simplified: the signature names the key instead of proving it. */
export const signed = (text: string, key: SigningKey): string =>
  `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n${text}-----BEGIN PGP SIGNATURE-----\n\n${Buffer.from(JSON.stringify(key)).toString("base64")}\n-----END PGP SIGNATURE-----\n`;

/** Splits a signed index into its text and the key that signed it. */
export function parseSigned(text: string): { text: string; key: SigningKey } | undefined {
  const match = /^-----BEGIN PGP SIGNED MESSAGE-----\n[^\n]*\n\n([\s\S]*)-----BEGIN PGP SIGNATURE-----\n\n(\S+)\n/.exec(
    text,
  );
  if (!match) return undefined;
  try {
    const key: unknown = JSON.parse(Buffer.from(match[2] ?? "", "base64").toString());
    return isKey(key) ? { text: match[1] ?? "", key } : undefined;
  } catch {
    return undefined;
  }
}
