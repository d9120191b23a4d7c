import type { Failure } from "./failure.ts";

/** Pods that find no node, or are refused before they look for one. */
export const scheduling: readonly Failure[] = [
  {
    id: "runtime-class-missing",
    signatures: [
      /RuntimeClass "(?<name>[^"]{1,80})" not found/,
      /runtimeclasses\.node\.k8s\.io "(?<name>[^"]{1,80})" not found/,
    ],
    meaning: {
      en: "The pod names the RuntimeClass `{name}`, and the cluster has none of that name. Pods of a Deployment are then not even made: the ReplicaSet's events say so.",
      de: "Der Pod nennt die RuntimeClass `{name}`, und der Cluster hat keine dieses Namens. Pods eines Deployments entstehen dann gar nicht erst: Das steht in den Ereignissen des ReplicaSets.",
    },
    remedy: {
      en: "`kubectl get runtimeclass` lists them; apply the one that is missing, or correct `runtimeClassName`.",
      de: "`kubectl get runtimeclass` listet sie; lege die fehlende an, oder berichtige `runtimeClassName`.",
    },
    discussion: "canonical/microk8s#2359",
  },
  {
    id: "node-selector-unmet",
    signatures: [/(?<count>\d+) node\(s\) didn't match (?:Pod's )?node (?:affinity\/selector|selector|affinity)/],
    meaning: {
      en: "{count} of the nodes lack a label that the pod (or its RuntimeClass) asks for.",
      de: "{count} der Knoten fehlt ein Label, das der Pod (oder seine RuntimeClass) verlangt.",
    },
    remedy: {
      en: "Compare `kubectl get nodes --show-labels` with the pod's `nodeSelector`; then `kubectl label node NAME KEY=VALUE`.",
      de: "Vergleiche `kubectl get nodes --show-labels` mit dem `nodeSelector` des Pods; dann `kubectl label node NAME SCHLÜSSEL=WERT`.",
    },
    discussion: "hwameistor/hwameistor#1448",
  },
  {
    id: "control-plane-taint",
    signatures: [
      /had untolerated taint \{(?<taint>node-role\.kubernetes\.io\/(?:control-plane|master))/,
      /had taint \{(?<taint>node-role\.kubernetes\.io\/(?:control-plane|master))[^}]{0,40}\}, that the pod didn't tolerate/,
    ],
    meaning: {
      en: "The control plane's node is kept free of ordinary pods by its taint `{taint}`, as it should be. Another reason keeps the pod off the workers.",
      de: "Der Knoten der Control Plane bleibt durch seinen Taint `{taint}` frei von gewöhnlichen Pods, wie es sein soll. Von den Workern hält den Pod etwas anderes ab.",
    },
    remedy: {
      en: "Look at what is said of the other nodes: a label, a taint, or no worker has joined (`kubectl get nodes`).",
      de: "Sieh dir an, was von den anderen Knoten gesagt wird: ein Label, ein Taint, oder es ist kein Worker da (`kubectl get nodes`).",
    },
    discussion: "kubevirt/kubevirt#12390",
  },
  {
    id: "node-not-ready-taint",
    signatures: [/had (?:untolerated )?taint \{(?<taint>node\.kubernetes\.io\/(?:not-ready|unreachable))/],
    meaning: {
      en: "A node takes no pods because it is not ready (`{taint}`).",
      de: "Ein Knoten nimmt keine Pods an, weil er nicht bereit ist (`{taint}`).",
    },
    remedy: {
      en: "`kubectl describe node NAME` says why under Conditions: mostly the pod network, or its kubelet does not run.",
      de: "`kubectl describe node NAME` sagt unter Conditions, warum: meist fehlt das Pod-Netz, oder sein Kubelet läuft nicht.",
    },
  },
  {
    id: "taint-not-tolerated",
    signatures: [
      /had untolerated taint \{(?<taint>[^}]{1,120})\}/,
      /had taint \{(?<taint>[^}]{1,120})\}, that the pod didn't tolerate/,
    ],
    meaning: {
      en: "A node refuses this pod by its taint `{taint}`.",
      de: "Ein Knoten lehnt diesen Pod durch seinen Taint `{taint}` ab.",
    },
    remedy: {
      en: "Give the pod a matching toleration, or take the taint away: `kubectl taint node NAME KEY-`.",
      de: "Gib dem Pod eine passende Toleration, oder nimm den Taint weg: `kubectl taint node NAME SCHLÜSSEL-`.",
    },
    discussion: "kubeedge/kubeedge#272",
  },
  {
    id: "node-cordoned",
    signatures: [/\d+ node\(s\) were unschedulable/],
    meaning: {
      en: "A node takes no new pods because it was cordoned or drained.",
      de: "Ein Knoten nimmt keine neuen Pods an, weil er gesperrt (cordon) oder geräumt (drain) wurde.",
    },
    remedy: { en: "`kubectl uncordon NAME`.", de: "`kubectl uncordon NAME`." },
  },
  {
    id: "node-resources",
    signatures: [/\d+ Insufficient (?<resource>cpu|memory|ephemeral-storage|pods)\b/],
    meaning: {
      en: "The pod asks for more {resource} than the nodes have left.",
      de: "Der Pod verlangt mehr {resource}, als auf den Knoten noch frei ist.",
    },
    remedy: {
      en: "Lower `resources.requests`, run fewer replicas, or give the machines more.",
      de: "Senke `resources.requests`, nimm weniger Repliken, oder gib den Maschinen mehr.",
    },
  },
  {
    id: "nodes-unavailable",
    general: true,
    signatures: [/0\/(?<count>\d+) nodes are available/],
    meaning: {
      en: "None of the {count} nodes can take the pod; the reasons follow, one for each group of nodes.",
      de: "Keiner der {count} Knoten kann den Pod aufnehmen; die Gründe folgen, je einer für eine Gruppe von Knoten.",
    },
    remedy: {
      en: "`kubectl describe pod NAME` repeats them; `kubectl get nodes` shows who is Ready.",
      de: "`kubectl describe pod NAME` wiederholt sie; `kubectl get nodes` zeigt, wer Ready ist.",
    },
  },
  {
    id: "node-port-taken",
    signatures: [/nodePort: Invalid value: (?<port>\d+): provided port is already allocated/],
    meaning: {
      en: "Node port {port} belongs to another Service already.",
      de: "Der NodePort {port} gehört schon einem anderen Service.",
    },
    remedy: {
      en: "`kubectl get services -A | grep {port}` shows whose; delete that one or take another port.",
      de: "`kubectl get services -A | grep {port}` zeigt, wem; lösche diesen, oder nimm einen anderen Port.",
    },
  },
];
