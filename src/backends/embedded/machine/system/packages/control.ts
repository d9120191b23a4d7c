/** One stanza of a Debian control file: fields in order; a continued field keeps its newlines. */
export type Stanza = Map<string, string>;

/** Parses `Packages`, `status` or `control` text. */
export function parseStanzas(text: string): Stanza[] {
  const stanzas: Stanza[] = [];
  let current: Stanza = new Map();
  let last = "";
  for (const line of text.split("\n")) {
    if (line.trim() === "") {
      if (current.size > 0) stanzas.push(current);
      current = new Map();
      last = "";
    } else if (/^[ \t]/.test(line)) {
      if (last !== "") current.set(last, `${current.get(last) ?? ""}\n${line}`);
    } else {
      const at = line.indexOf(":");
      if (at < 1) continue;
      last = line.slice(0, at);
      current.set(last, line.slice(at + 1).trim());
    }
  }
  if (current.size > 0) stanzas.push(current);
  return stanzas;
}

export const formatStanza = (stanza: Iterable<readonly [string, string]>): string =>
  [...stanza].map(([key, value]) => `${key}:${value.startsWith("\n") ? "" : " "}${value}\n`).join("");
