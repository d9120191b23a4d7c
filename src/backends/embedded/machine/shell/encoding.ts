import { encode } from "../io.ts";

/** Text as bytes; a lone low surrogate U+DC80..U+DCFF stands for a byte that is no character (see `byteCharacter`). */
export function encodeShell(text: string): Uint8Array {
  if (!/(?<![\ud800-\udbff])[\udc80-\udcff]/.test(text)) return encode(text);
  const parts: Uint8Array[] = [];
  for (const piece of text.split(/((?<![\ud800-\udbff])[\udc80-\udcff])/)) {
    const code = piece.length === 1 ? piece.charCodeAt(0) : 0;
    parts.push(code >= 0xdc80 && code <= 0xdcff ? Uint8Array.of(code - 0xdc00) : encode(piece));
  }
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}

/** Quotes a word so that the shell reads it as it is, in the manner of `%q`. */
export function quoteBackslash(text: string): string {
  if (text === "") return "''";
  if (/[\u0000-\u001f\u007f]/.test(text)) return ansiQuote(text);
  return text.replace(/[^A-Za-z0-9_@%+=:,./\-\u0080-\uffff]/g, "\\$&").replace(/^~/, "\\~");
}

/** Quotes a word as `set -x`, `declare -p` and `alias` print it. */
export function quoteSingle(text: string): string {
  if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(text)) return ansiQuote(text);
  return `'${text.replaceAll("'", "'\\''")}'`;
}

export const quoteIfNeeded = (text: string): string =>
  text !== "" && /^[A-Za-z0-9_@%+=:,./\u0080-\uffff-]+$/.test(text) ? text : quoteSingle(text);

const names: Readonly<Record<string, string>> = {
  "\u0007": "\\a",
  "\b": "\\b",
  "\u001b": "\\E",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  "'": "\\'",
};

function ansiQuote(text: string): string {
  const inner = text.replace(
    /[\u0000-\u001f\u007f\\']/g,
    (char) => names[char] ?? `\\${char.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
  return `$'${inner}'`;
}

/** Quotes a value in double quotes, as `declare -p` and `export -p` do. */
export const quoteDouble = (text: string): string =>
  /[\u0000-\u0008\n\u000b-\u001f]/.test(text) ? ansiQuote(text) : `"${text.replace(/["\\$`]/g, "\\$&")}"`;
