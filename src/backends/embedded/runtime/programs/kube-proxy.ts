import { parse } from "yaml";
import type { ApiClient } from "../../cluster/api.ts";
import { createContext } from "../../cluster/controllers/context.ts";
import { startServiceProxy } from "../../cluster/controllers/service-rules.ts";
import { FileView } from "../../machine/files/file-system.ts";
import { FileError } from "../../machine/files/errors.ts";
import type { Program } from "../../machine/process.ts";
import { connectFromKubeconfig } from "../kubelet/api-access.ts";
import { parseFlags } from "../kubelet/configuration.ts";
import { klogLine } from "../kubelet/klog.ts";
import { untilStopped } from "./logrus.ts";

/** The machine's files with a container's mounts at the paths where the container has them. */
class ContainerView extends FileView {
  readonly #root: string;
  constructor(view: FileView, root: string) {
    super(view.files, view.who);
    this.#root = root;
  }
  override readText(path: string): string {
    const inside = `${this.#root}${path}`;
    return super.readText(super.exists(inside) ? inside : path);
  }
}

/** Programs the services of its machine; runs as a DaemonSet's pod. */
export const kubeProxy: Program = async (process) => {
  const flags = parseFlags(process.argv.slice(1));
  const { machine } = process;
  const { clock, random, pacing, network } = machine.environment;
  if (flags.has("version")) {
    await process.out(`Kubernetes v${process.executable.version}\n`);
    return 0;
  }
  const files = new ContainerView(process.files, process.path.replace(/\/usr\/local\/bin\/.*$/, ""));
  let client: ApiClient;
  try {
    client = connectFromKubeconfig(process, kubeconfigOf(files, flags), files);
  } catch (error) {
    const reason = error instanceof FileError ? `open ${error.path}: no such file or directory` : String(error);
    await process.err(klogLine(clock.now(), process.pid, "E", "run.go:74", "command failed", { err: reason }));
    return 1;
  }
  const context = createContext({
    client,
    clock,
    random,
    pacing,
    signal: process.signal,
    hostname: machine.name,
    log: () => undefined,
  });
  if (!process.resumed) {
    await process.err(
      klogLine(clock.now(), process.pid, "I", "server_others.go:69", "Using iptables proxy") +
        klogLine(clock.now(), process.pid, "I", "server.go:846", "Version info", {
          version: `v${process.executable.version}`,
        }),
    );
  }
  startServiceProxy(context, network, machine.name);
  void context.startInformers().then(() => process.notifyReady());
  await untilStopped(process.signal);
  // The rules stay in the kernel when kube-proxy ends, as in reality.
  return 0;
};

function kubeconfigOf(files: FileView, flags: ReadonlyMap<string, string>): string {
  const config = flags.get("config");
  if (config === undefined) return flags.get("kubeconfig") ?? "";
  const parsed: unknown = parse(files.readText(config));
  if (typeof parsed === "object" && parsed !== null && "clientConnection" in parsed) {
    const connection = parsed.clientConnection;
    if (typeof connection === "object" && connection !== null && "kubeconfig" in connection) {
      return String(connection.kubeconfig);
    }
  }
  return "";
}
