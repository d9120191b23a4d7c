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

export interface Relation {
  name: string;
  /** `>=`, `<<` and so on; undefined for any version. */
  operator: string | undefined;
  version: string | undefined;
}

/** `a (>= 1) | b, c`: all of the outer list, any of the inner. */
export function parseRelations(text: string | undefined): Relation[][] {
  if (text === undefined || text.trim() === "") return [];
  return text.split(",").map((group) =>
    group.split("|").map((item) => {
      const match = /^\s*([^\s(:]+)(?::\w+)?\s*(?:\(\s*([<>=]+)\s*([^)\s]+)\s*\))?/.exec(item);
      return { name: match?.[1] ?? item.trim(), operator: match?.[2], version: match?.[3] };
    }),
  );
}

/** Debian's order of versions: negative when `a` is older. */
export function compareVersions(a: string, b: string): number {
  const left = split(a);
  const right = split(b);
  return (
    left.epoch - right.epoch ||
    compareParts(left.upstream, right.upstream) ||
    compareParts(left.revision, right.revision)
  );
}

function split(version: string): { epoch: number; upstream: string; revision: string } {
  const colon = version.indexOf(":");
  const rest = colon < 0 ? version : version.slice(colon + 1);
  const dash = rest.lastIndexOf("-");
  return {
    epoch: colon < 0 ? 0 : Number(version.slice(0, colon)) || 0,
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    revision: dash < 0 ? "" : rest.slice(dash + 1),
  };
}

function order(letter: string | undefined): number {
  if (letter === undefined) return 0;
  if (letter === "~") return -1;
  return /[a-z]/i.test(letter) ? letter.charCodeAt(0) : letter.charCodeAt(0) + 256;
}

function compareParts(a: string, b: string): number {
  let left = a;
  let right = b;
  while (left !== "" || right !== "") {
    const leftWord = /^\D*/.exec(left)?.[0] ?? "";
    const rightWord = /^\D*/.exec(right)?.[0] ?? "";
    for (let index = 0; index < Math.max(leftWord.length, rightWord.length); index += 1) {
      const difference = order(leftWord[index]) - order(rightWord[index]);
      if (difference !== 0) return difference;
    }
    left = left.slice(leftWord.length);
    right = right.slice(rightWord.length);
    const leftNumber = /^\d*/.exec(left)?.[0] ?? "";
    const rightNumber = /^\d*/.exec(right)?.[0] ?? "";
    const difference = Number(leftNumber || 0) - Number(rightNumber || 0);
    if (difference !== 0) return difference;
    left = left.slice(leftNumber.length);
    right = right.slice(rightNumber.length);
  }
  return 0;
}

/** True when `version` is what the relation asks for. */
export function satisfies(version: string, relation: Relation): boolean {
  if (relation.operator === undefined || relation.version === undefined) return true;
  const order = compareVersions(version, relation.version);
  switch (relation.operator) {
    case ">=":
      return order >= 0;
    case "<=":
      return order <= 0;
    case ">>":
      return order > 0;
    case "<<":
      return order < 0;
    default:
      return order === 0;
  }
}
