import type { figuresEn } from "./en.ts";

/** Die Wörter der Abbildungen auf Deutsch. */
export const figuresDe = {
  titles: { cluster: "Cluster", node: "Knoten", flow: "Ablauf" },
  captions: {
    cluster: "Der Cluster, wie er ist",
    node: "Ein Knoten vom Kubelet abwärts",
    flow: "Was zwischen den Komponenten unterwegs ist",
  },
  states: { absent: "nicht da", installed: "installiert", running: "läuft", failed: "gescheitert" },
  ready: "Ready",
  notReady: "NotReady",
  noNode: "noch kein Knoten",
  cordoned: "gesperrt",
  empty: "Es gibt noch keine Maschine.",
  noPods: "keine Pods",
  quiet: "Noch ist nichts unterwegs. Tipp einen Befehl, etwa `kubectl get nodes`.",
  latest: "das Neueste zuerst",
  pods: (ready, total) => `${ready}/${total} Pods bereit`,
  answered: (requests) => `${requests} beantwortet`,
  answeredTitle: "beantwortet",
  more: (count) => `+${count} weitere`,
  unscheduled: (count) => (count === 1 ? "1 Pod wartet auf einen Knoten" : `${count} Pods warten auf einen Knoten`),
  leadsTo: (pods) => (pods === 1 ? "1 Pod" : `${pods} Pods`),
  wasmModule: "Module",
  container: "Container",
  clients: "Clients",
  actions: {
    read: "antwortet mit",
    create: "erzeugt",
    update: "ändert",
    delete: "löscht",
    watch: "meldet",
    call: "",
    start: "startet",
    stop: "beendet",
    request: "",
  },
  spoken: {
    machine: (name, node) => `Maschine ${name}: ${node}.`,
    components: (state, names) => `  ${state}: ${names}.`,
    way: (names, pods) => `  Weg nach unten: ${names}: ${pods}.`,
    pod: (name, state, requests) =>
      `  Pod ${name}: ${state}${requests === 0 ? "" : `, ${requests} Anfragen beantwortet`}.`,
    service: (name, port, pods) => `Der Service ${name} auf Port ${port} führt zu ${pods}.`,
    pass: (from, to, what) => `${from} an ${to}: ${what}.`,
  },
} satisfies typeof figuresEn;
