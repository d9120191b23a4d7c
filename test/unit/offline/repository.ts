import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { sha256 } from "./playing.ts";

/** Fields of a package's control file. */
export type Control = Readonly<Record<string, string>>;

/** Builds real packages and the index files of a repository of them, by the paths below its base address. */
export function repositoryOf(options: {
  folder: string;
  packages: readonly Control[];
  /** Absent: a flat repository. */
  suite?: string;
  /** Signs `InRelease`. */
  sign?: (text: string) => string;
}): Record<string, Buffer> {
  const { folder, packages, suite } = options;
  const files: Record<string, Buffer> = {};
  const entries = packages.map((control) => {
    const name = `${control["Package"]}_${control["Version"]?.replace(/^\d+:/, "")}_all.deb`;
    const bytes = packageOf(join(folder, name), control);
    const path = suite === undefined ? name : `pool/main/${name}`;
    files[path] = bytes;
    return [...lines(control), `Filename: ${path}`, `Size: ${bytes.length}`, `SHA256: ${sha256(bytes)}`].join("\n");
  });
  const plain = Buffer.from(`${entries.join("\n\n")}\n`);
  const below = suite === undefined ? "" : "main/binary-amd64/";
  const indexes = new Map([
    [`${below}Packages`, plain],
    [`${below}Packages.gz`, gzipSync(plain)],
  ]);
  const release = [
    `Suite: ${suite ?? "stable"}`,
    `Codename: ${suite ?? "stable"}`,
    "Architectures: amd64 all",
    "Components: main",
    "Date: Tue, 24 Nov 2026 00:00:00 UTC",
    "Acquire-By-Hash: yes",
    "SHA256:",
    ...[...indexes].map(([path, bytes]) => ` ${sha256(bytes)} ${bytes.length} ${path}`),
    "",
  ].join("\n");
  const base = suite === undefined ? "" : `dists/${suite}/`;
  for (const [path, bytes] of indexes) files[base + path] = bytes;
  files[`${base}InRelease`] = Buffer.from(options.sign?.(release) ?? release);
  return files;
}

const lines = (control: Control): string[] => Object.entries(control).map(([name, value]) => `${name}: ${value}`);

function packageOf(path: string, control: Control): Buffer {
  const root = `${path}.d`;
  mkdirSync(join(root, "DEBIAN"), { recursive: true });
  writeFileSync(join(root, "DEBIAN/control"), `${lines(control).join("\n")}\n`);
  execFileSync("dpkg-deb", ["--build", "--root-owner-group", "-Znone", root, path], { stdio: "pipe" });
  return readFileSync(path);
}

/** What a package's control file must say. */
export const control = (name: string, version: string, more: Control = {}): Control => ({
  Package: name,
  Version: version,
  Architecture: "all",
  Maintainer: "nobody <nobody@example.org>",
  Description: "for a test",
  ...more,
});
