import { createHash } from "node:crypto";
import type { JsonObject } from "../json.ts";
import { apiGroups, kinds, type ResourceKind } from "../resources/kinds.ts";

const servedVersions = (name: string): readonly string[] =>
  apiGroups.find((group) => group.name === name)?.versions ?? [];

function groupDocument(name: string): JsonObject {
  const versions = servedVersions(name).map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions, preferredVersion: versions[0] };
}

const inVersion = (group: string, version: string): readonly ResourceKind[] =>
  kinds
    .filter((kind) => kind.group === group && kind.version === version)
    .toSorted((a, b) => (a.plural < b.plural ? -1 : 1));

/** The version under which etcd holds a kind: the one of its first release that the server still reads. */
const storageVersion = ({ kind, version }: ResourceKind): string => (kind === "EndpointSlice" ? "v1beta1" : version);

/** Tells clients when a kind's stored version changes. */
function storageVersionHash(kind: ResourceKind): string {
  const digest = createHash("sha256")
    .update(`${kind.group}/${storageVersion(kind)}/${kind.kind}`)
    .digest();
  return digest.subarray(0, 8).toString("base64");
}

function resourceList(group: string, version: string): JsonObject {
  const resources: JsonObject[] = [];
  for (const kind of inVersion(group, version)) {
    const { plural, namespaced } = kind;
    const entry: JsonObject = {
      name: plural,
      singularName: kind.singular,
      namespaced,
      kind: kind.kind,
      verbs: kind.verbs,
    };
    if (kind.shortNames.length > 0) entry["shortNames"] = kind.shortNames;
    if (kind.categories.length > 0) entry["categories"] = kind.categories;
    if (kind.verbs.includes("list") && kind.kind !== "ComponentStatus") {
      entry["storageVersionHash"] = storageVersionHash(kind);
    }
    resources.push(entry);
    for (const item of kind.subresources) {
      resources.push({
        name: `${plural}/${item.name}`,
        singularName: "",
        namespaced,
        ...(item.group ? { group: item.group, version: item.version } : {}),
        kind: item.kind,
        verbs: item.verbs,
      });
    }
  }
  return {
    kind: "APIResourceList",
    ...(group ? { apiVersion: "v1" } : {}),
    groupVersion: group ? `${group}/${version}` : version,
    resources,
  };
}

function aggregatedVersion(group: string, version: string): JsonObject {
  const resources = inVersion(group, version).map((kind) => ({
    resource: kind.plural,
    responseKind: { group: "", version: "", kind: kind.kind },
    scope: kind.namespaced ? "Namespaced" : "Cluster",
    singularResource: kind.singular,
    verbs: kind.verbs,
    ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
    ...(kind.subresources.length > 0
      ? {
          subresources: kind.subresources.map((item) => ({
            subresource: item.name,
            responseKind: { group: item.group ?? "", version: item.version ?? "", kind: item.kind },
            verbs: item.verbs,
          })),
        }
      : {}),
  }));
  return { version, resources, freshness: "Current" };
}

const aggregated = (items: readonly JsonObject[]): JsonObject => ({
  kind: "APIGroupDiscoveryList",
  apiVersion: "apidiscovery.k8s.io/v2beta1",
  metadata: {},
  items,
});

export const aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";

const known = new Map<string, string>();

function once(key: string, make: () => unknown): string {
  const found = known.get(key);
  if (found !== undefined) return found;
  const text = `${JSON.stringify(make())}\n`;
  known.set(key, text);
  return text;
}

/** The discovery document at a path; undefined when there is none. */
export function discoveryDocument(path: string, wantsAggregated: boolean, address: string): string | undefined {
  const parts = path.split("/").filter((part) => part !== "");
  const [root = "", group = "", version = ""] = parts;
  if (root === "api") {
    if (parts.length === 1) {
      if (wantsAggregated)
        return once("api!", () =>
          aggregated([{ metadata: { creationTimestamp: null }, versions: [aggregatedVersion("", "v1")] }]),
        );
      const addresses = [{ clientCIDR: "0.0.0.0/0", serverAddress: address }];
      return `${JSON.stringify({ kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: addresses })}\n`;
    }
    return parts.length === 2 && group === "v1" ? once("api/v1", () => resourceList("", "v1")) : undefined;
  }
  if (root !== "apis") return undefined;
  if (parts.length === 1) {
    if (!wantsAggregated) {
      return once("apis", () => ({
        kind: "APIGroupList",
        apiVersion: "v1",
        groups: apiGroups.map(({ name }) => groupDocument(name)),
      }));
    }
    return once("apis!", () =>
      aggregated(
        apiGroups.map(({ name, versions }) => ({
          metadata: { name, creationTimestamp: null },
          versions: versions.map((item) => aggregatedVersion(name, item)),
        })),
      ),
    );
  }
  const versions = servedVersions(group);
  if (versions.length === 0) return undefined;
  if (parts.length === 2) return once(path, () => ({ kind: "APIGroup", apiVersion: "v1", ...groupDocument(group) }));
  return parts.length === 3 && versions.includes(version) ? once(path, () => resourceList(group, version)) : undefined;
}
