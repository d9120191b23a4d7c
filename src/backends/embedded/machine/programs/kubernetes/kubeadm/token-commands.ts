import type { Process } from "../../../process.ts";
import { pathOf } from "../client/discovery.ts";
import { isApiError } from "../client/errors.ts";
import { listAt, objectAt, textAt } from "../client/json.ts";
import { parse } from "yaml";
import { shortHumanDuration } from "../go/duration.ts";
import type { ParsedFlags } from "../go/flags.ts";
import { alignTabs } from "../go/tab-writer.ts";
import { clusterConfigPath, connectionFrom, putObjects } from "./api.ts";
import { publicKeyPin } from "./certificates.ts";
import { KubeadmError } from "./errors.ts";
import { isToken } from "./setup.ts";
import { defaultGroups, listTokens, newToken, secrets, tokenSecret } from "./tokens.ts";

/** `kubeadm token create|list|delete|generate`. */
export async function token(process: Process, flags: ParsedFlags): Promise<number> {
  const [verb = "", ...rest] = flags.words;
  switch (verb) {
    case "generate":
      await process.out(`${newToken(process.machine.environment.random)}\n`);
      return 0;
    case "create":
      return create(process, flags, rest);
    case "list":
      return list(process, flags);
    case "delete":
      return remove(process, flags, rest);
    case "":
      throw new KubeadmError('missing subcommand; "token" is not meant to be run on its own');
    default:
      throw new KubeadmError(`unknown command ${JSON.stringify(verb)} for "kubeadm token"`);
  }
}

async function create(process: Process, flags: ParsedFlags, words: readonly string[]): Promise<number> {
  const { clock, random } = process.machine.environment;
  const created = words[0] ?? newToken(random);
  if (!isToken(created)) {
    throw new KubeadmError(
      `bootstrapTokens[0].token: Invalid value: ${JSON.stringify(created)}: the bootstrap token is invalid`,
      3,
    );
  }
  const connection = connectionFrom(process, clusterConfigPath(process, flags.text("kubeconfig")));
  const usages = flags.has("usages") ? flags.list("usages") : ["signing", "authentication"];
  const details = {
    token: created,
    ttl: flags.duration("ttl") ?? 86_400_000,
    description: flags.text("description") ?? "",
    usages,
    groups: flags.has("groups") ? flags.list("groups") : [defaultGroups],
  };
  const [id = ""] = created.split(".");
  try {
    await connection.json("GET", pathOf(secrets, "kube-system", `bootstrap-token-${id}`));
    throw new KubeadmError(`a token with id ${JSON.stringify(id)} already exists`);
  } catch (error) {
    if (!isApiError(error, "NotFound")) throw error;
  }
  await putObjects(connection, [
    { collection: pathOf(secrets, "kube-system"), object: tokenSecret(details, clock.now()) },
  ]);
  if (!flags.bool("print-join-command")) {
    await process.out(`${created}\n`);
    return 0;
  }
  const info = await connection.json("GET", "/api/v1/namespaces/kube-public/configmaps/cluster-info");
  const kubeconfig: unknown = parse(textAt(info, "data", "kubeconfig"));
  const cluster = objectAt(listAt(kubeconfig, "clusters")[0], "cluster");
  const authority = Buffer.from(textAt(cluster, "certificate-authority-data"), "base64").toString("utf8");
  const server = textAt(cluster, "server").replace(/^https:\/\//, "");
  await process.out(
    `kubeadm join ${server} --token ${created} --discovery-token-ca-cert-hash ${publicKeyPin(authority)} \n`,
  );
  return 0;
}

async function list(process: Process, flags: ParsedFlags): Promise<number> {
  const connection = connectionFrom(process, clusterConfigPath(process, flags.text("kubeconfig")));
  const tokens = (await listTokens(connection)).sort((a, b) => (a.token < b.token ? -1 : 1));
  if (tokens.length === 0) return 0;
  const now = process.machine.environment.clock.now();
  const rows = tokens.map((known) => {
    const left = known.expiration === "" ? "<forever>" : remaining(Date.parse(known.expiration) - now);
    return [
      known.token,
      left,
      known.expiration || "<never>",
      known.usages.join(",") || "<none>",
      known.description || "<none>",
      known.groups || "<none>",
    ];
  });
  const text = [["TOKEN", "TTL", "EXPIRES", "USAGES", "DESCRIPTION", "EXTRA GROUPS"], ...rows]
    .map((row) => `${row.join("\t")}\n`)
    .join("");
  await process.out(alignTabs(text, { minimum: 10, padding: 3 }));
  return 0;
}

const remaining = (ms: number): string => (ms <= 0 ? "<invalid>" : shortHumanDuration(ms));

async function remove(process: Process, flags: ParsedFlags, words: readonly string[]): Promise<number> {
  if (words.length === 0) {
    throw new KubeadmError('missing argument; "token delete" is missing token of form ["^([a-z0-9]{6})$"]');
  }
  const connection = connectionFrom(process, clusterConfigPath(process, flags.text("kubeconfig")));
  for (const word of words) {
    const id = isToken(word) ? (word.split(".")[0] ?? "") : word;
    if (!/^[a-z0-9]{6}$/.test(id)) {
      throw new KubeadmError(`given token didn't match pattern "^([a-z0-9]{6})$"`);
    }
    try {
      await connection.json("DELETE", pathOf(secrets, "kube-system", `bootstrap-token-${id}`));
    } catch (error) {
      if (isApiError(error, "NotFound")) {
        throw new KubeadmError(
          `failed to delete bootstrap token ${JSON.stringify(id)}: secrets "bootstrap-token-${id}" not found`,
        );
      }
      throw error;
    }
    await process.out(`bootstrap token ${JSON.stringify(id)} deleted\n`);
  }
  return 0;
}
