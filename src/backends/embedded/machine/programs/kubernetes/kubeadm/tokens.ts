import { createHmac, timingSafeEqual } from "node:crypto";
import type { Random } from "../../../../../../domain/clock.ts";
import { pathOf, type ApiResource } from "../client/discovery.ts";
import { objectsAt, textAt, type Json } from "../client/json.ts";
import type { Connection } from "../client/connection.ts";
import { rfc3339 } from "../go/duration.ts";

const core = (plural: string, kind: string, namespaced = true): ApiResource => ({
  group: "",
  version: "v1",
  kind,
  plural,
  singular: kind.toLowerCase(),
  shortNames: [],
  categories: [],
  namespaced,
  verbs: [],
  preferred: true,
});

export const secrets = core("secrets", "Secret");

const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";

/** A fresh token, `id.secret`. */
export function newToken(random: Random): string {
  const text = (length: number): string =>
    [...random.bytes(length)].map((byte) => alphabet[byte % alphabet.length]).join("");
  return `${text(6)}.${text(16)}`;
}

const encoded = (text: string): string => Buffer.from(text).toString("base64");

export const defaultGroups = "system:bootstrappers:kubeadm:default-node-token";

export interface TokenDetails {
  token: string;
  /** Milliseconds; 0 never expires. */
  ttl: number;
  description: string;
  usages: readonly string[];
  groups: readonly string[];
}

/** The Secret that makes a token known to the API server. */
export function tokenSecret(details: TokenDetails, now: number): Json {
  const [id = "", secret = ""] = details.token.split(".");
  const data: Json = {
    "token-id": encoded(id),
    "token-secret": encoded(secret),
  };
  if (details.description !== "") data["description"] = encoded(details.description);
  if (details.ttl > 0) data["expiration"] = encoded(rfc3339(now + details.ttl));
  for (const usage of details.usages) data[`usage-bootstrap-${usage}`] = encoded("true");
  if (details.groups.length > 0) data["auth-extra-groups"] = encoded(details.groups.join(","));
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: `bootstrap-token-${id}`, namespace: "kube-system" },
    type: "bootstrap.kubernetes.io/token",
    data,
  };
}

/** A token as its Secret keeps it. */
export interface KnownToken {
  token: string;
  /** RFC 3339; empty never expires. */
  expiration: string;
  usages: string[];
  description: string;
  groups: string;
}

function readTokenSecret(secret: Json): KnownToken {
  const field = (name: string): string => Buffer.from(textAt(secret, "data", name), "base64").toString("utf8");
  const usages = ["authentication", "signing"].filter((usage) => field(`usage-bootstrap-${usage}`) === "true");
  return {
    token: `${field("token-id")}.${field("token-secret")}`,
    expiration: field("expiration"),
    usages,
    description: field("description"),
    groups: field("auth-extra-groups"),
  };
}

export async function listTokens(connection: Connection): Promise<KnownToken[]> {
  const list = await connection.json("GET", pathOf(secrets, "kube-system"), {
    query: { fieldSelector: "type=bootstrap.kubernetes.io/token" },
  });
  return objectsAt(list, "items").map(readTokenSecret);
}

const base64Url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");

/** The detached JWS (HS256) over `content` that proves knowledge of a token's secret. */
export function detachedSignature(content: string, tokenId: string, tokenSecretText: string): string {
  const header = base64Url(Buffer.from(JSON.stringify({ alg: "HS256", kid: tokenId })));
  const payload = base64Url(Buffer.from(content));
  const signature = createHmac("sha256", tokenSecretText).update(`${header}.${payload}`).digest();
  return `${header}..${base64Url(signature)}`;
}

/** Whether a detached JWS was made over `content` with this token. */
export function signatureMatches(detached: string, content: string, tokenId: string, tokenSecretText: string): boolean {
  const [header = "", middle, signature = ""] = detached.split(".");
  if (middle !== "" || header === "" || signature === "") return false;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(header, "base64url").toString("utf8"));
    if (textAt(parsed, "alg") !== "HS256" || textAt(parsed, "kid") !== tokenId) return false;
  } catch {
    return false;
  }
  const payload = base64Url(Buffer.from(content));
  const expected = createHmac("sha256", tokenSecretText).update(`${header}.${payload}`).digest();
  const given = Buffer.from(signature, "base64url");
  return given.length === expected.length && timingSafeEqual(given, expected);
}
