import type { Package } from "./index-files.ts";
import { compareVersions, type Relation, satisfies } from "../../domain/debian.ts";

/** A package and the repository it is in. */
export interface Offer {
  package: Package;
  /** Base address of its repository, ending in a slash. */
  base: string;
  /** Id of the source that is that repository. */
  source: string;
}

export interface Closure {
  offers: Offer[];
  /** What was asked for by name and is in no repository, as it was asked for. */
  absent: string[];
}

/**
 * Every package that apt may want in order to install `asked` (`name` or `name=version`) on a machine that has
 * `installed`, in versions of which nothing is known: more than a machine needs. For each dependency or recommendation
 * the first alternative that there is; of a virtual package the provider of the highest priority; the newest version that
 * fits, and the one before it while the newest is phased. Of what is installed, that which apt upgrades along: it is
 * built from the same source, needs exactly the version that something chosen had before, or cannot be beside it.
 */
export function closureOf(
  offers: readonly Offer[],
  asked: readonly string[],
  installed: Iterable<string> = [],
): Closure {
  const catalogue = new Catalogue(offers);
  const closure = new Growth(catalogue);
  const absent: string[] = [];
  for (const each of asked) {
    const [name = "", version] = each.split("=", 2);
    const found = catalogue.named(version === undefined ? { name } : { name, operator: "=", version });
    if (found.length === 0) absent.push(each);
    closure.add(found);
  }
  const rest = new Map([...installed].map((name) => [name, catalogue.named({ name })]));
  for (let grows = true; grows;) {
    grows = false;
    for (const [name, found] of rest) {
      if (!closure.broken.has(name) && !found.some((offer) => closure.ties(offer))) continue;
      rest.delete(name);
      grows = closure.add(found) || grows;
    }
  }
  return { offers: [...closure.chosen], absent };
}

/** What is chosen, with everything that it needs. */
class Growth {
  readonly chosen = new Set<Offer>();
  /** Names of packages that cannot be beside a chosen one in every version. */
  readonly broken = new Set<string>();
  readonly #names = new Set<string>();
  readonly #origins = new Set<string>();
  readonly #catalogue: Catalogue;

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
  }

  /** True when there was something new. */
  add(found: readonly Offer[]): boolean {
    const before = this.chosen.size;
    const open = [...found];
    for (let offer = open.pop(); offer; offer = open.pop()) {
      if (this.chosen.has(offer)) continue;
      this.chosen.add(offer);
      const { name, origin, depends, recommends, breaks } = offer.package;
      this.#names.add(name);
      this.#origins.add(origin);
      for (const each of breaks) this.broken.add(each.name);
      for (const choice of [...depends, ...recommends]) open.push(...this.#catalogue.first(choice));
    }
    return this.chosen.size > before;
  }

  /** True for what is upgraded with a chosen package. */
  ties({ package: { origin, depends } }: Offer): boolean {
    const exactly = depends.some((choice) =>
      choice.some(({ name, operator }) => operator === "=" && this.#names.has(name)),
    );
    return exactly || this.#origins.has(origin);
  }
}

const priorities = ["required", "important", "standard", "optional", "extra"];
const rank = ({ package: { priority } }: Offer): number => {
  const found = priorities.indexOf(priority);
  return found < 0 ? priorities.length : found;
};

class Catalogue {
  readonly #named = new Map<string, Offer[]>();
  readonly #provided = new Map<string, { offer: Offer; version: string | undefined }[]>();

  constructor(offers: readonly Offer[]) {
    for (const offer of offers) {
      listIn(this.#named, offer.package.name).push(offer);
      for (const { name, version } of offer.package.provides) listIn(this.#provided, name).push({ offer, version });
    }
    for (const list of this.#named.values()) {
      list.sort((one, other) => compareVersions(other.package.version, one.package.version));
    }
  }

  /** The newest that fits, and while that one is phased the next. */
  named(relation: Relation): Offer[] {
    const fitting = (this.#named.get(relation.name) ?? []).filter((offer) =>
      satisfies(offer.package.version, relation),
    );
    const settled = fitting.findIndex((offer) => !offer.package.phased);
    return fitting.slice(0, settled < 0 ? fitting.length : settled + 1);
  }

  first(choice: readonly Relation[]): Offer[] {
    for (const relation of choice) {
      const found = this.named(relation);
      if (found.length > 0) return found;
    }
    for (const relation of choice) {
      const [best] = (this.#provided.get(relation.name) ?? [])
        .filter(
          ({ version }) => relation.version === undefined || (version !== undefined && satisfies(version, relation)),
        )
        .map(({ offer }) => offer)
        .sort((one, other) => rank(one) - rank(other) || (one.package.name < other.package.name ? -1 : 1));
      if (best) return this.named({ name: best.package.name });
    }
    return [];
  }
}

function listIn<Value>(map: Map<string, Value[]>, name: string): Value[] {
  const list = map.get(name) ?? [];
  map.set(name, list);
  return list;
}
