import { apiVersionOf } from "../client/discovery.ts";
import { CommandError, isApiError, UnreachableError } from "../client/errors.ts";
import { listAt, objectsAt, textAt } from "../client/json.ts";
import { toJson } from "../go/json.ts";
import { ColumnWriter } from "../go/tab-writer.ts";
import { toYaml } from "../go/yaml.ts";
import { ageOf } from "./get.ts";
import { buildInfo } from "../kubeadm/version-command.ts";
import type { Command, Session } from "./session.ts";

const kustomize: Readonly<Record<number, string>> = {
  28: "v5.0.4-0.20230601165947-6ce0bf390ce3",
  32: "v5.5.0",
  36: "v5.8.1",
};

export const versionCommand: Command = {
  summary: "Print the client and server version information",
  usage: "kubectl version [options]",
  flags: { client: { kind: "bool" }, output: { kind: "string", short: "o" }, short: { kind: "bool" } },
  run: version,
};

async function version(session: Session): Promise<number> {
  const { flags } = session;
  // The flag --short went away with 1.28.
  if (flags.has("short") && session.minor >= 28)
    throw new CommandError("error: unknown flag: --short\nSee 'kubectl version --help' for usage.");
  const format = flags.text("output") ?? "";
  if (!["", "json", "yaml"].includes(format)) throw new CommandError("error: --output must be 'yaml' or 'json'");
  const clientVersion = buildInfo(session.process);
  const kustomizeVersion = kustomize[session.minor] ?? "v5.0.4";
  let failure: unknown;
  let serverVersion: Record<string, unknown> | undefined;
  if (!flags.bool("client")) {
    try {
      serverVersion = await session.connection.json("GET", "/version", { query: { timeout: "32s" } });
    } catch (error) {
      if (!(error instanceof UnreachableError || isApiError(error))) throw error;
      failure = error;
    }
  }
  const all = { clientVersion, kustomizeVersion, ...(serverVersion ? { serverVersion } : {}) };
  if (format === "json") await session.out(`${JSON.stringify(all, undefined, 2)}\n`);
  else if (format === "yaml") await session.out(toYaml(all));
  else {
    await session.out(`Client Version: ${clientVersion["gitVersion"] ?? ""}\nKustomize Version: ${kustomizeVersion}\n`);
    if (serverVersion) await session.out(`Server Version: ${textAt(serverVersion, "gitVersion")}\n`);
  }
  if (failure !== undefined) throw failure;
  const server = Number(textAt(serverVersion, "minor").replace(/\D.*$/, ""));
  if (serverVersion && Math.abs(session.minor - server) > 1) {
    const [own, other] = [`${clientVersion["major"] ?? "1"}.${session.minor}`, `1.${server}`];
    await session.err(
      `WARNING: version difference between client (${own}) and server (${other}) exceeds the supported minor version skew of +/-1\n`,
    );
  }
  return 0;
}

export const clusterInfoCommand: Command = {
  summary: "Display cluster information",
  usage: "kubectl cluster-info [flags] [options]",
  group: "Cluster Management Commands",
  async run(session) {
    await session.discover();
    const server = session.access.server;
    const list = await session.connection.json("GET", "/api/v1/namespaces/kube-system/services", {
      query: { labelSelector: "kubernetes.io/cluster-service=true" },
    });
    // Older versions colour these lines wherever they are written to.
    const colour = session.minor <= 32 || session.process.stdout.isTerminal === true;
    const line = (name: string, url: string): string =>
      colour
        ? `\u001b[0;32m${name}\u001b[0m is running at \u001b[0;33m${url}\u001b[0m\n`
        : `${name} is running at ${url}\n`;
    await session.out(line("Kubernetes control plane", server));
    for (const service of objectsAt(list, "items")) {
      const name = textAt(service, "metadata", "labels", "kubernetes.io/name") || textAt(service, "metadata", "name");
      const port = textAt(objectsAt(service, "spec", "ports")[0], "name");
      await session.out(
        line(
          name,
          `${server}/api/v1/namespaces/kube-system/services/${textAt(service, "metadata", "name")}${port === "" ? "" : `:${port}`}/proxy`,
        ),
      );
    }
    await session.out("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n");
    return 0;
  },
};

export const apiResourcesCommand: Command = {
  summary: "Print the supported API resources on the server",
  usage: "kubectl api-resources [flags] [options]",
  flags: {
    "api-group": { kind: "string" },
    namespaced: { kind: "bool" },
    verbs: { kind: "strings" },
    output: { kind: "string", short: "o" },
    "no-headers": { kind: "bool" },
    "sort-by": { kind: "string" },
    cached: { kind: "bool" },
    categories: { kind: "strings" },
  },
  async run(session) {
    const { flags } = session;
    const all = (await (await session.discover()).resources()).filter(
      (item) =>
        item.preferred &&
        item.verbs.length > 0 &&
        (!flags.has("api-group") || item.group === flags.text("api-group")) &&
        (!flags.has("namespaced") || item.namespaced === flags.bool("namespaced")) &&
        flags.list("verbs").every((verb) => item.verbs.includes(verb)),
    );
    const sorted = [...all].sort((a, b) =>
      a.group === b.group ? (a.plural < b.plural ? -1 : 1) : a.group < b.group ? -1 : 1,
    );
    if (flags.text("output") === "name") {
      await session.out(sorted.map((item) => `${item.plural}${item.group === "" ? "" : `.${item.group}`}\n`).join(""));
      return 0;
    }
    const wide = flags.text("output") === "wide";
    const header = ["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND", ...(wide ? ["VERBS", "CATEGORIES"] : [])];
    const rows = sorted.map((item) => [
      item.plural,
      item.shortNames.join(","),
      apiVersionOf(item),
      String(item.namespaced),
      item.kind,
      ...(wide ? [item.verbs.join(","), item.categories.join(",")] : []),
    ]);
    await session.out(new ColumnWriter().render([...(flags.bool("no-headers") ? [] : [header]), ...rows]));
    return 0;
  },
};

export const apiVersionsCommand: Command = {
  summary: 'Print the supported API versions on the server, in the form of "group/version"',
  usage: "kubectl api-versions",
  async run(session) {
    const versions = new Set((await (await session.discover()).resources()).map(apiVersionOf));
    await session.out(
      [...versions]
        .sort()
        .map((item) => `${item}\n`)
        .join(""),
    );
    return 0;
  },
};

export const topCommand: Command = {
  summary: "Display resource (CPU/memory) usage",
  usage: "kubectl top (node | pod) [options]",
  group: "Cluster Management Commands",
  flags: {
    "all-namespaces": { kind: "bool", short: "A" },
    selector: { kind: "string", short: "l" },
    containers: { kind: "bool" },
    "no-headers": { kind: "bool" },
    "sort-by": { kind: "string" },
  },
  async run(session) {
    const [what] = session.flags.words;
    if (!["node", "nodes", "no", "pod", "pods", "po"].includes(what ?? "")) {
      throw new CommandError(
        `error: unknown command ${JSON.stringify(what ?? "")}\nSee 'kubectl top -h' for help and examples`,
      );
    }
    await session.discover();
    throw new CommandError("error: Metrics API not available");
  },
};

export const authCommand: Command = {
  summary: "Inspect authorization",
  usage: "kubectl auth SUBCOMMAND",
  group: "Cluster Management Commands",
  commands: {
    "can-i": {
      summary: "Check whether an action is allowed",
      usage: "kubectl auth can-i VERB [TYPE | TYPE/NAME | NONRESOURCEURL] [options]",
      flags: {
        "all-namespaces": { kind: "bool", short: "A" },
        quiet: { kind: "bool", short: "q" },
        list: { kind: "bool" },
        subresource: { kind: "string" },
      },
      run: canI,
    },
    whoami: {
      summary: "Experimental: Check self subject attributes",
      usage: "kubectl auth whoami",
      flags: { output: { kind: "string", short: "o" } },
      run: whoami,
    },
  },
};

async function canI(session: Session): Promise<number> {
  const [verb, target] = session.flags.words;
  if (verb === undefined || target === undefined)
    throw new CommandError(
      "error: you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples",
    );
  const [type = "", name] = target.startsWith("/") ? [target] : target.split("/");
  const resource = target.startsWith("/") ? undefined : await (await session.discover()).find(type);
  if (!resource && !target.startsWith("/") && type !== "*")
    await session.err(`Warning: the server doesn't have a resource type '${type}'\n`);
  const namespace =
    session.flags.bool("all-namespaces") || resource?.namespaced === false ? undefined : session.namespace;
  const spec = target.startsWith("/")
    ? { nonResourceAttributes: { path: target, verb } }
    : {
        resourceAttributes: {
          group: resource?.group ?? "",
          resource: resource?.plural ?? type,
          verb,
          ...(name === undefined ? {} : { name }),
          ...(namespace === undefined ? {} : { namespace }),
          ...(session.flags.has("subresource") ? { subresource: session.flags.text("subresource") } : {}),
        },
      };
  const review = await session.connection.json("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {
    body: { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview", spec },
  });
  const allowed = textAt(review, "status", "allowed") === "true";
  if (!session.flags.bool("quiet")) await session.out(allowed ? "yes\n" : "no\n");
  return allowed ? 0 : 1;
}

async function whoami(session: Session): Promise<number> {
  const review = await session.connection.json("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {
    body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
  });
  if (session.flags.text("output") === "json") {
    await session.out(`${toJson(review, "    ")}\n`);
    return 0;
  }
  const groups = listAt(review, "status", "userInfo", "groups").map(String).join(" ");
  await session.out(
    new ColumnWriter().render([
      ["ATTRIBUTE", "VALUE"],
      ["Username", textAt(review, "status", "userInfo", "username")],
      ["Groups", `[${groups}]`],
    ]),
  );
  return 0;
}

export const eventsCommand: Command = {
  summary: "List events",
  usage: "kubectl events [(-o|--output=)json|yaml|name] [--for TYPE/NAME] [--watch] [--types=Normal,Warning] [options]",
  group: "Troubleshooting and Debugging Commands",
  flags: {
    "all-namespaces": { kind: "bool", short: "A" },
    for: { kind: "string" },
    types: { kind: "strings" },
    watch: { kind: "bool", short: "w" },
    output: { kind: "string", short: "o" },
    "no-headers": { kind: "bool" },
  },
  run: events,
};

async function events(session: Session): Promise<number> {
  const { flags } = session;
  const everywhere = flags.bool("all-namespaces");
  const path = everywhere ? "/api/v1/events" : `/api/v1/namespaces/${session.namespace}/events`;
  const list = await session.connection.json("GET", path, { query: { limit: "500" } });
  const types = flags.list("types").map((type) => type.toLowerCase());
  const [kind = "", name = ""] = (flags.text("for") ?? "").toLowerCase().split("/");
  const resource = kind === "" ? undefined : await (await session.discover()).find(kind);
  const items = objectsAt(list, "items")
    .filter((event) => types.length === 0 || types.includes(textAt(event, "type").toLowerCase()))
    .filter(
      (event) =>
        name === "" ||
        (textAt(event, "involvedObject", "name") === name &&
          (!resource || textAt(event, "involvedObject", "kind") === resource.kind)),
    );
  const time = (event: (typeof items)[number]): string =>
    textAt(event, "series", "lastObservedTime") ||
    textAt(event, "lastTimestamp") ||
    textAt(event, "eventTime") ||
    textAt(event, "metadata", "creationTimestamp");
  items.sort((a, b) => Date.parse(time(a)) - Date.parse(time(b)));
  if (items.length === 0) {
    await session.err(everywhere ? "No events found.\n" : `No events found in ${session.namespace} namespace.\n`);
    return 0;
  }
  const rows = items.map((event) => {
    const count = Number(textAt(event, "series", "count") || textAt(event, "count") || "1");
    const last = ageOf(session, time(event));
    const first = ageOf(session, textAt(event, "firstTimestamp") || textAt(event, "eventTime"));
    const seen = count > 1 ? `${last} (x${count} over ${first})` : last;
    const row = [
      seen,
      textAt(event, "type"),
      textAt(event, "reason"),
      `${textAt(event, "involvedObject", "kind")}/${textAt(event, "involvedObject", "name")}`,
      textAt(event, "message").trim(),
    ];
    return everywhere ? [textAt(event, "metadata", "namespace"), ...row] : row;
  });
  const header = [...(everywhere ? ["NAMESPACE"] : []), "LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"];
  await session.out(new ColumnWriter().render([...(flags.bool("no-headers") ? [] : [header]), ...rows]));
  return 0;
}

export const completionCommand: Command = {
  summary: "Output shell completion code for the specified shell (bash, zsh, fish, or powershell)",
  usage: "kubectl completion SHELL",
  group: "Settings Commands",
  async run(session) {
    const [shell] = session.flags.words;
    if (shell === undefined)
      throw new CommandError("error: Shell not specified.\nSee 'kubectl completion -h' for help and examples");
    // Simplified: a real one prints a script of some hundred lines; completing is the work of this lab's own shell.
    await session.out(`# ${shell} completion for kubectl\n`);
    return 0;
  },
};
