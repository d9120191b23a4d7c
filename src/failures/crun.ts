import type { Failure } from "./failure.ts";

/** What the low-level runtimes say when they start a container. */
export const crun: readonly Failure[] = [
  {
    id: "crun-wasm-exec-format",
    signatures: [/exec container process '?`?(?<file>\/?[\w./-]{1,120}\.wa(?:sm|t))[`']?: Exec format error/],
    meaning: {
      en: "crun started the module {file} as a Linux program. Either this crun was built without a Wasm handler (`crun --version` shows no `+WASM:wasmedge`), or the annotation did not reach it: CRI-O drops `module.wasm.image/variant` from pods unless the handler allows it.",
      de: "crun hat das Modul {file} wie ein Linux-Programm gestartet. Entweder wurde dieses crun ohne Wasm-Handler gebaut (`crun --version` zeigt kein `+WASM:wasmedge`), oder die Annotation kam nicht an: CRI-O entfernt `module.wasm.image/variant` aus Pods, wenn der Handler sie nicht erlaubt.",
    },
    remedy: {
      en: 'Check `crun --version`; then add `allowed_annotations = ["module.wasm.image/variant", "run.oci."]` to the handler in /etc/crio/crio.conf.d and restart crio (CRI-O 1.28.6, 1.29.4, 1.30 and newer).',
      de: 'Prüfe `crun --version`; dann ergänze beim Handler in /etc/crio/crio.conf.d `allowed_annotations = ["module.wasm.image/variant", "run.oci."]` und starte crio neu (CRI-O 1.28.6, 1.29.4, 1.30 und neuer).',
    },
    discussion: "containers/crun#1108",
  },
  {
    id: "runc-wasm-exec-format",
    signatures: [/\bexec '?"?(?<file>\/?[\w./-]{1,120}\.wa(?:sm|t))"?'?: exec format error/],
    meaning: {
      en: "runc was given the module {file}. runc knows no Wasm: the pod ran with the default runtime instead of the handler that does.",
      de: "runc bekam das Modul {file}. runc kennt kein Wasm: Der Pod lief mit der Standard-Laufzeitumgebung statt mit dem Handler, der es kann.",
    },
    remedy: {
      en: "Give the pod the RuntimeClass whose handler knows Wasm (`runtimeClassName`), or make crun the node's default, and see that the pod is on that node.",
      de: "Gib dem Pod die RuntimeClass, deren Handler Wasm kann (`runtimeClassName`), oder mach crun auf dem Knoten zum Standard, und sieh nach, ob der Pod dort läuft.",
    },
    discussion: "WasmEdge/WasmEdge#1675",
  },
  {
    id: "wrong-architecture",
    signatures: [
      /exec container process '?`?(?<file>\/[\w./-]{1,120})[`']?: Exec format error/,
      /\bexec '?"?(?<file>\/[\w./-]{1,120})"?'?: exec format error/,
      /(?<file>\/[\w./-]{1,120}): cannot execute binary file: Exec format error/,
    ],
    meaning: {
      en: "{file} is no program for this processor: built for another architecture (arm64, amd64), or not a program.",
      de: "{file} ist kein Programm für diesen Prozessor: für eine andere Architektur gebaut (arm64, amd64) oder gar keines.",
    },
    remedy: {
      en: "`uname -m` and `file` show both; take or build the one for this architecture.",
      de: "`uname -m` und `file` zeigen beides; nimm oder baue das für diese Architektur.",
    },
    discussion: "WasmEdge/WasmEdge#2638",
  },
  {
    id: "crun-library-missing",
    signatures: [
      /could not load [`']?(?<library>lib[\w.+-]{1,60})[`']?: [`']?[\w.+-]{1,80}: cannot open shared object file/,
    ],
    meaning: {
      en: "This crun was built for {library}, but the library is not installed, or the loader does not know of it. `crun --version` names the handler all the same.",
      de: "Dieses crun wurde für {library} gebaut, aber die Bibliothek ist nicht installiert, oder der Lader kennt sie nicht. `crun --version` nennt den Handler trotzdem.",
    },
    remedy: {
      en: "`ldconfig -p | grep {library}`; install WasmEdge for the whole system (`--path=/usr/local`), then `sudo ldconfig`.",
      de: "`ldconfig -p | grep {library}`; installiere WasmEdge für das ganze System (`--path=/usr/local`), dann `sudo ldconfig`.",
    },
    discussion: "containers/crun#1046",
  },
  {
    id: "library-missing",
    signatures: [/error while loading shared libraries: (?<library>[\w.+-]{1,80}): cannot open shared object file/],
    meaning: {
      en: "A program needs the library {library}, which the loader does not find.",
      de: "Ein Programm braucht die Bibliothek {library}, die der Lader nicht findet.",
    },
    remedy: {
      en: "Install what brings it, then `sudo ldconfig`; `ldconfig -p | grep {library}` shows whether it is known.",
      de: "Installiere, was sie mitbringt, dann `sudo ldconfig`; `ldconfig -p | grep {library}` zeigt, ob sie bekannt ist.",
    },
  },
  {
    id: "crun-wasm-import-unknown",
    signatures: [/instantiation failed: unknown import/],
    meaning: {
      en: "The module asks its host for a function that this WasmEdge does not have: built with a newer socket or WASI interface than the node's.",
      de: "Das Modul verlangt von seinem Host eine Funktion, die dieses WasmEdge nicht hat: mit einer neueren Socket- oder WASI-Schnittstelle gebaut als der des Knotens.",
    },
    remedy: {
      en: "Build it with crate versions that fit the node (`wasmedge_wasi_socket` 0.5 wants WasmEdge 0.12 or newer), or install a newer WasmEdge there.",
      de: "Baue es mit Crate-Versionen, die zum Knoten passen (`wasmedge_wasi_socket` 0.5 will WasmEdge ab 0.12), oder installiere dort ein neueres WasmEdge.",
    },
    discussion: "WasmEdge/WasmEdge#2383",
  },
  {
    id: "crun-wasm-run-failed",
    signatures: [/could not get wasmedge result from VM/],
    meaning: {
      en: "WasmEdge loaded the module, and running it failed: a trap, or something that it imports is missing. The lines above say which.",
      de: "WasmEdge hat das Modul geladen, aber die Ausführung schlug fehl: ein Trap, oder etwas, das es importiert, fehlt. Die Zeilen darüber sagen, was.",
    },
    remedy: {
      en: "Run the module alone on the node: `wasmedge MODULE.wasm`.",
      de: "Führe das Modul auf dem Knoten allein aus: `wasmedge MODUL.wasm`.",
    },
  },
];
