import type { Failure } from "./failure.ts";

/** The pod network, and ways between computers. */
export const network: readonly Failure[] = [
  {
    id: "flannel-no-pod-cidr",
    signatures: [/failed to acquire lease: node "(?<node>[^"]{1,80})" pod cidr not assigned/],
    meaning: {
      en: "The cluster has given {node} no range of pod addresses: `kubeadm init` was called without `--pod-network-cidr`.",
      de: "Der Cluster hat {node} keinen Adressbereich für Pods gegeben: `kubeadm init` lief ohne `--pod-network-cidr`.",
    },
    remedy: {
      en: 'Make the cluster again with `--pod-network-cidr=10.244.0.0/16`; for a try, `kubectl patch node {node} -p \'{"spec":{"podCIDR":"10.244.0.0/24"}}\'`, another range for each node.',
      de: 'Leg den Cluster mit `--pod-network-cidr=10.244.0.0/16` neu an; zum Probieren `kubectl patch node {node} -p \'{"spec":{"podCIDR":"10.244.0.0/24"}}\'`, je Knoten ein anderer Bereich.',
    },
    discussion: "flannel-io/flannel#1558",
  },
  {
    id: "flannel-bridge-netfilter",
    signatures: [/Failed to check br_netfilter: stat \/proc\/sys\/net\/bridge/],
    meaning: {
      en: "flannel needs the kernel module `br_netfilter`, which is not loaded; kubeadm no longer looks for it.",
      de: "flannel braucht das Kernel-Modul `br_netfilter`; es ist nicht geladen, und kubeadm prüft das nicht mehr.",
    },
    remedy: {
      en: "On that node: `echo br_netfilter | sudo tee /etc/modules-load.d/k8s.conf && sudo modprobe br_netfilter`.",
      de: "Auf diesem Knoten: `echo br_netfilter | sudo tee /etc/modules-load.d/k8s.conf && sudo modprobe br_netfilter`.",
    },
    since: "kubeadm 1.30",
  },
  {
    id: "bridge-of-another-network",
    signatures: [/"?(?<bridge>[\w.-]{1,15})"? already has an IP address different from (?<address>[\d./]{7,20})/],
    meaning: {
      en: "The bridge {bridge} still has its address from the network that was here before; pods should now get theirs around {address}.",
      de: "Die Bridge {bridge} hat noch die Adresse des früheren Netzes; Pods sollen ihre jetzt um {address} herum bekommen.",
    },
    remedy: {
      en: "On that node: `sudo ip link delete {bridge}`, and remove the old file from /etc/cni/net.d; the bridge is made again.",
      de: "Auf diesem Knoten: `sudo ip link delete {bridge}`, und die alte Datei aus /etc/cni/net.d entfernen; die Bridge entsteht neu.",
    },
  },
  {
    id: "webhook-without-endpoints",
    signatures: [/failed calling webhook "(?<webhook>[^"]{1,120})"/],
    meaning: {
      en: "The API server must ask {webhook} before it stores this object, and gets no answer.",
      de: "Der API-Server muss {webhook} fragen, bevor er dieses Objekt speichert, und bekommt keine Antwort.",
    },
    remedy: {
      en: "See whether the pod behind it is Ready; if it is, the API server's node does not reach the pod network of that node.",
      de: "Sieh nach, ob der Pod dahinter Ready ist; ist er es, erreicht der Knoten des API-Servers das Pod-Netz jenes Knotens nicht.",
    },
  },
  {
    id: "host-unresolved",
    signatures: [
      /Could not resolve host: (?<host>[\w.-]{1,120})/,
      /dial tcp: lookup (?<host>[\w.-]{1,120}?)(?: on [\d.:[\]a-f]{1,60})?: (?:no such host|server misbehaving|i\/o timeout|Temporary failure)/,
    ],
    meaning: {
      en: "There is no address for {host}: the name is wrong, or this machine has no DNS.",
      de: "Zu {host} gibt es keine Adresse: Der Name stimmt nicht, oder diese Maschine hat kein DNS.",
    },
    remedy: {
      en: "Names of the lab (master, worker1, registry.lab) stand in /etc/hosts of the machines only; for others see `resolvectl status`.",
      de: "Namen des Labs (master, worker1, registry.lab) stehen nur in /etc/hosts der Maschinen; für andere siehe `resolvectl status`.",
    },
  },
  {
    id: "disk-full",
    signatures: [/[Nn]o space left on device/],
    meaning: { en: "A disk is full.", de: "Eine Platte ist voll." },
    remedy: {
      en: "`df -h` shows which; `sudo crictl rmi --prune` frees unused images. Multipass gives machines 5 GB unless told otherwise.",
      de: "`df -h` zeigt, welche; `sudo crictl rmi --prune` wirft unbenutzte Images weg. Ohne Angabe gibt Multipass einer Maschine 5 GB.",
    },
    discussion: "canonical/multipass#3379",
  },
];
