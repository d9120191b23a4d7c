import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { Source } from "../recipes/sources.ts";
import { closureOf } from "./apt/closure.ts";
import { type Package, readPackages, readRelease, type Release } from "./apt/index-files.ts";
import type { Collecting } from "./collect-files.ts";
import { UpstreamError } from "./upstream.ts";

const unzip = promisify(gunzip);

/** A repository whose index files are in the bundle. */
export interface Repository {
  source: Source;
  packages: Package[];
}

/** Where a repository's suites are (a flat one is its only suite), and the folders of their index files. */
export function suitesOf({ url, apt }: Source, architecture: string): { suites: string[]; folders: string[] } {
  if (!apt || apt.suites.length === 0) return { suites: [url], folders: [""] };
  return {
    suites: apt.suites.map((suite) => `${url}dists/${suite}/`),
    folders: apt.sections.map((section) => `${section}/binary-${architecture}/`),
  };
}

/** What the catalogue asks of a repository and it has not got, as `name` or `name=version`. */
export function absentIn(packages: readonly Package[], { apt }: Source): string[] {
  return (apt?.packages ?? []).filter((asked) => {
    const [name, version] = asked.split("=", 2);
    return !packages.some((each) => each.name === name && (version === undefined || each.version === version));
  });
}

/**
 * Collects the index files of a repository, as signed by its owner; apt on the machines checks the signature. Throws
 * UpstreamError, also when a package that the catalogue asks for is not in it.
 */
export async function collectIndex(source: Source, collecting: Collecting): Promise<Repository> {
  const { suites, folders } = suitesOf(source, collecting.architecture);
  const packages = (await Promise.all(suites.map((suite) => collectSuite(suite, folders, source, collecting)))).flat();
  const absent = absentIn(packages, source);
  if (absent.length > 0) throw new UpstreamError("gone", source.url, `has no package ${absent.join(", ")}`);
  return { source, packages };
}

async function collectSuite(
  suite: string,
  folders: readonly string[],
  source: Source,
  collecting: Collecting,
): Promise<Package[]> {
  const attempt = async (): Promise<Package[]> => {
    const release = await collectRelease(suite, source, collecting);
    return (
      await Promise.all(folders.map((folder) => collectPackages(suite, folder, release, source, collecting)))
    ).flat();
  };
  try {
    return await attempt();
  } catch (error) {
    // A repository that is being published between the two requests fits together the next time.
    if (error instanceof UpstreamError && error.trouble === "wrong") return attempt();
    throw error;
  }
}

async function collectRelease(suite: string, source: Source, collecting: Collecting): Promise<Release> {
  const { fetch, upstream, signal } = collecting;
  const bring = async (name: string): Promise<Buffer> => {
    const url = suite + name;
    const { bytes } = await upstream.bytes(url, signal ? { signal } : {});
    await fetch({ url, bytes, verified: "first-contact", source: source.id });
    return bytes;
  };
  const signed = await bring("InRelease").catch(nothingIfGone);
  if (signed) return readRelease(signed.toString("utf8"));
  const [release] = await Promise.all([bring("Release"), bring("Release.gpg")]);
  return readRelease(release.toString("utf8"));
}

async function collectPackages(
  suite: string,
  folder: string,
  release: Release,
  source: Source,
  { fetch, read }: Collecting,
): Promise<Package[]> {
  const bring = async (name: string) => {
    const listed = release.files.get(folder + name);
    if (!listed) return undefined;
    return fetch({ url: suite + folder + name, ...listed, verified: "published", source: source.id });
  };
  // apt takes xz where there is one, and this program reads gz.
  const [zipped] = await Promise.all([bring("Packages.gz"), bring("Packages.xz").catch(nothingIfGone)]);
  const file = zipped ?? (await bring("Packages"));
  if (!file) throw new UpstreamError("wrong", suite, `lists neither ${folder}Packages.gz nor ${folder}Packages`);
  return readIndex(file.url, await read(file));
}

/** Reads `Packages`, or `Packages.gz` by its address. Throws UpstreamError for what is no gzip. */
export async function readIndex(url: string, bytes: Buffer): Promise<Package[]> {
  if (!url.endsWith(".gz")) return readPackages(bytes.toString("utf8"));
  try {
    return readPackages((await unzip(bytes)).toString("utf8"));
  } catch (error) {
    throw new UpstreamError("wrong", url, "cannot be unpacked", { cause: error });
  }
}

/**
 * The names of the packages in an image of Ubuntu, as the list that is published beside it says. Throws UpstreamError.
 */
export async function collectImageList(
  { id, url }: Source,
  { upstream, signal, fetch }: Collecting,
): Promise<string[]> {
  const list = url.replace(/\.img$/, ".manifest");
  const { bytes } = await upstream.bytes(list, signal ? { signal } : {}, 1 << 20);
  await fetch({ url: list, bytes, verified: "first-contact", source: id });
  return bytes
    .toString("utf8")
    .split("\n")
    .flatMap((line) => /^([a-z0-9][a-z0-9.+-]+)(?::\w+)?\t/.exec(line)?.[1] ?? []);
}

/**
 * Collects the packages that are asked for in all repositories together, with what they depend on, for machines that
 * have `installed`.
 */
export async function collectPackageFiles(
  repositories: readonly Repository[],
  installed: readonly string[],
  { fetch }: Collecting,
  onTrouble: (source: string, url: string, error: unknown) => void,
): Promise<void> {
  const offers = repositories.flatMap(({ source, packages }) =>
    packages.map((each) => ({ package: each, base: source.url, source: source.id })),
  );
  const asked = repositories.flatMap(({ source }) => source.apt?.packages ?? []);
  const files = closureOf(offers, asked, installed).offers.map(
    ({ package: { filename, size, sha256 }, base, source }) => ({
      url: base + encodeURI(filename.replace(/^\.\//, "")).replaceAll("#", "%23").replaceAll("?", "%3F"),
      size,
      sha256,
      verified: "published" as const,
      source,
    }),
  );
  const byAddress = new Map(files.map((file) => [file.url, file]));
  await Promise.all(
    [...byAddress.values()].map((file) => fetch(file).catch((error) => onTrouble(file.source, file.url, error))),
  );
}

function nothingIfGone(error: unknown): undefined {
  if (error instanceof UpstreamError && error.trouble === "gone") return;
  throw error;
}
