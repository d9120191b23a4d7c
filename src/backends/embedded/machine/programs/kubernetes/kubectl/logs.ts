import { pathOf } from "../client/discovery.ts";
import { readChunks, errorOf } from "../client/connection.ts";
import { CommandError, isApiError } from "../client/errors.ts";
import { mapAt, objectAt, objectsAt, textAt, type Json } from "../client/json.ts";
import { decode, encode } from "../../../io.ts";
import { findObjects, objectName, selections, type FoundObject } from "./resource-arguments.ts";
import type { Command, Session } from "./session.ts";
import { limited, TimedOut } from "./waiting.ts";

export const logsCommand: Command = {
  summary: "Print the logs for a container in a pod",
  usage: "kubectl logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER] [options]",
  group: "Troubleshooting and Debugging Commands",
  flags: {
    follow: { kind: "bool", short: "f" },
    previous: { kind: "bool", short: "p" },
    container: { kind: "string", short: "c" },
    "all-containers": { kind: "bool" },
    "all-pods": { kind: "bool" },
    "ignore-errors": { kind: "bool" },
    "insecure-skip-tls-verify-backend": { kind: "bool" },
    "limit-bytes": { kind: "int" },
    "max-log-requests": { kind: "int" },
    "pod-running-timeout": { kind: "duration" },
    prefix: { kind: "bool" },
    selector: { kind: "string", short: "l" },
    since: { kind: "duration" },
    "since-time": { kind: "string" },
    tail: { kind: "int" },
    timestamps: { kind: "bool" },
  },
  run: logs,
};

interface LogSource {
  namespace: string;
  pod: string;
  container: string;
}

async function logs(session: Session): Promise<number> {
  const { flags } = session;
  if (flags.words.length === 0 && !flags.has("selector")) {
    throw new CommandError(
      "error: expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command\nSee 'kubectl logs -h' for help and examples",
    );
  }
  if (flags.words.length > 2)
    throw new CommandError(
      "error: expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command\nSee 'kubectl logs -h' for help and examples",
    );
  const container = flags.text("container") ?? flags.words[1];
  const pods = await podsFor(session);
  const sources: LogSource[] = [];
  for (const pod of pods) {
    for (const name of await containersOf(session, pod.object, container)) {
      sources.push({
        namespace: textAt(pod.object, "metadata", "namespace"),
        pod: objectName(pod.object),
        container: name,
      });
    }
  }
  if (pods.length === 0) {
    await session.err(`No resources found in ${session.namespace} namespace.\n`);
    return 0;
  }
  // A selection of several pods shows ten lines of each unless asked otherwise.
  const tail = flags.text("tail") ?? (flags.has("selector") && !flags.bool("follow") ? "10" : undefined);
  if (flags.bool("follow")) await Promise.all(sources.map((source) => printLog(session, source, tail)));
  else for (const source of sources) await printLog(session, source, tail);
  return 0;
}

async function podsFor(session: Session): Promise<FoundObject[]> {
  const { flags } = session;
  const discovery = await session.discover();
  const pods = await discovery.find("pods");
  if (!pods) throw new CommandError('error: the server doesn\'t have a resource type "pods"');
  if (flags.has("selector"))
    return findObjects(session, [{ resource: pods, names: [] }], { labelSelector: flags.text("selector") });
  const [word = ""] = flags.words;
  return [await podOf(session, word, "logs")];
}

/** The pod that `POD` or `TYPE/NAME` means; of a workload the first one. */
export async function podOf(session: Session, word: string, purpose: "logs" | "exec"): Promise<FoundObject> {
  const discovery = await session.discover();
  const pods = await discovery.find("pods");
  if (!pods) throw new CommandError('error: the server doesn\'t have a resource type "pods"');
  if (!word.includes("/")) {
    try {
      const object = await session.connection.json("GET", pathOf(pods, session.namespace, word));
      return { resource: pods, namespace: session.namespace, object, source: "" };
    } catch (error) {
      if (purpose === "logs" && session.minor >= 30 && isApiError(error, "NotFound")) {
        throw new CommandError(
          `error: error from server (NotFound): ${error.status.message ?? ""} in namespace ${JSON.stringify(session.namespace)}`,
        );
      }
      throw error;
    }
  }
  const [found] = await findObjects(session, await selections(session, [word]));
  if (!found) throw new CommandError(`error: no objects found for ${word}`);
  if (found.resource.plural === "pods") return found;
  const selector =
    textAt(found.object, "kind") === "Service"
      ? objectAt(found.object, "spec", "selector")
      : objectAt(found.object, "spec", "selector", "matchLabels");
  const labels = mapAt({ selector }, "selector")
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  const candidates = await findObjects(session, [{ resource: pods, names: [] }], {
    namespace: found.namespace,
    labelSelector: labels,
  });
  const [pod] = [...candidates].sort(
    (a, b) =>
      readiness(b.object) - readiness(a.object) ||
      (textAt(a.object, "metadata", "creationTimestamp") < textAt(b.object, "metadata", "creationTimestamp") ? -1 : 1),
  );
  if (!pod) throw new CommandError("error: timed out waiting for the condition");
  if (purpose === "logs" && candidates.length > 1)
    await session.err(`Found ${candidates.length} pods, using pod/${objectName(pod.object)}\n`);
  return pod;
}

const readiness = (pod: Json): number =>
  objectsAt(pod, "status", "conditions").some(
    (item) => textAt(item, "type") === "Ready" && textAt(item, "status") === "True",
  )
    ? 1
    : 0;

async function containersOf(session: Session, pod: Json, wanted: string | undefined): Promise<string[]> {
  const named = (field: string): string[] => objectsAt(pod, "spec", field).map((item) => textAt(item, "name"));
  const [plain, init, ephemeral] = [named("containers"), named("initContainers"), named("ephemeralContainers")];
  if (session.flags.bool("all-containers")) return [...init, ...plain, ...ephemeral];
  if (wanted !== undefined) {
    if ([...plain, ...init, ...ephemeral].includes(wanted)) return [wanted];
    throw new CommandError(`error: container ${wanted} is not valid for pod ${objectName(pod)}`);
  }
  return [await defaultContainer(session, pod)];
}

/** The first container; says so when there are others. */
async function defaultContainer(session: Session, pod: Json): Promise<string> {
  const chosen = textAt(pod, "metadata", "annotations", "kubectl.kubernetes.io/default-container");
  const containers = objectsAt(pod, "spec", "containers").map((item) => textAt(item, "name"));
  const others = [
    ...containers,
    ...objectsAt(pod, "spec", "ephemeralContainers").map((item) => `${textAt(item, "name")} (ephem)`),
    ...objectsAt(pod, "spec", "initContainers").map((item) => `${textAt(item, "name")} (init)`),
  ];
  if (chosen !== "" && containers.includes(chosen)) return chosen;
  const [first = ""] = containers;
  if (others.length > 1)
    await session.err(`Defaulted container ${JSON.stringify(first)} out of: ${others.join(", ")}\n`);
  return first;
}

async function printLog(session: Session, source: LogSource, tail: string | undefined): Promise<void> {
  const { flags } = session;
  const since = flags.duration("since");
  const prefix = flags.bool("prefix") ? `[pod/${source.pod}/${source.container}] ` : "";
  const { signal, cancel } = limited(session, 0);
  try {
    const answer = await session.connection.send(
      "GET",
      `/api/v1/namespaces/${source.namespace}/pods/${source.pod}/log`,
      {
        accept: "application/json, */*",
        signal,
        query: {
          container: source.container,
          follow: flags.bool("follow") ? "true" : undefined,
          previous: flags.bool("previous") ? "true" : undefined,
          timestamps: flags.bool("timestamps") ? "true" : undefined,
          tailLines: tail === undefined || tail === "-1" ? undefined : tail,
          sinceSeconds: since === undefined ? undefined : String(Math.ceil(since / 1000)),
          sinceTime: flags.text("since-time"),
          limitBytes: flags.text("limit-bytes"),
        },
      },
    );
    if (answer.status >= 400) throw errorOf(answer.status, decode(await readChunks(answer.chunks)));
    let open = false;
    for await (const chunk of answer.chunks) {
      if (chunk.length === 0) continue;
      if (prefix === "") await session.process.stdout.write(chunk);
      else {
        const text = decode(chunk);
        const lead = open ? "" : prefix;
        open = !text.endsWith("\n");
        await session.process.stdout.write(encode(lead + text.replaceAll(/\n(?=.)/gs, `\n${prefix}`)));
      }
    }
  } catch (error) {
    if (error instanceof TimedOut) return;
    throw error;
  } finally {
    cancel();
  }
}

export const execCommand: Command = {
  summary: "Execute a command in a container",
  usage: "kubectl exec (POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...]",
  group: "Troubleshooting and Debugging Commands",
  flags: {
    container: { kind: "string", short: "c" },
    filename: { kind: "strings", short: "f" },
    stdin: { kind: "bool", short: "i" },
    tty: { kind: "bool", short: "t" },
    quiet: { kind: "bool", short: "q" },
    "pod-running-timeout": { kind: "duration" },
  },
  run: exec,
};

async function exec(session: Session): Promise<number> {
  const { flags } = session;
  const [word, ...old] = flags.words;
  if (word === undefined) throw new CommandError("error: pod, type/name or --filename must be specified");
  const command = flags.dashed ?? old;
  if (command.length === 0) throw new CommandError("error: you must specify at least one command for the container");
  if (flags.dashed === undefined) {
    await session.err(
      "kubectl exec [POD] [COMMAND] is DEPRECATED and will be removed in a future version. Use kubectl exec [POD] -- [COMMAND] instead.\n",
    );
  }
  const pod = await podOf(session, word, "exec");
  const phase = textAt(pod.object, "status", "phase");
  if (phase === "Succeeded" || phase === "Failed") {
    throw new CommandError(`error: cannot exec into a container in a completed pod; current phase is ${phase}`);
  }
  const container = flags.text("container") ?? (await defaultContainer(session, pod.object));
  const names = ["containers", "initContainers", "ephemeralContainers"]
    .flatMap((field) => objectsAt(pod.object, "spec", field))
    .map((item) => textAt(item, "name"));
  if (!names.includes(container)) {
    throw new CommandError(
      `Error from server (BadRequest): container ${container} is not valid for pod ${objectName(pod.object)}`,
    );
  }
  const node = textAt(pod.object, "spec", "nodeName");
  const name = `${pod.namespace}/${objectName(pod.object)}/${container}`;
  // Simplified: a real one upgrades the pod's exec path to a WebSocket with a channel per stream; here the kubelet is
  // asked through the node's proxy, and one answer holds what was printed.
  const answer = await session.connection.send("POST", `/api/v1/nodes/${node}/proxy/exec/${name}`, {
    body: { command },
  });
  const text = decode(await readChunks(answer.chunks));
  if (answer.status >= 400) {
    const error = errorOf(answer.status, text);
    const { reason = "", message = text } = error.status;
    if (reason !== "InternalError") throw error;
    throw new CommandError(`error: ${message}`);
  }
  const result: unknown = JSON.parse(text);
  await session.out(textAt(result, "stdout"));
  await session.err(textAt(result, "stderr"));
  const exitCode = Number(textAt(result, "exitCode") || "0");
  if (exitCode !== 0) await session.err(`command terminated with exit code ${exitCode}\n`);
  return exitCode;
}
