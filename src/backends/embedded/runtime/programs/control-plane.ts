import type { UserInfo } from "../../cluster/api.ts";
import { createStoreClient } from "../../cluster/clients/local.ts";
import { createContext } from "../../cluster/controllers/context.ts";
import { startControllers } from "../../cluster/controllers/controller-manager.ts";
import { takeLease } from "../../cluster/controllers/housekeeping.ts";
import { startScheduler } from "../../cluster/controllers/scheduler.ts";
import { FileError } from "../../machine/files/errors.ts";
import type { Process, Program } from "../../machine/process.ts";
import { NetworkError } from "../../network/network.ts";
import { parseFlags } from "../kubelet/configuration.ts";
import { klogLine } from "../kubelet/klog.ts";
import { selfSigned } from "../kubelet/serving-certificate.ts";
import { untilStopped } from "./logrus.ts";

const authenticated = "system:authenticated";

interface Component {
  name: string;
  user: UserInfo;
  /** Port of the health check. */
  port: number;
  start(process: Process, flags: ReadonlyMap<string, string>): Promise<void>;
}

/** A control-plane component as its static pod runs it: needs the files its flags name. */
function component({ name, user, port, start }: Component): Program {
  return async (process) => {
    const flags = parseFlags(process.argv.slice(1));
    if (flags.has("version")) {
      await process.out(`Kubernetes v${process.executable.version}\n`);
      return 0;
    }
    const { clock, network } = process.machine.environment;
    const refuse = async (words: string): Promise<number> => {
      await process.err(klogLine(clock.now(), process.pid, "E", "run.go:74", "command failed", { err: words }));
      return 1;
    };
    const kubeconfig = flags.get("kubeconfig");
    if (kubeconfig === undefined || !process.files.exists(kubeconfig)) {
      return refuse(`stat ${kubeconfig ?? ""}: no such file or directory`);
    }
    const tls = await selfSigned(process.machine);
    let stop: (() => void) | undefined;
    try {
      stop = network.listen(process.place, port, { process: name, pid: process.pid, handle: health, tls });
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      return refuse(
        `failed to create listener: failed to listen on 127.0.0.1:${port}: listen tcp 127.0.0.1:${port}: bind: address already in use`,
      );
    }
    if (!process.resumed)
      await process.err(klogLine(clock.now(), process.pid, "I", "serving.go:348", `Starting ${user.name}`));
    try {
      await start(process, flags);
    } catch (error) {
      stop();
      if (error instanceof FileError) return refuse(`open ${error.path}: no such file or directory`);
      throw error;
    }
    process.notifyReady();
    await untilStopped(process.signal);
    stop();
    return 0;
  };
}

const health = (request: { target: string }) => {
  const isHealth = /^\/(healthz|livez|readyz)/.test(request.target);
  const body = new TextEncoder().encode(isHealth ? "ok" : "404 page not found\n");
  return Promise.resolve({ status: isHealth ? 200 : 404, headers: { "content-type": "text/plain" }, body });
};

function contextOptions(process: Process, user: UserInfo) {
  const { clock, random, pacing } = process.machine.environment;
  return {
    // Simplified: real components go through the API server's port; these are on its machine and reach it directly.
    client: createStoreClient(process.machine, user),
    clock,
    random,
    pacing,
    signal: process.signal,
    hostname: process.machine.name,
    version: process.executable.version,
    resumed: process.resumed,
    log: (line: string) =>
      void process.err(klogLine(clock.now(), process.pid, "E", "controller.go:1", line)).catch(() => undefined),
  };
}

const managerUser: UserInfo = { name: "system:kube-controller-manager", groups: [authenticated] };

export const kubeControllerManager: Program = component({
  name: "kube-controller-manager",
  user: managerUser,
  port: 10_257,
  async start(process, flags) {
    const read = (flag: string): string => process.files.readText(flags.get(flag) ?? "");
    const rootCertificate = flags.has("root-ca-file") ? read("root-ca-file") : "";
    const canSign = flags.has("cluster-signing-cert-file") && flags.has("cluster-signing-key-file");
    const authority = canSign
      ? { certificate: read("cluster-signing-cert-file"), key: read("cluster-signing-key-file") }
      : undefined;
    if (flags.has("service-account-private-key-file")) read("service-account-private-key-file");
    void startControllers({ ...contextOptions(process, managerUser), rootCertificate, authority }).catch(
      () => undefined,
    );
  },
});

const schedulerUser: UserInfo = { name: "system:kube-scheduler", groups: [authenticated] };

export const kubeScheduler: Program = component({
  name: "kube-scheduler",
  user: schedulerUser,
  port: 10_259,
  start(process) {
    const context = createContext(contextOptions(process, schedulerUser));
    startScheduler(context, process.executable.version);
    void context
      .startInformers()
      .then(() => takeLease(context, "kube-scheduler"))
      .catch(() => undefined);
    return Promise.resolve();
  },
});
