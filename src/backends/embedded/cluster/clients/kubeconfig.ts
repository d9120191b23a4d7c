import { parse } from "yaml";
import type { FileView } from "../../machine/files/file-system.ts";
import { at, isObject, objectAt, objectsAt, textAt, type JsonObject } from "../json.ts";

/** How to reach an API server, and as whom. Certificates and keys are PEM. */
export interface ClientConfig {
  server: string;
  authority?: string;
  insecure?: boolean;
  serverName?: string;
  clientCertificate?: { certificate: string; key: string };
  token?: string;
  /** Namespace of the context; `default` when it names none. */
  namespace: string;
}

/** A kubeconfig that cannot be used; `message` is client-go's wording. */
export class KubeconfigError extends Error {
  override readonly name = "KubeconfigError";
}

/** Reads a kubeconfig's text. Throws KubeconfigError for what is no YAML mapping. */
export function parseKubeconfig(text: string, path: string): JsonObject {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : "";
    throw new KubeconfigError(`error loading config file "${path}": yaml: ${reason}`);
  }
  if (value === null || value === undefined) return {};
  if (!isObject(value)) {
    throw new KubeconfigError(
      `error loading config file "${path}": couldn't get version/kind; json parse error: json: cannot unmarshal ${typeof value} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
    );
  }
  return value;
}

function named(config: JsonObject, list: string, name: string, field: string): JsonObject | undefined {
  return objectAt(
    objectsAt(config, list).find((item) => item["name"] === name),
    field,
  );
}

function pem(files: FileView, entry: JsonObject | undefined, field: string, directory: string): string | undefined {
  const data = textAt(entry, `${field}-data`);
  if (data !== "") return Buffer.from(data, "base64").toString("utf8");
  const path = textAt(entry, field);
  if (path === "") return undefined;
  return files.readText(path.startsWith("/") ? path : `${directory}/${path}`);
}

/**
 * Turns a kubeconfig into what a client needs; `context` empty takes the current one.
 * Throws KubeconfigError, or FileError for a certificate that is not there.
 */
export function clientConfig(config: JsonObject, files: FileView, path: string, context = ""): ClientConfig {
  const contextName = context || textAt(config, "current-context");
  const directory = path.replace(/\/[^/]*$/, "") || "/";
  const chosen = named(config, "contexts", contextName, "context");
  if (!chosen && context !== "") throw new KubeconfigError(`context "${context}" does not exist`);
  const cluster = named(config, "clusters", textAt(chosen, "cluster"), "cluster");
  const user = named(config, "users", textAt(chosen, "user"), "user");
  const server = textAt(cluster, "server");
  if (server === "") throw new KubeconfigError("invalid configuration: no configuration has been provided");
  const result: ClientConfig = { server, namespace: textAt(chosen, "namespace") || "default" };
  const authority = pem(files, cluster, "certificate-authority", directory);
  if (authority !== undefined) result.authority = authority;
  if (at(cluster, "insecure-skip-tls-verify") === true) result.insecure = true;
  const serverName = textAt(cluster, "tls-server-name");
  if (serverName !== "") result.serverName = serverName;
  const certificate = pem(files, user, "client-certificate", directory);
  const key = pem(files, user, "client-key", directory);
  if (certificate !== undefined && key !== undefined) result.clientCertificate = { certificate, key };
  const tokenFile = textAt(user, "tokenFile");
  const token = textAt(user, "token") || (tokenFile === "" ? "" : files.readText(tokenFile).trim());
  if (token !== "") result.token = token;
  return result;
}

/** As parseKubeconfig and clientConfig, from a file of a machine. */
export const loadKubeconfig = (files: FileView, path: string, context = ""): ClientConfig =>
  clientConfig(parseKubeconfig(files.readText(path), path), files, path, context);
