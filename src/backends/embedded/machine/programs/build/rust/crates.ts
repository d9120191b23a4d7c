import { parse } from "smol-toml";
import type { Profile } from "../../../../../../domain/backend.ts";
import { workloadSource } from "../../../../wasm/workloads.ts";
import type { WorkloadName } from "../../../../wasm/workloads.ts";
import { satisfies } from "./manifest.ts";
import type { Manifest } from "./manifest.ts";

/** A program of the course, with the crates that its module was built with. */
export interface CoursePackage {
  workload: WorkloadName;
  /** Path of the source from the workload's folder. */
  source: string;
  crates: Readonly<Record<string, string>>;
  /** Crates of the lock file that are for other platforms only. */
  foreign?: RegExp;
}

const server: CoursePackage = {
  workload: "http-server",
  source: "src/main.rs",
  crates: { httpcodec: "0.2.3", wasmedge_wasi_socket: "0.5.3" },
};

/** One source on two versions of the SDK. */
const components: readonly CoursePackage[] = [
  {
    workload: "spin-http-server/thesis",
    source: "../src/lib.rs",
    crates: { anyhow: "1.0.104", "spin-sdk": "2.1.0" },
  },
  {
    workload: "spin-http-server/current",
    source: "../src/lib.rs",
    crates: { anyhow: "1.0.104", "spin-sdk": "5.0.0" },
    foreign:
      /^(android_|bumpalo$|cc$|core-found|cpufeatures$|find-msvc|iana-|js-sys$|libc$|r-efi$|rustversion$|shlex$|wasm-bindgen|windows-)/,
  },
];

/** Versions of the course's crates that the modelled registry lists, newest first, with the day they came out. */
const published: Readonly<Record<string, readonly (readonly [version: string, day: string])[]>> = {
  httpcodec: ["0.2.3", "0.2.2", "0.2.1", "0.2.0", "0.1.0"].map((version) => [version, ""]),
  wasmedge_wasi_socket: ["0.5.3", "0.5.2", "0.5.1", "0.5.0", "0.4.3"].map((version) => [version, ""]),
  // Simplified: the lock file decides about anyhow, whatever the day.
  anyhow: [["1.0.104", ""]],
  "spin-sdk": [
    ["5.2.0", "2026-01-27"],
    ["5.1.1", "2025-11-19"],
    ["5.0.0", "2025-09-22"],
    ["4.0.0", "2025-07-21"],
    ["3.1.1", "2025-01-28"],
    ["3.0.1", "2024-06-06"],
    ["2.2.0", "2024-01-31"],
    ["2.1.0", "2023-12-14"],
  ],
};

const lastDay: Readonly<Record<Profile, string>> = { thesis: "2024-02-28", current: "2026-11-23" };

/** The program of the course that a manifest is for: a library is Spin's component, on the SDK that it asks for. */
export function coursePackage(manifest: Manifest, profile: Profile): CoursePackage {
  if (manifest.output.kind === "binary") return server;
  const own = profile === "thesis" ? components[0] : components[1];
  const wanted = manifest.dependencies.get("spin-sdk") ?? "*";
  return components.find(({ crates }) => satisfies(crates["spin-sdk"] ?? "", wanted)) ?? own ?? server;
}

/** Versions of a crate that are out on the profile's day, newest first; undefined for a crate the lab does not have. */
export const publishedVersions = (crate: string, profile: Profile): readonly string[] | undefined =>
  published[crate]?.filter(([, day]) => day <= lastDay[profile]).map(([version]) => version);

interface Locked {
  name: string;
  version: string;
  dependencies?: string[];
}

/** The crates of the program's lock file that a build for WASI compiles, each behind those it needs. */
export function lockedCrates({ workload, foreign }: CoursePackage): { name: string; version: string }[] {
  const packages: unknown = parse(workloadSource(workload, "Cargo.lock"))["package"];
  const locked = Array.isArray(packages) ? packages.filter(isLocked) : [];
  const ordered: Locked[] = [];
  const visited = new Set<Locked>();
  const visit = (crate: Locked): void => {
    if (visited.has(crate)) return;
    visited.add(crate);
    for (const wanted of crate.dependencies ?? []) {
      const [name, version] = wanted.split(" ");
      const next = locked.find((other) => other.name === name && (version === undefined || other.version === version));
      if (next) visit(next);
    }
    ordered.push(crate);
  };
  for (const crate of locked) visit(crate);
  return ordered.filter(({ name }) => name !== nameOf(workload) && foreign?.test(name) !== true);
}

const nameOf = (workload: WorkloadName): string => workload.replace(/\/.*/, "").replaceAll("-", "_");

const isLocked = (value: unknown): value is Locked =>
  typeof value === "object" && value !== null && "name" in value && "version" in value;

/** The program's lock file for a package of that name and version, in the form that this cargo writes. */
export const lockFile = ({ workload }: CoursePackage, name: string, version: string, rust: string): string =>
  workloadSource(workload, "Cargo.lock")
    .replace(/^version = 4$/m, `version = ${Number(rust.split(".")[1]) < 83 ? 3 : 4}`)
    .replace(`name = "${nameOf(workload)}"\nversion = "1.0.0"`, `name = "${name}"\nversion = "${version}"`);
