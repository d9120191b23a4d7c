/**
 * Writes the field table of the Kubernetes kinds that the embedded API server knows, from the models of @kubernetes/client-node.
 * Run it after an update of that package: `node scripts/generate-openapi.ts`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const roots: Record<string, readonly string[]> = {
  v1: [
    "Binding",
    "ComponentStatus",
    "ConfigMap",
    "Endpoints",
    "LimitRange",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Pod",
    "PodTemplate",
    "ReplicationController",
    "ResourceQuota",
    "Secret",
    "Service",
    "ServiceAccount",
  ],
  "apps/v1": ["ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"],
  "batch/v1": ["CronJob", "Job"],
  "autoscaling/v1": ["HorizontalPodAutoscaler", "Scale"],
  "policy/v1": ["PodDisruptionBudget", "Eviction"],
  "node.k8s.io/v1": ["RuntimeClass"],
  "coordination.k8s.io/v1": ["Lease"],
  "discovery.k8s.io/v1": ["EndpointSlice"],
  "certificates.k8s.io/v1": ["CertificateSigningRequest"],
  "networking.k8s.io/v1": ["Ingress", "IngressClass", "NetworkPolicy"],
  "rbac.authorization.k8s.io/v1": ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"],
  "scheduling.k8s.io/v1": ["PriorityClass"],
  "storage.k8s.io/v1": ["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "CSIStorageCapacity"],
};
const namedOtherwise: Record<string, string> = {
  "v1/Event": "CoreV1Event",
  "events.k8s.io/v1/Event": "EventsV1Event",
  "autoscaling/v2/HorizontalPodAutoscaler": "V2HorizontalPodAutoscaler",
};
const quantityMaps = new Set(["limits", "requests", "capacity", "allocatable", "podFixed", "hard", "used", "overhead"]);
const quantities = new Set(["divisor", "sizeLimit", "averageValue"]);
const scalars: Record<string, string> = {
  string: "s",
  boolean: "b",
  IntOrString: "x",
  any: "*",
  Date: "t",
  number: "d",
};
const formats: Record<string, string> = { int32: "i", int64: "l", double: "d", byte: "y", "date-time-micro": "T" };

interface Attribute {
  baseName: string;
  type: string;
  format: string;
}

const require = createRequire(import.meta.url);
const models = join(dirname(require.resolve("@kubernetes/client-node")), "gen", "models");
const rootTypes: Record<string, string> = { ...namedOtherwise };
for (const [groupVersion, kinds] of Object.entries(roots)) {
  for (const kind of kinds) rootTypes[`${groupVersion}/${kind}`] = `V1${kind}`;
}
const types: Record<string, Record<string, string>> = {};
const queue = Object.values(rootTypes);
for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
  if (types[name]) continue;
  types[name] = await fieldsOf(name);
}
const sorted = Object.fromEntries(Object.entries(types).sort(([a], [b]) => (a < b ? -1 : 1)));
const target = new URL("../src/backends/embedded/cluster/openapi/field-table.json", import.meta.url);
writeFileSync(fileURLToPath(target), JSON.stringify({ roots: rootTypes, types: sorted }) + "\n");

async function fieldsOf(name: string): Promise<Record<string, string>> {
  const module: Record<string, { attributeTypeMap: readonly Attribute[] }> = await import(
    pathToFileURL(join(models, `${name}.js`)).href
  );
  const declared = readFileSync(join(models, `${name}.d.ts`), "utf8");
  const fields: Record<string, string> = {};
  for (const attribute of module[name]?.attributeTypeMap ?? []) {
    const required = new RegExp(`^ +'${attribute.baseName.replace("$", "_")}':`, "m").test(declared);
    fields[attribute.baseName] = encodeType(attribute) + (required ? "!" : "");
  }
  return fields;
}

function encodeType({ baseName, type, format }: Attribute): string {
  if (type === "{ [key: string]: string; }" && quantityMaps.has(baseName)) return "{}q";
  if (type === "string" && quantities.has(baseName)) return "q";
  return encode(type, format);
}

function encode(type: string, format: string): string {
  const list = /^Array<(.*)>$/.exec(type)?.[1];
  if (list) return `[]${encode(list, format)}`;
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(type)?.[1];
  if (map) return `{}${encode(map, format)}`;
  const scalar = formats[format] ?? scalars[type];
  if (scalar) return scalar;
  if (type === "object" || type === "V1MicroTime") return type === "object" ? "*" : "T";
  queue.push(type);
  return type;
}
