import { X509Certificate } from "node:crypto";
import { encode } from "../../machine/io.ts";
import type { Process, Program } from "../../machine/process.ts";
import { objectAt, textAt, type JsonObject } from "../json.ts";
import { EtcdData, etcdSocket } from "../store/etcd.ts";
import { jsonOf } from "../store/store.ts";

interface Entry {
  key: string;
  object: JsonObject;
  created: number;
  modified: number;
  version: number;
}

interface Options {
  words: string[];
  has(...names: string[]): boolean;
  value(name: string): string | undefined;
}

const valueFlags = new Set([
  "endpoints",
  "cacert",
  "cert",
  "key",
  "write-out",
  "w",
  "limit",
  "sort-by",
  "order",
  "dial-timeout",
  "command-timeout",
  "rev",
]);

/** etcd's client: reads what the running etcd holds. Simplified: `get`, `endpoint` and `member list`, and nothing is written. */
export const etcdctl: Program = async (process) => {
  const options = parse(process.argv.slice(1));
  const [command, ...rest] = options.words;
  const { version } = process.executable;
  if (command === "version") {
    await process.out(`etcdctl version: ${version}\nAPI version: ${version.split(".").slice(0, 2).join(".")}\n`);
    return 0;
  }
  if (command === undefined || command === "help") {
    await process.out(
      `NAME:\n\tetcdctl - A simple command line client for etcd3.\n\nUSAGE:\n\tetcdctl [flags]\n\nVERSION:\n\t${version}\n\nCOMMANDS:\n\tendpoint health\t\tChecks the healthiness of endpoints\n\tget\t\t\tGets the key or a range of keys\n\tmember list\t\tLists all members in the cluster\n\tversion\t\t\tPrints the version of etcdctl\n`,
    );
    return 0;
  }
  if (!["get", "endpoint", "member"].includes(command)) {
    await process.err(
      `Error: unknown command ${JSON.stringify(command)} for "etcdctl"\nRun 'etcdctl --help' for usage.\n`,
    );
    return 1;
  }
  const data = await connect(process, options);
  if (!data) return 1;
  const endpoint = setting(process, options, "endpoints") ?? "127.0.0.1:2379";
  if (command === "endpoint") {
    if (rest[0] === "status") {
      const size = process.machine.rootFiles.exists("/var/lib/etcd/member/snap/db") ? "on disk" : "unknown";
      await process.out(
        `${endpoint}, 8e9e05c52164694d, ${version}, ${size}, true, false, 2, ${data.store.revision}, ${data.store.revision}, \n`,
      );
    } else await process.out(`${endpoint} is healthy: successfully committed proposal: took = 2.1ms\n`);
    return 0;
  }
  if (command === "member") {
    const { name, address } = process.machine;
    await process.out(`8e9e05c52164694d, started, ${name}, https://${address}:2380, https://${address}:2379, false\n`);
    return 0;
  }
  return get(process, options, rest, data);
};

function parse(args: readonly string[]): Options {
  const flags = new Map<string, string>();
  const words: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? "";
    if (!arg.startsWith("-") || arg === "-") {
      words.push(arg);
      continue;
    }
    const [flag = "", joined] = arg.split(/=(.*)/s);
    const name = flag.replace(/^-+/, "");
    flags.set(name, joined ?? (valueFlags.has(name) ? (args[(at += 1)] ?? "") : "true"));
  }
  return { words, has: (...names) => names.some((name) => flags.has(name)), value: (name) => flags.get(name) };
}

/** A flag, else its environment variable. */
const setting = (process: Process, options: Options, name: string): string | undefined =>
  options.value(name) ?? process.env[`ETCDCTL_${name.toUpperCase()}`];

/** The running etcd, for a client with a certificate of etcd's own authority. */
async function connect(process: Process, options: Options): Promise<EtcdData | undefined> {
  const endpoint = setting(process, options, "endpoints") ?? "127.0.0.1:2379";
  const fail = async (message: string): Promise<undefined> => {
    await process.err(`Error: ${message}\n`);
    return undefined;
  };
  const files: Record<string, string> = {};
  for (const name of ["cacert", "cert", "key"]) {
    const path = setting(process, options, name);
    if (path === undefined) continue;
    if (!process.files.exists(path)) return fail(`open ${path}: no such file or directory`);
    files[name] = process.files.readText(path);
  }
  const late = async (reason: string): Promise<undefined> => {
    const line = {
      level: "warn",
      ts: new Date(process.machine.environment.clock.now()).toISOString().replace("Z", "000Z"),
      logger: "etcd-client",
      caller: "v3@v3.5.9/retry_interceptor.go:62",
      msg: "retrying of unary invoker failed",
      target: `etcd-endpoints://0xc00038e000/${endpoint.replace(/^https?:\/\//, "")}`,
      attempt: 0,
      error: `rpc error: code = DeadlineExceeded desc = latest balancer error: last connection error: connection error: desc = "transport: ${reason}"`,
    };
    await process.err(`${JSON.stringify(line)}\nError: context deadline exceeded\n`);
    return undefined;
  };
  const data = process.machine.sockets.connect(etcdSocket);
  if (!(data instanceof EtcdData)) {
    return late(`Error while dialing: dial tcp ${endpoint.replace(/^https?:\/\//, "")}: connect: connection refused`);
  }
  const { cacert, cert, key } = files;
  if (cacert === undefined) return late("error reading server preface: EOF");
  if (cert === undefined || key === undefined || !isIssuedBy(cert, cacert)) {
    return late("authentication handshake failed: remote error: tls: bad certificate");
  }
  return data;
}

function isIssuedBy(certificate: string, authority: string): boolean {
  try {
    return new X509Certificate(certificate).checkIssued(new X509Certificate(authority));
  } catch {
    return false;
  }
}

/** Where the API server keeps a kind of object. */
function folderOf(storage: string): string {
  const [plural = "", ...group] = storage.split(".");
  const special: Readonly<Record<string, string>> = {
    endpoints: "services/endpoints",
    ingresses: "ingress",
    nodes: "minions",
    services: "services/specs",
  };
  const domain = group.join(".");
  if (["apiregistration.k8s.io", "apiextensions.k8s.io"].includes(domain)) return `/registry/${domain}/${plural}`;
  return `/registry/${special[plural] ?? plural}`;
}

function entriesOf(data: EtcdData): Entry[] {
  const found: Entry[] = [];
  for (const { resource, key, object, created, version } of data.store.entries()) {
    const modified = Number(textAt(objectAt(object, "metadata"), "resourceVersion") ?? "0");
    found.push({ key: `${folderOf(resource)}/${key}`, object, modified, created: created ?? modified, version });
  }
  return found.sort((one, other) => (one.key < other.key ? -1 : 1));
}

async function get(process: Process, options: Options, words: readonly string[], data: EtcdData): Promise<number> {
  const [key = ""] = words;
  if (key === "") {
    await process.err("Error: get command needs one argument as key and an optional argument as range_end\n");
    return 1;
  }
  const isPrefix = options.has("prefix");
  const limit = Number(options.value("limit") ?? "0");
  const all = entriesOf(data).filter((entry) => (isPrefix ? entry.key.startsWith(key) : entry.key === key));
  const found = limit > 0 ? all.slice(0, limit) : all;
  const format = options.value("write-out") ?? options.value("w") ?? "simple";
  if (options.has("count-only") && format === "simple") return 0;
  const keysOnly = options.has("keys-only");
  // Simplified: a real API server keeps protobuf unless it is started with --storage-media-type=application/json.
  const valueOf = (entry: Entry): string => `${jsonOf(entry.object)}\n`;
  const base64 = (text: string): string => Buffer.from(encode(text)).toString("base64");
  const header = {
    cluster_id: 14841639068965178418n,
    member_id: 10276657743932975437n,
    revision: data.store.revision,
    raft_term: 2,
  };
  switch (format) {
    case "json": {
      const kvs = found.map((entry) => ({
        key: base64(entry.key),
        create_revision: entry.created,
        mod_revision: entry.modified,
        version: entry.version,
        ...(keysOnly ? {} : { value: base64(valueOf(entry)) }),
      }));
      const { cluster_id, member_id, ...rest } = header;
      const head = `{"cluster_id":${cluster_id},"member_id":${member_id},${JSON.stringify(rest).slice(1)}`;
      const body = kvs.length === 0 ? "" : `,"kvs":${JSON.stringify(kvs)},"count":${all.length}`;
      await process.out(`{"header":${head}${body}}\n`);
      return 0;
    }
    case "fields": {
      const lines = [
        `"ClusterID" : ${header.cluster_id}`,
        `"MemberID" : ${header.member_id}`,
        `"Revision" : ${header.revision}`,
        `"RaftTerm" : ${header.raft_term}`,
        ...found.flatMap((entry) => [
          `"Key" : ${JSON.stringify(entry.key)}`,
          `"CreateRevision" : ${entry.created}`,
          `"ModRevision" : ${entry.modified}`,
          `"Version" : ${entry.version}`,
          `"Value" : ${JSON.stringify(keysOnly ? "" : valueOf(entry))}`,
          `"Lease" : 0`,
        ]),
        `"More" : ${found.length < all.length}`,
        `"Count" : ${all.length}`,
      ];
      await process.out(`${lines.join("\n")}\n`);
      return 0;
    }
    case "simple": {
      const text = found.map((entry) => {
        if (keysOnly) return `${entry.key}\n\n`;
        return options.has("print-value-only") ? `${valueOf(entry)}\n` : `${entry.key}\n${valueOf(entry)}\n`;
      });
      await process.out(text.join(""));
      return 0;
    }
    default:
      await process.err(`Error: unsupported output format ${JSON.stringify(format)}\n`);
      return 1;
  }
}
