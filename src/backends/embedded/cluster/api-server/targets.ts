import type { ApiRequest } from "../api.ts";
import { apiVersionOf, kindOf, kinds, type ResourceKind } from "../resources/kinds.ts";
import type { Attributes } from "./authorization.ts";

/** What a request's path names. */
export interface ResourceTarget {
  kind: ResourceKind;
  namespace: string;
  name: string;
  subresource: string;
  /** Path after the subresource, for proxies; begins with a slash. */
  rest: string;
}

const maximumNameLength = 1000;

/** Undefined for a path that is no resource, `unknown` for a resource that is not served in a group that is. */
export function parseTarget(path: string): ResourceTarget | "unknown" | undefined {
  const parts = path
    .split("/")
    .filter((part) => part !== "")
    .map(decodePart);
  const legacy = parts[0] === "api";
  if (!legacy && parts[0] !== "apis") return undefined;
  const apiVersion = legacy ? (parts[1] ?? "") : `${parts[1] ?? ""}/${parts[2] ?? ""}`;
  let rest = parts.slice(legacy ? 2 : 3);
  if (rest.length === 0) return undefined;
  if (!kinds.some((kind) => apiVersionOf(kind) === apiVersion)) return undefined;
  let namespace = "";
  if (
    rest[0] === "namespaces" &&
    rest.length > 2 &&
    !(legacy && (rest[2] === "status" || rest[2] === "finalize") && rest.length === 3)
  ) {
    namespace = rest[1] ?? "";
    rest = rest.slice(2);
  }
  const [plural = "", name = "", subresource = "", ...more] = rest;
  const kind = kindOf(apiVersion, plural);
  if (!kind || (namespace !== "" && !kind.namespaced) || name.length > maximumNameLength) return "unknown";
  if (kind.namespaced && namespace === "" && name !== "") return "unknown";
  return { kind, namespace, name, subresource, rest: `/${more.join("/")}` };
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const verbs: Readonly<Record<string, string>> = { POST: "create", PUT: "update", PATCH: "patch" };

/** What a request wants, as the rules of authorization see it. */
export function attributesOf(request: ApiRequest, target: ResourceTarget | "unknown" | undefined): Attributes {
  const blank = { group: "", resource: "", subresource: "", namespace: "", name: "", path: request.path };
  if (!target || target === "unknown") return { ...blank, verb: request.method.toLowerCase() };
  const { kind, namespace, name, subresource } = target;
  const watch = request.query.get("watch");
  let verb = verbs[request.method];
  if (verb === undefined && request.method === "DELETE") verb = name === "" ? "deletecollection" : "delete";
  verb ??= watch === "1" || watch === "true" ? "watch" : name === "" ? "list" : "get";
  const single = /(?:^|,)metadata\.name=([^,]+)/.exec(request.query.get("fieldSelector") ?? "")?.[1];
  return {
    verb,
    group: kind.group,
    resource: kind.plural,
    subresource,
    namespace: kind.plural === "namespaces" ? name : namespace,
    name: name || (verb === "list" || verb === "watch" ? (single ?? "") : ""),
    path: request.path,
  };
}
