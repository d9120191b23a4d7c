import {
  childOf,
  isObject,
  listAt,
  mapAt,
  numberAt,
  objectAt,
  objectsAt,
  setDefault,
  textAt,
  type JsonObject,
} from "../json.ts";

/** Fills in what the API fills in for a pod's specification; `running` also what only pods themselves get. */
function defaultPodSpec(spec: JsonObject, running: boolean): void {
  setDefault(spec, "restartPolicy", "Always");
  setDefault(spec, "terminationGracePeriodSeconds", 30);
  setDefault(spec, "dnsPolicy", "ClusterFirst");
  setDefault(spec, "securityContext", {});
  setDefault(spec, "schedulerName", "default-scheduler");
  if (running) setDefault(spec, "enableServiceLinks", true);
  const account = textAt(spec, "serviceAccountName") || textAt(spec, "serviceAccount");
  if (account !== "") {
    spec["serviceAccountName"] = account;
    spec["serviceAccount"] = account;
  }
  for (const field of ["initContainers", "containers", "ephemeralContainers"]) {
    for (const container of objectsAt(spec, field)) defaultContainer(container, spec, running);
  }
  for (const volume of objectsAt(spec, "volumes")) defaultVolume(volume);
}

function defaultContainer(container: JsonObject, spec: JsonObject, running: boolean): void {
  setDefault(container, "resources", {});
  setDefault(container, "terminationMessagePath", "/dev/termination-log");
  setDefault(container, "terminationMessagePolicy", "File");
  setDefault(container, "imagePullPolicy", pullPolicyOf(textAt(container, "image")));
  for (const port of objectsAt(container, "ports")) {
    setDefault(port, "protocol", "TCP");
    if (spec["hostNetwork"] === true) setDefault(port, "hostPort", port["containerPort"]);
  }
  for (const variable of objectsAt(container, "env")) {
    const field = objectAt(variable, "valueFrom", "fieldRef");
    if (field) setDefault(field, "apiVersion", "v1");
  }
  for (const name of ["livenessProbe", "readinessProbe", "startupProbe"]) {
    const probe = objectAt(container, name);
    if (probe) defaultProbe(probe);
  }
  for (const name of ["postStart", "preStop"]) {
    const request = objectAt(container, "lifecycle", name, "httpGet");
    if (request) defaultHttpGet(request);
  }
  const resources = childOf(container, "resources");
  const limits = objectAt(resources, "limits");
  if (running && limits) {
    const requests = childOf(resources, "requests");
    for (const [name, amount] of Object.entries(limits)) setDefault(requests, name, amount);
  }
  for (const name of ["limits", "requests"]) {
    const amounts = objectAt(resources, name);
    for (const [key, amount] of Object.entries(amounts ?? {})) if (amounts) amounts[key] = String(amount);
  }
}

/** What the API assumes when an image's pull policy is not given. */
function pullPolicyOf(image: string): string {
  if (image.includes("@")) return "IfNotPresent";
  const tag = /:([^/:]+)$/.exec(image)?.[1] ?? "latest";
  return tag === "latest" ? "Always" : "IfNotPresent";
}

function defaultProbe(probe: JsonObject): void {
  setDefault(probe, "timeoutSeconds", 1);
  setDefault(probe, "periodSeconds", 10);
  setDefault(probe, "successThreshold", 1);
  setDefault(probe, "failureThreshold", 3);
  const request = objectAt(probe, "httpGet");
  if (request) defaultHttpGet(request);
  const remote = objectAt(probe, "grpc");
  if (remote) setDefault(remote, "service", "");
}

function defaultHttpGet(request: JsonObject): void {
  setDefault(request, "path", "/");
  setDefault(request, "scheme", "HTTP");
}

function defaultVolume(volume: JsonObject): void {
  if (Object.keys(volume).length <= 1) volume["emptyDir"] = {};
  for (const name of ["configMap", "secret", "projected", "downwardAPI"]) {
    const source = objectAt(volume, name);
    if (source) setDefault(source, "defaultMode", 420);
  }
  const path = objectAt(volume, "hostPath");
  if (path) setDefault(path, "type", "");
  for (const source of objectsAt(volume, "projected", "sources")) {
    const token = objectAt(source, "serviceAccountToken");
    if (token) setDefault(token, "expirationSeconds", 3600);
    for (const item of objectsAt(source, "downwardAPI", "items")) {
      const field = objectAt(item, "fieldRef");
      if (field) setDefault(field, "apiVersion", "v1");
    }
  }
}

function defaultTemplate(spec: JsonObject): void {
  const template = childOf(spec, "template");
  const metadata = childOf(template, "metadata");
  if (!Object.hasOwn(metadata, "creationTimestamp")) metadata["creationTimestamp"] = null;
  defaultPodSpec(childOf(template, "spec"), false);
}

function defaultDeployment(spec: JsonObject): void {
  setDefault(spec, "replicas", 1);
  setDefault(spec, "revisionHistoryLimit", 10);
  setDefault(spec, "progressDeadlineSeconds", 600);
  const strategy = childOf(spec, "strategy");
  setDefault(strategy, "type", "RollingUpdate");
  if (strategy["type"] === "RollingUpdate") {
    const rolling = childOf(strategy, "rollingUpdate");
    setDefault(rolling, "maxUnavailable", "25%");
    setDefault(rolling, "maxSurge", "25%");
  }
  defaultTemplate(spec);
}

function defaultDaemonSet(spec: JsonObject): void {
  setDefault(spec, "revisionHistoryLimit", 10);
  const strategy = childOf(spec, "updateStrategy");
  setDefault(strategy, "type", "RollingUpdate");
  if (strategy["type"] === "RollingUpdate") {
    const rolling = childOf(strategy, "rollingUpdate");
    setDefault(rolling, "maxUnavailable", 1);
    setDefault(rolling, "maxSurge", 0);
  }
  defaultTemplate(spec);
}

function defaultStatefulSet(spec: JsonObject): void {
  setDefault(spec, "replicas", 1);
  setDefault(spec, "revisionHistoryLimit", 10);
  setDefault(spec, "podManagementPolicy", "OrderedReady");
  setDefault(spec, "serviceName", "");
  const retention = childOf(spec, "persistentVolumeClaimRetentionPolicy");
  setDefault(retention, "whenDeleted", "Retain");
  setDefault(retention, "whenScaled", "Retain");
  const strategy = childOf(spec, "updateStrategy");
  setDefault(strategy, "type", "RollingUpdate");
  if (strategy["type"] === "RollingUpdate") setDefault(childOf(strategy, "rollingUpdate"), "partition", 0);
  defaultTemplate(spec);
}

function defaultJob(spec: JsonObject): void {
  setDefault(spec, "parallelism", 1);
  setDefault(spec, "completions", 1);
  setDefault(spec, "backoffLimit", 6);
  setDefault(spec, "completionMode", "NonIndexed");
  setDefault(spec, "suspend", false);
  defaultTemplate(spec);
}

function defaultCronJob(spec: JsonObject): void {
  setDefault(spec, "concurrencyPolicy", "Allow");
  setDefault(spec, "suspend", false);
  setDefault(spec, "successfulJobsHistoryLimit", 3);
  setDefault(spec, "failedJobsHistoryLimit", 1);
  const template = childOf(spec, "jobTemplate");
  setDefault(childOf(template, "metadata"), "creationTimestamp", null);
  defaultTemplate(childOf(template, "spec"));
}

function defaultService(spec: JsonObject): void {
  setDefault(spec, "sessionAffinity", "None");
  setDefault(spec, "type", "ClusterIP");
  const type = textAt(spec, "type");
  if (type !== "ExternalName") setDefault(spec, "internalTrafficPolicy", "Cluster");
  if (type === "NodePort" || type === "LoadBalancer") setDefault(spec, "externalTrafficPolicy", "Cluster");
  if (type === "LoadBalancer") setDefault(spec, "allocateLoadBalancerNodePorts", true);
  if (spec["sessionAffinity"] === "ClientIP") {
    setDefault(childOf(childOf(spec, "sessionAffinityConfig"), "clientIP"), "timeoutSeconds", 10_800);
  }
  for (const port of objectsAt(spec, "ports")) {
    setDefault(port, "protocol", "TCP");
    if (port["targetPort"] === undefined || port["targetPort"] === 0 || port["targetPort"] === "") {
      port["targetPort"] = port["port"];
    }
  }
}

function defaultSecret(object: JsonObject): void {
  setDefault(object, "type", "Opaque");
  const plain = mapAt(object, "stringData");
  if (object["stringData"] !== undefined) {
    const data = childOf(object, "data");
    for (const [key, value] of Object.entries(plain)) data[key] = Buffer.from(value, "utf8").toString("base64");
    delete object["stringData"];
  }
}

function defaultSubjects(object: JsonObject): void {
  const role = objectAt(object, "roleRef");
  if (role) setDefault(role, "apiGroup", "rbac.authorization.k8s.io");
  for (const subject of objectsAt(object, "subjects")) {
    if (subject["kind"] !== "ServiceAccount") setDefault(subject, "apiGroup", "rbac.authorization.k8s.io");
  }
}

function defaultStatus(object: JsonObject, fields: JsonObject): void {
  const status = childOf(object, "status");
  for (const [field, value] of Object.entries(fields)) setDefault(status, field, value);
}

const daemonCounts = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };

/** Fills in every field that the API sets on an object of this kind when its author left it out. */
export function applyDefaults(kind: string, object: JsonObject): void {
  const spec = (): JsonObject => childOf(object, "spec");
  switch (kind) {
    case "Pod":
      defaultPodSpec(spec(), true);
      defaultStatus(object, { phase: "Pending" });
      for (const condition of objectsAt(object, "status", "conditions")) {
        for (const field of ["lastProbeTime", "lastTransitionTime"]) condition[field] ??= null;
      }
      break;
    case "PodTemplate":
      defaultTemplate(object);
      break;
    case "Deployment":
      defaultDeployment(spec());
      childOf(object, "status");
      break;
    case "ReplicaSet":
    case "ReplicationController":
      setDefault(spec(), "replicas", 1);
      defaultTemplate(spec());
      defaultStatus(object, { replicas: 0 });
      break;
    case "DaemonSet":
      defaultDaemonSet(spec());
      defaultStatus(object, daemonCounts);
      break;
    case "StatefulSet":
      defaultStatefulSet(spec());
      defaultStatus(object, { replicas: 0, availableReplicas: 0 });
      break;
    case "Job":
      defaultJob(spec());
      childOf(object, "status");
      break;
    case "CronJob":
      defaultCronJob(spec());
      childOf(object, "status");
      break;
    case "Service":
      defaultService(spec());
      defaultStatus(object, { loadBalancer: {} });
      break;
    case "Namespace":
      setDefault(
        childOf(childOf(object, "metadata"), "labels"),
        "kubernetes.io/metadata.name",
        textAt(object, "metadata", "name"),
      );
      defaultStatus(object, { phase: "Active" });
      break;
    case "Node": {
      spec();
      const status = childOf(object, "status");
      if (objectAt(status, "capacity")) setDefault(status, "allocatable", { ...objectAt(status, "capacity") });
      break;
    }
    case "Secret":
      defaultSecret(object);
      break;
    case "Endpoints":
      for (const subset of objectsAt(object, "subsets")) defaultPorts(subset, false);
      break;
    case "EndpointSlice":
      defaultPorts(object, true);
      break;
    case "PersistentVolumeClaim":
      setDefault(spec(), "volumeMode", "Filesystem");
      defaultStatus(object, { phase: "Pending" });
      break;
    case "PersistentVolume":
      setDefault(spec(), "persistentVolumeReclaimPolicy", "Retain");
      setDefault(spec(), "volumeMode", "Filesystem");
      defaultStatus(object, { phase: "Pending" });
      break;
    case "StorageClass":
      setDefault(object, "reclaimPolicy", "Delete");
      setDefault(object, "volumeBindingMode", "Immediate");
      break;
    case "PriorityClass":
      setDefault(object, "preemptionPolicy", "PreemptLowerPriority");
      break;
    case "RoleBinding":
    case "ClusterRoleBinding":
      defaultSubjects(object);
      break;
    case "HorizontalPodAutoscaler":
      setDefault(spec(), "minReplicas", 1);
      defaultStatus(object, { desiredReplicas: 0, currentMetrics: null });
      break;
    case "NetworkPolicy":
      defaultNetworkPolicy(spec());
      break;
    case "PodDisruptionBudget":
      defaultStatus(object, { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 });
      break;
    case "Ingress":
      defaultStatus(object, { loadBalancer: {} });
      break;
    case "CertificateSigningRequest":
      childOf(object, "status");
      break;
    case "Event":
      defaultEvent(object);
      break;
    default:
  }
}

function defaultPorts(parent: JsonObject, named: boolean): void {
  for (const port of objectsAt(parent, "ports")) {
    if (named) setDefault(port, "name", "");
    setDefault(port, "protocol", "TCP");
  }
}

function defaultNetworkPolicy(spec: JsonObject): void {
  if (spec["policyTypes"] === undefined) {
    spec["policyTypes"] = listAt(spec, "egress").length > 0 ? ["Ingress", "Egress"] : ["Ingress"];
  }
}

function defaultEvent(object: JsonObject): void {
  if (!isObject(object["involvedObject"])) return;
  setDefault(object, "source", {});
  for (const field of ["firstTimestamp", "lastTimestamp", "eventTime"]) {
    if (object[field] === undefined) object[field] = null;
  }
  setDefault(object, "reportingComponent", "");
  setDefault(object, "reportingInstance", "");
}

/** The quality of service that follows from a pod's requests and limits. */
export function qosClass(spec: JsonObject): string {
  const containers = [...objectsAt(spec, "containers"), ...objectsAt(spec, "initContainers")];
  let any = false;
  let guaranteed = containers.length > 0;
  for (const container of containers) {
    const limits = mapAt(container, "resources", "limits");
    const requests = mapAt(container, "resources", "requests");
    for (const name of ["cpu", "memory"]) {
      if (limits[name] !== undefined || requests[name] !== undefined) any = true;
      if (limits[name] === undefined || (requests[name] ?? limits[name]) !== limits[name]) guaranteed = false;
    }
  }
  if (!any) return "BestEffort";
  return guaranteed ? "Guaranteed" : "Burstable";
}

/** The generation that a change of the specification leads to. */
export const nextGeneration = (old: JsonObject): number => (numberAt(old, "metadata", "generation") ?? 0) + 1;
