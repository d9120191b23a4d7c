import type { Failure } from "./failure.ts";

/** containerd's handlers and shims. */
export const containerd: readonly Failure[] = [
  {
    id: "containerd-2-handler-unknown",
    signatures: [
      /unable to get OCI runtime for sandbox "[^"]{0,120}": no runtime for "(?<handler>[^"]{1,80})" is configured/,
    ],
    meaning: {
      en: "containerd 2 has no handler `{handler}`. A table in the old place (`io.containerd.grpc.v1.cri`) is passed over silently when the file says `version = 3`.",
      de: "containerd 2 hat keinen Handler `{handler}`. Eine Tabelle am alten Ort (`io.containerd.grpc.v1.cri`) übergeht es stillschweigend, wenn in der Datei `version = 3` steht.",
    },
    remedy: {
      en: "Write it as `[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.{handler}]`, restart containerd, and see `sudo crictl info | grep {handler}`.",
      de: "Schreib sie als `[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.{handler}]`, starte containerd neu und sieh mit `sudo crictl info | grep {handler}` nach.",
    },
    discussion: "spinframework/containerd-shim-spin#386",
    since: "containerd 2.0",
  },
  {
    id: "containerd-handler-unknown",
    signatures: [/no runtime for "(?<handler>[^"]{1,80})" is configured/],
    meaning: {
      en: "The pod's RuntimeClass asks for the handler `{handler}`, which this node's containerd does not have in its configuration.",
      de: "Die RuntimeClass des Pods verlangt den Handler `{handler}`, den das containerd dieses Knotens nicht in seiner Konfiguration hat.",
    },
    remedy: {
      en: '`[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.{handler}]` with `runtime_type` into /etc/containerd/config.toml (containerd 2: `io.containerd.cri.v1.runtime`), then `sudo systemctl restart containerd`.',
      de: '`[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.{handler}]` mit `runtime_type` in /etc/containerd/config.toml (containerd 2: `io.containerd.cri.v1.runtime`), dann `sudo systemctl restart containerd`.',
    },
    discussion: "spinframework/spin-operator#209",
  },
  {
    id: "containerd-sandbox-of-lost-handler",
    signatures: [/container\.Runtime\.Name must be set: invalid argument/],
    meaning: {
      en: "containerd finds a pod again after a restart whose handler its configuration no longer has.",
      de: "containerd findet nach einem Neustart einen Pod wieder, dessen Handler nicht mehr in seiner Konfiguration steht.",
    },
    remedy: {
      en: "Put the handler's table right (containerd 2: `plugins.'io.containerd.cri.v1.runtime'`), restart containerd and delete the pod.",
      de: "Bring die Tabelle des Handlers in Ordnung (containerd 2: `plugins.'io.containerd.cri.v1.runtime'`), starte containerd neu und lösche den Pod.",
    },
    discussion: "spinframework/containerd-shim-spin#386",
    since: "containerd 2.0",
  },
  {
    id: "containerd-shim-missing",
    signatures: [/runtime "(?<runtime>io\.containerd\.[\w.-]{1,80})" binary not installed "(?<binary>[\w.-]{1,80})"/],
    meaning: {
      en: "containerd knows the handler, but not its program: it looks for `{binary}` on its PATH and beside its own binary.",
      de: "containerd kennt den Handler, aber nicht sein Programm: Es sucht `{binary}` in seinem PATH und neben der eigenen Programmdatei.",
    },
    remedy: {
      en: "Install it as /usr/local/bin/{binary}, executable; `{runtime}` in `runtime_type` decides that name.",
      de: "Installiere es als /usr/local/bin/{binary}, ausführbar; den Namen bestimmt `{runtime}` in `runtime_type`.",
    },
  },
  {
    id: "containerd-configuration-version",
    signatures: [
      /expected containerd config version equal to or less than [`']?(?<known>\d)[`']?, got [`']?(?<given>\d)/,
    ],
    meaning: {
      en: "The file says `version = {given}`, and this containerd knows versions up to {known}. It does not start.",
      de: "In der Datei steht `version = {given}`, und dieses containerd kennt Versionen bis {known}. Es startet nicht.",
    },
    remedy: {
      en: "`containerd config default` prints what this one understands: version 2 for containerd 1.x, 3 from 2.0 on.",
      de: "`containerd config default` gibt aus, was dieses versteht: Version 2 bei containerd 1.x, 3 ab 2.0.",
    },
  },
  {
    id: "docker-handler-unsupported",
    signatures: [/RuntimeHandler "(?<handler>[^"]{1,80})" not supported/],
    meaning: {
      en: "This node runs its pods through Docker (cri-dockerd), which knows no runtime handlers such as `{handler}`.",
      de: "Dieser Knoten führt Pods über Docker (cri-dockerd) aus, das keine Runtime-Handler wie `{handler}` kennt.",
    },
    remedy: {
      en: "Join the node with containerd: `--cri-socket unix:///run/containerd/containerd.sock`.",
      de: "Nimm den Knoten mit containerd auf: `--cri-socket unix:///run/containerd/containerd.sock`.",
    },
    discussion: "deislabs/containerd-wasm-shims#190",
  },
  {
    id: "containerd-shim-format",
    signatures: [/(?:start failed: : )?fork\/exec (?<shim>\/[\w./-]*containerd-shim-[\w-]{1,60}): exec format error/],
    meaning: {
      en: "{shim} is made for another kind of processor than this machine's (x86_64 against aarch64), or is not a program at all.",
      de: "{shim} ist für einen anderen Prozessor gebaut als den dieser Maschine (x86_64 statt aarch64 oder umgekehrt) oder gar kein Programm.",
    },
    remedy: {
      en: "`uname -m` and `file {shim}` show both; fetch the archive for this architecture.",
      de: "`uname -m` und `file {shim}` zeigen beides; hole das Archiv für diese Architektur.",
    },
  },
];
