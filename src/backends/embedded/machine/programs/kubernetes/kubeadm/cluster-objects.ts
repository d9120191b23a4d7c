import { toYaml } from "../go/yaml.ts";
import type { Json } from "../client/json.ts";
import { base64 } from "./pki.ts";
import { minorOf, serviceAddress, type Setup } from "./setup.ts";

/** One object that `kubeadm init` puts into the cluster. */
export interface PlannedObject {
  /** e.g. `/api/v1/namespaces/kube-system/configmaps`. */
  collection: string;
  object: Json;
}

const rbac = "rbac.authorization.k8s.io/v1";
const nodeBootstrappers = "system:bootstrappers:kubeadm:default-node-token";

const group = (name: string): Json => ({ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name });
const user = (name: string): Json => ({ apiGroup: "rbac.authorization.k8s.io", kind: "User", name });

function configMap(namespace: string, name: string, data: Json): PlannedObject {
  return {
    collection: `/api/v1/namespaces/${namespace}/configmaps`,
    object: { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data },
  };
}

function clusterRole(name: string, rules: Json[]): PlannedObject {
  return {
    collection: `/apis/${rbac}/clusterroles`,
    object: { apiVersion: rbac, kind: "ClusterRole", metadata: { name }, rules },
  };
}

function clusterRoleBinding(name: string, role: string, subjects: Json[]): PlannedObject {
  return {
    collection: `/apis/${rbac}/clusterrolebindings`,
    object: {
      apiVersion: rbac,
      kind: "ClusterRoleBinding",
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
      subjects,
    },
  };
}

/** A Role that lets `subjects` read named ConfigMaps, and its binding. */
function configMapReader(namespace: string, name: string, configMapName: string, subjects: Json[]): PlannedObject[] {
  const base = `/apis/${rbac}/namespaces/${namespace}`;
  return [
    {
      collection: `${base}/roles`,
      object: {
        apiVersion: rbac,
        kind: "Role",
        metadata: { name, namespace },
        rules: [{ apiGroups: [""], resources: ["configmaps"], resourceNames: [configMapName], verbs: ["get"] }],
      },
    },
    {
      collection: `${base}/rolebindings`,
      object: {
        apiVersion: rbac,
        kind: "RoleBinding",
        metadata: { name, namespace },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
        subjects,
      },
    },
  ];
}

/** ClusterConfiguration as kubeadm stores it. */
function clusterConfiguration(setup: Setup): string {
  const newer = minorOf(setup.kubernetesVersion) >= 31;
  return toYaml({
    apiServer: newer ? {} : { extraArgs: { "authorization-mode": "Node,RBAC" }, timeoutForControlPlane: "4m0s" },
    apiVersion: newer ? "kubeadm.k8s.io/v1beta4" : "kubeadm.k8s.io/v1beta3",
    ...(newer
      ? {
          caCertificateValidityPeriod: "87600h0m0s",
          certificateValidityPeriod: "8760h0m0s",
          encryptionAlgorithm: "RSA-2048",
          proxy: {},
        }
      : {}),
    certificatesDir: setup.certificatesDir,
    clusterName: setup.clusterName,
    ...(setup.controlPlaneEndpoint === "" ? {} : { controlPlaneEndpoint: setup.controlPlaneEndpoint }),
    controllerManager: {},
    dns: {},
    etcd: { local: { dataDir: setup.etcdDataDir } },
    imageRepository: setup.imageRepository,
    kind: "ClusterConfiguration",
    kubernetesVersion: setup.kubernetesVersion,
    networking: {
      dnsDomain: setup.dnsDomain,
      ...(setup.podSubnet === "" ? {} : { podSubnet: setup.podSubnet }),
      serviceSubnet: setup.serviceSubnet,
    },
    scheduler: {},
  });
}

export function uploadedConfiguration(setup: Setup): PlannedObject[] {
  const readers = [group("system:bootstrappers:kubeadm:default-node-token"), group("system:nodes")];
  return [
    configMap("kube-system", "kubeadm-config", { ClusterConfiguration: clusterConfiguration(setup) }),
    ...configMapReader("kube-system", "kubeadm:nodes-kubeadm-config", "kubeadm-config", readers),
  ];
}

export function uploadedKubeletConfiguration(kubeletYaml: string): PlannedObject[] {
  const readers = [group("system:nodes"), group(nodeBootstrappers)];
  return [
    configMap("kube-system", "kubelet-config", { kubelet: kubeletYaml }),
    ...configMapReader("kube-system", "kubeadm:kubelet-config", "kubelet-config", readers),
  ];
}

/** What joining nodes may do before they have a certificate, by what kubeadm prints of it. */
export const bootstrapRules = (setup: Setup): Readonly<Record<string, PlannedObject[]>> => ({
  "to allow Node Bootstrap tokens to get nodes": [
    clusterRole("kubeadm:get-nodes", [{ apiGroups: [""], resources: ["nodes"], verbs: ["get"] }]),
    clusterRoleBinding("kubeadm:get-nodes", "kubeadm:get-nodes", [group(nodeBootstrappers)]),
  ],
  "to allow Node Bootstrap tokens to post CSRs in order for nodes to get long term certificate credentials": [
    clusterRoleBinding("kubeadm:kubelet-bootstrap", "system:node-bootstrapper", [group(nodeBootstrappers)]),
  ],
  "to allow the csrapprover controller automatically approve CSRs from a Node Bootstrap Token": [
    clusterRoleBinding(
      "kubeadm:node-autoapprove-bootstrap",
      "system:certificates.k8s.io:certificatesigningrequests:nodeclient",
      [group(nodeBootstrappers)],
    ),
  ],
  "to allow certificate rotation for all node client certificates in the cluster": [
    clusterRoleBinding(
      "kubeadm:node-autoapprove-certificate-rotation",
      "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
      [group("system:nodes")],
    ),
  ],
  ...(minorOf(setup.kubernetesVersion) >= 34
    ? {
        "to allow the API server kubelet client certificate to access the kubelet API": [
          clusterRoleBinding("kubeadm:apiserver-kubelet-client", "system:kubelet-api-admin", [
            user("kube-apiserver-kubelet-client"),
          ]),
        ],
      }
    : {}),
});

export const adminBinding = clusterRoleBinding("kubeadm:cluster-admins", "cluster-admin", [
  group("kubeadm:cluster-admins"),
]);

/** The public description of the cluster that a joining machine reads before it trusts anything. */
export function clusterInfo(server: string, authorityPem: string): { kubeconfig: string; objects: PlannedObject[] } {
  const kubeconfig = toYaml({
    apiVersion: "v1",
    clusters: [{ cluster: { "certificate-authority-data": base64(authorityPem), server }, name: "" }],
    contexts: null,
    "current-context": "",
    kind: "Config",
    preferences: {},
    users: null,
  });
  return {
    kubeconfig,
    objects: [
      configMap("kube-public", "cluster-info", { kubeconfig }),
      ...configMapReader("kube-public", "kubeadm:bootstrap-signer-clusterinfo", "cluster-info", [
        user("system:anonymous"),
      ]),
    ],
  };
}

const corefile = (domain: string): string =>
  [
    ".:53 {",
    "    errors",
    "    health {",
    "       lameduck 5s",
    "    }",
    "    ready",
    `    kubernetes ${domain} in-addr.arpa ip6.arpa {`,
    "       pods insecure",
    "       fallthrough in-addr.arpa ip6.arpa",
    "       ttl 30",
    "    }",
    "    prometheus :9153",
    "    forward . /etc/resolv.conf {",
    "       max_concurrent 1000",
    "    }",
    "    cache 30",
    "    loop",
    "    reload",
    "    loadbalance",
    "}",
    "",
  ].join("\n");

const serviceAccount = (name: string): PlannedObject => ({
  collection: "/api/v1/namespaces/kube-system/serviceaccounts",
  object: { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: "kube-system" } },
});

export function coreDnsObjects(setup: Setup): PlannedObject[] {
  const labels = { "k8s-app": "kube-dns" };
  const image =
    setup.imageRepository === "registry.k8s.io"
      ? `${setup.imageRepository}/coredns/coredns`
      : `${setup.imageRepository}/coredns`;
  const minor = minorOf(setup.kubernetesVersion);
  const namesProbes = minor >= 33;
  const probe = (path: string, port: number | string, rest: Json): Json => ({
    httpGet: { path, port, scheme: "HTTP" },
    ...rest,
  });
  return [
    configMap("kube-system", "coredns", { Corefile: corefile(setup.dnsDomain) }),
    clusterRole("system:coredns", [
      { apiGroups: [""], resources: ["endpoints", "services", "pods", "namespaces"], verbs: ["list", "watch"] },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
    ]),
    clusterRoleBinding("system:coredns", "system:coredns", [
      { kind: "ServiceAccount", name: "coredns", namespace: "kube-system" },
    ]),
    serviceAccount("coredns"),
    {
      collection: "/apis/apps/v1/namespaces/kube-system/deployments",
      object: {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { labels, name: "coredns", namespace: "kube-system" },
        spec: {
          replicas: 2,
          selector: { matchLabels: labels },
          strategy: { rollingUpdate: { maxUnavailable: 1 }, type: "RollingUpdate" },
          template: {
            metadata: { labels },
            spec: {
              affinity: {
                podAntiAffinity: {
                  preferredDuringSchedulingIgnoredDuringExecution: [
                    {
                      podAffinityTerm: {
                        labelSelector: { matchExpressions: [{ key: "k8s-app", operator: "In", values: ["kube-dns"] }] },
                        topologyKey: "kubernetes.io/hostname",
                      },
                      weight: 100,
                    },
                  ],
                },
              },
              containers: [
                {
                  args: ["-conf", "/etc/coredns/Corefile"],
                  image: `${image}:${setup.dnsImageTag}`,
                  imagePullPolicy: "IfNotPresent",
                  livenessProbe: probe("/health", namesProbes ? "liveness-probe" : 8080, {
                    failureThreshold: 5,
                    initialDelaySeconds: 60,
                    successThreshold: 1,
                    timeoutSeconds: 5,
                  }),
                  name: "coredns",
                  ports: [
                    { containerPort: 53, name: "dns", protocol: "UDP" },
                    { containerPort: 53, name: "dns-tcp", protocol: "TCP" },
                    { containerPort: 9153, name: "metrics", protocol: "TCP" },
                    ...(namesProbes
                      ? [
                          { containerPort: 8080, name: "liveness-probe", protocol: "TCP" },
                          { containerPort: 8181, name: "readiness-probe", protocol: "TCP" },
                        ]
                      : []),
                  ],
                  readinessProbe: probe("/ready", namesProbes ? "readiness-probe" : 8181, {}),
                  resources: { limits: { memory: "170Mi" }, requests: { cpu: "100m", memory: "70Mi" } },
                  securityContext: {
                    allowPrivilegeEscalation: false,
                    capabilities: { add: ["NET_BIND_SERVICE"], drop: [minor < 29 ? "all" : "ALL"] },
                    readOnlyRootFilesystem: true,
                  },
                  volumeMounts: [{ mountPath: "/etc/coredns", name: "config-volume", readOnly: true }],
                },
              ],
              dnsPolicy: "Default",
              nodeSelector: { "kubernetes.io/os": "linux" },
              priorityClassName: "system-cluster-critical",
              serviceAccountName: "coredns",
              tolerations: [
                { key: "CriticalAddonsOnly", operator: "Exists" },
                { effect: "NoSchedule", key: "node-role.kubernetes.io/control-plane" },
              ],
              volumes: [
                {
                  configMap: { items: [{ key: "Corefile", path: "Corefile" }], name: "coredns" },
                  name: "config-volume",
                },
              ],
            },
          },
        },
      },
    },
    {
      collection: "/api/v1/namespaces/kube-system/services",
      object: {
        apiVersion: "v1",
        kind: "Service",
        metadata: {
          annotations: { "prometheus.io/port": "9153", "prometheus.io/scrape": "true" },
          labels: { "k8s-app": "kube-dns", "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS" },
          name: "kube-dns",
          namespace: "kube-system",
        },
        spec: {
          clusterIP: serviceAddress(setup.serviceSubnet, 10),
          ports: [
            { name: "dns", port: 53, protocol: "UDP", targetPort: 53 },
            { name: "dns-tcp", port: 53, protocol: "TCP", targetPort: 53 },
            { name: "metrics", port: 9153, protocol: "TCP", targetPort: 9153 },
          ],
          selector: labels,
        },
      },
    },
  ];
}

export function kubeProxyObjects(setup: Setup, server: string): PlannedObject[] {
  const labels = { "k8s-app": "kube-proxy" };
  const token = "/var/run/secrets/kubernetes.io/serviceaccount";
  const config = toYaml({
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    bindAddress: "0.0.0.0",
    clientConnection: {
      acceptContentTypes: "",
      burst: 0,
      contentType: "",
      kubeconfig: "/var/lib/kube-proxy/kubeconfig.conf",
      qps: 0,
    },
    clusterCIDR: setup.podSubnet,
    configSyncPeriod: "0s",
    kind: "KubeProxyConfiguration",
    mode: "",
    nodePortAddresses: null,
  });
  const kubeconfig = toYaml({
    apiVersion: "v1",
    clusters: [{ cluster: { "certificate-authority": `${token}/ca.crt`, server }, name: "default" }],
    contexts: [{ context: { cluster: "default", namespace: "default", user: "default" }, name: "default" }],
    "current-context": "default",
    kind: "Config",
    users: [{ name: "default", user: { tokenFile: `${token}/token` } }],
  });
  const proxyConfig = configMap("kube-system", "kube-proxy", { "config.conf": config, "kubeconfig.conf": kubeconfig });
  const metadata = proxyConfig.object["metadata"];
  proxyConfig.object["metadata"] = { ...(typeof metadata === "object" ? metadata : {}), labels: { app: "kube-proxy" } };
  return [
    serviceAccount("kube-proxy"),
    proxyConfig,
    clusterRoleBinding("kubeadm:node-proxier", "system:node-proxier", [
      { kind: "ServiceAccount", name: "kube-proxy", namespace: "kube-system" },
    ]),
    ...configMapReader("kube-system", "kube-proxy", "kube-proxy", [group(nodeBootstrappers)]),
    {
      collection: "/apis/apps/v1/namespaces/kube-system/daemonsets",
      object: {
        apiVersion: "apps/v1",
        kind: "DaemonSet",
        metadata: { labels, name: "kube-proxy", namespace: "kube-system" },
        spec: {
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              containers: [
                {
                  command: [
                    "/usr/local/bin/kube-proxy",
                    "--config=/var/lib/kube-proxy/config.conf",
                    "--hostname-override=$(NODE_NAME)",
                  ],
                  env: [
                    { name: "NODE_NAME", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "spec.nodeName" } } },
                  ],
                  image: `${setup.imageRepository}/kube-proxy:${setup.kubernetesVersion}`,
                  imagePullPolicy: "IfNotPresent",
                  name: "kube-proxy",
                  securityContext: { privileged: true },
                  volumeMounts: [
                    { mountPath: "/var/lib/kube-proxy", name: "kube-proxy" },
                    { mountPath: "/run/xtables.lock", name: "xtables-lock" },
                    { mountPath: "/lib/modules", name: "lib-modules", readOnly: true },
                  ],
                },
              ],
              hostNetwork: true,
              nodeSelector: { "kubernetes.io/os": "linux" },
              priorityClassName: "system-node-critical",
              serviceAccountName: "kube-proxy",
              tolerations: [{ operator: "Exists" }],
              volumes: [
                { configMap: { name: "kube-proxy" }, name: "kube-proxy" },
                { hostPath: { path: "/run/xtables.lock", type: "FileOrCreate" }, name: "xtables-lock" },
                { hostPath: { path: "/lib/modules" }, name: "lib-modules" },
              ],
            },
          },
          updateStrategy: { type: "RollingUpdate" },
        },
      },
    },
  ];
}
