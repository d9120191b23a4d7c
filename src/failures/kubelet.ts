import type { Failure } from "./failure.ts";

/** Kubelets, and what kubectl says when it finds no cluster. */
export const kubelet: readonly Failure[] = [
  {
    id: "kubelet-cgroup-v1",
    signatures: [/kubelet is configured to not run on a host using cgroup v1/],
    meaning: {
      en: "This machine booted with cgroup v1, as Ubuntu 20.04 does; kubelets refuse that from 1.35 on.",
      de: "Diese Maschine ist mit cgroup v1 gestartet, wie Ubuntu 20.04 es tut; Kubelets lehnen das ab 1.35 ab.",
    },
    remedy: {
      en: "Use Ubuntu 22.04 or newer; the setting `failCgroupV1: false` in /var/lib/kubelet/config.yaml only puts it off.",
      de: "Nimm Ubuntu 22.04 oder neuer; die Einstellung `failCgroupV1: false` in /var/lib/kubelet/config.yaml schiebt es nur auf.",
    },
    discussion: "NVIDIA/OpenShell#360",
    since: "Kubernetes 1.35",
  },
  {
    id: "kubelet-swap",
    signatures: [/running with swap on is not supported, please disable swap/],
    meaning: {
      en: "The kubelet does not start while swap is on.",
      de: "Das Kubelet startet nicht, solange Auslagerungsspeicher (Swap) an ist.",
    },
    remedy: {
      en: "`sudo swapoff -a`, put a `#` before the swap line of /etc/fstab, then `sudo systemctl restart kubelet`.",
      de: "`sudo swapoff -a`, in /etc/fstab ein `#` vor die Swap-Zeile, dann `sudo systemctl restart kubelet`.",
    },
  },
  {
    id: "kubelet-no-configuration",
    signatures: [
      /failed to load [Kk]ubelet config file,? (?:path: )?(?<file>\/[\w./-]{1,120}),? .{0,200}no such file or directory/,
    ],
    meaning: {
      en: "The kubelet has no configuration yet: `kubeadm init` or `join` writes {file}. Until then it starts and ends again, which is as it should be.",
      de: "Das Kubelet hat noch keine Konfiguration: {file} schreibt erst `kubeadm init` oder `join`. Bis dahin startet und endet es immer wieder, und das ist in Ordnung.",
    },
    remedy: {
      en: "Run `kubeadm init` on master, or the join command on a worker.",
      de: "Ruf auf master `kubeadm init` auf, auf einem Worker den Join-Befehl.",
    },
  },
  {
    id: "kubelet-network-not-ready-containerd",
    signatures: [/cni plugin not initialized/],
    meaning: {
      en: "containerd has no pod network: /etc/cni/net.d holds no configuration yet. The node stays NotReady until there is one.",
      de: "containerd hat kein Pod-Netz: In /etc/cni/net.d liegt noch keine Konfiguration. Bis dahin bleibt der Knoten NotReady.",
    },
    remedy: {
      en: "Install the pod network (flannel: `kubectl apply -f kube-flannel.yml`); `ls /etc/cni/net.d /opt/cni/bin` shows what is there.",
      de: "Installiere das Pod-Netz (flannel: `kubectl apply -f kube-flannel.yml`); `ls /etc/cni/net.d /opt/cni/bin` zeigt, was da ist.",
    },
    discussion: "containerd/containerd#8419",
  },
  {
    id: "kubelet-network-not-ready-crio",
    signatures: [/[Nn]o CNI configuration file in (?<folder>\/[\w./-]*[\w/])/],
    meaning: {
      en: "CRI-O finds no pod network in {folder}. The node stays NotReady until a configuration is there.",
      de: "CRI-O findet in {folder} kein Pod-Netz. Der Knoten bleibt NotReady, bis dort eine Konfiguration liegt.",
    },
    remedy: {
      en: "Install the pod network (flannel: `kubectl apply -f kube-flannel.yml`) and look at {folder} again; CRI-O reads it by itself.",
      de: "Installiere das Pod-Netz (flannel: `kubectl apply -f kube-flannel.yml`) und sieh wieder in {folder} nach; CRI-O liest es von selbst.",
    },
    discussion: "cri-o/cri-o#8999",
  },
  {
    id: "kubelet-network-not-ready",
    general: true,
    signatures: [/NetworkReady=false reason:NetworkPluginNotReady/],
    meaning: {
      en: "The container runtime of this node says that it has no pod network.",
      de: "Die Container-Laufzeitumgebung dieses Knotens meldet, dass sie kein Pod-Netz hat.",
    },
    remedy: {
      en: "Look at /etc/cni/net.d (configuration) and /opt/cni/bin (programs) on that node.",
      de: "Sieh auf diesem Knoten in /etc/cni/net.d (Konfiguration) und /opt/cni/bin (Programme) nach.",
    },
    discussion: "rancher/rke2#4476",
  },
  {
    id: "kubectl-no-kubeconfig",
    signatures: [
      /The connection to the server localhost:8080 was refused/,
      /dial tcp (?:127\.0\.0\.1|\[::1\]):8080: connect: connection refused/,
    ],
    meaning: {
      en: "kubectl has no kubeconfig and therefore asks `localhost:8080`, where nobody answers. That says nothing about the cluster.",
      de: "kubectl hat keine kubeconfig und fragt darum `localhost:8080`, wo niemand antwortet. Über den Cluster sagt das nichts.",
    },
    remedy: {
      en: "On master: `mkdir -p ~/.kube && sudo cp /etc/kubernetes/admin.conf ~/.kube/config && sudo chown $(id -u) ~/.kube/config`. With `sudo`, kubectl reads root's files.",
      de: "Auf master: `mkdir -p ~/.kube && sudo cp /etc/kubernetes/admin.conf ~/.kube/config && sudo chown $(id -u) ~/.kube/config`. Mit `sudo` liest kubectl die Dateien von root.",
    },
  },
  {
    id: "kubectl-api-server-down",
    signatures: [/The connection to the server (?<server>[\w.:[\]-]{1,80}:6443) was refused/],
    meaning: {
      en: "Nothing listens at {server}: the API server is not running (any more).",
      de: "Unter {server} lauscht nichts: Der API-Server läuft nicht (mehr).",
    },
    remedy: {
      en: "On master: `sudo systemctl status kubelet`, then `sudo crictl ps -a | grep apiserver` and its logs.",
      de: "Auf master: `sudo systemctl status kubelet`, dann `sudo crictl ps -a | grep apiserver` und dessen Logs.",
    },
  },
  {
    id: "kubectl-unreachable",
    signatures: [
      /Unable to connect to the server: .{0,80}?dial tcp (?<server>[\d.:[\]a-f]{3,60}): (?:i\/o timeout|connect: no route to host)/,
    ],
    meaning: {
      en: "No way leads to the API server at {server}: the machine is off, has another address now, or a firewall or VPN stands between.",
      de: "Zum API-Server unter {server} führt kein Weg: Die Maschine ist aus, hat jetzt eine andere Adresse, oder eine Firewall oder ein VPN steht dazwischen.",
    },
    remedy: {
      en: "Compare with the machine's address now (`wasm-k8s-lab status`); on macOS 15 and newer your terminal also needs the local network.",
      de: "Vergleiche mit der jetzigen Adresse der Maschine (`wasm-k8s-lab status`); ab macOS 15 braucht dein Terminal auch das lokale Netzwerk.",
    },
    discussion: "canonical/multipass#3766",
  },
  {
    id: "kubectl-other-cluster",
    signatures: [
      /x509: certificate signed by unknown authority \(possibly because of .{0,160}?authority certificate "kubernetes"/,
    ],
    meaning: {
      en: "The kubeconfig is of an earlier cluster: the one that answers was made anew and has another authority.",
      de: "Die kubeconfig gehört zu einem früheren Cluster: Der, der antwortet, wurde neu angelegt und hat eine andere Zertifizierungsstelle.",
    },
    remedy: {
      en: "On master: `sudo cp /etc/kubernetes/admin.conf ~/.kube/config && sudo chown $(id -u) ~/.kube/config`.",
      de: "Auf master: `sudo cp /etc/kubernetes/admin.conf ~/.kube/config && sudo chown $(id -u) ~/.kube/config`.",
    },
  },
  {
    id: "manifest-without-separator",
    signatures: [/key "(?<key>[\w.-]{1,60})" already set in map/],
    meaning: {
      en: "One YAML document has `{key}` twice: most likely two objects stand in it without `---` between them.",
      de: "Ein YAML-Dokument hat `{key}` zweimal: Wahrscheinlich stehen zwei Objekte darin ohne `---` dazwischen.",
    },
    remedy: {
      en: "Put a line `---` before each further `apiVersion:`.",
      de: "Setze vor jedes weitere `apiVersion:` eine Zeile `---`.",
    },
  },
  {
    id: "kubectl-certificate-address",
    signatures: [/x509: certificate is valid for (?<names>[\w.:, -]{1,160}), not (?<asked>[\w.:-]{1,80})/],
    meaning: {
      en: "The API server's certificate is made for {names}, not for {asked}: the machine has another address than when the cluster was made.",
      de: "Das Zertifikat des API-Servers gilt für {names}, nicht für {asked}: Die Maschine hat eine andere Adresse als damals, als der Cluster entstand.",
    },
    remedy: {
      en: "Make the cluster again (`sudo kubeadm reset`, `init`), or begin with fresh machines (`wasm-k8s-lab reset`).",
      de: "Leg den Cluster neu an (`sudo kubeadm reset`, `init`), oder beginne mit frischen Maschinen (`wasm-k8s-lab reset`).",
    },
    discussion: "canonical/multipass#3792",
  },
  {
    id: "certificate-not-yet-valid",
    signatures: [/x509: certificate has expired or is not yet valid/],
    meaning: {
      en: "A certificate has expired (kubeadm's are good for a year), or a clock is wrong: machines that slept wake up in the past.",
      de: "Ein Zertifikat ist abgelaufen (die von kubeadm gelten ein Jahr), oder eine Uhr geht falsch: Maschinen, die geschlafen haben, wachen in der Vergangenheit auf.",
    },
    remedy: {
      en: "Compare `date -u` on both sides; `sudo kubeadm certs check-expiration` shows the certificates.",
      de: "Vergleiche `date -u` auf beiden Seiten; `sudo kubeadm certs check-expiration` zeigt die Zertifikate.",
    },
  },
];
