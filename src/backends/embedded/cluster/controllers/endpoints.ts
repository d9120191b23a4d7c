import type { KubeObject } from "../../../../domain/check.ts";
import type { ControllerContext } from "./context.ts";
import { hasReason, ignoreNotFound } from "./context.ts";
import { labelsMatch } from "./selectors.ts";
import type { ApiObject, Endpoint, EndpointSlice, Pod, Service, ServicePort } from "./types.ts";
import {
  keyOf,
  ownerReference,
  podIsReady,
  podIsTerminal,
  randomSuffix,
  sameJson,
  splitKey,
  timestamp,
} from "./types.ts";
import { WorkQueue } from "./work-queue.ts";

interface EndpointsObject extends ApiObject {
  subsets?: unknown;
}

const managedBy = "endpointslice.kubernetes.io/managed-by";
const controllerName = "endpointslice-controller.k8s.io";
const serviceName = "kubernetes.io/service-name";
const triggerTime = "endpoints.kubernetes.io/last-change-trigger-time";

/** Keeps Endpoints and EndpointSlices of every service with a selector. */
export function startEndpointsController(context: ControllerContext): void {
  const services = context.informer<Service>("v1", "services");
  const pods = context.informer<Pod>("v1", "pods");
  const slices = context.informer<EndpointSlice>("discovery.k8s.io/v1", "endpointslices");
  const endpoints = context.informer<EndpointsObject>("v1", "endpoints");
  const queue = new WorkQueue({
    clock: context.clock,
    signal: context.signal,
    reconcile,
    onError: (key, error) => context.log(`endpoints ${key}: ${String(error)}`),
  });

  services.onChange((service) => queue.add(keyOf(service)));
  slices.onChange((slice) => {
    const name = slice.metadata.labels?.[serviceName];
    if (name !== undefined && slice.metadata.labels?.[managedBy] === controllerName) {
      queue.add(`${slice.metadata.namespace ?? ""}/${name}`);
    }
  });
  pods.onChange((pod, before) => {
    for (const service of services.list(pod.metadata.namespace)) {
      const { selector } = service.spec;
      if (!selector) continue;
      if (labelsMatch(selector, pod.metadata.labels) || (before && labelsMatch(selector, before.metadata.labels))) {
        queue.add(keyOf(service));
      }
    }
  });

  async function reconcile(key: string): Promise<void> {
    const service = services.get(key);
    const { namespace, name } = splitKey(key);
    if (!service || service.metadata.deletionTimestamp !== undefined) {
      await ignoreNotFound(context.client.delete({ apiVersion: "v1", resource: "endpoints", namespace, name }));
      return;
    }
    if (!service.spec.selector || service.spec.type === "ExternalName") return;
    const selector = service.spec.selector;
    const members = pods
      .list(namespace)
      .filter((pod) => labelsMatch(selector, pod.metadata.labels) && pod.status?.podIP && !podIsTerminal(pod))
      .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    await Promise.all([writeSlices(service, members), writeEndpoints(service, members)]);
  }

  async function writeSlices(service: Service, members: Pod[]): Promise<void> {
    const namespace = service.metadata.namespace ?? "";
    const groups = groupByPorts(service, members);
    const existing = slices
      .list(namespace)
      .filter(
        (slice) =>
          slice.metadata.labels?.[serviceName] === service.metadata.name &&
          slice.metadata.labels[managedBy] === controllerName &&
          slice.metadata.deletionTimestamp === undefined,
      );
    const location = { apiVersion: "discovery.k8s.io/v1", resource: "endpointslices", namespace };
    for (const group of groups) {
      const desired = {
        addressType: "IPv4",
        endpoints: group.pods.map((pod) => endpointOf(pod, service)),
        ports: group.ports.map((port) => ({ name: port.name, port: port.port, protocol: port.protocol })),
      };
      const index = existing.findIndex((slice) => sameJson(slice.ports ?? [], desired.ports));
      const current = index >= 0 ? existing.splice(index, 1)[0] : existing.pop();
      if (!current) {
        const created = await context.client.create(location, {
          apiVersion: "discovery.k8s.io/v1",
          kind: "EndpointSlice",
          metadata: {
            name: `${service.metadata.name}-${randomSuffix(context.random)}`,
            generateName: `${service.metadata.name}-`,
            namespace,
            labels: { ...service.metadata.labels, [managedBy]: controllerName, [serviceName]: service.metadata.name },
            annotations: { [triggerTime]: timestamp(context.clock.now()) },
            ownerReferences: [ownerReference(service, "v1", "Service")],
          },
          ...desired,
        });
        slices.learn(created);
      } else if (
        !sameJson(
          { endpoints: current.endpoints ?? [], ports: current.ports ?? [] },
          { endpoints: desired.endpoints, ports: desired.ports },
        )
      ) {
        const updated = await context.client.update(
          { ...location, name: current.metadata.name },
          {
            ...current,
            ...desired,
            metadata: {
              ...current.metadata,
              annotations: { ...current.metadata.annotations, [triggerTime]: timestamp(context.clock.now()) },
            },
          },
        );
        slices.learn(updated);
      }
    }
    for (const surplus of existing) {
      await ignoreNotFound(context.client.delete({ ...location, name: surplus.metadata.name }));
    }
  }

  async function writeEndpoints(service: Service, members: Pod[]): Promise<void> {
    const { namespace, name } = splitKey(keyOf(service));
    const location = { apiVersion: "v1", resource: "endpoints", namespace };
    const subsets = groupByPorts(service, members)
      .filter((group) => group.pods.length > 0 && group.ports.length > 0)
      .map((group) => {
        const counted = group.pods.filter((pod) => pod.metadata.deletionTimestamp === undefined);
        const ready = counted.filter((pod) => podIsReady(pod) || service.spec.publishNotReadyAddresses === true);
        const rest = counted.filter((pod) => !ready.includes(pod));
        return {
          ...(ready.length > 0 ? { addresses: ready.map((pod) => addressOf(pod)) } : {}),
          ...(rest.length > 0 ? { notReadyAddresses: rest.map((pod) => addressOf(pod)) } : {}),
          ports: group.ports.map((port) => ({
            ...(port.name === "" ? {} : { name: port.name }),
            port: port.port,
            protocol: port.protocol,
          })),
        };
      })
      .filter((subset) => "addresses" in subset || "notReadyAddresses" in subset);
    const current = endpoints.get(keyOf(service));
    const wanted = subsets.length > 0 ? subsets : undefined;
    if (current && sameJson(current.subsets ?? undefined, wanted)) return;
    const object: KubeObject = {
      apiVersion: "v1",
      kind: "Endpoints",
      metadata: {
        name,
        namespace,
        ...(current?.metadata.resourceVersion === undefined
          ? {}
          : { resourceVersion: current.metadata.resourceVersion }),
        labels: { ...service.metadata.labels },
        annotations: { [triggerTime]: timestamp(context.clock.now()) },
      },
      ...(wanted ? { subsets: wanted } : {}),
    };
    try {
      endpoints.learn(
        current
          ? await context.client.update({ ...location, name }, object)
          : await context.client.create(location, object),
      );
    } catch (error) {
      if (!hasReason(error, "AlreadyExists") && !hasReason(error, "NotFound")) throw error;
    }
  }
}

const reference = (pod: Pod) => ({
  kind: "Pod",
  namespace: pod.metadata.namespace ?? "",
  name: pod.metadata.name,
  uid: pod.metadata.uid ?? "",
});

const addressOf = (pod: Pod) => ({
  ip: pod.status?.podIP ?? "",
  ...(pod.spec.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
  targetRef: reference(pod),
});

function endpointOf(pod: Pod, service: Service): Endpoint {
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const serving = podIsReady(pod);
  return {
    addresses: [pod.status?.podIP ?? ""],
    conditions: {
      ready: service.spec.publishNotReadyAddresses === true || (serving && !terminating),
      serving,
      terminating,
    },
    ...(pod.spec.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
    targetRef: reference(pod),
  };
}

interface Group {
  ports: { name: string; port: number; protocol: string }[];
  pods: Pod[];
}

/** Pods by what the service's target ports are in them; a named port may differ from pod to pod. */
function groupByPorts(service: Service, members: readonly Pod[]): Group[] {
  const groups = new Map<string, Group>();
  const wanted = service.spec.ports ?? [];
  for (const pod of members) {
    const ports = wanted.flatMap((port) => {
      const number = targetPort(pod, port);
      return number === undefined ? [] : [{ name: port.name ?? "", port: number, protocol: port.protocol ?? "TCP" }];
    });
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { ports, pods: [] };
    groups.set(key, group);
    group.pods.push(pod);
  }
  if (groups.size > 0) return [...groups.values()];
  return [{ ports: [], pods: [] }];
}

function targetPort(pod: Pod, port: ServicePort): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === "number") return target;
  for (const container of pod.spec.containers) {
    const found = container.ports?.find((candidate) => candidate.name === target);
    if (found) return found.containerPort;
  }
  return undefined;
}
