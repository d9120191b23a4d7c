import { NetworkError, CertificateError } from "../../network/network.ts";
import type { Process } from "../../machine/process.ts";
import { encode } from "../../machine/io.ts";
import type { ApiRequest, ApiResponse } from "../api.ts";
import { answerExec, answerPortForward, type RemoteOutcome } from "../upgrade/remote-command.ts";
import { numberAt, objectAt, objectsAt, textAt, type JsonObject } from "../json.ts";
import type { ServerContext } from "./context.ts";
import { badRequest, failure, notFound } from "./errors.ts";
import type { StreamHandler } from "./server.ts";
import { containerOf } from "./subresources.ts";
import type { ResourceTarget } from "./targets.ts";

interface KubeletCredentials {
  /** Paths of the client certificate and key that kubelets trust. */
  certificate: string;
  key: string;
}

const kubeletPort = 10_250;

/** Carries requests on to kubelets, pods and services over the lab's network. */
export function createStreams(
  process: Process,
  context: ServerContext,
  credentials: KubeletCredentials,
): StreamHandler {
  const { network } = process.machine.environment;

  const stored = (target: ResourceTarget, name: string): JsonObject => {
    const { kind, namespace } = target;
    const object = context.store().get(kind.storage, kind.namespaced ? `${namespace}/${name}` : name);
    if (!object) throw notFound({ name, group: "", kind: kind.plural });
    return object;
  };

  const forward = async (request: ApiRequest, url: string, kubelet: boolean): Promise<ApiResponse> => {
    const files = process.files;
    const certificate =
      kubelet && credentials.certificate !== "" && files.exists(credentials.certificate)
        ? {
            clientCertificate: {
              certificate: files.readText(credentials.certificate),
              key: files.readText(credentials.key),
            },
          }
        : {};
    try {
      return await network.fetch(process.place, url, {
        method: request.method,
        headers: { accept: request.headers["accept"] ?? "*/*" },
        body: request.body,
        insecure: true,
        signal: request.signal,
        ...certificate,
      });
    } catch (error) {
      if (!(error instanceof NetworkError) && !(error instanceof CertificateError)) throw error;
      const why = dialError(error);
      if (kubelet) throw failure(500, "InternalError", `Get "${url}": ${why}`, { causes: [] });
      throw failure(503, "ServiceUnavailable", `error trying to reach service: ${why}`, { causes: [] });
    }
  };

  const nodeAddress = (node: JsonObject | undefined): string =>
    textAt(
      objectsAt(node, "status", "addresses").find((item) => item["type"] === "InternalIP"),
      "address",
    );

  const kubeletOf = (nodeName: string): string => {
    const node = context.store().get("nodes", nodeName);
    if (!node) throw notFound({ name: nodeName, group: "", kind: "nodes" });
    const port = numberAt(node, "status", "daemonEndpoints", "kubeletEndpoint", "Port") ?? kubeletPort;
    return `https://${nodeAddress(node)}:${port}`;
  };

  return (request, target) => {
    const { kind, namespace, name, subresource, rest } = target;
    const search = request.query.size > 0 ? `?${request.query.toString()}` : "";
    if (kind.plural === "nodes") return forward(request, `${kubeletOf(name)}${rest}${search}`, true);
    if (kind.plural === "services") {
      const [service = "", portName] = splitTarget(name);
      return forward(
        request,
        `http://${endpointOf(context, stored(target, service), namespace, portName)}${rest}${search}`,
        false,
      );
    }
    if (subresource === "proxy") {
      const [podName = "", port] = splitTarget(name);
      const pod = stored(target, podName);
      const first = numberAt(objectsAt(pod, "spec", "containers")[0], "ports", "0", "containerPort") ?? 80;
      return forward(request, `http://${textAt(pod, "status", "podIP")}:${port ?? first}${rest}${search}`, false);
    }
    const pod = stored(target, name);
    if (subresource !== "log") {
      if ((request.headers["upgrade"] ?? "") === "") throw badRequest("Upgrade request required");
      const nodeName = textAt(pod, "spec", "nodeName");
      if (subresource === "exec") {
        const wanted = containerOf(pod, request.query.get("container") ?? "");
        const url = `${kubeletOf(nodeName)}/exec/${namespace}/${name}/${wanted}`;
        const command = JSON.stringify({ command: request.query.getAll("command") });
        const call: ApiRequest = { ...request, method: "POST", body: encode(command) };
        return Promise.resolve(answerExec(request, async () => outcomeOf(await forward(call, url, true))));
      }
      if (subresource === "portforward") {
        const address = textAt(pod, "status", "podIP");
        return Promise.resolve(
          answerPortForward(request, (port) => network.connect({ machine: nodeName }, address, port)),
        );
      }
      throw failure(501, "NotImplemented", `${subresource} is not offered over the network of the lab`, {});
    }
    const container = containerOf(pod, request.query.get("container") ?? "");
    const node = textAt(pod, "spec", "nodeName");
    if (node === "")
      return Promise.resolve({ status: 200, headers: { "content-type": "text/plain" }, body: new Uint8Array() });
    const query = new URLSearchParams(request.query);
    query.delete("container");
    const tail = query.size > 0 ? `?${query.toString()}` : "";
    return logs(
      forward,
      request,
      `${kubeletOf(node)}/containerLogs/${namespace}/${name}/${container}${tail}`,
      pod,
      container,
    );
  };
}

/** What the kubelet answered to a command. */
async function outcomeOf(response: ApiResponse): Promise<RemoteOutcome> {
  const text = await bodyText(response.body);
  if (response.status >= 400) return { problem: text.trim() };
  const outcome: unknown = JSON.parse(text);
  return {
    exitCode: numberAt(outcome, "exitCode") ?? 0,
    stdout: textAt(outcome, "stdout"),
    stderr: textAt(outcome, "stderr"),
  };
}

/** A kubelet that has no log says why in its body; the API passes that on as a Status. */
async function logs(
  forward: (request: ApiRequest, url: string, kubelet: boolean) => Promise<ApiResponse>,
  request: ApiRequest,
  url: string,
  pod: JsonObject,
  container: string,
): Promise<ApiResponse> {
  const waiting = objectsAt(pod, "status", "containerStatuses").find((status) => status["name"] === container);
  const reason = textAt(objectAt(waiting, "state", "waiting"), "reason");
  const response = await forward(request, url, true);
  if (response.status < 400) return { ...response, headers: { "content-type": "text/plain" } };
  const text = (await bodyText(response.body)).trim();
  const fallback = `container "${container}" in pod "${textAt(pod, "metadata", "name")}" is waiting to start: ${reason || "unknown"}`;
  throw response.status === 404
    ? failure(404, "NotFound", text || "the server could not find the requested resource", {})
    : badRequest(text || fallback);
}

async function bodyText(body: Uint8Array | AsyncIterable<Uint8Array>): Promise<string> {
  if (body instanceof Uint8Array) return Buffer.from(body).toString("utf8");
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function splitTarget(name: string): [string, string | undefined] {
  const parts = name.split(":");
  return parts.length >= 3 ? [parts[1] ?? "", parts[2]] : [parts[0] ?? "", parts[1]];
}

function endpointOf(context: ServerContext, service: JsonObject, namespace: string, port: string | undefined): string {
  const name = textAt(service, "metadata", "name");
  const endpoints = context.store().get("endpoints", `${namespace}/${name}`);
  const ports = objectsAt(service, "spec", "ports");
  const wanted =
    port === undefined ? ports[0] : ports.find((item) => item["name"] === port || String(item["port"]) === port);
  for (const subset of objectsAt(endpoints, "subsets")) {
    const address = textAt(objectsAt(subset, "addresses")[0], "ip");
    const open = objectsAt(subset, "ports").find((item) => textAt(item, "name") === textAt(wanted, "name"));
    if (address !== "" && open) return `${address}:${numberAt(open, "port") ?? 80}`;
  }
  throw failure(503, "ServiceUnavailable", `no endpoints available for service "${name}"`, {});
}

function dialError(error: NetworkError | CertificateError): string {
  if (error instanceof CertificateError) return `tls: ${error.message}`;
  const why: Readonly<Record<string, string>> = {
    ECONNREFUSED: "connect: connection refused",
    ETIMEDOUT: "i/o timeout",
    EHOSTUNREACH: "connect: no route to host",
    ENETUNREACH: "connect: network is unreachable",
    ECONNRESET: "read: connection reset by peer",
  };
  return `dial tcp ${error.host}:${error.port}: ${why[error.code] ?? error.code}`;
}
