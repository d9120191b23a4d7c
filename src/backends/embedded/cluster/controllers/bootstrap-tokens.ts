import { createHmac } from "node:crypto";
import type { ControllerContext } from "./context.ts";
import { ignoreNotFound } from "./context.ts";
import type { ApiObject } from "./types.ts";
import { keyOf, sameJson } from "./types.ts";
import { WorkQueue } from "./work-queue.ts";

interface ConfigMap extends ApiObject {
  data?: Record<string, string>;
}

interface Secret extends ApiObject {
  type?: string;
  data?: Record<string, string>;
}

const tokenType = "bootstrap.kubernetes.io/token";

const base64url = (text: string): string => Buffer.from(text).toString("base64url");

/** A detached JSON web signature of `content` by a bootstrap token. */
export function detachedSignature(content: string, tokenId: string, tokenSecret: string): string {
  const header = base64url(JSON.stringify({ alg: "HS256", kid: tokenId }));
  const signature = createHmac("sha256", tokenSecret)
    .update(`${header}.${base64url(content)}`)
    .digest("base64url");
  return `${header}..${signature}`;
}

/** Signs kube-public/cluster-info with every bootstrap token, and removes tokens that have expired. */
export function startBootstrapControllers(context: ControllerContext): void {
  const maps = context.informer<ConfigMap>("v1", "configmaps");
  const secrets = context.informer<Secret>("v1", "secrets");
  const signer = new WorkQueue({ clock: context.clock, signal: context.signal, reconcile: signClusterInfo });
  const cleaner = new WorkQueue({ clock: context.clock, signal: context.signal, reconcile: removeExpired });

  maps.onChange((map) => {
    if (keyOf(map) === "kube-public/cluster-info") signer.add("cluster-info");
  });
  secrets.onChange((secret) => {
    if (secret.type !== tokenType || secret.metadata.namespace !== "kube-system") return;
    signer.add("cluster-info");
    cleaner.add(keyOf(secret));
  });

  const field = (secret: Secret, name: string): string =>
    Buffer.from(secret.data?.[name] ?? "", "base64").toString("utf8");

  function expiresIn(secret: Secret): number | undefined {
    const text = field(secret, "expiration");
    return text === "" ? undefined : Date.parse(text) - context.clock.now();
  }

  async function signClusterInfo(): Promise<void> {
    const map = maps.get("kube-public/cluster-info");
    const content = map?.data?.["kubeconfig"];
    if (!map || content === undefined) return;
    const data: Record<string, string> = { kubeconfig: content };
    for (const secret of secrets.list("kube-system")) {
      if (secret.type !== tokenType || field(secret, "usage-bootstrap-signing") !== "true") continue;
      if ((expiresIn(secret) ?? 1) <= 0) continue;
      const id = field(secret, "token-id");
      data[`jws-kubeconfig-${id}`] = detachedSignature(content, id, field(secret, "token-secret"));
    }
    if (sameJson(data, map.data)) return;
    const key = { apiVersion: "v1", resource: "configmaps", namespace: "kube-public", name: "cluster-info" };
    maps.learn(await context.client.update(key, { ...map, data }));
  }

  async function removeExpired(key: string): Promise<void> {
    const secret = secrets.get(key);
    const left = secret && expiresIn(secret);
    if (!secret || left === undefined) return;
    if (left > 0) return cleaner.addAfter(key, Math.min(left + 1_000, 3_600_000));
    const location = { apiVersion: "v1", resource: "secrets", namespace: "kube-system", name: secret.metadata.name };
    await ignoreNotFound(context.client.delete(location));
  }
}
