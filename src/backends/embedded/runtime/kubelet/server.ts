import type { FileView } from "../../machine/files/file-system.ts";
import { decode, encode } from "../../machine/io.ts";
import type { HttpRequest, HttpResponse } from "../../network/network.ts";
import type { Pod } from "../../cluster/controllers/types.ts";
import { keyOf } from "../../cluster/controllers/types.ts";
import type { ContainerRuntime, ContainerStatus } from "../cri.ts";
import { CriError } from "../cri.ts";
import { readLog } from "./log-reader.ts";
import { logFolder } from "./pod-worker.ts";

export interface ServerHost {
  files: FileView;
  runtime(): ContainerRuntime | undefined;
  pods(): readonly Pod[];
  now(): number;
}

const text = (status: number, body: string): HttpResponse => ({
  status,
  headers: { "content-type": "text/plain" },
  body: encode(body),
});

/**
 * The kubelet's own API: logs, exec, pods, health.
 * Simplified: exec is one POST with `{command}` answered by `{exitCode, stdout, stderr}`; a real one upgrades to a stream.
 */
export function handleKubeletRequest(host: ServerHost) {
  return async (request: HttpRequest): Promise<HttpResponse> => {
    const url = new URL(request.target, "http://kubelet");
    const [verb, namespace = "", name = "", container = ""] = url.pathname.split("/").slice(1).map(decodeURIComponent);
    if (verb === "healthz") return text(200, "ok");
    if (verb === "pods") {
      const body = { kind: "PodList", apiVersion: "v1", metadata: {}, items: host.pods() };
      return { status: 200, headers: { "content-type": "application/json" }, body: encode(JSON.stringify(body)) };
    }
    if (verb !== "containerLogs" && verb !== "exec") return text(404, "404 page not found\n");
    const pod = host.pods().find((other) => keyOf(other) === `${namespace}/${name}`);
    if (!pod) return text(404, `pod ${JSON.stringify(name)} does not exist`);
    const specs = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
    if (!specs.some((spec) => spec.name === container)) {
      return text(404, `container ${JSON.stringify(container)} not found in pod ${JSON.stringify(name)}`);
    }
    const attempts = attemptsOf(host, pod, container);
    if (verb === "exec") return exec(host, attempts.at(-1), request);
    return logs(host, pod, container, attempts, url.searchParams, request.signal);
  };
}

function attemptsOf(host: ServerHost, pod: Pod, container: string): ContainerStatus[] {
  const runtime = host.runtime();
  if (!runtime) return [];
  const sandboxes = new Set(
    runtime
      .listPodSandboxes()
      .filter((sandbox) => sandbox.config.uid === pod.metadata.uid)
      .map((sandbox) => sandbox.id),
  );
  return runtime
    .listContainers()
    .filter((status) => sandboxes.has(status.sandboxId) && status.config.name === container)
    .sort((a, b) => a.config.attempt - b.config.attempt);
}

function logs(
  host: ServerHost,
  pod: Pod,
  container: string,
  attempts: readonly ContainerStatus[],
  query: URLSearchParams,
  signal: AbortSignal,
): HttpResponse {
  const previous = query.get("previous") === "true";
  const status = previous ? attempts.at(-2) : attempts.at(-1);
  if (!status) {
    if (previous) {
      return text(
        400,
        `previous terminated container ${JSON.stringify(container)} in pod ${JSON.stringify(pod.metadata.name)} not found`,
      );
    }
    const all = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
    const reason = all.find((other) => other.name === container)?.state.waiting?.reason ?? "ContainerCreating";
    const words = [
      "ErrImagePull",
      "ImagePullBackOff",
      "ErrImageNeverPull",
      "InvalidImageName",
      "ImageInspectError",
    ].includes(reason)
      ? `trying and failing to pull image`
      : reason;
    return text(
      400,
      `container ${JSON.stringify(container)} in pod ${JSON.stringify(pod.metadata.name)} is waiting to start: ${words}`,
    );
  }
  const seconds = query.get("sinceSeconds");
  const sinceTime = query.get("sinceTime");
  const number = (value: string | null): number | undefined => (value === null ? undefined : Number(value));
  const body = readLog(
    host.files,
    `${logFolder(pod)}/${status.config.logPath}`,
    {
      follow: query.get("follow") === "true",
      tailLines: number(query.get("tailLines")),
      timestamps: query.get("timestamps") === "true",
      limitBytes: number(query.get("limitBytes")),
      since:
        sinceTime !== null
          ? Date.parse(sinceTime)
          : seconds === null
            ? undefined
            : host.now() - Number(seconds) * 1_000,
    },
    signal,
    () => host.runtime()?.containerStatus(status.id)?.state === "running",
  );
  return { status: 200, headers: { "content-type": "text/plain" }, body };
}

async function exec(
  host: ServerHost,
  status: ContainerStatus | undefined,
  request: HttpRequest,
): Promise<HttpResponse> {
  const runtime = host.runtime();
  if (!runtime || status?.state !== "running") return text(500, "container not found");
  let command: string[] = [];
  try {
    const parsed: unknown = JSON.parse(decode(request.body) || "{}");
    if (typeof parsed === "object" && parsed !== null && "command" in parsed && Array.isArray(parsed.command)) {
      command = parsed.command.map((part) => String(part));
    }
  } catch {
    return text(400, "invalid request body");
  }
  try {
    const outcome = await runtime.exec(status.id, command);
    return { status: 200, headers: { "content-type": "application/json" }, body: encode(JSON.stringify(outcome)) };
  } catch (error) {
    if (!(error instanceof CriError)) throw error;
    return text(500, `Internal error occurred: error executing command in container: ${error.message}`);
  }
}
