import { FileError } from "../../../files/errors.ts";
import { CommandError } from "../client/errors.ts";
import { namedEntry, saveKubeconfig } from "../client/kubeconfig.ts";
import { clone, isObject, listAt, objectAt, textAt, type Json } from "../client/json.ts";
import { toJson } from "../go/json.ts";
import { ColumnWriter } from "../go/tab-writer.ts";
import { toYaml } from "../go/yaml.ts";
import type { Command, Session } from "./session.ts";

const part = (
  summary: string,
  usage: string,
  run: (session: Session) => Promise<number>,
  flags: Command["flags"] = {},
): Command => ({
  summary,
  usage: `kubectl config ${usage}`,
  flags,
  run,
});

export const configCommand: Command = {
  summary: "Modify kubeconfig files",
  usage: "kubectl config SUBCOMMAND [options]",
  group: "Settings Commands",
  commands: {
    "current-context": part("Display the current-context", "current-context", currentContext),
    "get-contexts": part("Describe one or many contexts", "get-contexts [(-o|--output=)name)]", getContexts, {
      output: { kind: "string", short: "o" },
      "no-headers": { kind: "bool" },
    }),
    "get-clusters": part("Display clusters defined in the kubeconfig", "get-clusters", (session) =>
      names(session, "clusters"),
    ),
    "get-users": part("Display users defined in the kubeconfig", "get-users", (session) => names(session, "users")),
    "use-context": {
      ...part("Set the current-context in a kubeconfig file", "use-context CONTEXT_NAME", useContext),
      aliases: ["use"],
    },
    "set-context": part(
      "Set a context entry in kubeconfig",
      "set-context [NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] [--namespace=namespace]",
      setContext,
      { current: { kind: "bool" } },
    ),
    "set-cluster": part("Set a cluster entry in kubeconfig", "set-cluster NAME [--server=server]", setCluster, {
      "embed-certs": { kind: "bool" },
    }),
    "set-credentials": part(
      "Set a user entry in kubeconfig",
      "set-credentials NAME [--token=bearer_token]",
      setCredentials,
      { "embed-certs": { kind: "bool" } },
    ),
    "delete-context": part("Delete the specified context from the kubeconfig", "delete-context NAME", (session) =>
      remove(session, "contexts", "context"),
    ),
    "delete-cluster": part("Delete the specified cluster from the kubeconfig", "delete-cluster NAME", (session) =>
      remove(session, "clusters", "cluster"),
    ),
    "delete-user": part("Delete the specified user from the kubeconfig", "delete-user NAME", (session) =>
      remove(session, "users", "user"),
    ),
    view: part("Display merged kubeconfig settings or a specified kubeconfig file", "view [flags]", view, {
      raw: { kind: "bool" },
      minify: { kind: "bool" },
      flatten: { kind: "bool" },
      output: { kind: "string", short: "o" },
    }),
  },
};

const secretFields = ["certificate-authority-data", "client-certificate-data", "client-key-data"];

async function view(session: Session): Promise<number> {
  const content = clone(session.config.content);
  if (session.flags.bool("minify")) {
    const current = textAt(content, "current-context");
    const context = namedEntry(content, "contexts", current);
    if (!context) throw new CommandError(`error: current-context must exist in order to minify`);
    const keep = (list: string, name: string): void => {
      content[list] = listAt(content, list).filter((item) => textAt(item, "name") === name);
    };
    keep("contexts", current);
    keep("clusters", textAt(context, "context", "cluster"));
    keep("users", textAt(context, "context", "user"));
  }
  if (!session.flags.bool("raw")) {
    for (const entry of [...listAt(content, "clusters"), ...listAt(content, "users")]) {
      const inner = objectAt(entry, isObject(entry) && "cluster" in entry ? "cluster" : "user");
      for (const field of secretFields)
        if (field in inner)
          inner[field] = field.startsWith("certificate") || field.startsWith("client") ? "DATA+OMITTED" : "";
      if (textAt(inner, "token") !== "") inner["token"] = "REDACTED";
    }
  }
  for (const list of ["clusters", "contexts", "users"]) if (listAt(content, list).length === 0) content[list] = null;
  await session.out(session.flags.text("output") === "json" ? `${toJson(content, "    ")}\n` : toYaml(content));
  return 0;
}

async function currentContext(session: Session): Promise<number> {
  const current = textAt(session.config.content, "current-context");
  if (current === "") throw new CommandError("error: current-context is not set");
  await session.out(`${current}\n`);
  return 0;
}

async function getContexts(session: Session): Promise<number> {
  const { content } = session.config;
  const current = textAt(content, "current-context");
  const wanted = session.flags.words;
  const contexts = listAt(content, "contexts")
    .filter((item) => wanted.length === 0 || wanted.includes(textAt(item, "name")))
    .sort((a, b) => (textAt(a, "name") < textAt(b, "name") ? -1 : 1));
  for (const name of wanted)
    if (!namedEntry(content, "contexts", name)) throw new CommandError(`error: context ${name} not found`);
  if (session.flags.text("output") === "name") {
    await session.out(contexts.map((item) => `${textAt(item, "name")}\n`).join(""));
    return 0;
  }
  const rows = contexts.map((item) => {
    const name = textAt(item, "name");
    return [
      name === current ? "*" : "",
      name,
      textAt(item, "context", "cluster"),
      textAt(item, "context", "user"),
      textAt(item, "context", "namespace"),
    ];
  });
  const header = session.flags.bool("no-headers") ? [] : [["CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"]];
  await session.out(new ColumnWriter().render([...header, ...rows]));
  return 0;
}

async function names(session: Session, list: string): Promise<number> {
  const found = listAt(session.config.content, list).map((item) => `${textAt(item, "name")}\n`);
  await session.out(`NAME\n${found.join("")}`);
  return 0;
}

function oneName(session: Session): string {
  const [name, ...rest] = session.flags.words;
  if (name === undefined || rest.length > 0)
    throw new CommandError(`error: Unexpected args: [${session.flags.words.join(" ")}]`);
  return name;
}

function save(session: Session): void {
  try {
    saveKubeconfig(session.process, session.config);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new CommandError(`error: open ${session.config.path}.lock: ${error.message.toLowerCase()}`);
  }
}

async function useContext(session: Session): Promise<number> {
  const name = oneName(session);
  const { content } = session.config;
  if (!namedEntry(content, "contexts", name))
    throw new CommandError(`error: no context exists with the name: ${JSON.stringify(name)}`);
  content["current-context"] = name;
  save(session);
  await session.out(`Switched to context ${JSON.stringify(name)}.\n`);
  return 0;
}

/** The inner object of a named entry, made when it is not there. */
function entryOf(content: Json, list: string, field: string, name: string): { inner: Json; created: boolean } {
  const existing = namedEntry(content, list, name);
  if (existing) {
    const inner = objectAt(existing, field);
    existing[field] = inner;
    return { inner, created: false };
  }
  const inner: Json = {};
  content[list] = [...listAt(content, list), { [field]: inner, name }];
  return { inner, created: true };
}

function copyFlags(session: Session, inner: Json, fields: readonly string[]): void {
  for (const field of fields) {
    const value = session.flags.text(field);
    if (value === undefined) continue;
    if (session.flags.bool("embed-certs") && /certificate|key|authority/.test(field)) {
      inner[`${field}-data`] = Buffer.from(session.process.files.readBytes(session.process.resolve(value))).toString(
        "base64",
      );
    } else inner[field] = field === "insecure-skip-tls-verify" ? value === "true" : value;
  }
}

async function setContext(session: Session): Promise<number> {
  const { content } = session.config;
  const name = session.flags.bool("current") ? textAt(content, "current-context") : oneName(session);
  if (name === "") throw new CommandError("error: no current context is set");
  const { inner, created } = entryOf(content, "contexts", "context", name);
  copyFlags(session, inner, ["cluster", "user", "namespace"]);
  save(session);
  await session.out(`Context ${JSON.stringify(name)} ${created ? "created" : "modified"}.\n`);
  return 0;
}

async function setCluster(session: Session): Promise<number> {
  const name = oneName(session);
  const { inner } = entryOf(session.config.content, "clusters", "cluster", name);
  copyFlags(session, inner, ["server", "certificate-authority", "insecure-skip-tls-verify", "tls-server-name"]);
  save(session);
  await session.out(`Cluster ${JSON.stringify(name)} set.\n`);
  return 0;
}

async function setCredentials(session: Session): Promise<number> {
  const name = oneName(session);
  const { inner } = entryOf(session.config.content, "users", "user", name);
  copyFlags(session, inner, ["token", "client-certificate", "client-key"]);
  save(session);
  await session.out(`User ${JSON.stringify(name)} set.\n`);
  return 0;
}

async function remove(session: Session, list: string, what: string): Promise<number> {
  const name = oneName(session);
  const { content, path } = session.config;
  if (!namedEntry(content, list, name)) throw new CommandError(`error: cannot delete ${what} ${name}, not in ${path}`);
  content[list] = listAt(content, list).filter((item) => textAt(item, "name") !== name);
  if (what === "context" && textAt(content, "current-context") === name) {
    await session.err(
      'warning: this removed your active context, use "kubectl config use-context" to select a different one\n',
    );
  }
  save(session);
  await session.out(`deleted ${what} ${name} from ${path}\n`);
  return 0;
}
