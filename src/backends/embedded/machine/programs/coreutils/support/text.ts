/** Bytes that are not UTF-8 travel through strings as lone surrogates U+DC80..U+DCFF, so that nothing is lost. */
const escapeBase = 0xdc00;

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenientEncoder = new TextEncoder();

/** Bytes as text without loss; `encodeText` gives the same bytes back. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return decodeEscaping(bytes);
  }
}

function decodeEscaping(bytes: Uint8Array): string {
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at);
    if (length > 0) {
      at += length;
      continue;
    }
    if (at > from) parts.push(strict.decode(bytes.subarray(from, at)));
    parts.push(String.fromCharCode(escapeBase + (bytes[at] ?? 0)));
    at += 1;
    from = at;
  }
  if (from < bytes.length) parts.push(strict.decode(bytes.subarray(from)));
  return parts.join("");
}

/** Length of the valid UTF-8 sequence at `at`, 0 when there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length =
    first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  try {
    strict.decode(bytes.subarray(at, at + length));
    return length;
  } catch {
    return 0;
  }
}

/** Text as bytes; the opposite of `decodeText`. */
export function encodeText(text: string): Uint8Array {
  if (text.isWellFormed()) return lenientEncoder.encode(text);
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= escapeBase + 0x80 && code <= escapeBase + 0xff) bytes.push(code - escapeBase);
    else bytes.push(...lenientEncoder.encode(character));
  }
  return Uint8Array.from(bytes);
}

/** One character per byte. */
export const decodeBinary = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");

export const encodeBinary = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));

/** The UTF-8 bytes of `text`, one character each. */
export const textToBinary = (text: string): string => decodeBinary(encodeText(text));

export const binaryToText = (binary: string): string => decodeText(encodeBinary(binary));

/** GNU's quotes in a UTF-8 locale. */
export const quote = (text: string): string => `‘${text}’`;

/** A file name as GNU's newer messages show it: quoted for the shell. */
export function quoteName(text: string): string {
  if (/[\n\t\r\u0000-\u001f]/.test(text)) {
    const escaped = text.replace(/[\u0000-\u001f]/g, (character) => {
      const known: Record<string, string> = { "\n": "\\n", "\t": "\\t", "\r": "\\r" };
      return `'$'${known[character] ?? `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`}''`;
    });
    return `'${escaped}'`;
  }
  if (text.includes("'")) return text.includes('"') ? `'${text.replaceAll("'", `'\\''`)}'` : `"${text}"`;
  return `'${text}'`;
}

/** Columns that `text` takes on a terminal. Simplified: wide East Asian characters count as one. */
export const textWidth = (text: string): number => {
  let width = 0;
  for (const character of text) if (!/\p{M}/u.test(character)) width += 1;
  return width;
};
