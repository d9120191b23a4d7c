import { toYaml } from "../go/yaml.ts";
import { minorOf, type Setup } from "./setup.ts";

type Fields = Record<string, unknown>;

interface Probe {
  host: string;
  path: string;
  port: number | string;
  scheme: string;
}

const check = (probe: Probe, rest: Fields): Fields => ({ ...rest, httpGet: { ...probe } });

function probes(live: Probe, start: Probe, ready?: Probe): Fields {
  return {
    livenessProbe: check(live, { failureThreshold: 8, initialDelaySeconds: 10, periodSeconds: 10, timeoutSeconds: 15 }),
    ...(ready ? { readinessProbe: check(ready, { failureThreshold: 3, periodSeconds: 1, timeoutSeconds: 15 }) } : {}),
    startupProbe: check(start, {
      failureThreshold: 24,
      initialDelaySeconds: 10,
      periodSeconds: 10,
      timeoutSeconds: 15,
    }),
  };
}

function pod(name: string, container: Fields, volumes: Fields[], annotations?: Fields): string {
  return toYaml({
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...(annotations ? { annotations } : {}),
      creationTimestamp: null,
      labels: { component: name, tier: "control-plane" },
      name,
      namespace: "kube-system",
    },
    spec: {
      containers: [{ imagePullPolicy: "IfNotPresent", name, ...container }],
      hostNetwork: true,
      priority: 2_000_001_000,
      priorityClassName: "system-node-critical",
      securityContext: { seccompProfile: { type: "RuntimeDefault" } },
      volumes,
    },
    status: {},
  });
}

const hostPath = (name: string, path: string, type: string): Fields => ({ hostPath: { path, type }, name });
const mount = (name: string, mountPath: string, readOnly: boolean): Fields => ({
  mountPath,
  name,
  ...(readOnly ? { readOnly } : {}),
});

const authorityFolders: readonly (readonly [string, string])[] = [
  ["ca-certs", "/etc/ssl/certs"],
  ["etc-ca-certificates", "/etc/ca-certificates"],
  ["usr-local-share-ca-certificates", "/usr/local/share/ca-certificates"],
  ["usr-share-ca-certificates", "/usr/share/ca-certificates"],
];

function foldersOf(own: readonly (readonly [string, string])[]): { mounts: Fields[]; volumes: Fields[] } {
  const all = [...authorityFolders, ...own].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    mounts: all.map(([name, path]) => mount(name, path, true)),
    volumes: all.map(([name, path]) =>
      hostPath(name, path, path.endsWith(".conf") ? "FileOrCreate" : "DirectoryOrCreate"),
    ),
  };
}

/** Names and texts of the static pod manifests below /etc/kubernetes/manifests. */
export function staticPods(
  setup: Setup,
): Readonly<Record<"etcd" | "kube-apiserver" | "kube-controller-manager" | "kube-scheduler", string>> {
  return {
    etcd: etcd(setup),
    "kube-apiserver": apiServer(setup),
    "kube-controller-manager": controllerManager(setup),
    "kube-scheduler": scheduler(setup),
  };
}

const modern = (setup: Setup): boolean => minorOf(setup.kubernetesVersion) >= 31;
const flagLines = (name: string, flags: readonly string[]): string[] => [
  name,
  ...[...flags].sort().map((flag) => `--${flag}`),
];

function etcd(setup: Setup): string {
  const { advertiseAddress: address, certificatesDir: pki, etcdDataDir: data } = setup;
  const newer = modern(setup);
  const local = (path: string): Probe => ({
    host: "127.0.0.1",
    path,
    port: newer ? "probe-port" : 2381,
    scheme: "HTTP",
  });
  const checks = newer
    ? probes(local("/livez"), local("/readyz"), local("/readyz"))
    : probes(local("/health?exclude=NOSPACE&serializable=true"), local("/health?serializable=false"));
  const flags = [
    `advertise-client-urls=https://${address}:2379`,
    `cert-file=${pki}/etcd/server.crt`,
    "client-cert-auth=true",
    `data-dir=${data}`,
    ...(newer
      ? ["feature-gates=InitialCorruptCheck=true"]
      : ["experimental-initial-corrupt-check=true", "experimental-watch-progress-notify-interval=5s"]),
    `initial-advertise-peer-urls=https://${address}:2380`,
    `initial-cluster=${setup.nodeName}=https://${address}:2380`,
    `key-file=${pki}/etcd/server.key`,
    `listen-client-urls=https://127.0.0.1:2379,https://${address}:2379`,
    "listen-metrics-urls=http://127.0.0.1:2381",
    `listen-peer-urls=https://${address}:2380`,
    `name=${setup.nodeName}`,
    `peer-cert-file=${pki}/etcd/peer.crt`,
    "peer-client-cert-auth=true",
    `peer-key-file=${pki}/etcd/peer.key`,
    `peer-trusted-ca-file=${pki}/etcd/ca.crt`,
    "snapshot-count=10000",
    `trusted-ca-file=${pki}/etcd/ca.crt`,
    ...(newer ? ["watch-progress-notify-interval=5s"] : []),
  ];
  return pod(
    "etcd",
    {
      command: flagLines("etcd", flags),
      image: `${setup.imageRepository}/etcd:${setup.etcdImageTag}`,
      ...checks,
      ...(newer ? { ports: [{ containerPort: 2381, name: "probe-port", protocol: "TCP" }] } : {}),
      resources: { requests: { cpu: "100m", memory: "100Mi" } },
      volumeMounts: [mount("etcd-data", data, false), mount("etcd-certs", `${pki}/etcd`, false)],
    },
    [hostPath("etcd-certs", `${pki}/etcd`, "DirectoryOrCreate"), hostPath("etcd-data", data, "DirectoryOrCreate")],
    { "kubeadm.kubernetes.io/etcd.advertise-client-urls": `https://${address}:2379` },
  );
}

function apiServer(setup: Setup): string {
  const { advertiseAddress: address, certificatesDir: pki, bindPort } = setup;
  const newer = modern(setup);
  const own = (path: string): Probe => ({
    host: address,
    path,
    port: newer ? "probe-port" : bindPort,
    scheme: "HTTPS",
  });
  const folders = foldersOf([["k8s-certs", pki]]);
  const flags = [
    `advertise-address=${address}`,
    "allow-privileged=true",
    "authorization-mode=Node,RBAC",
    `client-ca-file=${pki}/ca.crt`,
    "enable-admission-plugins=NodeRestriction",
    "enable-bootstrap-token-auth=true",
    `etcd-cafile=${pki}/etcd/ca.crt`,
    `etcd-certfile=${pki}/apiserver-etcd-client.crt`,
    `etcd-keyfile=${pki}/apiserver-etcd-client.key`,
    "etcd-servers=https://127.0.0.1:2379",
    `kubelet-client-certificate=${pki}/apiserver-kubelet-client.crt`,
    `kubelet-client-key=${pki}/apiserver-kubelet-client.key`,
    "kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname",
    `proxy-client-cert-file=${pki}/front-proxy-client.crt`,
    `proxy-client-key-file=${pki}/front-proxy-client.key`,
    "requestheader-allowed-names=front-proxy-client",
    `requestheader-client-ca-file=${pki}/front-proxy-ca.crt`,
    "requestheader-extra-headers-prefix=X-Remote-Extra-",
    "requestheader-group-headers=X-Remote-Group",
    "requestheader-username-headers=X-Remote-User",
    `secure-port=${bindPort}`,
    `service-account-issuer=https://kubernetes.default.svc.${setup.dnsDomain}`,
    `service-account-key-file=${pki}/sa.pub`,
    `service-account-signing-key-file=${pki}/sa.key`,
    `service-cluster-ip-range=${setup.serviceSubnet}`,
    `tls-cert-file=${pki}/apiserver.crt`,
    `tls-private-key-file=${pki}/apiserver.key`,
  ];
  return pod(
    "kube-apiserver",
    {
      command: flagLines("kube-apiserver", flags),
      image: `${setup.imageRepository}/kube-apiserver:${setup.kubernetesVersion}`,
      ...probes(own("/livez"), own("/livez"), own("/readyz")),
      ...(newer ? { ports: [{ containerPort: bindPort, name: "probe-port", protocol: "TCP" }] } : {}),
      resources: { requests: { cpu: "250m" } },
      volumeMounts: folders.mounts,
    },
    folders.volumes,
    { "kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint": `${address}:${bindPort}` },
  );
}

function controllerManager(setup: Setup): string {
  const { certificatesDir: pki } = setup;
  const local: Probe = {
    host: "127.0.0.1",
    path: "/healthz",
    port: modern(setup) ? "probe-port" : 10257,
    scheme: "HTTPS",
  };
  const config = "/etc/kubernetes/controller-manager.conf";
  const folders = foldersOf([
    ["flexvolume-dir", "/usr/libexec/kubernetes/kubelet-plugins/volume/exec"],
    ["k8s-certs", pki],
    ["kubeconfig", config],
  ]);
  const flags = [
    ...(setup.podSubnet === ""
      ? []
      : [
          "allocate-node-cidrs=true",
          `cluster-cidr=${setup.podSubnet}`,
          `service-cluster-ip-range=${setup.serviceSubnet}`,
        ]),
    `authentication-kubeconfig=${config}`,
    `authorization-kubeconfig=${config}`,
    "bind-address=127.0.0.1",
    `client-ca-file=${pki}/ca.crt`,
    `cluster-name=${setup.clusterName}`,
    `cluster-signing-cert-file=${pki}/ca.crt`,
    `cluster-signing-key-file=${pki}/ca.key`,
    "controllers=*,bootstrapsigner,tokencleaner",
    `kubeconfig=${config}`,
    "leader-elect=true",
    `requestheader-client-ca-file=${pki}/front-proxy-ca.crt`,
    `root-ca-file=${pki}/ca.crt`,
    `service-account-private-key-file=${pki}/sa.key`,
    "use-service-account-credentials=true",
  ];
  return pod(
    "kube-controller-manager",
    {
      command: flagLines("kube-controller-manager", flags),
      image: `${setup.imageRepository}/kube-controller-manager:${setup.kubernetesVersion}`,
      ...probes(local, local),
      ...(modern(setup) ? { ports: [{ containerPort: 10_257, name: "probe-port", protocol: "TCP" }] } : {}),
      resources: { requests: { cpu: "200m" } },
      volumeMounts: folders.mounts.map((item) =>
        item["name"] === "flexvolume-dir" ? { mountPath: item["mountPath"], name: item["name"] } : item,
      ),
    },
    folders.volumes,
  );
}

function scheduler(setup: Setup): string {
  const config = "/etc/kubernetes/scheduler.conf";
  const newer = modern(setup);
  const local = (path: string): Probe => ({
    host: "127.0.0.1",
    path,
    port: newer ? "probe-port" : 10_259,
    scheme: "HTTPS",
  });
  const flags = [
    `authentication-kubeconfig=${config}`,
    `authorization-kubeconfig=${config}`,
    "bind-address=127.0.0.1",
    `kubeconfig=${config}`,
    "leader-elect=true",
  ];
  return pod(
    "kube-scheduler",
    {
      command: flagLines("kube-scheduler", flags),
      image: `${setup.imageRepository}/kube-scheduler:${setup.kubernetesVersion}`,
      ...(newer
        ? probes(local("/livez"), local("/livez"), local("/readyz"))
        : probes(local("/healthz"), local("/healthz"))),
      ...(newer ? { ports: [{ containerPort: 10_259, name: "probe-port", protocol: "TCP" }] } : {}),
      resources: { requests: { cpu: "100m" } },
      volumeMounts: [mount("kubeconfig", config, true)],
    },
    [hostPath("kubeconfig", config, "FileOrCreate")],
  );
}
