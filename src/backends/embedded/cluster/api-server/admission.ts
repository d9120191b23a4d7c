import {
  at,
  childOf,
  copy,
  isObject,
  listAt,
  mapAt,
  numberAt,
  objectAt,
  objectsAt,
  textAt,
  type JsonObject,
} from "../json.ts";
import { knownKind, type ResourceKind } from "../resources/kinds.ts";
import { randomSuffix, storageKey, subject, type Caller, type ServerContext } from "./context.ts";
import { forbidden, notFound } from "./errors.ts";

const namespaces = knownKind("v1", "namespaces");
const tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount";
const mirrorAnnotation = "kubernetes.io/config.mirror";

/** Refuses content for a namespace that is not there or on its way out. */
export function admitNamespace(context: ServerContext, kind: ResourceKind, namespace: string, name: string): void {
  if (!kind.namespaced) return;
  const found = context.store().get(namespaces.storage, namespace);
  if (!found) throw notFound(subject(namespaces, namespace));
  if (textAt(found, "metadata", "deletionTimestamp") !== "" && kind.plural !== "events") {
    throw forbidden(
      subject(kind, name),
      `unable to create new content in namespace ${namespace} because it is being terminated`,
    );
  }
}

/** What the admission plugins of a kubeadm cluster do to a new pod. Throws ApiError Forbidden. */
export function admitPod(context: ServerContext, kind: ResourceKind, pod: JsonObject, caller: Caller): void {
  const namespace = textAt(pod, "metadata", "namespace");
  const name = textAt(pod, "metadata", "name");
  const spec = childOf(pod, "spec");
  const refuse = (why: string): Error => forbidden(subject(kind, name), why);
  const mirror = mapAt(pod, "metadata", "annotations")[mirrorAnnotation] !== undefined;
  if (caller.user.groups.includes("system:nodes")) {
    const node = caller.user.name.replace(/^system:node:/, "");
    if (!mirror)
      throw refuse(`pod does not have "${mirrorAnnotation}" annotation, node "${node}" can only create mirror pods`);
    if (textAt(spec, "nodeName") !== node) {
      throw refuse(`node "${node}" can only create pods with spec.nodeName set to itself`);
    }
  }
  if (!mirror) admitServiceAccount(context, spec, namespace, refuse);
  admitRuntimeClass(context, spec, refuse);
  admitPriority(context, spec, refuse);
  if (!mirror) addTolerations(spec);
}

function admitServiceAccount(
  context: ServerContext,
  spec: JsonObject,
  namespace: string,
  refuse: (why: string) => Error,
): void {
  const name = textAt(spec, "serviceAccountName") || "default";
  spec["serviceAccountName"] = name;
  spec["serviceAccount"] = name;
  const account = context.store().get("serviceaccounts", `${namespace}/${name}`);
  if (!account) {
    throw refuse(`error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`);
  }
  const wanted = at(spec, "automountServiceAccountToken") ?? at(account, "automountServiceAccountToken");
  if (wanted !== false) mountToken(context, spec);
}

function mountToken(context: ServerContext, spec: JsonObject): void {
  const volumes = Array.isArray(spec["volumes"]) ? spec["volumes"] : [];
  const known = volumes
    .filter(isObject)
    .map((volume) => textAt(volume, "name"))
    .find((name) => name.startsWith("kube-api-access-"));
  const name = known ?? `kube-api-access-${randomSuffix(context.random)}`;
  let used = false;
  for (const container of [...objectsAt(spec, "initContainers"), ...objectsAt(spec, "containers")]) {
    const mounts = Array.isArray(container["volumeMounts"]) ? container["volumeMounts"] : [];
    if (mounts.some((mount) => textAt(mount, "mountPath") === tokenPath)) continue;
    mounts.push({ name, readOnly: true, mountPath: tokenPath });
    container["volumeMounts"] = mounts;
    used = true;
  }
  if (!used || known !== undefined) return;
  const sources = [
    { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
    { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
    {
      downwardAPI: { items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }] },
    },
  ];
  volumes.push({ name, projected: { sources, defaultMode: 420 } });
  spec["volumes"] = volumes;
}

function admitRuntimeClass(context: ServerContext, spec: JsonObject, refuse: (why: string) => Error): void {
  const name = textAt(spec, "runtimeClassName");
  if (name === "") return;
  const runtime = context.store().get("runtimeclasses.node.k8s.io", name);
  if (!runtime) throw refuse(`pod rejected: RuntimeClass "${name}" not found`);
  const overhead = objectAt(runtime, "overhead", "podFixed");
  if (overhead) spec["overhead"] = copy(overhead);
  const wanted = mapAt(runtime, "scheduling", "nodeSelector");
  if (Object.keys(wanted).length > 0) {
    const selector = childOf(spec, "nodeSelector");
    for (const [key, value] of Object.entries(wanted)) {
      const own = selector[key];
      if (own !== undefined && own !== value) {
        throw refuse(
          `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${String(own)}`,
        );
      }
      selector[key] = value;
    }
  }
  const tolerations = listAt(runtime, "scheduling", "tolerations");
  if (tolerations.length > 0) spec["tolerations"] = [...listAt(spec, "tolerations"), ...copy(tolerations)];
}

function admitPriority(context: ServerContext, spec: JsonObject, refuse: (why: string) => Error): void {
  const name = textAt(spec, "priorityClassName");
  let priority = 0;
  let policy = "PreemptLowerPriority";
  const classes = context.store().list("priorityclasses.scheduling.k8s.io");
  const found =
    name === ""
      ? classes.find((item) => item["globalDefault"] === true)
      : classes.find((item) => textAt(item, "metadata", "name") === name);
  if (name !== "" && !found) throw refuse(`no PriorityClass with name ${name} was found`);
  if (found) {
    spec["priorityClassName"] = textAt(found, "metadata", "name");
    priority = numberAt(found, "value") ?? 0;
    policy = textAt(found, "preemptionPolicy") || policy;
  }
  const own = numberAt(spec, "priority");
  if (own !== undefined && own !== priority) {
    throw refuse(
      `the integer value of priority (${own}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`,
    );
  }
  spec["priority"] = priority;
  if (spec["preemptionPolicy"] === undefined) spec["preemptionPolicy"] = policy;
}

function addTolerations(spec: JsonObject): void {
  const tolerations = Array.isArray(spec["tolerations"]) ? spec["tolerations"] : [];
  for (const key of ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]) {
    const tolerated = tolerations.some(
      (item) =>
        isObject(item) &&
        (item["key"] === key || item["key"] === undefined || item["key"] === "") &&
        (item["effect"] === "NoExecute" || item["effect"] === undefined || item["effect"] === ""),
    );
    if (!tolerated) tolerations.push({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 });
  }
  spec["tolerations"] = tolerations;
}

/** A node may change its own Node object and the pods on it, nothing else of these kinds. */
export function admitNodeUser(
  kind: ResourceKind,
  namespace: string,
  name: string,
  caller: Caller,
  context: ServerContext,
): void {
  if (!caller.user.groups.includes("system:nodes")) return;
  const node = caller.user.name.replace(/^system:node:/, "");
  if (kind.plural === "nodes" && name !== node) {
    throw forbidden(subject(kind, name), `node "${node}" is not allowed to modify node "${name}"`);
  }
  if (kind.plural === "pods") {
    const pod = context.store().get(kind.storage, storageKey(kind, namespace, name));
    if (pod && textAt(pod, "spec", "nodeName") !== node) {
      throw forbidden(
        subject(kind, name),
        `node "${node}" can only update pod status for pods with spec.nodeName set to itself`,
      );
    }
  }
}
