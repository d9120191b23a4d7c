import { createPrivateKey, createPublicKey, createSign, createVerify, X509Certificate } from "node:crypto";
import type { UserInfo } from "../api.ts";
import { at, isObject, numberAt, textAt } from "../json.ts";
import { storageKey, type ServerContext } from "./context.ts";
import { failure } from "./errors.ts";
import { knownKind } from "../resources/kinds.ts";

export const anonymous: UserInfo = { name: "system:anonymous", groups: ["system:unauthenticated"] };

const unauthorized = (): Error => failure(401, "Unauthorized", "Unauthorized");

const withAuthenticated = (name: string, groups: readonly string[]): UserInfo => ({
  name,
  groups: groups.includes("system:authenticated") ? groups : [...groups, "system:authenticated"],
});

const certificateUsers = new Map<string, UserInfo>();
const certificateUsersLimit = 64;

/** Who a client certificate speaks for: its common name, and its organisations as groups. */
export function certificateUser(pem: string): UserInfo {
  const known = certificateUsers.get(pem);
  if (known) return known;
  const groups: string[] = [];
  let name = "";
  for (const line of new X509Certificate(pem).subject.split("\n")) {
    if (line.startsWith("CN=")) name = line.slice(3);
    else if (line.startsWith("O=")) groups.push(line.slice(2));
  }
  const user = withAuthenticated(name, groups);
  if (certificateUsers.size >= certificateUsersLimit) certificateUsers.clear();
  certificateUsers.set(pem, user);
  return user;
}

/** Signs and reads the tokens of service accounts; keys are PEM. */
export interface TokenKeys {
  publicKey: string;
  privateKey: string;
  issuer: string;
}

/** Throws ApiError Unauthorized for a token that nobody vouches for. */
export function tokenUser(context: ServerContext, token: string, keys: TokenKeys): UserInfo {
  const bootstrap = /^([a-z0-9]{6})\.([a-z0-9]{16})$/.exec(token);
  const user = bootstrap
    ? bootstrapUser(context, bootstrap[1] ?? "", bootstrap[2] ?? "")
    : serviceAccountUser(context, token, keys);
  if (!user) throw unauthorized();
  return user;
}

function bootstrapUser(context: ServerContext, id: string, secret: string): UserInfo | undefined {
  const found = context.store().get("secrets", `kube-system/bootstrap-token-${id}`);
  if (textAt(found, "type") !== "bootstrap.kubernetes.io/token") return undefined;
  const field = (name: string): string => Buffer.from(textAt(found, "data", name), "base64").toString("utf8");
  if (field("token-secret") !== secret || field("usage-bootstrap-authentication") !== "true") return undefined;
  const expiration = field("expiration");
  if (expiration !== "" && Date.parse(expiration) <= context.clock.now()) return undefined;
  const extra = field("auth-extra-groups");
  return withAuthenticated(`system:bootstrap:${id}`, ["system:bootstrappers", ...(extra ? extra.split(",") : [])]);
}

const encodePart = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

const algorithmOf = (keyType: string | undefined): "RS256" | "ES256" => (keyType === "ec" ? "ES256" : "RS256");

/** A JSON Web Token for a service account, as the API server issues it. */
export function signToken(keys: TokenKeys, claims: Record<string, unknown>): string {
  const key = createPrivateKey(keys.privateKey);
  const algorithm = algorithmOf(key.asymmetricKeyType);
  const head = `${encodePart({ alg: algorithm, typ: "JWT" })}.${encodePart(claims)}`;
  const sign = createSign("sha256").update(head);
  const signature = sign.sign(algorithm === "ES256" ? { key, dsaEncoding: "ieee-p1363" } : key);
  return `${head}.${signature.toString("base64url")}`;
}

function serviceAccountUser(context: ServerContext, token: string, keys: TokenKeys): UserInfo | undefined {
  const [head = "", body = "", signature = ""] = token.split(".");
  let claims: unknown;
  try {
    const key = createPublicKey(keys.publicKey);
    const options = algorithmOf(key.asymmetricKeyType) === "ES256" ? { key, dsaEncoding: "ieee-p1363" as const } : key;
    const genuine = createVerify("sha256")
      .update(`${head}.${body}`)
      .verify(options, Buffer.from(signature, "base64url"));
    if (!genuine) return undefined;
    claims = JSON.parse(Buffer.from(body, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
  if (!isObject(claims) || (numberAt(claims, "exp") ?? Infinity) * 1000 <= context.clock.now()) return undefined;
  const namespace = textAt(claims, "kubernetes.io", "namespace");
  const name = textAt(claims, "kubernetes.io", "serviceaccount", "name");
  const kind = knownKind("v1", "serviceaccounts");
  const account = context.store().get(kind.storage, storageKey(kind, namespace, name));
  if (!account || at(account, "metadata", "uid") !== at(claims, "kubernetes.io", "serviceaccount", "uid"))
    return undefined;
  return withAuthenticated(`system:serviceaccount:${namespace}:${name}`, [
    "system:serviceaccounts",
    `system:serviceaccounts:${namespace}`,
  ]);
}
