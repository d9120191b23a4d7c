import type { Source } from "../recipes/sources.ts";
import { readRelease } from "./apt/index-files.ts";
import { publishedDigest } from "./collect-files.ts";
import { absentIn, readIndex, suitesOf } from "./collect-packages.ts";
import { imageOf, manifestTypes, readImageManifest, registryHost } from "./image.ts";
import { readPublicKeys } from "./openpgp.ts";
import { type Answer, type Upstream, UpstreamError } from "./upstream.ts";

/**
 * `there`, `expires` (a key, soon), `replaced` (gone, but another source of its group is there), `changed` (its digest
 * or its packages are others), `vanished`, `unknown` (nobody answered).
 */
export type Finding = "there" | "expires" | "replaced" | "changed" | "vanished" | "unknown";

export interface Probed {
  source: string;
  kind: Source["kind"];
  version: string;
  url: string;
  finding: Finding;
  detail: string;
  /** ISO 8601; of keys that expire. */
  expires?: string;
}

export interface DriftReport {
  /** False when no server at all answered: then nothing is known about the sources. */
  network: boolean;
  sources: Probed[];
}

export interface DriftOptions {
  sources: readonly Source[];
  upstream: Upstream;
  architecture: string;
  /** Milliseconds before a key's last day from which on it is told; default 90 days. */
  soonMs?: number;
  signal?: AbortSignal;
}

const day = 24 * 60 * 60 * 1000;

type Outcome = { source: Source } & (
  | { finding: "there" | "expires" | "changed" | "vanished"; detail: string; expires?: number }
  | { finding: "trouble"; error: UpstreamError }
);

/** Asks every source whether it still is what the catalogue says. Downloads indexes, keys and manifests, no files or packages. */
export async function probeSources(options: DriftOptions): Promise<DriftReport> {
  const outcomes = await Promise.all(options.sources.map((source) => probe(source, options)));
  const network = outcomes.some((outcome) => !isSilent(outcome));
  const mostAnswer = mostHostsAnswer(outcomes);
  const probed = outcomes.map((outcome) => probedOf(outcome, mostAnswer));
  return {
    network,
    sources: probed.map((each) => (isReplaced(each, probed, options) ? { ...each, finding: "replaced" } : each)),
  };
}

const isSilent = (outcome: Outcome): boolean =>
  outcome.finding === "trouble" && ["name", "unreachable"].includes(outcome.error.trouble);

const isBarred = ({ trouble }: UpstreamError): boolean => trouble === "name" || trouble === "refused";

/**
 * A host without an address, or one that refuses, is gone only where nearly all others answer: networks with a list of
 * allowed hosts, and computers without a network, know no names either.
 */
function mostHostsAnswer(outcomes: readonly Outcome[]): boolean {
  const hosts = Map.groupBy(outcomes, ({ source }) => new URL(source.url).host);
  const unknown = [...hosts.values()].filter((each) =>
    each.some((outcome) => outcome.finding === "trouble" && isBarred(outcome.error)),
  );
  return unknown.length * 4 <= hosts.size;
}

/** Exit codes: 0 all there, 1 something is gone or another, 3 something could not be asked. */
export function exitCodeOfDrift({ sources }: DriftReport): 0 | 1 | 3 {
  const has = (...findings: Finding[]): boolean => sources.some(({ finding }) => findings.includes(finding));
  if (has("vanished", "changed")) return 1;
  return has("unknown") ? 3 : 0;
}

function isReplaced({ source, finding }: Probed, probed: readonly Probed[], { sources }: DriftOptions): boolean {
  if (finding !== "vanished" && finding !== "changed") return false;
  const groupOf = (id: string): string => sources.find((each) => each.id === id)?.insteadOf ?? id;
  return probed.some(
    (other) =>
      other.source !== source &&
      groupOf(other.source) === groupOf(source) &&
      (other.finding === "there" || other.finding === "expires"),
  );
}

function probedOf(outcome: Outcome, mostAnswer: boolean): Probed {
  const { id, kind, version, url } = outcome.source;
  const about = { source: id, kind, version, url };
  if (outcome.finding === "trouble") {
    const { error } = outcome;
    const where = error.url === url ? "" : `${error.url} `;
    const gone = error.trouble === "gone" || (mostAnswer && isBarred(error));
    const finding = gone ? "vanished" : error.trouble === "wrong" ? "changed" : "unknown";
    return { ...about, finding, detail: `${where}${error.message}` };
  }
  const { finding, detail, expires } = outcome;
  return { ...about, finding, detail, ...(expires === undefined ? {} : { expires: new Date(expires).toISOString() }) };
}

async function probe(source: Source, options: DriftOptions): Promise<Outcome> {
  try {
    switch (source.kind) {
      case "apt":
        return await probeRepository(source, options);
      case "key":
        return await probeKey(source, options);
      case "image":
        return await probeImage(source, options);
      default:
        return await probeFile(source, options);
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof UpstreamError) return { source, finding: "trouble", error };
    throw error;
  }
}

const asking = ({ signal }: DriftOptions): { signal?: AbortSignal } => (signal ? { signal } : {});

async function probeFile(source: Source, options: DriftOptions): Promise<Outcome> {
  const size = await sizeAt(source.url, options);
  const detail = size === undefined ? "is there" : `is there, ${size} bytes`;
  if (source.checksumUrl === undefined) return { source, finding: "there", detail };
  const sums = await options.upstream.bytes(source.checksumUrl, asking(options), 1 << 20).catch((error: unknown) => {
    if (source.unverified !== undefined && error instanceof UpstreamError && error.trouble === "gone") return undefined;
    throw error;
  });
  if (!sums) return { source, finding: "there", detail: `${detail}, nobody publishes its digest` };
  const published = publishedDigest(sums.bytes.toString("utf8"), source.url);
  if (published === undefined) {
    return { source, finding: "changed", detail: `${source.checksumUrl} holds no sha256 of it` };
  }
  if (source.sha256 !== undefined && source.sha256 !== published) {
    const change = `upstream publishes sha256 ${published}, the catalogue says ${source.sha256}`;
    return { source, finding: "changed", detail: change };
  }
  return { source, finding: "there", detail: `${detail}, sha256 ${published.slice(0, 12)}… is published` };
}

/** HEAD, and for servers that do not know it the first byte. */
async function sizeAt(url: string, { upstream, signal }: DriftOptions): Promise<number | undefined> {
  const ask = async (method: "HEAD" | "GET"): Promise<Answer> => {
    const answer = await upstream.open(url, {
      method,
      ...(method === "GET" ? { headers: { range: "bytes=0-0" } } : {}),
      ...(signal ? { signal } : {}),
    });
    answer.close();
    return answer;
  };
  const answer = await upstream.retry(
    () =>
      ask("HEAD").catch((error: unknown) => {
        const other = error instanceof UpstreamError && !["name", "unreachable"].includes(error.trouble);
        if (!other) throw error;
        return ask("GET");
      }),
    signal,
  );
  const length = answer.header("content-range")?.split("/").at(-1) ?? answer.header("content-length");
  return length === undefined || Number.isNaN(Number(length)) ? undefined : Number(length);
}

async function probeKey(source: Source, options: DriftOptions): Promise<Outcome> {
  const { bytes } = await options.upstream.bytes(source.url, asking(options), 1 << 20);
  const keys = readPublicKeys(bytes);
  if (keys.length === 0) return { source, finding: "changed", detail: "holds no OpenPGP key" };
  const [first] = keys.toSorted((one, other) => (one.expires ?? Infinity) - (other.expires ?? Infinity));
  const expires = first?.expires;
  if (expires === undefined) return { source, finding: "there", detail: `${first?.id} never expires` };
  const left = expires - options.upstream.clock.now();
  const date = new Date(expires).toISOString().slice(0, 10);
  if (left <= 0) return { source, finding: "vanished", detail: `${first?.id} expired on ${date}`, expires };
  const soon = left < (options.soonMs ?? 90 * day);
  const detail = `${first?.id} expires on ${date}, in ${Math.floor(left / day)} days`;
  return { source, finding: soon ? "expires" : "there", detail, expires };
}

async function probeImage(source: Source, options: DriftOptions): Promise<Outcome> {
  const { registry, name, reference } = imageOf(source.url);
  const url = `https://${registryHost(registry)}/v2/${name}/manifests/${reference}`;
  const headers = { accept: manifestTypes.join(", ") };
  const { bytes } = await options.upstream.bytes(url, { ...asking(options), headers }, 4 << 20);
  const manifest = readImageManifest(bytes);
  if (!manifest) return { source, finding: "changed", detail: "is no manifest of an image" };
  const listed = manifest.manifests?.map(({ platform }) => platform?.architecture ?? "");
  const right = listed?.some((each) => each === options.architecture || each.startsWith("wasm")) ?? true;
  if (!right) return { source, finding: "changed", detail: `has no image for ${options.architecture}` };
  return { source, finding: "there", detail: "is there" };
}

async function probeRepository(source: Source, options: DriftOptions): Promise<Outcome> {
  const { suites, folders } = suitesOf(source, options.architecture);
  const read = async (url: string): Promise<Buffer> => (await options.upstream.bytes(url, asking(options))).bytes;
  const lists = suites.map(async (suite) => {
    const text = await read(`${suite}InRelease`).catch((error: unknown) => {
      if (error instanceof UpstreamError && error.trouble === "gone") return read(`${suite}Release`);
      throw error;
    });
    const { files } = readRelease(text.toString("utf8"));
    const packages = folders.map(async (folder) => {
      const url = `${suite}${folder}${files.has(`${folder}Packages.gz`) ? "Packages.gz" : "Packages"}`;
      return readIndex(url, await read(url));
    });
    return (await Promise.all(packages)).flat();
  });
  const packages = (await Promise.all(lists)).flat();
  const absent = absentIn(packages, source);
  if (absent.length > 0) return { source, finding: "changed", detail: `has no package ${absent.join(", ")}` };
  return { source, finding: "there", detail: `all ${source.apt?.packages.length ?? 0} packages are there` };
}
