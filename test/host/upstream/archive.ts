import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import { cached } from "../cache.ts";
import { debian } from "../base-tree.ts";
import { run } from "../run.ts";
import type { Site } from "./server.ts";
import { clearsigned } from "./signing.ts";

const base = "archive.ubuntu.com/ubuntu/";

/** A file of Debian's mirror, kept. */
const mirrored = (path: string): Promise<string> =>
  cached(`debian/${path}`, "", async (file) => {
    const response = await fetch(`${debian.mirror}/${path}`, { redirect: "follow" });
    if (!response.ok) throw new Error(`${debian.mirror}/${path}: ${response.status}`);
    writeFileSync(file, Buffer.from(await response.arrayBuffer()));
  });

/** Debian's packages of one architecture, as `Packages.gz`. */
async function packagesOf(architecture: string): Promise<Buffer> {
  const xz = await mirrored(`dists/${debian.suite}/main/binary-${architecture}/Packages.xz`);
  const gz = await cached(
    `debian/Packages-${debian.suite}-${architecture}.gz`,
    "the index again, in gzip",
    async (file) => {
      await run("sh", ["-c", 'xz -dc "$0" | gzip -n -9 >"$1"', xz, file]);
    },
  );
  return readFileSync(gz);
}

/** Signed indexes of a suite: those files, and a Release that names their digests. */
export async function suiteOf(
  release: { origin: string; suite: string; components: string; architecture: string },
  files: Readonly<Record<string, Buffer>>,
): Promise<Readonly<Record<string, Buffer | string>>> {
  const { origin, suite, components, architecture } = release;
  const digests = Object.entries(files).map(
    ([name, bytes]) => ` ${createHash("sha256").update(bytes).digest("hex")} ${bytes.length} ${name}`,
  );
  const text = `Origin: ${origin}
Label: ${origin}
Suite: ${suite}
Codename: ${suite}
Date: ${new Date().toUTCString()}
Architectures: ${architecture}
Components: ${components}
SHA256:
${digests.join("\n")}
`;
  return { ...files, Release: text, InRelease: await clearsigned(text) };
}

/** Ubuntu's archive, played by Debian's: the suites' names are Ubuntu's, everything in them is Debian's. */
export async function ubuntuArchive(architecture: string): Promise<Site> {
  const all = await packagesOf(architecture);
  const none = gzipSync("");
  const suites = new Map<string, Readonly<Record<string, Buffer | string>>>();
  for (const suite of ["noble", "noble-updates", "noble-security"]) {
    const main = suite === "noble" ? all : none;
    const files = {
      [`main/binary-${architecture}/Packages.gz`]: main,
      [`main/binary-${architecture}/Packages`]: gunzipSync(main),
      [`universe/binary-${architecture}/Packages.gz`]: none,
      [`universe/binary-${architecture}/Packages`]: gunzipSync(none),
    };
    const origin = "Debian, playing Ubuntu for a test";
    suites.set(suite, await suiteOf({ origin, suite, components: "main universe", architecture }, files));
  }
  return async (place) => {
    if (!place.startsWith(base)) return undefined;
    const path = place.slice(base.length);
    const [, suite = "", file = ""] = /^dists\/([^/]+)\/(.*)$/.exec(path) ?? [];
    if (suite !== "") return suites.get(suite)?.[file];
    return path.startsWith("pool/") ? { file: await mirrored(path) } : undefined;
  };
}
