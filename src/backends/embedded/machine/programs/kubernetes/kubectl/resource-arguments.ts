import { pathOf, type ApiResource, type Discovery } from "../client/discovery.ts";
import { CommandError } from "../client/errors.ts";
import { isObject, listAt, textAt, type Json } from "../client/json.ts";
import type { Session } from "./session.ts";

/** What a user named: a kind, and the objects of it (none means all). */
export interface Selection {
  resource: ApiResource;
  names: string[];
}

async function resolve(discovery: Discovery, typed: string): Promise<ApiResource> {
  const resource = await discovery.find(typed);
  if (!resource) throw new CommandError(`error: the server doesn't have a resource type ${JSON.stringify(typed)}`);
  return resource;
}

/** Reads `pods`, `pods,svc`, `pod NAME...`, `pod/NAME svc/NAME` and categories such as `all`. */
export async function selections(session: Session, words: readonly string[]): Promise<Selection[]> {
  const discovery = await session.discover();
  const [first = "", ...rest] = words;
  const slashed = words.filter((word) => word.includes("/"));
  if (slashed.length > 0) {
    if (slashed.length !== words.length) {
      throw new CommandError(
        "error: there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'",
      );
    }
    const found: Selection[] = [];
    for (const word of words) {
      const [type = "", name = "", ...more] = word.split("/");
      if (more.length > 0)
        throw new CommandError("error: arguments in resource/name form may not have more than one slash");
      if (type === "" || name === "") {
        throw new CommandError("error: arguments in resource/name form must have a single resource and name");
      }
      found.push({ resource: await resolve(discovery, type), names: [name] });
    }
    return found;
  }
  const found: Selection[] = [];
  for (const typed of first.split(",").filter((type) => type !== "")) {
    const category = await discovery.category(typed);
    if (category.length > 0) for (const resource of inOrderOfCategory(category)) found.push({ resource, names: rest });
    else found.push({ resource: await resolve(discovery, typed), names: rest });
  }
  return found;
}

const categoryOrder = [
  "pods",
  "replicationcontrollers",
  "services",
  "daemonsets",
  "deployments",
  "replicasets",
  "statefulsets",
  "horizontalpodautoscalers",
  "cronjobs",
  "jobs",
];

function inOrderOfCategory(resources: readonly ApiResource[]): ApiResource[] {
  const rank = (resource: ApiResource): number => {
    const at = categoryOrder.indexOf(resource.plural);
    return at < 0 ? categoryOrder.length : at;
  };
  return [...resources].sort((a, b) => rank(a) - rank(b));
}

export interface FoundObject {
  resource: ApiResource;
  namespace: string;
  object: Json;
  /** File it came from; empty when it was read from the server. */
  source: string;
}

export interface FindOptions {
  namespace?: string;
  allNamespaces?: boolean;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
}

/** Reads the selected objects; the first failure rejects. */
export async function findObjects(
  session: Session,
  selected: readonly Selection[],
  options: FindOptions = {},
): Promise<FoundObject[]> {
  const namespace = options.allNamespaces === true ? "" : (options.namespace ?? session.namespace);
  const found: FoundObject[] = [];
  for (const { resource, names } of selected) {
    if (names.length === 0) {
      const list = await session.connection.json("GET", pathOf(resource, namespace), {
        query: { labelSelector: options.labelSelector, fieldSelector: options.fieldSelector, limit: "500" },
      });
      for (const item of listAt(list, "items").filter(isObject)) {
        found.push({
          resource,
          namespace: textAt(item, "metadata", "namespace"),
          object: withType(item, list),
          source: "",
        });
      }
      continue;
    }
    for (const name of names) {
      const object = await session.connection.json("GET", pathOf(resource, namespace, name));
      found.push({ resource, namespace: textAt(object, "metadata", "namespace"), object, source: "" });
    }
  }
  return found;
}

/** List items come without their type. */
export function withType(item: Json, list: Json): Json {
  return {
    apiVersion: textAt(item, "apiVersion") || textAt(list, "apiVersion"),
    kind: textAt(item, "kind") || textAt(list, "kind").replace(/List$/, ""),
    ...item,
  };
}

export const objectName = (object: Json): string => textAt(object, "metadata", "name");
