import { pathOf } from "../client/discovery.ts";
import { CommandError, isApiError } from "../client/errors.ts";
import { clone, listAt, objectAt, objectsAt, textAt, type Json } from "../client/json.ts";
import { rfc3339 } from "../go/duration.ts";
import { toYaml } from "../go/yaml.ts";
import { readManifests, fileFlags } from "./manifests.ts";
import { presented, printDone } from "./output.ts";
import { objectName } from "./resource-arguments.ts";
import { selectedObjects, selectionFlags } from "./selected.ts";
import { podOf } from "./logs.ts";
import type { Command, Session } from "./session.ts";

export const certificateCommand: Command = {
  summary: "Modify certificate resources",
  usage: "kubectl certificate SUBCOMMAND",
  group: "Cluster Management Commands",
  commands: {
    approve: {
      summary: "Approve a certificate signing request",
      usage: "kubectl certificate approve CSR_NAME",
      flags: selectionFlags,
      run: (session) => decide(session, "Approved"),
    },
    deny: {
      summary: "Deny a certificate signing request",
      usage: "kubectl certificate deny CSR_NAME",
      flags: selectionFlags,
      run: (session) => decide(session, "Denied"),
    },
  },
};

async function decide(session: Session, type: "Approved" | "Denied"): Promise<number> {
  if (session.flags.words.length === 0)
    throw new CommandError("error: one or more CSRs must be specified as <name> or -f <filename>");
  for (const entry of await selectedObjects(session, ["certificatesigningrequests", ...session.flags.words])) {
    const now = rfc3339(session.now());
    const object = clone(entry.object);
    const verb = type === "Approved" ? "approve" : "deny";
    const condition = {
      lastUpdateTime: now,
      message: `This CSR was ${type.toLowerCase()} by kubectl certificate ${verb}.`,
      reason: `Kubectl${type === "Approved" ? "Approve" : "Deny"}`,
      status: "True",
      type,
    };
    object["status"] = {
      ...objectAt(object, "status"),
      conditions: [...objectsAt(object, "status", "conditions"), condition],
    };
    await session.connection.json("PUT", pathOf(entry.resource, "", objectName(object), "approval"), { body: object });
    await printDone(session, entry, type.toLowerCase());
  }
  return 0;
}

export const diffCommand: Command = {
  summary: "Diff the live version against a would-be applied version",
  usage: "kubectl diff -f FILENAME",
  group: "Advanced Commands",
  flags: { ...fileFlags, "server-side": { kind: "bool" }, selector: { kind: "string", short: "l" } },
  run: diff,
};

/** Writes both versions to files and lets `diff -u -N` compare them, as the real command does. */
async function diff(session: Session): Promise<number> {
  const { process, connection } = session;
  const { random } = process.machine.environment;
  if (!session.flags.has("filename")) throw new CommandError("error: must specify one of -f and -k");
  const suffix = (): string => String(Math.floor(random.next() * 4e9));
  let different = false;
  for (const entry of await readManifests(session)) {
    if ("error" in entry) throw entry.error;
    const path = pathOf(entry.resource, entry.namespace, objectName(entry.object));
    let live: Json | undefined;
    try {
      live = await connection.json("GET", path);
    } catch (error) {
      if (!isApiError(error, "NotFound")) throw error;
    }
    const merged = live
      ? await connection.json("PATCH", path, {
          body: entry.object,
          contentType: "application/strategic-merge-patch+json",
          query: { dryRun: "All", fieldManager: "kubectl-client-side-apply" },
        })
      : await connection.json("POST", pathOf(entry.resource, entry.namespace), {
          body: entry.object,
          query: { dryRun: "All" },
        });
    const name = `${entry.resource.group || ""}${entry.resource.group ? "." : ""}${entry.resource.version}.${entry.resource.kind}.${entry.namespace}.${objectName(entry.object)}`;
    const [before, after] = [live ? toYaml(presented(session, live)) : "", toYaml(presented(session, merged))];
    if (before === after) continue;
    different = true;
    const folders = [`/tmp/LIVE-${suffix()}`, `/tmp/MERGED-${suffix()}`];
    const files = folders.map((folder) => `${folder}/${name}`);
    for (const folder of folders) process.files.makeDirectories(folder, 0o700);
    if (live) process.files.write(files[0] ?? "", before);
    process.files.write(files[1] ?? "", after);
    await session.out(`diff -u -N ${files.join(" ")}\n`);
    await process.run(["diff", "-u", "-N", ...files]);
    for (const folder of folders) process.files.removeTree(folder);
  }
  return different ? 1 : 0;
}

export const cpCommand: Command = {
  summary: "Copy files and directories to and from containers",
  usage: "kubectl cp <file-spec-src> <file-spec-dest> [options]",
  group: "Troubleshooting and Debugging Commands",
  flags: { container: { kind: "string", short: "c" }, "no-preserve": { kind: "bool" }, retries: { kind: "int" } },
  async run(session) {
    const [from = "", to = ""] = session.flags.words;
    if (from === "" || to === "") throw new CommandError("error: source and destination are required");
    const remote = [from, to].find((word) => word.includes(":"));
    if (remote === undefined) throw new CommandError("error: one of src or dest must be a remote file specification");
    await podOf(session, (remote.split(":")[0] ?? "").split("/").at(-1) ?? "", "exec");
    // Simplified: a real one runs tar in the container, which the containers of this lab do not have.
    throw new CommandError(
      'error: Internal error occurred: error executing command in container: failed to exec in container: exec: "tar": executable file not found in $PATH: unknown',
    );
  },
};

export const portForwardCommand: Command = {
  summary: "Forward one or more local ports to a pod",
  usage: "kubectl port-forward TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]",
  group: "Troubleshooting and Debugging Commands",
  flags: { address: { kind: "strings" }, "pod-running-timeout": { kind: "duration" } },
  run: portForward,
};

async function portForward(session: Session): Promise<number> {
  const [word, ...ports] = session.flags.words;
  if (word === undefined || ports.length === 0)
    throw new CommandError(
      "error: TYPE/NAME and list of ports are required for port-forward\nSee 'kubectl port-forward -h' for help and examples",
    );
  const { process } = session;
  const { network } = process.machine.environment;
  const pod = await podOf(session, word, "exec");
  const phase = textAt(pod.object, "status", "phase");
  if (phase !== "Running")
    throw new CommandError(`error: unable to forward port because pod is not running. Current status=${phase}`);
  const place = { machine: textAt(pod.object, "spec", "nodeName") };
  const address = textAt(pod.object, "status", "podIP");
  const stops: (() => void)[] = [];
  try {
    for (const spec of ports) {
      const [local = "", remote = local] = spec.split(":");
      const port = Number(local || remote);
      const target = await targetPort(session, word, pod.object, Number(remote));
      if (!Number.isInteger(port) || !Number.isInteger(target))
        throw new CommandError(
          `error: error parsing local port '${local}': strconv.ParseUint: parsing ${JSON.stringify(local)}: invalid syntax`,
        );
      // Simplified: a real one carries the bytes through the API server and the kubelet; here they go to the pod's node at once.
      const stop = network.listen(
        process.place,
        port,
        {
          process: "kubectl",
          pid: process.pid,
          accept(connection) {
            void process.out(`Handling connection for ${port}\n`);
            network.connect(place, address, target, process.signal).then(
              (far) => {
                connection.pipe(far).pipe(connection);
                far.on("error", () => connection.destroy());
                connection.on("error", () => far.destroy());
              },
              () => connection.destroy(),
            );
          },
        },
        "127.0.0.1",
      );
      stops.push(stop);
      await session.out(`Forwarding from 127.0.0.1:${port} -> ${target}\n`);
    }
    await new Promise<void>((_resolve, reject) => {
      process.signal.addEventListener("abort", () => reject(process.signal.reason), { once: true });
    });
    return 0;
  } finally {
    for (const stop of stops) stop();
  }
}

/** A service's port stands for the pods' target port. */
async function targetPort(session: Session, word: string, pod: Json, port: number): Promise<number> {
  if (!/^(?:svc|services?)\//.test(word)) return port;
  const service = await session.connection.json(
    "GET",
    `/api/v1/namespaces/${session.namespace}/services/${word.split("/")[1] ?? ""}`,
  );
  const found = objectsAt(service, "spec", "ports").find((item) => textAt(item, "port") === String(port));
  if (!found) throw new CommandError(`error: Service ${objectName(service)} does not have a service port ${port}`);
  const target = textAt(found, "targetPort");
  if (/^\d+$/.test(target)) return Number(target);
  const named = objectsAt(pod, "spec", "containers")
    .flatMap((item) => objectsAt(item, "ports"))
    .find((item) => textAt(item, "name") === target);
  return Number(textAt(named, "containerPort") || port);
}

export const explainCommand: Command = {
  summary: "Get documentation for a resource",
  usage:
    "kubectl explain TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext|plaintext-openapiv2]",
  group: "Basic Commands (Intermediate)",
  flags: { recursive: { kind: "bool" }, "api-version": { kind: "string" }, output: { kind: "string", short: "o" } },
  run: explain,
};

async function explain(session: Session): Promise<number> {
  const [word] = session.flags.words;
  if (word === undefined)
    throw new CommandError(
      'error: You must specify the type of resource to explain. Use "kubectl api-resources" for a complete list of supported resources.',
    );
  const [type = "", ...path] = word.split(".");
  const resource = await (await session.discover()).find(type);
  if (!resource) throw new CommandError(`error: the server doesn't have a resource type ${JSON.stringify(type)}`);
  const document = await session.connection.json(
    "GET",
    resource.group === ""
      ? `/openapi/v3/api/${resource.version}`
      : `/openapi/v3/apis/${resource.group}/${resource.version}`,
  );
  const schemas = objectAt(document, "components", "schemas");
  const deref = (schema: Json): Json => {
    const reference = textAt(schema, "$ref") || textAt(objectsAt(schema, "allOf")[0], "$ref");
    return reference === "" ? schema : objectAt(schemas, reference.split("/").at(-1) ?? "");
  };
  const root = Object.values(schemas).find((schema) =>
    objectsAt(schema, "x-kubernetes-group-version-kind").some(
      (item) => textAt(item, "kind") === resource.kind && textAt(item, "version") === resource.version,
    ),
  );
  let schema = objectAt({ root }, "root");
  const nameOf = (field: Json): string => {
    const reference = textAt(field, "$ref") || textAt(objectsAt(field, "allOf")[0], "$ref");
    return reference.split(".").at(-1) ?? "Object";
  };
  const typeOf = (field: Json): string => {
    const inner = deref(field);
    if (textAt(field, "type") === "array") return `[]${typeOf(objectAt(field, "items"))}`;
    if (inner !== field && Object.keys(objectAt(inner, "properties")).length > 0) return nameOf(field);
    const values = objectAt(field, "additionalProperties");
    if (Object.keys(values).length > 0) return `map[string]${typeOf(values)}`;
    if (inner !== field) return textAt(inner, "type") || "Object";
    if (textAt(field, "type") === "object") return "Object";
    return textAt(field, "type") || "Object";
  };
  const elementOf = (item: Json): Json => (textAt(item, "type") === "array" ? objectAt(item, "items") : item);
  let field: Json = schema;
  for (const name of path) {
    const next = objectAt(schema, "properties", name);
    if (Object.keys(next).length === 0) throw new CommandError(`error: field ${JSON.stringify(name)} does not exist`);
    field = next;
    schema = deref(elementOf(next));
  }
  const lines = [
    ...(resource.group === "" ? [] : [`GROUP:      ${resource.group}`]),
    `KIND:       ${resource.kind}`,
    `VERSION:    ${resource.version}`,
    "",
  ];
  if (path.length > 0) lines.push(`FIELD: ${path.at(-1) ?? ""} <${typeOf(field)}>`, "");
  lines.push("DESCRIPTION:", `    ${textAt(field, "description") || textAt(schema, "description") || "<empty>"}`);
  const isRecursive = session.flags.bool("recursive");
  const listFields = (of: Json, indent: string): void => {
    const required = listAt(of, "required");
    for (const [name, value] of Object.entries(objectAt(of, "properties")).sort(([a], [b]) => (a < b ? -1 : 1))) {
      const described = objectAt({ value }, "value");
      lines.push(`${indent}${name}\t<${typeOf(described)}>${required.includes(name) ? " -required-" : ""}`);
      if (isRecursive) listFields(deref(elementOf(described)), `${indent}  `);
      else lines.push(`${indent}  ${textAt(described, "description") || "<no description>"}`, "");
    }
  };
  if (Object.keys(objectAt(schema, "properties")).length > 0) {
    lines.push("FIELDS:");
    listFields(schema, "  ");
  }
  lines.push("");
  await session.out(`${lines.join("\n")}\n`);
  return 0;
}
