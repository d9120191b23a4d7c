import { parse } from "yaml";
import { FileError } from "../../../files/errors.ts";
import type { Process } from "../../../process.ts";
import { toYaml } from "../go/yaml.ts";
import { CommandError } from "./errors.ts";
import { clone, isObject, listAt, objectAt, textAt, type Json } from "./json.ts";

/** A kubeconfig as it stands in its file or files. */
export interface Kubeconfig {
  /** Where changes are written. */
  path: string;
  content: Json;
  /** Files named by KUBECONFIG that do not exist. */
  missing: string[];
}

/** What a client needs to talk to one cluster as one user. */
export interface ClusterAccess {
  server: string;
  authority?: string;
  insecure: boolean;
  serverName?: string;
  clientCertificate?: { certificate: string; key: string };
  token?: string;
  namespace: string;
  context: string;
  impersonate?: string;
}

/** Flags that override what the kubeconfig says. */
export interface AccessFlags {
  kubeconfig?: string;
  context?: string;
  cluster?: string;
  user?: string;
  server?: string;
  token?: string;
  namespace?: string;
  insecure?: boolean;
  authority?: string;
  clientCertificate?: string;
  clientKey?: string;
  serverName?: string;
  impersonate?: string;
}

const emptyConfig = (): Json => ({
  apiVersion: "v1",
  clusters: [],
  contexts: [],
  "current-context": "",
  kind: "Config",
  preferences: {},
  users: [],
});

/** Reads the kubeconfig of `--kubeconfig`, $KUBECONFIG or ~/.kube/config. Throws CommandError in kubectl's words. */
export function loadKubeconfig(process: Process, explicit?: string): Kubeconfig {
  if (explicit !== undefined && explicit !== "") {
    const content = readConfig(process, explicit);
    if (!content) throw new CommandError(`error: stat ${explicit}: no such file or directory`);
    return { path: process.resolve(explicit), content, missing: [] };
  }
  const fromEnvironment = (process.env["KUBECONFIG"] ?? "").split(":").filter((path) => path !== "");
  const paths = fromEnvironment.length > 0 ? fromEnvironment : [`${process.env["HOME"] ?? ""}/.kube/config`];
  const missing: string[] = [];
  let merged: Json | undefined;
  let writable = paths[0] ?? "";
  for (const path of paths) {
    const content = readConfig(process, path);
    if (!content) {
      if (fromEnvironment.length > 0) missing.push(path);
      continue;
    }
    if (!merged) writable = path;
    merged = merged ? merge(merged, content) : content;
  }
  return { path: process.resolve(writable), content: merged ?? emptyConfig(), missing };
}

function readConfig(process: Process, path: string): Json | undefined {
  let text: string;
  try {
    text = process.files.readText(process.resolve(path));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    const reason = error.message.toLowerCase();
    throw new CommandError(`error: error loading config file ${JSON.stringify(path)}: open ${path}: ${reason}`);
  }
  let content: unknown;
  try {
    content = parse(text);
  } catch (error) {
    const line = /at line (\d+)/.exec(error instanceof Error ? error.message : "")?.[1] ?? "1";
    const reason = `yaml: line ${line}: could not find expected ':'`;
    throw new CommandError(`error: error loading config file ${JSON.stringify(path)}: ${reason}`);
  }
  if (content === null || content === undefined) return emptyConfig();
  if (!isObject(content)) {
    const reason =
      'couldn\'t get version/kind; json parse error: json: cannot unmarshal string into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
    throw new CommandError(`error: error loading config file ${JSON.stringify(path)}: ${reason}`);
  }
  return { ...emptyConfig(), ...content };
}

/** The first file to name a thing wins. */
function merge(first: Json, second: Json): Json {
  const merged = clone(first);
  for (const list of ["clusters", "contexts", "users"]) {
    const names = new Set(listAt(merged, list).map((item) => textAt(item, "name")));
    merged[list] = [
      ...listAt(merged, list),
      ...listAt(second, list).filter((item) => !names.has(textAt(item, "name"))),
    ];
  }
  if (textAt(merged, "current-context") === "") merged["current-context"] = textAt(second, "current-context");
  return merged;
}

/** Writes a kubeconfig, as `kubectl config` does: mode 0600, its folder made. */
export function saveKubeconfig(process: Process, config: Kubeconfig): void {
  const path = config.path;
  process.files.makeDirectories(path.slice(0, path.lastIndexOf("/")) || "/", 0o750);
  if (process.files.exists(path)) process.files.write(path, toYaml(config.content));
  else process.files.writeWithMode(path, toYaml(config.content), 0o600);
}

export const namedEntry = (content: Json, list: string, name: string): Json | undefined =>
  listAt(content, list)
    .filter(isObject)
    .find((item) => textAt(item, "name") === name);

/** Resolves the current (or chosen) context. Throws CommandError in kubectl's words. */
export function clusterAccess(process: Process, config: Kubeconfig, flags: AccessFlags): ClusterAccess {
  const { content } = config;
  const contextName = flags.context ?? textAt(content, "current-context");
  const context = namedEntry(content, "contexts", contextName);
  if (flags.context !== undefined && flags.context !== "" && !context) {
    throw new CommandError(`error: context ${JSON.stringify(flags.context)} does not exist`);
  }
  const clusterName = flags.cluster ?? textAt(context, "context", "cluster");
  const userName = flags.user ?? textAt(context, "context", "user");
  if (flags.cluster !== undefined && !namedEntry(content, "clusters", clusterName)) {
    throw new CommandError(`error: cluster ${JSON.stringify(clusterName)} does not exist`);
  }
  if (flags.user !== undefined && !namedEntry(content, "users", userName)) {
    throw new CommandError(`error: auth info ${JSON.stringify(userName)} does not exist`);
  }
  const cluster = objectAt(namedEntry(content, "clusters", clusterName), "cluster");
  const user = objectAt(namedEntry(content, "users", userName), "user");
  const server = flags.server ?? (textAt(cluster, "server") || "http://localhost:8080");
  const authority = material(process, cluster, "certificate-authority", flags.authority);
  const certificate = material(process, user, "client-certificate", flags.clientCertificate);
  const key = material(process, user, "client-key", flags.clientKey);
  const token = flags.token ?? textAt(user, "token");
  const serverName = flags.serverName ?? textAt(cluster, "tls-server-name");
  return {
    server: /^https?:\/\//.test(server) ? server.replace(/\/$/, "") : `http://${server}`,
    insecure: flags.insecure ?? cluster["insecure-skip-tls-verify"] === true,
    namespace: flags.namespace ?? (textAt(context, "context", "namespace") || "default"),
    context: contextName,
    ...(authority === "" ? {} : { authority }),
    ...(certificate !== "" && key !== "" ? { clientCertificate: { certificate, key } } : {}),
    ...(token === "" ? {} : { token }),
    ...(serverName === "" ? {} : { serverName }),
    ...(flags.impersonate === undefined ? {} : { impersonate: flags.impersonate }),
  };
}

/** PEM text of a `X-data` field, of the file that `X` names, or of a flag's file. */
function material(process: Process, owner: Json, field: string, flag: string | undefined): string {
  const data = textAt(owner, `${field}-data`);
  if (flag === undefined && data !== "") return Buffer.from(data, "base64").toString("utf8");
  const path = flag ?? textAt(owner, field);
  if (path === "") return "";
  try {
    return process.files.readText(process.resolve(path));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const what = `unable to read ${field} ${path} for ${field.startsWith("client") ? "user" : "cluster"} due to`;
    throw new CommandError(`error: ${what} open ${path}: ${error.message.toLowerCase()}`);
  }
}
