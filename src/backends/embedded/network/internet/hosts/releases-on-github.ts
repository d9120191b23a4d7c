import { answer, file, headOf, notFound, redirect } from "../http.ts";
import type { InternetHost } from "../internet.ts";

/** A release asset of github.com that is made when it is asked for. */
export interface ReleaseAsset {
  /** `owner/name`. */
  repository: string;
  tag: string;
  name: string;
  content(): Uint8Array;
}

const storage = "objects.githubusercontent.com";
const storagePath = "/github-production-release-asset";

/** github.com and its storage for these assets only; other pages answer 404. */
export function releaseHosts(assets: readonly ReleaseAsset[]): InternetHost[] {
  const byPath = new Map(
    assets.map((asset) => [`/${asset.repository}/releases/download/${asset.tag}/${asset.name}`.toLowerCase(), asset]),
  );
  const built = new Map<ReleaseAsset, Uint8Array>();
  const contentOf = (asset: ReleaseAsset): Uint8Array => {
    const content = built.get(asset) ?? asset.content();
    built.set(asset, content);
    return content;
  };
  const pathOf = (target: string): string => decodeURIComponent(target.replace(/\?.*/, "")).toLowerCase();
  return [
    {
      names: ["github.com"],
      handle: ({ target, secure, method }) => {
        const asset = byPath.get(pathOf(target));
        if (!asset) return Promise.resolve(notFound());
        if (!secure) return Promise.resolve(redirect(`https://github.com${target}`, 301));
        const response = redirect(`https://${storage}${storagePath}${target}`);
        return Promise.resolve(method === "HEAD" ? headOf(response) : response);
      },
    },
    {
      names: [storage],
      handle: ({ target, method }) => {
        const asset = byPath.get(pathOf(target).replace(storagePath, ""));
        const response = asset ? file(contentOf(asset)) : answer(404, "Not Found");
        return Promise.resolve(method === "HEAD" ? headOf(response) : response);
      },
    },
  ];
}
