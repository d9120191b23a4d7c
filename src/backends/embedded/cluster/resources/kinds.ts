/** What discovery says of a subresource. */
interface Subresource {
  name: string;
  verbs: readonly string[];
  kind: string;
  group?: string;
  version?: string;
}

/** One kind of object that the API serves. */
export interface ResourceKind {
  group: string;
  version: string;
  kind: string;
  plural: string;
  singular: string;
  namespaced: boolean;
  shortNames: readonly string[];
  categories: readonly string[];
  verbs: readonly string[];
  subresources: readonly Subresource[];
  /** Under which name the store keeps it; two groups may share one. */
  storage: string;
  /** False for reviews and bindings, which are answered and forgotten. */
  stored: boolean;
}

export const apiVersionOf = ({ group, version }: { group: string; version: string }): string =>
  group ? `${group}/${version}` : version;

const all = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const change = ["get", "patch", "update"];
const proxy = ["create", "delete", "get", "patch", "update"];

const scale: Subresource = { name: "scale", verbs: change, kind: "Scale", group: "autoscaling", version: "v1" };

/** Groups in the order in which the server lists them; the first version of a group is preferred. */
const groups: readonly (readonly [string, string, string])[] = [
  [
    "",
    "v1",
    `bindings Binding N binding - - create
     componentstatuses ComponentStatus C componentstatus cs - get,list
     configmaps ConfigMap N configmap cm
     endpoints Endpoints N endpoints ep
     events Event N event ev
     limitranges LimitRange N limitrange limits
     namespaces Namespace C namespace ns - create,delete,get,list,patch,update,watch finalize,status
     nodes Node C node no - * proxy,status
     persistentvolumeclaims PersistentVolumeClaim N persistentvolumeclaim pvc - * status
     persistentvolumes PersistentVolume C persistentvolume pv - * status
     pods Pod N pod po all * attach,binding,ephemeralcontainers,eviction,exec,log,portforward,proxy,status
     podtemplates PodTemplate N podtemplate
     replicationcontrollers ReplicationController N replicationcontroller rc all * scale,status
     resourcequotas ResourceQuota N resourcequota quota - * status
     secrets Secret N secret
     serviceaccounts ServiceAccount N serviceaccount sa - * token
     services Service N service svc all * proxy,status`,
  ],
  ["apiregistration.k8s.io", "v1", `apiservices APIService C apiservice - api-extensions * status`],
  [
    "apps",
    "v1",
    `controllerrevisions ControllerRevision N controllerrevision
     daemonsets DaemonSet N daemonset ds all * status
     deployments Deployment N deployment deploy all * scale,status
     replicasets ReplicaSet N replicaset rs all * scale,status
     statefulsets StatefulSet N statefulset sts all * scale,status`,
  ],
  ["events.k8s.io", "v1", `events Event N event ev`],
  [
    "authentication.k8s.io",
    "v1",
    `selfsubjectreviews SelfSubjectReview C selfsubjectreview - - create
     tokenreviews TokenReview C tokenreview - - create`,
  ],
  [
    "authorization.k8s.io",
    "v1",
    `localsubjectaccessreviews LocalSubjectAccessReview N localsubjectaccessreview - - create
     selfsubjectaccessreviews SelfSubjectAccessReview C selfsubjectaccessreview - - create
     selfsubjectrulesreviews SelfSubjectRulesReview C selfsubjectrulesreview - - create
     subjectaccessreviews SubjectAccessReview C subjectaccessreview - - create`,
  ],
  ["autoscaling", "v2", `horizontalpodautoscalers HorizontalPodAutoscaler N horizontalpodautoscaler hpa all * status`],
  ["autoscaling", "v1", `horizontalpodautoscalers HorizontalPodAutoscaler N horizontalpodautoscaler hpa all * status`],
  ["batch", "v1", `cronjobs CronJob N cronjob cj all * status\njobs Job N job - all * status`],
  [
    "certificates.k8s.io",
    "v1",
    `certificatesigningrequests CertificateSigningRequest C certificatesigningrequest csr - * approval,status`,
  ],
  [
    "networking.k8s.io",
    "v1",
    `ingressclasses IngressClass C ingressclass
     ingresses Ingress N ingress ing - * status
     networkpolicies NetworkPolicy N networkpolicy netpol`,
  ],
  ["policy", "v1", `poddisruptionbudgets PodDisruptionBudget N poddisruptionbudget pdb - * status`],
  [
    "rbac.authorization.k8s.io",
    "v1",
    `clusterrolebindings ClusterRoleBinding C clusterrolebinding
     clusterroles ClusterRole C clusterrole
     rolebindings RoleBinding N rolebinding
     roles Role N role`,
  ],
  [
    "storage.k8s.io",
    "v1",
    `csidrivers CSIDriver C csidriver
     csinodes CSINode C csinode
     csistoragecapacities CSIStorageCapacity N csistoragecapacity
     storageclasses StorageClass C storageclass sc
     volumeattachments VolumeAttachment C volumeattachment - - * status`,
  ],
  [
    "admissionregistration.k8s.io",
    "v1",
    `mutatingwebhookconfigurations MutatingWebhookConfiguration C mutatingwebhookconfiguration - api-extensions
     validatingwebhookconfigurations ValidatingWebhookConfiguration C validatingwebhookconfiguration - api-extensions`,
  ],
  [
    "apiextensions.k8s.io",
    "v1",
    `customresourcedefinitions CustomResourceDefinition C customresourcedefinition crd,crds api-extensions * status`,
  ],
  ["scheduling.k8s.io", "v1", `priorityclasses PriorityClass C priorityclass pc`],
  ["coordination.k8s.io", "v1", `leases Lease N lease`],
  ["node.k8s.io", "v1", `runtimeclasses RuntimeClass C runtimeclass`],
  ["discovery.k8s.io", "v1", `endpointslices EndpointSlice N endpointslice`],
  [
    "flowcontrol.apiserver.k8s.io",
    "v1beta3",
    `flowschemas FlowSchema C flowschema - - * status
     prioritylevelconfigurations PriorityLevelConfiguration C prioritylevelconfiguration - - * status`,
  ],
  [
    "flowcontrol.apiserver.k8s.io",
    "v1beta2",
    `flowschemas FlowSchema C flowschema - - * status
     prioritylevelconfigurations PriorityLevelConfiguration C prioritylevelconfiguration - - * status`,
  ],
];

function subresourceOf(name: string, kind: string): Subresource {
  switch (name) {
    case "scale":
      return scale;
    case "proxy":
      return { name, verbs: proxy, kind: `${kind}ProxyOptions` };
    case "log":
      return { name, verbs: ["get"], kind: "Pod" };
    case "exec":
      return { name, verbs: ["create", "get"], kind: "PodExecOptions" };
    case "attach":
      return { name, verbs: ["create", "get"], kind: "PodAttachOptions" };
    case "portforward":
      return { name, verbs: ["create", "get"], kind: "PodPortForwardOptions" };
    case "binding":
      return { name, verbs: ["create"], kind: "Binding" };
    case "eviction":
      return { name, verbs: ["create"], kind: "Eviction", group: "policy", version: "v1" };
    case "token":
      return { name, verbs: ["create"], kind: "TokenRequest", group: "authentication.k8s.io", version: "v1" };
    case "finalize":
      return { name, verbs: ["update"], kind };
    default:
      return { name, verbs: change, kind };
  }
}

function parseKind(group: string, version: string, line: string): ResourceKind {
  const words = line.trim().split(/\s+/);
  const word = (index: number): string => words[index] ?? "";
  const list = (text: string): readonly string[] => (text === "" || text === "-" ? [] : text.split(","));
  const plural = word(0);
  const kind = word(1);
  const verbs = word(6) === "" || word(6) === "*" ? all : list(word(6));
  return {
    group,
    version,
    kind,
    plural,
    singular: word(3),
    namespaced: word(2) === "N",
    shortNames: list(word(4)),
    categories: list(word(5)),
    verbs,
    subresources: list(word(7)).map((name) => subresourceOf(name, kind)),
    storage:
      plural === "events" || plural === "horizontalpodautoscalers" ? plural : group ? `${plural}.${group}` : plural,
    stored: verbs.includes("list") && plural !== "componentstatuses",
  };
}

export const kinds: readonly ResourceKind[] = groups.flatMap(([group, version, lines]) =>
  lines.split("\n").map((line) => parseKind(group, version, line)),
);

const byPlural = new Map(kinds.map((kind) => [`${apiVersionOf(kind)}/${kind.plural}`, kind]));

/** Undefined for a resource that the API does not serve; `apiVersion` as in an object. */
export const kindOf = (apiVersion: string, plural: string): ResourceKind | undefined =>
  byPlural.get(`${apiVersion}/${plural}`);

/** A kind that must exist because this program names it. */
export function knownKind(apiVersion: string, plural: string): ResourceKind {
  const found = kindOf(apiVersion, plural);
  if (!found) throw new TypeError(`no kind for ${apiVersion} ${plural}`);
  return found;
}

/** Group and versions in the server's order, without the legacy group. */
export const apiGroups: readonly { name: string; versions: readonly string[] }[] = [
  ...Map.groupBy(
    groups.filter(([group]) => group !== ""),
    ([group]) => group,
  ),
].map(([name, entries]) => ({ name, versions: entries.map(([, version]) => version) }));
