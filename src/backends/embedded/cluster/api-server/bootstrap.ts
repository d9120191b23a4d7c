import type { JsonObject } from "../json.ts";
import { ApiError } from "../api.ts";
import { kindOf } from "../resources/kinds.ts";
import type { Caller } from "./context.ts";
import type { ApiServer } from "./server.ts";

interface BootstrapOptions {
  /** `--advertise-address` and `--secure-port`. */
  address: string;
  port: number;
  /** First address of the service range, which the service `kubernetes` has. */
  serviceAddress: string;
}

const read = ["get", "list", "watch"];
const write = ["create", "delete", "deletecollection", "patch", "update"];
const rule = (apiGroups: readonly string[], resources: readonly string[], verbs: readonly string[]): JsonObject => ({
  apiGroups,
  resources,
  verbs,
});
const paths = (...nonResourceURLs: string[]): JsonObject => ({ nonResourceURLs, verbs: ["get"] });

const health = ["/healthz", "/livez", "/readyz", "/version", "/version/"];
const documents = ["/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*"];
const workloads = [
  rule(
    [""],
    [
      "configmaps",
      "endpoints",
      "persistentvolumeclaims",
      "pods",
      "replicationcontrollers",
      "serviceaccounts",
      "services",
    ],
    [...read, ...write],
  ),
  rule(
    ["apps"],
    [
      "daemonsets",
      "deployments",
      "deployments/scale",
      "replicasets",
      "replicasets/scale",
      "statefulsets",
      "statefulsets/scale",
    ],
    [...read, ...write],
  ),
  rule(["batch"], ["cronjobs", "jobs"], [...read, ...write]),
  rule(["networking.k8s.io"], ["ingresses", "networkpolicies"], [...read, ...write]),
  rule(["autoscaling"], ["horizontalpodautoscalers"], [...read, ...write]),
  rule(["policy"], ["poddisruptionbudgets"], [...read, ...write]),
];
const readOnly = (rules: readonly JsonObject[]): JsonObject[] => rules.map((item) => ({ ...item, verbs: read }));
const common = [
  rule([""], ["events", "namespaces", "pods/log", "pods/status", "limitranges", "resourcequotas"], read),
  rule(["discovery.k8s.io"], ["endpointslices"], read),
];
const secrets = rule(
  [""],
  ["secrets", "pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "services/proxy"],
  [...read, ...write],
);
const certificates = (part: string): JsonObject[] => [
  rule(["certificates.k8s.io"], [`certificatesigningrequests/${part}`], ["create"]),
];

/** Simplified: a real server has 69 cluster roles; these are the ones that something in the lab is bound to. */
const clusterRoles: Readonly<Record<string, readonly JsonObject[]>> = {
  "cluster-admin": [rule(["*"], ["*"], ["*"]), { nonResourceURLs: ["*"], verbs: ["*"] }],
  admin: [
    ...workloads,
    secrets,
    ...common,
    rule(["rbac.authorization.k8s.io"], ["rolebindings", "roles"], [...read, ...write]),
  ],
  edit: [...workloads, secrets, ...common],
  view: [...readOnly(workloads), ...common],
  "system:basic-user": [
    rule(["authorization.k8s.io"], ["selfsubjectaccessreviews", "selfsubjectrulesreviews"], ["create"]),
    rule(["authentication.k8s.io"], ["selfsubjectreviews"], ["create"]),
  ],
  "system:discovery": [paths(...documents, ...health)],
  "system:public-info-viewer": [paths(...health)],
  "system:monitoring": [paths(...health, "/metrics")],
  "system:node": [],
  "system:node-bootstrapper": [rule(["certificates.k8s.io"], ["certificatesigningrequests"], ["create", ...read])],
  "system:certificates.k8s.io:certificatesigningrequests:nodeclient": certificates("nodeclient"),
  "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient": certificates("selfnodeclient"),
  "system:node-proxier": [
    rule([""], ["endpoints", "services"], ["list", "watch"]),
    rule([""], ["nodes"], read),
    rule(["", "events.k8s.io"], ["events"], ["create", "patch", "update"]),
    rule(["discovery.k8s.io"], ["endpointslices"], ["list", "watch"]),
  ],
  "system:kube-controller-manager": [rule(["*"], ["*"], ["*"])],
  "system:kube-scheduler": [
    rule(
      [""],
      [
        "nodes",
        "pods",
        "services",
        "persistentvolumeclaims",
        "persistentvolumes",
        "replicationcontrollers",
        "namespaces",
      ],
      read,
    ),
    rule(["apps"], ["replicasets", "statefulsets"], read),
    rule([""], ["pods/binding", "bindings"], ["create"]),
    rule([""], ["pods"], ["delete"]),
    rule([""], ["pods/status"], ["patch", "update"]),
    rule(["", "events.k8s.io"], ["events"], ["create", "patch", "update"]),
    rule(["coordination.k8s.io"], ["leases"], ["create", "get", "update"]),
    rule(["storage.k8s.io"], ["csidrivers", "csinodes", "csistoragecapacities", "storageclasses"], read),
    rule(["policy"], ["poddisruptionbudgets"], read),
  ],
  "system:service-account-issuer-discovery": [paths("/.well-known/openid-configuration", "/openid/v1/jwks")],
  "system:volume-scheduler": [
    rule([""], ["persistentvolumes"], [...read, "patch", "update"]),
    rule(["storage.k8s.io"], ["storageclasses"], read),
    rule([""], ["persistentvolumeclaims"], [...read, "patch", "update"]),
  ],
};

/** Role, then kind and name of who it is given to. */
const clusterBindings: readonly (readonly [string, string, string])[] = [
  ["cluster-admin", "Group", "system:masters"],
  ["system:basic-user", "Group", "system:authenticated"],
  ["system:discovery", "Group", "system:authenticated"],
  ["system:monitoring", "Group", "system:monitoring"],
  ["system:public-info-viewer", "Group", "system:unauthenticated"],
  ["system:kube-controller-manager", "User", "system:kube-controller-manager"],
  ["system:kube-scheduler", "User", "system:kube-scheduler"],
  ["system:node-proxier", "User", "system:kube-proxy"],
  ["system:volume-scheduler", "User", "system:kube-scheduler"],
  ["system:service-account-issuer-discovery", "Group", "system:serviceaccounts"],
];

const labels = { "kubernetes.io/bootstrapping": "rbac-defaults" };
const annotations = { "rbac.authorization.kubernetes.io/autoupdate": "true" };

/** Makes what a new cluster has before anyone else writes to it; what is there stays as it is. */
export function bootstrapCluster(server: ApiServer, options: BootstrapOptions): void {
  const caller: Caller = {
    user: { name: "system:apiserver", groups: ["system:masters", "system:authenticated"] },
    dryRun: false,
    fieldManager: "kube-apiserver",
    isComponent: true,
    warn: () => undefined,
  };
  const ensure = (apiVersion: string, plural: string, namespace: string, object: JsonObject): void => {
    const kind = kindOf(apiVersion, plural);
    if (!kind) return;
    try {
      server.objects.create(kind, namespace, object, caller);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 409) throw error;
    }
  };
  for (const name of ["default", "kube-system", "kube-public", "kube-node-lease"]) {
    ensureMissing(server, "namespaces", name, () => ensure("v1", "namespaces", "", { metadata: { name } }));
  }
  for (const [name, value] of [
    ["system-node-critical", 2_000_001_000],
    ["system-cluster-critical", 2_000_000_000],
  ] as const) {
    const description = `Used for system critical pods that must ${name === "system-node-critical" ? "not be moved from their current node" : "run in the cluster, but can be moved to another node if necessary"}.`;
    ensure("scheduling.k8s.io/v1", "priorityclasses", "", { metadata: { name }, value, description });
  }
  for (const [name, rules] of Object.entries(clusterRoles)) {
    ensure("rbac.authorization.k8s.io/v1", "clusterroles", "", { metadata: { name, labels, annotations }, rules });
  }
  const apiGroup = "rbac.authorization.k8s.io";
  for (const [role, kind, subjectName] of clusterBindings) {
    ensure("rbac.authorization.k8s.io/v1", "clusterrolebindings", "", {
      metadata: { name: role, labels, annotations },
      roleRef: { apiGroup, kind: "ClusterRole", name: role },
      subjects: [
        { kind, apiGroup, name: subjectName },
        ...(role === "system:public-info-viewer" ? [{ kind, apiGroup, name: "system:authenticated" }] : []),
      ],
    });
  }
  ensureMasterService(ensure, server, options);
}

function ensureMissing(server: ApiServer, storage: string, key: string, make: () => void): void {
  if (!server.context.store().get(storage, key)) make();
}

function ensureMasterService(
  ensure: (apiVersion: string, plural: string, namespace: string, object: JsonObject) => void,
  server: ApiServer,
  { address, port, serviceAddress }: BootstrapOptions,
): void {
  const name = "kubernetes";
  ensureMissing(server, "services", "default/kubernetes", () => {
    const ports = [{ name: "https", protocol: "TCP", port: 443, targetPort: port }];
    ensure("v1", "services", "default", {
      metadata: { name, labels: { component: "apiserver", provider: "kubernetes" } },
      spec: { clusterIP: serviceAddress, ports, type: "ClusterIP" },
    });
  });
  ensure("v1", "endpoints", "default", {
    metadata: { name, labels: { "endpointslice.kubernetes.io/skip-mirror": "true" } },
    subsets: [{ addresses: [{ ip: address }], ports: [{ name: "https", port, protocol: "TCP" }] }],
  });
  ensure("discovery.k8s.io/v1", "endpointslices", "default", {
    metadata: { name, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: [{ name: "https", protocol: "TCP", port }],
  });
}
