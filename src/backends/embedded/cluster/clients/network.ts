import type { KubeObject } from "../../../../domain/check.ts";
import { encode } from "../../machine/io.ts";
import type { HttpResponse, LabNetwork, NetworkPlace } from "../../network/network.ts";
import {
  ApiError,
  type ApiClient,
  type ListOptions,
  type ObjectKey,
  type StatusObject,
  type WatchEvent,
} from "../api.ts";
import { failure } from "../api-server/errors.ts";
import { isObject, numberAt, objectsAt, textAt, type JsonObject } from "../json.ts";
import type { ClientConfig } from "./kubeconfig.ts";
import { isKubeObject } from "./local.ts";

/** One request to an API server; `path` with query. */
export interface ApiCall {
  method?: string;
  path: string;
  headers?: Readonly<Record<string, string>>;
  /** Sent as it is when bytes, else as JSON. */
  body?: unknown;
  signal?: AbortSignal;
}

/** Sends a request as the kubeconfig says. Rejects with NetworkError or CertificateError; any HTTP status is an answer. */
export async function requestApi(
  network: LabNetwork,
  from: NetworkPlace,
  config: ClientConfig,
  call: ApiCall,
): Promise<HttpResponse> {
  const { body } = call;
  const bytes = body === undefined ? undefined : body instanceof Uint8Array ? body : encode(JSON.stringify(body));
  const response = await network.fetch(from, `${config.server.replace(/\/$/, "")}${call.path}`, {
    method: call.method ?? "GET",
    headers: {
      accept: "application/json",
      ...(bytes ? { "content-type": "application/json" } : {}),
      ...(config.token ? { authorization: `Bearer ${config.token}` } : {}),
      ...call.headers,
    },
    ...(bytes ? { body: bytes } : {}),
    ...(config.authority ? { authority: config.authority } : {}),
    ...(config.insecure ? { insecure: true } : {}),
    ...(config.serverName ? { serverName: config.serverName } : {}),
    ...(config.clientCertificate ? { clientCertificate: config.clientCertificate } : {}),
    ...(call.signal ? { signal: call.signal } : {}),
  });
  return response;
}

/** The whole body of an answer as text. */
export async function responseText(response: HttpResponse): Promise<string> {
  const { body } = response;
  if (body instanceof Uint8Array) return Buffer.from(body).toString("utf8");
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function isStatus(value: unknown): value is StatusObject {
  return (
    isObject(value) && value["kind"] === "Status" && (value["status"] === "Failure" || value["status"] === "Success")
  );
}

/** The error in an answer that is none of success. */
function answerError(status: number, text: string): ApiError {
  try {
    const value: unknown = JSON.parse(text);
    if (isStatus(value)) return new ApiError(value);
  } catch {
    // Not JSON: the text itself is the message.
  }
  return failure(status, "", text.trim() || "the server could not find the requested resource");
}

const basePath = ({
  apiVersion,
  resource,
  namespace,
}: {
  apiVersion: string;
  resource: string;
  namespace?: string;
}): string =>
  `${apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`}${namespace ? `/namespaces/${encodeURIComponent(namespace)}` : ""}/${resource}`;

const objectPath = (key: ObjectKey): string => {
  const [plural = "", subresource] = key.resource.split("/");
  const tail = subresource === undefined ? "" : `/${subresource}`;
  return `${basePath({ ...key, resource: plural })}/${encodeURIComponent(key.name)}${tail}`;
};

function listPath(options: ListOptions, more: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams(more);
  if (options.labelSelector) query.set("labelSelector", options.labelSelector);
  if (options.fieldSelector) query.set("fieldSelector", options.fieldSelector);
  return `${basePath(options)}${query.size > 0 ? `?${query.toString()}` : ""}`;
}

/** An ApiClient that goes over the lab's network with the credentials of a kubeconfig. */
export function createNetworkClient(
  network: LabNetwork,
  from: NetworkPlace,
  config: ClientConfig,
  agent = "lab-client",
): ApiClient {
  const send = async (call: ApiCall): Promise<JsonObject> => {
    const response = await requestApi(network, from, config, {
      ...call,
      headers: { "user-agent": agent, ...call.headers },
    });
    const text = await responseText(response);
    if (response.status >= 300) throw answerError(response.status, text);
    const value: unknown = JSON.parse(text);
    if (!isObject(value)) throw failure(500, "InternalError", "the answer is not an object");
    return value;
  };
  const one = async (call: ApiCall): Promise<KubeObject> => {
    const value = await send(call);
    if (!isKubeObject(value)) throw failure(500, "InternalError", "the answer is not an object of the API");
    return value;
  };
  return {
    async get(key) {
      try {
        return await one({ path: objectPath(key) });
      } catch (error) {
        if (error instanceof ApiError && error.code === 404) return undefined;
        throw error;
      }
    },
    async list(options) {
      const value = await send({ path: listPath(options) });
      const kind = textAt(value, "kind").replace(/List$/, "");
      const items = objectsAt(value, "items")
        .map((item): JsonObject => ({ apiVersion: options.apiVersion, kind, ...item }))
        .filter(isKubeObject);
      return { items, resourceVersion: textAt(value, "metadata", "resourceVersion") };
    },
    create(key, object) {
      if (key.resource === "pods/binding") {
        return one({ method: "POST", path: objectPath({ ...key, name: object.metadata.name }), body: object });
      }
      return one({ method: "POST", path: basePath(key), body: object });
    },
    update: (key, object) => one({ method: "PUT", path: objectPath(key), body: object }),
    updateStatus: (key, object) => one({ method: "PUT", path: `${objectPath(key)}/status`, body: object }),
    patch: (key, patch, subresource) =>
      one({
        method: "PATCH",
        path: `${objectPath(key)}${subresource ? `/${subresource}` : ""}`,
        body: patch,
        headers: { "content-type": "application/merge-patch+json" },
      }),
    async delete(key, options = {}) {
      const { uid, ...rest } = options;
      const body = { kind: "DeleteOptions", apiVersion: "v1", ...rest, ...(uid ? { preconditions: { uid } } : {}) };
      await send({ method: "DELETE", path: objectPath(key), body });
    },
    watch: (options, signal) => watchNetwork(network, from, config, options, signal),
  };
}

async function* watchNetwork(
  network: LabNetwork,
  from: NetworkPlace,
  config: ClientConfig,
  options: ListOptions & { resourceVersion: string },
  signal: AbortSignal,
): AsyncGenerator<WatchEvent> {
  const path = listPath(options, { watch: "1", resourceVersion: options.resourceVersion });
  const response = await requestApi(network, from, config, { path, signal });
  if (response.status >= 300) throw answerError(response.status, await responseText(response));
  for await (const event of watchEvents(response)) {
    if (signal.aborted) return;
    yield event;
  }
}

/** The events of a watch's answer as they arrive. */
async function* watchEvents(response: HttpResponse): AsyncGenerator<WatchEvent> {
  const decoder = new TextDecoder();
  let rest = "";
  const chunks = response.body instanceof Uint8Array ? [response.body] : response.body;
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line.trim() === "") continue;
      const event: unknown = JSON.parse(line);
      if (isWatchEvent(event)) yield event;
    }
  }
}

function isWatchEvent(value: unknown): value is WatchEvent {
  if (!isObject(value) || !isObject(value["object"])) return false;
  // An ERROR carries a Status, whose metadata names nothing.
  return (
    typeof value["type"] === "string" &&
    (isObject(value["object"]["metadata"]) || numberAt(value["object"], "code") !== undefined)
  );
}
