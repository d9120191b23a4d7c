import type { Connection } from "./connection.ts";
import { listAt, objectsAt, textAt, type Json } from "./json.ts";

/** A kind of object that the API serves. */
export interface ApiResource {
  /** Empty for the core group. */
  group: string;
  version: string;
  kind: string;
  plural: string;
  singular: string;
  shortNames: string[];
  categories: string[];
  namespaced: boolean;
  verbs: string[];
  /** False for all but a group's preferred version. */
  preferred: boolean;
}

export const apiVersionOf = (resource: ApiResource): string =>
  resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;

/** `pod`, or `deployment.apps`: the prefix of names in output. */
export const outputPrefix = (resource: ApiResource): string => {
  const kind = resource.kind.toLowerCase();
  return resource.group === "" ? kind : `${kind}.${resource.group}`;
};

/** The URL path of a collection or object. */
export function pathOf(resource: ApiResource, namespace: string, name?: string, subresource?: string): string {
  const base = resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const scope = resource.namespaced && namespace !== "" ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  const object = name === undefined ? "" : `/${encodeURIComponent(name)}`;
  return `${base}${scope}/${resource.plural}${object}${subresource === undefined ? "" : `/${subresource}`}`;
}

/** What the server serves, read once per command. */
export class Discovery {
  readonly #connection: Connection;
  #resources: Promise<ApiResource[]> | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  resources(): Promise<ApiResource[]> {
    this.#resources ??= this.#read();
    return this.#resources;
  }

  /** Resolves what a user types: plural, singular, kind, short name, `name.group` or `name.version.group`. */
  async find(typed: string): Promise<ApiResource | undefined> {
    const [name = "", ...suffix] = typed.toLowerCase().split(".");
    const qualifier = suffix.join(".");
    const named = (resource: ApiResource): boolean =>
      resource.plural === name || resource.singular === name || resource.kind.toLowerCase() === name;
    const all = await this.resources();
    const candidates = all.filter((resource) => {
      if (qualifier === "") return resource.preferred;
      return (
        resource.group === qualifier ||
        `${resource.version}.${resource.group}` === qualifier ||
        (resource.group.startsWith(qualifier) && resource.preferred)
      );
    });
    return candidates.find(named) ?? candidates.find((resource) => resource.shortNames.includes(name));
  }

  async findKind(apiVersion: string, kind: string): Promise<ApiResource | undefined> {
    return (await this.resources()).find((item) => item.kind === kind && apiVersionOf(item) === apiVersion);
  }

  async category(name: string): Promise<ApiResource[]> {
    return (await this.resources()).filter((item) => item.preferred && item.categories.includes(name));
  }

  async #read(): Promise<ApiResource[]> {
    const connection = this.#connection;
    const core = await connection.json("GET", "/api", { query: { timeout: "32s" } });
    const groups = await connection.json("GET", "/apis", { query: { timeout: "32s" } });
    const wanted: { path: string; group: string; version: string; preferred: boolean }[] = listAt(core, "versions")
      .filter((version): version is string => typeof version === "string")
      .map((version) => ({ path: `/api/${version}`, group: "", version, preferred: true }));
    for (const group of objectsAt(groups, "groups")) {
      const name = textAt(group, "name");
      for (const version of objectsAt(group, "versions")) {
        wanted.push({
          path: `/apis/${textAt(version, "groupVersion")}`,
          group: name,
          version: textAt(version, "version"),
          preferred: textAt(group, "preferredVersion", "version") === textAt(version, "version"),
        });
      }
    }
    const lists = await Promise.all(
      wanted.map(async ({ path, group, version, preferred }) => {
        const list = await connection.json("GET", path, { query: { timeout: "32s" } });
        return objectsAt(list, "resources")
          .filter((item) => !textAt(item, "name").includes("/"))
          .map((item) => resourceOf(item, group, version, preferred));
      }),
    );
    const all = lists.flat();
    // A resource that only an older version of its group serves is found there.
    for (const item of all) {
      if (
        !item.preferred &&
        !all.some((other) => other.preferred && other.group === item.group && other.plural === item.plural)
      ) {
        item.preferred = true;
      }
    }
    return all;
  }
}

function resourceOf(item: Json, group: string, version: string, preferred: boolean): ApiResource {
  const texts = (field: string): string[] =>
    listAt(item, field).filter((value): value is string => typeof value === "string");
  return {
    group,
    version,
    kind: textAt(item, "kind"),
    plural: textAt(item, "name"),
    singular: textAt(item, "singularName") || textAt(item, "kind").toLowerCase(),
    shortNames: texts("shortNames"),
    categories: texts("categories"),
    namespaced: item["namespaced"] === true,
    verbs: texts("verbs"),
    preferred,
  };
}
