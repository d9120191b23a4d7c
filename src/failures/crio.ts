import type { Failure } from "./failure.ts";

/** CRI-O's configuration and handlers. */
export const crio: readonly Failure[] = [
  {
    id: "crio-default-runtime-missing",
    signatures: [/default_runtime set to "(?<runtime>[^"]{1,80})", but no runtime entry table/],
    meaning: {
      en: "CRI-O is told to use {runtime} by default, but no table `[crio.runtime.runtimes.{runtime}]` says what that is. It does not start.",
      de: "CRI-O soll standardmäßig {runtime} nehmen, aber keine Tabelle `[crio.runtime.runtimes.{runtime}]` sagt, was das ist. Es startet nicht.",
    },
    remedy: {
      en: "Add the table with its `runtime_path` to a file in /etc/crio/crio.conf.d, then `sudo systemctl restart crio`.",
      de: "Schreib die Tabelle mit ihrem `runtime_path` in eine Datei in /etc/crio/crio.conf.d, dann `sudo systemctl restart crio`.",
    },
  },
  {
    id: "crio-runtime-path",
    signatures: [
      /invalid runtime_path for runtime '(?<runtime>[^']{1,80})': "?(?:stat )?(?<path>[^": ]{1,160}): no such file or directory/,
    ],
    meaning: {
      en: "CRI-O's handler {runtime} points at {path}, and there is no such file. It does not start.",
      de: "Der Handler {runtime} von CRI-O zeigt auf {path}, und diese Datei gibt es nicht. Es startet nicht.",
    },
    remedy: {
      en: "`which {runtime}` shows where it is; correct `runtime_path` in /etc/crio, then `sudo systemctl restart crio`.",
      de: "`which {runtime}` zeigt, wo es liegt; berichtige `runtime_path` in /etc/crio, dann `sudo systemctl restart crio`.",
    },
  },
  {
    id: "crio-annotation-invalid",
    signatures: [/invalid allowed_annotation: (?<annotation>[\w./-]{1,120})/],
    meaning: {
      en: "CRI-O knows no annotation `{annotation}` to allow. The names must be written exactly as it lists them: `module.wasm.image/variant`, and `run.oci.` with its dot and without `handler`.",
      de: "CRI-O kennt keine Annotation `{annotation}`, die man erlauben könnte. Die Namen müssen genau so dastehen, wie es sie führt: `module.wasm.image/variant`, und `run.oci.` mit Punkt und ohne `handler`.",
    },
    remedy: {
      en: 'Write `allowed_annotations = ["module.wasm.image/variant", "run.oci."]`, then `sudo systemctl restart crio`.',
      de: 'Schreib `allowed_annotations = ["module.wasm.image/variant", "run.oci."]`, dann `sudo systemctl restart crio`.',
    },
  },
  {
    id: "crio-handler-unknown",
    signatures: [/failed to find runtime handler (?<handler>[^ ]{1,80}) from runtime list/],
    meaning: {
      en: "The pod's RuntimeClass asks for the handler `{handler}`, which this node's CRI-O does not have.",
      de: "Die RuntimeClass des Pods verlangt den Handler `{handler}`, den das CRI-O dieses Knotens nicht hat.",
    },
    remedy: {
      en: "Add `[crio.runtime.runtimes.{handler}]` on the node where the pod is and restart crio, or let the RuntimeClass name a handler that is there (and `scheduling.nodeSelector`, so that the pod goes where it is).",
      de: "Ergänze auf dem Knoten des Pods `[crio.runtime.runtimes.{handler}]` und starte crio neu, oder lass die RuntimeClass einen vorhandenen Handler nennen (und mit `scheduling.nodeSelector` den Knoten, der ihn hat).",
    },
  },
];
