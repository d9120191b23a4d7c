/** What one Rust release calls itself. */
export interface RustRelease {
  /** Commit and day, as `rustc --version` prints them. */
  rustc: string;
  cargo: string;
  /** Day of release. */
  day: string;
}

/** Releases that the modelled distribution server has. */
export const rustReleases: Readonly<Record<string, RustRelease>> = {
  "1.73.0": { rustc: "cc66ad468 2023-10-03", cargo: "9c4383fb5 2023-08-26", day: "2023-10-05" },
  "1.74.0": { rustc: "79e9716c9 2023-11-13", cargo: "ecb9851af 2023-10-18", day: "2023-11-16" },
  "1.74.1": { rustc: "a28077b28 2023-12-04", cargo: "ecb9851af 2023-10-18", day: "2023-12-07" },
  "1.75.0": { rustc: "82e1608df 2023-12-21", cargo: "1d8b05cdd 2023-11-20", day: "2023-12-28" },
  "1.76.0": { rustc: "07dca489a 2024-02-04", cargo: "c84b36747 2024-01-18", day: "2024-02-08" },
  "1.93.0": { rustc: "254b59607 2026-01-19", cargo: "083ac5135 2025-12-15", day: "2026-01-22" },
};

/** Releases of rustup: commit and its day, and the day of release. */
const rustupReleases: Readonly<Record<string, { commit: string; day: string }>> = {
  "1.26.0": { commit: "5af9b9484 2023-04-05", day: "2023-04-25" },
  "1.28.2": { commit: "e4f3ad6f8 2025-04-28", day: "2025-05-05" },
};

/** The rustup that the distribution server hands out on `date`. */
export const rustupOn = (date: string): string =>
  Object.entries(rustupReleases)
    .filter(([, { day }]) => day <= date)
    .at(-1)?.[0] ?? "1.26.0";

/** `1.26.0 (5af9b9484 2023-04-05)` */
export const rustupName = (version: string): string => `${version} (${rustupReleases[version]?.commit ?? "unknown"})`;

export const hostTriple = "x86_64-unknown-linux-gnu";

/** The minor number of a Rust version, e.g. 75. */
export const minorOf = (version: string): number => Number(version.split(".")[1]);

/**
 * Targets whose standard library can be added. WASI preview 1 is `wasm32-wasi` until 1.83 and `wasm32-wasip1` from 1.78.
 * Simplified: a real release has about a hundred.
 */
export function targetsOf(version: string): readonly string[] {
  const minor = minorOf(version);
  return [
    "aarch64-unknown-linux-gnu",
    "wasm32-unknown-emscripten",
    "wasm32-unknown-unknown",
    ...(minor < 84 ? ["wasm32-wasi"] : []),
    ...(minor >= 78 ? ["wasm32-wasip1"] : []),
    ...(minor >= 82 ? ["wasm32-wasip2"] : []),
    hostTriple,
    "x86_64-unknown-linux-musl",
  ];
}

export const isWasiTarget = (target: string): boolean => target === "wasm32-wasi" || target === "wasm32-wasip1";
