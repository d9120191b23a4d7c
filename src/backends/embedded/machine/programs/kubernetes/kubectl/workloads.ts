import { pathOf } from "../client/discovery.ts";
import { CommandError, isApiError, ManyErrors } from "../client/errors.ts";
import { clone, numberAt, objectAt, objectsAt, textAt, type Json } from "../client/json.ts";
import { parse } from "yaml";
import { readText } from "../../../io.ts";
import {
  dryRun,
  dryRunFlags,
  dryRunSuffix,
  outputFlags,
  outputFormat,
  presented,
  printDone,
  render,
} from "./output.ts";
import { findObjects, objectName, selections } from "./resource-arguments.ts";
import { selectedObjects, selectionFlags } from "./selected.ts";
import type { Command, Session } from "./session.ts";

const strategic = "application/strategic-merge-patch+json";

export const scaleCommand: Command = {
  summary: "Set a new size for a deployment, replica set, or replication controller",
  usage:
    "kubectl scale [--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME) [options]",
  group: "Deploy Commands",
  flags: {
    ...selectionFlags,
    ...outputFlags,
    ...dryRunFlags,
    replicas: { kind: "int" },
    "current-replicas": { kind: "int" },
    "resource-version": { kind: "string" },
    timeout: { kind: "string" },
  },
  run: scale,
};

async function scale(session: Session): Promise<number> {
  const replicas = session.flags.number("replicas");
  if (replicas === undefined) throw new CommandError('error: required flag(s) "replicas" not set');
  if (replicas < 0) {
    throw new CommandError(
      "error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0",
    );
  }
  const mode = dryRun(session);
  const wanted = session.flags.number("current-replicas");
  const selected =
    session.flags.has("filename") || session.flags.words.length === 0
      ? undefined
      : await selections(session, session.flags.words);
  let found;
  try {
    found =
      selected && !session.flags.bool("all") && !session.flags.has("selector")
        ? await findObjects(session, selected)
        : await selectedObjects(session, session.flags.words);
  } catch (error) {
    if (isApiError(error, "NotFound"))
      throw new CommandError(
        `error: no objects passed to scale${session.minor >= 32 ? ` ${error.status.message ?? ""}` : ""}`,
      );
    throw error;
  }
  for (const entry of found) {
    const name = objectName(entry.object);
    const path = pathOf(entry.resource, entry.namespace, name, "scale");
    if (wanted !== undefined && wanted >= 0) {
      const current = numberAt(await session.connection.json("GET", path), "spec", "replicas") ?? 0;
      if (current !== wanted) throw new CommandError(`error: Expected replicas to be ${wanted}, was ${current}`);
    }
    if (mode !== "client") {
      await session.connection.json("PATCH", path, {
        body: { spec: { replicas } },
        contentType: "application/merge-patch+json",
        query: { dryRun: mode === "server" ? "All" : undefined },
      });
    }
    await printDone(session, entry, `scaled${dryRunSuffix(mode)}`);
  }
  return 0;
}

const setFlags = {
  ...selectionFlags,
  ...outputFlags,
  ...dryRunFlags,
  local: { kind: "bool" },
  "field-manager": { kind: "string" },
} as const;

export const setCommand: Command = {
  summary: "Set specific features on objects",
  usage: "kubectl set SUBCOMMAND [options]",
  group: "Basic Commands (Beginner)",
  commands: {
    image: {
      summary: "Update the image of a pod template",
      usage:
        "kubectl set image (-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N [options]",
      flags: setFlags,
      run: setImage,
    },
    env: {
      summary: "Update environment variables on a pod template",
      usage: "kubectl set env RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N [options]",
      flags: {
        ...setFlags,
        containers: { kind: "string", short: "c" },
        overwrite: { kind: "bool" },
        list: { kind: "bool" },
      },
      run: setEnv,
    },
  },
};

/** Where an object keeps its pod's containers. */
const podSpecPath = (object: Json): string[] =>
  textAt(object, "kind") === "Pod"
    ? ["spec"]
    : textAt(object, "kind") === "CronJob"
      ? ["spec", "jobTemplate", "spec", "template", "spec"]
      : ["spec", "template", "spec"];

function nested(path: readonly string[], value: Json): Json {
  return path.reduceRight<Json>((inner, key) => ({ [key]: inner }), value);
}

async function setImage(session: Session): Promise<number> {
  const pairs = session.flags.words
    .filter((word) => word.includes("="))
    .map((word): [string, string] => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)]);
  const words = session.flags.words.filter((word) => !word.includes("="));
  if (pairs.length === 0) throw new CommandError("error: at least one image update is required");
  const mode = dryRun(session);
  const problems: unknown[] = [];
  for (const entry of await selectedObjects(session, words)) {
    const path = podSpecPath(entry.object);
    const containers = objectsAt(entry.object, ...path, "containers");
    const initContainers = objectsAt(entry.object, ...path, "initContainers");
    const patch: Record<string, Json[]> = {};
    let missing = false;
    for (const [name, image] of pairs) {
      const lists = [
        ["containers", containers],
        ["initContainers", initContainers],
      ] as const;
      let hit = false;
      for (const [field, list] of lists) {
        for (const container of list.filter((item) => name === "*" || textAt(item, "name") === name)) {
          hit = true;
          if (textAt(container, "image") !== image)
            (patch[field] ??= []).push({ name: textAt(container, "name"), image });
        }
      }
      if (!hit) {
        missing = true;
        problems.push(new CommandError(`error: unable to find container named ${JSON.stringify(name)}`));
      }
    }
    if (missing || Object.keys(patch).length === 0) continue;
    let { object } = entry;
    if (mode !== "client") {
      object = await session.connection.json(
        "PATCH",
        pathOf(entry.resource, entry.namespace, objectName(entry.object)),
        {
          body: nested(path, patch),
          contentType: strategic,
          query: { fieldManager: "kubectl-set", dryRun: mode === "server" ? "All" : undefined },
        },
      );
    }
    await printDone(session, { ...entry, object }, `image updated${dryRunSuffix(mode)}`);
  }
  if (problems.length > 0) throw new ManyErrors(problems);
  return 0;
}

async function setEnv(session: Session): Promise<number> {
  const isChange = (word: string): boolean => word.includes("=") || (word.endsWith("-") && word.length > 1);
  const changes = session.flags.words.filter(isChange);
  const words = session.flags.words.filter((word) => !isChange(word));
  const wanted = session.flags.text("containers") ?? "*";
  const mode = dryRun(session);
  for (const entry of await selectedObjects(session, words)) {
    const path = podSpecPath(entry.object);
    const containers = objectsAt(entry.object, ...path, "containers").filter(
      (item) => wanted === "*" || textAt(item, "name") === wanted,
    );
    if (session.flags.bool("list")) {
      for (const container of containers) {
        await session.out(
          `# ${entry.resource.kind} ${objectName(entry.object)}, container ${textAt(container, "name")}\n`,
        );
        for (const variable of objectsAt(container, "env"))
          await session.out(`${textAt(variable, "name")}=${textAt(variable, "value")}\n`);
      }
      continue;
    }
    const patch = containers.map((container) => ({
      name: textAt(container, "name"),
      env: changes.map((change) => {
        const equals = change.indexOf("=");
        return equals > 0
          ? { name: change.slice(0, equals), value: change.slice(equals + 1) }
          : { name: change.slice(0, -1), $patch: "delete" };
      }),
    }));
    let { object } = entry;
    if (mode !== "client") {
      object = await session.connection.json(
        "PATCH",
        pathOf(entry.resource, entry.namespace, objectName(entry.object)),
        {
          body: nested(path, { containers: patch }),
          contentType: strategic,
          query: { fieldManager: "kubectl-set" },
        },
      );
    }
    await printDone(session, { ...entry, object }, `env updated${dryRunSuffix(mode)}`);
  }
  return 0;
}

export const patchCommand: Command = {
  summary: "Update fields of a resource",
  usage: "kubectl patch (-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE] [options]",
  group: "Advanced Commands",
  flags: {
    ...selectionFlags,
    ...outputFlags,
    ...dryRunFlags,
    patch: { kind: "string", short: "p" },
    "patch-file": { kind: "string" },
    type: { kind: "string" },
    subresource: { kind: "string" },
    local: { kind: "bool" },
  },
  run: patch,
};

const patchTypes: Readonly<Record<string, string>> = {
  strategic,
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
};

const unreadablePatch = (): CommandError =>
  new CommandError("Error from server (BadRequest): error decoding patch: unexpected end of JSON input");

async function patch(session: Session): Promise<number> {
  const { flags } = session;
  const type = patchTypes[flags.text("type") ?? "strategic"];
  if (type === undefined)
    throw new CommandError(
      `error: --type must be one of [json merge strategic], not ${JSON.stringify(flags.text("type"))}`,
    );
  const file = flags.text("patch-file");
  const text =
    file === undefined
      ? flags.text("patch")
      : file === "-"
        ? await readText(session.process.stdin)
        : session.process.files.readText(session.process.resolve(file));
  if (text === undefined)
    throw new CommandError("error: must specify --patch or --patch-file containing the contents of the patch");
  let body: unknown;
  try {
    body = parse(text);
  } catch (error) {
    // What begins like JSON is for the server to judge.
    if (/^\s*\{/.test(text)) throw unreadablePatch();
    throw new CommandError(
      `error: unable to parse ${JSON.stringify(text)}: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : ""}`,
    );
  }
  const mode = dryRun(session);
  for (const entry of await selectedObjects(session, flags.words)) {
    let { object } = entry;
    if (mode !== "client") {
      object = await session.connection.json(
        "PATCH",
        pathOf(entry.resource, entry.namespace, objectName(entry.object), flags.text("subresource")),
        {
          body,
          contentType: type,
          query: { fieldManager: "kubectl-patch", dryRun: mode === "server" ? "All" : undefined },
        },
      );
    }
    const changed =
      textAt(object, "metadata", "resourceVersion") !== textAt(entry.object, "metadata", "resourceVersion");
    await printDone(session, { ...entry, object }, `patched${changed ? "" : " (no change)"}${dryRunSuffix(mode)}`);
  }
  return 0;
}

export const exposeCommand: Command = {
  summary: "Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service",
  usage:
    "kubectl expose (-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] [--name=name] [--type=type] [options]",
  group: "Basic Commands (Beginner)",
  flags: {
    ...selectionFlags,
    ...outputFlags,
    ...dryRunFlags,
    port: { kind: "string" },
    "target-port": { kind: "string" },
    protocol: { kind: "string" },
    name: { kind: "string" },
    type: { kind: "string" },
    labels: { kind: "string" },
    "external-ip": { kind: "string" },
    "cluster-ip": { kind: "string" },
  },
  run: expose,
};

async function expose(session: Session): Promise<number> {
  const { flags } = session;
  const services = await (await session.discover()).find("services");
  if (!services) throw new CommandError('error: the server doesn\'t have a resource type "services"');
  const mode = dryRun(session);
  for (const entry of await selectedObjects(session, flags.words)) {
    const kind = textAt(entry.object, "kind");
    const selector =
      kind === "Pod"
        ? objectAt(entry.object, "metadata", "labels")
        : kind === "Service"
          ? objectAt(entry.object, "spec", "selector")
          : objectAt(entry.object, "spec", "selector", "matchLabels");
    if (Object.keys(selector).length === 0)
      throw new CommandError(
        `error: couldn't retrieve selectors via --selector flag or introspection: the ${kind.toLowerCase()} has no selectors and cannot be exposed`,
      );
    const declared = objectsAt(entry.object, ...podSpecPath(entry.object), "containers")
      .flatMap((item) => objectsAt(item, "ports"))
      .map((item) => textAt(item, "containerPort"));
    const ports = flags.text("port")?.split(",") ?? declared;
    if (ports.length === 0)
      throw new CommandError(
        "error: couldn't find port via --port flag or introspection\nSee 'kubectl expose -h' for help and examples",
      );
    const target = flags.text("target-port");
    const labels = objectAt(entry.object, "metadata", "labels");
    const object: Json = {
      apiVersion: "v1",
      kind: "Service",
      metadata: {
        name: flags.text("name") ?? objectName(entry.object),
        ...(Object.keys(labels).length > 0 ? { labels: clone(labels) } : {}),
      },
      spec: {
        ports: ports.map((port, i) => ({
          ...(ports.length > 1 ? { name: `port-${i + 1}` } : {}),
          port: Number(port),
          protocol: flags.text("protocol") ?? "TCP",
          targetPort: target === undefined ? Number(port) : /^\d+$/.test(target) ? Number(target) : target,
        })),
        selector: clone(selector),
        ...(flags.has("type") ? { type: flags.text("type") } : {}),
      },
    };
    if (mode === "client") {
      const format = outputFormat(session);
      if (format) {
        await session.out(render(format, presented(session, { ...object, status: { loadBalancer: {} } }), session));
        continue;
      }
    }
    const created =
      mode === "client"
        ? object
        : await session.connection.json("POST", pathOf(services, entry.namespace), {
            body: object,
            query: { fieldManager: "kubectl-expose", dryRun: mode === "server" ? "All" : undefined },
          });
    await printDone(
      session,
      { resource: services, namespace: entry.namespace, object: created, source: "" },
      `exposed${dryRunSuffix(mode)}`,
    );
  }
  return 0;
}
