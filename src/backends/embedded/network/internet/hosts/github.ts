import { createHash } from "node:crypto";
import type { Catalog, Release } from "../catalog.ts";
import { answer, file, headOf, notFound, redirect } from "../http.ts";
import type { InternetHost } from "../internet.ts";
import type { HttpResponse } from "../../network.ts";
import { assetBuilders } from "../release-assets.ts";

interface Asset {
  id: string;
  release: Release;
  version: string;
  name: string;
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** github.com's release downloads and the storage they redirect to, as of `date`. */
export function githubHosts(catalog: Catalog, date: string): InternetHost[] {
  const assets = new Map<string, Asset>();
  for (const [id, release] of Object.entries(catalog.releases)) {
    if (!assetBuilders[id]) continue;
    for (const [version, day] of Object.entries(release.versions)) {
      if (day > date) continue;
      for (const repository of release.repositories) {
        for (const name of assetNames(release, version)) {
          const tag = release.tag.replace("{version}", version);
          assets.set(`/${repository}/releases/download/${tag}/${name}`.toLowerCase(), { id, release, version, name });
        }
      }
    }
  }
  const built = new Map<string, Uint8Array>();
  const contentOf = (asset: Asset): Uint8Array => {
    const key = `${asset.id} ${asset.version} ${asset.name}`;
    let bytes = built.get(key);
    if (!bytes) {
      bytes = build(asset, contentOf);
      built.set(key, bytes);
    }
    return bytes;
  };
  return [
    {
      names: ["github.com", "www.github.com"],
      handle: ({ target, secure, method }) => {
        if (!secure) return Promise.resolve(redirect(`https://github.com${target}`, 301));
        const path = decodeURIComponent(target.replace(/\?.*/, ""));
        const latest = /^\/([^/]+\/[^/]+)\/releases\/latest$/.exec(path)?.[1];
        if (latest) return Promise.resolve(latestRelease(catalog, date, latest));
        if (!assets.has(path.toLowerCase())) return Promise.resolve(githubNotFound());
        const signed = `?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=300&response-content-disposition=attachment`;
        const response = redirect(
          `https://objects.githubusercontent.com/github-production-release-asset${path}${signed}`,
        );
        return Promise.resolve(method === "HEAD" ? headOf(response) : response);
      },
    },
    {
      names: ["objects.githubusercontent.com"],
      handle: ({ target, method }) => {
        const path = decodeURIComponent(target.replace(/\?.*/, "")).replace("/github-production-release-asset", "");
        const asset = assets.get(path.toLowerCase());
        if (!asset) return Promise.resolve(notFound());
        const response = file(contentOf(asset));
        return Promise.resolve(method === "HEAD" ? headOf(response) : response);
      },
    },
  ];
}

const githubNotFound = (): HttpResponse => answer(404, "Not Found", { "content-type": "text/plain; charset=utf-8" });

function assetNames(release: Release, version: string): string[] {
  const names = Object.values(release.architectures).flatMap((arch) =>
    release.assets.map((pattern) => pattern.replaceAll("{version}", version).replaceAll("{arch}", arch)),
  );
  const sums = release.checksum === undefined ? [] : names.map((name) => name + (release.checksum ?? ""));
  const all = release.checksums === undefined ? [] : [release.checksums.replaceAll("{version}", version)];
  return [...names, ...sums, ...all];
}

function build(asset: Asset, contentOf: (asset: Asset) => Uint8Array): Uint8Array {
  const { release, version, name } = asset;
  const line = (of: string): string => `${sha256(contentOf({ ...asset, name: of }))}  ${of}\n`;
  if (release.checksum !== undefined && name.endsWith(release.checksum)) {
    return new TextEncoder().encode(line(name.slice(0, -release.checksum.length)));
  }
  if (name === release.checksums?.replaceAll("{version}", version)) {
    const others = assetNames(release, version).filter((other) => other !== name);
    return new TextEncoder().encode(others.map(line).join(""));
  }
  const mtime = Date.parse(release.versions[version] ?? "");
  return assetBuilders[asset.id]?.({ version, release, asset: name, mtime }) ?? new Uint8Array();
}

function latestRelease(catalog: Catalog, date: string, repository: string): HttpResponse {
  const release = Object.values(catalog.releases).find((candidate) =>
    candidate.repositories.some((name) => name.toLowerCase() === repository.toLowerCase()),
  );
  const newest = release && newestVersion(release, date);
  if (!release || newest === undefined) return githubNotFound();
  return redirect(`https://github.com/${repository}/releases/tag/${release.tag.replace("{version}", newest)}`);
}

/** The version with the youngest day that is not after `date`. */
export function newestVersion(release: Release, date: string): string | undefined {
  return Object.entries(release.versions)
    .filter(([, day]) => day <= date)
    .sort(([, one], [, other]) => (one < other ? -1 : 1))
    .at(-1)?.[0];
}
