import type { Process, Program } from "../../machine/process.ts";
import type { ApiClient } from "../../cluster/api.ts";
import { connectFromKubeconfig } from "../kubelet/api-access.ts";
import { bootstrapKubeconfig } from "../kubelet/bootstrap.ts";
import {
  checkHost,
  connectRuntime,
  type KubeletConfiguration,
  KubeletFailure,
  parseFlags,
  readKubeletConfiguration,
} from "../kubelet/configuration.ts";
import { klogLine } from "../kubelet/klog.ts";
import { Kubelet, type KubeletOptions } from "../kubelet/kubelet.ts";

/** The kubelet as its unit runs it. */
export const kubelet: Program = async (process) => {
  const { machine } = process;
  const { version } = process.executable;
  const flags = parseFlags(process.argv.slice(1));
  if (flags.has("version")) {
    await process.out(`Kubernetes v${version}\n`);
    return 0;
  }
  const log: KubeletOptions["log"] = (severity, source, message, values) =>
    void process
      .err(klogLine(machine.environment.clock.now(), process.pid, severity, source, message, values))
      .catch(() => undefined);
  let configuration: KubeletConfiguration;
  try {
    configuration = readKubeletConfiguration(process);
    if (!process.resumed) log("I", "server.go:467", "Kubelet version", { kubeletVersion: `v${version}` });
    checkKubeconfig(process, configuration);
    checkHost(process, configuration);
    if (process.resumed) await runtimeIsBack(process, configuration.runtimeEndpoint);
    connectRuntime(process, configuration.runtimeEndpoint);
  } catch (error) {
    if (!(error instanceof KubeletFailure)) throw error;
    log("E", "run.go:74", "command failed", { err: error.message });
    return 1;
  }
  const runner = new Kubelet({
    machine,
    configuration,
    version,
    signal: process.signal,
    resumed: process.resumed,
    log,
    connect: () => connect(process, configuration, log),
  });
  if (!process.resumed) log("I", "server.go:1186", "Started kubelet");
  await runner.run(() => process.notifyReady());
  return 0;
};

/** Milliseconds that a runtime may take to be there again when the lab wakes up. */
const wakingMs = 5_000;

/** All daemons wake up at once; in a suspended machine the runtime never went away. */
async function runtimeIsBack(process: Process, endpoint: string): Promise<void> {
  const { sockets, environment } = process.machine;
  const deadline = environment.clock.monotonic() + wakingMs;
  const path = endpoint.replace(/^unix:\/\//, "");
  while (!sockets.connect(path) && environment.clock.monotonic() < deadline) {
    await environment.clock.sleep(5, process.signal).catch(() => undefined);
    if (process.signal.aborted) return;
  }
}

function checkKubeconfig(process: Process, configuration: KubeletConfiguration): void {
  const { kubeconfig, bootstrapKubeconfig } = configuration;
  if (kubeconfig === "" || process.files.exists(kubeconfig)) return;
  if (bootstrapKubeconfig === "" || !process.files.exists(bootstrapKubeconfig)) {
    throw new KubeletFailure(
      `failed to run Kubelet: unable to load bootstrap kubeconfig: stat ${bootstrapKubeconfig}: no such file or directory`,
    );
  }
}

async function connect(
  process: Process,
  configuration: KubeletConfiguration,
  log: KubeletOptions["log"],
): Promise<ApiClient> {
  if (!process.files.exists(configuration.kubeconfig)) {
    await bootstrapKubeconfig(process, configuration, log);
  }
  return connectFromKubeconfig(process, configuration.kubeconfig);
}
