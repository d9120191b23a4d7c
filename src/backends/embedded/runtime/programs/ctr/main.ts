import type { Process, Program } from "../../../machine/process.ts";
import type { ContainerdClients } from "../../containerd/clients.ts";
import { ClientError, clientsOf } from "../../containerd/clients.ts";
import type { Command } from "./command.ts";
import { table } from "./command.ts";
import { containers, run, socketPath, tasks } from "./containers.ts";
import { images } from "./images.ts";

const help =
  "NAME:\n   ctr - a containerd CLI\n\nUSAGE:\n   ctr [global options] command [command options] [arguments...]\n\nCOMMANDS:\n" +
  "   version                    print the client and server versions\n" +
  "   containers, c, container   manage containers\n" +
  "   content                    manage content\n" +
  "   images, image, i           manage images\n" +
  "   namespaces, namespace, ns  manage namespaces\n" +
  "   run                        run a container\n" +
  "   tasks, t, task             manage tasks\n";

interface Options {
  namespace: string;
  words: string[];
}

/** Global options come before the command; the rest is the command's own. */
function parseOptions(process: Process): Options {
  let namespace = process.env["CONTAINERD_NAMESPACE"] ?? "default";
  const argv = process.argv.slice(1);
  let at = 0;
  for (; at < argv.length; at += 1) {
    const word = argv[at] ?? "";
    if (!word.startsWith("-")) break;
    const [flag = "", joined] = word.split(/=(.*)/s);
    if (flag === "-n" || flag === "--namespace") namespace = joined ?? argv[(at += 1)] ?? "";
    else if (["-a", "--address", "--timeout", "--connect-timeout"].includes(flag) && joined === undefined) at += 1;
  }
  return { namespace, words: argv.slice(at) };
}

/** containerd's own client. Simplified: no snapshots, leases, events and plugins. */
export const ctr: Program = async (process) => {
  const { namespace, words } = parseOptions(process);
  if (words.length === 0 && (process.argv.includes("--version") || process.argv.includes("-v"))) {
    await process.out(`ctr github.com/containerd/containerd v${process.executable.version}\n`);
    return 0;
  }
  const [object = "", ...rest] = words;
  if (object === "" || object === "help" || object === "h") {
    await process.out(help);
    return 0;
  }
  try {
    const clients = connect(process);
    if (object === "version") {
      await process.out(
        `Client:\n  Version:  v${process.executable.version}\n\nServer:\n  Version:  v${clients.version}\n`,
      );
      return 0;
    }
    const command: Command = { process, machine: process.machine, namespace, clients, args: rest };
    if (object === "run") return await run(command);
    const [action = "", ...args] = rest;
    const exitCode = await choose({ ...command, args }, object, action);
    if (exitCode !== undefined) return exitCode;
    await process.err(`No help topic for '${action === "" ? object : action}'\n`);
    return 3;
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    await process.err(`ctr: ${error.message}\n`);
    return 1;
  }
};

async function choose(command: Command, object: string, action: string): Promise<number | undefined> {
  const { process, clients, namespace, args } = command;
  switch (object) {
    case "images":
    case "image":
    case "i":
      return images(command, action);
    case "containers":
    case "container":
    case "c":
      return containers(command, action);
    case "tasks":
    case "task":
    case "t":
      return tasks(command, action);
    case "namespaces":
    case "namespace":
    case "ns": {
      if (action !== "ls" && action !== "list") return undefined;
      const names = clients.namespaces();
      if (args.includes("-q") || args.includes("--quiet")) await process.out(names.map((name) => `${name}\n`).join(""));
      else await process.out(table([["NAME", "LABELS"], ...names.map((name) => [name, ""])]));
      return 0;
    }
    case "content": {
      const store = clients.images(namespace);
      if (action === "get") {
        const bytes = store.blob(args[0] ?? "");
        if (!bytes) throw new ClientError(`content ${args[0] ?? ""}: not found`);
        await process.stdout.write(bytes);
        return 0;
      }
      if (action !== "ls" && action !== "list") return undefined;
      const digests = new Map<string, number>();
      for (const image of store.images()) {
        const content = store.content(image);
        digests.set(image.manifest, content?.manifestBytes.length ?? 0);
        if (content) digests.set(content.manifest.config.digest, content.configBytes.length);
        for (const layer of content?.layers ?? []) digests.set(layer.descriptor.digest, layer.bytes.length);
      }
      const rows = [...digests]
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([digest, size]) => [digest, `${size}B`]);
      await process.out(table([["DIGEST", "SIZE"], ...rows]));
      return 0;
    }
    default:
      throw new ClientError(`No help topic for '${object}'`);
  }
}

/** Throws ClientError when no containerd answers. */
function connect(process: Process): ContainerdClients {
  const failed = (reason: string): ClientError =>
    new ClientError(
      `failed to dial ${JSON.stringify(socketPath)}: connection error: desc = "transport: error while dialing: dial unix ${socketPath}: connect: ${reason}"`,
    );
  if (!process.machine.rootFiles.exists(socketPath)) throw failed("no such file or directory");
  if (process.credentials.uid !== 0) throw failed("permission denied");
  const service = process.machine.sockets.connect(socketPath);
  const clients = service && clientsOf(service);
  if (!clients) throw failed("connection refused");
  return clients;
}
