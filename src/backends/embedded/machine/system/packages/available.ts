import { compareVersions, parseRelations, type Relation, satisfies } from "../../../../../domain/debian.ts";
import type { FileView } from "../../files/file-system.ts";
import { parseStanzas } from "./control.ts";
import type { Stanza } from "./control.ts";
import { packagesListPath, readSources } from "./sources.ts";
import type { AptSource } from "./sources.ts";

/** A version of a package that a repository offers. */
export interface Offer {
  name: string;
  version: string;
  stanza: Stanza;
  source: AptSource;
  component: string | undefined;
}

/** What the downloaded lists of the configured sources offer. */
export class Available {
  readonly #byName = new Map<string, Offer[]>();
  readonly #providers = new Map<string, Set<string>>();

  constructor(files: FileView) {
    for (const source of readSources(files).sources) {
      for (const component of source.components.length > 0 ? source.components : [undefined]) {
        const path = packagesListPath(source, component);
        if (!files.exists(path)) continue;
        for (const stanza of parseStanzas(files.readText(path))) {
          const name = stanza.get("Package") ?? "";
          const version = stanza.get("Version") ?? "";
          this.#byName.set(name, [...(this.#byName.get(name) ?? []), { name, version, stanza, source, component }]);
          for (const group of parseRelations(stanza.get("Provides"))) {
            for (const provided of group) {
              const known = this.#providers.get(provided.name) ?? new Set();
              known.add(name);
              this.#providers.set(provided.name, known);
            }
          }
        }
      }
    }
    for (const offers of this.#byName.values()) offers.sort((a, b) => compareVersions(b.version, a.version));
  }

  /** Newest first. */
  offers(name: string): readonly Offer[] {
    return this.#byName.get(name) ?? [];
  }

  names(): string[] {
    return [...this.#byName.keys()].sort();
  }

  providers(name: string): string[] {
    return [...(this.#providers.get(name) ?? [])].sort();
  }

  best(relation: Relation): Offer | undefined {
    return this.offers(relation.name).find((offer) => satisfies(offer.version, relation));
  }
}
