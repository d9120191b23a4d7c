import { parse } from "smol-toml";
import { workloadSource } from "../../../../wasm/workloads.ts";

/** Versions of the course's crates that the modelled registry lists, newest first. */
const published: Readonly<Record<string, readonly string[]>> = {
  httpcodec: ["0.2.3", "0.2.2", "0.2.1", "0.2.0", "0.1.0"],
  wasmedge_wasi_socket: ["0.5.3", "0.5.2", "0.5.1", "0.5.0", "0.4.3"],
};

/** What the shipped module was built with. */
export const courseCrates: Readonly<Record<string, string>> = { httpcodec: "0.2.3", wasmedge_wasi_socket: "0.5.3" };

export const publishedVersions = (crate: string): readonly string[] | undefined => published[crate];

interface Locked {
  name: string;
  version: string;
  dependencies?: string[];
}

/** All crates of the shipped lock file, each behind those it needs. */
export function lockedCrates(): { name: string; version: string }[] {
  const packages: unknown = parse(workloadSource("http-server", "Cargo.lock"))["package"];
  const locked = Array.isArray(packages) ? packages.filter(isLocked) : [];
  const ordered: Locked[] = [];
  const visit = (crate: Locked): void => {
    if (ordered.includes(crate)) return;
    for (const wanted of crate.dependencies ?? []) {
      const [name, version] = wanted.split(" ");
      const next = locked.find((other) => other.name === name && (version === undefined || other.version === version));
      if (next) visit(next);
    }
    ordered.push(crate);
  };
  for (const crate of locked) visit(crate);
  return ordered.filter((crate) => crate.name !== "http_server");
}

const isLocked = (value: unknown): value is Locked =>
  typeof value === "object" && value !== null && "name" in value && "version" in value;

/** The course's lock file for a package of that name and version, in the form that cargo 1.75 writes. */
export const lockFile = (name: string, version: string): string =>
  workloadSource("http-server", "Cargo.lock")
    .replace(/^version = 4$/m, "version = 3")
    .replace('name = "http_server"\nversion = "1.0.0"', `name = "${name}"\nversion = "${version}"`);
