/** What a Debian package says of others: `name (operator version)`. */
export interface Relation {
  name: string;
  /** `>=`, `<<` and so on; undefined for any version. */
  operator?: string | undefined;
  version?: string | undefined;
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

/** Compares two versions as dpkg does: negative when `one` is the older (Debian Policy, 5.6.12). */
export function compareVersions(one: string, other: string): number {
  const [first, second] = [partsOf(one), partsOf(other)];
  return (
    first.epoch - second.epoch ||
    compareParts(first.upstream, second.upstream) ||
    compareParts(first.revision, second.revision)
  );
}

function partsOf(version: string): { epoch: number; upstream: string; revision: string } {
  const colon = version.indexOf(":");
  const rest = version.slice(colon + 1);
  const hyphen = rest.lastIndexOf("-");
  return {
    epoch: colon < 0 ? 0 : Number(version.slice(0, colon)),
    upstream: hyphen < 0 ? rest : rest.slice(0, hyphen),
    revision: hyphen < 0 ? "" : rest.slice(hyphen + 1),
  };
}

/** Text and numbers in turn: text by `weight`, numbers by value. */
function compareParts(one: string, other: string): number {
  let [first, second] = [one, other];
  while (first !== "" || second !== "") {
    const texts = [/^\D*/.exec(first)?.[0] ?? "", /^\D*/.exec(second)?.[0] ?? ""] as const;
    const length = Math.max(texts[0].length, texts[1].length);
    for (let index = 0; index < length; index += 1) {
      const difference = weight(texts[0][index]) - weight(texts[1][index]);
      if (difference !== 0) return difference;
    }
    first = first.slice(texts[0].length);
    second = second.slice(texts[1].length);
    const numbers = [/^\d*/.exec(first)?.[0] ?? "", /^\d*/.exec(second)?.[0] ?? ""] as const;
    const difference = BigInt(numbers[0] || 0) - BigInt(numbers[1] || 0);
    if (difference !== 0n) return difference < 0n ? -1 : 1;
    first = first.slice(numbers[0].length);
    second = second.slice(numbers[1].length);
  }
  return 0;
}

/** A tilde before the end, the end before letters, letters before the rest. */
function weight(character: string | undefined): number {
  if (character === "~") return -1;
  if (character === undefined) return 0;
  return /[A-Za-z]/.test(character) ? character.charCodeAt(0) : character.charCodeAt(0) + 256;
}
