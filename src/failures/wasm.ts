import type { Failure } from "./failure.ts";

/** Building modules, and the installers of Wasm runtimes. */
export const wasm: readonly Failure[] = [
  {
    id: "cargo-edition-2024",
    signatures: [/feature '?`?edition2024`?'? is required/],
    meaning: {
      en: "A crate that came in without being asked for is written for Rust 1.85 or newer: without a lock file cargo takes the newest of everything.",
      de: "Eine Crate, die ungefragt mitkam, ist für Rust ab 1.85 geschrieben: Ohne Lock-Datei nimmt cargo von allem das Neueste.",
    },
    remedy: {
      en: "Copy `Cargo.lock` into the build and use `cargo build --locked`, or install a newer Rust.",
      de: "Kopiere `Cargo.lock` in den Build und nimm `cargo build --locked`, oder installiere ein neueres Rust.",
    },
  },
  {
    id: "rust-newer-needed",
    signatures: [
      /rustc (?<have>[\d.]+) is not supported by the following package/,
      /requires rustc [\d.]+ or newer, while the currently active rustc version is (?<have>[\d.]+)/,
    ],
    meaning: {
      en: "A crate wants a newer Rust than {have}.",
      de: "Eine Crate will ein neueres Rust als {have}.",
    },
    remedy: {
      en: "Pin it in `Cargo.lock` (`cargo update CRATE --precise VERSION`), or `rustup update`.",
      de: "Lege sie in `Cargo.lock` fest (`cargo update CRATE --precise VERSION`), oder `rustup update`.",
    },
  },
  {
    id: "rust-target-renamed",
    signatures: [/the [`']?wasm32-wasi[`']? target is being renamed to [`']?wasm32-wasip1[`']?/],
    meaning: {
      en: "`wasm32-wasi` is now called `wasm32-wasip1`; from Rust 1.84 on the old name is gone.",
      de: "`wasm32-wasi` heißt jetzt `wasm32-wasip1`; ab Rust 1.84 gibt es den alten Namen nicht mehr.",
    },
    remedy: {
      en: "`rustup target add wasm32-wasip1`, and the new name in every path below target/.",
      de: "`rustup target add wasm32-wasip1`, und den neuen Namen in jeden Pfad unter target/.",
    },
    discussion: "rust-lang/rust#132562",
    since: "Rust 1.81",
    until: "Rust 1.83",
  },
  {
    id: "rust-target-gone",
    signatures: [
      /toolchain '(?<toolchain>[^']{1,80})' does not support target 'wasm32-wasi'/,
      /toolchain '(?<toolchain>[^']{1,80})' does not contain component 'rust-std' for target 'wasm32-wasi'/,
    ],
    meaning: {
      en: "{toolchain} has no target `wasm32-wasi` any more: it was renamed, and removed in Rust 1.84.",
      de: "{toolchain} hat das Target `wasm32-wasi` nicht mehr: Es wurde umbenannt und in Rust 1.84 entfernt.",
    },
    remedy: {
      en: "Use `wasm32-wasip1`, also in spin.toml, Dockerfile and every path.",
      de: "Nimm `wasm32-wasip1`, auch in spin.toml, Dockerfile und jedem Pfad.",
    },
    discussion: "rust-lang/rust#132562",
    since: "Rust 1.84",
  },
  {
    id: "rust-target-missing",
    signatures: [/the [`']?(?<target>wasm32-[\w-]{1,40})[`']? target may not be installed/],
    meaning: {
      en: "Rust has no standard library for {target} here.",
      de: "Rust hat hier keine Standardbibliothek für {target}.",
    },
    remedy: { en: "`rustup target add {target}`.", de: "`rustup target add {target}`." },
  },
  {
    id: "wasmedge-installer-minimum",
    signatures: [/Version not supported\. Min Version: (?<minimum>[\d.]+)/],
    meaning: {
      en: "WasmEdge's installer of today refuses versions before {minimum}, the thesis's 0.12.1 among them.",
      de: "Das heutige Installationsskript von WasmEdge lehnt Versionen vor {minimum} ab, darunter die 0.12.1 der Thesis.",
    },
    remedy: {
      en: "Let it take the older script: `INSTALL_PY_URL=https://raw.githubusercontent.com/WasmEdge/WasmEdge/0.12.1/utils/install.py`, or unpack the release's archive.",
      de: "Gib ihm das ältere Skript: `INSTALL_PY_URL=https://raw.githubusercontent.com/WasmEdge/WasmEdge/0.12.1/utils/install.py`, oder entpacke das Archiv der Version.",
    },
  },
  {
    id: "wasmedge-installer-git",
    signatures: [/Please install git/],
    meaning: {
      en: "WasmEdge's installer needs git, which is not installed.",
      de: "Das Installationsskript von WasmEdge braucht git; es ist nicht installiert.",
    },
    remedy: {
      en: "`sudo apt-get install -y git`, then again.",
      de: "`sudo apt-get install -y git`, dann noch einmal.",
    },
  },
  {
    id: "spin-installer-version",
    signatures: [/Unknown argument --version=(?<version>v?[\w.-]{1,30}?)\.?(?: |$)/],
    meaning: {
      en: "Spin's installer takes the version as a word of its own, not behind `=`.",
      de: "Das Installationsskript von Spin nimmt die Version als eigenes Wort, nicht hinter `=`.",
    },
    remedy: {
      en: "Write `--version {version}` (or `-v {version}`).",
      de: "Schreib `--version {version}` (oder `-v {version}`).",
    },
  },
  {
    id: "spin-operator-webhook",
    signatures: [
      /failed calling webhook "(?<webhook>[\w.-]{0,60}spin[\w.-]{1,60})".{0,300}?no endpoints available for service "(?<service>[^"]{1,80})"/,
    ],
    meaning: {
      en: "The API server asks spin-operator about this object ({webhook}), and no pod stands behind `{service}`: it is not ready, or the network between the nodes is broken.",
      de: "Der API-Server fragt spin-operator zu diesem Objekt ({webhook}), aber hinter `{service}` steht kein Pod: Er ist nicht bereit, oder das Netz zwischen den Knoten ist kaputt.",
    },
    remedy: {
      en: "`kubectl get pods -A | grep -e spin -e cert-manager`; wait until they are Ready, then try whether a pod reaches another node's.",
      de: "`kubectl get pods -A | grep -e spin -e cert-manager`; warte, bis sie Ready sind, dann probiere, ob ein Pod den eines anderen Knotens erreicht.",
    },
  },
];
