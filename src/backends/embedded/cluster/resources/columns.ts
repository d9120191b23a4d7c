import { selectorText } from "../api-server/selectors.ts";
import { at, listAt, mapAt, numberAt, objectAt, objectsAt, textAt, type JsonObject } from "../json.ts";
import { humanDuration, since } from "./age.ts";
import { podCells } from "./pod-columns.ts";

interface Column {
  name: string;
  type: "string" | "integer" | "boolean" | "date";
  format: string;
  /** Shown by `-o wide` only. */
  wide: boolean;
}

/** How a table shows objects of a kind. */
interface TableShape {
  columns: readonly Column[];
  cells(object: JsonObject, now: number): readonly unknown[];
}

/** `Name` has the format `name`; `:integer` is a type and a final `+` means wide. */
function columnsOf(text: string): Column[] {
  return text.split("|").map((part) => {
    const wide = part.endsWith("+");
    const [name = "", type] = part.replace("+", "").split(":");
    return {
      name,
      type: type === "integer" || type === "boolean" || type === "date" ? type : "string",
      format: name === "Name" ? "name" : "",
      wide,
    };
  });
}

const nameOf = (object: JsonObject): string => textAt(object, "metadata", "name");
const ageOf = (object: JsonObject, now: number): string => since(at(object, "metadata", "creationTimestamp"), now);
const count = (object: JsonObject, ...path: string[]): number => numberAt(object, ...path) ?? 0;
const orNone = (text: string): string => text || "<none>";
const containers = (object: JsonObject, ...path: string[]): readonly JsonObject[] =>
  objectsAt(object, ...path, "containers");
const names = (list: readonly JsonObject[]): string => list.map((item) => textAt(item, "name")).join(",");
const images = (list: readonly JsonObject[]): string => list.map((item) => textAt(item, "image")).join(",");

function templateCells(object: JsonObject): [string, string, string] {
  const list = containers(object, "spec", "template", "spec");
  return [names(list), images(list), selectorText(at(object, "spec", "selector"))];
}

function nodeCells(object: JsonObject, now: number): readonly unknown[] {
  const ready = objectsAt(object, "status", "conditions").find((condition) => condition["type"] === "Ready");
  const state = ready ? (ready["status"] === "True" ? "Ready" : "NotReady") : "Unknown";
  const roles = new Set<string>();
  for (const [label, value] of Object.entries(mapAt(object, "metadata", "labels"))) {
    if (label.startsWith("node-role.kubernetes.io/")) roles.add(label.slice("node-role.kubernetes.io/".length));
    else if (label === "kubernetes.io/role" && value !== "") roles.add(value);
  }
  const addressOf = (type: string): string =>
    textAt(
      objectsAt(object, "status", "addresses").find((address) => address["type"] === type),
      "address",
    );
  const info = objectAt(object, "status", "nodeInfo");
  return [
    nameOf(object),
    state + (at(object, "spec", "unschedulable") === true ? ",SchedulingDisabled" : ""),
    orNone([...roles].sort().join(",")),
    ageOf(object, now),
    textAt(info, "kubeletVersion"),
    orNone(addressOf("InternalIP")),
    orNone(addressOf("ExternalIP")),
    textAt(info, "osImage") || "<unknown>",
    textAt(info, "kernelVersion") || "<unknown>",
    textAt(info, "containerRuntimeVersion") || "<unknown>",
  ];
}

function serviceCells(object: JsonObject, now: number): readonly unknown[] {
  const type = textAt(object, "spec", "type");
  const ports = objectsAt(object, "spec", "ports").map((port) => {
    const node = numberAt(port, "nodePort") ?? 0;
    return `${count(port, "port")}${node > 0 ? `:${node}` : ""}/${textAt(port, "protocol")}`;
  });
  const external = listAt(object, "spec", "externalIPs").join(",");
  const ingress = objectsAt(object, "status", "loadBalancer", "ingress").map(
    (item) => textAt(item, "ip") || textAt(item, "hostname"),
  );
  const outside =
    type === "ExternalName"
      ? textAt(object, "spec", "externalName")
      : type === "LoadBalancer"
        ? [...ingress, ...(external ? [external] : [])].join(",") || "<pending>"
        : orNone(external);
  const selector = Object.entries(mapAt(object, "spec", "selector")).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    nameOf(object),
    type,
    orNone(textAt(object, "spec", "clusterIP")),
    outside,
    orNone(ports.join(",")),
    ageOf(object, now),
    orNone(selector.map(([key, value]) => `${key}=${value}`).join(",")),
  ];
}

function eventCells(object: JsonObject, now: number): readonly unknown[] {
  const time = (field: string): string => textAt(object, field);
  const first = since(time("firstTimestamp") || time("eventTime"), now);
  const series = objectAt(object, "series");
  const last = series
    ? since(series["lastObservedTime"], now)
    : time("lastTimestamp")
      ? since(time("lastTimestamp"), now)
      : first;
  const source = [textAt(object, "source", "component"), textAt(object, "source", "host")].filter(
    (part) => part !== "",
  );
  const reporting = [time("reportingComponent"), time("reportingInstance")].filter((part) => part !== "");
  const kind = textAt(object, "involvedObject", "kind").toLowerCase();
  return [
    last,
    time("type"),
    time("reason"),
    `${kind}/${textAt(object, "involvedObject", "name")}`,
    textAt(object, "involvedObject", "fieldPath"),
    (source.length > 0 ? source : reporting).join(", "),
    time("message").trim(),
    first,
    (series ? numberAt(series, "count") : numberAt(object, "count")) || 1,
    nameOf(object),
  ];
}

function endpointsText(object: JsonObject): string {
  const all: string[] = [];
  let ready = false;
  for (const subset of objectsAt(object, "subsets")) {
    const ports = objectsAt(subset, "ports");
    for (const address of objectsAt(subset, "addresses")) {
      ready = true;
      if (ports.length === 0) all.push(textAt(address, "ip"));
      for (const port of ports) all.push(`${textAt(address, "ip")}:${count(port, "port")}`);
    }
  }
  if (!ready) return "<none>";
  return all.length > 3 ? `${all.slice(0, 3).join(",")} + ${all.length - 3} more...` : all.join(",");
}

function few(items: readonly string[], empty: string): string {
  if (items.length === 0) return empty;
  return items.length > 3 ? `${items.slice(0, 3).join(",")} + ${items.length - 3} more...` : items.join(",");
}

function sliceCells(object: JsonObject, now: number): readonly unknown[] {
  const ports = objectsAt(object, "ports").map((port) => String(numberAt(port, "port") ?? "*"));
  const addresses = objectsAt(object, "endpoints").flatMap((endpoint) =>
    listAt(endpoint, "addresses").filter((address) => typeof address === "string"),
  );
  return [
    nameOf(object),
    textAt(object, "addressType"),
    few(ports, "<unset>"),
    few(addresses, "<unset>"),
    ageOf(object, now),
  ];
}

function jobCells(object: JsonObject, now: number): readonly unknown[] {
  const done = count(object, "status", "succeeded");
  const wanted = numberAt(object, "spec", "completions");
  const start = textAt(object, "status", "startTime");
  const end = textAt(object, "status", "completionTime");
  const list = containers(object, "spec", "template", "spec");
  return [
    nameOf(object),
    wanted === undefined ? `${done}/1` : `${done}/${wanted}`,
    start === "" ? "" : humanDuration((end ? Date.parse(end) : now) - Date.parse(start)),
    ageOf(object, now),
    names(list),
    images(list),
    selectorText(at(object, "spec", "selector")),
  ];
}

function certificateCells(object: JsonObject, now: number): readonly unknown[] {
  const types = new Set(objectsAt(object, "status", "conditions").map((condition) => textAt(condition, "type")));
  let state = types.has("Denied") ? "Denied" : types.has("Approved") ? "Approved" : "Pending";
  if (types.has("Failed")) state += ",Failed";
  if (textAt(object, "status", "certificate") !== "") state += ",Issued";
  const seconds = numberAt(object, "spec", "expirationSeconds");
  return [
    nameOf(object),
    ageOf(object, now),
    textAt(object, "spec", "signerName"),
    textAt(object, "spec", "username"),
    seconds === undefined ? "<none>" : humanDuration(seconds * 1000),
    state,
  ];
}

function bindingCells(object: JsonObject, now: number): readonly unknown[] {
  const subjects = objectsAt(object, "subjects");
  const of = (kind: string): string =>
    subjects
      .filter((subject) => subject["kind"] === kind)
      .map((subject) => (kind === "ServiceAccount" ? `${textAt(subject, "namespace")}/` : "") + textAt(subject, "name"))
      .join(", ");
  const role = `${textAt(object, "roleRef", "kind")}/${textAt(object, "roleRef", "name")}`;
  return [nameOf(object), role, ageOf(object, now), of("User"), of("Group"), of("ServiceAccount")];
}

const modes: Readonly<Record<string, string>> = {
  ReadWriteOnce: "RWO",
  ReadOnlyMany: "ROX",
  ReadWriteMany: "RWX",
  ReadWriteOncePod: "RWOP",
};
const accessModes = (list: readonly unknown[]): string =>
  list.map((mode) => modes[String(mode)] ?? String(mode)).join(",");

function volumeCells(object: JsonObject, now: number): readonly unknown[] {
  const claim = objectAt(object, "spec", "claimRef");
  return [
    nameOf(object),
    textAt(object, "spec", "capacity", "storage"),
    accessModes(listAt(object, "spec", "accessModes")),
    textAt(object, "spec", "persistentVolumeReclaimPolicy"),
    textAt(object, "status", "phase"),
    claim ? `${textAt(claim, "namespace")}/${textAt(claim, "name")}` : "",
    textAt(object, "spec", "storageClassName"),
    textAt(object, "status", "reason"),
    ageOf(object, now),
    textAt(object, "spec", "volumeMode") || "<unset>",
  ];
}

function claimCells(object: JsonObject, now: number): readonly unknown[] {
  return [
    nameOf(object),
    textAt(object, "status", "phase"),
    textAt(object, "spec", "volumeName"),
    textAt(object, "status", "capacity", "storage"),
    accessModes(listAt(object, "status", "accessModes")),
    textAt(object, "spec", "storageClassName"),
    ageOf(object, now),
    textAt(object, "spec", "volumeMode") || "<unset>",
  ];
}

const shape = (columns: string, cells: TableShape["cells"]): TableShape => ({ columns: columnsOf(columns), cells });
const dataCount = (object: JsonObject): number =>
  Object.keys(objectAt(object, "data") ?? {}).length + Object.keys(objectAt(object, "binaryData") ?? {}).length;
const controllerOf = (object: JsonObject): string => {
  const owner = objectsAt(object, "metadata", "ownerReferences").find((item) => item["controller"] === true);
  return owner
    ? `${textAt(owner, "kind").toLowerCase()}.${textAt(owner, "apiVersion").split("/")[0]}/${textAt(owner, "name")}`
    : "<none>";
};
const ready = (object: JsonObject): string =>
  `${count(object, "status", "readyReplicas")}/${count(object, "spec", "replicas")}`;

const replicaSetShape = shape(
  "Name|Desired:integer|Current:integer|Ready:integer|Age|Containers+|Images+|Selector+",
  (object, now) => [
    nameOf(object),
    count(object, "spec", "replicas"),
    count(object, "status", "replicas"),
    count(object, "status", "readyReplicas"),
    ageOf(object, now),
    ...templateCells(object),
  ],
);

const plain = shape("Name|Created At:date", (object) => [
  nameOf(object),
  textAt(object, "metadata", "creationTimestamp"),
]);

const bindingShape = shape("Name|Role|Age|Users+|Groups+|ServiceAccounts+", bindingCells);

const shapes: Readonly<Record<string, TableShape>> = {
  Pod: shape("Name|Ready|Status|Restarts|Age|IP+|Node+|Nominated Node+|Readiness Gates+", podCells),
  Deployment: shape("Name|Ready|Up-to-date|Available|Age|Containers+|Images+|Selector+", (object, now) => [
    nameOf(object),
    ready(object),
    count(object, "status", "updatedReplicas"),
    count(object, "status", "availableReplicas"),
    ageOf(object, now),
    ...templateCells(object),
  ]),
  ReplicaSet: replicaSetShape,
  ReplicationController: replicaSetShape,
  DaemonSet: shape(
    "Name|Desired:integer|Current:integer|Ready:integer|Up-to-date:integer|Available:integer|Node Selector|Age|Containers+|Images+|Selector+",
    (object, now) => [
      nameOf(object),
      count(object, "status", "desiredNumberScheduled"),
      count(object, "status", "currentNumberScheduled"),
      count(object, "status", "numberReady"),
      count(object, "status", "updatedNumberScheduled"),
      count(object, "status", "numberAvailable"),
      selectorText({ matchLabels: mapAt(object, "spec", "template", "spec", "nodeSelector") }),
      ageOf(object, now),
      ...templateCells(object),
    ],
  ),
  StatefulSet: shape("Name|Ready|Age|Containers+|Images+", (object, now) => [
    nameOf(object),
    ready(object),
    ageOf(object, now),
    ...templateCells(object).slice(0, 2),
  ]),
  ControllerRevision: shape("Name|Controller|Revision|Age", (object, now) => [
    nameOf(object),
    controllerOf(object),
    count(object, "revision"),
    ageOf(object, now),
  ]),
  Job: shape("Name|Completions|Duration|Age|Containers+|Images+|Selector+", jobCells),
  CronJob: shape(
    "Name|Schedule|Suspend|Active:integer|Last Schedule|Age|Containers+|Images+|Selector+",
    (object, now) => {
      const list = containers(object, "spec", "jobTemplate", "spec", "template", "spec");
      const last = textAt(object, "status", "lastScheduleTime");
      return [
        nameOf(object),
        textAt(object, "spec", "schedule"),
        at(object, "spec", "suspend") === true ? "True" : "False",
        listAt(object, "status", "active").length,
        last ? since(last, now) : "<none>",
        ageOf(object, now),
        names(list),
        images(list),
        selectorText(at(object, "spec", "jobTemplate", "spec", "selector")),
      ];
    },
  ),
  Node: shape(
    "Name|Status|Roles|Age|Version|Internal-IP+|External-IP+|OS-Image+|Kernel-Version+|Container-Runtime+",
    nodeCells,
  ),
  Namespace: shape("Name|Status|Age", (object, now) => [
    nameOf(object),
    textAt(object, "status", "phase"),
    ageOf(object, now),
  ]),
  Service: shape("Name|Type|Cluster-IP|External-IP|Port(s)|Age|Selector+", serviceCells),
  Endpoints: shape("Name|Endpoints|Age", (object, now) => [nameOf(object), endpointsText(object), ageOf(object, now)]),
  EndpointSlice: shape("Name|AddressType|Ports|Endpoints|Age", sliceCells),
  Event: shape("Last Seen|Type|Reason|Object|Subobject+|Source+|Message|First Seen+|Count+|Name+", eventCells),
  ConfigMap: shape("Name|Data|Age", (object, now) => [nameOf(object), dataCount(object), ageOf(object, now)]),
  Secret: shape("Name|Type|Data|Age", (object, now) => [
    nameOf(object),
    textAt(object, "type"),
    dataCount(object),
    ageOf(object, now),
  ]),
  ServiceAccount: shape("Name|Secrets|Age", (object, now) => [
    nameOf(object),
    listAt(object, "secrets").length,
    ageOf(object, now),
  ]),
  RuntimeClass: shape("Name|Handler|Age", (object, now) => [
    nameOf(object),
    textAt(object, "handler"),
    ageOf(object, now),
  ]),
  Lease: shape("Name|Holder|Age", (object, now) => [
    nameOf(object),
    textAt(object, "spec", "holderIdentity"),
    ageOf(object, now),
  ]),
  CertificateSigningRequest: shape("Name|Age|SignerName|Requestor|RequestedDuration|Condition", certificateCells),
  RoleBinding: bindingShape,
  ClusterRoleBinding: bindingShape,
  StorageClass: shape("Name|Provisioner|ReclaimPolicy|VolumeBindingMode|AllowVolumeExpansion|Age", (object, now) => [
    nameOf(object) +
      (mapAt(object, "metadata", "annotations")["storageclass.kubernetes.io/is-default-class"] === "true"
        ? " (default)"
        : ""),
    textAt(object, "provisioner"),
    textAt(object, "reclaimPolicy"),
    textAt(object, "volumeBindingMode"),
    object["allowVolumeExpansion"] === true,
    ageOf(object, now),
  ]),
  PersistentVolume: shape(
    "Name|Capacity|Access Modes|Reclaim Policy|Status|Claim|StorageClass|Reason|Age|VolumeMode+",
    volumeCells,
  ),
  PersistentVolumeClaim: shape("Name|Status|Volume|Capacity|Access Modes|StorageClass|Age|VolumeMode+", claimCells),
  PriorityClass: shape("Name|Value|Global-Default|Age", (object, now) => [
    nameOf(object),
    count(object, "value"),
    object["globalDefault"] === true,
    ageOf(object, now),
  ]),
  CSINode: shape("Name|Drivers:integer|Age", (object, now) => [
    nameOf(object),
    listAt(object, "spec", "drivers").length,
    ageOf(object, now),
  ]),
  NetworkPolicy: shape("Name|Pod-Selector|Age", (object, now) => [
    nameOf(object),
    selectorText(at(object, "spec", "podSelector")),
    ageOf(object, now),
  ]),
  Ingress: shape("Name|Class|Hosts|Address|Ports|Age", (object, now) => {
    const hosts = objectsAt(object, "spec", "rules")
      .map((rule) => textAt(rule, "host"))
      .filter((host) => host !== "");
    return [
      nameOf(object),
      orNone(textAt(object, "spec", "ingressClassName")),
      few(hosts, "*"),
      objectsAt(object, "status", "loadBalancer", "ingress")
        .map((item) => textAt(item, "ip"))
        .join(","),
      listAt(object, "spec", "tls").length > 0 ? "80, 443" : "80",
      ageOf(object, now),
    ];
  }),
  PodDisruptionBudget: shape("Name|Min Available|Max Unavailable|Allowed Disruptions:integer|Age", (object, now) => [
    nameOf(object),
    String(at(object, "spec", "minAvailable") ?? "N/A"),
    String(at(object, "spec", "maxUnavailable") ?? "N/A"),
    count(object, "status", "disruptionsAllowed"),
    ageOf(object, now),
  ]),
  HorizontalPodAutoscaler: shape("Name|Reference|Targets|MinPods|MaxPods|Replicas|Age", (object, now) => [
    nameOf(object),
    `${textAt(object, "spec", "scaleTargetRef", "kind")}/${textAt(object, "spec", "scaleTargetRef", "name")}`,
    listAt(object, "spec", "metrics").length === 0 ? "<none>" : "<unknown>",
    String(numberAt(object, "spec", "minReplicas") ?? "<unset>"),
    count(object, "spec", "maxReplicas"),
    count(object, "status", "currentReplicas"),
    ageOf(object, now),
  ]),
  ComponentStatus: shape("Name|Status|Message|Error", (object) => {
    const condition = objectsAt(object, "conditions")[0];
    return [
      nameOf(object),
      textAt(condition, "status") === "True" ? "Healthy" : "Unhealthy",
      textAt(condition, "message"),
      textAt(condition, "error"),
    ];
  }),
};

/** How the API shows a kind as a table. */
export const tableShape = (kind: string): TableShape => shapes[kind] ?? plain;
