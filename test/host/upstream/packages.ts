import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { cached, digestOf } from "../cache.ts";
import { run } from "../run.ts";
import { suiteOf } from "./archive.ts";
import type { Content, Site } from "./server.ts";
import { signingKey } from "./signing.ts";

/** A file of a package: its text, or a file of this computer to copy. */
export type PackedFile = { text: string; mode?: number } | { from: string };

export interface DebianPackage {
  name: string;
  version: string;
  description: string;
  depends?: readonly string[];
  files: Readonly<Record<string, PackedFile>>;
}

/** Packs a Debian package and answers with its path. */
export async function packed(wanted: DebianPackage, architecture: string): Promise<string> {
  const file = `${wanted.name}_${wanted.version}_${architecture}.deb`;
  const digest = digestOf(JSON.stringify(wanted));
  const folder = await cached(
    `packages/${digest}-${wanted.name}`,
    `${wanted.name} ${wanted.version}, packed`,
    async (path) => {
      const tree = join(path, "tree");
      for (const [name, content] of Object.entries(wanted.files)) {
        const target = join(tree, name);
        mkdirSync(dirname(target), { recursive: true });
        if ("from" in content) copyFileSync(content.from, target);
        else writeFileSync(target, content.text);
        chmodSync(target, "from" in content ? 0o755 : (content.mode ?? 0o644));
      }
      mkdirSync(join(tree, "DEBIAN"), { recursive: true });
      const depends = wanted.depends?.length ? `Depends: ${wanted.depends.join(", ")}\n` : "";
      writeFileSync(
        join(tree, "DEBIAN/control"),
        `Package: ${wanted.name}
Version: ${wanted.version}
Architecture: ${architecture}
Maintainer: wasm-k8s-lab test:host <nobody@example.invalid>
${depends}Description: ${wanted.description}
`,
      );
      await run("dpkg-deb", ["--root-owner-group", "-Zgzip", "-z1", "--build", tree, join(path, file)]);
      await run("rm", ["-rf", tree]);
    },
  );
  return join(folder, file);
}

/** A flat repository of packages at `base` (`host/path/`), signed with the key of this test. */
export async function flatRepository(base: string, files: readonly string[], architecture: string): Promise<Site> {
  const packages = Buffer.from((await Promise.all(files.map(describe))).join("\n"));
  const release = { origin: "A test of wasm-k8s-lab", suite: "stable", components: "main", architecture };
  const served = new Map<string, Content>(
    Object.entries(await suiteOf(release, { Packages: packages, "Packages.gz": gzipSync(packages) })),
  );
  served.set("Release.key", { file: (await signingKey()).armored });
  for (const file of files) served.set(basename(file), { file });
  return (place) => (place.startsWith(base) ? served.get(place.slice(base.length)) : undefined);
}

/** The paragraph of a package in an index. */
async function describe(file: string): Promise<string> {
  const control = await run("dpkg-deb", ["--field", file]);
  const bytes = readFileSync(file);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return `${control.trim()}\nFilename: ${basename(file)}\nSize: ${bytes.length}\nSHA256: ${sha256}\n`;
}
