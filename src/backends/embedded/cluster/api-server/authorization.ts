import type { UserInfo } from "../api.ts";
import { listAt, objectsAt, textAt, type JsonObject } from "../json.ts";
import type { ServerContext } from "./context.ts";
import { failure, forbidden } from "./errors.ts";

/** What someone wants to do, as rules are written about it. */
export interface Attributes {
  verb: string;
  group: string;
  /** Plural; empty for a path that is no resource. */
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
  path: string;
}

const has = (list: readonly unknown[], value: string): boolean => list.includes("*") || list.includes(value);

function ruleAllows(rule: JsonObject, wanted: Attributes): boolean {
  if (!has(listAt(rule, "verbs"), wanted.verb)) return false;
  if (wanted.resource === "") {
    return listAt(rule, "nonResourceURLs").some(
      (url) =>
        typeof url === "string" &&
        (url === wanted.path || (url.endsWith("*") && wanted.path.startsWith(url.slice(0, -1)))),
    );
  }
  const resource = wanted.subresource ? `${wanted.resource}/${wanted.subresource}` : wanted.resource;
  const names = listAt(rule, "resourceNames");
  const resources = listAt(rule, "resources");
  return (
    has(listAt(rule, "apiGroups"), wanted.group) &&
    (has(resources, resource) || (wanted.subresource !== "" && resources.includes(`*/${wanted.subresource}`))) &&
    (names.length === 0 || (wanted.name !== "" && names.includes(wanted.name)))
  );
}

function concerns(binding: JsonObject, user: UserInfo, namespace: string): boolean {
  return objectsAt(binding, "subjects").some((subject) => {
    const name = textAt(subject, "name");
    switch (subject["kind"]) {
      case "User":
        return name === user.name;
      case "Group":
        return user.groups.includes(name);
      default:
        return user.name === `system:serviceaccount:${textAt(subject, "namespace") || namespace}:${name}`;
    }
  });
}

/** Every rule that holds for a user in a namespace, of the cluster's and the namespace's own bindings. */
export function* rulesFor(context: ServerContext, user: UserInfo, namespace: string): Generator<JsonObject> {
  const store = context.store();
  const group = "rbac.authorization.k8s.io";
  for (const binding of store.list(`clusterrolebindings.${group}`)) {
    if (!concerns(binding, user, "")) continue;
    yield* objectsAt(store.get(`clusterroles.${group}`, textAt(binding, "roleRef", "name")), "rules");
  }
  if (namespace === "") return;
  for (const binding of store.list(`rolebindings.${group}`, `${namespace}/`)) {
    if (!concerns(binding, user, namespace)) continue;
    const name = textAt(binding, "roleRef", "name");
    const role =
      textAt(binding, "roleRef", "kind") === "ClusterRole"
        ? store.get(`clusterroles.${group}`, name)
        : store.get(`roles.${group}`, `${namespace}/${name}`);
    yield* objectsAt(role, "rules");
  }
}

const nodeReads = new Set([
  "nodes",
  "services",
  "pods",
  "secrets",
  "configmaps",
  "persistentvolumes",
  "persistentvolumeclaims",
  "runtimeclasses",
  "csidrivers",
  "csinodes",
  "leases",
  "endpointslices",
  "serviceaccounts",
  "certificatesigningrequests",
  "volumeattachments",
]);
const nodeWrites = new Set([
  "nodes",
  "pods",
  "events",
  "leases",
  "csinodes",
  "certificatesigningrequests",
  "tokenreviews",
  "subjectaccessreviews",
]);

/** Simplified: a real server lets a node read only the secrets and config maps of the pods that it runs. */
function nodeMay(wanted: Attributes): boolean {
  if (["get", "list", "watch"].includes(wanted.verb)) return nodeReads.has(wanted.resource);
  if (wanted.resource === "serviceaccounts") return wanted.subresource === "token" && wanted.verb === "create";
  return nodeWrites.has(wanted.resource);
}

/** True when the user may. Throws ApiError while etcd does not answer. */
export function isAllowed(context: ServerContext, user: UserInfo, wanted: Attributes): boolean {
  if (user.groups.includes("system:masters")) return true;
  if (wanted.resource === "" && /^\/(healthz|livez|readyz|version)(\/|$)/.test(wanted.path)) return true;
  if (user.groups.includes("system:nodes") && user.name.startsWith("system:node:") && nodeMay(wanted)) return true;
  for (const rule of rulesFor(context, user, wanted.namespace)) if (ruleAllows(rule, wanted)) return true;
  return false;
}

/** Throws ApiError Forbidden in the server's words unless the user may. */
export function authorize(context: ServerContext, user: UserInfo, wanted: Attributes): void {
  if (isAllowed(context, user, wanted)) return;
  if (wanted.resource === "") {
    throw failure(403, "Forbidden", `forbidden: User "${user.name}" cannot ${wanted.verb} path "${wanted.path}"`, {});
  }
  const resource = wanted.subresource ? `${wanted.resource}/${wanted.subresource}` : wanted.resource;
  const scope = wanted.namespace ? `in the namespace "${wanted.namespace}"` : "at the cluster scope";
  throw forbidden(
    { name: wanted.name, group: wanted.group, kind: wanted.resource },
    `User "${user.name}" cannot ${wanted.verb} resource "${resource}" in API group "${wanted.group}" ${scope}`,
  );
}
