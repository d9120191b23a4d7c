import { startBootstrapControllers } from "./bootstrap-tokens.ts";
import { startCertificateController } from "./certificates.ts";
import { type ContextOptions, createContext } from "./context.ts";
import { startDaemonSetController } from "./daemon-set.ts";
import { startDeploymentController } from "./deployment.ts";
import { startEndpointsController } from "./endpoints.ts";
import { startGarbageCollector } from "./garbage-collector.ts";
import { startHousekeeping, takeLease } from "./housekeeping.ts";
import { startJobController } from "./job.ts";
import { startNamespaceController } from "./namespaces.ts";
import { startNodeLifecycleController } from "./node-lifecycle.ts";
import { startReplicaSetController } from "./replica-set.ts";
import { startStatefulSetController } from "./stateful-set.ts";

export interface ControllerManagerOptions extends ContextOptions {
  /** PEM; pods trust it. */
  rootCertificate: string;
  /** PEM; signs kubelets' certificates. Absent: nothing is signed. */
  authority: { certificate: string; key: string } | undefined;
}

/** Starts every controller; resolves when their caches are filled. They run until the signal aborts. */
export async function startControllers(options: ControllerManagerOptions): Promise<void> {
  const context = createContext(options);
  startDeploymentController(context);
  startReplicaSetController(context);
  startDaemonSetController(context);
  startStatefulSetController(context);
  startJobController(context);
  startEndpointsController(context);
  startNodeLifecycleController(context);
  startNamespaceController(context, options.rootCertificate);
  startGarbageCollector(context);
  startHousekeeping(context);
  startBootstrapControllers(context);
  if (options.authority) startCertificateController(context, options.authority);
  await context.startInformers();
  await takeLease(context, "kube-controller-manager").catch(() => undefined);
}
