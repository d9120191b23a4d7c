import { createHash } from "node:crypto";

/** A public key as its owner describes it; nothing of it is believed but shown: no signature is checked here. */
export interface PublicKey {
  /** 16 hexadecimal digits in capitals, as gpg and apt name a key. */
  id: string;
  /** Milliseconds since the epoch. */
  created: number;
  /** Milliseconds since the epoch; absent when it never expires. */
  expires?: number;
}

interface Packet {
  tag: number;
  body: Buffer;
}

const tags = { signature: 2, publicKey: 6, publicSubkey: 14 } as const;

/**
 * Reads the primary keys in a file of OpenPGP keys, ASCII-armored or not, and the day each expires by its newest
 * self-signature (RFC 9580; keys of versions 4 to 6). Empty for what holds no such keys.
 */
export function readPublicKeys(file: Uint8Array): PublicKey[] {
  const found: { id: string; created: number; signed: number; lifetime: number }[] = [];
  let ofSubkey = false;
  for (const { tag, body } of armorless(Buffer.from(file)).flatMap((bytes) => [...packetsOf(bytes)])) {
    const current = found.at(-1);
    if (tag === tags.publicKey && body.length > 6) {
      found.push({ id: keyId(body), created: body.readUInt32BE(1), signed: -1, lifetime: 0 });
      ofSubkey = false;
    } else if (tag === tags.publicSubkey) {
      ofSubkey = true;
    } else if (tag === tags.signature && current && !ofSubkey) {
      const made = selfSignature(body);
      if (!made || made.created < current.signed || (made.issuer !== undefined && made.issuer !== current.id)) continue;
      current.signed = made.created;
      current.lifetime = made.lifetime;
    }
  }
  return found.map(({ id, created, lifetime }) => ({
    id,
    created: created * 1000,
    ...(lifetime > 0 ? { expires: (created + lifetime) * 1000 } : {}),
  }));
}

/** The bytes in each armored block; the file itself when there is none. */
function armorless(file: Buffer): Buffer[] {
  const text = file.toString("latin1");
  if (!text.includes("-----BEGIN PGP PUBLIC KEY BLOCK-----")) return [file];
  const blocks = text.matchAll(/-----BEGIN PGP PUBLIC KEY BLOCK-----([\s\S]*?)-----END PGP PUBLIC KEY BLOCK-----/g);
  return [...blocks].map(([, block = ""]) => {
    const lines = block.split(/\r?\n/);
    const begin = lines.indexOf("", 1);
    const data = lines.slice(begin + 1).filter((line) => !line.startsWith("="));
    return Buffer.from(data.join(""), "base64");
  });
}

/** Ends where the bytes make no sense. */
function* packetsOf(bytes: Buffer): Generator<Packet> {
  let at = 0;
  while (at < bytes.length) {
    const head = bytes[at] ?? 0;
    if ((head & 0x80) === 0) return;
    const isNew = (head & 0x40) !== 0;
    const length = isNew ? newLength(bytes, at + 1) : oldLength(bytes, at + 1, head & 3);
    if (!length || length.next + length.value > bytes.length) return;
    const body = bytes.subarray(length.next, length.next + length.value);
    yield { tag: isNew ? head & 0x3f : (head >> 2) & 0xf, body };
    at = length.next + length.value;
  }
}

interface Length {
  value: number;
  /** Where what it measures begins. */
  next: number;
}

function newLength(bytes: Buffer, at: number): Length | undefined {
  const first = bytes[at];
  if (first === undefined) return undefined;
  if (first < 192) return { value: first, next: at + 1 };
  const second = bytes[at + 1];
  if (first < 224 && second !== undefined) return { value: ((first - 192) << 8) + second + 192, next: at + 2 };
  return first === 255 && at + 5 <= bytes.length ? { value: bytes.readUInt32BE(at + 1), next: at + 5 } : undefined;
}

function oldLength(bytes: Buffer, at: number, type: number): Length | undefined {
  const size = [1, 2, 4][type];
  if (size === undefined || at + size > bytes.length) return undefined;
  return { value: bytes.readUIntBE(at, size), next: at + size };
}

function keyId(body: Buffer): string {
  const version = body[0] ?? 0;
  const length = Buffer.alloc(version >= 5 ? 5 : 3);
  if (version >= 5) {
    length[0] = version === 5 ? 0x9a : 0x9b;
    length.writeUInt32BE(body.length, 1);
    return createHash("sha256").update(length).update(body).digest("hex").slice(0, 16).toUpperCase();
  }
  length[0] = 0x99;
  length.writeUInt16BE(body.length, 1);
  return createHash("sha1").update(length).update(body).digest("hex").slice(-16).toUpperCase();
}

/** Certifications of a name (0x10 to 0x13) and of the key itself (0x1f) say how long a key lives. */
function selfSignature(body: Buffer): { created: number; lifetime: number; issuer: string | undefined } | undefined {
  const [version = 0, type = 0] = body;
  if (version < 4 || !(type === 0x1f || (type >= 0x10 && type <= 0x13))) return undefined;
  const size = version >= 6 ? 4 : 2;
  if (body.length < 4 + size) return undefined;
  const hashed = 4 + size + body.readUIntBE(4, size);
  if (body.length < hashed + size) return undefined;
  const unhashed = hashed + size + body.readUIntBE(hashed, size);
  const signed = subpackets(body.subarray(4 + size, hashed));
  const issuer = signed.get(16) ?? subpackets(body.subarray(hashed + size, unhashed)).get(16);
  return {
    created: number(signed.get(2)),
    lifetime: number(signed.get(9)),
    issuer: issuer?.toString("hex").toUpperCase(),
  };
}

const number = (bytes: Buffer | undefined): number => (bytes?.length === 4 ? bytes.readUInt32BE(0) : 0);

function subpackets(bytes: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  let at = 0;
  while (at < bytes.length) {
    // Unlike packets, subpackets have two bytes of length up to 254.
    const first = bytes[at] ?? 0;
    const second = bytes[at + 1] ?? 0;
    const length =
      first >= 192 && first < 255 ? { value: ((first - 192) << 8) + second + 192, next: at + 2 } : newLength(bytes, at);
    if (!length || length.value === 0) break;
    found.set((bytes[length.next] ?? 0) & 0x7f, bytes.subarray(length.next + 1, length.next + length.value));
    at = length.next + length.value;
  }
  return found;
}
