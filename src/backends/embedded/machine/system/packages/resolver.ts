import type { Available, Offer } from "./available.ts";
import { parseRelations, type Relation, satisfies } from "../../../../../domain/debian.ts";
import type { DpkgDatabase } from "./dpkg-database.ts";
import { isInstalled } from "./dpkg-database.ts";

export interface Plan {
  /** In the order in which they can be unpacked: dependencies first. */
  install: Offer[];
  remove: string[];
  /** apt's lines about dependencies that cannot be met. */
  unmet: string[];
}

/**
 * What has to be installed so that the wanted versions work.
 * Simplified: the first alternative that exists is taken, and nothing is upgraded unless a version demands it.
 */
export function planInstall(
  wanted: readonly Offer[],
  available: Available,
  dpkg: DpkgDatabase,
  recommends: boolean,
): Plan {
  const chosen = new Map<string, Offer>(wanted.map((offer) => [offer.name, offer]));
  const order: Offer[] = [];
  const visited = new Set<string>();
  const unmet: string[] = [];
  const remove = new Set<string>();

  const meets = (relation: Relation): boolean => {
    const selected = chosen.get(relation.name);
    if (selected) return satisfies(selected.version, relation);
    const installed = dpkg.get(relation.name);
    if (installed && !remove.has(relation.name)) return satisfies(installed.version, relation);
    if (relation.operator !== undefined) return false;
    const provides = (text: string | undefined): boolean =>
      parseRelations(text).some((group) => group.some((item) => item.name === relation.name));
    return (
      [...chosen.values()].some((offer) => provides(offer.stanza.get("Provides"))) ||
      dpkg.stanzas().some((stanza) => isInstalled(stanza) && provides(stanza.get("Provides")))
    );
  };
  const pick = (group: readonly Relation[]): Offer | undefined => {
    for (const relation of group) {
      if (chosen.has(relation.name)) continue;
      const direct = available.best(relation);
      if (direct) return direct;
      for (const provider of available.providers(relation.name)) {
        const [offer] = available.offers(provider);
        if (offer) return offer;
      }
    }
    return undefined;
  };

  const visit = (offer: Offer): void => {
    if (visited.has(offer.name)) return;
    visited.add(offer.name);
    for (const key of ["Pre-Depends", "Depends", ...(recommends ? ["Recommends"] : [])]) {
      for (const group of parseRelations(offer.stanza.get(key))) {
        if (!group.some(meets)) {
          const found = pick(group);
          if (found) {
            chosen.set(found.name, found);
            visit(found);
          } else if (key !== "Recommends") unmet.push(unmetLine(offer.name, key, group, available, chosen, dpkg));
          continue;
        }
        for (const relation of group) {
          const selected = chosen.get(relation.name);
          if (selected) visit(selected);
        }
      }
    }
    for (const group of [
      ...parseRelations(offer.stanza.get("Conflicts")),
      ...parseRelations(offer.stanza.get("Breaks")),
    ]) {
      for (const relation of group) {
        const installed = dpkg.get(relation.name);
        if (installed && relation.name !== offer.name && satisfies(installed.version, relation))
          remove.add(relation.name);
      }
    }
    order.push(offer);
  };
  for (const offer of wanted) visit(offer);
  return { install: order, remove: [...remove], unmet };
}

function unmetLine(
  name: string,
  key: string,
  group: readonly Relation[],
  available: Available,
  chosen: ReadonlyMap<string, Offer>,
  dpkg: DpkgDatabase,
): string {
  const parts = group.map((relation) => {
    const shown =
      relation.operator === undefined
        ? relation.name
        : `${relation.name} (${relation.operator} ${relation.version ?? ""})`;
    const selected = chosen.get(relation.name)?.version ?? dpkg.get(relation.name)?.version;
    if (selected !== undefined) return `${shown} but ${selected} is to be installed`;
    if (available.offers(relation.name).length === 0) return `${shown} but it is not installable`;
    return `${shown} but it is not going to be installed`;
  });
  return ` ${name} : ${key}: ${parts.join(" or\n          ")}`;
}

/** Installed packages that need one of `gone`, directly or not. */
export function dependants(gone: ReadonlySet<string>, dpkg: DpkgDatabase): string[] {
  const all = new Set(gone);
  for (let grew = true; grew;) {
    grew = false;
    for (const stanza of dpkg.stanzas().filter(isInstalled)) {
      const name = stanza.get("Package") ?? "";
      if (all.has(name)) continue;
      const broken = parseRelations(stanza.get("Depends")).some(
        (group) =>
          group.some((item) => all.has(item.name)) &&
          !group.some((item) => !all.has(item.name) && dpkg.get(item.name) !== undefined),
      );
      if (!broken) continue;
      all.add(name);
      grew = true;
    }
  }
  return [...all].sort();
}

/** Automatically installed packages that nothing needs any more. */
export function unneeded(dpkg: DpkgDatabase, without: ReadonlySet<string> = new Set()): string[] {
  const installed = dpkg.stanzas().filter((stanza) => isInstalled(stanza) && !without.has(stanza.get("Package") ?? ""));
  const automatic = dpkg.autoInstalled();
  const byName = new Map(installed.map((stanza) => [stanza.get("Package") ?? "", stanza]));
  const needed = new Set<string>();
  const keep = (name: string): void => {
    if (needed.has(name)) return;
    const stanza = byName.get(name);
    if (!stanza) {
      for (const [other, candidate] of byName) {
        if (
          parseRelations(candidate.get("Provides")).some((group) => group.some((item) => item.name === name)) &&
          !needed.has(other)
        )
          keep(other);
      }
      return;
    }
    needed.add(name);
    for (const key of ["Depends", "Recommends"])
      for (const group of parseRelations(stanza.get(key))) for (const item of group) keep(item.name);
  };
  for (const name of byName.keys()) if (!automatic.has(name)) keep(name);
  return [...byName.keys()].filter((name) => !needed.has(name)).sort();
}
