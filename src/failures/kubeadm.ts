import type { Failure } from "./failure.ts";

/** What `kubeadm init` and `kubeadm join` refuse. */
export const kubeadm: readonly Failure[] = [
  {
    id: "kubeadm-several-runtimes",
    signatures: [
      /[Ff]ound multiple CRI endpoints on the host.{0,200}?: ?(?<endpoints>unix:\/\/[\w./-]+, ?unix:\/\/[\w./-]+)/,
    ],
    meaning: {
      en: "Two container runtimes are installed ({endpoints}) and kubeadm does not choose.",
      de: "Zwei Container-Laufzeitumgebungen sind installiert ({endpoints}), und kubeadm wählt nicht aus.",
    },
    remedy: {
      en: "Name one: `--cri-socket unix:///run/containerd/containerd.sock` or `--cri-socket unix:///var/run/crio/crio.sock`.",
      de: "Nenne eine: `--cri-socket unix:///run/containerd/containerd.sock` oder `--cri-socket unix:///var/run/crio/crio.sock`.",
    },
    discussion: "kubesphere/kubekey#1642",
  },
  {
    id: "kubeadm-runtime-without-cri",
    signatures: [
      /\[ERROR CRI\].{0,300}(?<endpoint>unix:\/\/[\w./-]{1,120}).{0,300}unknown service runtime\.v1\.RuntimeService/,
      /CRI v1 runtime API is not implemented for endpoint "(?<endpoint>[^"]{1,120})"/,
    ],
    meaning: {
      en: 'The runtime at {endpoint} answers but offers no CRI: containerd\'s packaged configuration says `disabled_plugins = ["cri"]`, or it is older than Kubernetes needs.',
      de: 'Die Laufzeitumgebung unter {endpoint} antwortet, bietet aber kein CRI: In der mitgelieferten Konfiguration von containerd steht `disabled_plugins = ["cri"]`, oder sie ist älter, als Kubernetes braucht.',
    },
    remedy: {
      en: "`containerd config default | sudo tee /etc/containerd/config.toml`, set `SystemdCgroup = true`, then `sudo systemctl restart containerd`.",
      de: "`containerd config default | sudo tee /etc/containerd/config.toml`, `SystemdCgroup = true` setzen, dann `sudo systemctl restart containerd`.",
    },
    discussion: "containerd/containerd#8032",
  },
  {
    id: "kubeadm-runtime-not-running",
    signatures: [
      /\[ERROR CRI\]: container runtime is not running/,
      /failed to create new CRI runtime service: validate service connection: .{0,200}?connection error/,
    ],
    meaning: {
      en: "kubeadm cannot talk to the container runtime: its service does not run, or it listens elsewhere.",
      de: "kubeadm erreicht die Container-Laufzeitumgebung nicht: Ihr Dienst läuft nicht, oder er lauscht woanders.",
    },
    remedy: {
      en: "`systemctl status containerd crio` shows which runs; start it, or name its socket with `--cri-socket`.",
      de: "`systemctl status containerd crio` zeigt, was läuft; starte es oder nenne seinen Socket mit `--cri-socket`.",
    },
    discussion: "containerd/containerd#8032",
  },
  {
    id: "kubeadm-bridge-netfilter",
    signatures: [
      /FileContent--proc-sys-net-bridge-bridge-nf-call-ip6?tables\]: ?\/proc\/sys\/net\/bridge\/[\w-]+ (?:does not exist|contents are not set to 1)/,
    ],
    meaning: {
      en: "Packets that cross a bridge do not pass iptables: the kernel module `br_netfilter` is not loaded, or its switch is off. Services would not work.",
      de: "Pakete, die über eine Bridge gehen, laufen nicht durch iptables: Das Kernel-Modul `br_netfilter` ist nicht geladen oder sein Schalter ist aus. Services würden nicht gehen.",
    },
    remedy: {
      en: "`sudo modprobe br_netfilter && sudo sysctl -w net.bridge.bridge-nf-call-iptables=1`; make both last in /etc/modules-load.d and /etc/sysctl.d.",
      de: "`sudo modprobe br_netfilter && sudo sysctl -w net.bridge.bridge-nf-call-iptables=1`; dauerhaft wird beides in /etc/modules-load.d und /etc/sysctl.d.",
    },
    discussion: "containerd/containerd#8032",
    until: "kubeadm 1.29",
  },
  {
    id: "kubeadm-ip-forward",
    signatures: [
      /FileContent--proc-sys-net-ipv4-ip_forward\]: ?\/proc\/sys\/net\/ipv4\/ip_forward contents are not set to 1/,
    ],
    meaning: {
      en: "The kernel does not pass packets on between networks, so pods would reach nothing.",
      de: "Der Kernel reicht keine Pakete zwischen Netzen weiter; Pods würden nichts erreichen.",
    },
    remedy: {
      en: "`sudo sysctl -w net.ipv4.ip_forward=1`, and the line `net.ipv4.ip_forward = 1` in a file of /etc/sysctl.d so that it lasts.",
      de: "`sudo sysctl -w net.ipv4.ip_forward=1`, und die Zeile `net.ipv4.ip_forward = 1` in eine Datei in /etc/sysctl.d, damit es bleibt.",
    },
    discussion: "containerd/containerd#8032",
  },
  {
    id: "kubeadm-port-in-use",
    signatures: [/\[ERROR Port-\d+\]: Port (?<port>\d{1,5}) is in use/],
    meaning: {
      en: "Something already listens on port {port}: mostly a cluster or kubelet that is there from an earlier attempt.",
      de: "Auf Port {port} lauscht schon etwas: meist ein Cluster oder Kubelet von einem früheren Versuch.",
    },
    remedy: {
      en: "`sudo ss -ltnp 'sport = :{port}'` shows who; `sudo kubeadm reset` takes an earlier attempt away.",
      de: "`sudo ss -ltnp 'sport = :{port}'` zeigt, wer; `sudo kubeadm reset` räumt einen früheren Versuch weg.",
    },
    discussion: "flannel-io/flannel#1558",
  },
  {
    id: "kubeadm-folder-not-empty",
    signatures: [/\[ERROR DirAvailable-[\w-]+\]: (?<folder>\/[\w./-]{1,120}) is not empty/],
    meaning: {
      en: "{folder} holds the data of an earlier cluster, and kubeadm does not write over it.",
      de: "In {folder} liegen die Daten eines früheren Clusters, und kubeadm überschreibt sie nicht.",
    },
    remedy: {
      en: "`sudo kubeadm reset` removes that cluster (all of it).",
      de: "`sudo kubeadm reset` entfernt diesen Cluster (ganz).",
    },
    discussion: "flannel-io/flannel#1558",
  },
  {
    id: "kubeadm-file-exists",
    signatures: [/\[ERROR FileAvailable-[\w.-]+\]: (?<file>\/[\w./-]{1,160}) already exists/],
    meaning: {
      en: "{file} is there from an earlier `kubeadm init` or `join`; this machine already belongs to a cluster.",
      de: "{file} stammt von einem früheren `kubeadm init` oder `join`; diese Maschine gehört schon zu einem Cluster.",
    },
    remedy: {
      en: "`sudo kubeadm reset` lets it begin again.",
      de: "Mit `sudo kubeadm reset` fängt sie neu an.",
    },
    discussion: "flannel-io/flannel#1558",
  },
  {
    id: "kubeadm-too-few-cpus",
    signatures: [/the number of available CPUs (?<have>\d+) is less than the required (?<need>\d+)/],
    meaning: {
      en: "A control plane needs {need} processors; this machine has {have}.",
      de: "Eine Control Plane braucht {need} Prozessoren; diese Maschine hat {have}.",
    },
    remedy: {
      en: "Give the machine more: `multipass stop NAME && multipass set local.NAME.cpus={need} && multipass start NAME`.",
      de: "Gib der Maschine mehr: `multipass stop NAME && multipass set local.NAME.cpus={need} && multipass start NAME`.",
    },
  },
  {
    id: "kubeadm-too-little-memory",
    signatures: [/the system RAM \((?<have>\d+) MB\) is less than the minimum (?<need>\d+) MB/],
    meaning: {
      en: "A control plane needs {need} MB of memory; this machine has {have} MB.",
      de: "Eine Control Plane braucht {need} MB Arbeitsspeicher; diese Maschine hat {have} MB.",
    },
    remedy: {
      en: "Give the machine 2 GB: `multipass stop NAME && multipass set local.NAME.memory=2G && multipass start NAME`.",
      de: "Gib der Maschine 2 GB: `multipass stop NAME && multipass set local.NAME.memory=2G && multipass start NAME`.",
    },
  },
  {
    id: "kubeadm-program-missing",
    signatures: [/\[ERROR FileExisting-[\w-]+\]: (?<program>[\w-]+) not found in system path/],
    meaning: {
      en: "kubeadm needs the program `{program}`, which is not installed.",
      de: "kubeadm braucht das Programm `{program}`; es ist nicht installiert.",
    },
    remedy: {
      en: "`sudo apt-get install -y {program}` (Kubernetes before 1.32 wants conntrack, newer ones do not).",
      de: "`sudo apt-get install -y {program}` (Kubernetes vor 1.32 verlangt conntrack, neuere nicht).",
    },
  },
  {
    id: "kubeadm-not-root",
    signatures: [/user is not running as root/],
    meaning: {
      en: "kubeadm changes the system and runs as root only.",
      de: "kubeadm verändert das System und läuft nur als root.",
    },
    remedy: { en: "Put `sudo` in front of it.", de: "Schreib `sudo` davor." },
  },
  {
    id: "kubeadm-cgroup-v1",
    signatures: [
      /\[(?:WARNING|ERROR) SystemVerification\]: cgroups v1 support is deprecated/,
      /\[(?:WARNING|ERROR) SystemVerification\]: .{0,160}you must set the kubelet configuration option 'FailCgroupV1' to 'false'/,
    ],
    meaning: {
      en: "This machine booted with cgroup v1, as Ubuntu 20.04 does; Kubernetes 1.35 and newer refuse it.",
      de: "Diese Maschine ist mit cgroup v1 gestartet, wie Ubuntu 20.04 es tut; Kubernetes ab 1.35 lehnt das ab.",
    },
    remedy: {
      en: "Use Ubuntu 22.04 or newer, or the profile `thesis`, whose Kubernetes still takes it.",
      de: "Nimm Ubuntu 22.04 oder neuer oder das Profil `thesis`, dessen Kubernetes es noch annimmt.",
    },
    discussion: "kubernetes/minikube#22315",
    since: "Kubernetes 1.35",
  },
  {
    id: "kubeadm-swap",
    signatures: [
      /\[(?:WARNING|ERROR) Swap\]: (?:swap is (?:enabled; production|supported for cgroup v2 only)|running with swap on is not supported)/,
    ],
    meaning: {
      en: "Swap is on. kubeadm only warns, but a kubelet with its usual configuration will not start.",
      de: "Auslagerungsspeicher (Swap) ist an. kubeadm warnt nur, aber ein Kubelet mit üblicher Konfiguration startet so nicht.",
    },
    remedy: {
      en: "`sudo swapoff -a`, and put a `#` before the swap line of /etc/fstab so that it stays off.",
      de: "`sudo swapoff -a`, und in /etc/fstab ein `#` vor die Swap-Zeile, damit es so bleibt.",
    },
  },
  {
    id: "kubeadm-sandbox-image",
    signatures: [
      /detected that the sandbox image "(?<have>[^"]{1,120})" of the container runtime is inconsistent.{0,120}recommended to use "(?<want>[^"]{1,120})"/,
    ],
    meaning: {
      en: "The container runtime uses {have} for pods, kubeadm expects {want}. A warning only: it works.",
      de: "Die Container-Laufzeitumgebung nimmt {have} für Pods, kubeadm erwartet {want}. Nur eine Warnung: Es geht trotzdem.",
    },
    remedy: {
      en: "To be rid of it, write {want} as the sandbox (pause) image into the runtime's configuration and restart it.",
      de: "Wer sie loswerden will, schreibt {want} als Sandbox-Image (pause) in die Konfiguration der Laufzeitumgebung und startet sie neu.",
    },
  },
  {
    id: "kubeadm-token-expired",
    signatures: [/could not find a JWS signature in the cluster-info ConfigMap for token ID "(?<token>[^"]{1,40})"/],
    meaning: {
      en: "The cluster does not know the token {token}, or no longer does: a token is good for 24 hours.",
      de: "Der Cluster kennt das Token {token} nicht oder nicht mehr: Ein Token gilt 24 Stunden.",
    },
    remedy: {
      en: "On master: `sudo kubeadm token create --print-join-command`; run what it prints here.",
      de: "Auf master: `sudo kubeadm token create --print-join-command`; was es ausgibt, hier ausführen.",
    },
    discussion: "kubernetes-sigs/kind#2798",
  },
  {
    id: "kubeadm-ca-hash",
    signatures: [
      /cluster CA found in cluster-info ConfigMap is invalid: none of the public keys "(?<found>[^"]{1,90})" are pinned/,
    ],
    meaning: {
      en: "The cluster that answers has another certificate ({found}) than the join command says: the command is of an earlier cluster, or was copied incompletely.",
      de: "Der Cluster, der antwortet, hat ein anderes Zertifikat ({found}), als im Join-Befehl steht: Der Befehl gehört zu einem früheren Cluster oder wurde unvollständig kopiert.",
    },
    remedy: {
      en: "On master: `sudo kubeadm token create --print-join-command`.",
      de: "Auf master: `sudo kubeadm token create --print-join-command`.",
    },
  },
  {
    id: "kubeadm-api-server-unreachable",
    signatures: [
      /couldn't validate the identity of the API Server: .{0,300}(?:connection refused|no route to host|i\/o timeout|deadline exceeded|connect: )/,
    ],
    meaning: {
      en: "This machine does not reach master's API server on port 6443.",
      de: "Diese Maschine erreicht den API-Server von master auf Port 6443 nicht.",
    },
    remedy: {
      en: "Compare the address in the join command with that of master now (`hostname -I` there); machines may get other addresses when they restart.",
      de: "Vergleiche die Adresse im Join-Befehl mit der von master jetzt (dort `hostname -I`); Maschinen können nach einem Neustart andere Adressen haben.",
    },
  },
  {
    id: "kubeadm-typographic-dash",
    signatures: [/(?:^| )(?<word>[—–][—–-]?[a-z][a-z-]{2,40})/],
    meaning: {
      en: "`{word}` begins with a typographic dash, as a text processor makes it; a program sees no option there.",
      de: "`{word}` beginnt mit einem Gedankenstrich, wie ihn eine Textverarbeitung setzt; ein Programm sieht darin keine Option.",
    },
    remedy: {
      en: "Type the option again with two plain hyphens: `--`.",
      de: "Tippe die Option neu, mit zwei einfachen Bindestrichen: `--`.",
    },
  },
  {
    id: "kubeadm-version-falls-back",
    signatures: [/remote version is much newer: (?<newest>v[\d.]+); falling back to: (?<used>stable-[\d.]+)/],
    meaning: {
      en: "kubeadm was not told a version; today's is {newest}, so it takes the newest patch of its own line ({used}), which need not be the kubelets'.",
      de: "kubeadm wurde keine Version genannt; aktuell ist {newest}, darum nimmt es den neuesten Patch seiner eigenen Reihe ({used}), der nicht der der Kubelets sein muss.",
    },
    remedy: {
      en: "Say the version: `kubeadm init --kubernetes-version v1.28.2 …`.",
      de: "Nenne die Version: `kubeadm init --kubernetes-version v1.28.2 …`.",
    },
    discussion: "containerd/containerd#8139",
  },
  {
    id: "kubeadm-preflight",
    general: true,
    signatures: [/\[ERROR (?<check>[A-Za-z][\w.-]{1,80})\]: /],
    meaning: {
      en: "kubeadm looked at this machine first, and its check `{check}` did not pass; nothing was changed.",
      de: "kubeadm hat sich die Maschine vorher angesehen, und die Prüfung `{check}` fiel durch; verändert wurde nichts.",
    },
    remedy: {
      en: "Mend what the line behind it says, then run the same command again.",
      de: "Bring in Ordnung, was dahinter steht, und ruf denselben Befehl noch einmal auf.",
    },
  },
];
