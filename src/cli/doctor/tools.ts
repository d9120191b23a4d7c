import { join } from "node:path";
import { courseNodePorts } from "../../domain/backend.ts";
import type { Texts } from "../../texts/en.ts";
import { type Finding, found, ok } from "./finding.ts";
import type { Host } from "./host.ts";

type Words = Texts["doctor"];

const hostPorts = [6443, ...courseNodePorts.map(({ port }) => port)];

/** Programs of this computer that reach the cluster, and the ports through which the embedded one is reached. */
export async function lookAtTools(host: Host, words: Words): Promise<Finding[]> {
  const [kubectl, curl, ...ports] = await Promise.all([
    tool(host, "kubectl", ["version", "--client"], words),
    tool(host, "curl", ["--version"], words),
    ...hostPorts.map((port) => host.isPortFree(port)),
  ]);
  const taken = hostPorts.filter((_port, index) => ports[index] === false);
  const backends = ["embedded"] as const;
  return [
    kubectl,
    curl,
    taken.length === 0
      ? ok("ports", words.portsFree(hostPorts.join(", ")), { backends })
      : ok("ports", words.portsTaken(taken.join(", ")), { backends }),
  ];
}

async function tool(host: Host, name: string, argv: string[], words: Words): Promise<Finding> {
  const { missing, stdout } = await host.run(name, argv);
  if (missing) return found("warn", name, words.noTool(name));
  const [version] = /v?\d+\.\d+(?:\.\d+)?/.exec(stdout) ?? [];
  return ok(name, version === undefined ? words.found : words.version(version));
}

/** What the ssh backend needs on this side. */
export async function lookAtSsh(host: Host, stateFolder: string | undefined, words: Words): Promise<Finding[]> {
  const backends = ["ssh"] as const;
  const { missing, stdout, stderr } = await host.run("ssh", ["-V"]);
  if (missing) return [found("fail", "ssh", words.noSsh(host.platform), { backends })];
  const [version = words.found] = /OpenSSH\S*?_?\d[\w.]*/.exec(`${stderr}${stdout}`) ?? [];
  return [ok("ssh", version, { backends }), await keys(host, words), inventory(host, stateFolder, words)];
}

/** The ssh backend keeps the inventory that it was given once. */
function inventory(host: Host, stateFolder: string | undefined, words: Words): Finding {
  const backends = ["ssh"] as const;
  const path = stateFolder === undefined ? undefined : join(stateFolder, "ssh", "inventory.yaml");
  return path !== undefined && host.exists(path)
    ? ok("ssh-inventory", path, { backends })
    : found("warn", "ssh-inventory", words.noInventory, { backends });
}

async function keys(host: Host, words: Words): Promise<Finding> {
  const backends = ["ssh"] as const;
  if (host.env["SSH_AUTH_SOCK"] !== undefined || host.platform === "win32") {
    const { exitCode, stdout } = await host.run("ssh-add", ["-l"]);
    if (exitCode === 0) return ok("ssh-keys", words.agentKeys(stdout.trim().split("\n").length), { backends });
  }
  const files = ["id_ed25519", "id_ecdsa", "id_rsa"].filter((name) => host.exists(join(host.homeFolder, ".ssh", name)));
  if (files.length > 0) return ok("ssh-keys", files.join(", "), { backends });
  if (host.exists(join(host.homeFolder, ".ssh", "config"))) return ok("ssh-keys", "~/.ssh/config", { backends });
  return found("warn", "ssh-keys", words.noKeys, { backends });
}
