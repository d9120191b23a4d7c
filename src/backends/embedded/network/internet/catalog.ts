import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import type { Profile } from "../../../../domain/backend.ts";

/** Assets that a project releases on github.com. */
export interface Release {
  /** `owner/name`, the present one first. */
  repositories: string[];
  tag: string;
  assets: string[];
  /** Suffix of a file with the asset's digest beside it. */
  checksum?: string;
  /** Name of a file with the digests of all assets. */
  checksums?: string;
  /** The asset's own name by the architecture's. */
  architectures: Record<string, string>;
  commits: Record<string, string>;
  /** Only for the shim: the Spin inside. */
  spin: Record<string, string>;
  /** Day of release by version. */
  versions: Record<string, string>;
}

interface CommunityImage {
  name: string;
  tags: string[];
  content: string;
  version: string;
  /** The day from which on these tags mean this image, e.g. `2026-01-22`. */
  since: string;
}

/** vm-images/catalog.yaml as the embedded backend uses it. */
export interface Catalog {
  /** The day on which a profile's internet stands still, e.g. `2024-02-28`. */
  dates: Record<Profile, string>;
  releases: Record<string, Release>;
  kubernetesImages: {
    registry: string;
    components: string[];
    versions: Record<string, string>;
    etcd: string[];
    coredns: string[];
    pause: string[];
  };
  communityImages: CommunityImage[];
  addresses: Record<string, string>;
}

/** For images whose day decides nothing. */
const firstDay = "2023-08-15";

let loaded: Catalog | undefined;

/** The catalogue that comes with the program; read once. */
export function loadCatalog(): Catalog {
  loaded ??= parseCatalog(readFileSync(catalogPath(), "utf8"));
  return loaded;
}

/** Found from the source tree as well as from the bundle, which lies at another depth. */
function catalogPath(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const path = join(folder, "vm-images", "catalog.yaml");
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) throw new Error("vm-images/catalog.yaml is not part of this installation");
  }
}

function parseCatalog(text: string): Catalog {
  // The failsafe schema keeps versions such as 1.9 and days as they are written.
  const top = tableOf(parse(text, { schema: "failsafe" }), "catalogue");
  const profiles = tableOf(top["profiles"], "profiles");
  const images = tableOf(top["images"], "images");
  const kubernetes = tableOf(images["kubernetes"], "images.kubernetes");
  const dateOf = (profile: Profile): string =>
    stringOf(tableOf(profiles[profile], profile)["date"], `profiles.${profile}.date`);
  return {
    dates: { thesis: dateOf("thesis"), current: dateOf("current") },
    releases: Object.fromEntries(
      Object.entries(tableOf(top["releases"], "releases")).map(([id, value]) => [
        id,
        releaseOf(value, `releases.${id}`),
      ]),
    ),
    kubernetesImages: {
      registry: stringOf(kubernetes["registry"], "images.kubernetes.registry"),
      components: listOf(kubernetes["components"], "images.kubernetes.components"),
      versions: stringsOf(kubernetes["versions"], "images.kubernetes.versions"),
      etcd: listOf(kubernetes["etcd"], "images.kubernetes.etcd"),
      coredns: listOf(kubernetes["coredns"], "images.kubernetes.coredns"),
      pause: listOf(kubernetes["pause"], "images.kubernetes.pause"),
    },
    communityImages: arrayOf(images["community"], "images.community").map((value, index) => {
      const where = `images.community.${index}`;
      const table = tableOf(value, where);
      return {
        name: stringOf(table["name"], `${where}.name`),
        tags: listOf(table["tags"], `${where}.tags`),
        content: stringOf(table["content"], `${where}.content`),
        version: stringOf(table["version"], `${where}.version`),
        since: table["since"] === undefined ? firstDay : stringOf(table["since"], `${where}.since`),
      };
    }),
    addresses: stringsOf(top["addresses"], "addresses"),
  };
}

function releaseOf(value: unknown, where: string): Release {
  const table = tableOf(value, where);
  const optional = (key: string): Record<string, string> =>
    table[key] === undefined ? {} : stringsOf(table[key], `${where}.${key}`);
  return {
    repositories: listOf(table["repositories"], `${where}.repositories`),
    tag: stringOf(table["tag"], `${where}.tag`),
    assets: listOf(table["assets"], `${where}.assets`),
    ...(table["checksum"] === undefined ? {} : { checksum: stringOf(table["checksum"], `${where}.checksum`) }),
    ...(table["checksums"] === undefined ? {} : { checksums: stringOf(table["checksums"], `${where}.checksums`) }),
    architectures: optional("architectures"),
    commits: optional("commits"),
    spin: optional("spin"),
    versions: optional("versions"),
  };
}

function tableOf(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(where, "a table", value);
  return Object.fromEntries(Object.entries(value));
}

function stringOf(value: unknown, where: string): string {
  if (typeof value !== "string") throw wrong(where, "a text", value);
  return value;
}

function arrayOf(value: unknown, where: string): unknown[] {
  if (!Array.isArray(value)) throw wrong(where, "a list", value);
  return value;
}

const listOf = (value: unknown, where: string): string[] =>
  arrayOf(value, where).map((item, index) => stringOf(item, `${where}.${index}`));

const stringsOf = (value: unknown, where: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(tableOf(value, where)).map(([key, item]) => [key, stringOf(item, `${where}.${key}`)]),
  );

const wrong = (where: string, wanted: string, value: unknown): Error =>
  new Error(`vm-images/catalog.yaml: ${where} is not ${wanted}, got ${JSON.stringify(value)}`);
