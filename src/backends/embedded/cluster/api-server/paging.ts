import { textAt, type JsonObject } from "../json.ts";
import type { ResourceKind } from "../resources/kinds.ts";
import { storageKey } from "./context.ts";
import { badRequest } from "./errors.ts";

interface Paged {
  items: JsonObject[];
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
}

/** The part of a list that `limit` and `continue` of a query ask for. Throws ApiError for a token that is none. */
export function paginate(kind: ResourceKind, all: JsonObject[], query: URLSearchParams, revision: number): Paged {
  const resourceVersion = String(revision);
  const limit = Number(query.get("limit") ?? 0);
  const keyOf = (object: JsonObject): string =>
    storageKey(kind, textAt(object, "metadata", "namespace"), textAt(object, "metadata", "name"));
  const token = query.get("continue") ?? "";
  let rest = all;
  if (token !== "") {
    const start = continueKey(token);
    rest = all.filter((object) => keyOf(object) > start);
  }
  if (!(limit > 0) || rest.length <= limit) return { items: rest, metadata: { resourceVersion } };
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  const next = Buffer.from(
    JSON.stringify({ v: "meta.k8s.io/v1", rv: revision, start: `${last ? keyOf(last) : ""}\u0000` }),
  ).toString("base64url");
  const selected = query.has("labelSelector") || query.has("fieldSelector");
  const remaining = selected ? {} : { remainingItemCount: rest.length - limit };
  return { items, metadata: { resourceVersion, continue: next, ...remaining } };
}

function continueKey(token: string): string {
  const refuse = (why: string): Error => badRequest(`invalid continue token: continue key is not valid: ${why}`);
  const wrong = /[^A-Za-z0-9_-]/.exec(token)?.index;
  if (wrong !== undefined || token.length % 4 === 1)
    throw refuse(`illegal base64 data at input byte ${wrong ?? token.length - 1}`);
  try {
    const value: unknown = JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
    return textAt(value, "start").replace(/\0$/, "");
  } catch {
    throw refuse("invalid character looking for beginning of value");
  }
}
