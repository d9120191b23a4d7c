import { pathOf, type ApiResource } from "../client/discovery.ts";
import { CommandError, isApiError, ManyErrors, withSource } from "../client/errors.ts";
import { clone, isObject, objectAt, textAt, type Json } from "../client/json.ts";
import { basename } from "../../../files/paths.ts";
import { fieldValidation, validationFlags } from "./apply.ts";
import { fileFlags, readManifests } from "./manifests.ts";
import { dryRun, dryRunFlags, dryRunSuffix, outputFlags, outputFormat, printDone } from "./output.ts";
import type { Command, Session } from "./session.ts";

const common = {
  ...outputFlags,
  ...dryRunFlags,
  ...validationFlags,
  "save-config": { kind: "bool" },
  "field-manager": { kind: "string" },
} as const;

const generator = (
  summary: string,
  usage: string,
  flags: Command["flags"],
  make: (session: Session) => Json,
): Command => ({
  summary,
  usage: `kubectl create ${usage} [options]`,
  flags: { ...common, ...flags },
  run: (session) => createObject(session, make(session)),
});

export const createCommand: Command = {
  summary: "Create a resource from a file or from stdin",
  usage: "kubectl create -f FILENAME [options]",
  group: "Basic Commands (Beginner)",
  flags: {
    ...common,
    ...fileFlags,
    edit: { kind: "bool" },
    raw: { kind: "string" },
    selector: { kind: "string", short: "l" },
  },
  run: createFromFiles,
  commands: {
    namespace: {
      ...generator("Create a namespace with the specified name", "namespace NAME", {}, (session) => ({
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { creationTimestamp: null, name: nameOf(session, "namespace") },
      })),
      aliases: ["ns"],
    },
    deployment: {
      ...generator(
        "Create a deployment with the specified name",
        "deployment NAME --image=image -- [COMMAND] [args...]",
        { image: { kind: "strings" }, replicas: { kind: "int", short: "r" }, port: { kind: "int" } },
        deployment,
      ),
      aliases: ["deploy"],
    },
    configmap: {
      ...generator(
        "Create a config map from a local file, directory or literal value",
        "configmap NAME [--from-file=[key=]source] [--from-literal=key1=value1]",
        dataFlags(),
        (session) => ({
          apiVersion: "v1",
          data: Object.fromEntries(dataOf(session)),
          kind: "ConfigMap",
          metadata: { creationTimestamp: null, name: nameOf(session, "configmap") },
        }),
      ),
      aliases: ["cm"],
    },
    secret: {
      summary: "Create a secret using a specified subcommand",
      usage: "kubectl create secret (docker-registry | generic | tls)",
      commands: {
        generic: generator(
          "Create a secret from a local file, directory, or literal value",
          "secret generic NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1]",
          { ...dataFlags(), type: { kind: "string" } },
          (session) => ({
            apiVersion: "v1",
            data: Object.fromEntries(
              dataOf(session).map(([key, value]) => [key, Buffer.from(value).toString("base64")]),
            ),
            kind: "Secret",
            metadata: { creationTimestamp: null, name: nameOf(session, "secret generic") },
            ...(session.flags.has("type") ? { type: session.flags.text("type") } : {}),
          }),
        ),
      },
    },
    service: {
      summary: "Create a service using a specified subcommand",
      usage: "kubectl create service SUBCOMMAND",
      aliases: ["svc"],
      commands: {
        clusterip: generator(
          "Create a ClusterIP service",
          "service clusterip NAME [--tcp=<port>:<targetPort>]",
          { tcp: { kind: "strings" }, clusterip: { kind: "string" } },
          (session) => service(session, "ClusterIP"),
        ),
        nodeport: generator(
          "Create a NodePort service",
          "service nodeport NAME [--tcp=port:targetPort]",
          { tcp: { kind: "strings" }, "node-port": { kind: "int" } },
          (session) => service(session, "NodePort"),
        ),
      },
    },
    job: generator(
      "Create a job with the specified name",
      "job NAME --image=image -- [COMMAND] [args...]",
      { image: { kind: "string" }, from: { kind: "string" } },
      (session) => ({
        apiVersion: "batch/v1",
        kind: "Job",
        metadata: { creationTimestamp: null, name: nameOf(session, "job") },
        spec: {
          template: {
            metadata: {},
            spec: {
              containers: [
                {
                  ...(session.flags.dashed ? { command: session.flags.dashed } : {}),
                  image: imagesOf(session)[0] ?? "",
                  name: nameOf(session, "job"),
                  resources: {},
                },
              ],
              restartPolicy: "Never",
            },
          },
        },
      }),
    ),
    serviceaccount: {
      ...generator("Create a service account with the specified name", "serviceaccount NAME", {}, (session) => ({
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { creationTimestamp: null, name: nameOf(session, "serviceaccount") },
      })),
      aliases: ["sa"],
    },
    token: {
      summary: "Request a service account token",
      usage: "kubectl create token SERVICE_ACCOUNT_NAME [options]",
      flags: { ...outputFlags, duration: { kind: "duration" }, audience: { kind: "strings" } },
      run: createToken,
    },
  },
};

function nameOf(session: Session, command: string): string {
  const { words } = session.flags;
  if (words.length !== 1)
    throw new CommandError(
      `error: exactly one NAME is required, got ${words.length}\nSee 'kubectl create ${command} -h' for help and examples`,
    );
  return words[0] ?? "";
}

function dataFlags(): Command["flags"] {
  return {
    "from-literal": { kind: "strings" },
    "from-file": { kind: "strings" },
    "from-env-file": { kind: "strings" },
    "append-hash": { kind: "bool" },
  };
}

function dataOf(session: Session): [string, string][] {
  const { flags, process } = session;
  const pairs: [string, string][] = [];
  for (const literal of flags.strings("from-literal")) {
    const equals = literal.indexOf("=");
    if (equals <= 0) throw new CommandError(`error: invalid literal source ${literal}, expected key=value`);
    pairs.push([literal.slice(0, equals), literal.slice(equals + 1).replace(/^(['"])(.*)\1$/s, "$2")]);
  }
  for (const source of flags.strings("from-file")) {
    const equals = source.indexOf("=");
    const path = equals < 0 ? source : source.slice(equals + 1);
    const full = process.resolve(path);
    if (!process.files.exists(full)) throw new CommandError(`error: error reading ${path}: no such file or directory`);
    const files = process.files.isDirectory(full)
      ? process.files.list(full).map((entry) => `${full}/${entry}`)
      : [full];
    for (const file of files)
      pairs.push([equals < 0 ? basename(file) : source.slice(0, equals), process.files.readText(file)]);
  }
  for (const source of flags.strings("from-env-file")) {
    for (const line of process.files.readText(process.resolve(source)).split("\n")) {
      const equals = line.indexOf("=");
      if (equals > 0 && !line.startsWith("#")) pairs.push([line.slice(0, equals), line.slice(equals + 1)]);
    }
  }
  return pairs;
}

function imagesOf(session: Session): string[] {
  const images = session.flags.strings("image").flatMap((value) => value.split(","));
  if (images.length === 0) throw new CommandError('error: required flag(s) "image" not set');
  return images;
}

/** A container's name from its image: the last part without tag. */
const nameFromImage = (image: string): string => (image.split("/").at(-1) ?? "").replace(/[@:].*$/, "");

function deployment(session: Session): Json {
  const images = imagesOf(session);
  const name = nameOf(session, "deployment");
  const labels = { app: name };
  const port = session.flags.number("port");
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { creationTimestamp: null, labels, name },
    spec: {
      replicas: session.flags.number("replicas") ?? 1,
      selector: { matchLabels: labels },
      strategy: {},
      template: {
        metadata: { creationTimestamp: null, labels },
        spec: {
          containers: images.map((image) => ({
            ...(session.flags.dashed ? { command: session.flags.dashed } : {}),
            image,
            name: nameFromImage(image),
            ...(port === undefined ? {} : { ports: [{ containerPort: port }] }),
            resources: {},
          })),
        },
      },
    },
    status: {},
  };
}

function service(session: Session, type: string): Json {
  const name = nameOf(session, `service ${type.toLowerCase()}`);
  const nodePort = session.flags.number("node-port");
  const ports = session.flags
    .strings("tcp")
    .flatMap((value) => value.split(","))
    .map((value) => {
      const [port = "", target = port] = value.split(":");
      return {
        name: value.replace(":", "-"),
        port: Number(port),
        protocol: "TCP",
        targetPort: /^\d+$/.test(target) ? Number(target) : target,
        ...(nodePort === undefined ? {} : { nodePort }),
      };
    });
  if (ports.length === 0) throw new CommandError("error: at least one tcp port specifier must be provided");
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { creationTimestamp: null, labels: { app: name }, name },
    spec: { ports, selector: { app: name }, type },
    status: { loadBalancer: {} },
  };
}

async function resourceOf(session: Session, object: Json): Promise<ApiResource> {
  const resource = await (await session.discover()).findKind(textAt(object, "apiVersion"), textAt(object, "kind"));
  if (!resource)
    throw new CommandError(
      `error: no matches for kind ${JSON.stringify(textAt(object, "kind"))} in version ${JSON.stringify(textAt(object, "apiVersion"))}`,
    );
  return resource;
}

/** What Go's structs of some kinds always write, even when nothing is in it. */
const alwaysWritten: Readonly<Record<string, readonly string[]>> = {
  Namespace: ["spec", "status"],
  Job: ["status"],
  Service: ["status"],
};

/** An object as a client made it in Go, before any server saw it. */
function asTyped(object: Json): Json {
  const made = clone(object);
  const metadata = objectAt(made, "metadata");
  if (metadata["creationTimestamp"] === undefined) metadata["creationTimestamp"] = null;
  for (const field of alwaysWritten[textAt(made, "kind")] ?? []) if (made[field] === undefined) made[field] = {};
  const template = objectAt(made, "spec", "template", "metadata");
  if (isObject(objectAt(made, "spec")["template"]) && template["creationTimestamp"] === undefined)
    template["creationTimestamp"] = null;
  return made;
}

async function createObject(session: Session, object: Json): Promise<number> {
  const mode = dryRun(session);
  const resource = await resourceOf(session, object);
  const namespace = resource.namespaced ? session.namespace : "";
  let created = mode === "client" ? asTyped(object) : object;
  if (mode !== "client") {
    created = await session.connection.json("POST", pathOf(resource, namespace), {
      body: object,
      query: {
        fieldManager: session.flags.text("field-manager") ?? "kubectl-create",
        fieldValidation: fieldValidation(session),
        dryRun: mode === "server" ? "All" : undefined,
      },
    });
  }
  await printDone(session, { resource, namespace, object: created, source: "" }, `created${dryRunSuffix(mode)}`);
  return 0;
}

async function createFromFiles(session: Session): Promise<number> {
  const { flags } = session;
  if (!flags.has("filename") && !flags.has("kustomize")) {
    if (flags.words.length > 0)
      throw new CommandError(
        `error: unknown command ${JSON.stringify(flags.words[0] ?? "")}\nSee 'kubectl create -h' for help and examples`,
      );
    throw new CommandError("error: must specify one of -f and -k");
  }
  const mode = dryRun(session);
  const errors: unknown[] = [];
  // Documents that cannot be used are told of after those that the server refused.
  const unusable: unknown[] = [];
  for (const entry of await readManifests(session)) {
    if ("error" in entry) {
      unusable.push(entry.error);
      continue;
    }
    try {
      let created = entry.object;
      if (mode !== "client") {
        created = await session.connection.json("POST", pathOf(entry.resource, entry.namespace), {
          body: entry.object,
          query: {
            fieldManager: "kubectl-create",
            fieldValidation: fieldValidation(session),
            dryRun: mode === "server" ? "All" : undefined,
          },
        });
      }
      await printDone(session, { ...entry, object: created }, `created${dryRunSuffix(mode)}`);
    } catch (error) {
      if (session.process.signal.aborted) throw error;
      errors.push(withSource(error, "creating", entry.source));
    }
    await session.flushWarnings();
  }
  if (errors.length + unusable.length > 0) throw new ManyErrors([...errors, ...unusable]);
  return 0;
}

async function createToken(session: Session): Promise<number> {
  const name = nameOf(session, "token");
  const seconds = session.flags.duration("duration");
  const path = `/api/v1/namespaces/${session.namespace}/serviceaccounts/${name}/token`;
  const body = {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: {
      audiences: session.flags.list("audience"),
      ...(seconds === undefined ? {} : { expirationSeconds: Math.floor(seconds / 1000) }),
    },
  };
  const request = await session.connection.json("POST", path, { body }).catch((error: unknown) => {
    if (!isApiError(error)) throw error;
    throw new CommandError(`error: failed to create token: ${error.status.message ?? ""}`);
  });
  await session.out(`${textAt(request, "status", "token")}\n`);
  return 0;
}

export const runCommand: Command = {
  summary: "Run a particular image on the cluster",
  usage:
    'kubectl run NAME --image=image [--env="key=value"] [--port=port] [--dry-run=server|client] [--overrides=inline-json] [--command] -- [COMMAND] [args...] [options]',
  group: "Basic Commands (Beginner)",
  flags: {
    ...common,
    image: { kind: "string" },
    "image-pull-policy": { kind: "string" },
    restart: { kind: "string" },
    env: { kind: "strings" },
    port: { kind: "string" },
    labels: { kind: "string", short: "l" },
    annotations: { kind: "strings" },
    command: { kind: "bool" },
    stdin: { kind: "bool", short: "i" },
    tty: { kind: "bool", short: "t" },
    rm: { kind: "bool" },
    attach: { kind: "bool" },
    quiet: { kind: "bool", short: "q" },
    overrides: { kind: "string" },
    expose: { kind: "bool" },
  },
  run,
};

async function run(session: Session): Promise<number> {
  const { flags } = session;
  if (!flags.has("image")) throw new CommandError('error: required flag(s) "image" not set');
  const [name, ...extra] = flags.words;
  if (name === undefined)
    throw new CommandError("error: NAME is required for run\nSee 'kubectl run -h' for help and examples");
  const words = [...extra, ...(flags.dashed ?? [])];
  const labels = flags.has("labels")
    ? Object.fromEntries((flags.text("labels") ?? "").split(",").map((pair) => pair.split("=")))
    : { run: name };
  const policy = flags.text("restart") ?? "Always";
  if (!["Always", "OnFailure", "Never"].includes(policy))
    throw new CommandError(`error: invalid restart policy: ${policy}`);
  const container: Json = {
    image: flags.text("image"),
    name,
    resources: {},
    ...(words.length > 0 ? { [flags.bool("command") ? "command" : "args"]: words } : {}),
    ...(flags.has("port") ? { ports: [{ containerPort: flags.number("port") }] } : {}),
    ...(flags.has("image-pull-policy") ? { imagePullPolicy: flags.text("image-pull-policy") } : {}),
    ...(flags.has("env")
      ? {
          env: flags
            .strings("env")
            .map((pair) => ({ name: pair.slice(0, pair.indexOf("=")), value: pair.slice(pair.indexOf("=") + 1) })),
        }
      : {}),
  };
  const object: Json = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { creationTimestamp: null, labels, name },
    spec: { containers: [container], dnsPolicy: "ClusterFirst", restartPolicy: policy },
    status: {},
  };
  if (outputFormat(session) === undefined && flags.bool("stdin"))
    throw new CommandError("error: attaching to a new pod is not part of this lab's kubectl");
  return createObject(session, overridden(session, object));
}

/** The object with `--overrides` merged into it. Throws CommandError for what is no JSON object. */
function overridden(session: Session, object: Json): Json {
  const text = session.flags.text("overrides");
  if (text === undefined || text === "") return object;
  let changes: unknown;
  try {
    changes = JSON.parse(text);
  } catch {
    throw new CommandError("error: Invalid JSON Patch");
  }
  if (!isObject(changes)) throw new CommandError("error: Invalid JSON Patch");
  return merged(object, changes);
}

/** A JSON merge patch. */
function merged(object: Json, changes: Json): Json {
  const result: Json = { ...object };
  for (const [key, value] of Object.entries(changes)) {
    const before = result[key];
    if (value === null) delete result[key];
    else result[key] = isObject(value) && isObject(before) ? merged(before, value) : value;
  }
  return result;
}
