import table from "./field-table.json" with { type: "json" };

/** The type of a field, as the table abbreviates it: `s`, `i`, `[]V1Container`, `{}s`, ... */
export type FieldType = string;

const types: Readonly<Record<string, Readonly<Record<string, string>>>> = table.types;
const roots: Readonly<Record<string, string>> = table.roots;

/** The model's type of a kind, such as `V1Deployment`; undefined for kinds whose fields are not known. */
export const rootType = (apiVersion: string, kind: string): string | undefined => roots[`${apiVersion}/${kind}`];

/** The fields of a model type; undefined when the type is a scalar. */
export const fieldsOf = (type: FieldType): Readonly<Record<string, string>> | undefined =>
  Object.hasOwn(types, type) ? types[type] : undefined;

/** Type of one field without its mark; undefined for a field that does not exist. */
export function fieldType(type: FieldType | undefined, field: string): FieldType | undefined {
  const fields = type === undefined ? undefined : fieldsOf(type);
  if (!fields || !Object.hasOwn(fields, field)) return undefined;
  return fields[field]?.replace("!", "");
}

/** Of what a list or map consists; undefined for anything else. */
export const elementType = (type: FieldType | undefined): FieldType | undefined =>
  type?.startsWith("[]") || type?.startsWith("{}") ? type.slice(2) : undefined;

/** The model type's name without its version: `V1PodSpec` and `CoreV1Event` are `PodSpec` and `Event`. */
export const structName = (type: FieldType): string =>
  type.replace(/^[A-Za-z]*?V\d+(?:beta\d+|alpha\d+)?(?=[A-Z])/, "");

interface ListKeys {
  /** The key by which a strategic merge patch finds an element; empty for a list of scalars that is merged. */
  patch: string;
  /** The keys by which server-side apply finds an element; empty for a set. */
  apply: readonly string[];
}

const same = (key: string): ListKeys => ({ patch: key, apply: [key] });

const listKeys: Readonly<Record<string, ListKeys>> = {
  "V1ObjectMeta.ownerReferences": same("uid"),
  "V1ObjectMeta.finalizers": { patch: "", apply: [] },
  "V1PodSpec.containers": same("name"),
  "V1PodSpec.initContainers": same("name"),
  "V1PodSpec.ephemeralContainers": same("name"),
  "V1PodSpec.volumes": same("name"),
  "V1PodSpec.imagePullSecrets": same("name"),
  "V1PodSpec.hostAliases": same("ip"),
  "V1PodSpec.topologySpreadConstraints": { patch: "topologyKey", apply: ["topologyKey", "whenUnsatisfiable"] },
  "V1Container.env": same("name"),
  "V1Container.ports": { patch: "containerPort", apply: ["containerPort", "protocol"] },
  "V1Container.volumeMounts": same("mountPath"),
  "V1Container.volumeDevices": same("devicePath"),
  "V1EphemeralContainer.env": same("name"),
  "V1EphemeralContainer.volumeMounts": same("mountPath"),
  "V1ServiceSpec.ports": { patch: "port", apply: ["port", "protocol"] },
  "V1ServiceAccount.secrets": same("name"),
  "V1ServiceAccount.imagePullSecrets": same("name"),
  "V1NodeSpec.podCIDRs": { patch: "", apply: [] },
  "V1NodeStatus.addresses": same("type"),
  "V1PodStatus.podIPs": same("ip"),
  "V1PodStatus.hostIPs": same("ip"),
};

/** How the elements of a list are told apart; undefined for a list that is replaced as a whole. */
export function listKeysOf(type: FieldType | undefined, field: string): ListKeys | undefined {
  if (type === undefined) return undefined;
  if (field === "conditions" && type.endsWith("Status")) return same("type");
  return Object.hasOwn(listKeys, `${type}.${field}`) ? listKeys[`${type}.${field}`] : undefined;
}

/** Parts that Go's structs hold by value, or lists that they write even when empty. */
const heldByValue = new Set([
  "V1DeploymentSpec.strategy",
  "V1DeploymentSpec.template",
  "V1ReplicaSetSpec.template",
  "V1DaemonSetSpec.template",
  "V1DaemonSetSpec.updateStrategy",
  "V1StatefulSetSpec.template",
  "V1StatefulSetSpec.updateStrategy",
  "V1JobSpec.template",
  "V1CronJobSpec.jobTemplate",
  "V1JobTemplateSpec.metadata",
  "V1JobTemplateSpec.spec",
  "V1PodTemplateSpec.metadata",
  "V1PodTemplateSpec.spec",
  "V1PodSpec.containers",
  "V1ServiceStatus.loadBalancer",
  "V1NodeStatus.daemonEndpoints",
  "V1NodeDaemonEndpoints.kubeletEndpoint",
  "V1NodeStatus.nodeInfo",
  "CoreV1Event.source",
  "CoreV1Event.involvedObject",
]);

/** What a field of a new object holds before anyone sets it; undefined for one that is then absent. */
export function emptyValueOf(type: FieldType | undefined, field: string): unknown {
  if (type === "CoreV1Event" && field.startsWith("reporting")) return "";
  if (type === "EventsV1Event" && field === "deprecatedSource") return {};
  if (!heldByValue.has(`${type}.${field}`)) return undefined;
  return fieldType(type, field)?.startsWith("[]") ? [] : {};
}

/** Structures that are references, and so are replaced as a whole. */
const references = new Set([
  "V1ObjectReference",
  "V1LocalObjectReference",
  "V1TypedLocalObjectReference",
  "V1SecretKeySelector",
  "V1ConfigMapKeySelector",
  "V1ObjectFieldSelector",
  "V1ResourceFieldSelector",
  "V1NodeSelector",
  "V1NodeSelectorTerm",
  "V1RoleRef",
]);

/** Maps and structures that have one owner as a whole. */
export const isAtomic = (type: FieldType | undefined, field: string): boolean =>
  references.has(fieldType(type, field) ?? "") ||
  field === "nodeSelector" ||
  field === "hostIPs" ||
  (field === "selector" && (type === "V1ServiceSpec" || fieldType(type, field) === "V1LabelSelector")) ||
  fieldType(type, field) === "V1LabelSelector" ||
  field === "fieldsV1";
