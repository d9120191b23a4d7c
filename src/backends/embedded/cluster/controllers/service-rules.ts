import type { LabNetwork } from "../../network/network.ts";
import type { ControllerContext } from "./context.ts";
import type { EndpointSlice, Service } from "./types.ts";

/** kube-proxy: turns services and their endpoints into the rules of one machine. */
export function startServiceProxy(context: ControllerContext, network: LabNetwork, machine: string): void {
  const services = context.informer<Service>("v1", "services");
  const slices = context.informer<EndpointSlice>("discovery.k8s.io/v1", "endpointslices");
  let isScheduled = false;
  let last = "";
  const schedule = (): void => {
    if (isScheduled) return;
    isScheduled = true;
    queueMicrotask(() => {
      isScheduled = false;
      if (!context.signal.aborted && services.hasSynced() && slices.hasSynced()) program();
    });
  };
  services.onChange(schedule);
  slices.onChange(schedule);
  void Promise.all([services.synced(), slices.synced()]).then(schedule);

  function program(): void {
    const clusterAddresses = new Map<string, string[]>();
    const nodePorts = new Map<number, string[]>();
    for (const service of services.list()) {
      const { clusterIP } = service.spec;
      if (clusterIP === undefined || clusterIP === "None" || clusterIP === "") continue;
      for (const port of service.spec.ports ?? []) {
        const targets = endpointsOf(service, port.name ?? "");
        clusterAddresses.set(`${clusterIP}:${port.port}`, targets);
        if (port.nodePort !== undefined) nodePorts.set(port.nodePort, targets);
      }
    }
    const state = JSON.stringify([[...clusterAddresses], [...nodePorts]]);
    if (state === last) return;
    last = state;
    network.setServiceRules(machine, { clusterAddresses, nodePorts });
  }

  function endpointsOf(service: Service, portName: string): string[] {
    const targets: string[] = [];
    for (const slice of slices.list(service.metadata.namespace)) {
      if (slice.metadata.labels?.["kubernetes.io/service-name"] !== service.metadata.name) continue;
      const port = slice.ports?.find((candidate) => (candidate.name ?? "") === portName)?.port;
      if (port === undefined) continue;
      for (const endpoint of slice.endpoints ?? []) {
        if (endpoint.conditions.ready === false) continue;
        for (const address of endpoint.addresses) targets.push(`${address}:${port}`);
      }
    }
    return [...new Set(targets)].sort();
  }
}
